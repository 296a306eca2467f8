/* SPDX-License-Identifier: MIT */
/* poll(2) and ppoll(2), and how a task waits in many queues. */
#include "fs/poll_wait.h"
#include "abi/poll.h"
#include "mm/mm.h"
#include "task/sigmask.h"

#define ALWAYS_READY (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)

unsigned int vfs_poll(struct file *file, struct poll_table *pt)
{
	return file->f_op->poll ? file->f_op->poll(file, pt) : ALWAYS_READY;
}

/* ---- Queues ---- */

static bool pollwake(struct wait_queue_entry *wait, unsigned int mode, u64 key)
{
	struct poll_entry *entry = container_of(wait, struct poll_entry, wait);

	if (key && !(key & entry->key))
		return false;
	WRITE_ONCE(entry->owner->triggered, true);
	return try_to_wake_up(entry->owner->task, TASK_NORMAL);
}

static struct poll_entry *new_entry(struct poll_wqueues *pwq)
{
	const unsigned int per_page =
		(PAGE_SIZE - sizeof(struct poll_page)) / sizeof(struct poll_entry);
	struct poll_page *page = pwq->pages;

	if (pwq->nr < POLL_INLINE_ENTRIES)
		return &pwq->entries[pwq->nr++];
	if (!page || page->nr == per_page) {
		page = kmalloc(PAGE_SIZE, GFP_KERNEL);
		if (!page)
			return NULL;
		page->nr = 0;
		page->next = pwq->pages;
		pwq->pages = page;
	}
	return &page->entries[page->nr++];
}

static void queue_poll(struct file *file, struct wait_queue_head *wq, struct poll_table *pt)
{
	struct poll_wqueues *pwq = container_of(pt, struct poll_wqueues, pt);
	struct poll_entry *entry = new_entry(pwq);

	if (!entry) {
		pwq->error = -ENOMEM;
		return;
	}
	entry->file = get_file(file);
	entry->wq = wq;
	entry->owner = pwq;
	entry->key = pwq->key;
	init_waitqueue_func_entry(&entry->wait, pollwake);
	add_wait_queue(wq, &entry->wait);
}

void poll_initwait(struct poll_wqueues *pwq)
{
	pwq->pt.qproc = queue_poll;
	pwq->task = current;
	pwq->triggered = false;
	pwq->error = 0;
	pwq->nr = 0;
	pwq->pages = NULL;
}

static void free_entries(struct poll_entry *entries, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		remove_wait_queue(entries[i].wq, &entries[i].wait);
		fput(entries[i].file);
	}
}

void poll_freewait(struct poll_wqueues *pwq)
{
	free_entries(pwq->entries, pwq->nr);
	while (pwq->pages) {
		struct poll_page *page = pwq->pages;

		pwq->pages = page->next;
		free_entries(page->entries, page->nr);
		kfree(page);
	}
}

bool poll_sleep(struct poll_wqueues *pwq, u64 deadline)
{
	bool in_time = true;

	set_current_state(TASK_INTERRUPTIBLE);
	/* A wake-up between the last look and now has set triggered. */
	if (!READ_ONCE(pwq->triggered)) {
		u64 now = deadline == U64_MAX ? 0 : ktime_get();

		if (deadline == U64_MAX)
			schedule_timeout(U64_MAX);
		else if (now >= deadline || !schedule_timeout(deadline - now))
			in_time = false;
	}
	__set_current_state(TASK_RUNNING);
	/* Cleared before the next look at the files: what happens during it triggers anew. */
	smp_store_mb(pwq->triggered, false);
	return in_time;
}

u64 poll_deadline(u64 timeout)
{
	u64 now;

	if (timeout == 0 || timeout == U64_MAX)
		return timeout;
	now = ktime_get();
	return now + timeout < now ? U64_MAX : now + timeout;
}

int poll_timeout_from_timespec(const struct timespec *ts, u64 *timeout)
{
	if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if ((u64)ts->tv_sec >= S64_MAX / NSEC_PER_SEC)
		*timeout = U64_MAX;
	else
		*timeout = (u64)ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
	return 0;
}

struct timespec poll_time_left(u64 deadline)
{
	u64 now = ktime_get(), left = deadline > now ? deadline - now : 0;

	return (struct timespec){.tv_sec = left / NSEC_PER_SEC, .tv_nsec = left % NSEC_PER_SEC};
}

/* ---- poll ---- */

static short poll_one(struct pollfd *pfd, struct poll_wqueues *pwq, struct poll_table *pt)
{
	unsigned int filter = (unsigned short)pfd->events | POLLERR | POLLHUP, mask;
	struct fd f;

	if (pfd->fd < 0)
		return 0;
	f = fdget(pfd->fd);
	if (!f.file)
		return POLLNVAL;
	pwq->key = filter;
	mask = vfs_poll(f.file, pt) & filter;
	fdput(f);
	return mask;
}

/* Number of descriptors with events, 0 at the deadline, -EINTR, -ENOMEM. */
static int do_poll(struct pollfd *fds, unsigned int nfds, struct poll_wqueues *pwq, u64 deadline)
{
	/* Queues are joined only by the first look, and not at all if something is ready or nobody
	 * will wait. */
	struct poll_table *pt = deadline ? &pwq->pt : NULL;
	bool timed_out = !deadline;

	for (;;) {
		int count = 0;

		for (unsigned int i = 0; i < nfds; i++) {
			fds[i].revents = poll_one(&fds[i], pwq, pt);
			if (fds[i].revents) {
				count++;
				pt = NULL;
			}
		}
		pt = NULL;
		if (count)
			return count;
		if (pwq->error)
			return pwq->error;
		if (signal_pending(current))
			return -EINTR;
		if (timed_out)
			return 0;
		timed_out = !poll_sleep(pwq, deadline);
	}
}

static int poll_user(struct pollfd __user *ufds, unsigned int nfds, u64 deadline)
{
	struct pollfd small[16], *fds = small;
	struct poll_wqueues pwq;
	int count;

	if (nfds > READ_ONCE(current->signal->rlim[RLIMIT_NOFILE].rlim_cur))
		return -EINVAL;
	if (nfds > ARRAY_SIZE(small)) {
		fds = kmalloc_array(nfds, sizeof(*fds), GFP_KERNEL);
		if (!fds)
			return -ENOMEM;
	}
	count = -EFAULT;
	if (copy_from_user(fds, ufds, nfds * sizeof(*fds)))
		goto out;
	poll_initwait(&pwq);
	count = do_poll(fds, nfds, &pwq, deadline);
	poll_freewait(&pwq);
	for (unsigned int i = 0; count >= 0 && i < nfds; i++) {
		if (put_user(fds[i].revents, &ufds[i].revents))
			count = -EFAULT;
	}
out:
	if (fds != small)
		kfree(fds);
	return count;
}

static long restart_poll(struct restart_block *block)
{
	int count = poll_user((void *)block->arg[0], block->arg[1], block->arg[2]);

	if (count == -EINTR) {
		block->fn = restart_poll;
		return -ERESTART_RESTARTBLOCK;
	}
	return count;
}

long ksys_poll(struct pollfd __user *fds, unsigned int nfds, int timeout_ms)
{
	u64 deadline = timeout_ms < 0 ? U64_MAX : poll_deadline((u64)timeout_ms * NSEC_PER_MSEC);
	int count = poll_user(fds, nfds, deadline);

	if (count == -EINTR) {
		struct restart_block *block = &current->restart_block;

		block->fn = restart_poll;
		block->arg[0] = (unsigned long)fds;
		block->arg[1] = nfds;
		block->arg[2] = deadline;
		return -ERESTART_RESTARTBLOCK;
	}
	return count;
}

long ksys_ppoll(struct pollfd __user *fds, unsigned int nfds, struct timespec __user *uts,
		const u64 __user *sigmask, size_t sigsetsize)
{
	u64 deadline = U64_MAX, timeout;
	struct timespec ts;
	int err, count;

	if (uts) {
		if (copy_from_user(&ts, uts, sizeof(ts)))
			return -EFAULT;
		if (poll_timeout_from_timespec(&ts, &timeout))
			return -EINVAL;
		deadline = poll_deadline(timeout);
	}
	err = set_user_sigmask(sigmask, sigsetsize);
	if (err)
		return err;
	count = poll_user(fds, nfds, deadline);
	restore_saved_sigmask_unless(count == -EINTR);
	if (uts && deadline != U64_MAX) {
		/* A time that cannot be written back is not worth failing for. */
		ts = deadline ? poll_time_left(deadline) : (struct timespec){};
		if (copy_to_user(uts, &ts, sizeof(ts)))
			return count == -EINTR ? -EINTR : count;
	}
	return count == -EINTR ? -ERESTARTNOHAND : count;
}
