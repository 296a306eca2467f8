/* SPDX-License-Identifier: MIT */
/* The symbol table of the first link (base/base.mk): empty, and weak, so that the real one replaces it. */
	.section .rodata, "a", @progbits
	.balign 8
	.weak	ksyms_base, ksyms_count, ksyms_addrs, ksyms_names, ksyms_text
ksyms_base:
	.quad	0
ksyms_count:
ksyms_addrs:
ksyms_names:
	.long	0
ksyms_text:
	.long	0
	.section .note.GNU-stack, "", @progbits
