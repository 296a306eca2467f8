/* SPDX-License-Identifier: MIT */
/* Threads of the C library: create, join, mutexes, conditions, local storage, exit. */
#include "guest.h"
#include <pthread.h>
#include <semaphore.h>

#define THREADS 64

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int arrived, released;
static long counter;

static void *meet(void *argument)
{
	for (int i = 0; i < 50; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	pthread_mutex_lock(&mutex);
	if (++arrived == THREADS)
		pthread_cond_broadcast(&condition);
	while (arrived < THREADS)
		pthread_cond_wait(&condition, &mutex);
	released++;
	pthread_mutex_unlock(&mutex);
	return (void *)((long)argument * 3);
}

TEST(sixty_four_threads_on_a_mutex_and_a_condition)
{
	pthread_t threads[THREADS];
	void *result;

	for (long i = 0; i < THREADS; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, meet, (void *)i), 0);
	for (long i = 0; i < THREADS; i++) {
		CHECK_EQ(pthread_join(threads[i], &result), 0);
		CHECK_EQ((long)result, i * 3);
	}
	CHECK_EQ(counter, THREADS * 50);
	CHECK_EQ(released, THREADS);
}

static void *get_ids(void *argument)
{
	pid_t *ids = argument;

	ids[0] = getpid();
	ids[1] = syscall(SYS_gettid);
	ids[2] = getppid();
	return NULL;
}

TEST(a_thread_has_the_pid_of_its_group)
{
	pthread_t thread;
	pid_t ids[3];

	pthread_create(&thread, NULL, get_ids, ids);
	pthread_join(thread, NULL);
	CHECK_EQ(ids[0], getpid());
	CHECK(ids[1] != getpid());
	CHECK_EQ(ids[2], getppid());
}

static __thread int local = 7;
static __thread char large[100];

static void *use_local(void *argument)
{
	CHECK_EQ(local, 7);
	local = (long)argument;
	large[99] = (long)argument;
	for (int i = 0; i < 20; i++) {
		sched_yield();
		if (local != (long)argument || large[99] != (char)(long)argument)
			CHECK(!"another thread's storage");
	}
	return NULL;
}

TEST(thread_local_storage)
{
	pthread_t threads[8];

	local = 1000;
	for (long i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, use_local, (void *)i);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(local, 1000);
}

TEST(thread_local_storage_survives_fork)
{
	local = 55;
	CHECK_EXITED(IN_CHILD({ CHECK_EQ(local, 55); local = 56; }), 0);
	CHECK_EQ(local, 55);
}

static int turn;

static void *ping_pong(void *argument)
{
	int me = (long)argument;

	for (int i = 0; i < 100; i++) {
		pthread_mutex_lock(&mutex);
		while (turn != me)
			pthread_cond_wait(&condition, &mutex);
		turn = !me;
		pthread_cond_broadcast(&condition);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

TEST(two_threads_take_turns)
{
	pthread_t a, b;

	pthread_create(&a, NULL, ping_pong, (void *)0);
	pthread_create(&b, NULL, ping_pong, (void *)1);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	CHECK_EQ(turn, 0);
}

TEST(condition_with_time_limit)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_nsec += 30000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	uint64_t start = guest_now();

	pthread_mutex_lock(&mutex);
	CHECK_EQ(pthread_cond_timedwait(&condition, &mutex, &end), ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
	CHECK(guest_now() - start >= 25000000);
}

static pthread_barrier_t barrier_of_threads;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t semaphore;
static int once_count, serials;

static void count_once(void)
{
	once_count++;
}

static void *use_all(void *argument)
{
	pthread_once(&once, count_once);
	for (int i = 0; i < 10; i++) {
		if (pthread_barrier_wait(&barrier_of_threads) == PTHREAD_BARRIER_SERIAL_THREAD)
			__atomic_add_fetch(&serials, 1, __ATOMIC_SEQ_CST);
		pthread_rwlock_rdlock(&rwlock);
		long seen = counter;

		sched_yield();
		if (seen != counter)
			CHECK(!"written while read-locked");
		pthread_rwlock_unlock(&rwlock);
		pthread_rwlock_wrlock(&rwlock);
		counter++;
		pthread_rwlock_unlock(&rwlock);
	}
	sem_post(&semaphore);
	return NULL;
}

TEST(barriers_rwlocks_once_semaphores)
{
	pthread_t threads[8];

	pthread_barrier_init(&barrier_of_threads, NULL, 8);
	sem_init(&semaphore, 0, 0);
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, use_all, NULL);
	for (int i = 0; i < 8; i++)
		CHECK_OK(sem_wait(&semaphore));
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(once_count, 1);
	CHECK_EQ(serials, 10);
	CHECK_EQ(counter, 80);
}

static void *wait_for_cancel(void *argument)
{
	for (;;)
		pause();
	return NULL;
}

TEST(cancellation)
{
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, wait_for_cancel, NULL);
	guest_sleep_ms(5);
	CHECK_EQ(pthread_cancel(thread), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK(result == PTHREAD_CANCELED);
}

static void *exit_process(void *argument)
{
	exit(19);
}

TEST(exit_in_a_thread_ends_all)
{
	CHECK_EXITED(IN_CHILD({
		pthread_t thread;

		pthread_create(&thread, NULL, exit_process, NULL);
		for (;;)
			pause();
	}), 19);
}

static void *crash(void *argument)
{
	*(volatile int *)0 = 1;
	return NULL;
}

TEST(a_crash_in_a_thread_kills_all)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	CHECK_DIES(SIGSEGV, {
		pthread_t thread;

		pthread_create(&thread, NULL, crash, NULL);
		for (;;)
			;
	});
}

static void *return_argument(void *argument)
{
	return argument;
}

TEST(many_short_threads)
{
	for (long i = 0; i < 300; i++) {
		pthread_t thread;
		void *result = NULL;

		if (pthread_create(&thread, NULL, return_argument, (void *)i)) {
			CHECK(!"pthread_create");
			break;
		}
		pthread_join(thread, &result);
		if (result != (void *)i)
			CHECK(!"wrong result");
	}
	/* A joined thread may still be on its last steps in the kernel. */
	CHECK(WAIT_UNTIL(guest_field("/proc/self/status", "Threads") == 1));
}

TEST(detached_threads_go_away)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 50; i++)
		CHECK_EQ(pthread_create(&thread, &attr, return_argument, NULL), 0);
	CHECK(WAIT_UNTIL(guest_field("/proc/self/status", "Threads") == 1));
}

static void *fork_and_wait(void *argument)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(guest_field("/proc/self/status", "Threads"));
	CHECK_EXITED(pid, 1);
	return NULL;
}

TEST(fork_in_threads_copies_only_the_caller)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, fork_and_wait, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* A mutex shared by processes: a futex whose key is the page of a file. */
TEST(mutex_shared_between_processes)
{
	struct {
		pthread_mutex_t mutex;
		pthread_cond_t condition;
		long count;
	} *shared = guest_shared(PAGE);
	pthread_mutexattr_t ma;
	pthread_condattr_t ca;
	pid_t pids[4];

	pthread_mutexattr_init(&ma);
	pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->mutex, &ma);
	pthread_condattr_init(&ca);
	pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&shared->condition, &ca);
	for (int i = 0; i < 4; i++)
		pids[i] = IN_CHILD({
			for (int n = 0; n < 200; n++) {
				pthread_mutex_lock(&shared->mutex);
				shared->count++;
				if (n % 50 == 0)
					sched_yield();
				pthread_mutex_unlock(&shared->mutex);
			}
			pthread_mutex_lock(&shared->mutex);
			while (shared->count < 800)
				pthread_cond_wait(&shared->condition, &shared->mutex);
			pthread_cond_broadcast(&shared->condition);
			pthread_mutex_unlock(&shared->mutex);
		});
	CHECK(WAIT_UNTIL(*(volatile long *)&shared->count >= 800));
	pthread_cond_broadcast(&shared->condition);
	for (int i = 0; i < 4; i++)
		CHECK_EXITED(pids[i], 0);
	CHECK_EQ(shared->count, 800);
}

TEST(priority_inheritance_mutex_or_an_honest_error)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;

	pthread_mutexattr_init(&attr);
	if (pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) ||
	    pthread_mutex_init(&m, &attr))
		return;
	CHECK_EQ(pthread_mutex_lock(&m), 0); /* uncontended it needs no kernel */
	CHECK_EQ(pthread_mutex_unlock(&m), 0);
}
