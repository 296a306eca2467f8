/* SPDX-License-Identifier: MIT */
/*
 * Block devices as the page cache and swap see them: whole pages to and from consecutive places.
 * Drivers fill in struct block_device; who wants I/O fills in struct block_io, which is the
 * device's from submit to done.
 */
#pragma once

#include "lib/list.h"
#include "page/page.h"
#include "sched/wait.h"

#define BLOCK_IO_PAGES 32 /* most pages of one request: 128 KiB */
#define SECTOR_SHIFT   9

struct block_device;

/* One request. */
struct block_io {
	struct list_head link; /* the device's */
	struct block_device *bdev;
	u64 sector; /* of 512 bytes */
	bool write;
	unsigned int nr; /* pages, 1..BLOCK_IO_PAGES; the device ends where bytes says, pages beyond
			    are zeros when read and not written */
	struct page *pages[BLOCK_IO_PAGES]; /* referenced by who submits */
	int error;			    /* result: 0 or -EIO */
	/* Called once when the device is done, maybe from within submit. Any context, interrupts
	 * maybe off: does not sleep. The block_io is its owner's again. */
	void (*done)(struct block_io *io);
	void *private;
	u64 start; /* ns: when it was submitted; the statistics' */
};

struct block_device_operations {
	/* Start @io, or queue it; called by submit_io(), which looked at the device's end. Never
	 * sleeps, fails or allocates: errors come by @io->error. No lock of RANK_DEVICE or later
	 * held. */
	void (*submit)(struct block_io *io);
	/* What has been written is made to last: 0 or -EIO. May sleep. */
	int (*flush)(struct block_device *bdev);
};

/* What a device has done, by [write]: /proc/diskstats. The driver's lock covers it. */
struct block_stats {
	u64 ios[2], sectors[2], ns[2]; /* done; how long requests took, all added up */
	u64 flushes, flush_ns;
	unsigned int in_flight;
	u64 busy_since, busy_ns; /* at least one in flight: since when, how long before */
};

struct block_device {
	const char *name;	 /* "vda"; constant */
	u64 bytes;		 /* constant, a multiple of 512 */
	bool read_only;		 /* now: writes fail with -EPERM */
	bool host_read_only;	 /* for good */
	unsigned int block_size; /* bytes: the least that is read or written at once; 0: 512 */
	unsigned int major, minor;
	const struct block_device_operations *ops;
	struct address_space *mapping; /* its page cache, for programs that read and write it */
	/* Who uses it by itself (swap), and keeps others from doing so: bdev_claim(). */
	const void *holder;
	void *driver_data;
	struct block_stats stats;
	unsigned int openers;	   /* bdev_mutex of fs/blkdev.c */
	struct block_device *next; /* fs/blkdev.h */
};

/* Bytes of @io that lie on the device. */
static inline unsigned long block_io_bytes(const struct block_io *io)
{
	u64 start = io->sector << SECTOR_SHIFT, end = io->bdev->bytes;
	unsigned long bytes = (unsigned long)io->nr << PAGE_SHIFT;

	if (likely(start + bytes <= end))
		return bytes;
	return start < end ? end - start : 0;
}

/* Statistics: a driver has taken @io; is done with it. The driver's lock held. */
void block_io_started(struct block_io *io);
void block_io_finished(struct block_io *io);

/* Use the device alone, for @holder (not NULL): 0, or -EBUSY if somebody else does. Any task
 * context. */
int bdev_claim(struct block_device *bdev, const void *holder);
void bdev_release(struct block_device *bdev, const void *holder);

/* Submit @io and wait: io->error. May sleep. io->done and io->private are overwritten. */
int submit_io_wait(struct block_io *io);

/* A fixed number of requests, made beforehand: memory is written back when there is none left to
 * allocate. Who finds the pool empty waits for the device, so nobody asks for a second request of
 * the same pool while holding one that is not submitted. */
struct io_pool {
	spinlock_t lock;
	struct list_head idle; /* struct block_io by link */
	struct wait_queue_head wait;
};

#define DEFINE_IO_POOL(var)                                                                        \
	struct io_pool var = {SPIN_LOCK_INIT(#var, RANK_IRQ_LEAF), LIST_HEAD_INIT((var).idle),     \
			      WAIT_QUEUE_HEAD_INIT((var).wait)}

/* Give a request, a new one or one that is done, to @pool. Any context. */
void put_io(struct io_pool *pool, struct block_io *io);

/* A request of no pages yet to write or to read. May sleep, for I/O that is under way. */
struct block_io *get_io(struct io_pool *pool, bool write);

/* The same, or NULL if @pool is empty. Any context. */
struct block_io *try_get_io(struct io_pool *pool);

/* Pages read and written by block devices for programs and swap, for /proc/vmstat's pgpgin and
 * pgpgout (KiB). Counted by submit_io(). */
void submit_io(struct block_io *io);
