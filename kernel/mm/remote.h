/* SPDX-License-Identifier: MIT */
/* Another process's memory: who may reach for it, and copying between it and one's own. */
#pragma once

#include "mm/mm_types.h"
#include "file/iov_iter.h"
#include "task/cred.h"

struct task_struct;

/* By which of the caller's ids and capabilities ptrace_may_access() judges. */
enum ptrace_mode {
	PTRACE_MODE_FSCREDS,   /* fsuid, fsgid, effective: files of /proc */
	PTRACE_MODE_REALCREDS, /* uid, gid, permitted: system calls on a pid */
};

/*
 * ptrace's rule: may a task with @cred look into @task and its memory? Its own process always;
 * others if all ids of @task are the caller's, @task has no capability the caller lacks, and its
 * program may be dumped; CAP_SYS_PTRACE stands for all of it. Takes alloc_locks. Any task context.
 */
bool ptrace_may_access(struct task_struct *task, const struct cred *cred, enum ptrace_mode mode);

/* @task's mm with a user reference, if current may access it: else ERR_PTR(-EACCES); ERR_PTR(-ESRCH)
 * if it has none (kernel thread, exiting). May sleep. */
struct mm_struct *mm_access(struct task_struct *task, enum ptrace_mode mode);

/*
 * Copy from the @nr ranges @remote of @mm, one after the other, into @local, or with @write the
 * other way, until either ends. @mm is held by a user reference; no locks; may sleep and fault.
 * Bytes copied, if any; else the error that stopped it: -EFAULT, -ENOMEM, -EINTR. 0 if there is
 * nothing to copy.
 */
ssize_t process_vm_rw(struct mm_struct *mm, struct iov_iter *local, const struct iovec *remote,
		      unsigned long nr, bool write);
