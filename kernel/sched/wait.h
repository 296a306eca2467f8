/* SPDX-License-Identifier: MIT */
/*
 * Wait queues. The sleeper puts itself on the queue, sets its state, checks its condition, sleeps;
 * the waker changes the condition, then wakes: no wake-up is lost.
 */
#pragma once

#include "lib/list.h"
#include "lib/atomic.h"
#include "base/spinlock.h"
#include "abi/errno.h" /* ERESTARTSYS */

struct task_struct;
struct wait_queue_entry;

/* Returns true if it woke somebody (counts against an exclusive wake-up). Queue lock held,
 * interrupts off. It may take the entry, and no other, off the queue. */
typedef bool (*wait_queue_func_t)(struct wait_queue_entry *entry, unsigned int mode, u64 key);

struct wait_queue_head {
	spinlock_t lock; /* RANK_WAIT_QUEUE, irq */
	struct list_head head;
};

#define WQ_FLAG_EXCLUSIVE 1

struct wait_queue_entry {
	unsigned int flags;
	void *private; /* task to wake, or the callback's own */
	wait_queue_func_t func;
	struct list_head entry;
};

#define WAIT_QUEUE_HEAD_INIT(name)                                                                 \
	{                                                                                          \
		.lock = SPIN_LOCK_INIT(#name, RANK_WAIT_QUEUE),                                    \
		.head = LIST_HEAD_INIT((name).head)                                                \
	}
#define DECLARE_WAIT_QUEUE_HEAD(name) struct wait_queue_head name = WAIT_QUEUE_HEAD_INIT(name)

void init_waitqueue_head(struct wait_queue_head *wq);
void init_wait_entry(struct wait_queue_entry *entry,
		     unsigned int flags); /* autoremove, for current */
void init_waitqueue_func_entry(struct wait_queue_entry *entry, wait_queue_func_t func);
/* Wake entry->private if its state is in @mode; the second also takes the entry off the queue if it
 * did. */
bool default_wake_function(struct wait_queue_entry *entry, unsigned int mode, u64 key);
bool autoremove_wake_function(struct wait_queue_entry *entry, unsigned int mode, u64 key);
/* At the head of the queue (exclusive entries go to its tail). Any context. */
void add_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry);
void add_wait_queue_exclusive(struct wait_queue_head *wq, struct wait_queue_entry *entry);
void remove_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry);

/* Queue @entry if it is not, and set current's state. */
void prepare_to_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry,
		     unsigned int state);
void prepare_to_wait_exclusive(struct wait_queue_head *wq, struct wait_queue_entry *entry,
			       unsigned int state);
/* The same, as the first or the last of the exclusive ones. */
void prepare_to_wait_exclusive_at(struct wait_queue_head *wq, struct wait_queue_entry *entry,
				  unsigned int state, bool last);
/* State back to TASK_RUNNING, entry off the queue. */
void finish_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry);

/* Wake tasks in one of the states @mode: all non-exclusive entries and @nr_exclusive exclusive ones
 * (0: all). @key is poll's events (0: any). Any context. */
void __wake_up(struct wait_queue_head *wq, unsigned int mode, int nr_exclusive, u64 key);
/* The same with wq->lock held. */
void __wake_up_locked(struct wait_queue_head *wq, unsigned int mode, int nr_exclusive, u64 key);
#define wake_up(wq)		      __wake_up(wq, TASK_NORMAL, 1, 0)
#define wake_up_all(wq)		      __wake_up(wq, TASK_NORMAL, 0, 0)
#define wake_up_interruptible(wq)     __wake_up(wq, TASK_INTERRUPTIBLE, 1, 0)
#define wake_up_interruptible_all(wq) __wake_up(wq, TASK_INTERRUPTIBLE, 0, 0)
#define wake_up_poll(wq, events)      __wake_up(wq, TASK_NORMAL, 1, events)

/* Does anybody wait? A full barrier before the look pairs with that of prepare_to_wait: the
 * condition was written before. __wake_up() asks this itself. */
static inline bool waitqueue_active(struct wait_queue_head *wq)
{
	smp_mb();
	return READ_ONCE(wq->head.next) != &wq->head;
}

/* Needs sched/sched.h and task/task.h at the place of use. 0, or -ERESTARTSYS by a signal. */
#define __wait_event(wq, cond, state, sleep)                                                       \
	({                                                                                         \
		struct wait_queue_entry __entry;                                                   \
		long __ret = 0;                                                                    \
		init_wait_entry(&__entry, 0);                                                      \
		for (;;) {                                                                         \
			prepare_to_wait(&(wq), &__entry, state);                                   \
			if (cond)                                                                  \
				break;                                                             \
			if (signal_pending_state(state, current)) {                                \
				__ret = -ERESTARTSYS;                                              \
				break;                                                             \
			}                                                                          \
			sleep;                                                                     \
			if (cond) /* mostly: no need to queue again for a look */                  \
				break;                                                             \
		}                                                                                  \
		finish_wait(&(wq), &__entry);                                                      \
		__ret;                                                                             \
	})
#define wait_event(wq, cond)                                                                       \
	do {                                                                                       \
		if (!(cond))                                                                       \
			(void)__wait_event(wq, cond, TASK_UNINTERRUPTIBLE, schedule());            \
	} while (0)
#define wait_event_interruptible(wq, cond)                                                         \
	((cond) ? 0 : __wait_event(wq, cond, TASK_INTERRUPTIBLE, schedule()))
#define wait_event_killable(wq, cond)                                                              \
	((cond) ? 0 : __wait_event(wq, cond, TASK_KILLABLE, schedule()))

/* One event that happens once. The waiter may free it as soon as its wait returns. */
struct completion {
	unsigned int done; /* wait.lock; UINT_MAX: for all who ever wait */
	struct wait_queue_head wait;
};
void init_completion(struct completion *c);
/* Let one waiter go on, or all. Any context. */
void complete(struct completion *c);
void complete_all(struct completion *c);
void wait_for_completion(struct completion *c);
int wait_for_completion_killable(struct completion *c); /* 0 or -ERESTARTSYS */
bool completion_done(struct completion *c);
