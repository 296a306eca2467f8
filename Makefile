# SPDX-License-Identifier: MIT
# Quire's build. `make help` lists the targets.
#
# Flavours of the kernel's sources, each in its own folder below $(O):
#   release    what users run                      debug      UBSAN, lock ranks, poisoning, audit
#   host       arch/host under gcc                 host-asan  arch/host under clang, ASan + UBSan

O ?= build
MAKEFLAGS += --no-print-directory
CC = gcc
CLANG ?= clang
.DEFAULT_GOAL := all

SRC_ALL  := $(sort $(shell find kernel -name '*.c' -o -name '*.S'))
SRC_KERNEL := $(filter-out kernel/arch/host/% kernel/arch/x86_64/vdso/%,$(SRC_ALL))
SRC_HOST := $(filter-out kernel/arch/x86_64/% kernel/lib/string.c kernel/base/ubsan.c kernel/init/%,$(SRC_ALL)) \
	    $(wildcard kernel/arch/host/*.S)
SRC_HOSTTEST := $(sort $(shell find test/host -name '*.c'))
LIBC_FILES := kernel/arch/host/host_libc.o test/host/test_main.o # the only ones that see libc's headers

WARN := -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers \
	-Wstrict-prototypes -Wmissing-prototypes
CBASE := -std=gnu11 -g -ffreestanding -fno-strict-aliasing -fno-delete-null-pointer-checks -fwrapv \
	 -fno-common $(WARN) -Ikernel -I$(O)/generated -MMD -MP
CKERNEL := $(CBASE) -Ikernel/arch/x86_64/include -nostdinc -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	   -fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none \
	   -ffunction-sections -fdata-sections -O2 -fno-optimize-sibling-calls
CFLAGS_release := $(CKERNEL) -DQUIRE_DEBUG=0 -fno-omit-frame-pointer
CFLAGS_debug := $(CKERNEL) -DQUIRE_DEBUG=1 -fno-omit-frame-pointer -fsanitize=undefined \
		-fno-sanitize=alignment,null,vptr -Wframe-larger-than=4096
CHOST := $(CBASE) -Ikernel/arch/host/include -Itest/host -nostdinc -include kernel/arch/host/rename.h \
	 -DQUIRE_DEBUG=1 -DQUIRE_HOST=1 -fno-pic -fno-builtin -O1
CFLAGS_host := $(CHOST)
CFLAGS_host-asan := $(CHOST) -fsanitize=address,undefined -fno-sanitize=alignment,null,function \
		    -fno-omit-frame-pointer -Wno-unused-command-line-argument \
		    -Wno-gnu-variable-sized-type-not-at-end -Wno-initializer-overrides
CC_release := $(CC)
CC_debug := $(CC)
CC_host := $(CC)
CC_host-asan := $(CLANG)

obj = $(patsubst %,$(O)/$(1)/%.o,$(basename $(2)))
OBJ_release := $(call obj,release,$(SRC_KERNEL))
OBJ_debug := $(call obj,debug,$(SRC_KERNEL))
OBJ_host := $(call obj,host,$(SRC_HOST) $(SRC_HOSTTEST))
OBJ_host-asan := $(call obj,host-asan,$(SRC_HOST) $(SRC_HOSTTEST))

.PHONY: all help run shell test format
all: $(O)/quire-kernel $(O)/quire-kernel-debug ## the kernels and the quire command, in build/

RUN_PACKAGES := gcc libc6-dev binutils qemu-system-x86 busybox-static
TEST_PACKAGES := $(RUN_PACKAGES) clang libclang-rt-14-dev zlib1g-dev linux-libc-dev python3 cpio musl-tools bash \
		 coreutils findutils grep sed gawk tar gzip diffutils util-linux bsdextrautils procps

run: ## build, then a short tour from inside Quire
	@tools/install-packages $(RUN_PACKAGES)
	@$(MAKE) -j$$(nproc) all
	@$(O)/quire run -q -- sh -c "$$(cat cli/tour.sh)"

test: ## everything: host checks, guest tests, suites, the command, the benchmark's guard
	@tools/install-packages $(TEST_PACKAGES)
	@$(MAKE) -j$$(nproc) all
	@tools/run-all-tests $(MAKE) -j$$(nproc) O=$(O)

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

-include kernel/arch/x86_64/arch.mk
-include kernel/base/base.mk
-include kernel/sys/sys.mk
-include cli/cli.mk
-include test/test.mk
-include test/model/model.mk
-include bench/bench.mk

GENERATED += # headers made before the first object; sys.mk adds to it

define flavour_rules
$(O)/$(1)/%.o: %.c | $$(GENERATED)
	@mkdir -p $$(@D)
	@$$(if $$(filter $$*.o,$$(LIBC_FILES)),\
	$$(CC_$(1)) -std=gnu11 -g -O1 $$(WARN) -D_GNU_SOURCE -MMD -MP $$(if $$(findstring asan,$(1)),-fsanitize=address$$(,)undefined),\
	$$(CC_$(1)) $$(CFLAGS_$(1)) $$(CFLAGS_$(1)_$$(subst /,_,$$*))) -c $$< -o $$@
$(O)/$(1)/%.o: %.S | $$(GENERATED)
	@mkdir -p $$(@D)
	@$$(CC_$(1)) -g -Ikernel -Ikernel/arch/$$(if $$(findstring host,$(1)),host,x86_64)/include -D__ASSEMBLY__ -MMD -MP -c $$< -o $$@
.PHONY: objs-$(1)
objs-$(1): $$(if $$(DIRS),$$(filter $$(addprefix $(O)/$(1)/,$$(addsuffix /%,$$(DIRS))),$$(OBJ_$(1))),$$(OBJ_$(1)))
endef
, := ,
$(foreach f,release debug host host-asan,$(eval $(call flavour_rules,$(f))))
-include $(OBJ_release:.o=.d) $(OBJ_debug:.o=.d) $(OBJ_host:.o=.d) $(OBJ_host-asan:.o=.d)
