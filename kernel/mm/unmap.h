/* SPDX-License-Identifier: MIT */
/* Reclaim's way to the PTEs of a page: who uses it, and away with them. */
#pragma once

#include "mm/mm_types.h"

/* TLB flushes of pages unmapped one after the other, put off until the caller needs them. As long
 * as one is pending, rmap_lock is held (shared: it keeps the mms) and each of the pages is locked
 * (which keeps faults from putting another in its place). Others who change entries see by
 * mm->unmap_flushes that some may be gone which TLBs still have: flush_pending(). */
#define UNMAP_FLUSHES 16
struct unmap_batch {
	unsigned int nr;
	struct {
		struct mm_struct *mm;
		unsigned long start, end;
	} flush[UNMAP_FLUSHES];
};
void unmap_flush(struct unmap_batch *batch);

/* Must who has looked at entries of @mm, under their tables' locks, flush its range although it
 * found nothing there? */
static inline bool flush_pending(struct mm_struct *mm)
{
	return unlikely(atomic_read(&mm->unmap_flushes));
}

/* Who maps a page. */
struct page_use {
	unsigned int young; /* PTEs with the accessed bit, which is cleared */
	bool exec;	    /* one of them may be executed, and it is a file's page */
	bool mlocked;	    /* one of its VMAs is VM_LOCKED: the walk ended there */
};

/* Look at all PTEs of @page. The page is locked or isolated; rmap_lock held shared. The TLBs keep
 * what they have: a page used by one alone may look unused for a while. */
void page_use(struct page *page, struct page_use *use);

/*
 * Take all PTEs of locked @page: those of a private page become swap entries of its slot (it is in
 * the swap cache), those of a file's page go. Dirty PTEs make it PG_dirty. An entry in a shared
 * table is changed once for all who share it. rmap_lock held shared since page_use() saw no
 * VM_LOCKED.
 */
void page_unmap(struct page *page, struct unmap_batch *batch);
