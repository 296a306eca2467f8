/* SPDX-License-Identifier: MIT */
/*
 * What stat, statx and statfs return.
 */
#pragma once

#include "lib/types.h"

#define S_IFMT	 0170000
#define S_IFSOCK 0140000
#define S_IFLNK	 0120000
#define S_IFREG	 0100000
#define S_IFBLK	 060000
#define S_IFDIR	 040000
#define S_IFCHR	 020000
#define S_IFIFO	 010000
#define S_ISUID	 04000
#define S_ISGID	 02000
#define S_ISVTX	 01000
#define S_IRWXU	 0700
#define S_IRUSR	 0400
#define S_IWUSR	 0200
#define S_IXUSR	 0100
#define S_IRWXG	 070
#define S_IRGRP	 040
#define S_IWGRP	 020
#define S_IXGRP	 010
#define S_IRWXO	 07
#define S_IROTH	 04
#define S_IWOTH	 02
#define S_IXOTH	 01

#define S_ISLNK(m)  (((m)&S_IFMT) == S_IFLNK)
#define S_ISREG(m)  (((m)&S_IFMT) == S_IFREG)
#define S_ISDIR(m)  (((m)&S_IFMT) == S_IFDIR)
#define S_ISCHR(m)  (((m)&S_IFMT) == S_IFCHR)
#define S_ISBLK(m)  (((m)&S_IFMT) == S_IFBLK)
#define S_ISFIFO(m) (((m)&S_IFMT) == S_IFIFO)
#define S_ISSOCK(m) (((m)&S_IFMT) == S_IFSOCK)

#define S_IRWXUGO (S_IRWXU | S_IRWXG | S_IRWXO)
#define S_IALLUGO (S_ISUID | S_ISGID | S_ISVTX | S_IRWXUGO)
#define S_IRUGO	  (S_IRUSR | S_IRGRP | S_IROTH)
#define S_IWUGO	  (S_IWUSR | S_IWGRP | S_IWOTH)
#define S_IXUGO	  (S_IXUSR | S_IXGRP | S_IXOTH)

struct stat {
	unsigned long st_dev; /* new_encode_dev() */
	unsigned long st_ino;
	unsigned long st_nlink;
	unsigned int st_mode;
	unsigned int st_uid;
	unsigned int st_gid;
	unsigned int __pad0;
	unsigned long st_rdev;
	long st_size;
	long st_blksize;
	long st_blocks; /* of 512 bytes */
	unsigned long st_atime;
	unsigned long st_atime_nsec;
	unsigned long st_mtime;
	unsigned long st_mtime_nsec;
	unsigned long st_ctime;
	unsigned long st_ctime_nsec;
	long __unused[3];
};
static_assert(sizeof(struct stat) == 144, "ABI");

struct statx_timestamp {
	s64 tv_sec;
	u32 tv_nsec;
	s32 __reserved;
};

struct statx {
	u32 stx_mask; /* STATX_*: which fields are valid */
	u32 stx_blksize;
	u64 stx_attributes; /* STATX_ATTR_* */
	u32 stx_nlink;
	u32 stx_uid;
	u32 stx_gid;
	u16 stx_mode;
	u16 __spare0[1];
	u64 stx_ino;
	u64 stx_size;
	u64 stx_blocks;
	u64 stx_attributes_mask; /* which attributes are known */
	struct statx_timestamp stx_atime;
	struct statx_timestamp stx_btime;
	struct statx_timestamp stx_ctime;
	struct statx_timestamp stx_mtime;
	u32 stx_rdev_major;
	u32 stx_rdev_minor;
	u32 stx_dev_major;
	u32 stx_dev_minor;
	u64 stx_mnt_id;
	u32 stx_dio_mem_align;
	u32 stx_dio_offset_align;
	u64 __spare3[12];
};
static_assert(sizeof(struct statx) == 256, "ABI");

#define STATX_TYPE	      0x1
#define STATX_MODE	      0x2
#define STATX_NLINK	      0x4
#define STATX_UID	      0x8
#define STATX_GID	      0x10
#define STATX_ATIME	      0x20
#define STATX_MTIME	      0x40
#define STATX_CTIME	      0x80
#define STATX_INO	      0x100
#define STATX_SIZE	      0x200
#define STATX_BLOCKS	      0x400
#define STATX_BASIC_STATS     0x7ff
#define STATX_BTIME	      0x800
#define STATX_MNT_ID	      0x1000
#define STATX_DIOALIGN	      0x2000
#define STATX__RESERVED	      0x80000000U
#define STATX_ALL	      0xfff
#define STATX_ATTR_COMPRESSED 0x4
#define STATX_ATTR_IMMUTABLE  0x10
#define STATX_ATTR_APPEND     0x20
#define STATX_ATTR_NODUMP     0x40
#define STATX_ATTR_ENCRYPTED  0x800
#define STATX_ATTR_AUTOMOUNT  0x1000
#define STATX_ATTR_MOUNT_ROOT 0x2000
#define STATX_ATTR_VERITY     0x100000
#define STATX_ATTR_DAX	      0x200000

struct statfs {
	long f_type;
	long f_bsize;
	long f_blocks;
	long f_bfree;
	long f_bavail;
	long f_files;
	long f_ffree;
	struct {
		int val[2];
	} f_fsid;
	long f_namelen;
	long f_frsize;
	long f_flags; /* ST_* */
	long f_spare[4];
};
static_assert(sizeof(struct statfs) == 120, "ABI");

#define ST_RDONLY      0x0001
#define ST_NOSUID      0x0002
#define ST_NODEV       0x0004
#define ST_NOEXEC      0x0008
#define ST_SYNCHRONOUS 0x0010
#define ST_VALID       0x0020
#define ST_MANDLOCK    0x0040
#define ST_NOATIME     0x0400
#define ST_NODIRATIME  0x0800
#define ST_RELATIME    0x1000
#define ST_NOSYMFOLLOW 0x2000

/* f_type */
#define SECURITYFS_MAGIC      0x73636673
#define RAMFS_MAGIC	      0x858458f6U
#define TMPFS_MAGIC	      0x1021994
#define HUGETLBFS_MAGIC	      0x958458f6U
#define EXT4_SUPER_MAGIC      0xef53
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define CGROUP2_SUPER_MAGIC   0x63677270
#define V9FS_MAGIC	      0x1021997
#define DEVPTS_SUPER_MAGIC    0x1cd1
#define PROC_SUPER_MAGIC      0x9fa0
#define SOCKFS_MAGIC	      0x534f434b
#define SYSFS_MAGIC	      0x62656572
#define ANON_INODE_FS_MAGIC   0x9041934
#define NSFS_MAGIC	      0x6e736673
#define SECRETMEM_MAGIC	      0x5345434d
#define PIPEFS_MAGIC	      0x50495045
#define MQUEUE_MAGIC	      0x19800202
