/* SPDX-License-Identifier: MIT */
/*
 * Ways into the kernel and out of it.
 *
 *	syscall_entry		SYSCALL of 64-bit programs
 *	syscall32_entry		SYSCALL of 32-bit code
 *	exc_*			exceptions, on the kernel stack
 *	irq_*			interrupts, on the current stack
 *	exc_nmi, exc_debug, exc_double_fault, exc_machine_check: on stacks of their own (IST)
 *	ret_from_fork		a task's first instructions
 *
 * Each pushes a whole struct pt_regs. GS points at this CPU's struct arch_cpu in the kernel and
 * is the user's outside; an entry from user mode (CS of the frame tells) swaps it, always with
 * interrupts off. The IST entries may come between a change of mode and its swapgs, so they save
 * and set GS themselves.
 *
 * Ways out to user mode run with interrupts off and look at current->work once. After a system
 * call all callee-saved registers still hold the user's values, because C code keeps them, so the
 * fast way out restores only the rest. Whoever changes more than the return value outside
 * handle_exit_to_user() sets ARCH_WORK_FULL_REGS_BIT, which makes the way out take the slow path
 * and restore everything.
 */
#include "arch/x86_64/asm.h"

	.section .text.entry, "ax", @progbits

/* From rdi down; what is above is pushed by the CPU or the stub. */
.macro PUSH_REGS rax=%rax
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	\rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
.endm

.macro POP_REGS
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
.endm

ENTRY(syscall_entry)
	swapgs
	movq	%rsp, %gs:CPU_USER_SP
	movq	%gs:CPU_KERNEL_SP, %rsp
	pushq	$ASM_USER_DS
	pushq	%gs:CPU_USER_SP
	pushq	%r11
	pushq	$ASM_USER_CS
	pushq	%rcx
	pushq	%rax
	PUSH_REGS rax=$-38		/* -ENOSYS */
	movq	%rsp, %rdi
	sti
	call	handle_syscall
	cli
	movq	%gs:CPU_CURRENT, %rax
	cmpq	$0, (%rax)
	jne	exit_work
	addq	$REGS_R11, %rsp
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx			/* canonical: see TASK_SIZE_MAX */
	popq	%rdx
	popq	%rsi
	popq	%rdi
	movq	(REGS_SP - REGS_ORIG_AX)(%rsp), %rsp
	swapgs
	sysretq
END(syscall_entry)

/* SYSCALL of 32-bit code, which a program may jump to: there is no such system call. The stack is
 * still the program's. */
ENTRY(syscall32_entry)
	movl	$-38, %eax		/* -ENOSYS */
	sysretl
END(syscall32_entry)

/* Interrupts off, %rsp = user registers of current, at the stack's top. */
ENTRY(exit_to_user)
	movq	%gs:CPU_CURRENT, %rax
	cmpq	$0, (%rax)
	je	restore_user
exit_work:
	/* Most often only the registers are to be restored; ip must be a user's (x86_exit_work). */
	cmpl	$(1 << ASM_FULL_REGS_BIT), (%rax)
	jne	1f
	movq	REGS_IP(%rsp), %rdx
	shrq	$47, %rdx
	jnz	1f
	lock btrl $ASM_FULL_REGS_BIT, (%rax)
	jmp	2f
1:	movq	%rsp, %rdi
	call	x86_exit_work
2:
	/* SYSRET does what IRET would if these hold, at a fraction of the cost. */
	movq	REGS_CX(%rsp), %rax
	cmpq	%rax, REGS_IP(%rsp)
	jne	restore_user
	movq	REGS_R11(%rsp), %rax
	cmpq	%rax, REGS_FLAGS(%rsp)
	jne	restore_user
	cmpq	$ASM_USER_CS, REGS_CS(%rsp)
	jne	restore_user
	testl	$0x10100, %eax		/* RF, TF */
	jnz	restore_user
	movq	REGS_CX(%rsp), %rax
	shrq	$47, %rax
	jnz	restore_user
	POP_REGS
	movq	(REGS_SP - REGS_ORIG_AX)(%rsp), %rsp
	swapgs
	sysretq
restore_user:
	POP_REGS
	addq	$8, %rsp
	swapgs
	iretq
END(exit_to_user)

/* A new task arrives here from switch_stack: %rax = the task that ran before, %rbx = the function
 * of a kernel thread or 0, %r12 = its argument. */
ENTRY(ret_from_fork)
	movq	%rax, %rdi
	call	schedule_tail
	testq	%rbx, %rbx
	jz	1f
	sti
	movq	%r12, %rdi
	call	*%rbx
	/* It returned after an exec: go to user mode. */
1:	cli
	movq	%gs:CPU_CURRENT, %rax
	cmpq	$0, (%rax)
	je	restore_user
	jmp	exit_work
END(ret_from_fork)

/* struct task_struct *switch_stack(prev, unsigned long *save_sp, unsigned long next_sp) */
ENTRY(switch_stack)
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rsi)
	movq	%rdx, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	movq	%rdi, %rax
	ret
END(switch_stack)

/* ---- Exceptions and interrupts on the current stack ------------------------------------- */

/* handler(regs, error_code). The word in orig_ax' place becomes -1: not a system call. */
.macro EXCEPTION name, handler, has_error=0
ENTRY(\name)
	ASM_CLAC
	cld
.if \has_error == 0
	pushq	$0
.endif
	PUSH_REGS
	movq	REGS_ORIG_AX(%rsp), %rsi
	movq	$-1, REGS_ORIG_AX(%rsp)
	movq	%rsp, %rdi
	testb	$3, REGS_CS(%rsp)
	jz	1f
	swapgs
	call	\handler
	cli
	jmp	exit_to_user
1:	call	\handler
	POP_REGS
	addq	$8, %rsp
	iretq
END(\name)
.endm

/* handler(regs). orig_ax = ~vector. */
.macro INTERRUPT name, vector, handler
ENTRY(\name)
	ASM_CLAC
	cld
	pushq	$~\vector
	PUSH_REGS
	movq	%rsp, %rdi
	testb	$3, REGS_CS(%rsp)
	jz	1f
	swapgs
	call	\handler
	jmp	exit_to_user
1:	call	\handler
	POP_REGS
	addq	$8, %rsp
	iretq
END(\name)
.endm

EXCEPTION exc_page_fault, x86_page_fault, 1
INTERRUPT irq_timer, VECTOR_TIMER, timer_interrupt
INTERRUPT irq_reschedule, VECTOR_RESCHEDULE, x86_reschedule_interrupt
INTERRUPT irq_tlb_flush, VECTOR_TLB_FLUSH, x86_tlb_flush_interrupt
INTERRUPT irq_spurious, VECTOR_SPURIOUS, x86_spurious_interrupt

EXCEPTION exc_divide, x86_divide_error
EXCEPTION exc_breakpoint, x86_breakpoint
EXCEPTION exc_overflow, x86_overflow
EXCEPTION exc_bounds, x86_bounds
EXCEPTION exc_invalid_opcode, x86_invalid_opcode
EXCEPTION exc_no_device, x86_no_device
EXCEPTION exc_invalid_tss, x86_invalid_tss, 1
EXCEPTION exc_no_segment, x86_no_segment, 1
EXCEPTION exc_stack_segment, x86_stack_segment, 1
EXCEPTION exc_general_protection, x86_general_protection, 1
EXCEPTION exc_fpu, x86_fpu_error
EXCEPTION exc_alignment, x86_alignment_check, 1
EXCEPTION exc_simd, x86_simd_error
EXCEPTION exc_unknown, x86_unknown_exception

/* Device interrupts: a stub of 16 bytes for each line. */
	.balign 16
	.globl irq_stubs
irq_stubs:
vector = VECTOR_IRQ_BASE
.rept NR_IRQ_VECTORS
	.balign 16
	pushq	$~vector
	jmp	irq_device
	vector = vector + 1
.endr

	.balign 16
irq_device:
	ASM_CLAC
	cld
	PUSH_REGS
	movq	%rsp, %rdi
	testb	$3, REGS_CS(%rsp)
	jz	1f
	swapgs
	call	x86_device_interrupt
	jmp	exit_to_user
1:	call	x86_device_interrupt
	POP_REGS
	addq	$8, %rsp
	iretq

/* ---- Exceptions on stacks of their own -------------------------------------------------- */

/* Whatever GS holds is kept in %r12; this CPU's address lies above the frame (cpu.h). */
.macro SAVE_AND_SET_GS
	movl	$MSR_GS_BASE, %ecx
	rdmsr
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	%rax, %r12
	movl	REGS_SIZE(%rsp), %eax
	movl	(REGS_SIZE + 4)(%rsp), %edx
	wrmsr
.endm

.macro RESTORE_GS
	movl	$MSR_GS_BASE, %ecx
	movl	%r12d, %eax
	movq	%r12, %rdx
	shrq	$32, %rdx
	wrmsr
.endm

.macro IST_EXCEPTION name, handler, has_error=0
ENTRY(\name)
	ASM_CLAC
	cld
.if \has_error == 0
	pushq	$0
.endif
	PUSH_REGS
	SAVE_AND_SET_GS
	movq	REGS_ORIG_AX(%rsp), %rsi
	movq	$-1, REGS_ORIG_AX(%rsp)
	movq	%rsp, %rdi
	call	\handler
	RESTORE_GS
	POP_REGS
	addq	$8, %rsp
	iretq
END(\name)
.endm

IST_EXCEPTION exc_nmi, x86_nmi
IST_EXCEPTION exc_double_fault, x86_double_fault, 1
IST_EXCEPTION exc_machine_check, x86_machine_check
IST_EXCEPTION exc_debug_kernel, x86_debug

/* From user mode the frame moves to the task's stack, where the handler may sleep. */
ENTRY(exc_debug)
	testb	$3, 8(%rsp)
	jz	exc_debug_kernel
	ASM_CLAC
	cld
	swapgs
	pushq	$-1
	PUSH_REGS
	movq	%rsp, %rsi
	movq	%gs:CPU_KERNEL_SP, %rdi
	subq	$REGS_SIZE, %rdi
	movq	%rdi, %rdx
	movl	$(REGS_SIZE / 8), %ecx
	rep movsq
	movq	%rdx, %rsp
	movq	%rdx, %rdi
	xorl	%esi, %esi
	call	x86_debug
	cli
	jmp	exit_to_user
END(exc_debug)

	.section .note.GNU-stack, "", @progbits
