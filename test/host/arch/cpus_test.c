/* SPDX-License-Identifier: MIT */
/*
 * Simulated CPUs under the real scheduler: stacks are switched, idle CPUs let others run, time
 * passes when all are idle, and interleaving at random points keeps spinlocks and wake-ups honest.
 */
#include "test.h"

#include "../boot.h"
#include "lib/err.h"
#include "page/slab.h"
#include "sched/sched.h"

#define WORKERS 5
#define ROUNDS	200

static DEFINE_SPINLOCK(counter_lock, RANK_SPIN_LEAF);
static unsigned long counter, per_cpu[NR_CPUS];
static struct completion done[WORKERS];

static int deep(unsigned int n)
{
	volatile char frame[64];

	frame[n % 64] = n;
	return n ? deep(n - 1) + 1 + 0 * frame[n % 64] : 0;
}

static int count(void *arg)
{
	unsigned int i;
	unsigned long seen;

	for (i = 0; i < ROUNDS; i++) {
		spin_lock(&counter_lock);
		seen = counter;
		/* A window for the others: they must stay out. */
		arch_irq_enable();
		counter = seen + 1;
		spin_unlock(&counter_lock);
		per_cpu[arch_cpu_id()]++;
		CHECK_EQ(deep(30), 30);
		if (i % 3 == 0)
			schedule_timeout(1000);
		else
			cond_resched();
	}
	complete(arg);
	return 0;
}

static void count_together(void)
{
	unsigned int i;

	for (i = 0; i < WORKERS; i++) {
		init_completion(&done[i]);
		CHECK(!IS_ERR(kthread_run(count, &done[i], "count")));
	}
	for (i = 0; i < WORKERS; i++)
		wait_for_completion(&done[i]);
	CHECK_EQ(counter, (unsigned long)WORKERS * ROUNDS);
}

TEST(one_cpu_counts)
{
	host_run_kernel(1, count_together);
}

static void count_interleaved(void)
{
	host_interleave(4, test_random());
	count_together();
	CHECK(per_cpu[0] && per_cpu[1] && per_cpu[2]);
}

TEST(three_cpus_count)
{
	host_run_kernel(3, count_interleaved);
}

static void sleep_awhile(void)
{
	u64 before = arch_clock_ns();

	schedule_timeout(5 * NSEC_PER_SEC);
	__set_current_state(TASK_INTERRUPTIBLE);
	schedule_timeout(5 * NSEC_PER_SEC);
	CHECK_GE(arch_clock_ns(), before + 5 * NSEC_PER_SEC);
	CHECK_LT(arch_clock_ns(), before + 12 * NSEC_PER_SEC);
}

/* Five seconds pass in no time: idleness moves the clock. */
TEST(idle_moves_the_clock)
{
	host_run_kernel(2, sleep_awhile);
}

/* Pages and objects freed on other CPUs than they came from, with switches anywhere. */
static struct kmem_cache *cache;

static int churn(void *arg)
{
	struct page *pages[8] = {NULL};
	void *objs[8] = {NULL};
	unsigned int i, k;

	for (i = 0; i < ROUNDS; i++) {
		k = test_random_below(8);
		if (pages[k])
			put_page(pages[k]);
		pages[k] = alloc_page(GFP_KERNEL);
		if (objs[k])
			kmem_cache_free(cache, objs[k]);
		objs[k] = kmem_cache_alloc(cache, GFP_KERNEL);
		CHECK(pages[k] && objs[k]);
		cond_resched();
	}
	for (k = 0; k < 8; k++) {
		if (pages[k])
			put_page(pages[k]);
		if (objs[k])
			kmem_cache_free(cache, objs[k]);
	}
	complete(arg);
	return 0;
}

static void churn_together(void)
{
	unsigned int i;

	cache = kmem_cache_create("churned", 72, 8, NULL);
	host_interleave(3, test_random());
	for (i = 0; i < WORKERS; i++) {
		init_completion(&done[i]);
		CHECK(!IS_ERR(kthread_run(churn, &done[i], "churn")));
	}
	for (i = 0; i < WORKERS; i++)
		wait_for_completion(&done[i]);
	host_interleave(0, 0);
	CHECK_EQ(slab_audit(), 0u);
}

TEST(memory_is_shared_between_cpus)
{
	host_run_kernel(4, churn_together);
}
