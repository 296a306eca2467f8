/* SPDX-License-Identifier: MIT */
/*
 * What the OOM reaper takes of an address space, and what it leaves:
 *
 *	|aaaa|ffff|ssss|tttttttt...|
 *
 *	a  anonymous: goes		f  a file, private: goes, copies and all
 *	s  a file, shared: stays	t  anonymous, in a table that a fork shares: stays
 */
#include "share.h"

#include "base/fault_inject.h"
#include "mm/oom_internal.h"

#define A     BASE
#define F     (BASE + PAGES(4))
#define S     (BASE + PAGES(8))
#define T     (BASE + TABLES(2))
#define LARGE 300 /* pages: more than fork copies eagerly */

static struct file *file;

static void start(void)
{
	share_start();
	file = world_file(PAGES(8), true);
	world_file_poke(file, PAGES(1), 0x77);
	share_map(A, 4, MAP_PRIVATE);
	CHECK_EQ(world_mmap(file, F, PAGES(4), RW, MAP_FIXED | MAP_PRIVATE, 0), F);
	CHECK_EQ(world_mmap(file, S, PAGES(4), RW, MAP_FIXED | MAP_SHARED, 4), S);
	share_map(T, LARGE, MAP_PRIVATE);
	fill(A, 4, 1);
	poke(F, 2);
	CHECK_EQ(peek(F + PAGES(1)), 0x77);
	poke(S, 3);
	fill(T, LARGE, 4);
}

static void finish(void)
{
	end(&child);
	end(&parent);
	fput(file);
	world_audit();
}

static void reap(struct mm_struct *mm)
{
	down_read(&mm->mmap_lock);
	oom_reap_mm(mm);
	up_read(&mm->mmap_lock);
	world_audit();
}

static unsigned long rss(struct mm_struct *mm)
{
	return get_mm_counter(mm, MM_ANONPAGES);
}

TEST(oom_reaper_takes_private_pages_and_leaves_shared_ones)
{
	unsigned long free;

	start();
	reap(parent); /* of the large area too: nobody shares its table yet */
	CHECK_EQ(rss(parent), 0UL);
	CHECK_EQ(get_mm_counter(parent, MM_FILEPAGES), 1UL);
	CHECK_GE(parent->hiwater_rss, LARGE + 4UL);
	free = nr_free_pages();
	reap(parent);
	CHECK_EQ(nr_free_pages(), free);
	CHECK_EQ(peek(S), 3);
	end(&parent);
	fput(file);
	world_audit();
}

static void child_is_reaped(unsigned int policy)
{
	share_policy(policy);
	start();
	share_fork(parent);
	on(child);
	poke(A, 9); /* a private path again, and its own copy */
	reap(child);
	on(parent);
	expect(A, 4, 1);
	CHECK_EQ(peek(F), 2);
	expect(T, LARGE, 4);
	world_audit();
	/* The parent goes on; what the child still has comes back with its end. */
	fill(T, LARGE, 5);
	expect(T, LARGE, 5);
	finish();
}

TEST(oom_reaper_leaves_shared_tables_to_their_other_owners)
{
	child_is_reaped(0);
}

TEST(oom_reaper_leaves_all_that_a_fork_can_share)
{
	child_is_reaped(1);
}

TEST(oom_reaper_leaves_shared_gigabytes)
{
	child_is_reaped(2);
}

TEST(oom_reaper_of_the_parent_leaves_the_child_whole)
{
	start();
	share_fork(parent);
	on(parent);
	fill_part(T, 0, 10, 6);
	reap(parent);
	on(child);
	expect(A, 4, 1);
	expect(T, LARGE, 4);
	fill(T, LARGE, 7);
	expect(T, LARGE, 7);
	finish();
}

TEST(a_page_that_was_reaped_is_not_replaced)
{
	u8 byte;

	start();
	reap(parent);
	on(parent);
	expect_signal(A, SIGBUS);
	CHECK_EQ(world_poke(A, 1), SIGBUS);
	expect_signal(F, SIGBUS);	     /* was a copy: the file's page is not what was here */
	expect_signal(F + PAGES(1), SIGBUS); /* had the file's */
	expect_signal(F + PAGES(2), SIGBUS); /* had none yet: nobody can tell */
	CHECK_EQ(world_poke(F + PAGES(2), 1), SIGBUS);
	/* A copy of the kernel's fails, as it would beyond a file's end. */
	CHECK_EQ(copy_from_user(&byte, (void *)A, 1), 1UL);
	CHECK_EQ(copy_to_user((void *)A, &byte, 1), 1UL);
	CHECK_EQ(world_take_signal().sig, 0);
	/* Shared ones are what they always were. */
	CHECK_EQ(peek(S), 3);
	poke(S + PAGES(1), 8);
	CHECK_EQ(world_file_peek(file, PAGES(5)), 8);
	world_audit();
	end(&parent);
	fput(file);
	world_audit();
}

TEST(the_neighbours_of_a_fault_are_not_mapped_after_reaping)
{
	start();
	CHECK_EQ(peek(F + PAGES(3)), 0);
	reap(parent);
	on(parent);
	expect_signal(F + PAGES(3), SIGBUS);
	CHECK_EQ(get_mm_counter(parent, MM_FILEPAGES), 1UL); /* that of the shared mapping */
	end(&parent);
	fput(file);
	world_audit();
}

TEST(oom_reaper_allocates_nothing)
{
	start();
	share_fork(parent);
	on(child);
	fill(A, 4, 3);
	fill_part(T, 0, 1, 3); /* its own table: more entries than a gather has room for */
	down_read(&child->mmap_lock);
	fault_inject_nth(1);
	oom_reap_mm(child);
	up_read(&child->mmap_lock);
	CHECK(!fault_inject_fired());
	fault_inject_nth(0);
	on(parent);
	expect(T, LARGE, 4);
	finish();
}

TEST(oom_reaper_drops_mlocked_pages)
{
	start();
	on(parent);
	CHECK_EQ(do_mlock(A, PAGES(4), 0), 0);
	reap(parent);
	CHECK_EQ(rss(parent), 0UL);
	end(&parent);
	fput(file);
	world_audit();
}
