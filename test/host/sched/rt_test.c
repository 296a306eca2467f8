/* SPDX-License-Identifier: MIT */
/* Real-time queues against an array of lists, and their rules between real tasks. */
#include "../boot.h"
#include "test.h"

#include "lib/string.h"
#include "sched/rq.h"

#define TASKS 40

static struct task_struct tasks[TASKS];
static struct rq *rq;

/* The model: in which order tasks of a priority are to run; a slot of order per task. */
static struct task_struct *order[MAX_RT_PRIO][TASKS + 1];

static void model_remove(struct task_struct *p)
{
	struct task_struct **list = order[p->prio];
	int i = 0;

	while (list[i] && list[i] != p)
		i++;
	CHECK(list[i] == p);
	for (; list[i]; i++)
		list[i] = list[i + 1];
}

static void model_add(struct task_struct *p, bool first)
{
	struct task_struct **list = order[p->prio];
	int n = 0;

	while (list[n])
		n++;
	CHECK_LT(n, TASKS);
	if (first) {
		memmove(list + 1, list, n * sizeof(*list));
		n = 0;
	}
	list[n] = p;
}

static struct task_struct *model_best(void)
{
	int prio;

	for (prio = 0; prio < MAX_RT_PRIO; prio++)
		if (order[prio][0])
			return order[prio][0];
	return NULL;
}

static void pick(void)
{
	struct task_struct *next = rt_pick(rq);

	CHECK(next == model_best());
	if (!next)
		return;
	rt_set_next(rq, next);
	model_remove(next);
	rq->curr = next;
}

static void put_prev(void)
{
	struct task_struct *p = rq->curr;
	bool turn_over = !p->se.rt_slice_left;

	rt_put_prev(rq, p);
	model_add(p, !turn_over);
	rq->curr = rq->idle;
}

TEST(rt_queue_follows_the_model)
{
	unsigned int round, i, running = 0;

	host_boot(HOST_DEFAULT_RAM, 2);
	arch_set_boot_task(&init_task);
	sched_init();
	rq = cpu_rq(1);
	rq->idle = rq->curr = &init_task;
	for (i = 0; i < TASKS; i++) {
		tasks[i] = (struct task_struct){.static_prio = 120,
						.policy = i % 2 ? SCHED_FIFO : SCHED_RR};
		tasks[i].rt_priority = 1 + test_random_below(8) * 14;
		sched_fork(&tasks[i]);
		CHECK_EQ(tasks[i].prio, 99 - (int)tasks[i].rt_priority);
	}
	for (round = 0; round < test_rounds(50000); round++) {
		struct task_struct *p = &tasks[test_random_below(TASKS)];

		switch (test_random_below(4)) {
		case 0:
			if (p->se.on_rq)
				break;
			rt_enqueue(rq, p);
			p->se.on_rq = 1;
			model_add(p, false);
			running++;
			break;
		case 1:
			if (!p->se.on_rq)
				break;
			rt_dequeue(rq, p);
			p->se.on_rq = 0;
			running--;
			if (rq->curr == p)
				rq->curr = rq->idle;
			else
				model_remove(p);
			break;
		case 2:
			if (rq->curr == rq->idle)
				break;
			if (test_random_below(3) == 0)
				rt_yield(rq, rq->curr);
			put_prev();
			break;
		case 3:
			if (rq->curr == rq->idle)
				pick();
			break;
		}
		CHECK_EQ(rq->rt.nr_running, running);
		CHECK_EQ(test_bit(1, &rt_overloaded), model_best() != NULL);
	}
}

/* ---- With real tasks on one CPU ---- */

static char log[64];
static unsigned int log_len;

static void note(char c)
{
	CHECK_LT(log_len, sizeof(log) - 1);
	log[log_len++] = c;
}

static int yielder(void *name)
{
	int i;

	for (i = 0; i < 3; i++) {
		note(*(const char *)name);
		sched_yield_current();
	}
	return 0;
}

static void make(const char *name, int policy, int priority)
{
	struct task_struct *p = kthread_create(yielder, (void *)name, name);

	CHECK_EQ(sched_setscheduler(p, policy, priority, false, false), 0);
	wake_up_process(p);
}

static void classes(void)
{
	CHECK_EQ(sched_setscheduler(current, SCHED_FIFO, 99, false, false), 0);
	make("n", SCHED_NORMAL, 0);
	make("a", SCHED_FIFO, 10);
	make("b", SCHED_RR, 10);
	make("C", SCHED_FIFO, 20);
	CHECK_EQ(log_len, 0u); /* nobody preempts the best */
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(NSEC_PER_MSEC);
	CHECK_STREQ(log, "CCCabababnnn");
}

TEST(rt_priorities_run_in_order_and_yield_to_equals)
{
	host_run_kernel(1, classes);
}

static u64 burnt;

static int burner(void *unused)
{
	while (burnt < 3 * NSEC_PER_SEC) {
		host_advance(NSEC_PER_MSEC);
		burnt += NSEC_PER_MSEC;
		cond_resched();
	}
	return 0;
}

static u64 fair_got;

static int fair_runner(void *unused)
{
	while (burnt < 3 * NSEC_PER_SEC) {
		host_advance(NSEC_PER_MSEC);
		fair_got += NSEC_PER_MSEC;
		cond_resched();
	}
	return 0;
}

static void throttling(void)
{
	struct task_struct *p;

	CHECK_EQ(sched_setscheduler(current, SCHED_FIFO, 99, false, false), 0);
	kthread_run(fair_runner, NULL, "fair");
	p = kthread_create(burner, NULL, "burner");
	CHECK_EQ(sched_setscheduler(p, SCHED_FIFO, 10, false, false), 0);
	wake_up_process(p);
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(10 * NSEC_PER_SEC);
	CHECK_GE(burnt, 3ull * NSEC_PER_SEC);
	test_printf("beside 3 s of SCHED_FIFO: %llu ms\n", fair_got / 1000000);
	CHECK_GE(fair_got, 90ull * NSEC_PER_MSEC); /* 5 % of each second */
	CHECK_LE(fair_got, 250ull * NSEC_PER_MSEC);
}

TEST(rt_tasks_leave_a_twentieth_to_others)
{
	host_run_kernel(1, throttling);
}

static void policies(void)
{
	struct task_struct *p = current;

	CHECK_EQ(sched_setscheduler(p, SCHED_FIFO, 0, false, false), -22);
	CHECK_EQ(sched_setscheduler(p, SCHED_NORMAL, 1, false, false), -22);
	CHECK_EQ(sched_setscheduler(p, SCHED_FIFO, 100, false, false), -22);
	CHECK_EQ(sched_setscheduler(p, SCHED_DEADLINE, 0, false, false), -22);
	CHECK_EQ(sched_setscheduler(p, SCHED_RR, 99, true, false), 0);
	CHECK_EQ(p->prio, 0);
	CHECK_EQ(sched_rr_interval(p), 100ull * NSEC_PER_MSEC);
	CHECK_EQ(sched_setscheduler(p, SCHED_IDLE, 0, false, false), 0);
	CHECK_EQ(p->se.weight, 3ul);
	CHECK_EQ(sched_setscheduler(p, SCHED_BATCH, 0, false, false), 0);
	set_user_nice(p, -20);
	CHECK_EQ(p->se.weight, 88761ul);
	set_user_nice(p, 19);
	CHECK_EQ(p->se.weight, 15ul);
	CHECK_EQ(sched_setaffinity(p, 0), -22);
	CHECK_EQ(sched_setaffinity(p, 2), -22);
	CHECK_EQ(sched_setaffinity(p, ~0ul), 0);
}

TEST(sched_policies_are_checked_as_linux_does)
{
	host_run_kernel(1, policies);
}
