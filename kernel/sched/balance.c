/* SPDX-License-Identifier: MIT */
/*
 * Which CPU a task runs on.
 *
 * A task that is woken by another which then goes to sleep (pipes, wait, futexes: a hand-over) is
 * best run on the same CPU: its data is in the cache there, and waking a halted CPU costs far more
 * than a switch. But if the waker goes on, the woken one must not wait for it while another CPU
 * idles. So each task remembers (handover) whether it slept soon after it last woke somebody: if it
 * tends to, who it wakes is queued behind it, and a timer sends the woken one to an idle CPU if
 * that went wrong. If it does not, an idle CPU is used at once. Soon is meant in the task's own
 * time: mostly the task it woke runs first. It takes several misses to change a good opinion, since
 * a virtual machine's CPU may stand still at any point.
 *
 * Otherwise: a CPU about to idle takes a task that waits elsewhere; a busy one looks every 64 ms
 * whether another has so much more to do that moving a task makes the two more equal.
 */
#include "sched/rq.h"
#include "lib/bitops.h"

#define HANDOVER_CHAIN	    8 /* tasks on a queue that may have woken each other in turn */
#define BALANCE_INTERVAL_NS (64 * NSEC_PER_MSEC)
#define BALANCE_MAX_MOVES   4

/* Does everybody who waits on @rq, this CPU's, wait only to go to sleep, since the task it woke
 * runs first? */
static bool only_leavers(struct rq *rq)
{
	struct task_struct *p = NULL;
	unsigned int n = 0;

	spin_lock(&rq->lock);
	while ((p = fair_next(rq, p)) && p->se.wakeup_at && p->se.handover > 0)
		n++;
	spin_unlock(&rq->lock);
	return !p && n == rq->nr_running - 1;
}

/* A CPU of @mask for a real-time task: where it can run at once, if there is one. */
static unsigned int select_rt(const struct task_struct *p, unsigned long mask)
{
	unsigned int cpu, best = mask & BIT(p->cpu) ? p->cpu : __ffs(mask);

	if (READ_ONCE(cpu_rq(best)->curr_prio) > p->prio)
		return best;
	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		if ((mask & BIT(cpu)) &&
		    READ_ONCE(cpu_rq(cpu)->curr_prio) > READ_ONCE(cpu_rq(best)->curr_prio))
			best = cpu;
	}
	return best;
}

static unsigned int least_loaded(unsigned long mask, unsigned int prefer)
{
	unsigned int cpu, best = mask & BIT(prefer) ? prefer : __ffs(mask);

	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		if ((mask & BIT(cpu)) &&
		    READ_ONCE(cpu_rq(cpu)->fair.load) < READ_ONCE(cpu_rq(best)->fair.load))
			best = cpu;
	}
	return best;
}

unsigned int select_task_rq(struct task_struct *p, enum enqueue why)
{
	unsigned long mask = p->cpus_mask & READ_ONCE(sched_cpus), idle;
	unsigned int prev = p->cpu, this = arch_cpu_id();

	if (likely(mask == BIT(prev)) || unlikely(!mask))
		return prev;
	if (unlikely(rt_task(p)))
		return select_rt(p, mask);
	idle = READ_ONCE(idle_cpus) & mask;
	if (why != ENQUEUE_MOVE && (mask & BIT(this))) {
		struct rq *rq = cpu_rq(this);

		if (!READ_ONCE(rq->nr_running))
			return this; /* an interrupt of an idle CPU */
		if (current->se.handover >= 0 && !rq->in_tick && current != rq->idle &&
		    (rq->nr_running == 1 ||
		     (rq->nr_running <= HANDOVER_CHAIN && only_leavers(rq)))) {
			if (idle)
				timer_need(rq, arch_clock_ns() + HANDOVER_NS);
			return this;
		}
	}
	if (idle)
		return idle & BIT(prev) ? prev : __ffs(idle);
	return least_loaded(mask, prev);
}

/* ---- Pulling ---- */

/* Move @p, which waits on @src, to @rq. Both locked. */
static void pull_task(struct rq *rq, struct rq *src, struct task_struct *p)
{
	update_curr(src);
	detach_task(src, p);
	attach_task(rq, p);
}

/* Not just handed over: whom it waits for is not about to sleep. */
static bool has_waited(const struct rq *rq, const struct task_struct *p)
{
	return (s64)(rq->clock - p->wake_time) >= HANDOVER_NS / 2;
}

/* A fair task of @src that may come to @rq, has waited, and weighs less than @max. */
static struct task_struct *find_movable(struct rq *rq, struct rq *src, u64 max)
{
	struct task_struct *p = NULL;

	while ((p = fair_next(src, p))) {
		if ((p->cpus_mask & BIT(rq->cpu)) && p->se.weight < max && has_waited(rq, p))
			return p;
	}
	return NULL;
}

void balance_newidle(struct rq *rq)
{
	unsigned int i, n = NR_CPUS;

	if ((sched_cpus & ~BIT(rq->cpu)) == 0 || !(sched_cpus & BIT(rq->cpu)))
		return;
	for (i = 1; i < n && !rq->nr_running; i++) {
		struct rq *src = cpu_rq((rq->cpu + i) % n);
		struct task_struct *p;

		if (READ_ONCE(src->nr_running) < 2 || !spin_trylock(&src->lock))
			continue;
		p = rt_movable(src, rq->cpu);
		if (!p && src->nr_running > 1)
			p = find_movable(rq, src, U64_MAX);
		if (p)
			pull_task(rq, src, p);
		spin_unlock(&src->lock);
	}
}

void balance_rt(struct rq *rq)
{
	unsigned long mask = READ_ONCE(rt_overloaded) & ~BIT(rq->cpu);
	struct task_struct *p;
	struct rq *src;

	if (!(sched_cpus & BIT(rq->cpu)))
		return;
	for (; mask && !rq->rt.nr_running; mask &= mask - 1) {
		src = cpu_rq(__ffs(mask));
		if (!spin_trylock(&src->lock))
			continue;
		p = rt_movable(src, rq->cpu);
		if (p)
			pull_task(rq, src, p);
		spin_unlock(&src->lock);
	}
}

/* Take tasks from the busiest CPU as long as that makes the two more equal. */
static void pull_busiest(struct rq *rq)
{
	struct rq *src = NULL;
	struct task_struct *p;
	unsigned int cpu, moves;
	u64 most = rq->fair.load;

	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		if (READ_ONCE(cpu_rq(cpu)->nr_running) > 1 &&
		    READ_ONCE(cpu_rq(cpu)->fair.load) > most) {
			src = cpu_rq(cpu);
			most = src->fair.load;
		}
	}
	if (!src || !spin_trylock(&src->lock))
		return;
	for (moves = 0; moves < BALANCE_MAX_MOVES && src->fair.load > rq->fair.load; moves++) {
		p = find_movable(rq, src, src->fair.load - rq->fair.load);
		if (!p)
			break;
		pull_task(rq, src, p);
	}
	spin_unlock(&src->lock);
}

/* CPUs of @idle that could take a task which waits on @rq: those of the first such task. */
static unsigned long wanted_cpus(struct rq *rq, unsigned long idle)
{
	struct task_struct *p = NULL;
	unsigned long wanted = 0, mask;

	spin_lock(&rq->lock);
	while (!wanted && (p = fair_next(rq, p)))
		wanted = has_waited(rq, p) ? p->cpus_mask & idle : 0;
	for (mask = idle; mask && !wanted; mask &= mask - 1) {
		if (rt_movable(rq, __ffs(mask)))
			wanted = mask & -mask;
	}
	spin_unlock(&rq->lock);
	return wanted;
}

/* Tasks wait here while CPUs idle: make one of those look that could help. */
static void kick_idle_cpu(struct rq *rq)
{
	unsigned long idle = READ_ONCE(idle_cpus) & READ_ONCE(sched_cpus) & ~BIT(rq->cpu);
	struct rq *other;
	bool kick;

	if (idle)
		idle = wanted_cpus(rq, idle);
	if (!idle)
		return;
	other = cpu_rq(__ffs(idle));
	spin_lock(&other->lock);
	kick = other->curr == other->idle && flag_resched(other);
	spin_unlock(&other->lock);
	if (kick)
		arch_send_reschedule(other->cpu);
}

void balance_tick(struct rq *rq)
{
	if ((READ_ONCE(sched_cpus) & ~BIT(rq->cpu)) == 0)
		return;
	if ((READ_ONCE(rt_overloaded) & ~BIT(rq->cpu)) && !rq->rt.nr_running) {
		spin_lock(&rq->lock);
		resched_curr(rq); /* balance_rt() has a look */
		spin_unlock(&rq->lock);
	}
	if (rq->nr_running > 1) {
		/* It woke somebody and went on: no hand-over. */
		if (current->se.wakeup_at && handover_time(current) >= HANDOVER_NS)
			handover_learn(current);
		kick_idle_cpu(rq);
	}
	if (rq->clock < rq->next_balance)
		return;
	rq->next_balance = rq->clock + BALANCE_INTERVAL_NS;
	spin_lock(&rq->lock);
	pull_busiest(rq);
	spin_unlock(&rq->lock);
}
