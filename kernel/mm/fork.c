/* SPDX-License-Identifier: MIT */
/*
 * fork's copy of an address space.
 *
 *	1. copy every VMA but VM_DONTCOPY ones				may fail
 *	2. make the tables the copied entries will need			may fail
 *	3. under rmap_lock: link the copies to the rmap trees and	cannot fail
 *	   copy the entries of private pages, write-protecting both
 *	4. flush the parent: it must fault before it writes again
 *
 * What a fault can make again is not copied: pages of files, and areas that never had a private
 * page. The page at the parent's stack pointer, which both will write at once, is copied in place
 * of two faults.
 *
 * mmap_lock is held for writing from 1 to 4, so nothing but hardware's A and D bits changes in the
 * parent's tables, and rmap_lock keeps rmap walkers out in 3: the entries are copied without the
 * tables' locks.
 */
#include "mm/internal.h"
#include "mm/pgwalk.h"
#include "mm/rmap.h"
#include "base/trace.h"
#include "file/file.h"
#include "sched/sched.h"
#include "lib/err.h"
#include "lib/string.h"

struct fork_copy {
	struct mm_struct *mm, *old;
	unsigned long eager_addr; /* page to copy at once; ~0: none */
	struct page *eager_page;  /* where to */
	long anon;		  /* entries copied */
	bool flush;		  /* an entry of the parent lost its W */
};

/* ---- 1. VMAs --------------------------------------------------------------------------------- */

static int copy_vma(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *copy;

	if ((vma->vm_flags & VM_ACCOUNT) && vm_enough_memory(mm, vma_pages(vma)))
		return -ENOMEM;
	copy = vm_area_dup(vma, mm);
	if (!copy) {
		if (vma->vm_flags & VM_ACCOUNT)
			vm_unacct_memory(vma_pages(vma));
		return -ENOMEM;
	}
	copy->vm_flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
	vma_append(copy);
	if (copy->vm_ops && copy->vm_ops->open)
		copy->vm_ops->open(copy);
	return 0;
}

static int copy_vmas(struct mm_struct *mm, struct mm_struct *old)
{
	struct vm_area_struct *vma;
	int err = 0;

	for_each_vma (old, vma) {
		if (vma->vm_flags & VM_DONTCOPY)
			continue;
		err = copy_vma(mm, vma);
		if (err)
			break;
	}
	vma_build_tree(mm);
	return err;
}

/* ---- 2. Tables ------------------------------------------------------------------------------- */

/* Does the child need entries of @vma? Private pages only, and those it may see. */
static inline bool needs_entries(const struct vm_area_struct *vma)
{
	return vma->anon_vma && !(vma->vm_flags & (VM_DONTCOPY | VM_WIPEONFORK));
}

static int make_tables(struct fork_copy *fc)
{
	struct vm_area_struct *vma;

	for_each_vma (fc->old, vma) {
		unsigned long addr = vma->vm_start, next;
		struct page *table, *target;
		pte_t *pte;

		if (!needs_entries(vma))
			continue;
		for_each_pte_table (fc->old, addr, next, vma->vm_end, pte, table) {
			if (table->pt_present && !pgwalk_own(fc->mm, addr, &target))
				return -ENOMEM;
		}
	}
	return 0;
}

/* The stack page in use, if nobody else can write to it while it is copied. No memory: it is shared
 * like the others. */
static void pick_eager_page(struct fork_copy *fc)
{
	struct vm_area_struct *vma;
	unsigned long addr;
	struct page *table;
	pte_t *pte, entry;

	if (current->mm != fc->old || refcount_read(&fc->old->mm_users) != 1)
		return;
	addr = arch_user_sp(arch_task_regs(current)) & PAGE_MASK;
	vma = vma_lookup(fc->old, addr);
	if (!vma || !needs_entries(vma))
		return;
	pte = pgwalk_find(fc->old, addr, &table);
	if (!pte)
		return;
	entry = pte_get(pte);
	if (!pte_accessible(entry) || !pte_write(entry) || pte_special(entry))
		return;
	fc->eager_page = alloc_page(GFP_USER | __GFP_NOWARN);
	if (fc->eager_page)
		fc->eager_addr = addr;
}

/* ---- 3. Entries ------------------------------------------------------------------------------ */

static void copy_eagerly(struct fork_copy *fc, struct vm_area_struct *vma, struct page *table,
			 pte_t *to, pte_t entry)
{
	struct page *page = fc->eager_page;

	trace(TRACE_COPY_PAGE, current->pid, pte_pfn(entry), page_to_pfn(page));
	arch_copy_page(page_address(page), page_address(pfn_to_page(pte_pfn(entry))));
	page_add_new_anon_rmap(page, vma, fc->eager_addr);
	pte_install(table, to, pte_mkdirty(mk_pte(page_to_pfn(page), pte_pgprot(entry))));
	fc->anon++;
	fc->eager_page = NULL;
}

/* The entries of [addr, end), in one table of each mm, for @vma, the child's. */
static void copy_entries(struct fork_copy *fc, struct vm_area_struct *vma, struct page *from,
			 pte_t *src, struct page *to, pte_t *dst, unsigned long addr,
			 unsigned long end)
{
	unsigned int left = from->pt_present, special = 0, anon = 0;
	bool protected = false, all_anon = vma_is_anonymous(vma);

	for (; addr < end && left; addr += PAGE_SIZE, src++, dst++) {
		pte_t entry = pte_get(src);
		struct page *page;

		if (pte_none(entry))
			continue;
		left--;
		if (unlikely(pte_special(entry))) {
			pte_set(dst, entry);
			special++;
			continue;
		}
		page = pfn_to_page(pte_pfn(entry));
		if (!all_anon && !page_flag(page, PG_anon))
			continue;
		if (pte_write(entry)) {
			if (unlikely(addr == fc->eager_addr)) {
				copy_eagerly(fc, vma, to, dst, entry);
				continue;
			}
			pte_clear_write(src);
			entry = pte_wrprotect(entry);
			protected = true;
		}
		page_dup_rmap(page);
		pte_set(dst, entry);
		anon++;
	}
	to->pt_present += special + anon;
	fc->anon += anon;
	fc->flush |= protected;
}

static void copy_vma_entries(struct fork_copy *fc, struct vm_area_struct *vma,
			     struct vm_area_struct *copy)
{
	unsigned long addr = vma->vm_start, next;
	struct page *from, *to;
	pte_t *src, *dst;

	for_each_owned_pte_table (fc->old, addr, next, vma->vm_end, src, from) {
		if (!from->pt_present)
			continue;
		dst = pgwalk_find(fc->mm, addr, &to);
		BUG_ON(!dst);
		copy_entries(fc, copy, from, src, to, dst, addr, next);
	}
}

static void link_and_copy(struct fork_copy *fc)
{
	struct vm_area_struct *vma, *copy = fc->mm->mmap;

	down_write(&rmap_lock);
	for_each_vma (fc->old, vma) {
		if (vma->vm_flags & VM_DONTCOPY)
			continue;
		if (!(vma->vm_flags & VM_WIPEONFORK))
			anon_vma_clone(copy, vma);
		__vma_link_rmap(copy);
		if (needs_entries(vma))
			copy_vma_entries(fc, vma, copy);
		copy = copy->vm_next;
	}
	up_write(&rmap_lock);
	atomic64_set(&fc->mm->rss[MM_ANONPAGES], fc->anon);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void copy_layout(struct mm_struct *mm, struct mm_struct *old)
{
	mm->mmap_base = old->mmap_base;
	mm->task_size = old->task_size;
	mm->mmap_legacy = old->mmap_legacy;
	mm->personality_flags = old->personality_flags;
	mm->dumpable = old->dumpable;
	mm->oom_score_adj = old->oom_score_adj;
	mm->vdso = old->vdso;
	spin_lock(&old->arg_lock);
	mm->start_code = old->start_code;
	mm->end_code = old->end_code;
	mm->start_data = old->start_data;
	mm->end_data = old->end_data;
	mm->start_brk = old->start_brk;
	mm->brk = old->brk;
	mm->start_stack = old->start_stack;
	mm->arg_start = old->arg_start;
	mm->arg_end = old->arg_end;
	mm->env_start = old->env_start;
	mm->env_end = old->env_end;
	memcpy(mm->saved_auxv, old->saved_auxv, sizeof(mm->saved_auxv));
	if (old->exe_file)
		mm->exe_file = get_file(old->exe_file);
	spin_unlock(&old->arg_lock);
}

struct mm_struct *dup_mm(struct task_struct *child, struct mm_struct *old)
{
	struct fork_copy fc = {.old = old, .eager_addr = ~0ul};
	int err;

	fc.mm = mm_alloc();
	if (!fc.mm)
		return ERR_PTR(-ENOMEM);
	copy_layout(fc.mm, old);

	down_write(&old->mmap_lock);
	err = copy_vmas(fc.mm, old);
	if (!err)
		err = make_tables(&fc);
	if (!err) {
		pick_eager_page(&fc);
		link_and_copy(&fc);
		if (fc.flush)
			arch_tlb_flush_mm(old);
	}
	mmap_write_unlock(old);

	if (fc.eager_page)
		put_page(fc.eager_page);
	if (err) {
		mmput(fc.mm);
		return ERR_PTR(err);
	}
	fc.mm->hiwater_rss = fc.anon;
	return fc.mm;
}
