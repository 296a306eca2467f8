/* SPDX-License-Identifier: MIT */
/* The inside of epoll: what epoll.c (events) and epoll_ctl.c (the set of watched files) share. */
#pragma once

#include "fs/internal.h"
#include "abi/epoll.h"
#include "lib/rbtree.h"

#define EP_PRIVATE_BITS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define EP_MAX_NESTS	4

struct eventpoll {
	struct mutex mtx;		  /* the set, delivery of events */
	spinlock_t lock;		  /* irq, rank of a wait queue (nested): ready list */
	struct list_head ready;		  /* of items that may have events; lock */
	unsigned int nr_ready;		  /* lock */
	struct wait_queue_head wq;	  /* epoll_wait */
	struct wait_queue_head poll_wait; /* who polls this epoll file */
	struct rb_root items;		  /* by (file, fd); mtx */
	struct file *file;		  /* this epoll's own; no reference */
};

/* A place in one wait queue of a watched file; most files have one queue, some two. */
struct ep_queue_entry {
	struct wait_queue_entry wait;
	struct wait_queue_head *wq;
	struct ep_queue_entry *next;
	struct epitem *item;
};

struct epitem {
	struct rb_node node;
	struct list_head ready_link; /* empty: not on the ready list; ep->lock */
	struct list_head file_link;  /* file->f_ep_links; file->f_lock */
	struct eventpoll *ep;
	struct file *file; /* no reference: the file's end removes the item */
	int fd;
	struct epoll_event event; /* ep->mtx to change; callbacks read events */
	struct ep_queue_entry *queues;
};

extern const struct file_operations eventpoll_fops;

/* Events the item's file has now; @pt joins its queues. ep->mtx held. */
unsigned int ep_item_poll(struct epitem *item, struct poll_table *pt);
/* Put the item on the ready list and tell who waits. */
void ep_make_ready(struct epitem *item);
/* Take it off. */
void ep_not_ready(struct epitem *item);
/* Wait-queue callback of a watched file. */
bool ep_poll_callback(struct wait_queue_entry *wait, unsigned int mode, u64 key);
/* The set is closed: every item goes. */
void ep_remove_all(struct eventpoll *ep);
