/* SPDX-License-Identifier: MIT */
/* pidfds: a descriptor that stands for a process, readable by poll once it has ended. */
#include "process/pidfd.h"
#include "process/process.h"
#include "file/file.h"
#include "fs/fs.h"
#include "sched/sched.h"
#include "lib/err.h"
#include "lib/vsprintf.h"
#include "abi/errno.h"

static unsigned int pidfd_poll(struct file *file, struct poll_table *pt)
{
	struct pid *pid = file->private_data;
	struct task_struct *t;
	bool ended;

	poll_wait(file, &pid->wait_pidfd, pt);
	spin_lock(&tasklist_lock);
	t = pid->task;
	ended = !t || (t->exit_state && t->signal->nr_threads == 1);
	spin_unlock(&tasklist_lock);
	return ended ? POLLIN | POLLRDNORM : 0;
}

static void pidfd_release(struct inode *inode, struct file *file)
{
	put_pid(file->private_data);
}

static void pidfd_show_fdinfo(struct file *file, char *buf, size_t size)
{
	struct pid *pid = file->private_data;

	snprintf(buf, size, "Pid:\t%d\nNSpid:\t%d\n", pid->task ? pid->nr : -1, pid->task ? pid->nr : -1);
}

static const struct file_operations pidfd_fops = {
	.poll = pidfd_poll,
	.release = pidfd_release,
	.show_fdinfo = pidfd_show_fdinfo,
};

int pidfd_prepare(struct pid *pid, struct file **filep)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	struct file *file;

	if (fd < 0)
		return fd;
	file = anon_inode_getfile("[pidfd]", &pidfd_fops, get_pid(pid), O_RDWR);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		put_pid(pid);
		return PTR_ERR(file);
	}
	*filep = file;
	return fd;
}

struct pid *pidfd_get_pid(unsigned int fd, unsigned int *flags)
{
	struct file *file = fget(fd);
	struct pid *pid;

	if (!file)
		return ERR_PTR(-EBADF);
	pid = file->f_op == &pidfd_fops ? get_pid(file->private_data) : ERR_PTR(-EBADF);
	if (flags)
		*flags = file->f_flags;
	fput(file);
	return pid;
}

long ksys_pidfd_open(pid_t nr, unsigned int flags)
{
	struct file *file;
	struct pid *pid;
	bool leader;
	int fd;

	if ((flags & ~O_NONBLOCK) || nr <= 0)
		return -EINVAL;
	pid = find_get_pid(nr);
	if (!pid)
		return -ESRCH;
	spin_lock(&tasklist_lock);
	leader = pid->task && thread_group_leader(pid->task);
	fd = pid->task ? -EINVAL : -ESRCH;
	spin_unlock(&tasklist_lock);
	if (leader)
		fd = pidfd_prepare(pid, &file);
	if (fd >= 0) {
		file->f_flags |= flags & O_NONBLOCK;
		fd_install(fd, file);
	}
	put_pid(pid);
	return fd;
}

long ksys_pidfd_getfd(int pidfd, int fd, unsigned int flags)
{
	struct pid *pid;
	struct task_struct *task = NULL;
	struct file *file;
	bool allowed;
	int ret;

	if (flags)
		return -EINVAL;
	pid = pidfd_get_pid(pidfd, NULL);
	if (IS_ERR(pid))
		return PTR_ERR(pid);
	spin_lock(&tasklist_lock);
	if (pid->task)
		task = get_task_struct(pid->task);
	spin_unlock(&tasklist_lock);
	put_pid(pid);
	if (!task)
		return -ESRCH;
	ret = -EPERM;
	task_lock(task); /* its credentials */
	allowed = task->cred->uid == current_euid() || capable(CAP_SYS_PTRACE);
	task_unlock(task);
	if (!allowed)
		goto out;
	file = fget_task(task, fd);
	ret = -EBADF;
	if (!file)
		goto out;
	ret = get_unused_fd_flags(O_CLOEXEC);
	if (ret >= 0)
		fd_install(ret, file);
	else
		fput(file);
out:
	put_task_struct(task);
	return ret;
}
