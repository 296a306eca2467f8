# SPDX-License-Identifier: MIT
# Guest tests: ordinary Linux programs, run natively and then in Quire (test/run-guest).
#
#	make test-guest [SUBJECTS=fork,exec] [RUNS="native build/quire-kernel:1"]

GUEST_SRC  := $(sort $(wildcard test/guest/*_test.c))
GUEST_TREE := $(O)/guest/tree
GUEST_CFLAGS := -std=gnu11 -g -O1 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -Wno-deprecated-declarations -Wno-nonnull -Wno-stringop-overread \
	-Wno-stringop-overflow -Wno-array-bounds -Wno-unused-result -fno-pie -pthread -MMD -MP
GUEST_OBJ  := $(patsubst test/guest/%.c,$(O)/guest/obj/%.o,$(GUEST_SRC) test/guest/guest_main.c)
GUEST_RUNS := native $(O)/quire-kernel:1 $(O)/quire-kernel:2 $(O)/quire-kernel-debug:1 $(O)/quire-kernel-debug:2
RUNS ?= $(GUEST_RUNS)

$(O)/guest/obj/%.o: test/guest/%.c
	@mkdir -p $(@D)
	@gcc $(GUEST_CFLAGS) -c $< -o $@

-include $(GUEST_OBJ:.o=.d)

$(O)/guest/guest-tests: $(GUEST_OBJ)
	@gcc -static -no-pie -pthread -o $@ $^
$(O)/guest/driver: test/guest/driver.c
	@mkdir -p $(@D)
	@gcc -static -O1 -Wall -Wextra -Werror -o $@ $<

# The programs of test/guest/libc, in each way a C program is linked.
GUEST_LIBC_SRC := $(sort $(wildcard test/guest/libc/*.c))
GUEST_LIBC_WAYS := glibc-static glibc-static-pie glibc-dynamic musl-static musl-dynamic
GUEST_LINK_glibc-static := gcc -static -no-pie
GUEST_LINK_glibc-static-pie := gcc -static-pie
GUEST_LINK_glibc-dynamic := gcc -pie -fPIE
GUEST_LINK_musl-static := musl-gcc -static -no-pie
GUEST_LINK_musl-dynamic := musl-gcc -pie -fPIE
GUEST_LIBC := $(foreach w,$(GUEST_LIBC_WAYS),$(patsubst test/guest/libc/%.c,$(O)/guest/$(w)/%,$(GUEST_LIBC_SRC)))
define guest_libc_rule
$(O)/guest/$(1)/%: test/guest/libc/%.c
	@mkdir -p $$(@D)
	@$$(GUEST_LINK_$(1)) -std=gnu11 -O1 -g0 -Wall -Wextra -Werror -Wno-unused-parameter -pthread -o $$@ $$< -lm
endef
$(foreach w,$(GUEST_LIBC_WAYS),$(eval $(call guest_libc_rule,$(w))))

# The tree: init, the tests, busybox as the shell of the tests of scripts, and the two dynamic loaders.
$(GUEST_TREE)/init: $(O)/guest/guest-tests $(O)/guest/driver $(GUEST_LIBC) test/guest/make-tree
	@test/guest/make-tree $(O)/guest $(GUEST_TREE) $(GUEST_LIBC_WAYS)

# The stress_* subjects depend on how the machine is loaded (storms of timers and signals under a time limit): by hand.
GUEST_QUIET := awk '$$2 !~ /^stress_/' $(GUEST_TREE).list > $(O)/guest/tests.quiet
GUEST_STRESS := awk '$$2 ~ /^stress_/' $(GUEST_TREE).list > $(O)/guest/tests.stress

.PHONY: guest-tree test-guest test-stress
guest-tree: $(GUEST_TREE)/init
test-guest: $(GUEST_TREE)/init $(O)/quire-kernel $(O)/quire-kernel-debug ## ordinary Linux programs: natively, then in Quire
	@$(GUEST_QUIET)
	@test/run-guest -t $(GUEST_TREE) -l $(O)/guest/tests.quiet -o $(O)/guest/log $(if $(SUBJECTS),-s $(SUBJECTS)) $(RUNS)
test-stress: $(GUEST_TREE)/init $(O)/quire-kernel $(O)/quire-kernel-debug ## storms: exec, signals, futexes, memory, terminals, fork trees
	@$(GUEST_STRESS)
	@test/run-guest -T 1800 -t $(GUEST_TREE) -l $(O)/guest/tests.stress -o $(O)/guest/log-stress $(if $(SUBJECTS),-s $(SUBJECTS)) $(RUNS)
