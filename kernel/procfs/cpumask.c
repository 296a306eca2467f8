/* SPDX-License-Identifier: MIT */
/* Sets of CPUs as text. */
#include "procfs/internal.h"

unsigned long cpu_possible_mask(void)
{
	return BIT(nr_possible_cpus) - 1;
}

void seq_mask_list(struct seq_file *m, unsigned long mask)
{
	const char *comma = "";

	for (unsigned int first = 0; first < BITS_PER_LONG; first++) {
		unsigned int last = first;

		if (!(mask & BIT(first)))
			continue;
		while (last + 1 < BITS_PER_LONG && (mask & BIT(last + 1)))
			last++;
		seq_printf(m, last > first ? "%s%u-%u" : "%s%u", comma, first, last);
		comma = ",";
		first = last;
	}
}

void seq_mask_hex(struct seq_file *m, unsigned long mask, unsigned int bits)
{
	seq_printf(m, "%0*lx", (int)DIV_ROUND_UP(bits, 4), mask);
}
