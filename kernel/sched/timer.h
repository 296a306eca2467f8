/* SPDX-License-Identifier: MIT */
/* Clocks, and timers: per-CPU trees by deadline, run from handle_tick() with interrupts off. */
#pragma once

#include "lib/rbtree.h"
#include "lib/types.h"

struct ktimer {
	struct rb_node node;
	u64 deadline; /* ns, ktime_get()'s scale */
	void (*fn)(
		struct ktimer *timer); /* interrupts off; may start the timer again, or free it */
	unsigned int cpu;	       /* whose tree: that tree's lock */
	bool armed;
};

void ktimer_init(struct ktimer *timer, void (*fn)(struct ktimer *timer));
/* Start, or move, @timer on this CPU. U64_MAX: never. Any context. */
void ktimer_start(struct ktimer *timer, u64 deadline);
/* Take it off; returns true if it was armed. On return fn does not run on any CPU (spins for it;
 * must not be called with a lock held that fn takes). */
bool ktimer_cancel(struct ktimer *timer);
/* Likewise, but returns -1 at once if fn runs on another CPU just now; 0 not armed, 1 cancelled. */
int ktimer_try_cancel(struct ktimer *timer);

u64 ktime_get(void);	  /* ns since boot, CLOCK_MONOTONIC and CLOCK_BOOTTIME. Any context. */
u64 ktime_get_real(void); /* ns since 1970. Any context. */
/* The same as of the last tick, or the last time a CPU left idleness: at most a tick (4 ms) behind
 * while anything runs. The same on all CPUs, never goes back, and costs two loads. File times;
 * CLOCK_*_COARSE. */
u64 ktime_get_coarse(void);
u64 ktime_get_coarse_real(void);
/* Set the wall clock to @ns since 1970. 0, or -EINVAL if that were before the boot (as Linux). */
int ktime_set_real(u64 ns);
s64 ktime_wall_offset(void); /* ns: real minus monotonic */
void clock_init(void);	     /* boot: wall clock from the machine's */
