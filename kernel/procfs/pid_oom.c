/* SPDX-License-Identifier: MIT */
/* /proc/PID/oom_score, oom_score_adj and oom_adj: a process's standing before the OOM killer. */
#include "procfs/internal.h"
#include "mm/oom.h"

/* oom_adj's older scale: -17 (never killed) .. 15. */
#define OOM_DISABLE    (-17)
#define OOM_ADJUST_MIN (-16)
#define OOM_ADJUST_MAX 15

int proc_pid_oom_score(struct seq_file *m, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	long score = 0;

	if (mm) {
		score = oom_score(oom_badness(mm, READ_ONCE(task->signal->oom_score_adj)));
		mmput(mm);
	}
	seq_printf(m, "%ld\n", score);
	return 0;
}

int proc_pid_oom_score_adj(struct seq_file *m, struct task_struct *task)
{
	seq_printf(m, "%d\n", READ_ONCE(task->signal->oom_score_adj));
	return 0;
}

int proc_pid_oom_adj(struct seq_file *m, struct task_struct *task)
{
	int adj = READ_ONCE(task->signal->oom_score_adj);

	seq_printf(m, "%d\n",
		   adj == OOM_SCORE_ADJ_MAX ? OOM_ADJUST_MAX
					    : adj * -OOM_DISABLE / OOM_SCORE_ADJ_MAX);
	return 0;
}

/* Does a thread of @p use @mm? tasklist_lock held. */
static bool uses_mm(struct task_struct *p, struct mm_struct *mm)
{
	struct task_struct *t;
	bool uses = false;

	for_each_thread (p, t) {
		task_lock(t);
		uses |= t->mm == mm;
		task_unlock(t);
	}
	return uses;
}

/* Who shares memory dies together: all get the same. But a child between vfork and exec speaks for
 * what it is about to be. */
static void set_oom_score_adj(struct task_struct *task, int adj)
{
	struct mm_struct *mm = get_task_mm(task);
	struct task_struct *p;

	spin_lock(&tasklist_lock);
	task->signal->oom_score_adj = adj;
	if (capable(CAP_SYS_RESOURCE))
		task->signal->oom_score_adj_min = adj;
	if (mm && !task->vfork_done) {
		mm->oom_score_adj = adj;
		for_each_process (p) {
			if (uses_mm(p, mm))
				p->signal->oom_score_adj = adj;
		}
	}
	spin_unlock(&tasklist_lock);
	if (mm)
		mmput(mm);
}

/* @down_to_min: without CAP_SYS_RESOURCE as low as somebody with it has put it; else no lower than
 * it is. */
static ssize_t write_adj(struct file *file, int adj, bool down_to_min)
{
	struct task_struct *task = get_proc_task(file->f_inode);
	ssize_t err = 0;
	int lowest;

	if (!task)
		return -ESRCH;
	lowest = down_to_min ? task->signal->oom_score_adj_min : task->signal->oom_score_adj;
	if (adj < lowest && !capable(CAP_SYS_RESOURCE))
		err = -EACCES;
	else
		set_oom_score_adj(task, adj);
	put_task_struct(task);
	return err;
}

ssize_t proc_pid_oom_score_adj_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	ssize_t err;
	int adj;

	err = kstrtoint(strim(buf), 0, &adj);
	if (err)
		return err;
	if (adj < OOM_SCORE_ADJ_MIN || adj > OOM_SCORE_ADJ_MAX)
		return -EINVAL;
	return write_adj(file, adj, true) ?: (ssize_t)len;
}

ssize_t proc_pid_oom_adj_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	ssize_t err;
	int adj;

	err = kstrtoint(strim(buf), 0, &adj);
	if (err)
		return err;
	if ((adj < OOM_ADJUST_MIN || adj > OOM_ADJUST_MAX) && adj != OOM_DISABLE)
		return -EINVAL;
	adj = adj == OOM_ADJUST_MAX ? OOM_SCORE_ADJ_MAX : adj * OOM_SCORE_ADJ_MAX / -OOM_DISABLE;
	return write_adj(file, adj, false) ?: (ssize_t)len;
}
