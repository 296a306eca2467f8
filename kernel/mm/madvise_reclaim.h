/* SPDX-License-Identifier: MIT */
/* The advices that have to do with reclaim and swap. mmap_lock held for reading; may sleep. */
#pragma once

#include "mm/mm_types.h"

/* MADV_COLD: the pages of [start, end) that only @vma's mm maps are the first to go. MADV_PAGEOUT:
 * they go now, to swap or out of the page cache. 0, or -EINVAL: @vma is locked or has none. */
int madvise_reclaim(struct vm_area_struct *vma, unsigned long start, unsigned long end, int advice);
/* MADV_WILLNEED: start to read what @vma has on swap in [start, end), as far as memory allows. */
void swap_will_need(struct vm_area_struct *vma, unsigned long start, unsigned long end);
