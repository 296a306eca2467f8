/* SPDX-License-Identifier: MIT */
/*
 * Sending signals: where a signal is queued, which thread is woken for it, and what stop and
 * continue undo of each other.
 *
 * Lock order: tasklist_lock, then siglock (interrupts off). A task found under tasklist_lock has
 * its sighand until
 * release_task() takes both locks; current always has its own.
 */
#include "process/signal.h"
#include "process/process.h"
#include "sched/sched.h"
#include "lib/string.h"
#include "abi/errno.h"
#include "task/pid.h"

#define SIG_STOP_MASK                                                                              \
	(sigmask(SIGSTOP) | sigmask(SIGTSTP) | sigmask(SIGTTIN) | sigmask(SIGTTOU))
#define SIG_IGNORE_DEFAULT_MASK                                                                    \
	(sigmask(SIGCONT) | sigmask(SIGCHLD) | sigmask(SIGWINCH) | sigmask(SIGURG))
/* Faults are taken before anything that was sent. */
#define SIG_SYNCHRONOUS_MASK                                                                       \
	(sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGILL) | sigmask(SIGTRAP) | sigmask(SIGFPE) | \
	 sigmask(SIGSYS))

static bool is_real_siginfo(const struct siginfo *info)
{
	return info != SEND_SIG_NOINFO && info != SEND_SIG_PRIV;
}

static bool from_user(const struct siginfo *info)
{
	return info == SEND_SIG_NOINFO || (info != SEND_SIG_PRIV && info->si_code <= 0);
}

bool handler_ignores(__sighandler_t handler, int sig)
{
	if (handler == SIG_IGN)
		return true;
	return handler == SIG_DFL && (sigmask(sig) & SIG_IGNORE_DEFAULT_MASK);
}

static bool sig_ignored_by(struct task_struct *t, int sig)
{
	return handler_ignores(t->sighand->action[sig - 1].sa.sa_handler, sig);
}

/* Would @sig have no effect on @t, so that it need not even be queued? A blocked one is kept: its
 * handler may change. */
static bool sig_ignored(struct task_struct *t, int sig, bool force)
{
	__sighandler_t handler = t->sighand->action[sig - 1].sa.sa_handler;

	if ((t->blocked | t->real_blocked) & sigmask(sig))
		return false;
	if ((t->signal->flags & SIGNAL_UNKILLABLE) && handler == SIG_DFL && !force)
		return true; /* pid 1 gets only what it asked for */
	return sig_ignored_by(t, sig);
}

void signal_wake_up(struct task_struct *t, bool fatal)
{
	set_task_work(t, TIF_SIGPENDING);
	if (t == current)
		return; /* awake; on its way to sleep it looks at the mark (schedule) */
	if (!wake_up_state(t, TASK_INTERRUPTIBLE | (fatal ? TASK_WAKEKILL : 0)))
		kick_process(t);
}

void sigpending_flush(struct sigpending *pending, u64 mask)
{
	struct sigqueue *q, *n;

	if (!(pending->signal & mask))
		return;
	pending->signal &= ~mask;
	list_for_each_entry_safe(q, n, &pending->list, list) {
		if (mask & sigmask(q->info.si_signo)) {
			list_del_init(&q->list);
			sigqueue_free(q);
		}
	}
}

static void flush_mask_group(struct task_struct *p, u64 mask)
{
	struct task_struct *t;

	sigpending_flush(&p->signal->shared_pending, mask);
	for_each_thread(p, t)
		sigpending_flush(&t->pending, mask);
}

/* SIGCONT arrives: stopped threads run on at once, whatever its handler; the parent is told by the
 * first thread
 * that gets to get_signal(). */
static void continue_group(struct task_struct *p)
{
	struct signal_struct *sig = p->signal;
	struct task_struct *t;
	unsigned int why = 0;

	flush_mask_group(p, SIG_STOP_MASK);
	for_each_thread(p, t) {
		t->jobctl &= ~JOBCTL_STOP_MASK;
		wake_up_state(t, __TASK_STOPPED);
	}
	if (sig->flags & SIGNAL_STOP_STOPPED)
		why = SIGNAL_CLD_CONTINUED;
	else if (sig->group_stop_count)
		why = SIGNAL_CLD_STOPPED;
	if (why) {
		sig->flags = (sig->flags & SIGNAL_UNKILLABLE) | why | SIGNAL_STOP_CONTINUED;
		sig->group_stop_count = 0;
		sig->group_exit_code = 0;
	}
}

/* What sending @sig undoes before it is queued. Returns false if it need not be queued. siglock
 * held. */
static bool prepare_signal(int sig, struct task_struct *p, bool force)
{
	if (p->signal->flags & SIGNAL_GROUP_EXIT)
		return sig == SIGKILL;
	if (sigmask(sig) & SIG_STOP_MASK)
		flush_mask_group(p, sigmask(SIGCONT));
	else if (sig == SIGCONT)
		continue_group(p);
	return !sig_ignored(p, sig, force);
}

static bool wants_signal(int sig, struct task_struct *t)
{
	if ((t->blocked & sigmask(sig)) || (t->flags & PF_EXITING))
		return false;
	if (sig == SIGKILL)
		return true;
	if (t->state & (__TASK_STOPPED | __TASK_TRACED))
		return false;
	return t == current || !test_task_work(t, TIF_SIGPENDING);
}

/* Default action is to end the process (with or without a core). */
static bool sig_fatal(struct task_struct *p, int sig)
{
	u64 m = sigmask(sig);

	return !(m & (SIG_IGNORE_DEFAULT_MASK | SIG_STOP_MASK)) &&
	       p->sighand->action[sig - 1].sa.sa_handler == SIG_DFL;
}

static bool sig_coredump(int sig)
{
	return sigmask(sig) &
	       (sigmask(SIGQUIT) | sigmask(SIGILL) | sigmask(SIGTRAP) | sigmask(SIGABRT) |
		sigmask(SIGFPE) | sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGSYS) |
		sigmask(SIGXCPU) | sigmask(SIGXFSZ));
}

/* Choose the thread that will take @sig and wake it; a plainly fatal signal ends all threads at
 * once. siglock held. */
static void complete_signal(int sig, struct task_struct *p, bool group)
{
	struct signal_struct *signal = p->signal;
	struct task_struct *t = NULL, *it;

	if (wants_signal(sig, p)) {
		t = p;
	} else if (group) {
		for_each_thread(p, it) {
			if (wants_signal(sig, it)) {
				t = it;
				break;
			}
		}
	}
	if (!t)
		return; /* every thread blocks it: whoever unblocks it finds it in the shared queue */

	if (sig_fatal(p, sig) && !(signal->flags & SIGNAL_GROUP_EXIT) &&
	    !(t->real_blocked & sigmask(sig)) &&
	    (sig == SIGKILL || !(signal->flags & SIGNAL_UNKILLABLE)) && !sig_coredump(sig)) {
		signal->flags = (signal->flags & SIGNAL_UNKILLABLE) | SIGNAL_GROUP_EXIT;
		signal->group_exit_code = sig;
		signal->group_stop_count = 0;
		for_each_thread(p, it) {
			it->jobctl &= ~JOBCTL_STOP_MASK;
			it->pending.signal |= sigmask(SIGKILL);
			signal_wake_up(it, true);
		}
		return;
	}
	signal_wake_up(t, sig == SIGKILL);
}

static void fill_siginfo(struct siginfo *to, int sig, const struct siginfo *info)
{
	if (is_real_siginfo(info)) {
		*to = *info;
		return;
	}
	*to = (struct siginfo){.si_signo = sig, .si_code = SI_KERNEL};
	if (info == SEND_SIG_NOINFO) {
		to->si_code = SI_USER;
		to->si_pid = current->tgid;
		to->si_uid = current_uid();
	}
}

int send_signal_locked(int sig, struct siginfo *info, struct task_struct *t, bool group)
{
	struct sigpending *pending = group ? &t->signal->shared_pending : &t->pending;
	struct sigqueue *q;

	assert_spin_locked(&t->sighand->siglock);
	if (!prepare_signal(sig, t, info == SEND_SIG_PRIV))
		return 0;
	if (sig < SIGRTMIN && (pending->signal & sigmask(sig)))
		return 0; /* standard signals do not queue up */
	if (sig != SIGKILL) {
		q = sigqueue_alloc(t, sig < SIGRTMIN && !(is_real_siginfo(info) && info->si_code < 0));
		if (q) {
			fill_siginfo(&q->info, sig, info);
			list_add_tail(&q->list, &pending->list);
		} else if (sig >= SIGRTMIN && is_real_siginfo(info) && info->si_code != SI_USER) {
			return -EAGAIN; /* sigqueue(3) must not lose its value */
		}
	}
	pending->signal |= sigmask(sig);
	if (waitqueue_active(&t->sighand->signalfd_wqh))
		wake_up_all(&t->sighand->signalfd_wqh);
	complete_signal(sig, t, group);
	return 0;
}

int send_signal(int sig, struct siginfo *info, struct task_struct *t, bool group)
{
	struct sighand_struct *sighand = READ_ONCE(t->sighand);
	unsigned long flags;
	int ret;

	if (!sighand)
		return -ESRCH;
	spin_lock_irqsave(&sighand->siglock, flags);
	ret = send_signal_locked(sig, info, t, group);
	spin_unlock_irqrestore(&sighand->siglock, flags);
	return ret;
}

/* kill(2)'s rule: root, or the sender's real or effective uid is the target's real or saved one;
 * SIGCONT within a session. */
static int check_kill_permission(int sig, struct siginfo *info, struct task_struct *t)
{
	const struct cred *cred = current_cred(), *tcred;
	bool same;

	if (sig < 0 || sig > _NSIG)
		return -EINVAL;
	if (!from_user(info) || t->signal == current->signal)
		return 0;
	task_lock(t);
	tcred = t->cred;
	same = cred->euid == tcred->suid || cred->euid == tcred->uid || cred->uid == tcred->suid ||
	       cred->uid == tcred->uid;
	task_unlock(t);
	if (same || capable(CAP_KILL))
		return 0;
	if (sig == SIGCONT && task_session(t) == task_session(current))
		return 0;
	return -EPERM;
}

int group_send_sig_info(int sig, struct siginfo *info, struct task_struct *t, bool group)
{
	int ret = check_kill_permission(sig, info, t);

	if (ret || !sig)
		return ret;
	return send_signal(sig, info, t, group);
}

int kill_pgrp_info(int sig, struct siginfo *info, struct pid *pgrp)
{
	struct signal_struct *s;
	int ret = -ESRCH, err;

	for_each_pgrp_member(s, pgrp) {
		err = group_send_sig_info(sig, info, s->leader, true);
		if (ret != 0)
			ret = err; /* success with any member is success */
	}
	return ret;
}

int kill_pgrp(struct pid *pgrp, int sig)
{
	int ret;

	spin_lock(&tasklist_lock);
	ret = kill_pgrp_info(sig, SEND_SIG_PRIV, pgrp);
	spin_unlock(&tasklist_lock);
	return ret;
}

int kill_pid(struct pid *pid, int sig)
{
	int ret = -ESRCH;

	spin_lock(&tasklist_lock);
	if (pid->task)
		ret = send_signal(sig, SEND_SIG_PRIV, pid->task, true);
	spin_unlock(&tasklist_lock);
	return ret;
}

/* Like a send, but current cannot escape: a blocked or ignored signal kills. */
static void force_sig_info(struct siginfo *info)
{
	struct task_struct *t = current;
	struct k_sigaction *ka = &t->sighand->action[info->si_signo - 1];
	bool blocked, ignored;
	unsigned long flags;

	spin_lock_irqsave(&t->sighand->siglock, flags);
	blocked = t->blocked & sigmask(info->si_signo);
	ignored = ka->sa.sa_handler == SIG_IGN;
	if (blocked || ignored) {
		ka->sa.sa_handler = SIG_DFL;
		t->blocked &= ~sigmask(info->si_signo);
	}
	if (ka->sa.sa_handler == SIG_DFL)
		t->signal->flags &= ~SIGNAL_UNKILLABLE;
	/* A stale queued one must not stand in for this fault's address. */
	sigpending_flush(&t->pending, sigmask(info->si_signo));
	send_signal_locked(info->si_signo, info, t, false);
	recalc_sigpending();
	spin_unlock_irqrestore(&t->sighand->siglock, flags);
}

void force_sig_fault(int sig, int code, unsigned long addr)
{
	struct siginfo info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = code;
	info.si_addr = (void __user *)addr;
	force_sig_info(&info);
}

void force_sig(int sig)
{
	struct siginfo info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = SI_KERNEL;
	force_sig_info(&info);
}

void force_sig_fatal(int sig)
{
	unsigned long flags;

	spin_lock_irqsave(&current->sighand->siglock, flags);
	current->sighand->action[sig - 1].sa.sa_handler = SIG_DFL;
	spin_unlock_irqrestore(&current->sighand->siglock, flags);
	force_sig(sig);
}

void force_sigsegv(int sig)
{
	if (sig == SIGSEGV)
		force_sig_fatal(SIGSEGV);
	else
		force_sig(SIGSEGV);
}

int zap_other_threads(struct task_struct *p)
{
	struct task_struct *t;
	int count = 0;

	p->signal->group_stop_count = 0;
	for_each_thread(p, t) {
		if (t == p)
			continue;
		t->jobctl &= ~JOBCTL_STOP_MASK;
		count++;
		if (t->exit_state)
			continue;
		t->pending.signal |= sigmask(SIGKILL);
		signal_wake_up(t, true);
	}
	return count;
}

static u64 ns_to_clock_ticks(u64 ns)
{
	return ns / 10000000;
}

bool do_notify_parent(struct task_struct *p, int sig)
{
	struct task_struct *parent = p->parent;
	struct sighand_struct *psig = parent->sighand;
	struct siginfo info;
	u64 utime, stime;
	unsigned long flags;
	bool autoreap = false;

	if (p->signal->nr_threads == 1)
		thread_group_cputime(p, &utime, &stime);
	else
		utime = stime = 0;
	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_pid = p->pid;
	info.si_uid = p->cred->uid;
	info.si_utime = ns_to_clock_ticks(utime);
	info.si_stime = ns_to_clock_ticks(stime);
	info.si_status = p->exit_code & 0x7f;
	if (p->exit_code & 0x80)
		info.si_code = CLD_DUMPED;
	else if (p->exit_code & 0x7f)
		info.si_code = CLD_KILLED;
	else {
		info.si_code = CLD_EXITED;
		info.si_status = p->exit_code >> 8;
	}

	wake_up_all(&p->thread_pid->wait_pidfd);
	if (!psig)
		return true;
	spin_lock_irqsave(&psig->siglock, flags);
	if (sig == SIGCHLD) {
		struct k_sigaction *ka = &psig->action[SIGCHLD - 1];

		if (ka->sa.sa_handler == SIG_IGN || (ka->sa.sa_flags & SA_NOCLDWAIT)) {
			autoreap = true; /* POSIX: such a parent is not bothered with zombies */
			if (ka->sa.sa_handler == SIG_IGN)
				sig = 0;
		}
	}
	if (sig > 0 && sig <= _NSIG)
		send_signal_locked(sig, &info, parent, true);
	spin_unlock_irqrestore(&psig->siglock, flags);
	wake_up_parent(p, parent);
	return autoreap;
}

void do_notify_parent_cldstop(struct task_struct *p, int why)
{
	struct task_struct *leader = p->group_leader, *parent = leader->parent;
	struct sighand_struct *psig = parent->sighand;
	struct siginfo info;
	unsigned long flags;

	if (!psig)
		return;
	memset(&info, 0, sizeof(info));
	info.si_signo = SIGCHLD;
	info.si_pid = leader->pid;
	info.si_uid = leader->cred->uid;
	info.si_code = why;
	info.si_status = why == CLD_CONTINUED ? SIGCONT : leader->signal->group_exit_code & 0x7f;
	spin_lock_irqsave(&psig->siglock, flags);
	if (psig->action[SIGCHLD - 1].sa.sa_handler != SIG_IGN &&
	    !(psig->action[SIGCHLD - 1].sa.sa_flags & SA_NOCLDSTOP))
		send_signal_locked(SIGCHLD, &info, parent, true);
	spin_unlock_irqrestore(&psig->siglock, flags);
	wake_up_parent(leader, parent);
}

void flush_signal_handlers(struct task_struct *t)
{
	struct k_sigaction *ka = t->sighand->action;

	for (int i = 0; i < _NSIG; i++, ka++) {
		if (ka->sa.sa_handler != SIG_IGN)
			ka->sa.sa_handler = SIG_DFL;
		ka->sa.sa_flags = 0;
		ka->sa.sa_mask = 0;
		ka->sa.sa_restorer = NULL;
	}
}

/* Take @sig out of @pending into @info. The bit stays if another of the same number is queued.
 * siglock held. */
static void collect_signal(int sig, struct sigpending *pending, struct siginfo *info)
{
	struct sigqueue *q, *first = NULL;
	bool more = false;

	list_for_each_entry(q, &pending->list, list) {
		if (q->info.si_signo != sig)
			continue;
		if (first) {
			more = true;
			break;
		}
		first = q;
	}
	if (!more)
		pending->signal &= ~sigmask(sig);
	if (!first) {
		memset(info, 0, sizeof(*info)); /* its details found no memory */
		info->si_signo = sig;
		info->si_code = SI_USER;
		return;
	}
	list_del_init(&first->list);
	*info = first->info;
	sigqueue_keep(current, first);
}

static int next_signal(struct sigpending *pending, u64 mask)
{
	u64 ready = pending->signal & mask;

	if (!ready)
		return 0;
	if (ready & SIG_SYNCHRONOUS_MASK)
		ready &= SIG_SYNCHRONOUS_MASK;
	return __builtin_ctzll(ready) + 1;
}

int dequeue_signal(u64 mask, struct siginfo *info)
{
	struct task_struct *t = current;
	int sig = next_signal(&t->pending, mask);

	if (sig) {
		collect_signal(sig, &t->pending, info);
	} else {
		sig = next_signal(&t->signal->shared_pending, mask);
		if (sig)
			collect_signal(sig, &t->signal->shared_pending, info);
	}
	recalc_sigpending();
	return sig;
}
