/* SPDX-License-Identifier: MIT */
/*
 * swapoff: everything that an area holds comes back to memory. Its slots are found from where they
 * are named: entries in page tables, values in memory files, pages in the cache. What hides from
 * one round (a fork, a page on its way) is found in the next.
 *
 * An entry in a shared page table is replaced there, for all who share it: nothing is copied.
 */
#include "mm/swapoff.h"
#include "mm/internal.h"
#include "mm/pagecache.h"
#include "mm/pageout.h"
#include "mm/rmap.h"
#include "mm/shmem_swap.h"
#include "mm/swap_cache.h"
#include "base/printk.h"
#include "lib/err.h"
#include "sched/sched.h"

/* ---- Entries in page tables ------------------------------------------------------------------ */

static bool is_of_area(pte_t pte, unsigned int type)
{
	return pte_is_swap(pte) && (type == SWAP_ANY_AREA || pte_swap_type(pte) == type);
}

swp_entry_t next_swap_entry(struct vm_area_struct *vma, unsigned long *addr, unsigned long end,
			    unsigned int type)
{
	swp_entry_t found = {0};
	unsigned long next;
	struct pgpath path;
	pte_t *pte;

	down_read(&rmap_lock);
	for_each_pte_table (vma->vm_mm, *addr, next, end, pte, path) {
		if (!path.table->pt_rss[MM_SWAPENTS])
			continue;
		for (; *addr < next && !is_of_area(pte_get(pte), type); *addr += PAGE_SIZE)
			pte++;
		if (*addr < next) {
			found = pte_to_swp_entry(pte_get(pte));
			pt_unlock(path.table);
			break;
		}
	}
	up_read(&rmap_lock);
	return found;
}

/* The page for @entry in the cache, referenced, together with those of the slots behind it.
 * ERR_PTR(-ENOMEM); NULL: nobody stands for @entry any more. */
static struct page *bring_in(swp_entry_t entry)
{
	struct page *page = swap_cache_get(entry);
	struct swap_run run = {.nr = 0};
	unsigned int i;

	if (page)
		return page;
	page = alloc_page(GFP_USER | __GFP_NOWARN);
	if (!page)
		return ERR_PTR(-ENOMEM);
	if (swap_run_add(&run, page, entry, false)) {
		for (i = 1; i < BLOCK_IO_PAGES && run.nr == i &&
			    swp_offset(entry) + i < swap_end(entry); i++) {
			page = alloc_page(__GFP_MOVABLE | __GFP_NOWARN);
			if (!page ||
			    !swap_run_add(&run, page, (swp_entry_t){entry.val + i}, true))
				break;
		}
	}
	swap_run_read(&run);
	return swap_cache_get(entry);
}

/* @vma's mm, if @arg is its PTE too, has a page now and no entry. */
static bool tell_sharer(struct page *page, struct vm_area_struct *vma, unsigned long addr,
			void *arg)
{
	if (pgwalk_find(vma->vm_mm, addr).pte != arg)
		return true;
	add_mm_counter(vma->vm_mm, MM_SWAPENTS, -1);
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	return true;
}

/* Put @page, locked and uptodate, in the place of @entry at @addr, if that still stands there. The
 * page is mapped without W: a write finds out whose it is. */
static void replace_entry(struct vm_area_struct *vma, unsigned long addr, struct page *page,
			  swp_entry_t entry)
{
	struct pgpath path;
	pte_t *pte;

	down_read(&rmap_lock);
	pte = __pgwalk_lock(vma->vm_mm, addr, &path);
	if (pte && pte_same(pte_get(pte), swp_entry_to_pte(entry))) {
		get_page(page);
		page->mapping = vma->anon_vma;
		page->index = linear_page_index(vma, addr);
		smp_wmb(); /* before it counts as mapped, and can be walked */
		page_add_rmap(page);
		pte_set(pte, pte_wrprotect(mk_pte(page_to_pfn(page), vma->vm_page_prot)));
		path.table->pt_rss[MM_SWAPENTS]--;
		path.table->pt_rss[MM_ANONPAGES]++;
		if (path.write)
			tell_sharer(page, vma, addr, pte);
		else
			__rmap_walk(page, tell_sharer, pte);
		swap_free(entry);
	}
	if (pte)
		pt_unlock(path.table);
	up_read(&rmap_lock);
}

/* If no entry stands for it any more, locked @page leaves the cache. */
static void leave_cache(struct page *page)
{
	spin_lock(&swap_lock);
	if (page_flag(page, PG_swapcache) && !page_flag(page, PG_writeback) &&
	    !swap_slot((swp_entry_t){page->private})->count)
		__swap_cache_del(page);
	spin_unlock(&swap_lock);
}

static int unuse_entry(struct vm_area_struct *vma, unsigned long addr, swp_entry_t entry)
{
	struct page *page = bring_in(entry);
	int err = 0;

	if (IS_ERR_OR_NULL(page))
		return PTR_ERR_OR_ZERO(page);
	lock_page(page);
	wait_on_page_writeback(page);
	if (page_flag(page, PG_swapcache) && page->private == entry.val) {
		if (page_flag(page, PG_uptodate) || swap_read_again(page)) {
			replace_entry(vma, addr, page, entry);
			leave_cache(page);
		} else {
			spin_lock(&swap_lock);
			__swap_cache_del(page);
			spin_unlock(&swap_lock);
			err = -EIO;
		}
	}
	unlock_page(page);
	put_page(page);
	return err;
}

static int unuse_vma(struct vm_area_struct *vma, unsigned int type)
{
	unsigned long addr = vma->vm_start;
	swp_entry_t entry;
	int err = 0;

	while (!err && addr < vma->vm_end && (entry = next_swap_entry(vma, &addr, vma->vm_end, type)).val) {
		err = unuse_entry(vma, addr, entry);
		addr += PAGE_SIZE;
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	return err;
}

static int unuse_mm(struct mm_struct *mm, unsigned int type)
{
	struct vm_area_struct *vma;
	int err = 0;

	if (!get_mm_counter(mm, MM_SWAPENTS))
		return 0;
	down_read(&mm->mmap_lock);
	for (vma = mm->mmap; vma && !err; vma = vma->vm_next) {
		if (vma->anon_vma)
			err = unuse_vma(vma, type);
	}
	up_read(&mm->mmap_lock);
	return err;
}

static int unuse_mms(unsigned int type)
{
	struct mm_struct *mm = NULL;
	int err = 0;

	while ((mm = next_user_mm(mm)) != NULL) {
		err = unuse_mm(mm, type);
		if (err) {
			mmput(mm);
			return err;
		}
	}
	return 0;
}

/* ---- The cache ------------------------------------------------------------------------------- */

/* Pages that are in memory, and in slots for no other reason than that they once were not. */
static void unuse_cache(unsigned int type)
{
	unsigned long end = swap_end(swp_entry(type, 0)), offset;
	struct page *page;

	for (offset = 1; offset < end; offset++) {
		page = swap_cache_get(swp_entry(type, offset));
		if (!page)
			continue;
		lock_page(page);
		wait_on_page_writeback(page);
		if (page->private == swp_entry(type, offset).val)
			leave_cache(page);
		unlock_page(page);
		put_page(page);
		cond_resched();
	}
}

/* ---- The area -------------------------------------------------------------------------------- */

int try_to_unuse(unsigned int type)
{
	int err = 0;

	while (!err && swap_area_used(type)) {
		/* Some of it may be on its way there; but other areas are written to all the time,
		 * so this is not to wait for quiet. */
		swap_wait_written(NSEC_PER_SEC / 10);
		pageout_finish(~0u);
		err = shmem_unuse(type);
		if (!err)
			err = unuse_mms(type);
		if (!err)
			unuse_cache(type);
		if (fatal_signal_pending(current))
			err = -EINTR;
		if (!err && swap_area_used(type)) {
			__set_current_state(TASK_UNINTERRUPTIBLE);
			schedule_timeout(NSEC_PER_MSEC);
		}
	}
	return err;
}
