/* SPDX-License-Identifier: MIT */
/*
 * Pseudo terminals: opening /dev/ptmx makes a pair; the slave is /dev/pts/N (pts(4)).
 *
 *	master write -> tty_receive(slave)		slave write -> ops->write -> struct pty.out -> master read
 *
 * The pair lives as long as the master is open or a slave file is; closing the master hangs the
 * slave up for good.
 */
#include "drivers/tty.h"
#include "fs/pseudo.h"
#include "task/pid.h"
#include "sched/sched.h"
#include "mm/uaccess.h"
#include "page/slab.h"
#include "lib/err.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "abi/dirent.h"
#include "abi/errno.h"

#define PTY_MAX	     256
#define PTY_OUT_SIZE 8192 /* power of two */
#define PTS_MAJOR    136
#define DEVPTS_MAGIC 0x1cd1

struct pty {
	struct tty_struct *tty; /* the slave; a reference */
	unsigned int index;
	bool locked;		/* unlockpt(3) not done yet; tty->lock */
	bool slave_opened;	/* ever; tty->lock */
	uid_t uid;
	gid_t gid;
	umode_t mode;
	struct wait_queue_head master_wait;
	size_t head, tail;	/* tty->lock; free-running */
	char out[PTY_OUT_SIZE];
};

static struct mutex ptys_mutex;
static struct pty *ptys[PTY_MAX]; /* ptys_mutex; with a reference of the slot's for as long as the master is open */

/* ---- Slave as a terminal driver: tty->lock held
 * ------------------------------------------------------------ */

static size_t pty_write_room(struct tty_struct *tty)
{
	struct pty *pty = tty->driver_data;

	return PTY_OUT_SIZE - (pty->head - pty->tail);
}

static size_t pty_write(struct tty_struct *tty, const char *buf, size_t len)
{
	struct pty *pty = tty->driver_data;
	size_t n = min(len, pty_write_room(tty)), first;

	if (!n)
		return 0;
	first = min(n, PTY_OUT_SIZE - (pty->head & (PTY_OUT_SIZE - 1)));
	memcpy(pty->out + (pty->head & (PTY_OUT_SIZE - 1)), buf, first);
	memcpy(pty->out, buf + first, n - first);
	pty->head += n;
	wake_up_poll(&pty->master_wait, POLLIN | POLLRDNORM);
	return n;
}

/* The last slave file closed: the master reads EIO once it has read everything. */
static void pty_slave_close(struct tty_struct *tty)
{
	struct pty *pty = tty->driver_data;

	wake_up_all(&pty->master_wait);
}

/* No chars_in_buffer: what was written is with the master already, as on Linux. */
static const struct tty_operations pty_ops = {
	.write = pty_write,
	.write_room = pty_write_room,
	.close = pty_slave_close,
};

/* ---- Master
 * ------------------------------------------------------------------------------------------------- */

static bool slave_gone(const struct pty *pty)
{
	return pty->slave_opened && !pty->tty->open_count;
}

static ssize_t ptmx_read(struct file *file, struct iov_iter *to, loff_t *pos)
{
	struct pty *pty = file->private_data;
	struct tty_struct *tty = pty->tty;
	size_t n, offset, got = 0;
	unsigned long flags;
	char chunk[512];
	bool gone;

	for (;;) {
		spin_lock_irqsave(&tty->lock, flags);
		gone = slave_gone(pty);
		offset = pty->tail & (PTY_OUT_SIZE - 1);
		n = min(min(pty->head - pty->tail, sizeof(chunk)), min(to->count, PTY_OUT_SIZE - offset));
		memcpy(chunk, pty->out + offset, n);
		pty->tail += n;
		spin_unlock_irqrestore(&tty->lock, flags);
		if (n) {
			wake_up_poll(&tty->write_wait, POLLOUT | POLLWRNORM);
			if (copy_to_iter(chunk, n, to) != n)
				return got ? (ssize_t)got : -EFAULT;
			got += n;
			if (to->count)
				continue;
		}
		if (got || !to->count)
			return got;
		if (gone)
			return -EIO;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(pty->master_wait, pty->head != pty->tail || slave_gone(pty)))
			return -ERESTARTSYS;
	}
}

static bool input_room(struct tty_struct *tty)
{
	return tty->head - tty->tail < TTY_BUF_SIZE - 1 || ((tty->termios.c_lflag & ICANON) && !tty->lines);
}

static ssize_t ptmx_write(struct file *file, struct iov_iter *from, loff_t *pos)
{
	struct pty *pty = file->private_data;
	struct tty_struct *tty = pty->tty;
	size_t done = 0, len, n, took;
	char chunk[256];

	while (from->count) {
		len = min(sizeof(chunk), from->count);
		n = copy_from_iter(chunk, len, from);
		if (!n)
			return done ? (ssize_t)done : -EFAULT;
		for (took = 0; took < n;) {
			size_t t = tty_receive(tty, chunk + took, n - took);

			took += t;
			if (took == n)
				break;
			if (t)
				continue;
			if (file->f_flags & O_NONBLOCK)
				return done + took ? (ssize_t)(done + took) : -EAGAIN;
			if (wait_event_interruptible(tty->write_wait, input_room(tty)))
				return done + took ? (ssize_t)(done + took) : -ERESTARTSYS;
		}
		done += n;
	}
	return done;
}

static unsigned int ptmx_poll(struct file *file, struct poll_table *pt)
{
	struct pty *pty = file->private_data;
	struct tty_struct *tty = pty->tty;
	unsigned int mask = 0;
	unsigned long flags;

	poll_wait(file, &pty->master_wait, pt);
	poll_wait(file, &tty->write_wait, pt);
	spin_lock_irqsave(&tty->lock, flags);
	if (pty->head != pty->tail)
		mask |= POLLIN | POLLRDNORM;
	if (slave_gone(pty))
		mask |= POLLHUP;
	if (input_room(tty))
		mask |= POLLOUT | POLLWRNORM;
	spin_unlock_irqrestore(&tty->lock, flags);
	return mask;
}

static int open_peer(struct pty *pty, unsigned int flags)
{
	struct file *file;
	char name[24];
	int fd;

	snprintf(name, sizeof(name), "/dev/pts/%u", pty->index);
	fd = get_unused_fd_flags(flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = filp_open(name, (flags & (O_ACCMODE | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)), 0);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

static long ptmx_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pty *pty = file->private_data;
	struct tty_struct *tty = pty->tty;
	pid_t nr;
	long ret;
	int n;

	switch (cmd) {
	case TIOCGPTN:
		return put_user(pty->index, (unsigned int __user *)arg);
	case TIOCSPTLCK:
		if (get_user(n, (int __user *)arg))
			return -EFAULT;
		pty->locked = n;
		return 0;
	case TIOCGPTLCK:
		return put_user((int)pty->locked, (int __user *)arg);
	case TIOCGPTPEER:
		return open_peer(pty, arg);
	case TIOCGPGRP:
	case TIOCGSID:
		spin_lock(&tasklist_lock);
		nr = pid_nr(cmd == TIOCGSID ? tty->session : tty->pgrp);
		spin_unlock(&tasklist_lock);
		return cmd == TIOCGSID && !nr ? -ENOTTY : put_user(nr, (pid_t __user *)arg);
	case TIOCSIG:
		if (arg != SIGINT && arg != SIGQUIT && arg != SIGTSTP)
			return -EINVAL;
		tty_signal_pgrp(tty, arg);
		return 0;
	case FIONREAD:
		return put_user((int)(pty->head - pty->tail), (int __user *)arg);
	case TIOCOUTQ:
		return put_user((int)(tty->head - tty->tail), (int __user *)arg);
	case TIOCPKT: /* packet mode is for rlogin's time */
		if (get_user(n, (int __user *)arg))
			return -EFAULT;
		return n ? -EINVAL : 0;
	}
	ret = tty_common_ioctl(tty, file, cmd, arg);
	return ret == -ENOIOCTLCMD ? -ENOTTY : ret;
}

static void ptmx_release(struct inode *inode, struct file *file)
{
	struct pty *pty = file->private_data;

	mutex_lock(&ptys_mutex);
	ptys[pty->index] = NULL;
	mutex_unlock(&ptys_mutex);
	tty_hangup(pty->tty);
	tty_put(pty->tty);
}

static const struct file_operations ptmx_fops = {
	.read_iter = ptmx_read,
	.write_iter = ptmx_write,
	.poll = ptmx_poll,
	.ioctl = ptmx_ioctl,
	.release = ptmx_release,
};

/* The pair's memory goes with the slave's tty_struct. */
static void pty_destroy(struct tty_struct *tty)
{
	kfree(tty->driver_data);
}

static struct pty *pty_alloc(void)
{
	struct pty *pty = kzalloc(sizeof(*pty), GFP_KERNEL);

	if (!pty)
		return NULL;
	pty->tty = tty_alloc(&pty_ops, "pts", 0);
	if (!pty->tty) {
		kfree(pty);
		return NULL;
	}
	pty->tty->driver_data = pty;
	pty->tty->destroy = pty_destroy;
	pty->locked = true;
	pty->uid = current_fsuid();
	pty->gid = current_fsgid();
	pty->mode = 0620;
	init_waitqueue_head(&pty->master_wait);
	return pty;
}

static int ptmx_open(struct inode *inode, struct file *file)
{
	struct pty *pty = pty_alloc();
	unsigned int i;

	if (!pty)
		return -ENOMEM;
	mutex_lock(&ptys_mutex);
	for (i = 0; i < PTY_MAX && ptys[i]; i++)
		;
	if (i == PTY_MAX) {
		mutex_unlock(&ptys_mutex);
		tty_put(pty->tty);
		return -ENOSPC;
	}
	pty->index = i;
	pty->tty->dev = MKDEV(PTS_MAJOR, i);
	snprintf(pty->tty->name, sizeof(pty->tty->name), "pts/%u", i);
	ptys[i] = pty;
	mutex_unlock(&ptys_mutex);
	file->private_data = pty;
	file->f_op = &ptmx_fops;
	file->f_mode |= FMODE_STREAM;
	file->f_mode &= ~(FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE);
	return 0;
}

/* ---- /dev/pts
 * ------------------------------------------------------------------------------------------------ */

/* The slave of @index with a reference to its tty, or NULL. */
static struct tty_struct *find_slave(unsigned int index)
{
	struct tty_struct *tty = NULL;

	mutex_lock(&ptys_mutex);
	if (index < PTY_MAX && ptys[index]) {
		tty = ptys[index]->tty;
		tty_get(tty);
	}
	mutex_unlock(&ptys_mutex);
	return tty;
}

static int pts_open(struct inode *inode, struct file *file)
{
	struct tty_struct *tty = find_slave(MINOR(inode->i_rdev));
	struct pty *pty;
	int ret = -EIO;

	if (!tty)
		return -EIO;
	pty = tty->driver_data;
	if (!pty->locked) {
		ret = tty_open_file(tty, file);
		if (!ret)
			pty->slave_opened = true;
	}
	tty_put(tty);
	return ret;
}

static const struct file_operations pts_fops = { .open = pts_open };
static const struct file_operations ptmx_open_fops = { .open = ptmx_open };

static const struct pseudo_entry pts_entry = { .mode = S_IFCHR | 0620, .fops = &pts_fops };
static const struct pseudo_entry pts_ptmx_entry = { .name = "ptmx", .mode = S_IFCHR | 0666, .fops = &ptmx_open_fops };

static struct inode *devpts_lookup(struct inode *dir, const char *name, size_t len)
{
	unsigned int index = 0;
	struct inode *inode;
	struct pty *pty;
	struct tty_struct *tty;

	if (len == 4 && !memcmp(name, "ptmx", 4)) {
		inode = pseudo_inode(dir->i_sb, &pts_ptmx_entry, NULL, 0);
		if (!IS_ERR(inode))
			inode->i_rdev = MKDEV(5, 2);
		return inode;
	}
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9' || len > 3 || (len > 1 && name[0] == '0'))
			return ERR_PTR(-ENOENT);
		index = index * 10 + name[i] - '0';
	}
	tty = find_slave(index);
	if (!tty)
		return ERR_PTR(-ENOENT);
	pty = tty->driver_data;
	inode = pseudo_inode(dir->i_sb, &pts_entry, NULL, index);
	if (!IS_ERR(inode)) {
		inode->i_rdev = tty->dev;
		inode->i_uid = pty->uid;
		inode->i_gid = pty->gid;
		inode->i_mode = S_IFCHR | pty->mode;
	}
	tty_put(tty);
	return inode;
}

static int devpts_iterate(struct inode *dir, struct dir_context *ctx)
{
	char name[8];
	int len;

	if (ctx->pos == PSEUDO_DYNAMIC_POS) {
		if (!dir_emit(ctx, "ptmx", 4, 2, DT_CHR))
			return 0;
		ctx->pos++;
	}
	for (; ctx->pos <= PSEUDO_DYNAMIC_POS + PTY_MAX; ctx->pos++) {
		unsigned int i = ctx->pos - PSEUDO_DYNAMIC_POS - 1;

		if (!ptys[i])
			continue;
		len = snprintf(name, sizeof(name), "%u", i);
		if (!dir_emit(ctx, name, len, i + 3, DT_CHR))
			return 0;
	}
	return 0;
}

static const struct pseudo_entry devpts_root = {
	.mode = S_IFDIR | 0755,
	.lookup = devpts_lookup,
	.iterate = devpts_iterate,
};

/* A name is true only as long as its pair is. */
static bool devpts_alive(struct inode *inode)
{
	return !S_ISCHR(inode->i_mode) || MAJOR(inode->i_rdev) != PTS_MAJOR || READ_ONCE(ptys[MINOR(inode->i_rdev)]);
}

static const struct pseudo_object_ops devpts_objects = { .alive = devpts_alive };

static struct super_block *devpts_mount(const struct file_system_type *type, unsigned long flags, const char *source,
					const char *data)
{
	return pseudo_mount(type, DEVPTS_MAGIC, &devpts_root, &devpts_objects);
}

static struct file_system_type devpts_type = { .name = "devpts", .flags = FS_NODEV, .mount = devpts_mount };

void pty_init(void)
{
	mutex_init(&ptys_mutex, "ptys", RANK_MUTEX_LEAF);
	register_filesystem(&devpts_type);
	(void)register_chrdev(5, 2, 1, "ptmx", 0666, &ptmx_open_fops, NULL);
}
