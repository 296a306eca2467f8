/* SPDX-License-Identifier: MIT */
/* process_vm_readv(2), process_vm_writev(2). */
#include "sys/sys.h"
#include "fs/readv.h"
#include "lib/err.h"
#include "mm/mm.h"
#include "mm/remote.h"
#include "page/slab.h"
#include "task/pid.h"
#include "task/task.h"

/* The remote ranges: only lengths are looked at, the addresses are another process's. *iov is
 * @fast or kmalloc'd. 0, -EINVAL, -EFAULT, -ENOMEM. */
static int copy_remote_iovec(const struct iovec __user *vec, unsigned long nr, struct iovec *fast,
			     struct iovec **iov)
{
	struct iovec *p = fast;
	int err = -EFAULT;

	*iov = fast;
	if (nr > UIO_MAXIOV)
		return -EINVAL;
	if (nr > UIO_FASTIOV) {
		p = kmalloc_array(nr, sizeof(*p), GFP_KERNEL);
		if (!p)
			return -ENOMEM;
	}
	if (copy_from_user(p, vec, nr * sizeof(*p)))
		goto fail;
	err = -EINVAL;
	for (unsigned long i = 0; i < nr; i++) {
		if ((ssize_t)p[i].iov_len < 0)
			goto fail;
	}
	*iov = p;
	return 0;

fail:
	if (p != fast)
		kfree(p);
	return err;
}

static ssize_t rw_pid(pid_t pid, struct iov_iter *local, const struct iovec *remote,
		      unsigned long nr, bool write)
{
	struct task_struct *task;
	struct mm_struct *mm;
	bool wanted = false;
	ssize_t ret;

	/* Nothing to copy is nothing to ask for: not even the process is looked up. */
	for (unsigned long i = 0; i < nr; i++)
		wanted |= remote[i].iov_len > 0;
	if (!wanted)
		return 0;
	task = find_get_task(pid);
	if (!task)
		return -ESRCH;
	mm = mm_access(task, PTRACE_MODE_REALCREDS);
	put_task_struct(task);
	if (IS_ERR(mm))
		return PTR_ERR(mm) == -EACCES ? -EPERM : PTR_ERR(mm);
	ret = process_vm_rw(mm, local, remote, nr, write);
	mmput(mm);
	return ret;
}

static long do_process_vm(pid_t pid, const struct iovec __user *lvec, unsigned long liovcnt,
			  const struct iovec __user *rvec, unsigned long riovcnt,
			  unsigned long flags, bool write)
{
	struct iovec local_fast[UIO_FASTIOV], remote_fast[UIO_FASTIOV], *local, *remote;
	struct iov_iter iter;
	ssize_t ret;

	if (flags)
		return -EINVAL;
	ret = import_iovec(lvec, liovcnt, local_fast, &local, &iter);
	if (ret < 0)
		return ret;
	if (iter.count) {
		ret = copy_remote_iovec(rvec, riovcnt, remote_fast, &remote);
		if (!ret) {
			ret = rw_pid(pid, &iter, remote, riovcnt, write);
			if (remote != remote_fast)
				kfree(remote);
		}
	}
	if (local != local_fast)
		kfree(local);
	return ret;
}

long sys_process_vm_readv(pid_t pid, const struct iovec __user *lvec, unsigned long liovcnt,
			  const struct iovec __user *rvec, unsigned long riovcnt,
			  unsigned long flags)
{
	return do_process_vm(pid, lvec, liovcnt, rvec, riovcnt, flags, false);
}

long sys_process_vm_writev(pid_t pid, const struct iovec __user *lvec, unsigned long liovcnt,
			   const struct iovec __user *rvec, unsigned long riovcnt,
			   unsigned long flags)
{
	return do_process_vm(pid, lvec, liovcnt, rvec, riovcnt, flags, true);
}
