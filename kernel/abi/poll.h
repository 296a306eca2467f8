/* SPDX-License-Identifier: MIT */
/*
 * poll, select and epoll.
 */
#pragma once

#include "lib/types.h"

#define POLLIN	   0x1
#define POLLPRI	   0x2
#define POLLOUT	   0x4
#define POLLERR	   0x8
#define POLLHUP	   0x10
#define POLLNVAL   0x20
#define POLLRDNORM 0x40
#define POLLRDBAND 0x80
#define POLLWRNORM 0x100
#define POLLWRBAND 0x200
#define POLLMSG	   0x400
#define POLLREMOVE 0x1000
#define POLLRDHUP  0x2000
#define POLLRDHUP  0x2000

struct pollfd {
	int fd;
	short events;
	short revents;
};

#define FD_SETSIZE 1024
typedef struct {
	unsigned long fds_bits[FD_SETSIZE / BITS_PER_LONG];
} fd_set;
