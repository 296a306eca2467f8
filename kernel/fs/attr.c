/* SPDX-License-Identifier: MIT */
/* Changing a file's attributes: who may, and what else changes with them (setuid bits, times). */
#include "fs/internal.h"
#include "mm/mm.h"
#include "task/cred.h"

/* ---- Rules ---- */

static int may_chown(const struct inode *inode, uid_t uid)
{
	if (current_fsuid() == inode->i_uid && uid == inode->i_uid)
		return 0;
	return capable(CAP_CHOWN) ? 0 : -EPERM;
}

static int may_chgrp(const struct inode *inode, gid_t gid)
{
	if (current_fsuid() == inode->i_uid && (gid == inode->i_gid || in_group_p(gid)))
		return 0;
	return capable(CAP_CHOWN) ? 0 : -EPERM;
}

int setattr_prepare(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	int err = 0;

	if (attr->valid & ATTR_UID)
		err = may_chown(inode, attr->uid);
	if (!err && (attr->valid & ATTR_GID))
		err = may_chgrp(inode, attr->gid);
	/* ATTR_FORCE: setuid bits that go by themselves. */
	if (err || (attr->valid & ATTR_FORCE))
		return err;
	if (attr->valid & ATTR_MODE) {
		gid_t gid = attr->valid & ATTR_GID ? attr->gid : inode->i_gid;

		if (!inode_owner_or_capable(inode))
			return -EPERM;
		if (!in_group_p(gid) && !capable(CAP_FSETID))
			attr->mode &= ~S_ISGID;
	}
	if ((attr->valid & (ATTR_ATIME_SET | ATTR_MTIME_SET)) && !inode_owner_or_capable(inode))
		return -EPERM;
	return 0;
}

void setattr_copy(struct inode *inode, const struct iattr *attr)
{
	spin_lock(&inode->i_lock);
	if (attr->valid & ATTR_UID)
		inode->i_uid = attr->uid;
	if (attr->valid & ATTR_GID)
		inode->i_gid = attr->gid;
	if (attr->valid & ATTR_MODE)
		inode->i_mode = (inode->i_mode & S_IFMT) | (attr->mode & S_IALLUGO);
	if (attr->valid & ATTR_ATIME)
		inode->i_atime = attr->atime;
	if (attr->valid & ATTR_MTIME)
		inode->i_mtime = attr->mtime;
	if (attr->valid & ATTR_CTIME)
		inode->i_ctime = attr->ctime;
	spin_unlock(&inode->i_lock);
}

int simple_setattr(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	int err = setattr_prepare(dentry, attr);

	if (err)
		return err;
	if (attr->valid & ATTR_SIZE) {
		loff_t old = i_size_read(inode);

		i_size_write(inode, attr->size);
		if (attr->size < old)
			truncate_inode_pages_range(inode->i_mapping, attr->size, ~0ull);
	}
	setattr_copy(inode, attr);
	return 0;
}

/* Bits a change of contents or owner takes away from a mode. */
static umode_t setid_bits_to_clear(const struct inode *inode)
{
	umode_t kill = 0;

	if (!S_ISREG(inode->i_mode) || capable(CAP_FSETID))
		return 0;
	if (inode->i_mode & S_ISUID)
		kill |= S_ISUID;
	if ((inode->i_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		kill |= S_ISGID;
	return kill;
}

/* With i_rwsem held. */
static int change_locked(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	u64 now = current_time_ns();

	if (inode->i_flags & (S_IMMUTABLE | S_APPEND)) {
		if (attr->valid &
		    (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_SIZE | ATTR_ATIME_SET | ATTR_MTIME_SET))
			return -EPERM;
	}
	attr->ctime = now;
	attr->valid |= ATTR_CTIME;
	if (!(attr->valid & ATTR_ATIME_SET))
		attr->atime = now;
	if (!(attr->valid & ATTR_MTIME_SET))
		attr->mtime = now;
	return inode->i_op->setattr ? inode->i_op->setattr(dentry, attr)
				    : simple_setattr(dentry, attr);
}

int notify_change(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	int err;

	down_write_nested(&inode->i_rwsem);
	/* chown: setuid and setgid bits go, whoever asks, on anything but directories. */
	if ((attr->valid & ATTR_KILL_PRIV) && !S_ISDIR(inode->i_mode)) {
		umode_t kill = S_ISUID;

		if ((inode->i_mode & S_IXGRP) ||
		    (!in_group_p(inode->i_gid) && !capable(CAP_FSETID)))
			kill |= S_ISGID;
		if (inode->i_mode & kill) {
			attr->valid |= ATTR_MODE;
			attr->mode = inode->i_mode & ~kill;
		}
	}
	err = change_locked(dentry, attr);
	up_write(&inode->i_rwsem);
	return err;
}

int file_remove_privs(struct file *file)
{
	struct inode *inode = file->f_inode;
	struct iattr attr;
	umode_t kill;

	if (likely(!(inode->i_mode & (S_ISUID | S_ISGID))))
		return 0;
	kill = setid_bits_to_clear(inode);
	if (!kill)
		return 0;
	attr.valid = ATTR_MODE | ATTR_FORCE;
	attr.mode = inode->i_mode & ~kill;
	return change_locked(file->f_path.dentry, &attr);
}

int do_truncate(struct dentry *dentry, loff_t length)
{
	struct inode *inode = dentry->d_inode;
	struct iattr attr = {.valid = ATTR_SIZE | ATTR_MTIME, .size = length};
	umode_t kill;
	int err;

	if (length < 0)
		return -EINVAL;
	down_write_nested(&inode->i_rwsem);
	kill = setid_bits_to_clear(inode);
	if (kill) {
		attr.valid |= ATTR_MODE | ATTR_FORCE;
		attr.mode = inode->i_mode & ~kill;
	}
	err = change_locked(dentry, &attr);
	up_write(&inode->i_rwsem);
	return err;
}

/* ---- truncate, ftruncate, fallocate ---- */

/* RLIMIT_FSIZE and the largest file. */
static int check_new_size(struct inode *inode, loff_t size)
{
	u64 limit = READ_ONCE(current->signal->rlim[RLIMIT_FSIZE].rlim_cur);

	if (size <= i_size_read(inode))
		return 0;
	if (limit != RLIM_INFINITY && size > limit) {
		if (sigxfsz_hook)
			sigxfsz_hook();
		return -EFBIG;
	}
	return size > inode->i_sb->s_maxbytes ? -EFBIG : 0;
}

long ksys_truncate(const char __user *name, off_t length)
{
	struct inode *inode;
	struct path path;
	int err;

	if (length < 0)
		return -EINVAL;
	err = user_path_at(AT_FDCWD, name, LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	inode = path.dentry->d_inode;
	if (S_ISDIR(inode->i_mode))
		err = -EISDIR;
	else if (!S_ISREG(inode->i_mode))
		err = -EINVAL;
	if (!err)
		err = mnt_want_write(path.mnt);
	if (!err)
		err = inode_permission(inode, MAY_WRITE);
	if (!err && (inode->i_flags & S_APPEND))
		err = -EPERM;
	if (!err)
		err = get_write_access(inode);
	if (!err) {
		err = check_new_size(inode, length);
		if (!err)
			err = do_truncate(path.dentry, length);
		put_write_access(inode);
	}
	path_put(&path);
	return err;
}

long ksys_ftruncate(unsigned int fd, off_t length)
{
	struct fd f;
	int err;

	if (length < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	if (!S_ISREG(f.file->f_inode->i_mode) || !(f.file->f_mode & FMODE_WRITE))
		err = -EINVAL;
	else if (f.file->f_inode->i_flags & S_APPEND)
		err = -EPERM;
	else
		err = check_new_size(f.file->f_inode, length);
	if (!err)
		err = do_truncate(f.file->f_path.dentry, length);
	fdput(f);
	return err;
}

static long file_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	const int known = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE |
			  FALLOC_FL_ZERO_RANGE | FALLOC_FL_INSERT_RANGE | FALLOC_FL_UNSHARE_RANGE;
	struct inode *inode = file->f_inode;
	loff_t end;

	if (offset < 0 || len <= 0)
		return -EINVAL;
	if (mode & ~known)
		return -EOPNOTSUPP;
	if ((mode & FALLOC_FL_PUNCH_HOLE) && !(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (mode && (mode & ~FALLOC_FL_KEEP_SIZE) && (inode->i_flags & S_APPEND))
		return -EPERM;
	if (S_ISFIFO(inode->i_mode))
		return -ESPIPE;
	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (!S_ISREG(inode->i_mode) && !S_ISBLK(inode->i_mode))
		return -ENODEV;
	if (check_add_overflow(offset, len, &end) || end > inode->i_sb->s_maxbytes)
		return -EFBIG;
	if (!file->f_op->fallocate)
		return -EOPNOTSUPP;
	return file->f_op->fallocate(file, mode, offset, len);
}

long ksys_fallocate(int fd, int mode, loff_t offset, loff_t len)
{
	struct fd f = fdget(fd);
	long err;

	if (!f.file)
		return -EBADF;
	err = file_fallocate(f.file, mode, offset, len);
	fdput(f);
	return err;
}
