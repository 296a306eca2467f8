/* SPDX-License-Identifier: MIT */
/* The buddy allocator of a zone, and the opening of RAM; the picture is in page/zone.h. */
#include "lib/kasan.h"
#include "base/panic.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "page/boot_mem.h"
#include "page/zone.h"

struct page *mem_map;
unsigned long max_pfn;
struct pglist_data node_data;

/* Bit n: the struct pages of section n are valid. Set under the zone lock; a reader that holds a
 * page needs none. */
static unsigned long *open_sections;

static unsigned long section_nr(unsigned long pfn)
{
	return pfn / SECTION_PAGES;
}

/* ---- Free lists ---------------------------------------------------------------------------- */

static void free_list_add(struct zone *zone, struct page *page, unsigned int order)
{
	struct free_area *area = &zone->free_area[order];

	page->flags |= BIT(PG_buddy);
	page->private = order;
	list_add(&page->lru, &area->list);
	area->nr_free++;
	zone->nonempty |= BIT(order);
}

static void free_list_del(struct zone *zone, struct page *page, unsigned int order)
{
	struct free_area *area = &zone->free_area[order];

	BUG_ON(!page_flag(page, PG_buddy) || page->private != order);
	page->flags &= ~BIT(PG_buddy);
	page->private = 0;
	__list_del_entry(&page->lru);
	if (--area->nr_free == 0)
		zone->nonempty &= ~BIT(order);
}

/* Return the upper halves of a block of @high until it has @low's size. */
static void buddy_split(struct zone *zone, struct page *page, unsigned int high, unsigned int low)
{
	while (high > low) {
		high--;
		free_list_add(zone, page + (1UL << high), high);
	}
}

static bool buddy_is_free(const struct page *page, unsigned int order)
{
	return page_flag(page, PG_buddy) && page->private == order;
}

void buddy_give(struct zone *zone, struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);

	zone->nr_free += 1UL << order;
	while (order < MAX_ORDER - 1) {
		struct page *buddy = pfn_to_page(pfn ^ (1UL << order));

		if (!buddy_is_free(buddy, order))
			break;
		free_list_del(zone, buddy, order);
		pfn &= ~(1UL << order);
		order++;
	}
	free_list_add(zone, pfn_to_page(pfn), order);
}

/* ---- Opening sections ---------------------------------------------------------------------- */

bool section_is_open(unsigned long pfn)
{
	return pfn < max_pfn && test_bit(section_nr(pfn), open_sections);
}

static unsigned long section_free_pages(unsigned long nr)
{
	u64 from = (u64)nr << SECTION_SHIFT, end = from + SECTION_SIZE, start, stop;
	unsigned long pages = 0;

	for (; boot_mem_next_free(from, end, &start, &stop); from = stop)
		pages += (stop - start) >> PAGE_SHIFT;
	return pages;
}

/* Add the free run of whole pages to the free lists as blocks as large as alignment allows. */
static void give_range(struct zone *zone, unsigned long pfn, unsigned long end)
{
	unsigned int order;

	for (; pfn < end; pfn += 1UL << order) {
		order = pfn ? min_t(unsigned int, __ffs(pfn), MAX_ORDER - 1) : MAX_ORDER - 1;
		while (pfn + (1UL << order) > end)
			order--;
		buddy_give(zone, pfn_to_page(pfn), order);
	}
}

static void init_struct_pages(struct page *page, unsigned long n, unsigned long flags, int refcount)
{
	struct page *end = page + n;

	for (; page < end; page++) {
		*page = (struct page){.flags = flags, ._mapcount = {-1}, ._refcount = {refcount}};
	}
}

static void section_open_locked(struct zone *zone, unsigned long nr)
{
	u64 from = (u64)nr << SECTION_SHIFT, end = from + SECTION_SIZE, start, stop;
	struct page *first = pfn_to_page(nr * SECTION_PAGES);
	bool whole = boot_mem_next_free(from, end, &start, &stop) && start == from && stop == end;

	if (!whole)
		init_struct_pages(first, SECTION_PAGES, BIT(PG_reserved), 1);
	__set_bit(nr, open_sections);
	for (; boot_mem_next_free(from, end, &start, &stop); from = stop) {
		unsigned long n = (stop - start) >> PAGE_SHIFT;

		init_struct_pages(pfn_to_page(start >> PAGE_SHIFT), n, 0, 0);
		kasan_poison(arch_phys_to_virt(start), stop - start);
		give_range(zone, start >> PAGE_SHIFT, stop >> PAGE_SHIFT);
		zone->nr_unopened -= n;
	}
}

void section_open(unsigned long pfn)
{
	struct zone *zone = page_zone(pfn_to_page(pfn));
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (!section_is_open(pfn))
		section_open_locked(zone, section_nr(pfn));
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Open the next section that has free pages; false if all are open. */
static bool open_next_section(struct zone *zone)
{
	unsigned long nr = zone->next_section, end = section_nr(zone->end_pfn);
	unsigned long before = zone->nr_free;

	while (zone->nr_unopened && nr < end) {
		if (!test_bit(nr, open_sections) && section_free_pages(nr))
			section_open_locked(zone, nr);
		zone->next_section = ++nr;
		if (zone->nr_free != before)
			return true;
	}
	return false;
}

/* ---- Taking -------------------------------------------------------------------------------- */

/* The smallest free block of at least @order, off its list, its order in *@found; opens RAM if need
 * be. */
static struct page *take_smallest(struct zone *zone, unsigned int order, unsigned int *found)
{
	unsigned long candidates;
	struct page *page;

	while (!(candidates = zone->nonempty & ~(BIT(order) - 1)))
		if (!open_next_section(zone))
			return NULL;
	*found = __ffs(candidates);
	page = list_first_entry(&zone->free_area[*found].list, struct page, lru);
	free_list_del(zone, page, *found);
	return page;
}

struct page *buddy_take(struct zone *zone, unsigned int order)
{
	unsigned int found;
	struct page *page = take_smallest(zone, order, &found);

	if (!page)
		return NULL;
	buddy_split(zone, page, found, order);
	zone->nr_free -= 1UL << order;
	return page;
}

unsigned int buddy_take_pages(struct zone *zone, struct page **pages, unsigned int n)
{
	unsigned int taken = 0, order, want, i;
	struct page *page;

	while (taken < n && (page = take_smallest(zone, 0, &order))) {
		want = ilog2(n - taken);
		if (order > want) {
			buddy_split(zone, page, order, want);
			order = want;
		}
		/* The stack's top is used first: let addresses rise. */
		for (i = 1U << order; i-- > 0;)
			pages[taken++] = page + i;
		zone->nr_free -= 1UL << order;
	}
	return taken;
}

/* ---- Boot ---------------------------------------------------------------------------------- */

static void zone_init(struct zone *zone, const char *name, unsigned long start_pfn,
		      unsigned long end_pfn)
{
	u64 from = (u64)start_pfn << PAGE_SHIFT, end = (u64)end_pfn << PAGE_SHIFT, start, stop;
	unsigned int order;

	*zone = (struct zone){.name = name, .start_pfn = start_pfn, .end_pfn = end_pfn};
	spin_lock_init(&zone->lock, "zone->lock", RANK_ZONE);
	for (order = 0; order < MAX_ORDER; order++)
		INIT_LIST_HEAD(&zone->free_area[order].list);
	for (; boot_mem_next_ram(from, end, &start, &stop); from = stop)
		zone->present_pages += (stop - start) >> PAGE_SHIFT;
	for (from = (u64)start_pfn << PAGE_SHIFT; boot_mem_next_free(from, end, &start, &stop);
	     from = stop)
		zone->nr_unopened += (stop - start) >> PAGE_SHIFT;
	zone->reserved_pages = zone->present_pages - zone->nr_unopened;
	zone->next_section = section_nr(start_pfn);
}

/* Struct pages of sections without RAM are never touched: the memory set aside for them is free. */
static void unreserve_mem_map_holes(u64 map, unsigned long nr_sections)
{
	const u64 map_bytes = SECTION_PAGES * sizeof(struct page);
	unsigned long nr;
	u64 start, stop;

	static_assert(SECTION_PAGES * sizeof(struct page) % PAGE_SIZE == 0,
		      "whole pages of mem_map");
	for (nr = 0; nr < nr_sections; nr++) {
		u64 from = (u64)nr << SECTION_SHIFT;

		if (!boot_mem_next_ram(from, from + SECTION_SIZE, &start, &stop))
			boot_mem_unreserve(map + nr * map_bytes, map + (nr + 1) * map_bytes);
	}
}

void buddy_init(void)
{
	unsigned long nr_sections, pfn;
	u64 bitmap_size, map;

	max_pfn = boot_mem_end() >> PAGE_SHIFT;
	nr_sections = DIV_ROUND_UP(max_pfn, SECTION_PAGES);
	bitmap_size = ALIGN((u64)BITS_TO_LONGS(nr_sections) * sizeof(long), PAGE_SIZE);
	map = boot_mem_alloc(nr_sections * SECTION_PAGES * sizeof(struct page) + bitmap_size,
			     PAGE_SIZE);
	if (!map)
		panic("not enough memory: %llu KiB of RAM", boot_mem_total() >> 10);
	mem_map = arch_phys_to_virt(map);
	open_sections = (void *)(mem_map + nr_sections * SECTION_PAGES);
	memset(open_sections, 0, bitmap_size);
	unreserve_mem_map_holes(map, nr_sections);

	pfn = nr_sections * SECTION_PAGES;
	zone_init(&node_data.zones[ZONE_DMA32], "DMA32", 0, min(pfn, DMA32_END_PFN));
	zone_init(&node_data.zones[ZONE_NORMAL], "Normal", DMA32_END_PFN, max(pfn, DMA32_END_PFN));
}
