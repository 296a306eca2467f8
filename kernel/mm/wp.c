/* SPDX-License-Identifier: MIT */
/*
 * A write to a page that is present but not writable:
 *
 *	shared mapping			page_mkwrite, set W
 *	private, page is ours alone	set W (it was shared by a fork, and the others have gone)
 *	private, anything else		copy: another mm's too, or the file's, or the page of zeros
 *
 * A page is ours alone if this PTE is its only mapping and its only reference (besides that of the
 * swap cache, in which no entry stands for it: it leaves the cache), on a path that is private (the
 * fault owned it). That is looked at under the table's lock, which keeps fork and zap
 * of this entry out, and the page lock, which keeps those out that find pages by other ways. One
 * reference too many costs a copy; one overlooked would be corruption.
 */
#include "mm/fault.h"
#include "mm/pagecache.h"
#include "base/trace.h"
#include "mm/swap_cache.h"
#include "page/gfp.h"
#include "task/task.h"

static pte_t writable(pte_t entry, const struct vm_area_struct *vma)
{
	entry = pte_mkdirty(pte_mkyoung(entry));
	return vma->vm_flags & VM_WRITE ? pte_mkwrite(entry) : entry;
}

/* Set W in place and let go of the table's lock. Wider rights need no flush elsewhere: who still
 * has the old ones faults. */
static void make_writable(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;

	pte_change(vmf->pte, vmf->orig_pte, writable(vmf->orig_pte, vma));
	pt_unlock(vmf->table);
	arch_tlb_flush_local_page(vma->vm_mm, vmf->address);
}

/* ---- Shared mappings ------------------------------------------------------------------------- */

static int wp_shared(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *page;
	int ret;

	vmf->what = FAULT_WP_SHARED;
	if (!pt_lock_if_same(vmf))
		return 0;
	page = pte_page_counted(vmf->orig_pte);
	if (!page || !vma->vm_ops || !vma->vm_ops->page_mkwrite) {
		make_writable(vmf);
		return 0;
	}
	get_page(page);
	pt_unlock(vmf->table);

	lock_page(page);
	/* While we waited for the lock the page may have been truncated: then the entry is gone
	 * too. */
	if (!page->mapping || !pte_same(pte_get(vmf->pte), vmf->orig_pte)) {
		ret = 0;
		goto out;
	}
	vmf->page = page;
	ret = vma->vm_ops->page_mkwrite(vmf);
	if (ret & VM_FAULT_ERROR)
		goto out;
	ret = 0;
	set_page_dirty(page);
	if (pt_lock_if_same(vmf))
		make_writable(vmf);
out:
	unlock_page(page);
	put_page(page);
	return ret;
}

/* ---- Private mappings ------------------------------------------------------------------------ */

/* Lock @page if it is this entry's alone. Table locked, so nobody is waited for: a page that is
 * locked counts as shared. */
static bool lock_if_exclusive(struct page *page)
{
	if (!page_flag(page, PG_anon) || page_mapcount(page) != 1 || page_count(page) > 2)
		return false;
	if (!trylock_page(page))
		return false;
	if (swap_cache_reuse(page, 1))
		return true;
	unlock_page(page);
	return false;
}

/* Put @copy in @old's place. Clear, flush, set: no CPU may read the old page after another wrote to
 * the new one. */
static void replace_page(struct vm_fault *vmf, struct page *old, struct page *copy)
{
	struct vm_area_struct *vma = vmf->vma;
	struct mm_struct *mm = vma->vm_mm;

	pte_take_to_replace(vmf->pte);
	if (pte_accessible(vmf->orig_pte))
		arch_tlb_flush_range(mm, vmf->address, vmf->address + PAGE_SIZE);
	page_add_new_anon_rmap(copy, vma, vmf->address);
	pte_set(vmf->pte, mk_private_pte(copy, vma));
	if (old && page_flag(old, PG_anon)) {
		page_remove_anon_rmap(old);
		return;
	}
	if (old) {
		vmf->table->pt_rss[mm_counter_of(old)]--;
		add_mm_counter(mm, mm_counter_of(old), -1);
		page_remove_rmap(old);
	}
	vmf->table->pt_rss[MM_ANONPAGES]++;
	add_mm_counter(mm, MM_ANONPAGES, 1);
}

/* Copy @old (referenced for us; NULL: a special entry's frame, which nobody counts). */
static int wp_copy(struct vm_fault *vmf, struct page *old)
{
	bool zeros = pte_pfn(vmf->orig_pte) == page_to_pfn(zero_page);
	struct page *copy;

	vmf->what = FAULT_WP_COPY;
	anon_vma_prepare(vmf->vma);
	copy = alloc_page(zeros ? GFP_USER | __GFP_ZERO : GFP_USER);
	if (unlikely(!copy))
		goto out_of_memory;
	if (!zeros)
		arch_copy_page(page_address(copy),
			       page_address(pfn_to_page(pte_pfn(vmf->orig_pte))));
	if (likely(pt_lock_if_same(vmf))) {
		replace_page(vmf, old, copy);
		pt_unlock(vmf->table);
		if (old)
			put_page(old); /* the entry's */
		count_vm_event(COW_COPY);
		trace(TRACE_COPY_PAGE, current->pid, pte_pfn(vmf->orig_pte), page_to_pfn(copy));
	} else {
		put_page(copy);
	}
	if (old)
		put_page(old);
	return 0;

out_of_memory:
	if (old)
		put_page(old);
	return VM_FAULT_OOM;
}

int do_wp_page(struct vm_fault *vmf)
{
	struct page *page;

	if (vmf->vma->vm_flags & VM_SHARED)
		return wp_shared(vmf);
	if (!pt_lock_if_same(vmf))
		return 0;
	page = pte_page_counted(vmf->orig_pte);
	if (!page) {
		pt_unlock(vmf->table);
		return wp_copy(vmf, NULL);
	}
	if (lock_if_exclusive(page)) {
		make_writable(vmf);
		unlock_page(page);
		count_vm_event(COW_REUSE);
		vmf->what = FAULT_WP_REUSE;
		return 0;
	}
	get_page(page);
	pt_unlock(vmf->table);
	return wp_copy(vmf, page);
}
