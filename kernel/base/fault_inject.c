/* SPDX-License-Identifier: MIT */
/* The counter behind allocation-failure tests. One task at a time uses it. */
#include "base/fault_inject.h"
#include "arch/arch.h"

bool fault_inject_armed;
static struct task_struct *victim;
static unsigned long target, seen, total;
static bool fired;

void fault_inject_nth(unsigned long nth)
{
	WRITE_ONCE(fault_inject_armed, false);
	victim = arch_current();
	target = nth;
	seen = 0;
	fired = false;
	WRITE_ONCE(fault_inject_armed, nth != 0);
}

void fault_inject_cancel(void)
{
	if (victim == arch_current())
		fault_inject_nth(0);
}

unsigned long fault_inject_count(void)
{
	return seen;
}

bool fault_inject_fired(void)
{
	return fired;
}

unsigned long fault_inject_total(void)
{
	return total;
}

bool fault_inject_decide(void)
{
	if (arch_current() != victim || ++seen != target)
		return false;
	fired = true;
	total++;
	return true;
}
