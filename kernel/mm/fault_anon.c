/* SPDX-License-Identifier: MIT */
/* First touch of anonymous memory: a read maps the page of zeros, a write a page of its own. */
#include "mm/fault.h"
#include "page/gfp.h"

static int map_zero_page(struct vm_fault *vmf)
{
	const struct vm_area_struct *vma = vmf->vma;
	pte_t entry = pte_mkspecial(mk_pte(page_to_pfn(zero_page), vma->vm_page_prot));

	vmf->what = FAULT_ZERO_PAGE;
	if (unlikely(!pt_lock_if_same(vmf)))
		return 0;
	if (contents_lost(vma)) {
		pt_unlock(vmf->table);
		return VM_FAULT_SIGBUS;
	}
	pte_install_special(vmf->table, vmf->pte, entry);
	pt_unlock(vmf->table);
	return 0;
}

int do_anonymous_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *page;

	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return map_zero_page(vmf);
	vmf->what = FAULT_ANON;
	anon_vma_prepare(vma);
	page = alloc_page(GFP_USER | __GFP_ZERO);
	if (unlikely(!page))
		return VM_FAULT_OOM;
	if (unlikely(!pt_lock_if_same(vmf))) {
		/* Another thread was here first. */
		put_page(page);
		return 0;
	}
	if (contents_lost(vma)) {
		pt_unlock(vmf->table);
		put_page(page);
		return VM_FAULT_SIGBUS;
	}
	page_add_new_anon_rmap(page, vma, vmf->address);
	pte_install(vmf->table, vmf->pte, mk_private_pte(page, vma), MM_ANONPAGES);
	pt_unlock(vmf->table);
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	return 0;
}
