/* SPDX-License-Identifier: MIT */
/*
 * Making tasks. fork, vfork, clone and clone3 only fill kernel_clone_args and call kernel_clone():
 *
 *	kernel_clone -> copy_process -> wake_up_new_task [-> wait for the vfork child]
 *
 * copy_process is a list of stages; each shares with the parent or copies, by its flag:
 *
 *	dup_task_struct			always a copy
 *	copy_creds			shared (immutable)
 *	copy_semundo	CLONE_SYSVSEM	System V semaphore undo list
 *	copy_files	CLONE_FILES	descriptor table
 *	copy_fs		CLONE_FS	root, working directory, umask
 *	copy_sighand	CLONE_SIGHAND	signal handlers
 *	copy_signal	CLONE_THREAD	the process: pending signals, limits, job control
 *	copy_mm		CLONE_VM	address space
 *	copy_namespaces	CLONE_NEW*	(a flag copies instead of sharing)
 *	copy_io		CLONE_IO	I/O priority
 *	copy_thread			registers
 *	alloc_pid
 *
 * A failure at one stage undoes those before it in reverse order.
 */
#include "process/process.h"
#include "process/signal.h"
#include "process/futex.h"
#include "process/pidfd.h"
#include "task/namespace.h"
#include "sched/sched.h"
#include "file/file.h"
#include "fs/fs.h"
#include "mm/mm.h"
#include "page/slab.h"
#include "base/trace.h"
#include "lib/err.h"
#include "lib/string.h"
#include "abi/errno.h"

static int check_clone_flags(const struct kernel_clone_args *args)
{
	u64 f = args->flags;

	if ((f & (CLONE_NEWNS | CLONE_FS)) == (CLONE_NEWNS | CLONE_FS))
		return -EINVAL;
	if ((f & (CLONE_NEWUSER | CLONE_FS)) == (CLONE_NEWUSER | CLONE_FS))
		return -EINVAL;
	if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND))
		return -EINVAL;
	if ((f & CLONE_SIGHAND) && !(f & CLONE_VM))
		return -EINVAL;
	if ((f & CLONE_SIGHAND) && (f & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((f & CLONE_PARENT) && (current->signal->flags & SIGNAL_UNKILLABLE))
		return -EINVAL;
	if ((f & CLONE_THREAD) && (f & (CLONE_NEWUSER | CLONE_NEWPID)))
		return -EINVAL;
	if ((f & CLONE_PIDFD) && (f & (CLONE_DETACHED | CLONE_THREAD)))
		return -EINVAL;
	if (args->exit_signal && (f & (CLONE_THREAD | CLONE_PARENT)) && (f & CLONE_THREAD) == 0 &&
	    args->exit_signal > _NSIG)
		return -EINVAL;
	return 0;
}

/* ---- Stages
 * ---------------------------------------------------------------------------------------- */

static int copy_creds(struct task_struct *p)
{
	struct user_struct *user = p->cred->user;
	unsigned long limit = task_rlimit(current, RLIMIT_NPROC);

	if (atomic_long_add_return(1, (atomic_long_t *)&user->processes) > limit && user->uid != 0 &&
	    !capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN)) {
		atomic_long_dec((atomic_long_t *)&user->processes);
		return -EAGAIN;
	}
	return 0;
}

static void undo_creds(struct task_struct *p)
{
	atomic_long_dec((atomic_long_t *)&p->cred->user->processes);
}

static int copy_semundo(u64 flags, struct task_struct *p)
{
	/* The list is made by the first of the sharers that needs one (see sysv_sem). */
	if ((flags & CLONE_SYSVSEM) && current->sysvsem) {
		refcount_inc(&current->sysvsem->count);
		p->sysvsem = current->sysvsem;
	}
	return 0;
}

static void exit_sem(struct task_struct *p)
{
	if (p->sysvsem && refcount_dec_and_test(&p->sysvsem->count))
		kfree(p->sysvsem);
	p->sysvsem = NULL;
}

static int copy_files(u64 flags, struct task_struct *p)
{
	struct files_struct *new;

	if (!current->files)
		return 0;
	if (flags & CLONE_FILES) {
		refcount_inc(&current->files->count);
		p->files = current->files;
		return 0;
	}
	new = dup_fd(current->files);
	if (IS_ERR(new))
		return PTR_ERR(new);
	p->files = new;
	return 0;
}

static int copy_fs(u64 flags, struct task_struct *p)
{
	struct fs_struct *fs = current->fs;

	if (!fs)
		return 0;
	if (flags & CLONE_FS) {
		refcount_inc(&fs->users);
		p->fs = fs;
		return 0;
	}
	p->fs = copy_fs_struct(fs);
	return p->fs ? 0 : -ENOMEM;
}

static int copy_sighand(u64 flags, struct task_struct *p)
{
	struct sighand_struct *new;

	if (flags & CLONE_SIGHAND) {
		refcount_inc(&current->sighand->count);
		p->sighand = current->sighand;
		return 0;
	}
	new = alloc_sighand();
	if (!new)
		return -ENOMEM;
	p->sighand = new;
	spin_lock_irq(&current->sighand->siglock);
	memcpy(new->action, current->sighand->action, sizeof(new->action));
	spin_unlock_irq(&current->sighand->siglock);
	if (flags & CLONE_CLEAR_SIGHAND)
		flush_signal_handlers(p);
	return 0;
}

static int copy_signal(u64 flags, struct task_struct *p)
{
	struct signal_struct *sig, *old = current->signal;

	if (flags & CLONE_THREAD) {
		refcount_inc(&old->sigcnt);
		p->signal = old;
		return 0;
	}
	sig = alloc_signal();
	if (!sig)
		return -ENOMEM;
	p->signal = sig;
	sig->leader = p;
	sig->nr_threads = 1;
	atomic_set(&sig->live, 1);
	ktimer_init(&sig->real_timer, itimer_real_expired);
	task_lock(current->group_leader);
	memcpy(sig->rlim, old->rlim, sizeof(sig->rlim));
	task_unlock(current->group_leader);
	sig->oom_score_adj = old->oom_score_adj;
	sig->oom_score_adj_min = old->oom_score_adj_min;
	sig->has_child_subreaper = old->has_child_subreaper || old->is_child_subreaper;
	return 0;
}

static int copy_mm(u64 flags, struct task_struct *p)
{
	struct mm_struct *mm = current->mm;

	if (!mm)
		return 0; /* a kernel thread */
	if (flags & CLONE_VM) {
		mmget(mm);
	} else {
		mm = dup_mm(p, mm);
		if (IS_ERR(mm))
			return PTR_ERR(mm);
	}
	p->mm = p->active_mm = mm;
	return 0;
}

int copy_namespaces(u64 flags, struct task_struct *p)
{
	const u64 unsupported = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUSER |
				CLONE_NEWCGROUP;
	struct nsproxy *new, *old = current->nsproxy;
	struct uts_namespace *uts;

	if (flags & unsupported)
		return -EINVAL; /* as Linux built without them */
	if (!(flags & CLONE_NEWUTS)) {
		get_nsproxy(old);
		p->nsproxy = old;
		return 0;
	}
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	uts = copy_uts_ns(old->uts_ns);
	if (!uts)
		return -ENOMEM;
	new = alloc_nsproxy(uts, old->mnt_ns);
	if (!new) {
		put_uts_ns(uts);
		return -ENOMEM;
	}
	task_lock(p); /* unshare(2): others see the old one until now */
	p->nsproxy = new;
	task_unlock(p);
	return 0;
}

static int copy_io(u64 flags, struct task_struct *p)
{
	struct io_context *old = current->io_context, *new;

	if (!old)
		return 0;
	if (flags & CLONE_IO) {
		p->io_context = get_io_context(old);
		return 0;
	}
	if (!old->ioprio)
		return 0;
	new = alloc_io_context(old->ioprio, GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	p->io_context = new;
	return 0;
}

static void exit_io_context(struct task_struct *p)
{
	struct io_context *ioc;

	task_lock(p); /* ioprio_get and ioprio_set of others */
	ioc = p->io_context;
	p->io_context = NULL;
	task_unlock(p);
	put_io_context(ioc);
}

/* Everything of the copy that must not be the parent's. */
static void reset_task(struct task_struct *p, const struct kernel_clone_args *args)
{
	p->flags &= ~(PF_SUPERPRIV | PF_KTHREAD | PF_EXITING | PF_SIGNALED | PF_IDLE);
	p->flags |= PF_FORKNOEXEC;
	INIT_LIST_HEAD(&p->reap_link);
	p->set_child_tid = (args->flags & CLONE_CHILD_SETTID) ? args->child_tid : NULL;
	p->clear_child_tid = (args->flags & CLONE_CHILD_CLEARTID) ? args->child_tid : NULL;
	if (args->flags & CLONE_THREAD)
		p->exit_signal = -1;
	else if (args->flags & CLONE_PARENT)
		p->exit_signal = current->group_leader->exit_signal;
	else
		p->exit_signal = args->exit_signal;
	/* The alternate stack belongs to one thread; a vfork child stands in for its parent. */
	if ((args->flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM) {
		p->sas_ss_sp = 0;
		p->sas_ss_size = 0;
	}
}

/* Link @p into the tree and the tables: from here on everybody can see it. Returns -ERESTARTNOINTR
 * if a signal for
 * the whole process came first, so that it is not missed by the child. */
static int publish_task(struct task_struct *p, const struct kernel_clone_args *args)
{
	int ret = 0;

	spin_lock(&tasklist_lock);
	spin_lock_irq(&current->sighand->siglock);
	if (signal_pending(current) && current->mm) {
		recalc_sigpending();
		if (signal_pending(current)) {
			ret = -ERESTARTNOINTR;
			goto out;
		}
	}
	if (args->flags & (CLONE_PARENT | CLONE_THREAD))
		p->real_parent = current->real_parent;
	else
		p->real_parent = current;
	p->parent = p->real_parent;

	attach_pid(p, p->thread_pid);
	if (args->flags & CLONE_THREAD) {
		p->group_leader = current->group_leader;
		p->tgid = current->tgid;
		p->signal->nr_threads++;
		atomic_inc(&p->signal->live);
		list_add_tail(&p->thread_group, &p->signal->thread_head);
	} else {
		p->group_leader = p;
		p->tgid = p->pid;
		if (p->pid == 1)
			p->signal->flags |= SIGNAL_UNKILLABLE;
		list_add_tail(&p->thread_group, &p->signal->thread_head);
		p->signal->tty = current->signal->tty;
		p->signal->ppid = p->real_parent->tgid;
		set_task_pgrp(p, task_pgrp(current) ?: p->thread_pid);
		set_task_session(p, task_session(current) ?: p->thread_pid);
		list_add_tail(&p->sibling, &p->real_parent->children);
		list_add_tail(&p->tasks, &init_task.tasks);
	}
out:
	spin_unlock_irq(&current->sighand->siglock);
	spin_unlock(&tasklist_lock);
	return ret;
}

static int copy_thread(struct task_struct *p, const struct kernel_clone_args *args)
{
	struct arch_thread_args thread = {
		.sp = args->stack,
		.tls = args->tls,
		.set_tls = args->flags & CLONE_SETTLS,
		.fn = args->fn,
		.fn_arg = args->fn_arg,
	};

	if (thread.set_tls && thread.tls >= TASK_SIZE_MAX)
		return -EPERM; /* not canonical perhaps: loading it would fault in the kernel */
	return arch_copy_thread(p, &thread);
}

static int alloc_child_pid(struct task_struct *p, const struct kernel_clone_args *args)
{
	struct pid *pid = alloc_pid(args->set_tid);

	if (IS_ERR(pid))
		return PTR_ERR(pid);
	p->thread_pid = pid;
	p->pid = pid->nr;
	return 0;
}

struct task_struct *copy_process(struct kernel_clone_args *args)
{
	u64 flags = args->flags;
	struct task_struct *p;
	struct file *pidfile = NULL;
	int pidfd = -1, ret;

	ret = check_clone_flags(args);
	if (ret)
		return ERR_PTR(ret);
	if (nr_threads_total() >= max_threads)
		return ERR_PTR(-EAGAIN);
	p = dup_task_struct(current);
	if (!p)
		return ERR_PTR(-ENOMEM);
	reset_task(p, args);
	ret = copy_creds(p);
	if (ret)
		goto bad_task;
	sched_fork(p);
	ret = copy_semundo(flags, p);
	if (ret)
		goto bad_creds;
	ret = copy_files(flags, p);
	if (ret)
		goto bad_semundo;
	ret = copy_fs(flags, p);
	if (ret)
		goto bad_files;
	ret = copy_sighand(flags, p);
	if (ret)
		goto bad_fs;
	ret = copy_signal(flags, p);
	if (ret)
		goto bad_sighand;
	ret = copy_mm(flags, p);
	if (ret)
		goto bad_signal;
	ret = copy_namespaces(flags, p);
	if (ret)
		goto bad_mm;
	ret = copy_io(flags, p);
	if (ret)
		goto bad_namespaces;
	ret = copy_thread(p, args);
	if (ret)
		goto bad_io;
	ret = alloc_child_pid(p, args);
	if (ret)
		goto bad_thread;
	if (flags & CLONE_PIDFD) {
		ret = pidfd_prepare(p->thread_pid, &pidfile);
		if (ret < 0)
			goto bad_pid;
		pidfd = ret;
		ret = put_user(pidfd, args->pidfd);
		if (ret)
			goto bad_pidfd;
	}
	ret = publish_task(p, args);
	if (ret)
		goto bad_pidfd;
	if (pidfile)
		fd_install(pidfd, pidfile);
	return p;

bad_pidfd:
	if (pidfile) {
		put_unused_fd(pidfd);
		fput(pidfile);
	}
bad_pid:
	free_pid(p->thread_pid);
	p->thread_pid = NULL;
bad_thread:
	arch_release_thread(p);
bad_io:
	exit_io_context(p);
bad_namespaces:
	put_nsproxy(p->nsproxy);
bad_mm:
	if (p->mm) {
		struct mm_struct *mm = p->mm;

		p->mm = p->active_mm = NULL;
		mmput(mm);
	}
bad_signal:
	put_signal(p->signal);
	p->signal = NULL;
bad_sighand:
	put_sighand(p->sighand);
	p->sighand = NULL;
bad_fs:
	if (p->fs)
		put_fs_struct(p->fs);
bad_files:
	if (p->files)
		put_files_struct(p->files);
bad_semundo:
	exit_sem(p);
bad_creds:
	undo_creds(p);
bad_task:
	put_new_task(p);
	return ERR_PTR(ret);
}

/* The parent of a vfork sleeps until the child has left the shared address space; killed, it goes
 * without. */
static void wait_for_vfork_done(struct task_struct *child, struct completion *done)
{
	if (wait_for_completion_killable(done)) {
		task_lock(child);
		child->vfork_done = NULL;
		task_unlock(child);
	}
	put_task_struct(child);
}

long kernel_clone(struct kernel_clone_args *args)
{
	struct completion vfork;
	struct task_struct *p;
	pid_t nr;

	p = copy_process(args);
	if (IS_ERR(p))
		return PTR_ERR(p);
	nr = p->pid;
	trace(TRACE_CLONE, current->pid, nr, args->flags);
	if (args->flags & CLONE_PARENT_SETTID)
		(void)put_user(nr, args->parent_tid); /* as Linux: the child exists whatever that pointer is */
	if (args->flags & CLONE_VFORK) {
		init_completion(&vfork);
		p->vfork_done = &vfork;
		get_task_struct(p);
	}
	wake_up_new_task(p);
	if (args->flags & CLONE_VFORK)
		wait_for_vfork_done(p, &vfork);
	return nr;
}

void mm_release(struct task_struct *task)
{
	exit_robust_list(task);
	if (task->clear_child_tid) {
		if (refcount_read(&task->mm->mm_users) > 1) {
			(void)put_user(0, task->clear_child_tid);
			futex_wake_address((u32 __user *)task->clear_child_tid, 1);
		}
		task->clear_child_tid = NULL;
	}
	if (task->vfork_done) {
		task_lock(task);
		if (task->vfork_done)
			complete(task->vfork_done);
		task->vfork_done = NULL;
		task_unlock(task);
	}
}

long start_init(int (*fn)(void *))
{
	struct kernel_clone_args args = {
		.flags = CLONE_FS,
		.exit_signal = SIGCHLD,
		.fn = fn,
	};

	return kernel_clone(&args);
}

long ksys_unshare(unsigned long flags)
{
	const unsigned long known = CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_NEWUTS | CLONE_THREAD |
				    CLONE_SIGHAND | CLONE_VM;
	struct fs_struct *fs, *old;
	struct nsproxy *ns;
	int ret;

	if (flags & ~known)
		return -EINVAL;
	/* What threads share can be "unshared" only by a task that shares it with nobody. */
	if ((flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) &&
	    (current->signal->nr_threads > 1 || refcount_read(&current->sighand->count) > 1 ||
	     (current->mm && refcount_read(&current->mm->mm_users) > 1)))
		return -EINVAL;
	if (flags & CLONE_NEWUTS) {
		ns = current->nsproxy;
		ret = copy_namespaces(CLONE_NEWUTS, current);
		if (ret)
			return ret;
		put_nsproxy(ns);
	}
	if ((flags & CLONE_FS) && refcount_read(&current->fs->users) > 1) {
		fs = copy_fs_struct(current->fs);
		if (!fs)
			return -ENOMEM;
		task_lock(current);
		old = current->fs;
		current->fs = fs;
		task_unlock(current);
		put_fs_struct(old);
	}
	if (flags & CLONE_FILES) {
		ret = unshare_files();
		if (ret)
			return ret;
	}
	if (flags & CLONE_SYSVSEM)
		exit_sem(current);
	return 0;
}

/* exit's halves of the stages above, in exit.c's order. */
void exit_task_stages(struct task_struct *p)
{
	struct nsproxy *ns;

	exit_sem(p);
	exit_files(p);
	exit_fs(p);
	task_lock(p);
	ns = p->nsproxy;
	p->nsproxy = NULL;
	task_unlock(p);
	put_nsproxy(ns);
	exit_io_context(p);
}
