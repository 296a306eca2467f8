# SPDX-License-Identifier: MIT
# Tests on the host: the kernel's floors below sys/ on the host port, under gcc, and under clang with ASan and UBSan.

, := ,
HOST_TESTS := $(O)/host/test-kernel $(O)/host-asan/test-kernel

define host_test_rules
# A kernel function with the name of one of libc's would replace it under libc's feet (arch/host/rename.h).
$(O)/$(1)/test-kernel: $$(sort $$(OBJ_$(1))) tools/check-libc-names
	@tools/check-libc-names $$(filter-out $$(addprefix $(O)/$(1)/,$$(LIBC_FILES)),$$(sort $$(OBJ_$(1))))
	@$$(CC_$(1)) $(2) -no-pie -g -o $$@ $$(sort $$(OBJ_$(1))) -lpthread
.PHONY: check-$(1)
check-$(1): $(O)/$(1)/test-kernel
	@$(3) $$< $$(TESTS)
endef
$(eval $(call host_test_rules,host,,))
$(eval $(call host_test_rules,host-asan,-fsanitize=address$(,)undefined,UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0))

-include test/fuzz/fuzz.mk
-include test/guest.mk
-include test/suite.mk
-include test/pressure/pressure.mk

.PHONY: check check-floors check-abi check-syscalls check-doc
check-doc: # the book names only what is there
	@tools/check-doc
check-syscalls: # kernel/sys/syscalls.tbl and doc/syscalls.md tell the truth
	@tools/check-syscalls
check-abi: # needs Linux's headers (linux-libc-dev)
	@tools/check-abi
check-floors:
	@$(if $(wildcard tools/check-floors),tools/check-floors,true)

# Everything that needs no virtual machine. TESTS="pattern..." selects host tests.
check: check-floors check-syscalls check-doc check-abi check-fuzz check-host check-host-asan ## everything that needs no virtual machine
