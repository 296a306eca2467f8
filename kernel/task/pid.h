/* SPDX-License-Identifier: MIT */
/*
 * Process ids. A number is taken as long as anything has it: a task, a process group, a session.
 * Its struct pid lives longer if somebody holds a reference (a pidfd); it then has no task, and its
 * number may be given anew. Hash, task and members[] are under tasklist_lock.
 */
#pragma once

#include "task/task.h"

enum pid_type { PIDTYPE_PID, PIDTYPE_PGID, PIDTYPE_SID, PIDTYPE_MAX };

struct pid {
	refcount_t count; /* one while the number is taken, and the holders' */
	pid_t nr;
	struct hlist_node hash;
	struct task_struct *task; /* PIDTYPE_PID; NULL once reaped */
	struct list_head
		members[PIDTYPE_MAX]; /* PGID, SID: of signal_struct's pgrp_link, session_link */
	struct wait_queue_head wait_pidfd; /* pidfd poll */
};

#define PID_MAX_DEFAULT 32768
#define PID_MAX_LIMIT	(4 * 1024 * 1024)

/* Allocate a number (@want > 0: exactly that one, -EEXIST if taken, -EINVAL from pid_max on; 0: the
 * next free after the last, -EAGAIN when there is none). ERR_PTR(-ENOMEM). Not yet visible to
 * find_pid(). May sleep. */
struct pid *alloc_pid(pid_t want);
/* Take and drop a reference. Any context. */
struct pid *get_pid(struct pid *pid);
void put_pid(struct pid *pid);
void free_pid(struct pid *pid); /* alloc_pid undone, never attached */
/* Look up; tasklist_lock held; no reference taken. */
struct pid *find_pid(pid_t nr);
struct task_struct *find_task_by_pid(pid_t nr);
/* Look up with a reference; takes tasklist_lock. NULL: no such. */
struct task_struct *find_get_task(pid_t nr);
struct pid *find_get_pid(pid_t nr);
/* The task @pid stands for, with a reference; NULL once reaped. Takes tasklist_lock. */
struct task_struct *get_pid_task(struct pid *pid);
/* First task with a number >= @nr (readdir of /proc); tasklist_lock held; no reference. NULL: none.
 */
struct task_struct *find_ge_task(pid_t nr);

/* Attach/detach; tasklist_lock held. A process is linked into its group's and session's lists by
 * its group leader. What goes from the last use of a number gives the number back. */
void attach_pid(struct task_struct *task,
		struct pid *pid); /* PIDTYPE_PID; makes it visible, sets task->pid */
void detach_pid(struct task_struct *task);
void set_task_pgrp(struct task_struct *leader, struct pid *pgrp); /* NULL: none (kernel threads) */
void set_task_session(struct task_struct *leader, struct pid *session);
void clear_task_pgrp_session(struct task_struct *leader);
/* exec by a thread that is not the leader: @task takes over @leader's number, @leader gets @task's.
 * tasklist_lock held. */
void exchange_pids(struct task_struct *task, struct task_struct *leader);

static inline pid_t pid_nr(const struct pid *pid)
{
	return pid ? pid->nr : 0;
}

#define task_pgrp(p)	   ((p)->signal->pids_pgrp)
#define task_session(p)	   ((p)->signal->pids_session)
#define task_pgrp_nr(p)	   pid_nr(task_pgrp(p))
#define task_session_nr(p) pid_nr(task_session(p))

/* Processes (leaders) of a group: @sig over signal_structs. tasklist_lock held. sig->leader is the
 * process. */
#define for_each_pgrp_member(sig, pid)                                                             \
	list_for_each_entry (sig, &(pid)->members[PIDTYPE_PGID], pgrp_link)
#define for_each_session_member(sig, pid)                                                          \
	list_for_each_entry (sig, &(pid)->members[PIDTYPE_SID], session_link)

extern int pid_max;	    /* first number not given out: /proc/sys/kernel/pid_max */
int nr_threads_total(void); /* all tasks but the idle ones */
pid_t last_pid(void);	    /* given last, for /proc/loadavg */
void pid_init(void);
