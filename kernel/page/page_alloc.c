/* SPDX-License-Identifier: MIT */
/*
 * alloc_pages() and put_page(): per-CPU stacks of single pages in front of the zones, the checks
 * that every page passes on its way in and out, and the counting of who holds what.
 *
 * Interrupts allocate too, so a CPU's stack is used with interrupts off; its lock is for others who
 * drain it.
 */
#include "base/fault_inject.h"
#include "lib/kasan.h"
#include "base/panic.h"
#include "lib/string.h"
#include "page/boot_mem.h"
#include "page/slab.h"
#include "page/zone.h"

#define POISON_FREE_PAGE 0xaa

/* A page with one of these is not free to go. */
#define FLAGS_BAD_AT_FREE                                                                          \
	(BIT(PG_locked) | BIT(PG_reserved) | BIT(PG_buddy) | BIT(PG_slab) | BIT(PG_table) |        \
	 BIT(PG_swapcache) | BIT(PG_writeback) | BIT(PG_waiters) | BIT(PG_pcp) | BIT(PG_large) |   \
	 BIT(PG_cached))

struct page_list page_lists[NR_CPUS];
struct page *zero_page;
bool (*reclaim_hook)(gfp_t gfp, unsigned int order);
void (*wake_reclaim_hook)(void);
void (*lru_freed_hook)(struct page *page, unsigned long flags);
bool (*oom_hook)(gfp_t gfp, unsigned int order, u64 *since);
bool (*reserve_hook)(void);

static __noreturn void bad_page(const struct page *page, const char *what)
{
	panic("%s: page frame %lx flags %lx refcount %d mapcount %d private %lx owner %lx", what,
	      page_to_pfn(page), page->flags, page_count(page), page_mapcount(page), page->private,
	      page->owner_word);
}

/* ---- Checks and poison --------------------------------------------------------------------- */

/* Both counts at once: they are neighbours, and nobody else uses a page that comes or goes. */
static u64 page_counts(const struct page *page)
{
	return *(const u64 *)&page->_mapcount;
}

static void set_page_counts(struct page *page, s32 mapcount, s32 refcount)
{
	static_assert(offsetof(struct page, _refcount) == offsetof(struct page, _mapcount) + 4 &&
			      offsetof(struct page, _mapcount) % 8 == 0,
		      "counts are read as one word");
	*(u64 *)&page->_mapcount = (u32)mapcount | (u64)(u32)refcount << 32;
}

#define COUNTS(mapcount, refcount) ((u64)(u32)(mapcount) | (u64)(u32)(refcount) << 32)

static void poison_check(struct page *page)
{
	const u8 *bad;

	if (!page_flag(page, PG_poison))
		return;
	bad = memchr_inv(page_address(page), POISON_FREE_PAGE, PAGE_SIZE);
	if (bad) {
		printk("offset %lx holds %02x", (unsigned long)offset_in_page(bad), *bad);
		bad_page(page, "written to after it was freed");
	}
}

/* A page leaves the free lists: @flags is what a good one has. */
static __always_inline void page_leaves(struct page *page, unsigned long flags,
					unsigned long caller)
{
	if (unlikely((page->flags & ~BIT(PG_poison)) != flags ||
		     page_counts(page) != COUNTS(-1, 0)))
		bad_page(page, "free page is damaged");
	kasan_unpoison(page_address(page), PAGE_SIZE);
	if (QUIRE_DEBUG) {
		poison_check(page);
		page->owner_word = caller;
	}
	page->flags = 0;
	page->mapping = NULL;
	page->private = 0;
}

/* A page with @flags is on an LRU list, or it is not free to go. */
static noinline void page_returns_odd(struct page *page, unsigned long flags)
{
	if (flags & FLAGS_BAD_AT_FREE) {
		page->flags = flags;
		bad_page(page, "freeing a page in use");
	}
	lru_freed_hook(page, flags);
}

/* A page goes back. @refcount: what it may still have. */
static __always_inline void page_returns(struct page *page, s32 refcount, unsigned long flags)
{
	/* At once: who looks for pages to put on an LRU list does so by these. */
	unsigned long old = xchg(&page->flags, flags);
	u64 counts = page_counts(page);

	if (unlikely(old & (FLAGS_BAD_AT_FREE | BIT(PG_lru))))
		page_returns_odd(page, old);
	if (unlikely(counts != COUNTS(-1, 0))) {
		if (counts != COUNTS(-1, refcount))
			bad_page(page, "freeing a page with users");
		set_page_counts(page, -1, 0);
	}
	if (old & BIT(PG_anon))
		page_owner_add(OWNER_ANON, -1);
	if (QUIRE_DEBUG) {
		memset(page_address(page), POISON_FREE_PAGE, PAGE_SIZE);
		page->flags |= BIT(PG_poison);
	}
	kasan_poison(page_address(page), PAGE_SIZE);
}

/* ---- Per-CPU lists ------------------------------------------------------------------------- */

/*
 * How many pages an allocation may take: all above what its like leaves to others. User pages leave
 * a reserve, with which the kernel can clean up after those who ate the rest; what may wait leaves a
 * part of that to what may not. Who is to die goes half as deep again, to die the sooner.
 */
static unsigned long pages_to_have(gfp_t gfp)
{
	unsigned long keep = node_data.min_free_pages, free = nr_free_pages();

	if (free < node_data.low_free_pages)
		WRITE_ONCE(node_data.wake_reclaim, true);
	if (!(gfp & __GFP_MOVABLE))
		keep = gfp & __GFP_WAIT ? keep / 4 : 0;
	if (unlikely(free <= keep) && reserve_hook && reserve_hook())
		keep /= 2;
	return free > keep ? free - keep : 0;
}

/* pages_to_have() saw that memory gets short: tell kswapd, now that no lock is held. */
static __always_inline void wake_reclaim(void)
{
	if (unlikely(READ_ONCE(node_data.wake_reclaim)) && wake_reclaim_hook) {
		WRITE_ONCE(node_data.wake_reclaim, false);
		wake_reclaim_hook();
	}
}

static void page_list_refill(struct page_list *pl, gfp_t gfp)
{
	struct zone *zone = &node_data.zones[MAX_NR_ZONES];
	unsigned int n = min(pages_to_have(gfp), pl->high / 2ul), i;

	while (n && !pl->count && zone-- > node_data.zones) {
		spin_lock(&zone->lock);
		pl->count = buddy_take_pages(zone, pl->pages, n);
		spin_unlock(&zone->lock);
	}
	for (i = 0; i < pl->count; i++)
		pl->pages[i]->flags |= BIT(PG_pcp);
}

/* Return the @n pages at the bottom, those unused for longest. */
static void page_list_shed(struct page_list *pl, unsigned int n)
{
	struct zone *locked = NULL;
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct page *page = pl->pages[i];
		struct zone *zone = page_zone(page);

		if (zone != locked) {
			if (locked)
				spin_unlock(&locked->lock);
			spin_lock(&zone->lock);
			locked = zone;
		}
		page->flags &= ~BIT(PG_pcp);
		buddy_give(zone, page, 0);
	}
	if (locked)
		spin_unlock(&locked->lock);
	pl->count -= n;
	memmove(pl->pages, pl->pages + n, pl->count * sizeof(pl->pages[0]));
}

/* The pages full of zeros join the others. Lock held, interrupts off. */
static void page_list_mix(struct page_list *pl)
{
	while (pl->zeroed_count) {
		if (pl->count == pl->high)
			page_list_shed(pl, pl->high / 2);
		pl->pages[pl->count++] = pl->zeroed[--pl->zeroed_count];
	}
}

/* A page off this CPU's list, which is filled up first if it is empty; NULL when that fails. */
static struct page *page_list_take(gfp_t gfp)
{
	unsigned long flags = arch_irq_save();
	struct page_list *pl = &page_lists[arch_cpu_id()];
	struct page *page = NULL;

	spin_lock(&pl->lock);
	if (!pl->count)
		page_list_refill(pl, gfp);
	if (!pl->count)
		page_list_mix(pl);
	if (pl->count)
		page = pl->pages[--pl->count];
	spin_unlock(&pl->lock);
	arch_irq_restore(flags);
	return page;
}

/* The same for the frequent case only: the list has a page and nobody drains it. Else NULL. */
static __always_inline struct page *page_list_try_take(void)
{
	unsigned long flags = arch_irq_save();
	struct page_list *pl = &page_lists[arch_cpu_id()];
	struct page *page = NULL;

	if (likely(spin_trylock(&pl->lock))) {
		if (likely(pl->count))
			page = pl->pages[--pl->count];
		spin_unlock(&pl->lock);
	}
	arch_irq_restore(flags);
	return page;
}

/* A page that is full of zeros, if this CPU has one. Else NULL. */
static __always_inline struct page *page_list_try_take_zeroed(void)
{
	unsigned long flags = arch_irq_save();
	struct page_list *pl = &page_lists[arch_cpu_id()];
	struct page *page = NULL;

	if (pl->zeroed_count && spin_trylock(&pl->lock)) {
		if (pl->zeroed_count)
			page = pl->zeroed[--pl->zeroed_count];
		spin_unlock(&pl->lock);
	}
	arch_irq_restore(flags);
	return page;
}

static bool page_list_try_give_zeroed(struct page *page)
{
	unsigned long flags = arch_irq_save();
	struct page_list *pl = &page_lists[arch_cpu_id()];
	bool given = false;

	if (spin_trylock(&pl->lock)) {
		if (pl->zeroed_count < pl->zeroed_high) {
			pl->zeroed[pl->zeroed_count++] = page;
			given = true;
		}
		spin_unlock(&pl->lock);
	}
	arch_irq_restore(flags);
	return given;
}

static noinline void page_list_give(struct page *page)
{
	unsigned long flags = arch_irq_save();
	struct page_list *pl = &page_lists[arch_cpu_id()];

	spin_lock(&pl->lock);
	if (pl->count == pl->high)
		page_list_shed(pl, pl->high / 2);
	pl->pages[pl->count++] = page;
	spin_unlock(&pl->lock);
	arch_irq_restore(flags);
}

static __always_inline bool page_list_try_give(struct page *page)
{
	unsigned long flags = arch_irq_save();
	struct page_list *pl = &page_lists[arch_cpu_id()];
	bool given = false;

	if (likely(spin_trylock(&pl->lock))) {
		if (likely(pl->count < pl->high)) {
			pl->pages[pl->count++] = page;
			given = true;
		}
		spin_unlock(&pl->lock);
	}
	arch_irq_restore(flags);
	return given;
}

void drain_page_lists(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		struct page_list *pl = &page_lists[cpu];
		unsigned long flags;

		spin_lock_irqsave(&pl->lock, flags);
		page_list_mix(pl);
		page_list_shed(pl, pl->count);
		spin_unlock_irqrestore(&pl->lock, flags);
	}
}

/* ---- Allocating ---------------------------------------------------------------------------- */

static struct page *zones_take(gfp_t gfp, unsigned int order)
{
	struct zone *zone = &node_data.zones[gfp & __GFP_DMA32 ? ZONE_NORMAL : MAX_NR_ZONES];
	struct page *page = NULL;

	if (pages_to_have(gfp) < 1ul << order)
		return NULL;
	while (!page && zone-- > node_data.zones) {
		unsigned long flags;

		spin_lock_irqsave(&zone->lock, flags);
		page = buddy_take(zone, order);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	return page;
}

/* A page or block off the free lists; *@flags is what its pages have set. */
static struct page *free_lists_take(gfp_t gfp, unsigned int order, unsigned long *flags)
{
	if (!order && !(gfp & __GFP_DMA32)) {
		*flags = BIT(PG_pcp);
		return page_list_take(gfp);
	}
	*flags = 0;
	return zones_take(gfp, order);
}

/* Free what mm/ can spare, then what the kernel keeps for speed only. */
static struct page *take_after_reclaim(gfp_t gfp, unsigned int order, unsigned long *flags)
{
	u64 since = 0;
	struct page *page;
	unsigned int tries;

	drain_page_lists();
	page = free_lists_take(gfp, order, flags);
	if (page || !(gfp & __GFP_WAIT))
		return page;
	/* Single pages come sooner or later, if any can be freed; pages side by side perhaps not. */
	for (tries = 0; !page && tries < (order ? 8 : ~0u) && reclaim_hook; tries++) {
		if (!reclaim_hook(gfp, order))
			break;
		page = free_lists_take(gfp, order, flags);
		if (!page) {
			drain_page_lists();
			page = free_lists_take(gfp, order, flags);
		}
	}
	if (page)
		return page;
	slab_drain();
	if (!arch_irqs_disabled())
		kernel_stack_drain();
	drain_page_lists();
	page = free_lists_take(gfp, order, flags);
	while (!page && oom_hook && oom_hook(gfp, order, &since)) {
		drain_page_lists();
		page = free_lists_take(gfp, order, flags);
	}
	return page;
}

static void warn_failure(gfp_t gfp, unsigned int order)
{
	static u64 next_warning; /* racy: a line more or less */
	u64 now = arch_clock_ns();

	if ((gfp & __GFP_NOWARN) || now < next_warning)
		return;
	/* Of one who is to die anyway. */
	if ((gfp & __GFP_WAIT) && reserve_hook && reserve_hook())
		return;
	next_warning = now + NSEC_PER_SEC;
	printk("page allocation failure: order %u, gfp 0x%x, %lu pages free", order, gfp,
	       nr_free_pages());
}

/* All but the hot path. */
static noinline struct page *alloc_pages_slow(gfp_t gfp, unsigned int order, unsigned long caller)
{
	unsigned long flags;
	struct page *page;
	unsigned int i;

	page = free_lists_take(gfp, order, &flags);
	if (gfp & __GFP_WAIT)
		wake_reclaim();
	if (!page)
		page = take_after_reclaim(gfp, order, &flags);
	if (!page) {
		warn_failure(gfp, order);
		return NULL;
	}
	for (i = 0; i < 1U << order; i++) {
		page_leaves(page + i, flags, caller);
		if (gfp & __GFP_ZERO)
			arch_clear_page(page_address(page + i));
	}
	set_page_counts(page, -1, 1);
	return page;
}

static bool may_allocate(gfp_t gfp)
{
	if (QUIRE_DEBUG && (gfp & __GFP_WAIT))
		lock_check_may_sleep();
	return !should_fail_alloc() || (gfp & __GFP_NOFAIL_INJECT);
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	if (order >= MAX_ORDER || !may_allocate(gfp))
		return NULL;
	return alloc_pages_slow(gfp, order, (unsigned long)__builtin_return_address(0));
}

struct page *alloc_page(gfp_t gfp)
{
	unsigned long caller = (unsigned long)__builtin_return_address(0);
	struct page *page = NULL;

	if (unlikely(!may_allocate(gfp)))
		return NULL;
	if (likely(!(gfp & __GFP_DMA32)))
		page = page_list_try_take();
	if (unlikely(!page))
		return alloc_pages_slow(gfp, 0, caller);
	page_leaves(page, BIT(PG_pcp), caller);
	set_page_counts(page, -1, 1);
	if (gfp & __GFP_ZERO)
		arch_clear_page(page_address(page));
	return page;
}

struct page *alloc_zeroed_page(gfp_t gfp)
{
	struct page *page;

	if (QUIRE_DEBUG || !page_lists[arch_cpu_id()].zeroed_count)
		return alloc_page(gfp | __GFP_ZERO);
	if (!may_allocate(gfp))
		return NULL;
	page = page_list_try_take_zeroed();
	if (!page)
		return alloc_pages_slow(gfp | __GFP_ZERO, 0,
					(unsigned long)__builtin_return_address(0));
	page_leaves(page, BIT(PG_pcp), 0);
	set_page_counts(page, -1, 1);
	return page;
}

static __always_inline void free_single(struct page *page)
{
	page_returns(page, 1, BIT(PG_pcp));
	if (unlikely(!page_list_try_give(page)))
		page_list_give(page);
}

void free_zeroed_page(struct page *page)
{
	if (QUIRE_DEBUG) {
		if (memchr_inv(page_address(page), 0, PAGE_SIZE))
			bad_page(page, "freeing as zero a page that is not");
		free_single(page);
		return;
	}
	page_returns(page, 1, BIT(PG_pcp));
	if (!page_list_try_give_zeroed(page))
		page_list_give(page);
}

void __free_pages(struct page *page, unsigned int order)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;
	unsigned int i;

	if (likely(!order)) {
		free_single(page);
		return;
	}
	page_returns(page, 1, 0);
	for (i = 1; i < 1U << order; i++)
		page_returns(page + i, 0, 0);
	spin_lock_irqsave(&zone->lock, flags);
	buddy_give(zone, page, order);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* True: that was the last reference, and the page is to go to a list. */
static __always_inline bool drop_reference(struct page *page)
{
	int left = atomic_sub_return(1, &page->_refcount);

	if (left) {
		if (unlikely(left < 0))
			bad_page(page, "put_page without a reference");
		return false;
	}
	page_returns(page, 0, BIT(PG_pcp));
	return true;
}

void put_page(struct page *page)
{
	if (drop_reference(page) && unlikely(!page_list_try_give(page)))
		page_list_give(page);
}

void put_pages(struct page **pages, unsigned long n)
{
	struct page_list *pl;
	unsigned long flags, i, free = 0;

	for (i = 0; i < n; i++) {
		if (drop_reference(pages[i]))
			pages[free++] = pages[i];
	}
	if (!free)
		return;
	flags = arch_irq_save();
	pl = &page_lists[arch_cpu_id()];
	spin_lock(&pl->lock);
	for (i = 0; i < free; i++) {
		if (unlikely(pl->count == pl->high))
			page_list_shed(pl, pl->high / 2);
		pl->pages[pl->count++] = pages[i];
	}
	spin_unlock(&pl->lock);
	arch_irq_restore(flags);
}

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, order);

	return page ? (unsigned long)page_address(page) : 0;
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (addr)
		__free_pages(virt_to_page((void *)addr), order);
}

void set_free_watermarks(unsigned long min)
{
	unsigned long gap = clamp(totalram_pages() / 128, 8UL, 4096UL);

	node_data.min_free_pages = min;
	node_data.low_free_pages = min + max(gap, min / 4);
	node_data.high_free_pages = min + 2 * max(gap, min / 4);
}

/* ---- Boot ---------------------------------------------------------------------------------- */

u64 early_alloc_page(void)
{
	u64 phys = boot_mem_alloc(PAGE_SIZE, PAGE_SIZE);

	if (!phys)
		panic("not enough memory for the kernel's page tables");
	memset(arch_phys_to_virt(phys), 0, PAGE_SIZE);
	return phys;
}

void page_init(void)
{
	unsigned long pages, pfn;
	unsigned int cpu;
	u64 zero;

	boot_mem_init();
	arch_map_memory(early_alloc_page);
	zero = early_alloc_page();
	buddy_init();

	pages = totalram_pages();
	set_free_watermarks(clamp(pages / 256, 16UL, 1024UL));
	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		spin_lock_init(&page_lists[cpu].lock, "page_list", RANK_PAGE_LISTS);
		page_lists[cpu].count = 0;
		page_lists[cpu].high = clamp(pages / 256, 8UL, (unsigned long)PAGE_LIST_MAX);
		page_lists[cpu].zeroed_count = 0;
		page_lists[cpu].zeroed_high =
			clamp(pages / 1024, 4UL, (unsigned long)ZEROED_PAGES_MAX);
	}
	/* The image's pages are asked for by address (the vDSO), and its sections have free pages
	 * to begin with. */
	for (pfn = boot_info.kernel_start >> PAGE_SHIFT; pfn < boot_info.kernel_end >> PAGE_SHIFT;
	     pfn = ALIGN(pfn + 1, SECTION_PAGES))
		section_open(pfn);
	section_open(zero >> PAGE_SHIFT);
	zero_page = pfn_to_page(zero >> PAGE_SHIFT);
	slab_init();
}

static void unreserve_in_zone(struct zone *zone, u64 start, u64 end)
{
	unsigned long pfn = start >> PAGE_SHIFT, last = end >> PAGE_SHIFT;

	zone->reserved_pages -= last - pfn;
	for (; pfn < last; pfn++) {
		struct page *page = pfn_to_page(pfn);

		if (!section_is_open(pfn)) {
			zone->nr_unopened++;
			zone->next_section = min(zone->next_section, pfn / SECTION_PAGES);
			continue;
		}
		if (!page_flag(page, PG_reserved) || page_counts(page) != COUNTS(-1, 1))
			bad_page(page, "free_reserved_range");
		page->flags &= ~BIT(PG_reserved);
		page_returns(page, 1, 0);
		buddy_give(zone, page, 0);
	}
}

void free_reserved_range(u64 start, u64 end)
{
	struct zone *dma32 = &node_data.zones[ZONE_DMA32], *normal = &node_data.zones[ZONE_NORMAL],
		    *zone;
	unsigned long flags;
	u64 from, stop;

	start = ALIGN(start, PAGE_SIZE);
	end = ALIGN_DOWN(end, PAGE_SIZE);
	spin_lock_irqsave(&dma32->lock, flags);
	spin_lock_nested(&normal->lock);
	boot_mem_unreserve(start, end);
	for_each_zone(zone)
	{
		u64 low = max(start, (u64)zone->start_pfn << PAGE_SHIFT);
		u64 high = min(end, (u64)zone->end_pfn << PAGE_SHIFT);

		for (; boot_mem_next_ram(low, high, &from, &stop); low = stop)
			unreserve_in_zone(zone, from, stop);
	}
	spin_unlock(&normal->lock);
	spin_unlock_irqrestore(&dma32->lock, flags);
}

bool pfn_valid(unsigned long pfn)
{
	u64 start, stop, phys = (u64)pfn << PAGE_SHIFT;

	return section_is_open(pfn) && boot_mem_next_ram(phys, phys + PAGE_SIZE, &start, &stop);
}
