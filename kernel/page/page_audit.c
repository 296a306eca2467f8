/* SPDX-License-Identifier: MIT */
/*
 * The recount of physical memory: what the free lists hold against what page flags say against the
 * counters, and free + owners + reserved = total to the page.
 */
#include "lib/string.h"
#include "base/printk.h"
#include "page/boot_mem.h"
#include "page/zone.h"

static unsigned int problems;

#define AUDIT(cond, fmt, ...)                                                                      \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			problems++;                                                                \
			printk("page audit: " fmt, __VA_ARGS__);                                   \
		}                                                                                  \
	} while (0)

static bool page_is_idle(const struct page *page)
{
	return page_count(page) == 0 && page_mapcount(page) == 0;
}

static void audit_block(const struct zone *zone, const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), i, n = 1UL << order;
	const struct page *buddy = pfn_to_page(pfn ^ n);

	AUDIT((page->flags & ~BIT(PG_poison)) == BIT(PG_buddy) && page->private == order,
	      "frame %lx on list %u has flags %lx, order %lu", pfn, order, page->flags,
	      page->private);
	AUDIT(IS_ALIGNED(pfn, n) && pfn >= zone->start_pfn && pfn + n <= zone->end_pfn,
	      "block %lx order %u is misplaced", pfn, order);
	AUDIT(order == MAX_ORDER - 1 || !page_flag(buddy, PG_buddy) || buddy->private != order,
	      "buddies %lx and %lx order %u are both free", pfn, pfn ^ n, order);
	for (i = 0; i < n; i++)
		AUDIT(page_is_idle(page + i) && (!i || !(page[i].flags & ~BIT(PG_poison))),
		      "free frame %lx in block %lx has flags %lx, %d references", pfn + i, pfn,
		      page[i].flags, page_count(page + i));
}

/* Walk the lists; returns the pages on them. */
static unsigned long audit_free_lists(const struct zone *zone)
{
	unsigned long total = 0, blocks;
	const struct page *page;
	unsigned int order;

	for (order = 0; order < MAX_ORDER; order++) {
		const struct free_area *area = &zone->free_area[order];

		blocks = 0;
		list_for_each_entry (page, &area->list, lru) {
			audit_block(zone, page, order);
			blocks++;
		}
		AUDIT(blocks == area->nr_free, "%s order %u: %lu blocks, counted as %lu",
		      zone->name, order, blocks, area->nr_free);
		AUDIT(!!blocks == !!(zone->nonempty & BIT(order)),
		      "%s order %u: nonempty bit is wrong", zone->name, order);
		total += blocks << order;
	}
	return total;
}

/* Walk the struct pages of open sections; pages that flags say are in the buddy lists, on CPUs'
 * lists, in unopened RAM. */
static void audit_frames(const struct zone *zone, unsigned long *buddy, unsigned long *pcp,
			 unsigned long *unopened)
{
	unsigned long pfn = zone->start_pfn;
	u64 start, stop;

	while (pfn < zone->end_pfn) {
		const struct page *page = pfn_to_page(pfn);

		if (!section_is_open(pfn)) {
			u64 from = (u64)pfn << PAGE_SHIFT, end = from + SECTION_SIZE;

			for (; boot_mem_next_free(from, end, &start, &stop); from = stop)
				*unopened += (stop - start) >> PAGE_SHIFT;
			pfn += SECTION_PAGES;
		} else if (page_flag(page, PG_buddy)) {
			*buddy += 1UL << page->private;
			pfn += 1UL << page->private;
		} else {
			*pcp += page_flag(page, PG_pcp);
			pfn++;
		}
	}
}

static void audit_listed(const struct page *page, unsigned int cpu)
{
	AUDIT((page->flags & ~BIT(PG_poison)) == BIT(PG_pcp) && page_is_idle(page),
	      "frame %lx on CPU %u's list has flags %lx, %d references", page_to_pfn(page), cpu,
	      page->flags, page_count(page));
}

static unsigned long audit_page_lists(void)
{
	unsigned long total = 0;
	unsigned int cpu, i;

	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		const struct page_list *pl = &page_lists[cpu];

		AUDIT(pl->count <= pl->high, "CPU %u lists %u pages of %u", cpu, pl->count,
		      pl->high);
		for (i = 0; i < pl->count; i++)
			audit_listed(pl->pages[i], cpu);
		for (i = 0; i < pl->zeroed_count; i++) {
			audit_listed(pl->zeroed[i], cpu);
			AUDIT(!memchr_inv(page_address(pl->zeroed[i]), 0, PAGE_SIZE),
			      "frame %lx on CPU %u's list is not zero", page_to_pfn(pl->zeroed[i]),
			      cpu);
		}
		total += pl->count + pl->zeroed_count;
	}
	return total;
}

static void audit_owners(void)
{
	static const char *const names[] = {"anon", "file",  "shmem", "table",
					    "slab", "stack", "kernel"};
	unsigned long total = totalram_pages(), free = nr_free_pages(), reserved = reserved_pages();
	enum page_owner owner;
	long owned = 0;

	static_assert(ARRAY_SIZE(names) == NR_PAGE_OWNERS, "a name for each owner");
	for (owner = 0; owner < NR_PAGE_OWNERS; owner++) {
		owned += page_owner_count(owner);
		AUDIT(page_owner_count(owner) >= 0, "owner %s holds %ld pages", names[owner],
		      page_owner_count(owner));
	}
	if (free + owned + reserved == total)
		return;
	AUDIT(false, "free %lu + owned %ld + reserved %lu is not the total %lu", free, owned,
	      reserved, total);
	for (owner = 0; owner < NR_PAGE_OWNERS; owner++)
		printk("  %-6s %ld", names[owner], page_owner_count(owner));
}

unsigned int page_audit(void)
{
	unsigned long flags, listed, buddy, unopened, pcp = 0;
	struct zone *zone;

	problems = 0;
	for_each_zone(zone)
	{
		buddy = unopened = 0;
		spin_lock_irqsave(&zone->lock, flags);
		listed = audit_free_lists(zone);
		audit_frames(zone, &buddy, &pcp, &unopened);
		AUDIT(listed == zone->nr_free && listed == buddy,
		      "%s: %lu pages listed, %lu by their flags, counted as %lu", zone->name,
		      listed, buddy, zone->nr_free);
		AUDIT(unopened == zone->nr_unopened, "%s: %lu pages unopened, counted as %lu",
		      zone->name, unopened, zone->nr_unopened);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	listed = audit_page_lists();
	AUDIT(listed == pcp, "%lu pages on CPUs' lists, %lu by their flags", listed, pcp);
	audit_owners();
	return problems;
}
