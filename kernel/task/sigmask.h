/* SPDX-License-Identifier: MIT */
/* The signal mask of current, and the flag that says something unblocked is pending. */
#pragma once

#include "task/task.h"

#define SIG_KERNEL_ONLY_MASK (sigmask(SIGKILL) | sigmask(SIGSTOP))

/* Set current's mask (SIGKILL and SIGSTOP are left out). Takes siglock; interrupts on. */
void set_current_blocked(u64 mask);
/* The same with siglock held and @mask as it is to be. */
void set_current_blocked_locked(u64 mask);
/* current no longer takes the signals @which: those of them that are pending for the process, and
 * that perhaps only
 * current was woken for, are pointed out to threads that do take them. siglock held. */
void retarget_shared_pending(u64 which);
/* Does @t have an unblocked signal, or a group stop to join? siglock held. */
static inline bool has_pending_signals(const struct task_struct *t)
{
	u64 pending = t->pending.signal | t->signal->shared_pending.signal;

	return (pending & ~t->blocked) || (t->jobctl & JOBCTL_STOP_PENDING);
}
/* Set or clear TIF_SIGPENDING of current by what is pending. siglock held. */
static inline void recalc_sigpending(void)
{
	if (has_pending_signals(current))
		set_task_work(current, TIF_SIGPENDING);
	else if (test_task_work(current, TIF_SIGPENDING))
		clear_task_work(current, TIF_SIGPENDING);
}

/*
 * ppoll, pselect6, epoll_pwait: a mask for the time of the call. @umask NULL: nothing. Copies the
 * old mask to current->saved_sigmask
 * and sets restore_sigmask. 0, -EINVAL (size), -EFAULT.
 */
int set_user_sigmask(const u64 __user *umask, size_t sigsetsize);
/* At the end of such a call: put the mask back at once, unless @interrupted (then the way back to
 * user mode does,
 * after the handler ran under the temporary mask). */
void restore_saved_sigmask_unless(bool interrupted);
void restore_saved_sigmask(void);
