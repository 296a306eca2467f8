/* SPDX-License-Identifier: MIT */
/* Life of processes: clone, exec, exit, wait. */
#pragma once

#include "task/task.h"
#include "task/pid.h"
#include "task/clone.h"
#include "abi/resource.h"

struct file;
struct linux_binprm;
struct siginfo;
struct rlimit;

/* ---- fork.c ---- */
/* Make a task as @args say and start it; with CLONE_VFORK wait until it execs or exits. Returns its
 * pid, or
 * -EAGAIN (RLIMIT_NPROC, threads), -ENOMEM, -EINVAL (flags that exclude each other), -EFAULT... May
 * sleep. */
long kernel_clone(struct kernel_clone_args *args);
/* The child, not yet running: tests and kernel_clone. ERR_PTR. */
struct task_struct *copy_process(struct kernel_clone_args *args);
long ksys_unshare(unsigned long flags);
/* The task leaves its mm for another or for good: robust futexes, clear_child_tid, vfork parent. */
void mm_release(struct task_struct *task);
/* The first user task, pid 1: a kernel thread that will exec. */
long start_init(int (*fn)(void *));
/* A new descriptor for @pid (pidfd); -EMFILE... */
int pidfd_create(struct pid *pid, unsigned int flags);
/* The pid of a pidfd file with a reference, and its file flags unless NULL; ERR_PTR(-EBADF). */
struct pid *pidfd_get_pid(unsigned int fd, unsigned int *flags);

/* ---- exec.c ---- */
/* Replace current's program. Kernel strings; NULL-terminated arrays of kernel pointers. */
int kernel_execve(const char *filename, const char *const *argv, const char *const *envp);
long do_execveat(int dfd, const char __user *filename, const char __user *const __user *argv,
		 const char __user *const __user *envp, int flags);

/* ---- exit.c ---- */
__noreturn void do_exit(long code);	    /* this thread; @code is a wait status */
__noreturn void do_group_exit(int code);    /* the whole process */
/* Free a dead task's last traces in the tables; tasklist_lock NOT held. */
void release_task(struct task_struct *task);
/* Is @pgrp orphaned? tasklist_lock held. */
bool is_orphaned_pgrp(struct pid *pgrp);

/* ---- wait.c ---- */
long kernel_wait4(pid_t upid, int __user *status, int options, struct rusage *ru);
long kernel_waitid(int which, pid_t upid, struct siginfo *info, int options, struct rusage *ru);
/* Wake the parent's wait calls. tasklist_lock held. */
void wake_up_parent(struct task_struct *p, struct task_struct *parent);

/* ---- accounting.c ---- */
/* Times of a whole group, its dead threads included (ns). tasklist_lock not needed by the group's
 * own; takes siglock. */
void thread_group_cputime(struct task_struct *leader, u64 *utime, u64 *stime);
void getrusage_of(struct task_struct *p, int who, struct rusage *ru);
unsigned long task_rlimit(struct task_struct *task, unsigned int limit);
int do_prlimit(struct task_struct *task, unsigned int resource, const struct rlimit *new, struct rlimit *old);
void check_cpu_limits(struct task_struct *task); /* tick hook: RLIMIT_CPU, ITIMER_VIRTUAL, ITIMER_PROF */

/* ---- itimer.c ---- */
void itimer_real_expired(struct ktimer *timer);
/* current's process: POSIX timers go at exec; at the end of the last thread ITIMER_REAL too. May
 * spin for a callback. */
void exit_posix_timers(struct signal_struct *signal);
void exit_itimers(struct signal_struct *signal);

/* ---- Namespaces ---- */
int copy_namespaces(u64 flags, struct task_struct *p);

/* Upward edge (drivers/): the session leader current ends; its terminal goes. May sleep. */
extern void (*disassociate_ctty_hook)(void);

void process_init(void);

/* fork.c, for exit.c: give back what the stages between files and io took. */
void exit_task_stages(struct task_struct *p);
