/* SPDX-License-Identifier: MIT */
/*
 * Directory entries as getdents64 returns them.
 */
#pragma once

#include "lib/types.h"

struct linux_dirent64 {
	u64 d_ino;
	s64 d_off;		 /* position of the next entry */
	unsigned short d_reclen; /* a multiple of 8 */
	unsigned char d_type;
	char d_name[];
};
static_assert(offsetof(struct linux_dirent64, d_name) == 19, "ABI");

/* getdents(2); d_type is the last byte of the record. */
struct linux_dirent {
	unsigned long d_ino;
	unsigned long d_off;
	unsigned short d_reclen;
	char d_name[];
};
static_assert(offsetof(struct linux_dirent, d_name) == 18, "ABI");

#define DT_UNKNOWN 0
#define DT_FIFO	   1
#define DT_CHR	   2
#define DT_DIR	   4
#define DT_BLK	   6
#define DT_REG	   8
#define DT_LNK	   10
#define DT_SOCK	   12
#define DT_WHT	   14
/* DT_* of a file mode. */
#define S_DT(mode) (((mode) >> 12) & 15)
