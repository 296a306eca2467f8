/* SPDX-License-Identifier: MIT */
/*
 * Memory files and swap: see shmem_swap.h.
 *
 *	in memory		page cache: the page
 *	being written		page cache: the page; its slot (count 1) in page->private
 *	on swap			page cache: the slot's entry, as a value
 *	being read		page cache: the page, locked, not uptodate; its slot in page->private
 *
 * The page lock is held by whoever goes from one line to the next, pages_lock covers the step.
 */
#include "mm/shmem_swap.h"
#include "mm/internal.h"
#include "mm/lru.h"
#include "mm/pagecache.h"
#include "mm/swapoff.h"
#include "mm/workingset.h"
#include "base/printk.h"
#include "lib/err.h"
#include "sched/sched.h"

bool (*shmem_hold_inode_hook)(struct inode *inode);
void (*shmem_put_inode_hook)(struct inode *inode);

/* Mappings that have something on swap, for swapoff. */
static LIST_HEAD(swapped_mappings);
static DEFINE_SPINLOCK(swapped_lock, RANK_SPIN_LEAF);

static atomic_long_t nr_swapped;

/* pages_lock held. */
static void count_swapped(struct address_space *mapping, long n)
{
	bool before = mapping->nrswapped, after;

	mapping->nrswapped += n;
	atomic_long_add(n, &nr_swapped);
	after = mapping->nrswapped;
	if (before == after)
		return;
	spin_lock_nested(&swapped_lock);
	if (after)
		list_add_tail(&mapping->swapped, &swapped_mappings);
	else
		list_del(&mapping->swapped);
	spin_unlock(&swapped_lock);
}

static void give_slot_back(struct page *page)
{
	swp_entry_t entry = {page->private};

	page->private = 0;
	swap_free(entry);
}

/* ---- Out ------------------------------------------------------------------------------------- */

bool shmem_swap_out(struct page *page, struct swap_batch *batch)
{
	swp_entry_t entry;

	if (page_count(page) != 2)
		return false;
	spin_lock(&swap_lock);
	entry = __swap_alloc();
	if (entry.val)
		__swap_duplicate(entry);
	spin_unlock(&swap_lock);
	if (!entry.val)
		return false;
	page->private = entry.val;
	/* Whoever writes to it from here on makes it dirty again. */
	swap_write(batch, page, entry);
	return true;
}

bool shmem_swap_finish(struct page *page)
{
	struct address_space *mapping = page->mapping;
	swp_entry_t entry = {page->private};
	bool gone = false;
	void *old;

	if (mapping) {
		spin_lock(&mapping->pages_lock);
		gone = page_count(page) == 2 && !page_mapcount(page) && !page_flag(page, PG_dirty);
		if (gone) {
			BUG_ON(xa_store(&mapping->pages, page->index, swp_to_value(entry), &old) ||
			       old != page);
			mapping->nrpages--;
			count_swapped(mapping, 1);
			page->mapping = NULL;
			clear_bit(PG_cached, &page->flags);
		}
		spin_unlock(&mapping->pages_lock);
	}
	if (!gone) {
		set_bit(PG_dirty, &page->flags);
		give_slot_back(page);
		return false;
	}
	page->private = 0;
	page_owner_add(OWNER_SHMEM, -1);
	workingset_evicted(page, entry.val);
	put_page(page);
	return true;
}

/* ---- In -------------------------------------------------------------------------------------- */

/* @page, locked, takes the place of @value. False: that is no longer there. */
static bool take_place(struct page *page, struct address_space *mapping, unsigned long index,
		       void *value)
{
	bool there;

	page->mapping = mapping;
	page->index = index;
	page->private = value_to_swp(value).val;
	spin_lock(&mapping->pages_lock);
	there = xa_load(&mapping->pages, index) == value;
	if (there) {
		BUG_ON(xa_store(&mapping->pages, index, page, NULL));
		get_page(page);
		mapping->nrpages++;
		count_swapped(mapping, -1);
		page_owner_add(OWNER_SHMEM, 1);
		set_bit(PG_swapbacked, &page->flags);
		set_bit(PG_cached, &page->flags);
	}
	spin_unlock(&mapping->pages_lock);
	return there;
}

/* It could not be read: the entry comes back. */
static void leave_place(struct page *page, struct address_space *mapping)
{
	void *old;

	spin_lock(&mapping->pages_lock);
	BUG_ON(xa_store(&mapping->pages, page->index,
			swp_to_value((swp_entry_t){page->private}), &old) ||
	       old != page);
	mapping->nrpages--;
	count_swapped(mapping, 1);
	page->mapping = NULL;
	page->private = 0;
	clear_bit(PG_cached, &page->flags);
	spin_unlock(&mapping->pages_lock);
	page_owner_add(OWNER_SHMEM, -1);
	put_page(page);
}

static struct page *swap_in(struct address_space *mapping, unsigned long index, void *value,
			    gfp_t gfp)
{
	struct page *page = alloc_page(gfp);
	swp_entry_t entry = value_to_swp(value);

	if (!page)
		return ERR_PTR(-ENOMEM);
	page->flags |= BIT(PG_locked);
	if (!take_place(page, mapping, index, value)) {
		page->mapping = NULL;
		page->private = 0;
		unlock_page(page);
		put_page(page);
		return ERR_PTR(-EAGAIN);
	}
	/* Read to the end with the page locked for us all the time: a lock of the request's own
	 * would be let go of before we know. */
	if (swap_read_wait(page, entry)) {
		printk("swap: page %lu of a memory file could not be read and is lost", index);
		leave_place(page, mapping);
		unlock_page(page);
		put_page(page);
		return ERR_PTR(-EIO);
	}
	set_bit(PG_uptodate, &page->flags);
	set_bit(PG_dirty, &page->flags);
	give_slot_back(page);
	workingset_refault(page, entry.val);
	lru_add(page);
	return page;
}

struct page *shmem_swap_in(struct address_space *mapping, unsigned long index, void *value)
{
	return swap_in(mapping, index, value, GFP_USER);
}

/* ---- Truncation ------------------------------------------------------------------------------ */

bool shmem_swap_free(struct address_space *mapping, unsigned long index)
{
	void *entry;
	bool there;

	spin_lock(&mapping->pages_lock);
	entry = xa_load(&mapping->pages, index);
	there = xa_is_value(entry);
	if (there) {
		xa_erase(&mapping->pages, index);
		count_swapped(mapping, -1);
	}
	spin_unlock(&mapping->pages_lock);
	if (there)
		swap_free(value_to_swp(entry));
	return there;
}

/* ---- Figures --------------------------------------------------------------------------------- */

unsigned long shmem_swapped_pages(void)
{
	return atomic_long_read(&nr_swapped);
}

unsigned long mapping_swapped_pages(struct address_space *mapping, unsigned long index,
				    unsigned long nr)
{
	unsigned long last = index + nr - 1, swapped = 0;
	void *entry;

	if (!READ_ONCE(mapping->nrswapped))
		return 0;
	spin_lock(&mapping->pages_lock);
	while (index <= last && (entry = xa_find(&mapping->pages, &index, last)) != NULL) {
		swapped += xa_is_value(entry);
		if (index++ == last)
			break;
	}
	spin_unlock(&mapping->pages_lock);
	return swapped;
}

/* ---- swapoff --------------------------------------------------------------------------------- */

/* The next value of area @type from *index on; NULL: none. */
static void *find_value(struct address_space *mapping, unsigned long *index, unsigned int type)
{
	void *entry;

	spin_lock(&mapping->pages_lock);
	while ((entry = xa_find(&mapping->pages, index, ~0ul)) != NULL) {
		if (xa_is_value(entry) && swp_type(value_to_swp(entry)) == type)
			break;
		if (++*index == 0) {
			entry = NULL;
			break;
		}
	}
	spin_unlock(&mapping->pages_lock);
	return entry;
}

static int unuse_mapping(struct address_space *mapping, unsigned int type)
{
	unsigned long index = 0;
	struct page *page;
	void *value;

	while ((value = find_value(mapping, &index, type)) != NULL) {
		/* Nobody is to be killed for it: swapoff fails. */
		page = swap_in(mapping, index, value, GFP_USER | __GFP_NOWARN);
		if (!IS_ERR(page)) {
			unlock_page(page);
			put_page(page);
		} else if (PTR_ERR(page) != -EAGAIN) {
			return PTR_ERR(page);
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* The first of the list that can be held goes to its end; NULL: none. */
static struct address_space *next_mapping(void)
{
	struct address_space *mapping, *found = NULL;

	spin_lock(&swapped_lock);
	list_for_each_entry (mapping, &swapped_mappings, swapped) {
		if (!shmem_hold_inode_hook || shmem_hold_inode_hook(mapping->host)) {
			found = mapping;
			list_move_tail(&mapping->swapped, &swapped_mappings);
			break;
		}
	}
	spin_unlock(&swapped_lock);
	return found;
}

int shmem_for_each_swapped(int (*fn)(struct address_space *mapping, void *arg), void *arg)
{
	struct address_space *mapping;
	unsigned long rounds = 0;
	struct list_head *at;
	int err = 0;

	spin_lock(&swapped_lock);
	list_for_each (at, &swapped_mappings)
		rounds++;
	spin_unlock(&swapped_lock);
	while (!err && rounds-- && (mapping = next_mapping()) != NULL) {
		err = fn(mapping, arg);
		if (shmem_put_inode_hook)
			shmem_put_inode_hook(mapping->host);
	}
	return err;
}

static int unuse_one(struct address_space *mapping, void *type)
{
	return unuse_mapping(mapping, *(unsigned int *)type);
}

int shmem_unuse(unsigned int type)
{
	return shmem_for_each_swapped(unuse_one, &type);
}
