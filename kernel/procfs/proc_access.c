/* SPDX-License-Identifier: MIT */
/* Who may see what of another task: ptrace's rule, by the credentials of whoever opened the file.
 */
#include "procfs/internal.h"

struct task_struct *get_proc_task(const struct inode *inode)
{
	return get_pid_task(pseudo_object(inode));
}

/* The user of @cred is who @target runs as, in all three roles. */
static bool same_user(const struct cred *cred, const struct cred *target)
{
	return cred->fsuid == target->uid && cred->fsuid == target->euid &&
	       cred->fsuid == target->suid && cred->fsgid == target->gid &&
	       cred->fsgid == target->egid && cred->fsgid == target->sgid;
}

bool proc_may_access(struct task_struct *task, const struct cred *cred)
{
	bool privileged = cred_capable(cred, CAP_SYS_PTRACE), allowed;
	const struct cred *target;
	struct mm_struct *mm;

	if (privileged || task->signal == current->signal)
		return true;
	target = get_task_cred(task);
	allowed = same_user(cred, target) && !(target->cap_permitted & ~cred->cap_effective);
	put_cred(target);
	if (!allowed)
		return false;
	task_lock(task);
	mm = task->mm;
	allowed = !mm || mm->dumpable == 1;
	task_unlock(task);
	return allowed;
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

struct mm_struct *proc_mm_access(struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);

	if (mm && mm != current->mm && !proc_may_access(task, current_cred())) {
		mmput(mm);
		return ERR_PTR(-EACCES);
	}
	return mm;
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
