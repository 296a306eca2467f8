/* SPDX-License-Identifier: MIT */
/* Sending and delivering signals. */
#pragma once

#include "task/task.h"
#include "task/sigmask.h"

struct pid;

#define SEND_SIG_NOINFO ((struct siginfo *)0) /* SI_USER from current */
#define SEND_SIG_PRIV	((struct siginfo *)1) /* SI_KERNEL */

/* Queue @sig for @t (@group: its whole process). Looks siglock up through @t: the caller keeps @t
 * alive and hashed
 * (current, or tasklist_lock held). 0, -EAGAIN (RLIMIT_SIGPENDING for real-time signals), -ESRCH
 * (released). */
int send_signal(int sig, struct siginfo *info, struct task_struct *t, bool group);
int send_signal_locked(int sig, struct siginfo *info, struct task_struct *t, bool group); /* siglock held */
/* With kill(2)'s permission check; sig 0 only checks. tasklist_lock held. */
int group_send_sig_info(int sig, struct siginfo *info, struct task_struct *t, bool group);
int kill_pgrp_info(int sig, struct siginfo *info, struct pid *pgrp); /* tasklist_lock held */
/* Unconditional, to a group / a session leader's group (tty). Takes tasklist_lock. */
int kill_pgrp(struct pid *pgrp, int sig);
int kill_pid(struct pid *pid, int sig);

/* A fault of current that cannot be blocked or ignored. */
void force_sig_fault(int sig, int code, unsigned long addr);
void force_sig(int sig);
void force_sig_fatal(int sig); /* kills whatever the handler is */
/* The frame could not be written: SIGSEGV, and its handler reset if that was SIGSEGV itself. */
void force_sigsegv(int sig);

/* Kill every other thread of current's group; siglock held. Returns the number still to go. */
int zap_other_threads(struct task_struct *p);
void signal_wake_up(struct task_struct *t, bool fatal); /* siglock held */
/* Tell the parent of @p's end (or of a thread-group leader's). tasklist_lock held. Returns true if
 * nobody will wait: the task reaps itself. */
bool do_notify_parent(struct task_struct *p, int sig);
void do_notify_parent_cldstop(struct task_struct *p, int why); /* tasklist_lock held */

/* Take the next signal to handle in user mode into @ksig; false: none (or it stopped, continued).
 * May not return (default action). */
bool get_signal(struct ksignal *ksig);
/* exec: handlers to default, ignored stay ignored. */
void flush_signal_handlers(struct task_struct *t);
/* Take a signal in @mask from current's queues; siglock held. 0: none. */
int dequeue_signal(u64 mask, struct siginfo *info);
/* Remove every queued signal of @mask. siglock held. */
void sigpending_flush(struct sigpending *pending, u64 mask);
/* Does @sig do nothing where @handler is set? Any context. */
bool handler_ignores(__sighandler_t handler, int sig);

/* System-call bodies. */
long ksys_rt_sigaction(int sig, const struct sigaction __user *act, struct sigaction __user *old, size_t size);
long ksys_rt_sigprocmask(int how, const u64 __user *set, u64 __user *old, size_t size);
long ksys_rt_sigpending(u64 __user *set, size_t size);
long ksys_rt_sigsuspend(const u64 __user *set, size_t size);
long ksys_rt_sigtimedwait(const u64 __user *set, struct siginfo __user *info, const struct timespec __user *ts, size_t size);
/* rt_sigreturn: the setting that the frame saved; an impossible one is ignored. */
void restore_altstack(const stack_t *ss);
long ksys_sigaltstack(const stack_t __user *ss, stack_t __user *old);
long ksys_kill(pid_t pid, int sig);
long ksys_tgkill(pid_t tgid, pid_t pid, int sig);
long ksys_rt_sigqueueinfo(pid_t pid, int sig, const struct siginfo __user *info);
long ksys_rt_tgsigqueueinfo(pid_t tgid, pid_t pid, int sig, const struct siginfo __user *info);
long ksys_pidfd_send_signal(int pidfd, int sig, const struct siginfo __user *info, unsigned int flags);
