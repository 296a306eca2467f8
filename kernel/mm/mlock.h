/* SPDX-License-Identifier: MIT */
/* Which pages are locked into memory, by the mappings they are in. */
#pragma once

#include "mm/mm_types.h"

/* Is @page in a locked mapping? Any frame of RAM may be asked about; a page that somebody has
 * locked (PG_locked) at the moment counts as no. Takes rmap_lock; may sleep. */
bool page_mlocked(struct page *page);
/* Pages in locked mappings, each once however many lock it. Takes mmap_locks, page locks and
 * rmap_lock; may sleep. */
unsigned long count_mlocked_pages(void);
/* Has any address space locked memory? (If not, page_mlocked() need not be asked.) Any task
 * context. */
bool any_memory_locked(void);
