/* SPDX-License-Identifier: MIT */
/*
 * Failing the n-th allocation of a task, for tests that try every n: each call of page/ that may
 * fail asks here.
 */
#pragma once

#include "lib/types.h"

/* Fail the @nth allocation (1: the next) that the current task makes from now on, once; 0: stop.
 * Counting starts anew. */
void fault_inject_nth(unsigned long nth);
/* The same as 0, if the armed one is the current task. */
void fault_inject_cancel(void);
/* Allocations seen since fault_inject_nth(), and whether the failure has happened. */
unsigned long fault_inject_count(void);
bool fault_inject_fired(void);
/* Allocations failed since boot. */
unsigned long fault_inject_total(void);

/* Read by should_fail_alloc() only. */
extern bool fault_inject_armed;
bool fault_inject_decide(void);

/* True if this allocation is to fail. Any context. */
static inline bool should_fail_alloc(void)
{
	return unlikely(READ_ONCE(fault_inject_armed)) && fault_inject_decide();
}
