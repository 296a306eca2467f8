/* SPDX-License-Identifier: MIT */
/* Memory files on swap: shared and private mappings, reading and writing, truncation and holes. */
#include "share.h"
#include "swap_world.h"

#include "mm/pageout.h"
#include "mm/shmem_swap.h"
#include "mm/swap_cache.h"

#define AT	BASE
#define PRIVATE (BASE + TABLES(4))
#define N	40

static struct file *file;

static u8 byte_of(unsigned long i)
{
	return 10 + i * 3;
}

static void start(void)
{
	unsigned long i;

	swap_start();
	file = world_file(PAGES(N), false);
	for (i = 0; i < N; i++)
		world_file_poke(file, PAGES(i), byte_of(i));
	CHECK_EQ(world_mmap(file, AT, PAGES(N), RW, MAP_FIXED | MAP_SHARED, 0), AT);
	CHECK_EQ(world_mmap(file, PRIVATE, PAGES(N), RW, MAP_FIXED | MAP_PRIVATE, 0), PRIVATE);
}

static void finish(void)
{
	pageout_finish(~0u);
	world_audit();
	fput(file);
	swap_finish();
}

static unsigned long all_out(void)
{
	unsigned long i, gone = 0;

	for (i = 0; i < N; i++)
		gone += swap_out_file(file, i);
	world_audit();
	return gone;
}

static void expect_file(unsigned long addr, unsigned long from, unsigned long to)
{
	for (; from < to; from++)
		CHECK_EQ(peek(addr + PAGES(from)), byte_of(from));
}

TEST(a_file_goes_to_swap_and_comes_back_by_read_and_by_mapping)
{
	unsigned long i;

	start();
	CHECK_EQ(all_out(), (unsigned long)N);
	CHECK_EQ(shmem_swapped_pages(), (unsigned long)N);
	CHECK_EQ(mapping_swapped_pages(file->f_mapping, 5, 7), 7ul);
	CHECK_EQ(swap_used(), (unsigned long)N);
	CHECK_EQ(page_owner_count(OWNER_SHMEM), 0l);
	for (i = 0; i < 10; i++)
		CHECK_EQ(world_file_peek(file, PAGES(i)), byte_of(i));
	expect_file(AT, 0, 20);
	world_audit();
	expect_file(PRIVATE, 0, 30);
	CHECK_EQ(swap_used(), 10ul); /* a page that is in memory has no slot */
	world_audit();
	finish();
}

TEST(mapped_pages_of_a_file_go_from_everybody_at_once)
{
	start();
	share_fork(parent);
	expect_file(AT, 0, N);
	host_set_cpu(1);
	expect_file(AT, 0, N);
	on(child);
	expect_file(AT, 0, N);
	on(parent);
	CHECK_EQ(all_out(), (unsigned long)N);
	CHECK_EQ(atomic64_read(&parent->rss[MM_SHMEMPAGES]), 0l);
	CHECK_EQ(atomic64_read(&child->rss[MM_SHMEMPAGES]), 0l);
	on(child);
	poke(AT, 1);
	on(parent);
	CHECK_EQ(peek(AT), 1);
	host_set_cpu(1);
	CHECK_EQ(peek(AT), 1);
	finish();
}

TEST(what_a_mapping_wrote_goes_to_swap_with_the_page)
{
	unsigned long i;

	start();
	for (i = 0; i < N; i++)
		poke(AT + PAGES(i), 200 - i);
	CHECK_EQ(all_out(), (unsigned long)N);
	for (i = 0; i < N; i++)
		CHECK_EQ(world_file_peek(file, PAGES(i)), 200 - i);
	finish();
}

TEST(private_copies_of_a_file_go_by_themselves)
{
	unsigned long i;

	start();
	for (i = 0; i < N; i += 2)
		poke(PRIVATE + PAGES(i), 1);
	CHECK_EQ(swap_out(parent, PRIVATE, N), N / 2u);
	CHECK_EQ(all_out(), (unsigned long)N);
	CHECK_EQ(swapents(parent), N / 2);
	for (i = 0; i < N; i++)
		CHECK_EQ(peek(PRIVATE + PAGES(i)), i % 2 ? byte_of(i) : 1);
	expect_file(AT, 0, N);
	finish();
}

TEST(truncation_takes_what_is_on_swap)
{
	start();
	poke(PRIVATE + PAGES(30), 1);
	poke(PRIVATE + PAGES(3), 1);
	CHECK_EQ(swap_out(parent, PRIVATE, N), 2u);
	CHECK_EQ(all_out(), (unsigned long)N);
	world_truncate(file, PAGES(10) + 100);
	world_audit();
	CHECK_EQ(shmem_swapped_pages(), 10ul); /* the last one came back to be cut */
	expect_signal(AT + PAGES(12), SIGBUS);
	expect_signal(PRIVATE + PAGES(30), SIGBUS);
	CHECK_EQ(peek(PRIVATE + PAGES(3)), 1);
	CHECK_EQ(peek(AT + PAGES(10)), byte_of(10));
	world_truncate(file, PAGES(N));
	CHECK_EQ(peek(AT + PAGES(30)), 0);
	CHECK_EQ(peek(PRIVATE + PAGES(30)), 0);
	world_audit();
	finish();
}

TEST(truncation_takes_private_copies_on_swap_from_shared_tables)
{
	unsigned long i;

	swap_start();
	share_policy(1);
	file = world_file(TABLES(1), false);
	CHECK_EQ(world_mmap(file, PRIVATE, TABLES(1), RW, MAP_FIXED | MAP_PRIVATE, 0), PRIVATE);
	fill(PRIVATE, TABLE, 1);
	share_fork(parent);
	CHECK_EQ(swap_out(parent, PRIVATE, TABLE), (unsigned int)TABLE);
	world_truncate(file, PAGES(100));
	world_audit();
	CHECK_EQ(swap_used(), 100ul);
	CHECK_EQ(swapents(parent), 100l);
	CHECK_EQ(swapents(child), 100l);
	for (i = 100; i < TABLE; i += 50)
		expect_signal(PRIVATE + PAGES(i), SIGBUS);
	on(child);
	for (i = 100; i < TABLE; i += 50)
		expect_signal(PRIVATE + PAGES(i), SIGBUS);
	expect(PRIVATE, 100, 1);
	finish();
}

TEST(a_hole_takes_what_is_on_swap_and_leaves_private_copies)
{
	start();
	poke(PRIVATE + PAGES(20), 1);
	CHECK_EQ(swap_out(parent, PRIVATE, N), 1u);
	CHECK_EQ(all_out(), (unsigned long)N);
	truncate_inode_pages_range(file->f_mapping, PAGES(10), PAGES(30));
	world_audit();
	CHECK_EQ(shmem_swapped_pages(), N - 20ul);
	CHECK_EQ(peek(AT + PAGES(20)), 0);
	CHECK_EQ(peek(PRIVATE + PAGES(20)), 1);
	expect_file(AT, 0, 10);
	expect_file(AT, 30, N);
	finish();
}

TEST(a_file_that_ends_gives_its_slots_back)
{
	start();
	CHECK_EQ(all_out(), (unsigned long)N);
	CHECK_EQ(vm_munmap(AT, PAGES(N)), 0);
	CHECK_EQ(vm_munmap(PRIVATE, PAGES(N)), 0);
	fput(file);
	CHECK_EQ(shmem_swapped_pages(), 0ul);
	CHECK_EQ(swap_used(), 0ul);
	swap_finish();
}

TEST(a_page_of_a_file_used_while_it_is_written_stays)
{
	struct page *pages[4];
	unsigned long i;

	start();
	for (i = 0; i < 4; i++) {
		pages[i] = find_get_page(file->f_mapping, i < 3 ? i : 35);
		put_page(pages[i]);
	}
	ram_disk_hold(swap, true);
	page_out(pages, 4);
	CHECK_EQ(swap_nr_writing(), 4u);
	CHECK_EQ(swap_used(), 4ul);
	world_audit();
	poke(AT, 100);				   /* mapped and written to */
	CHECK_EQ(peek(AT + PAGES(1)), byte_of(1)); /* mapped */
	world_file_poke(file, PAGES(2), 100);	   /* written to */
	world_audit();
	ram_disk_hold(swap, false);
	world_audit();
	CHECK_EQ(pageout_finish(~0u), 1u);
	world_audit();
	CHECK_EQ(swap_used(), 1ul);
	CHECK_EQ(shmem_swapped_pages(), 1ul);
	CHECK_EQ(peek(AT), 100);
	CHECK_EQ(peek(AT + PAGES(2)), 100);
	expect_file(AT, 35, 36);
	CHECK_EQ(all_out(), (unsigned long)N);
	CHECK_EQ(peek(AT), 100);
	CHECK_EQ(peek(AT + PAGES(2)), 100);
	finish();
}

TEST(a_file_truncated_after_its_page_was_written_is_told_nothing)
{
	struct page *page;

	start();
	page = find_get_page(file->f_mapping, 30);
	put_page(page);
	page_out(&page, 1);
	world_truncate(file, PAGES(10));
	CHECK_EQ(pageout_finish(~0u), 0u);
	world_audit();
	CHECK_EQ(swap_used(), 0ul);
	CHECK_EQ(shmem_swapped_pages(), 0ul);
	finish();
}

TEST(a_pinned_page_of_a_file_stays)
{
	struct page *page;

	start();
	page = find_get_page(file->f_mapping, 3);
	CHECK(!swap_out_file(file, 3));
	put_page(page);
	CHECK(swap_out_file(file, 3));
	CHECK_EQ(peek(AT + PAGES(3)), byte_of(3));
	finish();
}

TEST(an_mlocked_mapping_keeps_the_pages_of_its_file)
{
	start();
	CHECK_EQ(do_mlock(AT, PAGES(5), 0), 0);
	CHECK_EQ(all_out(), N - 5ul);
	finish();
}
