/* SPDX-License-Identifier: MIT */
/*
 * Whom the OOM killer chooses, how long it waits, and what an allocation gets. The processes are
 * tasks that never run; killing is noted, and the test plays their death.
 */
#include "mm_world.h"
#include "race.h"
#include "test.h"

#include "base/printk.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/internal.h"
#include "mm/oom.h"
#include "mm/oom_internal.h"
#include "page/slab.h"
#include "page/zone.h"
#include "sched/sched.h"
#include "abi/signal.h"

#define AT 0x10000000UL

/* ---- Processes ------------------------------------------------------------------------------- */

static struct mm_struct *killed[8];
static unsigned int kills;
static LIST_HEAD(eaten);

static int nothing(void *unused)
{
	return 0;
}

static struct task_struct *process(const char *name, struct mm_struct *mm)
{
	struct task_struct *p = kthread_create(nothing, NULL, name);

	CHECK(!IS_ERR(p));
	p->flags &= ~PF_KTHREAD;
	p->mm = mm;
	return p;
}

static struct mm_struct *memory(unsigned long pages)
{
	struct mm_struct *mm = world_mm();

	down_write(&mm->mmap_lock);
	CHECK_EQ(do_mmap(mm, NULL, AT, pages << PAGE_SHIFT, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0),
		 AT);
	up_write(&mm->mmap_lock);
	CHECK_EQ(populate_range(mm, AT, pages << PAGE_SHIFT, true), 0);
	return mm;
}

static struct task_struct *eater(const char *name, unsigned long pages)
{
	return process(name, memory(pages));
}

static void set_adj(struct task_struct *p, int adj)
{
	p->signal->oom_score_adj = p->mm->oom_score_adj = adj;
}

static void leave(struct task_struct *p)
{
	task_lock(p);
	p->mm = NULL;
	p->flags |= PF_KTHREAD;
	task_unlock(p);
	wake_up_process(p);
	nap(1);
}

static void die(struct task_struct *p)
{
	struct mm_struct *mm = p->mm;

	leave(p);
	mmput(mm);
}

/* ---- Shortage -------------------------------------------------------------------------------- */

static void eat_to(unsigned long left)
{
	while (nr_free_pages() > left) {
		struct page *page = alloc_page(GFP_ATOMIC | __GFP_NOFAIL_INJECT);

		CHECK(page);
		page_owner_add(OWNER_KERNEL, 1);
		list_add(&page->lru, &eaten);
	}
}

static void spit_out(void)
{
	struct page *page, *next;

	list_for_each_entry_safe (page, next, &eaten, lru) {
		list_del(&page->lru);
		page_owner_add(OWNER_KERNEL, -1);
		put_page(page);
	}
}

static void note_kill(struct mm_struct *mm)
{
	CHECK_LE(kills, 7u);
	killed[kills++] = mm;
}

static bool logged(const char *text)
{
	static char log[65536];

	log[log_read_all(log, sizeof(log) - 1)] = '\0';
	return strstr(log, text);
}

static void start(void)
{
	world_set_up();
	sysctl_overcommit_memory = OVERCOMMIT_ALWAYS;
	oom_kill_hook = note_kill;
	oom_init();
	nap(NSEC_PER_SEC);
}

/* Memory is short, and a fault finds none. */
static void out_of_memory(void)
{
	eat_to(node_data.min_free_pages);
	pagefault_out_of_memory();
	spit_out();
}

static void world(void (*body)(void))
{
	host_run_kernel(1, body);
}

/* ---- Choosing -------------------------------------------------------------------------------- */

static void largest(void)
{
	struct task_struct *a, *b, *c;

	start();
	a = eater("small", 100);
	b = eater("large", 300);
	c = eater("medium", 200);
	out_of_memory();
	CHECK_EQ(kills, 1u);
	CHECK(killed[0] == b->mm);
	CHECK(logged("Killed process"));
	CHECK(logged("(large) goes: it holds"));
	CHECK(logged("(medium), "));
	die(b);
	CHECK(logged("(large) has given back"));
	out_of_memory();
	CHECK_EQ(kills, 2u);
	CHECK(killed[1] == c->mm);
	die(c);
	die(a);
}

TEST(the_largest_process_is_killed)
{
	world(largest);
}

static void swap_counts(void)
{
	struct task_struct *a, *b;

	start();
	a = eater("resident", 300);
	b = eater("swapped", 100);
	atomic64_add(250, &b->mm->rss[MM_SWAPENTS]);
	out_of_memory();
	CHECK(killed[0] == b->mm);
	atomic64_sub(250, &b->mm->rss[MM_SWAPENTS]);
	die(b);
	atomic64_add(300 * PAGE_SIZE, &a->mm->pgtables_bytes);
	b = eater("other", 400);
	out_of_memory();
	CHECK(killed[1] == a->mm);
	atomic64_sub(300 * PAGE_SIZE, &a->mm->pgtables_bytes);
	die(a);
	die(b);
}

TEST(swap_entries_and_page_tables_count_as_memory)
{
	world(swap_counts);
}

static void adjusted(void)
{
	struct task_struct *a, *b, *c;

	start();
	a = eater("never", 600);
	b = eater("plain", 300);
	c = eater("please", 20);
	set_adj(a, OOM_SCORE_ADJ_MIN);
	set_adj(c, 500);
	CHECK_EQ(oom_badness(a->mm, a->mm->oom_score_adj), LONG_MIN);
	CHECK_EQ(oom_score(oom_badness(a->mm, a->mm->oom_score_adj)), 0L);
	CHECK_EQ(oom_badness(c->mm, 500) - oom_badness(c->mm, 0),
		 500 * (long)(totalram_pages() / 1000));
	CHECK_GE(oom_score(oom_badness(c->mm, 500)), 990L);
	out_of_memory();
	CHECK(killed[0] == c->mm);
	die(c);
	set_adj(b, -500); /* still the only one */
	out_of_memory();
	CHECK(killed[1] == b->mm);
	die(b);
	b = eater("init", 300);
	b->mm->unkillable = true;
	expect_panic("no process may be killed");
	eat_to(node_data.min_free_pages);
	nap(6 * NSEC_PER_SEC);
	pagefault_out_of_memory();
	CHECK(false);
}

TEST(oom_score_adj_steers_and_some_are_never_killed)
{
	world(adjusted);
}

static void shared(void)
{
	struct task_struct *a, *b, *c;

	start();
	a = eater("first", 300);
	b = process("second", a->mm); /* as vfork and CLONE_VM make them */
	mmget(a->mm);
	c = eater("other", 100);
	out_of_memory();
	CHECK_EQ(kills, 1u); /* the hook kills all its users */
	CHECK(killed[0] == a->mm);
	CHECK(logged("(other), ")); /* next is not who dies anyway */
	die(a);
	CHECK(!logged("given back"));
	die(b);
	CHECK(logged("given back"));
	/* A sharer that may not be killed protects all. */
	a = eater("third", 300);
	set_adj(a, OOM_SCORE_ADJ_MIN);
	b = process("fourth", a->mm);
	mmget(a->mm);
	out_of_memory();
	CHECK(killed[1] == c->mm);
	die(c);
	die(a);
	die(b);
}

TEST(processes_that_share_memory_are_one_victim)
{
	world(shared);
}

static void allocating(void)
{
	struct task_struct *a;

	start();
	a = eater("large", 300);
	current->mm = memory(10);
	sysctl_oom_kill_allocating_task = 1;
	out_of_memory();
	CHECK_EQ(kills, 1u);
	CHECK(killed[0] == current->mm);
	CHECK(logged("it asked, and oom_kill_allocating_task is set"));
	mmput(current->mm);
	current->mm = memory(10);
	current->mm->oom_score_adj = OOM_SCORE_ADJ_MIN;
	out_of_memory();
	CHECK(killed[1] == a->mm);
	mmput(current->mm);
	current->mm = NULL;
	die(a);
}

TEST(oom_kill_allocating_task_kills_who_asks)
{
	world(allocating);
}

static void panics(void)
{
	start();
	eater("large", 300);
	sysctl_panic_on_oom = 1;
	expect_panic("Out of memory: system-wide panic_on_oom is enabled");
	out_of_memory();
}

TEST(panic_on_oom_panics)
{
	world(panics);
}

static void enough(void)
{
	struct task_struct *a;

	start();
	a = eater("large", 300);
	pagefault_out_of_memory(); /* a failure that was only injected */
	CHECK_EQ(kills, 0u);
	die(a);
}

TEST(nobody_is_killed_while_there_is_memory)
{
	world(enough);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static void patience(void)
{
	struct task_struct *a, *b;

	start();
	a = eater("large", 300);
	b = eater("medium", 200);
	down_write(&a->mm->mmap_lock); /* the reaper cannot help */
	out_of_memory();
	out_of_memory();
	CHECK_EQ(kills, 1u);
	nap(NSEC_PER_SEC);
	CHECK(logged("unable to reap"));
	nap(2 * NSEC_PER_SEC);
	out_of_memory();
	CHECK_EQ(kills, 2u);
	CHECK(killed[1] == b->mm);
	up_write(&a->mm->mmap_lock);
	die(a);
	die(b);
}

TEST(another_is_chosen_when_a_victim_does_not_die)
{
	world(patience);
}

static void asleep(void)
{
	struct task_struct *a;
	unsigned long free;

	start();
	a = eater("asleep", 300);
	free = nr_free_pages();
	out_of_memory();
	CHECK_EQ(get_mm_counter(a->mm, MM_ANONPAGES), 300UL);
	nap(NSEC_PER_SEC);
	CHECK_EQ(get_mm_counter(a->mm, MM_ANONPAGES), 0UL);
	CHECK_GE(nr_free_pages(), free + 250);
	CHECK(logged("oom_reaper: reaped process"));
	CHECK(a->mm->oom_reaped);
	die(a);
	CHECK(logged("1200 kB by the reaper"));
}

TEST(a_victim_that_sleeps_is_reaped)
{
	world(asleep);
}

/* ---- Allocations ----------------------------------------------------------------------------- */

static void kill_at_once(struct mm_struct *mm)
{
	note_kill(mm);
	spit_out();
}

static void kernel_allocation(void)
{
	struct task_struct *a;
	struct page *page;

	start();
	a = eater("large", 300);
	eat_to(0);
	CHECK(!alloc_page(GFP_ATOMIC));
	CHECK(!alloc_page(GFP_KERNEL | __GFP_NOWARN));
	CHECK(!alloc_pages(GFP_KERNEL, 4));
	CHECK_EQ(kills, 0u);
	oom_kill_hook = kill_at_once;
	page = alloc_page(GFP_KERNEL);
	CHECK(page);
	CHECK_EQ(kills, 1u);
	CHECK(logged("GFP_KERNEL"));
	put_page(page);
	die(a);
}

TEST(a_kernel_allocation_kills_and_succeeds)
{
	world(kernel_allocation);
}

static void hopeless(void)
{
	struct task_struct *a;
	u64 began;

	start();
	a = eater("immortal", 3);
	down_write(&a->mm->mmap_lock);
	eat_to(0);
	began = ktime_get();
	CHECK(!alloc_page(GFP_KERNEL));
	CHECK_LE(ktime_get() - began, 4 * NSEC_PER_SEC);
	CHECK_EQ(kills, 1u);
	spit_out();
	up_write(&a->mm->mmap_lock);
	die(a);
}

TEST(a_kernel_allocation_gives_up_in_the_end)
{
	world(hopeless);
}

static void reserves(void)
{
	unsigned long min;
	struct page *page;
	LIST_HEAD(taken);
	unsigned int n = 0;

	start();
	min = node_data.min_free_pages;
	eat_to(min);
	kills = 0;
	set_task_work(current, TIF_SIGPENDING);
	current->pending.signal |= sigmask(SIGKILL);
	while ((page = alloc_page(GFP_USER))) {
		list_add(&page->lru, &taken);
		n++;
	}
	/* A CPU's list is filled at once, which may go deeper. */
	CHECK_GE(n, min / 2);
	CHECK_GE(nr_free_pages(), 1UL);
	CHECK_EQ(kills, 0u);
	while (!list_empty(&taken)) {
		page = list_first_entry(&taken, struct page, lru);
		list_del(&page->lru);
		put_page(page);
	}
	current->pending.signal = 0;
	clear_task_work(current, TIF_SIGPENDING);
	spit_out();
}

TEST(a_task_that_is_to_die_may_use_the_reserve_and_kills_nobody)
{
	world(reserves);
}
