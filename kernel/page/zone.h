/* SPDX-License-Identifier: MIT */
/*
 * Zones and the buddy allocator inside them.
 *
 * RAM is *opened* in sections of the size of the largest block: until a zone's free lists run dry,
 * the struct pages of its other sections are not even initialised (with 8 GiB they are 128 MiB).
 * Free RAM in unopened sections counts as free.
 *
 * A free block is a naturally aligned run of 2^order pages whose head has PG_buddy, its order in
 * private, and is on free_area[order]; its other pages have no flags and no references. Freeing
 * joins a block with its buddy (the other half of the next larger block) as long as that is free
 * and whole. Blocks never cross a section.
 */
#pragma once

#include "page/gfp.h"

#define SECTION_PAGES (1UL << (MAX_ORDER - 1))
#define SECTION_SHIFT (PAGE_SHIFT + MAX_ORDER - 1)
#define SECTION_SIZE  (1UL << SECTION_SHIFT)

enum zone_type { ZONE_DMA32, ZONE_NORMAL, MAX_NR_ZONES };

#define DMA32_END_PFN (1UL << (32 - PAGE_SHIFT))

struct free_area {
	struct list_head list; /* of page->lru, last freed first */
	unsigned long nr_free; /* blocks */
};

struct zone {
	/* Constant after boot. */
	const char *name;
	unsigned long start_pfn, end_pfn; /* span, whole sections; equal: the zone has no RAM */
	unsigned long present_pages;	  /* RAM in the span */

	spinlock_t lock; /* RANK_ZONE; covers the rest */
	struct free_area free_area[MAX_ORDER];
	unsigned long nonempty;	      /* bit n: free_area[n] has a block */
	unsigned long nr_free;	      /* pages in the free areas */
	unsigned long nr_unopened;    /* free pages in sections not opened */
	unsigned long next_section;   /* sections below, from start_pfn on, are all open */
	unsigned long reserved_pages; /* RAM the allocator was never given */
} __cacheline_aligned;

/* One node: every CPU is as near to every page. */
struct pglist_data {
	struct zone zones[MAX_NR_ZONES];
	/* Watermarks, in pages: below low kswapd works until high is reached, and user pages leave
	 * min to the kernel. Plain words, which a sysctl changes. */
	unsigned long min_free_pages, low_free_pages, high_free_pages;
	bool wake_reclaim; /* memory is below low, and nobody has told kswapd yet */
};

extern struct pglist_data node_data;

/* @min pages, and low and high above it. */
void set_free_watermarks(unsigned long min);

#define for_each_zone(zone)                                                                        \
	for ((zone) = node_data.zones; (zone) < node_data.zones + MAX_NR_ZONES; (zone)++)

static inline struct zone *page_zone(const struct page *page)
{
	return &node_data.zones[page_to_pfn(page) < DMA32_END_PFN ? ZONE_DMA32 : ZONE_NORMAL];
}

/* Set up both zones over the RAM of page/boot_mem.h; mem_map and max_pfn are set. Boot only. */
void buddy_init(void);
/* True once the struct pages of @pfn's section are valid. */
bool section_is_open(unsigned long pfn);
/* Make the struct pages of @pfn's section valid. Takes the zone lock. */
void section_open(unsigned long pfn);

/* These want zone->lock held (interrupts off). */

/* A block of 2^order pages with clean flags and no references, or NULL. */
struct page *buddy_take(struct zone *zone, unsigned int order);
/* Up to @n single pages; returns how many. */
unsigned int buddy_take_pages(struct zone *zone, struct page **pages, unsigned int n);
/* Return a block whose pages have clean flags and no references. */
void buddy_give(struct zone *zone, struct page *page, unsigned int order);

/* A CPU's stack of free single pages: the hot path of alloc_page() and put_page(). */
#define PAGE_LIST_MAX	62
#define ZEROED_PAGES_MAX 16 /* kept as they were freed: full of zeros */

struct page_list {
	spinlock_t lock; /* RANK_PAGE_LISTS; another CPU takes it only to drain */
	unsigned int count;
	unsigned int high; /* drained to half of it when full; constant after boot */
	unsigned int zeroed_count, zeroed_high;
	struct page *zeroed[ZEROED_PAGES_MAX];
	struct page *pages[PAGE_LIST_MAX];
} __cacheline_aligned;

extern struct page_list page_lists[NR_CPUS];

/* Free pages on @pl, of both kinds, at a glance. */
static inline unsigned int page_list_pages(const struct page_list *pl)
{
	return READ_ONCE(pl->count) + READ_ONCE(pl->zeroed_count);
}
