/* SPDX-License-Identifier: MIT */
/*
 * Closed intervals [start, last] in a red-black tree sorted by start, with the largest last of each
 * subtree kept in its root: all intervals that overlap a range are found in O(log n + matches). The
 * caller's lock covers the tree.
 */
#pragma once

#include "lib/rbtree.h"

struct interval_tree_node {
	struct rb_node rb;
	unsigned long start;	    /* first point inside */
	unsigned long last;	    /* last point inside, >= start */
	unsigned long subtree_last; /* greatest last in the subtree of this node */
};

struct interval_tree_root {
	struct rb_root rb_root;
};

#define INTERVAL_TREE_ROOT                                                                         \
	(struct interval_tree_root)                                                                \
	{                                                                                          \
		RB_ROOT                                                                            \
	}

static inline bool interval_tree_empty(const struct interval_tree_root *root)
{
	return RB_EMPTY_ROOT(&root->rb_root);
}

/* @node->start and ->last are set and do not change while it is in the tree. Duplicates are
 * allowed. */
void interval_tree_insert(struct interval_tree_node *node, struct interval_tree_root *root);
/* The same for a tree that is empty (or was never set up). */
static inline void interval_tree_insert_first(struct interval_tree_node *node,
					      struct interval_tree_root *root)
{
	node->subtree_last = node->last;
	rb_insert_first(&node->rb, &root->rb_root);
}
void interval_tree_remove(struct interval_tree_node *node, struct interval_tree_root *root);

/* The overlapping interval with the smallest start, or NULL. */
struct interval_tree_node *interval_tree_iter_first(struct interval_tree_root *root,
						    unsigned long start, unsigned long last);
/* The next one after @node in order of start, or NULL; the tree has not changed since. */
struct interval_tree_node *interval_tree_iter_next(struct interval_tree_node *node,
						   unsigned long start, unsigned long last);

#define interval_tree_for_each(node, root, start, last)                                            \
	for (node = interval_tree_iter_first(root, start, last); node;                             \
	     node = interval_tree_iter_next(node, start, last))
