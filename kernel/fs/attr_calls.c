/* SPDX-License-Identifier: MIT */
/* chmod, chown, utimes and their relatives. */
#include "fs/internal.h"
#include "mm/mm.h"

/* ---- chmod ---- */

static int chmod_path(const struct path *path, umode_t mode)
{
	struct inode *inode = path->dentry->d_inode;
	struct iattr attr = {.valid = ATTR_MODE, .mode = mode & S_IALLUGO};
	int err = mnt_want_write(path->mnt);

	if (err)
		return err;
	if (S_ISLNK(inode->i_mode))
		return -EOPNOTSUPP;
	return notify_change(path->dentry, &attr);
}

long ksys_fchmodat2(int dfd, const char __user *name, umode_t mode, unsigned int flags)
{
	unsigned int lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct path path;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY;
	err = user_path_at(dfd, name, lookup, &path);
	if (err)
		return err;
	err = chmod_path(&path, mode);
	path_put(&path);
	return err;
}

long ksys_fchmodat(int dfd, const char __user *name, umode_t mode)
{
	return ksys_fchmodat2(dfd, name, mode, 0);
}

long ksys_chmod(const char __user *name, umode_t mode)
{
	return ksys_fchmodat2(AT_FDCWD, name, mode, 0);
}

long ksys_fchmod(unsigned int fd, umode_t mode)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = chmod_path(&f.file->f_path, mode);
	fdput(f);
	return err;
}

/* ---- chown ---- */

static int chown_path(const struct path *path, uid_t uid, gid_t gid)
{
	struct iattr attr = {.valid = ATTR_KILL_PRIV, .uid = uid, .gid = gid};
	int err = mnt_want_write(path->mnt);

	if (err)
		return err;
	if (uid != (uid_t)-1)
		attr.valid |= ATTR_UID;
	if (gid != (gid_t)-1)
		attr.valid |= ATTR_GID;
	return notify_change(path->dentry, &attr);
}

long ksys_fchownat(int dfd, const char __user *name, uid_t uid, gid_t gid, int flags)
{
	unsigned int lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct path path;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY;
	err = user_path_at(dfd, name, lookup, &path);
	if (err)
		return err;
	err = chown_path(&path, uid, gid);
	path_put(&path);
	return err;
}

long ksys_chown(const char __user *name, uid_t uid, gid_t gid)
{
	return ksys_fchownat(AT_FDCWD, name, uid, gid, 0);
}

long ksys_lchown(const char __user *name, uid_t uid, gid_t gid)
{
	return ksys_fchownat(AT_FDCWD, name, uid, gid, AT_SYMLINK_NOFOLLOW);
}

long ksys_fchown(unsigned int fd, uid_t uid, gid_t gid)
{
	struct fd f = fdget(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = chown_path(&f.file->f_path, uid, gid);
	fdput(f);
	return err;
}

/* ---- Times ---- */

/* Nanoseconds since 1970, within what 64 bits hold. */
/* The years 1677 to 2262; what lies outside becomes the nearest of them. */
static s64 timespec_to_ns(const struct timespec *ts)
{
	const s64 limit = S64_MAX / NSEC_PER_SEC - 1;

	if (ts->tv_sec > limit)
		return S64_MAX;
	if (ts->tv_sec < -limit)
		return -limit * NSEC_PER_SEC;
	return ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
}

static bool valid_nsec(long nsec)
{
	return nsec == UTIME_NOW || nsec == UTIME_OMIT || (nsec >= 0 && nsec < NSEC_PER_SEC);
}

/* @times: access and modification, or NULL: both now. */
static int utimes_path(const struct path *path, const struct timespec *times)
{
	struct inode *inode = path->dentry->d_inode;
	struct iattr attr = {.valid = ATTR_ATIME | ATTR_MTIME};
	int err = mnt_want_write(path->mnt);

	if (err)
		return err;
	if (times && (times[0].tv_nsec != UTIME_NOW || times[1].tv_nsec != UTIME_NOW)) {
		if (times[0].tv_nsec == UTIME_OMIT)
			attr.valid &= ~ATTR_ATIME;
		else if (times[0].tv_nsec != UTIME_NOW)
			attr.valid |= ATTR_ATIME_SET;
		if (times[1].tv_nsec == UTIME_OMIT)
			attr.valid &= ~ATTR_MTIME;
		else if (times[1].tv_nsec != UTIME_NOW)
			attr.valid |= ATTR_MTIME_SET;
		attr.atime = timespec_to_ns(&times[0]);
		attr.mtime = timespec_to_ns(&times[1]);
		/* One now, the other left alone: that too takes the owner. */
		if (!(attr.valid & (ATTR_ATIME_SET | ATTR_MTIME_SET)) &&
		    !inode_owner_or_capable(inode))
			return -EPERM;
	} else {
		/* Both now: who may write may do that. */
		if (inode->i_flags & S_IMMUTABLE)
			return -EPERM;
		if (!inode_owner_or_capable(inode)) {
			err = inode_permission(inode, MAY_WRITE);
			if (err)
				return err;
		}
	}
	return notify_change(path->dentry, &attr);
}

int do_utimes(int dfd, const char __user *name, const struct timespec *times, int flags)
{
	unsigned int lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct path path;
	int err;

	if (times && (!valid_nsec(times[0].tv_nsec) || !valid_nsec(times[1].tv_nsec)))
		return -EINVAL;
	if (!name && dfd != AT_FDCWD) {
		struct fd f;

		if (flags)
			return -EINVAL;
		f = fdget(dfd);
		if (!f.file)
			return -EBADF;
		err = utimes_path(&f.file->f_path, times);
		fdput(f);
		return err;
	}
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY;
	err = user_path_at(dfd, name, lookup, &path);
	if (err)
		return err;
	err = utimes_path(&path, times);
	path_put(&path);
	return err;
}

long ksys_utimensat(int dfd, const char __user *name, const struct timespec __user *utimes,
		    int flags)
{
	struct timespec times[2];

	if (utimes) {
		if (copy_from_user(times, utimes, sizeof(times)))
			return -EFAULT;
		/* Nothing to do, nothing to check. */
		if (times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
			return 0;
	}
	return do_utimes(dfd, name, utimes ? times : NULL, flags);
}

long ksys_futimesat(int dfd, const char __user *name, const struct timeval __user *utimes)
{
	struct timeval tv[2];
	struct timespec times[2];

	if (utimes) {
		if (copy_from_user(tv, utimes, sizeof(tv)))
			return -EFAULT;
		for (int i = 0; i < 2; i++) {
			if (tv[i].tv_usec < 0 || tv[i].tv_usec >= USEC_PER_SEC)
				return -EINVAL;
			times[i].tv_sec = tv[i].tv_sec;
			times[i].tv_nsec = tv[i].tv_usec * NSEC_PER_USEC;
		}
	}
	return do_utimes(dfd, name, utimes ? times : NULL, 0);
}

long ksys_utimes(const char __user *name, const struct timeval __user *times)
{
	return ksys_futimesat(AT_FDCWD, name, times);
}

long ksys_utime(const char __user *name, const struct utimbuf __user *utimes)
{
	struct timespec times[2] = {};
	struct utimbuf buf;

	if (utimes) {
		if (copy_from_user(&buf, utimes, sizeof(buf)))
			return -EFAULT;
		times[0].tv_sec = buf.actime;
		times[1].tv_sec = buf.modtime;
	}
	return do_utimes(AT_FDCWD, name, utimes ? times : NULL, 0);
}
