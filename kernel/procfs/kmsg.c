/* SPDX-License-Identifier: MIT */
/* /proc/kmsg: the kernel log as a stream. All readers share one position: what one has read, no
 * other gets. */
#include "procfs/internal.h"
#include "base/printk.h"
#include "file/file.h"

#define KMSG_LOOK_AGAIN                                                                            \
	(200 *                                                                                     \
	 NSEC_PER_MSEC) /* printk() runs anywhere and cannot wake a reader                   \
			       */

static DEFINE_MUTEX(kmsg_mutex, RANK_EXEC);
static u64 kmsg_pos; /* kmsg_mutex */

static int kmsg_open(struct inode *inode, struct file *file)
{
	return capable(CAP_SYSLOG) ? 0 : -EPERM;
}

/* Some text if there is any: bytes, 0 for none, or an error. */
static ssize_t kmsg_take(struct iov_iter *to, char *buf)
{
	ssize_t n = mutex_lock_interruptible(&kmsg_mutex);
	u64 pos = kmsg_pos;
	size_t got;

	if (n)
		return n;
	got = log_read(&pos, buf, min(to->count, PAGE_SIZE));
	n = copy_to_iter(buf, got, to);
	if (n < (ssize_t)got)
		n = -EFAULT;
	else
		kmsg_pos = pos;
	mutex_unlock(&kmsg_mutex);
	return n;
}

static ssize_t kmsg_read(struct file *file, struct iov_iter *to, loff_t *pos)
{
	char *buf;
	ssize_t n;

	if (!to->count)
		return 0;
	buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	while (!(n = kmsg_take(to, buf))) {
		if (file->f_flags & O_NONBLOCK) {
			n = -EAGAIN;
			break;
		}
		if (signal_pending(current)) {
			n = -ERESTARTSYS;
			break;
		}
		__set_current_state(TASK_INTERRUPTIBLE);
		schedule_timeout(KMSG_LOOK_AGAIN);
	}
	kfree(buf);
	return n;
}

static unsigned int kmsg_poll(struct file *file, struct poll_table *pt)
{
	return READ_ONCE(kmsg_pos) < log_end_position() ? POLLIN | POLLRDNORM : 0;
}

const struct file_operations kmsg_operations = {.open = kmsg_open,
						.read_iter = kmsg_read,
						.write_iter = proc_write_refused,
						.poll = kmsg_poll};
