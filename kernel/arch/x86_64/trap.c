/* SPDX-License-Identifier: MIT */
/*
 * Exceptions: which signal each gives a program, and which of the kernel's own may go on (user
 * copies with an entry in the exception table). The entry code calls these with interrupts off; a
 * handler for user mode turns them on, since signals and page faults may sleep.
 */
#include "arch/x86_64/cpu.h"

#define DR6_TRAPS 0xful
#define DR6_STEP  BIT(14)

struct extable_entry {
	s32 from; /* relative to its own address */
	u32 length;
	s32 to; /* relative to its own address */
};

extern const struct extable_entry __ex_table_start[], __ex_table_end[];

static bool stopping; /* arch_stop_other_cpus(): an NMI means halt */

unsigned long search_extable(unsigned long ip)
{
	const struct extable_entry *e;

	for (e = __ex_table_start; e < __ex_table_end; e++) {
		if (ip - ((unsigned long)&e->from + e->from) < e->length)
			return (unsigned long)&e->to + e->to;
	}
	return 0;
}

/* ---- Page faults ------------------------------------------------------------------------ */

void x86_page_fault(struct pt_regs *regs, unsigned long error_code);

static void kernel_page_fault(struct pt_regs *regs, unsigned long addr, unsigned long error_code)
{
	unsigned long fixup = search_extable(regs->ip);

	/* Only user copies may touch user memory, and only user memory is ever missing. */
	if (!fixup || addr >= TASK_SIZE_MAX)
		handle_kernel_trap(regs, addr < PAGE_SIZE ? "null pointer" : "page fault", addr);
	if (regs->flags & X86_FLAGS_IF)
		arch_irq_enable();
	if (!handle_page_fault(regs, addr, error_code))
		regs->ip = fixup;
	arch_irq_disable();
}

void x86_page_fault(struct pt_regs *regs, unsigned long error_code)
{
	unsigned long addr = read_cr2();
	struct arch_thread *thread;

	if (!arch_user_mode(regs)) {
		kernel_page_fault(regs, addr, error_code);
		return;
	}
	arch_irq_enable();
	thread = current_thread();
	thread->trapnr = 14;
	thread->error_code = error_code;
	thread->cr2 = addr;
	handle_page_fault(regs, addr, error_code);
}

/* ---- Exceptions that end in a signal ---------------------------------------------------- */

static void trap(struct pt_regs *regs, int trapnr, unsigned long error_code, const char *what,
		 int sig, int code, unsigned long addr)
{
	struct arch_thread *thread;
	unsigned long fixup;

	if (!arch_user_mode(regs)) {
		fixup = search_extable(regs->ip);
		if (!fixup)
			handle_kernel_trap(regs, what, 0);
		regs->ip = fixup;
		return;
	}
	arch_irq_enable();
	thread = current_thread();
	thread->trapnr = trapnr;
	thread->error_code = error_code;
	handle_user_trap(regs, sig, code, addr, trapnr);
}

/* The exceptions whose signal is always the same; @addr_is_ip: si_addr is the instruction. */
#define SIMPLE_TRAP(name, nr, what, sig, code, addr_is_ip)                                         \
	void x86_##name(struct pt_regs *regs, unsigned long error_code);                           \
	void x86_##name(struct pt_regs *regs, unsigned long error_code)                            \
	{                                                                                          \
		trap(regs, nr, error_code, what, sig, code, (addr_is_ip) ? regs->ip : 0);          \
	}

SIMPLE_TRAP(divide_error, 0, "divide error", SIGFPE, FPE_INTDIV, true)
SIMPLE_TRAP(breakpoint, 3, "breakpoint", SIGTRAP, SI_KERNEL, false)
SIMPLE_TRAP(overflow, 4, "overflow", SIGSEGV, SI_KERNEL, false)
SIMPLE_TRAP(bounds, 5, "bounds", SIGSEGV, SI_KERNEL, false)
SIMPLE_TRAP(invalid_opcode, 6, "invalid opcode", SIGILL, ILL_ILLOPN, true)
SIMPLE_TRAP(no_device, 7, "device not available", SIGSEGV, SI_KERNEL, false)
SIMPLE_TRAP(invalid_tss, 10, "invalid TSS", SIGSEGV, SI_KERNEL, false)
SIMPLE_TRAP(no_segment, 11, "segment not present", SIGBUS, SI_KERNEL, false)
SIMPLE_TRAP(stack_segment, 12, "stack segment", SIGBUS, SI_KERNEL, false)
SIMPLE_TRAP(general_protection, 13, "general protection fault", SIGSEGV, SI_KERNEL, false)
SIMPLE_TRAP(alignment_check, 17, "alignment check", SIGBUS, BUS_ADRALN, false)
SIMPLE_TRAP(unknown_exception, 15, "unknown exception", SIGSEGV, SI_KERNEL, false)

/* si_code of the first pending exception that is not masked: invalid, divide, denormal, overflow,
 * underflow, precision (the same bit order in x87's status word and MXCSR). */
static int fpu_error_code(unsigned int pending)
{
	if (pending & 0x01)
		return FPE_FLTINV;
	if (pending & 0x04)
		return FPE_FLTDIV;
	if (pending & 0x08)
		return FPE_FLTOVF;
	if (pending & 0x12)
		return FPE_FLTUND;
	if (pending & 0x20)
		return FPE_FLTRES;
	return 0;
}

void x86_fpu_error(struct pt_regs *regs, unsigned long error_code);
void x86_fpu_error(struct pt_regs *regs, unsigned long error_code)
{
	u16 control, status;
	int code;

	__asm__ __volatile__("fnstcw %0\n\tfnstsw %1" : "=m"(control), "=m"(status));
	code = fpu_error_code(status & ~control & 0x3f);
	if (arch_user_mode(regs) && !code)
		return; /* the exception is gone: a task switch came between */
	trap(regs, 16, error_code, "x87 error", SIGFPE, code, regs->ip);
}

void x86_simd_error(struct pt_regs *regs, unsigned long error_code);
void x86_simd_error(struct pt_regs *regs, unsigned long error_code)
{
	u32 mxcsr;

	__asm__ __volatile__("stmxcsr %0" : "=m"(mxcsr));
	trap(regs, 19, error_code, "SIMD error", SIGFPE,
	     fpu_error_code(mxcsr & ~(mxcsr >> 7) & 0x3f), regs->ip);
}

void x86_debug(struct pt_regs *regs, unsigned long error_code);
void x86_debug(struct pt_regs *regs, unsigned long error_code)
{
	unsigned long dr6 = read_dr6();
	int code;

	write_dr6(0xffff0ff0);
	if (!arch_user_mode(regs)) {
		/* Nobody steps the kernel; a user's watchpoint may fire in it. */
		regs->flags &= ~X86_FLAGS_TF;
		return;
	}
	if (dr6 & DR6_STEP)
		code = TRAP_TRACE;
	else if (dr6 & DR6_TRAPS)
		code = TRAP_HWBKPT;
	else
		code = TRAP_BRKPT;
	trap(regs, 1, error_code, "debug", SIGTRAP, code, regs->ip);
}

/* ---- Exceptions on their own stacks ----------------------------------------------------- */

void x86_nmi(struct pt_regs *regs, unsigned long error_code);
void x86_nmi(struct pt_regs *regs, unsigned long error_code)
{
	if (READ_ONCE(stopping)) {
		for (;;)
			__asm__ __volatile__("cli; hlt");
	}
	printk("NMI on CPU %u, ignored\n", arch_cpu_id());
}

void x86_double_fault(struct pt_regs *regs, unsigned long error_code);
void x86_double_fault(struct pt_regs *regs, unsigned long error_code)
{
	unsigned long addr = read_cr2();
	struct arch_task *task = arch_task(arch_current());

	/* Pushing onto the guard page below the stack faults, and so does pushing that fault's
	 * frame. */
	if (task && addr - ((unsigned long)task->stack - PAGE_SIZE) < PAGE_SIZE)
		handle_kernel_trap(regs, "kernel stack overflow", addr);
	handle_kernel_trap(regs, "double fault", addr);
}

void x86_machine_check(struct pt_regs *regs, unsigned long error_code);
void x86_machine_check(struct pt_regs *regs, unsigned long error_code)
{
	handle_kernel_trap(regs, "machine check", 0);
}

void arch_stop_other_cpus(void)
{
	WRITE_ONCE(stopping, true);
	if (nr_cpus > 1)
		lapic_send_nmi_others();
}

/* ---- The way out to user mode ----------------------------------------------------------- */

void x86_exit_work(struct pt_regs *regs);

/* IRET would fault in the kernel on it; where a jump goes there, user mode faults. */
static bool canonical(unsigned long addr)
{
	return (unsigned long)((long)(addr << 16) >> 16) == addr;
}

/* From entry.S when current->work is not 0, interrupts off; on return it is 0 and all of @regs
 * counts. */
void x86_exit_work(struct pt_regs *regs)
{
	struct arch_task *task = arch_task(arch_current());
	u64 work = READ_ONCE(task->work);

	for (;; work = READ_ONCE(task->work)) {
		if (work & BIT(ARCH_WORK_FULL_REGS_BIT))
			work = __atomic_and_fetch(&task->work, ~BIT(ARCH_WORK_FULL_REGS_BIT),
						  __ATOMIC_RELAXED);
		if (work)
			handle_exit_to_user(regs);
		if (unlikely(!canonical(regs->ip))) {
			trap(regs, 13, 0, "general protection fault", SIGSEGV, SI_KERNEL, 0);
			arch_irq_disable();
		} else if (likely(!READ_ONCE(task->work))) {
			return;
		}
	}
}
