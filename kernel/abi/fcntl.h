/* SPDX-License-Identifier: MIT */
/*
 * Opening and controlling files: O_, F_, AT_ and their structures.
 */
#pragma once

#include "lib/types.h"

#define O_ACCMODE   03
#define O_RDONLY    0
#define O_WRONLY    01
#define O_RDWR	    02
#define O_CREAT	    0100
#define O_EXCL	    0200
#define O_NOCTTY    0400
#define O_TRUNC	    01000
#define O_APPEND    02000
#define O_NONBLOCK  04000
#define O_DSYNC	    010000
#define O_DIRECT    040000
#define O_LARGEFILE 0100000
#define O_DIRECTORY 0200000
#define O_NOFOLLOW  0400000
#define O_NOATIME   01000000
#define O_CLOEXEC   02000000
#define O_SYNC	    04010000
#define O_PATH	    010000000
#define O_TMPFILE   020200000
#define O_NDELAY    O_NONBLOCK
#define FASYNC	    020000

#define VALID_OPEN_FLAGS                                                                           \
	(O_RDONLY | O_WRONLY | O_RDWR | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND |         \
	 O_NDELAY | O_NONBLOCK | O_SYNC | O_DSYNC | FASYNC | O_DIRECT | O_LARGEFILE |              \
	 O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | __O_TMPFILE)
#define __O_SYNC    04000000
#define __O_TMPFILE 020000000

#define F_DUPFD		       0
#define F_GETFD		       1
#define F_SETFD		       2
#define F_GETFL		       3
#define F_SETFL		       4
#define F_GETLK		       5
#define F_SETLK		       6
#define F_SETLKW	       7
#define F_SETOWN	       8
#define F_GETOWN	       9
#define F_SETSIG	       10
#define F_GETSIG	       11
#define F_SETOWN_EX	       15
#define F_GETOWN_EX	       16
#define F_GETOWNER_UIDS	       17
#define F_OFD_GETLK	       36
#define F_OFD_SETLK	       37
#define F_OFD_SETLKW	       38
#define F_SETLEASE	       1024
#define F_GETLEASE	       1025
#define F_CANCELLK	       1029
#define F_DUPFD_CLOEXEC	       1030
#define F_NOTIFY	       1026
#define F_SETPIPE_SZ	       1031
#define F_GETPIPE_SZ	       1032
#define F_ADD_SEALS	       1033
#define F_GET_SEALS	       1034
#define F_GET_RW_HINT	       1035
#define F_SET_RW_HINT	       1036
#define F_GET_FILE_RW_HINT     1037
#define F_SET_FILE_RW_HINT     1038
#define F_SEAL_SEAL	       0x1
#define F_SEAL_SHRINK	       0x2
#define F_SEAL_GROW	       0x4
#define F_SEAL_WRITE	       0x8
#define F_SEAL_FUTURE_WRITE    0x10
#define F_SEAL_EXEC	       0x20
#define RWH_WRITE_LIFE_NOT_SET 0
#define RWH_WRITE_LIFE_NONE    1
#define RWH_WRITE_LIFE_SHORT   2
#define RWH_WRITE_LIFE_MEDIUM  3
#define RWH_WRITE_LIFE_LONG    4
#define RWH_WRITE_LIFE_EXTREME 5

#define FD_CLOEXEC 1

#define F_RDLCK	     0
#define F_WRLCK	     1
#define F_UNLCK	     2
#define F_OWNER_TID  0
#define F_OWNER_PID  1
#define F_OWNER_PGRP 2

struct f_owner_ex {
	int type;
	pid_t pid;
};

struct flock {
	short l_type;
	short l_whence;
	off_t l_start;
	off_t l_len;
	pid_t l_pid;
};
static_assert(sizeof(struct flock) == 32, "ABI");

/* flock(2) */
#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8

#define AT_SYMLINK_NOFOLLOW   0x100
#define AT_EACCESS	      0x200
#define AT_REMOVEDIR	      0x200
#define AT_SYMLINK_FOLLOW     0x400
#define AT_NO_AUTOMOUNT	      0x800
#define AT_EMPTY_PATH	      0x1000
#define AT_RECURSIVE	      0x8000
#define AT_FDCWD	      (-100)
#define AT_STATX_SYNC_TYPE    0x6000
#define AT_STATX_SYNC_AS_STAT 0x0
#define AT_STATX_FORCE_SYNC   0x2000
#define AT_STATX_DONT_SYNC    0x4000

/* faccessat(2) */
#define F_OK 0
#define X_OK 1
#define W_OK 2
#define R_OK 4

/* lseek(2) */
#define SEEK_SET  0
#define SEEK_CUR  1
#define SEEK_END  2
#define SEEK_DATA 3
#define SEEK_HOLE 4
#define SEEK_MAX  SEEK_HOLE

/* openat2(2) */
struct open_how {
	u64 flags;
	u64 mode;
	u64 resolve;
};
#define OPEN_HOW_SIZE_VER0    24
#define RESOLVE_NO_XDEV	      0x1
#define RESOLVE_NO_MAGICLINKS 0x2
#define RESOLVE_NO_SYMLINKS   0x4
#define RESOLVE_BENEATH	      0x8
#define RESOLVE_IN_ROOT	      0x10
#define RESOLVE_CACHED	      0x20

/* renameat2(2) */
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE	 2
#define RENAME_WHITEOUT	 4

/* fallocate(2) */
#define FALLOC_FL_KEEP_SIZE	 0x1
#define FALLOC_FL_PUNCH_HOLE	 0x2
#define FALLOC_FL_NO_HIDE_STALE	 0x4
#define FALLOC_FL_COLLAPSE_RANGE 0x8
#define FALLOC_FL_ZERO_RANGE	 0x10
#define FALLOC_FL_INSERT_RANGE	 0x20
#define FALLOC_FL_UNSHARE_RANGE	 0x40

/* posix_fadvise(2) */
#define POSIX_FADV_NORMAL     0
#define POSIX_FADV_RANDOM     1
#define POSIX_FADV_SEQUENTIAL 2
#define POSIX_FADV_WILLNEED   3
#define POSIX_FADV_DONTNEED   4
#define POSIX_FADV_NOREUSE    5

/* sync_file_range(2) */
#define SYNC_FILE_RANGE_WAIT_BEFORE 1
#define SYNC_FILE_RANGE_WRITE	    2
#define SYNC_FILE_RANGE_WAIT_AFTER  4

/* splice(2), tee(2), vmsplice(2) */
#define SPLICE_F_MOVE	  1
#define SPLICE_F_NONBLOCK 2
#define SPLICE_F_MORE	  4
#define SPLICE_F_GIFT	  8

/* close_range(2) */
#define CLOSE_RANGE_UNSHARE 2
#define CLOSE_RANGE_CLOEXEC 4

/* Lengths of names, in bytes; PATH_MAX counts the NUL. */
#define NAME_MAX    255
#define PATH_MAX    4096
#define PIPE_BUF    4096
#define NGROUPS_MAX 65536
#define ARG_MAX	    131072
#define LINK_MAX    127

/* Extended attributes. */
#define XATTR_CREATE   1
#define XATTR_REPLACE  2
#define XATTR_NAME_MAX 255
#define XATTR_SIZE_MAX 65536
#define XATTR_LIST_MAX 65536
