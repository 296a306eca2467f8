/* SPDX-License-Identifier: MIT */
/* Files whose contents are memory: tmpfs, devtmpfs, ramfs, memfd, shared anonymous memory. */
#pragma once

#include "fs/fs.h"

/* Limits and use of one tmpfs. */
struct shmem_sb_info {
	u64 max_blocks;		/* pages; 0: no limit. Set by mount and remount */
	u64 max_inodes;		/* 0: no limit */
	atomic64_t used_blocks; /* pages; 0 <= used <= max at all times */
	atomic64_t used_inodes;
	umode_t mode; /* of the root, as given */
	uid_t uid;
	gid_t gid;
	bool is_tmpfs; /* shows its options */
};

static inline struct shmem_sb_info *SHMEM_SB(const struct super_block *sb)
{
	return sb->s_fs_info;
}

/* Make @inode (fresh, regular) hold memory. */
void shmem_init_inode(struct inode *inode);
extern const struct file_operations shmem_file_operations;
bool shmem_inode(const struct inode *inode);
/* Size change with everything that belongs to it: seals, pages, accounting. i_rwsem held. 0 or
 * -EPERM. */
int shmem_set_size(struct inode *inode, loff_t size);
/* Contents from the begin of the file, by the kernel (initramfs). 0, -ENOSPC, -ENOMEM. */
int shmem_fill(struct inode *inode, const void *data, size_t size);
/* The last reference is gone: pages and charges go. */
void shmem_evict(struct inode *inode);
void shmem_setup_init(void); /* the kernel's own mount, hooks */
