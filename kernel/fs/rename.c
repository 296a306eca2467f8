/* SPDX-License-Identifier: MIT */
/*
 * rename(2). Two directories are locked, the upper one first; while rename_mutex is held no
 * directory moves to another parent, so that "upper" stays true:
 *
 *	rename_mutex (if the directories differ) -> upper dir -> lower dir -> what is replaced
 */
#include "fs/internal.h"
#include "task/cred.h"

static struct mutex rename_mutex = {
	.rank = RANK_NAMESPACE,
	.name = "rename_mutex",
	.wait = WAIT_QUEUE_HEAD_INIT(rename_mutex.wait),
};

/* The child of @ancestor on the way to @dentry; NULL if it is not an ancestor. No reference: only
 * to be compared. */
static struct dentry *child_towards(struct dentry *ancestor, struct dentry *dentry)
{
	struct dentry *found = NULL;

	spin_lock(&dcache_lock);
	for (; dentry->d_parent != dentry; dentry = dentry->d_parent) {
		if (dentry->d_parent == ancestor) {
			found = dentry;
			break;
		}
	}
	spin_unlock(&dcache_lock);
	return found;
}

/* Returns what must be neither source nor target: the way from one directory to the other. */
static struct dentry *lock_rename(struct dentry *a, struct dentry *b)
{
	struct dentry *trap;

	if (a == b) {
		down_write(&a->d_inode->i_rwsem);
		return NULL;
	}
	mutex_lock(&rename_mutex);
	trap = child_towards(b, a);
	if (trap) {
		down_write(&b->d_inode->i_rwsem);
		down_write_nested(&a->d_inode->i_rwsem);
		return trap;
	}
	trap = child_towards(a, b);
	down_write(&a->d_inode->i_rwsem);
	down_write_nested(&b->d_inode->i_rwsem);
	return trap;
}

static void unlock_rename(struct dentry *a, struct dentry *b)
{
	up_write(&a->d_inode->i_rwsem);
	if (a != b) {
		up_write(&b->d_inode->i_rwsem);
		mutex_unlock(&rename_mutex);
	}
}

static int may_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
		      struct dentry *new, unsigned int flags)
{
	bool is_dir = S_ISDIR(old->d_inode->i_mode);
	struct inode *target = new->d_inode;
	int err = may_delete(old_dir, old, is_dir);

	if (err)
		return err;
	if (!target)
		err = may_create(new_dir);
	else
		err = may_delete(new_dir, new,
				 flags & RENAME_EXCHANGE ? S_ISDIR(target->i_mode) : is_dir);
	if (err)
		return err;
	if (!old_dir->i_op->rename)
		return -EPERM;
	/* A directory that gets another parent is written to: its "..". */
	if (old_dir != new_dir) {
		if (is_dir)
			err = inode_permission(old->d_inode, MAY_WRITE);
		if (!err && (flags & RENAME_EXCHANGE) && S_ISDIR(target->i_mode))
			err = inode_permission(target, MAY_WRITE);
	}
	return err;
}

static int vfs_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
		      struct dentry *new, unsigned int flags)
{
	struct inode *target = new->d_inode;
	bool exchange = flags & RENAME_EXCHANGE;
	int err;

	if (old->d_inode == target)
		return 0;
	err = may_rename(old_dir, old, new_dir, new, flags);
	if (err)
		return err;
	if (target)
		down_write_nested(&target->i_rwsem);
	if ((old->d_flags | new->d_flags) & DCACHE_MOUNTED)
		err = -EBUSY;
	else
		err = old_dir->i_op->rename(old_dir, old, new_dir, new, flags);
	if (!err) {
		if (target && !exchange && S_ISDIR(target->i_mode))
			target->i_flags |= S_DEAD;
		d_move(old, new, exchange);
	}
	if (target)
		up_write(&target->i_rwsem);
	return err;
}

static int check_names(struct nameidata *from, struct dentry *old, struct nameidata *to,
		       struct dentry *new, struct dentry *trap, unsigned int flags)
{
	if (d_is_negative(old))
		return -ENOENT;
	if ((flags & RENAME_NOREPLACE) && !d_is_negative(new))
		return -EEXIST;
	if (flags & RENAME_EXCHANGE) {
		if (d_is_negative(new))
			return -ENOENT;
		if (!S_ISDIR(new->d_inode->i_mode) && nd_trailing_slash(to))
			return -ENOTDIR;
	}
	if (!S_ISDIR(old->d_inode->i_mode) &&
	    (nd_trailing_slash(from) || (!(flags & RENAME_EXCHANGE) && nd_trailing_slash(to))))
		return -ENOTDIR;
	if (old == trap)
		return -EINVAL;
	if (new == trap)
		return flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static int rename_locked(struct nameidata *from, struct nameidata *to, unsigned int flags)
{
	struct dentry *old, *new, *trap;
	struct inode *victim = NULL;
	int err;

	trap = lock_rename(from->path.dentry, to->path.dentry);
	old = lookup_one_locked(from->path.dentry, from->last.name, from->last.len);
	err = PTR_ERR_OR_ZERO(old);
	if (err)
		goto unlock;
	new = lookup_one_locked(to->path.dentry, to->last.name, to->last.len);
	err = PTR_ERR_OR_ZERO(new);
	if (err)
		goto put_old;
	err = check_names(from, old, to, new, trap, flags);
	if (!err)
		err = mnt_want_write(from->path.mnt);
	if (!err) {
		victim = igrab(new->d_inode); /* its contents go when everything is unlocked */
		err = vfs_rename(from->path.dentry->d_inode, old, to->path.dentry->d_inode, new,
				 flags);
	}
	dput(new);
put_old:
	dput(old);
unlock:
	unlock_rename(from->path.dentry, to->path.dentry);
	iput(victim);
	return err;
}

static int do_renameat2(int old_dfd, const char *old, int dfd, const char *new, unsigned int flags)
{
	struct nameidata *nd;
	int err;

	/* Two walks are too much for the stack. */
	nd = kmalloc(2 * sizeof(*nd), GFP_KERNEL);
	if (!nd)
		return -ENOMEM;
	nd_init(&nd[0], old_dfd, 0);
	nd_init(&nd[1], dfd, 0);
	err = path_parent(&nd[0], old);
	if (!err)
		err = path_parent(&nd[1], new);
	if (!err && nd[0].path.mnt != nd[1].path.mnt)
		err = -EXDEV;
	if (!err && nd[0].last_type != LAST_NORM)
		err = -EBUSY;
	if (!err && nd[1].last_type != LAST_NORM)
		err = flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	if (!err)
		err = rename_locked(&nd[0], &nd[1], flags);
	nd_end(&nd[1]);
	nd_end(&nd[0]);
	kfree(nd);
	return err;
}

long ksys_renameat2(int old_dfd, const char __user *old, int dfd, const char __user *name,
		    unsigned int flags)
{
	char *kold, *kname;
	long err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	/* Whiteouts: no file system here makes them. */
	if ((flags & RENAME_WHITEOUT) || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	kold = getname(old, false);
	if (IS_ERR(kold))
		return PTR_ERR(kold);
	kname = getname(name, false);
	err = PTR_ERR_OR_ZERO(kname);
	if (!err) {
		err = do_renameat2(old_dfd, kold, dfd, kname, flags);
		putname(kname);
	}
	putname(kold);
	return err;
}

long ksys_renameat(int old_dfd, const char __user *old, int dfd, const char __user *name)
{
	return ksys_renameat2(old_dfd, old, dfd, name, 0);
}

long ksys_rename(const char __user *old, const char __user *name)
{
	return ksys_renameat2(AT_FDCWD, old, AT_FDCWD, name, 0);
}
