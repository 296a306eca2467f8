/* SPDX-License-Identifier: MIT */
/* What all block I/O passes through on its way to a driver: counts, the device's end, waiting. */
#include "mm/block_io.h"
#include "mm/mm.h"
#include "lib/string.h"
#include "sched/sched.h"

/* Pages, or their ends, that lie behind the device's end: the device will not fill them. */
static void zero_beyond_end(struct block_io *io, unsigned long bytes)
{
	unsigned int i = bytes >> PAGE_SHIFT, from = offset_in_page(bytes);

	for (; i < io->nr; i++, from = 0)
		memset((char *)page_address(io->pages[i]) + from, 0, PAGE_SIZE - from);
}

void submit_io(struct block_io *io)
{
	unsigned long bytes = block_io_bytes(io);

	vm_event_counts[arch_cpu_id()].n[io->write ? PGPGOUT : PGPGIN] += io->nr;
	io->error = 0;
	if (unlikely(bytes < (unsigned long)io->nr << PAGE_SHIFT) && !io->write)
		zero_beyond_end(io, bytes);
	if (unlikely(!bytes)) {
		io->done(io);
		return;
	}
	io->bdev->ops->submit(io);
}

/* ---- Statistics ------------------------------------------------------------------------------ */

void block_io_started(struct block_io *io)
{
	struct block_stats *stats = &io->bdev->stats;

	io->start = ktime_get();
	if (!stats->in_flight++)
		stats->busy_since = io->start;
}

void block_io_finished(struct block_io *io)
{
	struct block_stats *stats = &io->bdev->stats;
	u64 now = ktime_get();

	if (!--stats->in_flight)
		stats->busy_ns += now - stats->busy_since;
	if (unlikely(!io->nr)) {
		stats->flushes++;
		stats->flush_ns += now - io->start;
		return;
	}
	stats->ios[io->write]++;
	stats->sectors[io->write] += block_io_bytes(io) >> SECTOR_SHIFT;
	stats->ns[io->write] += now - io->start;
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static void complete_waiter(struct block_io *io)
{
	complete(io->private);
}

int submit_io_wait(struct block_io *io)
{
	struct completion completion;

	init_completion(&completion);
	io->done = complete_waiter;
	io->private = &completion;
	submit_io(io);
	wait_for_completion(&completion);
	return io->error;
}

/* ---- Requests made beforehand ---------------------------------------------------------------- */

void put_io(struct io_pool *pool, struct block_io *io)
{
	unsigned long irq;

	spin_lock_irqsave(&pool->lock, irq);
	list_add(&io->link, &pool->idle);
	spin_unlock_irqrestore(&pool->lock, irq);
	wake_up(&pool->wait);
}

struct block_io *try_get_io(struct io_pool *pool)
{
	struct block_io *io;
	unsigned long irq;

	spin_lock_irqsave(&pool->lock, irq);
	io = list_first_entry_or_null(&pool->idle, struct block_io, link);
	if (io)
		list_del(&io->link);
	spin_unlock_irqrestore(&pool->lock, irq);
	return io;
}

struct block_io *get_io(struct io_pool *pool, bool write)
{
	struct block_io *io;

	wait_event(pool->wait, (io = try_get_io(pool)) != NULL);
	io->write = write;
	io->nr = 0;
	return io;
}

/* ---- One user alone -------------------------------------------------------------------------- */

static DEFINE_SPINLOCK(holder_lock, RANK_SPIN_LEAF);

int bdev_claim(struct block_device *bdev, const void *holder)
{
	int error = 0;

	spin_lock(&holder_lock);
	if (bdev->holder)
		error = -EBUSY;
	else
		bdev->holder = holder;
	spin_unlock(&holder_lock);
	return error;
}

void bdev_release(struct block_device *bdev, const void *holder)
{
	spin_lock(&holder_lock);
	BUG_ON(bdev->holder != holder);
	bdev->holder = NULL;
	spin_unlock(&holder_lock);
}
