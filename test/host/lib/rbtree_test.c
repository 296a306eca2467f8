/* SPDX-License-Identifier: MIT */
/*
 * Red-black trees against a sorted array; after each step the whole tree is checked: order,
 * colours, black heights, parents, the cached leftmost node and the augmented values.
 */
#include "test.h"

#include "lib/rbtree.h"

enum { MAX_NODES = 300 };

struct item {
	struct rb_node rb;
	unsigned long key;
	unsigned long weight;
	unsigned long max_weight; /* of the subtree */
	bool in_tree;
};

#define item_of(ptr)	rb_entry(ptr, struct item, rb)
#define weight_of(item) ((item)->weight)

RB_DECLARE_CALLBACKS_MAX(static, augment, struct item, rb, unsigned long, max_weight, weight_of);

/* Checks the subtree; returns its black height. */
static int check_subtree(struct rb_node *node, struct rb_node *parent, bool augmented)
{
	unsigned long max_weight;
	int left, right;

	if (!node)
		return 0;
	CHECK_EQ(rb_parent(node), parent);
	if (rb_is_red(node))
		CHECK(parent && rb_is_black(parent));
	left = check_subtree(node->rb_left, node, augmented);
	right = check_subtree(node->rb_right, node, augmented);
	CHECK_EQ(left, right);
	if (augmented) {
		max_weight = item_of(node)->weight;
		if (node->rb_left)
			max_weight = max(max_weight, item_of(node->rb_left)->max_weight);
		if (node->rb_right)
			max_weight = max(max_weight, item_of(node->rb_right)->max_weight);
		CHECK_EQ(item_of(node)->max_weight, max_weight);
	}
	return left + rb_is_black(node);
}

static int compare_keys(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

/* The tree holds exactly the items marked so, in order, forwards, backwards and post-order. */
static void check_tree(struct rb_root_cached *root, struct item *items, bool augmented)
{
	unsigned long keys[MAX_NODES];
	unsigned int count = 0, i;
	struct rb_node *node;

	for (i = 0; i < MAX_NODES; i++)
		if (items[i].in_tree)
			keys[count++] = items[i].key;
	test_qsort(keys, count, sizeof(keys[0]), compare_keys);
	check_subtree(root->rb_root.rb_node, NULL, augmented);
	i = 0;
	for (node = rb_first(&root->rb_root); node; node = rb_next(node)) {
		CHECK_LT(i, count);
		CHECK_EQ(item_of(node)->key, keys[i]);
		i++;
	}
	CHECK_EQ(i, count);
	for (node = rb_last(&root->rb_root); node; node = rb_prev(node))
		CHECK_EQ(item_of(node)->key, keys[--i]);
	CHECK_EQ(i, 0u);
	for (node = rb_first_postorder(&root->rb_root); node; node = rb_next_postorder(node))
		i++;
	CHECK_EQ(i, count);
	CHECK_EQ(rb_first_cached(root), rb_first(&root->rb_root));
	CHECK_EQ(RB_EMPTY_ROOT(&root->rb_root), count == 0);
}

static bool less(struct rb_node *a, const struct rb_node *b)
{
	return item_of(a)->key < item_of(b)->key;
}

static void insert_augmented(struct item *item, struct rb_root_cached *root)
{
	struct rb_node **link = &root->rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		item_of(parent)->max_weight = max(item_of(parent)->max_weight, item->weight);
		if (less(&item->rb, parent)) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	item->max_weight = item->weight;
	rb_link_node(&item->rb, parent, link);
	rb_insert_augmented_cached(&item->rb, root, leftmost, &augment);
}

static void run_model(bool augmented)
{
	static struct item items[MAX_NODES];
	struct rb_root_cached root = RB_ROOT_CACHED;
	unsigned int round, rounds = test_rounds(6000), target = MAX_NODES;

	for (round = 0; round < rounds; round++) {
		/* The tree grows and shrinks in waves. */
		struct item *item =
			&items[test_random_below(round / 1000 % 2 ? MAX_NODES : target)];

		if (round % 500 == 0)
			target = 1 + test_random_below(MAX_NODES);
		if (item->in_tree) {
			if (augmented)
				rb_erase_augmented_cached(&item->rb, &root, &augment);
			else
				rb_erase_cached(&item->rb, &root);
		} else {
			item->key = test_random_below(100);
			item->weight = test_random_below(1000);
			if (augmented)
				insert_augmented(item, &root);
			else
				rb_add_cached(&item->rb, &root, less);
		}
		item->in_tree = !item->in_tree;
		check_tree(&root, items, augmented);
	}
}

TEST(rbtree_equals_sorted_array)
{
	run_model(false);
}

TEST(rbtree_augmented_values_survive_insert_and_erase)
{
	run_model(true);
}

TEST(rbtree_height_is_logarithmic_for_sorted_input)
{
	static struct item items[1023];
	struct rb_root root = RB_ROOT;
	unsigned int i, depth, deepest = 0;

	for (i = 0; i < ARRAY_SIZE(items); i++) {
		items[i].key = i;
		rb_add(&items[i].rb, &root, less);
	}
	for (i = 0; i < ARRAY_SIZE(items); i++) {
		struct rb_node *node = &items[i].rb;

		for (depth = 0; node; depth++)
			node = rb_parent(node);
		deepest = max(deepest, depth);
	}
	CHECK_LE(deepest, 20u);
}

TEST(rbtree_replace_node_takes_the_place)
{
	struct item items[3] = {{.key = 1}, {.key = 2}, {.key = 3}}, other = {.key = 2};
	struct rb_root root = RB_ROOT;
	unsigned int i;

	for (i = 0; i < 3; i++)
		rb_add(&items[i].rb, &root, less);
	rb_replace_node(&items[1].rb, &other.rb, &root);
	CHECK_EQ(rb_next(&items[0].rb), &other.rb);
	CHECK_EQ(rb_prev(&items[2].rb), &other.rb);
	check_subtree(root.rb_node, NULL, false);
	RB_CLEAR_NODE(&items[1].rb);
	CHECK(RB_EMPTY_NODE(&items[1].rb));
	CHECK(!RB_EMPTY_NODE(&other.rb));
}
