/* SPDX-License-Identifier: MIT */
/* madvise(MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED): see madvise_reclaim.h. */
#include "mm/madvise_reclaim.h"
#include "mm/internal.h"
#include "mm/pagecache.h"
#include "mm/pageout.h"
#include "mm/pgwalk.h"
#include "mm/rmap.h"
#include "mm/swap_cache.h"
#include "mm/swapoff.h"
#include "sched/sched.h"

/* The page @pte maps, if it is on an LRU list to begin with and nobody else's. Table locked. */
static struct page *own_page(const struct pgpath *path, pte_t pte)
{
	struct page *page;

	if (pte_none(pte) || !pte_present(pte) || !path->write)
		return NULL;
	page = pte_page_counted(pte);
	return page && page_mapcount(page) == 1 ? page : NULL;
}

/* Up to PAGEOUT_BATCH pages from *addr on: made cold, or (with @isolated) taken off their lists. */
static void visit(struct vm_area_struct *vma, unsigned long *addr, unsigned long end,
		  struct list_head *isolated)
{
	unsigned int left = PAGEOUT_BATCH;
	unsigned long next;
	struct pgpath path;
	pte_t *pte;

	down_read(&rmap_lock);
	for_each_pte_table (vma->vm_mm, *addr, next, end, pte, path) {
		for (; *addr < next && left; *addr += PAGE_SIZE, pte++) {
			struct page *page = own_page(&path, pte_get(pte));

			if (!page)
				continue;
			pte_test_and_clear_young(pte);
			left--;
			if (!isolated)
				lru_deactivate(page);
			else if (lru_isolate_page(page))
				list_add_tail(&page->lru, isolated);
		}
		if (*addr < next) {
			pt_unlock(path.table);
			break;
		}
	}
	up_read(&rmap_lock);
}

/* Pages of files that current may not look into stay as they are: that they go could be seen. */
static bool may_page_out(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;

	return !mapping || !mapping->host || !inode_may_inspect_hook ||
	       inode_may_inspect_hook(mapping->host);
}

int madvise_reclaim(struct vm_area_struct *vma, unsigned long start, unsigned long end, int advice)
{
	struct pageout po = {.force = true};
	LIST_HEAD(pages);

	if (vma->vm_flags & (VM_LOCKED | VM_PFNMAP | VM_IO))
		return -EINVAL;
	if (advice == MADV_PAGEOUT && !may_page_out(vma))
		return 0;
	lru_begin();
	while (start < end && !fatal_signal_pending(current)) {
		visit(vma, &start, end, advice == MADV_PAGEOUT ? &pages : NULL);
		pageout(&pages, &po);
		cond_resched();
	}
	return 0;
}

void swap_will_need(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct swap_run run = {.nr = 0};
	struct page *page;
	swp_entry_t entry;

	for (; get_mm_counter(vma->vm_mm, MM_SWAPENTS) && start < end; start += PAGE_SIZE) {
		entry = next_swap_entry(vma, &start, end, SWAP_ANY_AREA);
		if (!entry.val || fatal_signal_pending(current))
			break;
		page = alloc_page(__GFP_MOVABLE | __GFP_NOWARN);
		if (!page)
			break;
		swap_run_add(&run, page, entry, true);
		cond_resched();
	}
	swap_run_read(&run);
}
