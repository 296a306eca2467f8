/* SPDX-License-Identifier: MIT */
/* The memory of evictions: see workingset.h. */
#include "mm/workingset.h"
#include "mm/lru.h"
#include "mm/mm.h"
#include "lib/bitops.h"
#include "page/gfp.h"

/*
 * A slot: 16 bits of the key's hash, 1 bit "was active", 15 bits of the eviction's number (in units
 * of 2^clock_shift). The table has about a slot for each page of memory, so that what it forgets
 * has been gone for longer than memory holds.
 */
#define TAG_SHIFT   16
#define ACTIVE_BIT  BIT(15)
#define CLOCK_MASK  0x7fffu
#define MAX_SLOTS   (1ul << 18)

static u32 *slots;
static unsigned int slot_bits, clock_shift;
static unsigned long evictions; /* all CPUs; a count lost now and then does not matter */
static unsigned long cost[2];	/* anonymous, file; likewise */

void workingset_begin(void)
{
	unsigned int bits = ilog2(min(totalram_pages(), MAX_SLOTS)), order;
	u32 *table = NULL;

	/* 15 bits of the clock reach as far as memory is large. */
	while (totalram_pages() >> clock_shift > CLOCK_MASK / 2)
		clock_shift++;
	/* Memory is short already: maybe there is room for a small table only, or none. */
	for (; !table && bits >= PAGE_SHIFT - 2; bits--) {
		order = bits + 2 - PAGE_SHIFT;
		table = (u32 *)__get_free_pages(GFP_ATOMIC | __GFP_ZERO | __GFP_NOWARN, order);
		slot_bits = bits;
	}
	if (!table)
		return;
	page_owner_add(OWNER_KERNEL, 1l << order);
	smp_store_release(&slots, table);
}

static u64 hash_key(unsigned long key)
{
	return (key + 1) * 0x9e3779b97f4a7c15ull;
}

static u32 *slot_of(u64 hash)
{
	return &slots[hash >> (64 - slot_bits)];
}

static u32 tag_of(u64 hash)
{
	return (u32)(hash >> 8) << TAG_SHIFT;
}

static u32 clock_now(void)
{
	return (READ_ONCE(evictions) >> clock_shift) & CLOCK_MASK;
}

/* The older the less it counts: halved whenever as many pages as memory has were evicted. */
static void fade(unsigned long now)
{
	static unsigned long next;

	if (now < next)
		return;
	next = now + totalram_pages() / 2;
	cost[0] -= cost[0] / 2;
	cost[1] -= cost[1] / 2;
}

void workingset_evicted(const struct page *page, unsigned long key)
{
	u64 hash = hash_key(key);
	bool active = page_flag(page, PG_workingset);

	if (!slots)
		return;
	WRITE_ONCE(*slot_of(hash), tag_of(hash) | (active ? ACTIVE_BIT : 0) | clock_now());
	WRITE_ONCE(evictions, evictions + 1);
	fade(evictions);
}

void workingset_refault(struct page *page, unsigned long key)
{
	u64 hash = hash_key(key);
	bool file = page_is_file_lru(page);
	unsigned long distance, room;
	u32 slot;

	if (!slots)
		return;
	slot = READ_ONCE(*slot_of(hash));
	if (!slot || (slot & ~(ACTIVE_BIT | CLOCK_MASK)) != tag_of(hash))
		return;
	WRITE_ONCE(*slot_of(hash), 0);
	distance = (unsigned long)((clock_now() - slot) & CLOCK_MASK) << clock_shift;
	count_vm_event(file ? WORKINGSET_REFAULT_FILE : WORKINGSET_REFAULT_ANON);
	cost[file]++;
	if (slot & ACTIVE_BIT) {
		count_vm_event(file ? WORKINGSET_RESTORE_FILE : WORKINGSET_RESTORE_ANON);
		set_bit(PG_workingset, &page->flags);
	}
	/* What the active pages could make room for. */
	room = lru_pages(LRU_ACTIVE_FILE) + lru_pages(LRU_ACTIVE_ANON);
	if (file)
		room += lru_pages(LRU_INACTIVE_ANON);
	else
		room += lru_pages(LRU_INACTIVE_FILE);
	if (distance > room)
		return;
	lru_set_active(page);
	set_bit(PG_workingset, &page->flags);
	count_vm_event(file ? WORKINGSET_ACTIVATE_FILE : WORKINGSET_ACTIVATE_ANON);
}

unsigned long workingset_cost(bool file)
{
	return READ_ONCE(cost[file]);
}
