/* SPDX-License-Identifier: MIT */
/* Making and removing names: mkdir, mknod, symlink, link, unlink, rmdir. Rename is in rename.c. */
#include "fs/internal.h"
#include "mm/mm.h"
#include "task/cred.h"

/* ---- On locked directories ---- */

int vfs_create(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	int err = may_create(dir);

	if (err)
		return err;
	if (!dir->i_op->create)
		return -EACCES;
	return dir->i_op->create(dir, dentry, (mode & S_IALLUGO) | S_IFREG);
}

int vfs_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	int err = may_create(dir);

	if (err)
		return err;
	if (!dir->i_op->mkdir)
		return -EPERM;
	return dir->i_op->mkdir(dir, dentry, (mode & (S_IRWXUGO | S_ISVTX)) | S_IFDIR);
}

int vfs_mknod(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev)
{
	int err = may_create(dir);

	if (err)
		return err;
	/* Character device 0:0 is a whiteout of overlay mounts: anybody may make one. */
	if ((S_ISCHR(mode) || S_ISBLK(mode)) && !(S_ISCHR(mode) && dev == 0) && !capable(CAP_MKNOD))
		return -EPERM;
	if (!dir->i_op->mknod)
		return -EPERM;
	return dir->i_op->mknod(dir, dentry, mode, dev);
}

int vfs_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	int err = may_create(dir);

	if (err)
		return err;
	if (!dir->i_op->symlink)
		return -EPERM;
	return dir->i_op->symlink(dir, dentry, target);
}

int vfs_link(struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = old->d_inode;
	int err = may_create(dir);

	if (err)
		return err;
	if (dir->i_sb != inode->i_sb)
		return -EXDEV;
	if ((inode->i_flags & (S_APPEND | S_IMMUTABLE)) || !dir->i_op->link ||
	    S_ISDIR(inode->i_mode))
		return -EPERM;
	down_write_nested(&inode->i_rwsem);
	/* A file without names comes back only if it never had one (O_TMPFILE): its inode says so
	 * by S_TMPFILE. */
	if (!inode->i_nlink && !(inode->i_flags & S_TMPFILE))
		err = -ENOENT;
	else
		err = dir->i_op->link(old, dir, dentry);
	if (!err)
		inode->i_flags &= ~S_TMPFILE;
	up_write(&inode->i_rwsem);
	return err;
}

int vfs_unlink(struct inode *dir, struct dentry *dentry)
{
	int err = may_delete(dir, dentry, false);

	if (err)
		return err;
	if (!dir->i_op->unlink)
		return -EPERM;
	down_write_nested(&dentry->d_inode->i_rwsem);
	err = -EBUSY;
	if (!(dentry->d_flags & DCACHE_MOUNTED))
		err = dir->i_op->unlink(dir, dentry);
	if (!err)
		d_drop(dentry);
	up_write(&dentry->d_inode->i_rwsem);
	return err;
}

int vfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode;
	int err = may_delete(dir, dentry, true);

	if (err)
		return err;
	if (!dir->i_op->rmdir)
		return -EPERM;
	inode = dentry->d_inode;
	down_write_nested(&inode->i_rwsem);
	if (dentry->d_flags & DCACHE_MOUNTED)
		err = -EBUSY;
	else
		err = dir->i_op->rmdir(dir, dentry);
	if (!err) {
		inode->i_flags |= S_DEAD;
		d_invalidate_tree(dentry); /* negative names below it */
		d_drop(dentry);
	}
	up_write(&inode->i_rwsem);
	return err;
}

static umode_t apply_umask(umode_t mode)
{
	return mode & ~current->fs->umask;
}

/* ---- mkdir, mknod, symlink, link ---- */

long ksys_mkdirat(int dfd, const char __user *name, umode_t mode)
{
	struct path path;
	struct dentry *dentry = user_path_create(dfd, name, true, &path);
	int err;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	err = vfs_mkdir(path.dentry->d_inode, dentry, apply_umask(mode));
	done_path_create(&path, dentry);
	return err;
}

long ksys_mkdir(const char __user *name, umode_t mode)
{
	return ksys_mkdirat(AT_FDCWD, name, mode);
}

int vfs_mkdir_path(const char *name, umode_t mode)
{
	struct path path;
	struct dentry *dentry = path_create(AT_FDCWD, name, true, &path);
	int err;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	err = vfs_mkdir(path.dentry->d_inode, dentry, mode);
	done_path_create(&path, dentry);
	return err;
}

int vfs_mknod_path(const char *name, umode_t mode, dev_t dev)
{
	struct path path;
	struct dentry *dentry = path_create(AT_FDCWD, name, false, &path);
	int err;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	err = vfs_mknod(path.dentry->d_inode, dentry, mode, dev);
	done_path_create(&path, dentry);
	return err;
}

static int may_mknod(umode_t mode)
{
	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
}

long ksys_mknodat(int dfd, const char __user *name, umode_t mode, unsigned int dev)
{
	struct path path;
	struct dentry *dentry;
	int err = may_mknod(mode);

	if (err)
		return err;
	dentry = user_path_create(dfd, name, false, &path);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	mode = apply_umask(mode);
	if (!(mode & S_IFMT) || S_ISREG(mode))
		err = vfs_create(path.dentry->d_inode, dentry, mode);
	else
		err = vfs_mknod(path.dentry->d_inode, dentry, mode,
				S_ISCHR(mode) || S_ISBLK(mode) ? new_decode_dev(dev) : 0);
	done_path_create(&path, dentry);
	return err;
}

long ksys_mknod(const char __user *name, umode_t mode, unsigned int dev)
{
	return ksys_mknodat(AT_FDCWD, name, mode, dev);
}

long ksys_symlinkat(const char __user *target, int dfd, const char __user *name)
{
	char *ktarget = getname(target, false);
	struct dentry *dentry;
	struct path path;
	int err;

	if (IS_ERR(ktarget))
		return PTR_ERR(ktarget);
	dentry = user_path_create(dfd, name, false, &path);
	err = PTR_ERR_OR_ZERO(dentry);
	if (!err) {
		err = vfs_symlink(path.dentry->d_inode, dentry, ktarget);
		done_path_create(&path, dentry);
	}
	putname(ktarget);
	return err;
}

long ksys_symlink(const char __user *target, const char __user *name)
{
	return ksys_symlinkat(target, AT_FDCWD, name);
}

long ksys_linkat(int old_dfd, const char __user *old, int dfd, const char __user *name, int flags)
{
	unsigned int how = 0;
	struct path old_path, path;
	struct dentry *dentry;
	int err;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH) {
		if (!capable(CAP_DAC_READ_SEARCH))
			return -ENOENT;
		how |= LOOKUP_EMPTY;
	}
	if (flags & AT_SYMLINK_FOLLOW)
		how |= LOOKUP_FOLLOW;
	err = user_path_at(old_dfd, old, how, &old_path);
	if (err)
		return err;
	dentry = user_path_create(dfd, name, false, &path);
	err = PTR_ERR_OR_ZERO(dentry);
	if (!err) {
		err = -EXDEV;
		if (old_path.mnt == path.mnt)
			err = vfs_link(old_path.dentry, path.dentry->d_inode, dentry);
		done_path_create(&path, dentry);
	}
	path_put(&old_path);
	return err;
}

long ksys_link(const char __user *old, const char __user *name)
{
	return ksys_linkat(AT_FDCWD, old, AT_FDCWD, name, 0);
}

/* ---- unlink, rmdir ---- */

/* Error for a last component that is not a name. */
static int rmdir_last_error(enum last_type type)
{
	return type == LAST_DOTDOT ? -ENOTEMPTY : type == LAST_DOT ? -EINVAL : -EBUSY;
}

static int remove_name(int dfd, const char *name, bool is_dir)
{
	struct nameidata nd;
	struct dentry *dentry;
	struct inode *dir, *victim = NULL;
	int err;

	nd_init(&nd, dfd, 0);
	err = path_parent(&nd, name);
	if (!err && nd.last_type != LAST_NORM)
		err = is_dir ? rmdir_last_error(nd.last_type) : -EISDIR;
	if (err)
		goto out;
	dir = nd.path.dentry->d_inode;
	down_write(&dir->i_rwsem);
	dentry = lookup_one_locked(nd.path.dentry, nd.last.name, nd.last.len);
	if (IS_ERR(dentry)) {
		err = PTR_ERR(dentry);
	} else {
		if (d_is_negative(dentry))
			err = -ENOENT;
		else if (!is_dir && nd_trailing_slash(&nd))
			err = S_ISDIR(dentry->d_inode->i_mode) ? -EISDIR : -ENOTDIR;
		else
			err = mnt_want_write(nd.path.mnt);
		if (!err) {
			/* The contents go when everything is unlocked. */
			victim = igrab(dentry->d_inode);
			err = is_dir ? vfs_rmdir(dir, dentry) : vfs_unlink(dir, dentry);
		}
		dput(dentry);
	}
	up_write(&dir->i_rwsem);
	iput(victim);
out:
	nd_end(&nd);
	return err;
}

static long user_remove(int dfd, const char __user *name, bool is_dir)
{
	char *kname = getname(name, false);
	long err;

	if (IS_ERR(kname))
		return PTR_ERR(kname);
	err = remove_name(dfd, kname, is_dir);
	putname(kname);
	return err;
}

long ksys_unlinkat(int dfd, const char __user *name, int flags)
{
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	return user_remove(dfd, name, flags & AT_REMOVEDIR);
}

long ksys_unlink(const char __user *name)
{
	return user_remove(AT_FDCWD, name, false);
}

long ksys_rmdir(const char __user *name)
{
	return user_remove(AT_FDCWD, name, true);
}
