/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: mm_struct, vm_area_struct, anon_vma, address_space.
 *
 *	lock held			what you may do
 *	mmap_lock read			find VMAs, read all their fields, fault pages in
 *	mmap_lock write			change VMAs, the tree, the layout fields
 *	page_table lock (pt_lock)	change entries of that table
 *	rmap_lock read			walk anon_vma / i_mmap trees; make a copy of a shared table
 *	rmap_lock write			change the trees, vm_start/vm_end/vm_pgoff of a linked VMA; share
 *					tables, let go of them, free them
 */
#pragma once

#include "lib/rbtree.h"
#include "lib/interval_tree.h"
#include "lib/list.h"
#include "lib/atomic.h"
#include "lib/refcount.h"
#include "arch/arch.h"
#include "page/page.h"
#include "page/xarray.h"
#include "sched/mutex.h"
#include "abi/mman.h"

struct file;
struct inode;
struct vm_area_struct;
struct vm_fault;
struct writeback_control;

/* vm_flags. VM_READ..VM_SHARED equal PROT_ and are tested as such. */
#define VM_READ	      0x00000001ul
#define VM_WRITE      0x00000002ul
#define VM_EXEC	      0x00000004ul
#define VM_SHARED     0x00000008ul
#define VM_MAYREAD    0x00000010ul
#define VM_MAYWRITE   0x00000020ul
#define VM_MAYEXEC    0x00000040ul
#define VM_MAYSHARE   0x00000080ul
#define VM_GROWSDOWN  0x00000100ul
#define VM_PFNMAP     0x00000400ul /* no struct page behind it */
#define VM_LOCKED     0x00002000ul
#define VM_IO	      0x00004000ul
#define VM_SEQ_READ   0x00008000ul
#define VM_RAND_READ  0x00010000ul
#define VM_DONTCOPY   0x00020000ul
#define VM_DONTEXPAND 0x00040000ul
#define VM_LOCKONFAULT 0x00080000ul
#define VM_ACCOUNT    0x00100000ul
#define VM_NORESERVE  0x00200000ul
#define VM_WIPEONFORK 0x02000000ul
#define VM_DONTDUMP   0x04000000ul
#define VM_STACK      VM_GROWSDOWN
#define VM_ACCESS_FLAGS (VM_READ | VM_WRITE | VM_EXEC)

/* Kinds of resident pages, mm->rss[]. */
enum mm_counter { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

/*
 * A fork family's VMAs that may map one another's anonymous pages. It lies in the VMA that was the
 * first to have any, whose memory stays until the last of the family has gone (rmap.c). rmap_lock
 * covers the tree.
 */
struct anon_vma {
	refcount_t refcount; /* VMAs, and the memory it lies in; 0: not in use */
	bool home_gone;	     /* that VMA is no more */
	struct interval_tree_root tree;
};

struct vm_area_struct {
	unsigned long vm_start, vm_end; /* [start, end), page aligned */
	struct vm_area_struct *vm_next, *vm_prev;
	struct rb_node vm_rb;
	unsigned long rb_subtree_gap;	/* largest gap before any VMA of the subtree */
	struct mm_struct *vm_mm;
	pgprot_t vm_page_prot;
	unsigned long vm_flags;
	struct interval_tree_node shared; /* file: in mapping->i_mmap, by page offset. rmap_lock */
	struct interval_tree_node anon;	  /* in anon_vma->tree, by page offset. rmap_lock */
	bool in_i_mmap, in_anon_vma;
	bool oom_reaped;		/* vm_mm's: here, where faults look */
	struct anon_vma *anon_vma;	/* set once under mmap_lock + rmap_lock */
	const struct vm_operations_struct *vm_ops; /* NULL: anonymous */
	unsigned long vm_pgoff;		/* pages; anonymous: vm_start >> PAGE_SHIFT at birth */
	struct file *vm_file;		/* a reference */
	void *vm_private_data;
	struct anon_vma own_anon_vma;	/* for anon_vma of this one, and then of its family */
	/* Read-ahead from swap, guesses that threads write at the same time: page of the last fault
	 * that read, pages it asked for, pages of these that were used. */
	unsigned long swap_ra_last;
	unsigned int swap_ra_window, swap_ra_hits;
};

/* What the OOM killer remembers of an address space it chose; oom_lock (oom.c). */
struct oom_victim {
	struct list_head link;	    /* oom_victims */
	pid_t pid;		    /* and name of the process that was chosen for it */
	char comm[16];
	u64 killed_at, reaped_at;   /* ns; reaped_at 0: the reaper has not been there */
	unsigned long held;   /* pages and swap entries when it was chosen */
	unsigned long reaped; /* of these, dropped by the reaper */
};

struct mm_struct {
	struct arch_mm arch;		/* FIRST: pgd, CPU mask */

	refcount_t mm_users;		/* tasks + temporary users of the mappings */
	refcount_t mm_count;		/* references to the struct itself; all mm_users together hold one */

	struct rwsem mmap_lock;
	/* mmap_lock: VMAs */
	struct vm_area_struct *mmap;	/* sorted list */
	struct rb_root mm_rb;
	struct vm_area_struct *dead_vmas; /* unmapped, their files still to be put: see mmap_write_unlock() */
	struct vm_area_struct *vma_cache; /* last found: atomic pointer, checked against mmap_seq */
	unsigned long mmap_seq;
	int map_count;
	unsigned long mmap_base, task_size;
	unsigned long mmap_legacy;	/* bottom-up layout if non-zero */
	unsigned long mmap_legacy_base; /* where bottom-up searches begin */
	unsigned long total_vm, locked_vm, data_vm, exec_vm, stack_vm; /* pages */
	atomic64_t pinned_vm;
	unsigned long def_flags;
	bool shares_tables;		/* a fork let it share page tables: there may be some yet */
	unsigned long hiwater_rss, hiwater_vm; /* pages */

	spinlock_t arg_lock;		/* the layout fields below */
	unsigned long start_code, end_code, start_data, end_data;
	unsigned long start_brk, brk, start_stack;
	unsigned long arg_start, arg_end, env_start, env_end;
	unsigned long saved_auxv[2 * 28];
	unsigned long vdso;		/* address of the image */

	atomic64_t rss[NR_MM_COUNTERS]; /* pages */
	atomic64_t pgtables_bytes;
	atomic_t unmap_flushes;		/* ranges that reclaim has unmapped and not flushed yet */
	struct file *exe_file;		/* a reference; arg_lock */
	struct list_head mmlist;	/* all mms; mmlist_lock (mm.c) */
	unsigned long personality_flags;
	u8 dumpable;
	bool oom_victim;		/* chosen, see oom */
	bool oom_reaped;		/* its private pages are being dropped: where one is missing, its contents
					   are lost. Set once, in its VMAs too; mmap_lock */
	bool unkillable;		/* of pid 1: the OOM killer leaves it alone */
	short oom_score_adj;		/* of the processes that use it: -1000 (never killed) .. 1000, thousandths of all memory */
	struct oom_victim oom;
};

struct vm_operations_struct {
	void (*open)(struct vm_area_struct *vma);  /* split, fork, mremap made another */
	void (*close)(struct vm_area_struct *vma);
	/*
	 * Supply the page at vmf->pgoff: vmf->page, referenced, uptodate and locked. 0 or a
	 * VM_FAULT_ code. Generic code
	 * writes the PTE. mmap_lock held for reading (may sleep).
	 */
	int (*fault)(struct vm_fault *vmf);
	/* A shared page is about to become writable; page locked. 0 or VM_FAULT_SIGBUS. */
	int (*page_mkwrite)(struct vm_fault *vmf);
	const char *(*name)(struct vm_area_struct *vma); /* for maps */
};

#define VM_FAULT_OOM	0x0001
#define VM_FAULT_SIGBUS 0x0002
#define VM_FAULT_MAJOR	0x0004
#define VM_FAULT_SIGSEGV 0x0040
#define VM_FAULT_RETRY	0x0400
#define VM_FAULT_NOPAGE 0x0100
#define VM_FAULT_ERROR	(VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV)

/* One fault: read-only once filled, but for what the vm_ops return. */
struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long address;	/* page aligned */
	unsigned long pgoff;	/* page offset in vma's file */
	unsigned int flags;	/* FAULT_FLAG_* */
	struct page *page;	/* ->fault's result */
	/* For mm/ only: the entry, its table, and what it was when the fault was looked at (nothing
	 * locked). */
	pte_t *pte;
	struct page *table;
	pte_t orig_pte;
	u8 what; /* enum fault_case */
};
#define FAULT_FLAG_WRITE  0x01
#define FAULT_FLAG_USER	  0x40
#define FAULT_FLAG_INSTRUCTION 0x100
#define FAULT_FLAG_REMOTE 0x80

struct address_space_operations {
	/* Fill @page (locked) from the file; sets uptodate. 0 or error. */
	int (*read_folio)(struct file *file, struct page *page);
	/* Write a page back for which clear_page_dirty_for_io() was true; page locked and not
	 * under write-back, unlocked on return, when it may still be under write-back. NULL: memory
	 * is the file (tmpfs). */
	int (*writepage)(struct page *page);
	/* The same for @nr pages (1..BLOCK_IO_PAGES) of consecutive indices at once; may be NULL. */
	int (*writepages)(struct page **pages, unsigned int nr);
	/* Start to read those of the pages [index, index + nr) that are not cached; others are
	 * locked until they are read, or have failed (not uptodate). As far as memory allows. May be
	 * NULL. May sleep. */
	void (*readahead)(struct address_space *mapping, unsigned long index, unsigned long nr);
};

/* The cached pages of one file. Embedded in its inode. */
struct address_space {
	struct inode *host;
	spinlock_t pages_lock;		/* pages, nrpages */
	struct xarray pages;		/* by page index; XA_MARK_0: dirty; XA_MARK_1: was under
					   write-back when last looked at */
	unsigned long nrpages;
	unsigned long nrswapped;	/* memory files: entries that are values, see shmem_swap.h */
	struct list_head swapped;	/* if there are any: all such mappings */
	struct interval_tree_root i_mmap; /* VMAs that map it; rmap_lock */
	atomic_t i_mmap_writable;	/* shared writable VMAs; < 0: denied (seals) */
	const struct address_space_operations *a_ops;
	enum page_owner_kind { MAPPING_FILE, MAPPING_SHMEM } kind;
	int wb_error;
};
