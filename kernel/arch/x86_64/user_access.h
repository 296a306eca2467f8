/* SPDX-License-Identifier: MIT */
/*
 * Single words of user memory, straight from and to where they are used: for structures that are
 * dearer to build aside and copy (signal frames). Between user_access_begin(), before which the
 * caller checks the whole range with user_range_ok(), and user_access_end() stand only these; at
 * the label that an access jumps to when it faults, user_access_end() comes first.
 */
#pragma once

#include "arch/x86_64/asm.h"
#include "lib/types.h"

static inline void user_access_begin(void)
{
	__asm__ __volatile__(ASM_STAC : : : "memory");
}

static inline void user_access_end(void)
{
	__asm__ __volatile__(ASM_CLAC : : : "memory");
}

/* clang-format off */
/* @to, @from: pointers to objects of the size in the name. May sleep (fault). */
#define unsafe_put_u64(value, to, fault)                                                           \
	__asm__ __volatile__ goto("1: movq %0, %1\n" ASM_EX_TABLE("1b", "%l2")                     \
				  : : "er"((u64)(value)), "m"(*(to)) : "memory" : fault)
#define unsafe_put_u32(value, to, fault)                                                           \
	__asm__ __volatile__ goto("1: movl %0, %1\n" ASM_EX_TABLE("1b", "%l2")                     \
				  : : "ir"((u32)(value)), "m"(*(to)) : "memory" : fault)
/* @value: an lvalue of that size. */
#define unsafe_get_u64(value, from, fault)                                                         \
	__asm__ __volatile__ goto("1: movq %1, %0\n" ASM_EX_TABLE("1b", "%l2")                     \
				  : "=r"(value) : "m"(*(from)) : : fault)
#define unsafe_get_u32(value, from, fault)                                                         \
	__asm__ __volatile__ goto("1: movl %1, %0\n" ASM_EX_TABLE("1b", "%l2")                     \
				  : "=r"(value) : "m"(*(from)) : : fault)
/* clang-format on */
