/* SPDX-License-Identifier: MIT */
/* Sparse arrays of counters for the audit, in pages that are given back. */
#include "mm/audit_internal.h"
#include "page/gfp.h"
#include "page/slab.h"

#define COUNTS_PER_CHUNK (PAGE_SIZE / sizeof(u32))

bool recount_open(struct recount *r, unsigned long n)
{
	r->nr_chunks = DIV_ROUND_UP(n, COUNTS_PER_CHUNK);
	r->chunks = r->nr_chunks ? kcalloc(r->nr_chunks, sizeof(r->chunks[0]), GFP_KERNEL) : NULL;
	if (!r->chunks)
		r->nr_chunks = 0;
	return r->chunks || !n;
}

bool recount_add(struct recount *r, unsigned long i)
{
	u32 **chunk;

	if (i / COUNTS_PER_CHUNK >= r->nr_chunks)
		return false;
	chunk = &r->chunks[i / COUNTS_PER_CHUNK];
	if (!*chunk) {
		*chunk = (u32 *)get_zeroed_page(GFP_KERNEL);
		if (!*chunk)
			return false;
		page_owner_add(OWNER_KERNEL, 1);
	}
	(*chunk)[i % COUNTS_PER_CHUNK]++;
	return true;
}

u32 recount_get(const struct recount *r, unsigned long i)
{
	const u32 *chunk =
		i / COUNTS_PER_CHUNK < r->nr_chunks ? r->chunks[i / COUNTS_PER_CHUNK] : NULL;

	return chunk ? chunk[i % COUNTS_PER_CHUNK] : 0;
}

void recount_close(struct recount *r)
{
	unsigned long i;

	for (i = 0; i < r->nr_chunks; i++) {
		if (!r->chunks[i])
			continue;
		free_page((unsigned long)r->chunks[i]);
		page_owner_add(OWNER_KERNEL, -1);
	}
	kfree(r->chunks);
	*r = (struct recount){0};
}
