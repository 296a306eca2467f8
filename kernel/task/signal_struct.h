/* SPDX-License-Identifier: MIT */
/* Signal state of tasks and thread groups, and what else a thread group shares. No policy:
 * process/signal*.c has that. */
#pragma once

#include "lib/list.h"
#include "lib/refcount.h"
#include "base/spinlock.h"
#include "abi/signal.h"
#include "abi/resource.h"
#include "sched/wait.h"
#include "sched/timer.h"
#include "sched/mutex.h"

struct task_struct;
struct tty_struct;
struct pid;

/* One queued signal. */
struct sigqueue {
	struct list_head list;
	struct siginfo info;
	struct user_struct *user; /* charged against RLIMIT_SIGPENDING; NULL if not */
	bool preallocated;	  /* belongs to a POSIX timer */
};

/* Pending signals: @signal has a bit (sig-1) for each, @list the queued details, oldest first.
 * siglock. */
struct sigpending {
	struct list_head list;
	u64 signal;
};

/* Handlers: shared by CLONE_SIGHAND. siglock covers action[] and all pending sets of the sharers.
 */
struct sighand_struct {
	spinlock_t siglock; /* irq */
	refcount_t count;
	struct k_sigaction action[_NSIG];
	struct wait_queue_head signalfd_wqh;
};

/* Handler chosen for delivery, arch_setup_signal_frame's input. */
struct ksignal {
	struct k_sigaction ka;
	struct siginfo info;
	int sig;
};

/* restart_syscall(2): @fn is called with the block. */
struct restart_block {
	long (*fn)(struct restart_block *);
	u64 arg[4];
};

struct cpu_times {
	u64 utime, stime;
	unsigned long nvcsw, nivcsw, min_flt, maj_flt, inblock, oublock, maxrss;
	u64 rchar, wchar, syscr, syscw; /* of dead threads only */
};

/* Shared by all threads of a process. */
struct signal_struct {
	refcount_t sigcnt;
	atomic_t live;		      /* threads that have not begun to exit */
	int nr_threads;		      /* tasklist_lock */
	struct list_head thread_head; /* of task->thread_group; tasklist_lock */
	struct task_struct *leader;   /* tasklist_lock */
	struct wait_queue_head wait_chldexit;

	/* siglock */
	struct sigpending shared_pending;
	int group_exit_code;
	unsigned int flags; /* SIGNAL_* */
	int group_stop_count;
	struct task_struct *group_exec_task; /* the thread in exec that waits for the others */
	int notify_count;
	u64 it_real_incr, it_real_value; /* setitimer ITIMER_REAL, ns; siglock */
	struct ktimer real_timer;
	u64 it_value[2],
		it_incr[2]; /* ITIMER_VIRTUAL, ITIMER_PROF: CPU ns left / interval; siglock */
	struct list_head posix_timers;
	int next_posix_timer_id;

	/* tasklist_lock */
	struct pid *pids_pgrp, *pids_session; /* see task/pid.h */
	struct list_head pgrp_link, session_link;
	bool leader_of_session;
	pid_t ppid; /* tgid of the parent; read without a lock */
	struct tty_struct *tty;
	struct pid *tty_old_pgrp; /* a session leader's, whose terminal hung up: told at its end */
	bool is_child_subreaper, has_child_subreaper;

	/* alloc_lock of the group leader */
	struct rlimit rlim[RLIM_NLIMITS];

	/* siglock: of dead threads, and of waited-for children */
	struct cpu_times dead_threads, children;
	short oom_score_adj,
		oom_score_adj_min; /* min: what it may be lowered to without CAP_SYS_RESOURCE */
	struct mutex cred_guard;   /* one exec (or ptrace attach) of the group at a time */
};

#define SIGNAL_STOP_STOPPED   0x01 /* whole group stopped */
#define SIGNAL_STOP_CONTINUED 0x02 /* continued, not yet reported by WCONTINUED */
#define SIGNAL_GROUP_EXIT     0x04
#define SIGNAL_CLD_STOPPED    0x10 /* parent still to be told */
#define SIGNAL_CLD_CONTINUED  0x20
#define SIGNAL_UNKILLABLE     0x40 /* pid 1 */

/* Fresh structures with one reference; NULL when out of memory. May sleep. alloc_sighand: all
 * SIG_DFL. alloc_signal: no threads, limits of init_task's, cred_guard and queues ready. */
struct sighand_struct *alloc_sighand(void);
struct signal_struct *alloc_signal(void);
/* Drop a reference; the last frees (pending signals included). Any context. */
void put_sighand(struct sighand_struct *sighand);
void put_signal(struct signal_struct *signal);
/* A queue entry for a signal to @task, charged to its real user; NULL over the user's
 * RLIMIT_SIGPENDING (unless
 * @must_override_limit) or when out of memory. Any context; @task's siglock held. */
struct sigqueue *sigqueue_alloc(struct task_struct *task, bool must_override_limit);
/* Unlinked already. A preallocated one stays its timer's. Any context. */
void sigqueue_free(struct sigqueue *q);
/* The same, but @task may keep it for its next signal. Its siglock held. */
void sigqueue_keep(struct task_struct *task, struct sigqueue *q);
/* The last user of @task. */
void sigqueue_free_spare(struct task_struct *task);
void sigpending_init(struct sigpending *pending);
/* Drop every pending signal; siglock held, or nobody else knows it. */
void flush_sigqueue(struct sigpending *pending);

/* The boot task's, which kernel threads and pid 1 begin from. */
extern struct signal_struct init_signals;
extern struct sighand_struct init_sighand;
void signal_struct_init(void); /* boot: caches */

/* signal_pending(), fatal_signal_pending(), signal_pending_state(): task/task.h. */
