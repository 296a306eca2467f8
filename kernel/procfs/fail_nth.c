/* SPDX-License-Identifier: MIT */
/*
 * /proc/quire/fail_nth: a program asks for one of its own allocations in the kernel to fail.
 * Writing n: the n-th that the writing task makes from now on; 0: none any more. One task at a time
 * is armed; a later one takes the place. Reading: how many were failed since boot.
 */
#include "procfs/internal.h"
#include "base/fault_inject.h"

int fail_nth_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", fault_inject_total());
	return 0;
}

ssize_t fail_nth_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	long nth;

	if (kstrtol(strim(buf), 0, &nth) || nth < 0)
		return -EINVAL;
	if (nth)
		fault_inject_nth(nth);
	else
		fault_inject_cancel();
	return len;
}
