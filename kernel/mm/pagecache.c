/* SPDX-License-Identifier: MIT */
/*
 * The page cache: which pages of a file are in memory.
 *
 *	pages_lock	pages, nrpages. A page found under it is referenced before it is let go.
 *	PG_locked	page->mapping and index, PG_uptodate, removal. Whoever waits for a
 *			page's lock looks at page->mapping again: truncation may have been faster.
 *
 * The cache holds one reference to each page. A page is uptodate once it holds what the file says
 * (or will say).
 */
#include "mm/internal.h"
#include "mm/filemap.h"
#include "mm/lru.h"
#include "mm/shmem_swap.h"
#include "mm/workingset.h"
#include "lib/err.h"
#include "lib/hash.h"
#include "sched/sched.h"

loff_t (*inode_size_hook)(struct inode *inode);

void address_space_init(struct address_space *mapping, struct inode *host,
			const struct address_space_operations *a_ops)
{
	mapping->host = host;
	mapping->a_ops = a_ops;
	spin_lock_init(&mapping->pages_lock, "pages_lock", RANK_MAPPING);
	xa_init(&mapping->pages, GFP_ATOMIC);
	mapping->nrpages = mapping->nrswapped = 0;
	mapping->i_mmap = INTERVAL_TREE_ROOT;
	atomic_set(&mapping->i_mmap_writable, 0);
	mapping->kind = MAPPING_FILE;
	mapping->wb_error = 0;
}

void address_space_destroy(struct address_space *mapping)
{
	/* Reclaim may have taken the last page out, and not let go of the lock yet. */
	spin_lock(&mapping->pages_lock);
	spin_unlock(&mapping->pages_lock);
	BUG_ON(mapping->nrpages || mapping->nrswapped || !interval_tree_empty(&mapping->i_mmap));
	xa_destroy(&mapping->pages);
}

/* ---- The page lock
 * --------------------------------------------------------------------------------- */

/* Sleepers of all pages share these queues; PG_waiters says that a page has some. */
#define PAGE_WAIT_BITS 6
static struct wait_queue_head page_wait[1 << PAGE_WAIT_BITS];

void pagecache_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(page_wait); i++)
		init_waitqueue_head(&page_wait[i]);
}

struct wait_queue_head *page_wait_queue(struct page *page)
{
	return &page_wait[hash_ptr(page, PAGE_WAIT_BITS)];
}

static noinline void lock_page_slow(struct page *page)
{
	struct wait_queue_head *wq = page_wait_queue(page);
	struct wait_queue_entry wait;

	init_wait_entry(&wait, 0);
	for (;;) {
		prepare_to_wait(wq, &wait, TASK_UNINTERRUPTIBLE);
		/* Both bits stand in one word: an unlock after this sees the waiter, one before it
		 * lets trylock succeed. */
		set_bit(PG_waiters, &page->flags);
		if (trylock_page(page))
			break;
		schedule();
	}
	finish_wait(wq, &wait);
}

void lock_page(struct page *page)
{
	if (QUIRE_DEBUG)
		lock_check_may_sleep();
	if (unlikely(!trylock_page(page)))
		lock_page_slow(page);
}

void unlock_page(struct page *page)
{
	unsigned long old = __atomic_fetch_and(&page->flags, ~(BIT(PG_locked) | BIT(PG_waiters)),
					       __ATOMIC_SEQ_CST);

	BUG_ON(!(old & BIT(PG_locked)));
	if (unlikely(old & BIT(PG_waiters)))
		wake_up_all(page_wait_queue(page));
}

/* ---- Look-up
 * --------------------------------------------------------------------------------------- */

static __always_inline void *get_entry(struct address_space *mapping, unsigned long index)
{
	void *entry;

	spin_lock(&mapping->pages_lock);
	entry = xa_load(&mapping->pages, index);
	if (entry && !xa_is_value(entry))
		get_page(entry);
	spin_unlock(&mapping->pages_lock);
	return entry;
}

void *find_get_entry(struct address_space *mapping, unsigned long index)
{
	return get_entry(mapping, index);
}

struct page *find_get_page(struct address_space *mapping, unsigned long index)
{
	void *entry = get_entry(mapping, index);

	return xa_is_value(entry) ? NULL : entry;
}

static enum page_owner mapping_owner(const struct address_space *mapping)
{
	return mapping->kind == MAPPING_SHMEM ? OWNER_SHMEM : OWNER_FILE;
}

int add_to_page_cache(struct page *page, struct address_space *mapping, unsigned long index)
{
	int error = -EEXIST;

	page->mapping = mapping;
	page->index = index;
	spin_lock(&mapping->pages_lock);
	if (!xa_load(&mapping->pages, index))
		error = xa_store(&mapping->pages, index, page, NULL);
	if (!error) {
		get_page(page);
		mapping->nrpages++;
		if (mapping->kind == MAPPING_SHMEM)
			set_bit(PG_swapbacked, &page->flags);
		set_bit(PG_cached, &page->flags);
	}
	spin_unlock(&mapping->pages_lock);
	if (error) {
		page->mapping = NULL;
		return error;
	}
	page_owner_add(mapping_owner(mapping), 1);
	if (unlikely(READ_ONCE(lru_in_use))) {
		if (mapping->kind == MAPPING_FILE)
			workingset_refault(page, workingset_file_key(mapping, index));
		lru_add(page);
	}
	return 0;
}

void remove_from_page_cache(struct page *page)
{
	struct address_space *mapping = page->mapping;
	struct page *found;

	BUG_ON(!page_flag(page, PG_locked) || page_flag(page, PG_writeback) || page_mapcount(page));
	spin_lock(&mapping->pages_lock);
	clear_dirty_mark(mapping, page->index);
	found = xa_erase(&mapping->pages, page->index);
	BUG_ON(found != page);
	mapping->nrpages--;
	page->mapping = NULL;
	clear_bit(PG_dirty, &page->flags);
	clear_bit(PG_cached, &page->flags);
	spin_unlock(&mapping->pages_lock);
	page_owner_add(mapping_owner(mapping), -1);
	put_page(page);
}

bool page_cache_evict(struct address_space *mapping, struct page *page)
{
	enum page_owner owner = mapping_owner(mapping); /* with its last page the inode may go */
	bool ours;

	spin_lock(&mapping->pages_lock);
	ours = page_count(page) == 2 && !page_mapcount(page) &&
	       !(page->flags & (BIT(PG_dirty) | BIT(PG_writeback)));
	if (ours) {
		xa_erase(&mapping->pages, page->index);
		mapping->nrpages--;
		page->mapping = NULL;
		clear_bit(PG_cached, &page->flags);
		atomic_dec(&page->_refcount);
	}
	spin_unlock(&mapping->pages_lock);
	if (!ours)
		return false;
	page_owner_add(owner, -1);
	workingset_evicted(page, workingset_file_key(mapping, page->index));
	return true;
}

/* A fresh page at @index: locked, referenced for the caller. ERR_PTR(-EEXIST): another task was
 * faster. */
static struct page *create_page(struct address_space *mapping, unsigned long index)
{
	struct page *page = alloc_page(GFP_USER);
	int error;

	if (!page)
		return ERR_PTR(-ENOMEM);
	set_bit(PG_locked, &page->flags);
	error = add_to_page_cache(page, mapping, index);
	if (error) {
		unlock_page(page);
		put_page(page);
		return ERR_PTR(error);
	}
	return page;
}

struct page *find_lock_page(struct address_space *mapping, unsigned long index)
{
	struct page *page;

	for (;;) {
		page = find_get_entry(mapping, index);
		if (!page)
			return NULL;
		if (unlikely(xa_is_value(page))) {
			page = shmem_swap_in(mapping, index, page);
			if (PTR_ERR_OR_ZERO(page) == -EAGAIN)
				continue;
			return page;
		}
		lock_page(page);
		if (likely(page->mapping == mapping))
			return page;
		/* Truncated while we slept for its lock. */
		unlock_page(page);
		put_page(page);
	}
}

/* find_or_create_page(), telling whether it was created. */
static struct page *grab_page(struct address_space *mapping, unsigned long index, bool *created)
{
	struct page *page;

	for (;;) {
		page = find_lock_page(mapping, index);
		*created = !page;
		if (page)
			return page;
		page = create_page(mapping, index);
		if (PTR_ERR_OR_ZERO(page) != -EEXIST)
			return page;
	}
}

struct page *find_or_create_page(struct address_space *mapping, unsigned long index)
{
	bool created;

	return grab_page(mapping, index, &created);
}

int fill_page(struct address_space *mapping, struct file *file, struct page *page)
{
	if (mapping->a_ops && mapping->a_ops->read_folio)
		return mapping->a_ops->read_folio(file, page);
	arch_clear_page(page_address(page));
	set_bit(PG_uptodate, &page->flags);
	return 0;
}

struct page *read_cache_page(struct address_space *mapping, struct file *file, unsigned long index,
			     bool *major)
{
	struct page *page = find_get_page(mapping, index);
	bool created;
	int error = 0;

	if (likely(page && page_flag(page, PG_uptodate)))
		return page;
	if (page)
		put_page(page);
	page = grab_page(mapping, index, &created);
	if (IS_ERR(page))
		return page;
	if (!page_flag(page, PG_uptodate)) {
		error = fill_page(mapping, file, page);
		if (!error && major)
			*major = mapping->kind == MAPPING_FILE;
		if (error && created)
			remove_from_page_cache(page);
	}
	unlock_page(page);
	if (error) {
		put_page(page);
		return ERR_PTR(error);
	}
	return page;
}

void page_cache_readahead(struct address_space *mapping, struct file *file, unsigned long index,
			  unsigned long last)
{
	loff_t size = inode_size_hook ? inode_size_hook(mapping->host) : 0;
	struct page *page;

	if (size <= 0)
		return;
	last = min(last, (unsigned long)(size - 1) >> PAGE_SHIFT);
	if (mapping->a_ops && mapping->a_ops->readahead) {
		if (index <= last)
			mapping->a_ops->readahead(mapping, index, last - index + 1);
		return;
	}
	for (; index <= last; index++) {
		page = read_cache_page(mapping, file, index, NULL);
		if (IS_ERR(page))
			return;
		put_page(page);
		if (fatal_signal_pending(current))
			return;
		cond_resched();
	}
}

unsigned int filemap_get_cached(struct address_space *mapping, unsigned long index, unsigned int nr,
				struct page **pages)
{
	loff_t size = inode_size_hook ? inode_size_hook(mapping->host) : S64_MAX;
	unsigned long past_end = DIV_ROUND_UP((unsigned long)size, PAGE_SIZE);
	unsigned int i, found = 0;

	spin_lock(&mapping->pages_lock);
	for (i = 0; i < nr; i++) {
		struct page *page =
			index + i < past_end ? xa_load(&mapping->pages, index + i) : NULL;

		pages[i] = NULL;
		if (page && !xa_is_value(page) && page_flag(page, PG_uptodate) && trylock_page(page)) {
			get_page(page);
			pages[i] = page;
			found++;
		}
	}
	spin_unlock(&mapping->pages_lock);
	return found;
}
