/* SPDX-License-Identifier: MIT */
/* What processes have used, and their limits: getrusage, times, RLIMIT_CPU, the CPU-time interval
 * timers. */
#include "process/process.h"
#include "process/signal.h"
#include "sched/sched.h"
#include "mm/mm.h"
#include "lib/string.h"
#include "abi/errno.h"

void thread_group_cputime(struct task_struct *p, u64 *utime, u64 *stime)
{
	struct sighand_struct *sighand = p->sighand;
	struct signal_struct *sig = p->signal;
	struct task_struct *t;
	unsigned long flags;

	if (p == current)
		account_current();
	*utime = sig->dead_threads.utime;
	*stime = sig->dead_threads.stime;
	if (!sighand) { /* released: its times are among the dead threads' */
		*utime += p->utime;
		*stime += p->stime;
		return;
	}
	spin_lock_irqsave(&sighand->siglock, flags);
	for_each_thread(p, t) {
		*utime += t->utime;
		*stime += t->stime;
	}
	spin_unlock_irqrestore(&sighand->siglock, flags);
}

static void ns_to_timeval(u64 ns, struct timeval *tv)
{
	tv->tv_sec = ns / NSEC_PER_SEC;
	tv->tv_usec = ns % NSEC_PER_SEC / 1000;
}

static void add_times(struct cpu_times *to, const struct cpu_times *from)
{
	to->utime += from->utime;
	to->stime += from->stime;
	to->nvcsw += from->nvcsw;
	to->nivcsw += from->nivcsw;
	to->min_flt += from->min_flt;
	to->maj_flt += from->maj_flt;
	to->inblock += from->inblock;
	to->oublock += from->oublock;
	to->maxrss = max(to->maxrss, from->maxrss);
}

static void add_task_times(struct cpu_times *to, struct task_struct *t)
{
	to->utime += t->utime;
	to->stime += t->stime;
	to->nvcsw += t->nvcsw;
	to->nivcsw += t->nivcsw;
	to->min_flt += t->min_flt;
	to->maj_flt += t->maj_flt;
	to->inblock += t->inblock;
	to->oublock += t->oublock;
}

void getrusage_of(struct task_struct *p, int who, struct rusage *ru)
{
	struct sighand_struct *sighand;
	struct cpu_times sum;
	struct task_struct *t;
	struct mm_struct *mm;
	unsigned long flags = 0;

	if (p == current)
		account_current();
	memset(&sum, 0, sizeof(sum));
	if (p != current)
		spin_lock(&tasklist_lock); /* another waiter may release it now */
	sighand = p->sighand;
	if (sighand)
		spin_lock_irqsave(&sighand->siglock, flags);
	if (who == RUSAGE_THREAD) {
		add_task_times(&sum, p);
		sum.maxrss = p->signal->dead_threads.maxrss;
	}
	if (who == RUSAGE_CHILDREN || who == RUSAGE_BOTH)
		add_times(&sum, &p->signal->children);
	if (who == RUSAGE_SELF || who == RUSAGE_BOTH) {
		add_times(&sum, &p->signal->dead_threads);
		if (sighand)
			for_each_thread(p, t)
				add_task_times(&sum, t);
	}
	if (sighand)
		spin_unlock_irqrestore(&sighand->siglock, flags);
	if (p != current)
		spin_unlock(&tasklist_lock);
	if (who != RUSAGE_CHILDREN) {
		mm = get_task_mm(p);
		if (mm) {
			sum.maxrss = max(sum.maxrss, max(mm->hiwater_rss, get_mm_rss(mm)));
			mmput(mm);
		}
	}
	memset(ru, 0, sizeof(*ru));
	ns_to_timeval(sum.utime, &ru->ru_utime);
	ns_to_timeval(sum.stime, &ru->ru_stime);
	ru->ru_maxrss = sum.maxrss * (PAGE_SIZE / 1024);
	ru->ru_minflt = sum.min_flt;
	ru->ru_majflt = sum.maj_flt;
	ru->ru_inblock = sum.inblock;
	ru->ru_oublock = sum.oublock;
	ru->ru_nvcsw = sum.nvcsw;
	ru->ru_nivcsw = sum.nivcsw;
}

unsigned long task_rlimit(struct task_struct *task, unsigned int limit)
{
	return READ_ONCE(task->signal->rlim[limit].rlim_cur);
}

int do_prlimit(struct task_struct *task, unsigned int resource, const struct rlimit *new, struct rlimit *old)
{
	struct task_struct *leader = task->group_leader;
	struct rlimit *rlim;
	int ret = 0;

	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (new && new->rlim_cur > new->rlim_max)
		return -EINVAL;
	if (new && resource == RLIMIT_NOFILE && new->rlim_max > 1048576)
		return -EPERM;
	rlim = &task->signal->rlim[resource];
	task_lock(leader);
	if (new && new->rlim_max > rlim->rlim_max && !capable(CAP_SYS_RESOURCE))
		ret = -EPERM;
	if (!ret) {
		if (old)
			*old = *rlim;
		if (new)
			*rlim = *new;
	}
	task_unlock(leader);
	return ret;
}

/* One of the two CPU-time interval timers has run out: signal, and reload. siglock held. */
static void check_cpu_timer(struct task_struct *p, int which, int sig, u64 used)
{
	struct signal_struct *s = p->signal;

	if (!s->it_value[which] || used < s->it_value[which])
		return;
	s->it_value[which] = s->it_incr[which] ? used + s->it_incr[which] : 0;
	send_signal_locked(sig, SEND_SIG_PRIV, p, true);
}

/* RLIMIT_CPU: SIGXCPU at the soft limit and each second after it, SIGKILL at the hard one. siglock
 * held. */
static void check_cpu_rlimit(struct task_struct *p, u64 used)
{
	struct rlimit *rlim = &p->signal->rlim[RLIMIT_CPU];
	u64 seconds = used / NSEC_PER_SEC;

	if (seconds >= rlim->rlim_max) {
		send_signal_locked(SIGKILL, SEND_SIG_PRIV, p, true);
		return;
	}
	if (seconds >= rlim->rlim_cur) {
		send_signal_locked(SIGXCPU, SEND_SIG_PRIV, p, true);
		rlim->rlim_cur = seconds + 1;
	}
}

void check_cpu_limits(struct task_struct *p)
{
	struct signal_struct *s = p->signal;
	struct task_struct *t;
	u64 utime, stime;

	if (!p->sighand || (p->flags & (PF_EXITING | PF_KTHREAD)))
		return;
	if (!s->it_value[0] && !s->it_value[1] && s->rlim[RLIMIT_CPU].rlim_cur == RLIM_INFINITY)
		return;
	spin_lock(&p->sighand->siglock); /* from the tick: interrupts are off */
	utime = s->dead_threads.utime;
	stime = s->dead_threads.stime;
	for_each_thread(p, t) {
		utime += t->utime;
		stime += t->stime;
	}
	check_cpu_timer(p, 0, SIGVTALRM, utime);
	check_cpu_timer(p, 1, SIGPROF, utime + stime);
	if (s->rlim[RLIMIT_CPU].rlim_cur != RLIM_INFINITY)
		check_cpu_rlimit(p, utime + stime);
	spin_unlock(&p->sighand->siglock);
}
