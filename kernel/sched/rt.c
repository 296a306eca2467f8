/* SPDX-License-Identifier: MIT */
/*
 * Real-time classes: 99 priorities, the best waiting task runs. SCHED_FIFO runs until it sleeps,
 * yields or a better one comes; SCHED_RR also gives way to its equals after each 100 ms.
 */
#include "sched/rq.h"
#include "lib/bitmap.h"

#define RT_PERIOD_NS  NSEC_PER_SEC
#define RT_RUNTIME_NS (950 * NSEC_PER_MSEC)

unsigned long rt_overloaded;

void rt_init(struct rt_rq *rt)
{
	int i;

	*rt = (struct rt_rq){0};
	for (i = 0; i < MAX_RT_PRIO; i++)
		INIT_LIST_HEAD(&rt->queue[i]);
}

static void link_task(struct rq *rq, struct task_struct *p, bool first)
{
	struct list_head *queue = &rq->rt.queue[p->prio];

	if (first)
		list_add(&p->se.rt_list, queue);
	else
		list_add_tail(&p->se.rt_list, queue);
	__set_bit(p->prio, rq->rt.bitmap);
	if (!test_bit(rq->cpu, &rt_overloaded))
		set_bit(rq->cpu, &rt_overloaded);
}

static void unlink_task(struct rq *rq, struct task_struct *p)
{
	list_del_init(&p->se.rt_list);
	if (list_empty(&rq->rt.queue[p->prio]))
		__clear_bit(p->prio, rq->rt.bitmap);
	if (!rq->rt.bitmap[0] && !rq->rt.bitmap[1])
		clear_bit(rq->cpu, &rt_overloaded);
}

void rt_enqueue(struct rq *rq, struct task_struct *p)
{
	rq->rt.nr_running++;
	link_task(rq, p, false);
}

void rt_dequeue(struct rq *rq, struct task_struct *p)
{
	rq->rt.nr_running--;
	if (!list_empty(&p->se.rt_list))
		unlink_task(rq, p);
}

/* A preempted task goes on first among its equals; one whose turn is over, last. */
void rt_put_prev(struct rq *rq, struct task_struct *p)
{
	bool turn_over = !p->se.rt_slice_left;

	if (turn_over)
		p->se.rt_slice_left = SCHED_RR_NS;
	link_task(rq, p, !turn_over);
}

void rt_set_next(struct rq *rq, struct task_struct *p)
{
	unlink_task(rq, p);
}

struct task_struct *rt_pick(struct rq *rq)
{
	struct rt_rq *rt = &rq->rt;
	unsigned long prio;

	if (unlikely(rt->throttled) && rq->fair.nr_running)
		return NULL;
	prio = find_first_bit(rt->bitmap, MAX_RT_PRIO);
	if (prio == MAX_RT_PRIO)
		return NULL;
	return list_first_entry(&rt->queue[prio], struct task_struct, se.rt_list);
}

void rt_update(struct rq *rq, struct task_struct *curr, u64 delta)
{
	struct rt_rq *rt = &rq->rt;

	if (curr->policy == SCHED_RR && curr->se.rt_slice_left) {
		curr->se.rt_slice_left -= min(delta, curr->se.rt_slice_left);
		if (!curr->se.rt_slice_left && !list_empty(&rt->queue[curr->prio]))
			resched_curr(rq);
		else if (!curr->se.rt_slice_left)
			curr->se.rt_slice_left = SCHED_RR_NS;
	}
	if (rq->clock - rt->period_start >= RT_PERIOD_NS) {
		rt->period_start = rq->clock;
		rt->period_used = 0;
		rt->throttled = false;
	}
	rt->period_used += delta;
	if (rt->period_used > RT_RUNTIME_NS && !rt->throttled) {
		rt->throttled = true;
		if (rq->fair.nr_running)
			resched_curr(rq);
	}
}

void rt_tick(struct rq *rq)
{
	struct rt_rq *rt = &rq->rt;

	if (likely(!rt->throttled))
		return;
	if (rq->clock - rt->period_start >= RT_PERIOD_NS) {
		rt->period_start = rq->clock;
		rt->period_used = 0;
		rt->throttled = false;
	}
	if (rt->nr_running)
		resched_curr(rq);
}

void rt_yield(struct rq *rq, struct task_struct *curr)
{
	curr->se.rt_slice_left = 0; /* FIFO has no slice that ends by itself, but this is how to go
				       behind its equals */
}

struct task_struct *rt_movable(struct rq *rq, unsigned int cpu)
{
	struct task_struct *p;
	unsigned long prio;

	for_each_set_bit(prio, rq->rt.bitmap, MAX_RT_PRIO)
	{
		list_for_each_entry (p, &rq->rt.queue[prio], se.rt_list) {
			if (p->cpus_mask & BIT(cpu))
				return p;
		}
	}
	return NULL;
}
