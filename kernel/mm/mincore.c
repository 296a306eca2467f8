/* SPDX-License-Identifier: MIT */
/* mincore: which pages of a range are in memory, one byte each. */
#include "mm/internal.h"
#include "mm/pagecache.h"
#include "mm/pgwalk.h"
#include "mm/swap_cache.h"
#include "file/file.h"
#include "sched/sched.h"
#include "task/task.h"

bool (*inode_may_inspect_hook)(struct inode *inode);

/* Whether others' reading of a file shows in its cache is told only to those who may write it. */
static bool may_inspect(struct vm_area_struct *vma)
{
	if (vma_is_anonymous(vma))
		return true;
	if (!vma->vm_file)
		return false;
	return (vma->vm_file->f_mode & FMODE_WRITE) || !inode_may_inspect_hook ||
	       !vma->vm_file->f_inode || inode_may_inspect_hook(vma->vm_file->f_inode);
}

static bool page_in_core(struct vm_area_struct *vma, unsigned long addr)
{
	struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;
	pte_t entry = pgwalk_peek(vma->vm_mm, addr);
	struct page *page;
	bool resident;

	if (pte_present(entry))
		return true;
	if (pte_is_swap(entry))
		page = swap_cache_get(pte_to_swp_entry(entry));
	else if (mapping && !vma_is_anonymous(vma))
		page = find_get_page(mapping, linear_page_index(vma, addr));
	else
		return false;
	resident = page && page_flag(page, PG_uptodate);
	if (page)
		put_page(page);
	return resident;
}

/* Fill @vec for up to @pages pages from @addr on, as far as one VMA reaches. Number filled or
 * -ENOMEM. */
static long mincore_vma(struct mm_struct *mm, unsigned long addr, unsigned long pages,
			unsigned char *vec)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	unsigned long i;
	bool inspect;

	if (!vma)
		return -ENOMEM;
	pages = min(pages, (vma->vm_end - addr) >> PAGE_SHIFT);
	inspect = may_inspect(vma);
	for (i = 0; i < pages; i++)
		vec[i] = !inspect || page_in_core(vma, addr + (i << PAGE_SHIFT));
	return pages;
}

int do_mincore(unsigned long addr, unsigned long len, unsigned char __user *vec)
{
	struct mm_struct *mm = current->mm;
	unsigned long pages = DIV_ROUND_UP(len, PAGE_SIZE);
	unsigned char *buf;
	long done = 0;

	if (offset_in_page(addr))
		return -EINVAL;
	if (!access_ok((void *)addr, len))
		return -ENOMEM;
	if (!access_ok(vec, pages))
		return -EFAULT;
	buf = (unsigned char *)__get_free_page(GFP_KERNEL);
	if (!buf)
		return -EAGAIN;
	while (pages) {
		/* Collected under the lock, copied out without it: the copy may fault. */
		down_read(&mm->mmap_lock);
		done = mincore_vma(mm, addr, min(pages, PAGE_SIZE), buf);
		up_read(&mm->mmap_lock);
		if (done <= 0)
			break;
		if (copy_to_user(vec, buf, done)) {
			done = -EFAULT;
			break;
		}
		pages -= done;
		vec += done;
		addr += (unsigned long)done << PAGE_SHIFT;
		done = 0;
		cond_resched();
	}
	free_page((unsigned long)buf);
	return done;
}
