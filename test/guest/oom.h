/* SPDX-License-Identifier: MIT */
/* What the tests of memory that runs out are written with. What eats all of memory runs only on a
 * machine that is small, and made for that. */
#pragma once

#include "guest.h"

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define MIB  (1UL << 20)

static inline size_t memory(void)
{
	return guest_field("/proc/meminfo", "MemTotal") * 1024UL;
}

static inline size_t swap(void)
{
	return guest_field("/proc/meminfo", "SwapTotal") * 1024UL;
}

/* This test eats all of memory. */
static inline void needs_small_machine(void)
{
	if (memory() > 300 * MIB || swap() > 1024 * MIB)
		guest_skip("would eat this machine's memory");
}

/* A share of memory and swap, whole MiB. */
static inline size_t part(unsigned int percent)
{
	return (memory() + swap()) / 100 * percent / MIB * MIB;
}

static inline char *hold(size_t size)
{
	char *p = mmap(NULL, size, RW, ANON | MAP_NORESERVE, -1, 0);

	for (size_t i = 0; i < size; i += PAGE)
		p[i] = i / PAGE;
	return p;
}

static inline bool holds(const char *p, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE) {
		if (p[i] != (char)(i / PAGE))
			return false;
	}
	return true;
}

static inline void eat(void)
{
	for (;;) {
		char *p = mmap(NULL, MIB, RW, ANON | MAP_NORESERVE, -1, 0);

		if (p == MAP_FAILED) {
			guest_sleep_ms(1);
			continue;
		}
		memset(p, 1, MIB);
	}
}

/* Processes of a test tell one another how far they are. */
struct stage {
	volatile int ready[8];
	volatile pid_t pid;
};

static inline struct stage *new_stage(void)
{
	return guest_shared(sizeof(struct stage));
}

/* A child that holds that much, with that oom_score_adj, and sleeps until it is killed. */
static inline pid_t sleeper(struct stage *s, int n, size_t size, const char *adj)
{
	pid_t pid = IN_CHILD({
		hold(size);
		guest_set_oom_score(adj);
		s->ready[n] = 1;
		for (;;)
			pause();
	});

	CHECK(WAIT_UNTIL(s->ready[n]));
	return pid;
}

static inline void end(pid_t pid)
{
	kill(pid, SIGKILL);
	guest_wait(pid);
}
