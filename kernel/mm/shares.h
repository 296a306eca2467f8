/* SPDX-License-Identifier: MIT */
/* Exact shares of address spaces in the pages they map together, and in the swap slots that their
 * entries stand for. */
#pragma once

#include "mm/pgwalk.h"

/* A page that n mappings share counts as MM_SHARE_UNIT / n for each. The unit is so fine that what
 * divisions lose is less than half a page in the sum of all memory: mm_shares_pages() of the sum of
 * all address spaces' shares is the number of mapped pages, exactly. */
#define MM_SHARE_SHIFT 36
#define MM_SHARE_UNIT  (1ULL << MM_SHARE_SHIFT)

struct mm_shares {
	/* By kind of page, in parts of a page. MM_SWAPENTS: parts of slots. */
	u64 share[NR_MM_COUNTERS];
};

/* Nearest whole number of pages. */
static inline unsigned long mm_shares_pages(u64 share)
{
	return (share + MM_SHARE_UNIT / 2) >> MM_SHARE_SHIFT;
}

/* Add @mm's shares to *s. Takes mmap_lock, rmap_lock and table locks; may sleep. What is mapped or
 * unmapped meanwhile counts or does not. */
void mm_shares_gather(struct mm_struct *mm, struct mm_shares *s);

/* Address spaces that have the swap entry @entry for the page of @vma at @addr: what their number of
 * PTEs would be if no table were shared. @entry stands there now: its table, that of @path, is
 * locked, and rmap_lock held. *sharers: as with page_mms_by(), from which it may come. */
unsigned int swap_mms_by(struct vm_area_struct *vma, unsigned long addr, pte_t entry,
			 const struct pgpath *path, unsigned int *sharers);

/* Slots that no entry and no file stands for: they are kept for their page in the swap cache. Looks
 * at every slot; may sleep. */
unsigned long swap_slots_cached_only(void);
