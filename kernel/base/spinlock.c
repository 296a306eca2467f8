/* SPDX-License-Identifier: MIT */
/*
 * The slow half of spinlocks: spinning, and in debug kernels the check of ranks.
 *
 * Each CPU has a stack of the spinlocks it holds; each task that holds sleeping locks has records
 * in a small hash table keyed by the task's address, so that this floor needs to know nothing of
 * tasks.
 */
#include "base/spinlock.h"
#include "base/lock_stat.h"
#include "base/panic.h"
#include "lib/atomic.h"
#include "lib/hash.h"

#define MAX_HELD_SPINLOCKS 16

struct cpu_locks {
	unsigned int depth;
	bool off; /* set by a panic: reporting must not trip over the locks it finds */
	spinlock_t *held[MAX_HELD_SPINLOCKS];
	u64 since[MAX_HELD_SPINLOCKS]; /* ns: taken then; while it spins: began to spin */
} __cacheline_aligned;

static struct cpu_locks cpu_locks[NR_CPUS]; /* own CPU only, interrupts off */

/* ---- Sleeping locks ------------------------------------------------------------------------ */

#define SLEEP_HASH_BITS	  6
#define MAX_SLEEP_RECORDS (QUIRE_DEBUG ? 1024 : 1)

struct sleep_record {
	struct sleep_record *next; /* of the bucket, latest first; or of the free list */
	const struct task_struct *task;
	const void *lock;
	const char *name;
	u8 rank;
	enum lock_mode mode;
	u64 since; /* ns: had since then, or waits */
};

/* All under sleep_table_lock, a bare word since the rank check itself must not recurse. */
static u32 sleep_table_lock;
static struct sleep_record *sleep_table[1 << SLEEP_HASH_BITS];
static struct sleep_record sleep_records[MAX_SLEEP_RECORDS];
static struct sleep_record *sleep_free;
static unsigned int sleep_records_used;
static unsigned long
	sleep_untracked; /* pushes that found no record: nothing is checked while there are any */

static unsigned long sleep_table_enter(void)
{
	unsigned long flags = arch_irq_save();

	while (xchg(&sleep_table_lock, 1))
		arch_cpu_relax();
	return flags;
}

static void sleep_table_leave(unsigned long flags)
{
	smp_store_release(&sleep_table_lock, 0);
	arch_irq_restore(flags);
}

static struct sleep_record *sleep_record_new(void)
{
	struct sleep_record *rec = sleep_free;

	if (rec) {
		sleep_free = rec->next;
		return rec;
	}
	if (sleep_records_used < MAX_SLEEP_RECORDS)
		return &sleep_records[sleep_records_used++];
	return NULL;
}

static void push_record(const void *lock, const char *name, enum lock_rank rank, bool nested,
			enum lock_mode mode)
{
	struct task_struct *task = arch_current();
	struct sleep_record **bucket = &sleep_table[hash_ptr(task, SLEEP_HASH_BITS)];
	struct sleep_record *rec, *bad = NULL;
	unsigned long flags;

	if (!QUIRE_DEBUG)
		return;
	lock_check_may_sleep();
	flags = sleep_table_enter();
	for (rec = *bucket; rec; rec = rec->next) {
		if (rec->task != task || !rank || !rec->rank)
			continue;
		if (rec->lock == lock || rec->rank > rank || (rec->rank == rank && !nested))
			bad = rec;
	}
	rec = bad ? NULL : sleep_record_new();
	if (rec) {
		*rec = (struct sleep_record){*bucket, task, lock,	    name,
					     rank,    mode, arch_clock_ns()};
		*bucket = rec;
	} else if (!bad) {
		sleep_untracked++;
	}
	sleep_table_leave(flags);
	if (bad)
		panic("lock order: taking %s (rank %d) while holding %s (rank %d)", name, rank,
		      bad->name, bad->rank);
}

void lock_push(const void *lock, const char *name, enum lock_rank rank, bool nested)
{
	push_record(lock, name, rank, nested, LOCK_EXCLUSIVE);
}

void lock_push_shared(const void *lock, const char *name, enum lock_rank rank, bool nested)
{
	push_record(lock, name, rank, nested, LOCK_SHARED);
}

/* The record of @lock of the current task. sleep_table_lock held. */
static struct sleep_record *find_record(const void *lock)
{
	struct task_struct *task = arch_current();
	struct sleep_record *rec = sleep_table[hash_ptr(task, SLEEP_HASH_BITS)];

	while (rec && (rec->task != task || rec->lock != lock))
		rec = rec->next;
	return rec;
}

void lock_waited(const void *lock, u64 began)
{
	unsigned long flags;
	struct sleep_record *rec;

	if (!QUIRE_DEBUG)
		return;
	flags = sleep_table_enter();
	rec = find_record(lock);
	if (rec) {
		rec->since = arch_clock_ns();
		lock_stat_waited(rec->name, rec->rank, rec->mode, rec->since - began);
	}
	sleep_table_leave(flags);
}

void lock_now_shared(const void *lock)
{
	unsigned long flags;
	struct sleep_record *rec;

	if (!QUIRE_DEBUG)
		return;
	flags = sleep_table_enter();
	rec = find_record(lock);
	if (rec) {
		u64 now = arch_clock_ns();

		lock_stat_held(rec->name, rec->rank, rec->mode, now - rec->since);
		rec->since = now;
		rec->mode = LOCK_SHARED;
	}
	sleep_table_leave(flags);
}

static void pop_record(const void *lock, bool had)
{
	struct task_struct *task = arch_current();
	struct sleep_record **p = &sleep_table[hash_ptr(task, SLEEP_HASH_BITS)], *rec;
	unsigned long flags;
	bool lost;

	if (!QUIRE_DEBUG)
		return;
	flags = sleep_table_enter();
	for (; (rec = *p); p = &rec->next)
		if (rec->task == task && rec->lock == lock)
			break;
	if (rec) {
		if (had)
			lock_stat_held(rec->name, rec->rank, rec->mode,
				       arch_clock_ns() - rec->since);
		*p = rec->next;
		rec->next = sleep_free;
		sleep_free = rec;
	}
	lost = !rec && !sleep_untracked;
	if (!rec && sleep_untracked)
		sleep_untracked--;
	sleep_table_leave(flags);
	if (lost)
		panic("releasing a sleeping lock %p that this task does not hold", lock);
}

void lock_pop(const void *lock)
{
	pop_record(lock, true);
}

void lock_gave_up(const void *lock)
{
	pop_record(lock, false);
}

bool lock_is_held(const void *lock)
{
	unsigned long flags;
	bool held;

	if (!QUIRE_DEBUG || sleep_untracked)
		return true;
	flags = sleep_table_enter();
	held = find_record(lock) != NULL;
	sleep_table_leave(flags);
	return held;
}

/* ---- Spinlocks ----------------------------------------------------------------------------- */

void spin_lock_slow(spinlock_t *lock)
{
	u64 began = QUIRE_DEBUG ? arch_clock_ns() : 0;

	do {
		while (READ_ONCE(lock->locked))
			arch_cpu_relax();
	} while (xchg(&lock->locked, 1));
	if (QUIRE_DEBUG)
		lock_spun(began);
}

void lock_spun(u64 began)
{
	unsigned long flags = arch_irq_save();
	struct cpu_locks *cl = &cpu_locks[arch_cpu_id()];
	u64 now = arch_clock_ns();

	/* Whoever interrupted meanwhile has released what it took. */
	if (cl->depth) {
		const spinlock_t *lock = cl->held[cl->depth - 1];

		cl->since[cl->depth - 1] = now;
		lock_stat_waited(lock->name, lock->rank, LOCK_EXCLUSIVE, now - began);
	}
	arch_irq_restore(flags);
}

static __noreturn void lock_order_panic(struct cpu_locks *cl, const spinlock_t *lock,
					const spinlock_t *held)
{
	cl->off = true;
	if (lock == held)
		panic("deadlock: CPU takes %s which it holds", lock->name);
	panic("lock order: taking %s (rank %d) while holding %s (rank %d)", lock->name, lock->rank,
	      held->name, held->rank);
}

void lock_note_acquired(spinlock_t *lock)
{
	unsigned long flags = arch_irq_save();
	struct cpu_locks *cl = &cpu_locks[arch_cpu_id()];

	if (!cl->off) {
		BUG_ON(cl->depth == MAX_HELD_SPINLOCKS);
		cl->since[cl->depth] = arch_clock_ns();
		cl->held[cl->depth++] = lock;
	}
	arch_irq_restore(flags);
}

void lock_check_acquire(spinlock_t *lock, bool nested)
{
	bool irqs_off = arch_irqs_disabled();
	unsigned long flags = arch_irq_save();
	struct cpu_locks *cl = &cpu_locks[arch_cpu_id()];
	unsigned int i;

	if (lock->rank >= FIRST_IRQ_RANK && !irqs_off && !cl->off) {
		cl->off = true;
		panic("%s is taken in interrupts too, and now with interrupts on", lock->name);
	}
	for (i = 0; i < cl->depth && !cl->off; i++) {
		const spinlock_t *held = cl->held[i];

		if (held == lock)
			lock_order_panic(cl, lock, held);
		if (!lock->rank || !held->rank)
			continue;
		if (held->rank > lock->rank || (held->rank == lock->rank && !nested))
			lock_order_panic(cl, lock, held);
	}
	lock_note_acquired(lock);
	arch_irq_restore(flags);
}

void lock_check_release(spinlock_t *lock)
{
	unsigned long flags = arch_irq_save();
	struct cpu_locks *cl = &cpu_locks[arch_cpu_id()];
	unsigned int i = cl->depth;

	while (i && cl->held[i - 1] != lock)
		i--;
	if (i) {
		lock_stat_held(lock->name, lock->rank, LOCK_EXCLUSIVE,
			       arch_clock_ns() - cl->since[i - 1]);
		for (cl->depth--; i <= cl->depth; i++) {
			cl->held[i - 1] = cl->held[i];
			cl->since[i - 1] = cl->since[i];
		}
	} else if (!cl->off) {
		cl->off = true;
		panic("releasing %s, which this CPU does not hold", lock->name);
	}
	arch_irq_restore(flags);
}

void lock_check_may_sleep(void)
{
	struct cpu_locks *cl = &cpu_locks[arch_cpu_id()];

	if (QUIRE_DEBUG && cl->depth && !cl->off) {
		cl->off = true;
		panic("sleeping while holding spinlock %s", cl->held[cl->depth - 1]->name);
	}
}

unsigned int locks_held(void)
{
	return cpu_locks[arch_cpu_id()].depth;
}

void locks_show_held(void)
{
	struct cpu_locks *cl = &cpu_locks[arch_cpu_id()];
	struct sleep_record *rec = sleep_table[hash_ptr(arch_current(), SLEEP_HASH_BITS)];
	unsigned int i;

	if (!QUIRE_DEBUG)
		return;
	cl->off = true;
	printk("Locks held: %u spinlocks on this CPU%s", cl->depth, cl->depth ? ":" : "");
	for (i = 0; i < cl->depth; i++)
		printk("  %s (rank %d)", cl->held[i]->name, cl->held[i]->rank);
	/* Read without the table's lock: the CPU that holds it may be the one that panics. */
	for (; rec; rec = rec->next)
		if (rec->task == arch_current())
			printk("  %s (sleeping, rank %d)", rec->name, rec->rank);
}
