/* SPDX-License-Identifier: MIT */
/* Block devices: their page cache, read-ahead, write-back, errors, and who may use them. */
#include "../mm/ram_disk.h"
#include "fs_world.h"

#include "abi/ioctl.h"
#include "fs/blkdev.h"

#define P     PAGE_SIZE
#define PAGES 256
#define TAIL  1024 /* the device ends within a page */

static struct block_device *disk;
static void __user *room; /* 64 pages */

static void nap(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(NSEC_PER_MSEC);
}

static void set_up(void)
{
	disk = ram_disk_new("ram", PAGES * P + TAIL);
	disk->major = 254;
	disk->minor = 16;
	for (unsigned long i = 0; i < disk->bytes; i++)
		ram_disk_data(disk)[i] = i / P + i % 251;
	CHECK_EQ(register_block_device(disk), 0);
	CHECK_EQ(vfs_mknod_path("/disk", S_IFBLK | 0600, MKDEV(254, 16)), 0);
	room = user_room(64 * P);
}

static int open_disk(int flags)
{
	int fd = t_open("/disk", flags, 0);

	CHECK_GE(fd, 0);
	return fd;
}

static bool equals_disk(u64 pos, size_t len)
{
	static u8 buf[64 * P];

	from_user(room, buf, len);
	return !memcmp(buf, ram_disk_data(disk) + pos, len);
}

static void read_at(int fd, u64 pos, size_t len)
{
	CHECK_EQ(ksys_pread64(fd, room, len, pos), (long)len);
	CHECK(equals_disk(pos, len));
}

/* @len bytes of @byte. */
static long write_at(int fd, u64 pos, size_t len, u8 byte)
{
	static u8 buf[64 * P];

	memset(buf, byte, len);
	CHECK_EQ(copy_to_user(room, buf, len), 0ul);
	return ksys_pwrite64(fd, room, len, pos);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void streaming(void)
{
	struct ram_disk_counts counts;
	unsigned long sectors;
	int fd;

	set_up();
	fd = open_disk(O_RDONLY);
	for (sectors = 0; sectors < disk->bytes / 512; sectors++) {
		CHECK_EQ(ksys_read(fd, room, 512), 512l);
		CHECK(equals_disk(sectors * 512, 512));
	}
	CHECK_EQ(ksys_read(fd, room, 512), 0l);
	counts = ram_disk_counts(disk);
	CHECK_EQ(counts.pages_read, PAGES + 1ul); /* each once */
	CHECK_LE(counts.reads, 14ul);
	CHECK_EQ(nr_blockdev_pages(), PAGES + 1ul);
	/* Once more: from the cache, as long as somebody has it open. */
	read_at(fd, 0, 64 * P);
	CHECK_EQ(ram_disk_counts(disk).reads, counts.reads);
	CHECK_EQ(ksys_close(fd), 0l);
	CHECK_EQ(nr_blockdev_pages(), 0ul);
}

TEST(blkdev_streams_by_large_requests)
{
	fs_run(1, streaming);
}

static void random_reads(void)
{
	unsigned long i;
	int fd;

	set_up();
	fd = open_disk(O_RDONLY);
	for (i = 0; i < 50; i++)
		read_at(fd, (i * 37 + 5) % PAGES * P, 100);
	CHECK_EQ(ram_disk_counts(disk).pages_read, 50ul);
	/* A large one is read as a whole. */
	ksys_close(fd);
	fd = open_disk(O_RDONLY);
	read_at(fd, 100 * P + 10, 40 * P);
	CHECK_EQ(ram_disk_counts(disk).pages_read, 91ul);
	CHECK_EQ(ram_disk_counts(disk).reads, 52ul);
}

TEST(blkdev_random_reads_read_nothing_else)
{
	fs_run(1, random_reads);
}

static void read_errors(void)
{
	int fd;

	set_up();
	ram_disk_fail(disk, 20 * 8 + 3, 20 * 8 + 4, true, false);
	fd = open_disk(O_RDONLY);
	/* The request of many pages fails; each is tried again alone. */
	CHECK_EQ(ksys_pread64(fd, room, 64 * P, 0), 20 * (long)P);
	CHECK(equals_disk(0, 20 * P));
	CHECK_EQ(ksys_pread64(fd, room, P, 20 * P), -EIO);
	read_at(fd, 21 * P, 10 * P);
	ram_disk_fail(disk, 0, 0, false, false);
	read_at(fd, 0, 64 * P);
}

TEST(blkdev_bad_sector_spoils_its_page_only)
{
	fs_run(1, read_errors);
}

static int reader(void *arg)
{
	int fd = open_disk(O_RDONLY);

	CHECK_EQ(ksys_pread64(fd, user_room(P), P, 0), (long)P);
	(*(int *)arg)++;
	ksys_close(fd);
	return 0;
}

static void waiting_reader(void)
{
	int done = 0, fd;

	set_up();
	fd = open_disk(O_RDONLY); /* the cache stays */
	ram_disk_hold(disk, true);
	t_spawn(reader, &done);
	t_spawn(reader, &done);
	nap();
	CHECK_EQ(done, 0);
	CHECK_EQ(ram_disk_held(disk), 1u); /* one read for both */
	ram_disk_hold(disk, false);
	nap();
	CHECK_EQ(done, 2);
	ksys_close(fd);
}

TEST(blkdev_readers_wait_for_one_read)
{
	fs_run(1, waiting_reader);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_back(void)
{
	struct ram_disk_counts counts;
	int fd;

	set_up();
	fd = open_disk(O_RDWR);
	CHECK_EQ(write_at(fd, 0, 64 * P, 1), 64 * (long)P);
	CHECK_EQ(write_at(fd, 100 * P + 5, 10, 2), 10l);
	CHECK_EQ(ram_disk_counts(disk).writes, 0ul);
	CHECK_EQ(nr_dirty_pages(), 65ul);
	CHECK_EQ(ksys_fsync(fd), 0l);
	counts = ram_disk_counts(disk);
	CHECK_EQ(counts.writes, 3ul);
	CHECK_EQ(counts.pages_written, 65ul);
	CHECK_EQ(counts.pages_read, 1ul); /* of the partial one */
	CHECK_EQ(counts.flushes, 1ul);
	CHECK_EQ(nr_dirty_pages(), 0ul);
	CHECK_EQ(ram_disk_data(disk)[64 * P - 1], 1);
	CHECK_EQ(ram_disk_data(disk)[100 * P + 14], 2);
	CHECK_EQ(ksys_fsync(fd), 0l);
	CHECK_EQ(ram_disk_counts(disk).writes, 3ul);
	/* The last close writes. */
	CHECK_EQ(write_at(fd, 7 * P, 1, 9), 1l);
	ksys_close(fd);
	CHECK_EQ(ram_disk_data(disk)[7 * P], 9);
	CHECK_EQ(nr_dirty_pages(), 0ul);
}

TEST(blkdev_writes_back_what_is_dirty)
{
	fs_run(1, write_back);
}

static void write_errors(void)
{
	int fd;

	set_up();
	fd = open_disk(O_RDWR);
	ram_disk_fail(disk, 8, 16, false, true);
	CHECK_EQ(write_at(fd, 0, 4 * P, 3), 4 * (long)P);
	CHECK_EQ(ksys_fsync(fd), -EIO);
	CHECK_EQ(ksys_fsync(fd), 0l); /* told once */
	ram_disk_fail(disk, 0, 0, false, false);
	CHECK_EQ(write_at(fd, 0, 4 * P, 4), 4 * (long)P);
	CHECK_EQ(ksys_fsync(fd), 0l);
	CHECK_EQ(ram_disk_data(disk)[P], 4);
	ram_disk_fail_flush(disk, -EIO);
	CHECK_EQ(ksys_fdatasync(fd), -EIO);
}

TEST(blkdev_fsync_tells_of_errors_once)
{
	fs_run(1, write_errors);
}

static int syncer(void *arg)
{
	int fd = open_disk(O_RDWR);

	CHECK_EQ(ksys_fsync(fd), 0l);
	(*(int *)arg)++;
	ksys_close(fd);
	return 0;
}

/* Written while the first write is on its way: it goes out again, after the first. */
static void write_during_write_back(void)
{
	int done = 0, fd;

	set_up();
	fd = open_disk(O_RDWR);
	CHECK_EQ(write_at(fd, 3 * P, P, 1), (long)P);
	ram_disk_hold(disk, true);
	t_spawn(syncer, &done);
	nap();
	CHECK_EQ(ram_disk_held(disk), 1u);
	CHECK_EQ(write_at(fd, 3 * P, P, 2), (long)P); /* does not wait */
	t_spawn(syncer, &done);
	nap();
	CHECK_EQ(ram_disk_held(disk), 1u); /* one write of a page at a time */
	CHECK_EQ(done, 0);
	CHECK_EQ(ram_disk_complete(disk, 1), 1u);
	nap();
	CHECK_LE(done, 1); /* the first may have seen the page between the two */
	CHECK_EQ(ram_disk_held(disk), 1u);
	ram_disk_hold(disk, false);
	nap();
	CHECK_EQ(done, 2);
	CHECK_EQ(ram_disk_data(disk)[3 * P], 2);
	CHECK_EQ(ram_disk_counts(disk).writes, 2ul);
	ksys_close(fd);
}

TEST(blkdev_page_is_written_once_at_a_time)
{
	fs_run(1, write_during_write_back);
}

static int closer(void *arg)
{
	int fd = open_disk(O_RDWR);

	CHECK_EQ(write_at(fd, 0, 4 * P, 7), 4 * (long)P);
	ksys_close(fd);
	(*(int *)arg)++;
	return 0;
}

static void close_waits(void)
{
	int done = 0;

	set_up();
	ram_disk_hold(disk, true);
	t_spawn(closer, &done);
	nap();
	CHECK_EQ(done, 0);
	CHECK_EQ(nr_blockdev_pages(), 4ul);
	ram_disk_hold(disk, false);
	nap();
	CHECK_EQ(done, 1);
	CHECK_EQ(nr_blockdev_pages(), 0ul);
	CHECK_EQ(ram_disk_data(disk)[4 * P - 1], 7);
}

TEST(blkdev_last_close_waits_for_its_writes)
{
	fs_run(1, close_waits);
}

/* More requests than there are in stock. */
static void many_requests(void)
{
	int done = 0, fd;
	unsigned long i;

	set_up();
	fd = open_disk(O_RDWR);
	for (i = 0; i < 100; i++) /* none next to another */
		CHECK_EQ(write_at(fd, 2 * i * P, P, i), (long)P);
	ram_disk_hold(disk, true);
	t_spawn(syncer, &done);
	nap();
	CHECK_LT(ram_disk_held(disk), 100u);
	CHECK_EQ(done, 0);
	for (i = 0; !READ_ONCE(done); i++) {
		CHECK(ram_disk_complete_latest(disk));
		nap();
	}
	CHECK_EQ(i, 100ul);
	for (i = 0; i < 100; i++)
		CHECK_EQ(ram_disk_data(disk)[2 * i * P], (u8)i);
	ram_disk_hold(disk, false);
	ksys_close(fd);
}

TEST(blkdev_waits_when_requests_run_out)
{
	fs_run(1, many_requests);
}

static void the_end(void)
{
	int fd;

	set_up();
	fd = open_disk(O_RDWR);
	CHECK_EQ(write_at(fd, PAGES * P, P, 5), (long)TAIL);
	CHECK_EQ(write_at(fd, disk->bytes, 1, 5), -ENOSPC);
	CHECK_EQ(ksys_fsync(fd), 0l);
	CHECK_EQ(ram_disk_data(disk)[disk->bytes - 1], 5);
	read_at(fd, disk->bytes - 100, 100);
	CHECK_EQ(ksys_pread64(fd, room, 100, disk->bytes - 50), 50l);
	CHECK_EQ(ksys_lseek(fd, 0, SEEK_END), (long)disk->bytes);
	CHECK_EQ(ksys_lseek(fd, 1, SEEK_END), -EINVAL);
}

TEST(blkdev_ends_within_a_page)
{
	fs_run(1, the_end);
}

/* ---- Direct, read-only, claimed -------------------------------------------------------------- */

static void direct(void)
{
	int fd, cached;

	set_up();
	cached = open_disk(O_RDWR);
	fd = open_disk(O_RDWR | O_DIRECT);
	read_at(fd, 10 * P + 512, 3 * P);
	CHECK_EQ(nr_blockdev_pages(), 0ul);
	CHECK_EQ(write_at(cached, 10 * P, P, 1), (long)P);
	read_at(fd, 10 * P, P); /* written back first */
	CHECK_EQ(write_at(cached, 10 * P, P, 2), (long)P);
	CHECK_EQ(write_at(fd, 8 * P, 4 * P, 3), 4 * (long)P);
	CHECK_EQ(ram_disk_data(disk)[10 * P], 3);
	read_at(cached, 8 * P, 4 * P);
	CHECK_EQ(write_at(fd, 9 * P + 512, 512, 4), 512l);
	CHECK_EQ(ram_disk_data(disk)[9 * P + 512], 4);
	CHECK_EQ(ram_disk_data(disk)[9 * P + 1024], 3);
	CHECK_EQ(write_at(fd, 100, 512, 4), -EINVAL);
	CHECK_EQ(write_at(fd, 0, 100, 4), -EINVAL);
	ram_disk_fail(disk, 80, 88, true, true);
	CHECK_EQ(ksys_pread64(fd, room, P, 10 * P), -EIO);
	CHECK_EQ(write_at(fd, 10 * P, P, 4), -EIO);
}

TEST(blkdev_direct_agrees_with_the_cache)
{
	fs_run(1, direct);
}

static void claims(void)
{
	int fd, other;
	static int swap;

	set_up();
	CHECK_EQ(vfs_mknod_path("/none", S_IFBLK | 0600, MKDEV(254, 32)), 0);
	CHECK_EQ(t_open("/none", O_RDONLY, 0), -ENXIO);
	CHECK_EQ(register_block_device(disk), -EBUSY);
	fd = open_disk(O_RDWR | O_EXCL);
	CHECK_EQ(t_open("/disk", O_RDONLY | O_EXCL, 0), -EBUSY);
	CHECK_EQ(bdev_claim(disk, &swap), -EBUSY);
	other = open_disk(O_RDONLY);
	ksys_close(fd);
	CHECK_EQ(bdev_claim(disk, &swap), 0);
	CHECK_EQ(t_open("/disk", O_RDONLY | O_EXCL, 0), -EBUSY);
	bdev_release(disk, &swap);
	ksys_close(other);
	disk->read_only = true;
	fd = open_disk(O_RDWR);
	CHECK_EQ(write_at(fd, 0, 1, 1), -EPERM);
	CHECK_EQ(ksys_ioctl(fd, BLKDISCARD, 0), -EOPNOTSUPP);
	CHECK_EQ(ksys_fallocate(fd, 0, 0, P), -EOPNOTSUPP);
}

TEST(blkdev_is_claimed_by_one)
{
	fs_run(1, claims);
}
