/* SPDX-License-Identifier: MIT */
/*
 * Changes of VMAs: split, merge, new flags, new boundaries. Each is prepared first (memory), then
 * committed: the commit cannot fail, and under rmap_lock nothing allocates.
 *
 *	split	AAAAAA	  ->  AAA|AAA	both keep flags, file, anon_vma
 *	merge	AA....BB  ->  AAAAAAAA	a free range, or one whose flags change (curr),
 *		AA....	  ->  AAAAAA	joins the VMA on its left, on its right, or both,
 *		  ....BB  ->  BBBBBB	if these have the same attributes and the page
 *		AA[cc]cc  ->  AAAA|cc	offsets go on without a break
 *		cc[cc]BB  ->  cc|BBBB
 *
 * Pages know their VMA by anon_vma and page offset only. So one with an anon_vma merges with one
 * that has none or the same; the one that lasts takes it over.
 */
#include "mm/internal.h"
#include "file/file.h"
#include "lib/err.h"
#include "page/slab.h"

static inline bool has_rmap_links(const struct vm_area_struct *vma)
{
	return vma->in_i_mmap || vma->in_anon_vma;
}

void vma_link(struct vm_area_struct *vma)
{
	vma_insert(vma);
	vma_link_rmap(vma);
}

void vma_resize(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		unsigned long pgoff)
{
	if (!has_rmap_links(vma)) {
		vma_set_range(vma, start, end, pgoff);
		return;
	}
	down_write(&rmap_lock);
	__vma_rmap_remove(vma);
	vma_set_range(vma, start, end, pgoff);
	__vma_rmap_insert(vma);
	up_write(&rmap_lock);
}

/* ---- Split
 * ----------------------------------------------------------------------------------------- */

/* @new, a copy of @vma made by vm_area_dup(), becomes the part that @vma gives up. */
static void split_commit(struct vm_area_struct *vma, struct vm_area_struct *new, unsigned long addr,
			 bool keep_low)
{
	bool linked = has_rmap_links(vma);

	anon_vma_clone(new, vma);
	if (linked) {
		down_write(&rmap_lock);
		__vma_rmap_remove(vma);
	}
	vma_cut(vma, new, addr, keep_low);
	if (linked) {
		__vma_rmap_insert(vma);
		__vma_link_rmap(new);
		up_write(&rmap_lock);
	}
	if (new->vm_ops && new->vm_ops->open)
		new->vm_ops->open(new);
}

/* A copy for a split that did not come about. */
static void split_cancel(struct vm_area_struct *new)
{
	if (!new)
		return;
	if (new->vm_file)
		fput(new->vm_file); /* never the last: the original has one */
	vm_area_free(new);
}

int vma_split(struct vm_area_struct *vma, unsigned long addr, bool keep_low)
{
	struct vm_area_struct *new = vm_area_dup(vma, vma->vm_mm);

	if (!new)
		return -ENOMEM;
	split_commit(vma, new, addr, keep_low);
	return 0;
}

int vma_isolate(struct mm_struct *mm, unsigned long start, unsigned long end,
		struct vm_area_struct **first)
{
	struct vm_area_struct *low = find_vma_intersection(mm, start, end), *high = NULL,
			      *new_low = NULL, *new_high = NULL;
	bool split_low, split_high;

	*first = low;
	if (!low)
		return 0;
	split_low = low->vm_start < start;
	high = low->vm_end >= end ? low : find_vma_intersection(mm, end - 1, end);
	split_high = high && high->vm_end > end;
	/* Only a hole in one VMA leaves more of them than there were. */
	if (split_low && split_high && low == high && mm->map_count >= sysctl_max_map_count)
		return -ENOMEM;
	if (split_low)
		new_low = vm_area_dup(low, mm);
	if (split_high)
		new_high = vm_area_dup(high, mm);
	if ((split_low && !new_low) || (split_high && !new_high)) {
		split_cancel(new_low);
		split_cancel(new_high);
		return -ENOMEM;
	}
	if (split_high)
		split_commit(high, new_high, end, true);
	if (split_low) {
		split_commit(low, new_low, start, true);
		*first = new_low;
	}
	return 0;
}

/* ---- Merge
 * ----------------------------------------------------------------------------------------- */

static bool same_attributes(const struct vm_area_struct *vma, const struct vma_desc *desc)
{
	return vma->vm_flags == desc->vm_flags && vma->vm_file == desc->file &&
	       !(vma->vm_flags & VM_SPECIAL) && vma->vm_private_data == desc->private_data &&
	       !(vma->vm_ops && vma->vm_ops->close);
}

static bool anon_vmas_agree(const struct anon_vma *a, const struct anon_vma *b)
{
	return !a || !b || a == b;
}

static bool fits_after(const struct vm_area_struct *left, const struct vma_desc *desc)
{
	return left && left->vm_end == desc->start && same_attributes(left, desc) &&
	       left->vm_pgoff + vma_pages(left) == desc->pgoff &&
	       anon_vmas_agree(left->anon_vma, desc->anon_vma);
}

static bool fits_before(const struct vm_area_struct *right, const struct vma_desc *desc)
{
	return right && right->vm_start == desc->end && same_attributes(right, desc) &&
	       desc->pgoff + ((desc->end - desc->start) >> PAGE_SHIFT) == right->vm_pgoff &&
	       anon_vmas_agree(right->anon_vma, desc->anon_vma);
}

static void merge_free(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		fput(vma->vm_file); /* never the last: the VMA that was kept has one */
	vm_area_free(vma);
}

static void merge_commit(struct vma_join *j)
{
	struct vm_area_struct *keep = j->keep, *curr = j->curr, *gone = j->gone;
	bool linked = has_rmap_links(keep) || (curr && has_rmap_links(curr)) ||
		      (gone && has_rmap_links(gone));

	if (!linked) {
		vma_join(j);
	} else {
		down_write(&rmap_lock);
		__vma_rmap_remove(keep);
		/* Pages of the range stay mapped all the while: keep must stand in their anon_vma's
		 * tree. */
		if (!keep->anon_vma && curr)
			anon_vma_clone(keep, curr);
		if (!keep->anon_vma && gone)
			anon_vma_clone(keep, gone);
		if (curr && j->curr_goes)
			__vma_unlink_rmap(curr);
		else if (curr)
			__vma_rmap_remove(curr);
		if (gone)
			__vma_unlink_rmap(gone);
		vma_join(j);
		if (curr && !j->curr_goes)
			__vma_rmap_insert(curr);
		__vma_rmap_insert(keep);
		up_write(&rmap_lock);
	}
	if (curr && j->curr_goes)
		merge_free(curr);
	if (gone)
		merge_free(gone);
}

/*
 * The range of @desc, free or part of @curr, joins @left or @right (its neighbours, NULL where
 * there is none or the neighbour is curr itself) if it can. The VMA that holds it then, or NULL.
 */
static struct vm_area_struct *try_merge(struct vm_area_struct *left, struct vm_area_struct *right,
					struct vm_area_struct *curr, const struct vma_desc *desc)
{
	struct vma_join j = {.curr = curr};
	bool with_left = fits_after(left, desc), with_right = fits_before(right, desc);

	if (with_left && with_right && !anon_vmas_agree(left->anon_vma, right->anon_vma))
		with_right = false;
	if (with_left) {
		j.keep = left;
		j.start = left->vm_start;
		j.pgoff = left->vm_pgoff;
		j.end = desc->end;
		if (with_right) {
			j.gone = right;
			j.end = right->vm_end;
		}
	} else if (with_right) {
		j.keep = right;
		j.start = desc->start;
		j.pgoff = desc->pgoff;
		j.end = right->vm_end;
	} else {
		return NULL;
	}
	if (curr) {
		j.curr_goes = curr->vm_start == desc->start && curr->vm_end == desc->end;
		j.curr_start = with_left ? desc->end : curr->vm_start;
		j.curr_end = with_left ? curr->vm_end : desc->start;
	}
	merge_commit(&j);
	return j.keep;
}

struct vm_area_struct *vma_merge(struct mm_struct *mm, struct vm_area_struct *prev,
				 const struct vma_desc *desc)
{
	if (desc->vm_flags & VM_SPECIAL)
		return NULL;
	return try_merge(prev, prev ? prev->vm_next : mm->mmap, NULL, desc);
}

struct vm_area_struct *vma_modify_flags(struct vm_area_struct *vma, unsigned long start,
					unsigned long end, unsigned long vm_flags)
{
	struct mm_struct *mm = vma->vm_mm;
	bool from_start = start == vma->vm_start, to_end = end == vma->vm_end;
	struct vm_area_struct *low = NULL, *high = NULL, *kept;
	struct vma_desc desc = {
		.start = start,
		.end = end,
		.pgoff = linear_page_index(vma, start),
		.vm_flags = vm_flags,
		.anon_vma = vma->anon_vma,
		.file = vma->vm_file,
		.private_data = vma->vm_private_data,
	};

	kept = try_merge(from_start ? vma->vm_prev : NULL, to_end ? vma->vm_next : NULL, vma,
			 &desc);
	if (kept)
		return kept;
	if (vm_flags == vma->vm_flags)
		return vma;
	if (mm->map_count + !from_start + !to_end > sysctl_max_map_count)
		return ERR_PTR(-ENOMEM);
	if (!from_start)
		low = vm_area_dup(vma, mm);
	if (!to_end)
		high = vm_area_dup(vma, mm);
	if ((!from_start && !low) || (!to_end && !high)) {
		split_cancel(low);
		split_cancel(high);
		return ERR_PTR(-ENOMEM);
	}
	if (low)
		split_commit(vma, low, start, false);
	if (high)
		split_commit(vma, high, end, true);
	vma_set_flags(vma, vm_flags);
	return vma;
}
