/* SPDX-License-Identifier: MIT */
/* access(2), and where a process stands: chdir, fchdir, chroot. */
#include "fs/internal.h"
#include "task/cred.h"

/*
 * access(2) asks for the real ids. Returns the credentials to be put back, NULL if the effective
 * ones say the same; ERR_PTR.
 */
static const struct cred *use_real_ids(void)
{
	const struct cred *old = current_cred();
	struct cred *cred;
	u64 caps;

	caps = old->securebits & SECBIT_NO_SETUID_FIXUP ? old->cap_effective
	       : old->uid				? 0
							: old->cap_permitted;
	if (old->fsuid == old->uid && old->fsgid == old->gid && old->cap_effective == caps)
		return NULL;
	cred = prepare_creds();
	if (!cred)
		return ERR_PTR(-ENOMEM);
	cred->fsuid = cred->uid;
	cred->fsgid = cred->gid;
	cred->cap_effective = caps;
	task_lock(current);
	current->cred = cred;
	task_unlock(current);
	return old;
}

static void put_ids_back(const struct cred *old)
{
	const struct cred *temporary = current_cred();

	task_lock(current);
	current->cred = old;
	task_unlock(current);
	put_cred(temporary);
}

static int path_access(const struct path *path, int mode)
{
	struct inode *inode = path->dentry->d_inode;
	int err;

	if ((mode & MAY_EXEC) && S_ISREG(inode->i_mode) && (path->mnt->mnt_flags & MS_NOEXEC))
		return -EACCES;
	err = inode_permission(inode, mode);
	if (err || !(mode & MAY_WRITE))
		return err;
	if (S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode) || S_ISFIFO(inode->i_mode) ||
	    S_ISSOCK(inode->i_mode))
		return 0;
	return mnt_want_write(path->mnt);
}

long ksys_faccessat2(int dfd, const char __user *name, int mode, int flags)
{
	unsigned int lookup = LOOKUP_FOLLOW;
	const struct cred *old = NULL;
	struct path path;
	int err;

	if (mode & ~(R_OK | W_OK | X_OK))
		return -EINVAL;
	if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_SYMLINK_NOFOLLOW)
		lookup &= ~LOOKUP_FOLLOW;
	if (flags & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY;
	if (!(flags & AT_EACCESS)) {
		old = use_real_ids();
		if (IS_ERR(old))
			return PTR_ERR(old);
	}
	err = user_path_at(dfd, name, lookup, &path);
	if (!err) {
		err = path_access(&path, mode);
		path_put(&path);
	}
	if (old)
		put_ids_back(old);
	return err;
}

long ksys_faccessat(int dfd, const char __user *name, int mode)
{
	return ksys_faccessat2(dfd, name, mode, 0);
}

long ksys_access(const char __user *name, int mode)
{
	return ksys_faccessat2(AT_FDCWD, name, mode, 0);
}

long ksys_chdir(const char __user *name)
{
	struct path path;
	int err = user_path_at(AT_FDCWD, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (err)
		return err;
	err = inode_permission(path.dentry->d_inode, MAY_EXEC | MAY_CHDIR);
	if (!err)
		set_fs_pwd(&path);
	path_put(&path);
	return err;
}

long ksys_fchdir(unsigned int fd)
{
	struct fd f = fdget_raw(fd);
	int err;

	if (!f.file)
		return -EBADF;
	if (!S_ISDIR(f.file->f_inode->i_mode))
		err = -ENOTDIR;
	else
		err = inode_permission(f.file->f_inode, MAY_EXEC | MAY_CHDIR);
	if (!err)
		set_fs_pwd(&f.file->f_path);
	fdput(f);
	return err;
}

long ksys_chroot(const char __user *name)
{
	struct path path;
	int err = user_path_at(AT_FDCWD, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (err)
		return err;
	err = inode_permission(path.dentry->d_inode, MAY_EXEC | MAY_CHDIR);
	if (!err && !capable(CAP_SYS_CHROOT))
		err = -EPERM;
	if (!err)
		set_fs_root(&path);
	path_put(&path);
	return err;
}
