/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID and /proc/PID/task/TID: which names exist, who owns them, what is in them. A directory
 * stands for a struct pid: when its task is gone, so are the names that led to it, and what is
 * still open gives ESRCH.
 */
#include "procfs/internal.h"

static void object_get(void *object)
{
	get_pid(object);
}

static void object_put(void *object)
{
	put_pid(object);
}

static bool object_alive(struct inode *inode)
{
	struct pid *pid = pseudo_object(inode);

	return READ_ONCE(pid->task) && !proc_fd_stale(inode);
}

/* Effective ids. Directories that all may enter always show them; what tells secrets belongs to
 * root while the program must not be dumped, and when there is no memory any more. */
static void object_owner(struct inode *inode, uid_t *uid, gid_t *gid)
{
	bool open_directory = inode->i_mode == (S_IFDIR | 0555);
	struct task_struct *task = get_proc_task(inode);

	*uid = 0;
	*gid = 0;
	if (!task)
		return;
	if (!(task->flags & PF_KTHREAD)) {
		task_lock(task);
		if (open_directory || (task->mm && task->mm->dumpable == 1)) {
			*uid = task->cred->euid;
			*gid = task->cred->egid;
		}
		task_unlock(task);
	}
	put_task_struct(task);
}

const struct pseudo_object_ops proc_object_ops = {
	.get = object_get,
	.put = object_put,
	.alive = object_alive,
	.owner = object_owner,
	.proc_rules = true,
};

long proc_name_to_int(const char *name, size_t len)
{
	long n = 0;

	if (!len || (len > 1 && name[0] == '0'))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		n = n * 10 + (name[i] - '0');
		if (n > INT_MAX)
			return -1;
	}
	return n;
}

/* ---- /proc/PID/task -------------------------------------------------------------------------- */

static const struct pseudo_entry thread_entry, process_entry;

/* Thread of @leader's process with the smallest id from @tid on; tasklist_lock held. */
static struct task_struct *next_thread_from(struct task_struct *leader, pid_t tid)
{
	struct task_struct *t, *best = NULL;

	for_each_thread (leader, t) {
		if (t->pid >= tid && (!best || t->pid < best->pid))
			best = t;
	}
	return best;
}

static struct inode *task_lookup(struct inode *dir, const char *name, size_t len)
{
	struct pid *leader_pid = pseudo_object(dir), *pid = NULL;
	long tid = proc_name_to_int(name, len);
	struct task_struct *task;
	struct inode *inode;

	if (tid < 0)
		return ERR_PTR(-ENOENT);
	spin_lock(&tasklist_lock);
	task = find_task_by_pid(tid);
	if (task && leader_pid->task && task->signal == leader_pid->task->signal)
		pid = get_pid(task->thread_pid);
	spin_unlock(&tasklist_lock);
	if (!pid)
		return ERR_PTR(-ENOENT);
	inode = pseudo_inode(dir->i_sb, &thread_entry, pid, VIEW_THREAD);
	put_pid(pid);
	return inode;
}

static int task_iterate(struct inode *dir, struct dir_context *ctx)
{
	struct pid *leader_pid = pseudo_object(dir);
	char name[16];

	for (;; ctx->pos++) {
		struct task_struct *task = NULL;
		struct pid *pid = NULL;
		bool fits;

		spin_lock(&tasklist_lock);
		if (leader_pid->task)
			task = next_thread_from(leader_pid->task, ctx->pos - PSEUDO_DYNAMIC_POS);
		if (task)
			pid = get_pid(task->thread_pid);
		spin_unlock(&tasklist_lock);
		if (!pid)
			return 0;
		ctx->pos = PSEUDO_DYNAMIC_POS + pid->nr;
		fits = dir_emit(ctx, name, scnprintf(name, sizeof(name), "%d", pid->nr),
				pseudo_ino(&thread_entry, pid, VIEW_THREAD), DT_DIR);
		put_pid(pid);
		if (!fits)
			return 0;
	}
}

/* ---- /proc ----------------------------------------------------------------------------------- */

struct inode *proc_pid_lookup(struct inode *dir, const char *name, size_t len)
{
	long nr = proc_name_to_int(name, len);
	struct pid *pid = NULL;
	struct task_struct *task;
	struct inode *inode;

	if (nr < 0)
		return ERR_PTR(-ENOENT);
	spin_lock(&tasklist_lock);
	task = find_task_by_pid(nr);
	if (task)
		pid = get_pid(task->thread_pid);
	spin_unlock(&tasklist_lock);
	if (!pid)
		return ERR_PTR(-ENOENT);
	inode = pseudo_inode(dir->i_sb, &process_entry, pid, VIEW_PROCESS);
	put_pid(pid);
	return inode;
}

/* The pid of the process with the smallest number from @nr on, referenced; NULL. */
static struct pid *next_process_from(pid_t nr)
{
	struct task_struct *task;
	struct pid *pid = NULL;

	spin_lock(&tasklist_lock);
	do {
		task = find_ge_task(nr);
		if (task)
			nr = task->pid + 1;
	} while (task && task->group_leader != task);
	if (task)
		pid = get_pid(task->thread_pid);
	spin_unlock(&tasklist_lock);
	return pid;
}

int proc_pid_iterate(struct inode *dir, struct dir_context *ctx)
{
	struct pid *pid;
	char name[16];

	while ((pid = next_process_from(ctx->pos - PSEUDO_DYNAMIC_POS))) {
		bool fits;

		ctx->pos = PSEUDO_DYNAMIC_POS + pid->nr;
		fits = dir_emit(ctx, name, scnprintf(name, sizeof(name), "%d", pid->nr),
				pseudo_ino(&process_entry, pid, VIEW_PROCESS), DT_DIR);
		put_pid(pid);
		if (!fits)
			return 0;
		ctx->pos++;
		cond_resched();
	}
	return 0;
}

int proc_self_readlink(struct inode *inode, char *buf, size_t size)
{
	return scnprintf(buf, size, "%d", current->tgid);
}

int proc_thread_self_readlink(struct inode *inode, char *buf, size_t size)
{
	return scnprintf(buf, size, "%d/task/%d", current->tgid, current->pid);
}

/* As Linux, which looks at the task before the name. */
static int process_permission(struct inode *inode, int mask)
{
	struct pid *pid = pseudo_object(inode);

	return READ_ONCE(pid->task) ? generic_permission(inode, mask) : -ESRCH;
}

/* ---- What is in them ------------------------------------------------------------------------- */

#define TEXT(file, perm, fn)                                                                       \
	{                                                                                          \
		.name = file, .mode = S_IFREG | (perm), .show = proc_show_task,                    \
		.data = (unsigned long)(fn)                                                        \
	}
/* Only for those who may access the task, asked at open. */
#define PRIVATE(file, perm, fn)                                                                    \
	{                                                                                          \
		.name = file, .mode = S_IFREG | (perm), .show = proc_show_task,                    \
		.data = (unsigned long)(fn), .open = proc_open_private                             \
	}

#define PRIVATE_MM(file, perm, fn)                                                                 \
	{                                                                                          \
		.name = file, .mode = S_IFREG | (perm), .show = proc_show_task,                    \
		.data = (unsigned long)(fn), .open = proc_open_private_mm                          \
	}

static const struct pseudo_entry ns_table[] = {
	{.name = "uts", .mode = S_IFLNK | 0777, .readlink = proc_uts_ns_readlink}, {}};

/* In /proc/PID and /proc/PID/task/TID alike. */
#define COMMON_ENTRIES                                                                             \
	{.name = "fd",                                                                             \
	 .mode = S_IFDIR | 0500,                                                                   \
	 .lookup = proc_fd_lookup,                                                                 \
	 .iterate = proc_fd_iterate,                                                               \
	 .permission = proc_fd_permission},                                                        \
		{.name = "fdinfo",                                                                 \
		 .mode = S_IFDIR | 0555,                                                           \
		 .lookup = proc_fdinfo_lookup,                                                     \
		 .iterate = proc_fdinfo_iterate},                                                  \
		{.name = "ns", .mode = S_IFDIR | 0511, .children = ns_table},                      \
		PRIVATE_MM("environ", 0400, proc_pid_environ),                                     \
		PRIVATE_MM("auxv", 0400, proc_pid_auxv),                                           \
		TEXT("status", 0444, proc_pid_status),                                             \
		TEXT("personality", 0400, proc_pid_personality),                                   \
		TEXT("limits", 0444, proc_pid_limits),                                             \
		{.name = "comm",                                                                   \
		 .mode = S_IFREG | 0644,                                                           \
		 .show = proc_show_task,                                                           \
		 .data = (unsigned long)proc_pid_comm,                                             \
		 .write = proc_pid_comm_write,                                                     \
		 .permission = proc_pid_comm_permission},                                          \
		TEXT("cmdline", 0444, proc_pid_cmdline), TEXT("stat", 0444, proc_pid_stat),        \
		TEXT("statm", 0444, proc_pid_statm), PRIVATE("maps", 0444, proc_pid_maps),         \
		PRIVATE("numa_maps", 0444, proc_pid_numa_maps),                                    \
		{.name = "mem", .mode = S_IFREG | 0600, .fops = &proc_mem_operations},             \
		{.name = "cwd", .mode = S_IFLNK | 0777, .get_link_path = proc_cwd_path},           \
		{.name = "root", .mode = S_IFLNK | 0777, .get_link_path = proc_root_path},         \
		{.name = "exe", .mode = S_IFLNK | 0777, .get_link_path = proc_exe_path},           \
		TEXT("mounts", 0444, proc_pid_mounts),                                             \
		TEXT("mountinfo", 0444, proc_pid_mountinfo),                                       \
		PRIVATE("smaps", 0444, proc_pid_smaps),                                            \
		PRIVATE_MM("smaps_rollup", 0444, proc_pid_smaps_rollup),                           \
		{.name = "pagemap", .mode = S_IFREG | 0400, .fops = &proc_pagemap_operations},     \
		TEXT("wchan", 0444, proc_pid_wchan), TEXT("cgroup", 0444, proc_pid_cgroup),        \
		TEXT("oom_score", 0444, proc_pid_oom_score),                                       \
		{.name = "oom_score_adj",                                                          \
		 .mode = S_IFREG | 0644,                                                           \
		 .show = proc_show_task,                                                           \
		 .data = (unsigned long)proc_pid_oom_score_adj,                                    \
		 .write = proc_pid_oom_score_adj_write},                                           \
		{.name = "oom_adj",                                                                \
		 .mode = S_IFREG | 0644,                                                           \
		 .show = proc_show_task,                                                           \
		 .data = (unsigned long)proc_pid_oom_adj,                                          \
		 .write = proc_pid_oom_adj_write},                                                 \
		TEXT("io", 0400, proc_pid_io)

static const struct pseudo_entry thread_table[] = {
	COMMON_ENTRIES, TEXT("children", 0444, proc_pid_children), {}};

static const struct pseudo_entry process_table[] = {
	{.name = "task", .mode = S_IFDIR | 0555, .lookup = task_lookup, .iterate = task_iterate},
	COMMON_ENTRIES,
	{}};

static const struct pseudo_entry thread_entry = {.mode = S_IFDIR | 0555, .children = thread_table};
static const struct pseudo_entry process_entry = {
	.mode = S_IFDIR | 0555,
	.children = process_table,
	.permission = process_permission,
};
