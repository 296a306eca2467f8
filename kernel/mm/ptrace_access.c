/* SPDX-License-Identifier: MIT */
/* Who may see and change the memory of another task: ptrace's rule. */
#include "mm/mm.h"
#include "mm/remote.h"
#include "lib/err.h"
#include "task/task.h"

/* The user of @cred is who @target runs as, in all three roles. */
static bool same_user(const struct cred *cred, const struct cred *target, enum ptrace_mode mode)
{
	uid_t uid = mode == PTRACE_MODE_REALCREDS ? cred->uid : cred->fsuid;
	gid_t gid = mode == PTRACE_MODE_REALCREDS ? cred->gid : cred->fsgid;

	return uid == target->uid && uid == target->euid && uid == target->suid &&
	       gid == target->gid && gid == target->egid && gid == target->sgid;
}

static bool creds_allow(struct task_struct *task, const struct cred *cred, enum ptrace_mode mode)
{
	const struct cred *target = get_task_cred(task);
	u64 caps = mode == PTRACE_MODE_REALCREDS ? cred->cap_permitted : cred->cap_effective;
	bool allowed = same_user(cred, target, mode) && !(target->cap_permitted & ~caps);

	put_cred(target);
	return allowed;
}

bool ptrace_may_access(struct task_struct *task, const struct cred *cred, enum ptrace_mode mode)
{
	bool allowed;

	if (cred_capable(cred, CAP_SYS_PTRACE) || task->signal == current->signal)
		return true;
	if (!creds_allow(task, cred, mode))
		return false;
	task_lock(task);
	allowed = !task->mm || READ_ONCE(task->mm->dumpable) == 1;
	task_unlock(task);
	return allowed;
}

struct mm_struct *mm_access(struct task_struct *task, enum ptrace_mode mode)
{
	const struct cred *cred = current_cred();
	struct mm_struct *mm = get_task_mm(task);

	if (!mm)
		return ERR_PTR(-ESRCH);
	if (mm == current->mm)
		return mm;
	/* @task may exec meanwhile: of the mm we hold, too, we must be allowed to know. exec makes
	 * the mm of a set-user-ID program undumpable before it can be seen. */
	if (ptrace_may_access(task, cred, mode) &&
	    (READ_ONCE(mm->dumpable) == 1 || cred_capable(cred, CAP_SYS_PTRACE) ||
	     task->signal == current->signal))
		return mm;
	mmput(mm);
	return ERR_PTR(-EACCES);
}
