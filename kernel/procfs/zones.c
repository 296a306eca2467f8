/* SPDX-License-Identifier: MIT */
/* /proc/buddyinfo and zoneinfo: the physical memory, zone by zone. */
#include "procfs/internal.h"
#include "page/boot_mem.h"
#include "page/zone.h"

static bool populated(const struct zone *zone)
{
	return zone->present_pages;
}

/* Free blocks of each order that the RAM [start, end) of a section that was never opened will make.
 */
static void count_blocks(u64 start, u64 end, unsigned long blocks[MAX_ORDER])
{
	unsigned long pfn = start >> PAGE_SHIFT, stop = end >> PAGE_SHIFT;

	while (pfn < stop) {
		unsigned int order = 0;

		while (order < MAX_ORDER - 1 && IS_ALIGNED(pfn, 2UL << order) &&
		       pfn + (2UL << order) <= stop)
			order++;
		blocks[order]++;
		pfn += 1UL << order;
	}
}

/* Free blocks by order: what the allocator has on its lists, and what it has not opened yet. */
static void count_free(struct zone *zone, unsigned long blocks[MAX_ORDER])
{
	unsigned long flags;
	u64 start, stop;

	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		blocks[order] = zone->free_area[order].nr_free;
	for (unsigned long pfn = zone->start_pfn; pfn < zone->end_pfn; pfn += SECTION_PAGES) {
		u64 from = (u64)pfn << PAGE_SHIFT, end = from + SECTION_SIZE;

		if (section_is_open(pfn))
			continue;
		for (; boot_mem_next_free(from, end, &start, &stop); from = stop)
			count_blocks(start, stop, blocks);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}

int buddyinfo_show(struct seq_file *m)
{
	unsigned long blocks[MAX_ORDER];
	struct zone *zone;

	for_each_zone(zone)
	{
		if (!populated(zone))
			continue;
		count_free(zone, blocks);
		seq_printf(m, "Node 0, zone %8s ", zone->name);
		for (unsigned int order = 0; order < MAX_ORDER; order++)
			seq_printf(m, "%6lu ", blocks[order]);
		seq_putc(m, '\n');
	}
	return 0;
}

static void show_node_stats(struct seq_file *m)
{
	struct page_stat stats[NR_NODE_PAGE_STATS];
	struct memory_counts counts;
	unsigned int n;

	count_memory(&counts);
	n = node_page_stats(&counts, stats);
	seq_puts(m, "\n  per-node stats");
	for (unsigned int i = 0; i < n; i++)
		seq_printf(m, "\n      %-12s %lu", stats[i].name, stats[i].value);
}

/* ---- The pages of one zone by their lists ---------------------------------------------------- */

struct zone_lists {
	unsigned long listed[NR_LRU_LISTS];
	unsigned long cached[2]; /* anonymous and of memory files; of files: listed or not */
};

static void count_listed(unsigned long flags, struct zone_lists *lists)
{
	bool file = !(flags & (BIT(PG_anon) | BIT(PG_swapbacked)));

	lists->cached[file]++;
	if (!(flags & BIT(PG_lru)))
		return;
	if (flags & BIT(PG_unevictable))
		lists->listed[LRU_UNEVICTABLE]++;
	else if (flags & BIT(PG_active))
		lists->listed[file ? LRU_ACTIVE_FILE : LRU_ACTIVE_ANON]++;
	else
		lists->listed[file ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON]++;
}

/* The lists are the node's: which of their pages are @zone's is found frame by frame. */
static void count_zone_lists(const struct zone *zone, struct zone_lists *lists)
{
	const unsigned long no_cache = BIT(PG_reserved) | BIT(PG_buddy) | BIT(PG_slab) |
				       BIT(PG_pcp) | BIT(PG_large) | BIT(PG_table);
	unsigned long any = 0;

	*lists = (struct zone_lists){};
	for (unsigned long pfn = zone->start_pfn; pfn < zone->end_pfn; pfn++) {
		unsigned long flags;

		if (pfn % SECTION_PAGES == 0) {
			cond_resched();
			if (!section_is_open(pfn)) {
				pfn += SECTION_PAGES - 1;
				continue;
			}
		}
		flags = READ_ONCE(pfn_to_page(pfn)->flags);
		if (!(flags & no_cache) && (flags & (BIT(PG_anon) | BIT(PG_cached))))
			count_listed(flags, lists);
	}
	for (enum lru_list list = 0; list < NR_LRU_LISTS; list++)
		any += lists->listed[list];
	if (any)
		return;
	/* Nothing is listed yet: all is inactive, as lru_pages() has it. */
	lists->listed[LRU_INACTIVE_ANON] = lists->cached[0];
	lists->listed[LRU_INACTIVE_FILE] = lists->cached[1];
}

static void show_zone_pages(struct seq_file *m, const struct zone *zone, unsigned long free)
{
	static const char *const names[] = {
		[LRU_INACTIVE_ANON] = "nr_zone_inactive_anon",
		[LRU_ACTIVE_ANON] = "nr_zone_active_anon",
		[LRU_INACTIVE_FILE] = "nr_zone_inactive_file",
		[LRU_ACTIVE_FILE] = "nr_zone_active_file",
		[LRU_UNEVICTABLE] = "nr_zone_unevictable",
	};
	struct zone_lists lists;

	count_zone_lists(zone, &lists);
	seq_printf(m, "\n      %-12s %lu", "nr_free_pages", free);
	for (enum lru_list list = 0; list < NR_LRU_LISTS; list++)
		seq_printf(m, "\n      %-12s %lu", names[list], lists.listed[list]);
}

/* The lists of single pages are the CPUs', not a zone's: they are shown with the first zone that
 * has memory. */
static void show_page_lists(struct seq_file *m)
{
	seq_puts(m, "\n  pagesets");
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		if (!(READ_ONCE(cpu_online_mask) & BIT(cpu)))
			continue;
		seq_printf(m,
			   "\n    cpu: %u\n              count: %u\n              high:  %u\n      "
			   "        batch: %u",
			   cpu, page_list_pages(&page_lists[cpu]), page_lists[cpu].high,
			   page_lists[cpu].high / 2);
	}
}

/* A watermark is the node's; each zone's share of it is by its size. */
static unsigned long zone_share(const struct zone *zone, unsigned long pages)
{
	return pages * zone->present_pages / totalram_pages();
}

static void show_zone(struct seq_file *m, const struct zone *zone, bool first)
{
	unsigned long free = READ_ONCE(zone->nr_free) + READ_ONCE(zone->nr_unopened);

	seq_printf(m, "Node 0, zone %8s", zone->name);
	if (first)
		show_node_stats(m);
	seq_printf(m,
		   "\n  pages free     %lu\n        boost    0\n        min      %lu\n     "
		   "   low      %lu\n        high     %lu",
		   free, zone_share(zone, node_data.min_free_pages),
		   zone_share(zone, node_data.low_free_pages),
		   zone_share(zone, node_data.high_free_pages));
	seq_printf(m,
		   "\n        spanned  %lu\n        present  %lu\n        managed  %lu\n   "
		   "     cma      0",
		   zone->end_pfn - zone->start_pfn, zone->present_pages,
		   zone->present_pages - READ_ONCE(zone->reserved_pages));
	seq_puts(m, "\n        protection: (0, 0)");
	show_zone_pages(m, zone, free);
	if (first)
		show_page_lists(m);
	seq_printf(m, "\n  node_unreclaimable:  0\n  start_pfn:           %lu\n", zone->start_pfn);
}

int zoneinfo_show(struct seq_file *m)
{
	bool first = true;
	struct zone *zone;

	for_each_zone(zone)
	{
		if (!populated(zone))
			continue;
		show_zone(m, zone, first);
		first = false;
	}
	return 0;
}
