/* SPDX-License-Identifier: MIT */
/* Clocks, sleeping, and what was used. */
#include "sys/sys.h"
#include "process/process.h"
#include "sched/sched.h"
#include "fs/fs.h"
#include "mm/uaccess.h"
#include "lib/string.h"
#include "abi/errno.h"
#include "abi/time.h"

#define TICK_NSEC    (NSEC_PER_SEC / USER_HZ)

static void ns_to_timespec(u64 ns, struct timespec *ts)
{
	ts->tv_sec = ns / NSEC_PER_SEC;
	ts->tv_nsec = ns % NSEC_PER_SEC;
}

/* A user time: 0, -EFAULT, -EINVAL. Saturates at U64_MAX / 2. */
static int get_user_timespec(const struct timespec __user *uts, u64 *ns)
{
	struct timespec ts;

	if (copy_from_user(&ts, uts, sizeof(ts)))
		return -EFAULT;
	if (ts.tv_sec < 0 || (unsigned long)ts.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	*ns = ts.tv_sec > 9000000000ll ? U64_MAX / 2 : ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	return 0;
}

static int put_user_timespec(u64 ns, struct timespec __user *uts)
{
	struct timespec ts;

	ns_to_timespec(ns, &ts);
	return copy_to_user(uts, &ts, sizeof(ts)) ? -EFAULT : 0;
}

/* CPU time of the process or thread that a negative clock id names (clock_getcpuclockid(3)). 0 or
 * -EINVAL. */
static int cpu_clock_of(int clock, u64 *ns)
{
	pid_t pid = ~(clock >> 3);
	bool thread = clock & CPUCLOCK_PERTHREAD_MASK;
	struct task_struct *p;
	u64 utime, stime;

	if ((clock & CPUCLOCK_CLOCK_MASK) > CPUCLOCK_SCHED)
		return -EINVAL;
	p = pid ? find_get_task(pid) : get_task_struct(current);
	if (!p)
		return -EINVAL;
	if (thread) {
		if (p->tgid != current->tgid) {
			put_task_struct(p);
			return -EINVAL;
		}
		*ns = task_sched_runtime(p);
	} else {
		spin_lock(&tasklist_lock); /* it may be released now */
		thread_group_cputime(p, &utime, &stime);
		spin_unlock(&tasklist_lock);
		*ns = (clock & CPUCLOCK_CLOCK_MASK) == CPUCLOCK_VIRT ? utime : utime + stime;
	}
	put_task_struct(p);
	return 0;
}

static int read_clock(int clock, u64 *ns)
{
	u64 utime, stime;

	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_TAI: /* no leap seconds are known: offset 0, as Linux starts */
	case CLOCK_REALTIME_ALARM:
		*ns = ktime_get_real();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = ktime_get();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		thread_group_cputime(current, &utime, &stime);
		*ns = utime + stime;
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*ns = task_sched_runtime(current);
		return 0;
	}
	return clock < 0 ? cpu_clock_of(clock, ns) : -EINVAL;
}

long sys_clock_gettime(int clock, struct timespec __user *uts)
{
	u64 ns;
	int ret = read_clock(clock, &ns);

	return ret ?: put_user_timespec(ns, uts);
}

long sys_clock_getres(int clock, struct timespec __user *uts)
{
	u64 ns;
	int ret = read_clock(clock, &ns);

	if (ret)
		return ret;
	return uts ? put_user_timespec(1, uts) : 0;
}

/* Also tells timers that asked to hear of it (TFD_TIMER_CANCEL_ON_SET). */
static int set_wall_clock(u64 ns)
{
	int ret = ktime_set_real(ns);

	if (!ret)
		timerfd_clock_was_set();
	return ret;
}

long sys_clock_settime(int clock, const struct timespec __user *uts)
{
	u64 ns;
	int ret;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	ret = get_user_timespec(uts, &ns);
	if (ret)
		return ret;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	return set_wall_clock(ns);
}

long sys_gettimeofday(struct timeval __user *utv, struct timezone __user *utz)
{
	struct timezone tz = {};
	struct timeval tv;
	u64 now = ktime_get_real();

	tv.tv_sec = now / NSEC_PER_SEC;
	tv.tv_usec = now % NSEC_PER_SEC / 1000;
	if (utv && copy_to_user(utv, &tv, sizeof(tv)))
		return -EFAULT;
	if (utz && copy_to_user(utz, &tz, sizeof(tz)))
		return -EFAULT;
	return 0;
}

long sys_settimeofday(const struct timeval __user *utv, const struct timezone __user *utz)
{
	struct timeval tv;

	if (utv) {
		if (copy_from_user(&tv, utv, sizeof(tv)))
			return -EFAULT;
		if (tv.tv_sec < 0 || tv.tv_usec < 0 || tv.tv_usec >= 1000000)
			return -EINVAL;
	}
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	return utv ? set_wall_clock(tv.tv_sec * NSEC_PER_SEC + tv.tv_usec * 1000) : 0;
}

long sys_time(long __user *ut)
{
	long now = ktime_get_real() / NSEC_PER_SEC;

	return ut && put_user(now, ut) ? -EFAULT : now;
}

long sys_times(struct tms __user *utms)
{
	struct cpu_times *c = &current->signal->children;
	struct tms tms;
	u64 utime, stime;

	thread_group_cputime(current, &utime, &stime);
	tms.tms_utime = utime / TICK_NSEC;
	tms.tms_stime = stime / TICK_NSEC;
	tms.tms_cutime = c->utime / TICK_NSEC;
	tms.tms_cstime = c->stime / TICK_NSEC;
	if (utms && copy_to_user(utms, &tms, sizeof(tms)))
		return -EFAULT;
	return ktime_get() / TICK_NSEC;
}

/* Reading only: the clock is what the machine has, nothing steers it. */
long sys_adjtimex(struct timex __user *utx)
{
	struct timex tx;
	u64 now = ktime_get_real();

	if (copy_from_user(&tx, utx, sizeof(tx)))
		return -EFAULT;
	if (tx.modes)
		return capable(CAP_SYS_TIME) ? -EOPNOTSUPP : -EPERM;
	memset(&tx, 0, sizeof(tx));
	tx.status = STA_UNSYNC;
	tx.tick = 10000;
	tx.precision = 1;
	tx.tolerance = 32768000;
	tx.maxerror = tx.esterror = 16000000;
	tx.time.tv_sec = now / NSEC_PER_SEC;
	tx.time.tv_usec = now % NSEC_PER_SEC / 1000;
	return copy_to_user(utx, &tx, sizeof(tx)) ? -EFAULT : TIME_ERROR;
}

long sys_clock_adjtime(int clock, struct timex __user *utx)
{
	return clock == CLOCK_REALTIME ? sys_adjtimex(utx) : -EINVAL;
}

/* ---- Sleeping
 * ------------------------------------------------------------------------------------------ */

/* Until ktime_get() reaches @deadline: 0, or -ERESTARTSYS by a signal. */
static int sleep_until(u64 deadline)
{
	u64 now;

	while ((now = ktime_get()) < deadline) {
		if (signal_pending(current))
			return -ERESTARTSYS;
		set_current_state(TASK_INTERRUPTIBLE);
		schedule_timeout(deadline - now);
	}
	return 0;
}

/* Interrupted: what is left goes to the caller, and restart_syscall goes on to the same
 * deadline. */
static long interrupted_sleep(u64 deadline, struct timespec __user *urem, long (*fn)(struct restart_block *))
{
	struct restart_block *rb = &current->restart_block;
	u64 now = ktime_get();

	if (urem && put_user_timespec(deadline > now ? deadline - now : 0, urem))
		return -EFAULT;
	rb->fn = fn;
	rb->arg[0] = deadline;
	rb->arg[1] = (u64)urem;
	return -ERESTART_RESTARTBLOCK;
}

static long restart_sleep(struct restart_block *rb)
{
	u64 deadline = rb->arg[0];

	if (!sleep_until(deadline))
		return 0;
	return interrupted_sleep(deadline, (struct timespec __user *)rb->arg[1], restart_sleep);
}

static long sleep_relative(u64 ns, struct timespec __user *urem)
{
	u64 deadline = ktime_get() + ns;

	return sleep_until(deadline) ? interrupted_sleep(deadline, urem, restart_sleep) : 0;
}

long sys_nanosleep(const struct timespec __user *uts, struct timespec __user *urem)
{
	u64 ns;
	int ret = get_user_timespec(uts, &ns);

	return ret ?: sleep_relative(ns, urem);
}

long sys_clock_nanosleep(int clock, int flags, const struct timespec __user *uts, struct timespec __user *urem)
{
	u64 ns, now, wall;
	int ret;

	if (clock == CLOCK_PROCESS_CPUTIME_ID || clock < 0)
		return -EOPNOTSUPP;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME && clock != CLOCK_TAI)
		return clock == CLOCK_THREAD_CPUTIME_ID || clock > CLOCK_TAI ? -EINVAL : -EOPNOTSUPP;
	ret = get_user_timespec(uts, &ns);
	if (ret)
		return ret;
	if (!(flags & TIMER_ABSTIME))
		return sleep_relative(ns, urem);
	if (clock == CLOCK_REALTIME || clock == CLOCK_TAI) {
		now = ktime_get();
		wall = ktime_get_real();
		ns = ns > wall ? now + (ns - wall) : 0;
	}
	return sleep_until(ns) ? -ERESTARTNOHAND : 0;
}

/* ---- Use and limits
 * --------------------------------------------------------------------------------------- */

long sys_getrusage(int who, struct rusage __user *uru)
{
	struct rusage ru;

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	getrusage_of(current, who, &ru);
	return copy_to_user(uru, &ru, sizeof(ru)) ? -EFAULT : 0;
}

long sys_getrlimit(unsigned int resource, struct rlimit __user *urlim)
{
	struct rlimit rlim;
	int ret = do_prlimit(current, resource, NULL, &rlim);

	if (!ret && copy_to_user(urlim, &rlim, sizeof(rlim)))
		ret = -EFAULT;
	return ret;
}

long sys_setrlimit(unsigned int resource, const struct rlimit __user *urlim)
{
	struct rlimit rlim;

	if (copy_from_user(&rlim, urlim, sizeof(rlim)))
		return -EFAULT;
	return do_prlimit(current, resource, &rlim, NULL);
}

long sys_prlimit64(pid_t pid, unsigned int resource, const struct rlimit __user *unew, struct rlimit __user *uold)
{
	struct rlimit new, old;
	struct task_struct *p;
	const struct cred *c = current_cred(), *t;
	bool allowed;
	int ret;

	if (unew && copy_from_user(&new, unew, sizeof(new)))
		return -EFAULT;
	p = pid ? find_get_task(pid) : get_task_struct(current);
	if (!p)
		return -ESRCH;
	t = get_task_cred(p);
	allowed = p->tgid == current->tgid || capable(CAP_SYS_RESOURCE) ||
		  (c->uid == t->euid && c->uid == t->suid && c->uid == t->uid && c->gid == t->egid &&
		   c->gid == t->sgid && c->gid == t->gid);
	put_cred(t);
	ret = -EPERM;
	if (!allowed)
		goto out;
	ret = do_prlimit(p, resource, unew ? &new : NULL, &old);
	if (!ret && uold && copy_to_user(uold, &old, sizeof(old)))
		ret = -EFAULT;
out:
	put_task_struct(p);
	return ret;
}
