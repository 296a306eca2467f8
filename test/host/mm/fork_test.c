/* SPDX-License-Identifier: MIT */
/* fork's copy of an address space: what is shared, what is copied when, what a child does not see,
 * what a failure leaves. */
#include "mm_world.h"
#include "test.h"

#include "base/fault_inject.h"
#include "lib/err.h"
#include "mm/internal.h"
#include "abi/signal.h"

#define RW	 (PROT_READ | PROT_WRITE)
#define BASE	 0x10000000UL
#define PAGES(n) ((n)*PAGE_SIZE)

static struct mm_struct *parent;
static unsigned long free_before;

static void start(void)
{
	world_start(16UL << 20, 2);
	free_before = world_free_pages();
	parent = world_mm();
	world_run(0, parent);
}

static void finish(void)
{
	world_audit();
	world_put(parent);
	world_audit();
	CHECK_EQ(world_free_pages(), free_before);
}

static u8 peek(unsigned long addr)
{
	u8 byte = 0xee;

	CHECK_EQ(world_peek(addr, &byte), 0);
	return byte;
}

static void poke(unsigned long addr, u8 byte)
{
	CHECK_EQ(world_poke(addr, byte), 0);
}

static void map(unsigned long addr, unsigned long pages, unsigned long flags)
{
	CHECK_EQ(world_mmap(NULL, addr, PAGES(pages), RW, MAP_FIXED | flags, 0), addr);
}

static struct mm_struct *fork_parent(void)
{
	struct mm_struct *child;

	world_run(0, parent);
	child = dup_mm(current, parent);
	CHECK(!IS_ERR(child));
	return child;
}

static long anon(struct mm_struct *mm)
{
	return atomic64_read(&mm->rss[MM_ANONPAGES]);
}

TEST(parent_and_child_share_pages_until_one_writes)
{
	struct mm_struct *child;
	unsigned long copies, reuses;

	start();
	map(BASE, 4, MAP_PRIVATE);
	poke(BASE, 1);
	poke(BASE + PAGES(1), 2);
	child = fork_parent();
	CHECK_EQ(anon(child), 2);
	CHECK_EQ(page_owner_count(OWNER_ANON), 2);
	world_audit();

	copies = vm_event_count(COW_COPY);
	reuses = vm_event_count(COW_REUSE);
	poke(BASE, 10); /* the parent copies ... */
	world_run(1, child);
	CHECK_EQ(peek(BASE), 1);
	poke(BASE, 11); /* ... the child has the page for itself */
	CHECK_EQ(vm_event_count(COW_COPY) - copies, 1UL);
	CHECK_EQ(vm_event_count(COW_REUSE) - reuses, 1UL);
	poke(BASE + PAGES(1), 12); /* the other way round */
	world_run(0, parent);
	CHECK_EQ(peek(BASE), 10);
	CHECK_EQ(peek(BASE + PAGES(1)), 2);
	poke(BASE + PAGES(1), 13);
	CHECK_EQ(vm_event_count(COW_REUSE) - reuses, 2UL);
	world_audit();
	world_put(child);
	finish();
}

TEST(a_thread_of_the_parent_cannot_write_through_its_old_translation)
{
	struct mm_struct *child;

	start();
	map(BASE, 1, MAP_PRIVATE);
	world_run(1, parent);
	poke(BASE, 1);
	CHECK(host_tlb_has(BASE, HOST_WRITE));
	child = fork_parent();
	world_run(1, parent);
	poke(BASE, 2);
	world_run(0, child);
	CHECK_EQ(peek(BASE), 1);
	world_put(child);
	finish();
}

TEST(child_does_not_see_dontfork_and_finds_wipeonfork_empty)
{
	struct mm_struct *child;
	u8 byte;

	start();
	map(BASE, 12, MAP_PRIVATE);
	for (int i = 0; i < 12; i++)
		poke(BASE + PAGES(i), i + 1);
	CHECK_EQ(do_madvise(parent, BASE, PAGES(4), MADV_DONTFORK), 0);
	CHECK_EQ(do_madvise(parent, BASE + PAGES(8), PAGES(4), MADV_WIPEONFORK), 0);
	child = fork_parent();
	world_audit();
	CHECK_EQ(anon(child), 4);
	CHECK_EQ(child->total_vm, 8UL);
	world_run(1, child);
	CHECK_EQ(world_peek(BASE + PAGES(3), &byte), SIGSEGV);
	CHECK_EQ(peek(BASE + PAGES(4)), 5);
	CHECK_EQ(peek(BASE + PAGES(8)), 0);
	poke(BASE + PAGES(8), 99);
	world_run(0, parent);
	CHECK_EQ(peek(BASE + PAGES(3)), 4);
	CHECK_EQ(peek(BASE + PAGES(8)), 9);
	world_put(child);
	finish();
}

TEST(the_stack_page_in_use_is_copied_at_once)
{
	struct mm_struct *child;
	struct pt_regs *regs;
	unsigned long faults;

	start();
	map(BASE, 4, MAP_PRIVATE);
	poke(BASE + PAGES(2) + 16, 5);
	poke(BASE + PAGES(3), 6);
	regs = arch_task_regs(current);
	regs->sp = BASE + PAGES(2) + 16;
	child = fork_parent();
	world_audit();
	faults = current->min_flt;
	poke(BASE + PAGES(2) + 16, 7);
	CHECK_EQ(current->min_flt, faults);
	poke(BASE + PAGES(3), 8);
	CHECK_EQ(current->min_flt, faults + 1);
	world_run(1, child);
	CHECK_EQ(peek(BASE + PAGES(2) + 16), 5);
	CHECK_EQ(peek(BASE + PAGES(3)), 6);
	world_put(child);
	finish();
}

TEST(pages_survive_their_first_owner_through_three_generations)
{
	struct mm_struct *child, *grandchild;

	start();
	map(BASE, 40, MAP_PRIVATE);
	for (int i = 0; i < 40; i++)
		poke(BASE + PAGES(i), i);
	child = fork_parent();
	world_run(0, child);
	grandchild = dup_mm(current, child);
	CHECK(!IS_ERR(grandchild));
	for (int i = 0; i < 40; i += 2)
		poke(BASE + PAGES(i), 100 + i);
	world_put(child);
	world_run(0, grandchild);
	for (int i = 0; i < 40; i++)
		CHECK_EQ(peek(BASE + PAGES(i)), i);
	world_audit();
	world_put(grandchild);
	world_run(0, parent);
	for (int i = 0; i < 40; i++) {
		CHECK_EQ(peek(BASE + PAGES(i)), i);
		poke(BASE + PAGES(i), i + 1);
	}
	CHECK_EQ(page_owner_count(OWNER_ANON), 40);
	finish();
}

TEST(file_pages_are_left_to_faults_and_private_copies_are_not)
{
	struct file *file;
	struct mm_struct *child;

	start();
	file = world_file(PAGES(8), true);
	world_file_poke(file, PAGES(1), 7);
	CHECK_EQ(world_mmap(file, BASE, PAGES(8), RW, MAP_FIXED | MAP_PRIVATE, 0), BASE);
	poke(BASE, 1);
	CHECK_EQ(peek(BASE + PAGES(1)), 7);
	child = fork_parent();
	CHECK_EQ(atomic64_read(&child->rss[MM_FILEPAGES]), 0);
	CHECK_EQ(anon(child), 1);
	world_run(1, child);
	CHECK_EQ(peek(BASE), 1);
	CHECK_EQ(peek(BASE + PAGES(1)), 7);
	poke(BASE, 2);
	world_run(0, parent);
	CHECK_EQ(peek(BASE), 1);
	world_put(child);
	fput(file);
	finish();
}

/* An address space with something of everything. */
static void furnish(struct file *file)
{
	unsigned long i;

	map(BASE, 4, MAP_PRIVATE);
	map(BASE + PMD_SIZE, 4, MAP_PRIVATE);
	map(0x200000000000UL, 4, MAP_PRIVATE);
	map(BASE + 2 * PMD_SIZE, 4, MAP_SHARED);
	CHECK_EQ(world_mmap(file, BASE + PAGES(16), PAGES(8), RW, MAP_FIXED | MAP_PRIVATE, 0),
		 BASE + PAGES(16));
	CHECK_EQ(world_mmap(file, BASE + PAGES(32), PAGES(8), RW, MAP_FIXED | MAP_SHARED, 0),
		 BASE + PAGES(32));
	for (i = 0; i < 4; i++) {
		poke(BASE + PAGES(i), i);
		poke(BASE + PMD_SIZE + PAGES(i), i);
		poke(0x200000000000UL + PAGES(i), i);
		poke(BASE + 2 * PMD_SIZE + PAGES(i), i);
		poke(BASE + PAGES(16 + i), i);
		poke(BASE + PAGES(32 + i), i);
	}
}

TEST(fork_that_runs_out_of_memory_leaves_nothing_behind)
{
	struct file *file;
	struct mm_struct *child;
	unsigned long n, free, committed;

	start();
	file = world_file(PAGES(8), true);
	furnish(file);
	free = world_free_pages();
	committed = vm_committed();
	for (n = 1;; n++) {
		fault_inject_nth(n);
		child = dup_mm(current, parent);
		if (!fault_inject_fired())
			break;
		fault_inject_nth(0);
		/* The page for the stack may be missing: then it is shared like others. */
		if (!IS_ERR(child))
			world_put(child);
		else
			CHECK_EQ(PTR_ERR(child), -ENOMEM);
		world_audit();
		CHECK_EQ(world_free_pages(), free);
		CHECK_EQ(vm_committed(), committed);
		CHECK_EQ(peek(BASE + PAGES(1)), 1);
	}
	fault_inject_nth(0);
	CHECK_GT(n, 15UL);
	CHECK(!IS_ERR(child));
	world_audit();
	world_put(child);
	fput(file);
	finish();
}
