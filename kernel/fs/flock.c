/* SPDX-License-Identifier: MIT */
/* flock(2): locks of whole files, owned by the open file. */
#include "fs/locks.h"
#include "mm/mm.h"

/* @type: F_RDLCK, F_WRLCK. Uses up *spare when the lock is new. 0 or -EAGAIN. A change of type
 * gives the old lock back first. */
static int try_flock(struct file *file, short type, struct file_lock **spare)
{
	struct inode *inode = file->f_inode;
	struct file_lock *l, *own = NULL;
	bool conflict = false, gave_back = false;

	spin_lock(&locks_lock);
	list_for_each_entry (l, &inode->i_flock, list) {
		if (l->kind != LOCK_FLOCK)
			continue;
		if (l->owner == file)
			own = l;
		else if (l->type == F_WRLCK || type == F_WRLCK)
			conflict = true;
	}
	if (own && own->type != type) {
		if (conflict) {
			list_del(&own->list);
			free_lock_entry(own);
		} else {
			own->type = type;
		}
		gave_back = true;
	} else if (!own && !conflict) {
		l = *spare;
		*spare = NULL;
		l->kind = LOCK_FLOCK;
		l->type = type;
		l->owner = file;
		l->pid = current->tgid;
		l->end = LLONG_MAX;
		list_add_tail(&l->list, &inode->i_flock);
	} else if (own) {
		conflict = false; /* has it already */
	}
	spin_unlock(&locks_lock);
	if (gave_back)
		wake_up_all(&locks_waiters);
	return conflict ? -EAGAIN : 0;
}

static void unlock_flock(struct file *file)
{
	struct file_lock *l, *own = NULL;

	spin_lock(&locks_lock);
	list_for_each_entry (l, &file->f_inode->i_flock, list) {
		if (l->kind == LOCK_FLOCK && l->owner == file) {
			own = l;
			list_del(&l->list);
			break;
		}
	}
	spin_unlock(&locks_lock);
	if (own) {
		free_lock_entry(own);
		wake_up_all(&locks_waiters);
	}
}

static int wait_for_flock(struct file *file, short type, struct file_lock **spare)
{
	struct wait_queue_entry entry;
	int err;

	init_wait_entry(&entry, 0);
	for (;;) {
		prepare_to_wait(&locks_waiters, &entry, TASK_INTERRUPTIBLE);
		err = try_flock(file, type, spare);
		if (!err)
			break;
		if (signal_pending(current)) {
			err = -ERESTARTSYS;
			break;
		}
		schedule();
	}
	finish_wait(&locks_waiters, &entry);
	return err;
}

long ksys_flock(unsigned int fd, unsigned int cmd)
{
	unsigned int how = cmd & ~LOCK_NB;
	struct file_lock *spare;
	struct fd f;
	long err;

	if (how != LOCK_SH && how != LOCK_EX && how != LOCK_UN)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	if (how == LOCK_UN) {
		unlock_flock(f.file);
		fdput(f);
		return 0;
	}
	spare = alloc_lock_entry();
	if (!spare) {
		err = -ENOLCK;
	} else if (cmd & LOCK_NB) {
		err = try_flock(f.file, how == LOCK_EX ? F_WRLCK : F_RDLCK, &spare);
	} else {
		err = wait_for_flock(f.file, how == LOCK_EX ? F_WRLCK : F_RDLCK, &spare);
	}
	free_lock_entry(spare);
	fdput(f);
	return err;
}
