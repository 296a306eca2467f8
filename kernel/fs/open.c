/* SPDX-License-Identifier: MIT */
/*
 * open(2): from flags to a walk, from a path to an open file.
 *
 *	decode flags -> path_parent -> open_last (look up or create; again for each trailing link)
 *		-> may_open -> do_dentry_open -> truncate
 */
#include "fs/internal.h"
#include "mm/mm.h"
#include "task/cred.h"

struct open_args {
	int flags;	     /* O_* */
	umode_t mode;	     /* of a file to be created, with S_IFREG */
	int acc_mode;	     /* MAY_* */
	unsigned int lookup; /* LOOKUP_* */
	bool exec;
};

/* ---- May it be opened? ---- */

static int may_open(const struct path *path, int acc_mode, int flags)
{
	struct inode *inode = path->dentry->d_inode;
	unsigned long mnt_flags = path->mnt->mnt_flags | inode->i_sb->s_flags;
	int err;

	switch (inode->i_mode & S_IFMT) {
	case S_IFLNK:
		return -ELOOP;
	case S_IFDIR:
		if (acc_mode & MAY_WRITE)
			return -EISDIR;
		if (acc_mode & MAY_EXEC)
			return -EACCES;
		break;
	case S_IFBLK:
	case S_IFCHR:
		if (mnt_flags & MS_NODEV)
			return -EACCES;
		fallthrough;
	case S_IFIFO:
	case S_IFSOCK:
		if (acc_mode & MAY_EXEC)
			return -EACCES;
		break;
	default:
		if ((acc_mode & MAY_EXEC) && (mnt_flags & MS_NOEXEC))
			return -EACCES;
		break;
	}
	err = inode_permission(inode, acc_mode);
	if (err)
		return err;
	if (inode->i_flags & S_APPEND) {
		if (((flags & O_ACCMODE) != O_RDONLY && !(flags & O_APPEND)) || (flags & O_TRUNC))
			return -EPERM;
	}
	if ((flags & O_NOATIME) && !inode_owner_or_capable(inode))
		return -EPERM;
	return 0;
}

/* ---- The last component ---- */

/* Make the file the walk has come to, or find that somebody made it. Sets *created. */
static struct dentry *lookup_or_create(struct nameidata *nd, const struct open_args *op,
				       bool *created)
{
	struct dentry *parent = nd->path.dentry, *dentry;
	struct inode *dir = parent->d_inode;
	int err;

	down_write(&dir->i_rwsem);
	dentry = lookup_one_locked(parent, nd->last.name, nd->last.len);
	if (!IS_ERR(dentry) && d_is_negative(dentry)) {
		err = mnt_want_write(nd->path.mnt);
		if (!err)
			err = vfs_create(dir, dentry, op->mode & ~current->fs->umask);
		if (err) {
			dput(dentry);
			dentry = ERR_PTR(err);
		} else {
			*created = true;
		}
	}
	up_write(&dir->i_rwsem);
	return dentry;
}

static int open_last(struct nameidata *nd, const struct open_args *op, bool *created, char **link)
{
	struct dentry *dentry;

	*link = NULL;
	if (!(op->flags & O_CREAT))
		return walk_last(nd, link);
	if (nd->last_type != LAST_NORM || nd_trailing_slash(nd))
		return -EISDIR;
	dentry = lookup_child(nd);
	if (IS_ERR(dentry) ? PTR_ERR(dentry) == -ENOENT : d_is_negative(dentry)) {
		if (!IS_ERR(dentry))
			dput(dentry);
		dentry = lookup_or_create(nd, op, created);
	}
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	if ((op->flags & O_EXCL) && !*created) {
		dput(dentry);
		return -EEXIST;
	}
	return step_into(nd, dentry, nd->flags & LOOKUP_FOLLOW, link);
}

static int open_at(struct nameidata *nd, const struct open_args *op, bool created,
		   struct file *file)
{
	struct inode *inode = nd->path.dentry->d_inode;
	bool truncate = (op->flags & O_TRUNC) && S_ISREG(inode->i_mode) && !created;
	int err;

	if ((op->flags & O_CREAT) && S_ISDIR(inode->i_mode))
		return -EISDIR;
	if ((nd->flags & LOOKUP_DIRECTORY) && !S_ISDIR(inode->i_mode))
		return -ENOTDIR;
	if (truncate) {
		err = mnt_want_write(nd->path.mnt);
		if (err)
			return err;
	}
	err = may_open(&nd->path, created ? 0 : op->acc_mode, op->flags);
	if (err)
		return err;
	if (op->exec) {
		if (!S_ISREG(inode->i_mode))
			return -EACCES;
		file->f_mode |= FMODE_EXEC;
	}
	file->f_path = nd->path;
	err = do_dentry_open(file, inode);
	/* From here the caller's fput() undoes it. */
	if (!err && truncate) {
		err = get_write_access(inode);
		if (!err) {
			err = do_truncate(nd->path.dentry, 0);
			put_write_access(inode);
		}
	}
	return err;
}

static int open_tmpfile(struct nameidata *nd, const char *name, const struct open_args *op,
			struct file *file)
{
	struct dentry *dentry;
	struct inode *dir;
	struct path dir_path;
	int err;

	err = filename_lookup(nd->dfd, name, (nd->flags & ~LOOKUP_PARENT) | LOOKUP_DIRECTORY,
			      &dir_path);
	if (err)
		return err;
	dir = dir_path.dentry->d_inode;
	err = mnt_want_write(dir_path.mnt);
	if (!err)
		err = inode_permission(dir, MAY_WRITE | MAY_EXEC);
	if (!err && !dir->i_op->tmpfile)
		err = -EOPNOTSUPP;
	if (err)
		goto out;
	err = -ENOMEM;
	dentry = d_alloc_pseudo(dir->i_sb, "/");
	if (!dentry)
		goto out;
	dentry->d_flags &= ~DCACHE_PSEUDO;
	err = dir->i_op->tmpfile(dir, dentry, op->mode & ~current->fs->umask);
	if (!err) {
		if (!(op->flags & O_EXCL))
			dentry->d_inode->i_flags |= S_TMPFILE;
		d_name_tmpfile(dentry, dir_path.dentry);
		file->f_path.mnt = dir_path.mnt;
		file->f_path.dentry = dentry;
		err = do_dentry_open(file, dentry->d_inode);
	}
	dput(dentry);
out:
	path_put(&dir_path);
	return err;
}

static int open_walk(struct nameidata *nd, const char *name, const struct open_args *op,
		     struct file *file)
{
	bool created = false;
	char *link;
	int err;

	err = path_parent(nd, name);
	while (!err) {
		err = open_last(nd, op, &created, &link);
		if (err || !link)
			break;
		err = path_continue(nd, link);
	}
	return err ? err : open_at(nd, op, created, file);
}

static int open_path_only(struct nameidata *nd, const char *name, struct file *file)
{
	struct path path;
	int err = filename_lookup(nd->dfd, name, nd->flags, &path);

	if (err)
		return err;
	file->f_path = path;
	err = do_dentry_open(file, path.dentry->d_inode);
	path_put(&path);
	return err;
}

static struct file *path_openat(int dfd, const char *name, const struct open_args *op)
{
	struct nameidata nd;
	struct file *file;
	int err;

	if (unlikely(!*name && !(op->lookup & LOOKUP_EMPTY)))
		return ERR_PTR(-ENOENT);
	file = alloc_empty_file(op->flags, current_cred());
	if (IS_ERR(file))
		return file;
	nd_init(&nd, dfd, op->lookup);
	if (op->flags & O_PATH)
		err = open_path_only(&nd, name, file);
	else if (op->flags & __O_TMPFILE)
		err = open_tmpfile(&nd, name, op, file);
	else
		err = open_walk(&nd, name, op, file);
	nd_end(&nd);
	if (err) {
		fput(file);
		return ERR_PTR(err);
	}
	return file;
}

/* ---- Flags ---- */

#define O_PATH_FLAGS (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)

/* What open(2), openat2(2) and the kernel ask for, checked: 0 or -EINVAL, -EAGAIN. */
static int decode_open(int flags, umode_t mode, unsigned int lookup, struct open_args *op)
{
	static const unsigned char access[] = {MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
					       MAY_READ | MAY_WRITE};

	if (flags & __O_SYNC)
		flags |= O_DSYNC;
	op->exec = false;
	op->acc_mode = access[flags & O_ACCMODE];
	if (flags & __O_TMPFILE) {
		if ((flags & O_TMPFILE) != O_TMPFILE || (flags & O_CREAT) ||
		    !(op->acc_mode & MAY_WRITE))
			return -EINVAL;
	} else if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY)) {
		return -EINVAL;
	}
	if (flags & O_PATH) {
		flags &= O_PATH_FLAGS;
		op->acc_mode = 0;
	}
	if (flags & O_TRUNC)
		op->acc_mode |= MAY_WRITE;
	if (flags & O_APPEND)
		op->acc_mode |= MAY_APPEND;
	if ((lookup & LOOKUP_CACHED) && (flags & (O_TRUNC | O_CREAT | __O_TMPFILE)))
		return -EAGAIN;
	if (flags & O_DIRECTORY)
		lookup |= LOOKUP_DIRECTORY;
	/* O_CREAT | O_EXCL: a link that exists is a name that exists. */
	if (!(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL))
		lookup |= LOOKUP_FOLLOW;
	op->flags = flags;
	op->mode = (mode & S_IALLUGO) | S_IFREG;
	op->lookup = lookup;
	return 0;
}

struct file *do_filp_open(int dfd, const char *name, int flags, umode_t mode,
			  unsigned int lookup_flags)
{
	struct open_args op;
	int err = decode_open(flags, mode, lookup_flags, &op);

	return err ? ERR_PTR(err) : path_openat(dfd, name, &op);
}

struct file *filp_open(const char *name, int flags, umode_t mode)
{
	return do_filp_open(AT_FDCWD, name, flags, mode, 0);
}

struct file *open_exec(int dfd, const char *name, int flags)
{
	struct open_args op = {
		.flags = O_RDONLY | O_LARGEFILE,
		.acc_mode = MAY_EXEC,
		.lookup = LOOKUP_FOLLOW,
		.exec = true,
	};

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return ERR_PTR(-EINVAL);
	if (flags & AT_SYMLINK_NOFOLLOW)
		op.lookup &= ~LOOKUP_FOLLOW;
	if (flags & AT_EMPTY_PATH)
		op.lookup |= LOOKUP_EMPTY;
	return path_openat(dfd, name, &op);
}

/* ---- System calls ---- */

static long open_fd(int dfd, const char __user *name, const struct open_args *op)
{
	struct file *file;
	char *kname;
	int fd;

	kname = getname(name, false);
	if (IS_ERR(kname))
		return PTR_ERR(kname);
	fd = get_unused_fd_flags(op->flags);
	if (fd >= 0) {
		file = path_openat(dfd, kname, op);
		if (IS_ERR(file)) {
			put_unused_fd(fd);
			fd = PTR_ERR(file);
		} else {
			fd_install(fd, file);
		}
	}
	putname(kname);
	return fd;
}

long ksys_openat(int dfd, const char __user *name, int flags, umode_t mode)
{
	struct open_args op;
	int err = decode_open((flags & VALID_OPEN_FLAGS) | O_LARGEFILE, mode, 0, &op);

	return err ? err : open_fd(dfd, name, &op);
}

long ksys_open(const char __user *name, int flags, umode_t mode)
{
	return ksys_openat(AT_FDCWD, name, flags, mode);
}

long ksys_creat(const char __user *name, umode_t mode)
{
	return ksys_openat(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* The struct as far as both know it; a longer one must be zero beyond. 0, -EINVAL, -E2BIG, -EFAULT.
 */
static int copy_open_how(struct open_how *how, const struct open_how __user *from, size_t size)
{
	char rest[64];

	if (size < OPEN_HOW_SIZE_VER0)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (copy_from_user(how, from, sizeof(*how)))
		return -EFAULT;
	for (size_t at = sizeof(*how); at < size;) {
		size_t n = min(size - at, sizeof(rest));

		if (copy_from_user(rest, (const char __user *)from + at, n))
			return -EFAULT;
		if (memchr_inv(rest, 0, n))
			return -E2BIG;
		at += n;
	}
	return 0;
}

long ksys_openat2(int dfd, const char __user *name, const struct open_how __user *uhow, size_t size)
{
	static const struct {
		u64 resolve;
		unsigned int lookup;
	} map[] = {
		{RESOLVE_NO_XDEV, LOOKUP_NO_XDEV},
		{RESOLVE_NO_MAGICLINKS, LOOKUP_NO_MAGICLINKS},
		{RESOLVE_NO_SYMLINKS, LOOKUP_NO_SYMLINKS},
		{RESOLVE_BENEATH, LOOKUP_BENEATH},
		{RESOLVE_IN_ROOT, LOOKUP_IN_ROOT},
		{RESOLVE_CACHED, LOOKUP_CACHED},
	};
	unsigned int lookup = 0;
	struct open_args op;
	struct open_how how;
	int err = copy_open_how(&how, uhow, size);

	if (err)
		return err;
	if (how.flags & ~(u64)VALID_OPEN_FLAGS)
		return -EINVAL;
	for (unsigned int i = 0; i < ARRAY_SIZE(map); i++) {
		if (how.resolve & map[i].resolve)
			lookup |= map[i].lookup;
		how.resolve &= ~map[i].resolve;
	}
	if (how.resolve ||
	    (lookup & (LOOKUP_BENEATH | LOOKUP_IN_ROOT)) == (LOOKUP_BENEATH | LOOKUP_IN_ROOT))
		return -EINVAL;
	if (how.flags & (O_CREAT | __O_TMPFILE) ? how.mode & ~(u64)S_IALLUGO : how.mode)
		return -EINVAL;
	if ((how.flags & O_PATH) && (how.flags & ~(u64)O_PATH_FLAGS))
		return -EINVAL;
	if (!(how.flags & O_PATH))
		how.flags |= O_LARGEFILE;
	err = decode_open(how.flags, how.mode, lookup, &op);
	return err ? err : open_fd(dfd, name, &op);
}

long ksys_close(unsigned int fd)
{
	return close_fd(fd);
}

long ksys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return close_range(first, last, flags);
}
