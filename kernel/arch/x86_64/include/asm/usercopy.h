/* SPDX-License-Identifier: MIT */
/*
 * Copies of user memory of a size known when compiled, the usual small ones in line: a few moves,
 * which would be lost in what a call and a loop for any size cost around them. Included by
 * mm/uaccess.h.
 */
#pragma once

#include "arch/arch.h"
#include "arch/x86_64/user_access.h"

/* clang-format off */
#define COPY_4	"movl (%1), %%eax\n movl %%eax, (%0)\n"
#define COPY_8	"movq (%1), %%rax\n movq %%rax, (%0)\n"
#define COPY_16 COPY_8 "movq 8(%1), %%rax\n movq %%rax, 8(%0)\n"
#define COPY_32 COPY_16 "movq 16(%1), %%rax\n movq %%rax, 16(%0)\n"                                \
			"movq 24(%1), %%rax\n movq %%rax, 24(%0)\n"
/* One of @to, @from is a user address; @moves are the only accesses, so any fault is its. */
#define COPY_OR_JUMP(moves, to, from, fault)                                                       \
	__asm__ __volatile__ goto(ASM_STAC "1:\n" moves "2: " ASM_CLAC                             \
				  ASM_EX_TABLE_RANGE("1b", "2b", "%l2")                            \
				  : : "r"(to), "r"(from) : "rax", "memory" : fault)
/* clang-format on */

static __always_inline bool copies_in_line(size_t n)
{
	return n == 4 || n == 8 || n == 16 || n == 32;
}

/* @n bytes as copies_in_line(), the user's half checked. False: it faulted somewhere. */
static __always_inline bool copy_in_line(void *to, const void *from, size_t n)
{
	if (n == 4)
		COPY_OR_JUMP(COPY_4, to, from, fault);
	else if (n == 8)
		COPY_OR_JUMP(COPY_8, to, from, fault);
	else if (n == 16)
		COPY_OR_JUMP(COPY_16, to, from, fault);
	else
		COPY_OR_JUMP(COPY_32, to, from, fault);
	return true;
fault:
	user_access_end();
	return false;
}

/* As arch_copy_from_user() and arch_copy_to_user(), which also do it where the address is bad or an
 * access faulted: they find out how much can be copied. */
static __always_inline size_t copy_from_user_const(void *to, const void __user *from, size_t n)
{
	if (__builtin_constant_p(n) && copies_in_line(n) &&
	    likely((unsigned long)from <= TASK_SIZE_MAX - n) && likely(copy_in_line(to, from, n)))
		return 0;
	return arch_copy_from_user(to, from, n);
}

static __always_inline size_t copy_to_user_const(void __user *to, const void *from, size_t n)
{
	if (__builtin_constant_p(n) && copies_in_line(n) &&
	    likely((unsigned long)to <= TASK_SIZE_MAX - n) && likely(copy_in_line(to, from, n)))
		return 0;
	return arch_copy_to_user(to, from, n);
}
