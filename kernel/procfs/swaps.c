/* SPDX-License-Identifier: MIT */
/* /proc/swaps: the areas in use, in order of swapon. */
#include "procfs/internal.h"
#include "mm/swap.h"

#define NAME_COLUMNS 40
#define WIDE_KIB     10000000 /* a number that reaches the next tab stop by itself */

static void show_size(struct seq_file *m, unsigned long pages)
{
	unsigned long kib = pages_to_kib(pages);

	seq_printf(m, "\t%lu%s", kib, kib < WIDE_KIB ? "\t" : "");
}

static void show_area(struct seq_file *m, const struct swap_area_info *info)
{
	size_t start = m->count;

	seq_escape(m, info->name, " \t\n\\");
	seq_pad_to(m, start, NAME_COLUMNS - 1);
	seq_puts(m, " partition"); /* every area is a block device */
	show_size(m, info->pages);
	show_size(m, info->used);
	seq_printf(m, "\t%d\n", info->prio);
}

int swaps_show(struct seq_file *m)
{
	struct swap_area_info info;

	seq_puts(m, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	for (unsigned int n = 0; swap_area_info(n, &info); n++) {
		show_area(m, &info);
		kfree(info.name);
	}
	return 0;
}
