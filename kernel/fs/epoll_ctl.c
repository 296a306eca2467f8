/* SPDX-License-Identifier: MIT */
/* epoll: the set of watched files. */
#include "fs/epoll.h"
#include "abi/poll.h"
#include "mm/mm.h"

/*
 * Taken by what concerns more than one epoll or ends a file: the end of a watched file, the end of
 * an epoll, watching an epoll. An item holds no reference to its file; under epmutex (or with a
 * reference of one's own) it is there.
 */
static struct mutex epmutex;

static struct kmem_cache *epitem_cache, *entry_cache;

void eventpoll_init(void)
{
	mutex_init(&epmutex, "epmutex", RANK_EPOLL);
	epitem_cache = kmem_cache_create("eventpoll_epi", sizeof(struct epitem), 0, NULL);
	entry_cache = kmem_cache_create("eventpoll_pwq", sizeof(struct ep_queue_entry), 0, NULL);
	BUG_ON(!epitem_cache || !entry_cache);
}

/* ---- The set; ep->mtx held ---- */

static int compare(const struct epitem *item, const struct file *file, int fd)
{
	if (item->file != file)
		return item->file < file ? -1 : 1;
	return item->fd - fd;
}

static struct epitem *ep_find(struct eventpoll *ep, const struct file *file, int fd)
{
	struct rb_node *n = ep->items.rb_node;

	while (n) {
		struct epitem *item = rb_entry(n, struct epitem, node);
		int c = compare(item, file, fd);

		if (!c)
			return item;
		n = c < 0 ? n->rb_right : n->rb_left;
	}
	return NULL;
}

static void ep_link(struct eventpoll *ep, struct epitem *item)
{
	struct rb_node **link = &ep->items.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = compare(rb_entry(parent, struct epitem, node), item->file, item->fd) < 0
			       ? &parent->rb_right
			       : &parent->rb_left;
	}
	rb_link_node(&item->node, parent, link);
	rb_insert_color(&item->node, &ep->items);
}

static void leave_queues(struct epitem *item)
{
	while (item->queues) {
		struct ep_queue_entry *entry = item->queues;

		item->queues = entry->next;
		remove_wait_queue(entry->wq, &entry->wait);
		kmem_cache_free(entry_cache, entry);
	}
}

static void ep_remove(struct epitem *item)
{
	struct eventpoll *ep = item->ep;

	leave_queues(item);
	spin_lock(&item->file->f_lock);
	list_del(&item->file_link);
	spin_unlock(&item->file->f_lock);
	rb_erase(&item->node, &ep->items);
	ep_not_ready(item); /* last: no callback can put it back any more */
	kmem_cache_free(epitem_cache, item);
}

struct ep_poll_table {
	struct poll_table pt;
	struct epitem *item;
	bool failed;
};

static void join_queue(struct file *file, struct wait_queue_head *wq, struct poll_table *pt)
{
	struct ep_poll_table *ept = container_of(pt, struct ep_poll_table, pt);
	struct epitem *item = ept->item;
	struct ep_queue_entry *entry = kmem_cache_alloc(entry_cache, GFP_KERNEL);

	if (!entry) {
		ept->failed = true;
		return;
	}
	init_waitqueue_func_entry(&entry->wait, ep_poll_callback);
	entry->wq = wq;
	entry->item = item;
	entry->next = item->queues;
	item->queues = entry;
	if (item->event.events & EPOLLEXCLUSIVE)
		add_wait_queue_exclusive(wq, &entry->wait);
	else
		add_wait_queue(wq, &entry->wait);
}

static int ep_insert(struct eventpoll *ep, const struct epoll_event *event, struct file *file,
		     int fd)
{
	struct ep_poll_table ept = {.pt.qproc = join_queue};
	struct epitem *item = kmem_cache_zalloc(epitem_cache, GFP_KERNEL);

	if (!item)
		return -ENOMEM;
	INIT_LIST_HEAD(&item->ready_link);
	item->ep = ep;
	item->file = file;
	item->fd = fd;
	item->event = *event;
	ep_link(ep, item);
	spin_lock(&file->f_lock);
	list_add_tail(&item->file_link, &file->f_ep_links);
	spin_unlock(&file->f_lock);
	ept.item = item;
	if (ep_item_poll(item, &ept.pt) && !ept.failed)
		ep_make_ready(item);
	if (ept.failed) {
		ep_remove(item);
		return -ENOMEM;
	}
	return 0;
}

static void ep_modify(struct epitem *item, const struct epoll_event *event)
{
	item->event.data = event->data;
	WRITE_ONCE(item->event.events, event->events);
	/* callbacks see the new events before the file is asked: nothing falls in between */
	smp_mb();
	if (ep_item_poll(item, NULL))
		ep_make_ready(item);
}

/* ---- Ends ---- */

void ep_remove_all(struct eventpoll *ep)
{
	struct rb_node *n;

	mutex_lock(&epmutex);
	mutex_lock_nested(&ep->mtx);
	while ((n = rb_first(&ep->items)))
		ep_remove(rb_entry(n, struct epitem, node));
	mutex_unlock(&ep->mtx);
	mutex_unlock(&epmutex);
}

void eventpoll_release_file(struct file *file)
{
	struct epitem *item;

	mutex_lock(&epmutex);
	for (;;) {
		struct eventpoll *ep;

		spin_lock(&file->f_lock);
		item = list_first_entry_or_null(&file->f_ep_links, struct epitem, file_link);
		spin_unlock(&file->f_lock);
		if (!item)
			break;
		ep = item->ep;
		mutex_lock_nested(&ep->mtx);
		ep_remove(item);
		mutex_unlock(&ep->mtx);
	}
	mutex_unlock(&epmutex);
}

/* ---- Epolls that watch epolls; epmutex held ---- */

static bool is_epoll(const struct file *file)
{
	return file->f_op == &eventpoll_fops;
}

/* Length of the longest chain of epolls below @ep; more than EP_MAX_NESTS if @target is among them.
 */
static int depth_below(struct eventpoll *ep, const struct eventpoll *target, int level)
{
	int depth = 0;

	if (ep == target || level > EP_MAX_NESTS)
		return EP_MAX_NESTS + 1;
	mutex_lock_nested(&ep->mtx);
	for (struct rb_node *n = rb_first(&ep->items); n; n = rb_next(n)) {
		struct epitem *item = rb_entry(n, struct epitem, node);

		if (is_epoll(item->file))
			depth = max(depth,
				    1 + depth_below(item->file->private_data, target, level + 1));
	}
	mutex_unlock(&ep->mtx);
	return depth;
}

static int depth_above(struct eventpoll *ep, int level)
{
	struct epitem *item;
	int depth = 0;

	if (level > EP_MAX_NESTS)
		return EP_MAX_NESTS + 1;
	/* Links between epolls change only under epmutex. */
	list_for_each_entry (item, &ep->file->f_ep_links, file_link)
		depth = max(depth, 1 + depth_above(item->ep, level + 1));
	return depth;
}

static bool nests_too_deep(struct eventpoll *ep, struct file *file)
{
	return depth_below(file->private_data, ep, 0) + depth_above(ep, 0) + 1 > EP_MAX_NESTS;
}

/* ---- epoll_ctl ---- */

static int check_exclusive(int op, const struct epoll_event *event, const struct file *file)
{
	const u32 allowed =
		EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;

	if (op == EPOLL_CTL_DEL || !(event->events & EPOLLEXCLUSIVE))
		return 0;
	if (op == EPOLL_CTL_MOD || is_epoll(file) || (event->events & ~allowed))
		return -EINVAL;
	return 0;
}

static int change_set(struct eventpoll *ep, int op, int fd, struct file *file,
		      struct epoll_event *event)
{
	struct epitem *item = ep_find(ep, file, fd);

	switch (op) {
	case EPOLL_CTL_ADD:
		if (item)
			return -EEXIST;
		event->events |= EPOLLERR | EPOLLHUP;
		return ep_insert(ep, event, file, fd);
	case EPOLL_CTL_DEL:
		if (!item)
			return -ENOENT;
		ep_remove(item);
		return 0;
	default:
		if (!item)
			return -ENOENT;
		if (item->event.events & EPOLLEXCLUSIVE)
			return -EINVAL;
		event->events |= EPOLLERR | EPOLLHUP;
		ep_modify(item, event);
		return 0;
	}
}

static int do_epoll_ctl(struct file *epfile, int op, int fd, struct file *file,
			struct epoll_event *event)
{
	struct eventpoll *ep;
	bool nests;
	int err;

	if (!file->f_op->poll)
		return -EPERM;
	if (epfile == file || !is_epoll(epfile))
		return -EINVAL;
	if (op != EPOLL_CTL_ADD && op != EPOLL_CTL_DEL && op != EPOLL_CTL_MOD)
		return -EINVAL;
	err = check_exclusive(op, event, file);
	if (err)
		return err;
	event->events &= ~EPOLLWAKEUP; /* nothing here suspends */
	ep = epfile->private_data;
	nests = is_epoll(file);
	if (nests) {
		mutex_lock(&epmutex);
		if (op == EPOLL_CTL_ADD && nests_too_deep(ep, file)) {
			mutex_unlock(&epmutex);
			return -ELOOP;
		}
	}
	if (nests)
		mutex_lock_nested(&ep->mtx);
	else
		mutex_lock(&ep->mtx);
	err = change_set(ep, op, fd, file, event);
	mutex_unlock(&ep->mtx);
	if (nests)
		mutex_unlock(&epmutex);
	return err;
}

long ksys_epoll_ctl(int epfd, int op, int fd, struct epoll_event __user *uevent)
{
	struct epoll_event event = {};
	struct file *epfile, *file;
	int err = -EBADF;

	if (op != EPOLL_CTL_DEL && copy_from_user(&event, uevent, sizeof(event)))
		return -EFAULT;
	epfile = fget(epfd);
	if (!epfile)
		return -EBADF;
	file = fget(fd);
	if (file) {
		err = do_epoll_ctl(epfile, op, fd, file, &event);
		fput(file);
	}
	fput(epfile);
	return err;
}

long ksys_epoll_create1(int flags)
{
	struct eventpoll *ep;
	struct file *file;
	int fd;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	ep = kzalloc(sizeof(*ep), GFP_KERNEL);
	if (!ep)
		return -ENOMEM;
	mutex_init(&ep->mtx, "eventpoll", RANK_EPOLL);
	spin_lock_init(&ep->lock, "eventpoll.lock", RANK_WAIT_QUEUE);
	INIT_LIST_HEAD(&ep->ready);
	init_waitqueue_head(&ep->wq);
	init_waitqueue_head(&ep->poll_wait);
	ep->items = RB_ROOT;
	fd = get_unused_fd_flags(flags & EPOLL_CLOEXEC);
	if (fd < 0)
		goto free;
	file = anon_inode_getfile("[eventpoll]", &eventpoll_fops, ep, O_RDWR);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		fd = PTR_ERR(file);
		goto free;
	}
	ep->file = file;
	fd_install(fd, file);
	return fd;
free:
	kfree(ep);
	return fd;
}

long ksys_epoll_create(int size)
{
	return size <= 0 ? -EINVAL : ksys_epoll_create1(0);
}
