/* SPDX-License-Identifier: MIT */
/* Boot of process/: hooks that lower floors left open. */
#include "mm/mm.h"
#include "process/process.h"
#include "process/futex.h"
#include "process/signal.h"
#include "fs/fs.h"
#include "file/file.h"
#include "base/panic.h"

static void sigpipe(void)
{
	(void)send_signal(SIGPIPE, SEND_SIG_PRIV, current, false);
}

static void sigxfsz(void)
{
	(void)send_signal(SIGXFSZ, SEND_SIG_PRIV, current, false);
}

/* SIGKILL for every process that uses @mm: memory ran out. */
static void oom_kill(struct mm_struct *mm)
{
	struct task_struct *leader, *t;

	spin_lock(&tasklist_lock);
	for_each_process(leader) {
		for_each_thread(leader, t) {
			if (READ_ONCE(t->mm) != mm || (t->flags & PF_KTHREAD))
				continue;
			if (leader->tgid != mm->oom.pid)
				printk(KERN_ERR "Out of memory: Killed process %d (%s), which shares its "
						"memory",
				       leader->tgid, leader->comm);
			send_signal(SIGKILL, SEND_SIG_PRIV, t, true);
			break;
		}
	}
	spin_unlock(&tasklist_lock);
}

void process_init(void)
{
	oom_kill_hook = oom_kill;
	futex_init();
	sigpipe_hook = sigpipe;
	sigxfsz_hook = sigxfsz;
	signalfd_dequeue_hook = dequeue_signal;
	init_task.files = alloc_files();
	if (!init_task.files)
		panic("out of memory at boot");
}
