/* SPDX-License-Identifier: MIT */
/*
 * The order in which locks are taken: a lock may be taken only while every lock held has a lower
 * rank. Checked at each acquire in debug kernels. Sleeping locks (mutex, rwsem) are ranked too:
 * they may not be taken while any spinlock is held.
 *
 * Locks of equal rank may be nested only with spin_lock_nested() (two run queues, two table locks:
 * by address or upper-first).
 */
#pragma once

enum lock_rank {
	RANK_NONE, /* not checked: for tests */
	/* Sleeping locks, outer first. */
	RANK_FILE_POS,	/* file->f_pos_lock, around read, write and iterate */
	RANK_NAMESPACE, /* mount table, rename */
	RANK_EXEC,	/* signal_struct.cred_guard: one exec at a time */
	RANK_PIPE,	/* pipe mutex: splice reads and writes files with it held */
	RANK_INODE,	/* inode->i_rwsem (parents before children by nesting) */
	RANK_TTY,	/* tty read/write/termios mutex */
	RANK_EPOLL,
	RANK_MMAP,	 /* mm->mmap_lock */
	RANK_MUTEX_LEAF, /* sleeping locks that take no other sleeping lock */
	RANK_PAGE_LOCK,	 /* PG_locked */
	RANK_RMAP,	 /* rmap_lock (rwsem) */
	/* Spinlocks without interrupts, outer first. */
	RANK_DCACHE,
	RANK_INODE_SPIN,
	RANK_MOUNT,
	RANK_TASKLIST,	 /* tasklist_lock */
	RANK_TASK,	 /* task->alloc_lock */
	RANK_FILES,	 /* files_struct.lock, fs_struct.lock */
	RANK_FUTEX,	 /* futex hash bucket */
	RANK_PAGE_TABLE, /* struct page pt_lock of a table (upper before lower: nested) */
	RANK_MAPPING,	 /* address_space.pages_lock */
	RANK_SPIN_LEAF,	 /* plain spinlocks below which only irq ones are taken */
	/* Spinlocks taken with interrupts off. */
	RANK_SIGHAND,	 /* sighand->siglock */
	RANK_DEVICE,	 /* tty input, virtqueues */
	RANK_POLL,	 /* epoll ready list */
	RANK_WAIT_QUEUE, /* wait_queue_head.lock */
	RANK_TASK_PI,	 /* task->pi_lock: serialises wake-ups of one task */
	RANK_RUNQUEUE,
	RANK_TIMER,
	RANK_IRQ_LEAF,	 /* irq locks below which only the allocators' are taken */
	RANK_KSTACK,	 /* cached kernel stacks */
	RANK_SLAB,	 /* a CPU's magazine, then (nested) its cache */
	RANK_LRU,	 /* LRU lists */
	RANK_PAGE_LISTS, /* a CPU's list of free pages */
	RANK_ZONE,
	RANK_RANDOM,
	RANK_LOG,
};

/* Locks from this rank on are always taken with interrupts off; debug kernels check it. */
#define FIRST_IRQ_RANK RANK_SIGHAND
