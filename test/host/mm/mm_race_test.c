/* SPDX-License-Identifier: MIT */
/*
 * Threads of one address space at work at once on several CPUs, which take turns at random wherever
 * interrupts are enabled: in the middle of faults, forks, unmappings and truncations. Each thread
 * owns some bytes of every page and must always find in them what it wrote last; a child must find
 * what its parent's thread had written when it forked.
 */
#include "mm_world.h"
#include "../boot.h"
#include "test.h"

#include "lib/err.h"
#include "lib/string.h"
#include "mm/internal.h"
#include "page/slab.h"
#include "sched/sched.h"

#define RW	     (PROT_READ | PROT_WRITE)
#define BASE	     (PMD_SIZE * 64 - 12 * PAGE_SIZE) /* across two tables */
#define PAGES	     24				      /* private memory all threads write to */
#define SHARED	     (BASE + 0x10000000UL)
#define SHARED_PAGES 8
#define OWN(t)	     (0x40000000UL + (t)*PMD_SIZE / 2) /* where a thread maps and unmaps */
#define OWN_PAGES    16
#define THREADS	     4

static struct mm_struct *mm;
static struct file *file;
static atomic_t running, children;
static unsigned int turns;

/* What thread @id wrote last: a byte of each private page, one of each shared page. */
struct thread {
	unsigned int id;
	u64 random;
	u8 bytes[PAGES], shared[SHARED_PAGES];
};

static struct thread threads[THREADS];

static unsigned int pick(struct thread *t, unsigned int n)
{
	t->random = t->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (t->random >> 33) % n;
}

static unsigned long slot(struct thread *t, unsigned long base, unsigned int page)
{
	return base + page * PAGE_SIZE + t->id * 700;
}

static void check(unsigned long addr, u8 expected)
{
	u8 byte;

	CHECK_EQ(world_peek(addr, &byte), 0);
	CHECK_EQ(byte, expected);
}

static void write_private(struct thread *t)
{
	unsigned int i = pick(t, PAGES);

	t->bytes[i]++;
	CHECK_EQ(world_poke(slot(t, BASE, i), t->bytes[i]), 0);
}

static void write_shared(struct thread *t)
{
	unsigned int i = pick(t, SHARED_PAGES);

	t->shared[i]++;
	CHECK_EQ(world_poke(slot(t, SHARED, i), t->shared[i]), 0);
}

static void check_all(struct thread *t)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		check(slot(t, BASE, i), t->bytes[i]);
	for (i = 0; i < SHARED_PAGES; i++)
		check(slot(t, SHARED, i), t->shared[i]);
}

/* ---- Children -------------------------------------------------------------------------------- */

struct child {
	struct mm_struct *mm;
	struct thread snapshot;
};

static int child_main(void *arg)
{
	struct child *child = arg;
	struct thread *t = &child->snapshot;
	unsigned int i;

	exec_mmap(child->mm);
	/* What is shared goes on changing; what is private is as it was. */
	for (i = 0; i < PAGES; i++)
		check(slot(t, BASE, i), t->bytes[i]);
	for (i = 0; i < 40; i++) {
		write_private(t);
		check(slot(t, BASE, i % PAGES), t->bytes[i % PAGES]);
	}
	exit_mm();
	kfree(child);
	atomic_dec(&children);
	return 0;
}

static void fork_child(struct thread *t)
{
	struct child *child = kmalloc(sizeof(*child), GFP_KERNEL);

	CHECK(child);
	child->mm = dup_mm(current, mm);
	CHECK(!IS_ERR(child->mm));
	child->snapshot = *t;
	atomic_inc(&children);
	CHECK(!IS_ERR(kthread_run(child_main, child, "child")));
}

/* ---- A thread -------------------------------------------------------------------------------- */

static void map_and_unmap(struct thread *t)
{
	unsigned long at = OWN(t->id), len = OWN_PAGES * PAGE_SIZE, i;

	CHECK_EQ(world_mmap(pick(t, 2) ? file : NULL, at, len, RW, MAP_FIXED | MAP_PRIVATE, 0), at);
	for (i = 0; i < SHARED_PAGES; i++)
		CHECK_EQ(world_poke(at + i * PAGE_SIZE + 1, i + 1), 0);
	switch (pick(t, 3)) {
	case 0:
		CHECK_EQ(do_mprotect(at + PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ), 0);
		check(at + PAGE_SIZE + 1, 2);
		CHECK_EQ(world_poke(at + PAGE_SIZE, 1), 11);
		break;
	case 1:
		CHECK_EQ(do_mremap(at, 4 * PAGE_SIZE, 4 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
				   at + 0x8000000UL),
			 at + 0x8000000UL);
		check(at + 0x8000000UL + 3 * PAGE_SIZE + 1, 4);
		CHECK_EQ(vm_munmap(at + 0x8000000UL, 4 * PAGE_SIZE), 0);
		break;
	default:
		CHECK_EQ(do_madvise(mm, at, len, MADV_DONTNEED), 0);
	}
	CHECK_EQ(vm_munmap(at, len), 0);
}

static void one_turn(struct thread *t)
{
	switch (pick(t, 24)) {
	case 0:
		if (atomic_read(&children) < 6)
			fork_child(t);
		break;
	case 1:
	case 2:
		map_and_unmap(t);
		break;
	case 3:
		CHECK_EQ(filemap_write_and_wait(file->f_mapping), 0);
		break;
	case 4:
		/* Pages nobody writes to come and go. */
		world_truncate(file, SHARED_PAGES * PAGE_SIZE);
		world_truncate(file, OWN_PAGES * PAGE_SIZE);
		break;
	case 5:
		check_all(t);
		break;
	case 6 ... 11:
		write_shared(t);
		break;
	default:
		write_private(t);
	}
}

static int thread_main(void *arg)
{
	struct thread *t = arg;
	unsigned int i;

	mmget(mm);
	exec_mmap(mm);
	for (i = 0; i < turns; i++)
		one_turn(t);
	check_all(t);
	exit_mm();
	atomic_dec(&running);
	return 0;
}

/* ---- The run --------------------------------------------------------------------------------- */

static void nap(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(NSEC_PER_MSEC);
}

static unsigned long free_now(void)
{
	kernel_stack_drain();
	return world_free_pages();
}

static void map_everything(void)
{
	struct mm_struct *none = current->mm;

	CHECK(!none);
	mmget(mm);
	exec_mmap(mm);
	CHECK_EQ(world_mmap(NULL, BASE, PAGES * PAGE_SIZE, RW, MAP_FIXED | MAP_PRIVATE, 0), BASE);
	CHECK_EQ(world_mmap(file, SHARED, SHARED_PAGES * PAGE_SIZE, RW, MAP_FIXED | MAP_SHARED, 0),
		 SHARED);
	exit_mm();
}

static void race(void)
{
	unsigned long before;
	unsigned int i;

	world_set_up();
	before = free_now();
	mm = world_mm();
	file = world_file(OWN_PAGES * PAGE_SIZE, true);
	map_everything();
	turns = test_rounds(300);
	host_interleave(7, test_random());
	atomic_set(&running, THREADS);
	for (i = 0; i < THREADS; i++) {
		threads[i].id = i;
		threads[i].random = test_random();
		CHECK(!IS_ERR(kthread_run(thread_main, &threads[i], "thread")));
	}
	while (atomic_read(&running) || atomic_read(&children))
		nap();
	host_interleave(0, 0);
	nap();
	world_audit();
	CHECK_EQ(atomic64_read(&mm->rss[MM_ANONPAGES]), PAGES);
	mmput(mm);
	fput(file);
	nap();
	world_audit();
	CHECK_LE(before, free_now() + 4); /* slabs of the scheduler's that tasks have opened */
}

TEST(threads_and_children_never_lose_a_byte_on_one_cpu)
{
	host_run_kernel(1, race);
}

TEST_TIMEOUT(threads_and_children_never_lose_a_byte_on_three_cpus, 300)
{
	host_run_kernel(3, race);
}
