/* SPDX-License-Identifier: MIT */
/* What a futex word in shared memory is known by: the file behind it and the page's place in that
 * file. */
#include "mm/internal.h"
#include "file/file.h"
#include "task/task.h"
#include "abi/errno.h"

int futex_shared_key(unsigned long addr, struct address_space **mapping, unsigned long *index)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int ret = 0;

	*mapping = NULL;
	down_read(&mm->mmap_lock);
	vma = vma_lookup(mm, addr);
	if (!vma) {
		ret = -EFAULT;
	} else if ((vma->vm_flags & VM_SHARED) && vma->vm_file) {
		*mapping = vma->vm_file->f_mapping;
		*index = linear_page_index(vma, addr);
	}
	up_read(&mm->mmap_lock);
	return ret;
}
