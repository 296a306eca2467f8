/* SPDX-License-Identifier: MIT */
/* mprotect: new access rights for a range, VMA by VMA; as on Linux, those before the first that
 * refuses keep the new ones. */
#include "mm/internal.h"
#include "mm/pgwalk.h"
#include "lib/err.h"
#include "sched/sched.h"
#include "task/task.h"
#include "abi/personality.h"

/* One VMA's part [start, end) of the range. The VMA that holds it afterwards, or ERR_PTR. */
static struct vm_area_struct *mprotect_fixup(struct vm_area_struct *vma, unsigned long start,
					     unsigned long end, unsigned long vm_flags)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long old_flags = vma->vm_flags, charged = 0, pages = (end - start) >> PAGE_SHIFT;

	if (vm_flags == old_flags)
		return vma;
	/* The VM_MAY bit of each right stands four bits above it. */
	if ((vm_flags & ~(vm_flags >> 4)) & VM_ACCESS_FLAGS)
		return ERR_PTR(-EACCES);
	if (pgwalk_own_range(mm, start, end))
		return ERR_PTR(-ENOMEM);
	if (vm_flags & VM_WRITE) {
		/* It turns into data: the limit of data must allow it, unless it counted as such
		 * already. */
		if (!may_expand_vm(mm, vm_flags, pages) && may_expand_vm(mm, old_flags, pages))
			return ERR_PTR(-ENOMEM);
		if (!(old_flags & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE))) {
			charged = pages;
			if (vm_enough_memory(mm, charged))
				return ERR_PTR(-ENOMEM);
			vm_flags |= VM_ACCOUNT;
		}
	}
	vma = vma_modify_flags(vma, start, end, vm_flags);
	if (IS_ERR(vma)) {
		if (charged)
			vm_unacct_memory(charged);
		return vma;
	}
	change_protection(vma, start, end);
	return vma;
}

/* PROT_GROWSDOWN: from the start of the stack that holds @*start. 0 or errno. */
static int find_range(struct vm_area_struct *vma, unsigned long *start, unsigned long end,
		      unsigned long grows)
{
	if (!vma)
		return -ENOMEM;
	if (grows & PROT_GROWSDOWN) {
		if (vma->vm_start >= end)
			return -ENOMEM;
		*start = vma->vm_start;
		return vma->vm_flags & VM_GROWSDOWN ? 0 : -EINVAL;
	}
	if (vma->vm_start > *start)
		return -ENOMEM;
	return grows & PROT_GROWSUP ? -EINVAL : 0; /* no mapping grows up on this machine */
}

static int mprotect_range(struct mm_struct *mm, unsigned long start, unsigned long end,
			  unsigned long prot, unsigned long grows, bool *populate)
{
	bool read_implies_exec = (current->personality & READ_IMPLIES_EXEC) && (prot & PROT_READ);
	struct vm_area_struct *vma = find_vma(mm, start);
	int error = find_range(vma, &start, end, grows);

	if (error)
		return error;
	for (;;) {
		unsigned long rights = prot, stop = min(vma->vm_end, end),
			      old_flags = vma->vm_flags;

		if (read_implies_exec && (old_flags & VM_MAYEXEC))
			rights |= PROT_EXEC;
		rights &= VM_ACCESS_FLAGS;
		vma = mprotect_fixup(vma, start, stop, (old_flags & ~VM_ACCESS_FLAGS) | rights);
		if (IS_ERR(vma))
			return PTR_ERR(vma);
		/* Locked memory that may be written now is copied now, not at a time that must not
		 * be late. */
		if ((old_flags & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED &&
		    (rights & VM_WRITE))
			*populate = true;
		start = max(stop, vma->vm_end);
		if (start >= end)
			return 0;
		vma = vma->vm_next;
		if (!vma || vma->vm_start != start)
			return -ENOMEM;
	}
}

int do_mprotect(unsigned long start, unsigned long len, unsigned long prot)
{
	struct mm_struct *mm = current->mm;
	unsigned long grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP), end;
	bool populate = false;
	int error;

	prot &= ~grows;
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP))
		return -EINVAL;
	if (offset_in_page(start))
		return -EINVAL;
	if (!len)
		return 0;
	end = start + PAGE_ALIGN(len);
	if (end <= start)
		return -ENOMEM;
	if (prot & ~(unsigned long)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM))
		return -EINVAL;
	if (down_write_killable(&mm->mmap_lock))
		return -EINTR;
	error = mprotect_range(mm, start, end, prot, grows, &populate);
	mmap_write_unlock(mm);
	if (populate)
		mm_populate(start, end - start, true);
	return error;
}
