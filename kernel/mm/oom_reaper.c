/* SPDX-License-Identifier: MIT */
/*
 * The OOM reaper: a victim's memory comes back even if the victim sleeps in the kernel and
 * does not get to die.
 *
 *	killed		+ REAPER_DELAY		+ REAPER_TRIES * REAPER_DELAY
 *	 |  it may end by itself  |  mmap_lock is tried for, and its   |  given up
 *	 |  and tell its robust   |  private pages are dropped	       |
 *	 |  futexes' other users  |				       |
 *
 * It takes what nobody else needs: private mappings, as far as their page tables are the victim's
 * alone (zap_range() passes shared ones over). Files and shared memory, whose pages others may
 * want, come free by reclaim or with their last mapping.
 *
 * From the moment it begins a page that is missing has lost its contents: oom_reaped makes faults
 * on private memory fail (SIGBUS, and EFAULT for the kernel's copies, which may be writing that
 * memory to a file just now). The victim's threads cannot have a look in user mode before they die,
 * as all have SIGKILL, and what a fork in progress copied of it dies before it has run.
 *
 * Locks: mmap_lock for reading, never waited for; oom_exit_begin() keeps the last user from taking
 * the mappings down meanwhile. It allocates nothing.
 */
#include "mm/oom.h"
#include "mm/oom_internal.h"
#include "mm/internal.h"
#include "mm/zap.h"
#include "base/panic.h"
#include "base/printk.h"
#include "lib/err.h"
#include "sched/sched.h"

#define REAPER_DELAY (50 * NSEC_PER_MSEC)
#define REAPER_TRIES 10

static DECLARE_WAIT_QUEUE_HEAD(reaper_wait);

static unsigned long kib(unsigned long pages)
{
	return pages << (PAGE_SHIFT - 10);
}

static unsigned long reapable_pages(struct mm_struct *mm)
{
	return get_mm_rss(mm) + get_mm_counter(mm, MM_SWAPENTS);
}

void oom_reap_mm(struct mm_struct *mm)
{
	unsigned long rss = get_mm_rss(mm);
	struct vm_area_struct *vma;
	struct zap zap;

	if (mm->hiwater_rss < rss)
		mm->hiwater_rss = rss;
	mm->oom_reaped = true;
	for_each_vma (mm, vma)
		WRITE_ONCE(vma->oom_reaped, true);
	for_each_vma (mm, vma) {
		if (vma->vm_flags & (VM_SHARED | VM_PFNMAP | VM_IO))
			continue;
		gather_init(&zap.gather, mm, false);
		zap.vma = vma;
		zap.keep_anon = zap.shared = false;
		zap_range(&zap, vma->vm_start, vma->vm_end);
		gather_flush(&zap.gather);
	}
}

/* True if there is nothing more to be done for @mm. */
static bool try_to_reap(struct mm_struct *mm)
{
	unsigned long before, after;

	if (!down_read_trylock(&mm->mmap_lock))
		return false;
	/* Without users it is being taken down, or will be as soon as we let go. */
	if (refcount_read(&mm->mm_users)) {
		before = reapable_pages(mm);
		oom_reap_mm(mm);
		after = reapable_pages(mm);
		mm->oom.reaped = before - min(before, after);
		printk("oom_reaper: reaped process %d (%s), now anon-rss:%lukB, file-rss:%lukB, "
		       "shmem-rss:%lukB",
		       mm->oom.pid, mm->oom.comm, kib(get_mm_counter(mm, MM_ANONPAGES)),
		       kib(get_mm_counter(mm, MM_FILEPAGES)),
		       kib(get_mm_counter(mm, MM_SHMEMPAGES)));
	}
	up_read(&mm->mmap_lock);
	return true;
}

/* A victim whose time has come, with a reference to the struct, or NULL. *more: some are to be
 * looked at again. */
static struct mm_struct *due_victim(u64 now, u64 *looked_at, bool *more)
{
	struct mm_struct *mm, *due = NULL;

	spin_lock(&oom_lock);
	list_for_each_entry (mm, &oom_victims, oom.link) {
		if (mm->oom.reaped_at)
			continue;
		*more = true;
		/* Each once a round: the list is in order of time. */
		if (due || mm->oom.killed_at <= *looked_at ||
		    now < mm->oom.killed_at + REAPER_DELAY)
			continue;
		due = mm;
		*looked_at = mm->oom.killed_at;
		mmgrab(due);
	}
	spin_unlock(&oom_lock);
	return due;
}

bool oom_reap_round(void)
{
	u64 now = ktime_get(), looked_at = 0;
	struct mm_struct *mm;
	bool more = false, done;

	while ((mm = due_victim(now, &looked_at, &more))) {
		done = try_to_reap(mm);
		if (!done && now > mm->oom.killed_at + (REAPER_TRIES + 1) * REAPER_DELAY) {
			printk("oom_reaper: unable to reap process %d (%s): its mmap_lock is held",
			       mm->oom.pid, mm->oom.comm);
			done = true;
		}
		if (done) {
			spin_lock(&oom_lock);
			mm->oom.reaped_at = ktime_get();
			spin_unlock(&oom_lock);
		}
		mmdrop(mm);
	}
	return more;
}

void oom_reaper_wake(void)
{
	wake_up(&reaper_wait);
}

/* Is there a victim to come back to? */
static bool victims_left(void)
{
	struct mm_struct *mm;
	bool left = false;

	spin_lock(&oom_lock);
	list_for_each_entry (mm, &oom_victims, oom.link)
		left |= !mm->oom.reaped_at;
	spin_unlock(&oom_lock);
	return left;
}

static int oom_reaper(void *unused)
{
	current->flags |= PF_MEMALLOC;
	for (;;) {
		(void)wait_event_interruptible(reaper_wait, victims_left());
		while (oom_reap_round()) {
			__set_current_state(TASK_UNINTERRUPTIBLE);
			schedule_timeout(REAPER_DELAY);
		}
	}
	return 0;
}

void oom_reaper_init(void)
{
	if (IS_ERR(kthread_run(oom_reaper, NULL, "oom_reaper")))
		panic("no memory for the OOM reaper");
}
