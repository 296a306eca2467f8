/* SPDX-License-Identifier: MIT */
/* stat, statx, readlink. */
#include "fs/internal.h"
#include "mm/mm.h"

int simple_getattr(const struct path *path, struct kstat *stat)
{
	struct inode *inode = path->dentry->d_inode;

	stat->ino = inode->i_ino;
	stat->dev = inode->i_sb->s_dev;
	stat->rdev = inode->i_rdev;
	stat->mode = inode->i_mode;
	stat->nlink = inode->i_nlink;
	stat->uid = inode->i_uid;
	stat->gid = inode->i_gid;
	stat->size = i_size_read(inode);
	stat->blocks = inode->i_blocks;
	stat->blksize = PAGE_SIZE;
	stat->atime = inode->i_atime;
	stat->mtime = inode->i_mtime;
	stat->ctime = inode->i_ctime;
	stat->btime = inode->i_btime;
	stat->attributes = 0;
	stat->attributes_mask = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND;
	if (inode->i_flags & S_IMMUTABLE)
		stat->attributes |= STATX_ATTR_IMMUTABLE;
	if (inode->i_flags & S_APPEND)
		stat->attributes |= STATX_ATTR_APPEND;
	return 0;
}

int vfs_getattr(const struct path *path, struct kstat *stat)
{
	const struct inode_operations *op = path->dentry->d_inode->i_op;
	int err = op->getattr ? op->getattr(path, stat) : simple_getattr(path, stat);

	if (err)
		return err;
	stat->mnt_id = path->mnt->mnt_id;
	stat->attributes_mask |= STATX_ATTR_MOUNT_ROOT;
	if (path_mounted(path))
		stat->attributes |= STATX_ATTR_MOUNT_ROOT;
	return 0;
}

struct seconds {
	s64 sec;
	u32 nsec;
};

/* Before 1970 the seconds round down: nanoseconds are never negative. */
static inline struct seconds seconds_of(s64 ns)
{
	struct seconds s;

	if (likely(ns >= 0))
		s.sec = (u64)ns / NSEC_PER_SEC;
	else
		s.sec = -(s64)(((u64)-ns + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
	s.nsec = ns - s.sec * NSEC_PER_SEC;
	return s;
}

static int copy_stat(const struct kstat *k, struct stat __user *st)
{
	struct seconds atime = seconds_of(k->atime), mtime = seconds_of(k->mtime),
		       ctime = seconds_of(k->ctime);
	struct stat s = {
		.st_dev = new_encode_dev(k->dev),
		.st_ino = k->ino,
		.st_nlink = k->nlink,
		.st_mode = k->mode,
		.st_uid = k->uid,
		.st_gid = k->gid,
		.st_rdev = new_encode_dev(k->rdev),
		.st_size = k->size,
		.st_blksize = k->blksize,
		.st_blocks = k->blocks,
		.st_atime = atime.sec,
		.st_atime_nsec = atime.nsec,
		.st_mtime = mtime.sec,
		.st_mtime_nsec = mtime.nsec,
		.st_ctime = ctime.sec,
		.st_ctime_nsec = ctime.nsec,
	};

	return copy_to_user(st, &s, sizeof(s)) ? -EFAULT : 0;
}

static int fd_getattr(int fd, struct kstat *stat)
{
	struct fd f = fdget_raw(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = vfs_getattr(&f.file->f_path, stat);
	fdput(f);
	return err;
}

/* The first byte of a name is NUL: "" with AT_EMPTY_PATH is a common way to say fstat. */
static bool name_is_empty(const char __user *name)
{
	char c;

	return !copy_from_user(&c, name, 1) && !c;
}

static int at_getattr(int dfd, const char __user *name, int flags, struct kstat *stat)
{
	unsigned int lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct path path;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH) {
		if (dfd >= 0 && (!name || name_is_empty(name)))
			return fd_getattr(dfd, stat);
		lookup |= LOOKUP_EMPTY;
	}
	err = user_path_at(dfd, name, lookup, &path);
	if (err)
		return err;
	err = vfs_getattr(&path, stat);
	path_put(&path);
	return err;
}

long ksys_newfstatat(int dfd, const char __user *name, struct stat __user *st, int flags)
{
	struct kstat stat;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -EINVAL;
	err = at_getattr(dfd, name, flags, &stat);
	return err ? err : copy_stat(&stat, st);
}

long ksys_stat(const char __user *name, struct stat __user *st)
{
	return ksys_newfstatat(AT_FDCWD, name, st, 0);
}

long ksys_lstat(const char __user *name, struct stat __user *st)
{
	return ksys_newfstatat(AT_FDCWD, name, st, AT_SYMLINK_NOFOLLOW);
}

long ksys_fstat(unsigned int fd, struct stat __user *st)
{
	struct kstat stat;
	int err = fd_getattr(fd, &stat);

	return err ? err : copy_stat(&stat, st);
}

static struct statx_timestamp statx_time(s64 ns)
{
	struct seconds s = seconds_of(ns);

	return (struct statx_timestamp){.tv_sec = s.sec, .tv_nsec = s.nsec};
}

long ksys_statx(int dfd, const char __user *name, unsigned int flags, unsigned int mask,
		struct statx __user *st)
{
	struct kstat k;
	struct statx s;
	int err;

	if (mask & STATX__RESERVED)
		return -EINVAL;
	if ((flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	err = at_getattr(dfd, name, flags, &k);
	if (err)
		return err;
	s = (struct statx){
		.stx_mask = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID,
		.stx_blksize = k.blksize,
		.stx_attributes = k.attributes,
		.stx_nlink = k.nlink,
		.stx_uid = k.uid,
		.stx_gid = k.gid,
		.stx_mode = k.mode,
		.stx_ino = k.ino,
		.stx_size = k.size,
		.stx_blocks = k.blocks,
		.stx_attributes_mask = k.attributes_mask,
		.stx_atime = statx_time(k.atime),
		.stx_btime = statx_time(k.btime),
		.stx_ctime = statx_time(k.ctime),
		.stx_mtime = statx_time(k.mtime),
		.stx_rdev_major = MAJOR(k.rdev),
		.stx_rdev_minor = MINOR(k.rdev),
		.stx_dev_major = MAJOR(k.dev),
		.stx_dev_minor = MINOR(k.dev),
		.stx_mnt_id = k.mnt_id,
	};
	/* A file system that does not know the time of birth says 0. */
	if (!k.btime)
		s.stx_mask &= ~STATX_BTIME;
	return copy_to_user(st, &s, sizeof(s)) ? -EFAULT : 0;
}

/* ---- readlink ---- */

/* /proc/PID/fd/N and its like read as the path they lead to. */
static int read_jump(struct dentry *dentry, char *buf, size_t size, char **text)
{
	struct path to;
	int err = dentry->d_inode->i_op->get_link_path(dentry, &to);

	if (err)
		return err;
	*text = d_path(&to, buf, size);
	path_put(&to);
	return IS_ERR(*text) ? PTR_ERR(*text) : (int)strlen(*text);
}

long ksys_readlinkat(int dfd, const char __user *name, char __user *buf, int size)
{
	const struct inode_operations *op;
	struct path path;
	char *page, *text;
	int len;

	if (size <= 0)
		return -EINVAL;
	len = user_path_at(dfd, name, LOOKUP_EMPTY, &path);
	if (len)
		return len;
	op = path.dentry->d_inode->i_op;
	if (!S_ISLNK(path.dentry->d_inode->i_mode) || (!op->readlink && !op->get_link_path)) {
		/* "" names the descriptor itself: an O_PATH one of a link, or it does not exist. */
		len = name_is_empty(name) ? -ENOENT : -EINVAL;
		goto out;
	}
	page = text = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!page) {
		len = -ENOMEM;
		goto out;
	}
	touch_atime_path(&path);
	if (op->readlink)
		len = op->readlink(path.dentry, page, PATH_MAX);
	else
		len = read_jump(path.dentry, page, PATH_MAX, &text);
	if (len >= 0) {
		len = min(len, size);
		if (copy_to_user(buf, text, len))
			len = -EFAULT;
	}
	kfree(page);
out:
	path_put(&path);
	return len;
}

long ksys_readlink(const char __user *name, char __user *buf, int size)
{
	return ksys_readlinkat(AT_FDCWD, name, buf, size);
}
