/* SPDX-License-Identifier: MIT */
/* swapon and swapoff: what is an area, and how everything comes back. */
#include "share.h"
#include "swap_world.h"

#include "abi/swap.h"
#include "lib/string.h"
#include "mm/pageout.h"
#include "mm/pgwalk.h"
#include "mm/shmem_swap.h"
#include "mm/swap_cache.h"
#include "page/zone.h"

#define AT BASE
#define N  40

static void start(void)
{
	swap_start();
	share_map(AT, N, MAP_PRIVATE);
	fill(AT, N, 1);
}

static void off(void)
{
	CHECK_EQ(swap_off(swap), 0);
	CHECK_EQ(total_swap_pages, 0ul);
	CHECK_EQ(nr_swap_pages, 0l);
	CHECK_EQ(nr_swapcache_pages(), 0ul);
	memset(ram_disk_data(swap) + PAGE_SIZE, 0xe5, (SWAP_PAGES - 1) * PAGE_SIZE);
	world_audit();
}

/* For swap_finish(). */
static void on_again(void)
{
	CHECK_EQ(swap_on(swap, "swap", -1), 0);
}

/* ---- swapon ---------------------------------------------------------------------------------- */

static void refused(struct block_device *disk, int err)
{
	CHECK_EQ(swap_on(disk, "disk", -1), err);
	CHECK_EQ(total_swap_pages, 0ul);
}

TEST(what_is_no_area_is_refused)
{
	struct block_device *disk;
	struct swap_header *header;

	world_start(96UL << 20, 1);
	disk = swap_disk("disk", 64);
	header = (struct swap_header *)ram_disk_data(disk);
	header->version = 2;
	refused(disk, -EINVAL);
	header->version = 1;
	header->last_page = 64;
	refused(disk, -EINVAL);
	header->last_page = 0;
	refused(disk, -EINVAL);
	header->last_page = 63;
	header->nr_badpages = 1;
	header->badpages[0] = 64;
	refused(disk, -EINVAL);
	header->badpages[0] = 0;
	refused(disk, -EINVAL);
	header->nr_badpages = 638;
	refused(disk, -EINVAL);
	header->nr_badpages = 0;
	header->magic[0] = 's';
	refused(disk, -EINVAL);
	header->magic[0] = 'S';
	ram_disk_fail(disk, 0, 1, true, false);
	refused(disk, -EIO);
	ram_disk_fail(disk, 0, 0, false, false);
	disk->read_only = true;
	refused(disk, -EROFS);
	disk->read_only = false;
	CHECK_EQ(swap_off(disk), -EINVAL);
	CHECK_EQ(swap_on(disk, "disk", 7), 0);
	CHECK_EQ(swap_on(disk, "disk", 7), -EBUSY);
	CHECK_EQ(total_swap_pages, 63ul);
	world_audit();
	swap_disk_off(disk);
	world_audit();
}

TEST(bad_pages_of_an_area_are_not_used)
{
	struct block_device *disk;
	struct swap_header *header;
	unsigned long i;

	world_start(96UL << 20, 4);
	swap_begin();
	disk = swap_disk("disk", 64);
	header = (struct swap_header *)ram_disk_data(disk);
	header->nr_badpages = 2;
	header->badpages[0] = 5;
	header->badpages[1] = 63;
	CHECK_EQ(swap_on(disk, "disk", -1), 0);
	CHECK_EQ(total_swap_pages, 61ul);
	world_audit();
	parent = world_mm();
	world_run(0, parent);
	share_map(AT, 64, MAP_PRIVATE);
	fill(AT, 64, 1);
	CHECK_EQ(swap_out(parent, AT, 64), 61u);
	for (i = 0; i < 64; i++)
		if (swapped_at(parent, AT + PAGES(i)))
			CHECK(swp_offset(entry_at(parent, AT + PAGES(i))) % 58 != 5);
	world_audit();
	expect(AT, 64, 1);
	end(&parent);
	swap_disk_off(disk);
}

TEST(there_may_be_thirty_two_areas)
{
	struct block_device *disks[MAX_SWAPFILES + 1];
	struct swap_area_info info;
	unsigned int i;

	world_start(96UL << 20, 1);
	for (i = 0; i <= MAX_SWAPFILES; i++)
		disks[i] = swap_disk("disk", 8);
	for (i = 0; i < MAX_SWAPFILES; i++)
		CHECK_EQ(swap_on(disks[i], "disk", i % 3 ? (int)i : -1), 0);
	CHECK_EQ(swap_on(disks[i], "disk", 0), -EPERM);
	CHECK(swap_area_info(MAX_SWAPFILES - 1, &info));
	CHECK_EQ(info.pages, 7ul);
	kfree(info.name);
	CHECK(!swap_area_info(MAX_SWAPFILES, &info));
	world_audit();
	for (i = 0; i < MAX_SWAPFILES; i++)
		swap_disk_off(disks[i]);
	world_audit();
}

/* ---- swapoff --------------------------------------------------------------------------------- */

TEST(swapoff_brings_private_pages_back)
{
	start();
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N);
	expect(AT, 5, 1); /* some of it in the cache */
	off();
	CHECK_EQ(anon(parent), (long)N);
	CHECK_EQ(swapents(parent), 0);
	expect(AT, N, 1);
	fill(AT, N, 2);
	world_audit();
	on_again();
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N);
	expect(AT, N, 2);
	swap_finish();
}

TEST(swapoff_brings_a_page_of_two_processes_back_once)
{
	start();
	share_fork(parent);
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N);
	off();
	CHECK(page_at(parent, AT) == page_at(child, AT));
	CHECK_EQ(page_owner_count(OWNER_ANON), (long)N);
	fill(AT, N, 2);
	on(child);
	expect(AT, N, 1);
	on_again();
	swap_finish();
}

TEST(swapoff_replaces_entries_of_a_shared_table_for_all_its_owners)
{
	swap_start();
	share_policy(1);
	share_map(AT, TABLE, MAP_PRIVATE);
	fill(AT, TABLE, 1);
	share_fork(parent);
	share_fork(child);
	CHECK_EQ(swap_out(parent, AT, TABLE), (unsigned int)TABLE);
	off();
	CHECK(pgwalk_find(parent, AT).pte == pgwalk_find(grandchild, AT).pte);
	CHECK_EQ(anon(parent), (long)TABLE);
	CHECK_EQ(anon(child), (long)TABLE);
	CHECK_EQ(swapents(grandchild), 0l);
	on(child);
	fill(AT, TABLE, 2);
	on(grandchild);
	expect(AT, TABLE, 1);
	on(parent);
	expect(AT, TABLE, 1);
	on_again();
	swap_finish();
}

TEST(swapoff_brings_memory_files_back)
{
	struct file *file, *other;
	unsigned long i;

	start();
	file = world_file(PAGES(N), false);
	other = world_file(PAGES(N), false);
	for (i = 0; i < N; i++) {
		world_file_poke(file, PAGES(i), i + 1);
		world_file_poke(other, PAGES(i), i + 101);
		CHECK(swap_out_file(file, i));
		CHECK(swap_out_file(other, i));
	}
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N);
	off();
	CHECK_EQ(shmem_swapped_pages(), 0ul);
	for (i = 0; i < N; i++) {
		CHECK_EQ(world_file_peek(file, PAGES(i)), i + 1);
		CHECK_EQ(world_file_peek(other, PAGES(i)), i + 101);
	}
	expect(AT, N, 1);
	fput(file);
	fput(other);
	on_again();
	swap_finish();
}

TEST(swapoff_of_one_area_leaves_the_others)
{
	struct block_device *other;

	start();
	other = swap_disk_on("other", 256, 9);
	CHECK_EQ(swap_out(parent, AT, N / 2), N / 2u);
	CHECK_EQ(swap_off(other), 0);
	CHECK_EQ(swapents(parent), 0);
	CHECK_EQ(swap_out(parent, AT, N / 2), N / 2u);
	CHECK_EQ(swap_on(other, "other", 9), 0);
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N);
	CHECK_EQ(swap_off(other), 0);
	CHECK_EQ(swapents(parent), N / 2);
	world_audit();
	expect(AT, N, 1);
	ram_disk_free(other);
	swap_finish();
}

TEST(swapoff_takes_nothing_from_pages_that_have_nobodys_entry)
{
	start();
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N);
	expect(AT, N, 1);
	CHECK_EQ(nr_swapcache_pages(), (unsigned long)N);
	off();
	fill(AT, N, 2);
	expect(AT, N, 2);
	on_again();
	swap_finish();
}

TEST(swapoff_fails_where_a_page_cannot_be_read_and_all_is_as_before)
{
	u64 sector;

	start();
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N);
	sector = swap_sector(entry_at(parent, AT + PAGES(7)));
	ram_disk_fail(swap, sector, sector + 8, true, false);
	CHECK_EQ(swap_off(swap), -EIO);
	CHECK_EQ(total_swap_pages, SWAP_PAGES - 1ul);
	world_audit();
	expect(AT, 7, 1);
	expect_signal(AT + PAGES(7), SIGBUS);
	expect_part(AT, 8, N, 1);
	ram_disk_fail(swap, 0, 0, false, false);
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N);
	expect(AT, N, 1);
	off();
	expect(AT, N, 1);
	on_again();
	swap_finish();
}

/* ---- Too little memory ----------------------------------------------------------------------- */

/* More than there is memory for, on two areas of which one is to go. */
TEST(swapoff_without_room_fails_and_everything_can_be_used)
{
	unsigned long pages = 5000, i;
	struct block_device *big;

	world_start(16UL << 20, 2);
	sysctl_overcommit_memory = OVERCOMMIT_ALWAYS;
	swap_begin();
	big = swap_disk_on("big", 8192, -1);
	parent = world_mm();
	world_run(0, parent);
	share_map(AT, pages, MAP_PRIVATE);
	for (i = 0; i < pages; i++)
		poke(AT + PAGES(i), tagged(1, i));
	CHECK_GT(swap_used(), pages - 4096);
	world_audit();
	CHECK_EQ(swap_off(big), -ENOMEM);
	CHECK_EQ(total_swap_pages, 8191ul);
	world_audit();
	expect(AT, pages, 1);
	fill(AT, pages, 2);
	world_audit();
	CHECK_EQ(vm_munmap(AT, PAGES(3000)), 0);
	CHECK_EQ(swap_off(big), 0);
	world_audit();
	expect_part(AT, 3000, pages, 2);
	end(&parent);
	ram_disk_free(big);
	world_audit();
}
