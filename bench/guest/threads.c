/* SPDX-License-Identifier: MIT */
/*
 * Threads. They come last: the first thread changes what libc does ever after (locks,
 * cancellation), and the stacks that libc keeps
 * make every fork dearer.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *thread(void *arg)
{
	return arg;
}

static uint64_t thread_create_join(int n)
{
	uint64_t t = start();

	for (long i = 0; i < n; i++) {
		pthread_t id;
		void *ret;

		CHECK(!pthread_create(&id, NULL, thread, (void *)i));
		CHECK(!pthread_join(id, &ret) && ret == (void *)i);
	}
	return stop(t);
}

static _Atomic int turn;

static void futex_wait(int value)
{
	while (turn == value)
		syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_pass(int value)
{
	turn = value;
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *futex_partner(void *arg)
{
	for (int i = 0; i < *(int *)arg; i++) {
		futex_wait(0);
		futex_pass(0);
	}
	return NULL;
}

static uint64_t futex_ping_pong(int n)
{
	pthread_t id;
	uint64_t t;

	turn = 0;
	CHECK(!pthread_create(&id, NULL, futex_partner, &n));
	t = start();
	for (int i = 0; i < n; i++) {
		futex_pass(1);
		futex_wait(1);
	}
	t = stop(t);
	pthread_join(id, NULL);
	return t;
}

#define MOST_THREADS 8

struct toucher {
	char *p;
	int n;
};

static void *touch_thread(void *arg)
{
	struct toucher *t = arg;

	touch(t->p, t->n * PAGE);
	return NULL;
}

/* @threads threads of one address space, each with its part of the pages, @n. */
static uint64_t threads_faulting(int n, int threads)
{
	char *p = map_anonymous(threads * n * PAGE);
	struct toucher part[MOST_THREADS];
	pthread_t id[MOST_THREADS];
	uint64_t t;

	madvise(p, threads * n * PAGE, MADV_NOHUGEPAGE);
	t = start();
	for (int i = 0; i < threads; i++) {
		part[i] = (struct toucher){ p + i * n * PAGE, n };
		CHECK(!pthread_create(&id[i], NULL, touch_thread, &part[i]));
	}
	for (int i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
	t = stop(t) / threads;
	for (long i = 0; i < (long)threads * n; i++)
		CHECK(p[i * PAGE] == 1);
	munmap(p, threads * n * PAGE);
	return t;
}

static uint64_t one_thread_faulting(int n) { return threads_faulting(n, 1); }
static uint64_t two_threads_faulting(int n) { return threads_faulting(n, 2); }
static uint64_t eight_threads_faulting(int n) { return threads_faulting(n, 8); }

const struct metric thread_metrics[] = {
	{ "thread_create_join", 200, thread_create_join, "pthread_create() and pthread_join()" },
	{ "futex_ping_pong", 500, futex_ping_pong, "a wake-up there and back between two threads" },
	{ "one_thread_faulting", 2000, one_thread_faulting, "a fault, the one thread besides main at work" },
	{ "two_threads_faulting", 2000, two_threads_faulting, "a fault, two threads of one process at work" },
	{ "eight_threads_faulting", 1000, eight_threads_faulting, "the same, eight threads" },
	{ }
};
