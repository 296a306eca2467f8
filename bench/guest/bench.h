/* SPDX-License-Identifier: MIT */
/*
 * The benchmark that both kernels run: one static program, pid 1 of its machine. A metric is a
 * function that does @n operations and checks that they were done; its cost is what the clock shows
 * per operation.
 *
 * The clock is the time stamp counter, read by the program itself: no kernel's idea of time comes
 * in. Under -icount shift=0 it counts executed instructions, else it is the host's time in a unit
 * that the host finds out from the two BENCH-CLOCK lines.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct metric {
	const char *name;
	int n;		      /* operations in one measurement */
	uint64_t (*run)(int n); /* cost of all n: from start() to stop() */
	const char *what;     /* one operation, and why it is measured */
	int flags;
};

enum metric_flags {
	NO_WARM_UP = 1, /* so long that the cold part is lost in it */
	IF_NAMED = 2,	/* needs a larger machine: only where bench= names it */
};

extern const struct metric process_metrics[], memory_metrics[], fork_metrics[],
	ipc_metrics[], file_metrics[], thread_metrics[];

/* The time stamp counter. */
uint64_t now(void);

/* With an interactive busybox shell waiting at its prompt: print what MemFree says. */
void memory_at_prompt(void);

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
/* Write one byte of each page. */
void touch(volatile char *p, size_t size);

/* waitpid() that insists on an exit with @expected. */
void wait_for(int pid, int expected);

#define PAGE 4096ul
#define MIB  (1ul << 20)
