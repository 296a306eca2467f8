/* SPDX-License-Identifier: MIT */
/*
 * Page tables: making them and walking them. Entries of PTE tables are written by the inline
 * functions of pgwalk.h; pgwalk_own.c copies shared tables, pgwalk_detach.c takes tables down.
 *
 *	walker				is safe because
 *	fault, mprotect, zap		mmap_lock and a private path: unhooking holds it for writing
 *	rmap walk			rmap_lock shared: tables are freed under it exclusively
 *	reader on a shared path		the same, and the table's lock with a second look
 *	hardware			a table is freed, or its count dropped, after a flush
 *
 * A table that is missing may be made by two tasks at once: the upper table's lock decides whose is
 * taken.
 */
#include "mm/pgwalk.h"
#include "mm/mm.h"
#include "page/gfp.h"
#include "base/spinlock.h"

/* ---- Table locks ----------------------------------------------------------------------------- */

/* Debug: each CPU's stand-ins for the table locks it holds (upper, lower), since the rank check
 * wants spinlocks. */
static struct {
	spinlock_t lock[2];
} __cacheline_aligned stand_ins[NR_CPUS];

void pt_lock_check(bool nested)
{
	spinlock_t *lock = &stand_ins[arch_cpu_id()].lock[nested];

	if (!lock->name)
		spin_lock_init(lock, "page table", RANK_PAGE_TABLE);
	lock_check_acquire(lock, nested);
}

void pt_unlock_check(bool nested)
{
	lock_check_release(&stand_ins[arch_cpu_id()].lock[nested]);
}

void pt_lock_slow(struct page *table)
{
	u64 began = QUIRE_DEBUG ? arch_clock_ns() : 0;

	do {
		while (__atomic_load_n(&table->pt_lock, __ATOMIC_RELAXED))
			arch_cpu_relax();
	} while (__atomic_exchange_n(&table->pt_lock, 1, __ATOMIC_ACQUIRE));
	if (QUIRE_DEBUG)
		lock_spun(began);
}

/* ---- Making tables --------------------------------------------------------------------------- */

struct page *table_alloc(unsigned int level, bool zeroed)
{
	struct page *table = zeroed ? alloc_zeroed_page(GFP_KERNEL) : alloc_page(GFP_KERNEL);

	if (!table)
		return NULL;
	table->flags = BIT(PG_table);
	table->pt_count = 1;
	table->pt_present = 0;
	table->pt_level = level;
	table->pt_lock = 0;
	table->private = 0; /* pt_rss */
	page_owner_add(OWNER_TABLE, 1);
	return table;
}

void table_free(struct page *table, bool zeros)
{
	BUG_ON(table->pt_present || table->pt_count != 1);
	table->flags &= ~BIT(PG_table);
	table->private = 0;
	page_owner_add(OWNER_TABLE, -1);
	if (zeros)
		free_zeroed_page(table);
	else
		put_page(table);
}

int pgd_alloc(struct mm_struct *mm)
{
	struct page *table = table_alloc(3, true);

	if (!table)
		return -ENOMEM;
	mm->arch.pgd = page_address(table);
	arch_pgd_init(mm->arch.pgd);
	return 0;
}

void pgd_free(struct mm_struct *mm)
{
	arch_pgd_exit(mm->arch.pgd);
	table_free(virt_to_page(mm->arch.pgd), true);
	mm->arch.pgd = NULL;
}

/* ---- One address ----------------------------------------------------------------------------- */

struct pgpath pgwalk_find(struct mm_struct *mm, unsigned long addr)
{
	struct pgpath path = {.write = false};
	pgd_t pgd = pgd_get(mm->arch.pgd + pgd_index(addr));
	pud_t pud;
	pmd_t pmd;

	if (!pgd_present(pgd))
		return path;
	pud = pud_get(pud_entry(pgd, addr));
	if (!pud_present(pud))
		return path;
	pmd = pmd_get(pmd_entry(pud, addr));
	if (!pmd_present(pmd))
		return path;
	path.table = pmd_table_page(pmd);
	path.pte = pte_entry(pmd, addr);
	path.write = pud_write(pud) && pmd_write(pmd);
	return path;
}

pte_t *__pgwalk_lock(struct mm_struct *mm, unsigned long addr, struct pgpath *path)
{
	for (;;) {
		struct pgpath again;

		*path = pgwalk_find(mm, addr);
		if (!path->pte)
			return NULL;
		pt_lock(path->table);
		if (path->write)
			return path->pte;
		/* Shared: while we waited, a thread of @mm may have made a copy its own. With the
		 * lock held none can. */
		again = pgwalk_find(mm, addr);
		if (again.pte == path->pte) {
			path->write = again.write;
			return path->pte;
		}
		pt_unlock(path->table);
	}
}

pte_t *pgwalk_lock(struct mm_struct *mm, unsigned long addr, struct pgpath *path)
{
	path->pte = pgwalk_find_private(mm, addr, &path->table);
	path->write = true;
	if (likely(path->pte)) {
		pt_lock(path->table);
		return path->pte;
	}
	down_read(&rmap_lock);
	__pgwalk_lock(mm, addr, path);
	up_read(&rmap_lock);
	return path->pte;
}

pte_t pgwalk_peek(struct mm_struct *mm, unsigned long addr)
{
	struct pgpath path;
	struct page *table;
	pte_t *pte = pgwalk_find_private(mm, addr, &table), entry;

	if (likely(pte))
		return pte_get(pte);
	pte = pgwalk_lock(mm, addr, &path);
	if (!pte)
		return (pte_t){0};
	entry = pte_get(pte);
	pt_unlock(path.table);
	return path.write ? entry : pte_wrprotect(entry);
}

/* ---- Ranges ---------------------------------------------------------------------------------- */

/* Move *addr up to the first address below @end that has a PTE table (@private: on a private
 * path). */
static __always_inline pte_t *next_table(struct mm_struct *mm, unsigned long *addr,
					 unsigned long end, bool private, struct page **table,
					 bool *shared)
{
	unsigned long at = *addr;

	while (at < end) {
		pgd_t pgd = pgd_get(mm->arch.pgd + pgd_index(at));
		pud_t pud;
		pmd_t pmd;

		if (!pgd_present(pgd)) {
			at = pgd_addr_end(at, end);
			continue;
		}
		pud = pud_get(pud_entry(pgd, at));
		if (private ? !pud_writable_table(pud) : !pud_present(pud)) {
			if (private)
				*shared |= pud_present(pud);
			at = pud_addr_end(at, end);
			continue;
		}
		pmd = pmd_get(pmd_entry(pud, at));
		if (private ? !pmd_writable_table(pmd) : !pmd_present(pmd)) {
			if (private)
				*shared |= pmd_present(pmd);
			at = pmd_addr_end(at, end);
			continue;
		}
		*addr = at;
		*table = pmd_table_page(pmd);
		return pte_entry(pmd, at);
	}
	*addr = end;
	return NULL;
}

pte_t *pgwalk_next_private(struct mm_struct *mm, unsigned long *addr, unsigned long end,
			   struct page **table, bool *shared)
{
	return next_table(mm, addr, end, true, table, shared);
}

pte_t *pgwalk_lock_next(struct mm_struct *mm, unsigned long *addr, unsigned long end,
			struct pgpath *path)
{
	struct page *table;

	while (next_table(mm, addr, end, false, &table, NULL)) {
		if (__pgwalk_lock(mm, *addr, path))
			return path->pte;
	}
	return NULL;
}
