/* SPDX-License-Identifier: MIT */
/*
 * fork's page tables. What becomes of a PTE table of the parent (2 MiB):
 *
 *	few private pages, or a hot address	the child gets a table of its own, the entries of
 *						private pages copied, without W on both sides
 *	many pages				both share it, the upper entries without W
 *	no private page, few of files		nothing: the child's faults make it again
 *	ranges the child must not see		as the first, without these
 *
 * Of a PMD table (1 GiB) that has many PTE tables, no hot address and nothing hidden, the child
 * shares the whole: so the cost does not grow with the size. Hot are the stack pointer and the
 * thread's TLS, which both sides write to as soon as they run; a small table costs less to copy now
 * than by the faults that would come.
 *
 * plan_tables() makes all tables that will be needed and may fail; share_tables() goes the same way
 * again and cannot: where the plan made a table for the child, entries are to be copied.
 */
#include "mm/fork.h"
#include "mm/pgwalk.h"
#include "mm/rmap.h"
#include "base/trace.h"
#include "task/task.h"

struct fork_policy fork_policy = {.few_pages = 64, .many_file_pages = 128, .few_tables = 16};

enum fate { FATE_NOTHING, FATE_COPY, FATE_SHARE };

/* Is [base, base + size) the place of something both sides are about to write to? */
static inline bool is_hot(const struct fork_copy *fc, unsigned long base, unsigned long size)
{
	return fc->stack - base < size || fc->tls - base < size;
}

/* Is there a VMA in [start, end) of which the child gets no pages? *shown: is there one of which it
 * may get private ones? */
static bool hides(const struct fork_copy *fc, unsigned long start, unsigned long end, bool *shown)
{
	struct vm_area_struct *vma;
	bool hidden = false;

	*shown = true;
	if (!fc->hidden)
		return false;
	*shown = false;
	vma = find_vma_intersection(fc->old, start, end);
	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		hidden |= vma->vm_flags & (VM_DONTCOPY | VM_WIPEONFORK);
		*shown |= fork_needs_entries(vma);
	}
	return hidden;
}

/* Of a PTE table at @base. */
static enum fate fate_of(const struct fork_copy *fc, const struct page *table, unsigned long base)
{
	unsigned int anon = table->pt_rss[MM_ANONPAGES] + table->pt_rss[MM_SWAPENTS];
	bool shown;

	if (hides(fc, base, base + PMD_SIZE, &shown))
		return anon && shown ? FATE_COPY : FATE_NOTHING;
	if (!anon)
		return table->pt_present >= fork_policy.many_file_pages ? FATE_SHARE : FATE_NOTHING;
	return anon <= fork_policy.few_pages || is_hot(fc, base, PMD_SIZE) ? FATE_COPY : FATE_SHARE;
}

/* Is a PMD table at @base shared as it is? */
static bool share_whole(const struct fork_copy *fc, const struct page *table, unsigned long base)
{
	bool shown;

	return table->pt_present > fork_policy.few_tables && !is_hot(fc, base, PUD_SIZE) &&
	       !hides(fc, base, base + PUD_SIZE, &shown);
}

/* ---- The walk: each PMD table of the parent once --------------------------------------------- */

static pud_t *find_pud(struct mm_struct *mm, unsigned long addr)
{
	pgd_t pgd = pgd_get(mm->arch.pgd + pgd_index(addr));

	return pgd_present(pgd) ? pud_entry(pgd, addr) : NULL;
}

/* The parent's next PMD table that a VMA from *vma on leads to, at *addr or above: its entry, *addr
 * the first address of a VMA in it. NULL: no more. The walk goes on at the next GiB. */
static pud_t *next_gib(struct fork_copy *fc, struct vm_area_struct **vma, unsigned long *addr)
{
	unsigned long at = *addr;

	for (; *vma; *vma = (*vma)->vm_next) {
		at = max(at, (*vma)->vm_start);
		while (at < (*vma)->vm_end) {
			pud_t *pud = find_pud(fc->old, at);

			if (!pud) {
				at = (at | (PGDIR_SIZE - 1)) + 1;
				continue;
			}
			if (pud_present(pud_get(pud))) {
				*addr = at;
				return pud;
			}
			at = (at | (PUD_SIZE - 1)) + 1;
		}
	}
	return NULL;
}

/* *index up to the next entry of @table, of which there is one: tables are only where VMAs are. */
static inline pmd_t next_entry(const pmd_t *table, unsigned int *index)
{
	for (;;) {
		pmd_t entry;

		BUG_ON(*index >= PTRS_PER_TABLE);
		entry = pmd_get(table + *index);
		if (!pmd_none(entry))
			return entry;
		/* Few mappings lie side by side. */
		if (pte_line_none((const pte_t *)(table + *index)))
			*index += PTES_PER_LINE;
		else
			(*index)++;
	}
}

/* ---- 2. What may fail ------------------------------------------------------------------------ */

/* The tables of the child for the PMD table @from, of which @addr is the first address in use. 0 or
 * -ENOMEM. */
static int plan_gib(struct fork_copy *fc, struct page *from, unsigned long addr)
{
	const pmd_t *src = page_address(from);
	unsigned int left = from->pt_present, i = pmd_index(addr);
	struct page *table;

	if (share_whole(fc, from, addr & PUD_MASK))
		return pgwalk_own_upper(fc->mm, addr, 2);
	for (; left; left--, i++) {
		pmd_t entry = next_entry(src, &i);

		addr = (addr & PUD_MASK) + i * PMD_SIZE;
		switch (fate_of(fc, pmd_table_page(entry), addr)) {
		case FATE_COPY:
			if (!pgwalk_own(fc->mm, addr, &table))
				return -ENOMEM;
			break;
		case FATE_SHARE:
			if (pgwalk_own_upper(fc->mm, addr, 1))
				return -ENOMEM;
			break;
		case FATE_NOTHING:
			break;
		}
	}
	return 0;
}

int plan_tables(struct fork_copy *fc)
{
	struct vm_area_struct *vma = fc->old->mmap;
	unsigned long addr = 0;
	pud_t *pud;

	for (; (pud = next_gib(fc, &vma, &addr)) != NULL; addr = (addr | (PUD_SIZE - 1)) + 1) {
		if (plan_gib(fc, pud_table_page(pud_get(pud)), addr))
			return -ENOMEM;
	}
	return 0;
}

/* ---- 3. What cannot -------------------------------------------------------------------------- */

static void count_shared(struct fork_copy *fc, struct page *table, unsigned int tables)
{
	fc->tables += tables;
	count_vm_event(TABLE_SHARE);
	trace(TRACE_SHARE_TABLE, current->pid, page_to_pfn(table), table->pt_level);
}

/* The child gets none of this table's entries, or copies of some. */
static inline void count_unshared(struct fork_copy *fc, const struct page *table)
{
	unsigned int i;

	for (i = 0; i < NR_MM_COUNTERS; i++)
		fc->rss[i] -= table->pt_rss[i];
}

/* The tables below the parent's PMD table @from, of which @addr is the first address in use; @to is
 * the child's, NULL if it has none. */
static void share_gib(struct fork_copy *fc, struct page *from, struct page *to, unsigned long addr)
{
	pmd_t *src = page_address(from), *dst = to ? page_address(to) : NULL;
	unsigned int left = from->pt_present, i = pmd_index(addr);

	for (; left; left--, i++) {
		struct page *table = pmd_table_page(next_entry(src, &i));
		unsigned long base = (addr & PUD_MASK) + i * PMD_SIZE;
		bool shown;

		/* A truncation since the plan leaves fewer entries, never more: what it made a
		 * table for is copied, and what would be copied now but has none is shared. */
		if (!dst || !pmd_none(pmd_get(dst + i)) ||
		    hides(fc, base, base + PMD_SIZE, &shown) ||
		    fate_of(fc, table, base) == FATE_NOTHING) {
			count_unshared(fc, table);
			continue;
		}
		fc->flush |= pgwalk_share(to, dst + i, src + i);
		count_shared(fc, table, 1);
	}
}

void share_tables(struct fork_copy *fc)
{
	struct vm_area_struct *vma = fc->old->mmap;
	unsigned long addr = 0;
	unsigned int i;
	pud_t *src, *dst;

	for (i = 0; i < NR_MM_COUNTERS; i++)
		fc->rss[i] = atomic64_read(&fc->old->rss[i]);
	for (; (src = next_gib(fc, &vma, &addr)) != NULL; addr = (addr | (PUD_SIZE - 1)) + 1) {
		struct page *table = pud_table_page(pud_get(src));

		dst = find_pud(fc->mm, addr);
		if (dst && pud_none(pud_get(dst)) && share_whole(fc, table, addr & PUD_MASK)) {
			fc->flush |= pgwalk_share(virt_to_page(dst), (pmd_t *)dst, (pmd_t *)src);
			count_shared(fc, table, 1 + table->pt_present);
			continue;
		}
		share_gib(fc, table,
			  dst && pud_present(pud_get(dst)) ? pud_table_page(pud_get(dst)) : NULL,
			  addr);
	}
}

/* ---- Entries that are copied ----------------------------------------------------------------- */

/* The page at the stack pointer, which both are about to write to, is copied in place of two
 * faults. */
static void copy_eagerly(struct fork_copy *fc, struct vm_area_struct *vma, struct page *table,
			 pte_t *to, pte_t entry)
{
	struct page *page = fc->eager_page;

	trace(TRACE_COPY_PAGE, current->pid, pte_pfn(entry), page_to_pfn(page));
	arch_copy_page(page_address(page), page_address(pfn_to_page(pte_pfn(entry))));
	page_add_new_anon_rmap(page, vma, fc->eager_addr);
	pte_install(table, to, pte_mkdirty(mk_pte(page_to_pfn(page), pte_pgprot(entry))),
		    MM_ANONPAGES);
	fc->rss[MM_ANONPAGES]++;
	fc->eager_page = NULL;
}

/* The entries of [addr, end), in one table of each mm, for @vma, the child's. */
static void copy_entries(struct fork_copy *fc, struct vm_area_struct *vma, struct page *from,
			 pte_t *src, struct page *to, pte_t *dst, unsigned long addr,
			 unsigned long end)
{
	unsigned int left = from->pt_present, special = 0, anon = 0, swapped = 0;
	struct page *map = mem_map;
	bool protected = false, all_anon = vma_is_anonymous(vma);

	for (; addr < end && left; addr += PAGE_SIZE, src++, dst++) {
		pte_t entry = pte_get(src);
		struct page *page;

		if (pte_none(entry))
			continue;
		left--;
		if (unlikely(!pte_maps_counted(entry))) {
			if (pte_present(entry)) {
				special++;
			} else {
				swap_duplicate(pte_to_swp_entry(entry));
				swapped++;
			}
			pte_set(dst, entry);
			continue;
		}
		page = pte_page_in(map, entry);
		if (!all_anon && !page_flag(page, PG_anon))
			continue;
		if (pte_write(entry)) {
			if (unlikely(addr == fc->eager_addr)) {
				copy_eagerly(fc, vma, to, dst, entry);
				continue;
			}
			pte_clear_write(src);
			/* Read again: a thread on another CPU may have set D until now. If only the
			 * parent's entry had it, it could go and leave a page that looks clean. */
			entry = pte_get(src);
			protected = true;
		}
		page_dup_rmap(page);
		pte_set(dst, entry);
		anon++;
	}
	to->pt_present += special + anon + swapped;
	to->pt_rss[MM_ANONPAGES] += anon;
	to->pt_rss[MM_SWAPENTS] += swapped;
	fc->rss[MM_ANONPAGES] += anon;
	fc->rss[MM_SWAPENTS] += swapped;
	fc->flush |= protected;
}

void copy_private_entries(struct fork_copy *fc, struct vm_area_struct *vma,
			  struct vm_area_struct *copy)
{
	unsigned long addr = vma->vm_start, next;
	bool shared = false;
	struct page *to;
	pte_t *dst;

	/* Those of the child's tables that are not shared. */
	for_each_private_pte_table(fc->mm, addr, next, vma->vm_end, dst, to, &shared)
	{
		struct pgpath from = pgwalk_find(fc->old, addr);

		if (from.pte && from.table->pt_present)
			copy_entries(fc, copy, from.table, from.pte, to, dst, addr, next);
	}
}
