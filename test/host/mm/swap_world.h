/* SPDX-License-Identifier: MIT */
/* Swap for the tests: areas on ram disks, and pages sent there one by one. */
#pragma once

#include "mm_world.h"
#include "ram_disk.h"

#include "mm/swap.h"

/* A disk of @pages pages with a swap header on it (so pages - 1 slots). */
struct block_device *swap_disk(const char *name, unsigned long pages);
/* The same in use, with priority @prio. */
struct block_device *swap_disk_on(const char *name, unsigned long pages, int prio);
/* swapoff, and it is gone. */
void swap_disk_off(struct block_device *disk);

/* From now on pages are on LRU lists. */
void swap_begin(void);

/* What @mm has at @addr. */
pte_t pte_at(struct mm_struct *mm, unsigned long addr);
/* The present page there, without a reference; NULL: none, or none that is counted. */
struct page *page_at(struct mm_struct *mm, unsigned long addr);
/* Does a swap entry stand there? */
bool swapped_at(struct mm_struct *mm, unsigned long addr);
swp_entry_t entry_at(struct mm_struct *mm, unsigned long addr);

/* Reclaim looks at @pages (used ones too) in one batch (at most 32), each of which may be on no
 * list; NULLs are passed over. What has been written already is not freed yet. */
void page_out(struct page **pages, unsigned int nr);
/* The pages @mm has in [addr, addr + nr pages) go; what was written is freed. How many entries are
 * swap entries then. */
unsigned int swap_out(struct mm_struct *mm, unsigned long addr, unsigned long nr);
/* The cached page @index of @file goes likewise. True: it is no longer in memory. */
bool swap_out_file(struct file *file, unsigned long index);

/* All processes are gone. A page may still be in the cache on which somebody was at work when its
 * last user went: reclaim finds it. */
void swap_drop_rest(void);

/* Slots in use, of all areas. */
unsigned long swap_used(void);
/* Sector of @entry's slot, for ram_disk_fail(). */
u64 swap_sector(swp_entry_t entry);

/* ---- share.h's parent, with swap ------------------------------------------------------------- */

extern struct block_device *swap; /* the one area, of SWAP_PAGES pages */
#define SWAP_PAGES 4096

/* A world with swap and a parent that runs on CPU 0 and 1; pages are on lists. */
void swap_start(void);
/* Everybody ends; the audit, no slot in use, nothing leaked. */
void swap_finish(void);
/* Counters of @mm. */
long swapents(struct mm_struct *mm);
