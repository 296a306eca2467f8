# SPDX-License-Identifier: MIT
# The system-call table and its documentation, from one list.

GENERATED += $(O)/generated/syscall_table.h

$(O)/generated/syscall_table.h: kernel/sys/syscalls.tbl tools/syscall-table
	@mkdir -p $(@D)
	@tools/syscall-table header $< > $@.tmp && mv $@.tmp $@

.PHONY: doc
doc: ## regenerate doc/syscalls.md
	@tools/syscall-table doc kernel/sys/syscalls.tbl > doc/syscalls.md
