/* SPDX-License-Identifier: MIT */
/*
 * After fork, one side changes a part of a region that spans several full page tables: the other
 * keeps every byte.
 *
 *	tables	|   0   |   1   |   2   |   3   |
 *	within	     ##					a part of one
 *	one	        |#######|			exactly one
 *	two	     ###|###				parts of two
 *	many	       #|#######|#######|##		parts at both ends, whole ones between
 *	all	|#######|#######|#######|#######|
 */
#include "share.h"

static const struct part {
	unsigned long from, to; /* pages */
} parts[] = {
	{100, 200},
	{TABLE, 2 * TABLE},
	{TABLE / 2, TABLE + TABLE / 2},
	{TABLE - 1, 3 * TABLE + 2},
	{0, 4 * TABLE},
};

enum change { MUNMAP, MPROTECT, MREMAP, MREMAP_ODD, DONTNEED, FREE, MAP_OVER, DONTUNMAP, MLOCK };

/* Where mremap goes: tables fit in whole there, or (odd) not. */
#define AWAY (BASE + TABLES(64))

static void make_change(enum change change, unsigned long addr, unsigned long len)
{
	unsigned long to = AWAY + (change == MREMAP_ODD ? PAGES(3) : 0) + addr - BASE;

	switch (change) {
	case MUNMAP:
		CHECK_EQ(vm_munmap(addr, len), 0);
		break;
	case MPROTECT:
		CHECK_EQ(do_mprotect(addr, len, PROT_READ), 0);
		break;
	case MREMAP:
	case MREMAP_ODD:
	case DONTUNMAP:
		CHECK_EQ(do_mremap(addr, len, len,
				   MREMAP_MAYMOVE | MREMAP_FIXED |
					   (change == DONTUNMAP ? MREMAP_DONTUNMAP : 0),
				   to),
			 to);
		break;
	case DONTNEED:
		CHECK_EQ(do_madvise(current->mm, addr, len, MADV_DONTNEED), 0);
		break;
	case FREE:
		CHECK_EQ(do_madvise(current->mm, addr, len, MADV_FREE), 0);
		break;
	case MAP_OVER:
		share_map(addr, len / PAGE_SIZE, MAP_PRIVATE);
		break;
	case MLOCK:
		CHECK_EQ(do_mlock(addr, len, 0), 0);
	}
}

/* What the side that made it finds in the part. */
static void expect_changed(enum change change, const struct part *part)
{
	unsigned long i, moved = AWAY + (change == MREMAP_ODD ? PAGES(3) : 0);
	long pages = part->to - part->from;

	switch (change) {
	case MUNMAP:
		for (i = part->from; i < part->to; i += 7)
			expect_signal(BASE + PAGES(i), SIGSEGV);
		CHECK_EQ(anon(current->mm), 4 * TABLE - pages);
		break;
	case MPROTECT:
		expect_part(BASE, part->from, part->to, 1);
		for (i = part->from; i < part->to; i += 7)
			CHECK_EQ(world_poke(BASE + PAGES(i), 1), SIGSEGV);
		CHECK_EQ(do_mprotect(BASE + PAGES(part->from), PAGES(pages), RW), 0);
		fill_part(BASE, part->from, part->to, 5);
		CHECK_EQ(anon(current->mm), 4 * TABLE);
		break;
	case DONTUNMAP:
		expect_part(BASE, part->from, part->to, 0);
		expect_part(moved, part->from, part->to, 1);
		fill_part(moved, part->from, part->to, 6);
		CHECK_EQ(anon(current->mm), 4 * TABLE);
		break;
	case MREMAP:
	case MREMAP_ODD:
		for (i = part->from; i < part->to; i += 7)
			expect_signal(BASE + PAGES(i), SIGSEGV);
		expect_part(moved, part->from, part->to, 1);
		fill_part(moved, part->from, part->to, 6);
		expect_part(moved, part->from, part->to, 6);
		CHECK_EQ(anon(current->mm), 4 * TABLE);
		break;
	case DONTNEED:
	case FREE:
	case MAP_OVER:
		CHECK_EQ(anon(current->mm), 4 * TABLE - pages);
		expect_part(BASE, part->from, part->to, 0);
		fill_part(BASE, part->from, part->to, 7);
		break;
	case MLOCK: /* copied now: a write to locked memory does not fault */
		CHECK_EQ(page_owner_count(OWNER_ANON), 4 * TABLE + pages);
		expect_part(BASE, part->from, part->to, 1);
		i = current->min_flt;
		fill_part(BASE, part->from, part->to, 8);
		CHECK_EQ(current->min_flt, i);
		CHECK_EQ(do_munlock(BASE, TABLES(4)), 0);
	}
}

static void change_on_one_side(enum change change, const struct part *part, bool by_child)
{
	struct mm_struct *self, *other;

	parent = world_mm();
	world_run(1, parent);
	world_run(0, parent);
	share_map(BASE, 4 * TABLE, MAP_PRIVATE);
	fill(BASE, 4 * TABLE, 1);
	share_fork(parent);
	self = by_child ? child : parent;
	other = by_child ? parent : child;
	on(self);
	expect(BASE, 4 * TABLE, 1); /* translations that must go */
	make_change(change, BASE + PAGES(part->from), PAGES(part->to - part->from));
	world_audit();
	on(self);
	expect_changed(change, part);
	world_audit();
	on(self);
	expect_part(BASE, 0, part->from, 1);
	expect_part(BASE, part->to, 4 * TABLE, 1);
	on(other);
	CHECK_EQ(anon(other), 4 * TABLE);
	expect(BASE, 4 * TABLE, 1);
	fill_part(BASE, TABLE, 2 * TABLE, 3);
	on(self);
	expect_part(BASE, 0, min(part->from, (unsigned long)TABLE), 1);
	end(by_child ? &parent : &child);
	world_audit();
	end(by_child ? &child : &parent);
	world_audit();
}

static void change_everywhere(enum change change)
{
	unsigned int i, policy;

	share_start();
	end(&parent);
	for (policy = 0; policy < POLICIES; policy++) {
		share_policy(policy);
		for (i = 0; i < ARRAY_SIZE(parts); i++) {
			change_on_one_side(change, &parts[i], false);
			change_on_one_side(change, &parts[i], true);
		}
	}
	share_finish();
}

TEST(munmap_after_fork_takes_nothing_from_the_other)
{
	change_everywhere(MUNMAP);
}

TEST(mprotect_after_fork_binds_only_the_caller)
{
	change_everywhere(MPROTECT);
}

TEST(mremap_after_fork_moves_only_the_callers_pages)
{
	change_everywhere(MREMAP);
}

TEST(mremap_after_fork_to_where_tables_do_not_fit)
{
	change_everywhere(MREMAP_ODD);
}

TEST(mremap_dontunmap_after_fork_leaves_an_empty_range_to_the_caller_only)
{
	change_everywhere(DONTUNMAP);
}

TEST(madvise_dontneed_after_fork_drops_only_the_callers_pages)
{
	change_everywhere(DONTNEED);
}

TEST(madvise_free_after_fork_drops_only_the_callers_pages)
{
	change_everywhere(FREE);
}

TEST(mmap_over_shared_tables_hides_only_the_callers_pages)
{
	change_everywhere(MAP_OVER);
}

TEST(mlock_after_fork_copies_what_may_be_written)
{
	change_everywhere(MLOCK);
}
