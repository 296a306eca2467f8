/* SPDX-License-Identifier: MIT */
/*
 * The reverse map: from a page to the PTEs that map it.
 *
 *	anonymous page	page->mapping = anon_vma: the VMAs of a fork family, by page index
 *	file page	page->mapping = address_space: i_mmap, likewise
 *
 *	address in a VMA = vm_start + (page->index - vm_pgoff) pages; the PTE there tells
 *
 * fork links the child's VMA to the same anon_vma as the parent's; a private file mapping stands in
 * both trees. All trees are under one lock, rmap_lock. PTEs are zapped before their VMA leaves a
 * tree, so under the lock a mapped page has a linked VMA and a live mapping. fork copies PTEs and
 * links the VMAs that hold them in one exclusive section, and mremap moves PTEs in one, so that a
 * walker misses none.
 */
#include "mm/internal.h"
#include "mm/rmap.h"
#include "mm/pagecache.h"
#include "file/file.h"

struct rwsem rmap_lock;

void rmap_init(void)
{
	init_rwsem(&rmap_lock, "rmap_lock", RANK_RMAP);
}

/* ---- anon_vma -------------------------------------------------------------------------------- */

static void anon_vma_put(struct anon_vma *anon_vma)
{
	if (refcount_dec_and_test(&anon_vma->refcount)) {
		BUG_ON(!interval_tree_empty(&anon_vma->tree));
		__vm_area_free(container_of(anon_vma, struct vm_area_struct, own_anon_vma));
	}
}

void anon_vma_leave_home(struct vm_area_struct *vma)
{
	vma->own_anon_vma.home_gone = true;
	anon_vma_put(&vma->own_anon_vma);
}

/* An adjacent mapping of the same kind is likely one that was split, or will merge: one anon_vma
 * for both lets it. */
static struct anon_vma *neighbour_anon_vma(struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = vma->vm_prev, *next = vma->vm_next;
	struct anon_vma *anon_vma = NULL;

	if (next && next->vm_start == vma->vm_end && next->vm_file == vma->vm_file)
		anon_vma = READ_ONCE(next->anon_vma);
	if (!anon_vma && prev && prev->vm_end == vma->vm_start && prev->vm_file == vma->vm_file)
		anon_vma = READ_ONCE(prev->anon_vma);
	return anon_vma;
}

static inline void set_anon_interval(struct vm_area_struct *vma)
{
	vma->anon.start = vma->vm_pgoff;
	vma->anon.last = vma->vm_pgoff + vma_pages(vma) - 1;
	vma->in_anon_vma = true;
}

static void anon_vma_insert(struct vm_area_struct *vma)
{
	set_anon_interval(vma);
	interval_tree_insert(&vma->anon, &vma->anon_vma->tree);
}

/* @vma begins a family. */
static void anon_vma_found(struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = &vma->own_anon_vma;

	refcount_set(&anon_vma->refcount, 2); /* the VMA, and its memory */
	set_anon_interval(vma);
	interval_tree_insert_first(&vma->anon, &anon_vma->tree);
	smp_store_release(&vma->anon_vma, anon_vma);
}

void __anon_vma_prepare(struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma;

	down_write(&rmap_lock);
	/* Two threads may fault in the VMA at once; mmap_lock is held for reading only. */
	if (!vma->anon_vma) {
		anon_vma = neighbour_anon_vma(vma);
		if (anon_vma) {
			refcount_inc(&anon_vma->refcount);
			smp_store_release(&vma->anon_vma, anon_vma);
			anon_vma_insert(vma);
		} else {
			anon_vma_found(vma);
		}
	}
	up_write(&rmap_lock);
}

void anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	BUG_ON(dst->anon_vma || dst->in_anon_vma);
	if (!src->anon_vma)
		return;
	refcount_inc(&src->anon_vma->refcount);
	dst->anon_vma = src->anon_vma;
}

/* ---- Links of a VMA -------------------------------------------------------------------------- */

static inline struct address_space *vma_mapping(const struct vm_area_struct *vma)
{
	return vma->vm_file ? vma->vm_file->f_mapping : NULL;
}

static inline bool vma_counts_writable(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE);
}

void __vma_rmap_insert(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma_mapping(vma);

	BUG_ON(vma->in_anon_vma || vma->in_i_mmap);
	if (vma->anon_vma)
		anon_vma_insert(vma);
	if (mapping) {
		vma->shared.start = vma->vm_pgoff;
		vma->shared.last = vma->vm_pgoff + vma_pages(vma) - 1;
		interval_tree_insert(&vma->shared, &mapping->i_mmap);
		vma->in_i_mmap = true;
	}
}

void __vma_rmap_remove(struct vm_area_struct *vma)
{
	if (vma->in_anon_vma) {
		interval_tree_remove(&vma->anon, &vma->anon_vma->tree);
		vma->in_anon_vma = false;
	}
	if (vma->in_i_mmap) {
		interval_tree_remove(&vma->shared, &vma_mapping(vma)->i_mmap);
		vma->in_i_mmap = false;
	}
}

void __vma_link_rmap(struct vm_area_struct *vma)
{
	__vma_rmap_insert(vma);
	if (vma->in_i_mmap && vma_counts_writable(vma))
		atomic_inc(&vma_mapping(vma)->i_mmap_writable);
}

void vma_link_rmap(struct vm_area_struct *vma)
{
	if (!vma->anon_vma && !vma_mapping(vma))
		return;
	down_write(&rmap_lock);
	__vma_link_rmap(vma);
	up_write(&rmap_lock);
}

void __vma_unlink_rmap(struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = vma->anon_vma;

	if (vma->in_i_mmap && vma_counts_writable(vma))
		atomic_dec(&vma_mapping(vma)->i_mmap_writable);
	__vma_rmap_remove(vma);
	if (anon_vma) {
		vma->anon_vma = NULL;
		anon_vma_put(anon_vma);
	}
}

/* ---- Walks ----------------------------------------------------------------------------------- */

static inline unsigned long vma_address(struct page *page, struct vm_area_struct *vma)
{
	return vma->vm_start + ((page->index - vma->vm_pgoff) << PAGE_SHIFT);
}

static void walk_anon(struct page *page, rmap_one_t fn, void *arg)
{
	struct anon_vma *anon_vma = READ_ONCE(page->mapping);
	struct interval_tree_node *node;

	if (!anon_vma)
		return;
	interval_tree_for_each (node, &anon_vma->tree, page->index, page->index) {
		struct vm_area_struct *vma = container_of(node, struct vm_area_struct, anon);

		if (!fn(page, vma, vma_address(page, vma), arg))
			return;
	}
}

static void walk_file(struct page *page, rmap_one_t fn, void *arg)
{
	struct address_space *mapping = page->mapping;
	struct interval_tree_node *node;

	if (!mapping)
		return;
	interval_tree_for_each (node, &mapping->i_mmap, page->index, page->index) {
		struct vm_area_struct *vma = container_of(node, struct vm_area_struct, shared);

		if (!fn(page, vma, vma_address(page, vma), arg))
			return;
	}
}

void __rmap_walk(struct page *page, rmap_one_t fn, void *arg)
{
	if (page_flag(page, PG_anon))
		walk_anon(page, fn, arg);
	else
		walk_file(page, fn, arg);
}

void rmap_walk(struct page *page, rmap_one_t fn, void *arg)
{
	down_read(&rmap_lock);
	/* Of a page that nobody maps, in the swap cache perhaps, the anon_vma may be gone. */
	if (page_mapcount(page))
		__rmap_walk(page, fn, arg);
	up_read(&rmap_lock);
}

static inline bool maps(pte_t entry, const struct page *page)
{
	return pte_present(entry) && pte_pfn(entry) == page_to_pfn(page) && !pte_special(entry);
}

bool page_seen_at(struct page *page, struct vm_area_struct *vma, unsigned long addr)
{
	struct pgpath path, now = pgwalk_find(vma->vm_mm, addr);

	do {
		path = now;
		if (!path.pte)
			return false;
		if (maps(pte_get(path.pte), page))
			return true;
		/* If the table is shared, another thread of @vma's mm may have copied it between
		 * the walk and this look at what was then others' alone. */
		smp_rmb();
		now = path.write ? path : pgwalk_find(vma->vm_mm, addr);
	} while (now.pte != path.pte);
	return false;
}

pte_t *page_mapped_at(struct page *page, struct vm_area_struct *vma, unsigned long addr,
		      struct page **table)
{
	struct pgpath path;
	pte_t *pte;

	/* Most VMAs of a tree do not map the page: look before locking. */
	if (!page_seen_at(page, vma, addr))
		return NULL;
	pte = __pgwalk_lock(vma->vm_mm, addr, &path);
	*table = path.table;
	if (pte && maps(pte_get(pte), page))
		return pte;
	if (pte)
		pt_unlock(path.table);
	return NULL;
}

/* ---- How many address spaces map a page ------------------------------------------------------ */

static bool count_mm(struct page *page, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	*(unsigned int *)arg += page_seen_at(page, vma, addr);
	return true;
}

unsigned int __page_mms(struct page *page)
{
	unsigned int mms = 0;

	__rmap_walk(page, count_mm, &mms);
	return mms;
}

unsigned int page_mms_by(struct page *page, const struct pgpath *path, unsigned int *sharers)
{
	if (page_mapcount(page) != 1)
		return __page_mms(page);
	if (path->write)
		return 1;
	/* Whoever reaches the one table that maps it maps it: the same for all such pages. */
	if (!*sharers)
		*sharers = __page_mms(page);
	return *sharers;
}

unsigned int page_mms(struct page *page)
{
	unsigned int mms;

	down_read(&rmap_lock);
	mms = page_mapcount(page) ? __page_mms(page) : 0;
	up_read(&rmap_lock);
	return mms;
}

static bool mkclean_one(struct page *page, struct vm_area_struct *vma, unsigned long addr,
			void *arg)
{
	bool *found = arg;
	struct page *table, *private;
	pte_t *pte, entry;

	if (!(vma->vm_flags & VM_SHARED))
		return true;
	pte = page_mapped_at(page, vma, addr, &table);
	if (!pte)
		return true;
	entry = pte_get(pte);
	if (pte_dirty(entry) || pte_write(entry)) {
		/* Taken out for the flush, so that no D bit is set after it was looked at. */
		entry = pte_take_to_replace(pte);
		arch_tlb_flush_range(vma->vm_mm, addr, addr + PAGE_SIZE);
		pte_set(pte, pte_wrprotect(pte_mkclean(entry)));
		*found = true;
	} else if (!pgwalk_find_private(vma->vm_mm, addr, &private)) {
		/* Cleaned by way of another owner of the table: this one's TLBs still have D. */
		arch_tlb_flush_range(vma->vm_mm, addr, addr + PAGE_SIZE);
	}
	pt_unlock(table);
	return true;
}

bool page_mkclean(struct page *page)
{
	bool found = false;

	BUG_ON(!page_flag(page, PG_locked) || page_flag(page, PG_anon));
	if (page_mapcount(page))
		rmap_walk(page, mkclean_one, &found);
	return found;
}
