/* SPDX-License-Identifier: MIT */
/* Who may see what of another task: ptrace's rule, by the credentials of whoever opened the file.
 */
#include "procfs/internal.h"
#include "mm/remote.h"

struct task_struct *get_proc_task(const struct inode *inode)
{
	return get_pid_task(pseudo_object(inode));
}

bool proc_may_access(struct task_struct *task, const struct cred *cred)
{
	return ptrace_may_access(task, cred, PTRACE_MODE_FSCREDS);
}

bool proc_opener_may_access(struct task_struct *task, const struct seq_file *m)
{
	return proc_may_access(task, m->file ? m->file->f_cred : current_cred());
}

int proc_open_private(struct inode *inode, struct file *file)
{
	struct task_struct *task = get_proc_task(inode);
	int err;

	if (!task)
		return -ESRCH;
	err = proc_may_access(task, current_cred()) ? 0 : -EACCES;
	put_task_struct(task);
	return err;
}

struct mm_struct *proc_mm_access(struct inode *inode)
{
	struct task_struct *task = get_proc_task(inode);
	struct mm_struct *mm;

	if (!task)
		return ERR_PTR(-ESRCH);
	mm = mm_access(task, PTRACE_MODE_FSCREDS);
	put_task_struct(task);
	return mm;
}

int proc_open_private_mm(struct inode *inode, struct file *file)
{
	struct mm_struct *mm = proc_mm_access(inode);

	if (IS_ERR(mm))
		return PTR_ERR(mm);
	mmput(mm);
	return 0;
}

int proc_show_task(struct seq_file *m)
{
	task_show_t show = (task_show_t)pseudo_entry_of(m->inode)->data;
	struct task_struct *task = get_proc_task(m->inode);
	int err;

	if (!task)
		return -ESRCH;
	err = show(m, task);
	put_task_struct(task);
	return err;
}
