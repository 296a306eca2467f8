/* SPDX-License-Identifier: MIT */
/* What becomes of pages that reclaim has isolated. */
#pragma once

#include "mm/lru.h"

#define PAGEOUT_BATCH 32 /* pages looked at together */

/* How pages are to be looked at, and what came of it. */
struct pageout {
	bool kswapd;	 /* may write pages of files */
	bool force;	 /* used ones too (MADV_PAGEOUT) */
	bool clean_only; /* what needs no writing and is mapped nowhere (drop_caches) */
	unsigned long freed; /* result, added up: pages */
};

/* Free what can be freed of the isolated pages on @pages (at most PAGEOUT_BATCH), start writing
 * what must be written first, put back the others. May sleep; no page lock held, nor rmap_lock. */
void pageout(struct list_head *pages, struct pageout *po);

/* Free what has been written since, up to @max pages; how many were freed. */
unsigned int pageout_finish(unsigned int max);
