/* SPDX-License-Identifier: MIT */
/* The scheduler: who runs next on each CPU. Classes: real time (FIFO, RR) over fair ones. */
#pragma once

#include "task/task.h"
#include "sched/wait.h"
#include "sched/timer.h"
#include "sched/mutex.h"

#define MAX_RT_PRIO	   100
#define NICE_TO_PRIO(nice) ((nice) + 120)
#define PRIO_TO_NICE(prio) ((prio)-120)
#define task_nice(p)	   PRIO_TO_NICE((p)->static_prio)

#define SCHED_TICK_NS  (4 * NSEC_PER_MSEC) /* a CPU that runs a task is interrupted this often */
#define SCHED_SLICE_NS (3 * NSEC_PER_MSEC) /* a fair task's turn */
#define SCHED_RR_NS    (100 * NSEC_PER_MSEC)

/* current->state for a sleep: stored with a full barrier, then the condition is checked, then
 * schedule(). */
#define set_current_state(s)   smp_store_mb(current->state, (unsigned int)(s))
#define __set_current_state(s) WRITE_ONCE(current->state, (s))
/* For states that no late wake-up of an earlier sleep may undo: TASK_STOPPED, __TASK_TRACED,
 * TASK_DEAD. Unlike the others, these sleeps need no loop: only who means to ends them. siglock may
 * be held. */
void set_special_state(unsigned int state);

/* Run something else if there is; a task whose state is not TASK_RUNNING leaves the queue (unless a
 * signal is pending and its state is interruptible). No spinlock held. Returns with interrupts on.
 */
void schedule(void);
/* Sleep in current's state until woken or @timeout ns have passed (U64_MAX: for ever). Returns ns
 * left, 0 if they passed. */
u64 schedule_timeout(u64 timeout);
/* Likewise, until the time @deadline of ktime_get(). Returns true if it came. */
bool schedule_until(u64 deadline);
/* A loop that may be long calls this at each turn. May sleep. */
void cond_resched(void);
/* sched_yield(2). */
void sched_yield_current(void);

/* Make @p runnable if its state is in @mode; true if it did. Full barrier before the look at @p's
 * state. Any context. */
bool try_to_wake_up(struct task_struct *p, unsigned int mode);
bool wake_up_process(struct task_struct *p); /* TASK_NORMAL */
bool wake_up_state(struct task_struct *p, unsigned int mode);
/*
 * Around a spinlock under which tasks are woken that will take it at once: halted CPUs to which
 * they went are interrupted at wake_release(), after the unlock, and do not spin for it. What they
 * gain is time only: wake-ups work without. No sleep between; may nest. Task context or interrupts
 * off.
 */
struct wake_hold {
	/* This CPU only. Who interrupts leaves depth as it was; kicks, CPUs to interrupt at the last
	 * release, is written with interrupts off. */
	unsigned int depth, kicks;
} __cacheline_aligned;
extern struct wake_hold wake_holds[NR_CPUS];
void wake_kick_held(struct wake_hold *hold);

static inline void wake_hold(void)
{
	wake_holds[arch_cpu_id()].depth++;
	barrier();
}

static inline void wake_release(void)
{
	struct wake_hold *hold = &wake_holds[arch_cpu_id()];

	barrier();
	if (!--hold->depth && unlikely(READ_ONCE(hold->kicks)))
		wake_kick_held(hold);
}
/* First wake-up of a fresh task. */
void wake_up_new_task(struct task_struct *p);
/* First thing a new task does: finish the switch from @prev; then CLONE_CHILD_SETTID's store. */
void schedule_tail(struct task_struct *prev);
/* fork: set @p's scheduling state from current's (sched_reset_on_fork, slice). */
void sched_fork(struct task_struct *p);
/* exit: the last schedule(). The next task drops this one's stack and the scheduler's reference. mm
 * is NULL, and active_mm the one left, with a reference that the next task drops likewise. No locks
 * held. */
__noreturn void sched_exit_final(void);

/* Wait until @p has left its CPU and queue (exec's de-threading: for good; ptrace: stopped). May
 * sleep. */
void wait_task_inactive(struct task_struct *p);
/* If @p runs in user mode on another CPU, make it enter the kernel. Any context. */
void kick_process(struct task_struct *p);
/* @p runs on a CPU just now. */
bool task_curr(const struct task_struct *p);

/* @nice: -20..19, permission checked by the caller. */
void set_user_nice(struct task_struct *p, int nice);
/* Could @p be made as nice as @nice by current (RLIMIT_NICE, CAP_SYS_NICE)? */
bool can_nice(const struct task_struct *p, int nice);
/* 0, -EINVAL, -EPERM (permission is checked here against current's rlimits and capabilities if
 * @user). */
int sched_setscheduler(struct task_struct *p, int policy, int rt_priority, bool reset_on_fork,
		       bool user);
/* @p runs only on CPUs of @mask from now on: on return it does, unless it waits its turn to be
 * moved by another CPU. Permission checked by the caller. -EINVAL: no CPU of it online. May sleep.
 */
int sched_setaffinity(struct task_struct *p, unsigned long mask);
u64 sched_rr_interval(struct task_struct *p); /* ns */

/*
 * Times. se.sum_exec_runtime is exact. What part of it was in user mode is sampled: each tick gives
 * what has run since the last one to the mode it finds (as Linux does); what no tick has seen yet
 * is split as the rest is, or all called user time if there is no rest. utime + stime ==
 * sum_exec_runtime, and neither ever goes back.
 */
/* Bring current's sum_exec_runtime, utime, stime up to now: before they are read. Any context. */
void account_current(void);
/* Likewise of any task, given to the caller (either may be NULL). Any context, no run queue lock.
 */
void task_cputime(struct task_struct *p, u64 *utime, u64 *stime);
/* On-CPU time of @p up to now, ns. */
u64 task_sched_runtime(struct task_struct *p);
/* Upward edge (process/): called at each tick with the task it interrupted, interrupts off, no lock
 * held: RLIMIT_CPU, ITIMER_VIRTUAL, ITIMER_PROF. A CPU that runs a task ticks. */
extern void (*tick_hook)(struct task_struct *task);

/* Per-CPU times for /proc/stat, ns; number of switches; timer interrupts; load averages (fixed
 * point 11 bits). */
struct cpu_stat {
	u64 user, nice, system, idle, irq;
	u64 nr_switches, nr_irqs;
};
void cpu_stat_read(unsigned int cpu, struct cpu_stat *st);
void get_avenrun(unsigned long loads[3]);
unsigned int nr_running(void); /* runnable tasks */
unsigned int nr_uninterruptible(void);
u64 nr_forks(void);

/* Upward edges (mm/): a reference to the mm that a kernel thread or idle task borrows as active_mm.
 * Drop is called in task context without locks, and may free the mm's top-level table. Not called
 * before there is an mm. */
extern void (*mm_grab_lazy)(struct mm_struct *mm);
extern void (*mm_drop_lazy)(struct mm_struct *mm);

/* Boot. sched_init: current, the boot task, is from now on CPU 0's idle task: it may schedule(),
 * never sleep. Needs nothing. */
void sched_init(void);
/* The idle task of a secondary CPU, before it is started. May allocate and sleep; 0 or -ENOMEM. */
int sched_init_cpu(unsigned int cpu);
/* The end of kernel_main and kernel_secondary_main: this CPU takes part in scheduling. */
__noreturn void cpu_idle_loop(void);

/* A kernel thread of its own process, child of init_task, with a pid; stopped until
 * wake_up_process(). It runs as long as
 * @fn does. @name is copied. ERR_PTR(-ENOMEM, -EAGAIN). May sleep. Needs task_init(). */
struct task_struct *kthread_create(int (*fn)(void *), void *arg, const char *name);
struct task_struct *kthread_run(int (*fn)(void *), void *arg, const char *name);
__noreturn void kthread_exit(void);

/* Deferred work: run @fn in a kernel thread soon (from interrupt handlers). Queued once until it
 * starts. Any context. */
struct work_struct {
	struct list_head entry;
	void (*fn)(struct work_struct *work);
	bool queued; /* work_lock */
};
void init_work(struct work_struct *w, void (*fn)(struct work_struct *));
void schedule_work(struct work_struct *w);
/* All work queued before the call is done on return. May sleep. */
void flush_scheduled_work(void);
/* Boot: start the worker. Work queued earlier waits for it. */
void workqueue_init(void);
