/* SPDX-License-Identifier: MIT */
/* The fair class against a model that recomputes everything from a plain list at each step. */
#include "../boot.h"
#include "test.h"

#include "lib/string.h"
#include "sched/fair.h"

#define TASKS 24

static struct task_struct tasks[TASKS];
static struct rq *rq;

static void start(void)
{
	int i;

	host_boot(HOST_DEFAULT_RAM, 2);
	arch_set_boot_task(&init_task);
	sched_init();
	/* A run queue that no CPU runs: the test is its scheduler. */
	rq = cpu_rq(1);
	rq->idle = rq->curr = &init_task;
	for (i = 0; i < TASKS; i++) {
		tasks[i] = (struct task_struct){.prio = 120, .static_prio = 120, .cpu = 1};
		sched_fork(&tasks[i]);
		tasks[i].cpu = 1;
	}
}

static bool waits(const struct task_struct *p)
{
	return p->se.on_rq && rq->fair.curr != p;
}

/* V = sum / load, exactly. */
static void model_mean(__int128 *sum, __int128 *load)
{
	int i;

	*sum = *load = 0;
	for (i = 0; i < TASKS; i++) {
		if (!tasks[i].se.on_rq)
			continue;
		*sum += (__int128)tasks[i].se.vruntime * tasks[i].se.weight;
		*load += tasks[i].se.weight;
	}
}

static bool model_eligible(const struct task_struct *p)
{
	__int128 sum, load;

	model_mean(&sum, &load);
	return (__int128)p->se.vruntime * load <= sum;
}

/* The least deadline among the eligible. */
static u64 model_best_deadline(void)
{
	u64 best = U64_MAX;
	int i;

	for (i = 0; i < TASKS; i++)
		if (tasks[i].se.on_rq && model_eligible(&tasks[i]))
			best = min(best, tasks[i].se.deadline);
	return best;
}

static u64 check_subtree(struct rb_node *node, unsigned int *count)
{
	u64 least;

	if (!node)
		return U64_MAX;
	least = min(check_subtree(node->rb_left, count), check_subtree(node->rb_right, count));
	least = min(least, se_task(node)->se.vruntime);
	CHECK_EQ(node_min(node), least);
	(*count)++;
	return least;
}

static void check_rq(void)
{
	unsigned int i, waiting = 0, runnable = 0, in_tree = 0;
	u64 load = 0, wait_load = 0, before = 0;
	struct task_struct *p;
	s64 sum = 0;

	for (i = 0; i < TASKS; i++) {
		struct sched_entity *se = &tasks[i].se;

		if (se->on_rq) {
			runnable++;
			load += se->weight;
		}
		if (waits(&tasks[i])) {
			waiting++;
			wait_load += se->weight;
			sum += (s64)(se->vruntime - rq->fair.base_vruntime) * (s64)se->weight;
		}
	}
	CHECK_EQ(rq->nr_running, runnable);
	CHECK_EQ(rq->fair.nr_running, runnable);
	CHECK_EQ(rq->fair.load, load);
	CHECK_EQ(rq->fair.wait_load, wait_load);
	CHECK_EQ(rq->fair.wait_sum, sum);
	check_subtree(rq->fair.tree.rb_root.rb_node, &in_tree);
	CHECK_EQ(in_tree, waiting);
	for (p = fair_next(rq, NULL), i = 0; p; p = fair_next(rq, p), i++) {
		CHECK(before <= p->se.deadline);
		before = p->se.deadline;
	}
	CHECK_EQ(i, waiting);
}

/* As pick_next_task() does. */
static void switch_task(void)
{
	u64 best = model_best_deadline();
	struct task_struct *next = fair_pick(rq);

	CHECK_EQ(next == NULL, best == U64_MAX);
	fair_switch(rq, next);
	rq->curr = next ? next : rq->idle;
	if (!next)
		return;
	CHECK(model_eligible(next));
	CHECK_EQ(next->se.deadline, best);
}

static void change_nice(struct task_struct *p)
{
	bool queued = p->se.on_rq, running = rq->curr == p;

	if (queued)
		dequeue_task(rq, p);
	p->static_prio = p->prio = 100 + test_random_below(40);
	p->policy = test_random_below(8) ? SCHED_NORMAL : SCHED_IDLE;
	fair_set_weight(p);
	if (queued)
		enqueue_task(rq, p, ENQUEUE_MOVE);
	if (running)
		set_next_task(rq, p);
}

TEST(fair_queue_picks_the_earliest_eligible_deadline_of_the_model)
{
	unsigned int round;

	start();
	for (round = 0; round < test_rounds(30000); round++) {
		struct task_struct *p = &tasks[test_random_below(TASKS)];

		host_advance(test_random_below(4) ? test_random_below(5 * NSEC_PER_MSEC) : 0);
		update_curr(rq);
		switch (test_random_below(5)) {
		case 0:
			if (!p->se.on_rq)
				activate_task(rq, p, test_random_below(3));
			break;
		case 1:
			if (p->se.on_rq) {
				dequeue_task(rq, p);
				p->se.on_rq = 0;
				p->se.sleep_start = rq->clock;
				if (rq->curr == p)
					switch_task();
			}
			break;
		case 2:
			switch_task();
			break;
		case 3:
			change_nice(p);
			break;
		case 4:
			fair_tick(rq);
			if (rq->curr != rq->idle)
				fair_yield(rq, rq->curr);
			break;
		}
		check_rq();
	}
}

static void run_all(u64 ns)
{
	u64 end = arch_clock_ns() + ns;

	while (arch_clock_ns() < end) {
		host_advance(NSEC_PER_MSEC);
		update_curr(rq);
		fair_tick(rq);
		if (test_task_work(rq->curr, TIF_NEED_RESCHED)) {
			clear_task_work(rq->curr, TIF_NEED_RESCHED);
			switch_task();
		}
	}
}

TEST(fair_queue_gives_each_its_share_by_weight)
{
	u64 total = 0, ns = 20 * NSEC_PER_SEC;
	unsigned long weights = 0;
	int i;

	start();
	for (i = 0; i < 5; i++) {
		tasks[i].static_prio = tasks[i].prio = 115 + i * 3;
		fair_set_weight(&tasks[i]);
		activate_task(rq, &tasks[i], ENQUEUE_NEW);
		weights += tasks[i].se.weight;
	}
	switch_task();
	run_all(ns);
	for (i = 0; i < 5; i++) {
		u64 got = tasks[i].se.sum_exec_runtime, due = ns * tasks[i].se.weight / weights;

		total += got;
		test_printf("nice %d: %llu ms, due %llu ms\n", task_nice(&tasks[i]), got / 1000000,
			    due / 1000000);
		CHECK(got + 20 * NSEC_PER_MSEC > due && got < due + 20 * NSEC_PER_MSEC);
	}
	CHECK_EQ(total, ns);
}

TEST(fair_queue_owes_no_more_than_a_few_slices)
{
	__int128 sum, load;
	unsigned int round;
	int i;

	start();
	for (round = 0; round < test_rounds(5000); round++) {
		struct task_struct *p = &tasks[test_random_below(8)];

		if (!p->se.on_rq) {
			activate_task(rq, p, ENQUEUE_WAKEUP);
		} else if (test_random_below(4) == 0) {
			dequeue_task(rq, p);
			p->se.on_rq = 0;
			p->se.sleep_start = rq->clock;
		}
		if (rq->curr == rq->idle || !rq->curr->se.on_rq)
			switch_task();
		run_all(test_random_below(4) * NSEC_PER_MSEC);
		model_mean(&sum, &load);
		for (i = 0; i < 8 && load; i++) {
			s64 lag = (s64)(sum / load) - (s64)tasks[i].se.vruntime;

			if (tasks[i].se.on_rq)
				CHECK(abs(lag) <= 8 * SCHED_SLICE_NS);
		}
	}
}
