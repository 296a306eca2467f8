/* SPDX-License-Identifier: MIT */
/* When memory has run out: who goes, and how its memory comes back. The whole is told in oom.c. */
#pragma once

#include "lib/types.h"

struct mm_struct;
struct task_struct;

#define OOM_SCORE_ADJ_MIN (-1000)
#define OOM_SCORE_ADJ_MAX 1000

/* Hook of fs/: pages of slab caches that its shrinkers could free. Takes spinlocks only. */
extern unsigned long (*oom_slab_reclaimable_hook)(void);

/* /proc/sys/vm. panic_on_oom: not 0: panic instead of killing. */
extern int sysctl_panic_on_oom, sysctl_oom_kill_allocating_task, sysctl_oom_dump_tasks;

/* Pages that killing @mm's users would give back (mapped, swapped out, page tables), shifted by
 * @adj thousandths of all memory and swap; LONG_MIN: they are not to be killed. */
long oom_badness(struct mm_struct *mm, int adj);
/* /proc/PID/oom_score of a process with that badness: 0..2000; 666 is one without memory. */
long oom_score(long badness);
/* All memory and swap, pages. */
unsigned long oom_total_pages(void);

/*
 * A fault of current failed for want of memory. If memory is short indeed, somebody is killed
 * (perhaps current), or is waited for. Returns when the access may be made again. Panics when it
 * never could succeed: nobody may be killed. No locks held; may sleep.
 */
void pagefault_out_of_memory(void);

/* mmput(), the last user of the victim @mm, around taking its mappings down. Before: waits for the
 * reaper to leave it. After: says in the log what came back. May sleep; no locks. */
void oom_exit_begin(struct mm_struct *mm);
void oom_exit_end(struct mm_struct *mm);

/* Boot: the page allocator's hooks; the reaper's thread, once tasks can be made. */
void oom_init(void);
