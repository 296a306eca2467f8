/* SPDX-License-Identifier: MIT */
/* Tearing an address space down. */
#pragma once

#include "mm/mm_types.h"

/* Zap every VMA of the list by vm_next (all of @mm's, taken out of the tree), their rmap links and
 * all tables but the top one. No task uses @mm any more; CPUs may still have it loaded. May
 * sleep. */
void unmap_mm(struct mm_struct *mm, struct vm_area_struct *first);
