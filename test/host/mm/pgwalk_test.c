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
	struct page *table;

	start();
	CHECK(!pgwalk_find(mm, 0x1000).pte);
	table = own(0x1000);
	CHECK_EQ(tables(), 3);
	CHECK(page_flag(table, PG_table));
	CHECK_EQ(table->pt_level, 0);
	CHECK_EQ(table->pt_count, 1u);
	CHECK_EQ(pgwalk_find(mm, 0x1fffff).table, table);
	CHECK(pgwalk_find(mm, 0x1fffff).write);
	CHECK(!pgwalk_find(mm, 0x200000).pte);
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
	struct pgpath path;
	struct page *table;
	bool shared = false;
	pte_t *pte;

	start();
	for (unsigned int i = 0; i < ARRAY_SIZE(scattered); i++)
		own(scattered[i]);
	for_each_private_pte_table (mm, addr, next, TASK_SIZE_MAX, pte, table, &shared) {
		CHECK_EQ(addr, scattered[seen] & PMD_MASK);
		CHECK_EQ(next, (scattered[seen] & PMD_MASK) + PMD_SIZE);
		CHECK_EQ(pte, page_address(table));
		seen++;
	}
	CHECK_EQ(seen, ARRAY_SIZE(scattered));
	CHECK_EQ(addr, TASK_SIZE_MAX);
	down_read(&rmap_lock);
	addr = 0;
	for_each_pte_table (mm, addr, next, TASK_SIZE_MAX, pte, path) {
		CHECK_EQ(pte, page_address(path.table));
		CHECK(path.table->pt_lock);
		seen--;
	}
	up_read(&rmap_lock);
	CHECK_EQ(seen, 0);
	/* A part of a table: from the middle, to before the end. */
	addr = PMD_SIZE + 0x3000;
	CHECK(pgwalk_next_private(mm, &addr, PMD_SIZE + 0x9000, &table, &shared));
	CHECK_EQ(addr, PMD_SIZE + 0x3000);
	addr = 2 * PMD_SIZE;
	CHECK(!pgwalk_next_private(mm, &addr, 5 * PUD_SIZE, &table, &shared));
	CHECK_EQ(addr, 5 * PUD_SIZE);
}

/* Takes the empty tables of [start, end) down; were there any? */
static bool detach(unsigned long start, unsigned long end)
{
	struct pgwalk_detach d = {.mm = mm, .floor = ~0ul};

	INIT_LIST_HEAD(&d.empty);
	INIT_LIST_HEAD(&d.shared);
	down_write(&rmap_lock);
	pgwalk_detach(&d, start, end);
	up_write(&rmap_lock);
	CHECK(list_empty(&d.shared) && !d.missed);
	pgwalk_free_tables(&d.empty);
	return d.any;
}

TEST(only_empty_tables_are_taken_down_and_their_uppers_follow)
{
	struct page *table;
	pte_t *pte;

	start();
	for (unsigned int i = 0; i < ARRAY_SIZE(scattered); i++)
		own(scattered[i]);
	pte = pgwalk_own(mm, PMD_SIZE + 0x7000, &table);
	pte_install_special(table, pte, pte_mkspecial(mk_pte(page_to_pfn(zero_page), PAGE_READONLY)));
	CHECK_EQ(table->pt_present, 1);
	CHECK(detach(0, TASK_SIZE_MAX));
	CHECK_EQ(tables(), 3);
	CHECK(!detach(0, TASK_SIZE_MAX));
	CHECK(pgwalk_find(mm, PMD_SIZE).pte);
	CHECK(pte_special(pte_take_uncounted(pte)));
	table->pt_present--;
	CHECK(detach(PMD_SIZE, 2 * PMD_SIZE));
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
	pte_install_special(table, pte, before);
	stale = before;
	pte_xchg(pte, pte_mkyoung(pte_mkdirty(before))); /* the MMU */
	pte_change(pte, stale, pte_wrprotect(stale));
	CHECK(pte_young(pte_get(pte)) && pte_dirty(pte_get(pte)) && !pte_write(pte_get(pte)));
	pte_take_uncounted(pte);
	table->pt_present--;
	mmput(mm);
}
