/* SPDX-License-Identifier: MIT */
/* What a panic tells about the task it hit. */
#include "sched/rq.h"
#include "base/panic.h"

static void show_current(void)
{
	struct task_struct *p = current;
	struct rq *rq = this_rq();

	if (!p)
		return;
	printk("CPU %u, task %d (%s) of process %d, state %x, flags %x, mm %p\n", rq->cpu, p->pid,
	       p->comm, p->tgid, p->state, p->flags, p->mm);
	printk("Run queue: %u runnable, %u of them real time; %llu switches\n", rq->nr_running,
	       rq->rt.nr_running, rq->nr_switches);
}

void sched_show_init(void)
{
	panic_show_task = show_current;
}
