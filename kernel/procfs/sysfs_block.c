/* SPDX-License-Identifier: MIT */
/*
 * Block devices in sysfs: /sys/devices/virtual/block/NAME, and the links to it by which programs
 * find it: /sys/block/NAME, /sys/class/block/NAME, /sys/dev/block/MAJOR:MINOR. A device's number is
 * the arg of the inodes in its directory.
 */
#include "procfs/internal.h"
#include "fs/blkdev.h"

static struct block_device *bdev_of(const struct seq_file *m)
{
	return find_block_device(pseudo_arg(m->inode));
}

static unsigned int block_size_of(const struct block_device *bdev)
{
	return bdev->block_size ?: 1u << SECTOR_SHIFT;
}

/* ---- A device's files ------------------------------------------------------------------------ */

static int dev_show(struct seq_file *m)
{
	seq_printf(m, "%u:%u\n", bdev_of(m)->major, bdev_of(m)->minor);
	return 0;
}

static int size_show(struct seq_file *m)
{
	seq_printf(m, "%llu\n", (unsigned long long)(bdev_of(m)->bytes >> SECTOR_SHIFT));
	return 0;
}

static int ro_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", bdev_of(m)->read_only);
	return 0;
}

static int device_stat_show(struct seq_file *m)
{
	show_block_stats(m, bdev_of(m));
	return 0;
}

static int uevent_show(struct seq_file *m)
{
	seq_printf(m, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\nDEVTYPE=disk\n", bdev_of(m)->major,
		   bdev_of(m)->minor, bdev_of(m)->name);
	return 0;
}

static int block_size_show(struct seq_file *m)
{
	seq_printf(m, "%u\n", block_size_of(bdev_of(m)));
	return 0;
}

static int request_size_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", BLOCK_IO_PAGES * PAGE_SIZE >> 10);
	return 0;
}

/* Of a table entry whose value never changes. */
static int constant_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", pseudo_entry_of(m->inode)->data);
	return 0;
}

#define BLOCK_FILE(file, fn)                                                                       \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0444, .show = fn, .size = PAGE_SIZE                \
	}
#define BLOCK_CONSTANT(file, value)                                                                \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0444, .show = constant_show, .size = PAGE_SIZE,    \
		.data = value                                                                      \
	}

static const struct pseudo_entry queue_table[] = {
	BLOCK_CONSTANT("discard_granularity", 0),
	BLOCK_CONSTANT("discard_max_bytes", 0),
	BLOCK_FILE("hw_sector_size", block_size_show),
	BLOCK_FILE("logical_block_size", block_size_show),
	BLOCK_FILE("max_hw_sectors_kb", request_size_show),
	BLOCK_FILE("max_sectors_kb", request_size_show),
	BLOCK_CONSTANT("max_segments", BLOCK_IO_PAGES),
	BLOCK_FILE("minimum_io_size", block_size_show),
	BLOCK_CONSTANT("optimal_io_size", 0),
	BLOCK_FILE("physical_block_size", block_size_show),
	BLOCK_FILE("read_ahead_kb", request_size_show),
	BLOCK_CONSTANT("rotational", 0),
	{}};

static const struct pseudo_entry none_table[] = {{}};
static const struct pseudo_entry device_table[] = {
	BLOCK_CONSTANT("alignment_offset", 0),
	BLOCK_FILE("dev", dev_show),
	{.name = "holders", .mode = S_IFDIR | 0755, .children = none_table},
	{.name = "queue", .mode = S_IFDIR | 0755, .children = queue_table},
	BLOCK_CONSTANT("range", 16),
	BLOCK_CONSTANT("removable", 0),
	BLOCK_FILE("ro", ro_show),
	BLOCK_FILE("size", size_show),
	{.name = "slaves", .mode = S_IFDIR | 0755, .children = none_table},
	BLOCK_FILE("stat", device_stat_show),
	BLOCK_FILE("uevent", uevent_show),
	{}};
static const struct pseudo_entry device_entry = {.mode = S_IFDIR | 0755, .children = device_table};

/* ---- Where they are found -------------------------------------------------------------------- */

/* Reads a link in a directory whose entry's data is its depth below the root. */
static int link_readlink(struct inode *inode, char *buf, size_t size)
{
	unsigned long depth = pseudo_entry_of(inode)->data;
	struct block_device *bdev = find_block_device(pseudo_arg(inode));
	int n = 0;

	while (depth--)
		n += scnprintf(buf + n, size - n, "../");
	return n + scnprintf(buf + n, size - n, "devices/virtual/block/%s", bdev->name);
}

static const struct pseudo_entry link_1 = {
	.mode = S_IFLNK | 0777, .readlink = link_readlink, .data = 1};
static const struct pseudo_entry link_2 = {
	.mode = S_IFLNK | 0777, .readlink = link_readlink, .data = 2};

/* One directory of all devices: what stands for each, and under which kind of name. */
struct block_listing {
	const struct pseudo_entry *entry;
	bool by_number;
};
static const struct block_listing devices_listing = {&device_entry, false};
const struct block_listing sysfs_block_listing = {&link_1, false};
static const struct block_listing class_listing = {&link_2, false};
static const struct block_listing number_listing = {&link_2, true};

static const struct block_listing *listing_of(struct inode *dir)
{
	return (const struct block_listing *)pseudo_entry_of(dir)->data;
}

static int listed_name(const struct block_listing *listing, const struct block_device *bdev,
		       char *buf, size_t size)
{
	if (listing->by_number)
		return scnprintf(buf, size, "%u:%u", bdev->major, bdev->minor);
	return scnprintf(buf, size, "%s", bdev->name);
}

struct inode *sysfs_block_lookup(struct inode *dir, const char *name, size_t len)
{
	const struct block_listing *listing = listing_of(dir);
	struct block_device *bdev = NULL;
	char buf[24];

	while ((bdev = next_block_device(bdev))) {
		if (listed_name(listing, bdev, buf, sizeof(buf)) == len && !memcmp(buf, name, len))
			return pseudo_inode(dir->i_sb, listing->entry, NULL,
					    MKDEV(bdev->major, bdev->minor));
	}
	return ERR_PTR(-ENOENT);
}

int sysfs_block_iterate(struct inode *dir, struct dir_context *ctx)
{
	const struct block_listing *listing = listing_of(dir);
	struct block_device *bdev = NULL;
	loff_t at = PSEUDO_DYNAMIC_POS;
	char buf[24];

	for (; (bdev = next_block_device(bdev)); at++) {
		dev_t dev = MKDEV(bdev->major, bdev->minor);

		if (at < ctx->pos)
			continue;
		if (!dir_emit(ctx, buf, listed_name(listing, bdev, buf, sizeof(buf)),
			      pseudo_ino(listing->entry, NULL, dev),
			      S_ISDIR(listing->entry->mode) ? DT_DIR : DT_LNK))
			break;
		ctx->pos = at + 1;
	}
	return 0;
}

#define LISTING(dir, which)                                                                        \
	{                                                                                          \
		.name = dir, .mode = S_IFDIR | 0755, .lookup = sysfs_block_lookup,                 \
		.iterate = sysfs_block_iterate, .data = (unsigned long)&(which)                    \
	}

const struct pseudo_entry sysfs_class_table[] = {LISTING("block", class_listing), {}};
const struct pseudo_entry sysfs_dev_table[] = {LISTING("block", number_listing), {}};
const struct pseudo_entry sysfs_virtual_table[] = {LISTING("block", devices_listing), {}};
