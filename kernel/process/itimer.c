/* SPDX-License-Identifier: MIT */
/* Interval timers (setitimer, alarm) and POSIX timers (timer_create). */
#include "process/process.h"
#include "process/signal.h"
#include "process/itimer.h"
#include "sched/sched.h"
#include "mm/uaccess.h"
#include "page/slab.h"
#include "lib/string.h"
#include "abi/errno.h"

/* What does not fit is as good as for ever: TIME_MAX added twice to the clock still does not
 * overflow. */
#define TIME_MAX (U64_MAX / 4)

static u64 seconds_to_ns(u64 sec, u64 ns)
{
	return sec >= TIME_MAX / NSEC_PER_SEC ? TIME_MAX : sec * NSEC_PER_SEC + ns;
}

static u64 timeval_to_ns(const struct timeval *tv)
{
	return seconds_to_ns(tv->tv_sec, tv->tv_usec * 1000ull);
}

static void ns_to_timeval(u64 ns, struct timeval *tv)
{
	tv->tv_sec = ns / NSEC_PER_SEC;
	tv->tv_usec = ns % NSEC_PER_SEC / 1000;
}

/* ---- ITIMER_REAL
 * ------------------------------------------------------------------------------------ */

/* Interrupts off. The process lives: exit and exec cancel the timer before its sighand goes. */
void itimer_real_expired(struct ktimer *timer)
{
	struct signal_struct *sig = container_of(timer, struct signal_struct, real_timer);
	struct task_struct *leader = sig->leader;

	spin_lock(&leader->sighand->siglock);
	send_signal_locked(SIGALRM, SEND_SIG_PRIV, leader, true);
	if (sig->it_real_incr) {
		sig->it_real_value += sig->it_real_incr;
		if (sig->it_real_value <= ktime_get()) /* far behind: no burst of signals */
			sig->it_real_value = ktime_get() + sig->it_real_incr;
		ktimer_start(timer, sig->it_real_value);
	} else {
		sig->it_real_value = 0;
	}
	spin_unlock(&leader->sighand->siglock);
}

static void set_real_timer(u64 value, u64 incr, u64 *old_value, u64 *old_incr)
{
	struct signal_struct *sig = current->signal;
	u64 now;

	/* The callback takes siglock: cancel first, then change. */
	(void)ktimer_cancel(&sig->real_timer);
	spin_lock_irq(&current->sighand->siglock);
	now = ktime_get();
	*old_value = sig->it_real_value ? (sig->it_real_value > now ? sig->it_real_value - now : 1000) : 0;
	*old_incr = sig->it_real_incr;
	sig->it_real_incr = incr;
	sig->it_real_value = value ? now + value : 0;
	if (value)
		ktimer_start(&sig->real_timer, sig->it_real_value);
	spin_unlock_irq(&current->sighand->siglock);
}

/* ITIMER_VIRTUAL (0) and ITIMER_PROF (1) of it_value[]: absolute CPU time. */
static void set_cpu_timer(int which, u64 value, u64 incr, u64 *old_value, u64 *old_incr)
{
	struct signal_struct *sig = current->signal;
	u64 utime, stime, used;

	thread_group_cputime(current, &utime, &stime);
	used = which ? utime + stime : utime;
	spin_lock_irq(&current->sighand->siglock);
	*old_value = sig->it_value[which] ? (sig->it_value[which] > used ? sig->it_value[which] - used : 1000) : 0;
	*old_incr = sig->it_incr[which];
	sig->it_value[which] = value ? used + value : 0;
	sig->it_incr[which] = incr;
	spin_unlock_irq(&current->sighand->siglock);
}

static bool timeval_valid(const struct timeval *tv)
{
	return tv->tv_sec >= 0 && tv->tv_usec >= 0 && tv->tv_usec < 1000000;
}

long ksys_setitimer(int which, const struct itimerval __user *unew, struct itimerval __user *uold)
{
	struct itimerval new = {}, old;
	u64 value, incr;

	if (unew && copy_from_user(&new, unew, sizeof(new)))
		return -EFAULT;
	if (!timeval_valid(&new.it_value) || !timeval_valid(&new.it_interval))
		return -EINVAL;
	if (which == ITIMER_REAL)
		set_real_timer(timeval_to_ns(&new.it_value), timeval_to_ns(&new.it_interval), &value, &incr);
	else if (which == ITIMER_VIRTUAL || which == ITIMER_PROF)
		set_cpu_timer(which == ITIMER_PROF, timeval_to_ns(&new.it_value), timeval_to_ns(&new.it_interval),
			      &value, &incr);
	else
		return -EINVAL;
	ns_to_timeval(value, &old.it_value);
	ns_to_timeval(incr, &old.it_interval);
	return uold && copy_to_user(uold, &old, sizeof(old)) ? -EFAULT : 0;
}

long ksys_getitimer(int which, struct itimerval __user *uvalue)
{
	struct signal_struct *sig = current->signal;
	struct itimerval it;
	u64 utime, stime, used, value, incr;

	if (which == ITIMER_REAL) {
		spin_lock_irq(&current->sighand->siglock);
		used = ktime_get();
		value = sig->it_real_value;
		incr = sig->it_real_incr;
		spin_unlock_irq(&current->sighand->siglock);
	} else if (which == ITIMER_VIRTUAL || which == ITIMER_PROF) {
		int i = which == ITIMER_PROF;

		thread_group_cputime(current, &utime, &stime);
		used = i ? utime + stime : utime;
		value = sig->it_value[i];
		incr = sig->it_incr[i];
	} else {
		return -EINVAL;
	}
	ns_to_timeval(value ? (value > used ? value - used : 1000) : 0, &it.it_value);
	ns_to_timeval(incr, &it.it_interval);
	return copy_to_user(uvalue, &it, sizeof(it)) ? -EFAULT : 0;
}

unsigned int ksys_alarm(unsigned int seconds)
{
	u64 value, incr;

	set_real_timer(seconds * NSEC_PER_SEC, 0, &value, &incr);
	return (value + NSEC_PER_SEC / 2) / NSEC_PER_SEC ?: (value ? 1 : 0);
}

/* ---- POSIX timers
 * ----------------------------------------------------------------------------------- */

/* All fields under the siglock of the process; the timer's callback takes it. */
struct posix_timer {
	struct list_head list; /* signal->posix_timers */
	int id;
	int clock;
	int notify, signo;
	sigval_t value;
	struct task_struct *target; /* SIGEV_THREAD_ID: a reference; else NULL */
	struct signal_struct *signal;
	struct ktimer timer;
	u64 expires, interval; /* ns; 0: disarmed */
	int overrun; /* expiries beyond the one that queued the last signal */
};

/* The entry of @pt's signal that is still queued, or NULL. siglock held. */
static struct sigqueue *queued_signal(struct sigpending *pending, const struct posix_timer *pt)
{
	struct sigqueue *q;

	if (!(pending->signal & sigmask(pt->signo)))
		return NULL;
	list_for_each_entry(q, &pending->list, list)
		if (q->info.si_signo == pt->signo && q->info.si_code == SI_TIMER &&
		    q->info.si_tid == pt->id)
			return q;
	return NULL;
}

/* @pt ran out @times times. It has one signal queued at most: what comes before that is delivered
 * is counted as its overrun (timer_getoverrun(2)). siglock held. */
static void notify_expiry(struct posix_timer *pt, struct task_struct *target, int times)
{
	struct sigpending *pending = pt->target ? &target->pending : &pt->signal->shared_pending;
	struct sigqueue *q = queued_signal(pending, pt);
	struct siginfo info;

	if (q) {
		pt->overrun += times;
		q->info.si_overrun = pt->overrun;
		return;
	}
	pt->overrun = times - 1;
	memset(&info, 0, sizeof(info));
	info.si_signo = pt->signo;
	info.si_code = SI_TIMER;
	info.si_tid = pt->id;
	info.si_overrun = pt->overrun;
	info._sifields._timer._sigval = pt->value;
	send_signal_locked(pt->signo, &info, target, !pt->target);
}

static void posix_timer_expired(struct ktimer *timer)
{
	struct posix_timer *pt = container_of(timer, struct posix_timer, timer);
	struct task_struct *leader = pt->signal->leader;
	struct task_struct *target = pt->target ?: leader;
	u64 now, times = 1;

	spin_lock(&leader->sighand->siglock);
	if (pt->interval) {
		now = ktime_get();
		if (now > pt->expires)
			times += (now - pt->expires) / pt->interval;
		pt->expires += times * pt->interval;
		ktimer_start(timer, pt->expires);
	} else {
		pt->expires = 0;
	}
	/* A thread that has ended (siglock: it has no sighand any more) gets nothing. */
	if (pt->notify != SIGEV_NONE && target->sighand)
		notify_expiry(pt, target, min(times, (u64)S32_MAX));
	spin_unlock(&leader->sighand->siglock);
}

/* siglock held. */
static struct posix_timer *find_timer(int id)
{
	struct posix_timer *pt;

	list_for_each_entry(pt, &current->signal->posix_timers, list)
		if (pt->id == id)
			return pt;
	return NULL;
}

static int timer_target(const struct sigevent *ev, struct posix_timer *pt)
{
	struct task_struct *t;

	switch (ev->sigev_notify) {
	case SIGEV_NONE:
		return 0;
	case SIGEV_SIGNAL:
		break;
	case SIGEV_SIGNAL | SIGEV_THREAD_ID:
		t = find_get_task(ev->sigev_notify_thread_id);
		if (!t || t->tgid != current->tgid) {
			if (t)
				put_task_struct(t);
			return -EINVAL;
		}
		pt->target = t;
		break;
	default:
		return -EINVAL;
	}
	return ev->sigev_signo < 1 || ev->sigev_signo > _NSIG ? -EINVAL : 0;
}

static void free_timer(struct posix_timer *pt)
{
	if (pt->target)
		put_task_struct(pt->target);
	kfree(pt);
}

long ksys_timer_create(int clock, const struct sigevent __user *uev, int __user *uid)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct posix_timer *pt;
	int ret;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
		return clock < 0 || clock > CLOCK_TAI ? -EINVAL : -EOPNOTSUPP;
	if (uev && copy_from_user(&ev, uev, sizeof(ev)))
		return -EFAULT;
	pt = kzalloc(sizeof(*pt), GFP_KERNEL);
	if (!pt)
		return -EAGAIN;
	ret = timer_target(&ev, pt);
	if (ret)
		goto bad;
	pt->clock = clock;
	pt->notify = ev.sigev_notify;
	pt->signo = ev.sigev_signo;
	pt->signal = current->signal;
	ktimer_init(&pt->timer, posix_timer_expired);
	spin_lock_irq(&current->sighand->siglock);
	pt->id = current->signal->next_posix_timer_id++;
	pt->value = ev.sigev_value;
	if (!uev)
		pt->value.sival_int = pt->id;
	list_add_tail(&pt->list, &current->signal->posix_timers);
	spin_unlock_irq(&current->sighand->siglock);
	if (!put_user(pt->id, uid))
		return 0;
	ret = -EFAULT;
	spin_lock_irq(&current->sighand->siglock);
	list_del(&pt->list);
	spin_unlock_irq(&current->sighand->siglock);
bad:
	free_timer(pt);
	return ret;
}

static void timer_remaining(struct posix_timer *pt, struct itimerspec *it)
{
	u64 now = ktime_get(), left = 0;

	if (pt->expires)
		left = pt->expires > now ? pt->expires - now : 1;
	it->it_value.tv_sec = left / NSEC_PER_SEC;
	it->it_value.tv_nsec = left % NSEC_PER_SEC;
	it->it_interval.tv_sec = pt->interval / NSEC_PER_SEC;
	it->it_interval.tv_nsec = pt->interval % NSEC_PER_SEC;
}

static bool timespec_valid(const struct timespec *ts)
{
	return ts->tv_sec >= 0 && (unsigned long)ts->tv_nsec < NSEC_PER_SEC;
}

long ksys_timer_settime(int id, int flags, const struct itimerspec __user *unew, struct itimerspec __user *uold)
{
	struct itimerspec new, old;
	struct posix_timer *pt;
	u64 value, now;

	if (copy_from_user(&new, unew, sizeof(new)))
		return -EFAULT;
	if (!timespec_valid(&new.it_value) || !timespec_valid(&new.it_interval))
		return -EINVAL;
retry:
	spin_lock_irq(&current->sighand->siglock);
	pt = find_timer(id);
	if (!pt) {
		spin_unlock_irq(&current->sighand->siglock);
		return -EINVAL;
	}
	if (ktimer_try_cancel(&pt->timer) < 0) { /* its callback wants siglock */
		spin_unlock_irq(&current->sighand->siglock);
		arch_cpu_relax();
		goto retry;
	}
	timer_remaining(pt, &old);
	value = seconds_to_ns(new.it_value.tv_sec, new.it_value.tv_nsec);
	now = ktime_get();
	pt->interval = seconds_to_ns(new.it_interval.tv_sec, new.it_interval.tv_nsec);
	pt->overrun = 0;
	pt->expires = 0;
	if (value) {
		if (!(flags & TIMER_ABSTIME))
			pt->expires = now + value;
		else if (pt->clock == CLOCK_REALTIME)
			pt->expires = now + value - min(value, ktime_get_real()) + 1;
		else
			pt->expires = value;
		ktimer_start(&pt->timer, pt->expires);
	}
	spin_unlock_irq(&current->sighand->siglock);
	return uold && copy_to_user(uold, &old, sizeof(old)) ? -EFAULT : 0;
}

long ksys_timer_gettime(int id, struct itimerspec __user *uvalue)
{
	struct posix_timer *pt;
	struct itimerspec it;

	spin_lock_irq(&current->sighand->siglock);
	pt = find_timer(id);
	if (pt)
		timer_remaining(pt, &it);
	spin_unlock_irq(&current->sighand->siglock);
	if (!pt)
		return -EINVAL;
	return copy_to_user(uvalue, &it, sizeof(it)) ? -EFAULT : 0;
}

long ksys_timer_getoverrun(int id)
{
	struct posix_timer *pt;
	long ret = -EINVAL;

	spin_lock_irq(&current->sighand->siglock);
	pt = find_timer(id);
	if (pt)
		ret = pt->overrun;
	spin_unlock_irq(&current->sighand->siglock);
	return ret;
}

long ksys_timer_delete(int id)
{
	struct posix_timer *pt;

	spin_lock_irq(&current->sighand->siglock);
	pt = find_timer(id);
	if (pt)
		list_del(&pt->list);
	spin_unlock_irq(&current->sighand->siglock);
	if (!pt)
		return -EINVAL;
	ktimer_cancel(&pt->timer);
	free_timer(pt);
	return 0;
}

void exit_posix_timers(struct signal_struct *signal)
{
	struct posix_timer *pt, *n;
	LIST_HEAD(timers);

	spin_lock_irq(&current->sighand->siglock);
	list_splice_init(&signal->posix_timers, &timers);
	spin_unlock_irq(&current->sighand->siglock);
	list_for_each_entry_safe(pt, n, &timers, list) {
		ktimer_cancel(&pt->timer);
		list_del(&pt->list);
		free_timer(pt);
	}
}

void exit_itimers(struct signal_struct *signal)
{
	ktimer_cancel(&signal->real_timer);
	exit_posix_timers(signal);
}
