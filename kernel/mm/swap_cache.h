/* SPDX-License-Identifier: MIT */
/* Slots, the swap cache and swap I/O, for those files of mm/ that move pages. See swap.h. */
#pragma once

#include "mm/swap.h"

/* ---- swap_area.c: swap_lock held ------------------------------------------------------------- */

/* A free slot, whose count and page are the caller's to set; 0: none. */
swp_entry_t __swap_alloc(void);
/* Slot of an entry that is in use. */
struct swap_slot {
	u32 count; /* PTEs and files that stand for it */
	u32 pfn;   /* frame of its page in the swap cache; 0: none */
};
struct swap_slot *swap_slot(swp_entry_t entry);
/* The slot has neither any more. */
void __swap_release(swp_entry_t entry);

/* An area's device, and where in it @entry lies. An entry in use keeps its area. */
struct block_device *swap_bdev(swp_entry_t entry, u64 *sector);
/* Offsets of @entry's area end here. */
unsigned long swap_end(swp_entry_t entry);
/* Are more than half of all slots in use? Then copies on swap of what is in memory are given up. */
bool swap_is_filling(void);
/* May reclaim still move pages there, at a glance? */
static inline bool swap_has_room(void)
{
	return READ_ONCE(nr_swap_pages) > 0;
}

/* ---- swap_cache.c ---------------------------------------------------------------------------- */

/* The page of the cache that holds @entry (or will, once it is unlocked), referenced; NULL: none.
 * swap_lock not held. */
struct page *swap_cache_get(swp_entry_t entry);
/* Give locked @page, on no LRU list yet and unknown to others, the place of @entry's contents, which
 * are then to be read. 0; -EEXIST: there is one; -ENOENT: nobody stands for @entry any more. */
int swap_cache_add_new(struct page *page, swp_entry_t entry);
/* Give locked @page, private and not in the cache, a slot. False: there is none. */
bool swap_cache_add(struct page *page);
/* Locked @page leaves the cache, with the cache's reference (not the last one). swap_lock held. */
void __swap_cache_del(struct page *page);
/*
 * May locked, private @page be written to by the one who maps it (@mapped: 1), or is about to (0:
 * and has the reference for that)? True: nobody else has a PTE, a swap entry or a reference, and
 * it is not being written to swap; it has left the cache then.
 */
bool swap_cache_reuse(struct page *page, unsigned int mapped);
/* Is locked, unmapped @page, which stays in the cache, only the caller's otherwise? */
bool swap_cache_alone(struct page *page);
/* If nobody but the cache and the caller knows locked, unmapped @page, and it is clean or no entry
 * stands for it: it leaves the cache (its slot stays as long as an entry does). True: it is the
 * caller's alone. */
bool swap_cache_evict(struct page *page);

/* ---- swap_io.c ------------------------------------------------------------------------------- */

/* Pages on their way to consecutive slots. */
struct swap_batch {
	struct block_io *io;
	swp_entry_t first;
};

/* Write locked, isolated @page to its slot: a batch that ends before the slot is sent first. The
 * page gets PG_writeback and is unlocked; when it is written it goes to the written list, with the
 * reference it was isolated with. Sleeps if too much is under way. */
void swap_write(struct swap_batch *batch, struct page *page, swp_entry_t entry);
void swap_write_end(struct swap_batch *batch); /* send the rest */

/* Read locked, referenced @pages (@nr, at most BLOCK_IO_PAGES) from consecutive slots from @first
 * on. Each is unlocked when it is read; PG_uptodate says whether it could be. References stay the
 * caller's. May sleep. */
void swap_read(struct page **pages, unsigned int nr, swp_entry_t first);

/* Pages of consecutive slots, to be read at one go into the cache. */
struct swap_run {
	swp_entry_t first;
	unsigned int nr;
	struct page *pages[BLOCK_IO_PAGES];
};
/* Let @page, fresh, hold @entry, and read it with the run (which is read first if @entry does not
 * continue it). Takes the reference over. False: it is not needed. May sleep. */
bool swap_run_add(struct swap_run *run, struct page *page, swp_entry_t entry, bool ahead);
void swap_run_read(struct swap_run *run);

/* Read one page and wait; nothing is locked or unlocked. 0 or -EIO. */
int swap_read_wait(struct page *page, swp_entry_t entry);
/* Locked @page of the cache could not be read, perhaps for a neighbour's sake, since a request fails
 * as a whole: read it alone. True: it is uptodate now. May sleep. */
bool swap_read_again(struct page *page);

/* What could not be decided yet is among those taken the next time; nobody stays awake for it. */
void swap_put_written(struct page *page);
/* Pages that were written, isolated, on @out; how many. */
unsigned int swap_take_written(struct list_head *out, unsigned int max);
/* Pages being written. */
unsigned int swap_nr_writing(void);
/* Sleep until some page has been written, or @timeout (ns) has passed, or none is on the way. */
void swap_wait_written(u64 timeout);
/* Requests for a number of pages at once. With the first area; 0 or -ENOMEM. */
int swap_io_init(void);
