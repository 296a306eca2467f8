/* SPDX-License-Identifier: MIT */
/* wait4 and waitid: a parent learns of its children's ends, stops and continues. */
#include "process/process.h"
#include "process/signal.h"
#include "process/pidfd.h"
#include "sched/sched.h"
#include "lib/err.h"
#include "lib/string.h"
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/wait.h"
#include "mm/uaccess.h"

/* One wait call: what it asks for and what it found. */
struct wait_opts {
	enum { WAIT_ALL, WAIT_PID, WAIT_PGID } type;
	struct pid *pid; /* no reference while under tasklist_lock; a reference from the caller */
	int options;
	/* found */
	pid_t found;
	int status;	 /* wait status (wait4) */
	int code, value; /* si_code, si_status (waitid) */
	uid_t uid;
	struct rusage *ru;
	bool candidates; /* some child may still change */
};

void wake_up_parent(struct task_struct *p, struct task_struct *parent)
{
	if (waitqueue_active(&parent->signal->wait_chldexit))
		__wake_up(&parent->signal->wait_chldexit, TASK_INTERRUPTIBLE, 0, 0);
}

static bool eligible_child(struct wait_opts *wo, struct task_struct *p)
{
	bool clone_child = p->exit_signal != SIGCHLD;

	if (wo->type == WAIT_PID && p->thread_pid != wo->pid)
		return false;
	if (wo->type == WAIT_PGID && task_pgrp(p) != wo->pid)
		return false;
	return (wo->options & __WALL) || clone_child == !!(wo->options & __WCLONE);
}

/* A reaped child's use is its parent's "children". siglock taken. */
static void add_child_times(struct task_struct *p)
{
	struct cpu_times *c = &current->signal->children, *d = &p->signal->dead_threads,
			 *cc = &p->signal->children;
	unsigned long maxrss = max(d->maxrss, cc->maxrss);

	spin_lock_irq(&current->sighand->siglock);
	c->utime += d->utime + p->utime + cc->utime;
	c->stime += d->stime + p->stime + cc->stime;
	c->nvcsw += d->nvcsw + p->nvcsw + cc->nvcsw;
	c->nivcsw += d->nivcsw + p->nivcsw + cc->nivcsw;
	c->min_flt += d->min_flt + p->min_flt + cc->min_flt;
	c->maj_flt += d->maj_flt + p->maj_flt + cc->maj_flt;
	c->inblock += d->inblock + p->inblock + cc->inblock;
	c->oublock += d->oublock + p->oublock + cc->oublock;
	if (c->maxrss < maxrss)
		c->maxrss = maxrss;
	spin_unlock_irq(&current->sighand->siglock);
}

/* @p is a zombie: report it, and unless WNOWAIT claim it (tasklist_lock makes the claim single).
 * Returns true with
 * tasklist_lock dropped. */
static bool wait_task_zombie(struct wait_opts *wo, struct task_struct *p)
{
	int status = (p->signal->flags & SIGNAL_GROUP_EXIT) ? p->signal->group_exit_code : p->exit_code;

	if (!(wo->options & WEXITED))
		return false;
	wo->found = p->pid;
	wo->uid = p->cred->uid;
	wo->status = status;
	if (status & 0x7f) {
		wo->code = (status & 0x80) ? CLD_DUMPED : CLD_KILLED;
		wo->value = status & 0x7f;
	} else {
		wo->code = CLD_EXITED;
		wo->value = (status >> 8) & 0xff;
	}
	if (wo->options & WNOWAIT) {
		get_task_struct(p);
		spin_unlock(&tasklist_lock);
		if (wo->ru)
			getrusage_of(p, RUSAGE_BOTH, wo->ru);
		put_task_struct(p);
		return true;
	}
	p->exit_state = EXIT_DEAD;
	spin_unlock(&tasklist_lock);
	add_child_times(p);
	if (wo->ru)
		getrusage_of(p, RUSAGE_BOTH, wo->ru);
	release_task(p);
	return true;
}

/* Real user of a living child. */
static uid_t uid_of(struct task_struct *p)
{
	uid_t uid;

	task_lock(p);
	uid = p->cred->uid;
	task_unlock(p);
	return uid;
}

static bool wait_task_stopped(struct wait_opts *wo, struct task_struct *p)
{
	int code = 0;

	if (!(wo->options & WUNTRACED))
		return false;
	spin_lock_irq(&p->sighand->siglock);
	if (p->signal->flags & SIGNAL_STOP_STOPPED) {
		code = p->signal->group_exit_code;
		if (!(wo->options & WNOWAIT))
			p->signal->group_exit_code = 0; /* reported */
	}
	spin_unlock_irq(&p->sighand->siglock);
	if (!code)
		return false;
	wo->found = p->pid;
	wo->uid = uid_of(p);
	wo->status = (code << 8) | 0x7f;
	wo->code = CLD_STOPPED;
	wo->value = code;
	get_task_struct(p);
	spin_unlock(&tasklist_lock);
	if (wo->ru)
		getrusage_of(p, RUSAGE_BOTH, wo->ru);
	put_task_struct(p);
	return true;
}

static bool wait_task_continued(struct wait_opts *wo, struct task_struct *p)
{
	bool continued;

	if (!(wo->options & WCONTINUED))
		return false;
	spin_lock_irq(&p->sighand->siglock);
	continued = p->signal->flags & SIGNAL_STOP_CONTINUED;
	if (continued && !(wo->options & WNOWAIT))
		p->signal->flags &= ~SIGNAL_STOP_CONTINUED;
	spin_unlock_irq(&p->sighand->siglock);
	if (!continued)
		return false;
	wo->found = p->pid;
	wo->uid = uid_of(p);
	wo->status = 0xffff;
	wo->code = CLD_CONTINUED;
	wo->value = SIGCONT;
	get_task_struct(p);
	spin_unlock(&tasklist_lock);
	if (wo->ru)
		getrusage_of(p, RUSAGE_BOTH, wo->ru);
	put_task_struct(p);
	return true;
}

/* Returns true with tasklist_lock dropped if @p had something to report. */
static bool wait_consider_task(struct wait_opts *wo, struct task_struct *p)
{
	if (!eligible_child(wo, p) || p->exit_state == EXIT_DEAD)
		return false;
	if (p->exit_state == EXIT_ZOMBIE && p->signal->nr_threads == 1)
		return wait_task_zombie(wo, p);
	wo->candidates = true;
	return wait_task_stopped(wo, p) || wait_task_continued(wo, p);
}

/* Look at every child of current (and, without __WNOTHREAD, of its threads). */
static bool scan_children(struct wait_opts *wo)
{
	struct task_struct *t, *p;

	wo->candidates = false;
	spin_lock(&tasklist_lock);
	for_each_thread(current, t) {
		if ((wo->options & __WNOTHREAD) && t != current)
			continue;
		list_for_each_entry(p, &t->children, sibling)
			if (wait_consider_task(wo, p))
				return true;
	}
	spin_unlock(&tasklist_lock);
	return false;
}

/* Pid found, 0 (WNOHANG and none yet), -ECHILD, -ERESTARTSYS. */
static long do_wait(struct wait_opts *wo)
{
	struct wait_queue_entry wait;
	long ret;

	if (scan_children(wo))
		return wo->found;
	if (!wo->candidates)
		return -ECHILD;
	if (wo->options & WNOHANG)
		return 0;
	init_wait_entry(&wait, 0);
	wait.func = default_wake_function;
	add_wait_queue(&current->signal->wait_chldexit, &wait);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (scan_children(wo)) {
			ret = wo->found;
			break;
		}
		ret = -ECHILD;
		if (!wo->candidates)
			break;
		ret = -ERESTARTSYS;
		if (signal_pending(current))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	remove_wait_queue(&current->signal->wait_chldexit, &wait);
	return ret;
}

long kernel_wait4(pid_t upid, int __user *ustatus, int options, struct rusage *ru)
{
	struct wait_opts wo = { .options = options | WEXITED, .ru = ru };
	long ret;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (upid == (pid_t)0x80000000)
		return -ESRCH;
	if (upid == -1) {
		wo.type = WAIT_ALL;
	} else {
		wo.type = upid > 0 ? WAIT_PID : WAIT_PGID;
		if (upid == 0) {
			spin_lock(&tasklist_lock);
			wo.pid = get_pid(task_pgrp(current));
			spin_unlock(&tasklist_lock);
		} else {
			wo.pid = find_get_pid(upid > 0 ? upid : -upid);
		}
		if (!wo.pid)
			return -ECHILD;
	}
	ret = do_wait(&wo);
	if (wo.pid)
		put_pid(wo.pid);
	if (ret > 0 && ustatus && put_user(wo.status, ustatus))
		ret = -EFAULT;
	return ret;
}

long kernel_waitid(int which, pid_t upid, struct siginfo *info, int options, struct rusage *ru)
{
	struct wait_opts wo = { .options = options, .ru = ru };
	unsigned int flags = 0;
	long ret;

	if (options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	switch (which) {
	case P_ALL:
		wo.type = WAIT_ALL;
		break;
	case P_PID:
		if (upid <= 0)
			return -EINVAL;
		wo.type = WAIT_PID;
		wo.pid = find_get_pid(upid);
		break;
	case P_PGID:
		if (upid < 0)
			return -EINVAL;
		wo.type = WAIT_PGID;
		if (upid) {
			wo.pid = find_get_pid(upid);
		} else {
			spin_lock(&tasklist_lock);
			wo.pid = get_pid(task_pgrp(current));
			spin_unlock(&tasklist_lock);
		}
		break;
	case P_PIDFD:
		wo.type = WAIT_PID;
		wo.pid = pidfd_get_pid(upid, &flags);
		if (IS_ERR(wo.pid))
			return PTR_ERR(wo.pid);
		if (flags & O_NONBLOCK)
			wo.options |= WNOHANG;
		break;
	default:
		return -EINVAL;
	}
	if (wo.type != WAIT_ALL && !wo.pid)
		return -ECHILD;
	ret = do_wait(&wo);
	if (wo.pid)
		put_pid(wo.pid);
	if (!ret && (flags & O_NONBLOCK) && !(options & WNOHANG))
		ret = -EAGAIN;
	memset(info, 0, sizeof(*info));
	if (ret > 0) {
		info->si_signo = SIGCHLD;
		info->si_code = wo.code;
		info->si_pid = wo.found;
		info->si_uid = wo.uid;
		info->si_status = wo.value;
	}
	return ret;
}
