/* SPDX-License-Identifier: MIT */
/*
 * struct task_struct: one for each thread, user or kernel. A process is a thread group: tasks with
 * the same tgid that share mm, signal_struct and sighand_struct; its first task is the
 * group_leader.
 *
 * The process tree and every link in it is under tasklist_lock. A task_struct is freed by its last
 * put_task_struct(); the pid table holds one reference until release_task(), the scheduler one
 * until the last switch away.
 */
#pragma once

#include "lib/list.h"
#include "lib/refcount.h"
#include "lib/rbtree.h"
#include "arch/arch.h"
#include "base/spinlock.h"
#include "task/signal_struct.h"
#include "task/cred.h"
#include "abi/resource.h"
#include "abi/sched.h"

struct mm_struct;
struct files_struct;
struct fs_struct;
struct nsproxy;
struct io_context;
struct pid;
struct mutex;
struct rq;

/* task->work: bits that make the way back to user mode call handle_exit_to_user(). Atomic bit
 * operations. */
enum task_work {
	TIF_SIGPENDING,
	TIF_NEED_RESCHED,
	TIF_NOTIFY_RESUME,
};

/* task->state. */
#define TASK_RUNNING	     0x0000
#define TASK_INTERRUPTIBLE   0x0001
#define TASK_UNINTERRUPTIBLE 0x0002
#define __TASK_STOPPED	     0x0004
#define __TASK_TRACED	     0x0008
#define TASK_WAKEKILL	     0x0100
#define TASK_NEW	     0x0800
#define TASK_DEAD	     0x0080
#define TASK_KILLABLE	     (TASK_WAKEKILL | TASK_UNINTERRUPTIBLE)
#define TASK_STOPPED	     (TASK_WAKEKILL | __TASK_STOPPED)
#define TASK_NORMAL	     (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)

/* task->exit_state, under tasklist_lock. */
#define EXIT_DEAD   0x0010
#define EXIT_ZOMBIE 0x0020

/* task->flags: PF_KTHREAD constant; the rest written by the task itself only. */
#define PF_KTHREAD    0x00200000
#define PF_EXITING    0x00000004
#define PF_FORKNOEXEC 0x00000040
#define PF_SUPERPRIV  0x00000100
#define PF_SIGNALED   0x00000400
#define PF_MEMALLOC   0x00000800
#define PF_IDLE	      0x00000002

#define TASK_COMM_LEN 16

/* sched_entity.on_rq */
#define TASK_ON_RQ_QUEUED    1 /* waits or runs */
#define TASK_ON_RQ_MIGRATING 2 /* between two run queues, for a moment with interrupts off */

/* Scheduling state of one task: under its run queue's lock. */
struct sched_entity {
	struct rb_node run_node;  /* fair class: by deadline; linked while it waits for the CPU */
	struct list_head rt_list; /* likewise, real-time classes */
	u8 on_rq;		  /* TASK_ON_RQ_*; waits or runs */
	s8 handover; /* the task's own: >= 0: it tends to sleep soon after it woke another */
	s8 gave_way; /* likewise: >= 0: letting that one run first tends to save it the sleep */
	bool giving_way; /* it does so now */
	u64 vruntime, deadline; /* ns, weighted */
	s64 vlag;		/* ns, weighted: what it was owed when it left the queue */
	u64 slice;		/* ns */
	u64 sleep_start;	/* ns, clock when it last went to sleep */
	u64 sum_exec_runtime;	/* ns on a CPU */
	unsigned long weight;
	u64 min_vruntime;  /* augmented: least of subtree */
	u64 rt_slice_left; /* ns until it goes behind its equals (counts down for SCHED_RR only) */
	u64 wakeup_at;	   /* sum_exec_runtime when it last woke another, + 1; 0: not since it slept */
};

struct task_struct {
	unsigned long work; /* enum task_work bits; FIRST, entry code reads it */
	void *stack;	    /* lowest address of its kernel stack; SECOND */
	struct arch_thread thread;

	unsigned int state; /* TASK_*; see set_current_state() */
	unsigned int flags; /* PF_* */
	refcount_t usage;
	int pagefault_disabled; /* only the task itself */

	/* Scheduling: run queue lock. */
	int on_cpu;			    /* runs now (context not yet saved): atomic */
	unsigned int cpu;		    /* its run queue */
	int prio, static_prio, normal_prio; /* 0..99 real time, 100..139 fair (nice + 120) */
	unsigned int rt_priority;	    /* 1..99 */
	unsigned int policy;		    /* SCHED_* */
	bool sched_reset_on_fork;
	bool sched_contributes_to_load; /* sleeps uninterruptibly, counted in its run queue */
	struct sched_entity se;
	unsigned long cpus_mask;     /* affinity */
	spinlock_t pi_lock;	     /* serialises wake-ups; irq */
	unsigned long nvcsw, nivcsw; /* voluntary, involuntary switches */
	u64 wake_time;		     /* ns: last queued by a wake-up, or preempted by whom it woke */

	/* Address space. mm, active_mm: task itself, or exit under alloc_lock. */
	struct mm_struct *mm, *active_mm;
	unsigned long min_flt, maj_flt; /* page faults by kind; the task itself */

	/* Identity: constant after alloc_pid, except exec's de-threading (tasklist_lock). */
	pid_t pid, tgid;
	struct pid *thread_pid;
	char comm[TASK_COMM_LEN]; /* alloc_lock to change */

	/* The tree: tasklist_lock. */
	struct task_struct *real_parent; /* who forked it */
	struct task_struct *parent;	 /* who is told of its end */
	struct list_head children;	 /* of ->sibling */
	struct list_head sibling;
	struct task_struct *group_leader;
	struct list_head thread_group; /* ring of signal->thread_head */
	struct list_head tasks;	       /* all group leaders, init_task.tasks */
	struct list_head reap_link;    /* exit_notify: children nobody will wait for */
	int exit_state;
	int exit_code;	 /* wait status */
	int exit_signal; /* -1 for threads */
	int pdeath_signal;
	bool vfork_waiting;

	/* Shared or own by clone flags. alloc_lock to change or to read of another task. */
	spinlock_t alloc_lock;
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct io_context *io_context;
	struct sysv_sem *sysvsem; /* CLONE_SYSVSEM */

	/* Signals. */
	struct signal_struct *signal;	/* constant; valid as long as the task_struct */
	struct sighand_struct *sighand; /* exec may replace (tasklist_lock + siglock) */
	u64 blocked, real_blocked;	/* siglock to write by others; own task reads freely */
	u64 saved_sigmask;
	bool restore_sigmask;
	struct sigpending pending; /* siglock */
	struct sigqueue *spare_sigqueue; /* siglock: of a signal it took, for the next one */
	unsigned long sas_ss_sp;
	size_t sas_ss_size;
	unsigned int sas_ss_flags;
	struct restart_block restart_block;
	unsigned int jobctl; /* JOBCTL_*, siglock */

	/* Replaced by the task itself only (commit_creds); readers of others: alloc_lock or
	 * siglock. */
	const struct cred *cred;

	/* Threads. */
	int __user *set_child_tid, *clear_child_tid;
	void __user *robust_list;
	struct completion *vfork_done; /* parent's stack; the child completes it */
	void __user *rseq;
	u32 rseq_len, rseq_sig;

	/* Accounting. utime + stime follows se.sum_exec_runtime, see account_current(). */
	u64 utime, stime; /* ns; run queue lock */
	u64 start_time;	  /* ns since boot; constant */
	unsigned long inblock, oublock;
	unsigned int personality;
	u64 timer_slack_ns;
	u8 no_new_privs, dumpable_unused;
	u64 io_rchar, io_wchar, io_syscr, io_syscw;

	void *journal_info; /* free for a file system while in one call */
};

/* jobctl bits, siglock. */
#define JOBCTL_STOP_PENDING 0x1
#define JOBCTL_STOP_CONSUME 0x2
#define JOBCTL_STOP_DEQUEUED 0x4 /* it took a stop signal; gone once SIGCONT or a kill made that void */

#define JOBCTL_STOP_MASK (JOBCTL_STOP_PENDING | JOBCTL_STOP_CONSUME | JOBCTL_STOP_DEQUEUED)

#define current arch_current()

extern spinlock_t tasklist_lock;
extern struct task_struct init_task; /* boot task: pid 0, idle of CPU 0 */

/* Threads the machine's memory allows; RLIMIT_NPROC and RLIMIT_SIGPENDING of pid 1 are half of it.
 * Constant after boot. */
extern int max_threads;

/* Caches, pids, users; limits from the memory size. Boot, once kmalloc works. */
void task_init(void);

/* Take and drop a reference to a task_struct (not to the task's life). The last put frees it with
 * its stack, cred, signal_struct and sighand, if it still has them. Any context. */
static inline struct task_struct *get_task_struct(struct task_struct *task)
{
	refcount_inc(&task->usage);
	return task;
}
void put_task_struct(struct task_struct *task);
/*
 * A copy of @orig with a stack of its own; NULL: out of memory. May sleep. Only copy_process and
 * the scheduler call it.
 *
 * Copied: priorities, affinity, cred (with a reference of its own), comm, flags, blocked,
 * personality, altstack, timer slack, no_new_privs, and the port's thread state for
 * arch_copy_thread(). All that is shared or owned (mm, active_mm, fs, files, nsproxy, io_context,
 * sysvsem, signal, sighand, thread_pid, vfork_done, user pointers) is NULL: each stage of
 * copy_process sets its own from current. Counters, lists, locks, pending signals are fresh; state
 * is TASK_NEW; start_time is now; usage is 2: one reference for who reaps it, one for the
 * scheduler. A task that never ran is given up by put_new_task().
 */
struct task_struct *dup_task_struct(struct task_struct *orig);
/* Both references of a task that never was woken. The caller undid arch_copy_thread
 * (arch_release_thread) and every share. */
void put_new_task(struct task_struct *task);
/* The scheduler is done with a dead task: its port state and stack go, then the reference.
 * Interrupts on, no locks. */
void release_dead_task(struct task_struct *task);

/* Set comm (truncated); read it, NUL-terminated. Take alloc_lock. */
void set_task_comm(struct task_struct *task, const char *comm);
void get_task_comm(char buf[TASK_COMM_LEN], struct task_struct *task);

static inline void task_lock(struct task_struct *p)
{
	spin_lock(&p->alloc_lock);
}

static inline void task_unlock(struct task_struct *p)
{
	spin_unlock(&p->alloc_lock);
}

static inline void set_task_work(struct task_struct *p, enum task_work bit)
{
	set_bit(bit, &p->work);
}

static inline void clear_task_work(struct task_struct *p, enum task_work bit)
{
	clear_bit(bit, &p->work);
}

static inline bool test_task_work(const struct task_struct *p, enum task_work bit)
{
	return test_bit(bit, &p->work);
}

static inline bool need_resched(void)
{
	return test_task_work(current, TIF_NEED_RESCHED);
}

static inline bool thread_group_leader(const struct task_struct *p)
{
	return p->exit_signal >= 0;
}

/* True if current has a signal to handle: sleepers return -ERESTARTSYS. Of others: a hint. */
static inline bool signal_pending(const struct task_struct *task)
{
	return unlikely(test_task_work(task, TIF_SIGPENDING));
}

/* It is to die. */
static inline bool fatal_signal_pending(const struct task_struct *task)
{
	return signal_pending(task) && (task->pending.signal & sigmask(SIGKILL));
}

/* Should a sleep in @state be refused, because of a signal that would end it at once? */
static inline bool signal_pending_state(unsigned int state, const struct task_struct *task)
{
	if (!(state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL)) || !signal_pending(task))
		return false;
	return (state & TASK_INTERRUPTIBLE) || fatal_signal_pending(task);
}

/* All processes (group leaders), all threads of one. tasklist_lock held. */
#define for_each_process(p) list_for_each_entry (p, &init_task.tasks, tasks)
#define for_each_thread(leader, t)                                                                 \
	list_for_each_entry (t, &(leader)->signal->thread_head, thread_group)

static inline void pagefault_disable(void)
{
	current->pagefault_disabled++;
	barrier();
}

static inline void pagefault_enable(void)
{
	barrier();
	current->pagefault_disabled--;
}
