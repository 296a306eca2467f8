/* SPDX-License-Identifier: MIT */
/* The cursor that read and write operations move bytes through. */
#include "file/iov_iter.h"
#include "abi/errno.h"
#include "arch/arch.h"
#include "lib/string.h"

static void iter_single(struct iov_iter *i, bool user, void *buf, size_t len)
{
	*i = (struct iov_iter){
		.user = user,
		.nr_segs = 1,
		.count = len,
		.single = {.iov_base = buf, .iov_len = len},
	};
	i->iov = &i->single;
}

void iov_iter_kernel(struct iov_iter *i, void *buf, size_t len)
{
	iter_single(i, false, buf, len);
}

void iov_iter_init(struct iov_iter *i, const struct iovec *iov, unsigned long nr_segs, size_t count)
{
	*i = (struct iov_iter){.user = true, .iov = iov, .nr_segs = nr_segs, .count = count};
}

void iov_iter_advance(struct iov_iter *i, size_t n)
{
	n = min(n, i->count);
	i->count -= n;
	i->iov_offset += n;
	/* Never past the last segment: revert and the single segment rely on it. */
	while (i->nr_segs > 1 && i->iov_offset >= i->iov->iov_len) {
		i->iov_offset -= i->iov->iov_len;
		i->iov++;
		i->nr_segs--;
	}
}

void iov_iter_revert(struct iov_iter *i, size_t n)
{
	i->count += n;
	while (n > i->iov_offset) {
		n -= i->iov_offset;
		i->iov--;
		i->nr_segs++;
		i->iov_offset = i->iov->iov_len;
	}
	i->iov_offset -= n;
}

/* Next piece of memory: at most @n bytes at *base. Length, 0 at the end. */
static size_t next_piece(struct iov_iter *i, size_t n, char **base)
{
	size_t len;

	n = min(n, i->count);
	if (!n)
		return 0;
	while (i->nr_segs > 1 && i->iov_offset >= i->iov->iov_len) {
		i->iov_offset -= i->iov->iov_len;
		i->iov++;
		i->nr_segs--;
	}
	len = i->iov->iov_len - i->iov_offset;
	*base = (char *)i->iov->iov_base + i->iov_offset;
	return min(n, len);
}

size_t iov_iter_piece(struct iov_iter *i)
{
	char *base = NULL;
	size_t len = next_piece(i, i->count, &base);

	return i->user ? min(len, PAGE_SIZE - offset_in_page(base)) : len;
}

enum iter_op { ITER_TO, ITER_FROM, ITER_ZERO };

/* Bytes of the piece that were NOT moved. */
static size_t move_piece(enum iter_op op, bool user, char *base, void *kernel, size_t len)
{
	switch (op) {
	case ITER_TO:
		if (user)
			return arch_copy_to_user(base, kernel, len);
		memcpy(base, kernel, len);
		return 0;
	case ITER_FROM:
		if (user)
			return arch_copy_from_user(kernel, base, len);
		memcpy(kernel, base, len);
		return 0;
	case ITER_ZERO:
	default:
		if (user)
			return arch_clear_user(base, len);
		memset(base, 0, len);
		return 0;
	}
}

static size_t iterate(enum iter_op op, char *kernel, size_t n, struct iov_iter *i)
{
	size_t done = 0;

	while (done < n) {
		char *base;
		size_t len = next_piece(i, n - done, &base), left;

		if (!len)
			break;
		left = move_piece(op, i->user, base, kernel ? kernel + done : NULL, len);
		iov_iter_advance(i, len - left);
		done += len - left;
		if (left)
			break;
	}
	return done;
}

/* The common case, one buffer of the user: no loop. */
static inline bool is_single_user(const struct iov_iter *i)
{
	return likely(i->nr_segs == 1 && i->user);
}

static inline size_t advance_single(struct iov_iter *i, size_t n)
{
	i->iov_offset += n;
	i->count -= n;
	return n;
}

size_t copy_to_iter(const void *from, size_t n, struct iov_iter *i)
{
	if (is_single_user(i)) {
		n = min(n, i->count);
		return advance_single(i, n - arch_copy_to_user((char *)i->iov->iov_base + i->iov_offset, from, n));
	}
	return iterate(ITER_TO, (char *)from, n, i);
}

size_t copy_from_iter(void *to, size_t n, struct iov_iter *i)
{
	if (is_single_user(i)) {
		n = min(n, i->count);
		return advance_single(i, n - arch_copy_from_user(to, (char *)i->iov->iov_base + i->iov_offset, n));
	}
	return iterate(ITER_FROM, to, n, i);
}

size_t iov_iter_zero(size_t n, struct iov_iter *i)
{
	return iterate(ITER_ZERO, NULL, n, i);
}

/* Touch one user page as an access of the wanted kind would, without changing it. 0 or -EFAULT. */
static int touch_page(unsigned long addr, bool write)
{
	u32 __user *word = (u32 __user *)(addr & ~3ul);
	u32 value, seen;

	if (arch_copy_from_user(&value, word, sizeof(value)))
		return -EFAULT;
	/* Written back only if it is still there; the processor checks for write access in either
	 * case. */
	return write ? arch_user_cmpxchg_u32(word, value, value, &seen) : 0;
}

int fault_in_iov_iter(struct iov_iter *i, size_t n, bool write)
{
	struct iov_iter copy = *i;

	if (!i->user)
		return 0;
	if (i->iov == &i->single)
		copy.iov = &copy.single;
	while (n) {
		char *base;
		size_t len = next_piece(&copy, n, &base);
		unsigned long addr = (unsigned long)base, page;

		if (!len)
			break;
		for (page = addr & PAGE_MASK; page < addr + len; page += PAGE_SIZE) {
			if (touch_page(max(page, addr), write))
				return -EFAULT;
		}
		iov_iter_advance(&copy, len);
		n -= len;
	}
	return 0;
}
