/* SPDX-License-Identifier: MIT */
/*
 * Out of memory: the address space that holds the most pages goes, since that frees the most and
 * the one that eats all is most likely it. A victim that is already dying is waited for, not joined
 * by a second.
 */
#include "mm/oom.h"
#include "mm/mm.h"
#include "mm/internal.h"
#include "base/panic.h"
#include "base/printk.h"
#include "sched/sched.h"
#include "abi/signal.h"

void (*oom_kill_hook)(struct mm_struct *mm);

long oom_badness(const struct mm_struct *mm)
{
	long pages = get_mm_counter((struct mm_struct *)mm, MM_ANONPAGES) +
		     (atomic64_read(&mm->pgtables_bytes) >> PAGE_SHIFT);
	long adj = READ_ONCE(mm->oom_score_adj);

	return adj == OOM_SCORE_ADJ_MIN || mm->unkillable ? LONG_MIN : pages + adj * (long)totalram_pages() / 1000;
}

/* A victim that has not gone after this long may be waiting for somebody who waits for memory. */
#define VICTIM_PATIENCE NSEC_PER_SEC

static u64 last_kill; /* ns; mmlist_lock */

/* The mm to kill, with a user reference; NULL if a victim is still on its way out. Panics when
 * nobody may be killed. */
static struct mm_struct *choose_victim(unsigned long *pages)
{
	struct mm_struct *mm, *worst = NULL;
	bool wait = ktime_get() < last_kill + VICTIM_PATIENCE, dying = false;
	long most = LONG_MIN;

	*pages = 0;
	spin_lock(&mmlist_lock);
	list_for_each_entry (mm, &mm_list, mmlist) {
		long points = oom_badness(mm);

		if (!refcount_read(&mm->mm_users)) {
			dying = true; /* its pages are being freed just now */
			continue;
		}
		if (mm->oom_victim) {
			dying = true;
			if (!wait)
				continue;
			worst = NULL;
			break;
		}
		if (points > most) {
			most = points;
			worst = mm;
		}
	}
	if (!worst && !dying)
		panic("out of memory, and no process may be killed");
	if (worst && !refcount_inc_not_zero(&worst->mm_users))
		worst = NULL;
	if (worst) {
		worst->oom_victim = true;
		last_kill = ktime_get();
		*pages = get_mm_counter(worst, MM_ANONPAGES) +
			 (atomic64_read(&worst->pgtables_bytes) >> PAGE_SHIFT);
	}
	spin_unlock(&mmlist_lock);
	return worst;
}

void out_of_memory(void)
{
	unsigned long pages;
	struct mm_struct *victim = choose_victim(&pages);

	if (victim) {
		printk("out of memory: %lu pages of one address space are the most of all by its "
		       "score; %lu pages free",
		       pages, nr_free_pages());
		if (oom_kill_hook)
			oom_kill_hook(victim);
		else
			force_sig_fault_hook(SIGKILL, SI_KERNEL, 0);
		mmput(victim);
	}
	/* Give the victim time to die; a current that is killed itself has nothing to wait for. */
	if (!fatal_signal_pending(current)) {
		__set_current_state(TASK_KILLABLE);
		schedule_timeout(NSEC_PER_MSEC);
	}
}
