/* SPDX-License-Identifier: MIT */
/*
 * A block device in memory, for tests: done at once, or when the test says so; with errors where
 * the test wants them.
 */
#pragma once

#include "mm/block_io.h"

/* A device of @bytes bytes (a multiple of 512), zeroed. It has no page cache of its own. */
struct block_device *ram_disk_new(const char *name, u64 bytes);
/* Nothing may be held any more. */
void ram_disk_free(struct block_device *bdev);

/* What is on the disk. */
u8 *ram_disk_data(struct block_device *bdev);

/* Requests that touch sectors [from, to) fail with -EIO: reads, writes. A failed write changes
 * nothing, a failed read leaves 0xbd in the pages. Replaces what was said before; from == to:
 * none. */
void ram_disk_fail(struct block_device *bdev, u64 from, u64 to, bool on_read, bool on_write);
/* Flushes fail with @error (0: they work). */
void ram_disk_fail_flush(struct block_device *bdev, int error);

/* While on, requests wait for ram_disk_complete(); off: those that wait are done now. A write's
 * data is taken, and a read's given, when it is done. Who sleeps for a held request sleeps until
 * another task lets it go on. */
void ram_disk_hold(struct block_device *bdev, bool on);
/* From now on writes wait, until ram_disk_hold() says otherwise; reads are done at once. */
void ram_disk_hold_writes(struct block_device *bdev);
/* Let the @n oldest requests be done; how many there were. */
unsigned int ram_disk_complete(struct block_device *bdev, unsigned int n);
/* Likewise the latest one: devices keep no order. False: none. */
bool ram_disk_complete_latest(struct block_device *bdev);
/* Requests that wait. */
unsigned int ram_disk_held(struct block_device *bdev);

/* So far. Failed requests count. */
struct ram_disk_counts {
	unsigned long reads, writes;		 /* requests */
	unsigned long pages_read, pages_written; /* pages of these */
	unsigned long flushes;
};
struct ram_disk_counts ram_disk_counts(struct block_device *bdev);
