/* SPDX-License-Identifier: MIT */
/*
 * How often and how long locks are taken, by class: all locks of one name and rank. Debug kernels
 * only; spinlock.c counts, /proc/quire/locks shows it. Any context.
 */
#pragma once

#include "lib/types.h"

#define LOCK_LONG_NS 20000 /* a hold from which on it is counted as long */

enum lock_mode { LOCK_EXCLUSIVE, LOCK_SHARED, NR_LOCK_MODES };

struct lock_counts {
	u64 acquired;	       /* counted at the release */
	u64 contended;	       /* of these, not had at the first try */
	u64 wait_ns, wait_max; /* spinning or asleep for it, all in all and at worst */
	u64 hold_ns, hold_max; /* likewise from having it to the release */
	u64 long_holds;	       /* of LOCK_LONG_NS or more */
};

static inline void lock_counts_add(struct lock_counts *sum, const struct lock_counts *c)
{
	sum->acquired += c->acquired;
	sum->contended += c->contended;
	sum->wait_ns += c->wait_ns;
	sum->wait_max = max(sum->wait_max, c->wait_max);
	sum->hold_ns += c->hold_ns;
	sum->hold_max = max(sum->hold_max, c->hold_max);
	sum->long_holds += c->long_holds;
}

/* A lock of class (@name, @rank) was released after @ns; it was had after a wait of @ns. @name is
 * kept by reference. */
void lock_stat_held(const char *name, u8 rank, enum lock_mode mode, u64 ns);
void lock_stat_waited(const char *name, u8 rank, enum lock_mode mode, u64 ns);

struct lock_class {
	const char *name; /* NULL: none has this number */
	u8 rank;
	struct lock_counts counts[NR_LOCK_MODES]; /* of all CPUs */
};
/* The class of number @i; false: there are no more. */
bool lock_stat_read(unsigned int i, struct lock_class *out);
/* All counts to 0; what is counted meanwhile may be lost or stay. */
void lock_stat_reset(void);
