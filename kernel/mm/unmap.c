/* SPDX-License-Identifier: MIT */
/*
 * Unmapping by the reverse map, for reclaim.
 *
 * An entry in a private table concerns one mm. One in a shared table is everybody's whose VMA leads
 * there: it is changed once, under the table's lock, and under the same lock each sharer is found
 * in the page's tree, its counts corrected and its flush noted. With that lock and rmap_lock no mm
 * comes to the table or leaves it.
 */
#include "mm/unmap.h"
#include "mm/internal.h"
#include "mm/pagecache.h"
#include "mm/pgwalk.h"
#include "mm/rmap.h"
#include "mm/swap_cache.h"

/* ---- Flushes --------------------------------------------------------------------------------- */

void unmap_flush(struct unmap_batch *batch)
{
	for (unsigned int i = 0; i < batch->nr; i++) {
		struct mm_struct *mm = batch->flush[i].mm;

		arch_tlb_flush_range(mm, batch->flush[i].start, batch->flush[i].end);
		atomic_dec(&mm->unmap_flushes);
	}
	batch->nr = 0;
}

static void flush_later(struct unmap_batch *batch, struct mm_struct *mm, unsigned long addr)
{
	unsigned int last = batch->nr - 1;

	if (batch->nr && batch->flush[last].mm == mm) {
		if (batch->flush[last].end == addr) {
			batch->flush[last].end += PAGE_SIZE;
			return;
		}
		if (batch->flush[last].start == addr + PAGE_SIZE) {
			batch->flush[last].start = addr;
			return;
		}
	}
	/* The table's lock is held: a flush may be done under it. */
	if (batch->nr == UNMAP_FLUSHES)
		unmap_flush(batch);
	atomic_inc(&mm->unmap_flushes);
	batch->flush[batch->nr].mm = mm;
	batch->flush[batch->nr].start = addr;
	batch->flush[batch->nr++].end = addr + PAGE_SIZE;
}

/* ---- Looking --------------------------------------------------------------------------------- */

static bool use_by_vma(struct page *page, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct page_use *use = arg;
	struct page *table;
	pte_t *pte;

	if (vma->vm_flags & VM_LOCKED) {
		if (page_seen_at(page, vma, addr))
			use->mlocked = true;
		return !use->mlocked;
	}
	pte = page_mapped_at(page, vma, addr, &table);
	if (!pte)
		return true;
	if (pte_test_and_clear_young(pte)) {
		use->young++;
		use->exec |= vma->vm_flags & VM_EXEC;
	}
	pt_unlock(table);
	return true;
}

void page_use(struct page *page, struct page_use *use)
{
	*use = (struct page_use){0};
	if (page_mapcount(page))
		__rmap_walk(page, use_by_vma, use);
}

/* ---- Taking ---------------------------------------------------------------------------------- */

struct unmap {
	struct page *page;
	struct unmap_batch *batch;
	swp_entry_t entry; /* private pages: what takes the PTEs' place */
	enum mm_counter kind;
	pte_t *pte; /* the one just taken */
};

/* @vma's mm had the entry too, if it leads to the same table. */
static bool tell_sharer(struct page *page, struct vm_area_struct *vma, unsigned long addr,
			void *arg)
{
	struct unmap *u = arg;

	if (pgwalk_find(vma->vm_mm, addr).pte != u->pte)
		return true;
	add_mm_counter(vma->vm_mm, u->kind, -1);
	if (u->entry.val)
		add_mm_counter(vma->vm_mm, MM_SWAPENTS, 1);
	flush_later(u->batch, vma->vm_mm, addr);
	return true;
}

static bool unmap_from_vma(struct page *page, struct vm_area_struct *vma, unsigned long addr,
			   void *arg)
{
	struct unmap *u = arg;
	struct page *table, *private;
	pte_t entry;

	u->pte = page_mapped_at(page, vma, addr, &table);
	if (!u->pte)
		return true;
	entry = pte_take_to_replace(u->pte);
	if (pte_dirty(entry))
		set_page_dirty(page);
	table->pt_rss[u->kind]--;
	if (u->entry.val) {
		swap_duplicate(u->entry);
		pte_set(u->pte, swp_entry_to_pte(u->entry));
		table->pt_rss[MM_SWAPENTS]++;
	}
	if (likely(pgwalk_find_private(vma->vm_mm, addr, &private)))
		tell_sharer(page, vma, addr, u);
	else
		__rmap_walk(page, tell_sharer, u);
	/* Not before the flushes are noted: who sees an empty table does not lock it. */
	if (!u->entry.val)
		table->pt_present--;
	atomic_dec(&page->_mapcount);
	put_page(page); /* the entry's; not the last */
	pt_unlock(table);
	return page_mapcount(page);
}

void page_unmap(struct page *page, struct unmap_batch *batch)
{
	struct unmap u = {.page = page, .batch = batch, .kind = mm_counter_of(page)};

	if (page_flag(page, PG_anon))
		u.entry.val = page->private;
	__rmap_walk(page, unmap_from_vma, &u);
}
