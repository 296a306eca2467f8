/* SPDX-License-Identifier: MIT */
/* Making, ending and identifying processes. fork, vfork, clone and clone3 differ only in how they
 * fill kernel_clone_args. */
#include "sys/sys.h"
#include "process/process.h"
#include "process/signal.h"
#include "process/itimer.h"
#include "sched/sched.h"
#include "mm/mm.h"
#include "lib/string.h"
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/wait.h"

long sys_fork(void)
{
	struct kernel_clone_args args = { .exit_signal = SIGCHLD };

	return kernel_clone(&args);
}

long sys_vfork(void)
{
	struct kernel_clone_args args = { .flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD };

	return kernel_clone(&args);
}

long sys_clone(unsigned long flags, unsigned long stack, int __user *parent_tid, int __user *child_tid, unsigned long tls)
{
	struct kernel_clone_args args = {
		.flags = (u32)flags & ~CSIGNAL,
		.pidfd = parent_tid,
		.child_tid = child_tid,
		.parent_tid = parent_tid,
		.exit_signal = flags & CSIGNAL,
		.stack = stack,
		.tls = tls,
	};

	/* One pointer cannot serve both. */
	if ((args.flags & CLONE_PIDFD) && (args.flags & CLONE_PARENT_SETTID))
		return -EINVAL;
	return kernel_clone(&args);
}

/* @size bytes of a user structure that may be newer (longer, its rest zero) or older than @known.
 * 0, -E2BIG, -EFAULT. */
static int copy_struct_from_user(void *to, size_t known, const void __user *from, size_t size)
{
	u8 rest;

	memset(to, 0, known);
	for (size_t i = known; i < size; i++) {
		if (get_user(rest, (u8 __user *)from + i))
			return -EFAULT;
		if (rest)
			return -E2BIG;
	}
	return copy_from_user(to, from, min(known, size)) ? -EFAULT : 0;
}

static int clone3_set_tid(const struct clone_args *ca, struct kernel_clone_args *args)
{
	pid_t tid;

	if (ca->set_tid_size > 32 || !ca->set_tid != !ca->set_tid_size)
		return -EINVAL;
	if (!ca->set_tid_size)
		return 0;
	if (ca->set_tid_size != 1) /* there is one level of pid namespaces */
		return -EINVAL;
	if (get_user(tid, (pid_t __user *)ca->set_tid))
		return -EFAULT;
	if (tid < 1)
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN) && !capable(CAP_CHECKPOINT_RESTORE))
		return -EPERM;
	args->set_tid = tid;
	return 0;
}

long sys_clone3(const struct clone_args __user *uargs, size_t size)
{
	const u64 known = 0xffffffffull | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP;
	struct kernel_clone_args args;
	struct clone_args ca;
	int ret;

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	ret = copy_struct_from_user(&ca, sizeof(ca), uargs, size);
	if (ret)
		return ret;
	if ((ca.flags & ~known) || (ca.flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME))) ||
	    (ca.exit_signal & ~(u64)CSIGNAL) || ca.exit_signal > _NSIG)
		return -EINVAL;
	if (ca.flags & (CLONE_INTO_CGROUP | CLONE_NEWTIME))
		return -EINVAL;
	if ((ca.flags & (CLONE_THREAD | CLONE_PARENT)) && ca.exit_signal)
		return -EINVAL;
	if (!ca.stack != !ca.stack_size || (ca.stack && !access_ok((void __user *)ca.stack, ca.stack_size)))
		return -EINVAL;
	args = (struct kernel_clone_args){
		.flags = ca.flags,
		.pidfd = (int __user *)ca.pidfd,
		.child_tid = (int __user *)ca.child_tid,
		.parent_tid = (int __user *)ca.parent_tid,
		.exit_signal = ca.exit_signal,
		.stack = ca.stack ? ca.stack + ca.stack_size : 0,
		.stack_size = ca.stack_size,
		.tls = ca.tls,
	};
	ret = clone3_set_tid(&ca, &args);
	return ret ?: kernel_clone(&args);
}

long sys_execve(const char __user *filename, const char __user *const __user *argv, const char __user *const __user *envp)
{
	return do_execveat(AT_FDCWD, filename, argv, envp, 0);
}

long sys_execveat(int dfd, const char __user *filename, const char __user *const __user *argv,
		  const char __user *const __user *envp, int flags)
{
	return do_execveat(dfd, filename, argv, envp, flags);
}

long sys_exit(int code)
{
	do_exit((code & 0xff) << 8);
}

long sys_exit_group(int code)
{
	do_group_exit((code & 0xff) << 8);
}

long sys_wait4(pid_t pid, int __user *status, int options, struct rusage __user *uru)
{
	struct rusage ru;
	long ret = kernel_wait4(pid, status, options, uru ? &ru : NULL);

	if (ret > 0 && uru && copy_to_user(uru, &ru, sizeof(ru)))
		return -EFAULT;
	return ret;
}

long sys_waitid(int which, pid_t pid, struct siginfo __user *uinfo, int options, struct rusage __user *uru)
{
	struct siginfo info;
	struct rusage ru;
	long ret;

	memset(&info, 0, sizeof(info));
	ret = kernel_waitid(which, pid, &info, options, uru ? &ru : NULL);
	if (ret < 0)
		return ret;
	if (ret > 0 && uru && copy_to_user(uru, &ru, sizeof(ru)))
		return -EFAULT;
	if (uinfo && copy_to_user(uinfo, &info, sizeof(info)))
		return -EFAULT;
	return 0;
}

long sys_set_tid_address(int __user *tid)
{
	current->clear_child_tid = tid;
	return current->pid;
}

long sys_getpid(void)
{
	return current->tgid;
}

long sys_gettid(void)
{
	return current->pid;
}

long sys_getppid(void)
{
	return READ_ONCE(current->signal->ppid);
}

long sys_tkill(pid_t pid, int sig)
{
	return pid <= 0 ? -EINVAL : ksys_tgkill(-1, pid, sig);
}

long sys_rt_sigreturn(void)
{
	struct pt_regs *regs = arch_task_regs(current);
	stack_t altstack;
	u64 mask;

	if (arch_sigreturn(regs, &mask, &altstack)) {
		force_sig(SIGSEGV);
		return 0;
	}
	current->restart_block.fn = NULL;
	set_current_blocked(mask);
	restore_altstack(&altstack);
	return arch_syscall_return(regs); /* as the interrupted program had it */
}

long sys_pause(void)
{
	while (!signal_pending(current)) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!signal_pending(current))
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return -ERESTARTNOHAND;
}

long sys_alarm(unsigned int seconds)
{
	return ksys_alarm(seconds);
}

long sys_restart_syscall(void)
{
	struct restart_block *rb = &current->restart_block;

	return rb->fn ? rb->fn(rb) : -EINTR;
}

/* ---- Process groups and sessions
 * ----------------------------------------------------------------------- */

/* @p may be moved to a group by current: it is current's process or a child of it that has not done
 * exec. tasklist_lock held. */
static int may_set_pgid(struct task_struct *p)
{
	if (!thread_group_leader(p))
		return -EINVAL;
	if (p->real_parent->group_leader == current->group_leader) {
		if (task_session(p) != task_session(current))
			return -EPERM;
		if (!(p->flags & PF_FORKNOEXEC))
			return -EACCES;
	} else if (p != current->group_leader) {
		return -ESRCH;
	}
	return p->signal->leader_of_session ? -EPERM : 0;
}

static bool group_in_session(struct pid *pgrp, struct pid *session)
{
	struct signal_struct *s;

	for_each_pgrp_member(s, pgrp)
		if (s->pids_session == session)
			return true;
	return false;
}

long sys_setpgid(pid_t pid, pid_t pgid)
{
	struct task_struct *p;
	struct pid *pgrp;
	int ret;

	if (!pid)
		pid = current->tgid;
	if (!pgid)
		pgid = pid;
	if (pgid < 0)
		return -EINVAL;
	spin_lock(&tasklist_lock);
	ret = -ESRCH;
	p = find_task_by_pid(pid);
	if (!p)
		goto out;
	ret = may_set_pgid(p);
	if (ret)
		goto out;
	pgrp = p->thread_pid;
	if (pgid != pid) {
		pgrp = find_pid(pgid);
		ret = -EPERM;
		if (!pgrp || !group_in_session(pgrp, task_session(current)))
			goto out;
	}
	if (task_pgrp(p) != pgrp)
		set_task_pgrp(p, pgrp);
	ret = 0;
out:
	spin_unlock(&tasklist_lock);
	return ret;
}

/* Number of the group or session of process @pid (0: current). */
static long get_group_nr(pid_t pid, bool session)
{
	struct task_struct *p;
	long ret = -ESRCH;

	spin_lock(&tasklist_lock);
	p = pid ? find_task_by_pid(pid) : current;
	if (p)
		ret = session ? task_session_nr(p) : task_pgrp_nr(p);
	spin_unlock(&tasklist_lock);
	return ret;
}

long sys_getpgid(pid_t pid)
{
	return get_group_nr(pid, false);
}

long sys_getpgrp(void)
{
	return get_group_nr(0, false);
}

long sys_getsid(pid_t pid)
{
	return get_group_nr(pid, true);
}

long sys_setsid(void)
{
	struct task_struct *leader = current->group_leader;
	struct pid *pid = leader->thread_pid;
	long ret = -EPERM;

	spin_lock(&tasklist_lock);
	if (!leader->signal->leader_of_session && list_empty(&pid->members[PIDTYPE_PGID])) {
		leader->signal->leader_of_session = true;
		leader->signal->tty = NULL;
		set_task_session(leader, pid);
		set_task_pgrp(leader, pid);
		ret = pid_nr(pid);
	}
	spin_unlock(&tasklist_lock);
	return ret;
}
