/* SPDX-License-Identifier: MIT */
/*
 * The end of tasks.
 *
 *	do_exit: give everything back, then exit_notify: children get a new parent, the parent is told, and the task
 *	becomes a zombie that wait(2) releases, or releases itself if nobody will wait.
 *
 * A group leader that ends before its threads stays a zombie that wait(2) does not see until the
 * last thread is released.
 */
#include "process/process.h"
#include "process/signal.h"
#include "process/futex.h"
#include "sched/sched.h"
#include "file/file.h"
#include "fs/fs.h"
#include "mm/mm.h"
#include "base/panic.h"
#include "base/trace.h"
#include "lib/string.h"
#include "abi/errno.h"
#include "abi/wait.h"

void (*disassociate_ctty_hook)(void);

/* ---- release
 * ---------------------------------------------------------------------------------------- */

/* What a dead thread used is kept by its process. siglock held. */
static void add_dead_thread(struct signal_struct *sig, struct task_struct *p)
{
	sig->dead_threads.utime += p->utime;
	sig->dead_threads.stime += p->stime;
	sig->dead_threads.nvcsw += p->nvcsw;
	sig->dead_threads.nivcsw += p->nivcsw;
	sig->dead_threads.min_flt += p->min_flt;
	sig->dead_threads.maj_flt += p->maj_flt;
	sig->dead_threads.inblock += p->inblock;
	sig->dead_threads.oublock += p->oublock;
	sig->dead_threads.rchar += p->io_rchar;
	sig->dead_threads.wchar += p->io_wchar;
	sig->dead_threads.syscr += p->io_syscr;
	sig->dead_threads.syscw += p->io_syscw;
}

/* Take @p out of its process and of every table. tasklist_lock held. */
static void unhash_process(struct task_struct *p)
{
	struct sighand_struct *sighand = p->sighand;
	struct signal_struct *sig = p->signal;

	spin_lock_irq(&sighand->siglock);
	add_dead_thread(sig, p);
	p->utime = p->stime = 0;
	sigpending_flush(&p->pending, ~0ull);
	if (p == p->group_leader)
		sigpending_flush(&sig->shared_pending, ~0ull);
	sig->nr_threads--;
	list_del_init(&p->thread_group);
	if (sig->group_exec_task && sig->group_exec_task != p)
		wake_up_process(sig->group_exec_task); /* de_thread() counts */
	p->sighand = NULL;
	spin_unlock_irq(&sighand->siglock);

	if (thread_group_leader(p)) {
		clear_task_pgrp_session(p);
		list_del_init(&p->tasks);
		list_del_init(&p->sibling);
	}
	detach_pid(p);
}

void release_task(struct task_struct *p)
{
	struct task_struct *leader;
	struct sighand_struct *sighand;

	while (p) {
		leader = NULL;
		spin_lock(&tasklist_lock);
		sighand = p->sighand;
		unhash_process(p);
		/* The last thread of a process whose leader is a zombie already: now the leader can
		 * be told of. */
		if (p->group_leader != p && p->signal->nr_threads == 1 &&
		    p->group_leader->exit_state == EXIT_ZOMBIE) {
			leader = p->group_leader;
			if (do_notify_parent(leader, leader->exit_signal))
				leader->exit_state = EXIT_DEAD;
			else
				leader = NULL;
		}
		spin_unlock(&tasklist_lock);
		put_sighand(sighand);
		atomic_long_dec((atomic_long_t *)&p->cred->user->processes);
		put_task_struct(p);
		p = leader;
	}
}

/* ---- orphans
 * ---------------------------------------------------------------------------------------- */

/* A process group is orphaned if no member has a parent in another group of the same session. */
static bool will_become_orphaned_pgrp(struct pid *pgrp, struct task_struct *ignored)
{
	struct signal_struct *s;

	for_each_pgrp_member(s, pgrp) {
		struct task_struct *p = s->leader;

		if (p == ignored || (p->exit_state && s->nr_threads == 1) || p->real_parent->pid == 1)
			continue;
		if (task_pgrp(p->real_parent) != pgrp && task_session(p->real_parent) == task_session(p))
			return false;
	}
	return true;
}

bool is_orphaned_pgrp(struct pid *pgrp)
{
	return will_become_orphaned_pgrp(pgrp, NULL);
}

static bool has_stopped_jobs(struct pid *pgrp)
{
	struct signal_struct *s;

	for_each_pgrp_member(s, pgrp)
		if (s->flags & SIGNAL_STOP_STOPPED)
			return true;
	return false;
}

/* @p leaves (or loses its parent @parent): a group that is orphaned by that and has stopped members
 * is hung up and continued. */
static void kill_orphaned_pgrp(struct task_struct *p, struct task_struct *parent)
{
	struct pid *pgrp = task_pgrp(p);
	struct task_struct *ignored = p;

	if (!parent)
		parent = p->real_parent;
	else
		ignored = NULL; /* its own exit does not matter: its parent's does */
	if (task_pgrp(parent) != pgrp && task_session(parent) == task_session(p) &&
	    will_become_orphaned_pgrp(pgrp, ignored) && has_stopped_jobs(pgrp)) {
		kill_pgrp_info(SIGHUP, SEND_SIG_PRIV, pgrp);
		kill_pgrp_info(SIGCONT, SEND_SIG_PRIV, pgrp);
	}
}

/* ---- re-parenting
 * ----------------------------------------------------------------------------------- */

static struct task_struct *find_alive_thread(struct task_struct *p)
{
	struct task_struct *t;

	for_each_thread(p, t)
		if (!(t->flags & PF_EXITING))
			return t;
	return NULL;
}

/* Who takes over the children of @father: a thread of its own, the nearest subreaper, or pid 1. */
static struct task_struct *find_new_reaper(struct task_struct *father)
{
	struct task_struct *thread = find_alive_thread(father), *init, *p;

	if (thread)
		return thread;
	init = find_task_by_pid(1);
	if (father->signal->has_child_subreaper) {
		for (p = father->real_parent; p && p->pid > 1; p = p->real_parent) {
			if (p->signal->is_child_subreaper) {
				thread = find_alive_thread(p);
				if (thread)
					return thread;
			}
			if (!p->signal->has_child_subreaper)
				break;
		}
	}
	return init;
}

static void reparent_leader(struct task_struct *father, struct task_struct *p, struct list_head *dead)
{
	if (p->exit_state == EXIT_DEAD)
		return;
	p->exit_signal = SIGCHLD; /* no matter what the old parent asked for */
	if (p->exit_state == EXIT_ZOMBIE && p->signal->nr_threads == 1) {
		if (do_notify_parent(p, SIGCHLD)) {
			p->exit_state = EXIT_DEAD;
			list_add(&p->reap_link, dead);
		}
	}
	kill_orphaned_pgrp(p, father);
}

/* tasklist_lock held. Children that nobody will wait for are put on @dead. */
static void forget_original_parent(struct task_struct *father, struct list_head *dead)
{
	struct task_struct *reaper, *p, *n, *t;

	if (list_empty(&father->children))
		return;
	reaper = find_new_reaper(father);
	list_for_each_entry_safe(p, n, &father->children, sibling) {
		for_each_thread(p, t) {
			t->real_parent = t->parent = reaper;
			if (t->pdeath_signal)
				send_signal(t->pdeath_signal, SEND_SIG_NOINFO, t, true);
		}
		p->real_parent = p->parent = reaper; /* a zombie leader is in its ring too, but be plain */
		WRITE_ONCE(p->signal->ppid, reaper->tgid);
		if (reaper->group_leader != father->group_leader)
			reparent_leader(father, p, dead);
		list_move_tail(&p->sibling, &reaper->children);
	}
}

/* ---- exit
 * ------------------------------------------------------------------------------------------- */

/* From now on signals go to other threads: hand on those that were meant for any, and leave a group
 * stop. */
static void exit_signals(struct task_struct *tsk)
{
	bool group_stop = false;

	spin_lock(&tasklist_lock); /* the thread list */
	spin_lock_irq(&tsk->sighand->siglock);
	tsk->flags |= PF_EXITING;
	if (tsk->signal->nr_threads > 1 && !(tsk->signal->flags & SIGNAL_GROUP_EXIT)) {
		retarget_shared_pending(~tsk->blocked);
		if (tsk->jobctl & JOBCTL_STOP_CONSUME) {
			tsk->jobctl &= ~JOBCTL_STOP_MASK;
			if (tsk->signal->group_stop_count > 0 && --tsk->signal->group_stop_count == 0) {
				tsk->signal->flags = (tsk->signal->flags & SIGNAL_UNKILLABLE) |
						     SIGNAL_STOP_STOPPED;
				group_stop = true;
			}
		}
	}
	spin_unlock_irq(&tsk->sighand->siglock);
	if (group_stop)
		do_notify_parent_cldstop(tsk, CLD_STOPPED);
	spin_unlock(&tasklist_lock);
}

static void exit_notify(struct task_struct *tsk)
{
	LIST_HEAD(dead);
	struct task_struct *p, *n;
	bool autoreap;

	wake_hold(); /* the parent takes this lock as soon as it runs */
	spin_lock(&tasklist_lock);
	forget_original_parent(tsk, &dead);
	if (atomic_read(&tsk->signal->live) == 0)
		kill_orphaned_pgrp(tsk->group_leader, NULL);

	if (thread_group_leader(tsk))
		autoreap = tsk->signal->nr_threads == 1 && do_notify_parent(tsk, tsk->exit_signal);
	else
		autoreap = true;
	tsk->exit_state = autoreap ? EXIT_DEAD : EXIT_ZOMBIE;

	/* de_thread() in another thread waits for the leader to be a zombie. */
	if (tsk->signal->group_exec_task && tsk != tsk->signal->group_exec_task)
		wake_up_process(tsk->signal->group_exec_task);
	spin_unlock(&tasklist_lock);
	wake_release();

	list_for_each_entry_safe(p, n, &dead, reap_link) {
		list_del_init(&p->reap_link);
		release_task(p);
	}
	/* Nobody waits: the scheduler's reference keeps the task_struct until the final switch. */
	if (autoreap)
		release_task(tsk);
}

static void collect_maxrss(struct task_struct *tsk)
{
	struct cpu_times *times = &tsk->signal->dead_threads;
	unsigned long rss;

	if (!tsk->mm)
		return;
	rss = get_mm_rss(tsk->mm);
	if (rss < tsk->mm->hiwater_rss)
		rss = tsk->mm->hiwater_rss;
	spin_lock_irq(&tsk->sighand->siglock);
	if (times->maxrss < rss)
		times->maxrss = rss;
	spin_unlock_irq(&tsk->sighand->siglock);
}

void do_exit(long code)
{
	struct task_struct *tsk = current;
	bool group_dead;

	BUG_ON(tsk->flags & PF_IDLE);
	BUG_ON(tsk->flags & PF_EXITING);
	exit_signals(tsk);
	account_current();
	group_dead = atomic_dec_and_test(&tsk->signal->live);
	if (group_dead) {
		if (tsk->group_leader->pid == 1)
			panic("Attempted to kill init! exitcode=0x%08lx",
			      (long)(tsk->signal->group_exit_code ?: (int)code));
		exit_itimers(tsk->signal);
		collect_maxrss(tsk);
	}
	tsk->exit_code = code;
	trace(TRACE_EXIT, tsk->pid, code, 0);
	if (tsk->mm) {
		mm_release(tsk);
		exit_mm();
	}
	if (group_dead && tsk->signal->leader_of_session && disassociate_ctty_hook)
		disassociate_ctty_hook();
	exit_task_stages(tsk);
	exit_notify(tsk);
	sched_exit_final();
}

void do_group_exit(int code)
{
	struct signal_struct *sig = current->signal;

	if (sig->flags & SIGNAL_GROUP_EXIT) {
		code = sig->group_exit_code;
	} else {
		spin_lock(&tasklist_lock);
		spin_lock_irq(&current->sighand->siglock);
		if (sig->flags & SIGNAL_GROUP_EXIT) {
			code = sig->group_exit_code;
		} else if (sig->group_exec_task && sig->group_exec_task != current) {
			code = 0; /* another thread's exec ends this one, not the process */
		} else {
			sig->group_exit_code = code;
			sig->flags = (sig->flags & SIGNAL_UNKILLABLE) | SIGNAL_GROUP_EXIT;
			zap_other_threads(current);
		}
		spin_unlock_irq(&current->sighand->siglock);
		spin_unlock(&tasklist_lock);
	}
	do_exit(code);
}
