/* SPDX-License-Identifier: MIT */
/*
 * The life of an open file: from a path (or from nothing but an inode) to a struct file, and its
 * end. Who has a regular file open for writing is counted, in the inode (against its execution) and
 * in the mount (against read-only remounts).
 */
#include "fs/internal.h"
#include "mm/mm.h"
#include "task/cred.h"

/* ---- Writers against executers of a file ---- */

int get_write_access(struct inode *inode)
{
	int old = atomic_read(&inode->i_writecount);

	do {
		if (old < 0)
			return -ETXTBSY;
	} while (!atomic_try_cmpxchg(&inode->i_writecount, &old, old + 1));
	return 0;
}

void put_write_access(struct inode *inode)
{
	atomic_dec(&inode->i_writecount);
}

static int deny_write_access(struct inode *inode)
{
	int old = atomic_read(&inode->i_writecount);

	do {
		if (old > 0)
			return -ETXTBSY;
	} while (!atomic_try_cmpxchg(&inode->i_writecount, &old, old - 1));
	return 0;
}

static int get_file_access(struct file *file)
{
	struct inode *inode = file->f_inode;
	int err;

	if (file->f_mode & FMODE_EXEC)
		return deny_write_access(inode);
	if (!(file->f_mode & FMODE_WRITE) || !S_ISREG(inode->i_mode))
		return 0;
	err = get_write_access(inode);
	if (err)
		return err;
	/* Counted before the look at the mount: a remount read-only sees this one, or is seen by
	 * it. */
	atomic_inc(&file->f_path.mnt->mnt_writers);
	smp_mb();
	err = mnt_want_write(file->f_path.mnt);
	if (err) {
		atomic_dec(&file->f_path.mnt->mnt_writers);
		put_write_access(inode);
	} else {
		file->f_mode |= FMODE_WRITER;
	}
	return err;
}

static void put_file_access(struct file *file)
{
	struct inode *inode = file->f_inode;

	if (file->f_mode & FMODE_EXEC) {
		atomic_inc(&inode->i_writecount);
	} else if (file->f_mode & FMODE_WRITER) {
		atomic_dec(&file->f_path.mnt->mnt_writers);
		put_write_access(inode);
	}
}

/* ---- Life of an open file ---- */

/* file_release_hook: the last reference is gone. Who watches the file goes first, then what it
 * stands for. */
static void file_release(struct file *file)
{
	if (!file->f_path.mnt)
		return; /* never opened */
	if (!(file->f_mode & FMODE_PATH)) {
		if (!list_empty(&file->f_ep_links))
			eventpoll_release_file(file);
		locks_remove_file(file);
		if (file->f_op && file->f_op->release)
			file->f_op->release(file->f_inode, file);
		put_file_access(file);
	}
	path_put(&file->f_path);
}

/* file_close_hook: one descriptor of a table is gone. */
static void file_closed(struct file *file, struct files_struct *files)
{
	if (files && file->f_inode && !list_empty(&file->f_inode->i_flock))
		locks_remove_posix(file, files);
}

static bool path_noexec(const struct path *path)
{
	return path->mnt && (path->mnt->mnt_flags & MS_NOEXEC);
}

static bool inode_may_inspect(struct inode *inode)
{
	return inode_owner_or_capable(inode) || inode_permission(inode, MAY_WRITE) == 0;
}

void open_init(void)
{
	path_noexec_hook = path_noexec;
	inode_may_inspect_hook = inode_may_inspect;
	file_release_hook = file_release;
	file_close_hook = file_closed;
	inode_size_hook = i_size_read;
}

static const struct file_operations path_fops; /* O_PATH: nothing */

int do_dentry_open(struct file *file, struct inode *inode)
{
	int err = 0;

	path_get(&file->f_path);
	file->f_inode = inode;
	file->f_mapping = inode->i_mapping;
	if (file->f_mode & FMODE_PATH) {
		file->f_op = &path_fops;
		return 0;
	}
	err = get_file_access(file);
	if (err)
		goto put_path;
	file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE;
	file->f_op = inode->i_fop;
	if (file->f_op->open) {
		err = file->f_op->open(inode, file);
		if (err)
			goto put_access;
	}
	if (!file->f_op->llseek)
		file->f_mode &= ~FMODE_LSEEK;
	file->f_flags &= ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
	return 0;

put_access:
	put_file_access(file);
put_path:
	file->f_op = NULL;
	file->f_inode = NULL;
	path_put(&file->f_path);
	file->f_path.mnt = NULL;
	file->f_path.dentry = NULL;
	return err;
}

struct file *dentry_open(const struct path *path, int flags, const struct cred *cred)
{
	struct file *file = alloc_empty_file(flags, cred);
	int err;

	if (IS_ERR(file))
		return file;
	file->f_path = *path;
	err = do_dentry_open(file, path->dentry->d_inode);
	if (err) {
		fput(file);
		return ERR_PTR(err);
	}
	return file;
}

struct file *alloc_file_pseudo(struct inode *inode, const char *name, unsigned int flags,
			       const struct file_operations *fops)
{
	struct dentry *dentry = d_alloc_pseudo(inode->i_sb, name);
	struct file *file;

	if (!dentry) {
		iput(inode);
		return ERR_PTR(-ENOMEM);
	}
	dentry->d_inode = inode;
	file = alloc_empty_file(flags & ~O_CLOEXEC, current_cred());
	if (IS_ERR(file)) {
		dput(dentry);
		return file;
	}
	file->f_path.mnt = mntget(inode->i_sb->s_kern_mnt);
	file->f_path.dentry = dentry;
	file->f_inode = inode;
	file->f_mapping = inode->i_mapping;
	file->f_op = fops;
	if (fops->llseek)
		file->f_mode |= FMODE_LSEEK;
	if (S_ISREG(inode->i_mode))
		file->f_mode |= FMODE_PREAD | FMODE_PWRITE;
	else
		file->f_mode |= FMODE_STREAM;
	/* No FMODE_WRITER, as in Linux: a memfd can be executed by the descriptor it was filled
	 * through. */
	return file;
}

struct file *alloc_file_clone(struct file *base, unsigned int flags,
			      const struct file_operations *fops)
{
	struct file *file = alloc_empty_file(flags, current_cred());

	if (IS_ERR(file))
		return file;
	file->f_path = base->f_path;
	path_get(&file->f_path);
	file->f_inode = base->f_inode;
	file->f_mapping = base->f_mapping;
	file->f_op = fops;
	file->f_mode |= base->f_mode & (FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE | FMODE_STREAM);
	return file;
}

int nonseekable_open(struct inode *inode, struct file *file)
{
	file->f_mode &= ~(FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE);
	return 0;
}

int stream_open(struct inode *inode, struct file *file)
{
	file->f_mode &= ~(FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE);
	file->f_mode |= FMODE_STREAM;
	return 0;
}
