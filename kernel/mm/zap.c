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
 *
 * A table that fork shared and that goes as a whole is not zapped: its entries are the others' too.
 * pgwalk_detach() lets go of it in that section. One of which only a part goes was made private
 * before.
 */
#include "mm/internal.h"
#include "mm/rmap.h"
#include "mm/gather.h"
#include "mm/lru.h"
#include "mm/unmap.h"
#include "mm/pagecache.h"
#include "mm/zap.h"
#include "file/file.h"
#include "sched/sched.h"

/* Which rss counts pages of the VMA's file. */
static inline enum mm_counter file_kind(const struct vm_area_struct *vma)
{
	const struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;

	return mapping && mapping->kind == MAPPING_SHMEM ? MM_SHMEMPAGES : MM_FILEPAGES;
}

/*
 * The entries of [addr, end), all in @table. Returns where it stopped: @end, or earlier when the
 * gather is full. The count of entries left in the table ends the loop early.
 */
static unsigned long zap_table(struct zap *zap, struct page *table, pte_t *pte, unsigned long addr,
			       unsigned long end)
{
	struct gather *g = &zap->gather;
	pte_t *const first = pte, *const stop = pte + ((end - addr) >> PAGE_SHIFT), *last = NULL;
	unsigned int room, left, special = 0, anon = 0, swapped = 0, files = 0;
	struct page **slots = gather_slots(g, &room), **slot = slots, **full = slots + room;
	enum mm_counter kind = file_kind(zap->vma);
	bool keep_anon = zap->keep_anon;
	struct page *map = mem_map;
	u64 all = 0; /* bits of any entry taken */

	pt_lock(table);
	for (left = table->pt_present; pte < stop && left; pte++) {
		pte_t entry = pte_get(pte);
		struct page *page;

		if (pte_none(entry)) {
			/* Stacks and arenas leave long empty stretches. */
			while (stop - pte > PTES_PER_LINE && pte_line_none(pte + 1))
				pte += PTES_PER_LINE;
			while (pte + 1 < stop && pte_none(pte_get(pte + 1)) &&
			       (unsigned long)(pte + 2) % 64)
				pte++;
			continue;
		}
		left--;
		if (unlikely(!pte_maps_counted(entry))) {
			if (pte_present(entry)) {
				all |= pte_take_uncounted(pte).v;
				special++;
				last = pte;
			} else if (!keep_anon) {
				pte_take_uncounted(pte);
				swap_free(pte_to_swp_entry(entry));
				swapped++;
			}
			continue;
		}
		page = pte_page_in(map, entry);
		if (page_flag(page, PG_anon)) {
			if (unlikely(keep_anon))
				continue;
			if (unlikely(slot == full)) {
				left++;
				break;
			}
			all |= pte_take_uncounted(pte).v;
			anon++;
			page_remove_anon_rmap(page);
		} else {
			if (unlikely(slot == full)) {
				left++;
				break;
			}
			entry = pte_take_uncounted(pte);
			all |= entry.v;
			files++;
			if (pte_dirty(entry))
				set_page_dirty(page);
			atomic_dec(&page->_mapcount);
		}
		last = pte;
		*slot++ = page;
	}
	if (!left)
		pte = stop;
	table->pt_present -= special + anon + swapped + files;
	table->pt_rss[MM_ANONPAGES] -= anon;
	table->pt_rss[MM_SWAPENTS] -= swapped;
	table->pt_rss[kind] -= files;
	pt_unlock(table);
	BUG_ON(!pte_present((pte_t){all}) && all);
	gather_added(g, slot - slots);
	g->rss[MM_ANONPAGES] += anon;
	g->rss[MM_SWAPENTS] += swapped;
	g->rss[kind] += files;
	if (pte_accessible((pte_t){all}))
		gather_range(g, addr, addr + ((unsigned long)(last + 1 - first) << PAGE_SHIFT));
	return addr + ((unsigned long)(pte - first) << PAGE_SHIFT);
}

void zap_range(struct zap *zap, unsigned long start, unsigned long end)
{
	struct mm_struct *mm = zap->vma->vm_mm;
	unsigned long addr = start, next;
	struct page *table;
	pte_t *pte;

	for_each_private_pte_table(mm, addr, next, end, pte, table, &zap->shared)
	{
		unsigned int present = READ_ONCE(table->pt_present);
		unsigned long done = addr;

		if (!present)
			continue;
		gather_prepare(&zap->gather,
			       min_t(unsigned long, present, (next - addr) >> PAGE_SHIFT));
		while ((done = zap_table(zap, table, pte, done, next)) < next) {
			gather_flush(&zap->gather);
			cond_resched();
			pte = (pte_t *)page_address(table) + pte_index(done);
		}
	}
	if (flush_pending(mm))
		gather_range(&zap->gather, start, end);
}

static void update_hiwater_rss(struct mm_struct *mm)
{
	unsigned long rss = get_mm_rss(mm);

	if (mm->hiwater_rss < rss)
		mm->hiwater_rss = rss;
}

/* The gather's pending flush, now. */
static void flush_gathered(struct gather *g)
{
	if (g->start < g->end)
		arch_tlb_flush_range(g->mm, g->start, g->end);
	g->start = ~0ul;
	g->end = 0;
}

static void detach_init(struct pgwalk_detach *d, struct mm_struct *mm, unsigned long floor,
			unsigned long ceiling)
{
	d->mm = mm;
	d->floor = floor;
	d->ceiling = ceiling;
	d->keep_empty = false;
	INIT_LIST_HEAD(&d->empty);
	INIT_LIST_HEAD(&d->shared);
	d->any = d->missed = false;
}

/* Let go of the shared tables whose entries are all in [start, end) of @vma. False: some table
 * became private meanwhile, and is to be zapped. */
static bool let_go_of_shared(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct pgwalk_detach d;

	detach_init(&d, vma->vm_mm, zap_floor(vma, start), zap_ceiling(vma, end));
	d.keep_empty = true;
	down_write(&rmap_lock);
	pgwalk_detach(&d, start, end);
	if (d.any)
		arch_tlb_flush_range(vma->vm_mm, start, end);
	pgwalk_put_tables(&d);
	up_write(&rmap_lock);
	return !d.missed;
}

int zap_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct mm_struct *mm = vma->vm_mm;
	struct zap zap;

	if (mm->shares_tables && (pgwalk_shared_at(mm, start) || pgwalk_shared_at(mm, end - 1)) &&
	    pgwalk_own_ends(mm, start, end, zap_floor(vma, start), zap_ceiling(vma, end)))
		return -ENOMEM;
	update_hiwater_rss(mm);
	do {
		gather_init(&zap.gather, mm, true);
		zap.vma = vma;
		zap.keep_anon = zap.shared = false;
		zap_range(&zap, start, end);
		gather_flush(&zap.gather);
	} while (zap.shared && !let_go_of_shared(vma, start, end));
	return 0;
}

/* Detach what has become empty or is shared below the VMAs of the list: tables are only where a
 * VMA is. */
static void detach_tables(struct pgwalk_detach *d, struct vm_area_struct *vma)
{
	unsigned long done = 0;

	for (; vma; vma = vma->vm_next) {
		unsigned long start = max(vma->vm_start, done);

		if (start >= vma->vm_end)
			continue; /* in the last table of the one before */
		pgwalk_detach(d, start, vma->vm_end);
		done = ALIGN(vma->vm_end, PMD_SIZE);
	}
}

/* Zap each VMA of the list, then take down tables of [start, end) and the VMAs' rmap links. False:
 * only a part of it was done, do it again. */
static bool unmap_vmas(struct mm_struct *mm, struct vm_area_struct *first, struct unmap_range *r)
{
	struct vm_area_struct *vma;
	struct pgwalk_detach d;
	struct zap zap;

	gather_init(&zap.gather, mm, true);
	zap.keep_anon = zap.shared = false;
	for (vma = first; vma && !r->empty; vma = vma->vm_next) {
		zap.vma = vma;
		zap_range(&zap, vma->vm_start, vma->vm_end);
	}
	detach_init(&d, mm, r->floor, r->ceiling);
	down_write(&rmap_lock);
	detach_tables(&d, first);
	/* The paging-structure caches may hold an upper entry: the flush covers all that its table
	 * spans. */
	if (d.any)
		gather_range(&zap.gather, r->start, r->end);
	flush_gathered(&zap.gather);
	pgwalk_put_tables(&d);
	for (vma = first; vma && !d.missed; vma = vma->vm_next)
		__vma_unlink_rmap(vma);
	up_write(&rmap_lock);
	gather_flush(&zap.gather);
	pgwalk_free_tables(&d.empty);
	return !d.missed;
}

void unmap_region(struct mm_struct *mm, struct vm_area_struct *vma, struct unmap_range *r)
{
	struct vm_area_struct *v;
	bool locked = false;

	update_hiwater_rss(mm);
	while (!unmap_vmas(mm, vma, r))
		;
	for (v = vma; v; v = v->vm_next)
		locked |= v->vm_flags & VM_LOCKED;
	if (unlikely(locked))
		lru_rescue_unevictable();
}

void free_empty_tables(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct pgwalk_detach d;

	detach_init(&d, mm, ~0ul, 0);
	down_write(&rmap_lock);
	pgwalk_detach(&d, start, end);
	if (d.any)
		arch_tlb_flush_range(mm, start, end);
	up_write(&rmap_lock);
	pgwalk_free_tables(&d.empty);
}

void unmap_mm(struct mm_struct *mm, struct vm_area_struct *first)
{
	struct unmap_range all = {0, TASK_SIZE_MAX, 0, ~0ul, false};
	int i;

	unmap_region(mm, first, &all);
	/* Tables without a VMA over them would be a bug; they are not leaked on top of it. */
	if (WARN_ON(atomic64_read(&mm->pgtables_bytes)))
		free_empty_tables(mm, 0, TASK_SIZE_MAX);
	for (i = 0; i < NR_MM_COUNTERS; i++)
		WARN_ON(atomic64_read(&mm->rss[i]));
}
