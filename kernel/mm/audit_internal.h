/* SPDX-License-Identifier: MIT */
/* What the files of the audit share: the count of problems, and sparse arrays to count again in. */
#pragma once

#include "mm/swap.h"
#include "base/printk.h"

extern int audit_problems; /* one audit at a time: everything else is quiet */

#define AUDIT(cond, ...)                                                                           \
	do {                                                                                       \
		if (unlikely(!(cond))) {                                                           \
			audit_problems++;                                                          \
			printk("mm audit: " __VA_ARGS__);                                          \
		}                                                                                  \
	} while (0)

/* ---- recount.c: an array of counters of which most stay zero --------------------------------- */

struct recount {
	u32 **chunks; /* by index / counters in a page; NULL: all zero */
	unsigned long nr_chunks;
};

/* @n counters, all zero. False: no memory. recount_close() is due in any case. May sleep. */
bool recount_open(struct recount *r, unsigned long n);
/* One more of @i; beyond the end, or without memory: false. May sleep. */
bool recount_add(struct recount *r, unsigned long i);
u32 recount_get(const struct recount *r, unsigned long i);
void recount_close(struct recount *r);

/* ---- audit_swap.c: slots --------------------------------------------------------------------- */

/* Begin to count: what memory files have on swap is counted at once. False: no memory; still to be
 * closed. May sleep. */
bool audit_swap_open(void);
/* Something stands for @entry, which @who names, at @where. */
void audit_swap_entry(swp_entry_t entry, const char *who, unsigned long where);
/* @page, found by its flags, and its slot: in the swap cache, or of a memory file on its way. */
void audit_swap_page(struct page *page);
/* Everything has been counted: compare. */
void audit_swap_compare(void);
void audit_swap_close(void);
