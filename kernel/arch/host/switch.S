/* SPDX-License-Identifier: MIT */
/* host_switch_stack(void **save_sp, void *next_sp): continue where next_sp was saved. */
	.text
	.globl	host_switch_stack
	.type	host_switch_stack, @function
host_switch_stack:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	host_switch_stack, . - host_switch_stack

/* Where a fresh context begins; its function is in rbx. */
	.globl	host_first_run
	.type	host_first_run, @function
host_first_run:
	xorl	%ebp, %ebp
	callq	*%rbx
	ud2
	.size	host_first_run, . - host_first_run
	.section .note.GNU-stack, "", @progbits
