/* SPDX-License-Identifier: MIT */
/*
 * fork of full page tables, and what comes after it, with the first, second, third ... allocation
 * failing. After each failure: the audit is clean, nothing has leaked, and neither side has lost or
 * gained a byte.
 */
#include "share.h"

#include "base/fault_inject.h"

#define TABLES_USED 4
#define USED	    (TABLES_USED * TABLE)
#define FAR	    (BASE + 40 * PUD_SIZE)

/* Memory in several page tables of two gigabytes. */
static unsigned long table_addr(unsigned int t)
{
	return BASE + (t < 2 ? TABLES(t) : PUD_SIZE + TABLES(t));
}

static void prepare(void)
{
	unsigned int t;

	share_start();
	oom_kill_hook = world_kill_victim;
	for (t = 0; t < TABLES_USED; t++) {
		share_map(table_addr(t), TABLE, MAP_PRIVATE);
		fill(table_addr(t), TABLE, 1 + t);
	}
}

static void expect_all(struct mm_struct *mm)
{
	unsigned int t, i;

	on(mm);
	for (t = 0; t < TABLES_USED; t++)
		for (i = 0; i < TABLE; i += 5)
			CHECK_EQ(peek(table_addr(t) + PAGES(i)), tagged(1 + t, i));
	CHECK_EQ(anon(mm), USED);
}

TEST(fork_of_full_tables_that_runs_out_of_memory_leaves_nothing_behind)
{
	unsigned long n, free, committed;

	prepare();
	free = world_free_pages();
	committed = vm_committed();
	for (n = 1;; n++) {
		fault_inject_nth(n);
		child = dup_mm(current, parent);
		if (!fault_inject_fired())
			break;
		fault_inject_nth(0);
		if (!IS_ERR(child)) /* it did without */
			mmput(child);
		else
			CHECK_EQ(PTR_ERR(child), -ENOMEM);
		child = NULL;
		world_audit();
		CHECK_EQ(world_free_pages(), free);
		CHECK_EQ(vm_committed(), committed);
		expect_all(parent);
		poke(BASE + PAGES(n % TABLE), tagged(1, n % TABLE));
	}
	fault_inject_nth(0);
	CHECK(!IS_ERR(child));
	CHECK_GT(n, 2UL);
	world_run(2, child);
	expect_all(child);
	share_finish();
}

/* ---- After it -------------------------------------------------------------------------------- */

static long by_write(void)
{
	u8 byte = tagged(1, 7);
	int sig = host_write(BASE + PAGES(7), &byte, 1);

	world_take_signal();
	world_revive();
	return sig ? -ENOMEM : 0;
}

static long by_user_copy(void)
{
	u8 byte = tagged(1, 8);
	unsigned long left = copy_to_user((void *)(BASE + PAGES(8)), &byte, 1);

	world_take_signal();
	world_revive();
	return left ? -ENOMEM : 0;
}

static long by_remote_write(void)
{
	u8 byte = tagged(1, 9);
	struct mm_struct *mm = current->mm;
	unsigned long done = access_remote_vm(mm, BASE + PAGES(9), &byte, 1, true);

	world_revive();
	world_take_signal();
	return done ? 0 : -ENOMEM;
}

/* What it takes away, give back, so that both sides are as before. */
static void give_back(unsigned int t, unsigned int from, unsigned int to)
{
	fill_part(table_addr(t), from, to, 1 + t);
}

static long by_munmap(void)
{
	return vm_munmap(BASE + PAGES(100), PAGES(TABLE));
}

static void undo_munmap(void)
{
	share_map(BASE + PAGES(100), TABLE, MAP_PRIVATE);
	give_back(0, 100, TABLE);
	give_back(1, 0, 100);
}

static long by_mprotect(void)
{
	return do_mprotect(BASE + PAGES(100), PAGES(TABLE), PROT_READ);
}

static void undo_mprotect(void)
{
	CHECK_EQ(do_mprotect(BASE + PAGES(100), PAGES(TABLE), RW), 0);
}

static long by_mremap(void)
{
	long to = do_mremap(BASE + PAGES(100), PAGES(TABLE), PAGES(TABLE),
			    MREMAP_MAYMOVE | MREMAP_FIXED, FAR + PAGES(3));

	return to == (long)(FAR + PAGES(3)) ? 0 : to;
}

static void undo_mremap(void)
{
	CHECK_EQ(do_mremap(FAR + PAGES(3), PAGES(TABLE), PAGES(TABLE),
			   MREMAP_MAYMOVE | MREMAP_FIXED, BASE + PAGES(100)),
		 BASE + PAGES(100));
}

/* A table's worth, to where the table could go as it is. */
static long by_mremap_table(void)
{
	long to = do_mremap(table_addr(3), PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, FAR);

	return to == (long)FAR ? 0 : to;
}

static void undo_mremap_table(void)
{
	CHECK_EQ(do_mremap(FAR, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, table_addr(3)),
		 table_addr(3));
}

static long by_dontneed(void)
{
	return do_madvise(current->mm, BASE + PAGES(100), PAGES(TABLE), MADV_DONTNEED);
}

static void undo_dontneed(void)
{
	give_back(0, 100, TABLE);
	give_back(1, 0, 100);
}

static long by_map_over(void)
{
	unsigned long at = BASE + PAGES(200);
	long got = world_mmap(NULL, at, PAGES(TABLE), RW, MAP_FIXED | MAP_PRIVATE, 0);

	return got == (long)at ? 0 : got;
}

static void undo_map_over(void)
{
	give_back(0, 200, TABLE);
	give_back(1, 0, 200);
}

static long by_mlock(void)
{
	return do_mlock(BASE + PAGES(TABLE - 2), PAGES(4), 0);
}

static void undo_mlock(void)
{
	CHECK_EQ(do_munlock(BASE, TABLES(2)), 0);
}

static long by_exec(void)
{
	struct mm_struct *fresh = mm_alloc();

	if (!fresh)
		return -ENOMEM;
	mmput(fresh);
	return 0;
}

static const struct {
	const char *name;
	long (*op)(void);
	void (*undo)(void);
	bool steps; /* a failure may come after a part of the work; undo() heals that too */
} after[] = {
	{"write", by_write, NULL, false},
	{"user copy", by_user_copy, NULL, false},
	{"remote write", by_remote_write, NULL, false},
	{"munmap", by_munmap, undo_munmap, false},
	{"mprotect", by_mprotect, undo_mprotect, true},
	{"mremap", by_mremap, undo_mremap, false},
	{"mremap of a table", by_mremap_table, undo_mremap_table, false},
	{"madvise(DONTNEED)", by_dontneed, undo_dontneed, true},
	{"mmap over", by_map_over, undo_map_over, false},
	{"mlock", by_mlock, undo_mlock, true},
	{"new mm", by_exec, NULL, false},
};

/* @op on one side with the n-th allocation failing, in a fresh child each time. */
static void exhaust(unsigned int which, bool by_child)
{
	struct mm_struct *self;
	unsigned long n, free = 0;
	bool fired;
	long ret;

	for (n = 1;; n++) {
		share_fork(parent);
		self = by_child ? child : parent;
		on(self);
		peek(BASE + PAGES(7)); /* warm */
		fault_inject_nth(n);
		ret = after[which].op();
		fired = fault_inject_fired();
		fault_inject_nth(0);
		if (ret && ret != -ENOMEM && ret != -EAGAIN)
			test_fail(__FILE__, __LINE__, "%s, allocation %lu: %ld", after[which].name,
				  n, ret);
		if (ret && !fired)
			test_fail(__FILE__, __LINE__, "%s: %ld without a failure",
				  after[which].name, ret);
		world_audit();
		if (after[which].undo && (!ret || after[which].steps)) {
			on(self);
			after[which].undo();
		}
		expect_all(parent);
		expect_all(child);
		end(&child);
		world_audit();
		on(parent);
		if (!by_child) /* the parent's own tables again, and its VMAs in one piece */
			for (unsigned int t = 0; t < TABLES_USED; t++)
				fill(table_addr(t), TABLE, 1 + t);
		if (free)
			CHECK_LE(free, world_free_pages() + 2); /* VMAs may stay split */
		free = world_free_pages();
		if (!fired)
			return;
	}
}

TEST_TIMEOUT(whatever_comes_after_fork_and_runs_out_of_memory_loses_nothing, 120)
{
	unsigned int i;

	prepare();
	for (i = 0; i < 2 * ARRAY_SIZE(after); i++) {
		share_policy(i & 1); /* with tables of their own below the upper ones, and whole */
		exhaust(i / 2, false);
		exhaust(i / 2, true);
	}
	share_finish();
}
