/* SPDX-License-Identifier: MIT */
/* What fork, vfork, clone, clone3 and kthread_create ask for: filled by them, read by
 * kernel_clone(). */
#pragma once

#include "lib/types.h"

struct kernel_clone_args {
	u64 flags; /* CLONE_*, without the exit signal */
	int __user *pidfd;
	int __user *child_tid;
	int __user *parent_tid;
	int exit_signal;     /* 0: none */
	unsigned long stack; /* highest address for the child's stack pointer; 0: the parent's */
	unsigned long stack_size;
	unsigned long tls;
	pid_t set_tid; /* 0: any */
	int cgroup;
	int (*fn)(void *); /* kernel thread */
	void *fn_arg;
};
