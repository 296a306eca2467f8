/* SPDX-License-Identifier: MIT */
/* Mappings and faults. */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t mmap_munmap(int n)
{
	uint64_t t = start();

	for (int i = 0; i < n; i++) {
		void *p = map_anonymous(16 * PAGE);

		CHECK(!munmap(p, 16 * PAGE));
	}
	return stop(t);
}

static uint64_t anon_fault(int n)
{
	char *p = map_anonymous(n * PAGE);
	uint64_t t;

	madvise(p, n * PAGE, MADV_NOHUGEPAGE);
	t = start();
	touch(p, n * PAGE);
	t = stop(t);
	CHECK(p[(n - 1) * PAGE] == 1 && p[1] == 0);
	munmap(p, n * PAGE);
	return t;
}

static uint64_t zero_fault(int n)
{
	volatile char *p = map_anonymous(n * PAGE);
	uint64_t t, sum = 0;

	madvise((void *)p, n * PAGE, MADV_NOHUGEPAGE);
	t = start();
	for (int i = 0; i < n; i++)
		sum += p[i * PAGE];
	t = stop(t);
	CHECK(sum == 0);
	munmap((void *)p, n * PAGE);
	return t;
}

/* The child writes to pages it shares with its parent: a copy of each. The result comes back
 * through shared memory. */
static uint64_t cow_fault(int n)
{
	uint64_t *result = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), t;
	char *p = map_anonymous(n * PAGE);
	int status;

	touch(p, n * PAGE);
	*result = 0;
	if (!fork()) {
		touch(p, PAGE); /* the table's own copy, where there is such a thing */
		t = start();
		for (int i = 1; i < n; i++)
			p[i * PAGE] = 2;
		*result = stop(t);
		_exit(0);
	}
	CHECK(wait(&status) > 0 && status == 0);
	CHECK(p[(n - 1) * PAGE] == 1);
	t = *result * n / (n > 1 ? n - 1 : 1);
	munmap(p, n * PAGE);
	munmap(result, PAGE);
	return t;
}

/* Write-protected by a fork whose child is gone: the page is taken over in place. */
static uint64_t cow_reuse(int n)
{
	char *p = map_anonymous(n * PAGE);
	uint64_t t;
	int status;

	touch(p, n * PAGE);
	if (!fork())
		_exit(0);
	CHECK(wait(&status) > 0);
	touch(p, PAGE);
	t = start();
	for (int i = 1; i < n; i++)
		p[i * PAGE] = 2;
	t = stop(t) * n / (n > 1 ? n - 1 : 1);
	CHECK(p[(n - 1) * PAGE] == 2);
	munmap(p, n * PAGE);
	return t;
}

/* A file of @n pages on tmpfs, all in the page cache. */
static int cached_file(int n)
{
	int fd = open("/tmp/bench-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char page[PAGE];

	CHECK(fd >= 0);
	memset(page, 'x', sizeof(page));
	for (int i = 0; i < n; i++)
		CHECK(write(fd, page, PAGE) == (ssize_t)PAGE);
	unlink("/tmp/bench-file");
	return fd;
}

static uint64_t file_fault(int n)
{
	int fd = cached_file(n);
	volatile char *p = mmap(NULL, n * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	uint64_t t, sum = 0;

	t = start();
	for (int i = 0; i < n; i++)
		sum += p[i * PAGE];
	t = stop(t);
	CHECK(sum == (uint64_t)n * 'x');
	munmap((void *)p, n * PAGE);
	close(fd);
	return t;
}

static uint64_t munmap_page(int n)
{
	char *p = map_anonymous(n * PAGE);
	uint64_t t;

	madvise(p, n * PAGE, MADV_NOHUGEPAGE);
	touch(p, n * PAGE);
	t = start();
	CHECK(!munmap(p, n * PAGE));
	return stop(t);
}

static uint64_t mprotect_split(int n)
{
	char *p = map_anonymous(16 * PAGE);
	uint64_t t;

	touch(p, 16 * PAGE);
	t = start();
	for (int i = 0; i < n; i++) {
		CHECK(!mprotect(p + 4 * PAGE, 4 * PAGE, PROT_READ));
		CHECK(!mprotect(p + 4 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE));
	}
	t = stop(t);
	p[4 * PAGE] = 3;
	munmap(p, 16 * PAGE);
	return t;
}

static uint64_t mremap_move(int n)
{
	char *p = map_anonymous(4 * MIB), *q;
	uint64_t t;

	touch(p, 4 * MIB);
	t = start();
	for (int i = 0; i < n; i++) {
		q = mmap(NULL, 4 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(mremap(p, 4 * MIB, 4 * MIB, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q);
		p = q;
	}
	t = stop(t);
	CHECK(p[3 * MIB] == 1);
	munmap(p, 4 * MIB);
	return t;
}

static uint64_t brk_touch(int n)
{
	char *p = sbrk(0);
	uint64_t t = start();

	for (int i = 0; i < n; i++) {
		CHECK(sbrk(PAGE) != (void *)-1);
		p[i * PAGE] = 1;
	}
	t = stop(t);
	CHECK(sbrk(-(long)(n * PAGE)) != (void *)-1);
	return t;
}

#define MANY 20000

/* A range of 2 * MANY pages of which every @step-th odd one has another protection: that cuts the
 * rest into MANY / @step VMAs. */
static char *split_range(char *p, int step)
{
	for (int i = step - 1; i < MANY; i += step)
		CHECK(!mprotect(p + (2ul * i + 1) * PAGE, PAGE, PROT_READ));
	return p;
}

static char *small_pages(size_t size)
{
	char *p = map_anonymous(size);

	madvise(p, size, MADV_NOHUGEPAGE);
	return p;
}

static uint64_t split_20000(int n)
{
	char *p = small_pages(2ul * MANY * PAGE);
	uint64_t t = start();

	split_range(p, 1);
	t = stop(t) / MANY * n;
	munmap(p, 2ul * MANY * PAGE);
	return t;
}

/* The same pages are touched in the same order, however many VMAs they lie in. */
static uint64_t fault_among(int n, int vmas)
{
	char *p = split_range(small_pages(2ul * MANY * PAGE), MANY / vmas);
	uint64_t t = start();

	for (int i = 0; i < n; i++)
		p[2ul * (i * 7919ul % MANY) * PAGE] = 1;
	t = stop(t);
	for (int i = 0; i < n; i++)
		CHECK(p[2ul * (i * 7919ul % MANY) * PAGE] == 1);
	munmap(p, 2ul * MANY * PAGE);
	return t;
}

static uint64_t fault_10(int n) { return fault_among(n, 10); }
static uint64_t fault_20000(int n) { return fault_among(n, MANY); }

static uint64_t two_processes_faulting(int n)
{
	char *p = map_anonymous(n * PAGE);
	uint64_t t;
	int status;

	madvise(p, n * PAGE, MADV_NOHUGEPAGE);
	t = start();
	for (int i = 0; i < 2; i++)
		if (!fork()) {
			touch(p, n * PAGE);
			_exit(p[(n - 1) * PAGE]);
		}
	for (int i = 0; i < 2; i++)
		CHECK(wait(&status) > 0 && WEXITSTATUS(status) == 1);
	t = stop(t) / 2;
	munmap(p, n * PAGE);
	return t;
}

const struct metric memory_metrics[] = {
	{ "mmap_munmap", 500, mmap_munmap, "mmap() and munmap() of 16 pages, untouched" },
	{ "anon_fault_4k", 2000, anon_fault, "first write to an anonymous page, clearing included" },
	{ "zero_fault", 2000, zero_fault, "first read of an anonymous page: the zero page" },
	{ "cow_fault", 1000, cow_fault, "first write to a page shared by fork, copy included" },
	{ "cow_reuse", 1000, cow_reuse, "the same when the other owner is gone: no copy" },
	{ "file_fault", 2000, file_fault, "first read of a mapped file's page that is in the page cache" },
	{ "munmap_page", 2000, munmap_page, "munmap() of touched memory, a page" },
	{ "mprotect", 500, mprotect_split, "mprotect() of a part and back: split and merge" },
	{ "mremap_4m", 50, mremap_move, "mremap() that moves 4 MiB, with the mmap() of its target" },
	{ "brk_touch", 500, brk_touch, "brk() by a page, and the touch of it" },
	{ "split_20000", 1, split_20000, "mprotect() that splits, on the way to 20,000 VMAs and more" },
	{ "fault_10", 2000, fault_10, "anonymous fault, its range cut into 10 VMAs (and 10 between them)" },
	{ "fault_20000", 2000, fault_20000, "the same pages, their range cut into 20,000 (and 20,000 between)" },
	{ "two_processes_faulting", 2000, two_processes_faulting, "a fault, two processes at work" },
	{ }
};
