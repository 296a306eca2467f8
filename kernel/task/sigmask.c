/* SPDX-License-Identifier: MIT */
/* The signal mask of current. See sigmask.h. */
#include "task/sigmask.h"
#include "abi/errno.h"

bool has_pending_signals(struct task_struct *t)
{
	u64 pending = t->pending.signal | t->signal->shared_pending.signal;

	return (pending & ~t->blocked) || (t->jobctl & JOBCTL_STOP_PENDING);
}

void recalc_sigpending(void)
{
	if (has_pending_signals(current))
		set_task_work(current, TIF_SIGPENDING);
	else
		clear_task_work(current, TIF_SIGPENDING);
}

void set_current_blocked(u64 mask)
{
	struct task_struct *t = current;

	mask &= ~SIG_KERNEL_ONLY_MASK;
	if (mask == t->blocked)
		return;
	spin_lock_irq(&t->sighand->siglock);
	t->blocked = mask;
	recalc_sigpending();
	spin_unlock_irq(&t->sighand->siglock);
}

int set_user_sigmask(const u64 __user *umask, size_t sigsetsize)
{
	u64 mask;

	if (!umask)
		return 0;
	if (sigsetsize != sizeof(mask))
		return -EINVAL;
	if (arch_copy_from_user(&mask, umask, sizeof(mask)))
		return -EFAULT;
	current->saved_sigmask = current->blocked;
	current->restore_sigmask = true;
	set_current_blocked(mask);
	return 0;
}

void restore_saved_sigmask(void)
{
	if (current->restore_sigmask) {
		current->restore_sigmask = false;
		set_current_blocked(current->saved_sigmask);
	}
}

void restore_saved_sigmask_unless(bool interrupted)
{
	if (!interrupted)
		restore_saved_sigmask();
}
