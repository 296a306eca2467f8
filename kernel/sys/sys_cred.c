/* SPDX-License-Identifier: MIT */
/* User and group ids, capabilities (credentials(7), capabilities(7)). */
#include "sys/sys.h"
#include "task/task.h"
#include "task/pid.h"
#include "mm/mm.h"
#include "lib/sort.h"
#include "lib/string.h"
#include "abi/errno.h"
#include "abi/capability.h"

#define NGROUPS_MAX 65536

long sys_getuid(void)
{
	return current_cred()->uid;
}

long sys_geteuid(void)
{
	return current_cred()->euid;
}

long sys_getgid(void)
{
	return current_cred()->gid;
}

long sys_getegid(void)
{
	return current_cred()->egid;
}

/* The effective uid changed from or to 0: effective and permitted capabilities follow
 * (capabilities(7)). */
static void fix_capabilities(struct cred *new, const struct cred *old)
{
	bool was_root = !old->uid || !old->euid || !old->suid, is_root = !new->uid || !new->euid || !new->suid;

	if (was_root && !is_root) {
		if (!(new->securebits & SECBIT_KEEP_CAPS))
			new->cap_permitted = 0;
		new->cap_effective = 0;
		new->cap_ambient = 0;
	}
	if (!old->euid && new->euid)
		new->cap_effective = 0;
	if (old->euid && !new->euid)
		new->cap_effective = new->cap_permitted;
}

/* commit_creds(), and if it changes who the process is, others of its user may not look into it any
 * more: its memory may hold what it did as somebody else. */
static void commit_ids(struct cred *new)
{
	const struct cred *old = current_cred();

	if (current->mm && (old->euid != new->euid || old->egid != new->egid ||
			    old->fsuid != new->fsuid || old->fsgid != new->fsgid ||
			    (new->cap_permitted & ~old->cap_permitted)))
		WRITE_ONCE(current->mm->dumpable, 0);
	commit_creds(new);
}

static long finish_uids(struct cred *new, uid_t ruid, bool ok)
{
	int ret;

	if (!ok) {
		put_cred(new);
		return -EPERM;
	}
	new->uid = ruid;
	ret = set_cred_user(new); /* commit_creds() charges the process to that user */
	if (ret) {
		put_cred(new);
		return ret;
	}
	new->fsuid = new->euid;
	fix_capabilities(new, current_cred());
	if (new->euid != current_cred()->euid)
		current->pdeath_signal = 0;
	commit_ids(new);
	return 0;
}

long sys_setuid(uid_t uid)
{
	const struct cred *old = current_cred();
	struct cred *new = prepare_creds();
	bool root = capable(CAP_SETUID);

	if (!new)
		return -ENOMEM;
	if (uid == (uid_t)-1) {
		put_cred(new);
		return -EINVAL;
	}
	new->euid = uid;
	if (root)
		new->suid = uid;
	return finish_uids(new, root ? uid : old->uid, root || uid == old->uid || uid == old->suid);
}

long sys_setreuid(uid_t ruid, uid_t euid)
{
	const struct cred *old = current_cred();
	struct cred *new = prepare_creds();
	bool ok = true;
	uid_t real;

	if (!new)
		return -ENOMEM;
	if (!capable(CAP_SETUID)) {
		if (ruid != (uid_t)-1 && ruid != old->uid && ruid != old->euid)
			ok = false;
		if (euid != (uid_t)-1 && euid != old->uid && euid != old->euid && euid != old->suid)
			ok = false;
	}
	real = ruid == (uid_t)-1 ? old->uid : ruid;
	if (euid != (uid_t)-1)
		new->euid = euid;
	if (ruid != (uid_t)-1 || (euid != (uid_t)-1 && euid != old->uid))
		new->suid = new->euid;
	return finish_uids(new, real, ok);
}

static bool uid_is_one_of(uid_t uid, const struct cred *c)
{
	return uid == (uid_t)-1 || uid == c->uid || uid == c->euid || uid == c->suid;
}

long sys_setresuid(uid_t ruid, uid_t euid, uid_t suid)
{
	const struct cred *old = current_cred();
	struct cred *new = prepare_creds();
	bool ok;

	if (!new)
		return -ENOMEM;
	ok = capable(CAP_SETUID) ||
	     (uid_is_one_of(ruid, old) && uid_is_one_of(euid, old) && uid_is_one_of(suid, old));
	if (euid != (uid_t)-1)
		new->euid = euid;
	if (suid != (uid_t)-1)
		new->suid = suid;
	return finish_uids(new, ruid == (uid_t)-1 ? old->uid : ruid, ok);
}

long sys_getresuid(uid_t __user *ruid, uid_t __user *euid, uid_t __user *suid)
{
	const struct cred *c = current_cred();

	return put_user(c->uid, ruid) || put_user(c->euid, euid) || put_user(c->suid, suid) ? -EFAULT : 0;
}

static long finish_gids(struct cred *new, bool ok)
{
	if (!ok) {
		put_cred(new);
		return -EPERM;
	}
	new->fsgid = new->egid;
	commit_ids(new);
	return 0;
}

long sys_setgid(gid_t gid)
{
	const struct cred *old = current_cred();
	struct cred *new = prepare_creds();
	bool root = capable(CAP_SETGID);

	if (!new)
		return -ENOMEM;
	if (gid == (gid_t)-1) {
		put_cred(new);
		return -EINVAL;
	}
	new->egid = gid;
	if (root)
		new->gid = new->sgid = gid;
	return finish_gids(new, root || gid == old->gid || gid == old->sgid);
}

long sys_setregid(gid_t rgid, gid_t egid)
{
	const struct cred *old = current_cred();
	struct cred *new = prepare_creds();
	bool ok = true;

	if (!new)
		return -ENOMEM;
	if (!capable(CAP_SETGID)) {
		if (rgid != (gid_t)-1 && rgid != old->gid && rgid != old->egid)
			ok = false;
		if (egid != (gid_t)-1 && egid != old->gid && egid != old->egid && egid != old->sgid)
			ok = false;
	}
	if (rgid != (gid_t)-1)
		new->gid = rgid;
	if (egid != (gid_t)-1)
		new->egid = egid;
	if (rgid != (gid_t)-1 || (egid != (gid_t)-1 && egid != old->gid))
		new->sgid = new->egid;
	return finish_gids(new, ok);
}

static bool gid_is_one_of(gid_t gid, const struct cred *c)
{
	return gid == (gid_t)-1 || gid == c->gid || gid == c->egid || gid == c->sgid;
}

long sys_setresgid(gid_t rgid, gid_t egid, gid_t sgid)
{
	const struct cred *old = current_cred();
	struct cred *new = prepare_creds();
	bool ok;

	if (!new)
		return -ENOMEM;
	ok = capable(CAP_SETGID) ||
	     (gid_is_one_of(rgid, old) && gid_is_one_of(egid, old) && gid_is_one_of(sgid, old));
	if (rgid != (gid_t)-1)
		new->gid = rgid;
	if (egid != (gid_t)-1)
		new->egid = egid;
	if (sgid != (gid_t)-1)
		new->sgid = sgid;
	return finish_gids(new, ok);
}

long sys_getresgid(gid_t __user *rgid, gid_t __user *egid, gid_t __user *sgid)
{
	const struct cred *c = current_cred();

	return put_user(c->gid, rgid) || put_user(c->egid, egid) || put_user(c->sgid, sgid) ? -EFAULT : 0;
}

/* These two return the old id whether or not they changed it. */
long sys_setfsuid(uid_t uid)
{
	const struct cred *old = current_cred();
	uid_t was = old->fsuid;
	struct cred *new;

	if (!capable(CAP_SETUID) && (uid == (uid_t)-1 || (!uid_is_one_of(uid, old) && uid != was)))
		return was;
	new = uid == (uid_t)-1 ? NULL : prepare_creds();
	if (new) {
		new->fsuid = uid;
		commit_ids(new);
	}
	return was;
}

long sys_setfsgid(gid_t gid)
{
	const struct cred *old = current_cred();
	gid_t was = old->fsgid;
	struct cred *new;

	if (!capable(CAP_SETGID) && (gid == (gid_t)-1 || (!gid_is_one_of(gid, old) && gid != was)))
		return was;
	new = gid == (gid_t)-1 ? NULL : prepare_creds();
	if (new) {
		new->fsgid = gid;
		commit_ids(new);
	}
	return was;
}

long sys_getgroups(int size, gid_t __user *list)
{
	const struct group_info *gi = current_cred()->group_info;
	int n = gi ? gi->ngroups : 0;

	if (size < 0)
		return -EINVAL;
	if (!size)
		return n;
	if (n > size)
		return -EINVAL;
	return n && copy_to_user(list, gi->gid, n * sizeof(gid_t)) ? -EFAULT : n;
}

static int compare_gids(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return x < y ? -1 : x > y;
}

long sys_setgroups(int size, const gid_t __user *list)
{
	struct group_info *gi;
	struct cred *new;

	if (!capable(CAP_SETGID))
		return -EPERM;
	if (size < 0 || size > NGROUPS_MAX)
		return -EINVAL;
	gi = groups_alloc(size);
	if (!gi)
		return -ENOMEM;
	new = prepare_creds();
	if (!new || copy_from_user(gi->gid, list, size * sizeof(gid_t))) {
		put_group_info(gi);
		if (new)
			put_cred(new);
		return new ? -EFAULT : -ENOMEM;
	}
	sort(gi->gid, size, sizeof(gid_t), compare_gids);
	put_group_info(new->group_info);
	new->group_info = gi;
	commit_ids(new);
	return 0;
}

/* ---- Capabilities
 * ------------------------------------------------------------------------------------------ */

/* Number of 32-bit words of the version in @header, which is set right if it was unknown: 0 then
 * with -EINVAL (or 0 for a NULL data). */
static int cap_words(struct __user_cap_header_struct __user *uheader, int *words)
{
	u32 version;

	if (get_user(version, &uheader->version))
		return -EFAULT;
	switch (version) {
	case _LINUX_CAPABILITY_VERSION_1:
		*words = 1;
		return 0;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		*words = 2;
		return 0;
	}
	version = _LINUX_CAPABILITY_VERSION_3;
	return put_user(version, &uheader->version) ? -EFAULT : -EINVAL;
}

long sys_capget(struct __user_cap_header_struct __user *uheader, struct __user_cap_data_struct __user *udata)
{
	struct __user_cap_data_struct data[2];
	struct task_struct *p;
	const struct cred *c;
	int words, ret = cap_words(uheader, &words);
	pid_t pid;

	if (ret)
		return ret == -EINVAL && !udata ? 0 : ret;
	if (get_user(pid, &uheader->pid))
		return -EFAULT;
	if (pid < 0)
		return -EINVAL;
	p = pid ? find_get_task(pid) : get_task_struct(current);
	if (!p)
		return -ESRCH;
	task_lock(p);
	c = p->cred;
	for (int i = 0; i < 2; i++) {
		data[i].effective = c->cap_effective >> (32 * i);
		data[i].permitted = c->cap_permitted >> (32 * i);
		data[i].inheritable = c->cap_inheritable >> (32 * i);
	}
	task_unlock(p);
	put_task_struct(p);
	return udata && copy_to_user(udata, data, words * sizeof(data[0])) ? -EFAULT : 0;
}

long sys_capset(struct __user_cap_header_struct __user *uheader, const struct __user_cap_data_struct __user *udata)
{
	struct __user_cap_data_struct data[2] = {};
	const struct cred *old = current_cred();
	u64 effective, permitted, inheritable;
	struct cred *new;
	int words, ret = cap_words(uheader, &words);
	pid_t pid;

	if (ret)
		return ret;
	if (get_user(pid, &uheader->pid) || copy_from_user(data, udata, words * sizeof(data[0])))
		return -EFAULT;
	if (pid && pid != current->pid)
		return -EPERM;
	effective = data[0].effective | (u64)data[1].effective << 32;
	permitted = data[0].permitted | (u64)data[1].permitted << 32;
	inheritable = data[0].inheritable | (u64)data[1].inheritable << 32;
	if ((permitted & ~old->cap_permitted) || (effective & ~permitted) ||
	    (inheritable & ~(old->cap_inheritable | (capable(CAP_SETPCAP) ? old->cap_bset : old->cap_permitted))))
		return -EPERM;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	new->cap_effective = effective;
	new->cap_permitted = permitted;
	new->cap_inheritable = inheritable;
	new->cap_ambient &= permitted & inheritable;
	commit_ids(new);
	return 0;
}
