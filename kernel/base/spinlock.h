/* SPDX-License-Identifier: MIT */
/* Spinlocks. The kernel is not preemptible, so holding one only keeps the task from sleeping. */
#pragma once

#include "arch/arch.h"
#include "lib/bug.h"
#include "base/lock_rank.h"

typedef struct spinlock {
	u32 locked;
	u8 rank;	  /* enum lock_rank */
	u8 cpu;		  /* debug: holder's CPU + 1 */
	const char *name; /* for panics */
} spinlock_t;

#define SPIN_LOCK_INIT(lockname, lockrank)                                                         \
	{                                                                                          \
		.rank = (lockrank), .name = (lockname)                                             \
	}
#define DEFINE_SPINLOCK(var, rank) spinlock_t var = SPIN_LOCK_INIT(#var, rank)

static inline void spin_lock_init(spinlock_t *lock, const char *name, enum lock_rank rank)
{
	*lock = (spinlock_t)SPIN_LOCK_INIT(name, rank);
}

/* Debug half, base/spinlock.c: rank check and the CPU's list of held locks. */
void lock_check_acquire(spinlock_t *lock, bool nested);
void lock_note_acquired(
	spinlock_t *lock); /* after a trylock, which cannot deadlock: no check of order */
void lock_check_release(spinlock_t *lock);
/* Panics (debug) if this CPU holds a spinlock: called before sleeping. */
void lock_check_may_sleep(void);
/* Number of spinlocks this CPU holds (debug kernels; 0 in release). */
unsigned int locks_held(void);
/* Print the spinlocks of this CPU and the sleeping locks of its task with printk (panic). Any
 * context. */
void locks_show_held(void);
/*
 * Sleeping locks take part in the rank check: mutex and rwsem call these (debug kernels) for
 * arch_current(), push before they may sleep for the lock, pop when it is released (or was not
 * got). @lock: its address, @name kept by reference. Push panics if a spinlock is held or the rank
 * is not above those held (equal if @nested).
 */
void lock_push(const void *lock, const char *name, enum lock_rank rank, bool nested);
/* The same to share it with others, which counts apart (base/lock_stat.h). */
void lock_push_shared(const void *lock, const char *name, enum lock_rank rank, bool nested);
void lock_pop(const void *lock);
/* @lock, pushed, was had only after a wait since @began (arch_clock_ns()); or the wait was given up:
 * this instead of pop. */
void lock_waited(const void *lock, u64 began);
void lock_gave_up(const void *lock);
/* @lock, held alone, is shared from now on. */
void lock_now_shared(const void *lock);
/* True if the current task holds @lock as pushed above (debug kernels; true in release). */
bool lock_is_held(const void *lock);
/* Contended acquire: spins. */
void spin_lock_slow(spinlock_t *lock);
/* Debug: the last lock that lock_check_acquire() noted on this CPU was had only after spinning since
 * @began (arch_clock_ns()). */
void lock_spun(u64 began);

static inline void __spin_lock(spinlock_t *lock, bool nested)
{
	if (QUIRE_DEBUG)
		lock_check_acquire(lock, nested);
	if (unlikely(__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE)))
		spin_lock_slow(lock);
}

/* Take @lock. Interrupt state untouched: only for locks never taken in interrupt handlers, or with
 * them off. */
static inline void spin_lock(spinlock_t *lock)
{
	__spin_lock(lock, false);
}

/* A second lock of the same rank (the caller orders them). */
static inline void spin_lock_nested(spinlock_t *lock)
{
	__spin_lock(lock, true);
}

static inline void spin_unlock(spinlock_t *lock)
{
	if (QUIRE_DEBUG)
		lock_check_release(lock);
	__atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
}

static inline bool spin_trylock(spinlock_t *lock)
{
	if (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE))
		return false;
	if (QUIRE_DEBUG)
		lock_note_acquired(lock);
	return true;
}

static inline unsigned long __spin_lock_irqsave(spinlock_t *lock)
{
	unsigned long flags = arch_irq_save();

	spin_lock(lock);
	return flags;
}

/* Take @lock with interrupts off; @flags (unsigned long) receives the state to restore. */
#define spin_lock_irqsave(lock, flags) ((flags) = __spin_lock_irqsave(lock))

static inline void spin_unlock_irqrestore(spinlock_t *lock, unsigned long flags)
{
	spin_unlock(lock);
	arch_irq_restore(flags);
}

static inline void spin_lock_irq(spinlock_t *lock)
{
	arch_irq_disable();
	spin_lock(lock);
}

static inline void spin_unlock_irq(spinlock_t *lock)
{
	spin_unlock(lock);
	arch_irq_enable();
}

static inline bool spin_is_locked(const spinlock_t *lock)
{
	return __atomic_load_n(&lock->locked, __ATOMIC_RELAXED);
}

#define assert_spin_locked(lock)                                                                   \
	do {                                                                                       \
		if (QUIRE_DEBUG)                                                                   \
			BUG_ON(!spin_is_locked(lock));                                             \
	} while (0)
