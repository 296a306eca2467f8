/* SPDX-License-Identifier: MIT */
/* fork of an address space: what fork.c (VMAs) and fork_tables.c (page tables) have in common. */
#pragma once

#include "mm/internal.h"

struct fork_copy {
	struct mm_struct *mm, *old;
	unsigned long stack, tls; /* addresses in use, ~0: none */
	bool hidden;		  /* some VMA's pages are not for the child */
	unsigned long eager_addr; /* page to copy at once; ~0: none */
	struct page *eager_page;  /* where to */
	/* Results. */
	long rss[NR_MM_COUNTERS]; /* the child's */
	long tables;		  /* shared ones it reaches */
	bool flush;		  /* an entry of the parent lost its W */
};

/* Does the child need entries of @vma? Private pages only, and those it may see. */
static inline bool fork_needs_entries(const struct vm_area_struct *vma)
{
	return vma->anon_vma && !(vma->vm_flags & (VM_DONTCOPY | VM_WIPEONFORK));
}

/* Where copying ends and sharing begins; found by measurement. Tests set others. */
extern struct fork_policy {
	unsigned int few_pages; /* up to so many private pages in a PTE table are copied at once */
	unsigned int many_file_pages; /* from so many on a table without private ones is shared */
	unsigned int
		few_tables; /* up to so many PTE tables in a PMD table are looked at one by one */
} fork_policy;

/* Make the child's tables, as far as it has its own. mmap_lock of the parent held for writing. 0 or
 * -ENOMEM. May sleep. */
int plan_tables(struct fork_copy *fc);
/* Share the others, and count what the child so has: fc->rss, without what is copied, and
 * fc->tables. The same lock, and rmap_lock exclusively since before the copies were linked. */
void share_tables(struct fork_copy *fc);
/* Copy the entries of @vma's private pages to the tables that are the child's own; @copy is the
 * child's VMA. The same locks, after share_tables(). */
void copy_private_entries(struct fork_copy *fc, struct vm_area_struct *vma,
			  struct vm_area_struct *copy);
