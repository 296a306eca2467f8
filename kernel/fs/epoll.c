/* SPDX-License-Identifier: MIT */
/*
 * epoll: delivery of events. A watched file's wake-up puts its item on the ready list; epoll_wait
 * takes items off, asks the file what is really so, and gives that to the user. A level-triggered
 * item that had events goes back to the end of the list.
 *
 * Locks: epmutex (epoll_ctl.c) -> ep->mtx -> (inner ep->mtx, nested) -> the queue of the watched
 * file -> ep->lock -> ep->wq, ep->poll_wait -> the next epoll's ep->lock... The spinlocks all have
 * the rank of a wait queue: the nesting is ordered by "watches", which has no circles.
 */
#include "fs/epoll.h"
#include "lib/vsprintf.h"
#include "mm/mm.h"
#include "task/sigmask.h"
#include "fs/poll_wait.h"

unsigned int ep_item_poll(struct epitem *item, struct poll_table *pt)
{
	return vfs_poll(item->file, pt) & item->event.events;
}

/* ---- The ready list ---- */

/* Like wake_up_poll(), inside another queue's lock. Interrupts off. */
static void wake_nested(struct wait_queue_head *wq, u64 key)
{
	if (list_empty(&wq->head))
		return;
	spin_lock_nested(&wq->lock);
	__wake_up_locked(wq, TASK_NORMAL, 1, key);
	spin_unlock(&wq->lock);
}

/* ep->lock held. */
static void add_ready(struct eventpoll *ep, struct epitem *item)
{
	if (list_empty(&item->ready_link)) {
		list_add_tail(&item->ready_link, &ep->ready);
		ep->nr_ready++;
	}
}

bool ep_poll_callback(struct wait_queue_entry *wait, unsigned int mode, u64 key)
{
	struct epitem *item = container_of(wait, struct ep_queue_entry, wait)->item;
	struct eventpoll *ep = item->ep;
	u32 events = READ_ONCE(item->event.events);
	bool woken;

	/* Nothing but private bits: a one-shot item that has fired. */
	if (!(events & ~EP_PRIVATE_BITS) || (key && !(key & events)))
		return false;
	spin_lock_nested(&ep->lock);
	add_ready(ep, item);
	spin_unlock(&ep->lock);
	smp_mb(); /* on the list before the look at who sleeps; pairs with prepare_to_wait */
	woken = !list_empty(&ep->wq.head);
	wake_nested(&ep->wq, 0);
	wake_nested(&ep->poll_wait, POLLIN);
	/* An exclusive item took the event for good if somebody is there to handle it. */
	return events & EPOLLEXCLUSIVE ? woken : true;
}

void ep_make_ready(struct epitem *item)
{
	struct eventpoll *ep = item->ep;
	unsigned long flags;

	spin_lock_irqsave(&ep->lock, flags);
	add_ready(ep, item);
	spin_unlock_irqrestore(&ep->lock, flags);
	if (waitqueue_active(&ep->wq))
		wake_up(&ep->wq);
	if (waitqueue_active(&ep->poll_wait))
		wake_up_poll(&ep->poll_wait, POLLIN);
}

void ep_not_ready(struct epitem *item)
{
	struct eventpoll *ep = item->ep;
	unsigned long flags;

	spin_lock_irqsave(&ep->lock, flags);
	if (!list_empty(&item->ready_link)) {
		list_del_init(&item->ready_link);
		ep->nr_ready--;
	}
	spin_unlock_irqrestore(&ep->lock, flags);
}

static struct epitem *pop_ready(struct eventpoll *ep)
{
	struct epitem *item;
	unsigned long flags;

	spin_lock_irqsave(&ep->lock, flags);
	item = list_first_entry_or_null(&ep->ready, struct epitem, ready_link);
	if (item) {
		list_del_init(&item->ready_link);
		ep->nr_ready--;
	}
	spin_unlock_irqrestore(&ep->lock, flags);
	return item;
}

static void push_ready(struct eventpoll *ep, struct epitem *item)
{
	unsigned long flags;

	spin_lock_irqsave(&ep->lock, flags);
	add_ready(ep, item);
	spin_unlock_irqrestore(&ep->lock, flags);
}

static bool ep_events_available(struct eventpoll *ep)
{
	return !list_empty(&ep->ready);
}

/* ---- epoll_wait ---- */

/* Give the user what is ready: number of events, or -EFAULT. */
static int send_events(struct eventpoll *ep, struct epoll_event __user *events, int maxevents)
{
	unsigned int turns;
	int sent = 0;

	mutex_lock(&ep->mtx);
	/* Items that come back to the list's end are not looked at a second time. */
	for (turns = READ_ONCE(ep->nr_ready); turns && sent < maxevents; turns--) {
		struct epitem *item = pop_ready(ep);
		struct epoll_event event;

		if (!item)
			break;
		event.events = ep_item_poll(item, NULL);
		if (!event.events)
			continue;
		event.data = item->event.data;
		if (copy_to_user(&events[sent], &event, sizeof(event))) {
			push_ready(ep, item);
			if (!sent)
				sent = -EFAULT;
			break;
		}
		sent++;
		if (item->event.events & EPOLLONESHOT)
			item->event.events &= EP_PRIVATE_BITS;
		else if (!(item->event.events & EPOLLET))
			push_ready(ep, item);
	}
	mutex_unlock(&ep->mtx);
	/* What is left is for the next sleeper. */
	if (ep_events_available(ep) && waitqueue_active(&ep->wq))
		wake_up(&ep->wq);
	return sent;
}

/* Events, 0 at the deadline, -EINTR, -EFAULT. */
static int ep_wait(struct eventpoll *ep, struct epoll_event __user *events, int maxevents,
		   u64 deadline)
{
	struct wait_queue_entry entry;
	bool timed_out = !deadline;
	int sent;

	for (;;) {
		if (ep_events_available(ep)) {
			sent = send_events(ep, events, maxevents);
			if (sent)
				return sent;
		}
		if (timed_out)
			return 0;
		if (signal_pending(current))
			return -EINTR;
		init_wait_entry(&entry, 0);
		prepare_to_wait_exclusive(&ep->wq, &entry, TASK_INTERRUPTIBLE);
		if (!ep_events_available(ep) && !signal_pending(current)) {
			u64 now = deadline == U64_MAX ? 0 : ktime_get();

			if (deadline == U64_MAX)
				schedule();
			else if (now >= deadline || !schedule_timeout(deadline - now))
				timed_out = true;
		}
		finish_wait(&ep->wq, &entry);
	}
}

static int do_epoll_wait(int epfd, struct epoll_event __user *events, int maxevents, u64 deadline)
{
	struct fd f;
	int n;

	if (maxevents <= 0 || maxevents > (int)(INT_MAX / sizeof(struct epoll_event)))
		return -EINVAL;
	if (!access_ok(events, maxevents * sizeof(struct epoll_event)))
		return -EFAULT;
	f = fdget(epfd);
	if (!f.file)
		return -EBADF;
	n = -EINVAL;
	if (f.file->f_op == &eventpoll_fops)
		n = ep_wait(f.file->private_data, events, maxevents, deadline);
	fdput(f);
	return n;
}

static u64 ms_deadline(int timeout_ms)
{
	return timeout_ms < 0 ? U64_MAX : poll_deadline((u64)timeout_ms * NSEC_PER_MSEC);
}

long ksys_epoll_wait(int epfd, struct epoll_event __user *events, int maxevents, int timeout_ms)
{
	return do_epoll_wait(epfd, events, maxevents, ms_deadline(timeout_ms));
}

static long epoll_wait_masked(int epfd, struct epoll_event __user *events, int maxevents,
			      u64 deadline, const u64 __user *sigmask, size_t sigsetsize)
{
	int err = set_user_sigmask(sigmask, sigsetsize), n;

	if (err)
		return err;
	n = do_epoll_wait(epfd, events, maxevents, deadline);
	restore_saved_sigmask_unless(n == -EINTR);
	return n;
}

long ksys_epoll_pwait(int epfd, struct epoll_event __user *events, int maxevents, int timeout_ms,
		      const u64 __user *sigmask, size_t sigsetsize)
{
	return epoll_wait_masked(epfd, events, maxevents, ms_deadline(timeout_ms), sigmask,
				 sigsetsize);
}

long ksys_epoll_pwait2(int epfd, struct epoll_event __user *events, int maxevents,
		       const struct timespec __user *uts, const u64 __user *sigmask,
		       size_t sigsetsize)
{
	u64 deadline = U64_MAX, timeout;
	struct timespec ts;

	if (uts) {
		if (copy_from_user(&ts, uts, sizeof(ts)))
			return -EFAULT;
		if (poll_timeout_from_timespec(&ts, &timeout))
			return -EINVAL;
		deadline = poll_deadline(timeout);
	}
	return epoll_wait_masked(epfd, events, maxevents, deadline, sigmask, sigsetsize);
}

/* ---- The epoll file ---- */

/* An epoll is readable if one of its items is, really. */
static unsigned int eventpoll_poll(struct file *file, struct poll_table *pt)
{
	struct eventpoll *ep = file->private_data;
	unsigned int turns, mask = 0;

	poll_wait(file, &ep->poll_wait, pt);
	if (!ep_events_available(ep))
		return 0;
	mutex_lock_nested(&ep->mtx);
	for (turns = READ_ONCE(ep->nr_ready); turns && !mask; turns--) {
		struct epitem *item = pop_ready(ep);

		if (!item)
			break;
		if (ep_item_poll(item, NULL)) {
			mask = POLLIN | POLLRDNORM;
			push_ready(ep, item);
		}
	}
	mutex_unlock(&ep->mtx);
	return mask;
}

static void eventpoll_release(struct inode *inode, struct file *file)
{
	struct eventpoll *ep = file->private_data;

	ep_remove_all(ep);
	kfree(ep);
}

static void eventpoll_show_fdinfo(struct file *file, char *buf, size_t size)
{
	struct eventpoll *ep = file->private_data;
	size_t len = 0;

	mutex_lock(&ep->mtx);
	for (struct rb_node *n = rb_first(&ep->items); n && len < size; n = rb_next(n)) {
		struct epitem *item = rb_entry(n, struct epitem, node);

		len += scnprintf(buf + len, size - len,
				 "tfd: %8d events: %8x data: %16llx  pos:%lli ino:%llx sdev:%x\n",
				 item->fd, item->event.events, (u64)item->event.data,
				 item->file->f_pos, item->file->f_inode->i_ino,
				 item->file->f_inode->i_sb->s_dev);
	}
	mutex_unlock(&ep->mtx);
}

const struct file_operations eventpoll_fops = {
	.poll = eventpoll_poll,
	.release = eventpoll_release,
	.llseek = noop_llseek,
	.show_fdinfo = eventpoll_show_fdinfo,
};
