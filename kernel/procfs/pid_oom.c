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

/* @lowest: what the file lets a process without CAP_SYS_RESOURCE go down to. */
static ssize_t write_adj(struct task_struct *task, int adj, int lowest, size_t len)
{
	if (adj < lowest && !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	set_oom_score_adj(task, adj);
	return len;
}

ssize_t proc_pid_oom_score_adj_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	struct task_struct *task;
	ssize_t ret;
	int adj;

	ret = kstrtoint(strim(buf), 0, &adj);
	if (ret)
		return ret;
	if (adj < OOM_SCORE_ADJ_MIN || adj > OOM_SCORE_ADJ_MAX)
		return -EINVAL;
	task = get_proc_task(file->f_inode);
	if (!task)
		return -ESRCH;
	ret = write_adj(task, adj, task->signal->oom_score_adj_min, len);
	put_task_struct(task);
	return ret;
}

ssize_t proc_pid_oom_adj_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	struct task_struct *task;
	ssize_t ret;
	int adj;

	ret = kstrtoint(strim(buf), 0, &adj);
	if (ret)
		return ret;
	if ((adj < OOM_ADJUST_MIN || adj > OOM_ADJUST_MAX) && adj != OOM_DISABLE)
		return -EINVAL;
	adj = adj == OOM_ADJUST_MAX ? OOM_SCORE_ADJ_MAX : adj * OOM_SCORE_ADJ_MAX / -OOM_DISABLE;
	task = get_proc_task(file->f_inode);
	if (!task)
		return -ESRCH;
	ret = write_adj(task, adj, task->signal->oom_score_adj, len);
	put_task_struct(task);
	return ret;
}
