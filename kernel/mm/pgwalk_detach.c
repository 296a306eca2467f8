/* SPDX-License-Identifier: MIT */
/*
 * Taking page tables down. In one section under rmap_lock, exclusively:
 *
 *	1. upper entries go: those of empty tables, and of shared ones that lie in the range as a
 *	   whole (their entries stay, for the others)
 *	2. the caller flushes every CPU of the mm, once
 *	3. the counts of the shared tables drop; empty tables are freed
 *
 * A shared table may become private at any moment before this section, when the last other owner
 * leaves or makes a copy; its upper entry still has no W. Its entries are then ours to take away
 * and nobody has: W is set, the caller is told (missed) and begins again.
 */
#include "mm/pgwalk.h"
#include "mm/mm.h"

/* Unhook @entry's table, which is empty, from *slot of @upper. */
static void unhook(struct pgwalk_detach *d, struct page *upper, pmd_t *slot, struct page *table)
{
	/* Somebody may still be reading in it, who found it by an upper table that was shared. */
	pt_lock(table);
	pt_unlock(table);
	pmd_xchg(slot, (pmd_t){0});
	upper->pt_present--;
	list_add(&table->lru, &d->empty);
	atomic64_sub(PAGE_SIZE, &d->mm->pgtables_bytes);
	d->any = true;
}

static void uncharge_pte_table(struct mm_struct *mm, const struct page *table)
{
	unsigned int i;

	for (i = 0; i < NR_MM_COUNTERS; i++) {
		if (table->pt_rss[i])
			atomic64_sub(table->pt_rss[i], &mm->rss[i]);
	}
}

/* What @table and all below it counted in @mm. */
static void uncharge(struct mm_struct *mm, const struct page *table)
{
	const pmd_t *slot = page_address(table);
	unsigned int left = table->pt_present;

	atomic64_sub(PAGE_SIZE, &mm->pgtables_bytes);
	if (!table->pt_level) {
		uncharge_pte_table(mm, table);
		return;
	}
	atomic64_sub(left * PAGE_SIZE, &mm->pgtables_bytes);
	for (; left; slot++) {
		pmd_t entry = pmd_get(slot);

		if (pmd_none(entry))
			continue;
		left--;
		uncharge_pte_table(mm, pmd_table_page(entry));
	}
}

/* Clear *slot of @upper, which points at the shared @table. */
static void let_go(struct pgwalk_detach *d, struct page *upper, pmd_t *slot, struct page *table)
{
	/* Threads of the mm may be at work in @upper, and readers of this mm in @table. */
	pt_lock(upper);
	__pt_lock(table, true);
	pmd_xchg(slot, (pmd_t){0});
	upper->pt_present--;
	__pt_unlock(table, true);
	pt_unlock(upper);
	uncharge(d->mm, table);
	list_add(&table->lru, &d->shared);
	d->any = true;
}

/* What lies in [start, end) below @upper, whose entries span 1 << @shift bytes. */
static void detach_below(struct pgwalk_detach *d, struct page *upper, unsigned int shift,
			 unsigned long start, unsigned long end)
{
	pmd_t *slot = (pmd_t *)page_address(upper) + ((start >> shift) & (PTRS_PER_TABLE - 1));
	unsigned long span = 1UL << shift, next;
	/* Most tables hold a few entries: no need to look at all 512; but with mmap_lock held for
	 * reading only, others may add to them. */
	unsigned int left = d->keep_empty ? PTRS_PER_TABLE : upper->pt_present;

	for (; start < end && left; start = next, slot++) {
		pmd_t entry = pmd_get(slot);
		unsigned long base = start & ~(span - 1);
		bool whole = base >= d->floor && base + span - 1 < d->ceiling;
		struct page *table;

		next = __addr_end(start, end, span);
		if (pmd_none(entry))
			continue;
		left--;
		table = pmd_table_page(entry);
		if (unlikely(pt_count(table) > 1)) {
			if (whole)
				let_go(d, upper, slot, table);
			continue;
		}
		if (unlikely(!pmd_write(entry)))
			pmd_set_write(slot);
		if (shift > PMD_SHIFT)
			detach_below(d, table, shift - 9, start, next);
		else if (unlikely(table->pt_present && whole))
			d->missed = true;
		if (!table->pt_present && !d->keep_empty)
			unhook(d, upper, slot, table);
	}
}

void pgwalk_detach(struct pgwalk_detach *d, unsigned long start, unsigned long end)
{
	unsigned long base = start & PMD_MASK;
	struct page *table;

	/* The frequent case: a part of a private table in which others have pages. */
	if (end - base <= PMD_SIZE && (base < d->floor || base + PMD_SIZE - 1 >= d->ceiling) &&
	    pgwalk_find_private(d->mm, start, &table) && table->pt_present)
		return;
	detach_below(d, virt_to_page(d->mm->arch.pgd), PGDIR_SHIFT, start, end);
}

void pgwalk_put_tables(struct pgwalk_detach *d)
{
	while (!list_empty(&d->shared)) {
		struct page *table = list_first_entry(&d->shared, struct page, lru);

		list_del(&table->lru);
		pt_put(table);
	}
}

void pgwalk_free_tables(struct list_head *tables)
{
	while (!list_empty(tables)) {
		struct page *table = list_first_entry(tables, struct page, lru);

		list_del(&table->lru);
		table_free(table, true);
	}
}
