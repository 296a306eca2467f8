/* SPDX-License-Identifier: MIT */
/*
 * mremap moves pages to other addresses. Where old and new address agree in their low 21 bits and a
 * PTE table holds nothing else, the table moves as a whole, shared or not (a page's offset in its
 * family does not change by the move, so the other owners' VMAs still match). Elsewhere its entries
 * move one by one, between private tables.
 *
 * Prepared first (all memory that may be needed), then done under rmap_lock: a walker finds a page
 * at its old address or at its new one.
 */
#include "mm/internal.h"
#include "mm/pgwalk.h"
#include "mm/rmap.h"

struct move {
	struct mm_struct *mm;
	long delta;		      /* new - old address */
	unsigned long floor, ceiling; /* of the old range: no other VMA between them */
};

/* The PMD entry for @addr; NULL if there is no PMD table. The path down to it is private, or
 * mmap_lock and rmap_lock are held exclusively. */
static __always_inline pmd_t *find_pmd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t pgd = pgd_get(mm->arch.pgd + pgd_index(addr));
	pud_t pud;

	if (!pgd_present(pgd))
		return NULL;
	pud = pud_get(pud_entry(pgd, addr));
	return pud_present(pud) ? pmd_entry(pud, addr) : NULL;
}

/* May the table for @addr move as it is? *target: the entry it goes to, NULL if there is none yet.
 */
static bool moves_whole(const struct move *move, unsigned long addr, pmd_t **target)
{
	unsigned long base = addr & PMD_MASK;

	if (move->delta & (PMD_SIZE - 1) || base < move->floor ||
	    base + PMD_SIZE - 1 >= move->ceiling)
		return false;
	*target = find_pmd(move->mm, addr + move->delta);
	return !*target || pmd_none(pmd_get(*target));
}

/* Have what the entries of [addr, next), all in one table, will need. 0 or -ENOMEM. */
static int prepare_part(struct move *move, unsigned long addr, unsigned long next)
{
	struct mm_struct *mm = move->mm;
	struct page *table;
	pmd_t *target;

	if (moves_whole(move, addr, &target))
		return pgwalk_own_upper(mm, addr, 1) ? -ENOMEM
						     : pgwalk_own_upper(mm, addr + move->delta, 1);
	/* One table's part may fall into two. */
	if (!pgwalk_own(mm, addr, &table) || !pgwalk_own(mm, addr + move->delta, &table) ||
	    !pgwalk_own(mm, next - 1 + move->delta, &table))
		return -ENOMEM;
	return 0;
}

/* Move *addr up to the first address below @end that has a PTE table: the PMD entry, NULL if
 * there is none. mmap_lock held for writing. */
static pmd_t *next_pmd(struct mm_struct *mm, unsigned long *addr, unsigned long end)
{
	while (*addr < end) {
		pmd_t *pmd = find_pmd(mm, *addr);

		if (!pmd)
			*addr = pud_addr_end(*addr, end);
		else if (pmd_none(pmd_get(pmd)))
			*addr = pmd_addr_end(*addr, end);
		else
			return pmd;
	}
	return NULL;
}

static int prepare(struct move *move, unsigned long old, unsigned long end)
{
	for (; next_pmd(move->mm, &old, end); old = pmd_addr_end(old, end)) {
		if (prepare_part(move, old, pmd_addr_end(old, end)))
			return -ENOMEM;
	}
	return 0;
}

static void move_table(pmd_t *from, pmd_t *to)
{
	pmd_set(to, pmd_xchg(from, (pmd_t){0}));
	virt_to_page(to)->pt_present++;
	virt_to_page(from)->pt_present--;
}

/* The entries of [addr, end), which lie in one table and go to one table. */
static void move_entries(struct page *from, pte_t *pte, struct page *to, pte_t *target,
			 unsigned long addr, unsigned long end)
{
	unsigned int left = from->pt_present, moved = 0, rss[NR_MM_COUNTERS] = {0};
	unsigned int i;

	/* rmap_lock and mmap_lock, both exclusive, keep every other walker away: no lock of the
	 * tables. */
	for (; addr < end && moved < left; addr += PAGE_SIZE, pte++, target++) {
		pte_t entry = pte_get(pte);

		if (pte_none(entry))
			continue;
		pte_set(target, pte_take_uncounted(pte));
		moved++;
		if (!pte_present(entry))
			rss[MM_SWAPENTS]++;
		else if (!pte_special(entry))
			rss[mm_counter_of(pfn_to_page(pte_pfn(entry)))]++;
	}
	from->pt_present -= moved;
	to->pt_present += moved;
	for (i = 0; i < NR_MM_COUNTERS; i++) {
		from->pt_rss[i] -= rss[i];
		to->pt_rss[i] += rss[i];
	}
}

static bool none_in(const pte_t *pte, unsigned long addr, unsigned long end)
{
	for (; addr < end; addr += PAGE_SIZE, pte++) {
		if (!pte_none(pte_get(pte)))
			return false;
	}
	return true;
}

/* The entries of [addr, next), all in one table. */
static void move_part(const struct move *move, unsigned long addr, unsigned long next)
{
	while (addr < next) {
		unsigned long target = addr + move->delta;
		unsigned long stop = addr + (pmd_addr_end(target, next + move->delta) - target);
		struct page *from = NULL, *to = NULL;
		pte_t *pte = pgwalk_find_private(move->mm, addr, &from);
		pte_t *to_pte = pgwalk_find_private(move->mm, target, &to);

		BUG_ON(!pte);
		/* Where there is no target, the table came only when a later part's target was
		 * prepared. */
		if (to_pte)
			move_entries(from, pte, to, to_pte, addr, stop);
		else
			BUG_ON(!none_in(pte, addr, stop));
		addr = stop;
	}
}

int move_page_tables(struct vm_area_struct *old_vma, unsigned long old,
		     struct vm_area_struct *new_vma, unsigned long new, unsigned long len)
{
	struct move move = {
		.mm = old_vma->vm_mm,
		.delta = new - old,
		.floor = zap_floor(old_vma, old),
		.ceiling = zap_ceiling(old_vma, old + len),
	};
	unsigned long addr = old, end = old + len;
	pmd_t *from, *to;
	bool any = false;

	if (prepare(&move, old, end)) {
		free_empty_tables(move.mm, new, new + len);
		return -ENOMEM;
	}
	down_write(&rmap_lock);
	for (; (from = next_pmd(move.mm, &addr, end)) != NULL; addr = pmd_addr_end(addr, end)) {
		if (moves_whole(&move, addr, &to))
			move_table(from, to);
		else
			move_part(&move, addr, pmd_addr_end(addr, end));
		any = true;
	}
	/* Before rmap_lock goes: a walker that finds the page at its new address flushes that one
	 * only. */
	if (any)
		arch_tlb_flush_range(move.mm, old, end);
	up_write(&rmap_lock);
	return 0;
}
