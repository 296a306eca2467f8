/* SPDX-License-Identifier: MIT */
/*
 * Unmapping. A range is zapped in three steps whose order is the point:
 *
 *	1. entries are cleared under their table's lock; the references they held go to the gather
 *	2. every CPU that uses the mm is flushed, once for many pages
 *	3. pages and tables are freed
 *
 * munmap and exit also take down tables and rmap links: upper entries are cleared and VMAs leave
 * the rmap trees in one section under rmap_lock, after the flush. A walker under that lock so sees
 * either a linked VMA with its tables or neither.
 */
#include "mm/internal.h"
#include "mm/rmap.h"
#include "mm/gather.h"
#include "mm/pagecache.h"
#include "mm/zap.h"
#include "sched/sched.h"

/* What to drop of a range: all, or (truncation) only the pages of the file. */
struct zap {
	struct gather gather;
	struct vm_area_struct *vma;
	bool keep_anon;
};

/* A file's page goes, of which the entry was taken. */
static void zap_file_page(struct gather *g, struct page *page, pte_t entry)
{
	g->rss[mm_counter_of(page)]++;
	if (pte_dirty(entry))
		set_page_dirty(page);
	page_remove_rmap(page);
}

/*
 * The entries of [addr, end), all in @table. Returns where it stopped: @end, or earlier when the
 * gather is full. The count of entries left in the table ends the loop early.
 */
static unsigned long zap_table(struct zap *zap, struct page *table, pte_t *pte, unsigned long addr,
			       unsigned long end)
{
	struct gather *g = &zap->gather;
	unsigned long first = ~0ul, last = 0;
	unsigned int room, left, taken = 0, anon = 0, gone = 0;
	struct page **slots = gather_slots(g, &room), **slot = slots, **full = slots + room;

	pt_lock(table);
	for (left = table->pt_present; addr < end && left; addr += PAGE_SIZE, pte++) {
		pte_t entry = pte_get(pte);
		struct page *page = NULL;

		if (pte_none(entry)) {
			/* Stacks and arenas leave long empty stretches. */
			while (end - addr > PTES_PER_LINE * PAGE_SIZE && pte_line_none(pte)) {
				addr += PTES_PER_LINE * PAGE_SIZE;
				pte += PTES_PER_LINE;
			}
			if (!pte_none(pte_get(pte))) {
				addr -= PAGE_SIZE;
				pte--;
			}
			continue;
		}
		left--;
		if (likely(!pte_special(entry))) {
			page = pfn_to_page(pte_pfn(entry));
			if (unlikely(zap->keep_anon) && page_flag(page, PG_anon))
				continue;
			if (unlikely(slot == full))
				goto out;
		}
		BUG_ON(!pte_present(entry));
		entry = pte_take_uncounted(pte);
		taken++;
		if (pte_accessible(entry)) {
			first = min(first, addr);
			last = addr + PAGE_SIZE;
		}
		if (!page)
			continue;
		*slot++ = page;
		if (page_flag(page, PG_anon)) {
			anon++;
			gone += page_remove_anon_rmap(page);
		} else {
			zap_file_page(g, page, entry);
		}
	}
	addr = end;
out:
	pte_taken(table, taken);
	pt_unlock(table);
	gather_added(g, slot - slots);
	g->rss[MM_ANONPAGES] += anon;
	g->anon += gone;
	if (first < last)
		gather_range(g, first, last);
	return addr;
}

/* Everything in [start, end) of zap->vma into the gather, flushing whenever it is full. */
static void zap_range(struct zap *zap, unsigned long start, unsigned long end)
{
	struct mm_struct *mm = zap->vma->vm_mm;
	unsigned long addr = start, next;
	struct page *table;
	pte_t *pte;

	for_each_owned_pte_table (mm, addr, next, end, pte, table) {
		unsigned int present = READ_ONCE(table->pt_present);

		if (!present)
			continue;
		gather_prepare(&zap->gather,
			       min_t(unsigned long, present, (next - addr) >> PAGE_SHIFT));
		while ((addr = zap_table(zap, table, pte, addr, next)) < next) {
			gather_flush(&zap->gather);
			cond_resched();
			pte = pgwalk_own_next(mm, &addr, next, &table);
		}
	}
}

static void update_hiwater_rss(struct mm_struct *mm)
{
	unsigned long rss = get_mm_rss(mm);

	if (mm->hiwater_rss < rss)
		mm->hiwater_rss = rss;
}

void zap_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct zap zap;

	update_hiwater_rss(vma->vm_mm);
	gather_init(&zap.gather, vma->vm_mm, true);
	zap.vma = vma;
	zap.keep_anon = false;
	zap_range(&zap, start, end);
	gather_flush(&zap.gather);
}

/* Unhook what has become empty below the VMAs of the list: tables are only where a VMA is. True if
 * anything had. */
static bool unhook_tables(struct mm_struct *mm, struct vm_area_struct *vma,
			  struct list_head *tables)
{
	unsigned long done = 0;
	bool any = false;

	for (; vma; vma = vma->vm_next) {
		unsigned long start = max(vma->vm_start, done);

		if (start >= vma->vm_end)
			continue; /* in the last table of the one before */
		any |= pgwalk_unhook_empty(mm, start, vma->vm_end, tables);
		done = ALIGN(vma->vm_end, PMD_SIZE);
	}
	return any;
}

/* Zap each VMA of the list, then take down tables of [start, end) and the VMAs' rmap links. */
static void unmap_vmas(struct mm_struct *mm, struct vm_area_struct *first, unsigned long start,
		       unsigned long end)
{
	struct vm_area_struct *vma;
	struct zap zap;

	update_hiwater_rss(mm);
	gather_init(&zap.gather, mm, true);
	zap.keep_anon = false;
	for (vma = first; vma; vma = vma->vm_next) {
		zap.vma = vma;
		zap_range(&zap, vma->vm_start, vma->vm_end);
	}
	down_write(&rmap_lock);
	/* The paging-structure caches may hold an upper entry: the flush covers all that its table
	 * spans. */
	if (unhook_tables(mm, first, &zap.gather.tables))
		gather_range(&zap.gather, start, end);
	if (zap.gather.start < zap.gather.end) {
		arch_tlb_flush_range(mm, zap.gather.start, zap.gather.end);
		zap.gather.start = ~0ul;
		zap.gather.end = 0;
	}
	for (vma = first; vma; vma = vma->vm_next)
		__vma_unlink_rmap(vma);
	up_write(&rmap_lock);
	gather_flush(&zap.gather);
}

void unmap_region(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		  unsigned long end)
{
	unmap_vmas(mm, vma, start, end);
}

void free_empty_tables(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct gather g;

	gather_init(&g, mm, false);
	down_write(&rmap_lock);
	if (pgwalk_unhook_empty(mm, start, end, &g.tables))
		gather_range(&g, start, end);
	if (g.start < g.end)
		arch_tlb_flush_range(mm, g.start, g.end);
	up_write(&rmap_lock);
	g.start = ~0ul;
	gather_flush(&g);
}

void unmap_mm(struct mm_struct *mm, struct vm_area_struct *first)
{
	int i;

	unmap_vmas(mm, first, 0, TASK_SIZE_MAX);
	/* Tables without a VMA over them would be a bug; they are not leaked on top of it. */
	if (WARN_ON(atomic64_read(&mm->pgtables_bytes)))
		free_empty_tables(mm, 0, TASK_SIZE_MAX);
	for (i = 0; i < NR_MM_COUNTERS; i++)
		WARN_ON(atomic64_read(&mm->rss[i]));
}

/* ---- Truncation: unmap a range of a file from everybody -------------------------------------- */

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

		gather_init(&zap.gather, vma->vm_mm, false);
		zap.vma = vma;
		zap.keep_anon = !even_cows;
		zap_range(&zap, vma->vm_start + (from << PAGE_SHIFT),
			  vma->vm_start + (to << PAGE_SHIFT));
		gather_flush(&zap.gather);
	}
	up_read(&rmap_lock);
}
