/* SPDX-License-Identifier: MIT */
/* /proc/PID/stat, statm and wchan: numbers for programs. */
#include "procfs/internal.h"
#include "base/ksyms.h"
#include "drivers/tty.h"

/* What stat shows, gathered under tasklist_lock and siglock. */
struct task_numbers {
	pid_t ppid, pgrp, session, tpgid;
	u32 tty_nr;
	int threads;
	struct cpu_times self, children; /* times in ns */
	u64 ignored, caught;
};

static void add_thread(struct cpu_times *sum, struct task_struct *t)
{
	u64 utime, stime;

	task_cputime(t, &utime, &stime);
	sum->utime += utime;
	sum->stime += stime;
	sum->min_flt += t->min_flt;
	sum->maj_flt += t->maj_flt;
}

void proc_signal_actions(const struct sighand_struct *sighand, u64 *ignored, u64 *caught)
{
	for (int sig = 1; sig <= _NSIG; sig++) {
		__sighandler_t handler = sighand->action[sig - 1].sa.sa_handler;

		if (handler == SIG_IGN)
			*ignored |= sigmask(sig);
		else if (handler != SIG_DFL)
			*caught |= sigmask(sig);
	}
}

static void gather(struct task_struct *task, bool whole, struct task_numbers *n)
{
	struct signal_struct *signal = task->signal;
	struct task_struct *t;

	*n = (struct task_numbers){.tpgid = -1};
	spin_lock(&tasklist_lock);
	n->pgrp = task_pgrp_nr(task);
	n->session = task_session_nr(task);
	if (task->thread_pid && task->real_parent)
		n->ppid = task->real_parent->tgid;
	if (signal->tty) {
		n->tty_nr = new_encode_dev(signal->tty->dev);
		n->tpgid = signal->tty->pgrp ? signal->tty->pgrp->nr : -1;
	}
	if (whole)
		n->self = signal->dead_threads;
	if (task->sighand) {
		spin_lock_irq(&task->sighand->siglock);
		n->threads = signal->nr_threads;
		n->children = signal->children;
		proc_signal_actions(task->sighand, &n->ignored, &n->caught);
		if (whole) {
			for_each_thread (task, t)
				add_thread(&n->self, t);
		}
		spin_unlock_irq(&task->sighand->siglock);
	}
	if (!whole)
		add_thread(&n->self, task);
	spin_unlock(&tasklist_lock);
}

char proc_task_state(const struct task_struct *task)
{
	unsigned int state = READ_ONCE(task->state);

	if (task->exit_state & EXIT_DEAD)
		return 'X';
	if (task->exit_state & EXIT_ZOMBIE)
		return 'Z';
	if (state & TASK_DEAD)
		return 'X';
	if (state & __TASK_TRACED)
		return 't';
	if (state & __TASK_STOPPED)
		return 'T';
	if (state & TASK_UNINTERRUPTIBLE)
		return 'D';
	return state & TASK_INTERRUPTIBLE ? 'S' : 'R';
}

/* Addresses of the program, shown to those who may look into it. */
static void show_layout(struct seq_file *m, const struct mm_struct *mm, bool permitted)
{
	if (!mm)
		seq_puts(m, " 0 0 0");
	else if (permitted)
		seq_printf(m, " %lu %lu %lu", mm->start_code, mm->end_code, mm->start_stack);
	else
		seq_puts(m, " 1 1 0");
}

static void show_data_layout(struct seq_file *m, const struct mm_struct *mm, bool permitted)
{
	if (mm && permitted)
		seq_printf(m, " %lu %lu %lu %lu %lu %lu %lu", mm->start_data, mm->end_data,
			   mm->start_brk, mm->arg_start, mm->arg_end, mm->env_start, mm->env_end);
	else
		seq_puts(m, " 0 0 0 0 0 0 0");
}

static void show_stat(struct seq_file *m, struct task_struct *task, struct mm_struct *mm,
		      const struct task_numbers *n)
{
	bool permitted = proc_opener_may_access(task, m);
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, task);
	seq_printf(m, "%d (%s) %c %d %d %d %u %d %u", task->pid, comm, proc_task_state(task),
		   n->ppid, n->pgrp, n->session, n->tty_nr, n->tpgid, task->flags);
	seq_printf(m, " %lu %lu %lu %lu", n->self.min_flt, n->children.min_flt, n->self.maj_flt,
		   n->children.maj_flt);
	seq_printf(m, " %llu %llu %lld %lld", nsec_to_clock_t(n->self.utime),
		   nsec_to_clock_t(n->self.stime), nsec_to_clock_t(n->children.utime),
		   nsec_to_clock_t(n->children.stime));
	/* The 0 was the interval timer once; here as in Linux it is not shown. */
	seq_printf(m, " %d %d %d 0 %llu", task->prio - MAX_RT_PRIO, task_nice(task), n->threads,
		   nsec_to_clock_t(task->start_time));
	seq_printf(m, " %lu %lu %lu", mm ? mm->total_vm << PAGE_SHIFT : 0, mm ? get_mm_rss(mm) : 0,
		   (unsigned long)READ_ONCE(task->signal->rlim[RLIMIT_RSS].rlim_cur));
	show_layout(m, mm, permitted);
	/* Stack and instruction pointers of a task that runs are nobody's business, as in Linux;
	 * then the signals below 32. */
	seq_printf(m, " 0 0 %llu %llu %llu %llu", task->pending.signal & 0x7fffffff,
		   task->blocked & 0x7fffffff, n->ignored & 0x7fffffff, n->caught & 0x7fffffff);
	seq_printf(m, " %d 0 0 %d %u %u %u 0 0 0",
		   permitted && (!whole_process(m) || n->threads < 2) &&
			   READ_ONCE(task->state) != TASK_RUNNING,
		   task->exit_signal, READ_ONCE(task->cpu), task->rt_priority, task->policy);
	show_data_layout(m, mm, permitted);
	seq_printf(m, " %d\n", permitted ? task->exit_code : 0);
}

int proc_pid_stat(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	struct task_numbers n;

	gather(task, whole_process(m), &n);
	show_stat(m, task, mm, &n);
	if (mm)
		mmput(mm);
	return 0;
}

int proc_pid_statm(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	struct mm_sizes s;

	if (!mm) {
		seq_puts(m, "0 0 0 0 0 0 0\n");
		return 0;
	}
	proc_mm_sizes(mm, &s);
	mmput(mm);
	seq_printf(m, "%lu %lu %lu %lu 0 %lu 0\n", s.total, s.anon + s.file + s.shmem,
		   s.file + s.shmem, s.text, s.data + s.stack);
	return 0;
}

/* ---- Where a task sleeps --------------------------------------------------------------------- */

/* Functions that put the caller to sleep: what they were called for says more. */
static bool sleeps_for_others(const char *name)
{
	static const char *const names[] = {
		"arch_switch_to",
		"__schedule",
		"schedule",
		"schedule_timeout",
		"schedule_until",
		"cond_resched",
		"mutex_lock",
		"mutex_lock_nested",
		"mutex_lock_interruptible",
		"mutex_lock_killable",
		"down_read",
		"down_write",
		"down_read_killable",
		"down_write_killable",
		"wait_for_completion",
		"wait_for_completion_killable",
		"wait_for_completion_interruptible",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

static bool look_at_frame(void *arg, unsigned long pc)
{
	const char *name, **found = arg;
	unsigned long offset, size;

	/* A return address may be the first byte after the function that ended in the call. */
	name = ksym_lookup(pc - 1, &offset, &size);
	if (!name || sleeps_for_others(name))
		return name;
	*found = name;
	return false;
}

const char *proc_wchan_of(struct task_struct *task)
{
	const char *name = NULL;
	unsigned long flags;

	if (task == current)
		return NULL;
	/* Who wakes it takes this lock: until it is dropped the stack stands still. */
	spin_lock_irqsave(&task->pi_lock, flags);
	if (READ_ONCE(task->state) != TASK_RUNNING &&
	    !(READ_ONCE(task->state) & (TASK_NEW | TASK_DEAD)) && !READ_ONCE(task->se.on_rq) &&
	    !READ_ONCE(task->on_cpu) && !task->exit_state)
		arch_stack_walk(task, NULL, look_at_frame, &name);
	spin_unlock_irqrestore(&task->pi_lock, flags);
	return name;
}

int proc_pid_wchan(struct seq_file *m, struct task_struct *task)
{
	const char *name = NULL;

	if (proc_opener_may_access(task, m))
		name = proc_wchan_of(task);
	seq_puts(m, name ?: "0");
	return 0;
}
