/* SPDX-License-Identifier: MIT */
/*
 * Lists: each operation drawn as the order it leaves.
 */
#include "test.h"

#include "lib/list.h"

struct item {
	struct list_head list;
	struct hlist_node node;
	char name;
};

static struct item items[5] = {
	{.name = 'a'}, {.name = 'b'}, {.name = 'c'}, {.name = 'd'}, {.name = 'e'},
};

/* The list forwards, checked against the list backwards. */
static const char *order(struct list_head *head)
{
	static char text[16];
	struct item *item;
	int n = 0, i;

	list_for_each_entry (item, head, list)
		text[n++] = item->name;
	text[n] = '\0';
	i = n;
	list_for_each_entry_reverse(item, head, list) CHECK_EQ(item->name, text[--i]);
	CHECK_EQ(i, 0);
	CHECK_EQ(list_count_nodes(head), (size_t)n);
	CHECK_EQ(list_empty(head), n == 0);
	CHECK_EQ(list_is_singular(head), n == 1);
	return text;
}

static void add_items(struct list_head *head, int first, int last)
{
	for (; first <= last; first++)
		list_add_tail(&items[first].list, head);
}

TEST(list_operations_leave_the_order_they_promise)
{
	LIST_HEAD(head);
	struct item other = {.name = 'x'};

	CHECK_STREQ(order(&head), "");
	add_items(&head, 0, 3);
	CHECK_STREQ(order(&head), "abcd");
	list_del(&items[1].list);
	CHECK_EQ(items[1].list.next, LIST_POISON1);
	CHECK_STREQ(order(&head), "acd");
	list_add(&items[1].list, &head);
	CHECK_STREQ(order(&head), "bacd");
	list_move_tail(&items[0].list, &head);
	CHECK_STREQ(order(&head), "bcda");
	list_move(&items[0].list, &head);
	CHECK_STREQ(order(&head), "abcd");
	list_rotate_left(&head);
	CHECK_STREQ(order(&head), "bcda");
	list_replace_init(&items[2].list, &other.list);
	CHECK_STREQ(order(&head), "bxda");
	CHECK(list_empty(&items[2].list));
	list_del_init(&other.list);
	CHECK(list_empty(&other.list));
	CHECK_STREQ(order(&head), "bda");
	CHECK_EQ(list_first_entry(&head, struct item, list)->name, 'b');
	CHECK_EQ(list_last_entry(&head, struct item, list)->name, 'a');
	CHECK_EQ(list_next_entry(&items[1], list)->name, 'd');
	CHECK_EQ(list_prev_entry(&items[0], list)->name, 'd');
	CHECK(list_is_first(&items[1].list, &head));
	CHECK(list_is_last(&items[0].list, &head));
}

TEST(list_splices_and_cuts)
{
	LIST_HEAD(head);
	LIST_HEAD(other);

	add_items(&head, 0, 1);
	add_items(&other, 2, 3);
	list_splice_init(&other, &head);
	CHECK_STREQ(order(&head), "cdab");
	CHECK_STREQ(order(&other), "");
	list_cut_position(&other, &head, &items[3].list);
	CHECK_STREQ(order(&other), "cd");
	CHECK_STREQ(order(&head), "ab");
	list_splice_tail_init(&other, &head);
	CHECK_STREQ(order(&head), "abcd");
	list_splice_tail_init(&other, &head);
	CHECK_STREQ(order(&head), "abcd");
	list_cut_position(&other, &head, &head);
	CHECK_STREQ(order(&other), "");
}

TEST(list_safe_walk_allows_deletion)
{
	LIST_HEAD(head);
	struct item *item, *next;

	add_items(&head, 0, 4);
	list_for_each_entry_safe (item, next, &head, list)
		if (item->name != 'c')
			list_del(&item->list);
	CHECK_STREQ(order(&head), "c");
	CHECK_EQ(list_first_entry_or_null(&head, struct item, list), &items[2]);
	list_del(&items[2].list);
	CHECK_EQ(list_first_entry_or_null(&head, struct item, list), (struct item *)NULL);
}

static const char *hlist_order(struct hlist_head *head)
{
	static char text[16];
	struct item *item;
	int n = 0;

	hlist_for_each_entry (item, head, node) {
		CHECK_EQ(*item->node.pprev, &item->node);
		text[n++] = item->name;
	}
	text[n] = '\0';
	return text;
}

TEST(hlist_operations_leave_the_order_they_promise)
{
	HLIST_HEAD(head);
	struct hlist_node *next;
	struct item *item;

	CHECK(hlist_empty(&head));
	INIT_HLIST_NODE(&items[0].node);
	CHECK(hlist_unhashed(&items[0].node));
	hlist_add_head(&items[0].node, &head);
	hlist_add_head(&items[1].node, &head);
	hlist_add_before(&items[2].node, &items[0].node);
	hlist_add_behind(&items[3].node, &items[0].node);
	CHECK_STREQ(hlist_order(&head), "bcad");
	CHECK(!hlist_unhashed(&items[0].node));
	hlist_del_init(&items[0].node);
	hlist_del_init(&items[0].node);
	CHECK_STREQ(hlist_order(&head), "bcd");
	hlist_for_each_entry_safe(item, next, &head, node) hlist_del(&item->node);
	CHECK(hlist_empty(&head));
}
