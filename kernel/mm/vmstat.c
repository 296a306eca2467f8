/* SPDX-License-Identifier: MIT */
/* Event counters, per CPU. Only tasks count, and they are not preempted: no atomics needed. */
#include "mm/mm.h"

struct vm_event_counts vm_event_counts[NR_CPUS];
static_assert(NR_VM_EVENTS <= ARRAY_SIZE(vm_event_counts[0].n), "a place for each");

unsigned long vm_event_count(enum vm_event e)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < NR_CPUS; cpu++)
		sum += READ_ONCE(vm_event_counts[cpu].n[e]);
	return sum;
}
