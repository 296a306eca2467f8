/* SPDX-License-Identifier: MIT */
/*
 * Block devices as files: /dev/vda and its like. Drivers register them (struct block_device,
 * mm/block_io.h); whoever opens one reads and writes the device's one page cache.
 */
#pragma once

#include "fs/fs.h"
#include "mm/block_io.h"

struct seq_file;

/* Make @bdev known: gives it its page cache and a node in devtmpfs of mode 0660. It is there for
 * ever. 0, -EBUSY (the number is taken), -ENOMEM. Task context, may sleep. */
int register_block_device(struct block_device *bdev);
/* The device with this number, or NULL. */
struct block_device *find_block_device(dev_t dev);
/* The device after @bdev (NULL: the first) in order of registration; NULL at the end. */
struct block_device *next_block_device(struct block_device *bdev);
/* The device that @file is open on, or NULL. */
struct block_device *file_bdev(const struct file *file);

/* Pages of all devices' caches: /proc/meminfo's Buffers. */
unsigned long nr_blockdev_pages(void);
/* Print /proc/partitions, /proc/diskstats, and the block part of /proc/devices. 0. */
int show_partitions(struct seq_file *m), show_diskstats(struct seq_file *m);
int show_block_devices(struct seq_file *m);
/* A device's line of diskstats from the fourth field on, as /sys/block/NAME/stat has it too. */
void show_block_stats(struct seq_file *m, struct block_device *bdev);
