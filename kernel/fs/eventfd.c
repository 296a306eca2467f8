/* SPDX-License-Identifier: MIT */
/* eventfd(2): a counter to wait for. */
#include "fs/internal.h"
#include "abi/eventfd.h"
#include "lib/vsprintf.h"
#include "mm/mm.h"

struct eventfd_ctx {
	struct wait_queue_head wqh;
	u64 count; /* wqh.lock; at most U64_MAX - 1 */
	bool semaphore;
};

/* Take what a read takes, if there is something. wqh.lock held. */
static bool take(struct eventfd_ctx *ctx, u64 *value)
{
	if (!ctx->count)
		return false;
	*value = ctx->semaphore ? 1 : ctx->count;
	ctx->count -= *value;
	return true;
}

static bool take_locked(struct eventfd_ctx *ctx, u64 *value)
{
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&ctx->wqh.lock, flags);
	taken = take(ctx, value);
	spin_unlock_irqrestore(&ctx->wqh.lock, flags);
	return taken;
}

static bool add_locked(struct eventfd_ctx *ctx, u64 value)
{
	unsigned long flags;
	bool fits;

	spin_lock_irqsave(&ctx->wqh.lock, flags);
	fits = U64_MAX - ctx->count > value;
	if (fits)
		ctx->count += value;
	spin_unlock_irqrestore(&ctx->wqh.lock, flags);
	return fits;
}

static ssize_t eventfd_read(struct file *file, struct iov_iter *to, loff_t *pos)
{
	struct eventfd_ctx *ctx = file->private_data;
	u64 value;
	int err;

	if (to->count < sizeof(value))
		return -EINVAL;
	if (!take_locked(ctx, &value)) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(ctx->wqh, take_locked(ctx, &value));
		if (err)
			return err;
	}
	if (waitqueue_active(&ctx->wqh))
		wake_up_poll(&ctx->wqh, POLLOUT);
	return copy_to_iter(&value, sizeof(value), to) == sizeof(value) ? (ssize_t)sizeof(value)
									: -EFAULT;
}

static ssize_t eventfd_write(struct file *file, struct iov_iter *from, loff_t *pos)
{
	struct eventfd_ctx *ctx = file->private_data;
	u64 value;
	int err;

	if (from->count < sizeof(value))
		return -EINVAL;
	if (copy_from_iter(&value, sizeof(value), from) < sizeof(value))
		return -EFAULT;
	if (value == U64_MAX)
		return -EINVAL;
	if (!add_locked(ctx, value)) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(ctx->wqh, add_locked(ctx, value));
		if (err)
			return err;
	}
	if (waitqueue_active(&ctx->wqh))
		wake_up_poll(&ctx->wqh, POLLIN);
	return sizeof(value);
}

static unsigned int eventfd_poll(struct file *file, struct poll_table *pt)
{
	struct eventfd_ctx *ctx = file->private_data;
	unsigned int mask = 0;
	u64 count;

	poll_wait(file, &ctx->wqh, pt);
	count = READ_ONCE(ctx->count);
	if (count > 0)
		mask |= POLLIN;
	if (count == U64_MAX)
		mask |= POLLERR;
	if (count < U64_MAX - 1)
		mask |= POLLOUT;
	return mask;
}

static void eventfd_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
}

static void eventfd_show_fdinfo(struct file *file, char *buf, size_t size)
{
	struct eventfd_ctx *ctx = file->private_data;

	snprintf(buf, size, "eventfd-count: %16llx\n", READ_ONCE(ctx->count));
}

static const struct file_operations eventfd_fops = {
	.read_iter = eventfd_read,
	.write_iter = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
	.llseek = noop_llseek,
	.show_fdinfo = eventfd_show_fdinfo,
};

long ksys_eventfd2(unsigned int count, int flags)
{
	struct eventfd_ctx *ctx;
	int fd;

	if (flags & ~(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE))
		return -EINVAL;
	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);
	if (!ctx)
		return -ENOMEM;
	init_waitqueue_head(&ctx->wqh);
	ctx->count = count;
	ctx->semaphore = flags & EFD_SEMAPHORE;
	fd = anon_inode_getfd("[eventfd]", &eventfd_fops, ctx,
			      O_RDWR | (flags & (EFD_CLOEXEC | EFD_NONBLOCK)));
	if (fd < 0)
		kfree(ctx);
	return fd;
}

long ksys_eventfd(unsigned int count)
{
	return ksys_eventfd2(count, 0);
}
