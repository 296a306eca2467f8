/* SPDX-License-Identifier: MIT */
/*
 * What came back soon after reclaim took it. A table of fixed size remembers evictions by a key of
 * the page's place (swap entry, or file and offset): when, and whether the page had been active. A
 * page that comes back after fewer evictions than there are active pages was needed more than one
 * of these: it becomes active at once, and its kind costs more to reclaim from now on.
 */
#pragma once

#include "mm/mm_types.h"

/* Key of a page of a file. */
static inline unsigned long workingset_file_key(const struct address_space *mapping,
						unsigned long index)
{
	return (unsigned long)mapping / sizeof(long) * 0x9e3779b97f4a7c15ul + index;
}

/* @page, no longer anybody's, goes. Its flags say what it was. */
void workingset_evicted(const struct page *page, unsigned long key);
/* @page is new and will hold what @key stands for. */
void workingset_refault(struct page *page, unsigned long key);

/* How dear the last evictions of a kind turned out, fading with time; only the ratio means
 * anything. */
unsigned long workingset_cost(bool file);

/* Make the table: memory is short for the first time. Task context. */
void workingset_begin(void);
