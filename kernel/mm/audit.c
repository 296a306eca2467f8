/* SPDX-License-Identifier: MIT */
/*
 * mm_audit(): recount the world and compare.
 *
 *	each mm		VMAs sorted, disjoint, tree and gaps right (vma_audit); rmap links there
 *			rss and the tables' counts equal to the walk
 *			every present entry in a VMA that allows it, where its page's index says
 *	each table	pt_count equal to the upper entries that point at it, none of which has W
 *			if there is more than one; its entries counted once however many share it
 *	each page	_mapcount equal to its entries, _refcount at least that and the caches'
 *			no writable entry for a private page that is shared, or that others have an
 *			entry for
 *	each slot	of swap: count equal to what stands for it, and its page (audit_swap.c)
 *	LRU lists	every page where its flags say, counts equal to the lists (lru_audit)
 *	physical	free + owners + reserved = total (page_audit)
 *			anonymous pages, tables, pages of files equal to their owners' counts
 *
 * The recount of mapcounts is a sparse array by frame number, whose pages are given back at the
 * end. What runs meanwhile makes for false alarms, not for crashes: each mm is held and locked for
 * reading.
 */
#include "mm/audit.h"
#include "mm/audit_internal.h"
#include "mm/internal.h"
#include "mm/lru.h"
#include "mm/rmap.h"
#include "file/file.h"
#include "lib/string.h"

bool mm_audit_exact;
int (*mm_audit_tlb_hook)(void);

int audit_problems;

/* Entries that map a frame; of a table: upper entries that point at it. */
static struct recount mappings;

/* ---- One mm ---------------------------------------------------------------------------------- */

struct mm_count {
	struct mm_struct *mm;
	struct vm_area_struct *vma; /* of the entry looked at, or the next above */
	long rss[NR_MM_COUNTERS], tables;
	bool write; /* every upper entry on the path has W */
	bool first; /* the table was not met before: its entries count */
};

static void audit_rights(const struct mm_count *mc, unsigned long addr, pte_t pte)
{
	unsigned long flags = mc->vma->vm_flags;

	AUDIT(!(pte_write(pte) && mc->write) || (flags & VM_WRITE),
	      "%lx is writable, its VMA is not", addr);
	AUDIT(!pgtable_nx || !pte_exec(pte) || pte_protnone(pte) || (flags & VM_EXEC),
	      "%lx is executable, its VMA is not", addr);
	AUDIT(pte_accessible(pte) == !!(flags & VM_ACCESS_FLAGS),
	      "%lx: accessible %d, VMA flags %lx", addr, pte_accessible(pte), flags);
}

static void audit_page_of_entry(struct mm_count *mc, unsigned long addr, pte_t pte)
{
	struct vm_area_struct *vma = mc->vma;
	struct page *page = pfn_to_page(pte_pfn(pte));

	AUDIT(page->index == linear_page_index(vma, addr),
	      "%lx maps frame %lx of index %lx, not %lx", addr, pte_pfn(pte), page->index,
	      linear_page_index(vma, addr));
	AUDIT(!page_flag(page, PG_table) && !page_flag(page, PG_slab) && !page_flag(page, PG_buddy),
	      "%lx maps frame %lx with flags %lx", addr, pte_pfn(pte), page->flags);
	mc->rss[mm_counter_of(page)]++;
	if (page_flag(page, PG_anon)) {
		AUDIT(!(vma->vm_flags & VM_SHARED), "%lx: a private page in a shared mapping",
		      addr);
		AUDIT(vma->anon_vma && page->mapping == vma->anon_vma, "%lx: another family's page",
		      addr);
		AUDIT(!pte_write(pte) || page_mapcount(page) == 1,
		      "%lx: writable, and its private page is mapped %d times", addr,
		      page_mapcount(page));
		AUDIT(!pte_write(pte) || !page_flag(page, PG_swapcache) ||
			      !swap_count((swp_entry_t){page->private}),
		      "%lx: writable, and somebody has its private page's swap entry %lx", addr,
		      page->private);
		AUDIT(page_flag(page, PG_uptodate), "%lx: a private page without contents", addr);
		return;
	}
	AUDIT(vma->vm_file && page->mapping == vma->vm_file->f_mapping,
	      "%lx: a page of another file", addr);
	AUDIT(!pte_write(pte) || (vma->vm_flags & VM_SHARED),
	      "%lx: the file's page is writable in a private mapping", addr);
}

static void audit_swapped(struct mm_count *mc, unsigned long addr, pte_t pte)
{
	struct vm_area_struct *vma = mc->vma;

	AUDIT(vma->anon_vma && !(vma->vm_flags & VM_SHARED),
	      "%lx: a swap entry where no private page can be", addr);
	mc->rss[MM_SWAPENTS]++;
	if (mc->first)
		audit_swap_entry(pte_to_swp_entry(pte), "address", addr);
}

static void audit_entry(struct mm_count *mc, unsigned long addr, pte_t pte)
{
	while (mc->vma && mc->vma->vm_end <= addr)
		mc->vma = mc->vma->vm_next;
	if (!mc->vma || mc->vma->vm_start > addr) {
		AUDIT(false, "%lx has an entry and no VMA", addr);
		return;
	}
	if (!pte_present(pte)) {
		audit_swapped(mc, addr, pte);
		return;
	}
	audit_rights(mc, addr, pte);
	if (pte_special(pte)) {
		AUDIT(!pte_write(pte), "%lx: a special page is writable", addr);
		return;
	}
	if (!pfn_valid(pte_pfn(pte))) {
		AUDIT(false, "%lx maps frame %lx, which is not RAM", addr, pte_pfn(pte));
		return;
	}
	audit_page_of_entry(mc, addr, pte);
	if (mc->first && !recount_add(&mappings, pte_pfn(pte)))
		AUDIT(false, "no memory to count mappings");
}

static void audit_table(struct mm_count *mc, struct page *table, unsigned int shift,
			unsigned long addr);

static unsigned int audit_entries(struct mm_count *mc, struct page *table, unsigned long addr)
{
	const pte_t *entries = page_address(table);
	unsigned int i, present = 0, k;
	long before[NR_MM_COUNTERS];

	memcpy(before, mc->rss, sizeof(before));
	for (i = 0; i < PTRS_PER_TABLE; i++, addr += PAGE_SIZE) {
		pte_t entry = pte_get(&entries[i]);

		if (pte_none(entry))
			continue;
		present++;
		audit_entry(mc, addr, entry);
	}
	for (k = 0; k < NR_MM_COUNTERS; k++)
		AUDIT(table->pt_rss[k] == mc->rss[k] - before[k],
		      "table for %lx has %u pages of kind %u, %ld counted", addr - PMD_SIZE,
		      table->pt_rss[k], k, mc->rss[k] - before[k]);
	return present;
}

/* The entry @entry for @addr and the table below it, whose entries span 1 << @shift bytes. */
static void audit_upper(struct mm_count *mc, pmd_t entry, unsigned int shift, unsigned long addr)
{
	struct page *table = pmd_table_page(entry);
	bool write = mc->write, first = mc->first;

	AUDIT(pmd_table(entry), "upper entry of %lx is %llx", addr, entry.v);
	AUDIT(!pmd_write(entry) || pt_count(table) == 1,
	      "table for %lx has %u owners, and an entry with W", addr, pt_count(table));
	mc->tables++;
	mc->write &= pmd_write(entry);
	/* Mappings counted are upper entries here: once for each in a table met first. */
	if (mc->first && !recount_add(&mappings, page_to_pfn(table)))
		AUDIT(false, "no memory to count tables");
	mc->first = mc->first && recount_get(&mappings, page_to_pfn(table)) == 1;
	audit_table(mc, table, shift, addr);
	mc->write = write;
	mc->first = first;
}

/* The table at @table, whose entries span 1 << @shift bytes, from @addr on. */
static void audit_table(struct mm_count *mc, struct page *table, unsigned int shift,
			unsigned long addr)
{
	const pmd_t *entries = page_address(table);
	unsigned int i, nr = shift == PGDIR_SHIFT ? PTRS_PER_TABLE / 2 : PTRS_PER_TABLE,
			present = 0;

	AUDIT(page_flag(table, PG_table) && table->pt_level == (shift - PAGE_SHIFT) / 9,
	      "table for %lx: flags %lx, level %u", addr, table->flags, table->pt_level);
	AUDIT(!table->pt_lock, "table for %lx is locked", addr);
	if (shift == PAGE_SHIFT) {
		present = audit_entries(mc, table, addr);
	} else {
		for (i = 0; i < nr; i++, addr += 1UL << shift) {
			pmd_t entry = pmd_get(&entries[i]);

			if (pmd_none(entry))
				continue;
			present++;
			audit_upper(mc, entry, shift - 9, addr);
		}
	}
	AUDIT(table->pt_present == present, "table has %u entries, %u counted", table->pt_present,
	      present);
}

/* @vma stands in the trees it belongs to, where its boundaries say. */
static void audit_links(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;
	unsigned long last = vma->vm_pgoff + vma_pages(vma) - 1;
	struct interval_tree_node *node;
	unsigned int members = 0;

	AUDIT(vma->in_anon_vma == !!vma->anon_vma && vma->in_i_mmap == !!mapping,
	      "VMA %lx: rmap links missing", vma->vm_start);
	AUDIT(!vma->in_anon_vma || (vma->anon.start == vma->vm_pgoff && vma->anon.last == last),
	      "VMA %lx stands at a wrong place of its anon_vma", vma->vm_start);
	AUDIT(!vma->in_i_mmap || (vma->shared.start == vma->vm_pgoff && vma->shared.last == last),
	      "VMA %lx stands at a wrong place of its file", vma->vm_start);
	if (!vma->in_anon_vma)
		return;
	/* Once for each tree: by its first member. */
	if (interval_tree_iter_first(&vma->anon_vma->tree, 0, ~0ul) != &vma->anon)
		return;
	interval_tree_for_each (node, &vma->anon_vma->tree, 0, ~0ul)
		members++;
	members += !vma->anon_vma->home_gone;
	AUDIT(refcount_read(&vma->anon_vma->refcount) == members,
	      "anon_vma of %lx has %u references, %u counted", vma->vm_start,
	      refcount_read(&vma->anon_vma->refcount), members);
}

static void audit_mm(struct mm_struct *mm)
{
	struct mm_count mc = {.mm = mm, .write = true, .first = true};
	struct vm_area_struct *vma;
	int i;

	down_read(&mm->mmap_lock);
	audit_problems += vma_audit(mm, printk);
	down_read(&rmap_lock);
	for_each_vma (mm, vma)
		audit_links(vma);
	up_read(&rmap_lock);
	mc.vma = mm->mmap;
	audit_table(&mc, virt_to_page(mm->arch.pgd), PGDIR_SHIFT, 0);
	for (i = 0; i < NR_MM_COUNTERS; i++)
		AUDIT(atomic64_read(&mm->rss[i]) == mc.rss[i], "rss[%d] is %lld, counted %ld", i,
		      atomic64_read(&mm->rss[i]), mc.rss[i]);
	AUDIT(atomic64_read(&mm->pgtables_bytes) == mc.tables << PAGE_SHIFT,
	      "%lld bytes of tables, counted %ld", atomic64_read(&mm->pgtables_bytes),
	      mc.tables << PAGE_SHIFT);
	up_read(&mm->mmap_lock);
}

/* ---- All pages ------------------------------------------------------------------------------- */

static void audit_counts(struct page *page, unsigned long pfn)
{
	int mapped = recount_get(&mappings, pfn), least = mapped;

	AUDIT(page_mapcount(page) == mapped, "frame %lx is mapped %d times, counted %d", pfn,
	      page_mapcount(page), mapped);
	if (page_flag(page, PG_anon))
		least += page_flag(page, PG_swapcache);
	else
		least += page->mapping != NULL;
	if (!least && page_flag(page, PG_anon))
		return; /* zapped, and held by somebody for a moment */
	least += page_flag(page, PG_isolated);
	AUDIT(page_count(page) >= least, "frame %lx has %d references, needs %d", pfn,
	      page_count(page), least);
	AUDIT(!mm_audit_exact || page_count(page) == least, "frame %lx has %d references, %d known",
	      pfn, page_count(page), least);
}

/* Pages that were found, by what they are. */
struct found {
	long anon, tables, file, shmem, listed;
};

static void audit_page(struct page *page, unsigned long pfn, struct found *found)
{
	u32 mapped = recount_get(&mappings, pfn);

	if (page_flag(page, PG_table)) {
		found->tables++;
		AUDIT(pt_count(page) == (page->pt_level == 3 ? 1 : mapped),
		      "table at frame %lx has %u owners, %u counted", pfn, pt_count(page), mapped);
		return;
	}
	if (mapped || page_flag(page, PG_anon) || page_flag(page, PG_uptodate))
		audit_counts(page, pfn);
	else
		AUDIT(page_mapcount(page) == 0, "frame %lx is mapped %d times, counted 0", pfn,
		      page_mapcount(page));
	audit_swap_page(page);
	found->anon += page_flag(page, PG_anon);
	if (page_flag(page, PG_cached))
		*(page_flag(page, PG_swapbacked) ? &found->shmem : &found->file) += 1;
	found->listed += page_flag(page, PG_lru);
}

static void audit_pages(void)
{
	const unsigned long others =
		BIT(PG_reserved) | BIT(PG_buddy) | BIT(PG_slab) | BIT(PG_pcp) | BIT(PG_large);
	struct found found = {0};
	unsigned long pfn, listed = 0;
	int list;

	for (pfn = 0; pfn < max_pfn; pfn++) {
		if (pfn_valid(pfn) && !(pfn_to_page(pfn)->flags & others))
			audit_page(pfn_to_page(pfn), pfn, &found);
	}
	AUDIT(page_owner_count(OWNER_ANON) == found.anon, "%ld anonymous pages, counted %ld",
	      page_owner_count(OWNER_ANON), found.anon);
	AUDIT(page_owner_count(OWNER_TABLE) == found.tables, "%ld page tables, counted %ld",
	      page_owner_count(OWNER_TABLE), found.tables);
	AUDIT(page_owner_count(OWNER_FILE) == found.file, "%ld pages of files, counted %ld",
	      page_owner_count(OWNER_FILE), found.file);
	AUDIT(page_owner_count(OWNER_SHMEM) == found.shmem,
	      "%ld pages of memory files, counted %ld", page_owner_count(OWNER_SHMEM), found.shmem);
	for (list = 0; lru_in_use && list < NR_LRU_LISTS; list++)
		listed += lru_pages(list);
	AUDIT(found.listed == (long)listed, "%lu pages on LRU lists, %ld have the flag", listed,
	      found.listed);
}

int mm_audit(void)
{
	struct mm_struct *mm = NULL;

	audit_problems = 0;
	if (!recount_open(&mappings, max_pfn) || !audit_swap_open()) {
		AUDIT(false, "no memory");
		goto out;
	}
	while ((mm = next_user_mm(mm)) != NULL)
		audit_mm(mm);
	audit_pages();
	audit_swap_compare();
	audit_problems += lru_audit(printk);
out:
	audit_swap_close();
	recount_close(&mappings);
	audit_problems += page_audit();
	if (mm_audit_tlb_hook)
		audit_problems += mm_audit_tlb_hook();
	return audit_problems;
}
