/* SPDX-License-Identifier: MIT */
/* Who holds the pages: counters, and the recount that checks them (page_audit). */
#include "base/printk.h"
#include "page/zone.h"

/* Each CPU adds to its own line, atomically since interrupts do too. Only sums mean anything. */
static struct {
	atomic_long_t pages[NR_PAGE_OWNERS];
} __cacheline_aligned owner_counts[NR_CPUS];

void page_owner_add(enum page_owner owner, long delta)
{
	atomic_long_add(delta, &owner_counts[arch_cpu_id()].pages[owner]);
}

long page_owner_count(enum page_owner owner)
{
	unsigned int cpu;
	long sum = 0;

	for (cpu = 0; cpu < NR_CPUS; cpu++)
		sum += atomic_long_read(&owner_counts[cpu].pages[owner]);
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
