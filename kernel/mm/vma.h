/* SPDX-License-Identifier: MIT */
/*
 * The VMAs of an address space: a sorted list and a red-black tree by address, augmented with the
 * largest gap before any VMA of a subtree. vma.c is the only file that touches list and tree
 * (reading through vm_next and vm_prev is free for all). Also here: vma_modify.c, the changes of
 * boundaries and flags (split, merge, adjust) with their rmap links.
 *
 * Unless said otherwise: mmap_lock held for writing (or the mm is seen by nobody else), no function
 * sleeps. Numbers of pages are accounted (mm->total_vm...) by the functions that link, unlink and
 * change VMAs, in the same step.
 */
#pragma once

#include "mm/mm_types.h"

/* Pages kept free below a stack for it to grow into; as Linux's. */
extern unsigned long stack_guard_gap; /* bytes */

void vma_init(void); /* boot: the slab cache */

/* ---- One VMA ---- */

/* A zeroed VMA of @mm, in nothing. NULL: out of memory. May sleep. */
struct vm_area_struct *vm_area_alloc(struct mm_struct *mm);
/* A copy of all that describes the mapping, with its own reference to vm_file; in no list or tree,
 * anon_vma NULL (use anon_vma_clone), vm_ops->open not called. @mm is the copy's. NULL: out of
 * memory. May sleep. */
struct vm_area_struct *vm_area_dup(struct vm_area_struct *vma, struct mm_struct *mm);
/* An unlinked VMA (in no rmap tree) ends; drops no references. Its memory is freed, at once or by
 * the last of its fork family. __: free the memory. */
void vm_area_free(struct vm_area_struct *vma);
void __vm_area_free(struct vm_area_struct *vma);
/* An unlinked VMA ends: vm_ops->close; its file's reference and itself wait on mm->dead_vmas for
 * mmap_write_unlock(). */
void remove_vma(struct vm_area_struct *vma);
/* The same for each of a list by vm_next. */
void remove_vma_list(struct vm_area_struct *vma);
/* Give back what remove_vma() left. May sleep; no locks held (mm torn down, or after mmap_lock). */
void vma_free_dead(struct vm_area_struct *dead);
/* Leave mmap_lock held for writing, then do what had to wait for it (last fput of unmapped files).
 * May sleep. */
void mmap_write_unlock(struct mm_struct *mm);

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

/* Page offset (vm_pgoff's scale) of @addr: what page->index holds. */
static inline unsigned long linear_page_index(const struct vm_area_struct *vma, unsigned long addr)
{
	return ((addr - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
}

static inline bool vma_is_anonymous(const struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

/* Lowest address that a mapping below @vma leaves free: its start, less the guard gap of a stack.
 */
static inline unsigned long vm_start_gap(const struct vm_area_struct *vma)
{
	unsigned long start = vma->vm_start;

	if (vma->vm_flags & VM_GROWSDOWN)
		start = start > stack_guard_gap ? start - stack_guard_gap : 0;
	return start;
}

/* Free addresses between the VMA before and @vma's start or guard gap. */
static inline unsigned long vma_compute_gap(struct vm_area_struct *vma)
{
	unsigned long start = vm_start_gap(vma);
	unsigned long prev_end = vma->vm_prev ? vma->vm_prev->vm_end : 0;

	return start > prev_end ? start - prev_end : 0;
}

/* Protection of entries for @vm_flags: without W where a write must fault first (private mappings:
 * COW, and shared ones whose vm_ops has page_mkwrite). The fault adds W when it may. */
pgprot_t vm_get_page_prot(unsigned long vm_flags);
/* Set vma->vm_page_prot from flags and vm_ops. */
void vma_set_page_prot(struct vm_area_struct *vma);

/* ---- List and tree ---- */

/* First VMA with vm_end > @addr (mm.h; mmap_lock read). Here also the one before it (NULL: none).
 */
struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
				     struct vm_area_struct **prev);
/* First VMA that overlaps [start, end), or NULL. mmap_lock read. */
struct vm_area_struct *find_vma_intersection(struct mm_struct *mm, unsigned long start,
					     unsigned long end);
/* Last VMA, or NULL. mmap_lock read. */
struct vm_area_struct *vma_last(struct mm_struct *mm);

/* Put @vma into list and tree of its mm (its range is free) and account it. No rmap links: see
 * vma_link(). */
void vma_insert(struct vm_area_struct *vma);
/* vma_insert() and the rmap links of @vma (takes rmap_lock if there are any: may sleep). */
void vma_link(struct vm_area_struct *vma);
/* Split in list and tree: @new, a copy of @vma, gets the part of its range above (@keep_low) or
 * below @addr. */
void vma_cut(struct vm_area_struct *vma, struct vm_area_struct *new, unsigned long addr,
	     bool keep_low);
/* Merge in list and tree: @keep takes over [start, end). Of what it covers then, @gone (NULL:
 * none), which has its flags, leaves the tree; @curr (NULL: none) leaves it too or shrinks to
 * [curr_start, curr_end). */
struct vma_join {
	struct vm_area_struct *keep, *curr, *gone;
	unsigned long start, end, pgoff; /* of keep, afterwards */
	bool curr_goes;
	unsigned long curr_start, curr_end;
};
void vma_join(const struct vma_join *j);
/* fork: @vma comes after every other; list and accounting only. Then, once for all,
 * vma_build_tree(). */
void vma_append(struct vm_area_struct *vma);
/* A balanced tree over mm's list, in O(n). */
void vma_build_tree(struct mm_struct *mm);
/* Take the VMAs from @first to the last that starts below @end out of list, tree and accounts. The
 * result is a list by vm_next ended by NULL, vm_prev of @first is kept. rmap links stay. */
struct vm_area_struct *vma_detach_range(struct vm_area_struct *first, unsigned long end);
/* exit: take all out at once. */
struct vm_area_struct *vma_detach_all(struct mm_struct *mm);
/* vma's start (and pgoff) or end move, within the gaps around it: tree and accounts; the caller
 * sees to rmap. */
void vma_set_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		   unsigned long pgoff);
/* Change vm_flags of a linked VMA: accounts and gaps follow, vm_page_prot too. */
void vma_set_flags(struct vm_area_struct *vma, unsigned long vm_flags);

/* Free addresses: [result, result + length) keeps clear of VMAs and their guard gaps. mmap_lock
 * read. -ENOMEM. */
struct vm_unmapped_area_info {
	unsigned long length, low_limit, high_limit; /* bytes; result lies in [low, high) */
	unsigned long align_mask,
		align_offset; /* result & align_mask == align_offset & align_mask */
	bool topdown;	      /* highest such range, else lowest */
};
unsigned long vm_unmapped_area(struct mm_struct *mm, const struct vm_unmapped_area_info *info);

/* Add @pages (may be negative) of a mapping with @vm_flags to total_vm and its kind. */
void vm_stat_account(struct mm_struct *mm, unsigned long vm_flags, long pages);

/* vma_audit.c: list sorted, disjoint, page aligned, equal to the tree, colours, gaps, map_count and
 * accounts right? Calls @report(fmt...) for each fault found; their number. mmap_lock read. */
int vma_audit(struct mm_struct *mm, void (*report)(const char *fmt, ...));

/* ---- Changes (vma_modify.c); these may sleep, for memory and rmap_lock ---- */

/* Split @vma at @addr (inside it): *vma keeps [start, addr) if @keep_low, else [addr, end); the new
 * VMA is the other part. No check of map_count. 0 or -ENOMEM (nothing changed). */
int vma_split(struct vm_area_struct *vma, unsigned long addr, bool keep_low);
/* Make @start and @end boundaries of VMAs by up to two splits; *first is the first VMA that then
 * lies in [start, end), NULL if there is none. 0 or -ENOMEM (memory, or max_map_count; nothing
 * changed). */
int vma_isolate(struct mm_struct *mm, unsigned long start, unsigned long end,
		struct vm_area_struct **first);

/* What a range of addresses is to become: compared for merging. */
struct vma_desc {
	unsigned long start, end, pgoff, vm_flags;
	struct anon_vma *anon_vma;
	struct file *file;
	void *private_data;
};
/*
 * [desc->start, desc->end) is free and @prev the VMA before it (NULL: none). If the range can
 * become part of @prev or of the VMA after it or join both, grow these over it and return the VMA
 * that now holds it; else NULL and nothing changed. Never fails in the middle.
 */
struct vm_area_struct *vma_merge(struct mm_struct *mm, struct vm_area_struct *prev,
				 const struct vma_desc *desc);
/* Make exactly [start, end) of @vma carry @vm_flags, by merging with neighbours or splitting. The
 * VMA that then holds the range (and perhaps more), or ERR_PTR(-ENOMEM) and nothing changed.
 * Page-table entries are the caller's. */
struct vm_area_struct *vma_modify_flags(struct vm_area_struct *vma, unsigned long start,
					unsigned long end, unsigned long vm_flags);
/* Move boundaries of @vma to [start, end) with @pgoff over free addresses, rmap links included
 * (stack growth, brk). */
void vma_resize(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		unsigned long pgoff);

void layout_init(void); /* boot: options of layout.c */

/* ---- Limits and pieces the mmap family shares (mmap.c) ---- */

/* Never merged, never expanded, no page cache behind it. */
#define VM_SPECIAL     (VM_IO | VM_DONTEXPAND | VM_PFNMAP)
#define VM_LOCKED_MASK (VM_LOCKED | VM_LOCKONFAULT)

/* What brk's memory is, by current's personality. */
unsigned long vm_data_default_flags(void);

/* RLIMIT_* of current, soft. */
unsigned long rlimit(unsigned int limit);
/* RLIMIT_AS and RLIMIT_DATA allow @pages more of a mapping with @vm_flags. */
bool may_expand_vm(struct mm_struct *mm, unsigned long vm_flags, unsigned long pages);
/* RLIMIT_MEMLOCK allows @len bytes more if @vm_flags has VM_LOCKED: 0 or -EAGAIN. */
int mlock_future_check(struct mm_struct *mm, unsigned long vm_flags, unsigned long len);
/* Fault in [start, start + len) as its VMAs ask (mlock, MAP_POPULATE): for writing where private
 * and writable, not at all where VM_LOCKONFAULT. mmap_lock not held. 0 or the first error (all is
 * tried if @ignore_errors). May sleep. */
int mm_populate(unsigned long start, unsigned long len, bool ignore_errors);
/* Lowest address current may map without CAP_SYS_RAWIO (/proc/sys/vm/mmap_min_addr). */
extern unsigned long mmap_min_addr;
