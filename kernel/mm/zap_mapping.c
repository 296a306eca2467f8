/* SPDX-License-Identifier: MIT */
/*
 * Truncation: unmap pages of a file from everybody, by the reverse map.
 *
 * An entry in a private table goes as in munmap. One in a table that several mms share is cleared
 * once, for all of them; and each mm whose VMA leads to that table is found (they all stand in the
 * file's tree, since every entry of a shared table lies in a matching VMA of each sharer), its
 * count of resident pages corrected and its CPUs flushed, before the page is freed. The table's
 * lock is held from the first to the last of this: with it, and rmap_lock, no mm comes to that
 * table or leaves it.
 */
#include "mm/internal.h"
#include "mm/rmap.h"
#include "mm/zap.h"
#include "mm/pagecache.h"
#include "file/file.h"

#define GROUP 64 /* entries at a time: bits of a word */

/* Entries taken from a shared table: bit n is that of page offset index + n. */
struct taken {
	struct address_space *mapping;
	struct page *table;
	pte_t *first; /* entry of bit 0 */
	unsigned long index;
	u64 file, anon, swapped;
	unsigned int nr;	    /* pages */
	struct page *pages[GROUP];
};

/* Bits of the page offsets [from, to], of which some are in the group. */
static u64 bits_between(const struct taken *t, unsigned long from, unsigned long to)
{
	unsigned long low = max(from, t->index) - t->index;
	unsigned long high = min(to, t->index + GROUP - 1) - t->index;

	return (~0ull << low) & (~0ull >> (GROUP - 1 - high));
}

/* A private copy that is on swap. */
static void take_swapped(struct taken *t, unsigned int i)
{
	swap_free(pte_to_swp_entry(pte_take_uncounted(t->first + i)));
	t->swapped |= BIT_ULL(i);
	t->table->pt_rss[MM_SWAPENTS]--;
	t->table->pt_present--;
}

static void take_group(struct taken *t, unsigned int nr, bool even_cows)
{
	unsigned int i;

	t->file = t->anon = t->swapped = 0;
	t->nr = 0;
	for (i = 0; i < nr; i++) {
		pte_t entry = pte_get(t->first + i);
		struct page *page;

		if (pte_is_swap(entry) && even_cows)
			take_swapped(t, i);
		if (!pte_present(entry) || pte_special(entry))
			continue;
		page = pfn_to_page(pte_pfn(entry));
		if (page_flag(page, PG_anon) && !even_cows)
			continue;
		entry = pte_take_uncounted(t->first + i);
		t->pages[t->nr++] = page;
		if (page_flag(page, PG_anon)) {
			t->anon |= BIT_ULL(i);
			t->table->pt_rss[MM_ANONPAGES]--;
		} else {
			t->file |= BIT_ULL(i);
			t->table->pt_rss[mm_counter_of(page)]--;
			if (pte_dirty(entry))
				set_page_dirty(page);
		}
		page_remove_rmap(page);
	}
	t->table->pt_present -= t->nr;
}

/* @vma maps a part of the group, if it leads to the table at all. */
static void tell_sharer(const struct taken *t, struct vm_area_struct *vma, unsigned long last)
{
	unsigned long from = max(t->index, vma->vm_pgoff);
	unsigned long addr = vma->vm_start + ((from - vma->vm_pgoff) << PAGE_SHIFT);
	u64 bits = bits_between(t, from, last);
	enum mm_counter kind = t->mapping->kind == MAPPING_SHMEM ? MM_SHMEMPAGES : MM_FILEPAGES;

	if (pgwalk_find(vma->vm_mm, addr).pte != t->first + (from - t->index))
		return;
	if (t->file & bits)
		add_mm_counter(vma->vm_mm, kind, -(long)hweight_long(t->file & bits));
	if (t->anon & bits)
		add_mm_counter(vma->vm_mm, MM_ANONPAGES, -(long)hweight_long(t->anon & bits));
	if (t->swapped & bits)
		add_mm_counter(vma->vm_mm, MM_SWAPENTS, -(long)hweight_long(t->swapped & bits));
	arch_tlb_flush_range(vma->vm_mm, addr,
			     addr + ((min(last, t->index + GROUP - 1) - from + 1) << PAGE_SHIFT));
}

static void zap_group(struct taken *t, unsigned int nr, bool even_cows)
{
	struct interval_tree_node *node;
	unsigned int i;

	take_group(t, nr, even_cows);
	if (!t->nr && !t->swapped)
		return;
	interval_tree_for_each (node, &t->mapping->i_mmap, t->index, t->index + nr - 1) {
		tell_sharer(t, container_of(node, struct vm_area_struct, shared), node->last);
	}
	for (i = 0; i < t->nr; i++)
		put_page(t->pages[i]);
}

/* The part of [start, end) of @vma that stands in shared tables. */
static void zap_shared_tables(struct address_space *mapping, struct vm_area_struct *vma,
			      unsigned long start, unsigned long end, bool even_cows)
{
	struct taken t = {.mapping = mapping};
	unsigned long addr = start, next;
	struct pgpath path;
	pte_t *pte;

	for_each_pte_table (vma->vm_mm, addr, next, end, pte, path) {
		if (path.write)
			continue;
		t.table = path.table;
		for (; addr < next; addr += GROUP * PAGE_SIZE, pte += GROUP) {
			t.first = pte;
			t.index = linear_page_index(vma, addr);
			zap_group(&t, min_t(unsigned long, GROUP, (next - addr) >> PAGE_SHIFT),
				  even_cows);
		}
	}
}

void unmap_mapping_range(struct address_space *mapping, unsigned long start, unsigned long nr,
			 bool even_cows)
{
	unsigned long last = start + nr - 1 < start ? ~0ul : start + nr - 1;
	struct interval_tree_node *node;

	if (!nr)
		return;
	down_read(&rmap_lock);
	interval_tree_for_each (node, &mapping->i_mmap, start, last) {
		struct vm_area_struct *vma = container_of(node, struct vm_area_struct, shared);
		unsigned long from = max(start, vma->vm_pgoff) - vma->vm_pgoff;
		unsigned long to = min(last, node->last) - vma->vm_pgoff + 1;
		struct zap zap;

		from = vma->vm_start + (from << PAGE_SHIFT);
		to = vma->vm_start + (to << PAGE_SHIFT);
		/* In this order: a table that a thread of the mm makes its own after the first step
		 * holds none of the pages any more, and before it is private in the second. */
		zap_shared_tables(mapping, vma, from, to, even_cows);
		gather_init(&zap.gather, vma->vm_mm, false);
		zap.vma = vma;
		zap.keep_anon = !even_cows;
		zap.shared = false;
		zap_range(&zap, from, to); /* zap.shared: seen to above */
		gather_flush(&zap.gather);
	}
	up_read(&rmap_lock);
}
