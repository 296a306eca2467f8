/* SPDX-License-Identifier: MIT */
/*
 * A file becomes shorter, or gets a hole: its pages leave all page tables, then the cache.
 *
 * The new size is set before (the caller holds i_rwsem): no new fault gets past the size check. One
 * that had passed it holds, or waits for, its page's lock: each page is locked and unmapped once
 * more before it is removed.
 */
#include "mm/internal.h"
#include "mm/pagecache.h"
#include "mm/shmem_swap.h"
#include "lib/err.h"
#include "lib/string.h"
#include "sched/sched.h"

/* Zero [from, to) of the cached page at @index. */
static void zero_partial_page(struct address_space *mapping, unsigned long index,
			      unsigned long from, unsigned long to)
{
	struct page *page;

	/* What stays would be seen when the file grows again. */
	while (PTR_ERR_OR_ZERO(page = find_lock_page(mapping, index)) == -ENOMEM &&
	       !fatal_signal_pending(current)) {
		__set_current_state(TASK_KILLABLE);
		schedule_timeout(NSEC_PER_MSEC);
	}
	if (PTR_ERR_OR_ZERO(page) == -EIO)
		shmem_swap_free(mapping, index); /* it cannot be read: all of it is lost */
	if (IS_ERR_OR_NULL(page))
		return;
	if (page_flag(page, PG_uptodate)) {
		memset((char *)page_address(page) + from, 0, to - from);
		set_page_dirty(page);
	}
	unlock_page(page);
	put_page(page);
}

/* The next entry from *index on: a page, referenced, or a value. */
static void *find_get_next(struct address_space *mapping, unsigned long *index, unsigned long last)
{
	void *entry;

	spin_lock(&mapping->pages_lock);
	entry = xa_find(&mapping->pages, index, last);
	if (entry && !xa_is_value(entry))
		get_page(entry);
	spin_unlock(&mapping->pages_lock);
	return entry;
}

/* Take @page, which was at @index, out of the cache. False: it is there no more, and something else
 * may be. */
static bool remove_page(struct address_space *mapping, unsigned long index, struct page *page,
			bool even_cows)
{
	bool there;

	lock_page(page);
	wait_on_page_writeback(page);
	there = page->mapping == mapping;
	if (there) {
		if (page_mapcount(page))
			unmap_mapping_range(mapping, index, 1, even_cows);
		remove_from_page_cache(page);
	}
	unlock_page(page);
	put_page(page);
	return there;
}

/* Remove the pages [first, last], in memory or on swap. Each index is looked at until what was there
 * has gone, for it may come from swap or go there meanwhile. */
static void remove_pages(struct address_space *mapping, unsigned long first, unsigned long last,
			 bool even_cows)
{
	unsigned long index = first;
	void *entry;
	bool gone;

	while ((entry = find_get_next(mapping, &index, last)) != NULL) {
		if (xa_is_value(entry))
			gone = shmem_swap_free(mapping, index);
		else
			gone = remove_page(mapping, index, entry, even_cows);
		if (gone && index++ == last)
			break;
		cond_resched();
	}
}

/* Take a locked page out of the cache unless it is dirty, or mapped and not to be unmapped. */
static bool invalidate_page(struct address_space *mapping, struct page *page, bool mapped)
{
	if (page->mapping != mapping)
		return true;
	if (page_mapcount(page)) {
		if (!mapped)
			return false;
		unmap_mapping_range(mapping, page->index, 1, false);
	}
	if (page_flag(page, PG_dirty))
		return false;
	remove_from_page_cache(page);
	return true;
}

int invalidate_mapping_pages(struct address_space *mapping, unsigned long first, unsigned long last,
			     bool mapped)
{
	unsigned long index = first;
	struct page *page;
	int error = 0;

	while ((page = find_get_next(mapping, &index, last)) != NULL) {
		if (!xa_is_value(page)) {
			lock_page(page);
			wait_on_page_writeback(page);
			if (!invalidate_page(mapping, page, mapped))
				error = -EBUSY;
			unlock_page(page);
			put_page(page);
		}
		if (index++ == last)
			break;
		cond_resched();
	}
	return error;
}

void truncate_inode_pages_range(struct address_space *mapping, loff_t start, loff_t end)
{
	bool to_the_end = end < 0 || end == S64_MAX;
	unsigned long first = DIV_ROUND_UP((unsigned long)start, PAGE_SIZE);
	unsigned long past = to_the_end ? ULONG_MAX : (unsigned long)end >> PAGE_SHIFT;
	unsigned long from = offset_in_page(start), to = to_the_end ? 0 : offset_in_page(end);

	if (!to_the_end && end <= start)
		return;
	if (first < past) {
		/* Private copies of a hole's pages stay; those beyond a file's end go: SIGBUS, as
		 * without a copy. */
		if (!interval_tree_empty(&mapping->i_mmap))
			unmap_mapping_range(mapping, first, past - first, to_the_end);
		remove_pages(mapping, first, past - 1, to_the_end);
		/* A write fault that held a page's lock meanwhile may have made a private copy of
		 * it. */
		if (to_the_end && !interval_tree_empty(&mapping->i_mmap))
			unmap_mapping_range(mapping, first, past - first, true);
	}
	if (!to_the_end && (unsigned long)start >> PAGE_SHIFT == past) {
		if (from < to)
			zero_partial_page(mapping, past, from, to);
		return;
	}
	if (from)
		zero_partial_page(mapping, first - 1, from, PAGE_SIZE);
	if (to)
		zero_partial_page(mapping, past, 0, to);
}
