/* SPDX-License-Identifier: MIT */
/*
 * Timers, and the timer interrupt. Each CPU's hardware timer is set for the first of: the first
 * timer of its tree, the next tick if it runs a task, the end of a slice if others wait. It is only
 * ever moved forward to an earlier time; what was cancelled may still interrupt once, for nothing,
 * except before an idle CPU halts.
 */
#include "sched/fair.h"

struct timer_base {
	spinlock_t lock; /* RANK_TIMER: the tree, and the timers in it */
	struct rb_root_cached tree;
	struct ktimer *running; /* its fn runs now, without lock */

	/* This CPU only, interrupts off; what the hardware is set for is rq->timer_due. */
	u64 next_tick;
} __cacheline_aligned;

static struct timer_base timer_bases[NR_CPUS];
void (*tick_hook)(struct task_struct *task);

#define this_base() (&timer_bases[arch_cpu_id()])

void timers_init(void)
{
	int cpu;

	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		struct timer_base *base = &timer_bases[cpu];

		spin_lock_init(&base->lock, "timer", RANK_TIMER);
		base->tree = RB_ROOT_CACHED;
		base->running = NULL;
		cpu_rq(cpu)->timer_due = U64_MAX;
	}
}

/* ---- The hardware timer of this CPU; interrupts off ---- */

static void timer_program(struct rq *rq, u64 when)
{
	if (when == rq->timer_due)
		return;
	rq->timer_due = when;
	arch_timer_set(when);
}

void timer_need_slow(struct rq *rq, u64 when)
{
	if (!rq->in_tick)
		timer_program(rq, when);
}

static u64 first_deadline(struct timer_base *base)
{
	struct rb_node *node;
	u64 deadline;

	spin_lock(&base->lock);
	node = rb_first_cached(&base->tree);
	deadline = node ? rb_entry(node, struct ktimer, node)->deadline : U64_MAX;
	spin_unlock(&base->lock);
	return deadline;
}

void timer_tick_start(u64 now)
{
	struct timer_base *base = this_base();

	/* Ticks lie on a fixed grid, so that they sample short bursts of work without favour. */
	if (base->next_tick <= now)
		base->next_tick = now - now % SCHED_TICK_NS + SCHED_TICK_NS;
	timer_need(this_rq(), base->next_tick);
	clock_coarse_update(now);
}

void timer_tick_stop(void)
{
	timer_program(this_rq(), first_deadline(this_base()));
}

/* ---- Timers ---- */

void ktimer_init(struct ktimer *timer, void (*fn)(struct ktimer *timer))
{
	timer->fn = fn;
	timer->cpu = 0;
	timer->armed = false;
	timer->deadline = 0;
}

/* The base @timer belongs to, locked; interrupts off. */
static struct timer_base *lock_timer_base(struct ktimer *timer)
{
	for (;;) {
		unsigned int cpu = READ_ONCE(timer->cpu);
		struct timer_base *base = &timer_bases[cpu];

		spin_lock(&base->lock);
		if (likely(timer->cpu == cpu))
			return base;
		spin_unlock(&base->lock);
	}
}

static bool timer_before(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct ktimer, node)->deadline <
	       rb_entry(b, struct ktimer, node)->deadline;
}

static bool timer_remove(struct timer_base *base, struct ktimer *timer)
{
	if (!timer->armed)
		return false;
	rb_erase_cached(&timer->node, &base->tree);
	timer->armed = false;
	return true;
}

void ktimer_start(struct ktimer *timer, u64 deadline)
{
	unsigned long flags = arch_irq_save();
	struct timer_base *mine = this_base(), *base;

	for (;;) {
		base = lock_timer_base(timer);
		timer_remove(base, timer);
		/* While fn runs there, it stays there, so that ktimer_cancel() knows where to wait;
		 * that CPU sets its hardware after fn. */
		if (base == mine || base->running == timer)
			break;
		WRITE_ONCE(timer->cpu, mine - timer_bases);
		spin_unlock(&base->lock);
	}
	timer->deadline = deadline;
	timer->armed = true;
	rb_add_cached(&timer->node, &base->tree, timer_before);
	if (base == mine && rb_first_cached(&base->tree) == &timer->node)
		timer_need(this_rq(), deadline);
	spin_unlock_irqrestore(&base->lock, flags);
}

int ktimer_try_cancel(struct ktimer *timer)
{
	unsigned long flags = arch_irq_save();
	struct timer_base *base = lock_timer_base(timer);
	int ret = -1;

	if (base->running != timer)
		ret = timer_remove(base, timer);
	spin_unlock_irqrestore(&base->lock, flags);
	return ret;
}

bool ktimer_cancel(struct ktimer *timer)
{
	int ret;

	while ((ret = ktimer_try_cancel(timer)) < 0)
		arch_cpu_relax();
	return ret;
}

static void run_timers(struct timer_base *base, u64 now)
{
	struct rb_node *node;
	struct ktimer *timer;

	spin_lock(&base->lock);
	while ((node = rb_first_cached(&base->tree))) {
		timer = rb_entry(node, struct ktimer, node);
		if (timer->deadline > now)
			break;
		timer_remove(base, timer);
		base->running = timer;
		spin_unlock(&base->lock);
		timer->fn(timer); /* may free it: from here on only compared */
		spin_lock(&base->lock);
		base->running = NULL;
	}
	spin_unlock(&base->lock);
}

/* ---- The interrupt ---- */

/* This CPU runs a task. Returns when the next interrupt is due for the scheduler's sake. */
static u64 busy_tick(struct timer_base *base, struct rq *rq, bool user_mode)
{
	struct task_struct *curr = rq->curr;
	bool grid;
	u64 next;

	spin_lock(&rq->lock);
	update_curr(rq);
	grid = rq->clock >= base->next_tick;
	if (grid) {
		base->next_tick = rq->clock - rq->clock % SCHED_TICK_NS + SCHED_TICK_NS;
		account_tick(rq, curr, user_mode);
		rt_tick(rq);
		fair_tick(rq);
	}
	next = base->next_tick;
	if (rq->nr_running > 1 && !rt_task(curr))
		next = min(next, rq->clock + fair_slice_left(curr));
	spin_unlock(&rq->lock);
	if (grid) {
		clock_coarse_update(rq->clock);
		calc_load(rq->clock);
		if (tick_hook)
			tick_hook(curr);
	}
	balance_tick(rq);
	return next;
}

void handle_tick(struct pt_regs *regs)
{
	struct timer_base *base = this_base();
	struct rq *rq = this_rq();
	u64 next = U64_MAX;

	rq->timer_due = U64_MAX;
	rq->in_tick = true;
	rq->nr_ticks++;
	run_timers(base, arch_clock_ns());
	if (rq->curr != rq->idle)
		next = busy_tick(base, rq, regs && arch_user_mode(regs));
	next = min(next, first_deadline(base));
	rq->in_tick = false;
	timer_program(rq, next);
}

/* ---- Sleeping for a time ---- */

struct sleep_timer {
	struct ktimer timer;
	struct task_struct *task;
	bool fired;
};

static void sleep_over(struct ktimer *timer)
{
	struct sleep_timer *sleep = container_of(timer, struct sleep_timer, timer);

	WRITE_ONCE(sleep->fired, true);
	wake_up_process(sleep->task);
}

bool schedule_until(u64 deadline)
{
	struct sleep_timer sleep = {.task = current};

	if (deadline == U64_MAX) {
		schedule();
		return false;
	}
	ktimer_init(&sleep.timer, sleep_over);
	ktimer_start(&sleep.timer, deadline);
	schedule();
	ktimer_cancel(&sleep.timer);
	return sleep.fired;
}

u64 schedule_timeout(u64 timeout)
{
	u64 deadline, now;

	if (timeout == U64_MAX) {
		schedule();
		return U64_MAX;
	}
	if (check_add_overflow(arch_clock_ns(), timeout, &deadline))
		deadline = U64_MAX - 1;
	schedule_until(deadline);
	now = arch_clock_ns();
	return now < deadline ? deadline - now : 0;
}
