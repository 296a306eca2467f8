/* SPDX-License-Identifier: MIT */
/* User vectors for the calls that take several buffers. */
#pragma once

#include "file/iov_iter.h"

/*
 * Copy and check @nr user vectors: into @fast (UIO_FASTIOV of them) or a kmalloc'd array; *iov is
 * the one used (kfree it if it is not @fast), @iter stands at its begin. Bytes in all (at most
 * MAX_RW_COUNT: later vectors are cut), -EINVAL, -EFAULT, -ENOMEM.
 */
ssize_t import_iovec(const struct iovec __user *vec, unsigned long nr, struct iovec *fast,
		     struct iovec **iov, struct iov_iter *iter);
