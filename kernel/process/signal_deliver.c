/* SPDX-License-Identifier: MIT */
/*
 * Delivering signals: on the way back to user mode current takes its pending signals one by one;
 * each runs its
 * default action or a handler.
 *
 *	handle_exit_to_user -> do_signal -> get_signal -> (stop | exit | handler frame)
 *
 * An interrupted system call has left -ERESTART* in the return value: here it becomes EINTR or a
 * restart.
 */
#include "process/signal.h"
#include "process/process.h"
#include "sched/sched.h"
#include "base/printk.h"
#include "lib/string.h"
#include "abi/errno.h"
#include "mm/mm.h"

#define SIG_STOP_MASK                                                                              \
	(sigmask(SIGSTOP) | sigmask(SIGTSTP) | sigmask(SIGTTIN) | sigmask(SIGTTOU))
#define SIG_IGNORE_DEFAULT_MASK                                                                    \
	(sigmask(SIGCONT) | sigmask(SIGCHLD) | sigmask(SIGWINCH) | sigmask(SIGURG))

/* Join the group stop that is pending: the last thread to stop tells the parent. siglock held with
 * interrupts off;
 * returns with it released, after SIGCONT. */
static void join_group_stop(void)
{
	struct task_struct *t = current;
	struct signal_struct *sig = t->signal;
	bool last = false;

	t->jobctl &= ~(JOBCTL_STOP_PENDING | JOBCTL_STOP_DEQUEUED);
	if (t->jobctl & JOBCTL_STOP_CONSUME) {
		t->jobctl &= ~JOBCTL_STOP_CONSUME;
		if (sig->group_stop_count > 0 && --sig->group_stop_count == 0) {
			sig->flags = (sig->flags & SIGNAL_UNKILLABLE) | SIGNAL_STOP_STOPPED;
			last = true;
		}
	}
	set_special_state(TASK_STOPPED); /* no late waker of an earlier sleep may undo it */
	spin_unlock_irq(&t->sighand->siglock);
	if (last) {
		spin_lock(&tasklist_lock);
		do_notify_parent_cldstop(t, CLD_STOPPED);
		spin_unlock(&tasklist_lock);
	}
	schedule();
}

/* Start a group stop for @signr, or join the one under way. siglock held; released on return. */
static void do_signal_stop(int signr)
{
	struct task_struct *p = current, *t;
	struct signal_struct *sig = p->signal;

	if (!(p->jobctl & JOBCTL_STOP_PENDING)) {
		if (!(sig->flags & SIGNAL_STOP_STOPPED))
			sig->group_exit_code = signr;
		sig->group_stop_count = 0;
		for_each_thread(p, t) {
			if ((t->flags & PF_EXITING) || (t->state & __TASK_STOPPED))
				continue;
			t->jobctl |= JOBCTL_STOP_PENDING | JOBCTL_STOP_CONSUME;
			sig->group_stop_count++;
			if (t != p)
				signal_wake_up(t, false);
		}
	}
	join_group_stop();
}

/* A continue (or a stop that was cut short) is still to be reported to the parent. siglock held;
 * may drop and retake it: returns true then. */
static bool report_cldstop(void)
{
	struct signal_struct *sig = current->signal;
	int why;

	if (!(sig->flags & (SIGNAL_CLD_STOPPED | SIGNAL_CLD_CONTINUED)))
		return false;
	why = (sig->flags & SIGNAL_CLD_CONTINUED) ? CLD_CONTINUED : CLD_STOPPED;
	sig->flags &= ~(SIGNAL_CLD_STOPPED | SIGNAL_CLD_CONTINUED);
	spin_unlock_irq(&current->sighand->siglock);
	spin_lock(&tasklist_lock);
	do_notify_parent_cldstop(current, why);
	spin_unlock(&tasklist_lock);
	spin_lock_irq(&current->sighand->siglock);
	return true;
}

/* Stop signals of the terminal do nothing to an orphaned process group. siglock held; dropped
 * meanwhile. */
static bool stop_is_void(int sig)
{
	bool orphaned;

	if (sig == SIGSTOP)
		return false;
	spin_unlock_irq(&current->sighand->siglock);
	spin_lock(&tasklist_lock);
	orphaned = is_orphaned_pgrp(task_pgrp(current));
	spin_unlock(&tasklist_lock);
	spin_lock_irq(&current->sighand->siglock);
	return orphaned;
}

static bool dumps_core(int sig)
{
	switch (sig) {
	case SIGQUIT: case SIGILL: case SIGTRAP: case SIGABRT: case SIGFPE: case SIGSEGV:
	case SIGBUS: case SIGSYS: case SIGXCPU: case SIGXFSZ:
		return true;
	}
	return false;
}

/* Default action of the signal in @ksig. siglock held. True: the lock was dropped by a stop, look
 * again from the start. */
static bool default_action(struct ksignal *ksig)
{
	int sig = ksig->sig;

	if (sigmask(sig) & SIG_IGNORE_DEFAULT_MASK)
		return false;
	if ((current->signal->flags & SIGNAL_UNKILLABLE) && sig != SIGKILL)
		return false;
	if (sigmask(sig) & SIG_STOP_MASK) {
		current->jobctl |= JOBCTL_STOP_DEQUEUED;
		if (stop_is_void(sig))
			return false;
		/* SIGCONT, SIGKILL or an exec may have come while the lock was dropped. */
		if (!(current->jobctl & JOBCTL_STOP_DEQUEUED) || (current->signal->flags & SIGNAL_GROUP_EXIT) ||
		    current->signal->group_exec_task)
			return false;
		do_signal_stop(sig);
		return true;
	}
	spin_unlock_irq(&current->sighand->siglock);
	current->flags |= PF_SIGNALED;
	/* No core is written (as with RLIMIT_CORE 0), so the status says so: no 0x80. */
	if (dumps_core(sig) && console_enabled)
		printk("%s[%d]: killed by signal %d at ip %lx addr %lx\n", current->comm, current->pid, sig,
		       arch_user_ip(arch_task_regs(current)), (unsigned long)ksig->info.si_addr);
	do_group_exit(sig);
}

bool get_signal(struct ksignal *ksig)
{
	struct task_struct *t = current;

relock:
	spin_lock_irq(&t->sighand->siglock);
	report_cldstop();
	for (;;) {
		struct k_sigaction *ka;

		if ((t->signal->flags & SIGNAL_GROUP_EXIT) || t->signal->group_exec_task) {
			if (t->pending.signal & sigmask(SIGKILL) || (t->signal->flags & SIGNAL_GROUP_EXIT)) {
				spin_unlock_irq(&t->sighand->siglock);
				do_group_exit(t->signal->group_exit_code ?: SIGKILL);
			}
		}
		if (t->jobctl & JOBCTL_STOP_PENDING) {
			do_signal_stop(0);
			goto relock;
		}
		ksig->sig = dequeue_signal(~t->blocked, &ksig->info);
		if (!ksig->sig) {
			spin_unlock_irq(&t->sighand->siglock);
			return false;
		}
		ka = &t->sighand->action[ksig->sig - 1];
		if (ka->sa.sa_handler == SIG_IGN)
			continue;
		if (ka->sa.sa_handler != SIG_DFL) {
			ksig->ka = *ka;
			if (ka->sa.sa_flags & SA_RESETHAND)
				ka->sa.sa_handler = SIG_DFL;
			spin_unlock_irq(&t->sighand->siglock);
			return true;
		}
		if (default_action(ksig))
			goto relock;
	}
}

/* A handler is to run: does the interrupted call restart after it? */
static void restart_for_handler(struct pt_regs *regs, const struct ksignal *ksig)
{
	if (!arch_in_syscall(regs))
		return;
	switch (arch_syscall_return(regs)) {
	case -ERESTART_RESTARTBLOCK:
	case -ERESTARTNOHAND:
		arch_syscall_set_return(regs, -EINTR);
		break;
	case -ERESTARTSYS:
		if (!(ksig->ka.sa.sa_flags & SA_RESTART)) {
			arch_syscall_set_return(regs, -EINTR);
			break;
		}
		arch_syscall_restart(regs);
		break;
	case -ERESTARTNOINTR:
		arch_syscall_restart(regs);
		break;
	}
	arch_syscall_forget(regs);
}

/* No handler: the call goes on as if nothing had been. */
static void restart_without_handler(struct pt_regs *regs)
{
	if (!arch_in_syscall(regs))
		return;
	switch (arch_syscall_return(regs)) {
	case -ERESTARTSYS:
	case -ERESTARTNOHAND:
	case -ERESTARTNOINTR:
		arch_syscall_restart(regs);
		break;
	case -ERESTART_RESTARTBLOCK:
		arch_syscall_restart_block(regs);
		break;
	}
	arch_syscall_forget(regs);
}

static void handle_signal(struct ksignal *ksig, struct pt_regs *regs)
{
	u64 mask = current->restore_sigmask ? current->saved_sigmask : current->blocked;
	struct arch_signal signal = {
		.sig = ksig->sig,
		.ka = &ksig->ka,
		.info = &ksig->info,
		.altstack = {
			.ss_sp = (void __user *)current->sas_ss_sp,
			.ss_size = current->sas_ss_size,
			.ss_flags = current->sas_ss_size ? (int)current->sas_ss_flags : SS_DISABLE,
		},
	};
	u64 blocked;

	restart_for_handler(regs, ksig);
	if (arch_setup_signal_frame(&signal, &mask, regs)) {
		force_sigsegv(ksig->sig);
		return;
	}
	current->restore_sigmask = false;
	if (current->sas_ss_flags & SS_AUTODISARM) {
		current->sas_ss_sp = current->sas_ss_size = 0;
		current->sas_ss_flags = 0;
	}
	blocked = current->blocked | ksig->ka.sa.sa_mask;
	if (!(ksig->ka.sa.sa_flags & SA_NODEFER))
		blocked |= sigmask(ksig->sig);
	set_current_blocked(blocked);
}

static void do_signal(struct pt_regs *regs)
{
	struct ksignal ksig;

	if (get_signal(&ksig)) {
		handle_signal(&ksig, regs);
		return;
	}
	restart_without_handler(regs);
	restore_saved_sigmask();
}

void handle_exit_to_user(struct pt_regs *regs)
{
	do {
		arch_irq_enable();
		if (test_task_work(current, TIF_NEED_RESCHED))
			schedule();
		if (test_task_work(current, TIF_SIGPENDING))
			do_signal(regs);
		if (unlikely(test_task_work(current, TIF_NOTIFY_RESUME)))
			clear_task_work(current, TIF_NOTIFY_RESUME);
		arch_irq_disable();
	} while (current->work &
		 (BIT(TIF_SIGPENDING) | BIT(TIF_NEED_RESCHED) | BIT(TIF_NOTIFY_RESUME)));
}

void handle_user_trap(struct pt_regs *regs, int sig, int code, unsigned long addr, int trapnr)
{
	force_sig_fault(sig, code, addr);
}
