/* SPDX-License-Identifier: MIT */
/* Waiting for several files at once: what poll and select share. */
#pragma once

#include "fs/internal.h"

struct poll_entry {
	struct wait_queue_entry wait;
	struct wait_queue_head *wq;
	struct file *file; /* a reference: the queue is its */
	struct poll_wqueues *owner;
	u64 key; /* events that matter */
};

struct poll_page {
	struct poll_page *next;
	unsigned int nr;
	struct poll_entry entries[];
};

#define POLL_INLINE_ENTRIES 8

/* One call's places in the queues. On the caller's stack. */
struct poll_wqueues {
	struct poll_table pt;
	struct task_struct *task;
	bool triggered; /* a queue told of something since the last look */
	int error;	/* -ENOMEM: could not wait for all */
	u64 key;	/* events asked of the file that is being looked at */
	unsigned int nr;
	struct poll_page *pages;
	struct poll_entry entries[POLL_INLINE_ENTRIES];
};

void poll_initwait(struct poll_wqueues *pwq);
void poll_freewait(struct poll_wqueues *pwq);
/* Sleep, interruptibly, until a queue tells of something or the clock passes @deadline (ns;
 * U64_MAX: never). False: the deadline has passed. */
bool poll_sleep(struct poll_wqueues *pwq, u64 deadline);

/* Deadline of a relative time: "now" is 0, for ever U64_MAX. */
u64 poll_deadline(u64 timeout);
/* Relative ns of a user's time: 0 or -EINVAL. */
int poll_timeout_from_timespec(const struct timespec *ts, u64 *timeout);
/* What is left until @deadline, for calls that tell. */
struct timespec poll_time_left(u64 deadline);
