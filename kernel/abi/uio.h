/* SPDX-License-Identifier: MIT */
/*
 * Scattered buffers.
 */
#pragma once

#include "lib/types.h"

struct iovec {
	void __user *iov_base;
	size_t iov_len;
};

#define UIO_FASTIOV 8
#define UIO_MAXIOV  1024
/* The most one read or write moves. */
#define MAX_RW_COUNT (INT_MAX & PAGE_MASK)

/* preadv2(2), pwritev2(2) */
#define RWF_HIPRI  1
#define RWF_DSYNC  2
#define RWF_SYNC   4
#define RWF_NOWAIT 8
#define RWF_APPEND 16
