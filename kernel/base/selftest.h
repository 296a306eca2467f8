/* SPDX-License-Identifier: MIT */
/*
 * Tests that run inside the booted kernel, where the host port cannot go (real interrupts, real
 * TLBs, devices):
 *
 *	SELFTEST(guard_page)
 *	{
 *		SELFTEST_CHECK(cond);
 *		return 0;
 *	}
 *
 * The boot option "selftest" (or "selftest=part-of-a-name") makes init run them.
 */
#pragma once

#include "lib/types.h"

struct selftest {
	const char *name;
	int (*run)(void); /* 0, or the line that failed; may sleep */
};

#define SELFTEST(test_name)                                                                        \
	static int selftest_##test_name(void);                                                     \
	static const struct selftest selftest_entry_##test_name __used __section("selftests")      \
		__aligned(8) = {#test_name, selftest_##test_name};                                 \
	static int selftest_##test_name(void)

#define SELFTEST_CHECK(cond)                                                                       \
	do {                                                                                       \
		if (!(cond))                                                                       \
			return __LINE__;                                                           \
	} while (0)

/* Run those whose name contains the value of the boot option, if it has one; prints each, and "N
 * passed, N failed". Returns the number that failed. May sleep. */
unsigned int selftest_run_all(void);
