/* SPDX-License-Identifier: MIT */
/* What tests of races are made of: chance that a seed repeats, and ways to let others run. */
#pragma once

#include "../boot.h"
#include "sched/sched.h"

/* 0 .. n - 1 */
static inline unsigned int pick(u64 *random, unsigned int n)
{
	*random = *random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*random >> 33) % n;
}

static inline void nap(u64 ns)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(ns);
}

/* Let others run, and time pass. */
static inline void breathe(void)
{
	host_advance(NSEC_PER_MSEC / 50);
	cond_resched();
	host_yield_cpu();
}
