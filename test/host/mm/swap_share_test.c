/* SPDX-License-Identifier: MIT */
/*
 * Swap and fork: a page of several processes, by entries of their own or in one shared table, goes
 * once, and comes back for each as it was.
 */
#include "share.h"
#include "swap_world.h"

#include "mm/pageout.h"
#include "mm/pgwalk.h"

#define AT BASE

/* Pages by which a fork that shares what it can is told from one that copies. */
static unsigned long pages;

/* Tables are copied by fork (0), or shared (1, 2). */
static void start(unsigned int policy)
{
	swap_start();
	share_policy(policy);
	pages = policy ? TABLE : 8;
	share_map(AT, pages, MAP_PRIVATE);
	fill(AT, pages, 1);
}

static bool tables_shared(void)
{
	return pgwalk_find(parent, AT).pte == pgwalk_find(child, AT).pte;
}

static void expect_of(struct mm_struct *mm, unsigned int tag)
{
	on(mm);
	expect(AT, pages, tag);
}

static void fill_of(struct mm_struct *mm, unsigned int tag)
{
	on(mm);
	fill(AT, pages, tag);
}

static void see_all(void)
{
	host_set_cpu(1);
	expect(AT, pages, 1);
	expect_of(parent, 1);
	expect_of(child, 1);
}

/* ---- One slot for all ------------------------------------------------------------------------ */

static void goes_once(unsigned int policy)
{
	start(policy);
	share_fork(parent);
	CHECK_EQ(tables_shared(), policy != 0);
	see_all();
	on(parent);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	CHECK_EQ(swap_used(), pages);
	CHECK_EQ(ram_disk_counts(swap).pages_written, pages);
	CHECK_EQ(swapents(parent), (long)pages);
	CHECK_EQ(swapents(child), (long)pages);
	CHECK_EQ(anon(parent) + anon(child), 0);
	CHECK_EQ(swap_count(entry_at(parent, AT)), policy ? 1u : 2u);
	CHECK_EQ(tables_shared(), policy != 0);
	world_audit();
	fill_of(child, 2);
	world_audit();
	expect_of(parent, 1);
	expect_of(child, 2);
	host_set_cpu(1);
	expect(AT, pages, 1);
	swap_finish();
}

TEST(a_page_of_two_processes_goes_once)
{
	goes_once(0);
}

TEST(a_shared_table_is_swapped_once_for_all_its_owners)
{
	goes_once(1);
}

TEST(shared_tables_of_a_gigabyte_are_swapped_once_for_all_their_owners)
{
	goes_once(2);
}

TEST(coming_back_by_one_owner_copies_the_table_and_its_counts)
{
	start(1);
	share_fork(parent);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	on(child);
	CHECK_EQ(peek(AT + PAGES(3)), tagged(1, 3));
	CHECK(!tables_shared());
	CHECK(!swapped_at(child, AT + PAGES(3)));
	CHECK(swapped_at(parent, AT + PAGES(3)));
	CHECK_EQ(swap_count(entry_at(parent, AT + PAGES(3))), 1u);
	CHECK_EQ(swap_count(entry_at(parent, AT + PAGES(4))), 2u);
	CHECK_EQ(swapents(parent), (long)pages);
	CHECK_EQ(swapents(child), (long)pages - 1);
	world_audit();
	expect_of(parent, 1);
	expect_of(child, 1);
	swap_finish();
}

TEST(three_generations_share_a_slot)
{
	start(1);
	share_fork(parent);
	share_fork(child);
	CHECK_EQ(swap_out(child, AT, pages), pages);
	CHECK_EQ(swapents(grandchild), (long)pages);
	fill_of(grandchild, 3);
	world_audit();
	fill_of(parent, 2);
	expect_of(child, 1);
	CHECK_EQ(swap_out(child, AT, pages), pages);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	CHECK_EQ(swap_out(grandchild, AT, pages), pages);
	CHECK_EQ(swap_used(), 3 * pages);
	world_audit();
	expect_of(grandchild, 3);
	expect_of(parent, 2);
	expect_of(child, 1);
	swap_finish();
}

/* ---- Fork with entries ----------------------------------------------------------------------- */

static void forks_with_entries(unsigned int policy)
{
	start(policy);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	share_fork(parent);
	CHECK_EQ(tables_shared(), policy != 0);
	CHECK_EQ(swapents(child), (long)pages);
	CHECK_EQ(swap_count(entry_at(parent, AT)), policy ? 1u : 2u);
	world_audit();
	expect_of(child, 1);
	world_audit();
	fill_of(parent, 2);
	world_audit();
	expect_of(child, 1);
	swap_finish();
}

TEST(fork_copies_entries_and_counts_them)
{
	forks_with_entries(0);
}

TEST(fork_shares_tables_of_entries)
{
	forks_with_entries(1);
}

TEST(the_childs_entries_keep_slots_that_the_parent_gives_up)
{
	start(0);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	share_fork(parent);
	CHECK_EQ(vm_munmap(AT, PAGES(pages)), 0);
	CHECK_EQ(swap_used(), pages);
	world_audit();
	expect_of(child, 1);
	swap_finish();
}

TEST(whoever_exits_last_gives_the_slots_back)
{
	start(1);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	share_fork(parent);
	share_fork(child);
	end(&parent);
	world_audit();
	CHECK_EQ(swap_used(), pages);
	end(&child);
	world_audit();
	CHECK_EQ(swap_used(), pages);
	expect_of(grandchild, 1);
	swap_finish();
}

TEST(memory_that_a_child_must_not_see_is_not_on_swap_for_it)
{
	start(0);
	CHECK_EQ(do_madvise(parent, AT, PAGE_SIZE, MADV_DONTFORK), 0);
	CHECK_EQ(do_madvise(parent, AT + PAGES(1), PAGE_SIZE, MADV_WIPEONFORK), 0);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	share_fork(parent);
	world_audit();
	on(child);
	expect_signal(AT, SIGSEGV);
	CHECK_EQ(peek(AT + PAGES(1)), 0);
	CHECK_EQ(peek(AT + PAGES(2)), tagged(1, 2));
	expect_of(parent, 1);
	swap_finish();
}

TEST(a_childs_wiped_table_of_entries_is_not_shared)
{
	start(1);
	CHECK_EQ(do_madvise(parent, AT + PAGES(1), PAGES(100), MADV_WIPEONFORK), 0);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	share_fork(parent);
	world_audit();
	on(child);
	CHECK_EQ(peek(AT), tagged(1, 0));
	CHECK_EQ(peek(AT + PAGES(1)), 0);
	CHECK_EQ(peek(AT + PAGES(101)), tagged(1, 101));
	expect_of(parent, 1);
	swap_finish();
}

/* ---- Writing --------------------------------------------------------------------------------- */

TEST(a_write_after_coming_back_copies_as_long_as_another_has_the_entry)
{
	unsigned long copies;

	start(0);
	share_fork(parent);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	CHECK_EQ(peek(AT), tagged(1, 0));
	CHECK_EQ(swap_count(entry_at(child, AT)), 1u);
	copies = vm_event_count(COW_COPY);
	poke(AT, 200); /* mapped once, but the child's entry stands for it too */
	CHECK_EQ(vm_event_count(COW_COPY), copies + 1);
	world_audit();
	on(child);
	CHECK_EQ(peek(AT), tagged(1, 0));
	poke(AT, 100);
	CHECK_EQ(vm_event_count(COW_COPY), copies + 1);
	on(parent);
	CHECK_EQ(peek(AT), 200);
	swap_finish();
}

TEST(a_write_fault_on_an_entry_that_another_has_too_copies_at_once)
{
	start(0);
	share_fork(parent);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	poke(AT, 200);
	world_audit();
	on(child);
	CHECK_EQ(peek(AT), tagged(1, 0));
	swap_finish();
}

TEST(a_page_in_the_cache_is_reused_when_the_other_entry_is_gone)
{
	unsigned long reuses;
	struct page *page;

	start(0);
	share_fork(parent);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	CHECK_EQ(peek(AT), tagged(1, 0));
	page = page_at(parent, AT);
	on(child);
	CHECK_EQ(vm_munmap(AT, PAGE_SIZE), 0);
	on(parent);
	reuses = vm_event_count(COW_REUSE);
	poke(AT, 9);
	CHECK_EQ(vm_event_count(COW_REUSE), reuses + 1);
	CHECK(page_at(parent, AT) == page);
	CHECK(!page_flag(page, PG_swapcache));
	swap_finish();
}

TEST(both_come_back_to_one_page_and_part_by_writing)
{
	start(0);
	share_fork(parent);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	expect_of(parent, 1);
	expect_of(child, 1);
	CHECK(page_at(parent, AT) == page_at(child, AT));
	CHECK_EQ(swap_used(), pages); /* clean copies */
	world_audit();
	fill_of(parent, 2);
	fill_of(child, 3);
	world_audit();
	expect_of(parent, 2);
	swap_finish();
}

/* ---- Unmapping in shared tables -------------------------------------------------------------- */

TEST(one_owner_of_a_table_gives_entries_up_and_the_other_keeps_them)
{
	start(1);
	share_fork(parent);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	on(child);
	CHECK_EQ(do_madvise(child, AT + PAGES(10), PAGES(20), MADV_DONTNEED), 0);
	world_audit();
	CHECK_EQ(swapents(child), (long)pages - 20);
	CHECK_EQ(swapents(parent), (long)pages);
	CHECK_EQ(vm_munmap(AT, PAGES(pages)), 0);
	CHECK_EQ(swapents(child), 0);
	world_audit();
	expect_of(parent, 1);
	swap_finish();
}

TEST(one_owner_of_a_table_moves_or_protects_its_entries)
{
	unsigned long to = AT + TABLES(5);

	start(1);
	share_fork(parent);
	CHECK_EQ(swap_out(parent, AT, pages), pages);
	on(child);
	CHECK_EQ(do_mremap(AT, PAGES(pages), PAGES(pages), MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	world_audit();
	on(parent);
	CHECK_EQ(do_mprotect(AT, PAGES(pages), PROT_READ), 0);
	world_audit();
	expect_of(parent, 1);
	on(child);
	expect(to, pages, 1);
	swap_finish();
}
