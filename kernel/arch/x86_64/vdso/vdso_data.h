/* SPDX-License-Identifier: MIT */
/* The page below the vDSO: what the kernel publishes for reading the clock. Also the kernel's own
 * clock. */
#pragma once

#include "lib/types.h"

/*
 * ns since boot = base_ns + ((TSC - base_tsc) * mult >> 32); CLOCK_REALTIME adds wall_offset. A
 * writer makes seq odd, changes the fields, makes it even; a reader that saw it odd or changed
 * reads again.
 */
struct vdso_data {
	u32 seq, unused;
	u64 base_tsc, base_ns;
	u64 mult;	 /* ns per TSC tick, 32.32 fixed point */
	s64 wall_offset; /* ns */
};

static inline u64 vdso_rdtsc(void)
{
	u32 lo, hi;

	__asm__ __volatile__("rdtsc" : "=a"(lo), "=d"(hi));
	return ((u64)hi << 32) | lo;
}

/* Nanoseconds since boot; *offset receives wall_offset of the same moment. */
static inline u64 vdso_read_clock(const struct vdso_data *d, s64 *offset)
{
	u64 ns, base, mult;
	s64 delta;
	u32 seq;

	do {
		seq = __atomic_load_n(&d->seq, __ATOMIC_ACQUIRE);
		mult = READ_ONCE(d->mult);
		base = READ_ONCE(d->base_ns);
		*offset = READ_ONCE(d->wall_offset);
		delta = vdso_rdtsc() - READ_ONCE(d->base_tsc);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (unlikely((seq & 1) || READ_ONCE(d->seq) != seq));
	/* Another CPU's counter may be a little behind the one that wrote base_tsc. */
	if (unlikely(delta < 0))
		delta = 0;
	ns = (unsigned __int128)(u64)delta * mult >> 32;
	return base + ns;
}
