/* SPDX-License-Identifier: MIT */
/*
 * timerfd: a timer to read from. All clocks here run as CLOCK_MONOTONIC does, CLOCK_REALTIME with
 * an offset: an absolute wall-clock time becomes a deadline when it is set, and again when the
 * clock is set (timerfd_clock_was_set).
 */
#include "fs/internal.h"
#include "lib/vsprintf.h"
#include "mm/mm.h"
#include "task/cred.h"

struct timerfd_ctx {
	struct ktimer timer;
	struct wait_queue_head wqh;
	/* wqh.lock */
	u64 deadline; /* ns, of the next expiry; 0: not armed */
	u64 interval; /* ns; 0: once */
	u64 ticks;    /* expiries not yet read */
	bool realtime_absolute, cancel_on_set, cancelled;
	u64 wall_target; /* ns since 1970, if realtime_absolute */

	int clockid;
	int settime_flags;
	struct list_head list; /* of all that follow the wall clock; timerfd_lock */
};

static LIST_HEAD(wall_clock_timers);
static DEFINE_SPINLOCK(timerfd_lock, RANK_SPIN_LEAF);

/* Count what has expired by now and find the next deadline. wqh.lock held. */
static void advance(struct timerfd_ctx *ctx, u64 now)
{
	if (!ctx->deadline || now < ctx->deadline)
		return;
	ctx->ticks++;
	if (!ctx->interval) {
		ctx->deadline = 0;
		return;
	}
	ctx->ticks += (now - ctx->deadline) / ctx->interval;
	ctx->deadline += ((now - ctx->deadline) / ctx->interval + 1) * ctx->interval;
}

static void timerfd_expired(struct ktimer *timer)
{
	struct timerfd_ctx *ctx = container_of(timer, struct timerfd_ctx, timer);
	u64 next, ticks;

	spin_lock(&ctx->wqh.lock);
	advance(ctx, ktime_get());
	next = ctx->deadline;
	ticks = ctx->ticks;
	spin_unlock(&ctx->wqh.lock);
	if (next)
		ktimer_start(timer, next);
	if (ticks)
		wake_up_poll(&ctx->wqh, POLLIN);
}

/* What a read gives: 1 and *ticks; -ECANCELED; 0: nothing yet. */
static int take_ticks(struct timerfd_ctx *ctx, u64 *ticks)
{
	unsigned long flags;
	int got = 0;

	spin_lock_irqsave(&ctx->wqh.lock, flags);
	if (ctx->cancelled) {
		ctx->cancelled = false;
		ctx->ticks = 0;
		got = -ECANCELED;
	} else if (ctx->ticks) {
		*ticks = ctx->ticks;
		ctx->ticks = 0;
		got = 1;
	}
	spin_unlock_irqrestore(&ctx->wqh.lock, flags);
	return got;
}

static ssize_t timerfd_read(struct file *file, struct iov_iter *to, loff_t *pos)
{
	struct timerfd_ctx *ctx = file->private_data;
	u64 ticks = 0;
	int got, err;

	if (to->count < sizeof(ticks))
		return -EINVAL;
	got = take_ticks(ctx, &ticks);
	if (!got) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(ctx->wqh, (got = take_ticks(ctx, &ticks)) != 0);
		if (err)
			return err;
	}
	if (got < 0)
		return got;
	return copy_to_iter(&ticks, sizeof(ticks), to) == sizeof(ticks) ? (ssize_t)sizeof(ticks)
									: -EFAULT;
}

static unsigned int timerfd_poll(struct file *file, struct poll_table *pt)
{
	struct timerfd_ctx *ctx = file->private_data;

	poll_wait(file, &ctx->wqh, pt);
	return READ_ONCE(ctx->ticks) || READ_ONCE(ctx->cancelled) ? POLLIN : 0;
}

static long timerfd_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct timerfd_ctx *ctx = file->private_data;
	unsigned long flags;
	u64 ticks;

	if (cmd != TFD_IOC_SET_TICKS)
		return -ENOTTY;
	if (copy_from_user(&ticks, (void __user *)arg, sizeof(ticks)))
		return -EFAULT;
	if (!ticks)
		return -EINVAL;
	spin_lock_irqsave(&ctx->wqh.lock, flags);
	ctx->ticks = ticks;
	spin_unlock_irqrestore(&ctx->wqh.lock, flags);
	wake_up_poll(&ctx->wqh, POLLIN);
	return 0;
}

static void stop_timer(struct timerfd_ctx *ctx)
{
	spin_lock(&timerfd_lock);
	if (!list_empty(&ctx->list))
		list_del_init(&ctx->list);
	spin_unlock(&timerfd_lock);
	ktimer_cancel(&ctx->timer);
}

static void timerfd_release(struct inode *inode, struct file *file)
{
	struct timerfd_ctx *ctx = file->private_data;

	stop_timer(ctx);
	kfree(ctx);
}

static void timerfd_show_fdinfo(struct file *file, char *buf, size_t size)
{
	struct timerfd_ctx *ctx = file->private_data;
	u64 now = ktime_get(), left = ctx->deadline > now ? ctx->deadline - now : 0;

	snprintf(buf, size,
		 "clockid: %d\nticks: %llu\nsettime flags: 0%o\nit_value: (%llu, "
		 "%llu)\nit_interval: (%llu, %llu)\n",
		 ctx->clockid, ctx->ticks, ctx->settime_flags, left / NSEC_PER_SEC,
		 left % NSEC_PER_SEC, ctx->interval / NSEC_PER_SEC, ctx->interval % NSEC_PER_SEC);
}

static const struct file_operations timerfd_fops = {
	.read_iter = timerfd_read,
	.poll = timerfd_poll,
	.ioctl = timerfd_ioctl,
	.release = timerfd_release,
	.llseek = noop_llseek,
	.show_fdinfo = timerfd_show_fdinfo,
};

long ksys_timerfd_create(int clockid, int flags)
{
	struct timerfd_ctx *ctx;
	int fd;

	if ((flags & ~(TFD_CLOEXEC | TFD_NONBLOCK)) ||
	    (clockid != CLOCK_MONOTONIC && clockid != CLOCK_REALTIME && clockid != CLOCK_BOOTTIME &&
	     clockid != CLOCK_REALTIME_ALARM && clockid != CLOCK_BOOTTIME_ALARM))
		return -EINVAL;
	if ((clockid == CLOCK_REALTIME_ALARM || clockid == CLOCK_BOOTTIME_ALARM) &&
	    !capable(CAP_WAKE_ALARM))
		return -EPERM;
	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);
	if (!ctx)
		return -ENOMEM;
	ktimer_init(&ctx->timer, timerfd_expired);
	init_waitqueue_head(&ctx->wqh);
	INIT_LIST_HEAD(&ctx->list);
	ctx->clockid = clockid;
	fd = anon_inode_getfd("[timerfd]", &timerfd_fops, ctx,
			      O_RDWR | (flags & (TFD_CLOEXEC | TFD_NONBLOCK)));
	if (fd < 0)
		kfree(ctx);
	return fd;
}

/* ---- settime, gettime ---- */

static int timespec_to_ns(const struct timespec *ts, u64 *ns)
{
	if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	*ns = (u64)ts->tv_sec > S64_MAX / NSEC_PER_SEC - 1
		      ? S64_MAX
		      : (u64)ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
	return 0;
}

static struct timespec ns_to_timespec(u64 ns)
{
	return (struct timespec){.tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC};
}

static void current_value(struct timerfd_ctx *ctx, struct itimerspec *value)
{
	unsigned long flags;
	u64 now = ktime_get();

	spin_lock_irqsave(&ctx->wqh.lock, flags);
	advance(ctx, now);
	value->it_value = ns_to_timespec(ctx->deadline > now ? ctx->deadline - now : 0);
	value->it_interval = ns_to_timespec(ctx->interval);
	spin_unlock_irqrestore(&ctx->wqh.lock, flags);
}

static bool is_wall_clock(int clockid)
{
	return clockid == CLOCK_REALTIME || clockid == CLOCK_REALTIME_ALARM;
}

/* The monotonic time at which the wall clock shows @wall. Never 0, which means "not armed". */
static u64 wall_to_deadline(u64 wall)
{
	u64 now = ktime_get(), wall_now = ktime_get_real();

	if (wall >= wall_now)
		return now + (wall - wall_now);
	return wall_now - wall < now ? now - (wall_now - wall) : 1;
}

static void arm(struct timerfd_ctx *ctx, u64 value, u64 interval, int how)
{
	bool wall = (how & TFD_TIMER_ABSTIME) && is_wall_clock(ctx->clockid);
	u64 deadline = 0;
	unsigned long flags;

	if (value && wall)
		deadline = wall_to_deadline(value);
	else if (value)
		deadline = how & TFD_TIMER_ABSTIME ? value : ktime_get() + value;
	spin_lock_irqsave(&ctx->wqh.lock, flags);
	ctx->deadline = deadline;
	ctx->interval = interval;
	ctx->ticks = 0;
	ctx->cancelled = false;
	ctx->realtime_absolute = wall && value;
	ctx->cancel_on_set = wall && (how & TFD_TIMER_CANCEL_ON_SET);
	ctx->wall_target = value;
	ctx->settime_flags = how & (TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
	spin_unlock_irqrestore(&ctx->wqh.lock, flags);
	if (wall) {
		spin_lock(&timerfd_lock);
		list_add(&ctx->list, &wall_clock_timers);
		spin_unlock(&timerfd_lock);
	}
	if (deadline)
		ktimer_start(&ctx->timer, deadline);
}

void timerfd_clock_was_set(void)
{
	struct timerfd_ctx *ctx;
	unsigned long flags;

	spin_lock(&timerfd_lock);
	list_for_each_entry (ctx, &wall_clock_timers, list) {
		u64 deadline = 0;

		spin_lock_irqsave(&ctx->wqh.lock, flags);
		ctx->cancelled |= ctx->cancel_on_set;
		if (ctx->realtime_absolute && ctx->deadline && !ctx->ticks)
			deadline = ctx->deadline = wall_to_deadline(ctx->wall_target);
		spin_unlock_irqrestore(&ctx->wqh.lock, flags);
		if (deadline)
			ktimer_start(&ctx->timer, deadline);
		wake_up_poll(&ctx->wqh, POLLIN);
	}
	spin_unlock(&timerfd_lock);
}

static struct fd timerfd_fdget(int fd, int *err)
{
	struct fd f = fdget(fd);

	*err = 0;
	if (!f.file) {
		*err = -EBADF;
	} else if (f.file->f_op != &timerfd_fops) {
		fdput(f);
		*err = -EINVAL;
	}
	return f;
}

long ksys_timerfd_settime(int fd, int how, const struct itimerspec __user *new_value,
			  struct itimerspec __user *old_value)
{
	struct itimerspec new, old;
	struct timerfd_ctx *ctx;
	u64 value, interval;
	struct fd f;
	int err;

	if (copy_from_user(&new, new_value, sizeof(new)))
		return -EFAULT;
	if (how & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		return -EINVAL;
	if (timespec_to_ns(&new.it_value, &value) || timespec_to_ns(&new.it_interval, &interval))
		return -EINVAL;
	f = timerfd_fdget(fd, &err);
	if (err)
		return err;
	ctx = f.file->private_data;
	stop_timer(ctx);
	current_value(ctx, &old);
	arm(ctx, value, interval, how);
	fdput(f);
	return old_value && copy_to_user(old_value, &old, sizeof(old)) ? -EFAULT : 0;
}

long ksys_timerfd_gettime(int fd, struct itimerspec __user *value)
{
	struct itimerspec now;
	int err;
	struct fd f = timerfd_fdget(fd, &err);

	if (err)
		return err;
	current_value(f.file->private_data, &now);
	fdput(f);
	return copy_to_user(value, &now, sizeof(now)) ? -EFAULT : 0;
}
