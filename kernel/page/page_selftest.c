/* SPDX-License-Identifier: MIT */
/* What of memory only the real machine can show: its map, the stack window, and how long the hot
 * paths take. */
#include "base/printk.h"
#include "base/selftest.h"
#include "lib/string.h"
#include "page/slab.h"
#include "page/zone.h"

SELFTEST(memory_adds_up)
{
	SELFTEST_CHECK(page_audit() == 0);
	SELFTEST_CHECK(slab_audit() == 0);
	return 0;
}

/* The frame just before a block and the one behind it belong to others: all of the block can be
 * written. */
SELFTEST(blocks_of_all_orders)
{
	struct page *pages[MAX_ORDER];
	unsigned int order;

	for (order = 0; order < MAX_ORDER; order++) {
		pages[order] = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);
		if (pages[order])
			memset(page_address(pages[order]), order + 1, PAGE_SIZE << order);
	}
	SELFTEST_CHECK(pages[0] && pages[1]);
	for (order = 0; order < MAX_ORDER; order++) {
		if (!pages[order])
			continue;
		SELFTEST_CHECK(
			!memchr_inv(page_address(pages[order]), order + 1, PAGE_SIZE << order));
		__free_pages(pages[order], order);
	}
	SELFTEST_CHECK(page_audit() == 0);
	return 0;
}

SELFTEST(kernel_stacks_are_mapped_and_unmapped)
{
	void *stacks[8];
	unsigned long round, i;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(stacks); i++) {
			stacks[i] = alloc_kernel_stack();
			SELFTEST_CHECK(stacks[i]);
			memset(stacks[i] + KERNEL_STACK_RESERVED, i + 1,
			       THREAD_SIZE - KERNEL_STACK_RESERVED);
		}
		for (i = 0; i < ARRAY_SIZE(stacks); i++) {
			SELFTEST_CHECK(!memchr_inv(stacks[i] + KERNEL_STACK_RESERVED, i + 1,
						   THREAD_SIZE - KERNEL_STACK_RESERVED));
			free_kernel_stack(stacks[i]);
		}
		SELFTEST_CHECK(kernel_stack_drain() >=
			       ARRAY_SIZE(stacks) * THREAD_SIZE / PAGE_SIZE);
	}
	SELFTEST_CHECK(page_audit() == 0);
	return 0;
}

/* The first cost of memory on this machine, for a reader of the log. */
SELFTEST(hot_paths_are_timed)
{
	const unsigned int n = 1000;
	u64 start = arch_clock_ns(), middle;
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct page *page = alloc_page(GFP_KERNEL);

		SELFTEST_CHECK(page);
		put_page(page);
	}
	middle = arch_clock_ns();
	for (i = 0; i < n; i++)
		kfree(kmalloc(100, GFP_KERNEL));
	printk("selftest: page %llu ns, kmalloc %llu ns", (middle - start) / n,
	       (arch_clock_ns() - middle) / n);
	return 0;
}
