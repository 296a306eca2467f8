/* SPDX-License-Identifier: MIT */
/*
 * Threads and children write, fork, map and unmap while reclaim takes their pages, a slow disk
 * finishes requests out of order, and areas come and go; on several CPUs, which take turns at
 * random, also in the middle of faults, write-outs and flushes.
 *
 *	byte 700 * n of each page	is thread n's alone: it finds there what it wrote last
 *	a child				finds what its parent's thread had written, and then its own
 *
 * A page written to swap before every TLB has forgotten it, a slot counted wrongly, a page reused
 * while another has its entry: each is a wrong byte.
 */
#include "race.h"
#include "swap_world.h"
#include "test.h"

#include "lib/err.h"
#include "mm/fork.h"
#include "mm/internal.h"
#include "mm/lru.h"
#include "mm/pageout.h"
#include "page/slab.h"
#include "sched/sched.h"
#include "abi/signal.h"

#define RW	      (PROT_READ | PROT_WRITE)
#define PRIVATE	      (PUD_SIZE * 5 + PMD_SIZE * 9 - 20 * PAGE_SIZE) /* across two tables */
#define PAGES	      40
#define SHARED	      (PRIVATE + PMD_SIZE * 4)
#define SHARED_PAGES  24
#define CUT	      (SHARED + PMD_SIZE) /* a file that is truncated */
#define CUT_PAGES     12
#define OWN(t)	      (PRIVATE + PMD_SIZE * (8 + 2 * (t)))
#define OWN_PAGES     16
#define THREADS	      3
#define DISKS	      2
#define MOST_CHILDREN 4

static struct mm_struct *mm;
static struct file *file, *cut;
static struct block_device *disks[DISKS];
static unsigned int threads, children, others, turns, forks, offs;
static unsigned int cut_writers;
static bool done, cutting;

struct thread {
	unsigned int id;
	u64 random;
	u8 private[PAGES], shared[SHARED_PAGES];
	bool is_child;
};

static struct thread all[THREADS];

/* ---- Programs -------------------------------------------------------------------------------- */

static unsigned long at(const struct thread *t, unsigned long base, unsigned int page)
{
	return base + page * PAGE_SIZE + t->id * 700;
}

static void check(unsigned long addr, u8 expected)
{
	u8 byte = 0;

	CHECK_EQ(world_peek(addr, &byte), 0);
	CHECK_EQ(byte, expected);
}

static void write_private(struct thread *t)
{
	unsigned int i = pick(&t->random, PAGES);

	t->private[i]++;
	CHECK_EQ(world_poke(at(t, PRIVATE, i), t->private[i]), 0);
}

static void write_shared(struct thread *t)
{
	unsigned int i = pick(&t->random, SHARED_PAGES);

	if (t->is_child)
		return;
	t->shared[i]++;
	if (pick(&t->random, 4))
		CHECK_EQ(world_poke(at(t, SHARED, i), t->shared[i]), 0);
	else
		world_file_poke(file, i * PAGE_SIZE + t->id * 700, t->shared[i]);
}

static void check_some(struct thread *t, unsigned int n)
{
	while (n--) {
		unsigned int i = pick(&t->random, PAGES), s = pick(&t->random, SHARED_PAGES);

		check(at(t, PRIVATE, i), t->private[i]);
		if (!t->is_child)
			check(at(t, SHARED, s), t->shared[s]);
	}
}

static void check_all(struct thread *t)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		check(at(t, PRIVATE, i), t->private[i]);
	for (i = 0; i < SHARED_PAGES && !t->is_child; i++)
		check(at(t, SHARED, i), t->shared[i]);
}

/* A file that ends anywhere at any time; what is there is 0, or 7. */
static void use_cut(struct thread *t)
{
	unsigned long addr = at(t, CUT, pick(&t->random, CUT_PAGES));
	u8 byte = 0;
	int sig;

	if (cutting || pick(&t->random, 2)) {
		sig = world_peek(addr, &byte);
	} else {
		cut_writers++;
		sig = world_poke(addr, 7);
		cut_writers--;
	}
	CHECK(sig == 0 || sig == SIGBUS);
	CHECK(byte == 0 || byte == 7);
}

/* Memory that comes, may be swapped, moves, and goes. */
static void map_and_unmap(struct thread *t)
{
	unsigned long addr = OWN(t->id), len = OWN_PAGES * PAGE_SIZE, to = addr + PMD_SIZE;
	unsigned int i;

	CHECK_EQ(world_mmap(NULL, addr, len, RW, MAP_FIXED | MAP_PRIVATE, 0), addr);
	for (i = 0; i < OWN_PAGES; i++)
		CHECK_EQ(world_poke(addr + i * PAGE_SIZE, i + 1), 0);
	breathe();
	switch (pick(&t->random, 4)) {
	case 0:
		CHECK_EQ(do_mremap(addr, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
		addr = to;
		break;
	case 1:
		CHECK_EQ(do_madvise(current->mm, addr, PAGE_SIZE, MADV_DONTNEED), 0);
		check(addr, 0);
		CHECK_EQ(world_poke(addr, 1), 0);
		break;
	case 2:
		CHECK_EQ(do_mprotect(addr, len, PROT_READ), 0);
		break;
	default:
		CHECK_EQ(do_madvise(current->mm, addr, len, MADV_PAGEOUT), 0);
	}
	for (i = 0; i < OWN_PAGES; i++)
		check(addr + i * PAGE_SIZE, i + 1);
	CHECK_EQ(vm_munmap(addr, len), 0);
}

/* ---- Children -------------------------------------------------------------------------------- */

struct child {
	struct mm_struct *mm;
	struct thread thread;
};

static int be_child(void *arg)
{
	struct child *child = arg;
	struct thread *t = &child->thread;
	unsigned int n = pick(&t->random, 60);

	exec_mmap(child->mm);
	while (n--) {
		check_some(t, 1);
		if (pick(&t->random, 2))
			write_private(t);
		if (pick(&t->random, 4) == 0)
			breathe();
	}
	check_all(t);
	exit_mm();
	kfree(child);
	children--;
	return 0;
}

static void fork_child(struct thread *t)
{
	struct child *child;

	if (t->is_child || children >= MOST_CHILDREN)
		return;
	child = kmalloc(sizeof(*child), GFP_KERNEL);
	children++;
	fork_policy.few_pages = pick(&t->random, 2) ? 0 : 64;
	child->thread = *t;
	child->mm = dup_mm(current, mm);
	CHECK(!IS_ERR(child->mm));
	child->thread.is_child = true;
	forks++;
	CHECK(!IS_ERR(kthread_run(be_child, child, "child")));
}

static int be_thread(void *arg)
{
	struct thread *t = arg;
	unsigned int i;

	exec_mmap(mm);
	for (i = 0; i < turns; i++) {
		switch (pick(&t->random, 16)) {
		case 0:
			fork_child(t);
			break;
		case 1:
			map_and_unmap(t);
			break;
		case 2:
			use_cut(t);
			break;
		case 3 ... 4:
			check_some(t, 5);
			break;
		case 5 ... 8:
			write_shared(t);
			break;
		default:
			write_private(t);
		}
		if (pick(&t->random, 4) == 0)
			breathe();
	}
	check_all(t);
	exit_mm();
	threads--;
	return 0;
}

/* ---- The kernel's side ----------------------------------------------------------------------- */

static int be_reclaim(void *arg)
{
	u64 random = (unsigned long)arg;

	while (!done) {
		static const enum lru_list lists[] = {LRU_INACTIVE_ANON, LRU_ACTIVE_ANON};
		struct pageout po = {.force = pick(&random, 4)};
		unsigned int scanned;
		LIST_HEAD(pages);

		lru_isolate(lists[pick(&random, 2)], 1 + pick(&random, 12), &pages, &scanned);
		pageout(&pages, &po);
		if (pick(&random, 3) == 0)
			pageout_finish(pick(&random, 20));
		if (pick(&random, 40) == 0)
			try_to_free_pages(10);
		breathe();
	}
	others--;
	return 0;
}

/* What is cut off is gone, however it was to come from swap meanwhile. */
static int be_truncate(void *arg)
{
	u64 random = (unsigned long)arg;
	unsigned int from, i;

	while (!done) {
		nap(NSEC_PER_MSEC * (1 + pick(&random, 4)));
		cutting = true;
		while (cut_writers)
			breathe();
		from = pick(&random, CUT_PAGES);
		world_truncate(cut, from * PAGE_SIZE);
		world_truncate(cut, CUT_PAGES * PAGE_SIZE);
		for (i = from; i < CUT_PAGES; i++)
			CHECK_EQ(world_file_peek(cut, i * PAGE_SIZE + 700), 0);
		cutting = false;
	}
	others--;
	return 0;
}

/* Requests take their time, and end in any order. */
static int be_disk(void *arg)
{
	u64 random = (unsigned long)arg;
	unsigned int i;

	while (!done || threads) {
		for (i = 0; i < DISKS; i++) {
			if (pick(&random, 4) == 0)
				ram_disk_complete_latest(disks[i]);
			else
				ram_disk_complete(disks[i], pick(&random, 3));
		}
		breathe();
		if (pick(&random, 4) == 0)
			nap(NSEC_PER_MSEC / 10);
	}
	for (i = 0; i < DISKS; i++)
		ram_disk_hold(disks[i], false);
	others--;
	return 0;
}

static int be_swapoff(void *arg)
{
	u64 random = (unsigned long)arg;

	while (!done) {
		unsigned int i = pick(&random, DISKS);

		nap(NSEC_PER_MSEC * (1 + pick(&random, 20)));
		CHECK_EQ(swap_off(disks[i]), 0);
		offs++;
		CHECK_EQ(swap_on(disks[i], "swap", pick(&random, 2)), 0);
	}
	others--;
	return 0;
}

static void start_other(int (*fn)(void *), const char *name)
{
	others++;
	CHECK(!IS_ERR(kthread_run(fn, (void *)test_random(), name)));
}

static void map_all(void)
{
	CHECK_EQ(world_mmap(NULL, PRIVATE, PAGES * PAGE_SIZE, RW, MAP_FIXED | MAP_PRIVATE, 0),
		 PRIVATE);
	CHECK_EQ(world_mmap(file, SHARED, SHARED_PAGES * PAGE_SIZE, RW, MAP_FIXED | MAP_SHARED, 0),
		 SHARED);
	CHECK_EQ(world_mmap(cut, CUT, CUT_PAGES * PAGE_SIZE, RW, MAP_FIXED | MAP_SHARED, 0), CUT);
}

static void race(bool areas_go)
{
	unsigned int i;

	world_set_up();
	swap_begin();
	turns = test_rounds(1500);
	file = world_file(SHARED_PAGES * PAGE_SIZE, false);
	cut = world_file(CUT_PAGES * PAGE_SIZE, false);
	for (i = 0; i < DISKS; i++) {
		disks[i] = swap_disk_on("swap", 512, 1);
		ram_disk_hold(disks[i], true);
	}
	mm = world_mm();
	mmget(mm);
	exec_mmap(mm);
	map_all();
	exit_mm();
	/* A thread each, and us. */
	for (i = 1; i < THREADS; i++)
		mmget(mm);
	mmget(mm);
	start_other(be_disk, "disk");
	start_other(be_reclaim, "reclaim");
	start_other(be_reclaim, "reclaim");
	start_other(be_truncate, "truncate");
	if (areas_go)
		start_other(be_swapoff, "swapoff");
	host_interleave(20 + test_random_below(200), test_random());
	for (i = 0; i < THREADS; i++) {
		all[i].id = i;
		all[i].random = test_random();
		threads++;
		CHECK(!IS_ERR(kthread_run(be_thread, &all[i], "thread")));
	}
	while (threads || children)
		nap(NSEC_PER_MSEC);
	done = true;
	while (others)
		nap(NSEC_PER_MSEC);
	host_interleave(0, 0);
	nap(NSEC_PER_MSEC);
	pageout_finish(~0u);
	world_audit();
	CHECK_GT(vm_event_count(PSWPIN), 50ul);
	CHECK_GT(forks, turns / 50);
	mmput(mm);
	fput(file);
	fput(cut);
	pageout_finish(~0u);
	nap(NSEC_PER_MSEC);
	world_audit();
	swap_drop_rest();
	CHECK_EQ(swap_used(), 0ul);
	for (i = 0; i < DISKS; i++)
		swap_disk_off(disks[i]);
	world_audit();
}

static void race_for_pages(void)
{
	race(false);
}

static void race_for_areas(void)
{
	race(true);
	CHECK_GT(offs, 1u);
}

TEST_TIMEOUT(threads_and_children_never_lose_a_byte_to_reclaim, 300)
{
	host_run_kernel(4, race_for_pages);
}

TEST_TIMEOUT(threads_and_children_never_lose_a_byte_to_swapoff, 300)
{
	host_run_kernel(4, race_for_areas);
}
