/* SPDX-License-Identifier: MIT */
/* The page cache: look-up, page locks, read and write through iov_iter, dirty pages, truncation. */
#include "mm_world.h"
#include "test.h"

#include "base/fault_inject.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/internal.h"
#include "page/gfp.h"

#define P    PAGE_SIZE
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)

/* A file of the test's own: its truth is a byte array, pages are read from it and written back to
 * it. */
#define DISK_SIZE (16 * P)
struct inode {
	struct address_space mapping;
	loff_t size;
	unsigned int reads, writes;
	int read_error;
};

static u8 disk[DISK_SIZE];
static struct inode inode;
static struct file file;
static struct mm_struct *mm;
static struct signal_struct test_signal;

static int disk_read(struct file *f, struct page *page)
{
	CHECK(page_flag(page, PG_locked));
	inode.reads++;
	if (inode.read_error)
		return inode.read_error;
	memcpy(page_address(page), disk + page->index * P, P);
	set_bit(PG_uptodate, &page->flags);
	return 0;
}

static int disk_write(struct page *page)
{
	CHECK(page_flag(page, PG_locked));
	inode.writes++;
	memcpy(disk + page->index * P, page_address(page), P);
	unlock_page(page);
	return 0;
}

static const struct address_space_operations disk_aops = {.read_folio = disk_read,
							  .writepage = disk_write};
static const struct file_operations disk_fops = {.mmap = generic_file_mmap};

static loff_t disk_size(struct inode *i)
{
	return i->size;
}

static void disk_set_size(struct inode *i, loff_t size)
{
	i->size = size;
}

static void setup(loff_t size)
{
	unsigned int i;

	world_start(HOST_DEFAULT_RAM, 1);
	for (i = 0; i < RLIM_NLIMITS; i++)
		test_signal.rlim[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	current->signal = &test_signal;
	mm = world_mm();
	world_run(0, mm);
	for (i = 0; i < DISK_SIZE; i++)
		disk[i] = i >= size ? 0 : 1 + i % 251;
	inode_size_hook = disk_size;
	inode.size = size;
	address_space_init(&inode.mapping, &inode, &disk_aops);
	refcount_set(&file.f_count, 1);
	file.f_mode = FMODE_READ | FMODE_WRITE;
	file.f_op = &disk_fops;
	file.f_mapping = &inode.mapping;
	file.f_inode = &inode;
}

static void teardown(void)
{
	world_put(mm);
	CHECK_EQ(page_owner_count(OWNER_FILE), (long)inode.mapping.nrpages);
	truncate_inode_pages_range(&inode.mapping, 0, -1);
	CHECK_EQ(inode.mapping.nrpages, 0ul);
	CHECK_EQ(page_owner_count(OWNER_FILE), 0l);
	CHECK_EQ(refcount_read(&file.f_count), 1u);
	address_space_destroy(&inode.mapping);
}

static ssize_t read_at(void *buf, size_t len, loff_t pos)
{
	struct iov_iter to;

	iov_iter_kernel(&to, buf, len);
	return generic_file_read(&file, &to, &pos, inode.size);
}

static ssize_t write_at(const void *buf, size_t len, loff_t pos)
{
	struct iov_iter from;

	iov_iter_kernel(&from, (void *)buf, len);
	return generic_perform_write(&file, &from, &pos, disk_size, disk_set_size);
}

TEST(pagecache_reads_each_page_once)
{
	static u8 buf[4 * P];

	setup(3 * P + 100);
	CHECK_EQ(read_at(buf, sizeof(buf), 0), 3 * P + 100);
	CHECK_EQ(memcmp(buf, disk, 3 * P + 100), 0);
	CHECK_EQ(inode.reads, 4u);
	CHECK_EQ(read_at(buf, 200, P - 100), 200);
	CHECK_EQ(memcmp(buf, disk + P - 100, 200), 0);
	CHECK_EQ(inode.reads, 4u);
	CHECK_EQ(read_at(buf, 10, 3 * P + 100), 0);
	CHECK_EQ(read_at(buf, 10, 100 * P), 0);
	teardown();
}

TEST(pagecache_read_error_leaves_no_page)
{
	u8 byte;

	setup(2 * P);
	inode.read_error = -EIO;
	CHECK_EQ(read_at(&byte, 1, 0), -EIO);
	CHECK_EQ(inode.mapping.nrpages, 0ul);
	inode.read_error = 0;
	CHECK_EQ(read_at(&byte, 1, 0), 1);
	CHECK_EQ(byte, disk[0]);
	teardown();
}

TEST(pagecache_write_reads_only_what_it_must)
{
	static u8 buf[3 * P], back[8 * P];

	setup(3 * P);
	memset(buf, 0xee, sizeof(buf));
	CHECK_EQ(write_at(buf, P, P), (ssize_t)P); /* a whole page */
	CHECK_EQ(inode.reads, 0u);
	CHECK_EQ(write_at(buf, 10, 5), 10);
	CHECK_EQ(inode.reads, 1u);
	CHECK_EQ(write_at(buf, P + 50, 5 * P), (ssize_t)P + 50); /* past the end: nothing to read */
	CHECK_EQ(inode.reads, 1u);
	CHECK_EQ(inode.size, (loff_t)(6 * P + 50));
	CHECK_EQ(read_at(back, sizeof(back), 0), 6 * P + 50);
	CHECK_EQ(memcmp(back, disk, 5), 0);
	CHECK_EQ(back[5], 0xee);
	CHECK_EQ(back[15], disk[15]);
	CHECK_EQ(back[2 * P - 1], 0xee);
	CHECK_EQ(back[3 * P], 0); /* the hole */
	CHECK_EQ(back[6 * P + 49], 0xee);
	/* Only what was written is written back, once. */
	CHECK_EQ(filemap_write_and_wait(&inode.mapping), 0);
	CHECK_EQ(inode.writes, 4u);
	CHECK_EQ(disk[5], 0xee);
	CHECK_EQ(filemap_write_and_wait(&inode.mapping), 0);
	CHECK_EQ(inode.writes, 4u);
	teardown();
}

TEST(pagecache_write_from_its_own_mapping)
{
	struct iov_iter from;
	unsigned long addr;
	loff_t pos = 0;
	u8 byte;

	setup(4 * P);
	addr = vm_mmap_pgoff(&file, 0, 4 * P, RW, MAP_SHARED, 0);
	CHECK(!IS_ERR_VALUE(addr));
	/* Source and destination are the same page, not even present: no deadlock, and the bytes
	 * arrive. */
	iov_iter_user(&from, (void *)(addr + 100), 50);
	CHECK_EQ(generic_perform_write(&file, &from, &pos, disk_size, disk_set_size), 50);
	CHECK_EQ(read_at(&byte, 1, 0), 1);
	CHECK_EQ(byte, disk[100]);
	teardown();
}

TEST(pagecache_write_stops_at_a_bad_address)
{
	struct iov_iter from;
	unsigned long addr;
	loff_t pos = 10;
	u8 byte;

	setup(4 * P);
	addr = vm_mmap_pgoff(NULL, 0, 2 * P, RW, ANON, 0);
	CHECK_EQ(vm_munmap(addr + P, P), 0);
	CHECK_EQ(world_poke(addr + P - 5, 0x77), 0);
	iov_iter_user(&from, (void *)(addr + P - 5), 100);
	CHECK_EQ(generic_perform_write(&file, &from, &pos, disk_size, disk_set_size), 5);
	CHECK_EQ(pos, 15);
	CHECK_EQ(read_at(&byte, 1, 10), 1);
	CHECK_EQ(byte, 0x77);
	CHECK_EQ(read_at(&byte, 1, 15), 1);
	CHECK_EQ(byte, disk[15]);
	CHECK_EQ(generic_perform_write(&file, &from, &pos, disk_size, disk_set_size), -EFAULT);
	teardown();
}

TEST(pagecache_mapped_write_makes_dirty)
{
	unsigned long addr;

	setup(4 * P);
	addr = vm_mmap_pgoff(&file, 0, 4 * P, RW, MAP_SHARED, 0);
	CHECK_EQ(world_poke(addr + P, 0x55), 0);
	CHECK_EQ(filemap_write_and_wait(&inode.mapping), 0);
	CHECK_EQ(inode.writes, 1u);
	CHECK_EQ(disk[P], 0x55);
	/* Clean again: the next store is noticed anew. */
	CHECK_EQ(filemap_write_and_wait(&inode.mapping), 0);
	CHECK_EQ(inode.writes, 1u);
	CHECK_EQ(world_poke(addr + P + 1, 0x66), 0);
	CHECK_EQ(filemap_write_and_wait(&inode.mapping), 0);
	CHECK_EQ(inode.writes, 2u);
	CHECK_EQ(disk[P + 1], 0x66);
	CHECK_EQ(mm_audit(), 0);
	teardown();
}

TEST(pagecache_truncation_zeroes_the_rest_of_the_last_page)
{
	static u8 buf[P];
	unsigned long addr;
	u8 byte;

	setup(4 * P);
	addr = vm_mmap_pgoff(&file, 0, 4 * P, RW, MAP_SHARED, 0);
	CHECK_EQ(world_peek(addr + P + 200, &byte), 0);
	CHECK_EQ(read_at(buf, P, 3 * P), (ssize_t)P);
	inode.size = P + 100;
	truncate_inode_pages_range(&inode.mapping, P + 100, -1);
	CHECK_EQ(inode.mapping.nrpages, 1ul);
	CHECK_EQ(world_peek(addr + P + 99, &byte), 0);
	CHECK_EQ(byte, disk[P + 99]);
	CHECK_EQ(world_peek(addr + P + 100, &byte), 0);
	CHECK_EQ(byte, 0);
	CHECK_EQ(world_peek(addr + 2 * P, &byte), 7);
	teardown();
}

TEST(pagecache_hole_within_and_across_pages)
{
	static u8 buf[4 * P];
	unsigned long i;

	setup(4 * P);
	CHECK_EQ(read_at(buf, sizeof(buf), 0), (ssize_t)sizeof(buf));
	truncate_inode_pages_range(&inode.mapping, 10, 20);
	truncate_inode_pages_range(&inode.mapping, P + 100, 3 * P + 100);
	CHECK_EQ(inode.mapping.nrpages, 3ul);
	memset(disk + 2 * P, 0, P); /* the file system's part of punching the hole */
	CHECK_EQ(read_at(buf, sizeof(buf), 0), (ssize_t)sizeof(buf));
	for (i = 0; i < sizeof(buf); i++) {
		bool hole = (i >= 10 && i < 20) || (i >= P + 100 && i < 3 * P + 100);

		CHECK_EQ(buf[i], hole ? 0 : disk[i]);
	}
	teardown();
}

TEST(pagecache_fault_around_gives_what_can_be_mapped)
{
	struct page *pages[8], *locked;
	unsigned int i;
	u8 byte;

	setup(6 * P + 1);
	for (i = 1; i < 7; i += 1)
		CHECK_EQ(read_at(&byte, 1, i * P), 1);
	locked = find_get_page(&inode.mapping, 3);
	lock_page(locked);
	inode.size = 6 * P; /* page 6 lies beyond the end now */
	CHECK_EQ(filemap_get_cached(&inode.mapping, 0, 8, pages), 4u);
	for (i = 0; i < 8; i++) {
		CHECK_EQ(pages[i] != NULL, i == 1 || i == 2 || i == 4 || i == 5);
		if (pages[i]) {
			CHECK_EQ(pages[i]->index, (unsigned long)i);
			CHECK(page_flag(pages[i], PG_locked));
			unlock_page(pages[i]);
			put_page(pages[i]);
		}
	}
	unlock_page(locked);
	put_page(locked);
	teardown();
}

TEST(pagecache_add_refuses_a_second_page)
{
	struct page *page;
	u8 byte;

	setup(P);
	CHECK_EQ(read_at(&byte, 1, 0), 1);
	page = alloc_page(GFP_USER);
	CHECK(trylock_page(page));
	CHECK(!trylock_page(page));
	CHECK_EQ(add_to_page_cache(page, &inode.mapping, 0), -EEXIST);
	CHECK_EQ(add_to_page_cache(page, &inode.mapping, 7), 0);
	CHECK_EQ(page_count(page), 2);
	unlock_page(page);
	put_page(page);
	teardown();
}

TEST(pagecache_equals_an_array_of_bytes)
{
	static u8 model[DISK_SIZE], buf[3 * P];
	unsigned int round, rounds = test_rounds(400);
	loff_t size = 5 * P + 77;
	unsigned long addr, i;

	setup(size);
	memcpy(model, disk, DISK_SIZE);
	addr = vm_mmap_pgoff(&file, 0, DISK_SIZE, RW, MAP_SHARED, 0);
	for (round = 0; round < rounds; round++) {
		unsigned long pos = test_random_below(DISK_SIZE - 1),
			      len = 1 + test_random_below(sizeof(buf));
		u8 byte = test_random();

		len = min(len, DISK_SIZE - pos);
		switch (test_random_below(6)) {
		case 0:
			memset(buf, byte, len);
			CHECK_EQ(write_at(buf, len, pos), (ssize_t)len);
			memset(model + pos, byte, len);
			size = max(size, (loff_t)(pos + len));
			break;
		case 1:
			inode.size = pos;
			truncate_inode_pages_range(&inode.mapping, pos, -1);
			memset(model + pos, 0, DISK_SIZE - pos);
			memset(disk + pos, 0, DISK_SIZE - pos);
			size = pos;
			break;
		case 2:
			if (pos < size) {
				CHECK_EQ(world_poke(addr + pos, byte), 0);
				model[pos] = byte;
			} else if (pos >= PAGE_ALIGN(size)) {
				CHECK_EQ(world_poke(addr + pos, byte), 7);
			}
			break;
		case 3:
			CHECK_EQ(filemap_write_and_wait(&inode.mapping), 0);
			CHECK_EQ(memcmp(disk, model, size), 0);
			break;
		case 4:
			if (pos < size) {
				CHECK_EQ(world_peek(addr + pos, &byte), 0);
				CHECK_EQ(byte, model[pos]);
			}
			break;
		default:
			len = min_t(unsigned long, len, pos < size ? size - pos : 0);
			CHECK_EQ(read_at(buf, sizeof(buf) < len ? sizeof(buf) : len, pos),
				 (ssize_t)len);
			for (i = 0; i < len; i++)
				CHECK_EQ(buf[i], model[pos + i]);
		}
		CHECK_EQ(inode.size, size);
	}
	CHECK_EQ(mm_audit(), 0);
	teardown();
}
