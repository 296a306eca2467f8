/* SPDX-License-Identifier: MIT */
/* Credentials: immutable once a task points at them, reference counted. */
#pragma once

#include "lib/types.h"
#include "lib/refcount.h"
#include "abi/capability.h"

#define NGROUPS_MAX 65536

struct group_info {
	refcount_t usage;
	int ngroups;
	gid_t gid[]; /* sorted */
};

/* One for each uid somebody has. */
struct user_struct {
	refcount_t usage;
	uid_t uid;
	long processes;		  /* tasks with this real uid (RLIMIT_NPROC); atomic */
	long sigpending;	  /* queued signals (RLIMIT_SIGPENDING); atomic */
	long locked_shm;	  /* pages; atomic */
	struct user_struct *next; /* hash chain, user_lock of cred.c */
};

struct cred {
	refcount_t usage;
	uid_t uid, suid, euid, fsuid;
	gid_t gid, sgid, egid, fsgid;
	u64 cap_inheritable, cap_permitted, cap_effective, cap_bset, cap_ambient;
	unsigned int securebits;
	struct user_struct *user;      /* of uid; holds a reference */
	struct group_info *group_info; /* holds a reference */
};

extern struct cred init_cred;

/* Take and drop a reference. Any context. */
const struct cred *get_cred(const struct cred *cred);
void put_cred(const struct cred *cred);
/* @task's cred with a reference. Takes its alloc_lock. */
struct task_struct;
const struct cred *get_task_cred(struct task_struct *task);
/* A copy of current's to be changed, then commit_creds() or put_cred(). Who changes uid also sets
 * user (set_cred_user). NULL when out of memory. May sleep. */
struct cred *prepare_creds(void);
/* @cred, not yet committed, gets the user_struct of its uid. 0 or -ENOMEM (unchanged). May sleep.
 */
int set_cred_user(struct cred *cred);
/* current takes @new over (and its reference). If it changed who current is, the parent-death
 * signal goes, as in Linux; mm's dumpable is the caller's. No locks held. */
void commit_creds(struct cred *new);
/* current has capability @cap (CAP_*); notes that it was used (PF_SUPERPRIV). */
bool capable(int cap);
bool cred_capable(const struct cred *cred, int cap);
/* current's fsgid (egid) or a supplementary group. */
bool in_group_p(gid_t gid);
bool in_egroup_p(gid_t gid);
/* @gid is in @gi. */
bool groups_search(const struct group_info *gi, gid_t gid);
/* Room for @n groups with one reference, to be filled and sorted (groups_sort). NULL when out of
 * memory. May sleep. */
struct group_info *groups_alloc(int n);
void groups_sort(struct group_info *gi);
void put_group_info(struct group_info *gi);
/* The user_struct of @uid, made if there is none, with a reference; NULL: no memory. May sleep. */
struct user_struct *find_user(uid_t uid);
static inline struct user_struct *get_uid(struct user_struct *user)
{
	refcount_inc(&user->usage);
	return user;
}
void free_uid(struct user_struct *user); /* drop a reference; any context */
void cred_init(void);			 /* boot: caches */
#define current_cred()	((const struct cred *)current->cred)
#define current_euid()	(current->cred->euid)
#define current_uid()	(current->cred->uid)
#define current_fsuid() (current->cred->fsuid)
#define current_fsgid() (current->cred->fsgid)
