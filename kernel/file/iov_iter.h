/* SPDX-License-Identifier: MIT */
/* A cursor over user or kernel memory that read and write operations move bytes through. */
#pragma once

#include "lib/types.h"
#include "abi/uio.h"

struct iov_iter {
	bool user;		 /* iov_base are user addresses */
	const struct iovec *iov; /* current segment */
	unsigned long nr_segs;
	size_t iov_offset; /* within *iov */
	size_t count;	   /* bytes left in all */
	struct iovec single;
};

static inline void iov_iter_user(struct iov_iter *i, void __user *buf, size_t len)
{
	i->user = true;
	i->iov = &i->single;
	i->nr_segs = 1;
	i->iov_offset = 0;
	i->count = len;
	i->single.iov_base = buf;
	i->single.iov_len = len;
}
void iov_iter_kernel(struct iov_iter *i, void *buf, size_t len);
void iov_iter_init(struct iov_iter *i, const struct iovec *iov, unsigned long nr_segs,
		   size_t count);
/* Copy up to @n bytes, advance, return bytes copied (short: bad pointer). May fault (no locks)
 * unless pagefault_disable(). */
size_t copy_to_iter(const void *from, size_t n, struct iov_iter *i);
size_t copy_from_iter(void *to, size_t n, struct iov_iter *i);
size_t iov_iter_zero(size_t n, struct iov_iter *i);
/* Make the next @n bytes present (for a copy with faults disabled); 0 or -EFAULT. @write: iter is
 * the destination. */
int fault_in_iov_iter(struct iov_iter *i, size_t n, bool write);
/* Bytes until the current segment, or the user page it is in, ends. */
size_t iov_iter_piece(struct iov_iter *i);
void iov_iter_advance(struct iov_iter *i, size_t n);
void iov_iter_revert(struct iov_iter *i, size_t n);
