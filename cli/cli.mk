# SPDX-License-Identifier: MIT
# The host's command and what it puts into a guest: $(O)/quire, $(O)/quire-init, $(O)/quire-root/.

QUIRE_VERSION := 0.1.0

CLI_SRC := $(wildcard cli/*.c)
CLI_OBJ := $(CLI_SRC:%.c=$(O)/%.o)
CLI_WARN := -Wall -Wextra -Werror -Wno-sign-compare -Wno-missing-field-initializers -Wstrict-prototypes \
	    -Wmissing-prototypes
CLI_CFLAGS := -std=gnu11 -g -O2 -D_GNU_SOURCE -DQUIRE_VERSION='"$(QUIRE_VERSION)"' $(CLI_WARN) -MMD -MP

GUEST_SRC := $(wildcard cli/guest/*.c)
GUEST_OBJ := $(GUEST_SRC:%.c=$(O)/%.o)
GUEST_CFLAGS := -std=gnu11 -O2 $(CLI_WARN) -ffreestanding -fno-stack-protector -fno-pic \
		-fno-asynchronous-unwind-tables -fcf-protection=none -mgeneral-regs-only -MMD -MP
# No loop of memcpy may become a call of memcpy; clang does not know the option and does not need it.
GUEST_CFLAGS += $(if $(findstring clang,$(CC)),-fno-builtin,-fno-tree-loop-distribute-patterns)
GUEST_LDFLAGS := -static -nostdlib -s -Wl,--build-id=none,-z,noseparate-code,-z,max-page-size=4096 \
		 -Wl,-z,noexecstack

.PHONY: cli
all: cli
cli: $(O)/quire $(O)/quire-init $(O)/quire-root.stamp

$(O)/quire: $(CLI_OBJ)
	@$(CC) -o $@ $^

$(O)/quire-init: $(GUEST_OBJ)
	@$(CC) $(GUEST_LDFLAGS) -o $@ $^

$(O)/quire-root.stamp: cli/builtin_root.sh
	@mkdir -p $(@D)
	@sh cli/builtin_root.sh $(O)/quire-root
	@touch $@

# The patterns of the kernel's flavours need a folder below $(O), so these do not collide with them.
$(CLI_OBJ): $(O)/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(CLI_CFLAGS) -c $< -o $@

$(GUEST_OBJ): $(O)/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(GUEST_CFLAGS) -c $< -o $@

-include $(CLI_OBJ:.o=.d) $(GUEST_OBJ:.o=.d)

# Tests of the command: with Quire's kernel, and with Debian's (downloaded once), which must agree.
.PHONY: test-cli test-cli-linux
test-cli: cli $(O)/quire-kernel
	QUIRE=$(O)/quire test/cli/run.sh

test-cli-linux: cli
	test/cli/linux/prepare.sh $(O)/linux
	QUIRE=$(O)/quire LINUX_DIR=$(abspath $(O)/linux) QUIRE_KERNEL=$(abspath $(O)/linux)/vmlinuz \
		QUIRE_QEMU=$(abspath test/cli/linux/qemu.sh) test/cli/run.sh
