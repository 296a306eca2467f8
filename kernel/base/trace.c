/* SPDX-License-Identifier: MIT */
/*
 * Trace rings. Only a ring's own CPU writes, with interrupts off: it fills the place of record
 * number head, then counts head up. A reader copies and then looks at head again: what the writer
 * may have begun to overwrite meanwhile is lost.
 */
#include "arch/arch.h"
#include "base/trace.h"
#include "lib/atomic.h"
#include "lib/bug.h"
#include "lib/string.h"

struct trace_ring {
	struct trace_record *records;
	u64 head; /* records ever written */
} __cacheline_aligned;

bool trace_enabled;
static struct trace_ring rings[NR_CPUS];
static unsigned int ring_size; /* constant while recording */

void trace_start(struct trace_record *const memory[], unsigned int records)
{
	unsigned int cpu;

	BUG_ON(trace_enabled || !records || (records & (records - 1)));
	ring_size = records;
	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		rings[cpu].records = memory[cpu];
		rings[cpu].head = 0;
	}
	smp_store_release(&trace_enabled, true);
}

void trace_stop(void)
{
	WRITE_ONCE(trace_enabled, false);
}

void trace_write(enum trace_type type, u32 pid, u64 a, u64 b)
{
	unsigned long flags = arch_irq_save();
	unsigned int cpu = arch_cpu_id();
	struct trace_ring *ring = &rings[cpu];

	if (ring->records) {
		ring->records[ring->head & (ring_size - 1)] = (struct trace_record){
			.time = arch_clock_ns(),
			.type = type,
			.cpu = cpu,
			.pid = pid,
			.a = a,
			.b = b,
		};
		smp_store_release(&ring->head, ring->head + 1);
	}
	arch_irq_restore(flags);
}

/* The oldest record that cannot be in the middle of being overwritten. */
static u64 oldest(u64 head)
{
	return head >= ring_size ? head - ring_size + 1 : 0;
}

unsigned int trace_read(unsigned int cpu, u64 *pos, struct trace_record *buf, unsigned int n,
			u64 *lost)
{
	const struct trace_ring *ring = &rings[cpu];
	u64 head = smp_load_acquire(&ring->head), first = max(*pos, oldest(head)), now, gone;
	unsigned int i, count = first < head ? min_t(u64, n, head - first) : 0;

	if (!ring->records)
		return 0;
	for (i = 0; i < count; i++)
		buf[i] = ring->records[(first + i) & (ring_size - 1)];
	smp_rmb();
	now = oldest(smp_load_acquire(&ring->head));
	gone = now > first ? min_t(u64, now - first, count) : 0;
	if (gone)
		memmove(buf, buf + gone, (count - gone) * sizeof(*buf));
	*lost += first - *pos + gone;
	*pos = first + count;
	return count - gone;
}
