/* SPDX-License-Identifier: MIT */
/* Kernel threads: birth and end without leaks, CPUs they run on, times they are charged, deferred
 * work. */
#include "../boot.h"
#include "test.h"

#include "lib/err.h"
#include "page/slab.h"
#include "page/zone.h"
#include "sched/rq.h"
#include "task/pid.h"

static atomic_t ran;

static void nap(u64 ns)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(ns);
}

static int nothing(void *arg)
{
	CHECK(arg == &ran);
	atomic_inc(&ran);
	return 0;
}

static unsigned long free_after_drain(void)
{
	kernel_stack_drain();
	slab_drain();
	drain_page_lists();
	return nr_free_pages();
}

static void births(void)
{
	unsigned long before = 0;
	int round, i, threads = nr_threads_total();

	for (round = 0; round < 3; round++) {
		for (i = 0; i < 40; i++)
			CHECK(!IS_ERR(kthread_run(nothing, &ran, "nothing")));
		CHECK_LE(nr_threads_total(), threads + 40);
		nap(NSEC_PER_MSEC);
		CHECK_EQ(nr_threads_total(), threads);
		if (round)
			CHECK_EQ(free_after_drain(), before);
		before = free_after_drain();
	}
	CHECK_EQ(atomic_read(&ran), 120);
	CHECK_EQ(nr_running(), 1u);
}

TEST(kthreads_leave_nothing_behind)
{
	host_run_kernel(1, births);
}

TEST(kthreads_leave_nothing_behind_on_three_cpus)
{
	host_run_kernel(3, births);
}

static int look(void *arg)
{
	struct task_struct *p = current;

	CHECK_GT(p->pid, 0);
	CHECK_EQ(p->tgid, p->pid);
	CHECK(p->flags & PF_KTHREAD);
	CHECK(!p->mm && !p->files && !p->fs);
	CHECK(p->real_parent == &init_task);
	CHECK_STREQ(p->comm, "a-name-of-fifte");
	CHECK_EQ(p->signal->nr_threads, 1);
	atomic_inc(&ran);
	return 0;
}

static void identity(void)
{
	struct task_struct *p = kthread_create(look, NULL, "a-name-of-fifteen-and-more");
	struct task_struct *found;

	found = find_get_task(p->pid);
	CHECK(found == p);
	CHECK(found->thread_pid->task == p);
	nap(1000);
	CHECK_EQ(atomic_read(&ran), 0); /* until it is woken */
	wake_up_process(p);
	wait_task_inactive(p);
	CHECK_EQ(atomic_read(&ran), 1);
	CHECK_EQ(p->exit_state, EXIT_DEAD);
	CHECK(p->stack == NULL);
	put_task_struct(p);
}

TEST(kthread_is_a_process_of_its_own)
{
	host_run_kernel(1, identity);
}

/* ---- Affinity ---- */

static int wanderer(void *unused)
{
	unsigned int i, cpu;

	for (i = 0; i < 200; i++) {
		cpu = test_random_below(nr_cpus);
		CHECK_EQ(sched_setaffinity(current, BIT(cpu)), 0);
		CHECK_EQ(arch_cpu_id(), cpu);
		if (test_random_below(3) == 0)
			nap(test_random_below(3000));
		else if (test_random_below(2))
			sched_yield_current();
		CHECK_EQ(arch_cpu_id(), cpu);
	}
	atomic_inc(&ran);
	return 0;
}

static struct task_struct *victims[3];
static bool stop;

static int victim(void *unused)
{
	while (!stop) {
		if (!(current->cpus_mask & BIT(arch_cpu_id())))
			schedule(); /* it was changed while we ran: this moves us */
		if (test_random_below(2))
			nap(test_random_below(2000));
		else
			sched_yield_current();
		CHECK(current->se.on_rq == TASK_ON_RQ_QUEUED);
	}
	atomic_inc(&ran);
	return 0;
}

static void moving(void)
{
	int i;

	host_interleave(3, test_random());
	for (i = 0; i < 4; i++)
		kthread_run(wanderer, NULL, "wanderer");
	for (i = 0; i < 3; i++)
		victims[i] = kthread_run(victim, NULL, "victim");
	for (i = 0; i < 600; i++) {
		struct task_struct *p = victims[test_random_below(3)];

		switch (test_random_below(5)) {
		case 0:
			CHECK_EQ(sched_setaffinity(p, 1 + test_random_below(BIT(nr_cpus) - 1)), 0);
			break;
		case 1:
			set_user_nice(p, (int)test_random_below(40) - 20);
			break;
		case 2:
			CHECK_EQ(sched_setscheduler(p, SCHED_RR, 1 + test_random_below(5), false,
						    false),
				 0);
			break;
		case 3:
			CHECK_EQ(sched_setscheduler(p, SCHED_NORMAL, 0, false, false), 0);
			break;
		case 4:
			wake_up_process(p);
			nap(test_random_below(1000));
			break;
		}
	}
	stop = true;
	while (atomic_read(&ran) < 7)
		nap(1000);
	nap(1000);
	for (i = 0; i < (int)nr_cpus; i++) {
		CHECK_EQ(cpu_rq(i)->fair.nr_running, i == (int)arch_cpu_id() ? 1u : 0u);
		CHECK_EQ(cpu_rq(i)->rt.nr_running, 0u);
	}
}

TEST(tasks_run_where_they_may)
{
	host_run_kernel(4, moving);
}

/* ---- Load is spread ---- */

static unsigned long cpus_used;

static int hog(void *unused)
{
	int i;

	for (i = 0; i < 50; i++) {
		set_bit(arch_cpu_id(), &cpus_used);
		host_advance(NSEC_PER_MSEC);
		host_yield_cpu();
		cond_resched();
	}
	atomic_inc(&ran);
	return 0;
}

static void spreading(void)
{
	int i;

	for (i = 0; i < 4; i++)
		kthread_run(hog, NULL, "hog");
	while (atomic_read(&ran) < 4)
		nap(NSEC_PER_MSEC);
	CHECK_EQ(cpus_used, 0xful);
}

TEST(hogs_spread_over_all_cpus)
{
	host_run_kernel(4, spreading);
}

/* ---- Times ---- */

static void times(void)
{
	u64 utime, stime, u2, s2, t0 = ktime_get(), start = task_sched_runtime(current);

	host_advance(100 * NSEC_PER_MSEC);
	CHECK_EQ(task_sched_runtime(current) - start, ktime_get() - t0);
	account_current();
	task_cputime(current, &utime, &stime);
	CHECK_EQ(utime + stime, task_sched_runtime(current));
	CHECK_GE(stime, 90ull * NSEC_PER_MSEC); /* the ticks found the kernel */
	host_advance(NSEC_PER_MSEC / 2);
	task_cputime(current, &u2, &s2);
	CHECK_EQ(u2 + s2, utime + stime + NSEC_PER_MSEC / 2);
	CHECK(u2 >= utime && s2 >= stime);
	nap(50 * NSEC_PER_MSEC);
	task_cputime(current, &u2, &s2);
	CHECK_EQ(u2 + s2, utime + stime + NSEC_PER_MSEC / 2); /* sleep costs nothing */
}

TEST(times_add_up_to_the_exact_run_time)
{
	host_run_kernel(1, times);
}

static void load(void)
{
	unsigned long loads[3];
	int i;

	for (i = 0; i < 60000; i++)
		host_advance(10 * NSEC_PER_MSEC); /* ten minutes of work */
	get_avenrun(loads);
	test_printf("load %lu %lu %lu of 2048\n", loads[0], loads[1], loads[2]);
	CHECK(loads[0] > 2000 && loads[0] <= 2048);
	CHECK(loads[2] > 900 && loads[2] < 1100); /* 1 - e^(-10/15) of 2048: 996 */
	set_current_state(TASK_INTERRUPTIBLE);
	schedule_timeout(600 * NSEC_PER_SEC);
	get_avenrun(loads);
	CHECK_LE(loads[0], 165ul); /* ours, the one task that asks, for one interval */
	CHECK_LE(loads[2], 600ul);
}

TEST(load_averages_follow_the_work)
{
	host_run_kernel(1, load);
}

/* ---- Deferred work ---- */

static struct work_struct works[3];
static char log[64];
static unsigned int log_len;

static void work_fn(struct work_struct *w)
{
	log[log_len++] = 'a' + (w - works);
	if (w == &works[2] && log_len < 8)
		schedule_work(w); /* again, by itself */
}

static void deferred(void)
{
	int i;

	workqueue_init();
	for (i = 0; i < 3; i++)
		init_work(&works[i], work_fn);
	schedule_work(&works[0]);
	schedule_work(&works[1]);
	schedule_work(&works[0]); /* queued already */
	CHECK_STREQ(log, "");
	flush_scheduled_work();
	CHECK_STREQ(log, "ab");
	schedule_work(&works[0]);
	schedule_work(&works[2]);
	nap(1000);
	CHECK_STREQ(log, "abaccccc");
}

TEST(deferred_work_runs_once_in_order)
{
	host_run_kernel(1, deferred);
}
