/* SPDX-License-Identifier: MIT */
/* The walk of page tables by itself: making, finding, skipping, taking down, and what a missing
 * page of memory leaves. */
#include "mm_world.h"
#include "test.h"

#include "base/fault_inject.h"
#include "mm/pgwalk.h"
#include "page/gfp.h"

static struct mm_struct *mm;

static void start(void)
{
	world_start(16UL << 20, 1);
	mm = world_mm();
}

static struct page *own(unsigned long addr)
{
	struct page *table;
	pte_t *pte = pgwalk_own(mm, addr, &table);

	CHECK(pte);
	CHECK_EQ((unsigned long)pte & ~PAGE_MASK, pte_index(addr) * sizeof(pte_t));
	CHECK(pte_none(pte_get(pte)));
	return table;
}

static long tables(void)
{
	return atomic64_read(&mm->pgtables_bytes) / PAGE_SIZE;
}

TEST(a_path_is_made_once_and_found_again)
{
	struct page *table, *again;

	start();
	CHECK(!pgwalk_find(mm, 0x1000, &table));
	table = own(0x1000);
	CHECK_EQ(tables(), 3);
	CHECK(page_flag(table, PG_table));
	CHECK_EQ(table->pt_level, 0);
	CHECK_EQ(table->pt_count, 1u);
	CHECK(pgwalk_find(mm, 0x1fffff, &again));
	CHECK_EQ(again, table);
	CHECK(!pgwalk_find(mm, 0x200000, &again));
	own(0x200000);
	CHECK_EQ(tables(), 4);
	own(PUD_SIZE);
	CHECK_EQ(tables(), 6);
	own(PGDIR_SIZE);
	CHECK_EQ(tables(), 9);
	own(TASK_SIZE_MAX - PAGE_SIZE);
	CHECK_EQ(tables(), 12);
	CHECK_EQ(page_owner_count(OWNER_TABLE), 13);
}

/* Addresses whose tables differ at one level more each. */
static const unsigned long scattered[] = {0x5000, PMD_SIZE + 0x7000, 5 * PUD_SIZE,
					  3 * PGDIR_SIZE + PMD_SIZE, 200 * PGDIR_SIZE};

TEST(next_finds_every_table_and_skips_what_is_not_there)
{
	unsigned long addr = 0, next, seen = 0;
	struct page *table;
	pte_t *pte;

	start();
	for (unsigned int i = 0; i < ARRAY_SIZE(scattered); i++)
		own(scattered[i]);
	for_each_pte_table (mm, addr, next, TASK_SIZE_MAX, pte, table) {
		CHECK_EQ(addr, scattered[seen] & PMD_MASK);
		CHECK_EQ(next, (scattered[seen] & PMD_MASK) + PMD_SIZE);
		CHECK_EQ(pte, page_address(table));
		seen++;
	}
	CHECK_EQ(seen, ARRAY_SIZE(scattered));
	CHECK_EQ(addr, TASK_SIZE_MAX);
	/* A part of a table: from the middle, to before the end. */
	addr = PMD_SIZE + 0x3000;
	CHECK(pgwalk_next(mm, &addr, PMD_SIZE + 0x9000, &table));
	CHECK_EQ(addr, PMD_SIZE + 0x3000);
	addr = 2 * PMD_SIZE;
	CHECK(!pgwalk_next(mm, &addr, 5 * PUD_SIZE, &table));
	CHECK_EQ(addr, 5 * PUD_SIZE);
}

TEST(only_empty_tables_are_taken_down_and_their_uppers_follow)
{
	struct list_head gone = LIST_HEAD_INIT(gone);
	struct page *table;
	pte_t *pte;

	start();
	for (unsigned int i = 0; i < ARRAY_SIZE(scattered); i++)
		own(scattered[i]);
	pte = pgwalk_own(mm, PMD_SIZE + 0x7000, &table);
	pte_install(table, pte, pte_mkspecial(mk_pte(page_to_pfn(zero_page), PAGE_READONLY)));
	CHECK_EQ(table->pt_present, 1);
	CHECK(pgwalk_unhook_empty(mm, 0, TASK_SIZE_MAX, &gone));
	pgwalk_free_tables(mm, &gone);
	CHECK_EQ(tables(), 3);
	CHECK(!pgwalk_unhook_empty(mm, 0, TASK_SIZE_MAX, &gone));
	CHECK(pgwalk_find(mm, PMD_SIZE, &table));
	CHECK(pte_special(pte_take(table, pte)));
	CHECK(pgwalk_unhook_empty(mm, PMD_SIZE, 2 * PMD_SIZE, &gone));
	pgwalk_free_tables(mm, &gone);
	CHECK_EQ(tables(), 0);
	CHECK_EQ(page_owner_count(OWNER_TABLE), 1);
	mmput(mm);
	CHECK_EQ(page_owner_count(OWNER_TABLE), 0);
}

TEST(a_path_that_cannot_be_made_leaves_usable_tables)
{
	struct page *table;
	unsigned long n;

	start();
	for (n = 1; n <= 3; n++) {
		fault_inject_nth(1);
		if (n > 1) /* one level more each time */
			fault_inject_nth(n);
		CHECK(!pgwalk_own(mm, n * PGDIR_SIZE, &table));
		CHECK(fault_inject_fired());
		fault_inject_nth(0);
		CHECK(pgwalk_own(mm, n * PGDIR_SIZE, &table));
	}
	CHECK_EQ(tables(), 9);
	mmput(mm);
	CHECK_EQ(page_owner_count(OWNER_TABLE), 0);
}

TEST(changing_an_entry_keeps_what_hardware_set_meanwhile)
{
	struct page *table = NULL;
	pte_t *pte, before, stale;

	start();
	pte = pgwalk_own(mm, 0x1000, &table);
	before = pte_mkold(mk_pte(5, PAGE_SHARED));
	pte_install(table, pte, before);
	stale = before;
	pte_xchg(pte, pte_mkyoung(pte_mkdirty(before))); /* the MMU */
	pte_change(pte, stale, pte_wrprotect(stale));
	CHECK(pte_young(pte_get(pte)) && pte_dirty(pte_get(pte)) && !pte_write(pte_get(pte)));
	pte_take(table, pte);
	mmput(mm);
}
