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

/* Two threads of one address space, each with half of the pages. */
static uint64_t two_threads_faulting(int n)
{
	char *p = map_anonymous(2 * n * PAGE);
	struct toucher half[2] = { { p, n }, { p + n * PAGE, n } };
	pthread_t id[2];
	uint64_t t;

	madvise(p, 2 * n * PAGE, MADV_NOHUGEPAGE);
	t = start();
	for (int i = 0; i < 2; i++)
		CHECK(!pthread_create(&id[i], NULL, touch_thread, &half[i]));
	for (int i = 0; i < 2; i++)
		pthread_join(id[i], NULL);
	t = stop(t) / 2;
	CHECK(p[(2 * n - 1) * PAGE] == 1);
	munmap(p, 2 * n * PAGE);
	return t;
}

const struct metric thread_metrics[] = {
	{ "thread_create_join", 200, thread_create_join, "pthread_create() and pthread_join()" },
	{ "futex_ping_pong", 500, futex_ping_pong, "a wake-up there and back between two threads" },
	{ "two_threads_faulting", 2000, two_threads_faulting, "a fault, two threads of one process at work" },
	{ }
};
