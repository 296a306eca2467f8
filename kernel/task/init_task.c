/* SPDX-License-Identifier: MIT */
/* The boot task: pid 0, whose copies all other tasks are; after boot the idle task of CPU 0. */
#include "task/task.h"
#include "task/namespace.h"

#define NO_LIMIT                                                                                   \
	{                                                                                          \
		RLIM_INFINITY, RLIM_INFINITY                                                       \
	}

struct signal_struct init_signals = {
	.sigcnt = REFCOUNT_INIT(2), /* init_task's, and one so that it stays */
	.nr_threads = 1,
	.thread_head = {&init_task.thread_group, &init_task.thread_group},
	.leader = &init_task,
	.wait_chldexit = WAIT_QUEUE_HEAD_INIT(init_signals.wait_chldexit),
	.shared_pending = {.list = LIST_HEAD_INIT(init_signals.shared_pending.list)},
	.posix_timers = LIST_HEAD_INIT(init_signals.posix_timers),
	.pgrp_link = LIST_HEAD_INIT(init_signals.pgrp_link),
	.session_link = LIST_HEAD_INIT(init_signals.session_link),
	.cred_guard = MUTEX_INIT(init_signals.cred_guard, RANK_EXEC),
	.rlim =
		{
			[RLIMIT_CPU] = NO_LIMIT,
			[RLIMIT_FSIZE] = NO_LIMIT,
			[RLIMIT_DATA] = NO_LIMIT,
			[RLIMIT_STACK] = {_STK_LIM, RLIM_INFINITY},
			[RLIMIT_CORE] = {0, RLIM_INFINITY},
			[RLIMIT_RSS] = NO_LIMIT,
			[RLIMIT_NPROC] = {0, 0}, /* task_init(), by memory size */
			[RLIMIT_NOFILE] = {INR_OPEN_CUR, INR_OPEN_MAX},
			[RLIMIT_MEMLOCK] = {MLOCK_LIMIT, MLOCK_LIMIT},
			[RLIMIT_AS] = NO_LIMIT,
			[RLIMIT_LOCKS] = NO_LIMIT,
			[RLIMIT_SIGPENDING] = {0, 0}, /* likewise */
			[RLIMIT_MSGQUEUE] = {MQ_BYTES_MAX, MQ_BYTES_MAX},
			[RLIMIT_NICE] = {0, 0},
			[RLIMIT_RTPRIO] = {0, 0},
			[RLIMIT_RTTIME] = NO_LIMIT,
		},
};

struct sighand_struct init_sighand = {
	.siglock = SPIN_LOCK_INIT("siglock", RANK_SIGHAND),
	.count = REFCOUNT_INIT(2),
	.signalfd_wqh = WAIT_QUEUE_HEAD_INIT(init_sighand.signalfd_wqh),
};

struct task_struct init_task = {
	.stack = arch_boot_stack,
	.state = TASK_RUNNING,
	.flags = PF_KTHREAD | PF_IDLE,
	.usage = REFCOUNT_INIT(2),
	.on_cpu = 1,
	.prio = 120,
	.static_prio = 120,
	.normal_prio = 120,
	.policy = SCHED_NORMAL,
	.se = {.weight = 1024, .rt_list = LIST_HEAD_INIT(init_task.se.rt_list)},
	.cpus_mask = ~0ul,
	.pi_lock = SPIN_LOCK_INIT("pi_lock", RANK_TASK_PI),
	.comm = "swapper/0",
	.real_parent = &init_task,
	.parent = &init_task,
	.children = LIST_HEAD_INIT(init_task.children),
	.sibling = LIST_HEAD_INIT(init_task.sibling),
	.group_leader = &init_task,
	.thread_group = {&init_signals.thread_head, &init_signals.thread_head},
	.tasks = LIST_HEAD_INIT(init_task.tasks),
	.alloc_lock = SPIN_LOCK_INIT("alloc_lock", RANK_TASK),
	.nsproxy = &init_nsproxy,
	.signal = &init_signals,
	.sighand = &init_sighand,
	.pending = {.list = LIST_HEAD_INIT(init_task.pending.list)},
	.cred = &init_cred,
	.timer_slack_ns = 50 * NSEC_PER_USEC,
};
