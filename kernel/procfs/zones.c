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
	struct page_census census;

	take_page_census(&census);
	seq_puts(m, "\n  per-node stats");
	seq_printf(m, "\n      %-12s %lu", "nr_slab_reclaimable", 0UL);
	seq_printf(m, "\n      %-12s %ld", "nr_slab_unreclaimable", page_owner_count(OWNER_SLAB));
	seq_printf(m, "\n      %-12s %ld", "nr_anon_pages", page_owner_count(OWNER_ANON));
	seq_printf(m, "\n      %-12s %lu", "nr_mapped", census.mapped_file);
	seq_printf(m, "\n      %-12s %ld", "nr_file_pages",
		   page_owner_count(OWNER_FILE) + page_owner_count(OWNER_SHMEM));
	seq_printf(m, "\n      %-12s %lu", "nr_dirty", census.dirty);
	seq_printf(m, "\n      %-12s %lu", "nr_writeback", census.writeback);
	seq_printf(m, "\n      %-12s %ld", "nr_shmem", page_owner_count(OWNER_SHMEM));
	seq_printf(m, "\n      %-12s %ld", "nr_kernel_stack",
		   pages_to_kib(page_owner_count(OWNER_STACK)));
	seq_printf(m, "\n      %-12s %ld", "nr_page_table_pages", page_owner_count(OWNER_TABLE));
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

int zoneinfo_show(struct seq_file *m)
{
	unsigned long total = totalram_pages();
	bool first = true;
	struct zone *zone;

	for_each_zone(zone)
	{
		unsigned long free, reserve;

		if (!populated(zone))
			continue;
		free = READ_ONCE(zone->nr_free) + READ_ONCE(zone->nr_unopened);
		/* The reserve is the node's; each zone's share of it is by its size. All three
		 * marks are one. */
		reserve = node_data.min_free_pages * zone->present_pages / total;
		seq_printf(m, "Node 0, zone %8s", zone->name);
		if (first)
			show_node_stats(m);
		seq_printf(m,
			   "\n  pages free     %lu\n        boost    0\n        min      %lu\n     "
			   "   low      %lu\n        high     %lu",
			   free, reserve, reserve, reserve);
		seq_printf(m,
			   "\n        spanned  %lu\n        present  %lu\n        managed  %lu\n   "
			   "     cma      0",
			   zone->end_pfn - zone->start_pfn, zone->present_pages,
			   zone->present_pages - READ_ONCE(zone->reserved_pages));
		seq_printf(m, "\n        protection: (0, 0)\n      %-12s %lu", "nr_free_pages",
			   free);
		if (first)
			show_page_lists(m);
		seq_printf(m, "\n  node_unreclaimable:  0\n  start_pfn:           %lu\n",
			   zone->start_pfn);
		first = false;
	}
	return 0;
}
