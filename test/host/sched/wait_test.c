/* SPDX-License-Identifier: MIT */
/* Wait queues and completions between kernel threads that are really switched, on one and more
 * CPUs. */
#include "../boot.h"
#include "test.h"

#include "abi/errno.h"
#include "lib/err.h"
#include "sched/sched.h"

static struct wait_queue_head wq, other;
static unsigned int awake;
static bool flag;

static void nap(u64 ns)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(ns);
}

static struct task_struct *spawn(int (*fn)(void *), void *arg)
{
	struct task_struct *p = kthread_run(fn, arg, "test-thread");

	CHECK(!IS_ERR(p));
	return p;
}

/* ---- Hand-over ---- */

static int turn, rounds;

static int pong(void *unused)
{
	int i;

	for (i = 0; i < rounds; i++) {
		wait_event(other, turn == 1);
		turn = 0;
		wake_up(&wq);
	}
	return 0;
}

static void ping_pong(void)
{
	int i;

	init_waitqueue_head(&wq);
	init_waitqueue_head(&other);
	rounds = 500;
	spawn(pong, NULL);
	for (i = 0; i < rounds; i++) {
		turn = 1;
		wake_up(&other);
		wait_event(wq, turn == 0);
	}
}

TEST(wait_queue_hands_over)
{
	host_run_kernel(1, ping_pong);
}

static void ping_pong_interleaved(void)
{
	host_interleave(3, test_random());
	ping_pong();
}

TEST(wait_queue_hands_over_between_cpus)
{
	host_run_kernel(3, ping_pong_interleaved);
}

/* ---- Exclusive and other waiters ---- */

static int waiter(void *exclusive)
{
	struct wait_queue_entry entry;

	init_wait_entry(&entry, 0);
	if (exclusive)
		prepare_to_wait_exclusive(&wq, &entry, TASK_UNINTERRUPTIBLE);
	else
		prepare_to_wait(&wq, &entry, TASK_UNINTERRUPTIBLE);
	schedule();
	finish_wait(&wq, &entry);
	awake++;
	return 0;
}

static void exclusive_wake_ups(void)
{
	int i;

	init_waitqueue_head(&wq);
	for (i = 0; i < 3; i++)
		spawn(waiter, NULL);
	for (i = 0; i < 4; i++)
		spawn(waiter, &wq);
	nap(1000);
	CHECK_EQ(awake, 0u);
	wake_up_interruptible(&wq); /* nobody sleeps interruptibly */
	nap(1000);
	CHECK_EQ(awake, 0u);
	wake_up(&wq); /* all three others, and one exclusive */
	nap(1000);
	CHECK_EQ(awake, 4u);
	__wake_up(&wq, TASK_NORMAL, 2, 0);
	nap(1000);
	CHECK_EQ(awake, 6u);
	wake_up_all(&wq);
	wake_up(&wq);
	nap(1000);
	CHECK_EQ(awake, 7u);
	CHECK(!waitqueue_active(&wq));
}

TEST(wake_up_wakes_one_exclusive_waiter_and_all_others)
{
	host_run_kernel(1, exclusive_wake_ups);
}

static u64 seen_key;

static bool callback(struct wait_queue_entry *entry, unsigned int mode, u64 key)
{
	seen_key = key;
	return false;
}

static void callbacks(void)
{
	struct wait_queue_entry entry;

	init_waitqueue_head(&wq);
	init_waitqueue_func_entry(&entry, callback);
	add_wait_queue(&wq, &entry);
	wake_up_poll(&wq, 0x41);
	CHECK_EQ(seen_key, 0x41ull);
	remove_wait_queue(&wq, &entry);
	wake_up_poll(&wq, 0x99);
	CHECK_EQ(seen_key, 0x41ull);
}

TEST(wake_up_passes_the_key_to_callbacks)
{
	host_run_kernel(1, callbacks);
}

/* ---- Signals ---- */

static long result;

static int interruptible(void *unused)
{
	result = wait_event_interruptible(wq, flag);
	return 0;
}

static int killable(void *unused)
{
	result = wait_event_killable(wq, flag);
	return 0;
}

/* As signal_wake_up() does. */
static void signal_task(struct task_struct *p, int sig, unsigned int mode)
{
	p->pending.signal |= sigmask(sig);
	set_task_work(p, TIF_SIGPENDING);
	wake_up_state(p, mode);
}

static void signals(void)
{
	struct task_struct *p;

	init_waitqueue_head(&wq);
	result = 1;
	p = spawn(interruptible, NULL);
	nap(1000);
	signal_task(p, SIGTERM, TASK_INTERRUPTIBLE);
	nap(1000);
	CHECK_EQ(result, -ERESTARTSYS);

	result = 1;
	p = spawn(killable, NULL);
	nap(1000);
	signal_task(p, SIGTERM, TASK_INTERRUPTIBLE);
	nap(1000);
	CHECK_EQ(result, 1);
	signal_task(p, SIGKILL, TASK_INTERRUPTIBLE | TASK_WAKEKILL);
	nap(1000);
	CHECK_EQ(result, -ERESTARTSYS);

	result = 1;
	p = spawn(interruptible, NULL);
	nap(1000);
	flag = true;
	wake_up_interruptible(&wq);
	nap(1000);
	CHECK_EQ(result, 0);
}

TEST(signals_end_waits_that_allow_it)
{
	host_run_kernel(1, signals);
}

/* ---- No wake-up is lost ---- */

#define TOKENS 2000
static atomic_t tokens, taken, done;

static int consumer(void *unused)
{
	for (;;) {
		int left;

		wait_event(wq, atomic_read(&tokens) > 0 || atomic_read(&taken) == TOKENS);
		left = atomic_dec_if_positive(&tokens);
		if (left >= 0 && atomic_inc_return(&taken) == TOKENS)
			wake_up_all(&wq);
		if (atomic_read(&taken) == TOKENS)
			break;
	}
	atomic_inc(&done);
	wake_up(&other);
	return 0;
}

static int producer(void *unused)
{
	int i;

	for (i = 0; i < TOKENS / 4; i++) {
		atomic_inc(&tokens);
		wake_up(&wq);
		if (test_random_below(3) == 0)
			nap(test_random_below(2000));
		else if (test_random_below(3) == 0)
			sched_yield_current();
	}
	return 0;
}

static void tokens_flow(void)
{
	int i;

	init_waitqueue_head(&wq);
	init_waitqueue_head(&other);
	host_interleave(2, test_random());
	for (i = 0; i < 5; i++)
		spawn(consumer, NULL);
	for (i = 0; i < 4; i++)
		spawn(producer, NULL);
	wait_event(other, atomic_read(&done) == 5);
	CHECK_EQ(atomic_read(&taken), TOKENS);
	CHECK_EQ(atomic_read(&tokens), 0);
}

TEST(no_wake_up_is_lost_on_one_cpu)
{
	host_run_kernel(1, tokens_flow);
}

TEST(no_wake_up_is_lost_on_four_cpus)
{
	host_run_kernel(4, tokens_flow);
}

/* ---- Completions ---- */

static int completer(void *arg)
{
	struct completion *c = arg;

	nap(100);
	complete(c); /* @c is on the waiter's stack, and gone once the waiter returns */
	return 0;
}

static struct completion gate;

static int gate_waiter(void *unused)
{
	result = wait_for_completion_killable(&gate);
	awake++;
	return 0;
}

static void completions(void)
{
	struct task_struct *p;
	int i;

	for (i = 0; i < 50; i++) {
		struct completion c;

		init_completion(&c);
		spawn(completer, &c);
		wait_for_completion(&c);
		CHECK_EQ(c.done, 0u);
	}
	init_completion(&gate);
	complete(&gate);
	complete(&gate);
	wait_for_completion(&gate);
	CHECK(completion_done(&gate));
	wait_for_completion(&gate);
	CHECK(!completion_done(&gate));

	p = spawn(gate_waiter, NULL);
	nap(1000);
	signal_task(p, SIGKILL, TASK_INTERRUPTIBLE | TASK_WAKEKILL);
	nap(1000);
	CHECK_EQ(result, -ERESTARTSYS);
	for (i = 0; i < 4; i++)
		spawn(gate_waiter, NULL);
	nap(1000);
	CHECK_EQ(awake, 1u);
	complete_all(&gate);
	nap(1000);
	CHECK_EQ(awake, 5u);
	wait_for_completion(&gate);
}

TEST(completions_let_as_many_go_as_were_completed)
{
	host_run_kernel(2, completions);
}
