/* SPDX-License-Identifier: MIT */
/*
 * Host tests. A test is a function that registers itself:
 *
 *	TEST(buddy_merges_neighbours)
 *	{
 *		CHECK_EQ(free_pages(), 16);
 *	}
 *
 * Each runs in a process of its own, forked from one that has run no kernel code: it starts from
 *pristine kernel state and leaves nothing behind, and a crash fails it alone. The first failed
 *check ends it.
 *
 * This header needs neither libc nor the kernel. Test files see the kernel's headers and no libc;
 *what they need of libc is declared here and implemented in test_main.c.
 */
#pragma once

struct test_case {
	const char *name;
	const char *file;
	void (*run)(void);
	unsigned int timeout; /* s */
	struct test_case *next;
};

void test_register(struct test_case *test);

#define TEST_TIMEOUT(test_name, seconds)                                                           \
	static void test_##test_name(void);                                                        \
	__attribute__((__constructor__)) static void test_register_##test_name(void)               \
	{                                                                                          \
		static struct test_case test = {#test_name, __FILE__, test_##test_name, seconds,   \
						0};                                                \
		test_register(&test);                                                              \
	}                                                                                          \
	static void test_##test_name(void)
/* Killed, and failed, after a minute. */
#define TEST(test_name) TEST_TIMEOUT(test_name, 60)

/* Print where and why (printf-like) and end the test as failed. */
__attribute__((__noreturn__, __format__(__printf__, 3, 4))) void
test_fail(const char *file, int line, const char *fmt, ...);
/* End the test as skipped: what it needs is not here. */
__attribute__((__noreturn__, __format__(__printf__, 1, 2))) void test_skip(const char *fmt, ...);
/* Shown only with -v or if the test fails. */
__attribute__((__format__(__printf__, 1, 2))) void test_printf(const char *fmt, ...);

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			test_fail(__FILE__, __LINE__, "CHECK(%s)", #cond);                         \
	} while (0)

/* Integers or pointers. */
#define CHECK_OP(a, op, b)                                                                         \
	do {                                                                                       \
		__typeof__(a) __check_a = (a);                                                     \
		__typeof__(b) __check_b = (b);                                                     \
		if (!(__check_a op __check_b))                                                     \
			test_fail(__FILE__, __LINE__, "%s %s %s: %lld (0x%llx), %lld (0x%llx)",    \
				  #a, #op, #b, (long long)__check_a,                               \
				  (unsigned long long)__check_a, (long long)__check_b,             \
				  (unsigned long long)__check_b);                                  \
	} while (0)
#define CHECK_EQ(a, b) CHECK_OP(a, ==, b)
#define CHECK_NE(a, b) CHECK_OP(a, !=, b)
#define CHECK_LT(a, b) CHECK_OP(a, <, b)
#define CHECK_LE(a, b) CHECK_OP(a, <=, b)
#define CHECK_GT(a, b) CHECK_OP(a, >, b)
#define CHECK_GE(a, b) CHECK_OP(a, >=, b)

#define CHECK_STREQ(a, b)                                                                          \
	do {                                                                                       \
		const char *__check_a = (a), *__check_b = (b);                                     \
		if (test_strcmp(__check_a, __check_b))                                             \
			test_fail(__FILE__, __LINE__, "%s == %s:\n\"%s\"\n\"%s\"", #a, #b,         \
				  __check_a ? __check_a : "(null)",                                \
				  __check_b ? __check_b : "(null)");                               \
	} while (0)

/* Pseudo-random numbers: the same sequence in every run of a test, unless -s SEED is given. */
unsigned long long test_random(void);
/* 0 .. n - 1; n > 0. */
unsigned long test_random_below(unsigned long n);
/* What model fuzzers multiply their number of rounds by: 1, or -n FACTOR. */
unsigned int test_rounds(unsigned int rounds);

/* libc's, for the tests' own use and as oracles. */
void *test_malloc(unsigned long size); /* never NULL */
void test_free(void *ptr);
int test_strcmp(const char *a, const char *b);
int test_vsnprintf(char *buf, unsigned long size, const char *fmt, __builtin_va_list args);
__attribute__((__format__(__printf__, 3, 4))) int test_snprintf(char *buf, unsigned long size,
								const char *fmt, ...);
void test_qsort(void *base, unsigned long num, unsigned long size,
		int (*cmp)(const void *, const void *));
