/* SPDX-License-Identifier: MIT */
/*
 * Finding bits in a word, logarithms, powers of two. Atomic bits are in lib/atomic.h.
 */
#pragma once

#include "lib/types.h"

/* 1-based position of the lowest / highest set bit; 0 if there is none. */
static __always_inline int ffs(int x)
{
	return __builtin_ffs(x);
}

static __always_inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static __always_inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

/* 0-based position of the lowest / highest set bit of @x != 0; ffz: lowest clear bit of @x != ~0.
 */
static __always_inline unsigned long __ffs(unsigned long x)
{
	return __builtin_ctzl(x);
}

static __always_inline unsigned long __fls(unsigned long x)
{
	return 63 - __builtin_clzl(x);
}

static __always_inline unsigned long ffz(unsigned long x)
{
	return __builtin_ctzl(~x);
}

static __always_inline unsigned int hweight32(u32 x)
{
	x -= (x >> 1) & 0x55555555U;
	x = (x & 0x33333333U) + ((x >> 2) & 0x33333333U);
	x = (x + (x >> 4)) & 0x0f0f0f0fU;
	return (x * 0x01010101U) >> 24;
}

static __always_inline unsigned int hweight64(u64 x)
{
	x -= (x >> 1) & 0x5555555555555555ULL;
	x = (x & 0x3333333333333333ULL) + ((x >> 2) & 0x3333333333333333ULL);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return (x * 0x0101010101010101ULL) >> 56;
}
#define hweight_long(x) hweight64(x)

static __always_inline bool is_power_of_2(unsigned long n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

/* floor(log2(n)); n != 0. A constant expression for a constant n. */
#define ilog2(n) (63 - __builtin_clzll((u64)(n)))

/* ceil(log2(n)); 0 for n <= 1. */
static __always_inline int order_base_2(unsigned long n)
{
	return n > 1 ? ilog2(n - 1) + 1 : 0;
}

/* n != 0 and the result fits. */
static __always_inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return 1UL << order_base_2(n);
}

static __always_inline unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << ilog2(n);
}

/* The buddy order whose block of 2^order pages holds @size bytes; size != 0. */
static __always_inline unsigned int get_order(unsigned long size)
{
	return size <= PAGE_SIZE ? 0 : ilog2((size - 1) >> PAGE_SHIFT) + 1;
}

static __always_inline u32 rol32(u32 x, unsigned int n)
{
	return (x << (n & 31)) | (x >> (-n & 31));
}

static __always_inline u64 rol64(u64 x, unsigned int n)
{
	return (x << (n & 63)) | (x >> (-n & 63));
}

static __always_inline u16 swab16(u16 x)
{
	return __builtin_bswap16(x);
}

static __always_inline u32 swab32(u32 x)
{
	return __builtin_bswap32(x);
}

static __always_inline u64 swab64(u64 x)
{
	return __builtin_bswap64(x);
}

/* Little-endian machine. */
#define cpu_to_be16(x) swab16(x)
#define cpu_to_be32(x) swab32(x)
#define cpu_to_be64(x) swab64(x)
#define be16_to_cpu(x) swab16(x)
#define be32_to_cpu(x) swab32(x)
#define be64_to_cpu(x) swab64(x)
#define cpu_to_le16(x) ((u16)(x))
#define cpu_to_le32(x) ((u32)(x))
#define cpu_to_le64(x) ((u64)(x))
#define le16_to_cpu(x) ((u16)(x))
#define le32_to_cpu(x) ((u32)(x))
#define le64_to_cpu(x) ((u64)(x))

static __always_inline u16 get_unaligned_le16(const void *p)
{
	u16 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static __always_inline u32 get_unaligned_le32(const void *p)
{
	u32 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static __always_inline u64 get_unaligned_le64(const void *p)
{
	u64 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}

static __always_inline void put_unaligned_le16(u16 v, void *p)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

static __always_inline void put_unaligned_le32(u32 v, void *p)
{
	__builtin_memcpy(p, &v, sizeof(v));
}

static __always_inline void put_unaligned_le64(u64 v, void *p)
{
	__builtin_memcpy(p, &v, sizeof(v));
}
