/* SPDX-License-Identifier: MIT */
/* Pieces of the page cache that its own files share. */
#pragma once

#include "mm/pagecache.h"

void pagecache_init(void); /* boot */
/* Give a locked page its contents: from the file, or zeros if memory is the file. 0 or read_folio's
 * error. May sleep. */
int fill_page(struct address_space *mapping, struct file *file, struct page *page);

/* Where sleepers for PG_locked and PG_writeback of @page wait, shared with other pages'. */
struct wait_queue_head *page_wait_queue(struct page *page);
/* The page at @index counts as dirty no more. pages_lock held. */
void clear_dirty_mark(struct address_space *mapping, unsigned long index);
