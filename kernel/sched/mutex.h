/* SPDX-License-Identifier: MIT */
/*
 * Sleeping locks. Ranked like spinlocks (base/lock_rank.h) and checked in debug kernels: taken in
 * the order of their ranks, by a task without spinlocks, released by the task that took them.
 */
#pragma once

#include "sched/wait.h"

/* One owner. Who asks while it is free gets it, also before tasks that were just woken for it. */
struct mutex {
	struct task_struct *owner; /* NULL: free; atomic */
	u8 rank;
	const char *name;
	struct wait_queue_head wait;
};

#define MUTEX_INIT(mutexname, mutexrank)                                                           \
	{                                                                                          \
		.rank = (mutexrank), .name = #mutexname,                                           \
		.wait = WAIT_QUEUE_HEAD_INIT((mutexname).wait)                                     \
	}
#define DEFINE_MUTEX(var, rank) struct mutex var = MUTEX_INIT(var, rank)

void mutex_init(struct mutex *m, const char *name, enum lock_rank rank);
/* Take it; sleeps while another task has it. */
void mutex_lock(struct mutex *m);
void mutex_lock_nested(struct mutex *m); /* second of the same rank; caller orders */
/* 0, or -ERESTARTSYS when a signal (a fatal one) came first. */
int mutex_lock_interruptible(struct mutex *m);
int mutex_lock_killable(struct mutex *m);
/* True if taken. Never sleeps. */
bool mutex_trylock(struct mutex *m);
/* Never sleeps. The mutex may still be looked at after another task has it: it must outlive this
 * call. */
void mutex_unlock(struct mutex *m);
bool mutex_is_locked(struct mutex *m);

/* Many readers or one writer, in the order they came: a waiting writer stops new readers. */
struct rwsem {
	u32 count; /* atomic: readers, RWSEM_WRITER, RWSEM_WAITERS */
	u8 rank;
	const char *name;
	struct task_struct *writer; /* for reports */
	spinlock_t lock;	    /* RANK_WAIT_QUEUE, irq: waiters */
	struct list_head waiters;   /* in the order of arrival */
};

#define RWSEM_WRITER 0x80000000u
#define RWSEM_WAITERS                                                                              \
	0x40000000u /* the list is not empty: every change but a reader's leaving takes lock */
#define RWSEM_READERS 0x3fffffffu

#define RWSEM_INIT(semname, semrank)                                                               \
	{                                                                                          \
		.rank = (semrank), .name = #semname,                                               \
		.lock = SPIN_LOCK_INIT(#semname, RANK_WAIT_QUEUE),                                 \
		.waiters = LIST_HEAD_INIT((semname).waiters)                                       \
	}
#define DECLARE_RWSEM(var, rank) struct rwsem var = RWSEM_INIT(var, rank)

void init_rwsem(struct rwsem *s, const char *name, enum lock_rank rank);
/* As for mutexes: the plain ones sleep until they have it, killable ones return 0 or -ERESTARTSYS.
 */
void down_read(struct rwsem *s);
void down_read_nested(struct rwsem *s);
bool down_read_trylock(struct rwsem *s);
int down_read_killable(struct rwsem *s);
void up_read(struct rwsem *s);
void down_write(struct rwsem *s);
void down_write_nested(struct rwsem *s);
int down_write_killable(struct rwsem *s);
bool down_write_trylock(struct rwsem *s);
void up_write(struct rwsem *s);
/* The writer goes on as a reader; nobody writes in between. */
void downgrade_write(struct rwsem *s);
bool rwsem_is_locked(struct rwsem *s);
