/* SPDX-License-Identifier: MIT */
/*
 * What swap does, with the first, second, third ... allocation failing: nothing is lost, nothing
 * leaks, and the next try works.
 */
#include "share.h"
#include "swap_world.h"

#include "base/fault_inject.h"
#include "mm/pageout.h"
#include "mm/shmem_swap.h"
#include "mm/swap_cache.h"

#define AT BASE

static unsigned long pages;
static struct file *file;

static void start(unsigned int policy, unsigned long n)
{
	swap_start();
	share_policy(policy);
	pages = n;
	share_map(AT, pages, MAP_PRIVATE);
	fill(AT, pages, 1);
}

static void all_out(void)
{
	swap_out(parent, AT, pages);
	CHECK_EQ(swapents(parent), (long)pages);
}

static void (*afterwards)(void);

/* Do @op with the n-th allocation failing, for each n there is. Each time what @prepare leaves. The
 * parent has all it had, after @afterwards. */
static void exhaust(void (*prepare)(void), long (*op)(void), long success)
{
	unsigned long n;
	bool fired;
	long ret;

	for (n = 1;; n++) {
		prepare();
		fault_inject_nth(n);
		ret = op();
		fired = fault_inject_fired();
		fault_inject_nth(0);
		world_audit();
		if (!fired)
			break;
		if (ret != success)
			CHECK_EQ(ret, -ENOMEM);
	}
	CHECK_EQ(ret, success);
	CHECK_GT(n, 1ul);
	if (afterwards)
		afterwards();
	on(parent);
	expect(AT, pages, 1);
}

/* ---- Coming back ----------------------------------------------------------------------------- */

static long touch(bool write)
{
	struct page *page;
	int ret = get_user_page(parent, AT + PAGES(3), write, &page);

	if (ret == 1)
		put_page(page);
	return ret;
}

static long touch_to_read(void)
{
	return touch(false);
}

static long touch_to_write(void)
{
	return touch(true);
}

TEST(a_read_of_a_page_on_swap_that_runs_out_of_memory_can_be_repeated)
{
	start(0, 8);
	exhaust(all_out, touch_to_read, 1);
	swap_finish();
}

TEST(a_write_to_a_page_on_swap_that_runs_out_of_memory_can_be_repeated)
{
	start(0, 8);
	exhaust(all_out, touch_to_write, 1);
	swap_finish();
}

TEST(a_write_to_a_page_on_swap_of_two_processes_that_runs_out_of_memory_can_be_repeated)
{
	start(0, 8);
	share_fork(parent);
	exhaust(all_out, touch_to_write, 1);
	on(child);
	expect(AT, pages, 1);
	swap_finish();
}

/* The table goes back to being shared: a new child each time. */
static void fork_anew(void)
{
	if (child)
		end(&child);
	on(parent);
	expect(AT, pages, 1);
	share_fork(parent);
	all_out();
}

TEST(a_fault_below_a_shared_table_of_entries_that_runs_out_of_memory_can_be_repeated)
{
	start(1, TABLE);
	exhaust(fork_anew, touch_to_read, 1);
	on(child);
	expect(AT, pages, 1);
	swap_finish();
}

static void nothing(void)
{
}

static long will_need(void)
{
	return do_madvise(parent, AT, PAGES(pages), MADV_WILLNEED);
}

TEST(reading_ahead_without_memory_is_no_error)
{
	start(0, 8);
	exhaust(all_out, will_need, 0);
	swap_finish();
}

/* ---- Changes of entries ---------------------------------------------------------------------- */

static void end_child(void)
{
	if (child)
		end(&child);
	on(parent);
}

static void entries_and_no_child(void)
{
	end_child();
	all_out();
}

static long fork_it(void)
{
	struct mm_struct *new = dup_mm(current, parent);

	if (IS_ERR(new))
		return PTR_ERR(new);
	child = new;
	world_run(2, new);
	on(parent);
	return 0;
}

static void fork_with_entries(unsigned int policy, unsigned long n)
{
	start(policy, n);
	exhaust(entries_and_no_child, fork_it, 0);
	on(child);
	expect(AT, pages, 1);
	swap_finish();
}

TEST(fork_with_entries_that_runs_out_of_memory_leaves_nothing_behind)
{
	fork_with_entries(0, 100);
}

TEST(fork_with_tables_of_entries_that_runs_out_of_memory_leaves_nothing_behind)
{
	fork_with_entries(1, 3 * TABLE);
}

static long move(void)
{
	unsigned long to = do_mremap(AT, PAGES(pages), PAGES(pages), MREMAP_MAYMOVE | MREMAP_FIXED,
				     AT + TABLES(9) + PAGES(5));

	return IS_ERR_VALUE(to) ? (long)to : 0;
}

static void move_back(void)
{
	if (!vma_lookup(parent, AT))
		CHECK_EQ(do_mremap(AT + TABLES(9) + PAGES(5), PAGES(pages), PAGES(pages),
				   MREMAP_MAYMOVE | MREMAP_FIXED, AT),
			 AT);
}

static void entries_at_home(void)
{
	move_back();
	all_out();
}

TEST(mremap_of_entries_that_runs_out_of_memory_leaves_them)
{
	start(0, 20);
	afterwards = move_back;
	exhaust(entries_at_home, move, 0);
	swap_finish();
}

static void fork_anew_and_be_child(void)
{
	fork_anew();
	on(child);
}

static long drop_in_shared_table(void)
{
	return do_madvise(child, AT + PAGES(5), PAGES(5), MADV_DONTNEED);
}

TEST(dropping_a_part_of_a_shared_table_of_entries_without_memory_changes_nothing)
{
	start(1, TABLE);
	exhaust(fork_anew_and_be_child, drop_in_shared_table, 0);
	on(child);
	CHECK_EQ(peek(AT + PAGES(5)), 0);
	expect_part(AT, 10, pages, 1);
	swap_finish();
}

/* ---- Areas ----------------------------------------------------------------------------------- */

static long turn_off(void)
{
	return swap_off(swap);
}

static void on_and_out(void)
{
	if (!total_swap_pages)
		CHECK_EQ(swap_on(swap, "swap", -1), 0);
	on(parent);
	all_out();
}

TEST(swapoff_that_runs_out_of_memory_can_be_repeated)
{
	start(0, 24);
	share_fork(parent);
	exhaust(on_and_out, turn_off, 0);
	CHECK_EQ(total_swap_pages, 0ul);
	on(child);
	expect(AT, pages, 1);
	CHECK_EQ(swap_on(swap, "swap", -1), 0);
	swap_finish();
}

static void file_out(void)
{
	unsigned long i;

	if (!total_swap_pages)
		CHECK_EQ(swap_on(swap, "swap", -1), 0);
	for (i = 0; i < 4; i++)
		CHECK(swap_out_file(file, i));
}

static long read_file(void)
{
	bool major;
	struct page *page = read_cache_page(file->f_mapping, file, 2, &major);

	if (IS_ERR(page))
		return PTR_ERR(page);
	put_page(page);
	return 0;
}

static void make_file(void)
{
	unsigned long i;

	start(0, 8);
	file = world_file(PAGES(4), false);
	for (i = 0; i < 4; i++)
		world_file_poke(file, PAGES(i), 100 + i);
}

static void check_file(void)
{
	unsigned long i;

	for (i = 0; i < 4; i++)
		CHECK_EQ(world_file_peek(file, PAGES(i)), 100 + i);
	fput(file);
}

TEST(a_files_page_on_swap_that_finds_no_memory_stays_there)
{
	make_file();
	exhaust(file_out, read_file, 0);
	check_file();
	swap_finish();
}

TEST(swapoff_with_a_file_that_runs_out_of_memory_can_be_repeated)
{
	make_file();
	exhaust(file_out, turn_off, 0);
	check_file();
	CHECK_EQ(swap_on(swap, "swap", -1), 0);
	swap_finish();
}

static struct block_device *second;

static long turn_second_on(void)
{
	return swap_on(second, "second", 3);
}

TEST(swapon_that_runs_out_of_memory_leaves_nothing_behind)
{
	start(0, 8);
	second = swap_disk("second", 3000);
	exhaust(nothing, turn_second_on, 0);
	swap_disk_off(second);
	swap_finish();
}
