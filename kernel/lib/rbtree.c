/* SPDX-License-Identifier: MIT */
/*
 * Red-black trees: every path from the root to a leaf has the same number of black nodes, and a red
 * node has no red child, so that no path is more than twice as long as another.
 *
 * The augmented value of a node depends on its subtree alone. Insertion and removal first make all
 * values right for the unbalanced tree (the caller before rb_insert_augmented; erase_unlink below),
 * then each rotation keeps them right: the new top takes the old top's value, as the set of nodes
 * below is the same, and only the old top is computed again.
 */
#include "lib/rbtree.h"

static void no_propagate(struct rb_node *node, struct rb_node *stop)
{
}

static void no_copy(struct rb_node *old, struct rb_node *new)
{
}

static const struct rb_augment_callbacks no_augment = {no_propagate, no_copy, no_copy};

static inline void set_parent(struct rb_node *node, struct rb_node *parent)
{
	node->__rb_parent_color = (unsigned long)parent | rb_color(node);
}

static inline void set_color(struct rb_node *node, unsigned long color)
{
	node->__rb_parent_color = (node->__rb_parent_color & ~1UL) | color;
}

static inline bool is_red(const struct rb_node *node)
{
	return node && rb_is_red(node);
}

/* Where @parent (NULL: the root) pointed at @old, it points at @new. */
static inline void change_child(struct rb_root *root, struct rb_node *parent, struct rb_node *old,
				struct rb_node *new)
{
	if (!parent)
		WRITE_ONCE(root->rb_node, new);
	else if (parent->rb_left == old)
		parent->rb_left = new;
	else
		parent->rb_right = new;
}

/*
 *	  node			 up
 *	 /    \			/  \
 *	a      up     ->     node   c
 *	      /  \	    /    \
 *	     b    c	   a      b
 */
static __always_inline void rotate_left(struct rb_root *root, struct rb_node *node,
					const struct rb_augment_callbacks *augment)
{
	struct rb_node *up = node->rb_right, *parent = rb_parent(node);

	node->rb_right = up->rb_left;
	if (up->rb_left)
		set_parent(up->rb_left, node);
	up->rb_left = node;
	set_parent(up, parent);
	change_child(root, parent, node, up);
	set_parent(node, up);
	augment->rotate(node, up);
}

static __always_inline void rotate_right(struct rb_root *root, struct rb_node *node,
					 const struct rb_augment_callbacks *augment)
{
	struct rb_node *up = node->rb_left, *parent = rb_parent(node);

	node->rb_left = up->rb_right;
	if (up->rb_right)
		set_parent(up->rb_right, node);
	up->rb_right = node;
	set_parent(up, parent);
	change_child(root, parent, node, up);
	set_parent(node, up);
	augment->rotate(node, up);
}

static __always_inline void insert_fixup(struct rb_node *node, struct rb_root *root,
					 const struct rb_augment_callbacks *augment)
{
	struct rb_node *parent, *grand, *uncle;

	/* node is red; only it may have a red parent. A red parent is not the root, so grand
	 * exists. */
	while ((parent = rb_parent(node)) && rb_is_red(parent)) {
		grand = rb_parent(parent);
		uncle = parent == grand->rb_left ? grand->rb_right : grand->rb_left;
		if (is_red(uncle)) {
			set_color(parent, RB_BLACK);
			set_color(uncle, RB_BLACK);
			set_color(grand, RB_RED);
			node = grand;
			continue;
		}
		if (parent == grand->rb_left) {
			if (node == parent->rb_right) {
				rotate_left(root, parent, augment);
				parent = node;
			}
			set_color(parent, RB_BLACK);
			set_color(grand, RB_RED);
			rotate_right(root, grand, augment);
		} else {
			if (node == parent->rb_left) {
				rotate_right(root, parent, augment);
				parent = node;
			}
			set_color(parent, RB_BLACK);
			set_color(grand, RB_RED);
			rotate_left(root, grand, augment);
		}
		break;
	}
	set_color(root->rb_node, RB_BLACK);
}

/* The paths through @node (maybe NULL), a child of @parent, lack one black node. */
static __always_inline void erase_fixup(struct rb_node *node, struct rb_node *parent,
					struct rb_root *root,
					const struct rb_augment_callbacks *augment)
{
	struct rb_node *sibling;

	while (parent && !is_red(node)) {
		bool left = parent->rb_left == node;

		sibling = left ? parent->rb_right : parent->rb_left;
		if (rb_is_red(sibling)) {
			set_color(sibling, RB_BLACK);
			set_color(parent, RB_RED);
			if (left)
				rotate_left(root, parent, augment);
			else
				rotate_right(root, parent, augment);
			sibling = left ? parent->rb_right : parent->rb_left;
		}
		if (!is_red(sibling->rb_left) && !is_red(sibling->rb_right)) {
			set_color(sibling, RB_RED);
			node = parent;
			parent = rb_parent(node);
			continue;
		}
		if (left) {
			if (!is_red(sibling->rb_right)) {
				set_color(sibling->rb_left, RB_BLACK);
				set_color(sibling, RB_RED);
				rotate_right(root, sibling, augment);
				sibling = parent->rb_right;
			}
			set_color(sibling, rb_color(parent));
			set_color(parent, RB_BLACK);
			set_color(sibling->rb_right, RB_BLACK);
			rotate_left(root, parent, augment);
		} else {
			if (!is_red(sibling->rb_left)) {
				set_color(sibling->rb_right, RB_BLACK);
				set_color(sibling, RB_RED);
				rotate_left(root, sibling, augment);
				sibling = parent->rb_left;
			}
			set_color(sibling, rb_color(parent));
			set_color(parent, RB_BLACK);
			set_color(sibling->rb_left, RB_BLACK);
			rotate_right(root, parent, augment);
		}
		return;
	}
	if (node)
		set_color(node, RB_BLACK);
}

/* Put @node's successor in its place; *childp, *parentp: where a node went missing. The colour that
 * did. */
static __always_inline unsigned long
replace_by_successor(struct rb_node *node, struct rb_root *root,
		     const struct rb_augment_callbacks *augment, struct rb_node **childp,
		     struct rb_node **parentp)
{
	struct rb_node *successor = node->rb_right, *parent, *child;
	unsigned long color;

	while (successor->rb_left)
		successor = successor->rb_left;
	child = successor->rb_right;
	color = rb_color(successor);
	if (successor == node->rb_right) {
		parent = successor;
	} else {
		parent = rb_parent(successor);
		parent->rb_left = child;
		if (child)
			set_parent(child, parent);
		successor->rb_right = node->rb_right;
		set_parent(successor->rb_right, successor);
	}
	successor->rb_left = node->rb_left;
	set_parent(successor->rb_left, successor);
	change_child(root, rb_parent(node), node, successor);
	successor->__rb_parent_color = node->__rb_parent_color;

	augment->copy(node, successor);
	augment->propagate(parent, successor);
	augment->propagate(successor, NULL);
	*childp = child;
	*parentp = parent;
	return color;
}

static __always_inline void erase(struct rb_node *node, struct rb_root *root,
				  const struct rb_augment_callbacks *augment)
{
	struct rb_node *child, *parent;
	unsigned long color;

	if (node->rb_left && node->rb_right) {
		color = replace_by_successor(node, root, augment, &child, &parent);
	} else {
		child = node->rb_left ? node->rb_left : node->rb_right;
		parent = rb_parent(node);
		color = rb_color(node);
		if (child)
			set_parent(child, parent);
		change_child(root, parent, node, child);
		augment->propagate(parent, NULL);
	}
	if (color == RB_BLACK)
		erase_fixup(child, parent, root, augment);
}

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	insert_fixup(node, root, &no_augment);
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	erase(node, root, &no_augment);
}

void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *augment)
{
	insert_fixup(node, root, augment);
}

void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment)
{
	erase(node, root, augment);
}

void rb_replace_node(struct rb_node *victim, struct rb_node *new, struct rb_root *root)
{
	*new = *victim;
	if (new->rb_left)
		set_parent(new->rb_left, new);
	if (new->rb_right)
		set_parent(new->rb_right, new);
	change_child(root, rb_parent(victim), victim, new);
}

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *node = root->rb_node;

	while (node && node->rb_left)
		node = node->rb_left;
	return node;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *node = root->rb_node;

	while (node && node->rb_right)
		node = node->rb_right;
	return node;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *parent;

	if (node->rb_right) {
		node = node->rb_right;
		while (node->rb_left)
			node = node->rb_left;
		return (struct rb_node *)node;
	}
	while ((parent = rb_parent(node)) && node == parent->rb_right)
		node = parent;
	return parent;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	struct rb_node *parent;

	if (node->rb_left) {
		node = node->rb_left;
		while (node->rb_right)
			node = node->rb_right;
		return (struct rb_node *)node;
	}
	while ((parent = rb_parent(node)) && node == parent->rb_left)
		node = parent;
	return parent;
}

static struct rb_node *deepest_left(const struct rb_node *node)
{
	for (;;) {
		if (node->rb_left)
			node = node->rb_left;
		else if (node->rb_right)
			node = node->rb_right;
		else
			return (struct rb_node *)node;
	}
}

struct rb_node *rb_first_postorder(const struct rb_root *root)
{
	return root->rb_node ? deepest_left(root->rb_node) : NULL;
}

struct rb_node *rb_next_postorder(const struct rb_node *node)
{
	struct rb_node *parent = rb_parent(node);

	if (parent && node == parent->rb_left && parent->rb_right)
		return deepest_left(parent->rb_right);
	return parent;
}
