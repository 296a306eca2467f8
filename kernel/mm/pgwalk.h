/* SPDX-License-Identifier: MIT */
/*
 * The walk of page tables, and the only place that writes their entries. (Kernel half: the ports'.)
 *
 *	PGD   1 for each mm, private		pt_level 3
 *	PUD   512 GiB, private			2
 *	PMD   1 GiB, shared by fork		1	pt_count: upper entries that point here
 *	PTE   2 MiB, shared by fork		0	pt_present: entries that are not none
 *
 *	mm A		mm B			after A forked B: one PMD table, count 2;
 *	PUD entry -W	PUD entry -W		both upper entries are without W
 *	       \	/
 *	      PMD table (2)
 *
 * An upper entry that points at a table with a count above 1 has W clear. So a path on which every
 * entry has W is private to its mm: it stays as it is for as long as mmap_lock is held (reading is
 * enough) or rmap_lock (shared is enough). W clear and a count of 1 is allowed too: the others have
 * gone, and the next one who owns the path sets W again.
 *
 *	who					goes by
 *	installs or changes entries		pgwalk_own(), or pgwalk_own_range() and
 *						for_each_private_pte_table
 *	reads one entry				pgwalk_peek() or pgwalk_lock()
 *	reads a range				for_each_pte_table (rmap_lock held)
 *	takes entries away			pgwalk_own_ends(), for_each_private_pte_table,
 *						then pgwalk_detach()
 *	finds pages by the reverse map		__pgwalk_lock()
 *
 * Locks: mmap_lock, rmap_lock, the table's pt_lock (upper before lower). To own a path needs
 * rmap_lock shared; to share tables, to let go of shared ones and to free tables, exclusive. So who
 * holds it exclusively sees counts and paths stand still; under it shared no table is freed, but
 * one may be replaced by another owner's thread: lock it, and walk again. Hardware sets A and D at
 * any time without locks.
 */
#pragma once

#include "mm/mm_types.h"
#include "mm/internal.h"

/* ---- The lock of one table ------------------------------------------------------------------- */

/* Debug kernels: ranks (RANK_PAGE_TABLE) as for any spinlock; @nested: below an upper table's. */
void pt_lock_check(bool nested);
void pt_unlock_check(bool nested);
void pt_lock_slow(struct page *table);

/* Take the lock of @table. A spinlock: no sleep until pt_unlock(), and nothing allocates. */
static inline void __pt_lock(struct page *table, bool nested)
{
	if (QUIRE_DEBUG)
		pt_lock_check(nested);
	if (unlikely(__atomic_exchange_n(&table->pt_lock, 1, __ATOMIC_ACQUIRE)))
		pt_lock_slow(table);
}

static inline void __pt_unlock(struct page *table, bool nested)
{
	if (QUIRE_DEBUG)
		pt_unlock_check(nested);
	__atomic_store_n(&table->pt_lock, 0, __ATOMIC_RELEASE);
}

static inline void pt_lock(struct page *table)
{
	__pt_lock(table, false);
}

static inline void pt_unlock(struct page *table)
{
	__pt_unlock(table, false);
}

/* ---- Counts ---------------------------------------------------------------------------------- */

/* Upper entries that point at @table. */
static inline unsigned int pt_count(const struct page *table)
{
	return __atomic_load_n(&table->pt_count, __ATOMIC_ACQUIRE);
}

static inline void pt_get(struct page *table)
{
	__atomic_fetch_add(&table->pt_count, 1, __ATOMIC_RELAXED);
}

/* Never the last: who takes entries away sees to that one (pgwalk_detach()). */
static inline void pt_put(struct page *table)
{
	BUG_ON(__atomic_fetch_sub(&table->pt_count, 1, __ATOMIC_RELEASE) == 1);
}

/* ---- Down the tree --------------------------------------------------------------------------- */

/* The struct page of what @pte maps, @map being mem_map. */
static inline struct page *pte_page_in(struct page *map, pte_t pte)
{
	static_assert(PAGE_SIZE % sizeof(struct page) == 0, "one shift for both scales");
	return (struct page *)((char *)map +
			       (pte.v & PTE_PFN_MASK) / (PAGE_SIZE / sizeof(struct page)));
}

static inline struct page *pmd_table_page(pmd_t e)
{
	return pfn_to_page(pmd_pfn(e));
}

static inline struct page *pud_table_page(pud_t e)
{
	return pfn_to_page(pud_pfn(e));
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

/* The entry for @addr and its table, if the whole path is there and private; else NULL. Nothing is
 * locked. mmap_lock or rmap_lock held. */
static inline pte_t *pgwalk_find_private(struct mm_struct *mm, unsigned long addr,
					 struct page **table)
{
	pgd_t pgd = pgd_get(mm->arch.pgd + pgd_index(addr));
	pud_t pud;
	pmd_t pmd;

	if (unlikely(!pgd_present(pgd)))
		return NULL;
	pud = pud_get(pud_entry(pgd, addr));
	if (unlikely(!pud_writable_table(pud)))
		return NULL;
	pmd = pmd_get(pmd_entry(pud, addr));
	if (unlikely(!pmd_writable_table(pmd)))
		return NULL;
	*table = pmd_table_page(pmd);
	return pte_entry(pmd, addr);
}

/* A path as it was when it was walked. */
struct pgpath {
	pte_t *pte;	    /* NULL: there is no PTE table */
	struct page *table; /* of level 0 */
	bool write;	    /* every upper entry has W */
};

/* Walk to @addr without locks. rmap_lock held (shared: the table stays a table, but may stop being
 * this mm's), or mmap_lock for writing. */
struct pgpath pgwalk_find(struct mm_struct *mm, unsigned long addr);

/* ---- Reading --------------------------------------------------------------------------------- */

/* The entry for @addr with its table locked, or NULL (nothing locked): pt_unlock(path->table) ends
 * it. path->write tells whether W in the entry counts. Plain: mmap_lock held; takes rmap_lock if
 * tables are shared: may sleep. __: rmap_lock held, of any mm. */
pte_t *pgwalk_lock(struct mm_struct *mm, unsigned long addr, struct pgpath *path);
pte_t *__pgwalk_lock(struct mm_struct *mm, unsigned long addr, struct pgpath *path);

/* The entry for @addr as hardware sees it: without W where an upper entry forbids it. None: no
 * table. mmap_lock held. May sleep. */
pte_t pgwalk_peek(struct mm_struct *mm, unsigned long addr);

/* Move *addr up to the first address below @end that has a PTE table, lock that and return the
 * entry; NULL if there is none. rmap_lock held. */
pte_t *pgwalk_lock_next(struct mm_struct *mm, unsigned long *addr, unsigned long end,
			struct pgpath *path);

/* For each PTE table in [addr, end), locked in the body: @pte is the entry of @addr, the table's
 * part of the range ends at @next. Who leaves the loop early unlocks the table. */
#define for_each_pte_table(mm, addr, next, end, pte, path)                                         \
	for (; (addr) < (end) && ((pte) = pgwalk_lock_next(mm, &(addr), end, &(path))) &&          \
	       ((next) = pmd_addr_end(addr, end), true);                                           \
	     pt_unlock((path).table), (addr) = (next))

/* ---- Owning ---------------------------------------------------------------------------------- */

pte_t *pgwalk_own_slow(struct mm_struct *mm, unsigned long addr, struct page **table);

/* The entry for @addr on a path that is private to @mm: made where missing, copied where shared.
 * mmap_lock held (reading is enough), rmap_lock and page locks not. May sleep. NULL: out of memory.
 * Nothing is locked. */
static inline pte_t *pgwalk_own(struct mm_struct *mm, unsigned long addr, struct page **table)
{
	pte_t *pte = pgwalk_find_private(mm, addr, table);

	if (unlikely(!pte))
		return pgwalk_own_slow(mm, addr, table);
	return pte;
}

/* Is there a table for @addr that is, or was, shared? Locks as pgwalk_own(). */
static inline bool pgwalk_shared_at(struct mm_struct *mm, unsigned long addr)
{
	pgd_t pgd = pgd_get(mm->arch.pgd + pgd_index(addr));
	pud_t pud;
	pmd_t pmd;

	if (!pgd_present(pgd))
		return false;
	pud = pud_get(pud_entry(pgd, addr));
	if (!pud_writable_table(pud))
		return pud_present(pud);
	pmd = pmd_get(pmd_entry(pud, addr));
	return pmd_present(pmd) && !pmd_write(pmd);
}

/* Make every path that exists in [start, end) private, so that the entries may be
 * changed in place. Locks as pgwalk_own(). 0 or -ENOMEM. */
int __pgwalk_own_range(struct mm_struct *mm, unsigned long start, unsigned long end);
static inline int pgwalk_own_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	if (!mm->shares_tables || ((start ^ (end - 1)) < PMD_SIZE && !pgwalk_shared_at(mm, start)))
		return 0;
	return __pgwalk_own_range(mm, start, end);
}
/* Make private what is shared and holds more than entries of [floor, ceiling) on the paths to
 * @start and to @end - 1: what is left in [start, end) goes as a whole. Locks as pgwalk_own(). 0 or
 * -ENOMEM. */
int pgwalk_own_ends(struct mm_struct *mm, unsigned long start, unsigned long end,
		    unsigned long floor, unsigned long ceiling);

/* Move *addr up to the first address below @end that has a PTE table no other mm can reach, and
 * return its entry; NULL: none. *shared becomes true if others were passed over. The walk goes on
 * at pmd_addr_end(*addr, end). Nothing is locked. mmap_lock held, or nobody else sees the mm. */
pte_t *pgwalk_next_private(struct mm_struct *mm, unsigned long *addr, unsigned long end,
			   struct page **table, bool *shared);

#define for_each_private_pte_table(mm, addr, next, end, pte, table, shared)                        \
	for (; (addr) < (end) &&                                                                   \
	       ((pte) = pgwalk_next_private(mm, &(addr), end, &(table), shared)) &&                \
	       ((next) = pmd_addr_end(addr, end), true);                                           \
	     (addr) = (next))

/* ---- Writing entries; the table is private and locked (or the mm seen by nobody else) -------- */

/* none -> @entry, of a page of @kind */
static inline void pte_install(struct page *table, pte_t *pte, pte_t entry, enum mm_counter kind)
{
	table->pt_present++;
	table->pt_rss[kind]++;
	pte_set(pte, entry);
}

/* none -> @entry, a special one */
static inline void pte_install_special(struct page *table, pte_t *pte, pte_t entry)
{
	table->pt_present++;
	pte_set(pte, entry);
}

/* Something -> none in a loop, which counts what it took and takes that off pt_present and pt_rss
 * at its end; what was there with its last A and D bits. The TLBs still have it. */
static inline pte_t pte_take_uncounted(pte_t *pte)
{
	return pte_xchg(pte, (pte_t){0});
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
/* Free it; the user half is empty. Task context. */
void pgd_free(struct mm_struct *mm);

/* fork: let the entry at @to (none, in the child's table @upper) point where the parent's at @from
 * does, both without W. True if the parent's had it: it must be flushed. rmap_lock held
 * exclusively, both mms seen by nobody else (mmap_lock of the parent held for writing). */
static inline bool pgwalk_share(struct page *upper, pmd_t *to, pmd_t *from)
{
	pmd_t entry = pmd_get(from);
	bool had_write = pmd_write(entry);

	if (had_write)
		pmd_clear_write(from);
	pmd_table_page(entry)->pt_count++;
	upper->pt_present++;
	pmd_set(to, pmd_wrprotect(entry));
	return had_write;
}

/* Taking tables out of [start, end). */
struct pgwalk_detach {
	struct mm_struct *mm;
	unsigned long floor, ceiling; /* no VMA outside of [start, end) is between them */
	bool keep_empty;	      /* let go of shared tables only */
	/* Results. */
	struct list_head empty;	 /* unhooked and empty: pgwalk_free_tables() after the flush */
	struct list_head shared; /* no longer ours: pgwalk_put_tables() after the flush */
	bool any;		 /* an upper entry was replaced: flush all of [floor, ceiling) */
	bool missed; /* a table became private after its entries were to be taken: again */
};

/* Unhook the tables of [start, end) that hold no entry, and let go of the shared ones that lie in
 * [floor, ceiling), with their part of the mm's rss. rmap_lock held exclusively, mmap_lock too
 * (keep_empty: shared is enough). */
void pgwalk_detach(struct pgwalk_detach *d, unsigned long start, unsigned long end);
/* Drop the counts of d->shared. rmap_lock held exclusively since pgwalk_detach(); every CPU of the
 * mm has been flushed. */
void pgwalk_put_tables(struct pgwalk_detach *d);
void pgwalk_free_tables(struct list_head *tables);

/* A table of @level, its counts zero but pt_count, its entries zero or (@zeroed false) to be
 * written by the caller. NULL: out of memory. May sleep. */
struct page *table_alloc(unsigned int level, bool zeroed);
/* Free a table that is empty (@zeros) or that was never hung up. Task context. */
void table_free(struct page *table, bool zeros);
/* See that there are tables for @addr down to @level, private ones. Locks as pgwalk_own(). 0 or
 * -ENOMEM. */
int pgwalk_own_upper(struct mm_struct *mm, unsigned long addr, unsigned int level);
