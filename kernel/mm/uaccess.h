/* SPDX-License-Identifier: MIT */
/* User memory from kernel code: thin names over the port's copies. See arch.h for their rules. */
#pragma once

#include "arch/arch.h"
#include "asm/usercopy.h"
#include "abi/errno.h"

#define copy_from_user(to, from, n)	  copy_from_user_const(to, from, n)
#define copy_to_user(to, from, n)	  copy_to_user_const(to, from, n)
#define clear_user(to, n)		  arch_clear_user(to, n)
#define strncpy_from_user(to, from, n) arch_strncpy_from_user(to, from, n)

/* Value of a simple type at a user address: 0 or -EFAULT. */
#define get_user(x, ptr)                                                                           \
	({                                                                                         \
		__typeof__(*(ptr)) __v;                                                            \
		int __e = copy_from_user(&__v, (ptr), sizeof(__v)) ? -EFAULT : 0;             \
		(x) = __e ? 0 : __v;                                                               \
		__e;                                                                               \
	})
#define put_user(x, ptr)                                                                           \
	({                                                                                         \
		__typeof__(*(ptr)) __v = (x);                                                      \
		copy_to_user((ptr), &__v, sizeof(__v)) ? -EFAULT : 0;                         \
	})

/* [addr, addr + size) lies in the user half. */
static inline bool access_ok(const void __user *addr, unsigned long size)
{
	return size <= TASK_SIZE_MAX && (unsigned long)addr <= TASK_SIZE_MAX - size;
}

/* A copy of a user string of at most @max bytes with its NUL: kmalloc'd; ERR_PTR(-EFAULT,
 * -ENAMETOOLONG, -ENOMEM). */
char *strndup_user(const char __user *s, size_t max);
/* A copy of @len user bytes, kmalloc'd; ERR_PTR. */
void *memdup_user(const void __user *src, size_t len);
