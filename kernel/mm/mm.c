/* SPDX-License-Identifier: MIT */
/*
 * Life of an mm_struct. Two counts: mm_users are the tasks (and look-ups in flight) that use the
 * mappings; the last one to go unmaps everything. mm_count are references to the struct and its
 * top-level table: one for all users together, and one for each task without an mm that runs on a
 * CPU which still has it loaded (active_mm, lazy TLB).
 */
#include "mm/internal.h"
#include "mm/oom.h"
#include "mm/pagecache.h"
#include "mm/pgwalk.h"
#include "mm/reclaim.h"
#include "mm/rmap.h"
#include "mm/zap.h"
#include "mm/filemap.h"
#include "file/file.h"
#include "sched/sched.h"
#include "lib/string.h"

static struct kmem_cache *mm_cache;

DEFINE_SPINLOCK(mmlist_lock, RANK_SPIN_LEAF);
struct list_head mm_list = LIST_HEAD_INIT(mm_list);

struct mm_struct init_mm = {
	.mm_users = REFCOUNT_INIT(2),
	.mm_count = REFCOUNT_INIT(1),
	.mmlist = LIST_HEAD_INIT(init_mm.mmlist),
};

static void grab_lazy(struct mm_struct *mm)
{
	mmgrab(mm);
}

void mm_init(void)
{
	mm_grab_lazy = grab_lazy;
	mm_drop_lazy = mmdrop;
	mm_cache = kmem_cache_create("mm_struct", sizeof(struct mm_struct), 64, NULL);
	BUG_ON(!mm_cache);
	init_rwsem(&init_mm.mmap_lock, "mmap_lock", RANK_MMAP);
	rmap_init();
	vma_init();
	pagecache_init();
	layout_init();
	reclaim_init();
	overcommit_init();
}

/* ---- Birth ----------------------------------------------------------------------------------- */

struct mm_struct *mm_alloc(void)
{
	struct mm_struct *mm = kmem_cache_zalloc(mm_cache, GFP_KERNEL);

	if (!mm)
		return NULL;
	if (pgd_alloc(mm)) {
		kmem_cache_free(mm_cache, mm);
		return NULL;
	}
	refcount_set(&mm->mm_users, 1);
	refcount_set(&mm->mm_count, 1);
	init_rwsem(&mm->mmap_lock, "mmap_lock", RANK_MMAP);
	spin_lock_init(&mm->arg_lock, "arg_lock", RANK_SPIN_LEAF);
	mm->mm_rb = RB_ROOT;
	spin_lock(&mmlist_lock);
	list_add_tail(&mm->mmlist, &mm_list);
	spin_unlock(&mmlist_lock);
	return mm;
}

struct mm_struct *get_task_mm(struct task_struct *task)
{
	struct mm_struct *mm;

	task_lock(task);
	mm = task->mm;
	if (mm && (task->flags & PF_KTHREAD))
		mm = NULL;
	if (mm)
		mmget(mm);
	task_unlock(task);
	return mm;
}

struct mm_struct *next_user_mm(struct mm_struct *mm)
{
	struct list_head *at;
	struct mm_struct *next = NULL;

	spin_lock(&mmlist_lock);
	for (at = mm ? mm->mmlist.next : mm_list.next; at != &mm_list && !next; at = at->next) {
		next = list_entry(at, struct mm_struct, mmlist);
		if (!refcount_inc_not_zero(&next->mm_users))
			next = NULL;
	}
	spin_unlock(&mmlist_lock);
	if (mm)
		mmput(mm);
	cond_resched();
	return next;
}

/* ---- End ------------------------------------------------------------------------------------- */

/*
 * The task that ends and was the last user still runs on the tables it is about to free. Leaving
 * them first saves every flush that would follow.
 */
static void leave_lazy_mm(struct mm_struct *mm)
{
	if (current->mm || current->active_mm != mm)
		return;
	mmgrab(&init_mm);
	arch_irq_disable();
	current->active_mm = &init_mm;
	arch_switch_mm(mm, NULL);
	arch_irq_enable();
	mmdrop(mm);
}

static void exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *first = vma_detach_all(mm), *vma;
	long accounted = 0;

	leave_lazy_mm(mm);
	for (vma = first; vma; vma = vma->vm_next) {
		if (vma->vm_flags & VM_ACCOUNT)
			accounted += vma_pages(vma);
	}
	unmap_mm(mm, first);
	if (accounted)
		vm_unacct_memory(accounted);
	remove_vma_list(first);
	vma_free_dead(mm->dead_vmas);
	mm->dead_vmas = NULL;
}

void mmput(struct mm_struct *mm)
{
	if (!refcount_dec_and_test(&mm->mm_users))
		return;
	if (unlikely(mm->oom_victim))
		oom_exit_begin(mm);
	exit_mmap(mm);
	if (unlikely(mm->oom_victim))
		oom_exit_end(mm);
	if (mm->exe_file)
		fput(mm->exe_file);
	mm->exe_file = NULL;
	spin_lock(&mmlist_lock);
	list_del_init(&mm->mmlist);
	spin_unlock(&mmlist_lock);
	mmdrop(mm);
}

void mmdrop(struct mm_struct *mm)
{
	if (!refcount_dec_and_test(&mm->mm_count))
		return;
	BUG_ON(mm == &init_mm);
	pgd_free(mm);
	kmem_cache_free(mm_cache, mm);
}

/* ---- current's mm ---------------------------------------------------------------------------- */

void exec_mmap(struct mm_struct *mm)
{
	struct task_struct *task = current;
	struct mm_struct *old = task->mm, *lazy = old ? NULL : task->active_mm;

	task_lock(task);
	arch_irq_disable();
	task->mm = mm;
	task->active_mm = mm;
	arch_switch_mm(old, mm);
	arch_irq_enable();
	task_unlock(task);
	if (old)
		mmput(old);
	else if (lazy)
		mmdrop(lazy);
}

void exit_mm(void)
{
	struct task_struct *task = current;
	struct mm_struct *mm = task->mm;

	if (!mm)
		return;
	/* The CPU keeps the tables loaded until it runs a task with others. */
	mmgrab(mm);
	task_lock(task);
	task->mm = NULL;
	task_unlock(task);
	mmput(mm);
}
