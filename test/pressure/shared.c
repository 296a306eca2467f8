/* SPDX-License-Identifier: MIT */
/* Memory that all processes share and change: half of it MAP_SHARED|MAP_ANONYMOUS, half a memfd that
 * each maps anew now and then. A page's lock and version lie in such memory too; counters that all
 * add to must come out at what was added. */
#include "pressure.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define SHARED_OWNER 0xf0000
#define COUNTERS     4096

struct page_state {
	_Atomic uint32_t locked;
	uint32_t version;
};

static struct {
	size_t pages; /* of both halves */
	char *anonymous;
	int memfd;
	struct page_state *state;
	_Atomic uint64_t *counter;
} shared;

/* Each thread's own mapping of the memfd. */
static _Thread_local char *mapped;

static void *map_shared(size_t size, int fd)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

void make_shared(size_t pages)
{
	size_t half = pages / 2 * PAGE;

	shared.pages = pages / 2 * 2;
	shared.memfd = memfd_create("pressure", MFD_CLOEXEC);
	shared.anonymous = map_shared(half, -1);
	shared.state = map_shared(shared.pages * sizeof(*shared.state), -1);
	shared.counter = map_shared(COUNTERS * 8, -1);
	if (shared.memfd < 0 || ftruncate(shared.memfd, half) || !shared.anonymous ||
	    !shared.state || !shared.counter) {
		error("shared memory: %s", strerror(errno));
		_exit(1);
	}
}

/* NULL: no room to map it just now. */
static char *address_of(struct arena *a, size_t page)
{
	size_t half = shared.pages / 2;

	if (page < half)
		return shared.anonymous + page * PAGE;
	if (mapped && !random_below(a, 256)) {
		munmap(mapped, half * PAGE);
		mapped = NULL;
	}
	if (!mapped) {
		injection_begins(a);
		mapped = map_shared(half * PAGE, shared.memfd);
		injection_ends(a);
	}
	if (!mapped) {
		tolerated(a, "mmap of a memfd", errno);
		return NULL;
	}
	return mapped + (page - half) * PAGE;
}

static void change_page(struct arena *a, size_t page)
{
	struct page_state *state = &shared.state[page];
	struct tag tag = {SHARED_OWNER, 0, page};
	char *p = address_of(a, page), copy[PAGE] __attribute__((aligned(8)));

	if (!p || atomic_exchange_explicit(&state->locked, 1, memory_order_acquire))
		return; /* somebody else is at it */
	tag.version = state->version;
	count(&counts(a)->verified, 1);
	if (!check_page(p, tag, "shared page", p))
		return;
	if (random_below(a, 2)) {
		tag.version = new_version();
		fill_page(p, tag);
		state->version = tag.version;
		count(&counts(a)->written, 1);
	}
	if (page >= shared.pages / 2 && !random_below(a, 8) &&
	    pread(shared.memfd, copy, PAGE, (page - shared.pages / 2) * PAGE) == PAGE)
		check_page(copy, tag, "page read from a memfd", NULL);
	atomic_store_explicit(&state->locked, 0, memory_order_release);
}

void shared_step(struct arena *a)
{
	size_t first = random_below(a, shared.pages), pages = 1 + random_below(a, 64);
	char *p;

	for (size_t i = 0; i < pages && !atomic_load(&control->stop); i++)
		change_page(a, (first + i) % shared.pages);
	for (int i = 0; i < 16; i++) {
		uint64_t n = 1 + random_below(a, 100);

		count(&shared.counter[random_below(a, COUNTERS)], n);
		count(&counts(a)->added, n);
	}
	if (!random_below(a, 8))
		madvise((void *)(shared.counter + random_below(a, COUNTERS / 512) * 512), PAGE,
			MADV_PAGEOUT);
	p = address_of(a, first);
	if (p && !random_below(a, 8))
		madvise(p, PAGE, MADV_PAGEOUT); /* pages it as told, or leaves it */
}

void verify_shared(void)
{
	struct arena a = {.random = options.seed | 1};
	uint64_t sum = 0, added = 0;

	for (size_t page = 0; page < shared.pages; page++) {
		struct tag tag = {SHARED_OWNER, shared.state[page].version, page};
		char *p = address_of(&a, page);

		if (shared.state[page].locked)
			error("shared page %zu is still locked", page);
		if (p)
			check_page(p, tag, "shared page at the end", p);
		count(&control->worker[0].verified, 1);
	}
	for (size_t i = 0; i < COUNTERS; i++)
		sum += shared.counter[i];
	for (unsigned int i = 0; i < MAX_WORKERS; i++)
		added += control->worker[i].added;
	if (sum != added)
		error("shared counters are %llu, but %llu was added", (unsigned long long)sum,
		      (unsigned long long)added);
}
