/* SPDX-License-Identifier: MIT */
/* Terminals: life, opening, controlling terminals and job control, reading and writing. */
#include "drivers/tty.h"
#include "task/pid.h"
#include "sched/sched.h"
#include "mm/uaccess.h"
#include "page/slab.h"
#include "lib/err.h"
#include "lib/string.h"
#include "abi/errno.h"

#define TTY_CHUNK 512 /* bytes moved at a time between user memory and the line */

struct tty_struct *console_tty;
/* Signals are process/'s business (upward edge). */
int (*tty_kill_pid_hook)(struct pid *pid, int sig);
int (*tty_kill_pgrp_hook)(struct pid *pgrp, int sig);
bool (*tty_is_orphaned_pgrp_hook)(struct pid *pgrp);

struct tty_struct *tty_alloc(const struct tty_operations *ops, const char *name, dev_t dev)
{
	struct tty_struct *tty = kzalloc(sizeof(*tty), GFP_KERNEL);

	if (!tty)
		return NULL;
	refcount_set(&tty->count, 1);
	tty->ops = ops;
	strscpy(tty->name, name, sizeof(tty->name));
	tty->dev = dev;
	spin_lock_init(&tty->lock, "tty", RANK_DEVICE);
	mutex_init(&tty->termios_mutex, "tty.termios", RANK_TTY);
	mutex_init(&tty->write_mutex, "tty.write", RANK_TTY);
	mutex_init(&tty->read_mutex, "tty.read", RANK_TTY);
	init_waitqueue_head(&tty->read_wait);
	init_waitqueue_head(&tty->write_wait);
	n_tty_init_termios(&tty->termios);
	return tty;
}

void tty_get(struct tty_struct *tty)
{
	refcount_inc(&tty->count);
}

void tty_put(struct tty_struct *tty)
{
	if (!refcount_dec_and_test(&tty->count))
		return;
	if (tty->session)
		put_pid(tty->session);
	if (tty->pgrp)
		put_pid(tty->pgrp);
	if (tty->destroy)
		tty->destroy(tty);
	kfree(tty);
}

struct tty_struct *file_tty(struct file *file)
{
	return file->private_data;
}

/* ---- Controlling terminals
 * --------------------------------------------------------------------------------- */

struct tty_struct *get_current_tty(void)
{
	struct tty_struct *tty;

	spin_lock(&tasklist_lock);
	tty = current->signal->tty;
	if (tty)
		tty_get(tty);
	spin_unlock(&tasklist_lock);
	return tty;
}

/* No process of @session has a terminal any more. tasklist_lock held. */
static void session_clear_tty(struct pid *session)
{
	struct signal_struct *s;

	for_each_session_member(s, session)
		s->tty = NULL;
}

void tty_signal_pgrp(struct tty_struct *tty, int sig)
{
	struct pid *pgrp;

	spin_lock(&tasklist_lock);
	pgrp = tty->pgrp ? get_pid(tty->pgrp) : NULL;
	spin_unlock(&tasklist_lock);
	if (pgrp) {
		tty_kill_pgrp_hook(pgrp, sig);
		put_pid(pgrp);
	}
}

/* current's session takes @tty. tasklist_lock held. */
static void set_controlling(struct tty_struct *tty)
{
	struct pid *session = tty->session, *pgrp = tty->pgrp;

	tty->session = get_pid(task_session(current));
	tty->pgrp = get_pid(task_pgrp(current));
	current->signal->tty = tty;
	if (current->signal->tty_old_pgrp)
		put_pid(current->signal->tty_old_pgrp);
	current->signal->tty_old_pgrp = NULL;
	if (session)
		put_pid(session);
	if (pgrp)
		put_pid(pgrp);
}

int tty_set_controlling(struct tty_struct *tty, bool steal)
{
	int ret = -EPERM;

	spin_lock(&tasklist_lock);
	if (current->signal->leader_of_session && tty->session == task_session(current)) {
		ret = 0;
	} else if (!current->signal->leader_of_session || current->signal->tty || tty->hung_up) {
		ret = tty->hung_up ? -EIO : -EPERM;
	} else if (!tty->session || (steal && capable(CAP_SYS_ADMIN))) {
		if (tty->session)
			session_clear_tty(tty->session);
		set_controlling(tty);
		ret = 0;
	}
	spin_unlock(&tasklist_lock);
	return ret;
}

/* The session leader gives its terminal up: the foreground group is hung up, also that of a
 * terminal that has gone. */
static void disassociate_ctty(void)
{
	struct tty_struct *tty;
	struct pid *pgrp, *session = NULL;

	spin_lock(&tasklist_lock);
	tty = current->signal->tty;
	pgrp = current->signal->tty_old_pgrp; /* NULL while there is a tty */
	current->signal->tty_old_pgrp = NULL;
	if (tty && tty->session == task_session(current)) {
		pgrp = tty->pgrp;
		session = tty->session;
		tty->pgrp = tty->session = NULL;
	}
	session_clear_tty(task_session(current));
	current->signal->tty = NULL;
	spin_unlock(&tasklist_lock);
	if (pgrp) {
		tty_kill_pgrp_hook(pgrp, SIGHUP);
		tty_kill_pgrp_hook(pgrp, SIGCONT);
		put_pid(pgrp);
	}
	if (session)
		put_pid(session);
}

int tty_drop_controlling(void)
{
	if (current->signal->leader_of_session) {
		disassociate_ctty();
		return 0;
	}
	spin_lock(&tasklist_lock);
	current->signal->tty = NULL;
	spin_unlock(&tasklist_lock);
	return 0;
}

void tty_hangup(struct tty_struct *tty)
{
	struct pid *pgrp, *session, *leader = NULL;
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	tty->hung_up = true;
	spin_unlock_irqrestore(&tty->lock, flags);
	spin_lock(&tasklist_lock);
	pgrp = tty->pgrp;
	session = tty->session;
	tty->pgrp = tty->session = NULL;
	if (session) {
		session_clear_tty(session);
		if (session->task) {
			leader = get_pid(session);
			swap(session->task->signal->tty_old_pgrp, pgrp);
		}
	}
	spin_unlock(&tasklist_lock);
	if (leader) {
		tty_kill_pid_hook(leader, SIGHUP);
		tty_kill_pid_hook(leader, SIGCONT);
		put_pid(leader);
	}
	if (pgrp)
		put_pid(pgrp);
	if (session)
		put_pid(session);
	wake_up_all(&tty->read_wait);
	wake_up_all(&tty->write_wait);
}

static bool signal_ignored_or_blocked(int sig)
{
	return (current->blocked & sigmask(sig)) ||
	       current->sighand->action[sig - 1].sa.sa_handler == SIG_IGN;
}

int tty_check_change(struct tty_struct *tty, int sig)
{
	struct pid *pgrp = NULL;
	int ret = 0;

	spin_lock(&tasklist_lock);
	if (current->signal->tty == tty && tty->pgrp && task_pgrp(current) != tty->pgrp) {
		if (signal_ignored_or_blocked(sig)) {
			ret = sig == SIGTTIN ? -EIO : 0;
		} else if (tty_is_orphaned_pgrp_hook(task_pgrp(current))) {
			ret = -EIO;
		} else {
			pgrp = get_pid(task_pgrp(current));
			ret = -ERESTARTSYS;
		}
	}
	spin_unlock(&tasklist_lock);
	if (pgrp) {
		tty_kill_pgrp_hook(pgrp, sig);
		put_pid(pgrp);
		/* Another thread may take the signal: this one restarts its call until it is
		 * stopped with it. */
		set_task_work(current, TIF_SIGPENDING);
	}
	return ret;
}

/* ---- Open, close
 * --------------------------------------------------------------------------------------------- */

int tty_open_file(struct tty_struct *tty, struct file *file)
{
	unsigned long flags;
	int ret = 0;

	spin_lock_irqsave(&tty->lock, flags);
	if (tty->hung_up)
		ret = -EIO;
	else if (tty->exclusive && !capable(CAP_SYS_ADMIN))
		ret = -EBUSY;
	else
		tty->open_count++;
	spin_unlock_irqrestore(&tty->lock, flags);
	if (ret)
		return ret;
	tty_get(tty);
	file->private_data = tty;
	file->f_op = &tty_fops;
	file->f_mode |= FMODE_STREAM;
	file->f_mode &= ~(FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE);

	spin_lock(&tasklist_lock);
	/* Hung up meanwhile, it would never be taken from the session again. */
	if (!(file->f_flags & O_NOCTTY) && current->signal->leader_of_session && !current->signal->tty &&
	    !tty->session && !tty->hung_up && (file->f_mode & FMODE_READ))
		set_controlling(tty);
	spin_unlock(&tasklist_lock);
	return 0;
}

static void tty_release(struct inode *inode, struct file *file)
{
	struct tty_struct *tty = file_tty(file);
	unsigned long flags;
	bool last;

	spin_lock_irqsave(&tty->lock, flags);
	last = --tty->open_count == 0;
	if (last)
		tty->exclusive = false;
	spin_unlock_irqrestore(&tty->lock, flags);
	if (last && tty->ops->close)
		tty->ops->close(tty);
	tty_put(tty);
}

/* ---- Read
 * ---------------------------------------------------------------------------------------------------- */

/* When does a read that has @got bytes end, in raw mode? VMIN and VTIME (termios(3)). */
struct raw_read {
	size_t min;
	u64 timeout;	/* ns for the next byte; U64_MAX: for ever */
};

static void raw_rules(const struct termios *t, size_t got, size_t want, struct raw_read *r)
{
	u64 time = t->c_cc[VTIME] * (NSEC_PER_SEC / 10);

	r->min = min((size_t)t->c_cc[VMIN], want);
	r->timeout = U64_MAX;
	if (!t->c_cc[VMIN]) {
		r->min = 1;
		r->timeout = time; /* for the first byte; 0: do not wait */
	} else if (time && got) {
		r->timeout = time; /* between bytes */
	}
}

/* Wait until something can be read: 1 yes, 0 time is up, -ERESTARTSYS. */
static int wait_readable(struct tty_struct *tty, u64 timeout)
{
	struct wait_queue_entry wait;
	int ret = 0;

	init_wait_entry(&wait, 0);
	for (;;) {
		prepare_to_wait(&tty->read_wait, &wait, TASK_INTERRUPTIBLE);
		if (n_tty_available(tty) || tty->hung_up) {
			ret = 1;
			break;
		}
		if (!timeout)
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		timeout = timeout == U64_MAX ? (schedule(), U64_MAX) : schedule_timeout(timeout);
	}
	finish_wait(&tty->read_wait, &wait);
	return ret;
}

static ssize_t do_tty_read(struct file *file, struct tty_struct *tty, struct iov_iter *to)
{
	char chunk[TTY_CHUNK];
	size_t got = 0, want = to->count, n;
	struct raw_read rules;
	unsigned long flags;
	bool canon, done;
	int ret;

	while (to->count) {
		spin_lock_irqsave(&tty->lock, flags);
		canon = tty->termios.c_lflag & ICANON;
		raw_rules(&tty->termios, got, want, &rules);
		done = false;
		n = 0;
		if (n_tty_available(tty))
			n = n_tty_copy(tty, chunk, min(sizeof(chunk), to->count), &done);
		spin_unlock_irqrestore(&tty->lock, flags);
		if (n || done)
			wake_up_poll(&tty->write_wait, POLLOUT | POLLWRNORM); /* a pty's master may wait for room */
		if (n && copy_to_iter(chunk, n, to) != n)
			return got ? (ssize_t)got : -EFAULT;
		got += n;
		if (done || !to->count)
			return got;
		if (n)
			continue; /* whatever else is there already */
		if (got && (canon || got >= rules.min))
			return got;
		if (tty->hung_up)
			return got;
		if (file->f_flags & O_NONBLOCK)
			return got ? (ssize_t)got : -EAGAIN;
		ret = wait_readable(tty, canon ? U64_MAX : rules.timeout);
		if (ret <= 0)
			return got ? (ssize_t)got : ret;
		ret = tty_check_change(tty, SIGTTIN);
		if (ret)
			return got ? (ssize_t)got : ret;
	}
	return got;
}

static ssize_t tty_read(struct file *file, struct iov_iter *to, loff_t *pos)
{
	struct tty_struct *tty = file_tty(file);
	ssize_t ret = tty_check_change(tty, SIGTTIN);

	if (ret)
		return ret;
	if (file->f_flags & O_NONBLOCK) {
		if (!mutex_trylock(&tty->read_mutex))
			return -EAGAIN;
	} else if (mutex_lock_interruptible(&tty->read_mutex)) {
		return -ERESTARTSYS;
	}
	ret = do_tty_read(file, tty, to);
	mutex_unlock(&tty->read_mutex);
	if (ret > 0)
		touch_atime(file);
	return ret;
}

/* ---- Write
 * --------------------------------------------------------------------------------------------------- */

/* Wait for room: 0, -EIO, -ERESTARTSYS. */
static int wait_writable(struct tty_struct *tty)
{
	return wait_event_interruptible(tty->write_wait,
					tty->hung_up || (!tty->stopped && tty->ops->write_room(tty) > 8));
}

static ssize_t write_chunk(struct file *file, struct tty_struct *tty, const char *chunk, size_t len)
{
	size_t done = 0, n;
	unsigned long flags;
	int ret;

	for (;;) {
		spin_lock_irqsave(&tty->lock, flags);
		n = tty->hung_up || tty->stopped ? 0 : n_tty_output(tty, chunk + done, len - done);
		spin_unlock_irqrestore(&tty->lock, flags);
		done += n;
		if (done == len)
			return done;
		if (tty->hung_up)
			return done ? (ssize_t)done : -EIO;
		if (file->f_flags & O_NONBLOCK)
			return done ? (ssize_t)done : -EAGAIN;
		ret = wait_writable(tty);
		if (ret)
			return done ? (ssize_t)done : ret;
	}
}

static ssize_t tty_write(struct file *file, struct iov_iter *from, loff_t *pos)
{
	struct tty_struct *tty = file_tty(file);
	char chunk[TTY_CHUNK];
	ssize_t done = 0, n = 0;
	size_t len;

	if (tty->termios.c_lflag & TOSTOP) {
		n = tty_check_change(tty, SIGTTOU);
		if (n)
			return n;
	}
	if (file->f_flags & O_NONBLOCK) {
		if (!mutex_trylock(&tty->write_mutex))
			return -EAGAIN;
	} else if (mutex_lock_interruptible(&tty->write_mutex)) {
		return -ERESTARTSYS;
	}
	while (from->count) {
		len = copy_from_iter(chunk, min(sizeof(chunk), from->count), from);
		if (!len) {
			n = -EFAULT;
			break;
		}
		n = write_chunk(file, tty, chunk, len);
		if (n > 0)
			done += n;
		if (n < (ssize_t)len)
			break;
	}
	mutex_unlock(&tty->write_mutex);
	return done ?: n;
}

static unsigned int tty_poll(struct file *file, struct poll_table *pt)
{
	struct tty_struct *tty = file_tty(file);
	unsigned int mask = 0;
	unsigned long flags;

	poll_wait(file, &tty->read_wait, pt);
	poll_wait(file, &tty->write_wait, pt);
	spin_lock_irqsave(&tty->lock, flags);
	if (n_tty_available(tty))
		mask |= POLLIN | POLLRDNORM;
	if (tty->hung_up)
		mask |= POLLIN | POLLRDNORM | POLLHUP | POLLERR;
	else if (!tty->stopped && tty->ops->write_room(tty) > 256)
		mask |= POLLOUT | POLLWRNORM;
	spin_unlock_irqrestore(&tty->lock, flags);
	return mask;
}

const struct file_operations tty_fops = {
	.read_iter = tty_read,
	.write_iter = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
	.release = tty_release,
};

/* ---- /dev/tty, /dev/console
 * ---------------------------------------------------------------------------------- */

static int dev_tty_open(struct inode *inode, struct file *file)
{
	struct tty_struct *tty = get_current_tty();
	int ret;

	if (!tty)
		return -ENXIO;
	ret = tty_open_file(tty, file);
	tty_put(tty);
	return ret;
}

static int dev_console_open(struct inode *inode, struct file *file)
{
	if (!console_tty)
		return -ENODEV;
	file->f_flags |= O_NOCTTY; /* as on Linux: opening it gives no controlling terminal */
	return tty_open_file(console_tty, file);
}

static const struct file_operations dev_tty_fops = { .open = dev_tty_open };
static const struct file_operations dev_console_fops = { .open = dev_console_open };

void tty_init(void)
{
	(void)register_chrdev(5, 0, 1, "tty", 0666, &dev_tty_fops, NULL);
	(void)register_chrdev(5, 1, 1, "console", 0600, &dev_console_fops, NULL);
}

void tty_exit_session(void)
{
	disassociate_ctty();
}
