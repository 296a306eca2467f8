/* SPDX-License-Identifier: MIT */
/*
 * Pages that were unmapped and wait for the TLB flush that must come before they are freed. Lives
 * on the stack of who unmaps.
 */
#pragma once

#include "mm/mm_types.h"

#define GATHER_INLINE	   96 /* pages without an allocation */
#define GATHER_BATCH_PAGES ((PAGE_SIZE - 16) / sizeof(void *))
#define GATHER_MAX_BATCHES 32 /* 64 MiB between two flushes */

struct gather_batch {
	struct gather_batch *next;
	unsigned long nr;
	struct page *pages[GATHER_BATCH_PAGES];
};

struct gather {
	struct mm_struct *mm;
	unsigned long start, end; /* addresses whose translations must go; start >= end: none */
	long rss[NR_MM_COUNTERS]; /* pages taken off since the last flush */
	unsigned int nr_inline, nr_batches;
	bool may_allocate;
	struct gather_batch *batches; /* the one being filled first */
	struct page *pages[GATHER_INLINE];
};

/* @may_allocate: gather_prepare() may (rmap_lock is not held). */
void gather_init(struct gather *g, struct mm_struct *mm, bool may_allocate);
/* Try to have room for @nr pages: takes a page of memory for the list, but does not sleep nor
 * complain. No table lock held. */
void gather_prepare(struct gather *g, unsigned int nr);
/* Flush, then free what was gathered; the gather is empty again. May sleep (waits for other CPUs);
 * no spinlock held. */
void gather_flush(struct gather *g);

/* Translations of [start, end) must go. */
static inline void gather_range(struct gather *g, unsigned long start, unsigned long end)
{
	if (start < g->start)
		g->start = start;
	if (end > g->end)
		g->end = end;
}

/* Where the next pages go, *room of them; gather_added() says how many came, whose references are
 * then the gather's. */
static inline struct page **gather_slots(struct gather *g, unsigned int *room)
{
	struct gather_batch *batch = g->batches;

	if (batch) {
		*room = GATHER_BATCH_PAGES - batch->nr;
		return batch->pages + batch->nr;
	}
	*room = GATHER_INLINE - g->nr_inline;
	return g->pages + g->nr_inline;
}

static inline void gather_added(struct gather *g, unsigned int nr)
{
	if (g->batches)
		g->batches->nr += nr;
	else
		g->nr_inline += nr;
}
