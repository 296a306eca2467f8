/* SPDX-License-Identifier: MIT */
/* Looking at a stack: return addresses by frame pointers, and registers. */
#include "arch/x86_64/cpu.h"
#include "lib/bug.h"

/* What a function with a frame pointer has at it. */
struct frame {
	const struct frame *next;
	unsigned long return_address;
};

extern const char _text[], _etext[];

static bool is_text(unsigned long addr)
{
	return addr >= (unsigned long)_text && addr < (unsigned long)_etext;
}

/* The stack's upper end, if @sp lies in a kernel stack known here; else 0. */
static unsigned long stack_end(const struct arch_task *task, unsigned long sp)
{
	unsigned long low = task ? (unsigned long)task->stack : 0;
	const struct x86_cpu *cpu = this_x86_cpu();
	unsigned long ist = (unsigned long)cpu->ist_stack;

	if (low && sp >= low && sp < low + THREAD_SIZE)
		return low + THREAD_SIZE;
	if (sp >= (unsigned long)arch_boot_stack &&
	    sp < (unsigned long)arch_boot_stack + THREAD_SIZE)
		return (unsigned long)arch_boot_stack + THREAD_SIZE;
	if (sp >= ist && sp < ist + sizeof(cpu->ist_stack))
		return ALIGN(sp + 1, IST_STACK_SIZE);
	return 0;
}

/* Frames lie ever higher on one stack. The oldest one's saved pointer is the user's, which may be
 * anything. */
static void walk(const struct arch_task *task, unsigned long bp,
		 bool (*fn)(void *arg, unsigned long pc), void *arg)
{
	unsigned long end = stack_end(task, bp);

	while (end && IS_ALIGNED(bp, 8) && bp + sizeof(struct frame) <= end) {
		const struct frame *frame = (const struct frame *)bp;

		if (!is_text(frame->return_address) || !fn(arg, frame->return_address))
			return;
		if ((unsigned long)frame->next <= bp)
			return;
		bp = (unsigned long)frame->next;
	}
}

/* A task that does not run: switch_stack pushed six registers, the frame pointer highest. */
#define SWITCH_FRAME_BP 5

void arch_stack_walk(struct task_struct *task, struct pt_regs *regs,
		     bool (*fn)(void *arg, unsigned long pc), void *arg)
{
	const struct arch_task *t = arch_task(task ? task : arch_current());

	if (regs) {
		if (arch_user_mode(regs) || !fn(arg, regs->ip))
			return;
		walk(t, regs->bp, fn, arg);
	} else if (task && task != arch_current()) {
		const unsigned long *sp = (const unsigned long *)t->thread.sp;

		if (stack_end(t, (unsigned long)sp) && fn(arg, sp[SWITCH_FRAME_BP + 1]))
			walk(t, sp[SWITCH_FRAME_BP], fn, arg);
	} else {
		walk(t, (unsigned long)__builtin_frame_address(0), fn, arg);
	}
}

void arch_show_regs(struct pt_regs *regs)
{
	printk("ip %016lx sp %016lx flags %08lx cs %lx ss %lx\n", regs->ip, regs->sp, regs->flags,
	       regs->cs, regs->ss);
	printk("ax %016lx bx %016lx cx %016lx dx %016lx\n", regs->ax, regs->bx, regs->cx, regs->dx);
	printk("si %016lx di %016lx bp %016lx r8 %016lx\n", regs->si, regs->di, regs->bp, regs->r8);
	printk("r9 %016lx r10 %016lx r11 %016lx r12 %016lx\n", regs->r9, regs->r10, regs->r11,
	       regs->r12);
	printk("r13 %016lx r14 %016lx r15 %016lx orig_ax %ld\n", regs->r13, regs->r14, regs->r15,
	       regs->orig_ax);
	printk("cr0 %lx cr2 %lx cr3 %lx cr4 %lx gs %llx\n", read_cr0(), read_cr2(), read_cr3(),
	       read_cr4(), rdmsr(MSR_GS_BASE));
}
