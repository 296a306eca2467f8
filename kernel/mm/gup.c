/* SPDX-License-Identifier: MIT */
/*
 * The kernel reaches for user pages by itself: for another process's memory, for a futex's page, to
 * fault a range in ahead (populate), and for the pages of an mm that exec is building.
 */
#include "mm/fault.h"
#include "mm/pagecache.h"
#include "file/file.h"
#include "lib/err.h"
#include "lib/string.h"
#include "sched/sched.h"

/* May the kernel do this to @vma on somebody's behalf? @force (debuggers): what mprotect could
 * allow. */
static bool vma_permits(const struct vm_area_struct *vma, bool write, bool force)
{
	if (vma->vm_flags & (VM_IO | VM_PFNMAP))
		return false;
	if (!write)
		return vma->vm_flags & (force ? VM_MAYREAD : VM_READ);
	if (vma->vm_flags & VM_WRITE)
		return true;
	/* A forced write goes to a private copy, never to the file. */
	return force && (vma->vm_flags & VM_MAYWRITE) && !(vma->vm_flags & VM_SHARED);
}

/* The page @addr maps now, referenced, if it serves for the access; else NULL. Not by a shared table,
 * even for reading: a reference keeps a page from being written to in place only where each owner
 * has an entry of its own. */
static struct page *follow_page(struct vm_area_struct *vma, unsigned long addr, bool write)
{
	struct page *table, *page = NULL;
	pte_t *pte = pgwalk_find_private(vma->vm_mm, addr, &table), entry;

	if (!pte)
		return NULL;
	pt_lock(table);
	entry = pte_get(pte);
	if (pte_present(entry)) {
		page = pfn_to_page(pte_pfn(entry));
		if (write && pte_special(entry) && page != zero_page)
			page = NULL;
		/* Without W, but copied by a forced write: ours alone as well. Not in the swap
		 * cache: entries of others may stand for it, and only a write fault finds out. */
		if (write && page && !pte_write(entry) &&
		    ((vma->vm_flags & VM_WRITE) || pte_special(entry) ||
		     !page_flag(page, PG_anon) || page_mapcount(page) != 1 ||
		     page_flag(page, PG_swapcache)))
			page = NULL;
		if (page)
			get_page(page);
	}
	pt_unlock(table);
	return page;
}

/* The page behind @addr of @vma for the access, faulted in and its table owned if need be,
 * referenced. ERR_PTR(-EFAULT,
 * -ENOMEM, -EINTR). mmap_lock held. */
static struct page *get_vma_page(struct vm_area_struct *vma, unsigned long addr, bool write)
{
	struct page *page;
	int fault;

	while (!(page = follow_page(vma, addr, write))) {
		if (fatal_signal_pending(current))
			return ERR_PTR(-EINTR);
		fault = handle_mm_fault(vma, addr,
					FAULT_FLAG_REMOTE | (write ? FAULT_FLAG_WRITE : 0));
		if (fault & VM_FAULT_OOM)
			return ERR_PTR(-ENOMEM);
		if (fault & VM_FAULT_ERROR)
			return ERR_PTR(-EFAULT);
	}
	return page;
}

/* ---- Other processes' memory ----------------------------------------------------------------- */

static size_t access_mm(struct mm_struct *mm, unsigned long addr, void *buf, size_t len, bool write,
			bool force)
{
	size_t done = 0;

	down_read(&mm->mmap_lock);
	while (done < len) {
		struct vm_area_struct *vma = vma_lookup(mm, addr);
		size_t n = min(len - done, PAGE_SIZE - offset_in_page(addr));
		struct page *page;
		void *at;

		if (!vma || !vma_permits(vma, write, force))
			break;
		page = get_vma_page(vma, addr & PAGE_MASK, write);
		if (IS_ERR(page))
			break;
		at = (char *)page_address(page) + offset_in_page(addr);
		if (write) {
			memcpy(at, (char *)buf + done, n);
			/* Though the entry is dirty: it may have gone to swap meanwhile. */
			set_page_dirty(page);
		} else {
			memcpy((char *)buf + done, at, n);
		}
		put_page(page);
		done += n;
		addr += n;
	}
	up_read(&mm->mmap_lock);
	return done;
}

size_t access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, size_t len, bool write)
{
	return access_mm(mm, addr, buf, len, write, false);
}

size_t access_remote_vm_force(struct mm_struct *mm, unsigned long addr, void *buf, size_t len,
			      bool write)
{
	return access_mm(mm, addr, buf, len, write, true);
}

/* ---- Single pages ---------------------------------------------------------------------------- */

int get_user_page(struct mm_struct *mm, unsigned long addr, bool write, struct page **page)
{
	struct vm_area_struct *vma;
	struct page *found = ERR_PTR(-EFAULT);

	if (addr >= TASK_SIZE_MAX)
		return -EFAULT;
	down_read(&mm->mmap_lock);
	vma = vma_lookup(mm, addr);
	if (vma && vma_permits(vma, write, false))
		found = get_vma_page(vma, addr & PAGE_MASK, write);
	up_read(&mm->mmap_lock);
	if (IS_ERR(found))
		return PTR_ERR(found);
	*page = found;
	return 1;
}

struct page *mm_page_for_write(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (vma && addr < vma->vm_start && expand_stack(vma, addr))
		return ERR_PTR(-ENOMEM);
	if (!vma || !vma_permits(vma, true, true))
		return ERR_PTR(-EFAULT);
	return get_vma_page(vma, addr & PAGE_MASK, true);
}

/* ---- Populate -------------------------------------------------------------------------------- */

/* Let others at mmap_lock after this many pages. */
#define POPULATE_BATCH 512

/* Fault in up to POPULATE_BATCH pages from *addr on. mmap_lock held. 0 or an error, *addr where it
 * stopped. */
static int populate_batch(struct mm_struct *mm, unsigned long *addr, unsigned long end, bool write)
{
	unsigned long stop = min(end, *addr + POPULATE_BATCH * PAGE_SIZE);
	struct vm_area_struct *vma = NULL;

	for (; *addr < stop; *addr += PAGE_SIZE) {
		pte_t entry;
		int fault;

		if (!vma || *addr >= vma->vm_end) {
			vma = vma_lookup(mm, *addr);
			if (!vma)
				return -ENOMEM;
			if (vma->vm_flags & (VM_IO | VM_PFNMAP))
				return -EINVAL;
			if (!(vma->vm_flags & (write ? VM_WRITE : VM_ACCESS_FLAGS)))
				return -EINVAL;
		}
		entry = pgwalk_peek(mm, *addr);
		if (pte_present(entry) && (!write || pte_write(entry)))
			continue;
		if (fatal_signal_pending(current))
			return -EINTR;
		fault = handle_mm_fault(vma, *addr,
					FAULT_FLAG_REMOTE | (write ? FAULT_FLAG_WRITE : 0));
		if (fault & VM_FAULT_OOM)
			return -ENOMEM;
		if (fault & VM_FAULT_ERROR)
			return -EFAULT;
	}
	return 0;
}

int populate_range(struct mm_struct *mm, unsigned long addr, unsigned long len, bool write)
{
	unsigned long end = PAGE_ALIGN(addr + len);
	int err = 0;

	addr &= PAGE_MASK;
	while (addr < end && !err) {
		down_read(&mm->mmap_lock);
		err = populate_batch(mm, &addr, end, write);
		up_read(&mm->mmap_lock);
		cond_resched();
	}
	return err;
}

/* ---- Looking --------------------------------------------------------------------------------- */

enum pte_state pte_state(struct vm_area_struct *vma, unsigned long addr)
{
	pte_t entry = pgwalk_peek(vma->vm_mm, addr);

	if (pte_none(entry))
		return PTE_NONE;
	return pte_present(entry) ? PTE_PRESENT : PTE_SWAP;
}

unsigned long count_present(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	unsigned long addr = start, next, present = 0;
	struct pgpath path;
	pte_t *pte;

	down_read(&rmap_lock);
	for_each_pte_table (vma->vm_mm, addr, next, end, pte, path) {
		for (; addr < next; addr += PAGE_SIZE, pte++)
			present += pte_present(pte_get(pte));
	}
	up_read(&rmap_lock);
	return present;
}

int vm_insert_special(struct vm_area_struct *vma, unsigned long addr, struct page *page)
{
	struct page *table;
	pte_t *pte = pgwalk_own(vma->vm_mm, addr, &table);
	int err = -EBUSY;

	if (!pte)
		return -ENOMEM;
	pt_lock(table);
	if (pte_none(pte_get(pte))) {
		pte_install_special(table, pte,
			    pte_mkspecial(mk_pte(page_to_pfn(page), vma->vm_page_prot)));
		err = 0;
	}
	pt_unlock(table);
	return err;
}
