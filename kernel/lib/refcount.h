/* SPDX-License-Identifier: MIT */
/*
 * Reference counts: an atomic_t that warns instead of coming back from zero, and that stays at a
 * huge value (leaking the object) rather than overflow.
 */
#pragma once

#include "lib/atomic.h"
#include "lib/bug.h"

#define REFCOUNT_SATURATED (INT_MIN / 2)

typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

#define REFCOUNT_INIT(n)                                                                           \
	{                                                                                          \
		ATOMIC_INIT(n)                                                                     \
	}

static inline void refcount_set(refcount_t *r, int n)
{
	atomic_set(&r->refs, n);
}

static inline unsigned int refcount_read(const refcount_t *r)
{
	return atomic_read(&r->refs);
}

static inline void refcount_saturate(refcount_t *r)
{
	refcount_set(r, REFCOUNT_SATURATED);
	warn_at(__FILE__, __LINE__, "refcount_t: use after free, underflow or overflow");
}

/* Add @n references: the caller holds one already. */
static inline void refcount_add(int n, refcount_t *r)
{
	int old = atomic_fetch_add(n, &r->refs);

	if (unlikely(old <= 0 || old + n < 0))
		refcount_saturate(r);
}

static inline void refcount_inc(refcount_t *r)
{
	refcount_add(1, r);
}

/* Take a reference unless the count is zero (the object is being freed); true if taken. */
static inline bool __must_check refcount_inc_not_zero(refcount_t *r)
{
	int old = atomic_read(&r->refs);

	do {
		if (old == 0)
			return false;
	} while (!atomic_try_cmpxchg(&r->refs, &old, old + 1));
	if (unlikely(old < 0 || old == INT_MAX))
		refcount_saturate(r);
	return true;
}

/* Drop @n references; true if the last went: the caller then frees the object. */
static inline bool __must_check refcount_sub_and_test(int n, refcount_t *r)
{
	int old = atomic_fetch_sub(n, &r->refs);

	if (old == n)
		return true;
	if (unlikely(old < 0 || old - n < 0))
		refcount_saturate(r);
	return false;
}

static inline bool __must_check refcount_dec_and_test(refcount_t *r)
{
	return refcount_sub_and_test(1, r);
}

/* Drop a reference that is known not to be the last. */
static inline void refcount_dec(refcount_t *r)
{
	if (unlikely(atomic_fetch_sub(1, &r->refs) <= 1))
		refcount_saturate(r);
}
