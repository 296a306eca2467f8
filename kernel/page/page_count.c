/* SPDX-License-Identifier: MIT */
/* Who holds the pages: counters, and the recount that checks them (page_audit). */
#include "base/printk.h"
#include "page/zone.h"

struct page_owner_counts page_owner_counts[NR_CPUS];

long page_owner_count(enum page_owner owner)
{
	unsigned int cpu;
	long sum = 0;

	for (cpu = 0; cpu < NR_CPUS; cpu++)
		sum += atomic_long_read(&page_owner_counts[cpu].pages[owner]);
	return sum;
}

unsigned long nr_free_pages(void)
{
	unsigned long free = 0;
	struct zone *zone;
	unsigned int cpu;

	for_each_zone(zone) free += READ_ONCE(zone->nr_free) + READ_ONCE(zone->nr_unopened);
	for (cpu = 0; cpu < NR_CPUS; cpu++)
		free += page_list_pages(&page_lists[cpu]);
	return free;
}

unsigned long totalram_pages(void)
{
	unsigned long total = 0;
	struct zone *zone;

	for_each_zone(zone) total += zone->present_pages;
	return total;
}

unsigned long reserved_pages(void)
{
	unsigned long reserved = 0;
	struct zone *zone;

	for_each_zone(zone) reserved += READ_ONCE(zone->reserved_pages);
	return reserved;
}
