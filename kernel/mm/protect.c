/* SPDX-License-Identifier: MIT */
/* Live entries change their protection in bulk. */
#include "mm/internal.h"
#include "mm/pgwalk.h"
#include "mm/unmap.h"

/* Does a TLB that holds @old let through what @new forbids? */
static bool takes_rights(pte_t old, pte_t new)
{
	if (!pte_accessible(old))
		return false;
	return !pte_accessible(new) || (pte_write(old) && !pte_write(new)) ||
	       (pte_exec(old) && !pte_exec(new));
}

/* @nr entries from @pte on, all in @table. True if TLBs must be flushed. */
static bool protect_table(struct vm_area_struct *vma, struct page *table, pte_t *pte,
			  unsigned long nr)
{
	pgprot_t prot = vma->vm_page_prot;
	bool may_write = vma->vm_flags & VM_WRITE, flush = false;
	const pte_t *stop = pte + nr;

	pt_lock(table);
	for (; pte < stop; pte++) {
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

/* A range of several tables. */
static noinline bool protect_range(struct vm_area_struct *vma, unsigned long addr,
				   unsigned long end)
{
	bool flush = false, shared = false;
	unsigned long next;
	struct page *table;
	pte_t *pte;

	for_each_private_pte_table(vma->vm_mm, addr, next, end, pte, table, &shared)
	{
		if (table->pt_present)
			flush |= protect_table(vma, table, pte, (next - addr) >> PAGE_SHIFT);
	}
	BUG_ON(shared);
	return flush;
}

void change_protection(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct page *table;
	bool flush = false;
	pte_t *pte;

	if ((start ^ (end - 1)) >= PMD_SIZE) {
		flush = protect_range(vma, start, end);
	} else {
		pte = pgwalk_find_private(vma->vm_mm, start, &table);
		if (pte)
			flush = protect_table(vma, table, pte, (end - start) >> PAGE_SHIFT);
	}
	if (flush || flush_pending(vma->vm_mm))
		arch_tlb_flush_range(vma->vm_mm, start, end);
}
