/* SPDX-License-Identifier: MIT */
/*
 * Every operation on an address space with its first, second, third ... allocation failing, until
 * it succeeds. After each failure: the error Linux has for it, nothing changed, nothing leaked, the
 * audit clean.
 */
#include "mm_world.h"
#include "test.h"

#include "base/fault_inject.h"
#include "lib/err.h"
#include "mm/internal.h"
#include "abi/signal.h"

#define RW	 (PROT_READ | PROT_WRITE)
#define BASE	 0x10000000UL
#define FAR	 0x300000000000UL
#define PAGES(n) ((n)*PAGE_SIZE)

static struct mm_struct *mm;
static struct file *file;
static unsigned long free_at_start;

static void poke(unsigned long addr, u8 byte)
{
	CHECK_EQ(world_poke(addr, byte), 0);
}

static void map(struct file *f, unsigned long addr, unsigned long pages, unsigned long flags)
{
	CHECK_EQ(world_mmap(f, addr, PAGES(pages), RW, MAP_FIXED | flags, 0), addr);
}

static void start(void)
{
	world_start(16UL << 20, 2);
	oom_kill_hook = world_kill_victim;
	free_at_start = world_free_pages();
	mm = world_mm();
	mm->start_brk = mm->brk = 0x50000000;
	world_run(0, mm);
	file = world_file(PAGES(8), true);
	map(NULL, BASE, 8, MAP_PRIVATE);
	map(file, BASE + PAGES(8), 8, MAP_PRIVATE);
	map(file, BASE + PAGES(16), 8, MAP_SHARED);
	map(NULL, BASE + PMD_SIZE, 8, MAP_PRIVATE);
	for (int i = 0; i < 4; i++) {
		poke(BASE + PAGES(i), i);
		poke(BASE + PAGES(8 + i), i);
		poke(BASE + PMD_SIZE + PAGES(i), i);
	}
}

static void finish(void)
{
	world_audit();
	world_put(mm);
	fput(file);
	world_audit();
	CHECK_EQ(vm_committed(), 0UL);
	CHECK_EQ(world_free_pages(), free_at_start);
}

/* What a failed operation may not have changed. */
struct state {
	unsigned long free, committed, total_vm;
	int map_count;
};

static struct state state_now(void)
{
	return (struct state){world_free_pages(), vm_committed(), mm->total_vm, mm->map_count};
}

static void check_unchanged(const struct state *before)
{
	struct state now = state_now();

	CHECK_EQ(now.free, before->free);
	CHECK_EQ(now.committed, before->committed);
	CHECK_EQ(now.total_vm, before->total_vm);
	CHECK_EQ(now.map_count, before->map_count);
	world_audit();
}

/* Run @op with the n-th allocation failing, n = 1, 2 ... until none fails. Each failure must be
 * @error, the end @success. Returns how many allocations it makes. */
static unsigned long exhaust(unsigned long (*op)(void), long error, unsigned long success)
{
	struct state before = state_now();
	unsigned long n, ret;

	for (n = 1;; n++) {
		fault_inject_nth(n);
		ret = op();
		if (!fault_inject_fired())
			break;
		fault_inject_nth(0);
		if (ret == success) /* it did without that allocation */
			return n;
		CHECK_EQ((long)ret, error);
		check_unchanged(&before);
	}
	fault_inject_nth(0);
	CHECK_EQ(ret, success);
	world_audit();
	return n - 1;
}

/* ---- VMAs ------------------------------------------------------------------------------------ */

static unsigned long op_mmap(void)
{
	return world_mmap(NULL, BASE + PAGES(100), PAGES(4), RW, MAP_FIXED | MAP_PRIVATE, 0);
}

static unsigned long op_mmap_over(void)
{
	return world_mmap(file, BASE + PAGES(2), PAGES(8), RW, MAP_FIXED | MAP_PRIVATE, 0);
}

static unsigned long op_mmap_shared(void)
{
	return world_mmap(NULL, BASE + PAGES(120), PAGES(4), RW, MAP_FIXED | MAP_SHARED, 0);
}

static unsigned long op_munmap(void)
{
	return vm_munmap(BASE + PAGES(2), PAGES(3));
}

static unsigned long op_munmap_many(void)
{
	return vm_munmap(BASE + PAGES(3), PAGES(18));
}

static unsigned long op_mprotect(void)
{
	return do_mprotect(BASE + PAGES(2), PAGES(3), PROT_READ);
}

static unsigned long op_madvise(void)
{
	return do_madvise(mm, BASE + PAGES(2), PAGES(3), MADV_DONTFORK);
}

static unsigned long op_mremap(void)
{
	return do_mremap(BASE + PAGES(1), PAGES(4), PAGES(6), MREMAP_MAYMOVE | MREMAP_FIXED, FAR);
}

static unsigned long op_mremap_file(void)
{
	return do_mremap(BASE + PAGES(9), PAGES(4), PAGES(4), MREMAP_MAYMOVE | MREMAP_FIXED, FAR);
}

static unsigned long op_brk(void)
{
	return do_brk(0x50000000 + PAGES(3));
}

TEST(mmap_and_munmap_that_run_out_of_memory_change_nothing)
{
	start();
	CHECK_GE(exhaust(op_mmap, -ENOMEM, BASE + PAGES(100)), 1UL);
	CHECK_GE(exhaust(op_mmap_shared, -ENOMEM, BASE + PAGES(120)), 2UL);
	CHECK_GE(exhaust(op_mmap_over, -ENOMEM, BASE + PAGES(2)), 2UL);
	finish();
}

TEST(a_split_that_runs_out_of_memory_changes_nothing)
{
	start();
	CHECK_GE(exhaust(op_munmap, -ENOMEM, 0), 1UL);
	finish();
}

TEST(munmap_over_several_mappings_is_all_or_nothing)
{
	start();
	CHECK_GE(exhaust(op_munmap_many, -ENOMEM, 0), 2UL);
	finish();
}

TEST(mprotect_and_madvise_that_run_out_of_memory_change_nothing)
{
	start();
	CHECK_GE(exhaust(op_mprotect, -ENOMEM, 0), 2UL);
	CHECK_EQ(world_poke(BASE + PAGES(2), 1), SIGSEGV);
	finish();
}

TEST(madvise_says_eagain_for_want_of_kernel_memory)
{
	start();
	CHECK_GE(exhaust(op_madvise, -EAGAIN, 0), 2UL);
	finish();
}

TEST(mremap_that_runs_out_of_memory_moves_nothing)
{
	u8 byte;

	start();
	CHECK_GE(exhaust(op_mremap, -ENOMEM, FAR), 4UL);
	CHECK_EQ(world_peek(FAR + PAGES(2), &byte), 0);
	CHECK_EQ(byte, 3);
	CHECK_EQ(vm_munmap(FAR, PAGES(6)), 0);
	CHECK_GE(exhaust(op_mremap_file, -ENOMEM, FAR), 4UL);
	finish();
}

TEST(brk_that_runs_out_of_memory_stays_where_it_was)
{
	start();
	CHECK_GE(exhaust(op_brk, 0x50000000, 0x50000000 + PAGES(3)), 1UL);
	finish();
}

/* ---- Faults ---------------------------------------------------------------------------------- */

/* The access at @addr with each allocation failing: the task is killed, or the access succeeds;
 * tables made on the way may stay. Last it succeeds for good. */
static unsigned long exhaust_fault(unsigned long addr, bool write)
{
	unsigned long n;
	u8 byte = 0x55;
	int sig;

	for (n = 1;; n++) {
		fault_inject_nth(n);
		sig = write ? host_write(addr, &byte, 1) : host_read(addr, &byte, 1);
		if (!fault_inject_fired())
			break;
		fault_inject_nth(0);
		CHECK(sig == 0 || sig == SIGKILL);
		CHECK_EQ(world_take_signal().sig, sig);
		world_revive();
		world_audit();
		if (!sig)
			return n;
	}
	fault_inject_nth(0);
	CHECK_EQ(sig, 0);
	world_audit();
	return n;
}

TEST(a_fault_that_finds_no_memory_is_made_again_or_kills)
{
	struct mm_struct *child;

	start();
	map(NULL, FAR, 8, MAP_PRIVATE);
	CHECK_GE(exhaust_fault(FAR, false), 1UL);	       /* tables, the page of zeros */
	CHECK_GE(exhaust_fault(FAR, true), 1UL);	       /* copy of it */
	CHECK_GE(exhaust_fault(FAR + PAGES(1), true), 1UL);    /* a page of its own at once */
	CHECK_GE(exhaust_fault(BASE + PAGES(13), false), 1UL); /* a page of the file */
	CHECK_GE(exhaust_fault(BASE + PAGES(14), true), 1UL);  /* private copy */
	CHECK_GE(exhaust_fault(BASE + PAGES(23), true), 1UL);  /* shared */
	child = dup_mm(current, mm);
	CHECK(!IS_ERR(child));
	CHECK_GE(exhaust_fault(BASE + PAGES(1), true), 1UL); /* copy on write */
	world_put(child);
	finish();
}

static unsigned long op_user_copy(void)
{
	unsigned long left = copy_to_user((void *)(BASE + PAGES(5)), "x", 1);

	world_revive();
	world_take_signal();
	return left;
}

TEST(a_user_copy_that_finds_no_memory_fails_if_we_are_the_victim)
{
	start();
	CHECK_EQ(exhaust(op_user_copy, 1, 0), 1UL);
	finish();
}

/* ---- The kernel's own reach ------------------------------------------------------------------ */

static unsigned long op_populate(void)
{
	unsigned long ret = populate_range(mm, BASE + PMD_SIZE + PAGES(4), PAGES(4), true);

	if (ret) /* what was populated before is no error */
		zap_page_range(vma_lookup(mm, BASE + PMD_SIZE), BASE + PMD_SIZE + PAGES(4),
			       BASE + PMD_SIZE + PAGES(8));
	return ret;
}

static unsigned long op_new_mm(void)
{
	struct mm_struct *fresh = mm_alloc();

	if (fresh)
		mmput(fresh);
	return fresh != NULL;
}

TEST(populate_and_new_address_spaces_report_enomem)
{
	start();
	CHECK_EQ(exhaust(op_populate, -ENOMEM, 0), 4UL);
	CHECK_GE(exhaust(op_new_mm, 0, 1), 2UL);
	finish();
}
