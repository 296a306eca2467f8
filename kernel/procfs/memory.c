/* SPDX-License-Identifier: MIT */
/*
 * /proc/quire/memory: who holds the installed memory, page by page.
 *
 * Two counts that know nothing of each other meet here. What the kernel holds comes from the
 * owners' counters and the free lists; which pages of files nobody maps, from a look at every
 * frame. What programs hold is the sum of their exact shares, found by walking all page tables and
 * dividing each page by its mappings. "sum" is all of that added up; if nothing ran meanwhile it is
 * "installed", to the page.
 *
 * The same for swap: slots by what stands for them. What programs hold is again the sum of exact
 * shares; a slot that nobody stands for any more is kept for the page in the swap cache that it is a
 * copy of.
 */
#include "procfs/internal.h"
#include "mm/shares.h"
#include "mm/shmem_swap.h"
#include "page/zone.h"

#define ROW "%-18s %10lu\n"

static void show_free(struct seq_file *m)
{
	unsigned long blocks = 0, lists = 0, unopened = 0;
	struct zone *zone;

	for_each_zone(zone)
	{
		blocks += READ_ONCE(zone->nr_free);
		unopened += READ_ONCE(zone->nr_unopened);
	}
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		lists += page_list_pages(&page_lists[cpu]);
	seq_printf(m, ROW ROW ROW ROW, "free", blocks + lists + unopened, "  in blocks", blocks,
		   "  on CPUs' lists", lists, "  not opened yet", unopened);
}

/* What programs do not map. Returns its sum. */
static unsigned long show_kernel(struct seq_file *m)
{
	static const struct {
		enum page_owner owner;
		const char *name;
	} kernel[] = {
		{OWNER_TABLE, "page tables"},
		{OWNER_SLAB, "slab"},
		{OWNER_STACK, "kernel stacks"},
		{OWNER_KERNEL, "other kernel"},
	};
	unsigned long sum = nr_free_pages() + reserved_pages();
	unsigned long cache = owned_pages(OWNER_FILE) + owned_pages(OWNER_SHMEM), unmapped;
	struct page_census census;

	show_free(m);
	seq_printf(m, ROW, "reserved", reserved_pages());
	for (size_t i = 0; i < ARRAY_SIZE(kernel); i++) {
		seq_printf(m, ROW, kernel[i].name, owned_pages(kernel[i].owner));
		sum += owned_pages(kernel[i].owner);
	}
	take_page_census(&census);
	unmapped = cache - min(cache, census.mapped_file);
	seq_printf(m, ROW ROW, "cache, not mapped", unmapped, "anon, not mapped",
		   census.unmapped_anon);
	return sum + unmapped + census.unmapped_anon;
}

/* Number and name of the first process that uses @mm; 0: none, an exec is building it. */
static pid_t find_process(struct mm_struct *mm, char comm[TASK_COMM_LEN])
{
	struct task_struct *p, *t;
	pid_t pid = 0;

	strscpy(comm, "-", TASK_COMM_LEN);
	spin_lock(&tasklist_lock);
	for_each_process (p) {
		for_each_thread (p, t) {
			if (!pid && READ_ONCE(t->mm) == mm) {
				pid = p->tgid;
				get_task_comm(comm, p);
			}
		}
	}
	spin_unlock(&tasklist_lock);
	return pid;
}

/* A share as pages, with four decimals. */
static void show_share(struct seq_file *m, u64 share)
{
	u64 fraction = (share & (MM_SHARE_UNIT - 1)) * 10000 >> MM_SHARE_SHIFT;

	seq_printf(m, " %9llu.%04llu", share >> MM_SHARE_SHIFT, fraction);
}

static void show_shares(struct seq_file *m, const struct mm_shares *s)
{
	show_share(m, s->share[MM_ANONPAGES]);
	show_share(m, s->share[MM_FILEPAGES]);
	show_share(m, s->share[MM_SHMEMPAGES]);
	show_share(m, s->share[MM_ANONPAGES] + s->share[MM_FILEPAGES] + s->share[MM_SHMEMPAGES]);
	show_share(m, s->share[MM_SWAPENTS]);
	seq_putc(m, '\n');
}

/* Each address space's line, and all of them in *sum. */
static void show_programs(struct seq_file *m, struct mm_shares *sum)
{
	struct mm_struct *mm = NULL;
	char comm[TASK_COMM_LEN];

	*sum = (struct mm_shares){0};
	while ((mm = next_user_mm(mm)) != NULL) {
		struct mm_shares s = {0};

		mm_shares_gather(mm, &s);
		seq_printf(m, "%7d %-16s", find_process(mm, comm), comm);
		show_shares(m, &s);
		for (int i = 0; i < NR_MM_COUNTERS; i++)
			sum->share[i] += s.share[i];
	}
}

static void show_lists(struct seq_file *m)
{
	static const char *const names[] = {
		[LRU_INACTIVE_ANON] = "inactive anon", [LRU_ACTIVE_ANON] = "active anon",
		[LRU_INACTIVE_FILE] = "inactive file", [LRU_ACTIVE_FILE] = "active file",
		[LRU_UNEVICTABLE] = "unevictable",
	};

	seq_putc(m, '\n');
	for (enum lru_list list = 0; list < NR_LRU_LISTS; list++)
		seq_printf(m, ROW, names[list], lru_pages(list));
}

static void show_swap(struct seq_file *m, unsigned long programs)
{
	unsigned long files = shmem_swapped_pages(), cached = swap_slots_cached_only();
	unsigned long free = max(READ_ONCE(nr_swap_pages), 0l);

	seq_printf(m, "\n" ROW ROW, "swap slots", total_swap_pages, "  free", free);
	seq_printf(m, ROW ROW ROW, "  programs", programs, "  memory files", files,
		   "  for the cache", cached);
	seq_printf(m, ROW, "  sum", free + programs + files + cached);
}

int memory_show(struct seq_file *m)
{
	unsigned long sum, programs;
	struct mm_shares shares;

	seq_printf(m, ROW, "installed", totalram_pages());
	sum = show_kernel(m);
	seq_printf(m, "\n%7s %-16s %14s %14s %14s %14s %14s\n", "process", "name", "anon", "file",
		   "shmem", "share", "swap");
	show_programs(m, &shares);
	seq_printf(m, "%7s %-16s", "all", "");
	show_shares(m, &shares);
	programs = mm_shares_pages(shares.share[MM_ANONPAGES]) +
		   mm_shares_pages(shares.share[MM_FILEPAGES]) +
		   mm_shares_pages(shares.share[MM_SHMEMPAGES]);
	seq_printf(m, "\n" ROW ROW, "programs", programs, "sum", sum + programs);
	show_lists(m);
	show_swap(m, mm_shares_pages(shares.share[MM_SWAPENTS]));
	return 0;
}
