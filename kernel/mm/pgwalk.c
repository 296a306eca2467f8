/* SPDX-License-Identifier: MIT */
/*
 * Page tables: making them, walking them, taking them down. Entries of PTE tables are written by
 * the inline functions of pgwalk.h, those of upper tables here.
 *
 *	walker				is safe because
 *	fault, mprotect, zap		mmap_lock: unhooking holds it for writing
 *	rmap walk			rmap_lock shared: unhooking holds it exclusively
 *	hardware			an unhooked table is freed after every CPU was flushed
 *
 * A table that is missing may be made by two tasks at once: the upper table's lock decides whose is
 * taken.
 */
#include "mm/pgwalk.h"
#include "mm/mm.h"
#include "page/gfp.h"
#include "base/spinlock.h"

/* ---- Table locks ----------------------------------------------------------------------------- */

/* Debug: each CPU's stand-in for the table lock it holds, since the rank check wants spinlocks. */
static struct {
	spinlock_t lock;
} __cacheline_aligned stand_ins[NR_CPUS];

void pt_lock_check(void)
{
	spinlock_t *lock = &stand_ins[arch_cpu_id()].lock;

	if (!lock->name)
		spin_lock_init(lock, "page table", RANK_PAGE_TABLE);
	lock_check_acquire(lock, false);
}

void pt_unlock_check(void)
{
	lock_check_release(&stand_ins[arch_cpu_id()].lock);
}

void pt_lock_slow(struct page *table)
{
	do {
		while (__atomic_load_n(&table->pt_lock, __ATOMIC_RELAXED))
			arch_cpu_relax();
	} while (__atomic_exchange_n(&table->pt_lock, 1, __ATOMIC_ACQUIRE));
}

/* ---- Making tables --------------------------------------------------------------------------- */

static struct page *table_alloc(struct mm_struct *mm, unsigned int level)
{
	struct page *table = alloc_page(GFP_KERNEL | __GFP_ZERO);

	if (!table)
		return NULL;
	table->flags = BIT(PG_table);
	table->pt_mm = mm;
	table->pt_count = 1;
	table->pt_present = 0;
	table->pt_level = level;
	table->pt_lock = 0;
	page_owner_add(OWNER_TABLE, 1);
	return table;
}

static void table_free(struct page *table)
{
	BUG_ON(table->pt_present || table->pt_count != 1);
	table->flags &= ~BIT(PG_table);
	table->private = 0;
	page_owner_add(OWNER_TABLE, -1);
	put_page(table);
}

int pgd_alloc(struct mm_struct *mm)
{
	struct page *table = table_alloc(mm, 3);

	if (!table)
		return -ENOMEM;
	mm->arch.pgd = page_address(table);
	arch_pgd_init(mm->arch.pgd);
	return 0;
}

void pgd_free(struct mm_struct *mm)
{
	table_free(virt_to_page(mm->arch.pgd));
	mm->arch.pgd = NULL;
}

/*
 * Hang a new table of @level below the entry at @slot of @upper. The entries of all levels look
 * alike, so one function serves them all. 0 if there is one now, whoever made it.
 */
static int table_add(struct mm_struct *mm, struct page *upper, pmd_t *slot, unsigned int level)
{
	struct page *table = table_alloc(mm, level);

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
		table_free(table);
	return 0;
}

pte_t *pgwalk_own_slow(struct mm_struct *mm, unsigned long addr, struct page **table)
{
	struct page *upper = virt_to_page(mm->arch.pgd);
	pmd_t *slot = (pmd_t *)(mm->arch.pgd + pgd_index(addr));
	unsigned int level = 2, shift = PUD_SHIFT;

	for (;;) {
		pmd_t entry = pmd_get(slot);

		if (pmd_none(entry)) {
			if (table_add(mm, upper, slot, level))
				return NULL;
			entry = pmd_get(slot);
		}
		upper = pmd_table_page(entry);
		pgwalk_assert_owned(upper);
		if (!level) {
			*table = upper;
			return pte_entry(entry, addr);
		}
		slot = (pmd_t *)arch_phys_to_virt(pmd_phys(entry)) +
		       ((addr >> shift) & (PTRS_PER_TABLE - 1));
		shift -= 9;
		level--;
	}
}

/* ---- Walking ranges -------------------------------------------------------------------------- */

pte_t *pgwalk_next(struct mm_struct *mm, unsigned long *addr, unsigned long end,
		   struct page **table)
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
		if (!pud_present(pud)) {
			at = pud_addr_end(at, end);
			continue;
		}
		pmd = pmd_get(pmd_entry(pud, at));
		if (!pmd_present(pmd)) {
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

/* ---- Taking tables down ---------------------------------------------------------------------- */

/* Unhook @entry's table from *slot of @upper if it is empty. */
static bool unhook(struct mm_struct *mm, struct page *upper, pmd_t *slot, pmd_t entry,
		   struct list_head *tables)
{
	struct page *table = pmd_table_page(entry);

	if (table->pt_present)
		return false;
	pgwalk_assert_owned(table);
	pmd_xchg(slot, (pmd_t){0});
	upper->pt_present--;
	list_add(&table->lru, tables);
	atomic64_sub(PAGE_SIZE, &mm->pgtables_bytes);
	return true;
}

/* The same for everything of [start, end) below @upper, whose entries span 1 << @shift bytes. */
static bool unhook_below(struct mm_struct *mm, struct page *upper, unsigned int shift,
			 unsigned long start, unsigned long end, struct list_head *tables)
{
	pmd_t *slot = (pmd_t *)page_address(upper) + ((start >> shift) & (PTRS_PER_TABLE - 1));
	unsigned long span = 1UL << shift, next;
	unsigned int left =
		upper->pt_present; /* most tables hold a few entries: no need to look at all 512 */
	bool any = false;

	for (; start < end && left; start = next, slot++) {
		pmd_t entry = pmd_get(slot);

		next = __addr_end(start, end, span);
		if (pmd_none(entry))
			continue;
		left--;
		if (shift > PMD_SHIFT)
			any |= unhook_below(mm, pmd_table_page(entry), shift - 9, start, next,
					    tables);
		any |= unhook(mm, upper, slot, entry, tables);
	}
	return any;
}

bool pgwalk_unhook_empty(struct mm_struct *mm, unsigned long start, unsigned long end,
			 struct list_head *tables)
{
	return unhook_below(mm, virt_to_page(mm->arch.pgd), PGDIR_SHIFT, start, end, tables);
}

void pgwalk_free_tables(struct mm_struct *mm, struct list_head *tables)
{
	while (!list_empty(tables)) {
		struct page *table = list_first_entry(tables, struct page, lru);

		list_del(&table->lru);
		table_free(table);
	}
}
