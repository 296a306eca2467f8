/* SPDX-License-Identifier: MIT */
/* Advisory locks, as inodes keep them. */
#pragma once

#include "fs/internal.h"

enum lock_kind { LOCK_FLOCK, LOCK_POSIX };

/* On inode->i_flock, under locks_lock. POSIX locks of one owner are sorted by start and do not
 * overlap. */
struct file_lock {
	struct list_head list;
	enum lock_kind kind;
	short type;	   /* F_RDLCK, F_WRLCK */
	const void *owner; /* flock and OFD: the file; POSIX: the table of descriptors */
	bool ofd;
	pid_t pid;	   /* who asked, for F_GETLK: -1 for OFD */
	loff_t start, end; /* inclusive */
};

extern spinlock_t locks_lock;		     /* every lock of every inode: they are few and short */
extern struct wait_queue_head locks_waiters; /* woken by every unlock */
struct file_lock *alloc_lock_entry(void);
void free_lock_entry(struct file_lock *lock);
