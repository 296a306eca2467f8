/* SPDX-License-Identifier: MIT */
/*
 * Processes that together need twice the memory there is, a slow disk, kswapd and direct reclaim:
 * every byte is kept, everybody gets on, and nobody is killed.
 */
#include "race.h"
#include "swap_world.h"
#include "test.h"

#include "lib/err.h"
#include "mm/internal.h"
#include "mm/lru.h"
#include "mm/pageout.h"
#include "page/zone.h"
#include "sched/sched.h"

#define RW	  (PROT_READ | PROT_WRITE)
#define AT	  (PUD_SIZE * 5 + PMD_SIZE * 9 - 20 * PAGE_SIZE)
#define SHARED	  (AT + PUD_SIZE)
#define PROCESSES 4
#define PAGES	  700  /* of each */
#define ROOM	  1500 /* pages that are free at the start */

static struct block_device *disk;
static struct file *file;
static unsigned int alive, turns;
static bool disk_ended;
static struct page *eaten;

struct process {
	unsigned int id;
	u64 random;
	struct mm_struct *mm;
	u8 bytes[PAGES], shared[PAGES];
};

static struct process all[PROCESSES];

/* One page of ours, or our byte of one of all. */
static void use(struct process *p, unsigned int i, bool shared, bool write)
{
	unsigned long addr = (shared ? SHARED + p->id * 900 : AT) + i * PAGE_SIZE;
	u8 *byte = shared ? &p->shared[i] : &p->bytes[i], found = 0;

	if (write) {
		++*byte;
		CHECK_EQ(world_poke(addr, *byte), 0);
		return;
	}
	CHECK_EQ(world_peek(addr, &found), 0);
	CHECK_EQ(found, *byte);
}

static int be_process(void *arg)
{
	struct process *p = arg;
	unsigned int i, n;

	exec_mmap(p->mm);
	for (n = 0; n < turns; n++) {
		unsigned int first = pick(&p->random, PAGES), len = 1 + pick(&p->random, 40);
		bool shared = pick(&p->random, 4) == 0, write = pick(&p->random, 2);

		for (i = first; i < min(first + len, (unsigned int)PAGES); i++)
			use(p, i, shared, write);
		breathe();
	}
	for (i = 0; i < PAGES; i++) {
		use(p, i, false, false);
		use(p, i, true, false);
	}
	exit_mm();
	alive--;
	return 0;
}

static int be_disk(void *arg)
{
	u64 random = (unsigned long)arg;

	while (alive) {
		if (pick(&random, 3) == 0)
			ram_disk_complete_latest(disk);
		else
			ram_disk_complete(disk, 1 + pick(&random, 4));
		if (pick(&random, 3))
			breathe();
		else
			nap(NSEC_PER_MSEC / 2);
	}
	ram_disk_hold(disk, false);
	disk_ended = true;
	return 0;
}

/* Until only ROOM pages are free. */
static void eat(void)
{
	while (nr_free_pages() > ROOM) {
		struct page *page = alloc_page(GFP_KERNEL);

		page->mapping = eaten;
		eaten = page;
		page_owner_add(OWNER_KERNEL, 1);
	}
}

static void vomit(void)
{
	while (eaten) {
		struct page *page = eaten;

		eaten = page->mapping;
		page_owner_add(OWNER_KERNEL, -1);
		put_page(page);
	}
}

static void start(struct process *p)
{
	p->random = test_random();
	p->mm = world_mm();
	mmget(p->mm);
	exec_mmap(p->mm);
	CHECK_EQ(world_mmap(NULL, AT, PAGES * PAGE_SIZE, RW, MAP_FIXED | MAP_PRIVATE, 0), AT);
	CHECK_EQ(world_mmap(file, SHARED, PAGES * PAGE_SIZE, RW, MAP_FIXED | MAP_SHARED, 0),
		 SHARED);
	exit_mm();
	alive++;
	CHECK(!IS_ERR(kthread_run(be_process, p, "process")));
}

static void pressure(void)
{
	unsigned int i;

	world_set_up();
	turns = test_rounds(400);
	disk = swap_disk_on("swap", 16384, 1);
	file = world_file(PAGES * PAGE_SIZE, false);
	kswapd_run();
	eat();
	host_interleave(100 + test_random_below(400), test_random());
	ram_disk_hold(disk, true);
	for (i = 0; i < PROCESSES; i++) {
		all[i].id = i;
		start(&all[i]);
	}
	CHECK(!IS_ERR(kthread_run(be_disk, (void *)test_random(), "disk")));
	while (alive || !disk_ended)
		nap(NSEC_PER_MSEC);
	host_interleave(0, 0);
	nap(10 * NSEC_PER_MSEC);
	CHECK_GT(vm_event_count(PSWPIN), 1000ul);
	CHECK_GT(vm_event_count(PGSTEAL_KSWAPD), 100ul);
	pageout_finish(~0u);
	world_audit();
	vomit();
	fput(file);
	pageout_finish(~0u);
	nap(10 * NSEC_PER_MSEC);
	swap_drop_rest();
	CHECK_EQ(swap_used(), 0ul);
	swap_disk_off(disk);
	world_audit();
}

TEST_TIMEOUT(processes_larger_than_memory_never_lose_a_byte_to_a_slow_disk, 300)
{
	host_run_kernel(4, pressure);
}

TEST_TIMEOUT(on_one_cpu_processes_never_lose_a_byte_to_a_slow_disk, 300)
{
	host_run_kernel(1, pressure);
}
