/* SPDX-License-Identifier: MIT */
/*
 * What the files of mm/ offer one another beyond mm.h and vma.h: page-table work on ranges, the
 * reverse map, tear-down.
 *
 * Lock order, outer first: inode, mmap_lock, page lock, rmap_lock, table locks (upper before
 * lower), pages_lock.
 */
#pragma once

#include "mm/mm.h"
#include "mm/vma.h"
#include "page/gfp.h"

/* Every mm but init_mm, by ->mmlist. mmlist_lock; a mm found there may have no users left:
 * refcount_inc_not_zero(). */
extern struct list_head mm_list;
extern spinlock_t mmlist_lock;

/* ---- rmap.c: who maps a page ----------------------------------------------------------------- */

/* Shared: walk the trees; copy a shared page table. Exclusive: change the trees, the boundaries or
 * pgoff of a linked VMA; move PTEs between addresses; share page tables, let go of shared ones,
 * free them. Sleeps; nothing allocates under it. */
extern struct rwsem rmap_lock;

/* Make sure that @vma has an anon_vma and stands in its tree: before the first private page.
 * mmap_lock held (reading is enough). Takes rmap_lock, may sleep. */
void __anon_vma_prepare(struct vm_area_struct *vma);
static inline void anon_vma_prepare(struct vm_area_struct *vma)
{
	if (unlikely(!READ_ONCE(vma->anon_vma)))
		__anon_vma_prepare(vma);
}
/* The VMA in whose memory its family's anon_vma lies ends: the memory stays as long as that does. */
void anon_vma_leave_home(struct vm_area_struct *vma);
/* Let @dst (which has none, and is in no tree) use @src's anon_vma, if it has one: split, fork,
 * mremap, merge. Takes a reference; does not link. mmap_lock of both held for writing. Never
 * fails. */
void anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src);

/* Join the trees @vma belongs to (its anon_vma's if it has one, its file's i_mmap), and count a
 * shared writable mapping of the file. Plain: takes rmap_lock exclusively (not at all if there is
 * no tree to join). __: the caller holds it. */
void vma_link_rmap(struct vm_area_struct *vma);
void __vma_link_rmap(struct vm_area_struct *vma);
/* Leave them, and drop the reference to the anon_vma. No PTE of @vma maps a page any more.
 * rmap_lock held exclusively. */
void __vma_unlink_rmap(struct vm_area_struct *vma);
/* Around a change of vm_start, vm_end or vm_pgoff: out of the trees, and back in. Counts and
 * references stay. rmap_lock held exclusively. */
void __vma_rmap_remove(struct vm_area_struct *vma);
void __vma_rmap_insert(struct vm_area_struct *vma);

/* The pages [index, index + nr) of a mapping that a VMA maps: called with the address in @vma where
 * @page is (or would be) mapped; false ends the walk. rmap_lock held shared. */
typedef bool (*rmap_one_t)(struct page *page, struct vm_area_struct *vma, unsigned long address,
			   void *arg);
/* Call @fn for each VMA that may map @page. The page is locked or mapped by a PTE whose lock is
 * held, or an anonymous page's walk just finds nothing. Plain: takes rmap_lock shared. __: held. */
void rmap_walk(struct page *page, rmap_one_t fn, void *arg);
void __rmap_walk(struct page *page, rmap_one_t fn, void *arg);

/* Write-protect and clean every PTE of a locked file page and flush: true if one was dirty or
 * writable. Before writing back. */
bool page_mkclean(struct page *page);

/* ---- zap.c: unmap ---------------------------------------------------------------------------- */

/* Drop every page mapped in [start, end) of @vma, flush, free the pages. Tables stay, but for those
 * that others share. mmap_lock held (reading is enough: madvise). May sleep. 0, or -ENOMEM (to part
 * from a shared table needs a copy): nothing was dropped. */
int zap_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);

/* Addresses [start, end), and how far around them no other VMA is: a table that has nothing outside
 * of [floor, ceiling) has nothing but theirs. */
struct unmap_range {
	unsigned long start, end, floor, ceiling;
	bool empty; /* nothing is mapped there */
};

/* The same for a part of @vma. */
static inline unsigned long zap_floor(const struct vm_area_struct *vma, unsigned long start)
{
	if (start > vma->vm_start)
		return start;
	return vma->vm_prev ? vma->vm_prev->vm_end : 0;
}

static inline unsigned long zap_ceiling(const struct vm_area_struct *vma, unsigned long end)
{
	if (end < vma->vm_end)
		return end;
	return vma->vm_next ? vma->vm_next->vm_start : ~0ul;
}

/*
 * munmap's body: @vma is the first of a list by vm_next, ended by NULL, of VMAs in @r's
 * [start, end) that vma_detach_range() took out, after pgwalk_own_ends(). Their pages are dropped,
 * empty tables freed, TLBs flushed, rmap links taken down (anon_vma references too). What remains
 * is remove_vma_list(). mmap_lock held for writing. May sleep; cannot fail.
 */
void unmap_region(struct mm_struct *mm, struct vm_area_struct *vma, struct unmap_range *r);
/* Unmap @vma, of which no page is mapped (any more): needs no memory. mmap_lock held for writing.
 */
void munmap_empty(struct mm_struct *mm, struct vm_area_struct *vma);
/* Unlink and free tables in [start, end) that hold nothing. mmap_lock held for writing, rmap_lock
 * not held. Flushes. */
void free_empty_tables(struct mm_struct *mm, unsigned long start, unsigned long end);

/* ---- protect.c: change and move live entries ------------------------------------------------- */

/* Give every present entry in [start, end) the protection vma->vm_page_prot and vm_flags now ask
 * for (the caller has set them), and flush where a right was taken away. pgwalk_own_range() came
 * first. A private entry that was writable stays so if VM_WRITE is still set. mmap_lock held for
 * writing. */
void change_protection(struct vm_area_struct *vma, unsigned long start, unsigned long end);
/* Move every entry of [old, old + len) in @old_vma to [new, new + len) in @new_vma (both linked,
 * same anon_vma, pgoffs that give each page the same index), flush. mmap_lock held for writing.
 * Takes rmap_lock. May sleep. 0, or -ENOMEM and nothing was moved. */
int move_page_tables(struct vm_area_struct *old_vma, unsigned long old,
		     struct vm_area_struct *new_vma, unsigned long new, unsigned long len);

/* Like get_unmapped_area(), for what is to move there from @like: where that costs least, as far as
 * there is such a place (layout.c). */
unsigned long get_unmapped_area_like(struct mm_struct *mm, struct file *file, unsigned long like,
				     unsigned long len, unsigned long pgoff, unsigned long flags);

/* ---- fault.c, gup.c, pgwalk.c ---------------------------------------------------------------- */

/* What stands at @addr of @vma's mm; mmap_lock held (reading is enough). */
enum pte_state {
	PTE_NONE,    /* nothing: a fault decides */
	PTE_PRESENT, /* a page, or the zero page */
	PTE_SWAP,
};
enum pte_state pte_state(struct vm_area_struct *vma, unsigned long addr);
/* Map the frame of @page at @addr without counting references or rss (vDSO): the caller owns the
 * page for as long as the mapping lives. From a vm_ops->fault that then returns VM_FAULT_NOPAGE, or
 * with mmap_lock held for writing. 0, -ENOMEM, or -EBUSY (something is mapped there). May sleep. */
int vm_insert_special(struct vm_area_struct *vma, unsigned long addr, struct page *page);
/* Let the stack @vma grow down to hold @addr. mmap_lock held for writing. 0, or -ENOMEM (limits,
 * guard gap). May sleep. */
int expand_stack(struct vm_area_struct *vma, unsigned long addr);
/* Entries of [start, end) of @vma that are present, the zero page's too (tests). mmap_lock held. */
unsigned long count_present(struct vm_area_struct *vma, unsigned long start, unsigned long end);
