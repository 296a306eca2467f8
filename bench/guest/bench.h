/* SPDX-License-Identifier: MIT */
/*
 * The benchmark that both kernels run: one static program, pid 1 of its machine. A metric is a
 * function that does @n operations
 * and checks that they were done; its cost is what the clock shows per operation.
 *
 * Under -icount shift=0 the time stamp counter counts executed instructions; otherwise the clock is
 * CLOCK_MONOTONIC in ns.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct metric {
	const char *name;
	int n;		      /* operations in one measurement */
	uint64_t (*run)(int n); /* cost of all n: from start() to stop() */
	const char *what;     /* one operation, and why it is measured */
};

extern const struct metric process_metrics[], memory_metrics[], ipc_metrics[], file_metrics[], thread_metrics[];

/* The clock, in its unit. */
uint64_t now(void);

/* End with a message if a metric's work was not done. */
void check_failed(const char *file, int line, const char *what);
#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			check_failed(__FILE__, __LINE__, #cond);                                   \
	} while (0)

/* Around the measured part: the profiler's plugin counts between these two (they read the clock
 * last and first). */
uint64_t start(void);
uint64_t stop(uint64_t started);

void *map_anonymous(size_t size);
/* Write (or read) one byte of each page. */
void touch(volatile char *p, size_t size);

#define PAGE 4096ul
#define MIB  (1ul << 20)
