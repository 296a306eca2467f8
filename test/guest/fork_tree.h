/* SPDX-License-Identifier: MIT */
/*
 * Trees of processes that write to what they inherited, and check that each of them finds exactly
 * what it and its ancestors wrote before the fork.
 *
 *	|pppppppp dense pppppppp|sss|pppp ... p    p    p    p    p
 *	 private, all touched	 |		   \ one page in 2 MiB
 *				 shared by all: counters
 *
 * Beside the memory lies a shadow of it, private too: what each page must hold. A wrong page is
 * counted in memory that all share; the first process hears of the end of the last one by a pipe.
 */
#pragma once

#include "guest.h"

#define TREE_DEPTH  5
#define TREE_SPREAD 24 /* pages, one in each 2 MiB */
#define TREE_SHARED 4  /* pages */
#define TREE_TABLE  (2UL << 20)

struct tree_totals {
	int wrong; /* pages with what they must not hold */
	int processes;
	long added; /* sum of all counters, as their writers know it */
};

struct tree {
	char *dense, *spread;
	unsigned int dense_pages, pages; /* pages: dense and spread */
	volatile long *counters;	 /* in the middle of dense, shared */
	uint64_t *shadow;		 /* of each page */
	struct tree_totals *totals;	 /* shared */
	uint64_t random;
	unsigned int most_children, writes;
	int end_pipe[2];
};

static inline unsigned int tree_pick(struct tree *t, unsigned int n)
{
	t->random = t->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (t->random >> 33) % n;
}

static inline bool tree_is_shared(struct tree *t, unsigned int page)
{
	return page >= t->dense_pages / 2 && page < t->dense_pages / 2 + TREE_SHARED;
}

/* The two words of a page that tell whose it is, at its ends. */
static inline volatile uint64_t *tree_word(struct tree *t, unsigned int page, bool last)
{
	char *at = page < t->dense_pages
			   ? t->dense + page * PAGE
			   : t->spread + (page - t->dense_pages) * (TREE_TABLE + PAGE);

	return (volatile uint64_t *)(at + (last ? PAGE - 8 : 0));
}

static inline void tree_write(struct tree *t, unsigned int page)
{
	uint64_t value = t->random ^ (uint64_t)page << 48;

	if (tree_is_shared(t, page))
		return;
	t->shadow[page] = value;
	*tree_word(t, page, false) = value;
	*tree_word(t, page, true) = value ? ~value : 0;
}

static inline void tree_check(struct tree *t, unsigned int page)
{
	uint64_t value = t->shadow[page];

	if (tree_is_shared(t, page))
		return;
	if (*tree_word(t, page, false) != value ||
	    *tree_word(t, page, true) != (value ? ~value : 0))
		__atomic_add_fetch(&t->totals->wrong, 1, __ATOMIC_SEQ_CST);
}

static inline void tree_check_all(struct tree *t)
{
	for (unsigned int i = 0; i < t->pages; i++)
		tree_check(t, i);
}

static inline void tree_wrong_if(struct tree *t, bool wrong)
{
	if (wrong)
		__atomic_add_fetch(&t->totals->wrong, 1, __ATOMIC_SEQ_CST);
}

/* Pages [first, first + n) of the dense part, all private; n may become smaller. */
static inline unsigned int tree_run(struct tree *t, unsigned int *n)
{
	unsigned int half = t->dense_pages / 2, first;

	*n = 1 + tree_pick(t, tree_pick(t, 3) ? 20 : half - TREE_SHARED);
	first = tree_pick(t, half - *n - TREE_SHARED + 1);
	return tree_pick(t, 2) ? first : first + half + TREE_SHARED;
}

/* Part of the memory goes, changes its rights, or moves away and back. */
static inline void tree_remap(struct tree *t)
{
	unsigned int n, first = tree_run(t, &n), i;
	char *at = t->dense + first * PAGE, *away;
	size_t len = n * PAGE;

	switch (tree_pick(t, 4)) {
	case 0:
		tree_wrong_if(t, madvise(at, len, MADV_DONTNEED));
		for (i = 0; i < n; i++)
			t->shadow[first + i] = 0;
		break;
	case 1:
		tree_wrong_if(t, mmap(at, len, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at);
		for (i = 0; i < n; i++)
			t->shadow[first + i] = 0;
		break;
	case 2:
		tree_wrong_if(t, mprotect(at, len, PROT_READ));
		tree_check(t, first);
		tree_wrong_if(t, mprotect(at, len, PROT_READ | PROT_WRITE));
		break;
	default:
		away = mremap(at, len, len, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
		if (away == MAP_FAILED) /* Linux before 5.13 does not do it */
			break;
		tree_wrong_if(t, *(volatile uint64_t *)away != t->shadow[first]);
		tree_wrong_if(t, mremap(away, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, at) != at);
	}
}

static inline void tree_count(struct tree *t)
{
	unsigned int i = tree_pick(t, TREE_SHARED * PAGE / sizeof(long));

	__atomic_add_fetch(&t->counters[i], 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&t->totals->added, 1, __ATOMIC_SEQ_CST);
}

static inline void tree_act(struct tree *t, unsigned int writes)
{
	unsigned int n, first, i;

	switch (tree_pick(t, 8)) {
	case 0:
		tree_remap(t);
		break;
	case 1:
		first = tree_run(t, &n);
		n = n < writes ? n : writes;
		for (i = 0; i < n; i++)
			tree_write(t, first + i);
		break;
	case 2:
		tree_count(t);
		break;
	default:
		for (i = 0; i < 1 + writes / 8; i++) {
			tree_pick(t, 2);
			tree_write(t, tree_pick(t, t->pages));
			tree_check(t, tree_pick(t, t->pages));
		}
	}
}

/* A process @depth forks below the first: acts, forks, acts, and ends; its children may live on. */
static inline void tree_node(struct tree *t, unsigned int depth)
{
	unsigned int children = depth >= TREE_DEPTH ? 0 : 1 + tree_pick(t, t->most_children), i;

	__atomic_add_fetch(&t->totals->processes, 1, __ATOMIC_SEQ_CST);
	if (depth)
		tree_check_all(t);
	for (i = 0; i < children; i++) {
		pid_t pid;

		tree_act(t, t->writes);
		pid = fork();
		tree_wrong_if(t, pid < 0);
		if (pid == 0) {
			t->random ^= (depth + 1) * 0x9e3779b97f4a7c15ULL + i;
			tree_node(t, depth + 1);
			_exit(0);
		}
		tree_act(t, t->writes);
		if (tree_pick(t, 2))
			waitpid(pid, NULL, 0);
		/* Deep trees, not wide ones. */
		if (depth && tree_pick(t, 3))
			break;
	}
	for (i = tree_pick(t, 4); i; i--)
		tree_act(t, t->writes);
	tree_check_all(t);
}

static inline void tree_set_up(struct tree *t, unsigned int dense_pages, uint64_t seed)
{
	unsigned int i;

	*t = (struct tree){.dense_pages = dense_pages,
			   .pages = dense_pages + TREE_SPREAD,
			   .random = seed,
			   .most_children = 3,
			   .writes = 40};
	t->dense = mmap(NULL, dense_pages * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	t->spread = mmap(NULL, TREE_SPREAD * (TREE_TABLE + PAGE), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	REQUIRE(t->dense != MAP_FAILED && t->spread != MAP_FAILED);
	madvise(t->dense, dense_pages * PAGE, MADV_NOHUGEPAGE);
	madvise(t->spread, TREE_SPREAD * (TREE_TABLE + PAGE), MADV_NOHUGEPAGE);
	t->counters = mmap(t->dense + dense_pages / 2 * PAGE, TREE_SHARED * PAGE,
			   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	REQUIRE(t->counters != MAP_FAILED);
	t->totals = guest_shared(sizeof(*t->totals));
	t->shadow = guest_map(t->pages * sizeof(t->shadow[0]));
	for (i = 0; i < t->pages; i++) {
		tree_pick(t, 2);
		tree_write(t, i);
	}
}

static inline void tree_tear_down(struct tree *t)
{
	munmap(t->dense, t->dense_pages * PAGE);
	munmap(t->spread, TREE_SPREAD * (TREE_TABLE + PAGE));
	munmap(t->shadow, t->pages * sizeof(t->shadow[0]));
	munmap(t->totals, sizeof(*t->totals));
}

/* One whole tree, in a child: this process is as before. Returns when its last process has ended. */
static inline void tree_grow(struct tree *t, uint64_t seed)
{
	pid_t pid;
	char c;

	REQUIRE(pipe(t->end_pipe) == 0);
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		t->random = seed * 0x9e3779b97f4a7c15ULL + 1;
		tree_node(t, 0);
		_exit(0);
	}
	close(t->end_pipe[1]);
	while (read(t->end_pipe[0], &c, 1) < 0 && errno == EINTR)
		;
	close(t->end_pipe[0]);
	waitpid(pid, NULL, 0);
}

/* Nothing wrong anywhere, and the counters add up. */
static inline void tree_verdict(struct tree *t)
{
	long sum = 0;

	tree_check_all(t);
	CHECK_EQ(t->totals->wrong, 0);
	for (unsigned int i = 0; i < TREE_SHARED * PAGE / sizeof(long); i++)
		sum += t->counters[i];
	CHECK_EQ(sum, t->totals->added);
}
