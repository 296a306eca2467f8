/* SPDX-License-Identifier: MIT */
/*
 * The sparse array: a radix tree of 64-way nodes, as high as its largest index needs. An array with
 * index 0 only has height 0 and no node: its entry is the root itself. Each node counts its used
 * slots, and for each mark knows the slots below which there is a marked entry.
 */
#include "lib/bug.h"
#include "lib/bitops.h"
#include "page/slab_def.h"
#include "page/xarray.h"

#define XA_SHIFT      6
#define XA_SLOTS      (1U << XA_SHIFT)
#define XA_MASK	      (XA_SLOTS - 1)
#define XA_MAX_HEIGHT DIV_ROUND_UP(64, XA_SHIFT)

struct xa_node {
	void *slots[XA_SLOTS];	/* nodes; entries in the lowest ones */
	u64 marks[XA_NR_MARKS]; /* bit n: slot n, or something below it, is marked */
	u64 used;		/* bit n: slot n is not NULL */
	struct xa_node *parent; /* NULL for the root */
	u8 shift;		/* bits of the index below this node's slot number */
	u8 offset;		/* slot in the parent */
};

static struct kmem_cache node_cache;

void xarray_init(void)
{
	kmem_cache_setup(&node_cache, "radix_tree_node", sizeof(struct xa_node), 8, NULL);
}

static struct xa_node *node_new(gfp_t gfp, unsigned int shift)
{
	struct xa_node *node = kmem_cache_zalloc(&node_cache, gfp & ~__GFP_MOVABLE);

	if (node)
		node->shift = shift;
	return node;
}

static unsigned int slot_of(const struct xa_node *node, unsigned long index)
{
	return (index >> node->shift) & XA_MASK;
}

/* Largest index that a tree of @height holds. */
static unsigned long height_max(unsigned int height)
{
	return height >= XA_MAX_HEIGHT ? ~0UL : (1UL << (height * XA_SHIFT)) - 1;
}

void xa_init(struct xarray *xa, gfp_t gfp)
{
	*xa = (struct xarray){.gfp = gfp};
}

bool xa_empty(const struct xarray *xa)
{
	unsigned long index = 0;

	return !xa_find((struct xarray *)xa, &index, ~0UL);
}

/* The lowest node on @index's path, NULL if there is none; the tree is not empty,
 * and high enough. */
static struct xa_node *leaf_of(const struct xarray *xa, unsigned long index)
{
	struct xa_node *node = xa->root;

	while (node && node->shift)
		node = node->slots[slot_of(node, index)];
	return node;
}

void *xa_load(struct xarray *xa, unsigned long index)
{
	struct xa_node *leaf;

	if (index > height_max(xa->height))
		return NULL;
	if (!xa->height)
		return xa->root;
	leaf = leaf_of(xa, index);
	return leaf ? leaf->slots[slot_of(leaf, index)] : NULL;
}

void *const *xa_slots(const struct xarray *xa, unsigned long index, unsigned int *n)
{
	struct xa_node *leaf;

	*n = XA_SLOTS - (index & XA_MASK);
	if (index > height_max(xa->height))
		return NULL;
	if (!xa->height) {
		*n = 1;
		return (void *const *)&xa->root;
	}
	leaf = leaf_of(xa, index);
	return leaf ? &leaf->slots[slot_of(leaf, index)] : NULL;
}

/* ---- Marks --------------------------------------------------------------------------------- */

static void mark_set(struct xa_node *node, unsigned int slot, enum xa_mark mark)
{
	for (; node; slot = node->offset, node = node->parent) {
		if (node->marks[mark] & BIT_ULL(slot))
			return;
		node->marks[mark] |= BIT_ULL(slot);
	}
}

static void mark_clear(struct xa_node *node, unsigned int slot, enum xa_mark mark)
{
	for (; node; slot = node->offset, node = node->parent) {
		node->marks[mark] &= ~BIT_ULL(slot);
		if (node->marks[mark])
			return;
	}
}

void xa_set_mark(struct xarray *xa, unsigned long index, enum xa_mark mark)
{
	struct xa_node *leaf;

	if (!xa_load(xa, index))
		return;
	if (!xa->height) {
		xa->root_marks |= BIT(mark);
		return;
	}
	leaf = leaf_of(xa, index);
	mark_set(leaf, slot_of(leaf, index), mark);
}

void xa_clear_mark(struct xarray *xa, unsigned long index, enum xa_mark mark)
{
	struct xa_node *leaf;

	if (!xa_load(xa, index))
		return;
	if (!xa->height) {
		xa->root_marks &= ~BIT(mark);
		return;
	}
	leaf = leaf_of(xa, index);
	mark_clear(leaf, slot_of(leaf, index), mark);
}

bool xa_get_mark(struct xarray *xa, unsigned long index, enum xa_mark mark)
{
	struct xa_node *leaf;

	if (!xa_load(xa, index))
		return false;
	if (!xa->height)
		return xa->root_marks & BIT(mark);
	leaf = leaf_of(xa, index);
	return leaf->marks[mark] & BIT_ULL(slot_of(leaf, index));
}

/* ---- Growing ------------------------------------------------------------------------------- */

/* Put one more level on top. */
static int grow_once(struct xarray *xa)
{
	struct xa_node *node = node_new(xa->gfp, xa->height * XA_SHIFT), *child = xa->root;
	enum xa_mark mark;

	if (!node)
		return -ENOMEM;
	if (child) {
		node->slots[0] = child;
		node->used = 1;
		for (mark = 0; mark < XA_NR_MARKS; mark++)
			if (xa->height ? child->marks[mark] != 0 : !!(xa->root_marks & BIT(mark)))
				node->marks[mark] = 1;
		if (xa->height)
			child->parent = node; /* at offset 0, as it is */
	}
	xa->root_marks = 0;
	xa->root = node;
	xa->height++;
	return 0;
}

/* Drop the top level, which has nothing but slot 0 at most. */
static void drop_top(struct xarray *xa)
{
	struct xa_node *node = xa->root, *child = node->slots[0];
	enum xa_mark mark;

	for (mark = 0; xa->height == 1 && mark < XA_NR_MARKS; mark++)
		if (node->marks[mark] & 1)
			xa->root_marks |= BIT(mark);
	xa->root = child;
	xa->height = child ? xa->height - 1 : 0;
	if (xa->height)
		child->parent = NULL;
	kmem_cache_free(&node_cache, node);
}

/* Free @node and those above it as far as they are empty. */
static void prune(struct xarray *xa, struct xa_node *node)
{
	while (node && !node->used) {
		struct xa_node *parent = node->parent;

		if (parent) {
			parent->slots[node->offset] = NULL;
			parent->used &= ~BIT_ULL(node->offset);
		} else {
			xa->root = NULL;
			xa->height = 0;
		}
		kmem_cache_free(&node_cache, node);
		node = parent;
	}
}

/* The leaf of @index, made if it is missing; NULL when out of memory, with no new node left. Not
 * for height 0. */
static struct xa_node *leaf_make(struct xarray *xa, unsigned long index)
{
	struct xa_node *node = xa->root, *child;

	while (node->shift) {
		unsigned int slot = slot_of(node, index);

		child = node->slots[slot];
		if (!child) {
			child = node_new(xa->gfp, node->shift - XA_SHIFT);
			if (!child) {
				prune(xa, node);
				return NULL;
			}
			child->parent = node;
			child->offset = slot;
			node->slots[slot] = child;
			node->used |= BIT_ULL(slot);
		}
		node = child;
	}
	return node;
}

int xa_reserve(struct xarray *xa, unsigned long index)
{
	unsigned int height = xa->height;
	bool grown = true;

	while (grown && index > height_max(xa->height))
		grown = !grow_once(xa);
	if (grown && (!xa->height || leaf_make(xa, index)))
		return 0;
	while (xa->height > height)
		drop_top(xa);
	return -ENOMEM;
}

int xa_store(struct xarray *xa, unsigned long index, void *entry, void **old)
{
	struct xa_node *leaf;
	unsigned int slot;

	BUG_ON(!entry);
	if (xa_reserve(xa, index))
		return -ENOMEM;
	if (!xa->height) {
		if (old)
			*old = xa->root;
		xa->root = entry;
		return 0;
	}
	leaf = leaf_of(xa, index);
	slot = slot_of(leaf, index);
	if (old)
		*old = leaf->slots[slot];
	leaf->slots[slot] = entry;
	leaf->used |= BIT_ULL(slot);
	return 0;
}

/* ---- Shrinking ----------------------------------------------------------------------------- */

void *xa_erase(struct xarray *xa, unsigned long index)
{
	void *entry = xa_load(xa, index);
	struct xa_node *leaf;
	unsigned int slot;
	enum xa_mark mark;

	if (!entry)
		return NULL;
	if (!xa->height) {
		xa->root = NULL;
		xa->root_marks = 0;
		return entry;
	}
	leaf = leaf_of(xa, index);
	slot = slot_of(leaf, index);
	for (mark = 0; mark < XA_NR_MARKS; mark++)
		if (leaf->marks[mark] & BIT_ULL(slot))
			mark_clear(leaf, slot, mark);
	leaf->slots[slot] = NULL;
	leaf->used &= ~BIT_ULL(slot);
	prune(xa, leaf);
	while (xa->height && !(((struct xa_node *)xa->root)->used & ~1ULL))
		drop_top(xa);
	return entry;
}

void xa_destroy(struct xarray *xa)
{
	struct xa_node *node = xa->height ? xa->root : NULL;

	while (node) {
		struct xa_node *next;

		if (node->shift && node->used) {
			unsigned int slot = __ffs(node->used);

			node->used &= ~BIT_ULL(slot);
			node = node->slots[slot];
			continue;
		}
		next = node->parent;
		kmem_cache_free(&node_cache, node);
		node = next;
	}
	xa->root = NULL;
	xa->height = 0;
	xa->root_marks = 0;
}

/* ---- Finding ------------------------------------------------------------------------------- */

/* Slots of @node worth looking into: used ones, or marked ones. */
static u64 candidates(const struct xa_node *node, int mark)
{
	return mark < 0 ? node->used : node->marks[mark];
}

/* First index below @slot of @node, on whose path @index is. */
static unsigned long slot_start(const struct xa_node *node, unsigned int slot, unsigned long index)
{
	unsigned long span = (unsigned long)node->shift + XA_SHIFT >= BITS_PER_LONG
				     ? ~0UL
				     : (1UL << (node->shift + XA_SHIFT)) - 1;

	return (index & ~span) | (unsigned long)slot << node->shift;
}

/* The first entry (marked if @mark >= 0) from *index to @max. */
static void *find(struct xarray *xa, unsigned long *index, unsigned long max, int mark)
{
	struct xa_node *node = xa->root;
	unsigned long at = *index;

	if (at > max || at > height_max(xa->height) || !node)
		return NULL;
	if (!xa->height)
		return mark < 0 || xa->root_marks & BIT(mark) ? xa->root : NULL;
	for (;;) {
		unsigned int slot = slot_of(node, at);
		u64 rest = candidates(node, mark) & (~0ULL << slot);

		if (!rest) {
			/* Nothing here: go on behind this node's slot of the parent. */
			do {
				if (!node->parent)
					return NULL;
				slot = node->offset + 1U;
				node = node->parent;
			} while (slot == XA_SLOTS || slot > ~0UL >> node->shift);
			at = slot_start(node, slot, at);
			if (at > max)
				return NULL;
			continue;
		}
		if (__ffs(rest) != slot)
			at = slot_start(node, __ffs(rest), at);
		if (at > max)
			return NULL;
		if (!node->shift) {
			*index = at;
			return node->slots[__ffs(rest)];
		}
		node = node->slots[__ffs(rest)];
	}
}

void *xa_find(struct xarray *xa, unsigned long *index, unsigned long max)
{
	void *entry = *index <= max ? xa_load(xa, *index) : NULL;

	/* Callers walk runs of entries: mostly the first one looked at is there. */
	return entry ? entry : find(xa, index, max, -1);
}

void *xa_find_marked(struct xarray *xa, unsigned long *index, unsigned long max, enum xa_mark mark)
{
	return find(xa, index, max, mark);
}
