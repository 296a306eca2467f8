/* SPDX-License-Identifier: MIT */
/* Pages on their way out: flush first, free then. */
#include "mm/gather.h"
#include "mm/mm.h"
#include "page/gfp.h"

void gather_init(struct gather *g, struct mm_struct *mm, bool may_allocate)
{
	g->mm = mm;
	g->start = ~0ul;
	g->end = 0;
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		g->rss[i] = 0;
	g->nr_inline = g->nr_batches = 0;
	g->may_allocate = may_allocate;
	g->batches = NULL;
}

void gather_prepare(struct gather *g, unsigned int nr)
{
	struct gather_batch *batch;
	unsigned int room;

	gather_slots(g, &room);
	if (room >= nr || !g->may_allocate || g->nr_batches >= GATHER_MAX_BATCHES)
		return;
	/* What is left unused of the current batch is no loss: batches are short-lived. */
	batch = (struct gather_batch *)__get_free_page(GFP_ATOMIC | __GFP_NOWARN);
	if (!batch)
		return;
	page_owner_add(OWNER_KERNEL, 1);
	batch->next = g->batches;
	batch->nr = 0;
	g->batches = batch;
	g->nr_batches++;
}

void gather_flush(struct gather *g)
{
	int i;

	if (g->start < g->end)
		arch_tlb_flush_range(g->mm, g->start, g->end);
	g->start = ~0ul;
	g->end = 0;
	for (i = 0; i < NR_MM_COUNTERS; i++) {
		if (g->rss[i])
			atomic64_sub(g->rss[i], &g->mm->rss[i]);
		g->rss[i] = 0;
	}
	put_pages(g->pages, g->nr_inline);
	g->nr_inline = 0;
	while (g->batches) {
		struct gather_batch *batch = g->batches;

		g->batches = batch->next;
		put_pages(batch->pages, batch->nr);
		free_page((unsigned long)batch);
		page_owner_add(OWNER_KERNEL, -1);
	}
	g->nr_batches = 0;
}
