/* SPDX-License-Identifier: MIT */
/* The audit sees what is wrong with swap: each test breaks one thing and expects to be told. */
#include "share.h"
#include "swap_world.h"

#include "mm/lru.h"
#include "mm/pgwalk.h"
#include "mm/rmap.h"
#include "mm/swap_cache.h"

#define AT BASE

static struct page *cached;

/* Two pages on swap, two in the cache as well. */
static void start(void)
{
	swap_start();
	share_map(AT, 4, MAP_PRIVATE);
	CHECK_EQ(do_madvise(parent, AT, PAGES(4), MADV_RANDOM), 0);
	fill(AT, 4, 1);
	share_fork(parent);
	CHECK_EQ(swap_out(parent, AT, 4), 4u);
	expect_part(AT, 0, 2, 1);
	cached = page_at(parent, AT);
	CHECK(page_flag(cached, PG_swapcache));
	world_audit();
}

static void expect_problems(void)
{
	CHECK_GT(mm_audit(), 0);
}

TEST(audit_sees_a_swap_count_too_many_and_too_few)
{
	swp_entry_t entry;

	start();
	entry = entry_at(parent, AT + PAGES(3));
	swap_duplicate(entry);
	expect_problems();
	swap_free(entry);
	world_audit();
	swap_free(entry);
	expect_problems();
}

TEST(audit_sees_an_entry_of_no_slot)
{
	pte_t *pte;

	start();
	pte = pgwalk_find(parent, AT + PAGES(3)).pte;
	pte_xchg(pte, swp_entry_to_pte(swp_entry(0, 1000)));
	expect_problems();
}

TEST(audit_sees_an_entry_that_was_not_counted)
{
	start();
	add_mm_counter(parent, MM_SWAPENTS, 1);
	expect_problems();
	add_mm_counter(parent, MM_SWAPENTS, -1);
	world_audit();
	pgwalk_find(parent, AT).table->pt_rss[MM_SWAPENTS]++;
	expect_problems();
}

TEST(audit_sees_a_cached_page_with_another_slot)
{
	unsigned long private;

	start();
	private = cached->private;
	cached->private = entry_at(parent, AT + PAGES(3)).val;
	expect_problems();
	cached->private = private;
	world_audit();
	swap_slot((swp_entry_t){private})->pfn = 0;
	expect_problems();
}

TEST(audit_sees_a_writable_entry_for_a_page_that_another_has_on_swap)
{
	pte_t *pte;

	start();
	pte = pgwalk_find(parent, AT).pte;
	pte_xchg(pte, pte_mkwrite(pte_get(pte)));
	expect_problems();
}

TEST(audit_sees_a_reference_of_the_cache_that_is_missing)
{
	start();
	atomic_dec(&cached->_refcount);
	expect_problems();
}

TEST(audit_sees_a_page_on_the_wrong_list)
{
	start();
	set_bit(PG_active, &cached->flags);
	expect_problems();
	clear_bit(PG_active, &cached->flags);
	world_audit();
	clear_bit(PG_lru, &cached->flags);
	expect_problems();
}

TEST(audit_sees_slots_that_were_not_counted)
{
	start();
	nr_swap_pages++;
	expect_problems();
	nr_swap_pages--;
	world_audit();
}
