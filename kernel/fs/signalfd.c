/* SPDX-License-Identifier: MIT */
/*
 * signalfd: signals to read from. A file shows whoever reads or polls it that task's own pending
 * signals. The queue that announces them is the reader's sighand_struct's; a poll that stays in it
 * (epoll) must not outlive it, so the file holds each one it ever gave away.
 */
#include "fs/internal.h"
#include "abi/eventfd.h"
#include "lib/vsprintf.h"
#include "mm/mm.h"
#include "task/sigmask.h"

int (*signalfd_dequeue_hook)(u64 mask, struct siginfo *info);

struct held_sighand {
	struct held_sighand *next;
	struct sighand_struct *sighand;
};

struct signalfd_ctx {
	u64 mask; /* signals wanted */
	spinlock_t lock;
	struct held_sighand *held; /* lock; only ever grows */
};

static bool wanted_pending(struct signalfd_ctx *ctx)
{
	u64 mask = READ_ONCE(ctx->mask);
	bool pending;

	spin_lock_irq(&current->sighand->siglock);
	pending = (current->pending.signal | current->signal->shared_pending.signal) & mask;
	spin_unlock_irq(&current->sighand->siglock);
	return pending;
}

/* Make sure the queue of current's sighand lives as long as the file. */
static bool hold_sighand(struct signalfd_ctx *ctx)
{
	struct sighand_struct *sighand = current->sighand;
	struct held_sighand *h, *new;

	for (h = READ_ONCE(ctx->held); h; h = h->next) {
		if (h->sighand == sighand)
			return true;
	}
	new = kmalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return false;
	new->sighand = sighand;
	refcount_inc(&sighand->count);
	spin_lock(&ctx->lock);
	new->next = ctx->held;
	WRITE_ONCE(ctx->held, new);
	spin_unlock(&ctx->lock);
	return true;
}

static unsigned int signalfd_poll(struct file *file, struct poll_table *pt)
{
	struct signalfd_ctx *ctx = file->private_data;

	if (pt && pt->qproc && !hold_sighand(ctx))
		return POLLERR;
	poll_wait(file, &current->sighand->signalfd_wqh, pt);
	return wanted_pending(ctx) ? POLLIN : 0;
}

static void fill_child(struct signalfd_siginfo *s, const struct siginfo *info)
{
	s->ssi_pid = info->si_pid;
	s->ssi_uid = info->si_uid;
	s->ssi_status = info->si_status;
	s->ssi_utime = info->si_utime;
	s->ssi_stime = info->si_stime;
}

static bool is_fault(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGTRAP;
}

static void fill_siginfo(struct signalfd_siginfo *s, const struct siginfo *info)
{
	memset(s, 0, sizeof(*s));
	s->ssi_signo = info->si_signo;
	s->ssi_errno = info->si_errno;
	s->ssi_code = info->si_code;
	if (info->si_code == SI_TIMER) {
		s->ssi_tid = info->si_tid;
		s->ssi_overrun = info->si_overrun;
		s->ssi_ptr = (unsigned long)info->si_value.sival_ptr;
		s->ssi_int = info->si_value.sival_int;
	} else if (info->si_code > 0 && info->si_signo == SIGCHLD) {
		fill_child(s, info);
	} else if (info->si_code > 0 && is_fault(info->si_signo)) {
		s->ssi_addr = (unsigned long)info->si_addr;
	} else if (info->si_code > 0 && info->si_signo == SIGIO) {
		s->ssi_band = info->si_band;
		s->ssi_fd = info->si_fd;
	} else {
		s->ssi_pid = info->si_pid;
		s->ssi_uid = info->si_uid;
		if (info->si_code < 0 && info->si_code != SI_TKILL) {
			s->ssi_ptr = (unsigned long)info->si_value.sival_ptr;
			s->ssi_int = info->si_value.sival_int;
		}
	}
}

/* The next signal: its number, -EAGAIN, -ERESTARTSYS. */
static int next_signal(struct signalfd_ctx *ctx, struct siginfo *info, bool nonblock)
{
	int sig = 0, err;

	for (;;) {
		if (signalfd_dequeue_hook) {
			spin_lock_irq(&current->sighand->siglock);
			sig = signalfd_dequeue_hook(READ_ONCE(ctx->mask), info);
			spin_unlock_irq(&current->sighand->siglock);
		}
		if (sig || nonblock)
			return sig ? sig : -EAGAIN;
		err = wait_event_interruptible(current->sighand->signalfd_wqh, wanted_pending(ctx));
		if (err)
			return err;
	}
}

static ssize_t signalfd_read(struct file *file, struct iov_iter *to, loff_t *pos)
{
	struct signalfd_ctx *ctx = file->private_data;
	bool nonblock = file->f_flags & O_NONBLOCK;
	struct signalfd_siginfo s;
	struct siginfo info;
	ssize_t done = 0;
	int sig;

	if (to->count < sizeof(s))
		return -EINVAL;
	while (to->count >= sizeof(s)) {
		sig = next_signal(ctx, &info, nonblock);
		if (sig < 0)
			return done ? done : sig;
		fill_siginfo(&s, &info);
		if (copy_to_iter(&s, sizeof(s), to) < sizeof(s))
			return done ? done : -EFAULT;
		done += sizeof(s);
		nonblock = true;
	}
	return done;
}

static void signalfd_release(struct inode *inode, struct file *file)
{
	struct signalfd_ctx *ctx = file->private_data;

	while (ctx->held) {
		struct held_sighand *h = ctx->held;

		ctx->held = h->next;
		put_sighand(h->sighand);
		kfree(h);
	}
	kfree(ctx);
}

static void signalfd_show_fdinfo(struct file *file, char *buf, size_t size)
{
	struct signalfd_ctx *ctx = file->private_data;

	snprintf(buf, size, "sigmask:\t%016llx\n", ctx->mask);
}

static const struct file_operations signalfd_fops = {
	.read_iter = signalfd_read,
	.poll = signalfd_poll,
	.release = signalfd_release,
	.llseek = noop_llseek,
	.show_fdinfo = signalfd_show_fdinfo,
};

static long new_signalfd(u64 mask, int flags)
{
	struct signalfd_ctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);
	int fd;

	if (!ctx)
		return -ENOMEM;
	ctx->mask = mask;
	spin_lock_init(&ctx->lock, "signalfd", RANK_SPIN_LEAF);
	fd = anon_inode_getfd("[signalfd]", &signalfd_fops, ctx,
			      O_RDWR | (flags & (SFD_CLOEXEC | SFD_NONBLOCK)));
	if (fd < 0)
		kfree(ctx);
	return fd;
}

long ksys_signalfd4(int fd, const u64 __user *umask, size_t sigsetsize, int flags)
{
	struct signalfd_ctx *ctx;
	struct fd f;
	u64 mask;

	if (sigsetsize != sizeof(mask) || (flags & ~(SFD_CLOEXEC | SFD_NONBLOCK)))
		return -EINVAL;
	if (copy_from_user(&mask, umask, sizeof(mask)))
		return -EFAULT;
	mask &= ~SIG_KERNEL_ONLY_MASK;
	if (fd == -1)
		return new_signalfd(mask, flags);
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	if (f.file->f_op != &signalfd_fops) {
		fdput(f);
		return -EINVAL;
	}
	ctx = f.file->private_data;
	WRITE_ONCE(ctx->mask, mask);
	/* Somebody may wait for what is wanted only now. */
	wake_up_all(&current->sighand->signalfd_wqh);
	fdput(f);
	return fd;
}

long ksys_signalfd(int fd, const u64 __user *mask, size_t sigsetsize)
{
	return ksys_signalfd4(fd, mask, sigsetsize, 0);
}
