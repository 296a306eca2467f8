/* SPDX-License-Identifier: MIT */
/*
 * Inodes: allocation, references, times, link counts. There is no cache of unused inodes: an inode
 * lives as long as a dentry, an open file or a file system holds it; the last iput() evicts it.
 */
#include "fs/internal.h"
#include "mm/shmem_swap.h"
#include "task/cred.h"

static struct kmem_cache *inode_cache;

/* swapoff finds inodes by what they have on swap: unless the last reference has gone. */
static bool hold_inode(struct inode *inode)
{
	return refcount_inc_not_zero(&inode->i_count);
}

void inode_init(void)
{
	inode_cache = kmem_cache_create("inode_cache", sizeof(struct inode), 0, NULL);
	BUG_ON(!inode_cache);
	shmem_hold_inode_hook = hold_inode;
	shmem_put_inode_hook = iput;
}

static int empty_read_folio(struct file *file, struct page *page)
{
	return -EIO;
}

/* For inodes whose file system keeps no pages. */
static const struct address_space_operations empty_aops = {
	.read_folio = empty_read_folio,
};

static const struct inode_operations empty_iops;

static int no_open(struct inode *inode, struct file *file)
{
	return -ENXIO;
}

/* Sockets, and devices without a driver. */
const struct file_operations no_open_fops = {
	.open = no_open,
};

struct inode *new_inode(struct super_block *sb)
{
	struct inode *inode = kmem_cache_zalloc(inode_cache, GFP_KERNEL);

	if (!inode)
		return NULL;
	refcount_set(&inode->i_count, 1);
	inode->i_nlink = 1;
	inode->i_sb = sb;
	inode->i_op = &empty_iops;
	inode->i_fop = &no_open_fops;
	inode->i_ino = __atomic_add_fetch(&sb->s_next_ino, 1, __ATOMIC_RELAXED);
	inode->i_atime = inode->i_mtime = inode->i_ctime = inode->i_btime = current_time_ns();
	spin_lock_init(&inode->i_lock, "i_lock", RANK_INODE_SPIN);
	init_rwsem(&inode->i_rwsem, "i_rwsem", RANK_INODE);
	INIT_LIST_HEAD(&inode->i_flock);
	INIT_HLIST_NODE(&inode->i_hash);
	address_space_init(&inode->i_data, inode, &empty_aops);
	inode->i_mapping = &inode->i_data;
	spin_lock(&sb->s_lock);
	list_add(&inode->i_sb_list, &sb->s_inodes);
	spin_unlock(&sb->s_lock);
	return inode;
}

void inode_init_owner(struct inode *inode, const struct inode *dir, umode_t mode)
{
	inode->i_uid = current_fsuid();
	inode->i_gid = current_fsgid();
	if (dir && (dir->i_mode & S_ISGID)) {
		inode->i_gid = dir->i_gid;
		if (S_ISDIR(mode))
			mode |= S_ISGID;
		else if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
			 !in_group_p(dir->i_gid) && !capable(CAP_FSETID))
			mode &= ~S_ISGID;
	}
	inode->i_mode = mode;
}

struct inode *igrab(struct inode *inode)
{
	if (inode)
		refcount_inc(&inode->i_count);
	return inode;
}

void iput(struct inode *inode)
{
	struct super_block *sb;

	if (!inode || !refcount_dec_and_test(&inode->i_count))
		return;
	sb = inode->i_sb;
	spin_lock(&sb->s_lock);
	list_del(&inode->i_sb_list);
	spin_unlock(&sb->s_lock);
	if (sb->s_op && sb->s_op->evict_inode)
		sb->s_op->evict_inode(inode);
	if (inode->i_data.nrpages || inode->i_data.nrswapped) {
		if (inode->i_nlink)
			filemap_write_and_wait(&inode->i_data);
		/* Nobody else has a reference: no i_rwsem. */
		truncate_inode_pages_range(&inode->i_data, 0, ~0ull);
	}
	address_space_destroy(&inode->i_data);
	free_inode_pipe(inode);
	kfree(inode->i_link);
	kmem_cache_free(inode_cache, inode);
}

void init_special_inode(struct inode *inode, umode_t mode, dev_t rdev)
{
	inode->i_mode = mode;
	if (S_ISCHR(mode)) {
		inode->i_fop = &def_chr_fops;
		inode->i_rdev = rdev;
	} else if (S_ISBLK(mode)) {
		inode->i_fop = &def_blk_fops;
		inode->i_rdev = rdev;
	} else if (S_ISFIFO(mode)) {
		inode->i_fop = &fifo_fops;
	} else {
		inode->i_fop = &no_open_fops;
	}
}

/* ---- Times ---- */

/* The time of the last tick or switch: cheap, and exact enough for files. */
u64 current_time_ns(void)
{
	return ktime_get_coarse_real();
}

static void update_atime(struct inode *inode, unsigned long flags)
{
	s64 now;

	if (inode->i_flags & S_NOATIME)
		return;
	/* relatime: only if it is not newer than the last change, or is a day old. */
	if (!(flags & MS_STRICTATIME) && inode->i_atime > inode->i_mtime &&
	    inode->i_atime > inode->i_ctime) {
		now = current_time_ns();
		if (now - inode->i_atime < 86400 * NSEC_PER_SEC)
			return;
	} else {
		now = current_time_ns();
	}
	inode->i_atime = now;
}

void touch_atime_path(const struct path *path)
{
	struct inode *inode = path->dentry->d_inode;
	unsigned long flags = path->mnt->mnt_flags | inode->i_sb->s_flags;

	if (flags & (MS_NOATIME | MS_RDONLY))
		return;
	if ((flags & MS_NODIRATIME) && S_ISDIR(inode->i_mode))
		return;
	update_atime(inode, flags);
}

void touch_atime(struct file *file)
{
	if (!(file->f_flags & O_NOATIME))
		touch_atime_path(&file->f_path);
}

void file_update_time(struct inode *inode)
{
	inode->i_mtime = inode->i_ctime = current_time_ns();
}

/* ---- Size and links ---- */

loff_t i_size_read(struct inode *inode)
{
	return READ_ONCE(inode->i_size);
}

void i_size_write(struct inode *inode, loff_t size)
{
	WRITE_ONCE(inode->i_size, size);
}

void inc_nlink(struct inode *inode)
{
	spin_lock(&inode->i_lock);
	inode->i_nlink++;
	spin_unlock(&inode->i_lock);
}

void drop_nlink(struct inode *inode)
{
	spin_lock(&inode->i_lock);
	if (!WARN_ON(!inode->i_nlink))
		inode->i_nlink--;
	spin_unlock(&inode->i_lock);
}

/* ---- Writing back ---- */

void sync_inodes_sb(struct super_block *sb)
{
	struct inode *inode, *held = NULL;

	spin_lock(&sb->s_lock);
	list_for_each_entry (inode, &sb->s_inodes, i_sb_list) {
		if (!inode->i_data.nrpages || inode->i_data.kind == MAPPING_SHMEM ||
		    !refcount_inc_not_zero(&inode->i_count))
			continue;
		spin_unlock(&sb->s_lock);
		/* The inode that is held keeps its place in the list while the lock is dropped. */
		iput(held);
		held = inode;
		filemap_write_and_wait(&inode->i_data);
		spin_lock(&sb->s_lock);
	}
	spin_unlock(&sb->s_lock);
	iput(held);
}
