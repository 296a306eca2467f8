/* SPDX-License-Identifier: MIT */
/*
 * eventfd, signalfd, inotify, pidfd. (timerfd is in abi/time.h.)
 */
#pragma once

#include "lib/types.h"

#define EFD_SEMAPHORE 1
#define EFD_CLOEXEC   02000000
#define EFD_NONBLOCK  04000

#define SFD_CLOEXEC  02000000
#define SFD_NONBLOCK 04000

struct signalfd_siginfo {
	u32 ssi_signo;
	s32 ssi_errno;
	s32 ssi_code;
	u32 ssi_pid;
	u32 ssi_uid;
	s32 ssi_fd;
	u32 ssi_tid;
	u32 ssi_band;
	u32 ssi_overrun;
	u32 ssi_trapno;
	s32 ssi_status;
	s32 ssi_int;
	u64 ssi_ptr;
	u64 ssi_utime;
	u64 ssi_stime;
	u64 ssi_addr;
	u16 ssi_addr_lsb;
	u16 __pad2;
	s32 ssi_syscall;
	u64 ssi_call_addr;
	u32 ssi_arch;
	u8 __pad[28];
};
static_assert(sizeof(struct signalfd_siginfo) == 128, "ABI");

#define PIDFD_NONBLOCK 04000

struct inotify_event {
	s32 wd;
	u32 mask;
	u32 cookie;
	u32 len;
	char name[];
};
#define IN_CLOEXEC	 02000000
#define IN_NONBLOCK	 04000
#define IN_ACCESS	 0x1
#define IN_MODIFY	 0x2
#define IN_ATTRIB	 0x4
#define IN_CLOSE_WRITE	 0x8
#define IN_CLOSE_NOWRITE 0x10
#define IN_OPEN		 0x20
#define IN_MOVED_FROM	 0x40
#define IN_MOVED_TO	 0x80
#define IN_CREATE	 0x100
#define IN_DELETE	 0x200
#define IN_DELETE_SELF	 0x400
#define IN_MOVE_SELF	 0x800
#define IN_UNMOUNT	 0x2000
#define IN_Q_OVERFLOW	 0x4000
#define IN_IGNORED	 0x8000
#define IN_CLOSE	 0x18
#define IN_MOVE		 0xc0
#define IN_ONLYDIR	 0x1000000
#define IN_DONT_FOLLOW	 0x2000000
#define IN_EXCL_UNLINK	 0x4000000
#define IN_MASK_CREATE	 0x10000000
#define IN_MASK_ADD	 0x20000000
#define IN_ISDIR	 0x40000000
#define IN_ONESHOT	 0x80000000U
#define IN_ALL_EVENTS	 0xfff
