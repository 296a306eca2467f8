/* SPDX-License-Identifier: MIT */
/* Wait queues and completions. */
#include "sched/rq.h"
#include "abi/errno.h"

void init_waitqueue_head(struct wait_queue_head *wq)
{
	spin_lock_init(&wq->lock, "wait_queue", RANK_WAIT_QUEUE);
	INIT_LIST_HEAD(&wq->head);
}

void init_wait_entry(struct wait_queue_entry *entry, unsigned int flags)
{
	entry->flags = flags;
	entry->private = current;
	entry->func = autoremove_wake_function;
	INIT_LIST_HEAD(&entry->entry);
}

void init_waitqueue_func_entry(struct wait_queue_entry *entry, wait_queue_func_t func)
{
	entry->flags = 0;
	entry->private = NULL;
	entry->func = func;
	INIT_LIST_HEAD(&entry->entry);
}

bool default_wake_function(struct wait_queue_entry *entry, unsigned int mode, u64 key)
{
	return try_to_wake_up(entry->private, mode);
}

bool autoremove_wake_function(struct wait_queue_entry *entry, unsigned int mode, u64 key)
{
	bool woken = try_to_wake_up(entry->private, mode);

	/* The last access to @entry, which is on the sleeper's stack: see finish_wait(). */
	if (woken)
		list_del_init(&entry->entry);
	return woken;
}

void add_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	unsigned long flags;

	entry->flags &= ~WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&wq->lock, flags);
	list_add(&entry->entry, &wq->head);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void add_wait_queue_exclusive(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	unsigned long flags;

	entry->flags |= WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&wq->lock, flags);
	list_add_tail(&entry->entry, &wq->head);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void remove_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	unsigned long flags;

	spin_lock_irqsave(&wq->lock, flags);
	list_del_init(&entry->entry);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void prepare_to_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry, unsigned int state)
{
	unsigned long flags;

	entry->flags &= ~WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&wq->lock, flags);
	if (list_empty(&entry->entry))
		list_add(&entry->entry, &wq->head);
	set_current_state(state); /* barrier: queued and in this state before the caller looks at
				     its condition */
	spin_unlock_irqrestore(&wq->lock, flags);
}

void prepare_to_wait_exclusive_at(struct wait_queue_head *wq, struct wait_queue_entry *entry,
				  unsigned int state, bool last)
{
	struct list_head *before = &wq->head;
	unsigned long flags;

	entry->flags |= WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&wq->lock, flags);
	if (list_empty(&entry->entry)) {
		/* Those who are woken in any case stay in front of the exclusive ones. */
		while (!last && before->next != &wq->head &&
		       !(list_entry(before->next, struct wait_queue_entry, entry)->flags &
			 WQ_FLAG_EXCLUSIVE))
			before = before->next;
		if (last)
			list_add_tail(&entry->entry, &wq->head);
		else
			list_add(&entry->entry, before);
	}
	set_current_state(state);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void prepare_to_wait_exclusive(struct wait_queue_head *wq, struct wait_queue_entry *entry,
			       unsigned int state)
{
	prepare_to_wait_exclusive_at(wq, entry, state, true);
}

static noinline void finish_wait_slow(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	unsigned long flags;

	spin_lock_irqsave(&wq->lock, flags);
	list_del_init(&entry->entry);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void finish_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	__set_current_state(TASK_RUNNING);
	/* Both links point at the entry itself: a waker on another CPU took it off, and these
	 * stores were its last accesses. If only one does, it is at it: wait for it by taking the
	 * lock. */
	if (READ_ONCE(entry->entry.next) != &entry->entry ||
	    READ_ONCE(entry->entry.prev) != &entry->entry)
		finish_wait_slow(wq, entry);
}

void __wake_up_locked(struct wait_queue_head *wq, unsigned int mode, int nr_exclusive, u64 key)
{
	struct wait_queue_entry *entry, *next;

	list_for_each_entry_safe (entry, next, &wq->head, entry) {
		unsigned int flags =
			entry->flags; /* the entry may be gone once its task is awake */

		if (entry->func(entry, mode, key) && (flags & WQ_FLAG_EXCLUSIVE) &&
		    --nr_exclusive == 0)
			break;
	}
}

void __wake_up(struct wait_queue_head *wq, unsigned int mode, int nr_exclusive, u64 key)
{
	struct wait_queue_entry *first;
	unsigned long flags;
	unsigned int woken;

	if (!waitqueue_active(wq))
		return;
	spin_lock_irqsave(&wq->lock, flags);
	first = list_first_entry(&wq->head, struct wait_queue_entry, entry);
	if (likely(first->entry.next == &wq->head && !list_empty(&wq->head) &&
		   first->func == autoremove_wake_function)) {
		/* The usual case, one task waits, without a loop and an indirect call. */
		woken = try_to_wake_up_irq(first->private, mode);
		if (woken) {
			INIT_LIST_HEAD(&wq->head);
			INIT_LIST_HEAD(&first->entry); /* the last access, as in
							  autoremove_wake_function() */
		}
		spin_unlock(&wq->lock);
		wake_kick(woken);
	} else {
		wake_hold();
		__wake_up_locked(wq, mode, nr_exclusive, key);
		spin_unlock(&wq->lock);
		wake_release();
	}
	arch_irq_restore(flags);
}

/* ---- Completions ---- */

void init_completion(struct completion *c)
{
	c->done = 0;
	init_waitqueue_head(&c->wait);
}

void complete(struct completion *c)
{
	unsigned long flags;

	/* The unlock is the last access: a waiter must take the lock to see done, and may then free
	 * @c. */
	spin_lock_irqsave(&c->wait.lock, flags);
	if (c->done != UINT_MAX)
		c->done++;
	wake_hold();
	__wake_up_locked(&c->wait, TASK_NORMAL, 1, 0);
	spin_unlock(&c->wait.lock);
	wake_release();
	arch_irq_restore(flags);
}

void complete_all(struct completion *c)
{
	unsigned long flags;

	spin_lock_irqsave(&c->wait.lock, flags);
	c->done = UINT_MAX;
	wake_hold();
	__wake_up_locked(&c->wait, TASK_NORMAL, 0, 0);
	spin_unlock(&c->wait.lock);
	wake_release();
	arch_irq_restore(flags);
}

static int wait_for_completion_state(struct completion *c, unsigned int state)
{
	struct wait_queue_entry entry;
	unsigned long flags;
	int ret = 0;

	if (QUIRE_DEBUG)
		lock_check_may_sleep();
	init_wait_entry(&entry, WQ_FLAG_EXCLUSIVE);
	spin_lock_irqsave(&c->wait.lock, flags);
	while (!c->done) {
		if (signal_pending_state(state, current)) {
			ret = -ERESTARTSYS;
			break;
		}
		if (list_empty(&entry.entry))
			list_add_tail(&entry.entry, &c->wait.head);
		set_current_state(state);
		spin_unlock_irqrestore(&c->wait.lock, flags);
		schedule();
		spin_lock_irqsave(&c->wait.lock, flags);
	}
	__set_current_state(TASK_RUNNING);
	list_del_init(&entry.entry);
	if (!ret && c->done != UINT_MAX)
		c->done--;
	spin_unlock_irqrestore(&c->wait.lock, flags);
	return ret;
}

void wait_for_completion(struct completion *c)
{
	wait_for_completion_state(c, TASK_UNINTERRUPTIBLE);
}

int wait_for_completion_killable(struct completion *c)
{
	return wait_for_completion_state(c, TASK_KILLABLE);
}

bool completion_done(struct completion *c)
{
	unsigned long flags;
	bool done;

	spin_lock_irqsave(&c->wait.lock, flags);
	done = c->done != 0;
	spin_unlock_irqrestore(&c->wait.lock, flags);
	return done;
}
