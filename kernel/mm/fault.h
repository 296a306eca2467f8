/* SPDX-License-Identifier: MIT */
/*
 * The cases of a fault, one function each (the picture is at the head of fault.c). All: mmap_lock
 * held for reading, the VMA allows the access, vmf->pte/table/orig_pte filled, nothing locked.
 * Return 0 (done, or the world changed: the access is made again and tells) or VM_FAULT_ codes. May
 * sleep.
 */
#pragma once

#include "mm/mm_types.h"
#include "mm/internal.h"
#include "mm/rmap.h"

/* What a fault turned out to be, for the trace (low byte of TRACE_FAULT's second argument). */
enum fault_case {
	FAULT_SPURIOUS,
	FAULT_ZERO_PAGE, /* read of untouched anonymous memory */
	FAULT_ANON,	 /* write to it */
	FAULT_FILE_READ,
	FAULT_FILE_COPY,   /* first write to a private file page */
	FAULT_FILE_SHARED, /* write to a shared file page */
	FAULT_WP_SHARED,   /* the same, read before */
	FAULT_WP_REUSE,
	FAULT_WP_COPY,
	FAULT_SWAP,	  /* on swap, but still or already in memory */
	FAULT_SWAP_READ,  /* read from swap */
};

/* fault_anon.c: nothing there, private memory. */
int do_anonymous_page(struct vm_fault *vmf);
/* fault_file.c: nothing there, a file's. */
int do_file_fault(struct vm_fault *vmf);
/* fault_swap.c: a swap entry. */
int do_swap_page(struct vm_fault *vmf);
/* wp.c: present, and written to without W. */
int do_wp_page(struct vm_fault *vmf);

/* Take the table's lock if the entry still is what it was: true. Else nothing is locked. */
static inline bool pt_lock_if_same(struct vm_fault *vmf)
{
	pt_lock(vmf->table);
	if (likely(pte_same(pte_get(vmf->pte), vmf->orig_pte)))
		return true;
	pt_unlock(vmf->table);
	return false;
}

/* The OOM reaper drops the private pages of @vma's mm: the one that is missing has lost its
 * contents, and no other may stand for it. Table locked: that is what keeps the look in its place. */
static inline bool contents_lost(const struct vm_area_struct *vma)
{
	return unlikely(vma->oom_reaped) && !(vma->vm_flags & VM_SHARED);
}

/* The entry for a private page just made in @vma: dirty, and writable if the VMA is. */
static inline pte_t mk_private_pte(struct page *page, const struct vm_area_struct *vma)
{
	pte_t pte = pte_mkdirty(mk_pte(page_to_pfn(page), vma->vm_page_prot));

	return vma->vm_flags & VM_WRITE ? pte_mkwrite(pte) : pte;
}
