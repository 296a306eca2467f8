/* SPDX-License-Identifier: MIT */
/*
 * fork with full page tables: whoever writes or ends first, everybody else finds what was there.
 *
 *	before		parent --- P-middle --- table 0 1 2 3 ...	512 pages each
 *
 *	after fork	parent ---.
 *			child  ---'- P-middle --- table 0 1 2 3 ...	read-only above
 *
 *	one writes	parent ----- P-middle --- table 0 1 2 3 ...
 *			child  ----- P-middle' --'      |
 *					      `-- table 1'		its own, pages shared but one
 */
#include "share.h"

/* ---- Who writes first, who ends first -------------------------------------------------------- */

TEST(parent_writes_first_then_child)
{
	share_start();
	share_map(BASE, 4 * TABLE, MAP_PRIVATE);
	fill(BASE, 4 * TABLE, 1);
	share_fork(parent);
	CHECK_EQ(anon(child), 4 * TABLE);
	world_audit();
	poke(BASE + PAGES(TABLE + 5), 200);
	world_audit();
	on(child);
	expect(BASE, 4 * TABLE, 1);
	poke(BASE + PAGES(TABLE + 5), 201);
	poke(BASE + PAGES(2 * TABLE), 202);
	world_audit();
	on(parent);
	CHECK_EQ(peek(BASE + PAGES(TABLE + 5)), 200);
	expect(BASE, TABLE + 5, 1);
	expect_part(BASE, TABLE + 6, 4 * TABLE, 1);
	CHECK_EQ(anon(parent), 4 * TABLE);
	CHECK_EQ(page_owner_count(OWNER_ANON), 4 * TABLE + 2);
	share_finish();
}

TEST(child_writes_first_then_parent)
{
	share_start();
	share_map(BASE, 4 * TABLE, MAP_PRIVATE);
	fill(BASE, 4 * TABLE, 1);
	share_fork(parent);
	on(child);
	fill_part(BASE, TABLE - 3, TABLE + 3, 2);
	world_audit();
	on(parent);
	expect(BASE, 4 * TABLE, 1);
	fill_part(BASE, TABLE - 3, TABLE + 3, 3);
	fill_part(BASE, 3 * TABLE, 4 * TABLE, 3);
	on(child);
	expect_part(BASE, TABLE - 3, TABLE + 3, 2);
	expect_part(BASE, TABLE + 3, 4 * TABLE, 1);
	end(&parent);
	world_audit();
	expect(BASE, TABLE - 3, 1);
	fill(BASE, 4 * TABLE, 4); /* all of it is the child's alone now */
	CHECK_EQ(page_owner_count(OWNER_ANON), 4 * TABLE);
	share_finish();
}

/*
 * Three processes, a write and an exit of each, in all 90 orders that make sense (the write first),
 * whether the third is a child of the first or of the second.
 */
static void one_order(const u8 *order, bool line, unsigned long stride)
{
	struct mm_struct **who[] = {&parent, &child, &grandchild};
	bool wrote[3] = {false};
	unsigned int step, i, p;

	parent = world_mm();
	world_run(1, parent);
	world_run(0, parent);
	share_map(BASE, 3 * TABLE * stride, MAP_PRIVATE);
	for (i = 0; i < 3 * TABLE; i += 16)
		poke(BASE + PAGES(i * stride), tagged(1, i));
	for (i = TABLE; i < TABLE + 200; i++)
		poke(BASE + PAGES(i * stride), tagged(1, i));
	share_fork(parent);
	share_fork(line ? child : parent);
	for (step = 0; step < 6; step++) {
		p = order[step];
		if (wrote[p]) {
			end(who[p]);
		} else {
			on(*who[p]);
			poke(BASE + PAGES((TABLE + 32) * stride), 100 + p);
			poke(BASE + PAGES((2 * TABLE + 16 * p) * stride), 110 + p);
			wrote[p] = true;
		}
		for (p = 0; p < 3; p++) {
			if (!*who[p])
				continue;
			on(*who[p]);
			CHECK_EQ(peek(BASE + PAGES((TABLE + 32) * stride)),
				 wrote[p] ? 100 + p : tagged(1, TABLE + 32));
			for (i = 0; i < 3; i++)
				CHECK_EQ(peek(BASE + PAGES((2 * TABLE + 16 * i) * stride)),
					 wrote[p] && i == p ? 110 + p
							    : tagged(1, 2 * TABLE + 16 * i));
			CHECK_EQ(peek(BASE + PAGES(16 * stride)), tagged(1, 16));
		}
		world_audit();
	}
}

static void all_orders(bool line, unsigned long stride, unsigned int policy)
{
	u8 order[6];
	unsigned int n, i, left;

	share_policy(policy);
	for (n = 0; n < 729; n++) {
		u8 times[3] = {0};

		for (i = 0, left = n; i < 6; i++, left /= 3)
			times[order[i] = left % 3]++;
		if (times[0] == 2 && times[1] == 2)
			one_order(order, line, stride);
	}
}

TEST(writes_and_exits_of_parent_and_two_children_in_all_orders)
{
	share_start();
	end(&parent);
	all_orders(false, 1, 0);
	all_orders(false, 1, 1);
	share_finish();
}

TEST(writes_and_exits_of_three_generations_in_all_orders)
{
	share_start();
	end(&parent);
	all_orders(true, 1, 0);
	all_orders(true, 1, 1);
	share_finish();
}

/* A page in every eighth table: what is shared are page-middle tables. */
TEST(writes_and_exits_in_all_orders_with_memory_spread_over_gigabytes)
{
	share_start();
	end(&parent);
	all_orders(true, 64, 0);
	share_finish();
}

TEST(five_generations_each_keep_what_they_wrote)
{
	struct mm_struct *mm[6];
	unsigned int g, h;

	share_start();
	share_map(BASE, 6 * TABLE, MAP_PRIVATE);
	fill(BASE, 6 * TABLE, 1);
	mm[0] = parent;
	for (g = 1; g < 6; g++) {
		world_run(2, mm[g - 1]);
		mm[g] = dup_mm(current, mm[g - 1]);
		CHECK(!IS_ERR(mm[g]));
		world_run(2, mm[g]);
		fill_part(BASE, g * TABLE, g * TABLE + TABLE / 2, 1 + g);
		world_audit();
	}
	/* The middle ones go first. */
	world_put(mm[2]);
	world_put(mm[3]);
	for (g = 0; g < 6; g++) {
		if (g == 2 || g == 3)
			continue;
		world_run(2, mm[g]);
		for (h = 1; h < 6; h++) {
			expect_part(BASE, h * TABLE, h * TABLE + TABLE / 2, h <= g ? 1 + h : 1);
			expect_part(BASE, h * TABLE + TABLE / 2, (h + 1) * TABLE, 1);
		}
		CHECK_EQ(anon(mm[g]), 6 * TABLE);
	}
	world_put(mm[5]);
	world_put(mm[1]);
	world_audit();
	world_put(mm[4]);
	share_finish();
}

TEST(exec_of_either_side_leaves_the_other_everything)
{
	share_start();
	share_map(BASE, 2 * TABLE, MAP_PRIVATE);
	fill(BASE, 2 * TABLE, 1);
	share_fork(parent);
	share_fork(child);
	on(child);
	exec_mmap(child = world_mm());
	world_audit();
	expect_signal(BASE, SIGSEGV);
	share_map(BASE, TABLE, MAP_PRIVATE);
	fill(BASE, TABLE, 9);
	on(grandchild);
	fill(BASE, TABLE, 2);
	expect_part(BASE, TABLE, 2 * TABLE, 1);
	on(parent);
	expect(BASE, 2 * TABLE, 1);
	share_finish();
}

/* ---- What comes later into a table that was shared -------------------------------------------- */

TEST(a_page_that_comes_after_fork_is_seen_by_one_side_only)
{
	share_start();
	share_map(BASE, 2 * TABLE, MAP_PRIVATE);
	fill(BASE, 400, 1);
	fill_part(BASE, TABLE, TABLE + 400, 1);
	share_fork(parent);
	/* A read makes the page of zeros appear, a write a page of one's own. */
	CHECK_EQ(peek(BASE + PAGES(500)), 0);
	poke(BASE + PAGES(501), 77);
	on(child);
	CHECK_EQ(peek(BASE + PAGES(501)), 0);
	poke(BASE + PAGES(500), 78);
	poke(BASE + PAGES(TABLE + 500), 79);
	CHECK_EQ(anon(child), 802);
	CHECK_EQ(anon(parent), 801);
	world_audit();
	on(parent);
	CHECK_EQ(peek(BASE + PAGES(500)), 0);
	CHECK_EQ(peek(BASE + PAGES(TABLE + 500)), 0);
	poke(BASE + PAGES(500), 80);
	on(child);
	CHECK_EQ(peek(BASE + PAGES(500)), 78);
	share_finish();
}

TEST(new_mappings_beside_shared_ones_are_private)
{
	share_start();
	share_map(BASE, 300, MAP_PRIVATE);
	fill(BASE, 300, 1);
	share_fork(parent);
	share_map(BASE + PAGES(300), 100, MAP_PRIVATE);
	fill_part(BASE, 300, 400, 2);
	on(child);
	expect_signal(BASE + PAGES(300), SIGSEGV);
	share_map(BASE + PAGES(310), 100, MAP_PRIVATE);
	expect_part(BASE, 310, 410, 0);
	fill_part(BASE, 310, 410, 3);
	on(parent);
	expect_part(BASE, 300, 400, 2);
	share_finish();
}

TEST(a_heap_shrinks_and_grows_after_fork)
{
	share_start();
	parent->start_brk = parent->brk = BASE;
	CHECK_EQ(do_brk(BASE + PAGES(3 * TABLE)), BASE + PAGES(3 * TABLE));
	fill(BASE, 3 * TABLE, 1);
	share_fork(parent);
	on(child);
	CHECK_EQ(do_brk(BASE + PAGES(700)), BASE + PAGES(700));
	CHECK_EQ(do_brk(BASE + PAGES(3 * TABLE)), BASE + PAGES(3 * TABLE));
	expect(BASE, 700, 1);
	expect_part(BASE, 700, 3 * TABLE, 0);
	fill_part(BASE, 700, 3 * TABLE, 2);
	on(parent);
	expect(BASE, 3 * TABLE, 1);
	CHECK_EQ(do_brk(BASE + PAGES(4 * TABLE)), BASE + PAGES(4 * TABLE));
	expect_part(BASE, 3 * TABLE, 4 * TABLE, 0);
	on(child);
	expect_signal(BASE + PAGES(3 * TABLE), SIGSEGV);
	expect_part(BASE, 700, 3 * TABLE, 2);
	share_finish();
}

/* ---- What the child is not to have ----------------------------------------------------------- */

/* |kkkk dddd kkkk wwww kkkk|: kept, not copied, wiped, in two full tables. */
static void hide_inside_full_tables(unsigned int policy)
{
	static const struct {
		unsigned long from, to; /* pages */
	} dont = {60, 130}, wipe = {TABLE - 40, TABLE + 40}, last = {2 * TABLE - 1, 2 * TABLE};

	share_start();
	share_policy(policy);
	share_map(BASE, 2 * TABLE, MAP_PRIVATE);
	fill(BASE, 2 * TABLE, 1);
	CHECK_EQ(do_madvise(parent, BASE + PAGES(dont.from), PAGES(70), MADV_DONTFORK), 0);
	CHECK_EQ(do_madvise(parent, BASE + PAGES(wipe.from), PAGES(80), MADV_WIPEONFORK), 0);
	CHECK_EQ(do_madvise(parent, BASE + PAGES(last.from), PAGES(1), MADV_WIPEONFORK), 0);
	share_fork(parent);
	world_audit();
	CHECK_EQ(anon(child), 2 * TABLE - 70 - 80 - 1);
	on(child);
	for (unsigned long i = dont.from; i < dont.to; i++)
		expect_signal(BASE + PAGES(i), SIGSEGV);
	expect_part(BASE, wipe.from, wipe.to, 0);
	expect_part(BASE, last.from, last.to, 0);
	expect_part(BASE, 0, dont.from, 1);
	expect_part(BASE, dont.to, wipe.from, 1);
	fill_part(BASE, wipe.from, wipe.to, 2);
	world_audit();
	/* The child's child has the wiped area wiped again, and the hole stays a hole. */
	share_fork(child);
	on(grandchild);
	expect_part(BASE, wipe.from, wipe.to, 0);
	expect_signal(BASE + PAGES(dont.from), SIGSEGV);
	expect_part(BASE, wipe.to, last.from, 1);
	on(parent);
	expect(BASE, 2 * TABLE, 1);
	fill(BASE, 2 * TABLE, 3);
	on(child);
	expect_part(BASE, wipe.from, wipe.to, 2);
	expect_part(BASE, dont.to, wipe.from, 1);
	share_finish();
}

TEST(dontfork_and_wipeonfork_inside_full_tables)
{
	hide_inside_full_tables(0);
}

TEST(dontfork_and_wipeonfork_where_everything_else_is_shared)
{
	hide_inside_full_tables(1);
}

/* |dddddddd|kkkkkkkk|wwwwwwww|dddd kkkk|: whole tables of what the child has not. */
TEST(dontfork_and_wipeonfork_over_whole_tables)
{
	share_start();
	share_map(BASE, TABLE, MAP_PRIVATE);
	share_map(BASE + TABLES(1), TABLE, MAP_PRIVATE);
	share_map(BASE + TABLES(2), TABLE, MAP_PRIVATE);
	share_map(BASE + TABLES(3), TABLE, MAP_PRIVATE);
	fill(BASE, 4 * TABLE, 1);
	CHECK_EQ(do_madvise(parent, BASE, TABLES(1), MADV_DONTFORK), 0);
	CHECK_EQ(do_madvise(parent, BASE + TABLES(2), TABLES(1), MADV_WIPEONFORK), 0);
	CHECK_EQ(do_madvise(parent, BASE + TABLES(3), TABLES(1) / 2, MADV_DONTFORK), 0);
	share_fork(parent);
	CHECK_EQ(anon(child), TABLE + TABLE / 2);
	world_audit();
	on(child);
	expect_signal(BASE, SIGSEGV);
	expect_part(BASE, TABLE, 2 * TABLE, 1);
	expect_part(BASE, 2 * TABLE, 3 * TABLE, 0);
	expect_part(BASE, 3 * TABLE + TABLE / 2, 4 * TABLE, 1);
	/* No table is left where the child maps nothing: its own child, and its end, would trip. */
	share_fork(child);
	on(grandchild);
	expect_part(BASE, TABLE, 2 * TABLE, 1);
	CHECK_EQ(vm_munmap(BASE, TABLES(4)), 0);
	CHECK_EQ(atomic64_read(&grandchild->pgtables_bytes), 0);
	on(child);
	fill_part(BASE, TABLE, 3 * TABLE, 2);
	CHECK_EQ(vm_munmap(BASE, TABLES(4)), 0);
	CHECK_EQ(atomic64_read(&child->pgtables_bytes), 0);
	on(parent);
	expect(BASE, 4 * TABLE, 1);
	share_finish();
}

/* ---- Translations of before ------------------------------------------------------------------ */

/* Both threads have written everywhere, and know it. */
TEST(threads_with_warm_caches_do_not_write_to_the_child)
{
	share_start();
	share_map(BASE, 3 * TABLE, MAP_PRIVATE);
	fill(BASE, 3 * TABLE, 1);
	host_set_cpu(1);
	fill(BASE, 3 * TABLE, 1);
	share_fork(parent);
	host_set_cpu(1);
	fill(BASE, TABLE, 2);
	host_set_cpu(0);
	fill_part(BASE, TABLE, 2 * TABLE, 2);
	on(child);
	expect(BASE, 3 * TABLE, 1);
	share_finish();
}

/* CPU 0 reads through what is shared; then CPU 1 makes it its own: 0 must not go on in the old one. */
TEST(a_thread_sees_what_another_writes_when_it_gets_its_own_table)
{
	share_start();
	share_map(BASE, 3 * TABLE, MAP_PRIVATE);
	fill(BASE, 300, 1);
	fill_part(BASE, TABLE, TABLE + 300, 1);
	share_fork(parent);
	host_set_cpu(0);
	expect(BASE, 300, 1); /* TLB and paging-structure caches of the shared table */
	host_set_cpu(1);
	poke(BASE + PAGES(10), 90);
	poke(BASE + PAGES(20), 91);
	poke(BASE + PAGES(400), 92); /* was not there */
	host_set_cpu(0);
	CHECK_EQ(peek(BASE + PAGES(10)), 90);
	CHECK_EQ(peek(BASE + PAGES(20)), 91);
	CHECK_EQ(peek(BASE + PAGES(400)), 92);
	poke(BASE + PAGES(401), 93);
	host_set_cpu(1);
	CHECK_EQ(peek(BASE + PAGES(401)), 93);
	world_audit();
	on(child);
	expect(BASE, 300, 1);
	CHECK_EQ(peek(BASE + PAGES(400)), 0);
	/* And when only one owner is left. */
	end(&child);
	host_set_cpu(0);
	fill_part(BASE, TABLE, TABLE + 300, 3);
	host_set_cpu(1);
	expect_part(BASE, TABLE, TABLE + 300, 3);
	share_finish();
}

/*
 *	parent, CPU 1	owns the table by a write to what was not there: nothing else makes CPU 0 forget
 *	parent, CPU 0	still walks to the old table, if nobody told it
 *	child		the only one left there: puts a page of its own into it
 */
TEST(what_the_child_puts_into_the_table_left_to_it_is_not_seen_by_the_parent)
{
	unsigned int by_parent;

	for (by_parent = 0; by_parent < 2; by_parent++) {
		struct mm_struct *first, *second;

		if (!by_parent)
			share_start();
		share_map(BASE, TABLE, MAP_PRIVATE);
		fill(BASE, 300, 1);
		share_fork(parent);
		first = by_parent ? child : parent;
		second = by_parent ? parent : child;
		world_run(3, first);
		CHECK_EQ(peek(BASE), tagged(1, 0));
		on(first);
		poke(BASE + PAGES(400), 92);
		world_audit();
		on(second);
		poke(BASE + PAGES(401), 93);
		host_set_cpu(3);
		CHECK_EQ(peek(BASE + PAGES(401)), 0);
		CHECK_EQ(peek(BASE + PAGES(400)), 92);
		on(second);
		CHECK_EQ(vm_munmap(BASE, PAGES(300)), 0);
		host_set_cpu(3);
		expect(BASE, 300, 1);
		world_audit();
		world_run(3, NULL);
		end(&child);
		on(parent);
		CHECK_EQ(vm_munmap(BASE, TABLES(1)), 0);
	}
	share_finish();
}

/* The same with caches filled ahead of any use, at every step of the way. */
TEST(speculation_at_every_moment_of_share_own_and_drop)
{
	unsigned int round;

	share_start();
	host_speculate_at_random(2, 1);
	share_map(BASE, 4 * TABLE, MAP_PRIVATE);
	for (round = 0; round < 12; round++) {
		share_policy(round % POLICIES);
		host_set_cpu(round & 1);
		fill(BASE, 3 * TABLE, 1 + round);
		fill_part(BASE, 3 * TABLE + 100, 4 * TABLE, 1 + round);
		share_fork(parent);
		share_fork(round & 2 ? child : parent);
		host_set_cpu(~round & 1);
		poke(BASE + PAGES(3 * TABLE + round * 2), 1); /* was not there */
		world_audit();
		fill_part(BASE, 100, TABLE + 100, 50 + round);
		on(child);
		fill_part(BASE, 2 * TABLE, 2 * TABLE + 5, 60 + round);
		CHECK_EQ(vm_munmap(BASE + PAGES(TABLE + 1), PAGES(TABLE)), 0);
		on(grandchild);
		expect(BASE, 3 * TABLE, 1 + round);
		if (round & 4)
			end(&child);
		CHECK_EQ(do_madvise(grandchild, BASE, TABLES(2), MADV_DONTNEED), 0);
		end(&grandchild);
		if (child) {
			on(child);
			expect(BASE, TABLE + 1, 1 + round);
			end(&child);
		}
		host_set_cpu(round & 1);
		expect_part(BASE, 100, TABLE + 100, 50 + round);
		world_audit();
	}
	share_finish();
}

/* ---- Figures --------------------------------------------------------------------------------- */

/* Shares of smaps: half each, then a quarter where three share. */
TEST(shares_of_shared_tables_add_up)
{
	share_start();
	share_map(BASE, 4 * TABLE, MAP_PRIVATE);
	fill(BASE, 4 * TABLE, 1);
	CHECK_EQ(anon_share(parent), TABLES(4));
	share_fork(parent);
	CHECK_EQ(anon_share(parent), TABLES(2));
	CHECK_EQ(anon_share(child), TABLES(2));
	on(child);
	fill(BASE, TABLE, 2);
	CHECK_EQ(anon_share(child), TABLES(1) + 3 * TABLES(1) / 2);
	CHECK_EQ(anon_share(parent), TABLES(1) + 3 * TABLES(1) / 2);
	share_fork(child);
	/* Table 0: parent alone, the others two; 1 to 3: three. */
	CHECK_LE(anon_share(parent), TABLES(1) + TABLES(3) / 3 + 1);
	CHECK_GE(anon_share(parent) + 2, TABLES(1) + TABLES(3) / 3);
	CHECK_EQ(anon_share(child), anon_share(grandchild));
	CHECK_EQ(anon(child), 4 * TABLE);
	CHECK_EQ(anon(grandchild), 4 * TABLE);
	end(&child);
	CHECK_EQ(anon_share(parent), TABLES(1) + 3 * TABLES(1) / 2);
	CHECK_EQ(anon_share(grandchild), TABLES(1) + 3 * TABLES(1) / 2);
	share_finish();
}

/* ---- Gigabytes ------------------------------------------------------------------------------- */

/* A page in each of 512 + 256 tables: page-middle tables go and come as a whole. */
TEST(unmapping_gigabytes_on_one_side)
{
	const unsigned long start = 20 * PUD_SIZE - TABLES(128), tables = 768;
	unsigned long i;

	share_start();
	share_map(start, tables * TABLE, MAP_PRIVATE);
	for (i = 0; i < tables; i++)
		poke(start + TABLES(i) + PAGES(i % TABLE), tagged(1, i));
	share_fork(parent);
	share_fork(child);
	on(child);
	CHECK_EQ(vm_munmap(20 * PUD_SIZE, PUD_SIZE), 0); /* exactly one page-middle table */
	world_audit();
	CHECK_EQ(anon(child), 256);
	on(grandchild);
	CHECK_EQ(do_madvise(grandchild, start, TABLES(tables), MADV_DONTNEED), 0);
	CHECK_EQ(anon(grandchild), 0);
	world_audit();
	on(parent);
	for (i = 0; i < tables; i++)
		CHECK_EQ(peek(start + TABLES(i) + PAGES(i % TABLE)), tagged(1, i));
	CHECK_EQ(do_mprotect(start + TABLES(100), TABLES(500), PROT_READ), 0);
	on(child);
	poke(start, 99);
	on(parent);
	CHECK_EQ(peek(start), tagged(1, 0));
	CHECK_EQ(do_mremap(start, TABLES(tables), TABLES(tables), MREMAP_MAYMOVE | MREMAP_FIXED,
			   start + 64 * PUD_SIZE),
		 -EFAULT); /* two mappings by now */
	CHECK_EQ(do_mremap(start + TABLES(100), TABLES(500), TABLES(500),
			   MREMAP_MAYMOVE | MREMAP_FIXED, start + 64 * PUD_SIZE),
		 start + 64 * PUD_SIZE);
	for (i = 100; i < 600; i++)
		CHECK_EQ(peek(start + 64 * PUD_SIZE + TABLES(i - 100) + PAGES(i % TABLE)),
			 tagged(1, i));
	share_finish();
}
