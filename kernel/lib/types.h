/* SPDX-License-Identifier: MIT */
/*
 * The vocabulary every file uses: fixed-size integers, the type names of POSIX with the kernel's
 * widths, compiler attributes, and small arithmetic macros. Needs nothing but the compiler.
 */
#pragma once

typedef unsigned char u8;
typedef signed char s8;
typedef unsigned short u16;
typedef short s16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;
typedef long long s64;

typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __INT8_TYPE__ int8_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef __INTPTR_TYPE__ intptr_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;

typedef unsigned long size_t;
typedef long ssize_t;
typedef s64 loff_t;
typedef long off_t;
typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned short umode_t;
typedef unsigned int mode_t;
typedef u32 dev_t;
typedef unsigned long ino_t;
typedef s64 ktime_t;
typedef s64 time64_t;
typedef int clockid_t;
typedef unsigned int gfp_t;
typedef unsigned int fmode_t;
typedef unsigned int __poll_t;
typedef u64 phys_addr_t;
typedef u64 sector_t;

#define bool _Bool
#define true 1
#define false 0
#define NULL ((void *)0)

typedef __builtin_va_list va_list;
#define va_start(ap, last) __builtin_va_start(ap, last)
#define va_end(ap)	   __builtin_va_end(ap)
#define va_arg(ap, type)   __builtin_va_arg(ap, type)
#define va_copy(to, from)  __builtin_va_copy(to, from)

#define U8_MAX	  ((u8)~0U)
#define U16_MAX	  ((u16)~0U)
#define U32_MAX	  ((u32)~0U)
#define U64_MAX	  ((u64)~0ULL)
#define S8_MAX	  ((s8)(U8_MAX >> 1))
#define S16_MAX	  ((s16)(U16_MAX >> 1))
#define S32_MAX	  ((s32)(U32_MAX >> 1))
#define S64_MAX	  ((s64)(U64_MAX >> 1))
#define S32_MIN	  ((s32)(-S32_MAX - 1))
#define S64_MIN	  ((s64)(-S64_MAX - 1))
#define INT_MAX	  ((int)(~0U >> 1))
#define INT_MIN	  (-INT_MAX - 1)
#define UINT_MAX  (~0U)
#define LONG_MAX  ((long)(~0UL >> 1))
#define LONG_MIN  (-LONG_MAX - 1)
#define ULONG_MAX (~0UL)
#define LLONG_MAX ((long long)(~0ULL >> 1))
#define SIZE_MAX  (~(size_t)0)

/* ---- Attributes ----------------------------------------------------------------------------- */

/* A pointer into the address space of a user program: only user-copy functions may follow it. */
#define __user

#define __noreturn	    __attribute__((__noreturn__))
#define __packed	    __attribute__((__packed__))
#define __aligned(n)	    __attribute__((__aligned__(n)))
#define __cacheline_aligned __aligned(64)
#define __section(name)	    __attribute__((__section__(name)))
#define __used		    __attribute__((__used__))
#define __maybe_unused	    __attribute__((__unused__))
#define __must_check	    __attribute__((__warn_unused_result__))
#define __weak		    __attribute__((__weak__))
#define __printf(fmt, args) __attribute__((__format__(printf, fmt, args)))
#undef __always_inline
#define __always_inline inline __attribute__((__always_inline__))
#define noinline	__attribute__((__noinline__))
#define fallthrough	__attribute__((__fallthrough__))

#define static_assert _Static_assert
#define likely(x)     __builtin_expect(!!(x), 1)
#define unlikely(x)   __builtin_expect(!!(x), 0)
#define unreachable() __builtin_unreachable()

#define __stringify_1(x) #x
#define __stringify(x)	 __stringify_1(x)

/* ---- Memory and the compiler ---------------------------------------------------------------- */

/* The compiler moves no memory access across this line. */
#define barrier() __asm__ __volatile__("" : : : "memory")

/* One access, neither torn, repeated nor left out, to a variable that others may access meanwhile.
 */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value)                                                                       \
	do {                                                                                       \
		*(volatile __typeof__(x) *)&(x) = (value);                                         \
	} while (0)

#define offsetof(type, member)	  __builtin_offsetof(type, member)
#define sizeof_field(type, field) sizeof(((type *)0)->field)
#define offsetofend(type, field)  (offsetof(type, field) + sizeof_field(type, field))

/* The structure that holds @ptr as its @member. */
#define container_of(ptr, type, member)                                                            \
	({                                                                                         \
		const __typeof__(((type *)0)->member) *__mptr = (ptr);                             \
		(type *)((char *)__mptr - offsetof(type, member));                                 \
	})

#define ARRAY_SIZE(array)                                                                          \
	(sizeof(array) / sizeof((array)[0]) +                                                      \
	 0 * sizeof(char[1 - 2 * __builtin_types_compatible_p(__typeof__(array),                   \
							      __typeof__(&(array)[0]))]))

/* ---- Arithmetic ----------------------------------------------------------------------------- */

#define __is_signed_type(x) ((__typeof__(x))-1 < (__typeof__(x))1)

/* Both arguments are signed or both unsigned: min(-1, 1UL) would surprise. */
#define min(a, b)                                                                                  \
	({                                                                                         \
		__typeof__(a) __min_a = (a);                                                       \
		__typeof__(b) __min_b = (b);                                                       \
		static_assert(__is_signed_type(a) == __is_signed_type(b), "use min_t");            \
		__min_a < __min_b ? __min_a : __min_b;                                             \
	})
#define max(a, b)                                                                                  \
	({                                                                                         \
		__typeof__(a) __max_a = (a);                                                       \
		__typeof__(b) __max_b = (b);                                                       \
		static_assert(__is_signed_type(a) == __is_signed_type(b), "use max_t");            \
		__max_a > __max_b ? __max_a : __max_b;                                             \
	})
#define min_t(type, a, b)                                                                          \
	({                                                                                         \
		type __min_ta = (a);                                                               \
		type __min_tb = (b);                                                               \
		__min_ta < __min_tb ? __min_ta : __min_tb;                                         \
	})
#define max_t(type, a, b)                                                                          \
	({                                                                                         \
		type __max_ta = (a);                                                               \
		type __max_tb = (b);                                                               \
		__max_ta > __max_tb ? __max_ta : __max_tb;                                         \
	})
#define clamp(value, lo, hi)                                                                       \
	({                                                                                         \
		__typeof__(value) __cl_v = (value);                                                \
		__typeof__(value) __cl_lo = (lo);                                                  \
		__typeof__(value) __cl_hi = (hi);                                                  \
		__cl_v<__cl_lo ? __cl_lo : __cl_v> __cl_hi ? __cl_hi : __cl_v;                     \
	})
#define clamp_t(type, value, lo, hi) clamp((type)(value), (type)(lo), (type)(hi))
#define swap(a, b)                                                                                 \
	do {                                                                                       \
		__typeof__(a) __swap_tmp = (a);                                                    \
		(a) = (b);                                                                         \
		(b) = __swap_tmp;                                                                  \
	} while (0)
#define abs(x)                                                                                     \
	({                                                                                         \
		__typeof__(x) __abs_x = (x);                                                       \
		__abs_x < 0 ? -__abs_x : __abs_x;                                                  \
	})

/* @a: a power of two. */
#define ALIGN(x, a)	 (((x) + ((__typeof__(x))(a)-1)) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a)-1))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a)-1)) == 0)
#define round_up(x, a)	 ALIGN(x, a)
#define round_down(x, a) ALIGN_DOWN(x, a)
#define PTR_ALIGN(p, a)	 ((__typeof__(p))ALIGN((unsigned long)(p), (a)))
/* Any @a or @d. */
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define roundup(x, a)	   (DIV_ROUND_UP(x, a) * (a))
#define rounddown(x, a)	   ((x) - (x) % (a))

#define BIT(n)		   (1UL << (n))
#define BIT_ULL(n)	   (1ULL << (n))
#define GENMASK(high, low) (((~0UL) << (low)) & (~0UL >> (63 - (high))))
#define BITS_PER_BYTE	   8
#define BITS_PER_LONG	   64

#define check_add_overflow(a, b, result) __builtin_add_overflow(a, b, result)
#define check_sub_overflow(a, b, result) __builtin_sub_overflow(a, b, result)
#define check_mul_overflow(a, b, result) __builtin_mul_overflow(a, b, result)

#define upper_32_bits(n) ((u32)((u64)(n) >> 32))
#define lower_32_bits(n) ((u32)(n))

#define NSEC_PER_SEC  1000000000L
#define NSEC_PER_MSEC 1000000L
#define NSEC_PER_USEC 1000L
#define USEC_PER_SEC  1000000L
#define MSEC_PER_SEC  1000L

/* ---- Pages ---------------------------------------------------------------------------------- */

#define PAGE_SHIFT	  12
#define PAGE_SIZE	  (1UL << PAGE_SHIFT)
#define PAGE_MASK	  (~(PAGE_SIZE - 1))
#define PAGE_ALIGN(addr)  ALIGN(addr, PAGE_SIZE)
#define offset_in_page(p) ((unsigned long)(p) & ~PAGE_MASK)

static_assert(sizeof(u64) == 8 && sizeof(long) == 8 && sizeof(void *) == 8, "an LP64 machine");
