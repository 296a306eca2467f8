/* SPDX-License-Identifier: MIT */
/*
 * struct page: one for each frame of RAM, found by its frame number.
 *
 * Who reads what:
 *	_refcount	atomic. 0: free. Each user (mapping PTE, page cache, swap cache, a walker)
 * holds one. _mapcount	atomic, starts at -1: number of PTEs that map it, minus one (a PTE in a
 * shared table counts once). mapping, index	page lock (PG_locked) to change; stable while mapped
 *	pt_*		for page tables: under pt_lock unless said otherwise (mm/pgwalk.h)
 */
#pragma once

#include "lib/list.h"
#include "lib/atomic.h"
#include "base/spinlock.h"

struct address_space;
struct kmem_cache;

enum pageflags {
	PG_locked,   /* page lock: I/O in progress, truncation, COW reuse */
	PG_reserved, /* not the allocator's: image, holes, firmware */
	PG_buddy,    /* head of a free block, order in private */
	PG_slab,
	PG_table,     /* a page table: pt.* is valid */
	PG_anon,      /* mapping is an anon_vma */
	PG_swapcache, /* private is a swap entry */
	PG_uptodate,  /* contents read from the file */
	PG_dirty,
	PG_writeback,
	PG_referenced,
	PG_active,
	PG_lru,
	PG_waiters,    /* somebody sleeps for PG_locked or PG_writeback */
	PG_pcp,	   /* free, on a CPU's list */
	PG_poison, /* debug: free and filled with the poison pattern */
	PG_large,  /* head of a kmalloc of whole pages, order in private */
	PG_cached,	/* in the page cache of mapping */
	PG_swapbacked,	/* of a memory file: swap is where it can go (as PG_anon, which says so too) */
	PG_unevictable, /* found mlocked: on that list, or on its way there */
	PG_isolated,	/* taken off its LRU list, by who holds a reference for it */
	PG_readahead,	/* read ahead, and not used yet */
	PG_workingset,	/* was active when it was taken, or came back soon */
};

struct page {
	unsigned long flags;  /* enum pageflags, bit numbers; atomic bit operations */
	struct list_head lru; /* buddy free list, slab lists, LRU list */
	union {
		void *mapping; /* struct address_space, or struct anon_vma if PG_anon */
		struct kmem_cache *slab_cache; /* slab: set in every page of it */
	};
	union {
		unsigned long index; /* page offset in mapping (file: pages; anon: linear vm_pgoff
					scale) */
		struct {
			u16 inuse, objects; /* slab: objects handed out, objects in all */
		};
		struct {
			u32 pt_count;	/* upper entries that point at this table: atomic */
			u16 pt_present; /* entries in it that are not none */
			u8 pt_level;	/* 0: PTE table, 1: PMD, 2: PUD, 3: PGD */
			u8 pt_lock;	/* pt_lock(), pt_unlock() in mm/pgwalk.h */
		};
	};
	union {
		unsigned long private; /* buddy order; kmalloc order; swap entry */
		void *freelist;	       /* slab: first free object */
		u16 pt_rss[4]; /* PTE table: entries by kind (enum mm_counter); special ones in none */
	};
	atomic_t _mapcount;
	atomic_t _refcount;
	unsigned long
		owner_word; /* debug: return address of the allocation; lru generation later */
};

extern struct page *mem_map;  /* indexed by frame number; constant after boot */
extern unsigned long max_pfn; /* first frame number past RAM */

#define page_to_pfn(page)  ((unsigned long)((page)-mem_map))
#define pfn_to_page(pfn)   (mem_map + (pfn))
#define page_to_phys(page) ((u64)page_to_pfn(page) << PAGE_SHIFT)
#define page_address(page) arch_phys_to_virt(page_to_phys(page))
#define virt_to_page(addr) pfn_to_page(arch_virt_to_phys(addr) >> PAGE_SHIFT)

/* True for a frame of RAM with a struct page that the allocator knows. */
bool pfn_valid(unsigned long pfn);

static inline bool page_flag(const struct page *page, enum pageflags f)
{
	return test_bit(f, &page->flags);
}

static inline int page_count(const struct page *page)
{
	return atomic_read(&page->_refcount);
}

static inline int page_mapcount(const struct page *page)
{
	return atomic_read(&page->_mapcount) + 1;
}

static inline void get_page(struct page *page)
{
	BUG_ON(atomic_read(&page->_refcount) <= 0);
	atomic_inc(&page->_refcount);
}

/* Drop a reference; the last one frees the (order 0) page. Any context. */
void put_page(struct page *page);
/* The same for @n pages; the array is used up. Task context. */
void put_pages(struct page **pages, unsigned long n);

/* The page of zeros that read faults of anonymous memory map; its references are not counted. */
extern struct page *zero_page;
