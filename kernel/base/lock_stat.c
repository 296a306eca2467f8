/* SPDX-License-Identifier: MIT */
/*
 * Lock statistics: a hash table of classes, which only grows, and for each class counts on each
 * CPU, written with interrupts off by that CPU alone.
 */
#include "base/lock_stat.h"
#include "arch/arch.h"
#include "lib/atomic.h"
#include "lib/hash.h"
#include "lib/string.h"

#define CLASS_BITS  8
#define MAX_CLASSES (QUIRE_DEBUG ? 1 << CLASS_BITS : 1)

struct class_key {
	const char *name; /* NULL: free; set once */
	u8 rank;
	bool ready; /* rank is set */
};

static struct class_key classes[MAX_CLASSES];
static struct lock_counts counts[NR_CPUS][MAX_CLASSES][NR_LOCK_MODES];

/* Two CPUs may meet a class at once: the one that sets the name sets the rank; the other waits. */
static bool is_class(struct class_key *key, const char *name, u8 rank)
{
	const char *none = NULL;

	if (!READ_ONCE(key->name) && try_cmpxchg(&key->name, &none, name)) {
		key->rank = rank;
		smp_store_release(&key->ready, true);
	}
	while (!smp_load_acquire(&key->ready))
		arch_cpu_relax();
	return key->name == name && key->rank == rank;
}

/* Interrupts off. NULL: there is no room for another class. */
static struct lock_counts *counts_of(const char *name, u8 rank, enum lock_mode mode)
{
	unsigned int first = hash_ptr(name, CLASS_BITS) + rank, i, slot;

	for (i = 0; i < MAX_CLASSES; i++) {
		slot = (first + i) % MAX_CLASSES;
		if (is_class(&classes[slot], name, rank))
			return &counts[arch_cpu_id()][slot][mode];
	}
	return NULL;
}

void lock_stat_held(const char *name, u8 rank, enum lock_mode mode, u64 ns)
{
	unsigned long flags = arch_irq_save();
	struct lock_counts *c = name ? counts_of(name, rank, mode) : NULL;

	if (c) {
		c->acquired++;
		c->hold_ns += ns;
		c->hold_max = max(c->hold_max, ns);
		c->long_holds += ns >= LOCK_LONG_NS;
	}
	arch_irq_restore(flags);
}

void lock_stat_waited(const char *name, u8 rank, enum lock_mode mode, u64 ns)
{
	unsigned long flags = arch_irq_save();
	struct lock_counts *c = name ? counts_of(name, rank, mode) : NULL;

	if (c) {
		c->contended++;
		c->wait_ns += ns;
		c->wait_max = max(c->wait_max, ns);
	}
	arch_irq_restore(flags);
}

bool lock_stat_read(unsigned int i, struct lock_class *out)
{
	unsigned int cpu, mode;

	if (i >= MAX_CLASSES)
		return false;
	memset(out, 0, sizeof(*out));
	if (!smp_load_acquire(&classes[i].ready))
		return true;
	out->name = classes[i].name;
	out->rank = classes[i].rank;
	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		for (mode = 0; mode < NR_LOCK_MODES; mode++)
			lock_counts_add(&out->counts[mode], &counts[cpu][i][mode]);
	}
	return true;
}

void lock_stat_reset(void)
{
	memset(counts, 0, sizeof(counts));
}
