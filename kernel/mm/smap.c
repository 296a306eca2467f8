/* SPDX-License-Identifier: MIT */
/* What /proc/PID/smaps says of one VMA, counted entry by entry. */
#include "mm/internal.h"
#include "mm/rmap.h"

/* Shares of a page are counted in units this much finer than a byte, so that nothing is lost in the
 * sum. */
#define PSS_SHIFT 12

/* Shares of one VMA's pages, in those units. */
struct shares {
	u64 all, dirty, kind[NR_MM_COUNTERS];
};

static void count_page(struct mem_size_stats *mss, struct page *page, pte_t pte,
		       unsigned int mapcount, struct shares *pss)
{
	bool dirty = pte_dirty(pte) || page_flag(page, PG_dirty);
	u64 share = (PAGE_SIZE << PSS_SHIFT) / mapcount;

	mss->resident += PAGE_SIZE;
	pss->all += share;
	pss->kind[mm_counter_of(page)] += share;
	if (dirty)
		pss->dirty += share;
	if (page_flag(page, PG_anon))
		mss->anonymous += PAGE_SIZE;
	if (pte_young(pte) || page_flag(page, PG_referenced))
		mss->referenced += PAGE_SIZE;
	if (mapcount > 1)
		*(dirty ? &mss->shared_dirty : &mss->shared_clean) += PAGE_SIZE;
	else
		*(dirty ? &mss->private_dirty : &mss->private_clean) += PAGE_SIZE;
}

void smap_gather(struct vm_area_struct *vma, struct mem_size_stats *mss)
{
	unsigned long addr = vma->vm_start, next;
	struct shares pss = {0};
	struct pgpath path;
	struct page *page;
	pte_t *pte;

	down_read(&rmap_lock);
	for_each_pte_table (vma->vm_mm, addr, next, vma->vm_end, pte, path) {
		unsigned int sharers = 0;

		for (; addr < next; addr += PAGE_SIZE, pte++) {
			pte_t entry = pte_get(pte);

			if (!pte_present(entry))
				continue;
			page = pte_page_counted(entry);
			if (page)
				count_page(mss, page, entry, page_mms_by(page, &path, &sharers),
					   &pss);
		}
	}
	up_read(&rmap_lock);
	mss->pss += pss.all >> PSS_SHIFT;
	mss->pss_dirty += pss.dirty >> PSS_SHIFT;
	mss->pss_anon += pss.kind[MM_ANONPAGES] >> PSS_SHIFT;
	mss->pss_file += pss.kind[MM_FILEPAGES] >> PSS_SHIFT;
	mss->pss_shmem += pss.kind[MM_SHMEMPAGES] >> PSS_SHIFT;
	if (vma->vm_flags & VM_LOCKED)
		mss->locked += pss.all >> PSS_SHIFT;
}
