/* SPDX-License-Identifier: MIT */
/* The small files of /proc/PID: name, limits, mounts, personality, I/O, children. */
#include "procfs/internal.h"
#include "task/namespace.h"

/* ---- comm ------------------------------------------------------------------------------------ */

int proc_pid_comm(struct seq_file *m, struct task_struct *task)
{
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, task);
	seq_printf(m, "%s\n", comm);
	return 0;
}

ssize_t proc_pid_comm_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	struct task_struct *task = get_proc_task(file->f_inode);
	ssize_t ret = -EINVAL;

	if (!task)
		return -ESRCH;
	/* As in Linux, the newline of an echo becomes part of the name. */
	if (task->signal == current->signal) {
		set_task_comm(task, buf);
		ret = len;
	}
	put_task_struct(task);
	return ret;
}

/* Threads may name one another, whoever they run as. */
int proc_pid_comm_permission(struct inode *inode, int mask)
{
	struct task_struct *task = get_proc_task(inode);
	bool own;

	if (!task)
		return -ESRCH;
	own = task->signal == current->signal;
	put_task_struct(task);
	return own && !(mask & MAY_EXEC) ? 0 : generic_permission(inode, mask);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void show_limit(struct seq_file *m, unsigned long value)
{
	if (value == RLIM_INFINITY)
		seq_printf(m, "%-20s ", "unlimited");
	else
		seq_printf(m, "%-20lu ", value);
}

int proc_pid_limits(struct seq_file *m, struct task_struct *task)
{
	static const struct {
		const char *name, *unit;
	} names[RLIM_NLIMITS] = {
		[RLIMIT_CPU] = {"Max cpu time", "seconds"},
		[RLIMIT_FSIZE] = {"Max file size", "bytes"},
		[RLIMIT_DATA] = {"Max data size", "bytes"},
		[RLIMIT_STACK] = {"Max stack size", "bytes"},
		[RLIMIT_CORE] = {"Max core file size", "bytes"},
		[RLIMIT_RSS] = {"Max resident set", "bytes"},
		[RLIMIT_NPROC] = {"Max processes", "processes"},
		[RLIMIT_NOFILE] = {"Max open files", "files"},
		[RLIMIT_MEMLOCK] = {"Max locked memory", "bytes"},
		[RLIMIT_AS] = {"Max address space", "bytes"},
		[RLIMIT_LOCKS] = {"Max file locks", "locks"},
		[RLIMIT_SIGPENDING] = {"Max pending signals", "signals"},
		[RLIMIT_MSGQUEUE] = {"Max msgqueue size", "bytes"},
		[RLIMIT_NICE] = {"Max nice priority", NULL},
		[RLIMIT_RTPRIO] = {"Max realtime priority", NULL},
		[RLIMIT_RTTIME] = {"Max realtime timeout", "us"},
	};
	struct rlimit rlim[RLIM_NLIMITS];

	spin_lock(&tasklist_lock);
	task_lock(task->group_leader);
	memcpy(rlim, task->signal->rlim, sizeof(rlim));
	task_unlock(task->group_leader);
	spin_unlock(&tasklist_lock);

	seq_puts(
		m,
		"Limit                     Soft Limit           Hard Limit           Units     \n");
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		seq_printf(m, "%-25s ", names[i].name);
		show_limit(m, rlim[i].rlim_cur);
		show_limit(m, rlim[i].rlim_max);
		if (names[i].unit)
			seq_printf(m, "%-10s\n", names[i].unit);
		else
			seq_putc(m, '\n');
	}
	return 0;
}

/* ---- mounts, cgroup, personality, namespaces ------------------------------------------------- */

static int show_with_root(struct seq_file *m, struct task_struct *task,
			  int (*show)(struct seq_file *, const struct path *))
{
	struct path root = {0};
	int err;

	task_lock(task);
	if (task->fs) {
		spin_lock(&task->fs->lock);
		root = task->fs->root;
		path_get(&root);
		spin_unlock(&task->fs->lock);
	}
	task_unlock(task);
	if (!root.mnt)
		return -EINVAL;
	err = show(m, &root);
	path_put(&root);
	return err;
}

int proc_pid_mounts(struct seq_file *m, struct task_struct *task)
{
	return show_with_root(m, task, show_mounts);
}

int proc_pid_mountinfo(struct seq_file *m, struct task_struct *task)
{
	return show_with_root(m, task, show_mountinfo);
}

/* There is one control group, the root: every process is in it. */
int proc_pid_cgroup(struct seq_file *m, struct task_struct *task)
{
	seq_puts(m, "0::/\n");
	return 0;
}

int proc_pid_personality(struct seq_file *m, struct task_struct *task)
{
	if (!proc_opener_may_access(task, m))
		return -EACCES;
	seq_printf(m, "%08x\n", task->personality);
	return 0;
}

int proc_uts_ns_readlink(struct inode *inode, char *buf, size_t size)
{
	struct task_struct *task = get_proc_task(inode);
	int len = -EACCES;

	if (!task)
		return -ENOENT;
	if (proc_may_access(task, current_cred())) {
		task_lock(task);
		if (task->nsproxy)
			len = scnprintf(buf, size, "uts:[%u]", task->nsproxy->uts_ns->inum);
		task_unlock(task);
	}
	put_task_struct(task);
	return len;
}

/* ---- io -------------------------------------------------------------------------------------- */

struct io_sums {
	u64 rchar, wchar, syscr, syscw, inblock, oublock;
};

static void add_thread_io(struct io_sums *sum, const struct task_struct *t)
{
	sum->rchar += t->io_rchar;
	sum->wchar += t->io_wchar;
	sum->syscr += t->io_syscr;
	sum->syscw += t->io_syscw;
	sum->inblock += t->inblock;
	sum->oublock += t->oublock;
}

int proc_pid_io(struct seq_file *m, struct task_struct *task)
{
	const struct cpu_times *dead = &task->signal->dead_threads;
	struct io_sums sum = {0};
	struct task_struct *t;

	if (!proc_opener_may_access(task, m))
		return -EACCES;
	spin_lock(&tasklist_lock);
	if (whole_process(m)) {
		sum = (struct io_sums){dead->rchar, dead->wchar,   dead->syscr,
				       dead->syscw, dead->inblock, dead->oublock};
		for_each_thread (task, t)
			add_thread_io(&sum, t);
	} else {
		add_thread_io(&sum, task);
	}
	spin_unlock(&tasklist_lock);
	seq_printf(m, "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\n", sum.rchar, sum.wchar,
		   sum.syscr, sum.syscw);
	/* Blocks of 512 bytes that went to or came from storage. Nothing dirty is ever dropped. */
	seq_printf(m, "read_bytes: %llu\nwrite_bytes: %llu\ncancelled_write_bytes: 0\n",
		   sum.inblock << 9, sum.oublock << 9);
	return 0;
}

/* ---- children -------------------------------------------------------------------------------- */

int proc_pid_children(struct seq_file *m, struct task_struct *task)
{
	struct task_struct *child;

	spin_lock(&tasklist_lock);
	list_for_each_entry (child, &task->children, sibling)
		seq_printf(m, "%d ", child->pid);
	spin_unlock(&tasklist_lock);
	return 0;
}
