/* SPDX-License-Identifier: MIT */
/*
 * Record locks of fcntl(2): POSIX locks, which belong to a process (its table of descriptors) and
 * go with any close of the file, and OFD locks, which belong to an open file. A process that would
 * wait for itself in a circle gets -EDEADLK.
 */
#include "fs/locks.h"
#include "mm/mm.h"

DEFINE_SPINLOCK(locks_lock, RANK_SPIN_LEAF);
DECLARE_WAIT_QUEUE_HEAD(locks_waiters);

static struct kmem_cache *lock_cache;

/* Who waits for whom (POSIX locks only); locks_lock. */
struct lock_wait {
	struct list_head list;
	const void *owner, *waits_for;
};
static LIST_HEAD(blocked);

void locks_init(void)
{
	lock_cache = kmem_cache_create("file_lock_cache", sizeof(struct file_lock), 0, NULL);
	BUG_ON(!lock_cache);
}

struct file_lock *alloc_lock_entry(void)
{
	return kmem_cache_zalloc(lock_cache, GFP_KERNEL);
}

void free_lock_entry(struct file_lock *lock)
{
	if (lock)
		kmem_cache_free(lock_cache, lock);
}

static bool overlap(const struct file_lock *a, const struct file_lock *b)
{
	return a->start <= b->end && b->start <= a->end;
}

/* The first lock that keeps @want from being taken. locks_lock held. */
static struct file_lock *find_conflict(struct inode *inode, const struct file_lock *want)
{
	struct file_lock *l;

	list_for_each_entry (l, &inode->i_flock, list) {
		if (l->kind == LOCK_POSIX && l->owner != want->owner && overlap(l, want) &&
		    (l->type == F_WRLCK || want->type == F_WRLCK))
			return l;
	}
	return NULL;
}

/* Would waiting for @holder close a circle? locks_lock held. */
static bool would_deadlock(const void *owner, const void *holder)
{
	struct lock_wait *w;

	for (int steps = 0; steps < 10000; steps++) {
		bool found = false;

		if (holder == owner)
			return true;
		list_for_each_entry (w, &blocked, list) {
			if (w->owner == holder) {
				holder = w->waits_for;
				found = true;
				break;
			}
		}
		if (!found)
			return false;
	}
	return false;
}

/*
 * Put @want (F_UNLCK: only take away) into the owner's locks: what it covers is cut off them, and
 * neighbours of the same type become one with it. Consumes entries of @spare (two) as needed.
 * locks_lock held.
 *
 *	old	   [======]	  [==]	     [=======]
 *	want		[============]		        cut:	[===][============][==]
 */
static void apply_lock(struct inode *inode, struct file_lock *want, struct file_lock *spare[2])
{
	struct list_head *before = &inode->i_flock;
	struct file_lock *l, *next, *new = NULL;

	if (want->type != F_UNLCK) {
		new = spare[0];
		spare[0] = NULL;
		*new = *want;
	}
	list_for_each_entry_safe (l, next, &inode->i_flock, list) {
		if (l->kind != LOCK_POSIX || l->owner != want->owner)
			continue;
		if (new && l->type == new->type && l->start <= new->end + (new->end != LLONG_MAX) &&
		    new->start <= l->end + (l->end != LLONG_MAX)) {
			/* Same type, touching or overlapping: one lock. */
			new->start = min(new->start, l->start);
			new->end = max(new->end, l->end);
			list_del(&l->list);
			free_lock_entry(l);
			continue;
		}
		if (!overlap(l, want))
			continue;
		if (l->start < want->start && l->end > want->end) {
			/* A hole in the middle: the tail becomes a lock of its own. */
			*spare[1] = *l;
			spare[1]->start = want->end + 1;
			list_add(&spare[1]->list, &l->list);
			spare[1] = NULL;
			l->end = want->start - 1;
		} else if (l->start < want->start) {
			l->end = want->start - 1;
		} else if (l->end > want->end) {
			l->start = want->end + 1;
		} else {
			list_del(&l->list);
			free_lock_entry(l);
		}
	}
	if (!new)
		return;
	list_for_each_entry (l, &inode->i_flock, list) {
		if (l->kind == LOCK_POSIX && l->owner == new->owner && l->start > new->start)
			break;
		before = &l->list;
	}
	list_add(&new->list, before);
}

/* Take, change or give back. 0, -EAGAIN (and *holder, if it must wait), -EDEADLK. */
static int try_lock(struct inode *inode, struct file_lock *want, struct file_lock *spare[2],
		    const void **holder)
{
	struct file_lock *conflict = NULL;
	int err = 0;

	spin_lock(&locks_lock);
	if (want->type != F_UNLCK)
		conflict = find_conflict(inode, want);
	if (!conflict) {
		apply_lock(inode, want, spare);
	} else {
		err = -EAGAIN;
		*holder = conflict->owner;
		if (!want->ofd && !conflict->ofd && would_deadlock(want->owner, conflict->owner))
			err = -EDEADLK;
	}
	spin_unlock(&locks_lock);
	if (!err)
		wake_up_all(&locks_waiters);
	return err;
}

static void set_blocked(struct lock_wait *w, const void *owner, const void *holder)
{
	spin_lock(&locks_lock);
	w->owner = owner;
	w->waits_for = holder;
	list_add(&w->list, &blocked);
	spin_unlock(&locks_lock);
}

static void clear_blocked(struct lock_wait *w)
{
	spin_lock(&locks_lock);
	list_del(&w->list);
	spin_unlock(&locks_lock);
}

static int wait_for_lock(struct inode *inode, struct file_lock *want, struct file_lock *spare[2])
{
	struct wait_queue_entry entry;
	struct lock_wait w;
	const void *holder;
	int err;

	init_wait_entry(&entry, 0);
	for (;;) {
		prepare_to_wait(&locks_waiters, &entry, TASK_INTERRUPTIBLE);
		err = try_lock(inode, want, spare, &holder);
		if (err != -EAGAIN)
			break;
		if (signal_pending(current)) {
			err = -ERESTARTSYS;
			break;
		}
		if (!want->ofd)
			set_blocked(&w, want->owner, holder);
		schedule();
		if (!want->ofd)
			clear_blocked(&w);
	}
	finish_wait(&locks_waiters, &entry);
	return err;
}

/* ---- fcntl ---- */

static int flock_to_lock(struct file *file, const struct flock *fl, struct file_lock *lock)
{
	loff_t start = fl->l_start;

	switch (fl->l_whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		start += file->f_pos;
		break;
	case SEEK_END:
		start += i_size_read(file->f_inode);
		break;
	default:
		return -EINVAL;
	}
	if (start < 0)
		return -EINVAL;
	lock->start = start;
	lock->end = LLONG_MAX;
	if (fl->l_len > 0) {
		if (fl->l_len - 1 > LLONG_MAX - start)
			return -EOVERFLOW;
		lock->end = start + fl->l_len - 1;
	} else if (fl->l_len < 0) {
		if (start + fl->l_len < 0)
			return -EINVAL;
		lock->end = start - 1;
		lock->start = start + fl->l_len;
	}
	if (fl->l_type != F_RDLCK && fl->l_type != F_WRLCK && fl->l_type != F_UNLCK)
		return -EINVAL;
	lock->kind = LOCK_POSIX;
	lock->type = fl->l_type;
	return 0;
}

static int set_lock_owner(struct file *file, struct file_lock *lock, const struct flock *fl,
			  bool ofd)
{
	if (ofd && fl->l_pid)
		return -EINVAL;
	lock->ofd = ofd;
	lock->owner = ofd ? (const void *)file : current->files;
	lock->pid = ofd ? -1 : current->tgid;
	return 0;
}

long fcntl_getlk(struct file *file, unsigned int cmd, struct flock __user *arg)
{
	struct file_lock lock = {}, *conflict;
	struct flock fl;
	int err;

	if (copy_from_user(&fl, arg, sizeof(fl)))
		return -EFAULT;
	if (fl.l_type != F_RDLCK && fl.l_type != F_WRLCK)
		return -EINVAL;
	err = flock_to_lock(file, &fl, &lock);
	if (!err)
		err = set_lock_owner(file, &lock, &fl, cmd == F_OFD_GETLK);
	if (err)
		return err;
	spin_lock(&locks_lock);
	conflict = find_conflict(file->f_inode, &lock);
	if (conflict)
		lock = *conflict;
	spin_unlock(&locks_lock);
	fl.l_type = F_UNLCK;
	if (conflict) {
		fl.l_type = lock.type;
		fl.l_whence = SEEK_SET;
		fl.l_start = lock.start;
		fl.l_len = lock.end == LLONG_MAX ? 0 : lock.end - lock.start + 1;
		fl.l_pid = lock.pid;
	}
	return copy_to_user(arg, &fl, sizeof(fl)) ? -EFAULT : 0;
}

/* Is @fd still the descriptor of @file? */
static bool still_open(unsigned int fd, struct file *file)
{
	struct files_struct *files = current->files;
	bool same;

	spin_lock(&files->lock);
	same = fd < files->fdt.max_fds && files->fdt.fd[fd] == file;
	spin_unlock(&files->lock);
	return same;
}

long fcntl_setlk(unsigned int fd, struct file *file, unsigned int cmd, struct flock __user *arg)
{
	bool ofd = cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW,
	     wait = cmd == F_SETLKW || cmd == F_OFD_SETLKW;
	struct file_lock lock = {}, *spare[2];
	const void *holder;
	struct flock fl;
	int err;

	if (copy_from_user(&fl, arg, sizeof(fl)))
		return -EFAULT;
	err = flock_to_lock(file, &fl, &lock);
	if (!err)
		err = set_lock_owner(file, &lock, &fl, ofd);
	if (err)
		return err;
	if ((lock.type == F_RDLCK && !(file->f_mode & FMODE_READ)) ||
	    (lock.type == F_WRLCK && !(file->f_mode & FMODE_WRITE)))
		return -EBADF;
	spare[0] = alloc_lock_entry();
	spare[1] = alloc_lock_entry();
	err = -ENOLCK;
	if (spare[0] && spare[1])
		err = wait ? wait_for_lock(file->f_inode, &lock, spare)
			   : try_lock(file->f_inode, &lock, spare, &holder);
	if (err == -EDEADLK && !wait)
		err = -EAGAIN;
	free_lock_entry(spare[0]);
	free_lock_entry(spare[1]);
	/* Another thread may have closed the descriptor just before the lock was taken: nobody
	 * would ever give it back. */
	if (!err && !ofd && lock.type != F_UNLCK && !still_open(fd, file)) {
		locks_remove_posix(file, current->files);
		err = -EBADF;
	}
	return err;
}

/* ---- Going away ---- */

static void remove_locks(struct inode *inode, const void *owner)
{
	struct file_lock *l, *next;
	LIST_HEAD(gone);

	spin_lock(&locks_lock);
	list_for_each_entry_safe (l, next, &inode->i_flock, list) {
		if (l->owner == owner)
			list_move(&l->list, &gone);
	}
	spin_unlock(&locks_lock);
	if (list_empty(&gone))
		return;
	list_for_each_entry_safe (l, next, &gone, list)
		free_lock_entry(l);
	wake_up_all(&locks_waiters);
}

void locks_remove_posix(struct file *file, const void *owner)
{
	remove_locks(file->f_inode, owner);
}

void locks_remove_file(struct file *file)
{
	if (unlikely(!list_empty(&file->f_inode->i_flock)))
		remove_locks(file->f_inode, file); /* flock and OFD locks */
}
