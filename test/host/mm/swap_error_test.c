/* SPDX-License-Identifier: MIT */
/* A swap device that fails: who needs what is lost is told, nobody else is; what could not be
 * written stays in memory. */
#include "share.h"
#include "swap_world.h"

#include "mm/lru.h"
#include "mm/pageout.h"
#include "mm/shmem_swap.h"
#include "mm/swap_cache.h"

#define AT BASE
#define N  16

static void start(void)
{
	swap_start();
	share_map(AT, N, MAP_PRIVATE);
	fill(AT, N, 1);
}

/* The slot of page @i of the parent cannot be read. */
static void break_slot(unsigned long i)
{
	u64 sector = swap_sector(entry_at(parent, AT + PAGES(i)));

	ram_disk_fail(swap, sector, sector + 8, true, false);
}

static void mend(void)
{
	ram_disk_fail(swap, 0, 0, false, false);
}

static void break_all(bool read, bool write)
{
	ram_disk_fail(swap, 0, ~0ull, read, write);
}

/* ---- Reading --------------------------------------------------------------------------------- */

TEST(a_page_that_cannot_be_read_is_sigbus_for_who_touches_it_and_nobody_else)
{
	unsigned long i;

	start();
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N);
	break_slot(5);
	/* Requests of several pages fail for its sake. */
	CHECK_EQ(do_madvise(parent, AT, PAGES(N), MADV_SEQUENTIAL), 0);
	for (i = 0; i < N; i++) {
		if (i == 5)
			expect_signal(AT + PAGES(i), SIGBUS);
		else
			CHECK_EQ(peek(AT + PAGES(i)), tagged(1, i));
	}
	CHECK_EQ(world_poke(AT + PAGES(5), 1), SIGBUS);
	CHECK(swapped_at(parent, AT + PAGES(5)));
	world_audit();
	mend();
	CHECK_EQ(peek(AT + PAGES(5)), tagged(1, 5));
	swap_finish();
}

TEST(what_is_lost_is_lost_for_the_child_too_until_it_is_unmapped)
{
	start();
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N);
	break_slot(3);
	share_fork(parent);
	on(child);
	expect_signal(AT + PAGES(3), SIGBUS);
	CHECK_EQ(do_madvise(child, AT + PAGES(3), PAGE_SIZE, MADV_DONTNEED), 0);
	CHECK_EQ(peek(AT + PAGES(3)), 0);
	on(parent);
	expect_signal(AT + PAGES(3), SIGBUS);
	share_map(AT + PAGES(3), 1, MAP_PRIVATE);
	CHECK_EQ(peek(AT + PAGES(3)), 0);
	expect_part(AT, 4, N, 1);
	swap_finish();
}

TEST(the_kernels_access_to_a_lost_page_fails)
{
	struct page *page;
	u8 byte = 0;

	start();
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N);
	break_slot(3);
	CHECK_EQ(copy_from_user(&byte, (void *)(AT + PAGES(3)), 1), 1ul);
	CHECK_EQ(copy_to_user((void *)(AT + PAGES(3)), &byte, 1), 1ul);
	CHECK_EQ(access_remote_vm(parent, AT + PAGES(3), &byte, 1, false), 0ul);
	CHECK_EQ(get_user_page(parent, AT + PAGES(3), true, &page), -EFAULT);
	CHECK_EQ(do_madvise(parent, AT, PAGES(N), MADV_POPULATE_WRITE), -EFAULT);
	CHECK_EQ(do_mlock(AT, PAGES(N), 0), -ENOMEM);
	mend();
	expect(AT, N, 1);
	swap_finish();
}

TEST(a_page_read_ahead_in_vain_does_not_stay)
{
	start();
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N);
	break_all(true, false);
	CHECK_EQ(do_madvise(parent, AT, PAGES(N), MADV_WILLNEED), 0);
	CHECK_EQ(nr_swapcache_pages(), (unsigned long)N);
	CHECK_EQ(vm_munmap(AT, PAGES(4)), 0);
	CHECK_GE(try_to_free_pages(N), N - 4ul);
	CHECK_EQ(nr_swapcache_pages(), 0ul);
	CHECK_EQ(swap_used(), N - 4ul);
	mend();
	expect_part(AT, 4, N, 1);
	swap_finish();
}

TEST(a_lost_page_of_a_file_is_sigbus_and_eio)
{
	struct file *file;
	struct page *page;
	bool major;

	swap_start();
	file = world_file(PAGES(N), false);
	CHECK_EQ(world_mmap(file, AT, PAGES(N), RW, MAP_FIXED | MAP_SHARED, 0), AT);
	fill(AT, N, 1);
	CHECK(swap_out_file(file, 3));
	break_all(true, false);
	expect_signal(AT + PAGES(3), SIGBUS);
	CHECK_EQ(world_poke(AT + PAGES(3), 1), SIGBUS);
	page = read_cache_page(file->f_mapping, file, 3, &major);
	CHECK_EQ(PTR_ERR_OR_ZERO(page), -EIO);
	world_audit();
	CHECK_EQ(peek(AT + PAGES(2)), tagged(1, 2));
	mend();
	CHECK_EQ(peek(AT + PAGES(3)), tagged(1, 3));
	CHECK(swap_out_file(file, 4));
	break_all(true, false);
	/* To be cut off it need not be read. */
	world_truncate(file, PAGES(4));
	CHECK_EQ(swap_used(), 0ul);
	mend();
	CHECK_EQ(vm_munmap(AT, PAGES(N)), 0);
	fput(file);
	swap_finish();
}

/* ---- Writing --------------------------------------------------------------------------------- */

TEST(a_page_that_cannot_be_written_stays_in_memory)
{
	start();
	break_all(false, true);
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N); /* the entries; the pages are there */
	CHECK_EQ(nr_swapcache_pages(), (unsigned long)N);
	world_audit();
	expect(AT, N / 2, 1);
	fill(AT, N / 4, 2);
	world_audit();
	mend();
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N);
	CHECK_GE(try_to_free_pages(N), 1ul); /* those that nobody has touched */
	expect(AT, N / 4, 2);
	expect_part(AT, N / 4, N, 1);
	swap_finish();
}

TEST(a_page_that_could_not_be_written_and_is_unmapped_goes)
{
	start();
	break_all(false, true);
	CHECK_EQ(swap_out(parent, AT, N), (unsigned int)N);
	CHECK_EQ(vm_munmap(AT, PAGES(N)), 0);
	CHECK_EQ(nr_swapcache_pages(), 0ul);
	CHECK_EQ(swap_used(), 0ul);
	mend();
	swap_finish();
}

TEST(a_page_unmapped_while_its_write_fails_goes)
{
	struct page *pages[N];
	unsigned long i;

	start();
	for (i = 0; i < N; i++)
		pages[i] = page_at(parent, AT + PAGES(i));
	break_all(false, true);
	ram_disk_hold(swap, true);
	page_out(pages, N);
	CHECK_EQ(vm_munmap(AT, PAGES(N)), 0);
	ram_disk_hold(swap, false);
	CHECK_EQ(pageout_finish(~0u), (unsigned int)N);
	CHECK_EQ(swap_used(), 0ul);
	swap_finish();
}

TEST(a_files_page_that_cannot_be_written_stays_and_has_no_slot)
{
	struct file *file;

	swap_start();
	file = world_file(PAGES(N), false);
	world_file_poke(file, PAGES(1), 7);
	break_all(false, true);
	CHECK(!swap_out_file(file, 1));
	CHECK_EQ(swap_used(), 0ul);
	world_audit();
	CHECK_EQ(world_file_peek(file, PAGES(1)), 7);
	mend();
	CHECK(swap_out_file(file, 1));
	CHECK_EQ(world_file_peek(file, PAGES(1)), 7);
	fput(file);
	swap_finish();
}
