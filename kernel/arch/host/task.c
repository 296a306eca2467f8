/* SPDX-License-Identifier: MIT */
/* Tasks of the host port: real stacks, really switched; user mode is a function that a test
 * provides. */
#include "abi/errno.h"
#include "abi/prctl.h"
#include "abi/signal.h"
#include "arch/host/internal.h"
#include "lib/bug.h"
#include "lib/string.h"

void (*host_user_mode)(struct pt_regs *regs);

/* A stand-in for init_task where sched/ and task/ are not linked or not started. */
static struct {
	struct arch_task task;
	char rest[16384];
} boot_task;

char arch_boot_stack[THREAD_SIZE] __aligned(
	4096); /* the boot task runs on the process's stack instead */

void arch_set_boot_task(struct task_struct *task)
{
	struct host_context *context = &arch_task(task)->thread.context;

	libc_main_stack(&context->stack_bottom, &context->stack_size);
	host_cpus[0].current_task = task;
}

void host_init_tasks(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		host_cpus[cpu].current_task = (struct task_struct *)&boot_task;
		host_cpus[cpu].timer = U64_MAX;
	}
	boot_task.task.stack = arch_boot_stack;
	arch_set_boot_task((struct task_struct *)&boot_task);
}

struct pt_regs *arch_task_regs(struct task_struct *task)
{
	return (struct pt_regs *)(arch_task(task)->stack + THREAD_SIZE) - 1;
}

struct task_struct *arch_switch_to(struct task_struct *prev, struct task_struct *next)
{
	struct host_cpu *cpu = this_host_cpu();

	BUG_ON(!cpu->irqs_off);
	cpu->switched_from = prev;
	cpu->current_task = next;
	host_switch_context(&arch_task(prev)->thread.context, &arch_task(next)->thread.context);
	host_context_arrived(&arch_task(prev)->thread.context);
	return this_host_cpu()->switched_from;
}

static __noreturn void run_user_mode(void)
{
	struct arch_task *task = arch_task(arch_current());
	struct pt_regs *regs = arch_task_regs(arch_current());

	arch_irq_disable();
	if (task->work)
		handle_exit_to_user(regs);
	arch_irq_enable();
	if (!host_user_mode)
		host_panic("a task wants to run in user mode, and the test has none");
	host_user_mode(regs);
	host_panic("the user mode function returned");
}

static void task_start(void)
{
	struct arch_task *task = arch_task(arch_current());

	host_context_arrived(&task->thread.context);
	schedule_tail(this_host_cpu()->switched_from);
	if (task->thread.fn) {
		arch_irq_enable();
		task->thread.fn(task->thread.fn_arg);
	}
	run_user_mode();
}

int arch_copy_thread(struct task_struct *p, const struct arch_thread_args *args)
{
	struct arch_task *child = arch_task(p), *parent = arch_task(arch_current());
	struct pt_regs *regs = arch_task_regs(p);

	child->thread = (struct arch_thread){
		.fn = args->fn,
		.fn_arg = args->fn_arg,
		.kernel = args->fn != NULL,
		.fsbase = args->set_tls ? args->tls : parent->thread.fsbase,
		.gsbase = parent->thread.gsbase,
	};
	host_make_context(&child->thread.context, child->stack, THREAD_SIZE - 256, task_start);
	child->thread.context.stack_size = THREAD_SIZE;
	if (args->fn) {
		memset(regs, 0, sizeof(*regs));
		return 0;
	}
	*regs = *arch_task_regs(arch_current());
	regs->ax = 0;
	if (args->sp)
		regs->sp = args->sp;
	return 0;
}

void arch_release_thread(struct task_struct *p)
{
	/* All of it is in the task_struct and on the stack. */
}

void arch_start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp)
{
	struct arch_thread *thread = &arch_task(arch_current())->thread;

	thread->fsbase = thread->gsbase = 0;
	thread->kernel = false;
	*regs = (struct pt_regs){
		.ip = ip,
		.cs = USER_CS,
		.sp = sp,
		.ss = USER_DS,
		.flags = X86_FLAGS_IF | X86_FLAGS_ONE,
		.orig_ax = -1,
	};
}

unsigned long arch_user_tls(void)
{
	return arch_task(arch_current())->thread.fsbase;
}

long arch_prctl(struct task_struct *p, int code, unsigned long addr)
{
	struct arch_thread *thread = &arch_task(p)->thread;
	unsigned long *base =
		code == ARCH_SET_FS || code == ARCH_GET_FS ? &thread->fsbase : &thread->gsbase;

	switch (code) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (addr >= TASK_SIZE_MAX)
			return -EPERM;
		*base = addr;
		return 0;
	case ARCH_GET_FS:
	case ARCH_GET_GS:
		return arch_copy_to_user((void __user *)addr, base, sizeof(*base)) ? -EFAULT : 0;
	default:
		return -EINVAL;
	}
}

/* ---- Signal frames ------------------------------------------------------------------------- */

/* Not Linux's layout: no program of Linux runs on this port. */
struct host_frame {
	struct pt_regs regs;
	u64 mask;
	stack_t altstack;
	siginfo_t info;
};

static bool on_stack(const stack_t *st, unsigned long sp)
{
	return sp - (unsigned long)st->ss_sp - 1 < st->ss_size;
}

int arch_setup_signal_frame(const struct arch_signal *signal, const u64 *mask, struct pt_regs *regs)
{
	const stack_t *st = &signal->altstack;
	unsigned long sp = regs->sp - 128;
	struct host_frame frame = {
		.regs = *regs, .mask = *mask, .altstack = *st, .info = *signal->info};

	if ((signal->ka->sa.sa_flags & SA_ONSTACK) && !(st->ss_flags & SS_DISABLE) && st->ss_size &&
	    !on_stack(st, regs->sp))
		sp = (unsigned long)st->ss_sp + st->ss_size;
	sp = ALIGN_DOWN(sp - sizeof(frame), 16);
	if (arch_copy_to_user((void __user *)sp, &frame, sizeof(frame)))
		return -EFAULT;
	regs->sp = sp;
	regs->ip = (unsigned long)signal->ka->sa.sa_handler;
	regs->di = signal->sig;
	regs->si = sp + offsetof(struct host_frame, info);
	return 0;
}

int arch_sigreturn(struct pt_regs *regs, u64 *mask, stack_t *altstack)
{
	struct host_frame frame;

	if (arch_copy_from_user(&frame, (void __user *)regs->sp, sizeof(frame)))
		return -EFAULT;
	*regs = frame.regs;
	regs->cs = USER_CS;
	regs->ss = USER_DS;
	regs->orig_ax = -1;
	*mask = frame.mask;
	*altstack = frame.altstack;
	return 0;
}
