/* SPDX-License-Identifier: MIT */
/* select(2) and pselect6(2). */
#include "fs/poll_wait.h"
#include "abi/poll.h"
#include "lib/bitmap.h"
#include "mm/mm.h"
#include "task/sigmask.h"

#define SELECT_IN  (POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR)
#define SELECT_OUT (POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR)
#define SELECT_EX  POLLPRI

/* Six sets of as many words each: what is asked for, and what is so. */
struct fd_sets {
	unsigned long *in, *out, *ex, *res_in, *res_out, *res_ex;
};

/* One bit of all sets. Events found that were asked for; *bad: not an open file. */
static unsigned int select_one(const struct fd_sets *sets, unsigned int fd,
			       struct poll_wqueues *pwq, struct poll_table *pt, bool *bad)
{
	unsigned int want = 0, mask;
	struct fd f;

	if (test_bit(fd, sets->in))
		want |= SELECT_IN;
	if (test_bit(fd, sets->out))
		want |= SELECT_OUT;
	if (test_bit(fd, sets->ex))
		want |= SELECT_EX;
	if (!want)
		return 0;
	f = fdget(fd);
	if (!f.file) {
		*bad = true;
		return 0;
	}
	pwq->key = want | POLLERR | POLLHUP;
	mask = vfs_poll(f.file, pt);
	fdput(f);
	return mask;
}

static int note_ready(const struct fd_sets *sets, unsigned int fd, unsigned int mask)
{
	int count = 0;

	if ((mask & SELECT_IN) && test_bit(fd, sets->in)) {
		__set_bit(fd, sets->res_in);
		count++;
	}
	if ((mask & SELECT_OUT) && test_bit(fd, sets->out)) {
		__set_bit(fd, sets->res_out);
		count++;
	}
	if ((mask & SELECT_EX) && test_bit(fd, sets->ex)) {
		__set_bit(fd, sets->res_ex);
		count++;
	}
	return count;
}

static int do_select(unsigned int n, const struct fd_sets *sets, struct poll_wqueues *pwq,
		     u64 deadline)
{
	struct poll_table *pt = deadline ? &pwq->pt : NULL;
	bool timed_out = !deadline, bad = false;

	for (;;) {
		int count = 0;

		for (unsigned int fd = 0; fd < n; fd++) {
			unsigned long word = sets->in[fd / BITS_PER_LONG] |
					     sets->out[fd / BITS_PER_LONG] |
					     sets->ex[fd / BITS_PER_LONG];

			if (!word) {
				fd |= BITS_PER_LONG - 1;
				continue;
			}
			count += note_ready(sets, fd, select_one(sets, fd, pwq, pt, &bad));
			if (bad)
				return -EBADF;
			if (count)
				pt = NULL;
		}
		pt = NULL;
		if (count)
			return count;
		if (pwq->error)
			return pwq->error;
		if (timed_out)
			return 0;
		if (signal_pending(current))
			return -EINTR;
		timed_out = !poll_sleep(pwq, deadline);
	}
}

static int read_set(unsigned long *set, const void __user *uset, size_t bytes)
{
	if (uset && copy_from_user(set, uset, bytes))
		return -EFAULT;
	return 0;
}

static int write_set(void __user *uset, const unsigned long *set, size_t bytes)
{
	return uset && copy_to_user(uset, set, bytes) ? -EFAULT : 0;
}

/* The table's size bounds what can be open: bits beyond it are not looked at. */
static unsigned int cap_to_table(int n)
{
	struct files_struct *files = current->files;
	unsigned int max;

	spin_lock(&files->lock);
	max = files->fdt.max_fds;
	spin_unlock(&files->lock);
	return min_t(unsigned int, n, max);
}

static int select_user(int n, void __user *in, void __user *out, void __user *ex, u64 deadline)
{
	unsigned long small[6 * 4], *bits = small;
	struct poll_wqueues pwq;
	struct fd_sets sets;
	unsigned int words;
	size_t bytes;
	int count;

	if (n < 0)
		return -EINVAL;
	n = cap_to_table(n);
	words = BITS_TO_LONGS(n);
	bytes = words * sizeof(long);
	if (words > 4) {
		bits = kmalloc_array(6 * words, sizeof(long), GFP_KERNEL);
		if (!bits)
			return -ENOMEM;
	}
	memset(bits, 0, 6 * bytes);
	sets = (struct fd_sets){bits,
				bits + words,
				bits + 2 * words,
				bits + 3 * words,
				bits + 4 * words,
				bits + 5 * words};
	count = -EFAULT;
	if (read_set(sets.in, in, bytes) || read_set(sets.out, out, bytes) ||
	    read_set(sets.ex, ex, bytes))
		goto free;
	/* Bits behind the n-th in the last word are not asked for. */
	if (n % BITS_PER_LONG) {
		unsigned long mask = BIT(n % BITS_PER_LONG) - 1;

		sets.in[words - 1] &= mask;
		sets.out[words - 1] &= mask;
		sets.ex[words - 1] &= mask;
	}
	poll_initwait(&pwq);
	count = do_select(n, &sets, &pwq, deadline);
	poll_freewait(&pwq);
	if (count >= 0 &&
	    (write_set(in, sets.res_in, bytes) || write_set(out, sets.res_out, bytes) ||
	     write_set(ex, sets.res_ex, bytes)))
		count = -EFAULT;
free:
	if (bits != small)
		kfree(bits);
	return count;
}

long ksys_select(int n, void __user *in, void __user *out, void __user *ex,
		 struct timeval __user *utv)
{
	u64 deadline = U64_MAX, timeout;
	struct timeval tv;
	int count;

	if (utv) {
		struct timespec ts;

		if (copy_from_user(&tv, utv, sizeof(tv)))
			return -EFAULT;
		if (tv.tv_sec < 0 || tv.tv_usec < 0)
			return -EINVAL;
		ts.tv_sec = tv.tv_sec + tv.tv_usec / USEC_PER_SEC;
		ts.tv_nsec = tv.tv_usec % USEC_PER_SEC * NSEC_PER_USEC;
		if (poll_timeout_from_timespec(&ts, &timeout))
			return -EINVAL;
		deadline = poll_deadline(timeout);
	}
	count = select_user(n, in, out, ex, deadline);
	if (utv && deadline != U64_MAX) {
		struct timespec left = deadline ? poll_time_left(deadline) : (struct timespec){};

		tv.tv_sec = left.tv_sec;
		tv.tv_usec = left.tv_nsec / NSEC_PER_USEC;
		if (copy_to_user(utv, &tv, sizeof(tv)))
			return count;
	}
	return count == -EINTR ? -ERESTARTNOHAND : count;
}

long ksys_pselect6(int n, void __user *in, void __user *out, void __user *ex,
		   struct timespec __user *uts, void __user *usig)
{
	struct {
		const u64 __user *mask;
		size_t size;
	} sig = {};
	u64 deadline = U64_MAX, timeout;
	struct timespec ts;
	int err, count;

	if (usig && copy_from_user(&sig, usig, sizeof(sig)))
		return -EFAULT;
	if (uts) {
		if (copy_from_user(&ts, uts, sizeof(ts)))
			return -EFAULT;
		if (poll_timeout_from_timespec(&ts, &timeout))
			return -EINVAL;
		deadline = poll_deadline(timeout);
	}
	err = set_user_sigmask(sig.mask, sig.size);
	if (err)
		return err;
	count = select_user(n, in, out, ex, deadline);
	restore_saved_sigmask_unless(count == -EINTR);
	if (uts && deadline != U64_MAX) {
		ts = deadline ? poll_time_left(deadline) : (struct timespec){};
		if (copy_to_user(uts, &ts, sizeof(ts)))
			return count;
	}
	return count == -EINTR ? -ERESTARTNOHAND : count;
}
