/* SPDX-License-Identifier: MIT */
/*
 * The way of a batch of isolated pages:
 *
 *	1. under rmap_lock, each: lock it; used or mlocked: back to the lists. Else a private page
 *	   gets a slot on swap, and all PTEs go			(unmap.c)
 *	2. one flush for all of them; until then none is unlocked
 *	3. clean: it leaves its cache, and is free
 *	   to be written: to its slot, in requests of consecutive ones; when that is done it comes
 *	   back by the written list				(pageout_finish)
 *
 * Whether a page is still wanted is looked at last, when it leaves its cache: by its references,
 * under the cache's lock, which everybody needs to find it. Whoever came meanwhile keeps it.
 */
#include "mm/pageout.h"
#include "mm/internal.h"
#include "mm/pagecache.h"
#include "mm/rmap.h"
#include "mm/shmem_swap.h"
#include "mm/swap_cache.h"
#include "mm/unmap.h"
#include "mm/workingset.h"

enum verdict {
	KEEP,	     /* back to where it came from, at the warm end */
	ACTIVATE,
	UNEVICTABLE,
	TAKE,	     /* unmapped, and locked still */
};

/* References of @page that are neither a PTE's, nor its cache's, nor ours. */
static bool pinned(const struct page *page)
{
	int cache = page_flag(page, PG_anon) ? page_flag(page, PG_swapcache)
					     : page_flag(page, PG_cached);

	return page_count(page) > page_mapcount(page) + cache + 1;
}

static enum verdict by_use(struct page *page, const struct page_use *use)
{
	bool before = test_and_clear_bit(PG_referenced, &page->flags);

	if (!use->young)
		return TAKE;
	set_bit(PG_referenced, &page->flags);
	if (before || use->young > 1 || (use->exec && page_is_file_lru(page)))
		return ACTIVATE;
	return KEEP;
}

/* Is there a place for what @page holds? */
static bool has_place(struct page *page)
{
	if (page_is_file_lru(page) || page_flag(page, PG_swapcache))
		return true;
	return swap_has_room() && (!page_flag(page, PG_anon) || swap_cache_add(page));
}

/* Step 1; the page is locked. rmap_lock held. */
static enum verdict judge(struct page *page, struct pageout *po, struct unmap_batch *batch)
{
	enum verdict verdict;
	struct page_use use;

	if (!page_flag(page, PG_anon) && !page->mapping)
		return KEEP; /* truncated: our reference is the last */
	if (page_flag(page, PG_writeback))
		return KEEP;
	/* Of swap: it could not be read, and who needs it tries again. Of a file: it is being made. */
	if (!page_flag(page, PG_uptodate))
		return page_flag(page, PG_swapcache) ? TAKE : KEEP;
	if (po->clean_only)
		return page_mapcount(page) || page_flag(page, PG_dirty) ? KEEP : TAKE;
	page_use(page, &use);
	if (use.mlocked)
		return UNEVICTABLE;
	verdict = po->force ? TAKE : by_use(page, &use);
	if (verdict != TAKE)
		return verdict;
	if (pinned(page) || !has_place(page))
		return ACTIVATE;
	if (page_mapcount(page))
		page_unmap(page, batch);
	return TAKE;
}

/* Ours alone now: free. */
static void free_taken(struct page *page, struct pageout *po)
{
	unlock_page(page);
	po->freed++;
	put_page(page);
}

/* Step 3. True: the page is gone, or on its way. False: it is still locked, and ours. */
static bool take(struct page *page, struct pageout *po, struct swap_batch *swap)
{
	struct address_space *mapping = page->mapping;

	if (page_mapcount(page))
		return false;
	if (page_flag(page, PG_anon)) {
		swp_entry_t entry = {page->private};

		if (swap_cache_evict(page)) {
			workingset_evicted(page, entry.val);
			free_taken(page, po);
			return true;
		}
		if (!page_flag(page, PG_dirty))
			return false;
		swap_write(swap, page, entry);
		return true;
	}
	if (page_flag(page, PG_swapbacked))
		return shmem_swap_out(page, swap);
	if (page_flag(page, PG_dirty)) {
		if (po->kswapd && mapping->a_ops && mapping->a_ops->writepage) {
			writeback_locked_page(mapping, page);
			lru_putback(page);
			return true;
		}
		return false;
	}
	if (!page_cache_evict(mapping, page))
		return false;
	free_taken(page, po);
	return true;
}

static void put_aside(struct page *page, enum verdict verdict, struct list_head *back)
{
	if (verdict == ACTIVATE) {
		if (!test_and_set_bit(PG_active, &page->flags))
			count_vm_event(PGACTIVATE);
		set_bit(PG_workingset, &page->flags);
	} else if (verdict == UNEVICTABLE) {
		clear_bit(PG_active, &page->flags);
		set_bit(PG_unevictable, &page->flags);
		count_vm_event(UNEVICTABLE_PGS_CULLED);
	}
	list_add_tail(&page->lru, back);
}

void pageout(struct list_head *pages, struct pageout *po)
{
	struct unmap_batch batch = {.nr = 0};
	struct swap_batch swap = {.io = NULL};
	LIST_HEAD(taken);
	LIST_HEAD(back);
	struct page *page;

	down_read(&rmap_lock);
	while (!list_empty(pages)) {
		enum verdict verdict = KEEP;

		page = list_first_entry(pages, struct page, lru);
		list_del(&page->lru);
		if (trylock_page(page)) {
			verdict = judge(page, po, &batch);
			if (verdict == TAKE) {
				list_add_tail(&page->lru, &taken);
				continue;
			}
			unlock_page(page);
		}
		put_aside(page, verdict, &back);
	}
	unmap_flush(&batch);
	up_read(&rmap_lock);
	while (!list_empty(&taken)) {
		page = list_first_entry(&taken, struct page, lru);
		list_del(&page->lru);
		if (take(page, po, &swap))
			continue;
		unlock_page(page);
		list_add_tail(&page->lru, &back);
	}
	swap_write_end(&swap);
	lru_putback_list(&back);
}

/* ---- After the write ------------------------------------------------------------------------- */

/* @page, locked, was written: true if it is ours alone now. */
static bool finish(struct page *page)
{
	swp_entry_t entry = {page->private};

	if (!page_flag(page, PG_anon))
		return shmem_swap_finish(page);
	if (!page_flag(page, PG_swapcache) || !swap_cache_evict(page))
		return false;
	workingset_evicted(page, entry.val);
	return true;
}

unsigned int pageout_finish(unsigned int max)
{
	struct pageout po = {.freed = 0};
	struct page *page;
	LIST_HEAD(written);
	LIST_HEAD(back);

	if (!swap_take_written(&written, max))
		return 0;
	while (!list_empty(&written)) {
		page = list_first_entry(&written, struct page, lru);
		list_del(&page->lru);
		if (trylock_page(page)) {
			if (finish(page)) {
				free_taken(page, &po);
				continue;
			}
			unlock_page(page);
		} else if (!page_flag(page, PG_anon)) {
			/* What becomes of its slot must be decided, with the lock. */
			swap_put_written(page);
			continue;
		}
		list_add_tail(&page->lru, &back);
		count_vm_event(PGROTATED);
	}
	lru_putback_list(&back);
	return po.freed;
}
