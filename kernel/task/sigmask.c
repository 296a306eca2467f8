/* SPDX-License-Identifier: MIT */
/* The signal mask of current. See sigmask.h. */
#include "task/sigmask.h"
#include "sched/sched.h"
#include "abi/errno.h"

void retarget_shared_pending(u64 which)
{
	struct task_struct *t;

	which &= current->signal->shared_pending.signal;
	if (!which || (current->signal->flags & SIGNAL_GROUP_EXIT))
		return;
	for_each_thread(current, t) {
		if (t == current || (t->flags & PF_EXITING) || !(which & ~t->blocked))
			continue;
		which &= t->blocked;
		set_task_work(t, TIF_SIGPENDING);
		if (!wake_up_state(t, TASK_INTERRUPTIBLE))
			kick_process(t);
		if (!which)
			break;
	}
}

static __always_inline void set_blocked(struct task_struct *t, u64 mask)
{
	u64 newly = mask & ~t->blocked;

	if (unlikely(newly & t->signal->shared_pending.signal))
		retarget_shared_pending(newly);
	t->blocked = mask;
	recalc_sigpending();
}

void set_current_blocked_locked(u64 mask)
{
	set_blocked(current, mask);
}

void set_current_blocked(u64 mask)
{
	struct task_struct *t = current;

	mask &= ~SIG_KERNEL_ONLY_MASK;
	if (mask == t->blocked)
		return;
	spin_lock_irq(&t->sighand->siglock);
	set_blocked(t, mask);
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
