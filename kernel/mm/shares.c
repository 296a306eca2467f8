/* SPDX-License-Identifier: MIT */
/* Exact shares of address spaces in the pages they map: see shares.h. */
#include "mm/internal.h"
#include "mm/rmap.h"
#include "mm/shares.h"

static void gather_vma(struct vm_area_struct *vma, struct mm_shares *s)
{
	unsigned long addr = vma->vm_start, next;
	struct pgpath path;
	struct page *page;
	pte_t *pte;

	down_read(&rmap_lock);
	for_each_pte_table (vma->vm_mm, addr, next, vma->vm_end, pte, path) {
		unsigned int sharers = 0;

		for (; addr < next; addr += PAGE_SIZE, pte++) {
			page = pte_present(pte_get(pte)) ? pte_page_counted(pte_get(pte)) : NULL;
			if (page)
				s->share[mm_counter_of(page)] +=
					MM_SHARE_UNIT / page_mms_by(page, &path, &sharers);
		}
	}
	up_read(&rmap_lock);
}

void mm_shares_gather(struct mm_struct *mm, struct mm_shares *s)
{
	struct vm_area_struct *vma;

	down_read(&mm->mmap_lock);
	for_each_vma (mm, vma)
		gather_vma(vma, s);
	up_read(&mm->mmap_lock);
}
