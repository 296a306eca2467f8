/* SPDX-License-Identifier: MIT */
/* A sparse array of pointers by unsigned long index (radix tree), with two marks an entry. The
 * caller locks. */
#pragma once

#include "abi/errno.h"
#include "page/slab.h"

struct xa_node;

struct xarray {
	void *root; /* a node, or with height 0 the entry of index 0 */
	u8 height;
	u8 root_marks; /* of that entry */
	gfp_t gfp;
};

enum xa_mark { XA_MARK_0, XA_MARK_1, XA_NR_MARKS };

/* Make the nodes' cache. Boot, once, after page_init(). */
void xarray_init(void);

void xa_init(struct xarray *xa, gfp_t gfp);
void *xa_load(struct xarray *xa, unsigned long index);
/* Store @entry (non-NULL) at @index. *old (if not NULL) receives what was there. 0 or -ENOMEM
 * (array unchanged). */
int xa_store(struct xarray *xa, unsigned long index, void *entry, void **old);
/* Make sure that a store at @index cannot fail until the next erase. May sleep if gfp says so. 0 or
 * -ENOMEM. */
int xa_reserve(struct xarray *xa, unsigned long index);
/* Remove; returns what was there. */
void *xa_erase(struct xarray *xa, unsigned long index);
/* The slots of @index and of the indices after it that lie in the same leaf (64 at most; NULL in a
 * slot: no entry); *n receives how many. They stay where they are until the next store or erase.
 * NULL: no entries there at all, *n indices long. */
void *const *xa_slots(const struct xarray *xa, unsigned long index, unsigned int *n);
/* First entry at or after *index, up to @max; *index receives its index. NULL: none. */
void *xa_find(struct xarray *xa, unsigned long *index, unsigned long max);
/* Likewise among marked entries. */
void *xa_find_marked(struct xarray *xa, unsigned long *index, unsigned long max, enum xa_mark mark);
void xa_set_mark(struct xarray *xa, unsigned long index, enum xa_mark mark);
void xa_clear_mark(struct xarray *xa, unsigned long index, enum xa_mark mark);
bool xa_get_mark(struct xarray *xa, unsigned long index, enum xa_mark mark);
bool xa_empty(const struct xarray *xa);
/* Free the tree's nodes (entries are the caller's). */
void xa_destroy(struct xarray *xa);

#define xa_for_each(xa, index, entry)                                                              \
	for ((index) = 0, (entry) = xa_find(xa, &(index), ~0ul); (entry);                          \
	     (entry) = (index) == ~0ul ? NULL : ((index)++, xa_find(xa, &(index), ~0ul)))
