/* SPDX-License-Identifier: MIT */
/*
 * Interval trees against looking at every interval.
 */
#include "test.h"

#include "lib/interval_tree.h"

enum { MAX_NODES = 100 };

struct item {
	struct interval_tree_node node;
	bool in_tree, found;
};

static void check_query(struct interval_tree_root *root, struct item *items, unsigned long start,
			unsigned long last)
{
	struct interval_tree_node *node;
	unsigned long previous = 0;
	unsigned int i;

	for (i = 0; i < MAX_NODES; i++)
		items[i].found = false;
	interval_tree_for_each(node, root, start, last)
	{
		struct item *item = container_of(node, struct item, node);

		CHECK(item->in_tree);
		CHECK(!item->found);
		CHECK_GE(node->start, previous);
		item->found = true;
		previous = node->start;
	}
	for (i = 0; i < MAX_NODES; i++) {
		node = &items[i].node;
		CHECK_EQ(items[i].found,
			 items[i].in_tree && node->start <= last && node->last >= start);
	}
}

static unsigned long random_point(void)
{
	unsigned long point = test_random_below(1000);

	/* Now and then at the ends of the number line. */
	return point == 0 ? 0 : point == 999 ? ULONG_MAX : point;
}

TEST(interval_tree_finds_every_overlap)
{
	static struct item items[MAX_NODES];
	struct interval_tree_root root = INTERVAL_TREE_ROOT;
	unsigned int round, rounds = test_rounds(20000);

	for (round = 0; round < rounds; round++) {
		struct item *item = &items[test_random_below(MAX_NODES)];
		unsigned long a = random_point(), b = random_point();

		if (item->in_tree) {
			interval_tree_remove(&item->node, &root);
		} else {
			item->node.start = a;
			item->node.last = test_random_below(2) ? max(a, b) : max(a, a + b % 20);
			if (item->node.last < a)
				item->node.last = ULONG_MAX;
			item->node.start = min(item->node.start, item->node.last);
			interval_tree_insert(&item->node, &root);
		}
		item->in_tree = !item->in_tree;
		a = random_point();
		b = random_point();
		check_query(&root, items, min(a, b), max(a, b));
		check_query(&root, items, a, a);
	}
}

TEST(interval_tree_empty_finds_nothing)
{
	struct interval_tree_root root = INTERVAL_TREE_ROOT;
	struct interval_tree_node node = {.start = 5, .last = 9};

	CHECK(interval_tree_empty(&root));
	CHECK(!interval_tree_iter_first(&root, 0, ULONG_MAX));
	interval_tree_insert(&node, &root);
	CHECK(!interval_tree_empty(&root));
	CHECK_EQ(interval_tree_iter_first(&root, 9, 100), &node);
	CHECK(!interval_tree_iter_first(&root, 10, 100));
	CHECK(!interval_tree_iter_first(&root, 0, 4));
	interval_tree_remove(&node, &root);
	CHECK(interval_tree_empty(&root));
}
