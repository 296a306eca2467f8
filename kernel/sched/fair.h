/* SPDX-License-Identifier: MIT */
/*
 * The fair class: earliest eligible virtual deadline first (Stoica and Abdel-Wahab, 1995). This
 * header is the part that every sleep and wake-up runs; fair.c has the rest. All under rq->lock.
 *
 * A task's vruntime is the CPU time it got, divided by its weight. V, the weighted mean of all
 * vruntimes, is what each should have got: a task is owed its lag, V - vruntime. Each asks for
 * slices; a slice asked for at vruntime v is due at deadline v + slice / weight. Of the eligible
 * tasks (those that are owed something: vruntime <= V) the one with the earliest deadline runs. So
 * all get their share, and short requests are served sooner.
 *
 *	vruntime ->   ....a..b....V...c......      a, b eligible; c ran ahead of its share
 *
 * V is never divided out where a comparison suffices: vruntime <= V is
 * (vruntime - base) * sum(weight) <= sum((vruntime - base) * weight), for a base near all of them.
 * The sums of the tasks that wait are kept; the running one, whose vruntime moves, is added when
 * asked.
 *
 * A task that sleeps keeps its lag. Debts are forgiven as fast as time passes. Having woken, it
 * asks for half a slice first, so that a task that sleeps a lot runs soon.
 */
#pragma once

#include "sched/rq.h"

#define NICE_0_WEIGHT  1024
#define VRUNTIME_START (1ull << 40) /* so that start minus a lag is not negative */
#define SLICE_LEFT_MIN (50 * NSEC_PER_USEC)

#define se_task(node)  rb_entry(node, struct task_struct, se.run_node)
#define node_min(node) (se_task(node)->se.min_vruntime)

static inline u64 to_virtual(u64 delta, unsigned long weight)
{
	return likely(weight == NICE_0_WEIGHT) ? delta : delta * NICE_0_WEIGHT / weight;
}

static inline u64 virtual_slice(const struct sched_entity *se)
{
	return to_virtual(se->slice, se->weight);
}

/* ---- V ---- */

struct mean {
	s64 sum;  /* of (vruntime - base) * weight */
	s64 load; /* of weight */
};

static inline struct mean fair_mean(const struct fair_rq *fair)
{
	struct mean m = {fair->wait_sum, fair->wait_load};

	if (fair->curr) {
		const struct sched_entity *se = &fair->curr->se;

		m.sum += (s64)(se->vruntime - fair->base_vruntime) * (s64)se->weight;
		m.load += se->weight;
	}
	return m;
}

static inline bool eligible(const struct fair_rq *fair, const struct mean *m, u64 vruntime)
{
	return (s64)(vruntime - fair->base_vruntime) * m->load <= m->sum;
}

/* V itself, rounded down so that a task placed there is eligible. */
static inline u64 mean_vruntime(const struct fair_rq *fair)
{
	struct mean m;

	if (!fair->wait_load)
		return fair->curr ? fair->curr->se.vruntime : fair->base_vruntime;
	m = fair_mean(fair);
	if (m.sum < 0)
		m.sum -= m.load - 1;
	return fair->base_vruntime + m.sum / m.load;
}

/* ---- The tree: by deadline, each node knowing the least vruntime below it. Mostly none waits, or
 * one ---- */

/* fair.c: with others in it. */
void fair_tree_insert(struct fair_rq *fair, struct sched_entity *se);
void fair_tree_erase(struct fair_rq *fair, struct sched_entity *se);

static inline void tree_insert(struct fair_rq *fair, struct task_struct *p)
{
	struct sched_entity *se = &p->se;

	se->min_vruntime = se->vruntime;
	if (likely(!fair->tree.rb_root.rb_node)) {
		rb_link_node(&se->run_node, NULL, &fair->tree.rb_root.rb_node);
		se->run_node.__rb_parent_color = RB_BLACK;
		fair->tree.rb_leftmost = &se->run_node;
	} else {
		fair_tree_insert(fair, se);
	}
	fair->wait_sum += (s64)(se->vruntime - fair->base_vruntime) * (s64)se->weight;
	fair->wait_load += se->weight;
}

static inline void tree_remove(struct fair_rq *fair, struct task_struct *p)
{
	struct sched_entity *se = &p->se;

	if (likely(fair->wait_load == se->weight)) { /* the only one */
		fair->tree.rb_root.rb_node = fair->tree.rb_leftmost = NULL;
		fair->wait_sum = fair->wait_load = 0;
		return;
	}
	fair_tree_erase(fair, se);
	fair->wait_sum -= (s64)(se->vruntime - fair->base_vruntime) * (s64)se->weight;
	fair->wait_load -= se->weight;
}

/* ---- Queueing ---- */

static inline void fair_enqueue(struct rq *rq, struct task_struct *p, enum enqueue why)
{
	struct fair_rq *fair = &rq->fair;
	struct sched_entity *se = &p->se;
	u64 slice = virtual_slice(se);
	s64 lag = why == ENQUEUE_NEW ? 0 : se->vlag;

	if (lag < 0 && why == ENQUEUE_WAKEUP)
		lag = min_t(s64, 0, lag + (s64)(rq->clock - se->sleep_start));
	/* Its coming moves V by its share of the lag: ask for more, so that it has this lag
	 * afterwards. */
	if (unlikely(lag) && fair->load)
		lag = lag * (s64)(fair->load + se->weight) / (s64)fair->load;
	se->vruntime = mean_vruntime(fair) - lag;
	se->deadline = se->vruntime + (why == ENQUEUE_MOVE ? slice : slice / 2);
	tree_insert(fair, p);
	fair->load += se->weight;
	fair->nr_running++;
}

static inline void fair_dequeue(struct rq *rq, struct task_struct *p)
{
	struct fair_rq *fair = &rq->fair;
	struct sched_entity *se = &p->se;
	s64 limit;

	if (fair->nr_running > 1) {
		limit = max_t(s64, 2 * virtual_slice(se), to_virtual(SCHED_TICK_NS, se->weight));
		se->vlag = clamp_t(s64, mean_vruntime(fair) - se->vruntime, -limit, limit);
	} else {
		se->vlag = 0;
		fair->base_vruntime = max(fair->base_vruntime, se->vruntime);
	}
	if (fair->curr == p)
		fair->curr = NULL;
	else
		tree_remove(fair, p);
	fair->load -= se->weight;
	fair->nr_running--;
}

/* The running task has run @delta ns more. */
static inline void fair_update(struct rq *rq, struct task_struct *curr, u64 delta)
{
	struct sched_entity *se = &curr->se;

	se->vruntime += to_virtual(delta, se->weight);
	if (unlikely(se->vruntime >= se->deadline)) {
		se->deadline = se->vruntime + virtual_slice(se);
		if (rq->nr_running > 1)
			resched_curr(rq);
	}
}

/* Tick: bring base_vruntime along. */
void fair_tick(struct rq *rq);

struct task_struct *fair_pick_slow(struct rq *rq);

/* Who is to run, of those that wait and fair.curr, if it still wants to; NULL: nobody. */
static inline struct task_struct *fair_pick(struct rq *rq)
{
	struct fair_rq *fair = &rq->fair;
	struct rb_node *node = fair->tree.rb_root.rb_node;

	if (!node)
		return fair->curr;
	if (!fair->curr && !node->rb_left && !node->rb_right)
		return se_task(node);
	return fair_pick_slow(rq);
}

/* @next, picked, runs from now on; fair.curr, if another, waits. @next NULL: a task of another
 * class runs. In this order, with two tasks that take turns the tree never has two nodes. */
static inline void fair_switch(struct rq *rq, struct task_struct *next)
{
	struct fair_rq *fair = &rq->fair;
	struct task_struct *prev = fair->curr;

	if (next == prev)
		return;
	if (next)
		tree_remove(fair, next);
	if (prev)
		tree_insert(fair, prev);
	fair->curr = next;
}

/* Should @p, just woken, run before @curr's slice ends? The sooner if @curr, which woke it, tends
 * to sleep after that: switching now may save that sleep and the wake-up from it, if @p's answer is
 * there when @curr runs again. Where it is not (a ring, a pipeline), giving way only makes it two
 * switches instead of one. */
static inline bool fair_preempts(struct rq *rq, const struct task_struct *p,
				 const struct task_struct *curr)
{
	s64 bonus = curr->se.handover > 0 && curr->se.gave_way >= 0 ? SCHED_SLICE_NS / 2 : 0;
	struct mean m;

	if (unlikely(p->policy != SCHED_NORMAL))
		return false;
	if (unlikely(curr->policy == SCHED_IDLE))
		return true;
	if (p->se.deadline >= curr->se.deadline + bonus)
		return false;
	m = fair_mean(&rq->fair);
	return eligible(&rq->fair, &m, p->se.vruntime);
}

/* CPU time, ns, until @curr's deadline; never so little that a timer a bit early would have to be
 * set again. */
static inline u64 fair_slice_left(const struct task_struct *curr)
{
	const struct sched_entity *se = &curr->se;
	u64 left = se->deadline > se->vruntime ? se->deadline - se->vruntime : 0;

	if (unlikely(se->weight != NICE_0_WEIGHT))
		left = left * se->weight / NICE_0_WEIGHT;
	return max_t(u64, left, SLICE_LEFT_MIN);
}
