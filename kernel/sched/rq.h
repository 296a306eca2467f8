/* SPDX-License-Identifier: MIT */
/*
 * The scheduler's insides: run queues. Who is on_rq stands in rq's counts; who also waits is linked
 * into a tree (fair) or a list (real time); the one that runs is not.
 *
 * Locks: rq->lock covers the queue, the se and policy fields of tasks on it, and their cpu.
 * task->pi_lock, outside it, is held by whoever wakes or moves a task that is not on a queue. Two
 * run queues are locked only by trylock of the second.
 */
#pragma once

#include "sched/sched.h"

struct fair_rq {
	struct task_struct *curr;   /* the running task, if it is of this class */
	struct rb_root_cached tree; /* who waits, by deadline; knows the least vruntime */
	unsigned int nr_running;    /* waiting and running */
	u64 load;		    /* their weights */
	u64 base_vruntime;	    /* near all vruntimes: the sums below stay small */
	s64 wait_sum;		    /* of (vruntime - base) * weight of who waits */
	u64 wait_load;		    /* of weight of who waits */
};

struct rt_rq {
	unsigned long bitmap[2]; /* priorities (0 is best) with a waiting task */
	struct list_head queue[MAX_RT_PRIO];
	unsigned int nr_running;
	/* Real-time tasks may take 95 % of each second while others wait. */
	u64 period_start, period_used; /* ns */
	bool throttled;
};

struct rq {
	spinlock_t lock; /* RANK_RUNQUEUE */
	unsigned int cpu;
	unsigned int nr_running; /* both classes, the running one included, the idle task not */
	struct task_struct *curr, *idle;
	int curr_prio; /* curr->prio; MAX_PRIO when idle. Read by others without lock */
	u64 clock;     /* ns, at the last update_curr(): up to then curr is accounted */
	u64 timer_due; /* ns: the timer interrupts by then; this CPU only, interrupts off */
	bool in_tick;  /* in the timer interrupt, whose end sets the timer; this CPU only */
	struct mm_struct *prev_mm; /* to be dropped by the task that runs next */
	struct fair_rq fair;
	struct rt_rq rt;

	u32 polling;		 /* atomic: idle looks at need_resched, no interrupt is needed */
	long nr_uninterruptible; /* slept here minus woken here: only the sum over CPUs counts */
	u64 next_balance;	 /* ns */

	/* Accounting, ns. */
	u64 nr_switches, nr_ticks;
	u64 busy_ns, idle_ns;		 /* exact */
	u64 user_ns, nice_ns, system_ns; /* busy_ns by samples, as far as attributed */
} __cacheline_aligned;

extern struct rq runqueues[NR_CPUS];
extern unsigned long sched_cpus; /* atomic: CPUs in scheduling */
extern bool sched_smp; /* more than one CPU takes part: something may change while this one spins */
extern unsigned long idle_cpus; /* atomic: of these, CPUs whose idle task runs */

#define MAX_PRIO 140

/* A holder of a sleeping lock that runs on another CPU is mostly done in no time: so often (some
 * ten microseconds at most) who wants it looks again before it sleeps. */
#define LOCK_SPINS 100

static inline struct rq *cpu_rq(unsigned int cpu)
{
	struct rq *rq = &runqueues[cpu];

	__asm__("" : "+r"(rq)); /* computed once, not anew for each field */
	return rq;
}

static inline struct rq *this_rq(void)
{
	return cpu_rq(arch_cpu_id());
}

static inline bool rt_policy(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static inline bool rt_task(const struct task_struct *p)
{
	return p->prio < MAX_RT_PRIO;
}

/* core.c */
/* try_to_wake_up() with interrupts off already. What it returns, not 0 if @p woke, goes to
 * wake_kick() when the locks around are released. */
#define WOKEN_KICK 2 /* + number of a CPU to interrupt */
unsigned int try_to_wake_up_irq(struct task_struct *p, unsigned int mode);
void wake_kick_cpu(unsigned int cpu);
/* Interrupts off. */
static inline void wake_kick(unsigned int woken)
{
	if (unlikely(woken >= WOKEN_KICK))
		wake_kick_cpu(woken - WOKEN_KICK);
}
/* @p's run queue, locked (interrupts off by the caller); waits while @p is between two. */
struct rq *task_rq_lock(struct task_struct *p);
/* Account the running task up to now; moves rq->clock. rq->lock held. */
void update_curr(struct rq *rq);
/* Why a task is queued: where it is placed in virtual time. */
enum enqueue { ENQUEUE_WAKEUP, ENQUEUE_NEW, ENQUEUE_MOVE };
/* Into and out of the class's queue and the counts; on_rq stays (a change of policy). rq->lock
 * held, clock updated. */
void enqueue_task(struct rq *rq, struct task_struct *p, enum enqueue why);
void dequeue_task(struct rq *rq, struct task_struct *p);
/* Put @p, not on a queue, on @rq. Does not look at preemption. rq->lock held, clock updated. */
void activate_task(struct rq *rq, struct task_struct *p, enum enqueue why);
/* Take @p, which does not run, or which will not in a moment, off @rq to move it; put it on
 * another. Locks as above. */
void detach_task(struct rq *rq, struct task_struct *p);
void attach_task(struct rq *rq, struct task_struct *p);
/* @p was detached: put it on a queue it may run on. Interrupts off, no rq->lock held. */
void finish_move(struct task_struct *p);
/* @p, queued, becomes the running task of its class. */
void set_next_task(struct rq *rq, struct task_struct *p);
/* rq's running task is to call schedule() soon. rq->lock held. */
void resched_curr(struct rq *rq);
/* The same but for the interrupt: true if the caller must send one (arch_send_reschedule()). */
bool flag_resched(struct rq *rq);
/* @p was put on @rq: should it run at once? */
void check_preempt(struct rq *rq, struct task_struct *p);

/* fair.c, fair.h; rq->lock held */
extern const u32 sched_prio_to_weight[40];
void fair_init(struct fair_rq *fair);
void fair_set_weight(struct task_struct *p); /* from policy and static_prio; @p not on a queue */
void fair_yield(struct rq *rq, struct task_struct *curr);
/* The waiting task after @p in the tree (NULL: the first), for the balancer. */
struct task_struct *fair_next(struct rq *rq, struct task_struct *p);

/* rt.c; rq->lock held */
void rt_init(struct rt_rq *rt);
void rt_enqueue(struct rq *rq, struct task_struct *p);
void rt_dequeue(struct rq *rq, struct task_struct *p);
void rt_update(struct rq *rq, struct task_struct *curr, u64 delta);
void rt_put_prev(struct rq *rq, struct task_struct *p);
void rt_set_next(struct rq *rq, struct task_struct *p);
struct task_struct *rt_pick(struct rq *rq);
void rt_yield(struct rq *rq, struct task_struct *curr);
/* Tick: a throttled queue may go on when its second is over. */
void rt_tick(struct rq *rq);
/* Best waiting task that may run on @cpu. */
struct task_struct *rt_movable(struct rq *rq, unsigned int cpu);

/* balance.c */
/* A CPU for @p, which is being woken and ran on @p->cpu last. pi_lock held. */
unsigned int select_task_rq(struct task_struct *p, enum enqueue why);
/* @rq, this CPU's, has nothing to run: take a task from another. Its lock is held. */
void balance_newidle(struct rq *rq);
/* @rq's next task is not real time: take a real-time task that waits elsewhere. Its lock is held.
 */
void balance_rt(struct rq *rq);
extern unsigned long rt_overloaded; /* atomic: CPUs where a real-time task waits */
/* Timer interrupt on this busy CPU, no lock held. */
void balance_tick(struct rq *rq);
#define HANDOVER_NS  (200 * NSEC_PER_USEC)
#define HANDOVER_MAX 3
#define HANDOVER_MIN (-4)
#define GAVE_WAY_MIN (-32) /* so many wake-ups until it tries again */
#define GAVE_WAY_MAX 1
/* What @p has run since it woke somebody, ns. */
static inline s64 handover_time(const struct task_struct *p)
{
	return p->se.sum_exec_runtime + 1 - p->se.wakeup_at;
}

/* @p, current, goes to sleep, or has gone on for long: learn whether it tends to do so after waking
 * another. */
static inline void handover_learn(struct task_struct *p)
{
	struct sched_entity *se = &p->se;
	int handover = se->handover;

	if (likely(handover_time(p) < HANDOVER_NS)) {
		if (handover < HANDOVER_MAX)
			se->handover = handover + (handover < 0 ? 2 : 1);
	} else if (handover > HANDOVER_MIN) {
		se->handover = handover - 1;
	}
	se->wakeup_at = 0;
	if (se->giving_way) {
		se->giving_way = false;
		se->gave_way = se->gave_way > 0 ? 0 : GAVE_WAY_MIN; /* the second time */
	}
}

/* @p, current, wakes a task that was queued on @rq, whose clock is now: from here on its time
 * counts (se.sum_exec_runtime, brought up to now; never 0). A guess: this CPU's queue may be
 * another and is not locked. */
static inline void handover_begin(const struct rq *rq, struct task_struct *p)
{
	if (p->se.giving_way) { /* and did not have to sleep for the answer */
		p->se.giving_way = false;
		p->se.gave_way = GAVE_WAY_MAX;
	} else if (p->se.gave_way < 0) {
		p->se.gave_way++;
	}
	p->se.wakeup_at = p->se.sum_exec_runtime + 1;
	if (unlikely(rq->cpu != (unsigned int)p->cpu))
		p->se.wakeup_at += rq->clock - READ_ONCE(cpu_rq(p->cpu)->clock);
}

/* account.c */
/* Tick: the sample. rq->lock held, clock updated. */
void account_tick(struct rq *rq, struct task_struct *curr, bool user_mode);
void calc_load(u64 now);

/* clock.c: @now is what ktime_get_coarse() returns from now on, at least */
void clock_coarse_update(u64 now);

/* timer.c; this CPU's, interrupts off */
void timers_init(void);
void timer_need_slow(struct rq *rq, u64 when);
/* Have a timer interrupt at @when or before. @rq: this CPU's. */
static inline void timer_need(struct rq *rq, u64 when)
{
	if (when < rq->timer_due)
		timer_need_slow(rq, when);
}
/* Busy: the next tick of the grid; idle: none. */
void timer_tick_start(u64 now);
void timer_tick_stop(void);

/* show.c: the panic hook */
void sched_show_init(void);
