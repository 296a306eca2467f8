/* SPDX-License-Identifier: MIT */
/*
 * The page cache of block devices: many pages a request, and nobody waits but who needs the data.
 *
 *	read	pages are put into the cache locked; the device's interrupt unlocks them
 *	write	pages are under write-back until the device's interrupt ends it
 *
 * Every few seconds a thread writes what is dirty.
 */
#include "fs/blkdev_internal.h"

#define NR_REQUESTS    32
#define FLUSH_INTERVAL (5 * NSEC_PER_SEC)

static struct block_io requests[NR_REQUESTS];
static DEFINE_IO_POOL(pool);

/* What programs make dirty that neither sync nor close is not kept from the disk for ever. */
static int flusher(void *arg)
{
	for (;;) {
		struct block_device *bdev = NULL;

		set_current_state(TASK_INTERRUPTIBLE);
		schedule_timeout(FLUSH_INTERVAL);
		while (nr_dirty_pages() && (bdev = next_block_device(bdev)))
			(void)filemap_fdatawrite(bdev->mapping, 0, ULONG_MAX);
	}
	return 0;
}

int bdev_cache_init(void)
{
	for (unsigned int i = 0; i < NR_REQUESTS; i++)
		put_io(&pool, &requests[i]);
	return PTR_ERR_OR_ZERO(kthread_run(flusher, NULL, "flush"));
}

static struct block_io *get_request(struct address_space *mapping, unsigned long index, bool write)
{
	struct block_io *io = get_io(&pool, write);

	io->bdev = mapping->host->i_private;
	io->sector = (u64)index << (PAGE_SHIFT - SECTOR_SHIFT);
	io->private = mapping;
	return io;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static int bdev_read_folio(struct file *file, struct page *page)
{
	struct address_space *mapping = page->mapping;
	struct block_io io = {.bdev = mapping->host->i_private,
			      .sector = (u64)page->index << (PAGE_SHIFT - SECTOR_SHIFT),
			      .nr = 1,
			      .pages = {page}};
	int error = submit_io_wait(&io);

	if (!error)
		set_bit(PG_uptodate, &page->flags);
	return error;
}

/* A page that could not be read is not uptodate: who wants it tries again, and gets the error. */
static void read_done(struct block_io *io)
{
	for (unsigned int i = 0; i < io->nr; i++) {
		if (likely(!io->error))
			set_bit(PG_uptodate, &io->pages[i]->flags);
		unlock_page(io->pages[i]);
		put_page(io->pages[i]);
	}
	put_io(&pool, io);
}

static bool is_cached(struct address_space *mapping, unsigned long index)
{
	bool cached;

	spin_lock(&mapping->pages_lock);
	cached = xa_load(&mapping->pages, index) != NULL;
	spin_unlock(&mapping->pages_lock);
	return cached;
}

/* A new page at @index, locked; NULL: somebody else put one there, or memory is short: whoever
 * needs this page will make room for it, nothing is worth being reclaimed for a guess. */
static struct page *add_new_page(struct address_space *mapping, unsigned long index)
{
	struct page *page = alloc_page(__GFP_MOVABLE | __GFP_NOWARN);

	if (!page)
		return NULL;
	set_bit(PG_locked, &page->flags);
	if (!add_to_page_cache(page, mapping, index))
		return page;
	unlock_page(page);
	put_page(page);
	return NULL;
}

/* Read the run of pages from @index on, up to @nr, that are not cached, by one request. How many;
 * 0: no memory. */
static unsigned long read_run(struct address_space *mapping, unsigned long index, unsigned long nr)
{
	struct page *pages[BLOCK_IO_PAGES];
	struct block_io *io;
	unsigned int n = 0;

	while (n < min(nr, (unsigned long)BLOCK_IO_PAGES) &&
	       (pages[n] = add_new_page(mapping, index + n)))
		n++;
	if (!n)
		return 0;
	io = get_request(mapping, index, false);
	memcpy(io->pages, pages, n * sizeof(*pages));
	io->nr = n;
	io->done = read_done;
	submit_io(io);
	return n;
}

void bdev_readahead(struct address_space *mapping, unsigned long index, unsigned long nr)
{
	unsigned long end = DIV_ROUND_UP((unsigned long)i_size_read(mapping->host), PAGE_SIZE), n;

	end = index < end ? min(end - index, nr) + index : index;
	while (index < end) {
		if (is_cached(mapping, index)) {
			index++;
			continue;
		}
		n = read_run(mapping, index, end - index);
		if (!n)
			return;
		index += n;
	}
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_done(struct block_io *io)
{
	struct address_space *mapping = io->private;

	if (unlikely(io->error))
		WRITE_ONCE(mapping->wb_error, io->error);
	for (unsigned int i = 0; i < io->nr; i++) {
		end_page_writeback(io->pages[i]);
		put_page(io->pages[i]);
	}
	put_io(&pool, io);
}

static int bdev_writepages(struct page **pages, unsigned int nr)
{
	struct block_io *io = get_request(pages[0]->mapping, pages[0]->index, true);

	for (unsigned int i = 0; i < nr; i++) {
		get_page(pages[i]);
		set_page_writeback(pages[i]);
		unlock_page(pages[i]);
		io->pages[i] = pages[i];
	}
	io->nr = nr;
	io->done = write_done;
	submit_io(io);
	return 0;
}

static int bdev_writepage(struct page *page)
{
	return bdev_writepages(&page, 1);
}

const struct address_space_operations bdev_aops = {
	.read_folio = bdev_read_folio,
	.writepage = bdev_writepage,
	.writepages = bdev_writepages,
	.readahead = bdev_readahead,
};
