/* SPDX-License-Identifier: MIT */
/*
 * Red-black trees inside structures, with Linux's names. The user walks down himself, links the new
 * node with rb_link_node and then calls rb_insert_color. An augmented tree keeps in each node a
 * value computed from its subtree; rb_augment_callbacks keep it right through rotations. The
 * caller's lock covers a tree.
 */
#pragma once

#include "lib/types.h"

struct rb_node {
	unsigned long __rb_parent_color; /* parent's address | colour (RB_RED, RB_BLACK) */
	struct rb_node *rb_right;
	struct rb_node *rb_left;
} __aligned(sizeof(long));

struct rb_root {
	struct rb_node *rb_node;
};

/* A tree whose leftmost node is found at once. */
struct rb_root_cached {
	struct rb_root rb_root;
	struct rb_node *rb_leftmost;
};

#define RB_RED	 0
#define RB_BLACK 1

#define RB_ROOT                                                                                    \
	(struct rb_root)                                                                           \
	{                                                                                          \
		NULL                                                                               \
	}
#define RB_ROOT_CACHED                                                                             \
	(struct rb_root_cached)                                                                    \
	{                                                                                          \
		{NULL}, NULL                                                                       \
	}

#define rb_parent(r)		    ((struct rb_node *)((r)->__rb_parent_color & ~3UL))
#define rb_color(r)		    ((r)->__rb_parent_color & 1)
#define rb_is_red(r)		    (!rb_color(r))
#define rb_is_black(r)		    (rb_color(r))
#define rb_entry(ptr, type, member) container_of(ptr, type, member)
#define rb_entry_safe(ptr, type, member)                                                           \
	({                                                                                         \
		__typeof__(ptr) __rbptr = (ptr);                                                   \
		__rbptr ? rb_entry(__rbptr, type, member) : NULL;                                  \
	})

#define RB_EMPTY_ROOT(root) (READ_ONCE((root)->rb_node) == NULL)
/* A cleared node is its own parent; rb_erase does not clear. */
#define RB_EMPTY_NODE(node) ((node)->__rb_parent_color == (unsigned long)(node))
#define RB_CLEAR_NODE(node) ((node)->__rb_parent_color = (unsigned long)(node))

struct rb_augment_callbacks {
	/* Recompute from @node upwards until @stop (not included; NULL: the root), or until nothing
	 * changes. */
	void (*propagate)(struct rb_node *node, struct rb_node *stop);
	/* @new takes @old's place with the same subtree: copy the value. */
	void (*copy)(struct rb_node *old, struct rb_node *new);
	/* @new became the parent of @old: @new gets @old's value, @old's is computed again. */
	void (*rotate)(struct rb_node *old, struct rb_node *new);
};

/* In-order walk; NULL at the ends. */
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

/* Post-order walk (children before their parent): the body may free the node after taking the next.
 */
struct rb_node *rb_first_postorder(const struct rb_root *root);
struct rb_node *rb_next_postorder(const struct rb_node *node);

/* Hang @node below @parent at @link (the address of parent's rb_left or rb_right, or of
 * root->rb_node). */
static inline void rb_link_node(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	node->__rb_parent_color = (unsigned long)parent;
	node->rb_left = NULL;
	node->rb_right = NULL;
	*link = node;
}

/* Rebalance after rb_link_node. */
void rb_insert_color(struct rb_node *node, struct rb_root *root);
/* Take @node out. Its own links are left as they were. */
void rb_erase(struct rb_node *node, struct rb_root *root);
/* Put @new, which sorts the same, in @victim's place. */
void rb_replace_node(struct rb_node *victim, struct rb_node *new, struct rb_root *root);

/* For augmented trees. Before rb_insert_augmented the caller has updated the new node's value and
 * those of all its ancestors (or calls rb_insert_augmented after augment->propagate(node, NULL)).
 */
void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *augment);
void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment);

/* ---- Trees with a cached leftmost node ------------------------------------------------------ */

#define rb_first_cached(root) ((root)->rb_leftmost)

/* @leftmost: the caller never went right on its way down. */
static inline void rb_insert_color_cached(struct rb_node *node, struct rb_root_cached *root,
					  bool leftmost)
{
	if (leftmost)
		root->rb_leftmost = node;
	rb_insert_color(node, &root->rb_root);
}

static inline void rb_erase_cached(struct rb_node *node, struct rb_root_cached *root)
{
	if (root->rb_leftmost == node)
		root->rb_leftmost = rb_next(node);
	rb_erase(node, &root->rb_root);
}

static inline void rb_insert_augmented_cached(struct rb_node *node, struct rb_root_cached *root,
					      bool leftmost,
					      const struct rb_augment_callbacks *augment)
{
	if (leftmost)
		root->rb_leftmost = node;
	rb_insert_augmented(node, &root->rb_root, augment);
}

/* The same for a tree that is empty; the node's value is right. */
static inline void rb_insert_first(struct rb_node *node, struct rb_root *root)
{
	node->__rb_parent_color = RB_BLACK;
	node->rb_left = node->rb_right = NULL;
	root->rb_node = node;
}

static inline void rb_erase_augmented_cached(struct rb_node *node, struct rb_root_cached *root,
					     const struct rb_augment_callbacks *augment)
{
	if (root->rb_leftmost == node)
		root->rb_leftmost = rb_next(node);
	rb_erase_augmented(node, &root->rb_root, augment);
}

/* Insert by a comparison; equal nodes go after those already there. */
static inline void rb_add(struct rb_node *node, struct rb_root *tree,
			  bool (*less)(struct rb_node *, const struct rb_node *))
{
	struct rb_node **link = &tree->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = less(node, parent) ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(node, parent, link);
	rb_insert_color(node, tree);
}

static inline void rb_add_cached(struct rb_node *node, struct rb_root_cached *tree,
				 bool (*less)(struct rb_node *, const struct rb_node *))
{
	struct rb_node **link = &tree->rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (less(node, parent)) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(node, parent, link);
	rb_insert_color_cached(node, tree, leftmost);
}

/*
 * Define @name, the callbacks of a tree of @type (with its rb_node as @field) whose value
 * @augmented of
 * @value_type is the maximum over the subtree of @compute(node).
 */
#define RB_DECLARE_CALLBACKS_MAX(linkage, name, type, field, value_type, augmented, compute)       \
	static inline bool name##_compute_max(type *node, bool stop_if_same)                       \
	{                                                                                          \
		value_type value = compute(node);                                                  \
		type *child;                                                                       \
                                                                                                   \
		if (node->field.rb_left) {                                                         \
			child = rb_entry(node->field.rb_left, type, field);                        \
			if (child->augmented > value)                                              \
				value = child->augmented;                                          \
		}                                                                                  \
		if (node->field.rb_right) {                                                        \
			child = rb_entry(node->field.rb_right, type, field);                       \
			if (child->augmented > value)                                              \
				value = child->augmented;                                          \
		}                                                                                  \
		if (stop_if_same && node->augmented == value)                                      \
			return true;                                                               \
		node->augmented = value;                                                           \
		return false;                                                                      \
	}                                                                                          \
	static void name##_propagate(struct rb_node *rb, struct rb_node *stop)                     \
	{                                                                                          \
		while (rb != stop) {                                                               \
			type *node = rb_entry(rb, type, field);                                    \
			if (name##_compute_max(node, true))                                        \
				break;                                                             \
			rb = rb_parent(&node->field);                                              \
		}                                                                                  \
	}                                                                                          \
	static void name##_copy(struct rb_node *rb_old, struct rb_node *rb_new)                    \
	{                                                                                          \
		rb_entry(rb_new, type, field)->augmented =                                         \
			rb_entry(rb_old, type, field)->augmented;                                  \
	}                                                                                          \
	static void name##_rotate(struct rb_node *rb_old, struct rb_node *rb_new)                  \
	{                                                                                          \
		type *old = rb_entry(rb_old, type, field);                                         \
                                                                                                   \
		name##_copy(rb_old, rb_new);                                                       \
		name##_compute_max(old, false);                                                    \
	}                                                                                          \
	linkage const struct rb_augment_callbacks name = {name##_propagate, name##_copy,           \
							  name##_rotate}

/* Children before parents; @pos may be freed by the body. */
#define rbtree_postorder_for_each_entry_safe(pos, n, root, field)                                  \
	for (pos = rb_entry_safe(rb_first_postorder(root), __typeof__(*pos), field);               \
	     pos && ({                                                                             \
		     n = rb_entry_safe(rb_next_postorder(&pos->field), __typeof__(*pos), field);   \
		     1;                                                                            \
	     });                                                                                   \
	     pos = n)
