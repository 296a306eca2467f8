/* SPDX-License-Identifier: MIT */
/* Copies of user memory in memory of their own. */
#include "mm/uaccess.h"
#include "lib/err.h"
#include "page/slab.h"

/* Most strings are short: try a small buffer first. */
#define STRNDUP_FIRST 128

char *strndup_user(const char __user *s, size_t max)
{
	size_t size = min_t(size_t, max, STRNDUP_FIRST);
	ssize_t len;
	char *copy;

	if (!max)
		return ERR_PTR(-ENAMETOOLONG);
	for (;;) {
		copy = kmalloc(size, GFP_KERNEL);
		if (!copy)
			return ERR_PTR(-ENOMEM);
		len = strncpy_from_user(copy, s, size);
		if (len >= 0 && len < (ssize_t)size)
			return copy;
		kfree(copy);
		if (len < 0)
			return ERR_PTR(len);
		if (size == max)
			return ERR_PTR(-ENAMETOOLONG);
		size = min(size * 8, max);
	}
}

void *memdup_user(const void __user *src, size_t len)
{
	void *copy = kmalloc(len, GFP_KERNEL);

	if (!copy)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(copy, src, len)) {
		kfree(copy);
		return ERR_PTR(-EFAULT);
	}
	return copy;
}
