/* SPDX-License-Identifier: MIT */
/*
 * devtmpfs: one tmpfs in which the kernel makes a node for each device. Every mount of it shows the
 * same names; users may add and remove names as in any tmpfs.
 */
#include "fs/internal.h"
#include "base/panic.h"

static struct super_block *devtmpfs_sb;

static struct super_block *devtmpfs_mount(const struct file_system_type *type, unsigned long flags,
					  const char *source, const char *data)
{
	refcount_inc(&devtmpfs_sb->s_count);
	return devtmpfs_sb;
}

struct file_system_type devtmpfs_type = {
	.name = "devtmpfs", .flags = FS_NODEV, .mount = devtmpfs_mount};

/*
 * The directory that holds the last component of @name, locked, with a reference; directories on
 * the way are made if @make. *base: the last component. ERR_PTR.
 */
static struct dentry *lock_parent(const char *name, const char **base, bool make)
{
	struct dentry *dir = dget(devtmpfs_sb->s_root), *child;
	const char *slash;
	int err = 0;

	for (;;) {
		down_write(&dir->d_inode->i_rwsem);
		slash = strchr(name, '/');
		if (!slash) {
			*base = name;
			return dir;
		}
		child = lookup_one_locked(dir, name, slash - name);
		err = PTR_ERR_OR_ZERO(child);
		if (!err && d_is_negative(child))
			err = make ? vfs_mkdir(dir->d_inode, child, 0755) : -ENOENT;
		if (!err && !S_ISDIR(child->d_inode->i_mode))
			err = -ENOTDIR;
		up_write(&dir->d_inode->i_rwsem);
		dput(dir);
		if (err) {
			if (!IS_ERR(child))
				dput(child);
			return ERR_PTR(err);
		}
		dir = child;
		name = slash + 1;
	}
}

static void unlock_parent(struct dentry *dir)
{
	up_write(&dir->d_inode->i_rwsem);
	dput(dir);
}

/* Make a node (or, with @target, a link; or a directory, by @mode) if the name is free. */
static int make_name(const char *name, umode_t mode, dev_t dev, const char *target)
{
	struct dentry *dir, *dentry;
	const char *base;
	int err;

	dir = lock_parent(name, &base, true);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	dentry = lookup_one_locked(dir, base, strlen(base));
	err = PTR_ERR_OR_ZERO(dentry);
	if (!err) {
		if (!d_is_negative(dentry))
			err = -EEXIST;
		else if (target)
			err = vfs_symlink(dir->d_inode, dentry, target);
		else if (S_ISDIR(mode))
			err = vfs_mkdir(dir->d_inode, dentry, mode);
		else
			err = vfs_mknod(dir->d_inode, dentry, mode, dev);
		dput(dentry);
	}
	unlock_parent(dir);
	return err;
}

int devtmpfs_create_node(const char *name, umode_t mode, dev_t dev)
{
	return make_name(name, mode, dev, NULL);
}

int devtmpfs_symlink(const char *name, const char *target)
{
	return make_name(name, 0, 0, target);
}

int devtmpfs_mkdir(const char *name, umode_t mode)
{
	return make_name(name, S_IFDIR | mode, 0, NULL);
}

int devtmpfs_delete_node(const char *name)
{
	struct dentry *dir, *dentry;
	const char *base;
	int err;

	dir = lock_parent(name, &base, false);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	dentry = lookup_one_locked(dir, base, strlen(base));
	err = PTR_ERR_OR_ZERO(dentry);
	if (!err) {
		err = d_is_negative(dentry) ? -ENOENT : vfs_unlink(dir->d_inode, dentry);
		dput(dentry);
	}
	unlock_parent(dir);
	return err;
}

void devtmpfs_init(void)
{
	struct super_block *sb = ramfs_type.mount(&devtmpfs_type, 0, "devtmpfs", "mode=755");

	if (IS_ERR(sb))
		panic("no memory for devtmpfs");
	devtmpfs_sb = sb; /* its first reference is for ever */
	register_filesystem(&devtmpfs_type);
}
