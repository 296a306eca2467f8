/* SPDX-License-Identifier: MIT */
/*
 * What the atomic operations return. (Their atomicity is the compiler's affair.)
 */
#include "test.h"

#include "lib/atomic.h"
#include "lib/refcount.h"
#include "lib/err.h"
#include "abi/errno.h"

TEST(atomic_operations_return_what_linux_says)
{
	atomic_t v = ATOMIC_INIT(5);
	atomic64_t w = ATOMIC64_INIT(1LL << 40);

	atomic_add(3, &v);
	atomic_dec(&v);
	CHECK_EQ(atomic_read(&v), 7);
	CHECK_EQ(atomic_add_return(3, &v), 10);
	CHECK_EQ(atomic_fetch_add(5, &v), 10);
	CHECK_EQ(atomic_sub_return(14, &v), 1);
	CHECK(atomic_dec_and_test(&v));
	CHECK(!atomic_inc_not_zero(&v));
	CHECK_EQ(atomic_dec_if_positive(&v), -1);
	CHECK_EQ(atomic_read(&v), 0);
	CHECK_EQ(atomic_cmpxchg(&v, 0, 9), 0);
	CHECK_EQ(atomic_cmpxchg(&v, 0, 8), 9);
	CHECK_EQ(atomic_xchg(&v, 4), 9);
	CHECK(atomic_inc_not_zero(&v));
	CHECK(!atomic_add_unless(&v, 1, 5));
	CHECK_EQ(atomic_dec_if_positive(&v), 4);
	CHECK_EQ(atomic_fetch_or(3, &v), 4);
	CHECK_EQ(atomic_fetch_and(~4, &v), 7);
	CHECK(!atomic_sub_and_test(2, &v));
	CHECK(atomic_add_negative(-2, &v));
	CHECK_EQ(atomic64_inc_return(&w), (1LL << 40) + 1);
}

TEST(exchange_works_on_pointers)
{
	int a, b, *p = &a, *seen = &b;

	CHECK_EQ(cmpxchg(&p, &b, NULL), &a);
	CHECK_EQ(cmpxchg(&p, &a, &b), &a);
	CHECK_EQ(xchg(&p, NULL), &b);
	CHECK(!try_cmpxchg(&p, &seen, &a));
	CHECK_EQ(seen, (int *)NULL);
	CHECK(try_cmpxchg(&p, &seen, &a));
	CHECK_EQ(p, &a);
}

TEST(refcount_knows_the_last)
{
	refcount_t r = REFCOUNT_INIT(1);

	refcount_inc(&r);
	CHECK(refcount_inc_not_zero(&r));
	CHECK_EQ(refcount_read(&r), 3u);
	CHECK(!refcount_dec_and_test(&r));
	refcount_dec(&r);
	CHECK(refcount_dec_and_test(&r));
	CHECK(!refcount_inc_not_zero(&r));
	refcount_set(&r, 2);
	CHECK(refcount_sub_and_test(2, &r));
}

TEST(error_pointers_carry_errnos)
{
	int x;
	void *p = ERR_PTR(-ENOMEM);

	CHECK(IS_ERR(p));
	CHECK_EQ(PTR_ERR(p), (long)-ENOMEM);
	CHECK(IS_ERR(ERR_PTR(-MAX_ERRNO)));
	CHECK(!IS_ERR(&x));
	CHECK(!IS_ERR(NULL));
	CHECK(IS_ERR_OR_NULL(NULL));
	CHECK_EQ(PTR_ERR_OR_ZERO(&x), 0);
	CHECK_EQ(PTR_ERR_OR_ZERO(p), -ENOMEM);
}
