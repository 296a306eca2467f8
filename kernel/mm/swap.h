/* SPDX-License-Identifier: MIT */
/*
 * Swap: pages that memory has no room for, on block devices.
 *
 *	area	a device (or a part of it) in use: an array of slots of one page
 *	slot	count: PTEs (a PTE in a shared table once) and memory files that stand for its
 *		contents; and the page of the swap cache that holds them too, if any
 *	entry	area and slot, as one word (swp_entry_t) and as a PTE (mk_swap_pte())
 *
 * The swap cache is where a private page is found while a slot holds, or is to hold, a copy of it:
 * from before its first PTE goes until nobody needs the slot, or until the page goes. A page in it
 * has PG_swapcache, its entry in page->private, and a reference of the cache's.
 *
 * swap_lock covers slots, the cache, and the counts of areas.
 */
#pragma once

#include "mm/block_io.h"
#include "mm/mm_types.h"

#define MAX_SWAPFILES 32 /* areas; a PTE has 5 bits for them */

/* 0: none (offset 0 of an area is its header). */
typedef struct {
	unsigned long val;
} swp_entry_t;

#define SWP_ENTRY_OFFSET_BITS 50

static inline swp_entry_t swp_entry(unsigned int type, unsigned long offset)
{
	return (swp_entry_t){(unsigned long)type << SWP_ENTRY_OFFSET_BITS | offset};
}

static inline unsigned int swp_type(swp_entry_t entry)
{
	return entry.val >> SWP_ENTRY_OFFSET_BITS;
}

static inline unsigned long swp_offset(swp_entry_t entry)
{
	return entry.val & ((1UL << SWP_ENTRY_OFFSET_BITS) - 1);
}

static inline swp_entry_t pte_to_swp_entry(pte_t pte)
{
	return swp_entry(pte_swap_type(pte), pte_swap_offset(pte));
}

static inline pte_t swp_entry_to_pte(swp_entry_t entry)
{
	return mk_swap_pte(swp_type(entry), swp_offset(entry));
}

extern spinlock_t swap_lock;

/* ---- Areas (swap_area.c) --------------------------------------------------------------------- */

/* swapon(2)'s and swapoff(2)'s bodies. @name, shown by /proc/swaps, is copied. @prio: 0..32767, or
 * -1: the next one below all others. The device is claimed and stays referenced by the caller until
 * swap_off() has returned 0. 0, -EINVAL (no swap header, or a wrong one), -EBUSY, -ENOMEM, -EPERM
 * (too many areas), -EIO. swap_off(): -EINVAL: not in use; -ENOMEM: its pages have no room, nothing
 * has changed; -EINTR. May sleep; no locks held. */
int swap_on(struct block_device *bdev, const char *name, int prio);
int swap_off(struct block_device *bdev);

struct swap_area_info {
	const char *name;
	unsigned long pages, used; /* without the header */
	int prio;
};
/* The @n-th area in order of swapon, for /proc/swaps: false if there is none. name: kmalloc'd, the
 * caller's. May sleep. */
bool swap_area_info(unsigned int n, struct swap_area_info *info);

extern long nr_swap_pages;	       /* free slots of all areas; swap_lock */
extern unsigned long total_swap_pages; /* slots of all areas; swap_lock */
/* Pages in the swap cache, mapped or not. */
unsigned long nr_swapcache_pages(void);

/* ---- Slots (swap_area.c); swap_lock is taken inside ------------------------------------------ */

/* One more, one fewer PTE or file stands for @entry. */
void swap_duplicate(swp_entry_t entry);
void swap_free(swp_entry_t entry);
/* The same under swap_lock. */
void __swap_duplicate(swp_entry_t entry);
void __swap_free(swp_entry_t entry);
/* PTEs and files that stand for @entry; without a lock only a hint. */
unsigned int swap_count(swp_entry_t entry);
/* The last PTE of @page, which is in the swap cache, has gone; the caller holds its reference.
 * swap_lock not held; a table's lock may be. */
void swap_cache_unmapped(struct page *page);
/* Is @entry a slot of an area in use? For what comes from outside, and for the audit. */
bool swap_entry_valid(swp_entry_t entry);
/* Areas' maps and sums against what their slots hold. @report is printk() or the like; the number of
 * problems. Everything is quiet. */
unsigned int swap_audit(void (*report)(const char *fmt, ...));

/* ---- Sysctls --------------------------------------------------------------------------------- */

extern int sysctl_swappiness;	/* 0..200: 100: anonymous and file pages cost the same to bring back */
extern int sysctl_page_cluster; /* 2^n pages are read ahead from swap */

void swap_init(void); /* boot */
