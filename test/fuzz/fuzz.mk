# SPDX-License-Identifier: MIT
# Fuzz targets of the parsers. Each is built twice: NAME runs a fixed sequence of mutations (make check-fuzz),
# NAME-explore is libFuzzer's (make fuzz-NAME, with FUZZ_SECONDS). inflate needs zlib's header and library.

FUZZ_TARGETS := elf cpio cmdline inflate
FUZZ_ROUNDS ?= 20000
FUZZ_SECONDS ?= 60
FUZZ_O := $(O)/fuzz
FUZZ_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_KERNEL := $(filter-out kernel/lib/string.c,$(wildcard kernel/parse/*.c kernel/lib/*.c))
# zlib has functions of these names.
FUZZ_RENAME := -Dinflate=quire_inflate -Dcrc32=quire_crc32
FUZZ_CFLAGS := -std=gnu11 -g -O1 -ffreestanding -fno-builtin -nostdinc -fno-strict-aliasing -fwrapv $(WARN) \
	       -Ikernel -Itest/fuzz -include kernel/arch/host/rename.h -DQUIRE_DEBUG=1 -DQUIRE_HOST=1 \
	       $(FUZZ_RENAME) $(FUZZ_SANITIZE) -fno-sanitize=alignment -MMD -MP
FUZZ_LIBC_CFLAGS := -std=gnu11 -g -O1 -D_GNU_SOURCE $(WARN) $(FUZZ_SANITIZE) -MMD -MP
FUZZ_LIBC := fuzz_libc mutate_main zlib_oracle

FUZZ_KERNEL_O := $(FUZZ_KERNEL:%.c=$(FUZZ_O)/%.o)
FUZZ_LIBC_O := $(FUZZ_LIBC:%=$(FUZZ_O)/test/fuzz/%.o)

# The code under test is compiled with coverage for both: without libFuzzer the weak hooks are empty.
$(FUZZ_O)/%.o: %.c
	@mkdir -p $(@D)
	@$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -c $< -o $@

$(FUZZ_LIBC_O): $(FUZZ_O)/%.o: %.c
	@mkdir -p $(@D)
	@$(CLANG) $(FUZZ_LIBC_CFLAGS) -c $< -o $@

fuzz_lib = $(if $(filter inflate,$(1)),$(FUZZ_O)/test/fuzz/zlib_oracle.o)

define fuzz_rules
$(FUZZ_O)/$(1): $(FUZZ_O)/test/fuzz/$(1)_fuzz.o $(FUZZ_O)/test/fuzz/fuzz_libc.o \
		$(FUZZ_O)/test/fuzz/mutate_main.o $(call fuzz_lib,$(1)) $(FUZZ_KERNEL_O)
	@$$(CLANG) $(FUZZ_SANITIZE) $$^ -o $$@ $(if $(filter inflate,$(1)),-lz)
$(FUZZ_O)/$(1)-explore: $(FUZZ_O)/test/fuzz/$(1)_fuzz.o $(FUZZ_O)/test/fuzz/fuzz_libc.o \
		$(call fuzz_lib,$(1)) $(FUZZ_KERNEL_O)
	@$$(CLANG) $(FUZZ_SANITIZE) -fsanitize=fuzzer $$^ -o $$@ $(if $(filter inflate,$(1)),-lz)
.PHONY: fuzz-$(1)
fuzz-$(1): $(FUZZ_O)/$(1) $(FUZZ_O)/$(1)-explore
	@mkdir -p $(FUZZ_O)/corpus-$(1)
	@$(FUZZ_O)/$(1) -w $(FUZZ_O)/corpus-$(1)
	$(FUZZ_O)/$(1)-explore -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -print_final_stats=1 $(FUZZ_O)/corpus-$(1)
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_rules,$(t))))

# The address-space fuzzers of the host tests, with sanitizers: FUZZ_SECONDS, FUZZ_JOBS, FUZZ_SEED.
FUZZ_JOBS ?= 1
.PHONY: fuzz-mm
fuzz-mm: $(O)/host-asan/test-kernel
	@test/fuzz/fuzz-mm $< $(FUZZ_SECONDS) "$(FUZZ_SEED)" $(FUZZ_JOBS)

.PHONY: check-fuzz
check-fuzz: $(FUZZ_TARGETS:%=$(FUZZ_O)/%)
	@for t in $(FUZZ_TARGETS); do $(FUZZ_O)/$$t -n $(FUZZ_ROUNDS) || exit 1; done

-include $(FUZZ_KERNEL_O:.o=.d) $(FUZZ_LIBC_O:.o=.d) $(FUZZ_TARGETS:%=$(FUZZ_O)/test/fuzz/%_fuzz.d)
