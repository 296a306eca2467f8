/* SPDX-License-Identifier: MIT */
/* The clocks: monotonic is the port's; the wall clock is an offset to it. */
#include "sched/rq.h"
#include "abi/errno.h"

static s64 wall_offset; /* ns; one aligned word, read and written whole */
static u64 coarse_now;	/* ns; atomic, only rises */

void clock_init(void)
{
	WRITE_ONCE(wall_offset, (s64)(arch_wallclock_boot_sec() * NSEC_PER_SEC));
	arch_vdso_set_wall(wall_offset);
}

u64 ktime_get(void)
{
	return arch_clock_ns();
}

u64 ktime_get_real(void)
{
	return arch_clock_ns() + READ_ONCE(wall_offset);
}

void clock_coarse_update(u64 now)
{
	u64 old = READ_ONCE(coarse_now);

	while (old < now && !try_cmpxchg(&coarse_now, &old, now))
		;
}

u64 ktime_get_coarse(void)
{
	return READ_ONCE(coarse_now);
}

u64 ktime_get_coarse_real(void)
{
	return READ_ONCE(coarse_now) + READ_ONCE(wall_offset);
}

s64 ktime_wall_offset(void)
{
	return READ_ONCE(wall_offset);
}

int ktime_set_real(u64 ns)
{
	s64 offset = (s64)(ns - arch_clock_ns());

	if (ns > S64_MAX || offset < 0)
		return -EINVAL;
	WRITE_ONCE(wall_offset, offset);
	arch_vdso_set_wall(offset);
	return 0;
}
