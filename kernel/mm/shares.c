/* SPDX-License-Identifier: MIT */
/* Exact shares of address spaces in pages and swap slots: see shares.h. */
#include "mm/internal.h"
#include "mm/rmap.h"
#include "mm/shares.h"
#include "mm/swap_cache.h"
#include "sched/sched.h"

/* ---- How many address spaces have a swap entry ----------------------------------------------- */

static inline bool same_slot(pte_t a, pte_t b)
{
	return pte_is_swap(a) && pte_to_swp_entry(a).val == pte_to_swp_entry(b).val;
}

/* Does @vma have @entry at @addr, at a glance? As page_seen_at(). */
static bool swap_seen_at(struct vm_area_struct *vma, unsigned long addr, pte_t entry)
{
	struct pgpath path, now = pgwalk_find(vma->vm_mm, addr);

	do {
		path = now;
		if (!path.pte)
			return false;
		if (same_slot(pte_get(path.pte), entry))
			return true;
		/* A shared table may have been copied since. */
		smp_rmb();
		now = path.write ? path : pgwalk_find(vma->vm_mm, addr);
	} while (now.pte != path.pte);
	return false;
}

/* Copies of an entry are the work of forks, so that all of them lie in one family's VMAs, at the
 * same index. */
static unsigned int swap_mms(struct vm_area_struct *vma, unsigned long addr, pte_t entry)
{
	unsigned long index = linear_page_index(vma, addr);
	struct interval_tree_node *node;
	unsigned int mms = 0;

	interval_tree_for_each (node, &vma->anon_vma->tree, index, index) {
		struct vm_area_struct *other = container_of(node, struct vm_area_struct, anon);

		mms += swap_seen_at(
			other, other->vm_start + ((index - other->vm_pgoff) << PAGE_SHIFT), entry);
	}
	return mms;
}

unsigned int swap_mms_by(struct vm_area_struct *vma, unsigned long addr, pte_t entry,
			 const struct pgpath *path, unsigned int *sharers)
{
	/* With the table locked, a count of one is this entry's. */
	if (swap_count(pte_to_swp_entry(entry)) != 1)
		return swap_mms(vma, addr, entry);
	if (path->write)
		return 1;
	if (!*sharers)
		*sharers = swap_mms(vma, addr, entry);
	return *sharers;
}

#define SLOTS_AT_ONCE 512 /* looked at under the lock */

unsigned long swap_slots_cached_only(void)
{
	unsigned long offset = 1, end, stop, cached = 0;
	unsigned int type = 0;

	while (type < MAX_SWAPFILES) {
		spin_lock(&swap_lock);
		end = swap_end(swp_entry(type, 0));
		for (stop = min(offset + SLOTS_AT_ONCE, end); offset < stop; offset++) {
			swp_entry_t entry = swp_entry(type, offset);

			cached += swap_entry_valid(entry) && !swap_count(entry);
		}
		spin_unlock(&swap_lock);
		if (offset >= end) {
			type++;
			offset = 1;
		}
		cond_resched();
	}
	return cached;
}

/* ---- The shares of one address space --------------------------------------------------------- */

static u64 share_of_page(struct page *page, const struct pgpath *path, unsigned int *sharers)
{
	return MM_SHARE_UNIT / page_mms_by(page, path, sharers);
}

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
			pte_t entry = pte_get(pte);

			if (pte_is_swap(entry)) {
				s->share[MM_SWAPENTS] +=
					MM_SHARE_UNIT /
					swap_mms_by(vma, addr, entry, &path, &sharers);
				continue;
			}
			page = pte_present(entry) ? pte_page_counted(entry) : NULL;
			if (page)
				s->share[mm_counter_of(page)] +=
					share_of_page(page, &path, &sharers);
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
