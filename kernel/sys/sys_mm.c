/* SPDX-License-Identifier: MIT */
/* Memory system calls. */
#include "sys/sys.h"
#include "mm/mm.h"
#include "file/file.h"
#include "task/task.h"
#include "base/trace.h"
#include "abi/errno.h"

long sys_mmap(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags, int fd, unsigned long offset)
{
	struct file *file = NULL;
	unsigned long ret;

	if (offset & (PAGE_SIZE - 1))
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS)) {
		file = fget(fd);
		if (!file)
			return -EBADF;
	} else if (flags & MAP_HUGETLB) {
		return -ENOMEM; /* no huge page is reserved */
	}
	ret = vm_mmap_pgoff(file, addr, len, prot, flags, offset >> PAGE_SHIFT);
	if (file)
		fput(file);
	trace(TRACE_MMAP, current->pid, ret, len);
	return ret;
}

long sys_munmap(unsigned long addr, unsigned long len)
{
	trace(TRACE_MUNMAP, current->pid, addr, len);
	return vm_munmap(addr, len);
}

long sys_mprotect(unsigned long addr, unsigned long len, unsigned long prot)
{
	trace(TRACE_MPROTECT, current->pid, addr, len);
	return do_mprotect(addr, len, prot);
}

long sys_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len, unsigned long flags, unsigned long new_addr)
{
	return do_mremap(addr, old_len, new_len, flags, new_addr);
}

long sys_brk(unsigned long brk)
{
	unsigned long old = current->mm->brk, new = do_brk(brk);

	trace(TRACE_BRK, current->pid, old, new);
	return new;
}

long sys_madvise(unsigned long addr, unsigned long len, int advice)
{
	return do_madvise(current->mm, addr, len, advice);
}

long sys_msync(unsigned long addr, unsigned long len, int flags)
{
	return do_msync(addr, len, flags);
}

long sys_mincore(unsigned long addr, unsigned long len, unsigned char __user *vec)
{
	return do_mincore(addr, len, vec);
}

long sys_mlock(unsigned long addr, unsigned long len)
{
	return do_mlock(addr, len, 0);
}

long sys_mlock2(unsigned long addr, unsigned long len, int flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return do_mlock(addr, len, flags);
}

long sys_munlock(unsigned long addr, unsigned long len)
{
	return do_munlock(addr, len);
}

long sys_mlockall(int flags)
{
	return do_mlockall(flags);
}

long sys_munlockall(void)
{
	return do_munlockall();
}
