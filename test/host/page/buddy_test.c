/* SPDX-License-Identifier: MIT */
/* The buddy allocator against a bitmap, its accounting to the page, exhaustion and recovery. */
#include "test.h"

#include "../boot.h"
#include "base/fault_inject.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "page/slab.h"
#include "page/zone.h"

static void audit(void)
{
	CHECK_EQ(page_audit(), 0u);
}

TEST(boot_memory_adds_up)
{
	host_boot(64UL << 20, 1);
	CHECK_EQ(totalram_pages(), (64UL << 20) / PAGE_SIZE);
	CHECK_EQ(nr_free_pages() + reserved_pages(), totalram_pages());
	/* 64 bytes of struct page a frame, the holes' given back, and little else. */
	CHECK_LE(reserved_pages(), 16384 / 64 + 16 + 160);
	audit();
}

TEST(small_and_large_machines_boot)
{
	host_boot(2UL << 20, 1);
	CHECK_GE(nr_free_pages(), 350UL);
	audit();
}

/* Opening is lazy: a machine with much RAM pays for the little it uses. */
TEST(eight_gib_open_on_demand)
{
	unsigned long opened;
	struct page *page;

	host_boot(8UL << 30, 1);
	CHECK_EQ(totalram_pages(), (8UL << 30) / PAGE_SIZE);
	page = alloc_page(GFP_KERNEL);
	CHECK(page);
	CHECK(page_zone(page) == &node_data.zones[ZONE_NORMAL]);
	opened = node_data.zones[ZONE_NORMAL].nr_free + node_data.zones[ZONE_DMA32].nr_free;
	CHECK_LE(opened, 3 * SECTION_PAGES);
	page_owner_add(OWNER_KERNEL, 1);
	audit();
	put_page(page);
	page_owner_add(OWNER_KERNEL, -1);
	page = alloc_page(GFP_KERNEL | __GFP_DMA32);
	CHECK_LT(page_to_pfn(page), DMA32_END_PFN);
	put_page(page);
	audit();
}

/* ---- Model: a bit for each frame that is handed out ---------------------------------------- */

#define MODEL_PAGES 65536
#define MODEL_HELD  512

static DECLARE_BITMAP(taken, MODEL_PAGES);
static struct {
	struct page *page;
	unsigned int order;
} held[MODEL_HELD];
static unsigned int nr_held;
static unsigned long pages_held;

static void model_take(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), i;

	CHECK(IS_ALIGNED(pfn, 1UL << order));
	CHECK(pfn_valid(pfn) && pfn_valid(pfn + (1UL << order) - 1));
	CHECK_EQ(page_count(page), 1);
	CHECK_EQ(page_mapcount(page), 0);
	CHECK_EQ(page->flags, 0UL);
	for (i = pfn; i < pfn + (1UL << order); i++) {
		CHECK_LT(i, (unsigned long)MODEL_PAGES);
		CHECK(!test_bit(i, taken));
		__set_bit(i, taken);
	}
	memset(page_address(page), 0x11, PAGE_SIZE << order);
	held[nr_held].page = page;
	held[nr_held++].order = order;
	pages_held += 1UL << order;
	page_owner_add(OWNER_KERNEL, 1L << order);
}

static void model_give(unsigned int i)
{
	struct page *page = held[i].page;
	unsigned int order = held[i].order;

	bitmap_clear(taken, page_to_pfn(page), 1UL << order);
	pages_held -= 1UL << order;
	page_owner_add(OWNER_KERNEL, -(1L << order));
	held[i] = held[--nr_held];
	if (!order && test_random_below(2))
		put_page(page);
	else
		__free_pages(page, order);
}

static unsigned int random_order(void)
{
	/* Small ones are frequent, as in life. */
	unsigned int order = 0;

	while (order < MAX_ORDER - 1 && test_random_below(3) == 0)
		order++;
	return test_random_below(16) ? order : test_random_below(MAX_ORDER);
}

TEST(buddy_against_bitmap)
{
	unsigned long free_at_start;
	unsigned int step, phase;

	host_boot(64UL << 20, 4);
	free_at_start = nr_free_pages();
	for (step = 0; step < test_rounds(20000); step++) {
		phase = step / 1000 % 2; /* grow, shrink, grow... */
		host_set_cpu(test_random_below(4));
		if (nr_held < MODEL_HELD && test_random_below(100) < (phase ? 35 : 65)) {
			unsigned int order = random_order();
			struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);

			if (page)
				model_take(page, order);
			else
				CHECK_LT(nr_free_pages(), free_at_start);
		} else if (nr_held) {
			model_give(test_random_below(nr_held));
		}
		CHECK_EQ(nr_free_pages(), free_at_start - pages_held);
		if (step % 500 == 0)
			audit();
	}
	while (nr_held)
		model_give(0);
	audit();
	CHECK_EQ(nr_free_pages(), free_at_start);
	/* Everything has merged again: blocks are as large as alignment allows, which the audit
	 * checked. */
	drain_page_lists();
	audit();
}

static struct page *exhaust(gfp_t gfp, unsigned int order)
{
	struct page *list = NULL, *page;

	while ((page = alloc_pages(gfp | __GFP_NOWARN, order))) {
		page->mapping = list;
		list = page;
	}
	return list;
}

static void release(struct page *list, unsigned int order)
{
	struct page *next;

	for (; list; list = next) {
		next = list->mapping;
		__free_pages(list, order);
	}
}

TEST(exhaustion_fails_and_recovers)
{
	unsigned long before;
	struct page *list;
	unsigned int order;

	host_boot(32UL << 20, 2);
	before = nr_free_pages();
	for (order = 0; order < MAX_ORDER; order += 3) {
		list = exhaust(GFP_ATOMIC, order);
		if (!order)
			CHECK_EQ(nr_free_pages(), 0UL);
		CHECK(!alloc_pages(GFP_ATOMIC | __GFP_NOWARN, order));
		release(list, order);
		CHECK_EQ(nr_free_pages(), before);
		audit();
	}
}

TEST(pages_on_another_cpus_list_are_found)
{
	struct page *page, *list;

	host_boot(8UL << 20, 2);
	page = alloc_page(GFP_KERNEL);
	host_set_cpu(1);
	put_page(page);
	host_set_cpu(0);
	list = exhaust(GFP_ATOMIC, 0);
	CHECK_EQ(nr_free_pages(), 0UL);
	release(list, 0);
	audit();
}

TEST(user_pages_leave_a_reserve)
{
	struct page *user, *page;

	host_boot(16UL << 20, 1);
	user = exhaust(GFP_USER, 0);
	CHECK_GE(nr_free_pages(), node_data.min_free_pages / 2);
	page = alloc_page(GFP_KERNEL);
	CHECK(page);
	put_page(page);
	release(user, 0);
	audit();
}

static unsigned int reclaims;
static struct page *reclaimable;

static bool reclaim_one(gfp_t gfp, unsigned int order)
{
	struct page *page = reclaimable;

	reclaims++;
	if (!page)
		return false;
	reclaimable = page->mapping;
	put_page(page);
	return true;
}

TEST(reclaim_hook_saves_allocations_that_may_wait)
{
	struct page *page;

	host_boot(8UL << 20, 1);
	reclaimable = exhaust(GFP_ATOMIC, 0);
	reclaim_hook = reclaim_one;
	CHECK(!alloc_page(GFP_ATOMIC | __GFP_NOWARN));
	CHECK_EQ(reclaims, 0u);
	page = alloc_page(GFP_KERNEL);
	CHECK(page);
	CHECK_EQ(reclaims, 1u);
	put_page(page);
	release(reclaimable, 0);
	reclaimable = NULL;
	page = exhaust(GFP_ATOMIC, 0);
	CHECK(!alloc_pages(GFP_KERNEL | __GFP_NOWARN, 9));
	CHECK_EQ(reclaims, 2u);
	release(page, 0);
	audit();
}

TEST(injected_failures_hit_the_nth_allocation)
{
	struct page *pages[4] = {NULL};
	unsigned int i;

	host_boot(8UL << 20, 1);
	fault_inject_nth(3);
	for (i = 0; i < 4; i++)
		pages[i] = alloc_page(GFP_KERNEL);
	CHECK(pages[0] && pages[1] && !pages[2] && pages[3]);
	CHECK(fault_inject_fired());
	CHECK_EQ(fault_inject_count(), 4UL);
	fault_inject_nth(1);
	CHECK(alloc_page(GFP_KERNEL | __GFP_NOFAIL_INJECT) != NULL);
	fault_inject_nth(0);
	CHECK(alloc_page(GFP_KERNEL) != NULL);
}

TEST(zeroed_pages_are_zero)
{
	unsigned long addr;
	unsigned int i;

	host_boot(8UL << 20, 1);
	for (i = 0; i < 100; i++) {
		addr = __get_free_pages(GFP_KERNEL | __GFP_ZERO, 1);
		CHECK(!memchr_inv((void *)addr, 0, 2 * PAGE_SIZE));
		memset((void *)addr, 0xff, 2 * PAGE_SIZE);
		free_pages(addr, 1);
	}
	CHECK(!memchr_inv(page_address(zero_page), 0, PAGE_SIZE));
	CHECK(page_flag(zero_page, PG_reserved));
}

TEST(reserved_ranges_can_be_given_back)
{
	u64 start = 20UL << 20, end = start + (9UL << 20) + PAGE_SIZE;
	unsigned long before, pfn = start >> PAGE_SHIFT;

	host_power_on(64UL << 20, 1);
	boot_info.initrd_start = start + 5;
	boot_info.initrd_end = end - 5;
	page_init();
	before = nr_free_pages();
	CHECK_EQ(before + reserved_pages(), totalram_pages());
	/* Part of it open, part not. */
	section_open(pfn);
	CHECK(page_flag(pfn_to_page(pfn), PG_reserved));
	audit();
	free_reserved_range(start, end);
	CHECK_EQ(nr_free_pages(), before + ((end - start) >> PAGE_SHIFT));
	CHECK(!page_flag(pfn_to_page(pfn), PG_reserved));
	audit();
	release(exhaust(GFP_KERNEL, 0), 0);
	audit();
}

/* ---- What must be noticed ------------------------------------------------------------------ */

TEST(audit_notices_a_lost_page)
{
	struct page *page;

	host_boot(8UL << 20, 1);
	page = alloc_page(GFP_KERNEL);
	CHECK_EQ(page_audit(), 1u); /* allocated, and nobody says that it owns it */
	put_page(page);
	audit();
}

TEST(audit_notices_a_damaged_free_page)
{
	struct page *page;

	host_boot(32UL << 20, 1);
	release(exhaust(GFP_KERNEL, 0), 0);
	drain_page_lists();
	page = list_first_entry(&node_data.zones[0].free_area[MAX_ORDER - 1].list, struct page,
				lru);
	page[5]._refcount.counter = 1;
	CHECK_EQ(page_audit(), 1u);
	page[5]._refcount.counter = 0;
	page->private = 3;
	CHECK_GE(page_audit(), 1u);
}
