/* SPDX-License-Identifier: MIT */
/* Live entries change in bulk: their protection (mprotect) or their address (mremap). */
#include "mm/internal.h"
#include "mm/pgwalk.h"

/* ---- mprotect -------------------------------------------------------------------------------- */

/* Does a TLB that holds @old let through what @new forbids? */
static bool takes_rights(pte_t old, pte_t new)
{
	if (!pte_accessible(old))
		return false;
	return !pte_accessible(new) || (pte_write(old) && !pte_write(new)) ||
	       (pte_exec(old) && !pte_exec(new));
}

/* The entries of [addr, end), all in @table. True if TLBs must be flushed. */
static bool protect_table(struct vm_area_struct *vma, struct page *table, pte_t *pte,
			  unsigned long addr, unsigned long end)
{
	pgprot_t prot = vma->vm_page_prot;
	bool may_write = vma->vm_flags & VM_WRITE, flush = false;

	pt_lock(table);
	for (; addr < end; addr += PAGE_SIZE, pte++) {
		pte_t old = pte_get(pte), new;

		if (!pte_present(old))
			continue;
		new = pte_modify(old, prot);
		/* A private page that was writable is nobody else's, a shared one is dirty already:
		 * no fault needed again. */
		if (may_write && pte_write(old))
			new = pte_mkwrite(new);
		if (pte_same(old, new))
			continue;
		old = pte_change(pte, old, new);
		flush |= takes_rights(old, new);
	}
	pt_unlock(table);
	return flush;
}

void change_protection(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	unsigned long addr = start, next;
	struct page *table;
	bool flush = false;
	pte_t *pte;

	for_each_owned_pte_table (vma->vm_mm, addr, next, end, pte, table) {
		if (table->pt_present)
			flush |= protect_table(vma, table, pte, addr, next);
	}
	if (flush)
		arch_tlb_flush_range(vma->vm_mm, start, end);
}

/* ---- mremap ---------------------------------------------------------------------------------- */

struct move {
	struct mm_struct *mm;
	long delta; /* new - old address */
};

/* Make the tables that the entries of [old, end) will need: nothing may be allocated later. 0 or
 * -ENOMEM. */
static int make_target_tables(struct move *move, unsigned long old, unsigned long end)
{
	unsigned long next;
	struct page *table, *target;
	pte_t *pte;

	for_each_pte_table (move->mm, old, next, end, pte, table) {
		if (!table->pt_present)
			continue;
		/* One table's part may fall into two. */
		if (!pgwalk_own(move->mm, old + move->delta, &target) ||
		    !pgwalk_own(move->mm, next - 1 + move->delta, &target))
			return -ENOMEM;
	}
	return 0;
}

/* The entries of [old, end), which lie in one table and go to one table. True if there were any. */
static bool move_entries(struct page *from, pte_t *pte, struct page *to, pte_t *target,
			 unsigned long old, unsigned long end)
{
	unsigned int left = from->pt_present, moved = 0;

	/* rmap_lock and mmap_lock, both exclusive, keep every other walker away: no lock of the
	 * tables. */
	for (; old < end && moved < left; old += PAGE_SIZE, pte++, target++) {
		if (pte_none(pte_get(pte)))
			continue;
		pte_set(target, pte_take_uncounted(pte));
		moved++;
	}
	pte_taken(from, moved);
	to->pt_present += moved;
	return moved;
}

int move_page_tables(struct vm_area_struct *old_vma, unsigned long old,
		     struct vm_area_struct *new_vma, unsigned long new, unsigned long len)
{
	struct move move = {.mm = old_vma->vm_mm, .delta = new - old};
	unsigned long addr, next, end = old + len;
	struct page *from, *to;
	bool any = false;
	pte_t *pte;

	if (make_target_tables(&move, old, end)) {
		free_empty_tables(move.mm, new, new + len);
		return -ENOMEM;
	}
	down_write(&rmap_lock);
	addr = old;
	for_each_owned_pte_table (move.mm, addr, next, end, pte, from) {
		while (from->pt_present && addr < next) {
			unsigned long target = addr + move.delta;
			unsigned long stop =
				addr + (pmd_addr_end(target, next + move.delta) - target);
			pte_t *target_pte =
				pgwalk_own_next(move.mm, &target, target + PAGE_SIZE, &to);

			any |= move_entries(from, pte, to, target_pte, addr, stop);
			pte += (stop - addr) >> PAGE_SHIFT;
			addr = stop;
		}
	}
	/* Before rmap_lock goes: a walker that finds the page at its new address flushes that one
	 * only. */
	if (any)
		arch_tlb_flush_range(move.mm, old, end);
	up_write(&rmap_lock);
	return 0;
}
