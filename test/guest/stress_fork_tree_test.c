/* SPDX-License-Identifier: MIT */
/* 10,000 trees of forks, five generations deep, two at a time (fork_tree.h). */
#include "fork_tree.h"

#define TREES	 10000
#define PARTS	 4 /* each in a process of its own, with memory of another size */
#define SECONDS	 900

static void trees(unsigned int part, unsigned int dense_pages, unsigned int writes)
{
	pid_t pids[2];

	alarm(SECONDS);
	for (int half = 0; half < 2; half++)
		pids[half] = IN_CHILD(
			struct tree t;
			tree_set_up(&t, dense_pages, part * 2 + half);
			t.most_children = 2;
			t.writes = writes;
			for (unsigned int i = 0; i < TREES / PARTS / 2; i++)
				tree_grow(&t, (part * 2 + half) * TREES + i);
			tree_verdict(&t);
			CHECK(t.totals->processes >= TREES / PARTS / 2 * 6);
			printf("%d processes in %d trees\n", t.totals->processes, TREES / PARTS / 2));
	for (int half = 0; half < 2; half++)
		CHECK_EXITED(pids[half], 0);
}

TEST(trees_with_little_memory)
{
	trees(0, 64, 8);
}

TEST(trees_with_one_full_table)
{
	trees(1, 700, 8);
}

TEST(trees_with_several_tables)
{
	trees(2, 1600, 12);
}

TEST(trees_that_write_much)
{
	trees(3, 1100, 60);
}
