/* SPDX-License-Identifier: MIT */
/* Deferred work: one kernel thread runs what others, interrupt handlers above all, leave to it. */
#include "sched/sched.h"
#include "lib/err.h"

static DEFINE_SPINLOCK(work_lock, RANK_IRQ_LEAF);
static LIST_HEAD(work_list); /* work_lock */
static DECLARE_WAIT_QUEUE_HEAD(work_wait);

void init_work(struct work_struct *w, void (*fn)(struct work_struct *))
{
	INIT_LIST_HEAD(&w->entry);
	w->fn = fn;
	w->queued = false;
}

void schedule_work(struct work_struct *w)
{
	unsigned long flags;
	bool fresh;

	spin_lock_irqsave(&work_lock, flags);
	fresh = !w->queued;
	if (fresh) {
		w->queued = true;
		list_add_tail(&w->entry, &work_list);
	}
	spin_unlock_irqrestore(&work_lock, flags);
	if (fresh)
		wake_up(&work_wait);
}

static struct work_struct *next_work(void)
{
	struct work_struct *w;
	unsigned long flags;

	spin_lock_irqsave(&work_lock, flags);
	w = list_first_entry_or_null(&work_list, struct work_struct, entry);
	if (w) {
		list_del_init(&w->entry);
		w->queued = false; /* from here on it may be queued again, or freed by its own fn */
	}
	spin_unlock_irqrestore(&work_lock, flags);
	return w;
}

static int worker(void *arg)
{
	struct work_struct *w;

	for (;;) {
		(void)wait_event_interruptible(work_wait, !list_empty(&work_list));
		while ((w = next_work())) {
			w->fn(w);
			cond_resched();
		}
	}
	return 0;
}

void workqueue_init(void)
{
	BUG_ON(IS_ERR(kthread_run(worker, NULL, "kworker")));
}

struct flush_work {
	struct work_struct work;
	struct completion done;
};

static void flush_fn(struct work_struct *w)
{
	complete(&container_of(w, struct flush_work, work)->done);
}

void flush_scheduled_work(void)
{
	struct flush_work flush;

	/* There is one worker, and it works in order. */
	init_work(&flush.work, flush_fn);
	init_completion(&flush.done);
	schedule_work(&flush.work);
	wait_for_completion(&flush.done);
}
