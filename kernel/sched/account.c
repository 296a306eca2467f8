/* SPDX-License-Identifier: MIT */
/* Who used how much time: of tasks, of CPUs; and the load averages. See "Times" in sched.h. */
#include "sched/rq.h"
#include "lib/bitops.h"

/* ---- Tasks and CPUs ---- */

/* Split @ns in the proportion of @part to @whole; all of it if @whole is 0. */
static u64 share_of(u64 ns, u64 part, u64 whole)
{
	int excess = fls64(whole) - 20; /* 20 bits are exact enough and let ns be 4 hours */

	if (excess > 0) {
		whole >>= excess;
		part >>= excess;
	}
	return whole ? ns * part / whole : ns;
}

/* What no tick has seen yet is split as the rest is. run queue lock held. */
static void settle_task(struct task_struct *p)
{
	u64 pending = p->se.sum_exec_runtime - p->utime - p->stime, user;

	if (!pending)
		return;
	user = share_of(pending, p->utime, p->utime + p->stime);
	p->utime += user;
	p->stime += pending - user;
}

void account_tick(struct rq *rq, struct task_struct *curr, bool user_mode)
{
	u64 pending = curr->se.sum_exec_runtime - curr->utime - curr->stime;
	u64 cpu_pending = rq->busy_ns - rq->user_ns - rq->nice_ns - rq->system_ns;

	if (user_mode)
		curr->utime += pending;
	else
		curr->stime += pending;
	if (!user_mode)
		rq->system_ns += cpu_pending;
	else if (curr->static_prio > NICE_TO_PRIO(0))
		rq->nice_ns += cpu_pending;
	else
		rq->user_ns += cpu_pending;
}

void task_cputime(struct task_struct *p, u64 *utime, u64 *stime)
{
	unsigned long flags = arch_irq_save();
	struct rq *rq = task_rq_lock(p);

	if (rq->curr == p)
		update_curr(rq);
	settle_task(p);
	if (utime)
		*utime = p->utime;
	if (stime)
		*stime = p->stime;
	spin_unlock_irqrestore(&rq->lock, flags);
}

void account_current(void)
{
	task_cputime(current, NULL, NULL);
}

u64 task_sched_runtime(struct task_struct *p)
{
	unsigned long flags = arch_irq_save();
	struct rq *rq = task_rq_lock(p);
	u64 ns;

	if (rq->curr == p)
		update_curr(rq);
	ns = p->se.sum_exec_runtime;
	spin_unlock_irqrestore(&rq->lock, flags);
	return ns;
}

void cpu_stat_read(unsigned int cpu, struct cpu_stat *st)
{
	struct rq *rq = cpu_rq(cpu);
	unsigned long flags;
	u64 pending, sampled, system;

	*st = (struct cpu_stat){0};
	if (!rq->curr)
		return;
	spin_lock_irqsave(&rq->lock, flags);
	update_curr(rq);
	sampled = rq->user_ns + rq->nice_ns + rq->system_ns;
	pending = rq->busy_ns - sampled;
	system = pending - share_of(pending, rq->user_ns + rq->nice_ns, sampled);
	rq->system_ns += system;
	rq->user_ns += pending - system;
	st->user = rq->user_ns;
	st->nice = rq->nice_ns;
	st->system = rq->system_ns;
	st->idle = rq->idle_ns;
	st->nr_switches = rq->nr_switches;
	st->nr_irqs = rq->nr_ticks;
	spin_unlock_irqrestore(&rq->lock, flags);
}

/* ---- Load ---- */

unsigned int nr_running(void)
{
	unsigned int cpu, n = 0;

	for (cpu = 0; cpu < NR_CPUS; cpu++)
		n += READ_ONCE(cpu_rq(cpu)->nr_running);
	return n;
}

unsigned int nr_uninterruptible(void)
{
	unsigned int cpu;
	long n = 0;

	for (cpu = 0; cpu < NR_CPUS; cpu++)
		n += READ_ONCE(cpu_rq(cpu)->nr_uninterruptible);
	return max_t(long, n, 0);
}

#define LOAD_INTERVAL_NS (5 * NSEC_PER_SEC)
#define LOAD_SHIFT	 11
#define LOAD_ONE	 (1ul << LOAD_SHIFT)
#define LOAD_ROUNDS_MAX	 1000 /* after so many, what was before has no weight left */

static DEFINE_SPINLOCK(load_lock, RANK_IRQ_LEAF);
static u64 load_next;		 /* ns: end of the current interval; load_lock */
static unsigned long avenrun[3]; /* fixed point; load_lock */

/* e^(-5 s / 1, 5, 15 min) in fixed point: what is left of the old average after an interval. */
static const unsigned long load_decay[3] = {1884, 2014, 2037};

static void load_round(unsigned long active)
{
	int i;

	for (i = 0; i < 3; i++) {
		unsigned long load =
			avenrun[i] * load_decay[i] + active * (LOAD_ONE - load_decay[i]);

		if (active >= avenrun[i])
			load += LOAD_ONE - 1;
		avenrun[i] = load >> LOAD_SHIFT;
	}
}

/* Close the intervals that ended. In all but the last no CPU ticked, so nothing ran at their ends.
 */
void calc_load(u64 now)
{
	unsigned long flags, sleeping;
	u64 rounds;

	if (likely(now < READ_ONCE(load_next)))
		return;
	spin_lock_irqsave(&load_lock, flags);
	if (now >= load_next) {
		rounds = (now - load_next) / LOAD_INTERVAL_NS;
		load_next += (rounds + 1) * LOAD_INTERVAL_NS;
		sleeping = nr_uninterruptible() << LOAD_SHIFT;
		for (rounds = min_t(u64, rounds, LOAD_ROUNDS_MAX); rounds; rounds--)
			load_round(sleeping);
		load_round(sleeping + ((unsigned long)nr_running() << LOAD_SHIFT));
	}
	spin_unlock_irqrestore(&load_lock, flags);
}

void get_avenrun(unsigned long loads[3])
{
	unsigned long flags;
	int i;

	calc_load(arch_clock_ns());
	spin_lock_irqsave(&load_lock, flags);
	for (i = 0; i < 3; i++)
		loads[i] = avenrun[i];
	spin_unlock_irqrestore(&load_lock, flags);
}
