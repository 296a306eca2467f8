/* SPDX-License-Identifier: MIT */
/* statfs, and the calls that write everything back: sync, fsync and relatives, readahead advice. */
#include "fs/internal.h"
#include "mm/mm.h"

static int copy_statfs(const struct path *path, struct statfs __user *ust)
{
	struct super_block *sb = path->dentry->d_sb;
	struct kstatfs k = {.type = sb->s_magic, .bsize = PAGE_SIZE, .namelen = NAME_MAX};
	static const struct {
		unsigned int ms, st;
	} flags[] = {
		{MS_RDONLY, ST_RDONLY},
		{MS_NOSUID, ST_NOSUID},
		{MS_NODEV, ST_NODEV},
		{MS_NOEXEC, ST_NOEXEC},
		{MS_NOATIME, ST_NOATIME},
		{MS_NODIRATIME, ST_NODIRATIME},
		{MS_RELATIME, ST_RELATIME},
		{MS_SYNCHRONOUS, ST_SYNCHRONOUS},
		{MS_NOSYMFOLLOW, ST_NOSYMFOLLOW},
	};
	unsigned long ms = path->mnt->mnt_flags | sb->s_flags;
	struct statfs st = {};
	int err = 0;

	if (sb->s_op && sb->s_op->statfs)
		err = sb->s_op->statfs(sb, &k);
	if (err)
		return err;
	st.f_type = k.type;
	st.f_bsize = k.bsize;
	st.f_blocks = k.blocks;
	st.f_bfree = k.bfree;
	st.f_bavail = k.bavail;
	st.f_files = k.files;
	st.f_ffree = k.ffree;
	st.f_fsid.val[0] = new_encode_dev(sb->s_dev);
	st.f_namelen = k.namelen;
	st.f_frsize = k.frsize ? k.frsize : k.bsize;
	st.f_flags = ST_VALID;
	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		if (ms & flags[i].ms)
			st.f_flags |= flags[i].st;
	}
	return copy_to_user(ust, &st, sizeof(st)) ? -EFAULT : 0;
}

long ksys_statfs(const char __user *name, struct statfs __user *st)
{
	struct path path;
	int err = user_path_at(AT_FDCWD, name, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	err = copy_statfs(&path, st);
	path_put(&path);
	return err;
}

long ksys_fstatfs(unsigned int fd, struct statfs __user *st)
{
	struct fd f = fdget_raw(fd);
	int err;

	if (!f.file)
		return -EBADF;
	err = copy_statfs(&f.file->f_path, st);
	fdput(f);
	return err;
}

/* ---- Writing back ---- */

static long do_fsync(unsigned int fd, int datasync)
{
	struct fd f = fdget(fd);
	int err = -EINVAL;

	if (!f.file)
		return -EBADF;
	if (f.file->f_op->fsync)
		err = f.file->f_op->fsync(f.file, 0, LLONG_MAX, datasync);
	fdput(f);
	return err;
}

long ksys_fsync(unsigned int fd)
{
	return do_fsync(fd, 0);
}

long ksys_fdatasync(unsigned int fd)
{
	return do_fsync(fd, 1);
}

long ksys_sync(void)
{
	sync_all_sbs();
	return 0;
}

long ksys_syncfs(int fd)
{
	struct fd f = fdget(fd);

	if (!f.file)
		return -EBADF;
	sync_inodes_sb(f.file->f_inode->i_sb);
	fdput(f);
	return 0;
}

/* A range of a file of the kinds that have one; -ESPIPE. */
static int seekable_kind(const struct inode *inode)
{
	return S_ISREG(inode->i_mode) || S_ISBLK(inode->i_mode) || S_ISDIR(inode->i_mode) ||
			       S_ISLNK(inode->i_mode)
		       ? 0
		       : -ESPIPE;
}

long ksys_sync_file_range(int fd, loff_t offset, loff_t len, unsigned int flags)
{
	struct fd f;
	loff_t end;
	int err;

	if (flags &
	    ~(SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER))
		return -EINVAL;
	if (offset < 0 || len < 0 || check_add_overflow(offset, len, &end))
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	err = seekable_kind(f.file->f_inode);
	if (!err && f.file->f_mapping && f.file->f_mapping->nrpages &&
	    f.file->f_mapping->kind == MAPPING_FILE)
		err = filemap_write_and_wait(f.file->f_mapping);
	fdput(f);
	return err;
}

/* What concerns files that are kept elsewhere: memory files have no page too many or too few. */
static void follow_advice(struct file *file, loff_t offset, size_t len, int advice)
{
	struct address_space *mapping = file->f_mapping;
	/* Whole pages are forgotten, parts are read. */
	unsigned long first = DIV_ROUND_UP((unsigned long)offset, PAGE_SIZE),
		      past = len ? (unsigned long)(offset + len) >> PAGE_SHIFT : ULONG_MAX;

	if (offset < 0 || mapping->kind != MAPPING_FILE)
		return;
	if (advice == POSIX_FADV_WILLNEED) {
		page_cache_readahead(mapping, file, offset >> PAGE_SHIFT,
				     len ? (offset + len - 1) >> PAGE_SHIFT : ULONG_MAX);
	} else if (advice == POSIX_FADV_DONTNEED && mapping->a_ops->writepage && past > first) {
		(void)filemap_fdatawrite(mapping, first, past - 1);
		(void)invalidate_mapping_pages(mapping, first, past - 1, false);
	}
}

long ksys_fadvise64(int fd, loff_t offset, size_t len, int advice)
{
	struct fd f = fdget(fd);
	int err = 0;

	if (!f.file)
		return -EBADF;
	if (S_ISFIFO(f.file->f_inode->i_mode))
		err = -ESPIPE;
	else if ((loff_t)len < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
		err = -EINVAL;
	else if (f.file->f_mapping && f.file->f_mapping->a_ops)
		follow_advice(f.file, offset, len, advice);
	fdput(f);
	return err;
}

long ksys_readahead(int fd, loff_t offset, size_t count)
{
	struct fd f = fdget(fd);
	int err = 0;

	if (!f.file)
		return -EBADF;
	if (!(f.file->f_mode & FMODE_READ))
		err = -EBADF;
	else if (!S_ISREG(f.file->f_inode->i_mode) && !S_ISBLK(f.file->f_inode->i_mode))
		err = -EINVAL;
	else if (f.file->f_mapping->kind == MAPPING_FILE && f.file->f_op->read_iter) {
		unsigned long last = (offset + count - 1) >> PAGE_SHIFT;

		if (count && (loff_t)(offset + count) > offset)
			page_cache_readahead(f.file->f_mapping, f.file, offset >> PAGE_SHIFT, last);
	}
	fdput(f);
	return err;
}
