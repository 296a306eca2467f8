/* SPDX-License-Identifier: MIT */
/*
 * The walk of page tables, and the only place that writes their entries. (Kernel half: the ports'.)
 *
 *	PGD   1 for each mm, private		pt_level 3
 *	PUD   512 GiB, private			2
 *	PMD   1 GiB				1	pt_count: upper entries that point here
 *	PTE   2 MiB				0	pt_present: entries that are not none
 *
 * A PMD or PTE table may come to have several owners (fork shares it); whoever changes an entry
 * first owns its path: pgwalk_own() and pgwalk_own_next() are the two ways in. At present no table
 * is ever shared and both assert that. Readers use pgwalk_find() and pgwalk_next().
 *
 * What keeps a table where it is: mmap_lock (reading is enough) or rmap_lock shared; tables are
 * unhooked under both exclusively. What keeps an entry as it is: the table's lock, pt_lock(). Only
 * hardware changes A and D without it.
 */
#pragma once

#include "mm/mm_types.h"

/* ---- The lock of one table ------------------------------------------------------------------- */

/* Debug kernels: ranks (RANK_PAGE_TABLE) as for any spinlock. */
void pt_lock_check(void);
void pt_unlock_check(void);
void pt_lock_slow(struct page *table);

/* Take the lock of @table. A spinlock: no sleep until pt_unlock(), and nothing allocates. */
static inline void pt_lock(struct page *table)
{
	if (QUIRE_DEBUG)
		pt_lock_check();
	if (unlikely(__atomic_exchange_n(&table->pt_lock, 1, __ATOMIC_ACQUIRE)))
		pt_lock_slow(table);
}

static inline void pt_unlock(struct page *table)
{
	if (QUIRE_DEBUG)
		pt_unlock_check();
	__atomic_store_n(&table->pt_lock, 0, __ATOMIC_RELEASE);
}

/* ---- Down the tree --------------------------------------------------------------------------- */

static inline struct page *pmd_table_page(pmd_t e)
{
	return pfn_to_page(pmd_pfn(e));
}

static inline pud_t *pud_entry(pgd_t upper, unsigned long addr)
{
	return (pud_t *)arch_phys_to_virt(pgd_phys(upper)) + pud_index(addr);
}

static inline pmd_t *pmd_entry(pud_t upper, unsigned long addr)
{
	return (pmd_t *)arch_phys_to_virt(pud_phys(upper)) + pmd_index(addr);
}

static inline pte_t *pte_entry(pmd_t upper, unsigned long addr)
{
	return (pte_t *)arch_phys_to_virt(pmd_phys(upper)) + pte_index(addr);
}

/* The entry for @addr and (in *table) its table; NULL if there is no table. Nothing is locked. For
 * reading. */
static inline pte_t *pgwalk_find(struct mm_struct *mm, unsigned long addr, struct page **table)
{
	pgd_t pgd = pgd_get(mm->arch.pgd + pgd_index(addr));
	pud_t pud;
	pmd_t pmd;

	if (unlikely(!pgd_present(pgd)))
		return NULL;
	pud = pud_get(pud_entry(pgd, addr));
	if (unlikely(!pud_present(pud)))
		return NULL;
	pmd = pmd_get(pmd_entry(pud, addr));
	if (unlikely(!pmd_present(pmd)))
		return NULL;
	*table = pmd_table_page(pmd);
	return pte_entry(pmd, addr);
}

pte_t *pgwalk_own_slow(struct mm_struct *mm, unsigned long addr, struct page **table);

/* The table is this mm's alone: nobody else sees what is changed in it. */
static inline void pgwalk_assert_owned(struct page *table)
{
	BUG_ON(table->pt_count != 1);
}

/* The entry for @addr on a path that is private to @mm, made where missing. mmap_lock held (reading
 * is enough). May sleep. NULL: out of memory. Nothing is locked. */
static inline pte_t *pgwalk_own(struct mm_struct *mm, unsigned long addr, struct page **table)
{
	pte_t *pte = pgwalk_find(mm, addr, table);

	if (unlikely(!pte))
		return pgwalk_own_slow(mm, addr, table);
	pgwalk_assert_owned(*table);
	return pte;
}

/* Move *addr up to the first address below @end that has a PTE table, and return its entry; NULL if
 * there is none. The walk goes on at pmd_addr_end(*addr, end). */
pte_t *pgwalk_next(struct mm_struct *mm, unsigned long *addr, unsigned long end,
		   struct page **table);

/* The same for changing entries. */
static inline pte_t *pgwalk_own_next(struct mm_struct *mm, unsigned long *addr, unsigned long end,
				     struct page **table)
{
	pte_t *pte = pgwalk_next(mm, addr, end, table);

	if (pte)
		pgwalk_assert_owned(*table);
	return pte;
}

/* For each PTE table in [addr, end): @pte is the entry of @addr, the table's part of the range ends
 * at @next. */
#define for_each_pte_table(mm, addr, next, end, pte, table)                                        \
	for (; (addr) < (end) && ((pte) = pgwalk_next(mm, &(addr), end, &(table))) &&              \
	       ((next) = pmd_addr_end(addr, end), true);                                           \
	     (addr) = (next))
#define for_each_owned_pte_table(mm, addr, next, end, pte, table)                                  \
	for (; (addr) < (end) && ((pte) = pgwalk_own_next(mm, &(addr), end, &(table))) &&          \
	       ((next) = pmd_addr_end(addr, end), true);                                           \
	     (addr) = (next))

/* ---- Writing entries; the table is owned and locked (or the mm seen by nobody else) ---------- */

/* none -> @entry */
static inline void pte_install(struct page *table, pte_t *pte, pte_t entry)
{
	table->pt_present++;
	pte_set(pte, entry);
}

/* Something -> none; what was there with its last A and D bits. The TLBs still have it. */
static inline pte_t pte_take(struct page *table, pte_t *pte)
{
	table->pt_present--;
	return pte_xchg(pte, (pte_t){0});
}

/* The same in a loop, which counts what it took and says so at its end. */
static inline pte_t pte_take_uncounted(pte_t *pte)
{
	return pte_xchg(pte, (pte_t){0});
}

static inline void pte_taken(struct page *table, unsigned int nr)
{
	table->pt_present -= nr;
}

/* Something -> none for a moment, to flush and then pte_set() what replaces it: the count of
 * entries stays. */
static inline pte_t pte_take_to_replace(pte_t *pte)
{
	return pte_xchg(pte, (pte_t){0});
}

/* Live entry -> another for the same frame; returns the old one. Hardware's A and D of the last
 * moment are kept. */
static inline pte_t pte_change(pte_t *pte, pte_t old, pte_t new)
{
	while (!pte_cmpxchg(pte, &old, new))
		new.v |= old.v &(_PAGE_ACCESSED | _PAGE_DIRTY);
	return old;
}

/* ---- Tables ---------------------------------------------------------------------------------- */

/* A zeroed top-level table of @mm with its kernel half; 0 or -ENOMEM. May sleep. */
int pgd_alloc(struct mm_struct *mm);
/* Free it; the user half is empty. Any context that may free pages. */
void pgd_free(struct mm_struct *mm);
/* Unhook the tables in [start, end) that hold no entry and put them on *tables, chained by
 * page->lru. mmap_lock and rmap_lock held exclusively, or nobody else sees the mm. The caller
 * flushes, then calls pgwalk_free_tables(). True if there were any. */
bool pgwalk_unhook_empty(struct mm_struct *mm, unsigned long start, unsigned long end,
			 struct list_head *tables);
void pgwalk_free_tables(struct mm_struct *mm, struct list_head *tables);
