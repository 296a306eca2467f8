/* SPDX-License-Identifier: MIT */
/* Who may do what with a file: modes, owners, capabilities, the sticky bit. */
#include "fs/internal.h"
#include "task/cred.h"

static int mode_permission(struct inode *inode, int mask)
{
	unsigned int mode = inode->i_mode;

	if (current_fsuid() == inode->i_uid)
		mode >>= 6;
	else if ((mode & 0070) != ((mode & 0007) << 3) && in_group_p(inode->i_gid))
		mode >>= 3; /* groups are looked up only where they make a difference */
	return (mask & ~mode) ? -EACCES : 0;
}

int generic_permission(struct inode *inode, int mask)
{
	unsigned int all;
	int err;

	mask &= MAY_READ | MAY_WRITE | MAY_EXEC;
	/* What everybody may needs no question who asks. */
	all = mask | mask << 3 | mask << 6;
	if ((inode->i_mode & all) == all)
		return 0;
	err = mode_permission(inode, mask);
	if (!err)
		return 0;
	if (S_ISDIR(inode->i_mode)) {
		if (!(mask & MAY_WRITE) && capable(CAP_DAC_READ_SEARCH))
			return 0;
		return capable(CAP_DAC_OVERRIDE) ? 0 : err;
	}
	if (mask == MAY_READ && capable(CAP_DAC_READ_SEARCH))
		return 0;
	/* Root may execute what somebody may. */
	if ((!(mask & MAY_EXEC) || (inode->i_mode & S_IXUGO)) && capable(CAP_DAC_OVERRIDE))
		return 0;
	return err;
}

int inode_permission(struct inode *inode, int mask)
{
	if (mask & MAY_WRITE) {
		umode_t mode = inode->i_mode;

		if ((inode->i_sb->s_flags & MS_RDONLY) &&
		    (S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode)))
			return -EROFS;
		if (inode->i_flags & S_IMMUTABLE)
			return -EPERM;
	}
	if (unlikely(inode->i_op->permission))
		return inode->i_op->permission(inode, mask);
	return generic_permission(inode, mask);
}

bool inode_owner_or_capable(const struct inode *inode)
{
	return current_fsuid() == inode->i_uid || capable(CAP_FOWNER);
}

bool check_sticky(const struct inode *dir, const struct inode *victim)
{
	if (!(dir->i_mode & S_ISVTX))
		return false;
	if (victim->i_uid == current_fsuid() || dir->i_uid == current_fsuid())
		return false;
	return !capable(CAP_FOWNER);
}

int may_create(struct inode *dir)
{
	if (dir->i_flags & S_DEAD)
		return -ENOENT;
	return inode_permission(dir, MAY_WRITE | MAY_EXEC);
}

int may_delete(struct inode *dir, struct dentry *victim, bool is_dir)
{
	struct inode *inode = victim->d_inode;
	int err;

	if (!inode)
		return -ENOENT;
	err = inode_permission(dir, MAY_WRITE | MAY_EXEC);
	if (err)
		return err;
	if (dir->i_flags & S_APPEND)
		return -EPERM;
	if (check_sticky(dir, inode) || (inode->i_flags & (S_APPEND | S_IMMUTABLE)))
		return -EPERM;
	if (is_dir) {
		if (!S_ISDIR(inode->i_mode))
			return -ENOTDIR;
		if (victim->d_flags & DCACHE_ROOT)
			return -EBUSY;
	} else if (S_ISDIR(inode->i_mode)) {
		return -EISDIR;
	}
	if (dir->i_flags & S_DEAD)
		return -ENOENT;
	return 0;
}
