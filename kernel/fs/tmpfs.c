/* SPDX-License-Identifier: MIT */
/*
 * tmpfs, and what is made like it: rootfs, ramfs, devtmpfs. The names are pinned dentries of the
 * dcache; what files hold is in shmem.c.
 */
#include "fs/internal.h"
#include "fs/shmem.h"
#include "fs/seq_file.h"
#include "fs/tmpfs_options.h"
#include "task/cred.h"

#define DIRENT_SIZE 20 /* what an entry counts in a directory's size */

static const struct inode_operations tmpfs_dir_iops, tmpfs_file_iops, tmpfs_symlink_iops;
static const struct super_operations tmpfs_super_operations;

/* ---- Inodes ---- */

static int charge_inode(struct super_block *sb)
{
	struct shmem_sb_info *info = SHMEM_SB(sb);

	if (atomic64_add_return(1, &info->used_inodes) > (s64)info->max_inodes &&
	    info->max_inodes) {
		atomic64_dec(&info->used_inodes);
		return -ENOSPC;
	}
	return 0;
}

static void uncharge_inode(struct super_block *sb)
{
	atomic64_dec(&SHMEM_SB(sb)->used_inodes);
}

static struct inode *tmpfs_inode(struct super_block *sb, struct inode *dir, umode_t mode, dev_t dev)
{
	struct inode *inode;
	int err = charge_inode(sb);

	if (err)
		return ERR_PTR(err);
	inode = new_inode(sb);
	if (!inode) {
		uncharge_inode(sb);
		return ERR_PTR(-ENOMEM);
	}
	inode_init_owner(inode, dir, mode);
	inode->i_op = &tmpfs_file_iops;
	switch (mode & S_IFMT) {
	case S_IFREG:
		shmem_init_inode(inode);
		break;
	case S_IFDIR:
		inode->i_nlink = 2;
		inode->i_size = 2 * DIRENT_SIZE;
		inode->i_op = &tmpfs_dir_iops;
		inode->i_fop = &simple_dir_operations;
		break;
	case S_IFLNK:
		inode->i_op = &tmpfs_symlink_iops;
		break;
	default:
		init_special_inode(inode, inode->i_mode, dev);
		break;
	}
	return inode;
}

static void tmpfs_evict_inode(struct inode *inode)
{
	shmem_evict(inode);
	uncharge_inode(inode->i_sb);
}

/* ---- Names ---- */

static void dir_changed(struct inode *dir, int entries)
{
	i_size_write(dir, dir->i_size + entries * DIRENT_SIZE);
	file_update_time(dir);
}

static void add_name(struct inode *dir, struct dentry *dentry, struct inode *inode)
{
	d_add(dentry, inode);
	d_pin(dentry);
	dir_changed(dir, 1);
}

static int tmpfs_mknod(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev)
{
	struct inode *inode = tmpfs_inode(dir->i_sb, dir, mode, dev);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	add_name(dir, dentry, inode);
	return 0;
}

static int tmpfs_create(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	return tmpfs_mknod(dir, dentry, mode, 0);
}

static int tmpfs_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	int err = tmpfs_mknod(dir, dentry, mode, 0);

	if (!err)
		inc_nlink(dir);
	return err;
}

static int tmpfs_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	struct inode *inode = tmpfs_inode(dir->i_sb, dir, S_IFLNK | S_IRWXUGO, 0);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inode->i_link = kstrdup(target, GFP_KERNEL);
	if (!inode->i_link) {
		iput(inode);
		return -ENOMEM;
	}
	inode->i_size = strlen(target);
	add_name(dir, dentry, inode);
	return 0;
}

static int tmpfs_readlink(struct dentry *dentry, char *buf, size_t size)
{
	return strlcpy(buf, dentry->d_inode->i_link, size);
}

static int tmpfs_tmpfile(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = tmpfs_inode(dir->i_sb, dir, mode, 0);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inode->i_nlink = 0;
	d_instantiate(dentry, inode);
	return 0;
}

static int tmpfs_link(struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = old->d_inode;
	/* Further names cost, too: the first one is paid by the inode. */
	int err = inode->i_nlink ? charge_inode(dir->i_sb) : 0;

	if (err)
		return err;
	inc_nlink(inode);
	inode->i_ctime = current_time_ns();
	add_name(dir, dentry, igrab(inode));
	return 0;
}

static int tmpfs_unlink(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;

	if (inode->i_nlink > 1 && !S_ISDIR(inode->i_mode))
		uncharge_inode(dir->i_sb);
	drop_nlink(inode);
	dir_changed(dir, -1);
	inode->i_ctime = dir->i_ctime;
	d_unpin(dentry);
	return 0;
}

static int tmpfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	if (!simple_empty_dir(dentry))
		return -ENOTEMPTY;
	drop_nlink(dentry->d_inode);
	drop_nlink(dir);
	return tmpfs_unlink(dir, dentry);
}

/* The dentries themselves are moved by the caller (d_move). */
static int tmpfs_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
			struct dentry *new, unsigned int flags)
{
	bool moves_dir = S_ISDIR(old->d_inode->i_mode);
	struct inode *target = new->d_inode;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	if (flags & RENAME_EXCHANGE) {
		if (old_dir != new_dir && moves_dir != S_ISDIR(target->i_mode)) {
			drop_nlink(moves_dir ? old_dir : new_dir);
			inc_nlink(moves_dir ? new_dir : old_dir);
		}
		file_update_time(old_dir);
		file_update_time(new_dir);
		target->i_ctime = old->d_inode->i_ctime = old_dir->i_ctime;
		return 0;
	}
	if (target) {
		if (!simple_empty_dir(new))
			return -ENOTEMPTY;
		if (S_ISDIR(target->i_mode))
			tmpfs_rmdir(new_dir, new);
		else
			tmpfs_unlink(new_dir, new);
	}
	if (moves_dir && old_dir != new_dir) {
		drop_nlink(old_dir);
		inc_nlink(new_dir);
	}
	dir_changed(old_dir, -1);
	dir_changed(new_dir, 1);
	old->d_inode->i_ctime = new_dir->i_ctime;
	return 0;
}

static int tmpfs_setattr(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	int err = setattr_prepare(dentry, attr);

	if (!err && (attr->valid & ATTR_SIZE))
		err = S_ISREG(inode->i_mode) ? shmem_set_size(inode, attr->size) : -EINVAL;
	if (!err)
		setattr_copy(inode, attr);
	return err;
}

static const struct inode_operations tmpfs_dir_iops = {
	.lookup = simple_lookup,
	.create = tmpfs_create,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.symlink = tmpfs_symlink,
	.mkdir = tmpfs_mkdir,
	.rmdir = tmpfs_rmdir,
	.mknod = tmpfs_mknod,
	.rename = tmpfs_rename,
	.tmpfile = tmpfs_tmpfile,
	.setattr = tmpfs_setattr,
};

static const struct inode_operations tmpfs_file_iops = {
	.setattr = tmpfs_setattr,
};

static const struct inode_operations tmpfs_symlink_iops = {
	.readlink = tmpfs_readlink,
	.setattr = tmpfs_setattr,
};

/* ---- The file system ---- */

static int tmpfs_statfs(struct super_block *sb, struct kstatfs *st)
{
	struct shmem_sb_info *info = SHMEM_SB(sb);

	if (info->max_blocks) {
		st->blocks = info->max_blocks;
		st->bfree = st->bavail =
			info->max_blocks -
			min_t(u64, atomic64_read(&info->used_blocks), info->max_blocks);
	}
	if (info->max_inodes) {
		st->files = info->max_inodes;
		st->ffree = info->max_inodes -
			    min_t(u64, atomic64_read(&info->used_inodes), info->max_inodes);
	}
	return 0;
}

static void tmpfs_put_super(struct super_block *sb)
{
	kfree(sb->s_fs_info);
}

static int tmpfs_remount(struct super_block *sb, unsigned long flags, const char *data)
{
	struct shmem_sb_info *info = SHMEM_SB(sb), new = *info;
	int err = tmpfs_parse_options(&new, data);

	if (err)
		return err;
	if (new.max_blocks && (u64)atomic64_read(&info->used_blocks) > new.max_blocks)
		return -EINVAL;
	if (new.max_inodes && (u64)atomic64_read(&info->used_inodes) > new.max_inodes)
		return -EINVAL;
	/* Limits come and stay: what was never counted cannot be limited. */
	if (!info->max_blocks != !new.max_blocks || !info->max_inodes != !new.max_inodes)
		return -EINVAL;
	info->max_blocks = new.max_blocks;
	info->max_inodes = new.max_inodes;
	return 0;
}

static void tmpfs_show_options(struct super_block *sb, struct seq_file *m)
{
	struct shmem_sb_info *info = SHMEM_SB(sb);

	if (!info->is_tmpfs)
		return;
	if (info->max_blocks != tmpfs_default_blocks())
		seq_printf(m, ",size=%lluk", info->max_blocks << (PAGE_SHIFT - 10));
	if (info->max_inodes != tmpfs_default_inodes())
		seq_printf(m, ",nr_inodes=%llu", info->max_inodes);
	if (info->mode != (S_IRWXUGO | S_ISVTX))
		seq_printf(m, ",mode=%03o", info->mode);
	if (info->uid)
		seq_printf(m, ",uid=%u", info->uid);
	if (info->gid)
		seq_printf(m, ",gid=%u", info->gid);
	seq_puts(m, ",inode64");
}

static const struct super_operations tmpfs_super_operations = {
	.evict_inode = tmpfs_evict_inode,
	.statfs = tmpfs_statfs,
	.put_super = tmpfs_put_super,
	.remount = tmpfs_remount,
	.show_options = tmpfs_show_options,
};

static struct super_block *tmpfs_fill(const struct file_system_type *type, u32 magic,
				      const struct shmem_sb_info *info)
{
	struct super_block *sb = sb_alloc(type, &tmpfs_super_operations, magic);
	struct inode *root;

	if (!sb)
		return ERR_PTR(-ENOMEM);
	sb->s_dentry_flags = DCACHE_DONTCACHE; /* pinned or gone */
	sb->s_fs_info = kmemdup(info, sizeof(*info), GFP_KERNEL);
	if (!sb->s_fs_info)
		goto fail;
	root = tmpfs_inode(sb, NULL, S_IFDIR | info->mode, 0);
	if (IS_ERR(root))
		goto fail;
	root->i_uid = info->uid;
	root->i_gid = info->gid;
	sb->s_root = d_make_root(root);
	if (sb->s_root)
		return sb;
fail:
	sb_put(sb);
	return ERR_PTR(-ENOMEM);
}

static struct super_block *tmpfs_mount(const struct file_system_type *type, unsigned long flags,
				       const char *source, const char *data)
{
	struct shmem_sb_info info = {
		.max_blocks = tmpfs_default_blocks(),
		.max_inodes = tmpfs_default_inodes(),
		.mode = S_IRWXUGO | S_ISVTX,
		.uid = current_fsuid(),
		.gid = current_fsgid(),
		.is_tmpfs = true,
	};
	int err = tmpfs_parse_options(&info, data);

	return err ? ERR_PTR(err) : tmpfs_fill(type, TMPFS_MAGIC, &info);
}

/* No limits (rootfs gets some later). Of the options only mode= means something; others are
 * ignored, as they always were. */
static struct super_block *ramfs_mount(const struct file_system_type *type, unsigned long flags,
				       const char *source, const char *data)
{
	struct shmem_sb_info info = {.mode = 0755};

	ramfs_parse_options(&info, data);
	return tmpfs_fill(type, type == &ramfs_type ? RAMFS_MAGIC : TMPFS_MAGIC, &info);
}

struct file_system_type tmpfs_type = {.name = "tmpfs", .flags = FS_NODEV, .mount = tmpfs_mount};
struct file_system_type ramfs_type = {.name = "ramfs", .flags = FS_NODEV, .mount = ramfs_mount};
struct file_system_type rootfs_type = {.name = "rootfs", .flags = FS_NODEV, .mount = ramfs_mount};

void rootfs_limit(void)
{
	struct shmem_sb_info *info = SHMEM_SB(init_mnt_ns.root->mnt_sb);

	info->max_blocks = atomic64_read(&info->used_blocks) + nr_free_pages() / 2;
	info->max_inodes = atomic64_read(&info->used_inodes) + nr_free_pages() / 2;
}

void tmpfs_init(void)
{
	register_filesystem(&tmpfs_type);
	register_filesystem(&ramfs_type);
	shmem_setup_init();
}
