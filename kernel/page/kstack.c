/* SPDX-License-Identifier: MIT */
/*
 * Kernel stacks. Each is mapped into a slot of its own in the port's stack window; the lower half
 * of a slot stays unmapped, so that running off a stack faults instead of corrupting a neighbour. A
 * freed stack stays mapped on a list for the next task (fork then needs no mapping and no TLB
 * flush) until memory is short.
 *
 * Where a port has no window (the host), stacks are plain blocks of pages.
 */
#include "base/panic.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "page/slab.h"
#include "page/zone.h"

#define STACK_PAGES (THREAD_SIZE / PAGE_SIZE)
#define SLOT_SIZE   (2 * THREAD_SIZE)
#define MAX_SLOTS   65536UL
#define KEEP_CACHED 64 /* stacks kept mapped for the next fork */
#define TRIM_BATCH  32
#define STACK_MAGIC 0x57ac6e9d57ac6e9dUL

/* At a stack's lowest address. */
struct kernel_stack {
	unsigned long magic; /* goes first when the stack overflows */
	struct kernel_stack *next;
	struct page *pages[STACK_PAGES];
};
static_assert(sizeof(struct kernel_stack) <= KERNEL_STACK_RESERVED,
	      "fits what the header promises");

static DEFINE_SPINLOCK(stack_lock,
		       RANK_KSTACK); /* covers all below, and the window's page tables */
static struct kernel_stack *cached_stacks;
static unsigned int nr_cached;
static unsigned long *slots_used; /* bitmap; allocated by the first stack */
static unsigned long nr_slots;

static void check_magic(const struct kernel_stack *ks)
{
	if (ks->magic != STACK_MAGIC)
		panic("kernel stack %p overflowed", ks);
}

static unsigned long slot_address(unsigned long slot)
{
	return ARCH_KSTACK_WINDOW + slot * SLOT_SIZE + THREAD_SIZE;
}

static unsigned long address_slot(unsigned long va)
{
	return (va - ARCH_KSTACK_WINDOW) / SLOT_SIZE;
}

static u64 alloc_table(void)
{
	struct page *page = alloc_page(GFP_ATOMIC | __GFP_ZERO);

	if (!page)
		return 0;
	page->flags |= BIT(PG_table); /* for the audit; it belongs to no mm, and is never freed */
	page->index = 0;	      /* pt_count: no mm's entry points at it */
	page_owner_add(OWNER_TABLE, 1);
	return page_to_phys(page);
}

static void free_stack_pages(struct page **pages, unsigned int n)
{
	page_owner_add(OWNER_STACK, -(long)n);
	while (n-- > 0)
		put_page(pages[n]);
}

static bool alloc_stack_pages(struct page **pages)
{
	unsigned int i;

	for (i = 0; i < STACK_PAGES; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		if (!pages[i])
			break;
	}
	page_owner_add(OWNER_STACK, i);
	if (i == STACK_PAGES)
		return true;
	free_stack_pages(pages, i);
	return false;
}

/* The bitmap of slots, as many as there could ever be stacks in RAM. */
static bool slots_ready(void)
{
	unsigned long n = min(ALIGN(totalram_pages() / STACK_PAGES, BITS_PER_LONG), MAX_SLOTS),
		      flags;
	void *map;

	if (READ_ONCE(slots_used))
		return true;
	map = kzalloc(n / BITS_PER_BYTE, GFP_KERNEL);
	if (!map)
		return false;
	spin_lock_irqsave(&stack_lock, flags);
	if (!slots_used) {
		nr_slots = n;
		WRITE_ONCE(slots_used, map);
		map = NULL;
	}
	spin_unlock_irqrestore(&stack_lock, flags);
	kfree(map);
	return true;
}

static struct kernel_stack *map_stack(struct page **pages)
{
	unsigned long flags, slot, va;
	unsigned int i = 0;

	spin_lock_irqsave(&stack_lock, flags);
	slot = find_first_zero_bit(slots_used, nr_slots);
	va = slot_address(slot);
	if (slot < nr_slots) {
		while (i < STACK_PAGES &&
		       !arch_map_kernel_page(va + i * PAGE_SIZE, page_to_phys(pages[i]),
					     alloc_table))
			i++;
		if (i == STACK_PAGES)
			__set_bit(slot, slots_used);
		else /* nothing has used these translations: no flush */
			while (i > 0)
				arch_unmap_kernel_page(va + --i * PAGE_SIZE);
	}
	spin_unlock_irqrestore(&stack_lock, flags);
	return i ? (struct kernel_stack *)va : NULL;
}

static struct kernel_stack *create_mapped(void)
{
	struct page *pages[STACK_PAGES];
	struct kernel_stack *ks;

	if (!slots_ready() || !alloc_stack_pages(pages))
		return NULL;
	ks = map_stack(pages);
	if (!ks) {
		free_stack_pages(pages, STACK_PAGES);
		return NULL;
	}
	memcpy(ks->pages, pages, sizeof(pages));
	return ks;
}

static struct kernel_stack *create_unmapped(void)
{
	struct page *block = alloc_pages(GFP_KERNEL, get_order(THREAD_SIZE));

	if (!block)
		return NULL;
	page_owner_add(OWNER_STACK, STACK_PAGES);
	return page_address(block);
}

void *alloc_kernel_stack(void)
{
	struct kernel_stack *ks;
	unsigned long flags;

	if (QUIRE_DEBUG)
		lock_check_may_sleep();
	spin_lock_irqsave(&stack_lock, flags);
	ks = cached_stacks;
	if (ks) {
		check_magic(ks);
		cached_stacks = ks->next;
		nr_cached--;
	}
	spin_unlock_irqrestore(&stack_lock, flags);
	if (ks)
		return ks;
	ks = ARCH_KSTACK_WINDOW ? create_mapped() : create_unmapped();
	if (ks)
		ks->magic = STACK_MAGIC;
	return ks;
}

/* Pages of @ks stay in @pages; it is unmapped, but CPUs may still hold translations. */
static void unmap_stack(struct kernel_stack *ks, struct page **pages)
{
	unsigned long flags, va = (unsigned long)ks;
	unsigned int i;

	memcpy(pages, ks->pages, sizeof(ks->pages));
	spin_lock_irqsave(&stack_lock, flags);
	for (i = 0; i < STACK_PAGES; i++)
		arch_unmap_kernel_page(va + i * PAGE_SIZE);
	spin_unlock_irqrestore(&stack_lock, flags);
}

static void destroy_stack(struct kernel_stack *ks)
{
	unsigned long flags, va = (unsigned long)ks;
	struct page *pages[STACK_PAGES];

	if (!ARCH_KSTACK_WINDOW) {
		page_owner_add(OWNER_STACK, -(long)STACK_PAGES);
		__free_pages(virt_to_page(ks), get_order(THREAD_SIZE));
		return;
	}
	unmap_stack(ks, pages);
	arch_tlb_flush_kernel(va, va + THREAD_SIZE);
	free_stack_pages(pages, STACK_PAGES);
	spin_lock_irqsave(&stack_lock, flags);
	__clear_bit(address_slot(va), slots_used);
	spin_unlock_irqrestore(&stack_lock, flags);
}

unsigned long kernel_stack_drain(void)
{
	struct kernel_stack *list, *ks;
	unsigned long flags, pages = 0;

	spin_lock_irqsave(&stack_lock, flags);
	list = cached_stacks;
	cached_stacks = NULL;
	nr_cached = 0;
	spin_unlock_irqrestore(&stack_lock, flags);
	while ((ks = list)) {
		list = ks->next;
		destroy_stack(ks);
		pages += STACK_PAGES;
	}
	return pages;
}

/* Give TRIM_BATCH cached stacks back with one flush for all. */
static void trim_cache(void)
{
	struct page *pages[TRIM_BATCH][STACK_PAGES];
	struct kernel_stack *stacks[TRIM_BATCH];
	unsigned long flags, low = ~0UL, high = 0;
	unsigned int n = 0, i;

	spin_lock_irqsave(&stack_lock, flags);
	while (n < TRIM_BATCH && nr_cached > KEEP_CACHED) {
		stacks[n] = cached_stacks;
		cached_stacks = cached_stacks->next;
		nr_cached--;
		n++;
	}
	spin_unlock_irqrestore(&stack_lock, flags);
	for (i = 0; i < n; i++) {
		low = min(low, (unsigned long)stacks[i]);
		high = max(high, (unsigned long)stacks[i] + THREAD_SIZE);
		unmap_stack(stacks[i], pages[i]);
	}
	if (!n)
		return;
	arch_tlb_flush_kernel(low, high);
	for (i = 0; i < n; i++)
		free_stack_pages(pages[i], STACK_PAGES);
	spin_lock_irqsave(&stack_lock, flags);
	for (i = 0; i < n; i++)
		__clear_bit(address_slot((unsigned long)stacks[i]), slots_used);
	spin_unlock_irqrestore(&stack_lock, flags);
}

void free_kernel_stack(void *stack)
{
	struct kernel_stack *ks = stack;
	unsigned long flags;
	bool trim;

	check_magic(ks);
	spin_lock_irqsave(&stack_lock, flags);
	ks->next = cached_stacks;
	cached_stacks = ks;
	trim = ++nr_cached >= KEEP_CACHED + TRIM_BATCH;
	spin_unlock_irqrestore(&stack_lock, flags);
	/* A flush waits for other CPUs: not with interrupts off (a task given up before it ran). */
	if (trim && ARCH_KSTACK_WINDOW && !arch_irqs_disabled())
		trim_cache();
}
