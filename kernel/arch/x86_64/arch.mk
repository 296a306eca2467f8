# SPDX-License-Identifier: MIT
# What the x86-64 port adds to the build: the vDSO, flags, and how the kernel is linked.

ARCH_LDS := kernel/arch/x86_64/kernel.lds
ARCH_LDFLAGS := -nostdlib -static --gc-sections -z max-page-size=4096 -z noexecstack --build-id=none -T $(ARCH_LDS)

# Entry code leaves the stack 8 modulo 16; nothing in the kernel uses SSE and needs more.
ARCH_STACK = $(if $(findstring clang,$(1)),-mstack-alignment=8,-mpreferred-stack-boundary=3)
CFLAGS_release += $(call ARCH_STACK,$(CC_release))
CFLAGS_debug += $(call ARCH_STACK,$(CC_debug))

VDSO_SRC := kernel/arch/x86_64/vdso/vdso.c
VDSO_CFLAGS := -std=gnu11 -O2 -g0 -fPIC -ffreestanding -nostdinc -fno-stack-protector -fcf-protection=none \
	-fno-strict-aliasing -fasynchronous-unwind-tables -mno-sse -mno-mmx -mgeneral-regs-only -Wall -Wextra \
	-Werror -Wno-unused-parameter -Ikernel
VDSO_LDFLAGS := -shared -nostdlib -Wl,-soname=linux-vdso.so.1 -Wl,--hash-style=both -Wl,--build-id=none \
	-Wl,-Bsymbolic -Wl,--no-undefined -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack \
	-Wl,--eh-frame-hdr -Wl,-T,kernel/arch/x86_64/vdso/vdso.lds

$(O)/generated/vdso.so: $(VDSO_SRC) kernel/arch/x86_64/vdso/vdso.lds kernel/arch/x86_64/vdso/vdso_data.h \
		$(wildcard kernel/abi/*.h) kernel/lib/types.h
	@mkdir -p $(@D)
	@$(CC) $(VDSO_CFLAGS) $(VDSO_LDFLAGS) -s -o $@ $(VDSO_SRC)

# As the elements of a C array (vdso_image.c).
$(O)/generated/vdso_image.h: $(O)/generated/vdso.so
	@od -An -v -tx1 $< | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g' > $@.tmp && mv $@.tmp $@

GENERATED += $(O)/generated/vdso_image.h
