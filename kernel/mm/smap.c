/* SPDX-License-Identifier: MIT */
/* What /proc/PID/smaps says of one VMA, counted entry by entry. */
#include "mm/internal.h"
#include "mm/pagecache.h"
#include "mm/rmap.h"
#include "mm/shares.h"
#include "mm/shmem_swap.h"

/* Shares of a page are counted in units this much finer than a byte, so that nothing is lost in the
 * sum. */
#define PSS_SHIFT 12

/* Shares of one VMA's pages, in those units. */
struct shares {
	u64 all, dirty, kind[NR_MM_COUNTERS]; /* MM_SWAPENTS: of slots, not in the others */
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

/* The entries of one table from @addr to @next. */
static void gather_table(struct vm_area_struct *vma, unsigned long addr, unsigned long next,
			 pte_t *pte, const struct pgpath *path, struct mem_size_stats *mss,
			 struct shares *pss)
{
	unsigned int sharers = 0;

	for (; addr < next; addr += PAGE_SIZE, pte++) {
		pte_t entry = pte_get(pte);
		struct page *page;

		if (pte_is_swap(entry)) {
			mss->swap += PAGE_SIZE;
			pss->kind[MM_SWAPENTS] += (PAGE_SIZE << PSS_SHIFT) /
						  swap_mms_by(vma, addr, entry, path, &sharers);
			continue;
		}
		page = pte_present(entry) ? pte_page_counted(entry) : NULL;
		if (page)
			count_page(mss, page, entry, page_mms_by(page, path, &sharers), pss);
	}
}

/* Pages of a memory file that @vma would find in swap: no entry stands for them, and nobody's share
 * is told. Where a private page covers the file's, that is what the program sees. */
static u64 swapped_of_file(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;
	unsigned long addr, pages;

	if (!mapping || mapping->kind != MAPPING_SHMEM)
		return 0;
	pages = mapping_swapped_pages(mapping, vma->vm_pgoff, vma_pages(vma));
	if (!pages || !vma->anon_vma)
		return pages << PAGE_SHIFT;
	pages = 0;
	for (addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
		if (pte_state(vma, addr) == PTE_NONE)
			pages += mapping_swapped_pages(mapping, linear_page_index(vma, addr), 1);
	}
	return pages << PAGE_SHIFT;
}

void smap_gather(struct vm_area_struct *vma, struct mem_size_stats *mss)
{
	unsigned long addr = vma->vm_start, next;
	struct shares pss = {0};
	struct pgpath path;
	pte_t *pte;

	mss->swap += swapped_of_file(vma);
	down_read(&rmap_lock);
	for_each_pte_table (vma->vm_mm, addr, next, vma->vm_end, pte, path)
		gather_table(vma, addr, next, pte, &path, mss, &pss);
	up_read(&rmap_lock);
	mss->pss += pss.all >> PSS_SHIFT;
	mss->pss_dirty += pss.dirty >> PSS_SHIFT;
	mss->pss_anon += pss.kind[MM_ANONPAGES] >> PSS_SHIFT;
	mss->pss_file += pss.kind[MM_FILEPAGES] >> PSS_SHIFT;
	mss->pss_shmem += pss.kind[MM_SHMEMPAGES] >> PSS_SHIFT;
	mss->swap_pss += pss.kind[MM_SWAPENTS] >> PSS_SHIFT;
	if (vma->vm_flags & VM_LOCKED)
		mss->locked += pss.all >> PSS_SHIFT;
}
