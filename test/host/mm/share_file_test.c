/* SPDX-License-Identifier: MIT */
/*
 * fork with full page tables that hold more than private memory: shared memory and pages of files
 * in the same 2 MiB, and files that become shorter while several processes map them.
 *
 *	|aaaaaaaaaa ssss aaaa pppp aaaa mmmm aaaaa|	one table: anonymous, shared anonymous,
 *							file mapped privately, file mapped shared
 */
#include "share.h"

#define SHARED	(BASE + PAGES(100)) /* 40 pages of shared anonymous memory */
#define PRIVATE (BASE + PAGES(200)) /* 40 pages of the file, private */
#define MAPPED	(BASE + PAGES(300)) /* 40 pages of the file, shared */
#define IN_FILE 40

static struct file *file;

/* Everything present: of PRIVATE the first half was written to. */
static void furnish(bool tracks)
{
	unsigned long i;

	share_start();
	file = world_file(PAGES(IN_FILE), tracks);
	for (i = 0; i < IN_FILE; i++)
		world_file_poke(file, PAGES(i), tagged(9, i));
	share_map(BASE, TABLE, MAP_PRIVATE);
	fill(BASE, TABLE, 1);
	share_map(SHARED, 40, MAP_SHARED);
	fill(SHARED, 40, 2);
	CHECK_EQ(world_mmap(file, PRIVATE, PAGES(IN_FILE), RW, MAP_FIXED | MAP_PRIVATE, 0),
		 PRIVATE);
	expect(PRIVATE, IN_FILE, 9);
	fill(PRIVATE, 20, 3);
	CHECK_EQ(world_mmap(file, MAPPED, PAGES(IN_FILE), RW, MAP_FIXED | MAP_SHARED, 0), MAPPED);
	expect(MAPPED, 10, 9);
	fill_part(MAPPED, 10, IN_FILE, 4);
	expect_part(PRIVATE, 20, IN_FILE, 4);
	CHECK_EQ(anon(parent), TABLE - 120 + 20);
}

static void unfurnish(void)
{
	end(&parent);
	if (child)
		end(&child);
	if (grandchild)
		end(&grandchild);
	fput(file);
	share_finish();
}

static void shared_memory_stays_shared(bool tracks)
{
	furnish(tracks);
	share_fork(parent);
	world_audit();
	CHECK_EQ(anon(child), TABLE - 120 + 20);
	on(child);
	expect(SHARED, 40, 2);
	fill_part(SHARED, 0, 20, 5);
	fill_part(MAPPED, 0, 20, 6);
	on(parent);
	expect(SHARED, 20, 5);
	expect(MAPPED, 20, 6);
	fill_part(SHARED, 20, 40, 7);
	fill_part(MAPPED, 30, 40, 8);
	on(child);
	expect_part(SHARED, 20, 40, 7);
	expect_part(MAPPED, 30, 40, 8);
	expect(PRIVATE, 20, 3);
	expect_part(PRIVATE, 20, 30, 4);
	expect_part(PRIVATE, 30, 40, 8);
	expect(BASE, 100, 1);
	world_audit();
	/* Private memory beside it is as it was. */
	fill(BASE, 100, 10);
	fill(PRIVATE, IN_FILE, 11);
	on(parent);
	expect(BASE, 100, 1);
	expect(PRIVATE, 20, 3);
	expect_part(BASE, 340, TABLE, 1);
	unfurnish();
}

/* An entry that parent and child share is cleaned once, and all their CPUs forget that it was dirty. */
TEST(writing_back_reaches_the_tlbs_of_every_owner_of_the_table)
{
	furnish(true);
	share_policy(1);
	share_fork(parent);
	on(child);
	expect_part(MAPPED, 10, IN_FILE, 4);
	on(parent);
	expect_part(MAPPED, 10, IN_FILE, 4);
	CHECK_EQ(filemap_write_and_wait(file->f_mapping), 0);
	world_audit();
	/* Whoever writes now makes the page dirty again. */
	on(child);
	fill_part(MAPPED, 10, 20, 5);
	on(parent);
	fill_part(MAPPED, 20, 30, 6);
	CHECK_EQ(filemap_write_and_wait(file->f_mapping), 0);
	expect_part(MAPPED, 10, 20, 5);
	on(child);
	expect_part(MAPPED, 20, 30, 6);
	unfurnish();
}

TEST(shared_memory_in_a_shared_table_stays_shared)
{
	shared_memory_stays_shared(false);
}

TEST(shared_pages_of_a_tracking_file_in_a_shared_table_stay_shared)
{
	shared_memory_stays_shared(true);
}

TEST(write_back_protects_pages_in_shared_tables)
{
	unsigned int mkwrites;

	furnish(true);
	share_fork(parent);
	host_set_cpu(1);
	expect(MAPPED, 10, 9);
	mkwrites = world_file_mkwrites(file);
	CHECK_EQ(filemap_write_and_wait(file->f_mapping), 0);
	world_audit();
	/* The first write to a clean page is told to the file again, whoever makes it. */
	on(child);
	poke(MAPPED + PAGES(15), 1);
	CHECK_GT(world_file_mkwrites(file), mkwrites);
	mkwrites = world_file_mkwrites(file);
	host_set_cpu(1);
	poke(MAPPED + PAGES(16), 1);
	CHECK_GT(world_file_mkwrites(file), mkwrites);
	on(child);
	CHECK_EQ(peek(MAPPED + PAGES(16)), 1);
	expect(BASE, 100, 1);
	unfurnish();
}

/* ---- Truncation ------------------------------------------------------------------------------ */

/* The file ends at page 15: copies and pages beyond go, from everybody, at once. */
static void expect_truncated(struct mm_struct *mm, unsigned int copies_tag)
{
	on(mm);
	expect_part(PRIVATE, 0, 15, copies_tag);
	expect_part(MAPPED, 0, 10, 9);
	expect_part(MAPPED, 10, 15, 4);
	expect_signal(PRIVATE + PAGES(15), SIGBUS);
	expect_signal(PRIVATE + PAGES(39), SIGBUS);
	expect_signal(MAPPED + PAGES(20), SIGBUS);
	expect(BASE, 100, 1);
	expect(SHARED, 40, 2);
	CHECK_EQ(anon(mm), TABLE - 120 + 15);
}

static void truncate_among(bool child_owns, bool grandchild_too)
{
	furnish(false);
	share_policy(grandchild_too);
	share_fork(parent);
	on(child);
	expect_part(PRIVATE, 20, 40, 4); /* translations that must go */
	expect(MAPPED, 10, 9);
	if (grandchild_too) {
		share_fork(child);
		on(grandchild);
		expect_part(PRIVATE, 20, 40, 4);
		expect_part(MAPPED, 10, 40, 4);
	}
	if (child_owns) {
		on(child);
		fill(PRIVATE, 20, 7);
	}
	host_set_cpu(1);
	expect_part(PRIVATE, 20, 40, 4);
	expect_part(MAPPED, 10, 40, 4);
	world_truncate(file, PAGES(15));
	world_audit();
	expect_truncated(parent, 3);
	expect_truncated(child, child_owns ? 7 : 3);
	if (grandchild_too)
		expect_truncated(grandchild, 3);
	/* It grows again: zeros. */
	world_truncate(file, PAGES(IN_FILE));
	on(child);
	expect_part(PRIVATE, 15, IN_FILE, 0);
	expect_part(MAPPED, 15, IN_FILE, 0);
	poke(PRIVATE + PAGES(30), 88);
	on(parent);
	CHECK_EQ(peek(PRIVATE + PAGES(30)), 0);
	world_audit();
	unfurnish();
}

TEST(truncation_reaches_a_table_that_two_share)
{
	truncate_among(false, false);
}

TEST(truncation_reaches_a_table_that_three_share)
{
	truncate_among(false, true);
}

TEST(truncation_reaches_a_table_of_which_one_owner_has_a_copy)
{
	truncate_among(true, true);
}

/* Privately mapped file memory alone fills the tables. */
TEST(truncation_of_a_file_that_fills_shared_tables)
{
	const unsigned long pages = 2 * TABLE;
	unsigned long i;

	share_start();
	file = world_file(PAGES(pages), false);
	CHECK_EQ(world_mmap(file, BASE, PAGES(pages), RW, MAP_FIXED | MAP_PRIVATE, 0), BASE);
	fill(BASE, pages, 1);
	share_fork(parent);
	share_fork(child);
	on(grandchild);
	poke(BASE, 50);
	world_truncate(file, PAGES(TABLE + 100));
	world_audit();
	CHECK_EQ(anon(parent), TABLE + 100);
	CHECK_EQ(anon(child), TABLE + 100);
	CHECK_EQ(anon(grandchild), TABLE + 100);
	world_truncate(file, PAGES(100));
	world_audit();
	for (i = 0; i < 3; i++) {
		on(i == 0 ? parent : i == 1 ? child : grandchild);
		CHECK_EQ(anon(current->mm), 100);
		expect_part(BASE, 1, 100, 1);
		CHECK_EQ(peek(BASE), i == 2 ? 50 : tagged(1, 0));
		expect_signal(BASE + PAGES(100), SIGBUS);
		expect_signal(BASE + PAGES(TABLE + 1), SIGBUS);
	}
	unfurnish();
}

TEST(a_hole_in_a_file_leaves_private_copies_in_shared_tables)
{
	furnish(false);
	share_fork(parent);
	share_fork(child);
	on(child);
	CHECK_EQ(do_madvise(child, MAPPED, PAGES(IN_FILE), MADV_REMOVE), 0);
	world_audit();
	expect(MAPPED, IN_FILE, 0);
	expect(PRIVATE, 20, 3);
	expect_part(PRIVATE, 20, IN_FILE, 0);
	on(parent);
	expect(MAPPED, IN_FILE, 0);
	expect(PRIVATE, 20, 3);
	expect_part(PRIVATE, 20, IN_FILE, 0);
	on(grandchild);
	expect(PRIVATE, 20, 3);
	fill(MAPPED, IN_FILE, 5);
	on(parent);
	expect(MAPPED, IN_FILE, 5);
	expect_part(PRIVATE, 20, IN_FILE, 5);
	unfurnish();
}

/* ---- The kernel's own reach ------------------------------------------------------------------ */

TEST(the_kernel_writes_to_the_right_side)
{
	u8 byte = 77, got;

	furnish(false);
	share_fork(parent);
	on(parent);
	CHECK_EQ(copy_to_user((void *)(BASE + PAGES(5)), &byte, 1), 0UL);
	CHECK_EQ(access_remote_vm(child, BASE + PAGES(5), &got, 1, false), 1UL);
	CHECK_EQ(got, tagged(1, 5));
	byte = 78;
	CHECK_EQ(access_remote_vm(child, BASE + PAGES(6), &byte, 1, true), 1UL);
	CHECK_EQ(access_remote_vm(child, SHARED + PAGES(6), &byte, 1, true), 1UL);
	CHECK_EQ(access_remote_vm(child, PRIVATE + PAGES(30), &byte, 1, true), 1UL);
	CHECK_EQ(peek(BASE + PAGES(6)), tagged(1, 6));
	CHECK_EQ(peek(BASE + PAGES(5)), 77);
	CHECK_EQ(peek(SHARED + PAGES(6)), 78);
	CHECK_EQ(peek(PRIVATE + PAGES(30)), tagged(4, 30));
	on(child);
	CHECK_EQ(peek(BASE + PAGES(6)), 78);
	CHECK_EQ(peek(PRIVATE + PAGES(30)), 78);
	world_audit();
	unfurnish();
}

TEST(a_debugger_writes_to_its_own_childs_read_only_page)
{
	u8 byte = 66;

	furnish(false);
	CHECK_EQ(do_mprotect(BASE, PAGES(50), PROT_READ), 0);
	CHECK_EQ(do_mprotect(PRIVATE, PAGES(40), PROT_NONE), 0);
	share_fork(parent);
	CHECK_EQ(access_remote_vm(child, BASE, &byte, 1, true), 0UL);
	CHECK_EQ(access_remote_vm_force(child, BASE, &byte, 1, true), 1UL);
	CHECK_EQ(access_remote_vm_force(child, PRIVATE, &byte, 1, true), 1UL);
	CHECK_EQ(access_remote_vm_force(child, PRIVATE + PAGES(25), &byte, 1, true), 1UL);
	world_audit();
	expect(BASE, 100, 1);
	CHECK_EQ(do_mprotect(PRIVATE, PAGES(40), PROT_READ), 0);
	expect(PRIVATE, 20, 3);
	expect_part(PRIVATE, 20, 40, 4);
	on(child);
	CHECK_EQ(peek(BASE), 66);
	CHECK_EQ(world_poke(BASE, 1), SIGSEGV);
	expect_part(BASE, 1, 50, 1);
	unfurnish();
}
