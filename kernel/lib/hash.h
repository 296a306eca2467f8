/* SPDX-License-Identifier: MIT */
/*
 * Hashes for tables inside the kernel. Not for keys an adversary could profit from colliding.
 */
#pragma once

#include "lib/types.h"

#define GOLDEN_RATIO_32 0x61C88647U
#define GOLDEN_RATIO_64 0x61C8864680B583EBULL

/* The top @bits (1..32, 1..64) bits of a multiplicative hash. */
static __always_inline u32 hash_32(u32 value, unsigned int bits)
{
	return (value * GOLDEN_RATIO_32) >> (32 - bits);
}

static __always_inline u32 hash_64(u64 value, unsigned int bits)
{
	return (u32)((value * GOLDEN_RATIO_64) >> (64 - bits));
}

#define hash_long(value, bits) hash_64(value, bits)

static __always_inline u32 hash_ptr(const void *ptr, unsigned int bits)
{
	return hash_64((u64)(unsigned long)ptr, bits);
}

/* Hash of @len bytes, mixed with @salt (say, the address of the parent directory): FNV-1a, finished
 * by a multiplication so that every bit of the result is usable. */
static inline u32 full_name_hash(const void *salt, const char *name, unsigned int len)
{
	u64 h = 0xcbf29ce484222325ULL ^ (u64)(unsigned long)salt;

	while (len--) {
		h ^= (u8)*name++;
		h *= 0x100000001b3ULL;
	}
	return hash_64(h, 32);
}
