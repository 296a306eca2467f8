/* SPDX-License-Identifier: MIT */
/* Mutexes and rwsems: exclusion, order, signals, under interleaved CPUs. */
#include "../boot.h"
#include "test.h"

#include "abi/errno.h"
#include "lib/err.h"
#include "sched/sched.h"

static struct mutex mutex;
static struct rwsem sem;
static atomic_t running, inside, readers, writers;
static struct completion all_done;
static unsigned long count;

static void nap(u64 ns)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(ns);
}

static void spawn(int (*fn)(void *), void *arg)
{
	atomic_inc(&running);
	CHECK(!IS_ERR(kthread_run(fn, arg, "locker")));
}

static void finish(void)
{
	if (atomic_dec_and_test(&running))
		complete(&all_done);
}

static void linger(void)
{
	switch (test_random_below(6)) {
	case 0:
		nap(test_random_below(3000));
		break;
	case 1:
		sched_yield_current();
		break;
	default:
		host_yield_cpu();
	}
}

static int mutex_user(void *unused)
{
	int i;

	for (i = 0; i < 300; i++) {
		switch (test_random_below(4)) {
		case 0:
			if (!mutex_trylock(&mutex))
				continue;
			break;
		case 1:
			CHECK_EQ(mutex_lock_interruptible(&mutex), 0);
			break;
		case 2:
			CHECK_EQ(mutex_lock_killable(&mutex), 0);
			break;
		default:
			mutex_lock(&mutex);
		}
		CHECK_EQ(atomic_inc_return(&inside), 1);
		CHECK(mutex_is_locked(&mutex));
		linger();
		CHECK_EQ(atomic_dec_return(&inside), 0);
		count++;
		mutex_unlock(&mutex);
	}
	finish();
	return 0;
}

static void mutexes(void)
{
	int i;

	mutex_init(&mutex, "test", RANK_PIPE);
	init_completion(&all_done);
	host_interleave(4, test_random());
	for (i = 0; i < 6; i++)
		spawn(mutex_user, NULL);
	wait_for_completion(&all_done);
	CHECK_GT(count, 900ul);
	CHECK(!mutex_is_locked(&mutex));
	CHECK(!waitqueue_active(&mutex.wait));
}

TEST(mutex_excludes_on_one_cpu)
{
	host_run_kernel(1, mutexes);
}

TEST(mutex_excludes_on_four_cpus)
{
	host_run_kernel(4, mutexes);
}

static void read_side(void)
{
	atomic_inc(&readers);
	CHECK_EQ(atomic_read(&writers), 0);
	linger();
	CHECK_EQ(atomic_read(&writers), 0);
	atomic_dec(&readers);
	up_read(&sem);
}

static void write_side(void)
{
	CHECK_EQ(atomic_inc_return(&writers), 1);
	CHECK_EQ(atomic_read(&readers), 0);
	linger();
	CHECK_EQ(atomic_read(&readers), 0);
	CHECK_EQ(atomic_dec_return(&writers), 0);
	if (test_random_below(3) == 0) {
		downgrade_write(&sem);
		read_side();
	} else {
		up_write(&sem);
	}
}

static int sem_user(void *unused)
{
	int i;

	for (i = 0; i < 300; i++) {
		switch (test_random_below(8)) {
		case 0:
			if (down_read_trylock(&sem))
				read_side();
			break;
		case 1:
			CHECK_EQ(down_read_killable(&sem), 0);
			read_side();
			break;
		case 2:
			if (down_write_trylock(&sem))
				write_side();
			break;
		case 3:
			CHECK_EQ(down_write_killable(&sem), 0);
			write_side();
			break;
		case 4:
			down_write(&sem);
			write_side();
			break;
		default:
			down_read(&sem);
			read_side();
		}
	}
	finish();
	return 0;
}

static void rwsems(void)
{
	int i;

	init_rwsem(&sem, "test", RANK_MMAP);
	init_completion(&all_done);
	host_interleave(4, test_random());
	for (i = 0; i < 6; i++)
		spawn(sem_user, NULL);
	wait_for_completion(&all_done);
	CHECK(!rwsem_is_locked(&sem));
	CHECK_EQ(sem.count, 0u);
	CHECK(list_empty(&sem.waiters));
}

TEST(rwsem_excludes_on_one_cpu)
{
	host_run_kernel(1, rwsems);
}

TEST(rwsem_excludes_on_four_cpus)
{
	host_run_kernel(4, rwsems);
}

/* ---- Order ---- */

static char log[32];
static unsigned int log_len;

static int reader(void *name)
{
	down_read(&sem);
	log[log_len++] = *(char *)name;
	nap(10000);
	up_read(&sem);
	finish();
	return 0;
}

static int writer(void *name)
{
	down_write(&sem);
	log[log_len++] = *(char *)name;
	nap(10000);
	up_write(&sem);
	finish();
	return 0;
}

static void order(void)
{
	init_rwsem(&sem, "test", RANK_MMAP);
	init_completion(&all_done);
	down_read(&sem);
	spawn(reader, "a"); /* joins us */
	nap(1000);
	spawn(writer, "B");
	nap(1000);
	spawn(reader, "c"); /* behind the writer that waits */
	nap(1000);
	CHECK(!down_read_trylock(&sem));
	CHECK(!down_write_trylock(&sem));
	spawn(reader, "d");
	spawn(writer, "E");
	spawn(reader, "f");
	nap(1000);
	CHECK_STREQ(log, "a");
	up_read(&sem);
	wait_for_completion(&all_done);
	CHECK_STREQ(log, "aBcdEf");
}

TEST(rwsem_serves_in_the_order_of_arrival)
{
	host_run_kernel(1, order);
}

/* ---- Signals ---- */

static int result;

static int killable_writer(void *unused)
{
	result = down_write_killable(&sem);
	return 0;
}

static int interruptible_mutex(void *unused)
{
	result = mutex_lock_interruptible(&mutex);
	return 0;
}

static void signal_task(struct task_struct *p, int sig)
{
	p->pending.signal |= sigmask(sig);
	set_task_work(p, TIF_SIGPENDING);
	wake_up_state(p, TASK_INTERRUPTIBLE | TASK_WAKEKILL);
}

static void signals(void)
{
	struct task_struct *p;

	init_rwsem(&sem, "test", RANK_MMAP);
	mutex_init(&mutex, "test", RANK_PIPE);
	init_completion(&all_done);
	down_read(&sem);
	p = kthread_run(killable_writer, NULL, "writer");
	nap(1000);
	spawn(reader, "r");
	nap(1000);
	CHECK_EQ(log_len, 0u);
	signal_task(p, SIGKILL);
	nap(1000);
	CHECK_EQ(result, -ERESTARTSYS);
	CHECK_EQ(log_len, 1u); /* the reader behind it went in */
	up_read(&sem);
	wait_for_completion(&all_done);
	CHECK_EQ(sem.count, 0u);

	mutex_lock(&mutex);
	p = kthread_run(interruptible_mutex, NULL, "mutex");
	nap(1000);
	signal_task(p, SIGINT);
	nap(1000);
	CHECK_EQ(result, -ERESTARTSYS);
	mutex_unlock(&mutex);
	CHECK(!waitqueue_active(&mutex.wait));
}

TEST(signals_end_waits_for_locks)
{
	host_run_kernel(1, signals);
}

/* ---- Misuse is noticed ---- */

static void sleep_with_spinlock(void)
{
	static DEFINE_SPINLOCK(lock, RANK_SPIN_LEAF);

	mutex_init(&mutex, "test", RANK_PIPE);
	spin_lock(&lock);
	CHECK_PANICS("spinlock", mutex_lock(&mutex));
}

TEST(mutex_under_a_spinlock_panics)
{
	host_run_kernel(1, sleep_with_spinlock);
}

static void wrong_order(void)
{
	mutex_init(&mutex, "inner", RANK_MUTEX_LEAF);
	init_rwsem(&sem, "outer", RANK_MMAP);
	mutex_lock(&mutex);
	CHECK_PANICS("lock order", down_read(&sem));
}

TEST(sleeping_locks_out_of_order_panic)
{
	host_run_kernel(1, wrong_order);
}
