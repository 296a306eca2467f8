/* SPDX-License-Identifier: MIT */
/*
 * The scheduler's core: going to sleep, waking up, switching.
 *
 * The life of a sleep, and why no wake-up is lost:
 *
 *	sleeper						waker
 *	state = TASK_INTERRUPTIBLE, full barrier	condition = true
 *	condition? no					pi_lock (full barrier), state?
 *	schedule(): rq->lock				on_rq? yes: rq->lock, still on_rq:
 *	  state still not TASK_RUNNING:			  state = TASK_RUNNING, done
 *	  on_rq = 0					no: wait for on_cpu = 0 (acquire),
 *	  switch to next				choose a CPU, its rq->lock, enqueue,
 *	next task: on_cpu = 0 (release), unlock		  state = TASK_RUNNING
 *
 * on_cpu says that the task's registers are still in a CPU: it is set under rq->lock before the
 * switch to it, and cleared by the next task after the switch from it. So a waker never makes a
 * task run whose stack is in use.
 *
 * A late waker may also hit a task that has woken for another reason and sleeps again elsewhere:
 * every sleep is a loop that looks at its condition. States for which this would not do are set by
 * set_special_state().
 */
#include "sched/fair.h"
#include "base/trace.h"
#include "lib/bitops.h"

struct rq runqueues[NR_CPUS];
struct wake_hold wake_holds[NR_CPUS];
unsigned long sched_cpus;
unsigned long idle_cpus;
bool sched_smp;
void (*mm_grab_lazy)(struct mm_struct *mm);
void (*mm_drop_lazy)(struct mm_struct *mm);
static atomic64_t forks;

struct rq *task_rq_lock(struct task_struct *p)
{
	struct rq *rq;

	for (;;) {
		rq = cpu_rq(READ_ONCE(p->cpu));
		spin_lock(&rq->lock);
		if (likely(rq->cpu == p->cpu && p->se.on_rq != TASK_ON_RQ_MIGRATING))
			return rq;
		spin_unlock(&rq->lock);
		arch_cpu_relax();
	}
}

bool task_curr(const struct task_struct *p)
{
	return READ_ONCE(p->on_cpu) && READ_ONCE(cpu_rq(READ_ONCE(p->cpu))->curr) == p;
}

/* ---- Queueing ---- */

/* The functions that every switch and wake-up runs are inlined there; other files call the plain
 * ones. */
static __always_inline void __update_curr(struct rq *rq)
{
	struct task_struct *curr = rq->curr;
	u64 now = arch_clock_ns();
	s64 delta = now - rq->clock;

	if (unlikely(delta < 0)) /* stamped by another CPU, whose clock is a little ahead */
		return;
	rq->clock = now;
	if (curr == rq->idle) {
		rq->idle_ns += delta;
		return;
	}
	rq->busy_ns += delta;
	curr->se.sum_exec_runtime += delta;
	if (unlikely(rt_task(curr)))
		rt_update(rq, curr, delta);
	else
		fair_update(rq, curr, delta);
}

void update_curr(struct rq *rq)
{
	__update_curr(rq);
}

static __always_inline void __enqueue_task(struct rq *rq, struct task_struct *p, enum enqueue why)
{
	if (unlikely(rt_task(p)))
		rt_enqueue(rq, p);
	else
		fair_enqueue(rq, p, why);
	rq->nr_running++;
}

void enqueue_task(struct rq *rq, struct task_struct *p, enum enqueue why)
{
	__enqueue_task(rq, p, why);
}

static __always_inline void __dequeue_task(struct rq *rq, struct task_struct *p)
{
	if (unlikely(rt_task(p)))
		rt_dequeue(rq, p);
	else
		fair_dequeue(rq, p);
	rq->nr_running--;
}

void dequeue_task(struct rq *rq, struct task_struct *p)
{
	__dequeue_task(rq, p);
}

static __always_inline void __activate_task(struct rq *rq, struct task_struct *p, enum enqueue why)
{
	if (unlikely(p->sched_contributes_to_load)) {
		p->sched_contributes_to_load = false;
		rq->nr_uninterruptible--;
	}
	__enqueue_task(rq, p, why);
	WRITE_ONCE(p->se.on_rq, TASK_ON_RQ_QUEUED);
}

void activate_task(struct rq *rq, struct task_struct *p, enum enqueue why)
{
	__activate_task(rq, p, why);
}

void detach_task(struct rq *rq, struct task_struct *p)
{
	/* Never through 0, even for a moment: a waker would take it for asleep. */
	WRITE_ONCE(p->se.on_rq, TASK_ON_RQ_MIGRATING);
	dequeue_task(rq, p);
}

void attach_task(struct rq *rq, struct task_struct *p)
{
	p->cpu = rq->cpu;
	activate_task(rq, p, ENQUEUE_MOVE);
	check_preempt(rq, p);
}

void set_next_task(struct rq *rq, struct task_struct *p)
{
	if (rt_task(p))
		rt_set_next(rq, p);
	else
		fair_switch(rq, p);
}

bool flag_resched(struct rq *rq)
{
	struct task_struct *curr = rq->curr;

	if (test_task_work(curr, TIF_NEED_RESCHED))
		return false;
	set_task_work(curr, TIF_NEED_RESCHED);
	if (rq->cpu == arch_cpu_id())
		return false;
	/* The flag is set before polling is read (a locked instruction is a full barrier); the idle
	 * loop clears polling before it reads the flag a last time: one of the two sees the other.
	 */
	smp_mb__after_atomic();
	return !READ_ONCE(rq->polling);
}

void resched_curr(struct rq *rq)
{
	if (flag_resched(rq))
		arch_send_reschedule(rq->cpu);
}

/* True: rq's CPU is to be interrupted. */
static __always_inline bool __check_preempt(struct rq *rq, struct task_struct *p)
{
	struct task_struct *curr = rq->curr;

	if (unlikely(curr == rq->idle || rt_task(p) || rt_task(curr))) {
		if (curr == rq->idle || p->prio < curr->prio)
			return flag_resched(rq);
	} else if (fair_preempts(rq, p, curr)) {
		return flag_resched(rq);
	} else if (rq->cpu == arch_cpu_id()) {
		timer_need(rq, rq->clock + fair_slice_left(curr));
	}
	return false;
}

void check_preempt(struct rq *rq, struct task_struct *p)
{
	if (__check_preempt(rq, p))
		arch_send_reschedule(rq->cpu);
}

void finish_move(struct task_struct *p)
{
	struct rq *rq = cpu_rq(select_task_rq(p, ENQUEUE_MOVE));

	spin_lock(&rq->lock);
	update_curr(rq);
	attach_task(rq, p);
	spin_unlock(&rq->lock);
}

/* ---- Waking ---- */

/*
 * A halted CPU is interrupted after the locks are released that the task it runs then will want.
 * The machine under this kernel may run the CPU that wakes up instead of the one that woke it: it
 * would spin for a lock whose holder does not run, milliseconds long.
 */
void wake_kick_cpu(unsigned int cpu)
{
	struct wake_hold *hold = &wake_holds[arch_cpu_id()];
	u64 before;

	if (hold->depth) {
		hold->kicks |= BIT(cpu);
		return;
	}
	before = arch_clock_ns();
	arch_send_reschedule(cpu);
	/* Nor does what that takes say anything about current. */
	if (current->se.wakeup_at)
		current->se.wakeup_at += arch_clock_ns() - before;
}

void wake_kick_held(struct wake_hold *hold)
{
	unsigned long flags = arch_irq_save(), cpus = hold->kicks;

	hold->kicks = 0;
	for (; cpus; cpus &= cpus - 1)
		wake_kick_cpu(__ffs(cpus));
	arch_irq_restore(flags);
}

/* Queue @p, whose context is saved, on a CPU. pi_lock held. Returns what wake_kick() is to get:
 * from here on @p may be moved. */
static __always_inline unsigned int queue_woken(struct task_struct *p, enum enqueue why)
{
	unsigned int woken = 1;
	struct rq *rq;

	if (READ_ONCE(sched_smp))
		p->cpu = select_task_rq(p, why);
	rq = cpu_rq(p->cpu);
	spin_lock(&rq->lock);
	__update_curr(rq);
	__activate_task(rq, p, why);
	p->wake_time = rq->clock;
	handover_begin(rq, current);
	WRITE_ONCE(p->state, TASK_RUNNING);
	if (unlikely(__check_preempt(rq, p)))
		woken = WOKEN_KICK + rq->cpu;
	trace(TRACE_WAKEUP, current->pid, p->pid, rq->cpu);
	spin_unlock(&rq->lock);
	return woken;
}

/* @p has not left its queue yet: it need only stay. False if it has. pi_lock held. */
static bool wake_queued(struct task_struct *p)
{
	struct rq *rq = task_rq_lock(p);
	bool queued = p->se.on_rq;

	if (queued)
		WRITE_ONCE(p->state, TASK_RUNNING);
	spin_unlock(&rq->lock);
	return queued;
}

unsigned int try_to_wake_up_irq(struct task_struct *p, unsigned int mode)
{
	unsigned int wake;

	/* Taking the lock is a locked exchange: the caller's condition is written before the state
	 * is read. */
	spin_lock(&p->pi_lock);
	wake = (READ_ONCE(p->state) & mode) != 0;
	if (!wake)
		goto out;
	if (p == current) { /* an interrupt between its setting the state and schedule() */
		WRITE_ONCE(p->state, TASK_RUNNING);
		goto out;
	}
	smp_rmb(); /* the state is of this sleep: so is what is read below */
	if (unlikely(READ_ONCE(p->se.on_rq)) && wake_queued(p))
		goto out;
	smp_rmb(); /* on_cpu was set before on_rq was cleared */
	while (unlikely(smp_load_acquire(&p->on_cpu)))
		arch_cpu_relax();
	wake = queue_woken(p, ENQUEUE_WAKEUP);
out:
	spin_unlock(&p->pi_lock);
	return wake;
}

bool try_to_wake_up(struct task_struct *p, unsigned int mode)
{
	unsigned long flags = arch_irq_save();
	unsigned int wake = try_to_wake_up_irq(p, mode);

	wake_kick(wake);
	arch_irq_restore(flags);
	return wake;
}

bool wake_up_process(struct task_struct *p)
{
	return try_to_wake_up(p, TASK_NORMAL);
}

bool wake_up_state(struct task_struct *p, unsigned int mode)
{
	return try_to_wake_up(p, mode);
}

void wake_up_new_task(struct task_struct *p)
{
	unsigned long flags = arch_irq_save();
	unsigned int woken;

	atomic64_inc(&forks);
	spin_lock(&p->pi_lock);
	woken = queue_woken(p, ENQUEUE_NEW);
	spin_unlock(&p->pi_lock);
	wake_kick(woken);
	arch_irq_restore(flags);
}

u64 nr_forks(void)
{
	return atomic64_read(&forks);
}

void set_special_state(unsigned int state)
{
	unsigned long flags;

	spin_lock_irqsave(&current->pi_lock, flags);
	WRITE_ONCE(current->state, state);
	spin_unlock_irqrestore(&current->pi_lock, flags);
}

void kick_process(struct task_struct *p)
{
	unsigned int cpu = READ_ONCE(p->cpu);

	if (cpu != arch_cpu_id() && task_curr(p))
		arch_send_reschedule(cpu);
}

/* ---- Switching ---- */

/*
 * The new task's first steps, on its stack, after a switch from @prev. rq->lock is still held, by
 * the CPU; interrupts are off.
 */
static __always_inline void finish_task_switch(struct task_struct *prev)
{
	struct rq *rq = this_rq();
	struct mm_struct *mm = rq->prev_mm;
	bool dead = READ_ONCE(prev->state) == TASK_DEAD;
	bool moving = prev->se.on_rq == TASK_ON_RQ_MIGRATING;

	rq->prev_mm = NULL;
	/* Its registers are saved: from here on wakers may let it run elsewhere. Pairs with the
	 * acquire in try_to_wake_up(). Unless dead or moving, it must not be touched any more. */
	smp_store_release(&prev->on_cpu, 0);
	spin_unlock(&rq->lock);
	if (unlikely(moving))
		finish_move(prev);
	arch_irq_enable();
	if (mm)
		mm_drop_lazy(mm);
	if (unlikely(dead))
		release_dead_task(prev);
}

/*
 * A task without an mm runs on the one loaded (lazy TLB): it borrows prev's, by a reference if prev
 * is its user, else by taking over prev's borrowed one. The reference is dropped after the switch
 * to a task with an mm.
 */
static inline void switch_address_space(struct rq *rq, struct task_struct *prev,
					struct task_struct *next)
{
	if (!next->mm) {
		next->active_mm = prev->active_mm;
		if (prev->mm)
			mm_grab_lazy(prev->mm);
		else
			prev->active_mm = NULL;
		return;
	}
	/* Between threads of one mm this CPU has not left it: only lazy CPUs may be made to. */
	if (prev->mm != next->mm)
		arch_switch_mm(prev->active_mm, next->mm);
	if (!prev->mm) {
		rq->prev_mm = prev->active_mm;
		prev->active_mm = NULL;
	}
}

static __always_inline void context_switch(struct rq *rq, struct task_struct *prev,
					   struct task_struct *next)
{
	trace(TRACE_SWITCH, prev->pid, next->pid, prev->state);
	rq->nr_switches++;
	WRITE_ONCE(rq->curr, next);
	WRITE_ONCE(rq->curr_prio, next == rq->idle ? MAX_PRIO : next->prio);
	WRITE_ONCE(next->on_cpu, 1);
	if (unlikely(prev == rq->idle)) {
		clear_bit(rq->cpu, &idle_cpus);
		timer_tick_start(rq->clock);
	} else if (unlikely(next == rq->idle)) {
		set_bit(rq->cpu, &idle_cpus);
	}
	switch_address_space(rq, prev, next);
	prev = arch_switch_to(prev, next);
	barrier();
	finish_task_switch(prev);
}

static __always_inline struct task_struct *pick_next_task(struct rq *rq)
{
	struct task_struct *next = NULL;

	if (unlikely(READ_ONCE(rt_overloaded)) && !rq->rt.nr_running)
		balance_rt(rq);
	if (unlikely(!rq->nr_running)) {
		balance_newidle(rq);
		if (!rq->nr_running)
			return rq->idle;
	}
	if (unlikely(rq->rt.nr_running))
		next = rt_pick(rq);
	if (unlikely(next)) {
		fair_switch(rq, NULL);
		rt_set_next(rq, next);
		return next;
	}
	next = fair_pick(rq);
	fair_switch(rq, next);
	return next;
}

/* @prev's state is not TASK_RUNNING: take it off its queue. */
static __always_inline void put_to_sleep(struct rq *rq, struct task_struct *prev,
					 unsigned int state)
{
	BUG_ON(prev == rq->idle);
	__dequeue_task(rq, prev);
	WRITE_ONCE(prev->se.on_rq, 0);
	prev->se.sleep_start = rq->clock;
	prev->nvcsw++;
	if (state & TASK_UNINTERRUPTIBLE) {
		prev->sched_contributes_to_load = true;
		rq->nr_uninterruptible++;
	}
	if (prev->se.wakeup_at)
		handover_learn(prev);
}

/* @preempt: not the task's own wish: it stays runnable, whatever its state. */
static void __schedule(bool preempt)
{
	struct task_struct *prev = current, *next;
	unsigned int state;
	struct rq *rq;

	arch_irq_disable();
	rq = this_rq();
	spin_lock(&rq->lock);
	__update_curr(rq);
	if (unlikely(test_task_work(prev, TIF_NEED_RESCHED)))
		clear_task_work(prev, TIF_NEED_RESCHED);

	/* Under rq->lock no waker can be between its look at on_rq and its store of TASK_RUNNING.
	 */
	state = READ_ONCE(prev->state);
	if (state != TASK_RUNNING && !preempt) {
		if (unlikely(signal_pending_state(state, prev))) {
			WRITE_ONCE(prev->state, TASK_RUNNING);
			state = TASK_RUNNING;
		} else {
			put_to_sleep(rq, prev, state);
		}
	}
	if (prev->se.on_rq) {
		if (unlikely(!(prev->cpus_mask & BIT(rq->cpu)))) {
			detach_task(rq, prev); /* finish_task_switch() moves it */
		} else if (unlikely(rt_task(prev))) {
			rt_put_prev(rq,
				    prev); /* a fair one stays fair.curr while the next is picked */
		}
	}

	next = pick_next_task(rq);
	if (unlikely(next == prev)) {
		spin_unlock_irq(&rq->lock);
		return;
	}
	if (prev->se.on_rq) {
		prev->nivcsw++;
		if (prev->se.wakeup_at) { /* by the task it woke: it is not to be moved at once */
			prev->wake_time = rq->clock;
			prev->se.giving_way = true;
		}
	}
	if (rq->nr_running > 1 && !rt_task(next))
		timer_need(rq, rq->clock + fair_slice_left(next));
	context_switch(rq, prev, next);
}

void schedule(void)
{
	if (QUIRE_DEBUG) {
		lock_check_may_sleep();
		BUG_ON(wake_holds[arch_cpu_id()].depth);
	}
	do {
		__schedule(false);
	} while (unlikely(need_resched()));
}

void cond_resched(void)
{
	if (QUIRE_DEBUG)
		lock_check_may_sleep();
	if (unlikely(need_resched()))
		__schedule(true);
}

void sched_yield_current(void)
{
	struct rq *rq;

	arch_irq_disable();
	rq = this_rq();
	spin_lock(&rq->lock);
	update_curr(rq);
	if (rt_task(current))
		rt_yield(rq, current);
	else
		fair_yield(rq, current);
	spin_unlock(&rq->lock);
	schedule();
}

void schedule_tail(struct task_struct *prev)
{
	finish_task_switch(prev);
	if (current->set_child_tid) {
		pid_t pid = current->pid;

		/* As in Linux, a bad address is the program's own trouble. */
		(void)arch_copy_to_user(current->set_child_tid, &pid, sizeof(pid));
	}
}

void sched_exit_final(void)
{
	if (QUIRE_DEBUG)
		lock_check_may_sleep();
	set_special_state(TASK_DEAD);
	__schedule(false);
	BUG();
}

void wait_task_inactive(struct task_struct *p)
{
	unsigned long flags;
	struct rq *rq;
	bool active;

	for (;;) {
		flags = arch_irq_save();
		rq = task_rq_lock(p);
		active = p->se.on_rq || READ_ONCE(p->on_cpu);
		spin_unlock_irqrestore(&rq->lock, flags);
		if (!active)
			break;
		__set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(50 * NSEC_PER_USEC);
	}
	/* Everything @p did before it left is seen: its on_cpu store is a release. */
	smp_rmb();
}

/* ---- Boot ---- */

void sched_init(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		struct rq *rq = cpu_rq(cpu);

		spin_lock_init(&rq->lock, "rq", RANK_RUNQUEUE);
		rq->cpu = cpu;
		rq->curr_prio = MAX_PRIO;
		fair_init(&rq->fair);
		rt_init(&rq->rt);
	}
	timers_init();
	sched_show_init();
	runqueues[0].clock = arch_clock_ns();
	runqueues[0].curr = runqueues[0].idle = &init_task;
	sched_cpus = idle_cpus = BIT(0);
}
