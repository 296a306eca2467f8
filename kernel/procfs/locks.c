/* SPDX-License-Identifier: MIT */
/*
 * /proc/quire/locks: who waited how long for which lock, and how long it was held, by class of
 * lock; the classes of longest waits come first, then those held longest. Modes: excl, shared;
 * try: had by a trylock of a sleeping lock; queue: the spinlock around a sleeping lock's waiters.
 * Only in debug kernels; writing anything to it sets all to zero.
 */
#include "procfs/internal.h"
#include "base/lock_rank.h"
#include "base/lock_stat.h"
#include "lib/sort.h"

/* One line. */
struct row {
	struct lock_class class;
	enum lock_mode mode;
};

static int compare_rows(const void *a, const void *b)
{
	const struct row *row_a = a, *row_b = b;
	const struct lock_counts *x = &row_a->class.counts[row_a->mode];
	const struct lock_counts *y = &row_b->class.counts[row_b->mode];

	if (x->wait_ns != y->wait_ns)
		return x->wait_ns < y->wait_ns ? 1 : -1;
	if (x->hold_ns != y->hold_ns)
		return x->hold_ns < y->hold_ns ? 1 : -1;
	return 0;
}

/* The class, if it was taken in that mode, as a row; classes of the same name and rank are one. */
static unsigned int add_row(struct row *rows, unsigned int n, const struct lock_class *class,
			    enum lock_mode mode)
{
	const struct lock_counts *c = &class->counts[mode];
	unsigned int i;

	if (!c->acquired && !c->contended)
		return n;
	for (i = 0; i < n; i++) {
		if (rows[i].mode != mode || rows[i].class.rank != class->rank ||
		    strcmp(rows[i].class.name, class->name))
			continue;
		lock_counts_add(&rows[i].class.counts[mode], c);
		return n;
	}
	rows[n].class = *class;
	rows[n].mode = mode;
	return n + 1;
}

/* A mutex or rwsem has a spinlock of the same name around its waiters. */
static const char *mode_name(const struct row *row)
{
	if (row->class.rank == RANK_WAIT_QUEUE && strcmp(row->class.name, "wait_queue"))
		return "queue";
	if (row->class.rank == RANK_NONE) /* of a sleeping lock: its rank is not checked then */
		return row->mode == LOCK_SHARED ? "try sh" : "try";
	return row->mode == LOCK_SHARED ? "shared" : "excl";
}

int locks_show(struct seq_file *m)
{
	struct lock_class class;
	struct row *rows;
	unsigned int i, n = 0, max_rows = 0;

	if (!QUIRE_DEBUG) {
		seq_puts(m, "locks are counted in debug kernels only\n");
		return 0;
	}
	while (lock_stat_read(max_rows, &class))
		max_rows++;
	rows = kmalloc(2 * max_rows * sizeof(*rows), GFP_KERNEL);
	if (!rows)
		return -ENOMEM;
	for (i = 0; i < max_rows && lock_stat_read(i, &class); i++) {
		if (!class.name)
			continue;
		n = add_row(rows, n, &class, LOCK_EXCLUSIVE);
		n = add_row(rows, n, &class, LOCK_SHARED);
	}
	sort(rows, n, sizeof(*rows), compare_rows);
	seq_printf(m, "%-18s %-6s %9s %9s %10s %10s %10s %9s %10s %8s\n", "lock", "mode",
		   "acquired", "contended", "wait us", "longest", "hold us", "mean ns", "longest",
		   ">=20 us");
	for (i = 0; i < n; i++) {
		const struct lock_counts *c = &rows[i].class.counts[rows[i].mode];

		seq_printf(m, "%-18s %-6s %9llu %9llu %10llu %10llu %10llu %9llu %10llu %8llu\n",
			   rows[i].class.name, mode_name(&rows[i]), c->acquired, c->contended,
			   c->wait_ns / 1000, c->wait_max / 1000, c->hold_ns / 1000,
			   c->acquired ? c->hold_ns / c->acquired : 0, c->hold_max / 1000,
			   c->long_holds);
	}
	kfree(rows);
	return 0;
}

ssize_t locks_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	if (!QUIRE_DEBUG)
		return -EOPNOTSUPP;
	lock_stat_reset();
	return len;
}
