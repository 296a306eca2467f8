/* SPDX-License-Identifier: MIT */
/* Exact shares of address spaces in the pages they map together. */
#pragma once

#include "mm/mm_types.h"

/* A page that n mappings share counts as MM_SHARE_UNIT / n for each. The unit is so fine that what
 * divisions lose is less than half a page in the sum of all memory: mm_shares_pages() of the sum of
 * all address spaces' shares is the number of mapped pages, exactly. */
#define MM_SHARE_SHIFT 36
#define MM_SHARE_UNIT  (1ULL << MM_SHARE_SHIFT)

struct mm_shares {
	u64 share[NR_MM_COUNTERS]; /* by kind of page, in parts of a page */
};

/* Nearest whole number of pages. */
static inline unsigned long mm_shares_pages(u64 share)
{
	return (share + MM_SHARE_UNIT / 2) >> MM_SHARE_SHIFT;
}

/* Add @mm's shares to *s. Takes mmap_lock, rmap_lock and table locks; may sleep. What is mapped or
 * unmapped meanwhile counts or does not. */
void mm_shares_gather(struct mm_struct *mm, struct mm_shares *s);
