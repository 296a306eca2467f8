/* SPDX-License-Identifier: MIT */
/* Hot pages: one thread counts in them as fast as it can, while the others of its process tell the
 * kernel to page them out. A count that is written through a forgotten translation is lost. */
#include "pressure.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_COLD
#define MADV_COLD    20
#define MADV_PAGEOUT 21
#endif

#define HOT_PAGES 16
#define COUNTS	  20000 /* of one step */

static struct hot {
	_Atomic(char *) base;
	uint64_t model[HOT_PAGES];
} hot[MAX_THREADS]; /* each its thread's; the others look at base only */

void make_hot(struct arena *a)
{
	char *p = mmap(NULL, HOT_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED) {
		error("hot pages: %s", strerror(errno));
		_exit(1);
	}
	hot[a->thread].base = p;
}

void hot_step(struct arena *a)
{
	struct hot *h = &hot[a->thread];
	char *base = h->base;
	size_t page = random_below(a, HOT_PAGES);
	volatile uint64_t *word;

	for (unsigned int i = 0; i < COUNTS; i++) {
		/* A few pages often, so that their translations stay. */
		if (i % 64 == 0)
			page = random_below(a, HOT_PAGES);
		word = (volatile uint64_t *)(base + page * (PAGE + 64));
		if (*word != h->model[page]) {
			error("hot page %p (pagemap %#llx): count is %llu instead of %llu",
			      (void *)word, (unsigned long long)pagemap((void *)word),
			      (unsigned long long)*word, (unsigned long long)h->model[page]);
			return;
		}
		*word = ++h->model[page];
	}
	count(&counts(a)->written, 1);
}

void cool_step(struct arena *a)
{
	char *base = hot[random_below(a, options.threads)].base;

	if (base && madvise(base, HOT_PAGES * PAGE, random_below(a, 4) ? MADV_PAGEOUT : MADV_COLD))
		tolerated(a, "madvise of hot pages", errno);
}
