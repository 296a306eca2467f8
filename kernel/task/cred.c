/* SPDX-License-Identifier: MIT */
/*
 * Credentials and users. A struct cred never changes once a task points at it: a change is a new
 * one, put in its place by commit_creds(). The task itself reads task->cred freely; others hold its
 * alloc_lock or its siglock, both of which commit_creds() takes (interrupt handlers that queue a
 * signal have only siglock).
 */
#include "task/task.h"
#include "abi/errno.h"
#include "lib/hash.h"
#include "lib/sort.h"
#include "lib/string.h"
#include "page/slab.h"

#define USER_HASH_BITS 6

static DEFINE_SPINLOCK(user_lock, RANK_IRQ_LEAF); /* the hash; usage going to 0 */
static struct user_struct *user_hash[1 << USER_HASH_BITS];
static struct kmem_cache *cred_cache;

static struct group_info init_groups = {.usage = REFCOUNT_INIT(2)};

static struct user_struct root_user = {
	.usage = REFCOUNT_INIT(2), /* init_cred's, and one so that it stays */
	.uid = 0,
	.processes = 1,
};

struct cred init_cred = {
	.usage = REFCOUNT_INIT(2), /* init_task's, and one so that it stays */
	.cap_permitted = CAP_FULL_SET,
	.cap_effective = CAP_FULL_SET,
	.cap_bset = CAP_FULL_SET,
	.user = &root_user,
	.group_info = &init_groups,
};

void cred_init(void)
{
	cred_cache = kmem_cache_create("cred", sizeof(struct cred), 0, NULL);
	BUG_ON(!cred_cache);
	user_hash[hash_32(0, USER_HASH_BITS)] = &root_user;
}

/* ---- Users ---- */

/* user_lock held. */
static struct user_struct *user_lookup(uid_t uid)
{
	struct user_struct *user = user_hash[hash_32(uid, USER_HASH_BITS)];

	while (user && user->uid != uid)
		user = user->next;
	return user ? get_uid(user) : NULL;
}

struct user_struct *find_user(uid_t uid)
{
	struct user_struct **bucket = &user_hash[hash_32(uid, USER_HASH_BITS)];
	struct user_struct *user, *fresh;
	unsigned long flags;

	spin_lock_irqsave(&user_lock, flags);
	user = user_lookup(uid);
	spin_unlock_irqrestore(&user_lock, flags);
	if (user)
		return user;
	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return NULL;
	refcount_set(&fresh->usage, 1);
	fresh->uid = uid;
	spin_lock_irqsave(&user_lock, flags);
	user = user_lookup(uid); /* somebody may have made it meanwhile */
	if (!user) {
		fresh->next = *bucket;
		*bucket = user = fresh;
		fresh = NULL;
	}
	spin_unlock_irqrestore(&user_lock, flags);
	kfree(fresh);
	return user;
}

void free_uid(struct user_struct *user)
{
	struct user_struct **link;
	unsigned long flags;
	bool last;

	if (atomic_add_unless(&user->usage.refs, -1, 1))
		return;
	/* The last reference goes under the lock, so that no look-up finds a user on its way out.
	 */
	spin_lock_irqsave(&user_lock, flags);
	last = refcount_dec_and_test(&user->usage);
	if (last) {
		for (link = &user_hash[hash_32(user->uid, USER_HASH_BITS)]; *link != user;)
			link = &(*link)->next;
		*link = user->next;
	}
	spin_unlock_irqrestore(&user_lock, flags);
	if (last)
		kfree(user);
}

/* ---- Groups ---- */

struct group_info *groups_alloc(int n)
{
	struct group_info *gi = kzalloc(sizeof(*gi) + n * sizeof(gid_t), GFP_KERNEL);

	if (gi) {
		refcount_set(&gi->usage, 1);
		gi->ngroups = n;
	}
	return gi;
}

void put_group_info(struct group_info *gi)
{
	if (refcount_dec_and_test(&gi->usage))
		kfree(gi);
}

static int gid_cmp(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return x < y ? -1 : x > y;
}

void groups_sort(struct group_info *gi)
{
	sort(gi->gid, gi->ngroups, sizeof(gid_t), gid_cmp);
}

bool groups_search(const struct group_info *gi, gid_t gid)
{
	int low = 0, high = gi->ngroups;

	while (low < high) {
		int mid = (low + high) / 2;

		if (gi->gid[mid] == gid)
			return true;
		if (gi->gid[mid] < gid)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

bool in_group_p(gid_t gid)
{
	const struct cred *cred = current->cred;

	return gid == cred->fsgid || groups_search(cred->group_info, gid);
}

bool in_egroup_p(gid_t gid)
{
	const struct cred *cred = current->cred;

	return gid == cred->egid || groups_search(cred->group_info, gid);
}

/* ---- Credentials ---- */

const struct cred *get_cred(const struct cred *cred)
{
	refcount_inc(&((struct cred *)cred)->usage);
	return cred;
}

void put_cred(const struct cred *cred)
{
	struct cred *c = (struct cred *)cred;

	if (!refcount_dec_and_test(&c->usage))
		return;
	BUG_ON(c == &init_cred);
	free_uid(c->user);
	put_group_info(c->group_info);
	kmem_cache_free(cred_cache, c);
}

const struct cred *get_task_cred(struct task_struct *task)
{
	const struct cred *cred;

	task_lock(task);
	cred = get_cred(task->cred);
	task_unlock(task);
	return cred;
}

struct cred *prepare_creds(void)
{
	struct cred *new = kmem_cache_alloc(cred_cache, GFP_KERNEL);

	if (!new)
		return NULL;
	*new = *current->cred;
	refcount_set(&new->usage, 1);
	get_uid(new->user);
	refcount_inc(&new->group_info->usage);
	return new;
}

int set_cred_user(struct cred *cred)
{
	struct user_struct *user;

	if (cred->user->uid == cred->uid)
		return 0;
	user = find_user(cred->uid);
	if (!user)
		return -ENOMEM;
	free_uid(cred->user);
	cred->user = user;
	return 0;
}

void commit_creds(struct cred *new)
{
	struct task_struct *task = current;
	const struct cred *old = task->cred;
	unsigned long flags;

	BUG_ON(refcount_read(&new->usage) < 1);
	if (old->euid != new->euid || old->egid != new->egid || old->fsuid != new->fsuid ||
	    old->fsgid != new->fsgid || (new->cap_permitted & ~old->cap_permitted))
		task->pdeath_signal = 0;
	if (new->user != old->user) {
		__atomic_fetch_add(&new->user->processes, 1, __ATOMIC_RELAXED);
		__atomic_fetch_sub(&old->user->processes, 1, __ATOMIC_RELAXED);
	}
	task_lock(task);
	spin_lock_irqsave(&task->sighand->siglock, flags);
	task->cred = new;
	spin_unlock_irqrestore(&task->sighand->siglock, flags);
	task_unlock(task);
	put_cred(old);
}

bool cred_capable(const struct cred *cred, int cap)
{
	return cap <= CAP_LAST_CAP && (cred->cap_effective >> cap & 1);
}

bool capable(int cap)
{
	if (!cred_capable(current->cred, cap))
		return false;
	current->flags |= PF_SUPERPRIV;
	return true;
}
