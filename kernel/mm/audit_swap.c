/* SPDX-License-Identifier: MIT */
/*
 * The part of mm_audit() that counts swap slots again.
 *
 *	slot -> count	entries in page tables (each table once), values in memory files, pages of
 *			memory files that are being written or read
 *	slot <-> page	who is in the swap cache has a slot that says so, and the other way round
 *	area		slots in use, free words, sums (swap_audit())
 */
#include "mm/audit_internal.h"
#include "mm/shmem_swap.h"
#include "mm/swap_cache.h"

static struct recount slots[MAX_SWAPFILES];

static bool entry_valid(swp_entry_t entry)
{
	bool valid;

	spin_lock(&swap_lock);
	valid = swap_entry_valid(entry);
	spin_unlock(&swap_lock);
	return valid;
}

void audit_swap_entry(swp_entry_t entry, const char *who, unsigned long where)
{
	if (!entry_valid(entry)) {
		AUDIT(false, "%s %lx: swap entry %lx is of no slot in use", who, where, entry.val);
		return;
	}
	AUDIT(recount_add(&slots[swp_type(entry)], swp_offset(entry)),
	      "no memory to count slot %lx", entry.val);
}

/* ---- Memory files ---------------------------------------------------------------------------- */

static int count_values(struct address_space *mapping, void *total)
{
	unsigned long index = 0, values = 0, pages = 0;
	void *entry;

	for (;; index++) {
		spin_lock(&mapping->pages_lock);
		entry = xa_find(&mapping->pages, &index, ~0ul);
		spin_unlock(&mapping->pages_lock);
		if (!entry)
			break;
		if (xa_is_value(entry)) {
			values++;
			audit_swap_entry(value_to_swp(entry), "page of a memory file", index);
		} else {
			pages++;
		}
		if (index == ~0ul)
			break;
	}
	AUDIT(values == mapping->nrswapped, "a memory file has %lu pages on swap, counted %lu",
	      mapping->nrswapped, values);
	AUDIT(pages == mapping->nrpages, "a memory file has %lu pages, counted %lu",
	      mapping->nrpages, pages);
	*(unsigned long *)total += values;
	return 0;
}

bool audit_swap_open(void)
{
	unsigned long values = 0;
	unsigned int type;
	bool done = true;

	for (type = 0; type < MAX_SWAPFILES; type++)
		done &= recount_open(&slots[type], swap_end(swp_entry(type, 0)));
	if (!done)
		return false;
	shmem_for_each_swapped(count_values, &values);
	AUDIT(values == shmem_swapped_pages(), "memory files have %lu pages on swap, counted %lu",
	      shmem_swapped_pages(), values);
	return true;
}

void audit_swap_close(void)
{
	unsigned int type;

	for (type = 0; type < MAX_SWAPFILES; type++)
		recount_close(&slots[type]);
}

/* ---- Pages ----------------------------------------------------------------------------------- */

void audit_swap_page(struct page *page)
{
	swp_entry_t entry = {page->private};
	unsigned long pfn = page_to_pfn(page);
	u32 found;

	if (page_flag(page, PG_swapbacked) && !page_flag(page, PG_anon) && entry.val)
		audit_swap_entry(entry, "memory file's frame", pfn);
	if (!page_flag(page, PG_swapcache))
		return;
	AUDIT(page_flag(page, PG_anon), "frame %lx is in the swap cache, flags %lx", pfn,
	      page->flags);
	if (!entry_valid(entry)) {
		AUDIT(false, "frame %lx is in the swap cache for %lx, no slot in use", pfn,
		      entry.val);
		return;
	}
	found = READ_ONCE(swap_slot(entry)->pfn);
	AUDIT(found == pfn, "frame %lx is in the swap cache for %lx, which has frame %x", pfn,
	      entry.val, found);
}

/* ---- Slots ----------------------------------------------------------------------------------- */

static void compare_slot(swp_entry_t entry)
{
	u32 count, pfn, counted = recount_get(&slots[swp_type(entry)], swp_offset(entry));
	struct page *page;

	if (!entry_valid(entry))
		return;
	count = READ_ONCE(swap_slot(entry)->count);
	pfn = READ_ONCE(swap_slot(entry)->pfn);
	AUDIT(count == counted, "slot %lx has %u entries, counted %u", entry.val, count, counted);
	if (!pfn)
		return;
	page = pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;
	AUDIT(page && page_flag(page, PG_swapcache) && page->private == entry.val,
	      "slot %lx has frame %x, which is not in the swap cache for it", entry.val, pfn);
}

void audit_swap_compare(void)
{
	unsigned long offset, end;
	unsigned int type;

	for (type = 0; type < MAX_SWAPFILES; type++) {
		end = swap_end(swp_entry(type, 0));
		for (offset = 1; offset < end; offset++)
			compare_slot(swp_entry(type, offset));
	}
	audit_problems += swap_audit(printk);
}
