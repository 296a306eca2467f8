/* SPDX-License-Identifier: MIT */
/*
 * fork's copy of an address space.
 *
 *	1. copy every VMA but VM_DONTCOPY ones				may fail
 *	2. make the tables that will be the child's own			may fail
 *	3. under rmap_lock: share the other tables, link the copies to	cannot fail
 *	   the rmap trees and copy entries of private pages; on both
 *	   sides nothing can then be written to that both can read
 *	4. still under it, flush the parent: it must fault before it
 *	   writes again
 *
 * mmap_lock is held for writing from 1 to 4, so nothing but hardware's A and D bits changes in the
 * parent's private tables, and rmap_lock keeps rmap walkers out in 3, and those who share tables
 * with the parent from making copies: entries are copied without the tables' locks. fork_tables.c
 * says what is shared.
 */
#include "mm/fork.h"
#include "mm/pgwalk.h"
#include "mm/rmap.h"
#include "base/trace.h"
#include "file/file.h"
#include "sched/sched.h"
#include "lib/err.h"
#include "lib/string.h"

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

static int copy_vmas(struct fork_copy *fc)
{
	struct vm_area_struct *vma;
	int err = 0;

	for_each_vma (fc->old, vma) {
		if (vma->vm_flags & (VM_DONTCOPY | VM_WIPEONFORK))
			fc->hidden = true;
		if (vma->vm_flags & VM_DONTCOPY)
			continue;
		err = copy_vma(fc->mm, vma);
		if (err)
			break;
	}
	vma_build_tree(fc->mm);
	return err;
}

/* ---- 2. The stack page ----------------------------------------------------------------------- */

/* The stack page in use, if nobody else can write to it while it is copied. No memory: it is shared
 * like the others. */
static void pick_eager_page(struct fork_copy *fc)
{
	struct vm_area_struct *vma;
	unsigned long addr = fc->stack & PAGE_MASK;
	pte_t entry;

	if (current->mm != fc->old || refcount_read(&fc->old->mm_users) != 1)
		return;
	vma = vma_lookup(fc->old, addr);
	if (!vma || !fork_needs_entries(vma))
		return;
	entry = pgwalk_peek(fc->old, addr);
	if (!pte_accessible(entry) || !pte_write(entry) || pte_special(entry))
		return;
	fc->eager_page = alloc_page(GFP_USER | __GFP_NOWARN);
	if (fc->eager_page)
		fc->eager_addr = addr;
}

/* ---- 3. Links and entries -------------------------------------------------------------------- */

static void link_and_copy(struct fork_copy *fc)
{
	struct vm_area_struct *vma, *copy = fc->mm->mmap;

	int i;

	down_write(&rmap_lock);
	share_tables(fc);
	for_each_vma (fc->old, vma) {
		if (vma->vm_flags & VM_DONTCOPY)
			continue;
		if (!(vma->vm_flags & VM_WIPEONFORK))
			anon_vma_clone(copy, vma);
		__vma_link_rmap(copy);
		if (fork_needs_entries(vma))
			copy_private_entries(fc, vma, copy);
		copy = copy->vm_next;
	}
	for (i = 0; i < NR_MM_COUNTERS; i++)
		atomic64_set(&fc->mm->rss[i], fc->rss[i]);
	atomic64_add(fc->tables * PAGE_SIZE, &fc->mm->pgtables_bytes);
	if (fc->tables)
		fc->mm->shares_tables = fc->old->shares_tables = true;
	/* Before a walker comes: one that cleans an entry both share must find no W in any TLB. */
	if (fc->flush)
		arch_tlb_flush_mm(fc->old);
	up_write(&rmap_lock);
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
	struct fork_copy fc = {.old = old, .stack = ~0ul, .tls = ~0ul, .eager_addr = ~0ul};
	int err;

	if (current->mm == old) {
		fc.stack = arch_user_sp(arch_task_regs(current));
		fc.tls = arch_user_tls();
	}

	fc.mm = mm_alloc();
	if (!fc.mm)
		return ERR_PTR(-ENOMEM);
	copy_layout(fc.mm, old);

	down_write(&old->mmap_lock);
	err = copy_vmas(&fc);
	if (!err)
		err = plan_tables(&fc);
	if (!err) {
		pick_eager_page(&fc);
		link_and_copy(&fc);
	}
	mmap_write_unlock(old);

	if (fc.eager_page)
		put_page(fc.eager_page);
	if (err) {
		mmput(fc.mm);
		return ERR_PTR(err);
	}
	fc.mm->hiwater_rss = get_mm_rss(fc.mm);
	return fc.mm;
}
