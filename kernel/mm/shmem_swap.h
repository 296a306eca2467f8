/* SPDX-License-Identifier: MIT */
/*
 * Pages of memory files on swap. Where the page cache has no page, it holds the slot's entry
 * instead (a value, not a pointer: xa_is_value()). While the page is being written it is still
 * there, and its slot in page->private; what the file gets to know is decided when that is done.
 */
#pragma once

#include "mm/mm_types.h"
#include "mm/swap_cache.h"

/* Entries of the page cache that are values: a swap entry, with bit 0 set. */
static inline bool xa_is_value(const void *entry)
{
	return (unsigned long)entry & 1;
}

static inline void *swp_to_value(swp_entry_t entry)
{
	return (void *)(entry.val << 1 | 1);
}

static inline swp_entry_t value_to_swp(const void *value)
{
	return (swp_entry_t){(unsigned long)value >> 1};
}

/* Write locked, unmapped, isolated @page of a memory file to a slot. False: there is none. True:
 * the page is @batch's (swap_write()). */
bool shmem_swap_out(struct page *page, struct swap_batch *batch);
/* Locked @page, isolated, was written. True: its file has the entry now, and the page is the
 * caller's alone. False: it is used again, or was not written: it stays, the slot is free. */
bool shmem_swap_finish(struct page *page);
/* The page at @index of @mapping, which held @value when it was looked at: read, locked and
 * referenced. ERR_PTR(-ENOMEM, -EIO); -EAGAIN: look again. May sleep. */
struct page *shmem_swap_in(struct address_space *mapping, unsigned long index, void *value);
/* The file loses its page at @index, if that is on swap: truncation, a hole. False: it is not. */
bool shmem_swap_free(struct address_space *mapping, unsigned long index);
/* Pages [index, index + nr) of the memory file of @mapping that are on swap; and of all files. */
unsigned long mapping_swapped_pages(struct address_space *mapping, unsigned long index,
				    unsigned long nr);
unsigned long shmem_swapped_pages(void);
/* @fn for each mapping that has something on swap, until it returns not 0, which is returned. No
 * locks held; may sleep. */
int shmem_for_each_swapped(int (*fn)(struct address_space *mapping, void *arg), void *arg);
/* swapoff: bring back what memory files have in area @type. 0, -ENOMEM, -EIO, -EINTR. */
int shmem_unuse(unsigned int type);

/* Hooks of fs/: keep the inode of a mapping alive while swapoff looks at it. False: it is going. */
extern bool (*shmem_hold_inode_hook)(struct inode *inode);
extern void (*shmem_put_inode_hook)(struct inode *inode);
