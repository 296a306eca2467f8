/* SPDX-License-Identifier: MIT */
/* Corners of sharing by fork that the fuzzers have found. */
#include "share.h"

/* Every table has gone with the mappings of [start, end). */
static void expect_no_tables(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	on(mm);
	CHECK_EQ(vm_munmap(start, end - start), 0);
	CHECK_EQ(atomic64_read(&mm->pgtables_bytes), 0);
}

/*
 *	tables	|p       |  eeee  |p       | ... |p       |	e: a mapping that was emptied
 *
 * A whole page-middle table is shared, with an empty table in it; the mapping there moves away.
 */
static void empty_table(bool unmap)
{
	const unsigned long tables = 40, at = BASE + TABLES(1) + PAGES(100);
	unsigned long i;

	share_start();
	for (i = 0; i < tables; i++) {
		if (i == 1)
			continue;
		share_map(BASE + TABLES(i), 1, MAP_PRIVATE);
		poke(BASE + TABLES(i), i);
	}
	share_map(at, 50, MAP_PRIVATE);
	fill(at, 50, 1);
	CHECK_EQ(do_madvise(parent, at, PAGES(50), MADV_DONTNEED), 0);
	share_fork(parent);
	world_audit();
	on(child);
	if (unmap)
		CHECK_EQ(vm_munmap(at, PAGES(50)), 0);
	else
		CHECK_EQ(do_mremap(at, PAGES(50), PAGES(50), MREMAP_MAYMOVE | MREMAP_FIXED,
				   BASE + PUD_SIZE),
			 BASE + PUD_SIZE);
	world_audit();
	on(parent);
	fill(at, 50, 2);
	expect_no_tables(child, BASE, BASE + 2 * PUD_SIZE);
	on(parent);
	expect(at, 50, 2);
	expect_no_tables(parent, BASE, BASE + 2 * PUD_SIZE);
	share_finish();
}

TEST(an_empty_table_in_a_shared_gigabyte_goes_with_its_mapping)
{
	empty_table(true);
}

TEST(an_empty_table_in_a_shared_gigabyte_goes_when_its_mapping_moves)
{
	empty_table(false);
}
