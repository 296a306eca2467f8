/* SPDX-License-Identifier: MIT */
/* Power for tests that need memory: the simulated machine and the page allocator on it. */
#pragma once

#include "arch/host/host.h"

/* @ram bytes of RAM, @cpus CPUs, page_init(). */
void host_boot(u64 ram, unsigned int cpus);

/* host_boot(), then the scheduler on all CPUs; @fn runs as a kernel thread. When it returns the
 * test has passed. */
__attribute__((__noreturn__)) void host_run_kernel(unsigned int cpus, void (*fn)(void));

/* From now on a panic whose log has @text ends the test as passed. */
void expect_panic(const char *text);

/* The kernel must notice what @statement does. Ends the test. */
#define CHECK_PANICS(text, statement)                                                              \
	do {                                                                                       \
		expect_panic(text);                                                                \
		statement;                                                                         \
		test_fail(__FILE__, __LINE__, "no panic by %s", #statement);                       \
	} while (0)
