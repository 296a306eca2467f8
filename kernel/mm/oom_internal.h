/* SPDX-License-Identifier: MIT */
/* Inside the OOM killer: oom.c decides, oom_report.c tells, oom_reaper.c takes. */
#pragma once

#include "lib/list.h"
#include "page/gfp.h"
#include "task/task.h"

struct mm_struct;

/* An allocation that could not be had. */
struct oom_request {
	gfp_t gfp;
	unsigned int order;
};

/* A process as the killer saw it. Pages, but for pgtables_bytes. */
struct oom_row {
	pid_t pid;
	uid_t uid;
	char comm[TASK_COMM_LEN];
	short adj;
	unsigned long total_vm, anon, file, shmem, swapents, pgtables_bytes;
	long badness; /* LONG_MIN: not to be killed */
	bool victim;  /* was chosen before */
};

/* The processes with memory of their own, worst first. */
#define OOM_ROWS 64
struct oom_table {
	struct oom_row rows[OOM_ROWS];
	unsigned int nr;
	unsigned int more;	  /* processes there was no room for */
	unsigned long more_pages; /* that they hold */
	/* The one to kill, with references; NULL: none. */
	struct task_struct *task; /* a thread of it that had @mm */
	struct mm_struct *mm;
	struct oom_row chosen, next; /* next: the runner-up; pid 0: there is none */
	bool allocating;	     /* chosen since it asked */
};

static inline unsigned long oom_row_pages(const struct oom_row *row)
{
	return row->anon + row->file + row->shmem + row->swapents +
	       (row->pgtables_bytes >> PAGE_SHIFT);
}

/* Into the log: who asked, who holds the memory, the processes (sysctl_oom_dump_tasks). */
void oom_report_memory(const struct oom_request *r);
void oom_report_tasks(const struct oom_table *table);
/* ...who goes, and why. */
void oom_report_choice(const struct oom_table *table);

/* Victims that are not gone yet, by mm->oom.link; their mms are not freed while on it. */
extern struct list_head oom_victims;
extern spinlock_t oom_lock;

/* There is a new victim. Any task context. */
void oom_reaper_wake(void);
/* Drop what @mm alone can reach: private pages in private tables; from now on a missing one is not
 * replaced. mmap_lock held for reading. Allocates nothing; may sleep. */
void oom_reap_mm(struct mm_struct *mm);
/* One round of the reaper: look at each victim whose time has come. True: some are left to come
 * back to. */
bool oom_reap_round(void);
void oom_reaper_init(void);
