/* SPDX-License-Identifier: MIT */
/* Block I/O without a page cache: what arrives, what fails, and the device's end. */
#include "mm_world.h"
#include "ram_disk.h"
#include "test.h"

#include "lib/string.h"
#include "page/gfp.h"

#define P PAGE_SIZE

static struct block_device *disk;
static unsigned int nr_done;

static void count_done(struct block_io *io)
{
	nr_done++;
}

static void setup(struct block_io *io, unsigned int nr, u64 bytes)
{
	unsigned int i;

	world_start(HOST_DEFAULT_RAM, 1);
	disk = ram_disk_new("ram", bytes);
	memset(io, 0, sizeof(*io));
	io->bdev = disk;
	io->nr = nr;
	io->done = count_done;
	for (i = 0; i < nr; i++) {
		io->pages[i] = alloc_page(GFP_KERNEL);
		memset(page_address(io->pages[i]), 'a' + i, P);
	}
}

static void teardown(struct block_io *io)
{
	unsigned int i;

	for (i = 0; i < io->nr; i++)
		put_page(io->pages[i]);
	ram_disk_free(disk);
}

TEST(block_io_writes_and_reads_back)
{
	struct block_io io;

	setup(&io, 3, 8 * P);
	io.write = true;
	io.sector = 2 * P / 512;
	CHECK_EQ(submit_io_wait(&io), 0);
	CHECK_EQ(ram_disk_data(disk)[2 * P], 'a');
	CHECK_EQ(ram_disk_data(disk)[5 * P - 1], 'c');
	CHECK_EQ(ram_disk_data(disk)[5 * P], 0);
	io.write = false;
	io.sector++;
	CHECK_EQ(submit_io_wait(&io), 0);
	CHECK_EQ(((u8 *)page_address(io.pages[0]))[P - 512], 'b');
	CHECK_EQ(vm_event_count(PGPGIN), 3ul);
	CHECK_EQ(vm_event_count(PGPGOUT), 3ul);
	teardown(&io);
}

TEST(block_io_ends_where_the_device_ends)
{
	struct block_io io;
	u8 *page;

	setup(&io, 3, 4 * P + 1024);
	io.sector = 3 * P / 512;
	io.write = true;
	CHECK_EQ(submit_io_wait(&io), 0);
	CHECK_EQ(ram_disk_data(disk)[4 * P + 1023], 'b');
	io.write = false;
	CHECK_EQ(submit_io_wait(&io), 0);
	page = page_address(io.pages[1]);
	CHECK_EQ(page[1023], 'b');
	CHECK_EQ(page[1024], 0);
	CHECK_EQ(page[P - 1], 0);
	page = page_address(io.pages[2]);
	CHECK_EQ(page[0], 0);
	io.sector = 100 * P / 512; /* all of it beyond */
	memset(page_address(io.pages[0]), 1, P);
	CHECK_EQ(submit_io_wait(&io), 0);
	page = page_address(io.pages[0]);
	CHECK_EQ(page[P - 1], 0);
	CHECK_EQ(ram_disk_counts(disk).reads, 1ul);
	teardown(&io);
}

TEST(block_io_fails_where_sectors_are_bad)
{
	struct block_io io;

	setup(&io, 2, 8 * P);
	ram_disk_fail(disk, 15, 16, true, false);
	CHECK_EQ(submit_io_wait(&io), -EIO);
	io.sector = 16;
	CHECK_EQ(submit_io_wait(&io), 0);
	io.write = true;
	io.sector = 8;
	CHECK_EQ(submit_io_wait(&io), 0);
	ram_disk_fail(disk, 15, 16, false, true);
	CHECK_EQ(submit_io_wait(&io), -EIO);
	io.write = false;
	CHECK_EQ(submit_io_wait(&io), 0);
	teardown(&io);
}

TEST(block_io_held_is_done_later)
{
	struct block_io io, other;

	setup(&io, 1, 8 * P);
	ram_disk_hold(disk, true);
	other = io;
	other.write = true;
	submit_io(&other);
	submit_io(&io);
	CHECK_EQ(nr_done, 0u);
	CHECK_EQ(ram_disk_held(disk), 2u);
	CHECK(ram_disk_complete_latest(disk));
	CHECK_EQ(((u8 *)page_address(io.pages[0]))[0], 0);
	CHECK_EQ(nr_done, 1u);
	ram_disk_hold(disk, false);
	CHECK_EQ(nr_done, 2u);
	CHECK_EQ(ram_disk_complete(disk, 5), 0u);
	teardown(&io);
}
