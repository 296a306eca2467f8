/* SPDX-License-Identifier: MIT */
/*
 * First touch of a page of a file:
 *
 *	read			map the page of the page cache, and its neighbours that are cached
 *	write, private		a page of its own with the file's content
 *	write, shared		page_mkwrite, then map the page of the page cache dirty and writable
 *
 * vm_ops->fault brings the page locked: as long as it is locked it cannot be truncated, so what is
 * mapped under the lock is found by the truncation that comes after.
 */
#include "mm/fault.h"
#include "mm/pagecache.h"
#include "mm/shmem_swap.h"
#include "base/trace.h"
#include "file/file.h"
#include "page/gfp.h"
#include "task/task.h"

/* Pages mapped in one go by a read fault: an aligned window of this many. */
#define FAULT_AROUND_PAGES 16

static void count_file_page(struct vm_area_struct *vma, const struct page *page, long pages)
{
	add_mm_counter(vma->vm_mm, mm_counter_of(page), pages);
}

/* ---- Fault-around ---------------------------------------------------------------------------- */

/* A window of file pages around the fault. */
struct around {
	unsigned long address;	   /* of the first page */
	unsigned long index, last; /* page offsets in the file */
	pte_t *pte;		   /* of the first page */
};

/* The window within the VMA, the table and the file. False: the fault is beyond the end of the
 * file. */
static bool around_window(struct vm_fault *vmf, struct address_space *mapping, struct around *w)
{
	const unsigned long size = FAULT_AROUND_PAGES * PAGE_SIZE;
	unsigned long start = max(vmf->address & ~(size - 1), vmf->vma->vm_start);
	unsigned long end = min((vmf->address & ~(size - 1)) + size, vmf->vma->vm_end);
	loff_t bytes = inode_size_hook(mapping->host);

	w->address = start;
	w->index = vmf->pgoff - ((vmf->address - start) >> PAGE_SHIFT);
	w->last = w->index + ((end - start) >> PAGE_SHIFT) - 1;
	w->pte = vmf->pte - ((vmf->address - start) >> PAGE_SHIFT);
	if (bytes <= 0 || vmf->pgoff > (unsigned long)(bytes - 1) >> PAGE_SHIFT)
		return false;
	w->last = min(w->last, (unsigned long)(bytes - 1) >> PAGE_SHIFT);
	return true;
}

/* Map @page, found in the page cache under its lock. True if it is mapped now: the caller counts
 * the entry. */
static bool map_cached(struct vm_fault *vmf, struct page *page, pte_t *pte, bool young)
{
	pte_t entry;

	/* A locked page is being read or truncated: a fault of its own can wait for it. */
	if (!page_flag(page, PG_uptodate) || !trylock_page(page))
		return false;
	atomic_inc(&page->_refcount); /* the cache's keeps it */
	page_add_rmap(page);
	entry = mk_pte(page_to_pfn(page), vmf->vma->vm_page_prot);
	pte_set(pte, young ? entry : pte_mkold(entry));
	unlock_page(page);
	return true;
}

/* Map the cached pages of the window whose slots are @slots, @n from @index on. Returns how many;
 * *done: the faulting one too. */
static unsigned int map_slots(struct vm_fault *vmf, const struct around *w, void *const *slots,
			      unsigned long index, unsigned int n, bool *done)
{
	pte_t *pte = w->pte + (index - w->index);
	unsigned int mapped = 0, i;

	for (i = 0; i < n; i++, pte++) {
		bool wanted = index + i == vmf->pgoff;

		if (!slots[i] || xa_is_value(slots[i]) || !pte_none(pte_get(pte)))
			continue;
		if (!map_cached(vmf, slots[i], pte, wanted))
			continue;
		mapped++;
		*done |= wanted;
	}
	return mapped;
}

/* Map what is cached around the fault. True if the faulting page itself was among it. */
static bool map_around(struct vm_fault *vmf, struct address_space *mapping)
{
	enum mm_counter kind = mapping->kind == MAPPING_SHMEM ? MM_SHMEMPAGES : MM_FILEPAGES;
	struct around w;
	unsigned long index;
	unsigned int mapped = 0, n;
	bool done = false;

	if (!around_window(vmf, mapping, &w))
		return false;
	pt_lock(vmf->table);
	if (contents_lost(vmf->vma)) {
		pt_unlock(vmf->table);
		return false;
	}
	spin_lock(&mapping->pages_lock);
	for (index = w.index; index <= w.last; index += n) {
		void *const *slots = xa_slots(&mapping->pages, index, &n);

		n = min_t(unsigned long, n, w.last - index + 1);
		if (slots)
			mapped += map_slots(vmf, &w, slots, index, n, &done);
	}
	spin_unlock(&mapping->pages_lock);
	vmf->table->pt_present += mapped;
	vmf->table->pt_rss[kind] += mapped;
	pt_unlock(vmf->table);
	if (mapped)
		add_mm_counter(vmf->vma->vm_mm, kind, mapped);
	return done;
}

/* ---- The three cases ------------------------------------------------------------------------- */

/* Map vmf->page, locked and referenced; the entry takes the reference over. 0 or VM_FAULT_SIGBUS. */
static int map_file_page(struct vm_fault *vmf, pte_t entry)
{
	struct page *page = vmf->page;
	bool same = pt_lock_if_same(vmf), lost = same && contents_lost(vmf->vma);

	if (same && !lost) {
		page_add_rmap(page);
		pte_install(vmf->table, vmf->pte, entry, mm_counter_of(page));
		count_file_page(vmf->vma, page, 1);
		pt_unlock(vmf->table);
		unlock_page(page);
		return 0;
	}
	if (same)
		pt_unlock(vmf->table);
	unlock_page(page);
	put_page(page);
	return lost ? VM_FAULT_SIGBUS : 0;
}

static int do_read_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;
	int ret;

	vmf->what = FAULT_FILE_READ;
	if (mapping && mapping->nrpages && inode_size_hook && map_around(vmf, mapping))
		return 0;
	ret = vma->vm_ops->fault(vmf);
	if (ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY))
		return ret;
	return ret | map_file_page(vmf, mk_pte(page_to_pfn(vmf->page), vma->vm_page_prot));
}

static int do_cow_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *copy;
	int ret;

	vmf->what = FAULT_FILE_COPY;
	anon_vma_prepare(vma);
	copy = alloc_page(GFP_USER);
	if (unlikely(!copy))
		return VM_FAULT_OOM;
	ret = vma->vm_ops->fault(vmf);
	if (ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY)) {
		put_page(copy);
		return ret;
	}
	arch_copy_page(page_address(copy), page_address(vmf->page));
	if (!pt_lock_if_same(vmf)) {
		put_page(copy);
	} else if (contents_lost(vmf->vma)) {
		pt_unlock(vmf->table);
		put_page(copy);
		ret = VM_FAULT_SIGBUS;
	} else {
		page_add_new_anon_rmap(copy, vma, vmf->address);
		pte_install(vmf->table, vmf->pte, mk_private_pte(copy, vma), MM_ANONPAGES);
		pt_unlock(vmf->table);
		add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
		count_vm_event(COW_COPY);
		trace(TRACE_COPY_PAGE, current->pid, page_to_pfn(vmf->page), page_to_pfn(copy));
	}
	unlock_page(vmf->page);
	put_page(vmf->page);
	return ret;
}

static int do_shared_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *page;
	int ret = vma->vm_ops->fault(vmf), err;

	vmf->what = FAULT_FILE_SHARED;
	if (ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY))
		return ret;
	page = vmf->page;
	if (vma->vm_ops->page_mkwrite) {
		err = vma->vm_ops->page_mkwrite(vmf);
		if (err & VM_FAULT_ERROR) {
			unlock_page(page);
			put_page(page);
			return err;
		}
		set_page_dirty(page);
	}
	return ret | map_file_page(vmf, pte_mkwrite(pte_mkdirty(mk_pte(page_to_pfn(page),
								       vma->vm_page_prot))));
}

int do_file_fault(struct vm_fault *vmf)
{
	if (unlikely(!vmf->vma->vm_ops->fault))
		return VM_FAULT_SIGBUS;
	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return do_read_fault(vmf);
	if (!(vmf->vma->vm_flags & VM_SHARED))
		return do_cow_fault(vmf);
	return do_shared_fault(vmf);
}
