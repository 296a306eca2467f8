/* SPDX-License-Identifier: MIT */
/* What the files that make block devices files share. */
#pragma once

#include "fs/blkdev.h"
#include "fs/internal.h"

/* private_data of an open block device. Readers of one open file that run at the same time may
 * mislead each other's read-ahead, no more. */
struct blkdev_file {
	struct block_device *bdev;
	unsigned long last;	/* index of the page read last */
	unsigned long ra_end;	/* pages before this one have been read ahead */
	unsigned long ra_pages; /* how far to read ahead; 0: the reads are not sequential */
};

extern const struct address_space_operations bdev_aops;
/* Requests of the page cache, and the thread that writes back: before the first device. 0,
 * -ENOMEM. */
int bdev_cache_init(void);
/* Start to read the pages [index, index + nr) that are not cached. */
void bdev_readahead(struct address_space *mapping, unsigned long index, unsigned long nr);

/* O_DIRECT's read and write. */
ssize_t blkdev_direct_read(struct file *file, struct iov_iter *to, loff_t *pos);
ssize_t blkdev_direct_write(struct file *file, struct iov_iter *from, loff_t *pos);
/* The write that goes by way of the page cache; i_rwsem of the device's inode held. */
ssize_t blkdev_buffered_write(struct file *file, struct iov_iter *from, loff_t *pos);

long blkdev_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

static inline loff_t bdev_size(const struct block_device *bdev)
{
	return bdev->bytes;
}
