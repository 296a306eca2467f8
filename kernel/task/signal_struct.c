/* SPDX-License-Identifier: MIT */
/* Signal state: allocation and release, and queue entries charged to users. */
#include "task/task.h"
#include "page/slab.h"

static struct kmem_cache *sighand_cache, *signal_cache, *sigqueue_cache;

void signal_struct_init(void)
{
	sighand_cache = kmem_cache_create("sighand_cache", sizeof(struct sighand_struct), 64, NULL);
	signal_cache = kmem_cache_create("signal_cache", sizeof(struct signal_struct), 64, NULL);
	sigqueue_cache = kmem_cache_create("sigqueue", sizeof(struct sigqueue), 0, NULL);
	BUG_ON(!sighand_cache || !signal_cache || !sigqueue_cache);
}

struct sighand_struct *alloc_sighand(void)
{
	struct sighand_struct *sighand = kmem_cache_zalloc(sighand_cache, GFP_KERNEL);

	if (!sighand)
		return NULL;
	spin_lock_init(&sighand->siglock, "siglock", RANK_SIGHAND);
	refcount_set(&sighand->count, 1);
	init_waitqueue_head(&sighand->signalfd_wqh);
	return sighand;
}

void put_sighand(struct sighand_struct *sighand)
{
	if (refcount_dec_and_test(&sighand->count))
		kmem_cache_free(sighand_cache, sighand);
}

struct signal_struct *alloc_signal(void)
{
	struct signal_struct *signal = kmem_cache_zalloc(signal_cache, GFP_KERNEL);
	int i;

	if (!signal)
		return NULL;
	refcount_set(&signal->sigcnt, 1);
	INIT_LIST_HEAD(&signal->thread_head);
	init_waitqueue_head(&signal->wait_chldexit);
	sigpending_init(&signal->shared_pending);
	INIT_LIST_HEAD(&signal->posix_timers);
	INIT_LIST_HEAD(&signal->pgrp_link);
	INIT_LIST_HEAD(&signal->session_link);
	for (i = 0; i < RLIM_NLIMITS; i++)
		signal->rlim[i] = init_signals.rlim[i];
	mutex_init(&signal->cred_guard, "cred_guard", RANK_EXEC);
	return signal;
}

void put_signal(struct signal_struct *signal)
{
	if (!refcount_dec_and_test(&signal->sigcnt))
		return;
	flush_sigqueue(&signal->shared_pending);
	kmem_cache_free(signal_cache, signal);
}

struct sigqueue *sigqueue_alloc(struct task_struct *task, bool must_override_limit)
{
	struct user_struct *user = task->cred->user;
	unsigned long limit = READ_ONCE(task->signal->rlim[RLIMIT_SIGPENDING].rlim_cur);
	struct sigqueue *q = NULL;
	long pending = __atomic_add_fetch(&user->sigpending, 1, __ATOMIC_RELAXED);

	if (must_override_limit || pending <= limit) {
		q = task->spare_sigqueue;
		if (q)
			task->spare_sigqueue = NULL;
		else
			q = kmem_cache_alloc(sigqueue_cache, GFP_ATOMIC);
	}
	if (!q) {
		__atomic_fetch_sub(&user->sigpending, 1, __ATOMIC_RELAXED);
		return NULL;
	}
	INIT_LIST_HEAD(&q->list);
	q->user = get_uid(user);
	q->preallocated = false;
	return q;
}

static void uncharge(struct sigqueue *q)
{
	if (q->user) {
		__atomic_fetch_sub(&q->user->sigpending, 1, __ATOMIC_RELAXED);
		free_uid(q->user);
	}
}

void sigqueue_free(struct sigqueue *q)
{
	if (q->preallocated)
		return;
	uncharge(q);
	kmem_cache_free(sigqueue_cache, q);
}

void sigqueue_keep(struct task_struct *task, struct sigqueue *q)
{
	if (q->preallocated || task->spare_sigqueue) {
		sigqueue_free(q);
		return;
	}
	uncharge(q);
	task->spare_sigqueue = q;
}

void sigqueue_free_spare(struct task_struct *task)
{
	if (task->spare_sigqueue)
		kmem_cache_free(sigqueue_cache, task->spare_sigqueue);
	task->spare_sigqueue = NULL;
}

void sigpending_init(struct sigpending *pending)
{
	INIT_LIST_HEAD(&pending->list);
	pending->signal = 0;
}

void flush_sigqueue(struct sigpending *pending)
{
	struct sigqueue *q, *next;

	pending->signal = 0;
	list_for_each_entry_safe (q, next, &pending->list, list) {
		list_del_init(&q->list);
		sigqueue_free(q);
	}
}
