/* SPDX-License-Identifier: MIT */
/* msync: what was written through shared mappings goes to the file, by its fsync operation. */
#include "mm/internal.h"
#include "file/file.h"
#include "sched/sched.h"
#include "task/task.h"

/* Sync the part of [start, end) that @vma maps. mmap_lock is held for reading, dropped on return.
 */
static int sync_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		    unsigned long end)
{
	loff_t from = (loff_t)linear_page_index(vma, start) << PAGE_SHIFT;
	loff_t to = from + (min(end, vma->vm_end) - start) - 1;
	struct file *file = get_file(vma->vm_file);
	int error;

	up_read(&mm->mmap_lock);
	error = file->f_op->fsync ? file->f_op->fsync(file, from, to, 1) : -EINVAL;
	fput(file);
	return error;
}

int do_msync(unsigned long start, unsigned long len, int flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long end, next;
	struct vm_area_struct *vma;
	int error, hole = 0;

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC))
		return -EINVAL;
	if (offset_in_page(start))
		return -EINVAL;
	if ((flags & MS_ASYNC) && (flags & MS_SYNC))
		return -EINVAL;
	end = start + PAGE_ALIGN(len);
	if (end < start)
		return -ENOMEM;
	if (end == start)
		return 0;
	if (down_read_killable(&mm->mmap_lock))
		return -EINTR;
	for (;;) {
		error = -ENOMEM;
		vma = find_vma(mm, start);
		if (!vma)
			break;
		if (start < vma->vm_start) {
			if (flags == MS_ASYNC)
				break;
			start = vma->vm_start;
			hole = -ENOMEM;
			if (start >= end)
				break;
		}
		error = -EBUSY;
		if ((flags & MS_INVALIDATE) && (vma->vm_flags & VM_LOCKED))
			break;
		error = 0;
		next = vma->vm_end;
		if ((flags & MS_SYNC) && vma->vm_file && (vma->vm_flags & VM_SHARED)) {
			error = sync_vma(mm, vma, start, end);
			if (error || next >= end)
				return error ? error : hole;
			down_read(&mm->mmap_lock);
		}
		start = next;
		if (start >= end)
			break;
	}
	up_read(&mm->mmap_lock);
	return error ? error : hole;
}
