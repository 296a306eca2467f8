/* SPDX-License-Identifier: MIT */
/*
 * process_vm_readv and process_vm_writev: bytes between two address spaces.
 *
 * Both go by a page of the kernel's, which is read or filled under the other's mmap_lock: the caller's
 * memory may fault, and must not with that lock held. Without it, a fork of the other could come
 * between making a page its own and writing to it, which would show the write to the child too.
 */
#include "mm/mm.h"
#include "mm/remote.h"
#include "lib/err.h"
#include "page/gfp.h"
#include "sched/sched.h"
#include "task/task.h"

/* Copy @n bytes at @addr, which are in one page, by @bounce, a page, to @local: bytes copied; fewer than @n and *error
 * is set. */
static size_t read_page(struct mm_struct *mm, unsigned long addr, size_t n, struct iov_iter *local,
			void *bounce, int *error)
{
	size_t got = access_remote_vm(mm, addr, bounce, n, false);
	size_t copied = got ? copy_to_iter(bounce, got, local) : 0;

	if (copied < n)
		*error = fatal_signal_pending(current) ? -EINTR : -EFAULT;
	return copied;
}

/* The other way. */
static size_t write_page(struct mm_struct *mm, unsigned long addr, size_t n, struct iov_iter *local,
			 void *bounce, int *error)
{
	size_t taken = copy_from_iter(bounce, n, local);
	size_t written = taken ? access_remote_vm(mm, addr, bounce, taken, true) : 0;

	if (written < n)
		*error = fatal_signal_pending(current) ? -EINTR : -EFAULT;
	return written;
}

ssize_t process_vm_rw(struct mm_struct *mm, struct iov_iter *local, const struct iovec *remote,
		      unsigned long nr, bool write)
{
	void *bounce = (void *)__get_free_page(GFP_KERNEL);
	ssize_t done = 0;
	int error = 0;

	if (!bounce)
		return -ENOMEM;
	for (; nr && !error; nr--, remote++) {
		unsigned long addr = (unsigned long)remote->iov_base;
		size_t left = remote->iov_len, n, copied;

		while (left && local->count && !error) {
			n = min(min(left, local->count), PAGE_SIZE - offset_in_page(addr));
			copied = write ? write_page(mm, addr, n, local, bounce, &error)
				       : read_page(mm, addr, n, local, bounce, &error);
			done += copied;
			addr += copied;
			left -= copied;
			cond_resched();
		}
	}
	free_page((unsigned long)bounce);
	return done ? done : error;
}
