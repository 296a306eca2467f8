# SPDX-License-Identifier: MIT
# The kernel's symbol table (base/ksyms.c). The first link has an empty one; its symbols make the real one, which lies behind
# the text, so that the second link moves no function.
#
# $(call link_with_symbols,LINK,OUTPUT,OBJECTS): recipe lines; LINK is the linker's command without -o and objects.
NM ?= nm
define link_with_symbols
	@$(1) -o $(2).first $(3)
	@$(NM) -n $(2).first | awk -f tools/mksyms.awk > $(2).ksyms.S
	@$(CC) -c -o $(2).ksyms.o $(2).ksyms.S
	@$(1) -o $(2).tmp $(3) $(2).ksyms.o
	@mv $(2).tmp $(2) && rm -f $(2).first $(2).ksyms.S $(2).ksyms.o
endef

LD ?= ld
$(O)/quire-kernel: $(OBJ_release) $(ARCH_LDS) tools/mksyms.awk
	$(call link_with_symbols,$(LD) $(ARCH_LDFLAGS),$@,$(OBJ_release))
$(O)/quire-kernel-debug: $(OBJ_debug) $(ARCH_LDS) tools/mksyms.awk
	$(call link_with_symbols,$(LD) $(ARCH_LDFLAGS),$@,$(OBJ_debug))
