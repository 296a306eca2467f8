/* SPDX-License-Identifier: MIT */
/* The signal mask of current, and the flag that says something unblocked is pending. */
#pragma once

#include "task/task.h"

#define SIG_KERNEL_ONLY_MASK (sigmask(SIGKILL) | sigmask(SIGSTOP))

/* Set current's mask (SIGKILL and SIGSTOP are left out). Takes siglock; interrupts on. */
void set_current_blocked(u64 mask);
/* Set or clear TIF_SIGPENDING of current by what is pending. siglock held. */
void recalc_sigpending(void);
/* Does @t have an unblocked signal, or a group stop to join? siglock held. */
bool has_pending_signals(struct task_struct *t);

/*
 * ppoll, pselect6, epoll_pwait: a mask for the time of the call. @umask NULL: nothing. Copies the old mask to current->saved_sigmask
 * and sets restore_sigmask. 0, -EINVAL (size), -EFAULT.
 */
int set_user_sigmask(const u64 __user *umask, size_t sigsetsize);
/* At the end of such a call: put the mask back at once, unless @interrupted (then the way back to user mode does,
 * after the handler ran under the temporary mask). */
void restore_saved_sigmask_unless(bool interrupted);
void restore_saved_sigmask(void);
