/* SPDX-License-Identifier: MIT */
/*
 * epoll. The event bits have poll's values.
 */
#pragma once

#include "lib/types.h"

#define EPOLLIN	       0x1
#define EPOLLPRI       0x2
#define EPOLLOUT       0x4
#define EPOLLERR       0x8
#define EPOLLHUP       0x10
#define EPOLLNVAL      0x20
#define EPOLLRDNORM    0x40
#define EPOLLRDBAND    0x80
#define EPOLLWRNORM    0x100
#define EPOLLWRBAND    0x200
#define EPOLLMSG       0x400
#define EPOLLRDHUP     0x2000
#define EPOLLEXCLUSIVE 0x10000000
#define EPOLLWAKEUP    0x20000000
#define EPOLLONESHOT   0x40000000
#define EPOLLET	       0x80000000U
#define EPOLL_CLOEXEC  02000000
#define EPOLL_CTL_ADD  1
#define EPOLL_CTL_DEL  2
#define EPOLL_CTL_MOD  3

struct epoll_event {
	u32 events;
	u64 data;
} __packed; /* on x86-64 only, to match i386 */
static_assert(sizeof(struct epoll_event) == 12, "ABI");
