/* SPDX-License-Identifier: MIT */
/* Locked pages: they are in memory whatever happens, and so they say themselves. */
#include "pressure.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void make_locked(struct arena *a, size_t pages)
{
	struct region *r = &a->locked;

	make_region(r, pages, (a->worker * MAX_THREADS + a->thread) << 8 | 0x40);
	if (mlock(r->base, pages * PAGE)) {
		error("mlock: %s", strerror(errno));
		_exit(1);
	}
	for (size_t i = 0; i < pages; i++)
		write_region_page(a, r, i);
}

/* A page that is being moved looks as if it were swapped out, but not for long. */
static bool in_memory(const char *p)
{
	unsigned char resident;

	for (int i = 0; i < 20; i++) {
		uint64_t entry = pagemap(p);

		if (entry & PAGEMAP_PRESENT && !(entry & PAGEMAP_SWAPPED) &&
		    !mincore((void *)p, PAGE, &resident) && resident & 1)
			return true;
		usleep(500);
	}
	return false;
}

void locked_step(struct arena *a)
{
	struct region *r = &a->locked;
	size_t first;

	if (!r->pages)
		return;
	first = random_below(a, r->pages);
	for (size_t n = 0; n < 8; n++) {
		size_t i = (first + n) % r->pages;

		/* Looked at before it is touched. */
		if (!in_memory(r->base + i * PAGE))
			error("locked page %p is not in memory (pagemap %#llx)",
			      (void *)(r->base + i * PAGE),
			      (unsigned long long)pagemap(r->base + i * PAGE));
		if (!verify_region_page(a, r, i))
			return;
		if (!random_below(a, 4))
			write_region_page(a, r, i);
	}
}
