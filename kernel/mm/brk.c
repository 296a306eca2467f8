/* SPDX-License-Identifier: MIT */
/* brk: the heap, one anonymous mapping that begins at mm->start_brk and ends at the page after
 * mm->brk. */
#include "mm/internal.h"
#include "task/task.h"
#include "sched/sched.h"

/* RLIMIT_DATA counts heap and the program's data segment. */
static bool data_rlimit_allows(struct mm_struct *mm, unsigned long brk)
{
	unsigned long limit = rlimit(RLIMIT_DATA);

	return limit == RLIM_INFINITY ||
	       (brk - mm->start_brk) + (mm->end_data - mm->start_data) <= limit;
}

/* The heap's own VMA grows in place: the usual case, without looking for something to unmap or to
 * merge with. */
static bool grow_heap(struct mm_struct *mm, unsigned long old_end, unsigned long new_end)
{
	unsigned long pages = (new_end - old_end) >> PAGE_SHIFT,
		      vm_flags = vm_data_default_flags() | VM_ACCOUNT | mm->def_flags;
	struct vm_area_struct *vma = old_end ? find_vma(mm, old_end - 1) : NULL, *next;

	if (!vma || vma->vm_end != old_end || vma->vm_flags != vm_flags || vma->vm_file ||
	    vma->vm_ops)
		return false;
	next = vma->vm_next;
	if (next && next->vm_start <= new_end)
		return false; /* touches another mapping: they may merge */
	if (mlock_future_check(mm, vm_flags, new_end - old_end) ||
	    !may_expand_vm(mm, vm_flags, pages) || vm_enough_memory(mm, pages))
		return false;
	vma_resize(vma, vma->vm_start, new_end, vma->vm_pgoff);
	return true;
}

static bool change_brk(struct mm_struct *mm, unsigned long brk)
{
	unsigned long old_end = PAGE_ALIGN(mm->brk), new_end = PAGE_ALIGN(brk);
	struct vm_area_struct *next;

	if (brk < mm->start_brk || brk > mm->task_size || !data_rlimit_allows(mm, brk))
		return false;
	if (new_end < old_end) {
		if (do_munmap(mm, new_end, old_end - new_end))
			return false;
	} else if (new_end > old_end) {
		/* Never so near to a stack that it could not grow by its gap. */
		next = find_vma(mm, old_end);
		if (next && new_end + PAGE_SIZE > vm_start_gap(next))
			return false;
		if (!grow_heap(mm, old_end, new_end) &&
		    vm_brk_flags(mm, old_end, new_end - old_end, 0))
			return false;
	}
	spin_lock(&mm->arg_lock);
	mm->brk = brk;
	spin_unlock(&mm->arg_lock);
	return true;
}

unsigned long do_brk(unsigned long brk)
{
	struct mm_struct *mm = current->mm;
	unsigned long old;
	bool populate;

	if (down_write_killable(&mm->mmap_lock))
		return -EINTR;
	old = mm->brk;
	if (!change_brk(mm, brk)) {
		mmap_write_unlock(mm);
		return old;
	}
	populate = brk > old && (mm->def_flags & VM_LOCKED);
	mmap_write_unlock(mm);
	if (populate)
		mm_populate(PAGE_ALIGN(old), PAGE_ALIGN(brk) - PAGE_ALIGN(old), true);
	return brk;
}
