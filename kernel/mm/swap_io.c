/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing slots. Requests come from a fixed number that is made with the first area:
 * to free memory must not need memory.
 *
 * What has been written goes to a list that reclaim empties: completions come by interrupt, where
 * pages cannot be locked.
 */
#include "mm/swap_cache.h"
#include "mm/lru.h"
#include "mm/mm.h"
#include "mm/pagecache.h"
#include "mm/workingset.h"
#include "base/printk.h"
#include "base/trace.h"
#include "page/slab.h"
#include "sched/sched.h"
#include "sched/wait.h"

#define NR_REQUESTS 16 /* 2 MiB under way at most */

static DEFINE_SPINLOCK(io_lock, RANK_IRQ_LEAF); /* all below */
static LIST_HEAD(written);			/* struct page by lru */
static LIST_HEAD(undecided);			/* likewise: looked at once, and locked then */
static unsigned int nr_written, nr_undecided, nr_writing; /* pages */
static DECLARE_WAIT_QUEUE_HEAD(written_wait);

static DEFINE_IO_POOL(pool);

int swap_io_init(void)
{
	static unsigned int made; /* under the caller's lock */
	struct block_io *io;

	for (; made < NR_REQUESTS; made++) {
		io = kzalloc(sizeof(*io), GFP_KERNEL);
		if (!io)
			return -ENOMEM;
		put_io(&pool, io);
	}
	return 0;
}

/* One line a second at most says that the device fails. */
static void report_error(const struct block_io *io)
{
	static u64 next; /* racy: a line more or less */
	u64 now = arch_clock_ns();

	if (now < next)
		return;
	next = now + NSEC_PER_SEC;
	printk("swap: %s error on %s, sector %llu", io->write ? "write" : "read", io->bdev->name,
	       io->sector);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_done(struct block_io *io)
{
	unsigned long irq;

	if (io->error)
		report_error(io);
	for (unsigned int i = 0; i < io->nr; i++) {
		/* It stays in memory: what is on the device is not it. */
		if (io->error)
			set_bit(PG_dirty, &io->pages[i]->flags);
		end_page_writeback(io->pages[i]);
	}
	spin_lock_irqsave(&io_lock, irq);
	for (unsigned int i = 0; i < io->nr; i++)
		list_add_tail(&io->pages[i]->lru, &written);
	nr_written += io->nr;
	nr_writing -= io->nr;
	spin_unlock_irqrestore(&io_lock, irq);
	put_io(&pool, io);
	wake_up_all(&written_wait);
	wake_reclaim_hook();
}

void swap_write_end(struct swap_batch *batch)
{
	struct block_io *io = batch->io;
	unsigned long irq;
	unsigned int i, nr;

	if (!io)
		return;
	batch->io = NULL;
	nr = io->nr;
	io->bdev = swap_bdev(batch->first, &io->sector);
	io->done = write_done;
	current->oublock += nr * (PAGE_SIZE / 512);
	count_vm_events(PSWPOUT, nr);
	for (i = 0; i < nr; i++) {
		trace(TRACE_SWAP_OUT, current->pid, page_to_pfn(io->pages[i]),
		      batch->first.val + i);
		set_page_writeback(io->pages[i]);
		clear_bit(PG_dirty, &io->pages[i]->flags);
		unlock_page(io->pages[i]);
	}
	spin_lock_irqsave(&io_lock, irq);
	nr_writing += nr;
	spin_unlock_irqrestore(&io_lock, irq);
	submit_io(io);
}

void swap_write(struct swap_batch *batch, struct page *page, swp_entry_t entry)
{
	if (batch->io && (batch->io->nr == BLOCK_IO_PAGES ||
			  entry.val != batch->first.val + batch->io->nr))
		swap_write_end(batch);
	if (!batch->io) {
		batch->io = get_io(&pool, true);
		batch->first = entry;
	}
	batch->io->pages[batch->io->nr++] = page;
}

unsigned int swap_take_written(struct list_head *out, unsigned int max)
{
	unsigned int n = 0;
	unsigned long irq;

	if (!READ_ONCE(nr_written) && !READ_ONCE(nr_undecided))
		return 0;
	spin_lock_irqsave(&io_lock, irq);
	for (; n < max && nr_written; n++, nr_written--)
		list_move_tail(written.next, out);
	for (; n < max && nr_undecided; n++, nr_undecided--)
		list_move_tail(undecided.next, out);
	spin_unlock_irqrestore(&io_lock, irq);
	return n;
}

void swap_put_written(struct page *page)
{
	unsigned long irq;

	spin_lock_irqsave(&io_lock, irq);
	list_add_tail(&page->lru, &undecided);
	nr_undecided++;
	spin_unlock_irqrestore(&io_lock, irq);
}

unsigned int swap_nr_writing(void)
{
	return READ_ONCE(nr_writing);
}

void swap_wait_written(u64 timeout)
{
	struct wait_queue_entry wait;

	if (READ_ONCE(nr_written) || !READ_ONCE(nr_writing))
		return;
	init_wait_entry(&wait, 0);
	prepare_to_wait(&written_wait, &wait, TASK_UNINTERRUPTIBLE);
	if (!READ_ONCE(nr_written) && READ_ONCE(nr_writing))
		schedule_timeout(timeout);
	finish_wait(&written_wait, &wait);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void read_done(struct block_io *io)
{
	if (io->error)
		report_error(io);
	for (unsigned int i = 0; i < io->nr; i++) {
		struct page *page = io->pages[i];

		if (!io->error)
			set_bit(PG_uptodate, &page->flags);
		unlock_page(page);
		put_page(page);
	}
	put_io(&pool, io);
}

void swap_read(struct page **pages, unsigned int nr, swp_entry_t first)
{
	struct block_io *io = get_io(&pool, false);

	io->bdev = swap_bdev(first, &io->sector);
	io->done = read_done;
	io->nr = nr;
	for (unsigned int i = 0; i < nr; i++) {
		get_page(pages[i]);
		io->pages[i] = pages[i];
		trace(TRACE_SWAP_IN, current->pid, page_to_pfn(pages[i]), first.val + i);
	}
	current->inblock += nr * (PAGE_SIZE / 512);
	count_vm_events(PSWPIN, nr);
	submit_io(io);
}

int swap_read_wait(struct page *page, swp_entry_t entry)
{
	struct block_io *io = get_io(&pool, false);
	int err;

	io->bdev = swap_bdev(entry, &io->sector);
	io->nr = 1;
	io->pages[0] = page;
	current->inblock += PAGE_SIZE / 512;
	count_vm_event(PSWPIN);
	trace(TRACE_SWAP_IN, current->pid, page_to_pfn(page), entry.val);
	err = submit_io_wait(io);
	if (err)
		report_error(io);
	put_io(&pool, io);
	return err;
}

bool swap_read_again(struct page *page)
{
	if (swap_read_wait(page, (swp_entry_t){page->private}))
		return false;
	set_bit(PG_uptodate, &page->flags);
	return true;
}

/* ---- Runs ------------------------------------------------------------------------------------ */

void swap_run_read(struct swap_run *run)
{
	if (!run->nr)
		return;
	swap_read(run->pages, run->nr, run->first);
	for (unsigned int i = 0; i < run->nr; i++)
		put_page(run->pages[i]);
	run->nr = 0;
}

bool swap_run_add(struct swap_run *run, struct page *page, swp_entry_t entry, bool ahead)
{
	page->flags |= BIT(PG_locked) | (ahead ? BIT(PG_readahead) : 0);
	if (swap_cache_add_new(page, entry)) {
		page->flags = 0;
		put_page(page);
		return false;
	}
	workingset_refault(page, entry.val);
	lru_add(page);
	if (run->nr && (run->nr == BLOCK_IO_PAGES || entry.val != run->first.val + run->nr))
		swap_run_read(run);
	if (!run->nr)
		run->first = entry;
	run->pages[run->nr++] = page;
	return true;
}
