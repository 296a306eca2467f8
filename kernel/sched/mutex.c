/* SPDX-License-Identifier: MIT */
/*
 * Mutexes. The owner word is all there is to an uncontended one. A waiter queues itself, then looks
 * at the owner again; who unlocks clears the owner, then looks at the queue, with a full barrier
 * between the two on both sides: one of them sees the other.
 */
#include "sched/rq.h"
#include "abi/errno.h"

void mutex_init(struct mutex *m, const char *name, enum lock_rank rank)
{
	m->owner = NULL;
	m->rank = rank;
	m->name = name;
	init_waitqueue_head(&m->wait);
}

static inline bool mutex_acquire(struct mutex *m)
{
	struct task_struct *none = NULL;

	return try_cmpxchg(&m->owner, &none, current);
}

static bool mutex_spin(struct mutex *m)
{
	int spins;

	if (!READ_ONCE(sched_smp))
		return false;
	for (spins = LOCK_SPINS; spins && !need_resched(); spins--) {
		if (!READ_ONCE(m->owner) && mutex_acquire(m))
			return true;
		arch_cpu_relax();
	}
	return false;
}

/* 0, or -ERESTARTSYS by a signal that @state lets end the wait. */
static int mutex_sleep(struct mutex *m, unsigned int state)
{
	struct wait_queue_entry entry;
	bool first = true;
	int ret = 0;

	init_wait_entry(&entry, 0);
	for (;;) {
		prepare_to_wait_exclusive_at(&m->wait, &entry, state, first);
		first = false; /* woken in vain by a task that was quicker: back to the head of the
				  queue */
		if (mutex_acquire(m))
			break;
		if (signal_pending_state(state, current)) {
			ret = -ERESTARTSYS;
			break;
		}
		schedule();
	}
	finish_wait(&m->wait, &entry);
	/* A wake-up that reached a waiter who gave up belongs to the next one. */
	if (ret && !READ_ONCE(m->owner))
		wake_up(&m->wait);
	return ret;
}

static noinline int mutex_lock_slow(struct mutex *m, unsigned int state)
{
	u64 began = QUIRE_DEBUG ? arch_clock_ns() : 0;
	int ret = 0;

	if (!mutex_spin(m))
		ret = mutex_sleep(m, state);
	if (QUIRE_DEBUG && ret)
		lock_gave_up(m);
	else if (QUIRE_DEBUG)
		lock_waited(m, began);
	return ret;
}

static inline int mutex_lock_state(struct mutex *m, unsigned int state, bool nested)
{
	if (QUIRE_DEBUG)
		lock_push(m, m->name, m->rank, nested);
	if (likely(mutex_acquire(m)))
		return 0;
	return mutex_lock_slow(m, state);
}

void mutex_lock(struct mutex *m)
{
	mutex_lock_state(m, TASK_UNINTERRUPTIBLE, false);
}

void mutex_lock_nested(struct mutex *m)
{
	mutex_lock_state(m, TASK_UNINTERRUPTIBLE, true);
}

int mutex_lock_interruptible(struct mutex *m)
{
	return mutex_lock_state(m, TASK_INTERRUPTIBLE, false);
}

int mutex_lock_killable(struct mutex *m)
{
	return mutex_lock_state(m, TASK_KILLABLE, false);
}

bool mutex_trylock(struct mutex *m)
{
	if (!mutex_acquire(m))
		return false;
	if (QUIRE_DEBUG)
		lock_push(m, m->name, RANK_NONE, true); /* cannot deadlock: no check of order */
	return true;
}

void mutex_unlock(struct mutex *m)
{
	if (QUIRE_DEBUG) {
		BUG_ON(m->owner != current);
		lock_pop(m);
	}
	(void)xchg(&m->owner, NULL); /* full barrier before the look at the queue */
	if (unlikely(!list_empty(&m->wait.head)))
		wake_up(&m->wait);
}

bool mutex_is_locked(struct mutex *m)
{
	return READ_ONCE(m->owner) != NULL;
}
