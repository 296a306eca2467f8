/* SPDX-License-Identifier: MIT */
/* mount(2), umount(2), pivot_root(2): decisions first, then the tree of mount.c is changed. Every
 * mount is private. */
#include "fs/internal.h"
#include "mm/mm.h"
#include "task/cred.h"
#include "task/pid.h"

#define MNT_FLAGS                                                                                  \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME | \
	 MS_STRICTATIME | MS_NOSYMFOLLOW)
#define SB_FLAGS (MS_RDONLY | MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME | MS_MANDLOCK)

static unsigned long mnt_flags_of(unsigned long flags)
{
	unsigned long mnt_flags = flags & MNT_FLAGS;

	if (!(mnt_flags & (MS_NOATIME | MS_STRICTATIME)))
		mnt_flags |= MS_RELATIME;
	if (mnt_flags & (MS_NOATIME | MS_STRICTATIME))
		mnt_flags &= ~MS_RELATIME;
	return mnt_flags;
}

static bool mnt_in_tree(const struct vfsmount *mnt)
{
	return mnt->mnt_ns != NULL;
}

/*
 * Lock the place where something is to be mounted: the topmost mount there, which cannot be removed
 * meanwhile. Undo with unlock_mount().
 */
static void lock_mount(struct path *target)
{
	mutex_lock(&namespace_mutex);
	follow_mounts(target);
	down_write(&target->dentry->d_inode->i_rwsem);
}

static void unlock_mount(const struct path *target)
{
	up_write(&target->dentry->d_inode->i_rwsem);
	mutex_unlock(&namespace_mutex);
}

static bool gone(const struct dentry *dentry)
{
	return (dentry->d_inode->i_flags & S_DEAD) || d_unlinked(dentry);
}

/* Mount @mnt (reference taken over) on @target, which is followed to the topmost mount there. */
static int graft(struct vfsmount *mnt, struct path *target, unsigned long flags)
{
	int err = 0;

	lock_mount(target);
	if (!mnt_in_tree(target->mnt))
		err = -EINVAL;
	else if (mnt->mnt_sb == target->mnt->mnt_sb && path_mounted(target) &&
		 mnt->mnt_root == target->dentry && !(flags & MS_BIND))
		err = -EBUSY;
	else if (S_ISDIR(mnt->mnt_root->d_inode->i_mode) !=
		 S_ISDIR(target->dentry->d_inode->i_mode))
		err = -ENOTDIR;
	else if (gone(target->dentry))
		err = -ENOENT;
	else
		attach_mnt(mnt, target);
	unlock_mount(target);
	if (err)
		mntput(mnt);
	return err;
}

static int do_new_mount(struct path *target, const char *source, const char *type_name,
			unsigned long flags, const char *data)
{
	struct file_system_type *type;
	struct super_block *sb;
	struct vfsmount *mnt;

	if (!type_name)
		return -EINVAL;
	type = get_fs_type(type_name);
	if (!type || !type->mount)
		return -ENODEV;
	sb = type->mount(type, flags, source, data);
	if (IS_ERR(sb))
		return PTR_ERR(sb);
	if (refcount_read(&sb->s_count) == 1) /* not one that is mounted elsewhere, too */
		sb->s_flags |= flags & SB_FLAGS;
	mnt = alloc_vfsmnt(sb, sb->s_root, source);
	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	mnt->mnt_flags = mnt_flags_of(flags);
	return graft(mnt, target, flags);
}

/* A mount of what @path shows, not yet in the tree. */
static struct vfsmount *clone_mnt(struct vfsmount *old, struct dentry *root)
{
	struct vfsmount *mnt;

	refcount_inc(&old->mnt_sb->s_count);
	mnt = alloc_vfsmnt(old->mnt_sb, root, old->mnt_source);
	if (!IS_ERR(mnt))
		mnt->mnt_flags = old->mnt_flags;
	return mnt;
}

/* Mount copies of all mounts below @old_path on the same places below @mnt. namespace_mutex held.
 */
static int clone_children(struct vfsmount *mnt, struct vfsmount *old, struct dentry *below)
{
	struct vfsmount *child, *copy;
	int err = 0;

	list_for_each_entry (child, &old->mnt_mounts, mnt_child) {
		struct path on = {.mnt = mnt, .dentry = child->mnt_mountpoint};

		if (!is_subdir(child->mnt_mountpoint, below) || child == mnt)
			continue;
		copy = clone_mnt(child, child->mnt_root);
		if (IS_ERR(copy))
			return PTR_ERR(copy);
		attach_mnt(copy, &on);
		err = clone_children(copy, child, child->mnt_root);
		if (err)
			return err;
	}
	return err;
}

static int do_bind(struct path *target, const char *source, bool recursive)
{
	struct vfsmount *mnt;
	struct path from;
	int err;

	if (!source || !*source)
		return -EINVAL;
	err = kern_path(source, LOOKUP_FOLLOW, &from);
	if (err)
		return err;
	mnt = mnt_in_tree(from.mnt) ? clone_mnt(from.mnt, from.dentry) : ERR_PTR(-EINVAL);
	if (IS_ERR(mnt)) {
		err = PTR_ERR(mnt);
		goto out;
	}
	mntget(mnt);
	err = graft(mnt, target, MS_BIND);
	if (!err && recursive) {
		mutex_lock(&namespace_mutex);
		if (mnt_in_tree(mnt))
			err = clone_children(mnt, from.mnt, from.dentry);
		if (err)
			umount_tree(mnt); /* drops the mutex */
		else
			mutex_unlock(&namespace_mutex);
	}
	mntput(mnt);
out:
	path_put(&from);
	return err;
}

/* Does a file that is open for writing keep @mnt (or, NULL, @sb) from becoming read-only?
 * namespace_mutex held. */
static bool has_writers(struct super_block *sb, struct vfsmount *mnt, struct mnt_namespace *ns)
{
	struct vfsmount *m;
	bool found = false;

	if (mnt)
		return atomic_read(&mnt->mnt_writers) > 0;
	spin_lock(&mount_lock);
	list_for_each_entry (m, &ns->list, mnt_list)
		found |= m->mnt_sb == sb && atomic_read(&m->mnt_writers) > 0;
	spin_unlock(&mount_lock);
	return found;
}

static int remount_sb(struct vfsmount *mnt, unsigned long flags, const char *data)
{
	struct super_block *sb = mnt->mnt_sb;
	unsigned long old = sb->s_flags;
	int err = 0;

	if ((flags & MS_RDONLY) && !(old & MS_RDONLY)) {
		WRITE_ONCE(sb->s_flags, old | MS_RDONLY);
		smp_mb(); /* pairs with get_file_access() */
		if (has_writers(sb, NULL, mnt->mnt_ns))
			err = -EBUSY;
	}
	if (!err && sb->s_op && sb->s_op->remount)
		err = sb->s_op->remount(sb, flags, data);
	WRITE_ONCE(sb->s_flags, err ? old : (old & ~SB_FLAGS) | (flags & SB_FLAGS));
	return err;
}

static int remount_mnt(struct vfsmount *mnt, unsigned long flags)
{
	unsigned long old = mnt->mnt_flags;

	WRITE_ONCE(mnt->mnt_flags, mnt_flags_of(flags));
	smp_mb(); /* pairs with get_file_access() */
	if (!(flags & MS_RDONLY) || (old & MS_RDONLY) || !has_writers(NULL, mnt, NULL))
		return 0;
	WRITE_ONCE(mnt->mnt_flags, old);
	return -EBUSY;
}

static int do_remount(struct path *path, unsigned long flags, const char *data)
{
	int err;

	if (!path_mounted(path) || !mnt_in_tree(path->mnt))
		return -EINVAL;
	mutex_lock(&namespace_mutex);
	err = flags & MS_BIND ? 0 : remount_sb(path->mnt, flags, data);
	if (!err)
		err = remount_mnt(path->mnt, flags);
	mutex_unlock(&namespace_mutex);
	return err;
}

static int do_move(struct path *target, const char *source)
{
	struct path from, old_place = {};
	int err;

	if (!source || !*source)
		return -EINVAL;
	err = kern_path(source, LOOKUP_FOLLOW, &from);
	if (err)
		return err;
	lock_mount(target);
	if (!path_mounted(&from) || !from.mnt->mnt_parent || !mnt_in_tree(from.mnt) ||
	    !mnt_in_tree(target->mnt))
		err = -EINVAL;
	else if (S_ISDIR(from.dentry->d_inode->i_mode) != S_ISDIR(target->dentry->d_inode->i_mode))
		err = -EINVAL;
	else if (gone(target->dentry))
		err = -ENOENT;
	else if (mnt_is_below(target->mnt, from.mnt))
		err = -ELOOP;
	if (!err) {
		detach_mnt(from.mnt, &old_place);
		attach_mnt(from.mnt, target);
	}
	unlock_mount(target);
	if (old_place.mnt)
		path_put(&old_place);
	path_put(&from);
	return err;
}

/* All mounts are private, and there is nothing to unshare. */
static int do_change_type(struct path *path, unsigned long flags)
{
	unsigned long type = flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE);

	if (!path_mounted(path) || (type & (type - 1)) || (flags & ~(type | MS_REC | MS_SILENT)))
		return -EINVAL;
	return type == MS_PRIVATE || type == MS_SLAVE ? 0 : -EINVAL;
}

int do_mount(const char *source, const char *target_name, const char *type, unsigned long flags,
	     const char *data)
{
	struct path target;
	int err;

	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~(unsigned long)MS_MGC_MSK;
	err = kern_path(target_name, LOOKUP_FOLLOW, &target);
	if (err)
		return err;
	if (!capable(CAP_SYS_ADMIN))
		err = -EPERM;
	else if (flags & MS_REMOUNT)
		err = do_remount(&target, flags, data);
	else if (flags & MS_BIND)
		err = do_bind(&target, source, flags & MS_REC);
	else if (flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE))
		err = do_change_type(&target, flags);
	else if (flags & MS_MOVE)
		err = do_move(&target, source);
	else
		err = do_new_mount(&target, source, type, flags, data);
	path_put(&target);
	return err;
}

/* The mount that current sees as its root cannot go; it becomes read-only instead. */
static int umount_current_root(struct vfsmount *mnt)
{
	struct super_block *sb = mnt->mnt_sb;
	int err = 0;

	if (sb->s_op && sb->s_op->remount)
		err = sb->s_op->remount(sb, sb->s_flags | MS_RDONLY, NULL);
	if (!err)
		sb->s_flags |= MS_RDONLY;
	return err;
}

static int umount_path(struct path *path, int flags)
{
	struct vfsmount *mnt = path->mnt;
	struct path root;
	bool is_root;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!path_mounted(path) || (flags & MNT_EXPIRE))
		return -EINVAL;
	get_fs_root(&root);
	is_root = root.mnt == mnt;
	path_put(&root);
	mutex_lock(&namespace_mutex);
	if (!mnt_in_tree(mnt)) {
		mutex_unlock(&namespace_mutex);
		return -EINVAL;
	}
	if (!(flags & MNT_DETACH)) {
		int err = 0;

		if (is_root)
			err = umount_current_root(mnt);
		/* In use beyond the tree's reference and the caller's? */
		else if (!mnt->mnt_parent || !list_empty(&mnt->mnt_mounts) ||
			 refcount_read(&mnt->mnt_count) > 2)
			err = -EBUSY;
		if (err || is_root) {
			mutex_unlock(&namespace_mutex);
			return err;
		}
	} else if (!mnt->mnt_parent) {
		mutex_unlock(&namespace_mutex);
		return -EINVAL;
	}
	umount_tree(mnt); /* drops the mutex */
	return 0;
}

int do_umount(const char *target, int flags)
{
	struct path path;
	int err;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	err = kern_path(target, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	err = umount_path(&path, flags);
	path_put(&path);
	return err;
}

/* ---- pivot_root ---- */

/* Every process whose root or working directory is @old gets @new. */
static void replace_fs_refs(const struct path *old, const struct path *new)
{
	struct task_struct *leader, *t;
	int dropped = 0;

	spin_lock(&tasklist_lock);
	for_each_process (leader) {
		for_each_thread (leader, t) {
			struct fs_struct *fs;

			task_lock(t);
			fs = t->fs;
			if (fs) {
				struct path *slots[] = {&fs->root, &fs->pwd};

				spin_lock(&fs->lock);
				for (int i = 0; i < 2; i++) {
					if (slots[i]->mnt != old->mnt ||
					    slots[i]->dentry != old->dentry)
						continue;
					path_get(new);
					*slots[i] = *new;
					dropped++;
				}
				spin_unlock(&fs->lock);
			}
			task_unlock(t);
		}
	}
	spin_unlock(&tasklist_lock);
	while (dropped--)
		path_put(old);
}

int do_pivot_root(const char *new_name, const char *put_old_name)
{
	struct path new, put_old, root, new_place = {}, root_place = {};
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	err = kern_path(new_name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &new);
	if (err)
		return err;
	err = kern_path(put_old_name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &put_old);
	if (err)
		goto out_new;
	get_fs_root(&root);
	mutex_lock(&namespace_mutex);
	if (!mnt_in_tree(new.mnt) || !mnt_in_tree(root.mnt) || !path_mounted(&root) ||
	    !path_mounted(&new) || !root.mnt->mnt_parent || !new.mnt->mnt_parent)
		err = -EINVAL;
	else if (d_unlinked(new.dentry))
		err = -ENOENT;
	else if (new.mnt == root.mnt || put_old.mnt == root.mnt)
		err = -EBUSY;
	else if (!mnt_is_below(put_old.mnt, new.mnt) || !mnt_is_below(new.mnt, root.mnt))
		err = -EINVAL;
	if (!err) {
		detach_mnt(new.mnt, &new_place);
		detach_mnt(root.mnt, &root_place);
		attach_mnt(root.mnt, &put_old);
		attach_mnt(new.mnt, &root_place);
	}
	mutex_unlock(&namespace_mutex);
	if (!err) {
		path_put(&new_place);
		path_put(&root_place);
		replace_fs_refs(&root, &new);
	}
	path_put(&root);
	path_put(&put_old);
out_new:
	path_put(&new);
	return err;
}

/* ---- System calls ---- */

long ksys_mount(const char __user *source, const char __user *target, const char __user *type,
		unsigned long flags, const void __user *data)
{
	char *source_k = NULL, *type_k = NULL, *target_k = NULL, *data_k = NULL;
	long err = -ENOMEM;

	if (type) {
		type_k = strndup_user(type, PATH_MAX);
		if (IS_ERR(type_k))
			return PTR_ERR(type_k);
	}
	if (source) {
		source_k = strndup_user(source, PATH_MAX);
		if (IS_ERR(source_k)) {
			err = PTR_ERR(source_k);
			source_k = NULL;
			goto out;
		}
	}
	if (data) {
		/* Up to a page, as far as it is readable. */
		data_k = kzalloc(PAGE_SIZE, GFP_KERNEL);
		if (!data_k)
			goto out;
		err = -EFAULT;
		if (copy_from_user(data_k, data, PAGE_SIZE - 1) == PAGE_SIZE - 1)
			goto out;
	}
	target_k = getname(target, false);
	if (IS_ERR(target_k)) {
		err = PTR_ERR(target_k);
		target_k = NULL;
		goto out;
	}
	err = do_mount(source_k, target_k, type_k, flags, data_k);
out:
	if (target_k)
		putname(target_k);
	kfree(data_k);
	kfree(source_k);
	kfree(type_k);
	return err;
}

long ksys_umount2(const char __user *target, int flags)
{
	char *name;
	long err;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	name = getname(target, false);
	if (IS_ERR(name))
		return PTR_ERR(name);
	err = do_umount(name, flags);
	putname(name);
	return err;
}

long ksys_pivot_root(const char __user *new_root, const char __user *put_old)
{
	char *new_name, *old_name;
	long err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	new_name = getname(new_root, false);
	if (IS_ERR(new_name))
		return PTR_ERR(new_name);
	old_name = getname(put_old, false);
	err = PTR_ERR_OR_ZERO(old_name);
	if (!err) {
		err = do_pivot_root(new_name, old_name);
		putname(old_name);
	}
	putname(new_name);
	return err;
}
