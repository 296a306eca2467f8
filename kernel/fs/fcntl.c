/* SPDX-License-Identifier: MIT */
/* fcntl(2) and dup. */
#include "fs/internal.h"
#include "mm/mm.h"
#include "task/pid.h"

/* ---- dup ---- */

long ksys_dup(unsigned int fd)
{
	struct file *file = fget_raw(fd);
	int new;

	if (!file)
		return -EBADF;
	new = get_unused_fd_flags(0);
	if (new >= 0)
		fd_install(new, file);
	else
		fput(file);
	return new;
}

long ksys_dup3(unsigned int old_fd, unsigned int new_fd, int flags)
{
	struct file *file;
	long err;

	if ((flags & ~O_CLOEXEC) || old_fd == new_fd)
		return -EINVAL;
	if (new_fd >= READ_ONCE(current->signal->rlim[RLIMIT_NOFILE].rlim_cur))
		return -EBADF;
	file = fget_raw(old_fd);
	if (!file)
		return -EBADF;
	err = do_dup2(file, new_fd, flags);
	fput(file);
	return err;
}

long ksys_dup2(unsigned int old_fd, unsigned int new_fd)
{
	if (old_fd == new_fd) {
		struct fd f = fdget_raw(old_fd);

		if (!f.file)
			return -EBADF;
		fdput(f);
		return old_fd;
	}
	return ksys_dup3(old_fd, new_fd, 0);
}

static long dup_from(unsigned int start, struct file *file, unsigned int flags)
{
	int fd;

	if (start >= READ_ONCE(current->signal->rlim[RLIMIT_NOFILE].rlim_cur))
		return -EINVAL;
	fd = get_unused_fd_from(start, flags);
	if (fd >= 0)
		fd_install(fd, get_file(file));
	return fd;
}

/* ---- Status flags ---- */

#define SETFL_MASK (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

static long set_flags(struct file *file, unsigned long arg)
{
	struct inode *inode = file->f_inode;

	/* An append-only file stays so. */
	if ((inode->i_flags & S_APPEND) && !(arg & O_APPEND) && (file->f_flags & O_APPEND))
		return -EPERM;
	if ((arg & O_NOATIME) && !(file->f_flags & O_NOATIME) && !inode_owner_or_capable(inode))
		return -EPERM;
	spin_lock(&file->f_lock);
	WRITE_ONCE(file->f_flags, (arg & SETFL_MASK) | (file->f_flags & ~SETFL_MASK));
	spin_unlock(&file->f_lock);
	return 0;
}

/* ---- Owner: who is told of input (remembered; nothing here signals yet, since no file supports
 * O_ASYNC) ---- */

static long set_owner(struct file *file, int who, int type)
{
	/* Kept as F_SETOWN writes it: a group is negative. */
	if (who) {
		struct pid *pid = find_get_pid(who < 0 ? -who : who);

		if (!pid)
			return -ESRCH;
		put_pid(pid);
	}
	spin_lock(&file->f_lock);
	file->f_owner_pid = who;
	file->f_owner_type = type;
	spin_unlock(&file->f_lock);
	return 0;
}

static long set_owner_ex(struct file *file, unsigned long arg)
{
	struct f_owner_ex owner;

	if (copy_from_user(&owner, (void __user *)arg, sizeof(owner)))
		return -EFAULT;
	if (owner.type < F_OWNER_TID || owner.type > F_OWNER_PGRP || owner.pid < 0)
		return -EINVAL;
	return set_owner(file, owner.type == F_OWNER_PGRP ? -owner.pid : owner.pid, owner.type);
}

static long get_owner_ex(struct file *file, unsigned long arg)
{
	struct f_owner_ex owner = {};

	spin_lock(&file->f_lock);
	owner.type = file->f_owner_type;
	owner.pid = file->f_owner_pid < 0 ? -file->f_owner_pid : file->f_owner_pid;
	spin_unlock(&file->f_lock);
	return copy_to_user((void __user *)arg, &owner, sizeof(owner)) ? -EFAULT : 0;
}

/* ---- fcntl ---- */

/* What an O_PATH descriptor allows, too. */
static bool allowed_for_path(unsigned int cmd)
{
	return cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC || cmd == F_GETFD || cmd == F_SETFD ||
	       cmd == F_GETFL;
}

static long do_fcntl(unsigned int fd, struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case F_DUPFD:
		return dup_from(arg, file, 0);
	case F_DUPFD_CLOEXEC:
		return dup_from(arg, file, O_CLOEXEC);
	case F_GETFD:
		return get_close_on_exec(fd) ? FD_CLOEXEC : 0;
	case F_SETFD:
		set_close_on_exec(fd, arg & FD_CLOEXEC);
		return 0;
	case F_GETFL:
		return file->f_flags;
	case F_SETFL:
		return set_flags(file, arg);
	case F_GETLK:
	case F_OFD_GETLK:
		return fcntl_getlk(file, cmd, (void __user *)arg);
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return fcntl_setlk(fd, file, cmd, (void __user *)arg);
	case F_GETOWN:
		return file->f_owner_pid;
	case F_SETOWN:
		if ((int)arg == INT_MIN)
			return -EINVAL;
		return set_owner(file, (int)arg, (int)arg < 0 ? F_OWNER_PGRP : F_OWNER_PID);
	case F_GETOWN_EX:
		return get_owner_ex(file, arg);
	case F_SETOWN_EX:
		return set_owner_ex(file, arg);
	case F_GETSIG:
		return file->f_owner_sig;
	case F_SETSIG:
		if (arg > _NSIG)
			return -EINVAL;
		file->f_owner_sig = arg;
		return 0;
	case F_SETPIPE_SZ:
	case F_GETPIPE_SZ:
		return pipe_fcntl(file, cmd, arg);
	case F_ADD_SEALS:
	case F_GET_SEALS:
		return memfd_fcntl(file, cmd, arg);
	default:
		return -EINVAL;
	}
}

long ksys_fcntl(unsigned int fd, unsigned int cmd, unsigned long arg)
{
	struct fd f = fdget_raw(fd);
	long err = -EBADF;

	if (!f.file)
		return -EBADF;
	if (!(f.file->f_mode & FMODE_PATH) || allowed_for_path(cmd))
		err = do_fcntl(fd, f.file, cmd, arg);
	fdput(f);
	return err;
}
