# SPDX-License-Identifier: MIT
# Measured against Linux: see bench/README.md.

BENCH_GUEST_SRC := $(wildcard bench/guest/*.c)
BENCH_PACKAGES := qemu-system-x86 busybox-static python3 libc6-dev

$(O)/bench/init: $(filter-out bench/guest/exit7.c,$(BENCH_GUEST_SRC)) bench/guest/bench.h
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -static -pthread -o $@ $(filter %.c,$^)
$(O)/bench/exit7: bench/guest/exit7.c
	@mkdir -p $(@D)
	@$(CC) -O2 -static -o $@ $<
$(O)/bench/initramfs.cpio: $(O)/bench/init $(O)/bench/exit7
	@rm -rf $(O)/bench/root && mkdir -p $(O)/bench/root/bin $(O)/bench/root/dev
	@cp $(O)/bench/init $(O)/bench/exit7 $(O)/bench/root/ && cp /bin/busybox $(O)/bench/root/bin/
	@cd $(O)/bench/root && find . | LC_ALL=C sort | cpio -o -H newc --quiet > ../initramfs.cpio
$(O)/bench/profile.so: bench/plugin/profile.c
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -shared -fPIC -fvisibility=hidden -o $@ $<
$(O)/bench/swap/init: bench/swap/swap.c
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -static -o $@ $<

BENCH := O=$(O) bench/bench
BENCH_FILES := $(O)/quire-kernel $(O)/bench/initramfs.cpio $(O)/bench/profile.so

.PHONY: bench-setup bench bench-time bench-check bench-baseline bench-swap profile locks
bench-setup:
	@tools/install-packages $(BENCH_PACKAGES) cpio gcc

bench: bench-setup ## executed instructions of each metric, Linux and Quire
	@$(MAKE) $(BENCH_FILES)
	@$(BENCH) count

bench-time: bench-setup ## the same by the clock, alternating; 1 and 2 CPUs
	@$(MAKE) $(BENCH_FILES)
	@$(BENCH) time

bench-check: bench-setup ## fails if a count is more than 2 % above bench/baseline.json
	@$(MAKE) $(BENCH_FILES)
	@$(BENCH) check

bench-baseline: bench-setup ## write bench/baseline.json anew
	@$(MAKE) $(BENCH_FILES)
	@$(BENCH) baseline

bench-swap: bench-setup ## a working set larger than memory, by the clock; reclaim of clean page cache, instructions
	@$(MAKE) $(O)/quire-kernel $(O)/bench/swap/init
	@O=$(O) bench/swap-pressure $(SWAP_OPTIONS)

profile: bench-setup ## METRIC=name: where its instructions go
	@$(MAKE) $(BENCH_FILES)
	@$(BENCH) profile $(METRIC)

locks: bench-setup ## METRIC=name: its locks, by the debug kernel on 8 CPUs
	@$(MAKE) $(BENCH_FILES) $(O)/quire-kernel-debug
	@$(BENCH) locks $(METRIC)
