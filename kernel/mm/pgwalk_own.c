/* SPDX-License-Identifier: MIT */
/*
 * Making a path private: whoever changes an entry for one mm alone comes here first.
 *
 *	upper entry	table's count	what is done
 *	none		-		a new table is hung up
 *	W		1		nothing: private
 *	no W		1		W is set: the others have gone
 *	no W		2 or more	the table is copied, the upper entry points at the copy
 *
 *	A: PUD entry -W    B: PUD entry -W		A: PUD entry +W    B: PUD entry -W
 *		  \	     /		    A owns		|		   |
 *		 PMD table (2)		   ------->	 PMD table (1)	     PMD table (1)
 *		   |	    |				   -W	|  \ -W	  -W /	| -W
 *		PTE (1)   PTE (1)				|   PTE (2)	|
 *								PTE (2)_________/
 *
 * Owning goes top-down, so that a table's count says who reaches it. Whoever copies a table takes
 * all that an entry stands for: the count of the table below, or the mapping and the reference of a
 * page; and takes W away from both sides where the entry's target now has two of them.
 *
 * The copier's drop of the old table's count comes last, after every CPU of its mm has forgotten
 * the old table (its paging-structure caches may hold it, and the other owner may change it from
 * then on), and under the old table's lock, under which a count above 1 was seen: so it is never
 * the last one, and owning never frees.
 */
#include "mm/pgwalk.h"
#include "mm/rmap.h"
#include "mm/mm.h"
#include "base/trace.h"
#include "page/gfp.h"
#include "task/task.h"

/* ---- Copies ---------------------------------------------------------------------------------- */

static void copy_pmd_table(struct page *to, struct page *from)
{
	pmd_t *src = page_address(from), *dst = page_address(to), *end = src + PTRS_PER_TABLE;

	for (; src < end; src++, dst++) {
		pmd_t entry = pmd_get(src);

		if (!pmd_none(entry)) {
			if (pmd_write(entry)) {
				pmd_clear_write(src);
				entry = pmd_wrprotect(entry);
			}
			pt_get(pmd_table_page(entry));
		}
		dst->v = entry.v;
	}
}

static __always_inline void copy_anon_entry(pte_t *to, pte_t *from, struct page *map)
{
	pte_t entry = pte_get(from);

	page_dup_rmap(pte_page_in(map, entry));
	pte_wrprotect_live(from);
	to->v = pte_wrprotect(entry).v;
}

/* Nothing but private pages in it, as in the middle of a heap. */
static void copy_full_anon_table(struct page *to, struct page *from)
{
	pte_t *src = page_address(from), *dst = page_address(to), *end = src + PTRS_PER_TABLE;
	struct page *map = mem_map;

	for (; src < end; src += 4, dst += 4) {
		copy_anon_entry(dst, src, map);
		copy_anon_entry(dst + 1, src + 1, map);
		copy_anon_entry(dst + 2, src + 2, map);
		copy_anon_entry(dst + 3, src + 3, map);
	}
}

static void copy_pte_table(struct page *to, struct page *from)
{
	pte_t *src = page_address(from), *dst = page_address(to), *end = src + PTRS_PER_TABLE;

	if (from->pt_rss[MM_ANONPAGES] == PTRS_PER_TABLE) {
		copy_full_anon_table(to, from);
		return;
	}
	for (; src < end; src++, dst++) {
		pte_t entry = pte_get(src);

		if (pte_none(entry)) {
			dst->v = 0;
			continue;
		}
		if (pte_maps_counted(entry)) {
			struct page *page = pfn_to_page(pte_pfn(entry));

			/* A file's page that is shared for writing keeps W. */
			if (pte_write(entry) && page_flag(page, PG_anon)) {
				pte_clear_write(src);
				entry = pte_wrprotect(entry);
			}
			page_dup_rmap(page);
		} else if (!pte_present(entry)) {
			swap_duplicate(pte_to_swp_entry(entry));
		}
		dst->v = entry.v;
	}
}

/* Put @fresh, a copy, in the place of @table, to which *slot points. Both tables' locks held. */
static void replace_table(struct mm_struct *mm, unsigned long addr, pmd_t *slot, struct page *table,
			  struct page *fresh)
{
	if (table->pt_level)
		copy_pmd_table(fresh, table);
	else
		copy_pte_table(fresh, table);
	fresh->pt_present = table->pt_present;
	fresh->private = table->private; /* pt_rss */
	pmd_xchg(slot, mk_pmd_table(page_to_phys(fresh)));
	/* The pages are the same ones, still without W: only the way to them is stale, and one
	 * address is enough to make a CPU forget that. */
	arch_tlb_flush_range(mm, addr & PAGE_MASK, (addr & PAGE_MASK) + PAGE_SIZE);
	pt_put(table);
	count_vm_event(TABLE_COPY);
	trace(TRACE_COPY_TABLE, current->pid, page_to_pfn(table), page_to_pfn(fresh));
}

/* ---- One table ------------------------------------------------------------------------------- */

/* Under the locks: true if *slot now points to a private table, or none; false if that needs a
 * fresh one. *fresh is NULL if it was used. */
static bool try_own(struct mm_struct *mm, unsigned long addr, struct page *upper, pmd_t *slot,
		    struct page **fresh)
{
	pmd_t entry = pmd_get(slot);
	struct page *table;
	bool done = true;

	/* Another thread may have been faster. */
	if (pmd_none(entry) || pmd_write(entry))
		return true;
	table = pmd_table_page(entry);
	__pt_lock(table, true);
	if (pt_count(table) == 1) {
		pmd_set_write(slot);
	} else if (*fresh) {
		replace_table(mm, addr, slot, table, *fresh);
		*fresh = NULL;
	} else {
		done = false;
	}
	__pt_unlock(table, true);
	return done;
}

/* Make the table private to which *slot of @upper (which is) points for @addr. 0 or -ENOMEM. */
static int own_table(struct mm_struct *mm, unsigned long addr, struct page *upper, pmd_t *slot)
{
	pmd_t entry = pmd_get(slot);
	/* Only a guess: nothing keeps that table. */
	bool copy = pt_count(pmd_table_page(entry)) > 1, done;
	struct page *fresh = NULL;

	do {
		if (copy) {
			fresh = table_alloc(upper->pt_level - 1, false);
			if (!fresh)
				return -ENOMEM;
		}
		down_read(&rmap_lock);
		pt_lock(upper);
		done = try_own(mm, addr, upper, slot, &fresh);
		pt_unlock(upper);
		up_read(&rmap_lock);
		copy = true;
	} while (!done);
	if (fresh)
		table_free(fresh, false);
	return 0;
}

/* Hang a new table below the none entry at @slot of @upper. The entries of all levels look alike,
 * so one function serves them all. 0 if there is one now, whoever made it. */
static int add_table(struct mm_struct *mm, struct page *upper, pmd_t *slot)
{
	struct page *table = table_alloc(upper->pt_level - 1, true);

	if (!table)
		return -ENOMEM;
	pt_lock(upper);
	if (likely(pmd_none(pmd_get(slot)))) {
		upper->pt_present++;
		pmd_set(slot, mk_pmd_table(page_to_phys(table)));
		atomic64_add(PAGE_SIZE, &mm->pgtables_bytes);
		table = NULL;
	}
	pt_unlock(upper);
	if (unlikely(table))
		table_free(table, true);
	return 0;
}

/* ---- One path -------------------------------------------------------------------------------- */

static inline pmd_t *entry_in(struct page *table, unsigned long addr, unsigned int shift)
{
	return (pmd_t *)page_address(table) + ((addr >> shift) & (PTRS_PER_TABLE - 1));
}

/* The private table of @level for @addr. NULL: out of memory. */
static struct page *own_path(struct mm_struct *mm, unsigned long addr, unsigned int level)
{
	struct page *table = virt_to_page(mm->arch.pgd);
	unsigned int shift = PGDIR_SHIFT;

	while (table->pt_level > level) {
		pmd_t *slot = entry_in(table, addr, shift), entry = pmd_get(slot);

		if (!pmd_writable_table(entry)) {
			if (pmd_none(entry) ? add_table(mm, table, slot)
					    : own_table(mm, addr, table, slot))
				return NULL;
			continue; /* and look again */
		}
		table = pmd_table_page(entry);
		shift -= 9;
	}
	return table;
}

pte_t *pgwalk_own_slow(struct mm_struct *mm, unsigned long addr, struct page **table)
{
	*table = own_path(mm, addr, 0);
	return *table ? (pte_t *)entry_in(*table, addr, PAGE_SHIFT) : NULL;
}

int pgwalk_own_upper(struct mm_struct *mm, unsigned long addr, unsigned int level)
{
	pgd_t pgd = pgd_get(mm->arch.pgd + pgd_index(addr));

	if (pgd_present(pgd) &&
	    (level == 2 || (level == 1 && pud_writable_table(pud_get(pud_entry(pgd, addr))))))
		return 0;
	return own_path(mm, addr, level) ? 0 : -ENOMEM;
}

/* ---- Ranges ---------------------------------------------------------------------------------- */

/* Make the tables on the path to @addr private, as far as there are any: down to one that is shared
 * and holds but entries of [floor, ceiling). 0 or -ENOMEM. */
static int own_end(struct mm_struct *mm, unsigned long addr, unsigned long floor,
		   unsigned long ceiling)
{
	struct page *table = virt_to_page(mm->arch.pgd);
	unsigned int shift = PGDIR_SHIFT;

	while (table->pt_level) {
		unsigned long base = addr & ~((1UL << shift) - 1);
		pmd_t *slot = entry_in(table, addr, shift), entry = pmd_get(slot);

		if (pmd_none(entry))
			return 0;
		if (!pmd_write(entry)) {
			if (base >= floor && base + (1UL << shift) - 1 < ceiling)
				return 0; /* goes as a whole */
			if (own_table(mm, addr, table, slot))
				return -ENOMEM;
			continue;
		}
		table = pmd_table_page(entry);
		shift -= 9;
	}
	return 0;
}

int pgwalk_own_ends(struct mm_struct *mm, unsigned long start, unsigned long end,
		    unsigned long floor, unsigned long ceiling)
{
	int error = own_end(mm, start, floor, ceiling);

	return error ? error : own_end(mm, end - 1, floor, ceiling);
}

int __pgwalk_own_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	while (start < end) {
		pgd_t pgd = pgd_get(mm->arch.pgd + pgd_index(start));
		pud_t pud;

		if (!pgd_present(pgd)) {
			start = pgd_addr_end(start, end);
			continue;
		}
		pud = pud_get(pud_entry(pgd, start));
		if (!pud_present(pud)) {
			start = pud_addr_end(start, end);
			continue;
		}
		/* No whole table: each is owned. */
		if (pgwalk_shared_at(mm, start) && own_end(mm, start, ~0ul, 0))
			return -ENOMEM;
		start = pmd_addr_end(start, end);
	}
	return 0;
}
