/* SPDX-License-Identifier: MIT */
/* Reclaim: which pages go, which stay, and that lists and figures stay true. */
#include "share.h"
#include "swap_world.h"

#include "mm/lru.h"
#include "mm/pageout.h"
#include "mm/shmem_swap.h"
#include "page/zone.h"

#define AT    BASE
#define FILES (BASE + TABLES(20))

static unsigned long on_lists(void)
{
	unsigned long pages = 0;
	int list;

	for (list = 0; list < NR_LRU_LISTS; list++)
		pages += lru_pages(list);
	return pages;
}

/* ---- Lists ----------------------------------------------------------------------------------- */

TEST(no_page_is_on_a_list_until_memory_is_short)
{
	struct file *file;

	share_start();
	share_map(AT, 40, MAP_PRIVATE);
	fill(AT, 40, 1);
	file = world_file(PAGES(10), true);
	world_file_poke(file, 0, 1);
	CHECK(!lru_in_use);
	CHECK(!page_flag(page_at(parent, AT), PG_lru));
	CHECK_EQ(lru_pages(LRU_INACTIVE_ANON), 40ul); /* the census */
	CHECK_EQ(lru_pages(LRU_INACTIVE_FILE), 1ul);
	swap_begin();
	CHECK(lru_in_use);
	CHECK_EQ(lru_pages(LRU_INACTIVE_ANON), 40ul);
	CHECK_EQ(lru_pages(LRU_INACTIVE_FILE), 1ul);
	world_audit();
	fill_part(AT, 0, 40, 2);
	share_map(AT + PAGES(40), 40, MAP_PRIVATE);
	fill_part(AT, 40, 80, 2);
	world_file_poke(file, PAGES(3), 1);
	CHECK_EQ(on_lists(), 82ul);
	world_audit();
	CHECK_EQ(vm_munmap(AT, PAGES(80)), 0);
	fput(file);
	CHECK_EQ(on_lists(), 0ul);
	world_audit();
}

TEST(pages_move_between_lists_with_their_flags)
{
	struct page *page;

	swap_start();
	share_map(AT, 8, MAP_PRIVATE);
	fill(AT, 8, 1);
	page = page_at(parent, AT);
	mark_page_accessed(page);
	CHECK_EQ(lru_pages(LRU_ACTIVE_ANON), 0ul);
	mark_page_accessed(page);
	CHECK_EQ(lru_pages(LRU_ACTIVE_ANON), 1ul);
	world_audit();
	CHECK_EQ(do_madvise(parent, AT, PAGES(8), MADV_COLD), 0);
	CHECK_EQ(lru_pages(LRU_ACTIVE_ANON), 0ul);
	CHECK_EQ(lru_pages(LRU_INACTIVE_ANON), 8ul);
	world_audit();
	swap_finish();
}

/* ---- Who goes -------------------------------------------------------------------------------- */

TEST(what_is_used_stays_and_what_is_not_goes)
{
	unsigned long i, used = 0, turns;

	swap_start();
	share_map(AT, 400, MAP_PRIVATE);
	fill(AT, 400, 1);
	for (turns = 0; turns < 12; turns++) {
		for (i = 0; i < 100; i++)
			CHECK_EQ(peek(AT + PAGES(i)), tagged(1, i));
		/* What a TLB knows leaves no accessed bits. */
		host_set_cpu(1);
		world_run(1, parent);
		host_set_cpu(0);
		world_run(0, NULL);
		world_run(0, parent);
		try_to_free_pages(20);
		pageout_finish(~0u);
	}
	for (i = 0; i < 100; i++)
		used += !swapped_at(parent, AT + PAGES(i));
	CHECK_GE(used, 60ul);
	CHECK_GE(swapents(parent), 150l);
	world_audit();
	expect(AT, 400, 1);
	swap_finish();
}

TEST(clean_pages_of_files_go_and_dirty_ones_stay_until_they_are_written)
{
	struct file *file;
	unsigned long i;

	swap_start();
	file = world_file(PAGES(64), true);
	for (i = 0; i < 64; i++)
		world_file_poke(file, PAGES(i), i + 1);
	drop_caches(1);
	CHECK_EQ(page_owner_count(OWNER_FILE), 64l);
	CHECK_EQ(filemap_write_and_wait(file->f_mapping), 0);
	drop_caches(1);
	CHECK_EQ(page_owner_count(OWNER_FILE), 0l);
	world_audit();
	for (i = 0; i < 64; i++)
		CHECK_EQ(world_file_peek(file, PAGES(i)), i + 1);
	CHECK_GE(try_to_free_pages(64), 32ul);
	world_audit();
	fput(file);
	swap_finish();
}

TEST(pages_of_a_file_go_from_all_who_map_them)
{
	struct file *file;
	unsigned long i;

	swap_start();
	file = world_file(PAGES(64), true);
	CHECK_EQ(world_mmap(file, FILES, PAGES(64), RW, MAP_FIXED | MAP_SHARED, 0), FILES);
	for (i = 0; i < 64; i++)
		poke(FILES + PAGES(i), i + 1);
	share_fork(parent);
	on(child);
	for (i = 0; i < 64; i++)
		CHECK_EQ(peek(FILES + PAGES(i)), i + 1);
	CHECK_EQ(filemap_write_and_wait(file->f_mapping), 0);
	/* To kswapd's and everybody's eyes they are used at first. */
	for (i = 0; i < 8; i++)
		try_to_free_pages(64);
	CHECK_LE(page_owner_count(OWNER_FILE), 4l);
	world_audit();
	for (i = 0; i < 64; i++)
		CHECK_EQ(peek(FILES + PAGES(i)), i + 1);
	poke(FILES, 99);
	on(parent);
	CHECK_EQ(peek(FILES), 99);
	world_audit();
	fput(file);
	swap_finish();
}

TEST(without_swap_private_pages_stay)
{
	unsigned long before;

	share_start();
	swap_begin();
	before = page_owner_count(OWNER_ANON);
	share_map(AT, 100, MAP_PRIVATE);
	fill(AT, 100, 1);
	CHECK_EQ(try_to_free_pages(50), 0ul);
	CHECK_EQ(page_owner_count(OWNER_ANON), before + 100l);
	world_audit();
	end(&parent);
	world_audit();
}

TEST(with_swappiness_zero_private_pages_stay_as_long_as_there_are_others)
{
	struct file *file;
	unsigned long i;

	swap_start();
	sysctl_swappiness = 0;
	share_map(AT, 100, MAP_PRIVATE);
	fill(AT, 100, 1);
	file = world_file(PAGES(200), true);
	for (i = 0; i < 200; i++)
		world_file_peek(file, PAGES(i));
	CHECK_GE(try_to_free_pages(100), 100ul);
	CHECK_EQ(swapents(parent), 0l);
	fput(file);
	sysctl_swappiness = 60;
	swap_finish();
}

/* ---- Memory that is short -------------------------------------------------------------------- */

TEST(more_than_there_is_memory_for_is_kept)
{
	unsigned long pages = 9000;

	world_start(16UL << 20, 4);
	sysctl_overcommit_memory = OVERCOMMIT_ALWAYS;
	swap = swap_disk_on("swap", 16384, -1);
	parent = world_mm();
	world_run(1, parent);
	world_run(0, parent);
	share_map(AT, pages, MAP_PRIVATE);
	fill(AT, pages, 1);
	CHECK(lru_in_use);
	CHECK_GT(swapents(parent), 4000l);
	CHECK_GT(vm_event_count(ALLOCSTALL), 0ul);
	world_audit();
	expect(AT, pages, 1);
	world_audit();
	host_set_cpu(1);
	expect(AT, pages, 1);
	on(parent);
	share_fork(parent);
	on(child);
	fill(AT, pages / 2, 2);
	on(parent);
	expect(AT, pages, 1);
	on(child);
	expect(AT, pages / 2, 2);
	expect_part(AT, pages / 2, pages, 1);
	world_audit();
	end(&child);
	end(&parent);
	CHECK_EQ(swap_used(), 0ul);
	swap_disk_off(swap);
	world_audit();
}

TEST(a_shared_memory_larger_than_memory_is_kept)
{
	unsigned long pages = 6000, i;

	world_start(16UL << 20, 4);
	sysctl_overcommit_memory = OVERCOMMIT_ALWAYS;
	swap = swap_disk_on("swap", 16384, -1);
	parent = world_mm();
	world_run(1, parent);
	world_run(0, parent);
	share_map(AT, pages, MAP_SHARED);
	fill(AT, pages, 1);
	CHECK_GT(shmem_swapped_pages(), 2000ul);
	world_audit();
	share_fork(parent);
	on(child);
	expect(AT, pages, 1);
	for (i = 0; i < pages; i += 3)
		poke(AT + PAGES(i), tagged(2, i));
	on(parent);
	for (i = 0; i < pages; i++)
		CHECK_EQ(peek(AT + PAGES(i)), tagged(i % 3 ? 1 : 2, i));
	world_audit();
	end(&child);
	end(&parent);
	CHECK_EQ(swap_used(), 0ul);
	CHECK_EQ(shmem_swapped_pages(), 0ul);
	swap_disk_off(swap);
	world_audit();
}

TEST(reclaim_that_frees_nothing_says_so)
{
	swap_start();
	share_map(AT, 64, MAP_PRIVATE);
	fill(AT, 64, 1);
	CHECK_EQ(do_mlock(AT, PAGES(64), 0), 0);
	CHECK_EQ(try_to_free_pages(10), 0ul);
	CHECK_EQ(lru_pages(LRU_UNEVICTABLE), 64ul);
	world_audit();
	CHECK_EQ(do_munlock(AT, PAGES(64)), 0);
	CHECK_GE(try_to_free_pages(10), 10ul);
	expect(AT, 64, 1);
	swap_finish();
}
