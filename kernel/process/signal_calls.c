/* SPDX-License-Identifier: MIT */
/* The signal system calls. */
#include "process/signal.h"
#include "process/process.h"
#include "sched/sched.h"
#include "lib/err.h"
#include "lib/string.h"
#include "abi/errno.h"
#include "mm/uaccess.h"
#include "file/file.h"

/* POSIX: setting a signal to be ignored discards what is pending. The thread list needs
 * tasklist_lock, which all processes share: only such a setting takes it. */
static void set_ignoring_action(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct sighand_struct *sighand = current->sighand;
	struct task_struct *t;

	spin_lock(&tasklist_lock);
	spin_lock_irq(&sighand->siglock);
	*old = sighand->action[sig - 1].sa;
	sighand->action[sig - 1].sa = *act;
	sigpending_flush(&current->signal->shared_pending, sigmask(sig));
	for_each_thread(current, t)
		sigpending_flush(&t->pending, sigmask(sig));
	spin_unlock_irq(&sighand->siglock);
	spin_unlock(&tasklist_lock);
}

long ksys_rt_sigaction(int sig, const struct sigaction __user *uact, struct sigaction __user *uold, size_t size)
{
	struct sighand_struct *sighand = current->sighand;
	struct sigaction act, old;

	if (size != sizeof(u64) || sig < 1 || sig > _NSIG)
		return -EINVAL;
	if (uact) {
		if (copy_from_user(&act, uact, sizeof(act)))
			return -EFAULT;
		if (sigmask(sig) & SIG_KERNEL_ONLY_MASK)
			return -EINVAL;
		act.sa_mask &= ~SIG_KERNEL_ONLY_MASK;
		act.sa_flags &= SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART |
				SA_NODEFER | SA_RESETHAND | SA_RESTORER | SA_EXPOSE_TAGBITS;
	}
	/* A function of the program's own, the usual case, is told at once. */
	if (uact && (unsigned long)act.sa_handler <= (unsigned long)SIG_IGN &&
	    handler_ignores(act.sa_handler, sig)) {
		set_ignoring_action(sig, &act, &old);
	} else {
		spin_lock_irq(&sighand->siglock);
		old = sighand->action[sig - 1].sa;
		if (uact)
			sighand->action[sig - 1].sa = act;
		spin_unlock_irq(&sighand->siglock);
	}
	if (uold && copy_to_user(uold, &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

long ksys_rt_sigprocmask(int how, const u64 __user *uset, u64 __user *uold, size_t size)
{
	u64 old = current->blocked, set, new;

	if (size != sizeof(u64))
		return -EINVAL;
	if (uset) {
		if (copy_from_user(&set, uset, sizeof(set)))
			return -EFAULT;
		switch (how) {
		case SIG_BLOCK:
			new = old | set;
			break;
		case SIG_UNBLOCK:
			new = old & ~set;
			break;
		case SIG_SETMASK:
			new = set;
			break;
		default:
			return -EINVAL;
		}
		set_current_blocked(new);
	}
	if (uold && copy_to_user(uold, &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

long ksys_rt_sigpending(u64 __user *uset, size_t size)
{
	u64 set;

	if (size > sizeof(set))
		return -EINVAL;
	set = (current->pending.signal | current->signal->shared_pending.signal) & current->blocked;
	return copy_to_user(uset, &set, size) ? -EFAULT : 0;
}

long ksys_rt_sigsuspend(const u64 __user *uset, size_t size)
{
	u64 set;

	if (size != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, uset, sizeof(set)))
		return -EFAULT;
	current->saved_sigmask = current->blocked;
	set_current_blocked(set);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (signal_pending(current))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	current->restore_sigmask = true;
	return -ERESTARTNOHAND;
}

/* Sleep until a signal of @wanted comes or @timeout ns pass. */
static int wait_for_signal(u64 wanted, u64 timeout, struct siginfo *info)
{
	struct task_struct *t = current;
	int sig;

	spin_lock_irq(&t->sighand->siglock);
	sig = dequeue_signal(wanted, info);
	if (!sig && timeout) {
		/* While it sleeps the wanted ones must wake it: unblock them; real_blocked keeps
		 * them from being dropped as ignored. */
		t->real_blocked = t->blocked;
		t->blocked &= ~wanted;
		recalc_sigpending();
		spin_unlock_irq(&t->sighand->siglock);

		__set_current_state(TASK_INTERRUPTIBLE);
		timeout = schedule_timeout(timeout);

		spin_lock_irq(&t->sighand->siglock);
		set_current_blocked_locked(t->real_blocked);
		t->real_blocked = 0;
		sig = dequeue_signal(wanted, info);
	}
	spin_unlock_irq(&t->sighand->siglock);
	if (sig)
		return sig;
	return timeout ? -EINTR : -EAGAIN;
}

long ksys_rt_sigtimedwait(const u64 __user *uset, struct siginfo __user *uinfo, const struct timespec __user *uts,
			  size_t size)
{
	u64 wanted, timeout = U64_MAX;
	struct siginfo info;
	struct timespec ts;
	int sig;

	if (size != sizeof(wanted))
		return -EINVAL;
	if (copy_from_user(&wanted, uset, sizeof(wanted)))
		return -EFAULT;
	if (uts) {
		if (copy_from_user(&ts, uts, sizeof(ts)))
			return -EFAULT;
		if (ts.tv_sec < 0 || (unsigned long)ts.tv_nsec >= 1000000000)
			return -EINVAL;
		timeout = ts.tv_sec > 9000000000 ? U64_MAX : ts.tv_sec * 1000000000ull + ts.tv_nsec;
	}
	sig = wait_for_signal(wanted & ~SIG_KERNEL_ONLY_MASK, timeout, &info);
	if (sig > 0 && uinfo && copy_to_user(uinfo, &info, sizeof(info)))
		return -EFAULT;
	return sig;
}

static bool on_alt_stack(unsigned long sp)
{
	struct task_struct *t = current;

	return !(t->sas_ss_flags & SS_AUTODISARM) && sp > t->sas_ss_sp && sp - t->sas_ss_sp <= t->sas_ss_size;
}

/* Take a setting over: 0, -EPERM (in use), -EINVAL, -ENOMEM. */
static int set_altstack(const stack_t *ss)
{
	struct task_struct *t = current;
	unsigned int mode = ss->ss_flags & ~SS_FLAG_BITS;

	if (on_alt_stack(arch_user_sp(arch_task_regs(t))))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode != SS_DISABLE && ss->ss_size < MINSIGSTKSZ)
		return -ENOMEM;
	t->sas_ss_sp = mode == SS_DISABLE ? 0 : (unsigned long)ss->ss_sp;
	t->sas_ss_size = mode == SS_DISABLE ? 0 : ss->ss_size;
	t->sas_ss_flags = ss->ss_flags & SS_FLAG_BITS;
	return 0;
}

void restore_altstack(const stack_t *ss)
{
	const struct task_struct *t = current;

	/* Nearly always as it is. */
	if (ss->ss_size == t->sas_ss_size && (unsigned long)ss->ss_sp == t->sas_ss_sp &&
	    (unsigned int)ss->ss_flags == (t->sas_ss_size ? t->sas_ss_flags : SS_DISABLE))
		return;
	(void)set_altstack(ss);
}

long ksys_sigaltstack(const stack_t __user *uss, stack_t __user *uold)
{
	struct task_struct *t = current;
	bool on = on_alt_stack(arch_user_sp(arch_task_regs(t)));
	stack_t ss, old = {
		.ss_sp = (void __user *)t->sas_ss_sp,
		.ss_size = t->sas_ss_size,
		.ss_flags = (t->sas_ss_size ? (on ? SS_ONSTACK : 0) : SS_DISABLE) |
			    (int)(t->sas_ss_flags & SS_FLAG_BITS),
	};
	int ret;

	if (uss) {
		if (copy_from_user(&ss, uss, sizeof(ss)))
			return -EFAULT;
		ret = set_altstack(&ss);
		if (ret)
			return ret;
	}
	if (uold && copy_to_user(uold, &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

/* kill(-1): everybody but pid 1 and the caller's own process. tasklist_lock held. */
static int kill_everybody(int sig)
{
	struct task_struct *p;
	int ret = -ESRCH, err;

	for_each_process(p) {
		if (p->pid <= 1 || p->group_leader == current->group_leader)
			continue;
		if (ret == -ESRCH)
			ret = 0; /* somebody is there, though perhaps nobody the caller may signal */
		err = group_send_sig_info(sig, SEND_SIG_NOINFO, p, true);
		if (err != -EPERM)
			ret = err;
	}
	return ret;
}

long ksys_kill(pid_t pid, int sig)
{
	struct task_struct *t;
	struct pid *pgrp;
	int ret = -ESRCH;

	if (pid == (pid_t)0x80000000)
		return -ESRCH;
	spin_lock(&tasklist_lock);
	if (pid > 0) {
		t = find_task_by_pid(pid);
		if (t)
			ret = group_send_sig_info(sig, SEND_SIG_NOINFO, t, true);
	} else if (pid == -1) {
		ret = kill_everybody(sig);
	} else {
		pgrp = pid ? find_pid(-pid) : task_pgrp(current);
		if (pgrp)
			ret = kill_pgrp_info(sig, SEND_SIG_NOINFO, pgrp);
	}
	spin_unlock(&tasklist_lock);
	return ret;
}

/* One thread; @tgid > 0: it must belong to that process. */
static int send_to_thread(pid_t tgid, pid_t pid, int sig, struct siginfo *info)
{
	struct task_struct *t;
	int ret = -ESRCH;

	spin_lock(&tasklist_lock);
	t = find_task_by_pid(pid);
	if (t && (tgid <= 0 || t->tgid == tgid)) {
		ret = group_send_sig_info(sig, info, t, false);
		if (ret == -ESRCH)
			ret = 0; /* it is ending: as if it had come a moment earlier */
	}
	spin_unlock(&tasklist_lock);
	return ret;
}

long ksys_tgkill(pid_t tgid, pid_t pid, int sig)
{
	struct siginfo info;

	if (pid <= 0 || tgid == 0)
		return -EINVAL;
	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = SI_TKILL;
	info.si_pid = current->tgid;
	info.si_uid = current_uid();
	return send_to_thread(tgid, pid, sig, &info);
}

/* Details from user mode may not pretend to come from the kernel or from kill(2), but to
 * oneself. */
static int get_user_siginfo(struct siginfo *info, int sig, const struct siginfo __user *uinfo)
{
	if (copy_from_user(info, uinfo, sizeof(*info)))
		return -EFAULT;
	info->si_signo = sig;
	return 0;
}

long ksys_rt_sigqueueinfo(pid_t pid, int sig, const struct siginfo __user *uinfo)
{
	struct siginfo info;
	struct task_struct *t;
	int ret = get_user_siginfo(&info, sig, uinfo);

	if (ret)
		return ret;
	if ((info.si_code >= 0 || info.si_code == SI_TKILL) && pid != current->pid)
		return -EPERM;
	ret = -ESRCH;
	spin_lock(&tasklist_lock);
	t = find_task_by_pid(pid);
	if (t)
		ret = group_send_sig_info(sig, &info, t, true);
	spin_unlock(&tasklist_lock);
	return ret;
}

long ksys_rt_tgsigqueueinfo(pid_t tgid, pid_t pid, int sig, const struct siginfo __user *uinfo)
{
	struct siginfo info;
	int ret = get_user_siginfo(&info, sig, uinfo);

	if (ret)
		return ret;
	if (pid <= 0 || tgid <= 0)
		return -EINVAL;
	if ((info.si_code >= 0 || info.si_code == SI_TKILL) && pid != current->pid)
		return -EPERM;
	return send_to_thread(tgid, pid, sig, &info);
}

long ksys_pidfd_send_signal(int pidfd, int sig, const struct siginfo __user *uinfo, unsigned int flags)
{
	struct siginfo info;
	struct pid *pid;
	int ret;

	if (flags)
		return -EINVAL;
	pid = pidfd_get_pid(pidfd, NULL);
	if (IS_ERR(pid))
		return PTR_ERR(pid);
	if (uinfo) {
		ret = -EFAULT;
		if (copy_from_user(&info, uinfo, sizeof(info)))
			goto out;
		ret = -EINVAL;
		if (info.si_signo != sig)
			goto out;
		ret = -EPERM;
		if ((info.si_code >= 0 || info.si_code == SI_TKILL) && pid->task != current)
			goto out;
	}
	ret = -ESRCH;
	spin_lock(&tasklist_lock);
	if (pid->task)
		ret = group_send_sig_info(sig, uinfo ? &info : SEND_SIG_NOINFO, pid->task, true);
	spin_unlock(&tasklist_lock);
out:
	put_pid(pid);
	return ret;
}
