/* SPDX-License-Identifier: MIT */
/*
 * Write-back: how what is dirty in the page cache gets to where the file is kept.
 *
 *	PG_dirty, XA_MARK_0	differs from the file; cleared with the page locked, before it is
 *				written
 *	PG_writeback		on its way: set with the page locked, cleared by the device's
 *				interrupt. Only one write of a page is under way at any time
 *	XA_MARK_1		was on its way when last looked at: fsync finds it, and clears the
 *				mark, which no interrupt could
 */
#include "mm/internal.h"
#include "mm/block_io.h"
#include "mm/filemap.h"
#include "sched/sched.h"

/* ---- Write-back of one page ------------------------------------------------------------------ */

/* Has @mapping a file to write its pages to? */
static bool mapping_writes_back(const struct address_space *mapping)
{
	return mapping->a_ops && mapping->a_ops->writepage;
}

void set_page_writeback(struct page *page)
{
	struct address_space *mapping = page->mapping;

	BUG_ON(!page_flag(page, PG_locked) || test_and_set_bit(PG_writeback, &page->flags));
	if (page_flag(page, PG_anon) || !mapping || !mapping_writes_back(mapping))
		return;
	spin_lock(&mapping->pages_lock);
	xa_set_mark(&mapping->pages, page->index, XA_MARK_1);
	spin_unlock(&mapping->pages_lock);
}

void end_page_writeback(struct page *page)
{
	unsigned long old = __atomic_fetch_and(&page->flags, ~(BIT(PG_writeback) | BIT(PG_waiters)),
					       __ATOMIC_SEQ_CST);

	BUG_ON(!(old & BIT(PG_writeback)));
	if (unlikely(old & BIT(PG_waiters)))
		wake_up_all(page_wait_queue(page));
}

/* PG_waiters, if there is still something to wait for: nobody would clear it otherwise. */
static bool announce_writeback_waiter(struct page *page)
{
	unsigned long old = READ_ONCE(page->flags);

	do {
		if (!(old & BIT(PG_writeback)))
			return false;
	} while (!__atomic_compare_exchange_n(&page->flags, &old, old | BIT(PG_waiters), false,
					      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	return true;
}

void wait_on_page_writeback(struct page *page)
{
	struct wait_queue_head *wq = page_wait_queue(page);
	struct wait_queue_entry wait;

	if (likely(!page_flag(page, PG_writeback)))
		return;
	init_wait_entry(&wait, 0);
	for (;;) {
		prepare_to_wait(wq, &wait, TASK_UNINTERRUPTIBLE);
		if (!announce_writeback_waiter(page))
			break;
		schedule();
	}
	finish_wait(wq, &wait);
}

/* ---- Dirty pages ----------------------------------------------------------------------------- */

static unsigned long nr_dirty; /* pages with XA_MARK_0; atomic */

unsigned long nr_dirty_pages(void)
{
	return READ_ONCE(nr_dirty);
}

/* pages_lock held. */
static void set_dirty_mark(struct address_space *mapping, unsigned long index)
{
	if (xa_get_mark(&mapping->pages, index, XA_MARK_0))
		return;
	xa_set_mark(&mapping->pages, index, XA_MARK_0);
	__atomic_add_fetch(&nr_dirty, 1, __ATOMIC_RELAXED);
}

void clear_dirty_mark(struct address_space *mapping, unsigned long index)
{
	if (!mapping_writes_back(mapping) || !xa_get_mark(&mapping->pages, index, XA_MARK_0))
		return;
	xa_clear_mark(&mapping->pages, index, XA_MARK_0);
	__atomic_sub_fetch(&nr_dirty, 1, __ATOMIC_RELAXED);
}

void set_page_dirty(struct page *page)
{
	struct address_space *mapping = page->mapping;

	if (test_and_set_bit(PG_dirty, &page->flags) || page_flag(page, PG_anon) || !mapping)
		return;
	if (!mapping_writes_back(mapping))
		return; /* nowhere to write it to: memory is the file */
	spin_lock(&mapping->pages_lock);
	/* Unless it has gone, or somebody has begun to write it: what he writes is new enough. */
	if (page->mapping == mapping && page_flag(page, PG_dirty))
		set_dirty_mark(mapping, page->index);
	spin_unlock(&mapping->pages_lock);
}

bool clear_page_dirty_for_io(struct page *page)
{
	struct address_space *mapping = page->mapping;
	bool dirty;

	if (page_mkclean(page))
		set_page_dirty(page);
	spin_lock(&mapping->pages_lock);
	dirty = test_and_clear_bit(PG_dirty, &page->flags);
	clear_dirty_mark(mapping, page->index);
	spin_unlock(&mapping->pages_lock);
	return dirty;
}

/* The next page in [*index, last] with @mark, referenced. */
static struct page *find_get_marked(struct address_space *mapping, unsigned long *index,
				    unsigned long last, enum xa_mark mark)
{
	struct page *page;

	spin_lock(&mapping->pages_lock);
	page = xa_find_marked(&mapping->pages, index, last, mark);
	if (page)
		get_page(page);
	spin_unlock(&mapping->pages_lock);
	return page;
}

/* Consecutive dirty pages: each locked, referenced, clean from now on. */
struct write_batch {
	struct page *pages[BLOCK_IO_PAGES];
	unsigned int nr;
};

/* Take the page over (with its reference) if it may be written: locked, of the mapping, dirty. */
static bool add_to_batch(struct write_batch *batch, struct address_space *mapping,
			 struct page *page)
{
	if (page->mapping == mapping && clear_page_dirty_for_io(page)) {
		batch->pages[batch->nr++] = page;
		return true;
	}
	unlock_page(page);
	put_page(page);
	return false;
}

/* The pages after the first that can be written along with it; none that would have to be waited
 * for. */
static void gather_batch(struct write_batch *batch, struct address_space *mapping,
			 unsigned long last)
{
	unsigned long index = batch->pages[0]->index;

	while (batch->nr < BLOCK_IO_PAGES && index++ < last) {
		struct page *page = find_get_marked(mapping, &index, index, XA_MARK_0);

		if (!page)
			return;
		if (page_flag(page, PG_writeback) || !trylock_page(page)) {
			put_page(page);
			return;
		}
		if (page_flag(page, PG_writeback)) {
			unlock_page(page);
			put_page(page);
			return;
		}
		if (!add_to_batch(batch, mapping, page))
			return;
	}
}

/* Write @page, which is locked and not under write-back, and those that follow; its reference is
 * consumed. *next: the index behind what was written. 0 or errno. */
static int write_from_page(struct address_space *mapping, struct page *page, unsigned long last,
			   unsigned long *next)
{
	const struct address_space_operations *a_ops = mapping->a_ops;
	struct write_batch batch = {.nr = 0};
	unsigned int i;
	int error;

	*next = page->index + 1;
	if (!add_to_batch(&batch, mapping, page))
		return 0;
	if (!a_ops->writepages) {
		error = a_ops->writepage(page);
	} else {
		gather_batch(&batch, mapping, last);
		*next = page->index + batch.nr;
		error = a_ops->writepages(batch.pages, batch.nr);
	}
	for (i = 0; i < batch.nr; i++)
		put_page(batch.pages[i]);
	return error;
}

void writeback_locked_page(struct address_space *mapping, struct page *page)
{
	unsigned long next;

	get_page(page);
	(void)write_from_page(mapping, page, ULONG_MAX, &next);
}

int filemap_fdatawrite(struct address_space *mapping, unsigned long first, unsigned long last)
{
	unsigned long index = first;
	struct page *page;
	int error = 0, ret;

	if (!mapping_writes_back(mapping))
		return 0;
	while ((page = find_get_marked(mapping, &index, last, XA_MARK_0)) != NULL) {
		lock_page(page);
		/* Nobody starts another write while we hold its lock. */
		wait_on_page_writeback(page);
		ret = write_from_page(mapping, page, last, &index);
		if (ret && !error)
			error = ret;
		if (!index || index > last) /* 0: that was the last index there is */
			break;
		cond_resched();
	}
	return error;
}

/* Wait for the writes of pages [first, last] that have begun. */
static void filemap_fdatawait(struct address_space *mapping, unsigned long first,
			      unsigned long last)
{
	unsigned long index = first;
	struct page *page;

	while ((page = find_get_marked(mapping, &index, last, XA_MARK_1)) != NULL) {
		wait_on_page_writeback(page);
		spin_lock(&mapping->pages_lock);
		/* Unless it has gone, or the next write has begun. */
		if (page->mapping == mapping && !page_flag(page, PG_writeback))
			xa_clear_mark(&mapping->pages, page->index, XA_MARK_1);
		spin_unlock(&mapping->pages_lock);
		put_page(page);
		if (index++ == last)
			break;
		cond_resched();
	}
}

static int write_and_wait(struct address_space *mapping, unsigned long first, unsigned long last)
{
	int error;

	if (!mapping_writes_back(mapping))
		return 0;
	error = filemap_fdatawrite(mapping, first, last);
	filemap_fdatawait(mapping, first, last);
	if (!error)
		error = __atomic_exchange_n(&mapping->wb_error, 0, __ATOMIC_RELAXED);
	return error;
}

int filemap_write_and_wait(struct address_space *mapping)
{
	return write_and_wait(mapping, 0, ULONG_MAX);
}

int filemap_write_and_wait_range(struct address_space *mapping, loff_t start, loff_t end)
{
	return write_and_wait(mapping, start >> PAGE_SHIFT, end >> PAGE_SHIFT);
}
