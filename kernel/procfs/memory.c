/* SPDX-License-Identifier: MIT */
/*
 * /proc/quire/memory: who holds the installed memory, page by page.
 *
 * Two counts that know nothing of each other meet here. What the kernel holds comes from the
 * owners' counters and the free lists; which pages of files nobody maps, from a look at every
 * frame. What programs hold is the sum of their exact shares, found by walking all page tables and
 * dividing each page by its mappings. "sum" is all of that added up; if nothing ran meanwhile it is
 * "installed", to the page.
 */
#include "procfs/internal.h"
#include "mm/shares.h"
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

static unsigned long owned(enum page_owner owner)
{
	long pages = page_owner_count(owner);

	return pages > 0 ? pages : 0;
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
	unsigned long cache = owned(OWNER_FILE) + owned(OWNER_SHMEM), unmapped;
	struct page_census census;

	show_free(m);
	seq_printf(m, ROW, "reserved", reserved_pages());
	for (size_t i = 0; i < ARRAY_SIZE(kernel); i++) {
		seq_printf(m, ROW, kernel[i].name, owned(kernel[i].owner));
		sum += owned(kernel[i].owner);
	}
	take_page_census(&census);
	unmapped = cache - min(cache, census.mapped_file);
	seq_printf(m, ROW, "cache, not mapped", unmapped);
	return sum + unmapped;
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

int memory_show(struct seq_file *m)
{
	unsigned long sum, programs = 0;
	struct mm_shares shares;

	seq_printf(m, ROW, "installed", totalram_pages());
	sum = show_kernel(m);
	seq_printf(m, "\n%7s %-16s %14s %14s %14s %14s\n", "process", "name", "anon", "file",
		   "shmem", "share");
	show_programs(m, &shares);
	seq_printf(m, "%7s %-16s", "all", "");
	show_shares(m, &shares);
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		programs += mm_shares_pages(shares.share[i]);
	seq_printf(m, "\n" ROW ROW, "programs", programs, "sum", sum + programs);
	return 0;
}
