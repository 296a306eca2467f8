/* SPDX-License-Identifier: MIT */
/*
 * mlock and its family: VM_LOCKED on VMAs, their pages faulted in, RLIMIT_MEMLOCK.
 *
 * No bit of a page says that it is locked: whoever asks finds the mappings by the reverse map, so
 * that nothing can go out of step with the VMAs.
 */
#include "mm/internal.h"
#include "mm/lru.h"
#include "mm/mlock.h"
#include "mm/pagecache.h"
#include "mm/rmap.h"
#include "lib/err.h"
#include "sched/sched.h"
#include "task/task.h"

static bool can_do_mlock(void)
{
	return rlimit(RLIMIT_MEMLOCK) != 0 || capable(CAP_IPC_LOCK);
}

/* Set the lock bits of [start, end) of @vma to @lock. Special mappings cannot be locked, which is
 * no error. */
static struct vm_area_struct *mlock_fixup(struct vm_area_struct *vma, unsigned long start,
					  unsigned long end, unsigned long lock)
{
	unsigned long vm_flags = (vma->vm_flags & ~VM_LOCKED_MASK) | lock;

	if (vm_flags == vma->vm_flags || (vma->vm_flags & VM_SPECIAL))
		return vma;
	return vma_modify_flags(vma, start, end, vm_flags);
}

static int apply_lock_flags(struct mm_struct *mm, unsigned long start, unsigned long len,
			    unsigned long lock)
{
	unsigned long end = start + len;
	struct vm_area_struct *vma;

	if (end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	vma = vma_lookup(mm, start);
	while (vma) {
		unsigned long stop = min(vma->vm_end, end);

		vma = mlock_fixup(vma, start, stop, lock);
		if (IS_ERR(vma))
			return PTR_ERR(vma);
		start = max(stop, vma->vm_end);
		if (start >= end)
			return 0;
		vma = vma->vm_next;
		if (vma && vma->vm_start != start)
			break;
	}
	return -ENOMEM;
}

/* Pages of [start, start + len) that are locked already: not to be counted twice. */
static unsigned long locked_in_range(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	unsigned long end = start + len < start ? ULONG_MAX : start + len, pages = 0;
	struct vm_area_struct *vma;

	for (vma = find_vma(mm, start); vma && vma->vm_start < end; vma = vma->vm_next) {
		if (vma->vm_flags & VM_LOCKED)
			pages += (min(vma->vm_end, end) - max(vma->vm_start, start)) >> PAGE_SHIFT;
	}
	return pages;
}

/* Reclaim looks for VM_LOCKED, then unmaps, in one section under rmap_lock: once those have ended
 * that may have looked before the flag was set, what is present stays so. */
static void wait_for_unmappers(void)
{
	down_write(&rmap_lock);
	up_write(&rmap_lock);
}

/* POSIX wants ENOMEM for addresses that cannot be had and EAGAIN for want of memory. */
static int posix_error(int error)
{
	if (error == -EFAULT)
		return -ENOMEM;
	return error == -ENOMEM ? -EAGAIN : error;
}

int do_mlock(unsigned long start, unsigned long len, unsigned int flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long pages, limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	int error = -ENOMEM;

	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	if (!can_do_mlock())
		return -EPERM;
	len = PAGE_ALIGN(len + offset_in_page(start));
	start &= PAGE_MASK;
	if (down_write_killable(&mm->mmap_lock))
		return -EINTR;
	pages = (len >> PAGE_SHIFT) + mm->locked_vm;
	if (pages > limit && !capable(CAP_IPC_LOCK))
		pages -= locked_in_range(mm, start, len);
	if (pages <= limit || capable(CAP_IPC_LOCK))
		error = apply_lock_flags(mm, start, len,
					 VM_LOCKED | (flags & MLOCK_ONFAULT ? VM_LOCKONFAULT : 0));
	mmap_write_unlock(mm);
	if (error)
		return error;
	wait_for_unmappers();
	return posix_error(mm_populate(start, len, false));
}

int do_munlock(unsigned long start, unsigned long len)
{
	struct mm_struct *mm = current->mm;
	int error;

	len = PAGE_ALIGN(len + offset_in_page(start));
	start &= PAGE_MASK;
	if (down_write_killable(&mm->mmap_lock))
		return -EINTR;
	error = apply_lock_flags(mm, start, len, 0);
	mmap_write_unlock(mm);
	lru_rescue_unevictable();
	return error;
}

static void apply_to_all(struct mm_struct *mm, unsigned long lock)
{
	struct vm_area_struct *vma = mm->mmap, *kept;

	while (vma) {
		kept = mlock_fixup(vma, vma->vm_start, vma->vm_end, lock);
		vma = IS_ERR(kept) ? vma->vm_next
				   : kept->vm_next; /* whole VMAs: nothing to split, no error */
	}
}

int do_mlockall(int flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	unsigned long lock = VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0);

	if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
		return -EINVAL;
	if (!can_do_mlock())
		return -EPERM;
	if (down_write_killable(&mm->mmap_lock))
		return -EINTR;
	if ((flags & MCL_CURRENT) && mm->total_vm > limit && !capable(CAP_IPC_LOCK)) {
		mmap_write_unlock(mm);
		return -ENOMEM;
	}
	mm->def_flags &= ~VM_LOCKED_MASK;
	if (flags & MCL_FUTURE)
		mm->def_flags |= lock;
	if (flags & MCL_CURRENT)
		apply_to_all(mm, lock);
	mmap_write_unlock(mm);
	if (flags & MCL_CURRENT) {
		wait_for_unmappers();
		mm_populate(0, mm->task_size, true);
	}
	return 0;
}

int do_munlockall(void)
{
	struct mm_struct *mm = current->mm;

	if (down_write_killable(&mm->mmap_lock))
		return -EINTR;
	mm->def_flags &= ~VM_LOCKED_MASK;
	apply_to_all(mm, 0);
	mmap_write_unlock(mm);
	lru_rescue_unevictable();
	return 0;
}

/* The part of [addr, end) in the next VMA that is to be populated: its end, 0 if there is none;
 * *start and *write are set. */
static unsigned long next_to_populate(struct mm_struct *mm, unsigned long addr, unsigned long end,
				      unsigned long *start, bool *write)
{
	struct vm_area_struct *vma;
	unsigned long stop = 0;

	down_read(&mm->mmap_lock);
	for (vma = find_vma(mm, addr); vma && vma->vm_start < end; vma = vma->vm_next) {
		if (vma->vm_flags & (VM_IO | VM_PFNMAP | VM_LOCKONFAULT))
			continue;
		*start = max(vma->vm_start, addr);
		/* Copy private pages now, not at the first write: that fault is what a lock is to
		 * avoid. */
		*write = (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
		stop = min(vma->vm_end, end);
		break;
	}
	up_read(&mm->mmap_lock);
	return stop;
}

int mm_populate(unsigned long start, unsigned long len, bool ignore_errors)
{
	struct mm_struct *mm = current->mm;
	unsigned long end = start + len, stop;
	int error;
	bool write;

	while (start < end && (stop = next_to_populate(mm, start, end, &start, &write)) != 0) {
		error = populate_range(mm, start, stop - start, write);
		if (error == -EINVAL)
			error = -EFAULT; /* no access at all is allowed there */
		if (error && !ignore_errors)
			return error;
		if (fatal_signal_pending(current))
			return -EINTR;
		start = stop;
	}
	return 0;
}

/* ---- Which pages are locked ------------------------------------------------------------------ */

struct locked_mapping {
	struct vm_area_struct *vma; /* NULL: none found */
	unsigned long addr;
};

static bool find_locked(struct page *page, struct vm_area_struct *vma, unsigned long addr,
			void *arg)
{
	struct locked_mapping *found = arg;

	if (!(vma->vm_flags & VM_LOCKED) || !page_seen_at(page, vma, addr))
		return true;
	*found = (struct locked_mapping){vma, addr};
	return false;
}

bool page_mlocked(struct page *page)
{
	struct locked_mapping found = {0};

	if (!atomic_inc_not_zero(&page->_refcount))
		return false;
	if (trylock_page(page)) {
		rmap_walk(page, find_locked, &found);
		unlock_page(page);
	}
	put_page(page);
	return found.vma;
}

/* Is @addr of the locked @vma, where @page is mapped, the first locked mapping of it that the
 * reverse map finds? So each page counts once, whoever else has locked it. rmap_lock held. */
static bool counts_here(struct page *page, struct vm_area_struct *vma, unsigned long addr)
{
	struct locked_mapping found = {0};

	/* Who holds the page's lock may be taking it from its file: then it counts, for now. */
	if (!trylock_page(page))
		return true;
	__rmap_walk(page, find_locked, &found);
	unlock_page(page);
	return found.vma == vma && found.addr == addr;
}

/* mmap_lock held. */
static unsigned long count_mlocked_vma(struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start, next, pages = 0;
	struct pgpath path;
	struct page *page;
	pte_t *pte;

	down_read(&rmap_lock);
	for_each_pte_table (vma->vm_mm, addr, next, vma->vm_end, pte, path) {
		for (; addr < next; addr += PAGE_SIZE, pte++) {
			page = pte_present(pte_get(pte)) ? pte_page_counted(pte_get(pte)) : NULL;
			if (page)
				pages += counts_here(page, vma, addr);
		}
	}
	up_read(&rmap_lock);
	return pages;
}

static unsigned long count_mlocked_mm(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	unsigned long pages = 0;

	down_read(&mm->mmap_lock);
	for_each_vma (mm, vma) {
		if (vma->vm_flags & VM_LOCKED)
			pages += count_mlocked_vma(vma);
	}
	up_read(&mm->mmap_lock);
	return pages;
}

bool any_memory_locked(void)
{
	struct mm_struct *mm;
	bool any = false;

	spin_lock(&mmlist_lock);
	list_for_each_entry (mm, &mm_list, mmlist)
		any |= READ_ONCE(mm->locked_vm) > 0;
	spin_unlock(&mmlist_lock);
	return any;
}

unsigned long count_mlocked_pages(void)
{
	struct mm_struct *mm = NULL;
	unsigned long pages = 0;

	if (!any_memory_locked())
		return 0;
	while ((mm = next_user_mm(mm)) != NULL) {
		if (READ_ONCE(mm->locked_vm))
			pages += count_mlocked_mm(mm);
	}
	return pages;
}
