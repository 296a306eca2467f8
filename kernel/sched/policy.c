/* SPDX-License-Identifier: MIT */
/* What a task may ask of the scheduler: policy, priority, nice, affinity; and what fork hands down.
 */
#include "sched/rq.h"
#include "abi/errno.h"

static int normal_prio(const struct task_struct *p)
{
	return rt_policy(p->policy) ? MAX_RT_PRIO - 1 - (int)p->rt_priority : p->static_prio;
}

void sched_fork(struct task_struct *p)
{
	if (p->sched_reset_on_fork) {
		if (rt_policy(p->policy)) {
			p->policy = SCHED_NORMAL;
			p->static_prio = NICE_TO_PRIO(0);
			p->rt_priority = 0;
		} else if (p->static_prio < NICE_TO_PRIO(0)) {
			p->static_prio = NICE_TO_PRIO(0);
		}
		p->sched_reset_on_fork = false;
	}
	p->se = (struct sched_entity){.slice = SCHED_SLICE_NS, .rt_slice_left = SCHED_RR_NS};
	INIT_LIST_HEAD(&p->se.rt_list);
	fair_set_weight(p);
	p->prio = p->normal_prio = normal_prio(p);
	p->sched_contributes_to_load = false;
	p->cpu = arch_cpu_id();
	p->on_cpu = 0;
	p->wake_time = 0;
}

/* ---- Changes ---- */

struct change {
	struct rq *rq;
	struct task_struct *p;
	unsigned long flags;
	bool queued, running;
	int old_prio;
};

/* Take @p out of its class's queue, so that what places it there can change; change_end() puts it
 * back. pi_lock keeps it from being woken meanwhile. */
static struct change change_begin(struct task_struct *p)
{
	struct change c = {.p = p, .old_prio = p->prio};

	spin_lock_irqsave(&p->pi_lock, c.flags);
	c.rq = task_rq_lock(p);
	update_curr(c.rq);
	c.queued = p->se.on_rq;
	c.running = c.rq->curr == p;
	if (c.queued)
		dequeue_task(c.rq, p);
	return c;
}

static void change_end(struct change *c)
{
	struct task_struct *p = c->p;

	p->prio = p->normal_prio = normal_prio(p);
	fair_set_weight(p);
	if (c->queued)
		enqueue_task(c->rq, p, ENQUEUE_MOVE);
	if (c->queued && c->running) {
		set_next_task(c->rq, p);
		c->rq->curr_prio = p->prio;
		resched_curr(c->rq); /* others may come before it now */
	} else if (c->queued) {
		check_preempt(c->rq, p);
	}
	spin_unlock(&c->rq->lock);
	spin_unlock_irqrestore(&p->pi_lock, c->flags);
}

void set_user_nice(struct task_struct *p, int nice)
{
	struct change c;

	if (task_nice(p) == nice)
		return;
	c = change_begin(p);
	p->static_prio = NICE_TO_PRIO(nice);
	change_end(&c);
}

bool can_nice(const struct task_struct *p, int nice)
{
	unsigned long needed = 20 - nice; /* 1 (nice 19) .. 40 (nice -20) */

	return needed <= READ_ONCE(p->signal->rlim[RLIMIT_NICE].rlim_cur) || capable(CAP_SYS_NICE);
}

/* May current, without CAP_SYS_NICE, make this change? */
static int check_user_change(struct task_struct *p, int policy, unsigned int priority,
			     bool reset_on_fork)
{
	const struct cred *cred = current->cred, *pcred;
	unsigned long limit = READ_ONCE(p->signal->rlim[RLIMIT_RTPRIO].rlim_cur);
	bool same_user;

	if (rt_policy(policy)) {
		if (policy != p->policy && !limit)
			return -EPERM;
		if (priority > p->rt_priority && priority > limit)
			return -EPERM;
	}
	/* SCHED_IDLE counts as nice 20: leaving it needs the right to the task's nice value. */
	if (p->policy == SCHED_IDLE && policy != SCHED_IDLE && !can_nice(p, task_nice(p)))
		return -EPERM;
	pcred = get_task_cred(p);
	same_user = cred->euid == pcred->euid || cred->euid == pcred->uid;
	put_cred(pcred);
	if (!same_user)
		return -EPERM;
	return p->sched_reset_on_fork && !reset_on_fork ? -EPERM : 0;
}

int sched_setscheduler(struct task_struct *p, int policy, int rt_priority, bool reset_on_fork,
		       bool user)
{
	struct change c;
	int ret;

	if (!rt_policy(policy) && policy != SCHED_NORMAL && policy != SCHED_BATCH &&
	    policy != SCHED_IDLE)
		return -EINVAL;
	if (rt_priority < 0 || rt_priority > MAX_RT_PRIO - 1 ||
	    rt_policy(policy) != (rt_priority != 0))
		return -EINVAL;
	if (user && !capable(CAP_SYS_NICE)) {
		ret = check_user_change(p, policy, rt_priority, reset_on_fork);
		if (ret)
			return ret;
	}
	c = change_begin(p);
	p->sched_reset_on_fork = reset_on_fork;
	p->policy = policy;
	p->rt_priority = rt_priority;
	p->se.rt_slice_left = SCHED_RR_NS;
	change_end(&c);
	return 0;
}

int sched_setaffinity(struct task_struct *p, unsigned long mask)
{
	unsigned long flags;
	struct rq *rq;

	mask &= BIT(NR_CPUS) - 1;
	if (!(mask & READ_ONCE(sched_cpus)))
		return -EINVAL;
	spin_lock_irqsave(&p->pi_lock, flags);
	rq = task_rq_lock(p);
	p->cpus_mask = mask;
	if (!p->se.on_rq || (mask & BIT(rq->cpu))) {
		spin_unlock(&rq->lock); /* asleep: the next wake-up chooses */
	} else if (rq->curr == p) {
		resched_curr(rq); /* its schedule() moves it */
		spin_unlock(&rq->lock);
	} else {
		update_curr(rq);
		detach_task(rq, p);
		spin_unlock(&rq->lock);
		finish_move(p);
	}
	spin_unlock_irqrestore(&p->pi_lock, flags);
	if (p == current && need_resched())
		schedule();
	return 0;
}

u64 sched_rr_interval(struct task_struct *p)
{
	switch (p->policy) {
	case SCHED_FIFO:
		return 0;
	case SCHED_RR:
		return SCHED_RR_NS;
	default:
		return p->se.slice;
	}
}
