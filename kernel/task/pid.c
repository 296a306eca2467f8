/* SPDX-License-Identifier: MIT */
/*
 * Process ids: a bitmap of the numbers taken, which grows by pages as numbers rise, and a hash by
 * number of the struct pids that are in use.
 */
#include "task/pid.h"
#include "abi/errno.h"
#include "lib/bitmap.h"
#include "lib/err.h"
#include "lib/hash.h"
#include "page/slab.h"

#define RESERVED_PIDS 300 /* after the first round, small numbers stay with long-lived daemons */
#define PIDS_PER_PAGE (PAGE_SIZE * BITS_PER_BYTE)
#define PID_HASH_BITS 10

static DEFINE_SPINLOCK(pidmap_lock, RANK_SPIN_LEAF);
static unsigned long
	*pidmap[PID_MAX_LIMIT / PIDS_PER_PAGE]; /* pidmap_lock; pages are never given back */
static pid_t pid_last;				/* pidmap_lock */
int pid_max = PID_MAX_DEFAULT;

static struct hlist_head pid_hash[1 << PID_HASH_BITS]; /* tasklist_lock */
static atomic_t nr_threads;
static struct kmem_cache *pid_cache;

void pid_init(void)
{
	pid_cache = kmem_cache_create("pid", sizeof(struct pid), 64, NULL);
	BUG_ON(!pid_cache);
}

int nr_threads_total(void)
{
	return atomic_read(&nr_threads);
}

pid_t last_pid(void)
{
	return READ_ONCE(pid_last);
}

/* ---- Numbers ---- */

/* First free number in [from, end), or -1. A page not there yet is all free. pidmap_lock held. */
static pid_t pidmap_find(pid_t from, pid_t end)
{
	while (from < end) {
		unsigned long *map = pidmap[from / PIDS_PER_PAGE];
		unsigned long first = rounddown((unsigned long)from, PIDS_PER_PAGE);
		unsigned long size = min_t(unsigned long, end - first, PIDS_PER_PAGE), bit;

		if (!map)
			return from;
		bit = find_next_zero_bit(map, size, from - first);
		if (bit < size)
			return first + bit;
		from = first + PIDS_PER_PAGE;
	}
	return -1;
}

static pid_t pidmap_next(void)
{
	pid_t nr = pidmap_find(pid_last + 1, pid_max);

	if (nr < 0)
		nr = pidmap_find(min_t(int, RESERVED_PIDS, pid_max / 2),
				 min_t(int, pid_last + 1, pid_max));
	return nr < 0 ? -EAGAIN : nr;
}

static pid_t alloc_pidmap(pid_t want)
{
	unsigned long *page = NULL;
	pid_t nr;

	for (;;) {
		spin_lock(&pidmap_lock);
		nr = want ? want : pidmap_next();
		if (nr < 0 || pidmap[nr / PIDS_PER_PAGE])
			break;
		if (page) {
			pidmap[nr / PIDS_PER_PAGE] = page;
			page = NULL;
			page_owner_add(OWNER_KERNEL, 1);
			break;
		}
		spin_unlock(&pidmap_lock);
		page = (void *)get_zeroed_page(GFP_KERNEL);
		if (!page)
			return -ENOMEM;
	}
	if (nr >= 0 && __test_and_set_bit(nr % PIDS_PER_PAGE, pidmap[nr / PIDS_PER_PAGE]))
		nr = -EEXIST;
	else if (nr >= 0 && !want)
		pid_last = nr;
	spin_unlock(&pidmap_lock);
	if (page)
		free_page((unsigned long)page);
	return nr;
}

static void free_pidmap(pid_t nr)
{
	spin_lock(&pidmap_lock);
	__clear_bit(nr % PIDS_PER_PAGE, pidmap[nr / PIDS_PER_PAGE]);
	spin_unlock(&pidmap_lock);
}

/* ---- struct pid ---- */

struct pid *alloc_pid(pid_t want)
{
	struct pid *pid;
	pid_t nr;
	int i;

	if (want < 0 || want >= READ_ONCE(pid_max))
		return ERR_PTR(-EINVAL);
	pid = kmem_cache_alloc(pid_cache, GFP_KERNEL);
	if (!pid)
		return ERR_PTR(-ENOMEM);
	nr = alloc_pidmap(want);
	if (nr < 0) {
		kmem_cache_free(pid_cache, pid);
		return ERR_PTR(nr);
	}
	refcount_set(&pid->count, 1);
	pid->nr = nr;
	INIT_HLIST_NODE(&pid->hash);
	pid->task = NULL;
	for (i = 0; i < PIDTYPE_MAX; i++)
		INIT_LIST_HEAD(&pid->members[i]);
	init_waitqueue_head(&pid->wait_pidfd);
	return pid;
}

struct pid *get_pid(struct pid *pid)
{
	refcount_inc(&pid->count);
	return pid;
}

void put_pid(struct pid *pid)
{
	if (refcount_dec_and_test(&pid->count))
		kmem_cache_free(pid_cache, pid);
}

void free_pid(struct pid *pid)
{
	free_pidmap(pid->nr);
	put_pid(pid);
}

/* A use of @pid's number ended: if it was the last, the number is free. */
static void pid_unused(struct pid *pid)
{
	if (pid->task || !list_empty(&pid->members[PIDTYPE_PGID]) ||
	    !list_empty(&pid->members[PIDTYPE_SID]))
		return;
	hlist_del_init(&pid->hash);
	free_pid(pid);
}

struct pid *find_pid(pid_t nr)
{
	struct pid *pid;

	hlist_for_each_entry (pid, &pid_hash[hash_32(nr, PID_HASH_BITS)], hash) {
		if (pid->nr == nr)
			return pid;
	}
	return NULL;
}

struct task_struct *find_task_by_pid(pid_t nr)
{
	struct pid *pid = find_pid(nr);

	return pid ? pid->task : NULL;
}

struct task_struct *find_get_task(pid_t nr)
{
	struct task_struct *task;

	spin_lock(&tasklist_lock);
	task = find_task_by_pid(nr);
	if (task)
		get_task_struct(task);
	spin_unlock(&tasklist_lock);
	return task;
}

struct pid *find_get_pid(pid_t nr)
{
	struct pid *pid;

	spin_lock(&tasklist_lock);
	pid = find_pid(nr);
	if (pid)
		get_pid(pid);
	spin_unlock(&tasklist_lock);
	return pid;
}

struct task_struct *get_pid_task(struct pid *pid)
{
	struct task_struct *task;

	spin_lock(&tasklist_lock);
	task = pid->task;
	if (task)
		get_task_struct(task);
	spin_unlock(&tasklist_lock);
	return task;
}

struct task_struct *find_ge_task(pid_t nr)
{
	while (nr < PID_MAX_LIMIT) {
		/* Bits of attached numbers stand still under tasklist_lock; others do not matter.
		 */
		unsigned long *map = pidmap[nr / PIDS_PER_PAGE];
		pid_t first = rounddown((unsigned long)nr, PIDS_PER_PAGE);
		unsigned long bit = PIDS_PER_PAGE;
		struct task_struct *task;

		if (map)
			bit = find_next_bit(map, PIDS_PER_PAGE, nr - first);
		nr = first + bit;
		if (bit == PIDS_PER_PAGE)
			continue;
		task = find_task_by_pid(nr);
		if (task)
			return task;
		nr++;
	}
	return NULL;
}

/* ---- Tasks, groups, sessions ---- */

void attach_pid(struct task_struct *task, struct pid *pid)
{
	assert_spin_locked(&tasklist_lock);
	BUG_ON(pid->task);
	pid->task = task;
	task->thread_pid = pid;
	task->pid = pid->nr;
	hlist_add_head(&pid->hash, &pid_hash[hash_32(pid->nr, PID_HASH_BITS)]);
	atomic_inc(&nr_threads);
}

void detach_pid(struct task_struct *task)
{
	struct pid *pid = task->thread_pid;

	assert_spin_locked(&tasklist_lock);
	pid->task = NULL;
	task->thread_pid = NULL;
	atomic_dec(&nr_threads);
	pid_unused(pid);
}

static void change_group(struct pid **slot, struct list_head *link, struct pid *new,
			 enum pid_type type)
{
	struct pid *old = *slot;

	assert_spin_locked(&tasklist_lock);
	if (old == new)
		return;
	list_del_init(link);
	*slot = new;
	if (new)
		list_add_tail(link, &new->members[type]);
	if (old)
		pid_unused(old);
}

void set_task_pgrp(struct task_struct *leader, struct pid *pgrp)
{
	struct signal_struct *signal = leader->signal;

	change_group(&signal->pids_pgrp, &signal->pgrp_link, pgrp, PIDTYPE_PGID);
}

void set_task_session(struct task_struct *leader, struct pid *session)
{
	struct signal_struct *signal = leader->signal;

	change_group(&signal->pids_session, &signal->session_link, session, PIDTYPE_SID);
}

void clear_task_pgrp_session(struct task_struct *leader)
{
	set_task_pgrp(leader, NULL);
	set_task_session(leader, NULL);
}

void exchange_pids(struct task_struct *task, struct task_struct *leader)
{
	assert_spin_locked(&tasklist_lock);
	swap(task->thread_pid, leader->thread_pid);
	swap(task->pid, leader->pid);
	task->thread_pid->task = task;
	leader->thread_pid->task = leader;
}
