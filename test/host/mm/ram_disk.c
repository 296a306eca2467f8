/* SPDX-License-Identifier: MIT */
/* See ram_disk.h. */
#include "ram_disk.h"
#include "test.h"

#include "abi/errno.h"
#include "lib/string.h"

struct ram_disk {
	struct block_device bdev;
	u8 *data;
	struct list_head held; /* block_io, oldest first */
	bool hold, hold_writes;
	u64 fail_from, fail_to;
	bool fail_reads, fail_writes;
	int flush_error;
	struct ram_disk_counts counts;
};

static struct ram_disk *disk_of(struct block_device *bdev)
{
	return container_of(bdev, struct ram_disk, bdev);
}

static bool must_fail(const struct ram_disk *disk, const struct block_io *io, unsigned long bytes)
{
	u64 end = io->sector + (bytes >> SECTOR_SHIFT);

	if (io->write ? !disk->fail_writes : !disk->fail_reads)
		return false;
	return io->sector < disk->fail_to && end > disk->fail_from;
}

static void transfer(struct ram_disk *disk, struct block_io *io, unsigned long bytes)
{
	u8 *at = disk->data + (io->sector << SECTOR_SHIFT);
	unsigned int i;

	for (i = 0; i < io->nr && bytes; i++) {
		unsigned long n = min(bytes, PAGE_SIZE);

		if (io->write)
			memcpy(at, page_address(io->pages[i]), n);
		else
			memcpy(page_address(io->pages[i]), at, n);
		at += n;
		bytes -= n;
	}
}

static void finish(struct block_io *io)
{
	struct ram_disk *disk = disk_of(io->bdev);
	unsigned long bytes = block_io_bytes(io);
	unsigned int i;

	if (must_fail(disk, io, bytes)) {
		io->error = -EIO;
		for (i = 0; i < io->nr && !io->write; i++)
			memset(page_address(io->pages[i]), 0xbd, PAGE_SIZE);
	} else {
		transfer(disk, io, bytes);
	}
	io->done(io);
}

static void ram_disk_submit(struct block_io *io)
{
	struct ram_disk *disk = disk_of(io->bdev);
	unsigned int i;

	CHECK(io->nr >= 1 && io->nr <= BLOCK_IO_PAGES);
	for (i = 0; i < io->nr; i++)
		CHECK_GT(page_count(io->pages[i]), 0);
	if (io->write) {
		CHECK(!disk->bdev.read_only);
		disk->counts.writes++;
		disk->counts.pages_written += io->nr;
	} else {
		disk->counts.reads++;
		disk->counts.pages_read += io->nr;
	}
	if (disk->hold || (disk->hold_writes && io->write))
		list_add_tail(&io->link, &disk->held);
	else
		finish(io);
}

static int ram_disk_flush(struct block_device *bdev)
{
	struct ram_disk *disk = disk_of(bdev);

	disk->counts.flushes++;
	return disk->flush_error;
}

static const struct block_device_operations ram_disk_ops = {
	.submit = ram_disk_submit,
	.flush = ram_disk_flush,
};

struct block_device *ram_disk_new(const char *name, u64 bytes)
{
	struct ram_disk *disk = test_malloc(sizeof(*disk));

	CHECK_EQ(bytes % 512, 0ul);
	memset(disk, 0, sizeof(*disk));
	disk->data = test_malloc(bytes);
	memset(disk->data, 0, bytes);
	INIT_LIST_HEAD(&disk->held);
	disk->bdev.name = name;
	disk->bdev.bytes = bytes;
	disk->bdev.ops = &ram_disk_ops;
	return &disk->bdev;
}

void ram_disk_free(struct block_device *bdev)
{
	struct ram_disk *disk = disk_of(bdev);

	CHECK(list_empty(&disk->held));
	test_free(disk->data);
	test_free(disk);
}

u8 *ram_disk_data(struct block_device *bdev)
{
	return disk_of(bdev)->data;
}

void ram_disk_fail(struct block_device *bdev, u64 from, u64 to, bool on_read, bool on_write)
{
	struct ram_disk *disk = disk_of(bdev);

	disk->fail_from = from;
	disk->fail_to = to;
	disk->fail_reads = on_read;
	disk->fail_writes = on_write;
}

void ram_disk_fail_flush(struct block_device *bdev, int error)
{
	disk_of(bdev)->flush_error = error;
}

void ram_disk_hold(struct block_device *bdev, bool on)
{
	struct ram_disk *disk = disk_of(bdev);

	disk->hold = on;
	disk->hold_writes = false;
	if (!on)
		ram_disk_complete(bdev, -1u);
}

void ram_disk_hold_writes(struct block_device *bdev)
{
	disk_of(bdev)->hold_writes = true;
}

unsigned int ram_disk_complete(struct block_device *bdev, unsigned int n)
{
	struct ram_disk *disk = disk_of(bdev);
	unsigned int done;

	for (done = 0; done < n && !list_empty(&disk->held); done++) {
		struct block_io *io = list_first_entry(&disk->held, struct block_io, link);

		list_del(&io->link);
		finish(io);
	}
	return done;
}

bool ram_disk_complete_latest(struct block_device *bdev)
{
	struct ram_disk *disk = disk_of(bdev);
	struct block_io *io;

	if (list_empty(&disk->held))
		return false;
	io = list_last_entry(&disk->held, struct block_io, link);
	list_del(&io->link);
	finish(io);
	return true;
}

unsigned int ram_disk_held(struct block_device *bdev)
{
	struct list_head *at;
	unsigned int n = 0;

	list_for_each (at, &disk_of(bdev)->held)
		n++;
	return n;
}

struct ram_disk_counts ram_disk_counts(struct block_device *bdev)
{
	return disk_of(bdev)->counts;
}
