/* SPDX-License-Identifier: MIT */
/*
 * Readers-writer semaphores, fair by order of arrival.
 *
 * While nobody waits, everything is one cmpxchg or add on count. A task that cannot have it queues
 * itself under lock and sets RWSEM_WAITERS; from then on nobody gets in but by grant(), which under
 * lock gives the semaphore to the head of the queue: one writer, or all readers up to the next
 * writer. Meanwhile count changes outside lock only by holders that leave, and the one who leaves
 * it free calls grant(): the one after whose atomic operation no holder is left sees RWSEM_WAITERS
 * in the value it got, or the waiter, who looks at count after setting it, sees no holder.
 */
#include "sched/rq.h"
#include "abi/errno.h"

struct rwsem_waiter {
	struct list_head entry;
	struct task_struct *task; /* NULL: granted; the waiter may be gone */
	bool write;
};

void init_rwsem(struct rwsem *s, const char *name, enum lock_rank rank)
{
	s->count = 0;
	s->rank = rank;
	s->name = name;
	s->writer = NULL;
	spin_lock_init(&s->lock, name, RANK_WAIT_QUEUE);
	INIT_LIST_HEAD(&s->waiters);
}

static unsigned long lock_waiters(struct rwsem *s)
{
	unsigned long flags;

	wake_hold(); /* grant() wakes under it */
	spin_lock_irqsave(&s->lock, flags);
	return flags;
}

static void unlock_waiters(struct rwsem *s, unsigned long flags)
{
	spin_unlock_irqrestore(&s->lock, flags);
	wake_release();
}

/* lock held: hand the semaphore to whom it is due. */
static void rwsem_grant(struct rwsem *s)
{
	struct rwsem_waiter *w, *next;
	struct task_struct *task;
	u32 free;

	list_for_each_entry_safe (w, next, &s->waiters, entry) {
		if (w->write) {
			free = RWSEM_WAITERS;
			if (!try_cmpxchg(&s->count, &free, RWSEM_WAITERS | RWSEM_WRITER))
				break;
		} else {
			if (READ_ONCE(s->count) & RWSEM_WRITER)
				break;
			__atomic_fetch_add(&s->count, 1, __ATOMIC_ACQUIRE);
		}
		list_del(&w->entry);
		/* Once task is NULL the waiter may return and @w be gone, and the task exit: hold
		 * it. */
		task = get_task_struct(w->task);
		smp_store_release(&w->task, NULL);
		wake_up_process(task);
		put_task_struct(task);
	}
	if (list_empty(&s->waiters))
		__atomic_fetch_and(&s->count, ~RWSEM_WAITERS, __ATOMIC_RELAXED);
}

static noinline void rwsem_wake(struct rwsem *s)
{
	unsigned long flags;

	flags = lock_waiters(s);
	if (!list_empty(&s->waiters))
		rwsem_grant(s);
	unlock_waiters(s, flags);
}

/* A signal ended the wait: leave the queue, unless granted meanwhile. True if left. */
static bool rwsem_give_up(struct rwsem *s, struct rwsem_waiter *w)
{
	unsigned long flags;
	bool waiting;

	flags = lock_waiters(s);
	waiting = w->task != NULL;
	if (waiting) {
		list_del(&w->entry);
		rwsem_grant(s); /* readers behind a writer that leaves may go in */
	}
	unlock_waiters(s, flags);
	return waiting;
}

static inline bool read_acquire(struct rwsem *s)
{
	u32 count = READ_ONCE(s->count);

	while (likely(!(count & (RWSEM_WRITER | RWSEM_WAITERS)))) {
		if (try_cmpxchg(&s->count, &count, count + 1))
			return true;
	}
	return false;
}

static inline bool write_acquire(struct rwsem *s)
{
	u32 free = 0;

	return try_cmpxchg(&s->count, &free, RWSEM_WRITER);
}

/* As long as nobody sleeps for it, try again for a while. */
static bool rwsem_spin(struct rwsem *s, bool write)
{
	int spins;

	if (!READ_ONCE(sched_smp))
		return false;
	for (spins = LOCK_SPINS; spins && !need_resched(); spins--) {
		if (READ_ONCE(s->count) & RWSEM_WAITERS)
			return false;
		if (write ? write_acquire(s) : read_acquire(s))
			return true;
		arch_cpu_relax();
	}
	return false;
}

static int rwsem_sleep(struct rwsem *s, bool write, unsigned int state)
{
	struct rwsem_waiter w = {.task = current, .write = write};
	unsigned long flags;

	flags = lock_waiters(s);
	list_add_tail(&w.entry, &s->waiters);
	__atomic_fetch_or(&s->count, RWSEM_WAITERS, __ATOMIC_SEQ_CST);
	rwsem_grant(s); /* it may have become free before it said that we wait */
	unlock_waiters(s, flags);
	for (;;) {
		set_current_state(state);
		if (!smp_load_acquire(&w.task))
			break;
		if (signal_pending_state(state, current)) {
			__set_current_state(TASK_RUNNING);
			if (rwsem_give_up(s, &w))
				return -ERESTARTSYS;
			break;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static noinline int rwsem_wait(struct rwsem *s, bool write, unsigned int state)
{
	u64 began = QUIRE_DEBUG ? arch_clock_ns() : 0;
	int ret = 0;

	if (!rwsem_spin(s, write))
		ret = rwsem_sleep(s, write, state);
	if (QUIRE_DEBUG && ret)
		lock_gave_up(s);
	else if (QUIRE_DEBUG)
		lock_waited(s, began);
	return ret;
}

/* ---- Readers ---- */

static inline int read_lock(struct rwsem *s, unsigned int state, bool nested)
{
	if (QUIRE_DEBUG)
		lock_push_shared(s, s->name, s->rank, nested);
	if (likely(read_acquire(s)))
		return 0;
	return rwsem_wait(s, false, state);
}

void down_read(struct rwsem *s)
{
	read_lock(s, TASK_UNINTERRUPTIBLE, false);
}

void down_read_nested(struct rwsem *s)
{
	read_lock(s, TASK_UNINTERRUPTIBLE, true);
}

int down_read_killable(struct rwsem *s)
{
	return read_lock(s, TASK_KILLABLE, false);
}

bool down_read_trylock(struct rwsem *s)
{
	if (!read_acquire(s))
		return false;
	if (QUIRE_DEBUG)
		lock_push_shared(s, s->name, RANK_NONE, true); /* cannot deadlock: no check of order */
	return true;
}

void up_read(struct rwsem *s)
{
	u32 count;

	if (QUIRE_DEBUG)
		lock_pop(s);
	count = __atomic_sub_fetch(&s->count, 1, __ATOMIC_SEQ_CST);
	if (QUIRE_DEBUG)
		BUG_ON((count & RWSEM_READERS) == RWSEM_READERS);
	if (unlikely(count == RWSEM_WAITERS))
		rwsem_wake(s);
}

/* ---- Writers ---- */

static inline int write_lock(struct rwsem *s, unsigned int state, bool nested)
{
	int ret;

	if (QUIRE_DEBUG)
		lock_push(s, s->name, s->rank, nested);
	if (unlikely(!write_acquire(s))) {
		ret = rwsem_wait(s, true, state);
		if (ret)
			return ret;
	}
	s->writer = current;
	return 0;
}

void down_write(struct rwsem *s)
{
	write_lock(s, TASK_UNINTERRUPTIBLE, false);
}

void down_write_nested(struct rwsem *s)
{
	write_lock(s, TASK_UNINTERRUPTIBLE, true);
}

int down_write_killable(struct rwsem *s)
{
	return write_lock(s, TASK_KILLABLE, false);
}

bool down_write_trylock(struct rwsem *s)
{
	if (!write_acquire(s))
		return false;
	if (QUIRE_DEBUG)
		lock_push(s, s->name, RANK_NONE, true);
	s->writer = current;
	return true;
}

void up_write(struct rwsem *s)
{
	if (QUIRE_DEBUG) {
		BUG_ON(s->writer != current);
		lock_pop(s);
	}
	s->writer = NULL;
	if (unlikely(__atomic_and_fetch(&s->count, ~RWSEM_WRITER, __ATOMIC_SEQ_CST)))
		rwsem_wake(s);
}

void downgrade_write(struct rwsem *s)
{
	if (QUIRE_DEBUG) {
		BUG_ON(s->writer != current);
		lock_now_shared(s);
	}
	s->writer = NULL;
	/* Writer out, one reader in: adding the negative of one bit and 1 is one atomic step. */
	if (__atomic_add_fetch(&s->count, 1 - RWSEM_WRITER, __ATOMIC_SEQ_CST) & RWSEM_WAITERS)
		rwsem_wake(s);
}

bool rwsem_is_locked(struct rwsem *s)
{
	return (READ_ONCE(s->count) & (RWSEM_WRITER | RWSEM_READERS)) != 0;
}
