/* SPDX-License-Identifier: MIT */
/*
 * Sorting and searching arrays in place, without allocation or recursion.
 */
#pragma once

#include "lib/types.h"

/* Heap sort of @num elements of @size bytes: O(n log n) always, not stable. @cmp as for qsort. */
void sort(void *base, size_t num, size_t size, int (*cmp)(const void *, const void *));
/* An element equal to @key in the sorted array, or NULL. */
void *bsearch(const void *key, const void *base, size_t num, size_t size,
	      int (*cmp)(const void *key, const void *element));
