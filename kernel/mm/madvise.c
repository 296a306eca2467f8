/* SPDX-License-Identifier: MIT */
/*
 * madvise. What it can do:
 *
 *	flags		NORMAL RANDOM SEQUENTIAL DONTFORK DOFORK WIPEONFORK KEEPONFORK
 *			DONTDUMP DODUMP
 *	drop pages	DONTNEED DONTNEED_LOCKED
 *			FREE (as if memory were short at once: the pages go now)
 *	reclaim		COLD PAGEOUT						madvise_reclaim.c
 *	fetch pages	WILLNEED (files, and what is on swap), POPULATE_READ POPULATE_WRITE
 *	punch holes	REMOVE, where the file has fallocate
 *
 * Everything else is -EINVAL, as on a Linux built without that feature (KSM, huge pages, memory
 * failure).
 */
#include "mm/internal.h"
#include "mm/madvise_reclaim.h"
#include "mm/pagecache.h"
#include "file/file.h"
#include "lib/err.h"
#include "sched/sched.h"
#include "task/task.h"
#include "abi/fcntl.h"

static bool advice_valid(int advice)
{
	switch (advice) {
	case MADV_NORMAL ... MADV_DONTNEED:
	case MADV_FREE ... MADV_DOFORK:
	case MADV_DONTDUMP ... MADV_KEEPONFORK:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
	case MADV_DONTNEED_LOCKED:
	case MADV_COLD:
	case MADV_PAGEOUT:
		return true;
	default:
		return false;
	}
}

/* These change VMAs; the others only pages. */
static bool advice_changes_flags(int advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
		return true;
	default:
		return false;
	}
}

/* ---- Flags
 * ----------------------------------------------------------------------------------------- */

static int advised_flags(const struct vm_area_struct *vma, int advice, unsigned long *vm_flags)
{
	unsigned long flags = vma->vm_flags;

	switch (advice) {
	case MADV_NORMAL:
		flags &= ~(VM_RAND_READ | VM_SEQ_READ);
		break;
	case MADV_RANDOM:
		flags = (flags & ~VM_SEQ_READ) | VM_RAND_READ;
		break;
	case MADV_SEQUENTIAL:
		flags = (flags & ~VM_RAND_READ) | VM_SEQ_READ;
		break;
	case MADV_DONTFORK:
		flags |= VM_DONTCOPY;
		break;
	case MADV_DOFORK:
		if (flags & VM_IO)
			return -EINVAL;
		flags &= ~VM_DONTCOPY;
		break;
	case MADV_WIPEONFORK: /* private anonymous memory only */
		if (vma->vm_file || (flags & VM_SHARED))
			return -EINVAL;
		flags |= VM_WIPEONFORK;
		break;
	case MADV_KEEPONFORK:
		flags &= ~VM_WIPEONFORK;
		break;
	case MADV_DONTDUMP:
		flags |= VM_DONTDUMP;
		break;
	case MADV_DODUMP:
		if (flags & VM_SPECIAL)
			return -EINVAL;
		flags &= ~VM_DONTDUMP;
		break;
	}
	*vm_flags = flags;
	return 0;
}

static int madvise_flags(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	unsigned long vm_flags, stop;
	int error, hole = 0;

	while (vma) {
		if (start < vma->vm_start) {
			hole = -ENOMEM;
			start = vma->vm_start;
			if (start >= end)
				return hole;
		}
		stop = min(vma->vm_end, end);
		error = advised_flags(vma, advice, &vm_flags);
		if (error)
			return error;
		if (vm_flags != vma->vm_flags) {
			vma = vma_modify_flags(vma, start, stop, vm_flags);
			if (IS_ERR(vma))
				return -EAGAIN; /* kernel memory, as madvise(2) has it */
		}
		start = max(stop, vma->vm_end);
		if (start >= end)
			return hole;
		vma = vma->vm_next;
	}
	return -ENOMEM;
}

/* ---- Pages
 * ----------------------------------------------------------------------------------------- */

static int drop_pages(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		      int advice)
{
	unsigned long refuse = VM_PFNMAP | VM_IO;

	if (advice != MADV_DONTNEED_LOCKED)
		refuse |= VM_LOCKED;
	if (vma->vm_flags & refuse)
		return -EINVAL;
	if (advice == MADV_FREE && !vma_is_anonymous(vma))
		return -EINVAL;
	return zap_page_range(vma, start, end);
}

/* Read the file's pages ahead. mmap_lock is dropped while it reads. */
static int will_need(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		     unsigned long end)
{
	struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;
	unsigned long index = linear_page_index(vma, start), last = linear_page_index(vma, end - 1);
	struct file *file;

	if (vma->anon_vma)
		swap_will_need(vma, start, end);
	if (!mapping || mapping->kind == MAPPING_SHMEM)
		return 0; /* in memory, or on swap for the next fault to fetch */
	file = get_file(vma->vm_file);
	up_read(&mm->mmap_lock);
	page_cache_readahead(mapping, file, index, last);
	fput(file);
	down_read(&mm->mmap_lock);
	return 0;
}

static int punch_hole(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		      unsigned long end)
{
	loff_t offset = (loff_t)linear_page_index(vma, start) << PAGE_SHIFT;
	struct file *file = vma->vm_file;
	int error;

	if (vma->vm_flags & VM_LOCKED)
		return -EINVAL;
	if (!file || !file->f_mapping || !file->f_mapping->host)
		return -EINVAL;
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) != (VM_SHARED | VM_MAYWRITE))
		return -EACCES;
	if (!file->f_op->fallocate)
		return -EOPNOTSUPP;
	get_file(file);
	up_read(&mm->mmap_lock);
	error = file->f_op->fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
				      end - start);
	fput(file);
	down_read(&mm->mmap_lock);
	return error;
}

static int populate(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		    unsigned long end, bool write)
{
	unsigned long needed = write ? VM_WRITE : VM_READ;
	int error;

	if ((vma->vm_flags & (VM_IO | VM_PFNMAP)) || !(vma->vm_flags & needed))
		return -EINVAL;
	up_read(&mm->mmap_lock);
	error = populate_range(mm, start, end - start, write);
	down_read(&mm->mmap_lock);
	return error;
}

static int madvise_vma_pages(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
			     unsigned long end, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
		return drop_pages(vma, start, end, advice);
	case MADV_COLD:
	case MADV_PAGEOUT:
		return madvise_reclaim(vma, start, end, advice);
	case MADV_WILLNEED:
		return will_need(mm, vma, start, end);
	case MADV_REMOVE:
		return punch_hole(mm, vma, start, end);
	default:
		return populate(mm, vma, start, end, advice == MADV_POPULATE_WRITE);
	}
}

/* mmap_lock held for reading. Some advices drop it at work: the VMA is looked up again at each
 * turn. */
static int madvise_pages(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	int error, hole = 0;

	while (start < end) {
		struct vm_area_struct *vma = find_vma(mm, start);
		unsigned long stop;

		if (!vma)
			return -ENOMEM;
		if (start < vma->vm_start) {
			hole = -ENOMEM;
			start = vma->vm_start;
			if (start >= end)
				break;
		}
		stop = min(vma->vm_end, end);
		error = madvise_vma_pages(mm, vma, start, stop, advice);
		if (error)
			return error;
		start = stop;
	}
	return hole;
}

int do_madvise(struct mm_struct *mm, unsigned long addr, unsigned long len, int advice)
{
	unsigned long end;
	int error;

	if (!advice_valid(advice))
		return -EINVAL;
	if (offset_in_page(addr))
		return -EINVAL;
	end = addr + PAGE_ALIGN(len);
	if (len && !PAGE_ALIGN(len))
		return -EINVAL;
	if (end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;
	if (advice_changes_flags(advice)) {
		if (down_write_killable(&mm->mmap_lock))
			return -EINTR;
		error = madvise_flags(mm, addr, end, advice);
		mmap_write_unlock(mm);
		return error;
	}
	down_read(&mm->mmap_lock);
	error = madvise_pages(mm, addr, end, advice);
	up_read(&mm->mmap_lock);
	return error;
}
