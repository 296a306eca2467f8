/* SPDX-License-Identifier: MIT */
/* fork() by the size of the parent, and what is paid later by who writes first. */
#define _GNU_SOURCE
#include "bench.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Only the fork() call of the parent, with @size bytes touched. At real-time priority, so that the
 * child does not run before fork() returns. */
static uint64_t fork_alone(int n, size_t size)
{
	const struct sched_param fifo = { .sched_priority = 1 }, normal = {};
	char *p = map_anonymous(size);
	uint64_t sum = 0;

	CHECK(!sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &fifo));
	touch(p, size);
	for (int i = 0; i < n; i++) {
		uint64_t t = start();
		pid_t pid = fork();

		if (!pid)
			_exit(p[size - PAGE]);
		sum += stop(t);
		wait_for(pid, 1);
	}
	CHECK(!sched_setscheduler(0, SCHED_OTHER, &normal));
	munmap(p, size);
	return sum;
}

static uint64_t fork_whole(int n, size_t size)
{
	char *p = map_anonymous(size);
	uint64_t t;

	touch(p, size);
	t = start();
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(p[size - PAGE]);
		wait_for(pid, 1);
	}
	t = stop(t);
	munmap(p, size);
	return t;
}

static uint64_t fork_1m(int n) { return fork_alone(n, MIB); }
static uint64_t fork_64m(int n) { return fork_alone(n, 64 * MIB); }
static uint64_t fork_512m(int n) { return fork_alone(n, 512 * MIB); }
static uint64_t fork_4g(int n) { return fork_alone(n, 4096 * MIB); }
static uint64_t fork_exit_wait_64m(int n) { return fork_whole(n, 64 * MIB); }
static uint64_t fork_exit_wait_512m(int n) { return fork_whole(n, 512 * MIB); }

/* The child of 512 MiB writes to every page: what a fork that shares puts off, with its interest. */
static uint64_t fork_touch_512m(int n)
{
	const size_t size = 512 * MIB;
	char *p = map_anonymous(size);
	uint64_t t;

	madvise(p, size, MADV_NOHUGEPAGE);
	touch(p, size);
	t = start();
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (!pid) {
			for (size_t at = 0; at < size; at += PAGE)
				p[at] += 2;
			_exit(p[0] + p[size - PAGE]);
		}
		wait_for(pid, 6);
	}
	t = stop(t);
	for (size_t at = 0; at < size; at += PAGE)
		CHECK(p[at] == 1);
	munmap(p, size);
	return t;
}

/* @n full 2 MiB page tables; the child writes to one page of each. */
static uint64_t fork_first_write(int n)
{
	const size_t table = 2 * MIB, size = (n + 1) * table;
	uint64_t *result = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *whole = map_anonymous(size), *p = (char *)(((uintptr_t)whole + table - 1) & ~(table - 1));
	uint64_t t;
	pid_t pid;

	CHECK(result != MAP_FAILED);
	madvise(whole, size, MADV_NOHUGEPAGE);
	touch(p, n * table);
	*result = 0;
	pid = fork();
	if (!pid) {
		t = start();
		for (int i = 0; i < n; i++)
			p[i * table + 100 * PAGE] = 2;
		*result = stop(t);
		for (int i = 0; i < n; i++)
			CHECK(p[i * table + 100 * PAGE] == 2 && p[i * table + 101 * PAGE] == 1);
		_exit(3);
	}
	wait_for(pid, 3);
	for (int i = 0; i < n; i++)
		CHECK(p[i * table + 100 * PAGE] == 1);
	t = *result;
	munmap(whole, size);
	munmap(result, PAGE);
	return t;
}

const struct metric fork_metrics[] = {
	{ "fork_exit_wait_64m", 5, fork_exit_wait_64m, "fork(), exit, wait with 64 MiB touched" },
	{ "fork_exit_wait_512m", 2, fork_exit_wait_512m, "the same with 512 MiB touched" },
	{ "fork_1m", 20, fork_1m, "fork() alone in the parent, 1 MiB touched" },
	{ "fork_64m", 20, fork_64m, "fork() alone, 64 MiB touched" },
	{ "fork_512m", 20, fork_512m, "fork() alone, 512 MiB touched" },
	{ "fork_4g", 10, fork_4g, "fork() alone, 4 GiB touched", NO_WARM_UP | IF_NAMED },
	{ "fork_touch_512m", 1, fork_touch_512m, "fork() of 512 MiB, child writes every page, exits", NO_WARM_UP },
	{ "fork_first_write", 64, fork_first_write, "child's first write below a page table of 512 pages" },
	{ }
};
