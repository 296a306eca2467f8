# SPDX-License-Identifier: MIT
# More memory than there is: see test/pressure/run-pressure.
#
#	make test-pressure				short, all kinds
#	make pressure [SECONDS=600] [CPUS=2] [KERNEL=debug] [KINDS="pressure swapoff fail"] [SEED=1]

PRESSURE_PROGRAMS := $(addprefix $(O)/pressure/,init edges pressure)
PRESSURE_CFLAGS := -std=gnu11 -O2 -Wall -Wextra -Werror -Wno-unused-parameter -static -pthread
PRESSURE_SRC := $(filter-out test/pressure/init.c test/pressure/edges.c,$(wildcard test/pressure/*.c))
RUN_PRESSURE = test/pressure/run-pressure -b $(O)/pressure -K $(O)

$(O)/pressure/init $(O)/pressure/edges: $(O)/pressure/%: test/pressure/%.c
	@mkdir -p $(@D)
	@gcc $(PRESSURE_CFLAGS) -o $@ $<
$(O)/pressure/pressure: $(PRESSURE_SRC) test/pressure/pressure.h
	@mkdir -p $(@D)
	@gcc $(PRESSURE_CFLAGS) -o $@ $(filter %.c,$^)

pressure: SECONDS ?= 600
pressure: CPUS ?= 1
pressure: KERNEL ?= release
pressure: KINDS ?= pressure swapoff fail
pressure: SEED ?= 1

.PHONY: pressure test-pressure
pressure: $(PRESSURE_PROGRAMS) $(O)/quire-kernel $(O)/quire-kernel-debug ## 300 MiB of checked pages in 64 MiB: SECONDS=600 CPUS=1 KERNEL=release
	@$(RUN_PRESSURE) -k $(KERNEL):$(CPUS) -s $(SECONDS) -r $(SEED) $(KINDS)
test-pressure: $(PRESSURE_PROGRAMS) $(O)/quire-kernel $(O)/quire-kernel-debug ## programs that need more memory than there is, shortly
	@$(RUN_PRESSURE) -k release:1,debug:2 -s 3 -m 40 -w 100 -S 256 pressure swapoff fail
	@$(RUN_PRESSURE) -k release:2 -s 3 edges read-error
