/* SPDX-License-Identifier: MIT */
/*
 * Out of memory: somebody goes, so that the others live.
 *
 *	an allocation fails after reclaim	oom_killer(), the page allocator's last resort
 *	a fault still found none		pagefault_out_of_memory()
 *
 *	a victim is on its way out		wait for it a little, try again
 *	else					choose, report, kill; try again
 *	nobody may be killed			NULL to the kernel's allocation, panic for a fault
 *
 * The process whose end gives most memory back goes (oom_badness()), with all who share its address
 * space: less would free nothing. It dies by SIGKILL, and may use memory that others leave alone
 * until it is dead. If it cannot die, since it sleeps in the kernel for something the one who waits
 * for memory holds, the reaper takes its pages meanwhile (oom_reaper.c).
 *
 * Whoever asks may hold sleeping locks, its own mmap_lock for writing among them. So nothing here
 * takes any, nor drops the last reference to anything that could; every wait has an end: a victim
 * is waited for for VICTIM_PATIENCE, then another is chosen, and an allocation of the kernel fails
 * after ALLOCATION_PATIENCE, which makes its caller let go of its locks.
 *
 * One CPU at a time chooses and reports (oom_busy); the others wait as for a victim.
 *
 * Locks: tasklist_lock, then a task's alloc_lock, then oom_lock.
 */
#include "mm/oom.h"
#include "mm/oom_internal.h"
#include "mm/internal.h"
#include "mm/swap.h"
#include "base/panic.h"
#include "base/printk.h"
#include "lib/string.h"
#include "page/zone.h"
#include "sched/sched.h"
#include "abi/signal.h"

void (*oom_kill_hook)(struct mm_struct *mm);

int sysctl_panic_on_oom, sysctl_oom_kill_allocating_task, sysctl_oom_dump_tasks = 1;

/* How long a victim may take to die before another is chosen; and how long after the reaper has
 * taken what it could: the rest comes at its end. */
#define VICTIM_PATIENCE (2 * NSEC_PER_SEC)
#define REAPED_PATIENCE (NSEC_PER_SEC / 4)
/* After this long without a kill, and nobody left to kill, what is missing is missed for good. */
#define LAST_PATIENCE (5 * NSEC_PER_SEC)
/* How long an allocation of the kernel may try. */
#define ALLOCATION_PATIENCE (3 * NSEC_PER_SEC)
/* Larger blocks are never worth a life: the caller has another way. */
#define COSTLY_ORDER 3

DEFINE_SPINLOCK(oom_lock, RANK_SPIN_LEAF);
LIST_HEAD(oom_victims); /* oom_lock */

static bool oom_busy;	       /* atomic: somebody chooses; covers the rest */
static struct oom_table table; /* too large for the stack, and memory there is none */
static u64 last_kill;	       /* ns */

/* ---- Scores ---------------------------------------------------------------------------------- */

unsigned long oom_total_pages(void)
{
	return totalram_pages() + READ_ONCE(total_swap_pages);
}

static long badness(unsigned long pages, int adj)
{
	return pages + (long)adj * (long)(oom_total_pages() / 1000);
}

static unsigned long held_pages(struct mm_struct *mm)
{
	return get_mm_rss(mm) + get_mm_counter(mm, MM_SWAPENTS) +
	       (atomic64_read(&mm->pgtables_bytes) >> PAGE_SHIFT);
}

long oom_badness(struct mm_struct *mm, int adj)
{
	if (adj == OOM_SCORE_ADJ_MIN || mm->unkillable)
		return LONG_MIN;
	return badness(held_pages(mm), adj);
}

long oom_score(long points)
{
	long score;

	if (points == LONG_MIN)
		return 0;
	/* From 0 to 2000 at most: 2/3 of it is shown, as in Linux. */
	score = (1000 + points * 1000 / (long)oom_total_pages()) * 2 / 3;
	return max(score, 0L);
}

/* ---- Choosing -------------------------------------------------------------------------------- */

/* A thread of @p that has its mm, with its alloc_lock held; NULL: none, it is a kernel thread or
 * dead. tasklist_lock held. */
static struct task_struct *lock_task_with_mm(struct task_struct *p)
{
	struct task_struct *t;

	for_each_thread (p, t) {
		task_lock(t);
		if (t->mm && !(t->flags & PF_KTHREAD))
			return t;
		task_unlock(t);
	}
	return NULL;
}

static void fill_row(struct oom_row *row, struct task_struct *t)
{
	struct mm_struct *mm = t->mm;

	*row = (struct oom_row){
		.pid = t->tgid,
		.uid = t->cred->uid,
		.adj = t->signal->oom_score_adj,
		.total_vm = mm->total_vm,
		.anon = get_mm_counter(mm, MM_ANONPAGES),
		.file = get_mm_counter(mm, MM_FILEPAGES),
		.shmem = get_mm_counter(mm, MM_SHMEMPAGES),
		.swapents = get_mm_counter(mm, MM_SWAPENTS),
		.pgtables_bytes = atomic64_read(&mm->pgtables_bytes),
		.victim = mm->oom_victim,
	};
	strscpy(row->comm, t->comm, sizeof(row->comm));
	/* Of the mm, whose adj is that of all who share it. The counters move: the score is of what
	 * the row shows. */
	row->badness = oom_badness(mm, mm->oom_score_adj);
	if (row->badness != LONG_MIN)
		row->badness = badness(oom_row_pages(row), mm->oom_score_adj);
}

/* Does @a come before @b? Those that may not be killed come last. */
static bool worse(const struct oom_row *a, const struct oom_row *b)
{
	if (a->badness != b->badness)
		return a->badness > b->badness;
	return oom_row_pages(a) > oom_row_pages(b);
}

static void leave_out(const struct oom_row *row)
{
	table.more++;
	table.more_pages += oom_row_pages(row);
}

static void add_row(const struct oom_row *row)
{
	unsigned int at = table.nr;

	while (at && worse(row, &table.rows[at - 1]))
		at--;
	if (at == OOM_ROWS) {
		leave_out(row);
		return;
	}
	if (table.nr == OOM_ROWS)
		leave_out(&table.rows[OOM_ROWS - 1]);
	else
		table.nr++;
	memmove(&table.rows[at + 1], &table.rows[at], (table.nr - at - 1) * sizeof(table.rows[0]));
	table.rows[at] = *row;
}

static void choose(const struct oom_row *row, struct task_struct *t)
{
	if (table.mm) {
		mmdrop(table.mm);
		put_task_struct(table.task);
	}
	table.chosen = *row;
	table.task = get_task_struct(t);
	table.mm = t->mm;
	mmgrab(t->mm);
}

/* @t, whose alloc_lock is held, stands for its process. */
static void consider(struct task_struct *t)
{
	struct oom_row row;

	fill_row(&row, t);
	add_row(&row);
	if (row.victim || row.badness == LONG_MIN)
		return;
	/* Of processes that share memory one is named, and all are killed. */
	if (!table.mm || worse(&row, &table.chosen)) {
		if (table.mm && table.mm != t->mm)
			table.next = table.chosen;
		choose(&row, t);
	} else if (table.mm != t->mm && (!table.next.pid || worse(&row, &table.next))) {
		table.next = row;
	}
}

/* oom_kill_allocating_task: current, if that may be killed. */
static void choose_current(void)
{
	struct oom_row row;

	task_lock(current);
	if (current->mm && !current->mm->oom_victim) {
		fill_row(&row, current);
		if (row.badness != LONG_MIN) {
			choose(&row, current);
			table.allocating = true;
		}
	}
	task_unlock(current);
}

static void fill_table(void)
{
	struct task_struct *p, *t;

	table.nr = table.more = 0;
	table.more_pages = 0;
	table.task = NULL;
	table.mm = NULL;
	table.next.pid = 0;
	table.allocating = false;
	spin_lock(&tasklist_lock);
	for_each_process (p) {
		t = lock_task_with_mm(p);
		if (!t)
			continue;
		consider(t);
		task_unlock(t);
	}
	spin_unlock(&tasklist_lock);
	/* A program that no table knows: the host's tests play such. */
	if (!table.mm && !table.nr && current->mm) {
		task_lock(current);
		consider(current);
		task_unlock(current);
	}
	if (sysctl_oom_kill_allocating_task)
		choose_current();
}

/* ---- Killing --------------------------------------------------------------------------------- */

/* Make the chosen mm a victim. False: it is gone, and its memory with it. */
static bool mark_victim(u64 now)
{
	struct mm_struct *mm = table.mm;
	bool marked = false;

	task_lock(table.task); /* as long as the task has it, it has a user */
	if (table.task->mm == mm) {
		spin_lock(&oom_lock);
		mm->oom = (struct oom_victim){.pid = table.chosen.pid,
					      .killed_at = now,
					      .held = oom_row_pages(&table.chosen)};
		strscpy(mm->oom.comm, table.chosen.comm, sizeof(mm->oom.comm));
		list_add_tail(&mm->oom.link, &oom_victims);
		WRITE_ONCE(mm->oom_victim, true);
		spin_unlock(&oom_lock);
		marked = true;
	}
	task_unlock(table.task);
	return marked;
}

/* Is the chosen process ending already? Then that is all it takes. */
static bool ends_by_itself(void)
{
	return table.task->signal->flags & SIGNAL_GROUP_EXIT;
}

static void kill_chosen(const struct oom_request *r)
{
	bool ends = ends_by_itself();

	if (!ends) {
		oom_report_memory(r);
		if (sysctl_oom_dump_tasks)
			oom_report_tasks(&table);
		if (sysctl_panic_on_oom)
			panic("Out of memory: %s panic_on_oom is enabled",
			      sysctl_panic_on_oom == 2 ? "compulsory" : "system-wide");
	}
	last_kill = ktime_get();
	if (mark_victim(last_kill)) {
		if (ends) {
			printk("Out of memory: process %d (%s), which is ending, is waited for",
			       table.chosen.pid, table.chosen.comm);
		} else {
			oom_report_choice(&table);
			count_vm_event(OOM_KILL);
		}
		if (oom_kill_hook)
			oom_kill_hook(table.mm);
		else
			force_sig_fault_hook(SIGKILL, SI_KERNEL, 0);
		oom_reaper_wake();
	}
	mmdrop(table.mm);
	put_task_struct(table.task);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static bool dying(void)
{
	return fatal_signal_pending(current) || (current->flags & PF_EXITING);
}

/* Give others time to give memory back; a current that is killed has nothing to wait for. */
static void nap(void)
{
	if (dying())
		return;
	__set_current_state(TASK_KILLABLE);
	schedule_timeout(NSEC_PER_MSEC);
}

/* Is there a victim that can still be hoped for? */
static bool victim_on_its_way(u64 now)
{
	struct mm_struct *mm;
	bool found = false;

	spin_lock(&oom_lock);
	list_for_each_entry (mm, &oom_victims, oom.link) {
		u64 until = mm->oom.killed_at + VICTIM_PATIENCE;

		if (mm->oom.reaped_at)
			until = mm->oom.reaped_at + REAPED_PATIENCE;
		found |= now < until;
	}
	spin_unlock(&oom_lock);
	return found;
}

/* Is an address space that nobody uses any more being taken down just now? */
static bool somebody_exits(void)
{
	struct mm_struct *mm;
	bool found = false;

	spin_lock(&mmlist_lock);
	list_for_each_entry (mm, &mm_list, mmlist)
		found |= !refcount_read(&mm->mm_users) && held_pages(mm);
	spin_unlock(&mmlist_lock);
	return found;
}

/* What such an allocation leaves to others (see pages_to_have() in page_alloc.c). */
static bool memory_is_short(void)
{
	return nr_free_pages() <= node_data.min_free_pages;
}

enum oom_outcome {
	OOM_TRY,      /* memory came meanwhile */
	OOM_WAIT,     /* it will come */
	OOM_HOPELESS, /* there is nobody to kill, nor to wait for */
};

/* By the one who set oom_busy. */
static enum oom_outcome oom_round(const struct oom_request *r)
{
	u64 now = ktime_get();

	if (victim_on_its_way(now) || somebody_exits())
		return OOM_WAIT;
	if (!r->order && !memory_is_short())
		return OOM_TRY;
	/* The slots of one who died make room in swap. */
	if (reclaim_hook && reclaim_hook(r->gfp, r->order))
		return OOM_TRY;
	fill_table();
	if (table.mm)
		kill_chosen(r);
	else if (!last_kill || now >= last_kill + LAST_PATIENCE)
		return OOM_HOPELESS;
	return OOM_WAIT;
}

/* Kill, or wait for one that was killed. False: hopeless. Any sleeping locks may be held. */
static bool out_of_memory(const struct oom_request *r)
{
	enum oom_outcome outcome = OOM_WAIT;

	if (!__atomic_exchange_n(&oom_busy, true, __ATOMIC_ACQUIRE)) {
		outcome = oom_round(r);
		__atomic_store_n(&oom_busy, false, __ATOMIC_RELEASE);
	}
	if (outcome == OOM_WAIT)
		nap();
	return outcome != OOM_HOPELESS;
}

/* ---- Who asks -------------------------------------------------------------------------------- */

/* The page allocator's: see oom_hook. */
static bool oom_killer(gfp_t gfp, unsigned int order, u64 *since)
{
	const struct oom_request r = {gfp, order};
	u64 now = ktime_get();

	if (!*since)
		*since = now;
	if ((gfp & __GFP_NOWARN) || order > COSTLY_ORDER || arch_irqs_disabled())
		return false;
	if (dying() || (current->flags & (PF_MEMALLOC | PF_IDLE)))
		return false;
	/* Killing does not make free pages neighbours. */
	if (order && nr_free_pages() > max(totalram_pages() / 16, 4 * node_data.min_free_pages))
		return false;
	if (now - *since > ALLOCATION_PATIENCE)
		return false;
	return out_of_memory(&r);
}

/* Likewise: see reserve_hook. */
static bool may_use_reserve(void)
{
	return dying() || (current->flags & PF_MEMALLOC);
}

void pagefault_out_of_memory(void)
{
	static const struct oom_request r = {GFP_USER, 0};

	if (dying() || !memory_is_short())
		return;
	if (out_of_memory(&r))
		return;
	oom_report_memory(&r);
	oom_report_tasks(&table);
	panic("Out of memory, and no process may be killed");
}

/* ---- The end of a victim --------------------------------------------------------------------- */

void oom_exit_begin(struct mm_struct *mm)
{
	/* The reaper holds it for reading; it comes no more where nobody uses the mm. */
	down_write(&mm->mmap_lock);
	up_write(&mm->mmap_lock);
}

void oom_exit_end(struct mm_struct *mm)
{
	const struct oom_victim *v = &mm->oom;
	u64 ms = (ktime_get() - v->killed_at) / NSEC_PER_MSEC;

	spin_lock(&oom_lock);
	list_del_init(&mm->oom.link);
	spin_unlock(&oom_lock);
	printk("oom: process %d (%s) has given back %lu kB in %llu ms: %lu kB by the reaper, "
	       "%lu kB by its end",
	       v->pid, v->comm, v->held << (PAGE_SHIFT - 10), ms, v->reaped << (PAGE_SHIFT - 10),
	       (v->held - min(v->held, v->reaped)) << (PAGE_SHIFT - 10));
}

void oom_init(void)
{
	oom_reaper_init();
	reserve_hook = may_use_reserve;
	oom_hook = oom_killer;
}
