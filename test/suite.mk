# SPDX-License-Identifier: MIT
# The suite of real programs: Debian's shells and tools, natively and in Quire, compared (test/suite/run-suite).
#
#	make test-suite [SCRIPTS="archives bad_input"] [SUITE_CONFIGS=release:1,debug:2]

SUITE_ROOT    := $(O)/suite/root
SUITE_CONFIGS ?= release:1,release:2
SUITE_PROGRAMS := $(addprefix $(O)/suite/bin/threads-,glibc-static glibc-dynamic musl-static musl-dynamic) \
	$(addprefix $(O)/suite/bin/fork_tree-,glibc-dynamic musl-static) \
	$(addprefix $(O)/suite/bin/snapshot-,glibc-dynamic musl-static)
SUITE_CFLAGS := -std=gnu11 -O1 -Wall -Wextra -Werror -Wno-unused-parameter -pthread

define suite_program_rule
$(O)/suite/bin/%-$(1): test/suite/programs/%.c
	@mkdir -p $$(@D)
	@$(2) $(SUITE_CFLAGS) -o $$@ $$<
endef
$(eval $(call suite_program_rule,glibc-static,gcc -static))
$(eval $(call suite_program_rule,glibc-dynamic,gcc))
$(eval $(call suite_program_rule,musl-static,musl-gcc -static))
$(eval $(call suite_program_rule,musl-dynamic,musl-gcc))

$(SUITE_ROOT).stamp: test/suite/make-root $(wildcard test/suite/*.sh) $(SUITE_PROGRAMS)
	@test/suite/make-root $(SUITE_ROOT) $(SUITE_PROGRAMS)
	@touch $@

# The shells' scripts in a machine of 16 MiB, most of which they get by swapping.
SMALL_ROOT := $(O)/suite/small-root
SMALL_SCRIPTS := ash_jobs ash_language bash_jobs bash_language busybox
$(SMALL_ROOT).stamp: test/suite/make-small-root $(SUITE_ROOT).stamp
	@test/suite/make-small-root $(SMALL_ROOT) $(SUITE_ROOT)
	@touch $@

.PHONY: test-suite test-suite-small
test-suite-small: $(O)/quire $(O)/quire-kernel $(O)/quire-kernel-debug $(SMALL_ROOT).stamp ## busybox's and bash's scripts in 16 MiB with 64 MiB of swap
	@test/suite/run-suite -r $(SMALL_ROOT) -o $(O)/suite/log-small -k $(SUITE_CONFIGS) -x "--mem 16M --swap 64M" $(O)/quire $(SMALL_SCRIPTS)
test-suite: $(O)/quire $(O)/quire-kernel $(O)/quire-kernel-debug $(SUITE_ROOT).stamp
	@test/suite/run-suite -r $(SUITE_ROOT) -o $(O)/suite/log -k $(SUITE_CONFIGS) $(O)/quire $(SCRIPTS)
