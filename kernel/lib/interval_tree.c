/* SPDX-License-Identifier: MIT */
/*
 * Interval trees. An interval overlaps [start, last] if it begins at or before last and ends at or
 * after start. Sorted by start, the first condition cuts the tree on the right; subtree_last cuts
 * off each subtree in which every interval ends before start.
 */
#include "lib/interval_tree.h"

#define node_of(ptr)  rb_entry(ptr, struct interval_tree_node, rb)
#define last_of(node) ((node)->last)

RB_DECLARE_CALLBACKS_MAX(static, augment, struct interval_tree_node, rb, unsigned long,
			 subtree_last, last_of);

void interval_tree_insert(struct interval_tree_node *node, struct interval_tree_root *root)
{
	struct rb_node **link = &root->rb_root.rb_node, *parent = NULL;

	while (*link) {
		struct interval_tree_node *at = node_of(*link);

		parent = *link;
		if (at->subtree_last < node->last)
			at->subtree_last = node->last;
		link = node->start < at->start ? &parent->rb_left : &parent->rb_right;
	}
	node->subtree_last = node->last;
	rb_link_node(&node->rb, parent, link);
	rb_insert_augmented(&node->rb, &root->rb_root, &augment);
}

void interval_tree_remove(struct interval_tree_node *node, struct interval_tree_root *root)
{
	rb_erase_augmented(&node->rb, &root->rb_root, &augment);
}

/* The leftmost overlap in the subtree of @node, which holds an interval that ends at or after
 * @start. */
static struct interval_tree_node *subtree_search(struct interval_tree_node *node,
						 unsigned long start, unsigned long last)
{
	for (;;) {
		struct rb_node *left = node->rb.rb_left, *right = node->rb.rb_right;

		/* If any interval on the left ends late enough, either the answer is on the left,
		 * or that interval starts after last, and then so does everything to its right. */
		if (left && node_of(left)->subtree_last >= start) {
			node = node_of(left);
			continue;
		}
		if (node->start > last)
			return NULL;
		if (node->last >= start)
			return node;
		if (!right || node_of(right)->subtree_last < start)
			return NULL;
		node = node_of(right);
	}
}

struct interval_tree_node *interval_tree_iter_first(struct interval_tree_root *root,
						    unsigned long start, unsigned long last)
{
	struct rb_node *top = root->rb_root.rb_node;

	if (!top || node_of(top)->subtree_last < start)
		return NULL;
	return subtree_search(node_of(top), start, last);
}

struct interval_tree_node *interval_tree_iter_next(struct interval_tree_node *node,
						   unsigned long start, unsigned long last)
{
	struct rb_node *rb = node->rb.rb_right, *below;

	for (;;) {
		if (rb && node_of(rb)->subtree_last >= start)
			return subtree_search(node_of(rb), start, last);
		/* Up, to the first ancestor that is further right. */
		do {
			below = &node->rb;
			rb = rb_parent(below);
			if (!rb)
				return NULL;
			node = node_of(rb);
			rb = node->rb.rb_right;
		} while (below == rb);
		if (node->start > last)
			return NULL;
		if (node->last >= start)
			return node;
	}
}
