/* SPDX-License-Identifier: MIT */
/*
 * 64 threads on a mutex and a condition variable: a bounded queue between producers and consumers,
 * a relay in a ring, and a
 * counter under the mutex. What is printed does not depend on the schedule.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define THREADS	 64
#define ITEMS	 30
#define CAPACITY 7
#define ROUNDS	 12

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static int queue[CAPACITY], queued, first;
static long produced, consumed, counter;
static _Thread_local long mine;

static void check(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "%s: error %d\n", what, err);
		exit(1);
	}
}

static void *producer(void *argument)
{
	long base = (long)argument * ITEMS;

	for (int i = 0; i < ITEMS; i++) {
		pthread_mutex_lock(&lock);
		while (queued == CAPACITY)
			pthread_cond_wait(&not_full, &lock);
		queue[(first + queued++) % CAPACITY] = base + i;
		produced += base + i;
		pthread_cond_signal(&not_empty);
		pthread_mutex_unlock(&lock);
		mine += base + i;
	}
	return (void *)mine;
}

static void *consumer(void *argument)
{
	for (int i = 0; i < ITEMS; i++) {
		pthread_mutex_lock(&lock);
		while (!queued)
			pthread_cond_wait(&not_empty, &lock);
		int item = queue[first];
		first = (first + 1) % CAPACITY;
		queued--;
		consumed += item;
		mine += item;
		pthread_cond_signal(&not_full);
		pthread_mutex_unlock(&lock);
	}
	return (void *)mine;
}

static int turn;
static pthread_cond_t turns = PTHREAD_COND_INITIALIZER;

/* Each thread waits for its turn; every change wakes all 64. */
static void *relay(void *argument)
{
	int self = (long)argument;

	for (int round = 0; round < ROUNDS / 4; round++) {
		pthread_mutex_lock(&lock);
		while (turn % THREADS != self)
			pthread_cond_wait(&turns, &lock);
		turn++;
		pthread_cond_broadcast(&turns);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static pthread_barrier_t barrier;
static sem_t semaphore;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_count;

static void run_once(void)
{
	once_count++;
}

static void *count(void *argument)
{
	pthread_once(&once, run_once);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < 50; i++) {
			pthread_mutex_lock(&lock);
			counter++;
			pthread_mutex_unlock(&lock);
		}
		if (round % 10 == 0)
			pthread_barrier_wait(&barrier);
	}
	sem_post(&semaphore);
	return NULL;
}

static void *asleep(void *argument)
{
	for (;;)
		nanosleep(&(struct timespec){.tv_sec = 1000}, NULL);
	return NULL;
}

static void run_all(void *(*function)(void *), void *(*other)(void *), const char *name)
{
	pthread_t threads[THREADS];
	long sum = 0;

	for (long i = 0; i < THREADS; i++)
		check(pthread_create(&threads[i], NULL, other && i % 2 ? other : function, (void *)i), "create");
	for (int i = 0; i < THREADS; i++) {
		void *result;

		check(pthread_join(threads[i], &result), "join");
		sum += (long)result;
	}
	printf("%s: results add up to %s\n", name, sum == produced + consumed ? "what was seen" : "something else");
}

int main(void)
{
	struct timespec deadline;
	pthread_t sleeper;
	void *result;

	run_all(producer, consumer, "queue");
	printf("produced %ld, consumed %ld, left %d\n", produced, consumed, queued);
	produced = consumed = 0;
	run_all(relay, NULL, "relay");
	printf("turns %d\n", turn);
	check(pthread_barrier_init(&barrier, NULL, THREADS), "barrier");
	sem_init(&semaphore, 0, 0);
	run_all(count, NULL, "counter");
	for (int i = 0; i < THREADS; i++)
		sem_wait(&semaphore);
	printf("counter %ld, once %d\n", counter, once_count);

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_nsec += 20000000;
	if (deadline.tv_nsec >= 1000000000) {
		deadline.tv_sec++;
		deadline.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&lock);
	printf("timed wait: %s\n", pthread_cond_timedwait(&turns, &lock, &deadline) == ETIMEDOUT ? "timed out" : "?");
	pthread_mutex_unlock(&lock);
	check(pthread_create(&sleeper, NULL, asleep, NULL), "create");
	check(pthread_cancel(sleeper), "cancel");
	check(pthread_join(sleeper, &result), "join");
	printf("cancelled: %d\n", result == PTHREAD_CANCELED);
	fflush(stdout);
	/* Threads asleep do not keep the process. */
	for (int i = 0; i < 8; i++)
		check(pthread_create(&sleeper, NULL, asleep, NULL), "create");
	exit(3);
}
