/* SPDX-License-Identifier: MIT */
/* Tearing mappings down: what zap.c offers the rest of mm/. */
#pragma once

#include "mm/gather.h"

/* What to drop of a range: all, or (truncation) only the pages of the file. */
struct zap {
	struct gather gather;
	struct vm_area_struct *vma;
	bool keep_anon;
	bool shared; /* result: some tables were passed over */
};

/* Take everything in [start, end) of zap->vma that stands in private tables into the gather,
 * flushing whenever it is full. mmap_lock or rmap_lock held. */
void zap_range(struct zap *zap, unsigned long start, unsigned long end);

/* Zap every VMA of the list by vm_next (all of @mm's, taken out of the tree), their rmap links and
 * all tables but the top one. No task uses @mm any more; CPUs may still have it loaded. May
 * sleep. */
void unmap_mm(struct mm_struct *mm, struct vm_area_struct *first);
