/* SPDX-License-Identifier: MIT */
/* Futexes: waiting on a word of user memory. */
#pragma once

#include "lib/types.h"
#include "abi/time.h"
#include "abi/futex.h"

struct task_struct;

void futex_init(void);
/* futex(2). */
long ksys_futex(u32 __user *uaddr, int op, u32 val, const struct timespec __user *utime, u32 __user *uaddr2, u32 val3);
/* Wake @n waiters of a private-or-shared word (both keys are tried as CLONE_CHILD_CLEARTID needs:
 * shared key). */
void futex_wake_address(u32 __user *uaddr, int n);
/* A dying task's robust list: mark its locks OWNER_DIED and wake a waiter of each. May fault. */
void exit_robust_list(struct task_struct *task);
long ksys_set_robust_list(void __user *head, size_t len);
long ksys_get_robust_list(pid_t pid, void __user *__user *head, size_t __user *len);
