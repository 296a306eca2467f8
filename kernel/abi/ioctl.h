/* SPDX-License-Identifier: MIT */
/*
 * ioctl command numbers: how they are coded, and those common to many files.
 */
#pragma once

#include "lib/types.h"

/* Direction (2 bits), size (14), type (8), number (8). */
#define _IOC_NRSHIFT   0
#define _IOC_TYPESHIFT 8
#define _IOC_SIZESHIFT 16
#define _IOC_DIRSHIFT  30
#define _IOC_NONE      0U
#define _IOC_WRITE     1U
#define _IOC_READ      2U
#define _IOC(dir, type, nr, size)                                                                  \
	(((dir) << _IOC_DIRSHIFT) | ((type) << _IOC_TYPESHIFT) | ((nr) << _IOC_NRSHIFT) |          \
	 ((u32)(size) << _IOC_SIZESHIFT))
#define _IO(type, nr)		 _IOC(_IOC_NONE, (type), (nr), 0)
#define _IOR(type, nr, argtype)	 _IOC(_IOC_READ, (type), (nr), sizeof(argtype))
#define _IOW(type, nr, argtype)	 _IOC(_IOC_WRITE, (type), (nr), sizeof(argtype))
#define _IOWR(type, nr, argtype) _IOC(_IOC_READ | _IOC_WRITE, (type), (nr), sizeof(argtype))
#define _IOC_DIR(cmd)		 (((cmd) >> _IOC_DIRSHIFT) & 3)
#define _IOC_TYPE(cmd)		 (((cmd) >> _IOC_TYPESHIFT) & 0xff)
#define _IOC_NR(cmd)		 (((cmd) >> _IOC_NRSHIFT) & 0xff)
#define _IOC_SIZE(cmd)		 (((cmd) >> _IOC_SIZESHIFT) & 0x3fff)

/* Any file. */
#define FIONBIO		  0x5421
#define FIOASYNC	  0x5452
#define FIONREAD	  0x541B
#define FIONCLEX	  0x5450
#define FIOCLEX		  0x5451
#define FIOQSIZE	  0x5460
#define FIBMAP		  1
#define FIGETBSZ	  2
#define FS_IOC_GETFLAGS	  0x80086601U
#define FS_IOC_SETFLAGS	  0x40086602
#define FS_IOC_GETVERSION 0x80087601U
#define FICLONE		  0x40049409
#define FICLONERANGE	  0x4020940d

/* Block devices. */
#define BLKROSET      0x125d
#define BLKROGET      0x125e
#define BLKRRPART     0x125f
#define BLKGETSIZE    0x1260
#define BLKFLSBUF     0x1261
#define BLKRASET      0x1262
#define BLKRAGET      0x1263
#define BLKSSZGET     0x1268
#define BLKBSZGET     0x80081270U
#define BLKBSZSET     0x40081271
#define BLKGETSIZE64  0x80081272U
#define BLKDISCARD    0x1277
#define BLKIOMIN      0x1278
#define BLKIOOPT      0x1279
#define BLKALIGNOFF   0x127a
#define BLKPBSZGET    0x127b
#define BLKROTATIONAL 0x127e
#define BLKZEROOUT    0x127f

/* Random devices. */
#define RNDGETENTCNT   0x80045200U
#define RNDADDTOENTCNT 0x40045201
#define RNDGETPOOL     0x80085202U
#define RNDADDENTROPY  0x40085203
#define RNDZAPENTCNT   0x5204
#define RNDCLEARPOOL   0x5206
#define RNDRESEEDCRNG  0x5207

/* Namespaces. */
#define NS_GET_USERNS	 0xb701
#define NS_GET_PARENT	 0xb702
#define NS_GET_NSTYPE	 0xb703
#define NS_GET_OWNER_UID 0xb704

/* Sockets. */
#define SIOCINQ	       0x541b
#define SIOCOUTQ       0x5411
#define SIOCGIFNAME    0x8910
#define SIOCGIFCONF    0x8912
#define SIOCGIFFLAGS   0x8913
#define SIOCSIFFLAGS   0x8914
#define SIOCGIFADDR    0x8915
#define SIOCSIFADDR    0x8916
#define SIOCGIFNETMASK 0x891b
#define SIOCSIFNETMASK 0x891c
#define SIOCGIFMTU     0x8921
#define SIOCSIFMTU     0x8922
#define SIOCGIFHWADDR  0x8927
#define SIOCGIFINDEX   0x8933
