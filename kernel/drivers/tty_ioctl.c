/* SPDX-License-Identifier: MIT */
/* Terminal ioctls (ioctl_tty(2)). */
#include "drivers/tty.h"
#include "task/pid.h"
#include "sched/sched.h"
#include "mm/uaccess.h"
#include "lib/string.h"
#include "abi/errno.h"

enum when { NOW, DRAIN, FLUSH };

static void wait_until_sent(struct tty_struct *tty)
{
	if (tty->ops->chars_in_buffer)
		wait_event_interruptible(tty->write_wait, tty->hung_up || !tty->ops->chars_in_buffer(tty));
}

/* Take @new over as the terminal's settings. */
static int set_termios(struct tty_struct *tty, const struct termios *new, enum when when)
{
	struct termios old;
	unsigned long flags;
	int ret = tty_check_change(tty, SIGTTOU);

	if (ret)
		return ret;
	if (when != NOW) {
		wait_until_sent(tty);
		if (signal_pending(current))
			return -ERESTARTSYS;
	}
	mutex_lock(&tty->termios_mutex);
	spin_lock_irqsave(&tty->lock, flags);
	if (when == FLUSH)
		n_tty_flush_input(tty);
	old = tty->termios;
	tty->termios = *new;
	tty->termios.c_line = 0;
	if (!(new->c_iflag & IXON))
		tty->stopped = false;
	n_tty_mode_changed(tty, &old);
	spin_unlock_irqrestore(&tty->lock, flags);
	mutex_unlock(&tty->termios_mutex);
	wake_up_poll(&tty->write_wait, POLLOUT | POLLWRNORM);
	return 0;
}

static void get_termios(struct tty_struct *tty, struct termios *t)
{
	unsigned long flags;

	spin_lock_irqsave(&tty->lock, flags);
	*t = tty->termios;
	spin_unlock_irqrestore(&tty->lock, flags);
}

static speed_t baud_rate(tcflag_t cflag)
{
	static const speed_t low[] = { 0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400 };
	static const speed_t high[] = { 0, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000,
					1500000, 2000000, 2500000, 3000000, 3500000, 4000000 };

	return cflag & CBAUDEX ? high[cflag & 15] : low[cflag & 15];
}

static int set_termios_user(struct tty_struct *tty, unsigned long arg, enum when when, bool two)
{
	struct termios2 t2;
	struct termios t;

	memset(&t2, 0, sizeof(t2));
	if (copy_from_user(&t2, (void __user *)arg, two ? sizeof(t2) : sizeof(t)))
		return -EFAULT;
	memcpy(&t, &t2, sizeof(t));
	return set_termios(tty, &t, when);
}

static int get_termios_user(struct tty_struct *tty, unsigned long arg, bool two)
{
	struct termios2 t2;
	struct termios t;

	get_termios(tty, &t);
	memset(&t2, 0, sizeof(t2));
	memcpy(&t2, &t, sizeof(t));
	t2.c_ispeed = t2.c_ospeed = baud_rate(t.c_cflag);
	return copy_to_user((void __user *)arg, &t2, two ? sizeof(t2) : sizeof(t)) ? -EFAULT : 0;
}

static int set_winsize(struct tty_struct *tty, unsigned long arg)
{
	struct winsize ws;
	bool changed;
	unsigned long flags;

	if (copy_from_user(&ws, (void __user *)arg, sizeof(ws)))
		return -EFAULT;
	spin_lock_irqsave(&tty->lock, flags);
	changed = memcmp(&ws, &tty->winsize, sizeof(ws));
	tty->winsize = ws;
	spin_unlock_irqrestore(&tty->lock, flags);
	if (changed)
		tty_signal_pgrp(tty, SIGWINCH);
	return 0;
}

static int get_pgrp(struct tty_struct *tty, unsigned long arg, bool session, bool master)
{
	pid_t nr;

	spin_lock(&tasklist_lock);
	if (!master && current->signal->tty != tty) {
		spin_unlock(&tasklist_lock);
		return -ENOTTY;
	}
	nr = pid_nr(session ? tty->session : tty->pgrp);
	spin_unlock(&tasklist_lock);
	if (session && !nr)
		return -ENOTTY;
	return put_user(nr, (pid_t __user *)arg);
}

static int set_pgrp(struct tty_struct *tty, unsigned long arg)
{
	struct signal_struct *s;
	struct pid *pgrp, *old;
	pid_t nr;
	int ret = tty_check_change(tty, SIGTTOU);

	if (ret)
		return ret == -EIO ? -ENOTTY : ret;
	if (get_user(nr, (pid_t __user *)arg))
		return -EFAULT;
	if (nr < 0)
		return -EINVAL;
	spin_lock(&tasklist_lock);
	ret = -ENOTTY;
	if (current->signal->tty != tty || tty->session != task_session(current))
		goto out;
	ret = -ESRCH;
	pgrp = find_pid(nr);
	if (!pgrp)
		goto out;
	ret = -EPERM;
	for_each_pgrp_member(s, pgrp) {
		if (s->pids_session != task_session(current))
			continue;
		old = tty->pgrp;
		tty->pgrp = get_pid(pgrp);
		if (old)
			put_pid(old);
		ret = 0;
		break;
	}
out:
	spin_unlock(&tasklist_lock);
	return ret;
}

static int flush(struct tty_struct *tty, unsigned long arg)
{
	unsigned long flags;
	int ret = tty_check_change(tty, SIGTTOU);

	if (ret)
		return ret;
	switch (arg) {
	case TCIFLUSH:
	case TCIOFLUSH:
		spin_lock_irqsave(&tty->lock, flags);
		n_tty_flush_input(tty);
		spin_unlock_irqrestore(&tty->lock, flags);
		return 0;
	case TCOFLUSH: /* what was written is with the reader already */
		return 0;
	}
	return -EINVAL;
}

static int flow(struct tty_struct *tty, unsigned long arg)
{
	int ret = tty_check_change(tty, SIGTTOU);

	if (ret)
		return ret;
	switch (arg) {
	case TCOOFF:
		tty->stopped = true;
		return 0;
	case TCOON:
		tty->stopped = false;
		wake_up_poll(&tty->write_wait, POLLOUT | POLLWRNORM);
		return 0;
	case TCIOFF:
	case TCION: /* the line has no other end to tell */
		return 0;
	}
	return -EINVAL;
}

static int fake_input(struct tty_struct *tty, unsigned long arg)
{
	char c;

	if (current->signal->tty != tty && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (get_user(c, (char __user *)arg))
		return -EFAULT;
	tty_receive(tty, &c, 1);
	return 0;
}

long tty_common_ioctl(struct tty_struct *tty, struct file *file, unsigned int cmd, unsigned long arg)
{
	unsigned long flags;
	struct winsize ws;
	int n;

	switch (cmd) {
	case TCGETS:
		return get_termios_user(tty, arg, false);
	case TCGETS2:
		return get_termios_user(tty, arg, true);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_termios_user(tty, arg, cmd - TCSETS, false);
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2:
		return set_termios_user(tty, arg, cmd - TCSETS2, true);
	case TIOCGWINSZ:
		spin_lock_irqsave(&tty->lock, flags);
		ws = tty->winsize;
		spin_unlock_irqrestore(&tty->lock, flags);
		return copy_to_user((void __user *)arg, &ws, sizeof(ws)) ? -EFAULT : 0;
	case TIOCSWINSZ:
		return set_winsize(tty, arg);
	case TIOCGETD:
		return put_user(0, (int __user *)arg);
	case TIOCSETD:
		if (get_user(n, (int __user *)arg))
			return -EFAULT;
		return n ? -EINVAL : 0;
	case TIOCSTI:
		return fake_input(tty, arg);
	case TIOCEXCL:
	case TIOCNXCL:
		tty->exclusive = cmd == TIOCEXCL;
		return 0;
	case TIOCGEXCL:
		return put_user((int)tty->exclusive, (int __user *)arg);
	case TCSBRK: /* a virtual line knows no break: only drain */
	case TCSBRKP:
		wait_until_sent(tty);
		return signal_pending(current) ? -ERESTARTSYS : 0;
	case TIOCGDEV:
		return put_user((unsigned int)new_encode_dev(tty->dev), (unsigned int __user *)arg);
	}
	return -ENOIOCTLCMD;
}

long tty_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tty_struct *tty = file_tty(file);
	unsigned long flags;
	long ret;

	if (tty->hung_up)
		return -EIO;
	ret = tty_common_ioctl(tty, file, cmd, arg);
	if (ret != -ENOIOCTLCMD)
		return ret;
	switch (cmd) {
	case TIOCGPGRP:
		return get_pgrp(tty, arg, false, false);
	case TIOCSPGRP:
		return set_pgrp(tty, arg);
	case TIOCGSID:
		return get_pgrp(tty, arg, true, false);
	case TIOCSCTTY:
		return tty_set_controlling(tty, arg == 1);
	case TIOCNOTTY:
		if (current->signal->tty != tty)
			return -ENOTTY;
		return tty_drop_controlling();
	case TCFLSH:
		return flush(tty, arg);
	case TCXONC:
		return flow(tty, arg);
	case FIONREAD:
		spin_lock_irqsave(&tty->lock, flags);
		ret = n_tty_available(tty);
		spin_unlock_irqrestore(&tty->lock, flags);
		return put_user((int)ret, (int __user *)arg);
	case TIOCOUTQ:
		spin_lock_irqsave(&tty->lock, flags);
		ret = tty->ops->chars_in_buffer ? tty->ops->chars_in_buffer(tty) : 0;
		spin_unlock_irqrestore(&tty->lock, flags);
		return put_user((int)ret, (int __user *)arg);
	}
	return -ENOTTY;
}
