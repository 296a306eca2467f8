/* SPDX-License-Identifier: MIT */
/*
 * The swap cache: a private page and its slot belong together.
 *
 *	swapped out	a slot is taken, PTEs become swap entries one by one, the page is written,
 *			and evicted when nobody has come for it meanwhile
 *	swapped in	a page takes the slot's place before it is read: who comes second finds it.
 *			While it is clean it stays: to swap it out again costs no write
 *	written to	by the only one who has it: it leaves the cache, its slot is free again
 *	given up	with its last entry and its last PTE, in whichever order
 *
 * PG_swapcache and page->private change under the page lock and swap_lock; either is enough to look.
 */
#include "mm/swap_cache.h"
#include "mm/lru.h"
#include "mm/pagecache.h"

static unsigned long nr_cached; /* swap_lock */

static inline swp_entry_t entry_of(const struct page *page)
{
	return (swp_entry_t){page->private};
}

unsigned long nr_swapcache_pages(void)
{
	return READ_ONCE(nr_cached);
}

/* ---- In and out ------------------------------------------------------------------------------ */

/* swap_lock held, page locked. The cache takes a reference. */
static void enter(struct page *page, swp_entry_t entry)
{
	swap_slot(entry)->pfn = page_to_pfn(page);
	page->private = entry.val;
	get_page(page);
	set_bit(PG_swapcache, &page->flags);
	nr_cached++;
}

void __swap_cache_del(struct page *page)
{
	swp_entry_t entry = entry_of(page);
	struct swap_slot *slot = swap_slot(entry);

	slot->pfn = 0;
	clear_bit(PG_swapcache, &page->flags);
	page->private = 0;
	nr_cached--;
	if (!slot->count)
		__swap_release(entry);
	/* Whoever maps it has something of it that no slot has. */
	set_bit(PG_dirty, &page->flags);
	BUG_ON(atomic_sub_return(1, &page->_refcount) <= 0);
}

struct page *swap_cache_get(swp_entry_t entry)
{
	struct page *page = NULL;
	u32 pfn;

	spin_lock(&swap_lock);
	/* It may have been read from a PTE that has changed since. */
	pfn = swap_entry_valid(entry) ? swap_slot(entry)->pfn : 0;
	if (pfn) {
		page = pfn_to_page(pfn);
		get_page(page);
	}
	spin_unlock(&swap_lock);
	return page;
}

int swap_cache_add_new(struct page *page, swp_entry_t entry)
{
	struct swap_slot *slot;
	int err = 0;

	spin_lock(&swap_lock);
	if (!swap_entry_valid(entry) || !(slot = swap_slot(entry))->count)
		err = -ENOENT;
	else if (slot->pfn)
		err = -EEXIST;
	else
		enter(page, entry);
	spin_unlock(&swap_lock);
	if (err)
		return err;
	page_owner_add(OWNER_ANON, 1);
	set_bit(PG_anon, &page->flags);
	return 0;
}

bool swap_cache_add(struct page *page)
{
	swp_entry_t entry;

	spin_lock(&swap_lock);
	entry = __swap_alloc();
	if (entry.val)
		enter(page, entry);
	spin_unlock(&swap_lock);
	if (entry.val)
		set_bit(PG_dirty, &page->flags);
	return entry.val;
}

/* ---- Counts of entries ----------------------------------------------------------------------- */

void __swap_duplicate(swp_entry_t entry)
{
	swap_slot(entry)->count++;
}

void swap_duplicate(swp_entry_t entry)
{
	spin_lock(&swap_lock);
	__swap_duplicate(entry);
	spin_unlock(&swap_lock);
}

/* No entry stands for the slot of @page, and none maps it: if nobody is at work on it, it goes. Who
 * is will see to it. swap_lock held; the caller has no reference. */
static void drop_unused(struct page *page)
{
	if (page_count(page) != 1 || page_mapcount(page) || page_flag(page, PG_writeback) ||
	    !trylock_page(page))
		return;
	/* With the lock, and references handed out under swap_lock only, that is still so. */
	get_page(page);
	__swap_cache_del(page);
	unlock_page(page);
	put_page(page);
}

void __swap_free(swp_entry_t entry)
{
	struct swap_slot *slot = swap_slot(entry);

	BUG_ON(!slot->count);
	if (--slot->count)
		return;
	if (slot->pfn)
		drop_unused(pfn_to_page(slot->pfn));
	else
		__swap_release(entry);
}

void swap_free(swp_entry_t entry)
{
	spin_lock(&swap_lock);
	__swap_free(entry);
	spin_unlock(&swap_lock);
}

/* The last PTE of @page, which was in the cache, has gone; the caller holds its reference. */
void swap_cache_unmapped(struct page *page)
{
	spin_lock(&swap_lock);
	if (page_flag(page, PG_swapcache) && !swap_slot(entry_of(page))->count &&
	    !page_mapcount(page) && !page_flag(page, PG_writeback) && trylock_page(page)) {
		__swap_cache_del(page);
		unlock_page(page);
	}
	spin_unlock(&swap_lock);
}

/* ---- Whose page is it? ----------------------------------------------------------------------- */

bool swap_cache_reuse(struct page *page, unsigned int mapped)
{
	bool ours;

	if (!page_flag(page, PG_swapcache))
		return page_mapcount(page) == mapped && page_count(page) == 1;
	spin_lock(&swap_lock);
	ours = !swap_slot(entry_of(page))->count && page_mapcount(page) == mapped &&
	       page_count(page) == 2 && !page_flag(page, PG_writeback);
	if (ours)
		__swap_cache_del(page);
	spin_unlock(&swap_lock);
	return ours;
}

bool swap_cache_alone(struct page *page)
{
	bool alone;

	spin_lock(&swap_lock);
	alone = !swap_slot(entry_of(page))->count && !page_mapcount(page) && page_count(page) == 2;
	spin_unlock(&swap_lock);
	return alone;
}

bool swap_cache_evict(struct page *page)
{
	bool ours;

	spin_lock(&swap_lock);
	ours = page_count(page) == 2 && !page_mapcount(page) && !page_flag(page, PG_writeback) &&
	       (!page_flag(page, PG_dirty) || !swap_slot(entry_of(page))->count);
	if (ours)
		__swap_cache_del(page);
	spin_unlock(&swap_lock);
	return ours;
}
