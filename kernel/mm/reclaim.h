/* SPDX-License-Identifier: MIT */
/*
 * Reclaim: which pages go when memory is short.
 *
 *	lists		inactive and active, of pages with swap behind them (anonymous, memory files)
 *			and of files; and those that cannot go (mlocked)
 *	lru_lock	the lists, PG_lru, PG_active of pages on them. Irq-safe.
 *
 * Until memory is short for the first time no page is on a list, and none pays for it: lru_begin()
 * then finds all there are by their struct pages. A page leaves its list when it is freed (PG_lru is
 * looked at there anyway), or when reclaim isolates it, with a reference.
 */
#pragma once

#include "mm/mm_types.h"
#include "page/gfp.h"

enum lru_list {
	LRU_INACTIVE_ANON,
	LRU_ACTIVE_ANON,
	LRU_INACTIVE_FILE,
	LRU_ACTIVE_FILE,
	LRU_UNEVICTABLE,
	NR_LRU_LISTS
};

/* Pages on a list; those that reclaim is at work on are on none. While nothing is listed yet, all
 * count as inactive: the census of page owners. */
unsigned long lru_pages(enum lru_list list);

/* Some list has, or is to have, pages: new ones put themselves on theirs. Set once, for good. */
extern bool lru_in_use;

/* First call: referenced; second: active. For accesses that leave no accessed bit: read(2). */
void __mark_page_accessed(struct page *page);
static inline void mark_page_accessed(struct page *page)
{
	if (unlikely(READ_ONCE(lru_in_use)))
		__mark_page_accessed(page);
}

/* KiB that user pages leave to the kernel; kswapd's marks move with it. */
unsigned long min_free_kbytes(void);
void set_min_free_kbytes(unsigned long kib);

/* Free up to @nr pages on behalf of current; pages freed. May sleep; no locks that reclaim takes
 * (page locks, rmap_lock, spinlocks). */
unsigned long try_to_free_pages(unsigned long nr);

/* echo 1, 2, 3 > /proc/sys/vm/drop_caches: clean page cache (bit 0), slab caches (bit 1). May
 * sleep. */
void drop_caches(unsigned int what);

/* Objects that can be made again, at a cost: dentries, ... */
struct shrinker {
	const char *name;
	/* How many could go now. */
	unsigned long (*count)(void);
	/* Look at up to @nr, least recently used first; frees those that can go; how many. May
	 * sleep. */
	unsigned long (*scan)(unsigned long nr);
	struct shrinker *next;
};
void register_shrinker(struct shrinker *shrinker); /* boot */

/* Boot: lists, the memory of evictions, the hooks of the page allocator. */
void reclaim_init(void);
/* kswapd, once tasks can be made. */
void kswapd_run(void);
