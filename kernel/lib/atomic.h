/* SPDX-License-Identifier: MIT */
/*
 * Atomic integers, exchange on any variable, and memory barriers, with Linux's names and ordering:
 * what returns a value is a full barrier, what does not is unordered.
 */
#pragma once

#include "lib/types.h"

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

typedef struct {
	long counter;
} atomic_long_t;

#define ATOMIC_INIT(value)                                                                         \
	{                                                                                          \
		(value)                                                                            \
	}
#define ATOMIC64_INIT(value)                                                                       \
	{                                                                                          \
		(value)                                                                            \
	}
#define ATOMIC_LONG_INIT(value)                                                                    \
	{                                                                                          \
		(value)                                                                            \
	}

/* ---- Barriers ------------------------------------------------------------------------------- */

#define smp_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
/* x86 keeps loads in order among themselves, and stores likewise: only the compiler must. */
#define smp_rmb()		 __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()		 __atomic_thread_fence(__ATOMIC_RELEASE)
#define mb()			 smp_mb()
#define rmb()			 smp_rmb()
#define wmb()			 smp_wmb()
#define smp_mb__before_atomic()	 barrier()
#define smp_mb__after_atomic()	 barrier()
#define smp_load_acquire(p)	 __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	 __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define smp_store_mb(var, value) ((void)__atomic_exchange_n(&(var), (value), __ATOMIC_SEQ_CST))

/* ---- Any integer or pointer of 1, 2, 4 or 8 bytes ------------------------------------------- */

/* Store @value; the value found before. */
#define xchg(ptr, value) __atomic_exchange_n((ptr), (value), __ATOMIC_SEQ_CST)

/* Store @new if *ptr == @old; the value found, equal to @old if it was stored. */
#define cmpxchg(ptr, old, new)                                                                     \
	({                                                                                         \
		__typeof__(*(ptr)) __cmpxchg_old = (old);                                          \
		__atomic_compare_exchange_n((ptr), &__cmpxchg_old, (new), false, __ATOMIC_SEQ_CST, \
					    __ATOMIC_SEQ_CST);                                     \
		__cmpxchg_old;                                                                     \
	})

/* Store @new if *ptr == *@oldp and be true; else put the value found in *@oldp and be false. */
#define try_cmpxchg(ptr, oldp, new)                                                                \
	__atomic_compare_exchange_n((ptr), (oldp), (new), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

/* ---- atomic_t, atomic64_t, atomic_long_t ---------------------------------------------------- */

#define QUIRE_ATOMIC_OPS(prefix, atomic_type, int_type)                                            \
	static __always_inline int_type prefix##_read(const atomic_type *v)                        \
	{                                                                                          \
		return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);                             \
	}                                                                                          \
	static __always_inline int_type prefix##_read_acquire(const atomic_type *v)                \
	{                                                                                          \
		return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE);                             \
	}                                                                                          \
	static __always_inline void prefix##_set(atomic_type *v, int_type i)                       \
	{                                                                                          \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);                                \
	}                                                                                          \
	static __always_inline void prefix##_set_release(atomic_type *v, int_type i)               \
	{                                                                                          \
		__atomic_store_n(&v->counter, i, __ATOMIC_RELEASE);                                \
	}                                                                                          \
	static __always_inline void prefix##_add(int_type i, atomic_type *v)                       \
	{                                                                                          \
		__atomic_fetch_add(&v->counter, i, __ATOMIC_RELAXED);                              \
	}                                                                                          \
	static __always_inline void prefix##_sub(int_type i, atomic_type *v)                       \
	{                                                                                          \
		__atomic_fetch_sub(&v->counter, i, __ATOMIC_RELAXED);                              \
	}                                                                                          \
	static __always_inline void prefix##_inc(atomic_type *v)                                   \
	{                                                                                          \
		prefix##_add(1, v);                                                                \
	}                                                                                          \
	static __always_inline void prefix##_dec(atomic_type *v)                                   \
	{                                                                                          \
		prefix##_sub(1, v);                                                                \
	}                                                                                          \
	static __always_inline int_type prefix##_add_return(int_type i, atomic_type *v)            \
	{                                                                                          \
		return __atomic_add_fetch(&v->counter, i, __ATOMIC_SEQ_CST);                       \
	}                                                                                          \
	static __always_inline int_type prefix##_sub_return(int_type i, atomic_type *v)            \
	{                                                                                          \
		return __atomic_sub_fetch(&v->counter, i, __ATOMIC_SEQ_CST);                       \
	}                                                                                          \
	static __always_inline int_type prefix##_inc_return(atomic_type *v)                        \
	{                                                                                          \
		return prefix##_add_return(1, v);                                                  \
	}                                                                                          \
	static __always_inline int_type prefix##_dec_return(atomic_type *v)                        \
	{                                                                                          \
		return prefix##_sub_return(1, v);                                                  \
	}                                                                                          \
	static __always_inline int_type prefix##_fetch_add(int_type i, atomic_type *v)             \
	{                                                                                          \
		return __atomic_fetch_add(&v->counter, i, __ATOMIC_SEQ_CST);                       \
	}                                                                                          \
	static __always_inline int_type prefix##_fetch_sub(int_type i, atomic_type *v)             \
	{                                                                                          \
		return __atomic_fetch_sub(&v->counter, i, __ATOMIC_SEQ_CST);                       \
	}                                                                                          \
	static __always_inline int_type prefix##_fetch_or(int_type i, atomic_type *v)              \
	{                                                                                          \
		return __atomic_fetch_or(&v->counter, i, __ATOMIC_SEQ_CST);                        \
	}                                                                                          \
	static __always_inline int_type prefix##_fetch_and(int_type i, atomic_type *v)             \
	{                                                                                          \
		return __atomic_fetch_and(&v->counter, i, __ATOMIC_SEQ_CST);                       \
	}                                                                                          \
	static __always_inline void prefix##_or(int_type i, atomic_type *v)                        \
	{                                                                                          \
		__atomic_fetch_or(&v->counter, i, __ATOMIC_RELAXED);                               \
	}                                                                                          \
	static __always_inline void prefix##_and(int_type i, atomic_type *v)                       \
	{                                                                                          \
		__atomic_fetch_and(&v->counter, i, __ATOMIC_RELAXED);                              \
	}                                                                                          \
	static __always_inline int_type prefix##_xchg(atomic_type *v, int_type i)                  \
	{                                                                                          \
		return xchg(&v->counter, i);                                                       \
	}                                                                                          \
	static __always_inline int_type prefix##_cmpxchg(atomic_type *v, int_type old,             \
							 int_type new)                             \
	{                                                                                          \
		return cmpxchg(&v->counter, old, new);                                             \
	}                                                                                          \
	static __always_inline bool prefix##_try_cmpxchg(atomic_type *v, int_type *old,            \
							 int_type new)                             \
	{                                                                                          \
		return try_cmpxchg(&v->counter, old, new);                                         \
	}                                                                                          \
	/* True if the result is 0. */                                                             \
	static __always_inline bool prefix##_sub_and_test(int_type i, atomic_type *v)              \
	{                                                                                          \
		return prefix##_sub_return(i, v) == 0;                                             \
	}                                                                                          \
	static __always_inline bool prefix##_dec_and_test(atomic_type *v)                          \
	{                                                                                          \
		return prefix##_dec_return(v) == 0;                                                \
	}                                                                                          \
	static __always_inline bool prefix##_inc_and_test(atomic_type *v)                          \
	{                                                                                          \
		return prefix##_inc_return(v) == 0;                                                \
	}                                                                                          \
	static __always_inline bool prefix##_add_negative(int_type i, atomic_type *v)              \
	{                                                                                          \
		return prefix##_add_return(i, v) < 0;                                              \
	}                                                                                          \
	/* Add @a unless the value is @u; true if added. */                                        \
	static inline bool prefix##_add_unless(atomic_type *v, int_type a, int_type u)             \
	{                                                                                          \
		int_type old = prefix##_read(v);                                                   \
                                                                                                   \
		do {                                                                               \
			if (old == u)                                                              \
				return false;                                                      \
		} while (!prefix##_try_cmpxchg(v, &old, old + a));                                 \
		return true;                                                                       \
	}                                                                                          \
	/* Take a reference unless there is none left to copy; true if taken. */                   \
	static inline bool prefix##_inc_not_zero(atomic_type *v)                                   \
	{                                                                                          \
		return prefix##_add_unless(v, 1, 0);                                               \
	}                                                                                          \
	/* Decrement unless that would make it negative; the value minus 1 in either case. */      \
	static inline int_type prefix##_dec_if_positive(atomic_type *v)                            \
	{                                                                                          \
		int_type old = prefix##_read(v);                                                   \
                                                                                                   \
		do {                                                                               \
			if (old <= 0)                                                              \
				break;                                                             \
		} while (!prefix##_try_cmpxchg(v, &old, old - 1));                                 \
		return old - 1;                                                                    \
	}

QUIRE_ATOMIC_OPS(atomic, atomic_t, int)
QUIRE_ATOMIC_OPS(atomic64, atomic64_t, s64)
QUIRE_ATOMIC_OPS(atomic_long, atomic_long_t, long)

/* ---- Atomic bits in arrays of unsigned long ------------------------------------------------- */

#define BIT_WORD(nr) ((nr) / BITS_PER_LONG)
#define BIT_MASK(nr) (1UL << ((nr) % BITS_PER_LONG))

static __always_inline void set_bit(unsigned long nr, volatile unsigned long *addr)
{
	__atomic_fetch_or(addr + BIT_WORD(nr), BIT_MASK(nr), __ATOMIC_RELAXED);
}

static __always_inline void clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	__atomic_fetch_and(addr + BIT_WORD(nr), ~BIT_MASK(nr), __ATOMIC_RELAXED);
}

/* Release: what was stored before is seen by whoever finds the bit clear with test_and_set_bit. */
static __always_inline void clear_bit_unlock(unsigned long nr, volatile unsigned long *addr)
{
	__atomic_fetch_and(addr + BIT_WORD(nr), ~BIT_MASK(nr), __ATOMIC_RELEASE);
}

static __always_inline void change_bit(unsigned long nr, volatile unsigned long *addr)
{
	__atomic_fetch_xor(addr + BIT_WORD(nr), BIT_MASK(nr), __ATOMIC_RELAXED);
}

static __always_inline bool test_bit(unsigned long nr, const volatile unsigned long *addr)
{
	return (addr[BIT_WORD(nr)] & BIT_MASK(nr)) != 0;
}

/* These return the bit's previous value and are full barriers. */
static __always_inline bool test_and_set_bit(unsigned long nr, volatile unsigned long *addr)
{
	return __atomic_fetch_or(addr + BIT_WORD(nr), BIT_MASK(nr), __ATOMIC_SEQ_CST) &
	       BIT_MASK(nr);
}

static __always_inline bool test_and_clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	return __atomic_fetch_and(addr + BIT_WORD(nr), ~BIT_MASK(nr), __ATOMIC_SEQ_CST) &
	       BIT_MASK(nr);
}

/* The same without atomicity, for bits that a lock covers. */
static __always_inline void __set_bit(unsigned long nr, unsigned long *addr)
{
	addr[BIT_WORD(nr)] |= BIT_MASK(nr);
}

static __always_inline void __clear_bit(unsigned long nr, unsigned long *addr)
{
	addr[BIT_WORD(nr)] &= ~BIT_MASK(nr);
}

static __always_inline bool __test_and_set_bit(unsigned long nr, unsigned long *addr)
{
	bool old = test_bit(nr, addr);

	__set_bit(nr, addr);
	return old;
}

static __always_inline bool __test_and_clear_bit(unsigned long nr, unsigned long *addr)
{
	bool old = test_bit(nr, addr);

	__clear_bit(nr, addr);
	return old;
}
