/* SPDX-License-Identifier: MIT */
/*
 * FIFOs: pipes with a name. Only the opening differs: a reader waits for a writer and the other way
 * round, unless O_NONBLOCK says otherwise (a reader then opens at once, a writer fails with ENXIO).
 */
#include "fs/pipe.h"

/* The pipe of @inode, made if need be, held by its count of files. NULL: no memory. */
static struct pipe_inode_info *get_fifo_pipe(struct inode *inode)
{
	struct pipe_inode_info *pipe, *fresh = NULL;

	for (;;) {
		spin_lock(&inode->i_lock);
		pipe = inode->i_pipe;
		if (!pipe && fresh) {
			pipe = inode->i_pipe = fresh;
			fresh = NULL;
		}
		if (pipe)
			pipe->files++;
		spin_unlock(&inode->i_lock);
		if (pipe)
			break;
		fresh = alloc_pipe_info();
		if (!fresh)
			return NULL;
	}
	if (fresh)
		free_pipe_info(fresh);
	return pipe;
}

static void put_fifo_pipe(struct inode *inode, struct pipe_inode_info *pipe)
{
	bool last;

	spin_lock(&inode->i_lock);
	last = --pipe->files == 0;
	if (last)
		inode->i_pipe = NULL;
	spin_unlock(&inode->i_lock);
	if (last)
		free_pipe_info(pipe);
}

/* Wait until *counter is not what it was: somebody opened the other side (and may have closed it
 * again). mutex held. */
static int wait_for_partner(struct pipe_inode_info *pipe, struct wait_queue_head *wq,
			    unsigned int *counter)
{
	unsigned int seen = *counter;
	int err;

	mutex_unlock(&pipe->mutex);
	err = wait_event_interruptible(*wq, READ_ONCE(*counter) != seen);
	mutex_lock(&pipe->mutex);
	return err;
}

/* A pipe opened once more (by /proc/PID/fd/N) had both sides already: nobody is waited for. */
static bool is_unnamed(const struct file *file)
{
	return file->f_inode->i_sb->s_magic == PIPEFS_MAGIC;
}

static int open_for_reading(struct pipe_inode_info *pipe, struct file *file)
{
	int err = 0;

	WRITE_ONCE(pipe->r_counter, pipe->r_counter + 1);
	if (pipe->readers++ == 0)
		wake_up_all(&pipe->wr_wait);
	/* No hang-up is told until a writer comes: see pipe_poll(). Without O_NONBLOCK one has been
	 * there. */
	file->private_data = (void *)-1ul;
	if (!pipe->writers && !is_unnamed(file)) {
		if (file->f_flags & O_NONBLOCK)
			file->private_data = (void *)(unsigned long)pipe->w_counter;
		else
			err = wait_for_partner(pipe, &pipe->rd_wait, &pipe->w_counter);
	}
	if (err && --pipe->readers == 0)
		wake_up_all(&pipe->wr_wait);
	return err;
}

static int open_for_writing(struct pipe_inode_info *pipe, struct file *file)
{
	int err = 0;

	if ((file->f_flags & O_NONBLOCK) && !pipe->readers && !is_unnamed(file))
		return -ENXIO;
	WRITE_ONCE(pipe->w_counter, pipe->w_counter + 1);
	if (pipe->writers++ == 0)
		wake_up_all(&pipe->rd_wait);
	if (!pipe->readers && !is_unnamed(file))
		err = wait_for_partner(pipe, &pipe->wr_wait, &pipe->r_counter);
	if (err && --pipe->writers == 0)
		wake_up_all(&pipe->rd_wait);
	return err;
}

/* Never waits: it is its own partner. */
static int open_for_both(struct pipe_inode_info *pipe, struct file *file)
{
	file->private_data = (void *)-1ul;
	pipe->readers++;
	pipe->writers++;
	WRITE_ONCE(pipe->r_counter, pipe->r_counter + 1);
	WRITE_ONCE(pipe->w_counter, pipe->w_counter + 1);
	if (pipe->readers == 1 || pipe->writers == 1) {
		wake_up_all(&pipe->rd_wait);
		wake_up_all(&pipe->wr_wait);
	}
	return 0;
}

static int fifo_open(struct inode *inode, struct file *file)
{
	struct pipe_inode_info *pipe = get_fifo_pipe(inode);
	int err;

	if (!pipe)
		return -ENOMEM;
	stream_open(inode, file);
	file->f_op = &pipefifo_fops;
	mutex_lock(&pipe->mutex);
	switch (file->f_mode & (FMODE_READ | FMODE_WRITE)) {
	case FMODE_READ:
		err = open_for_reading(pipe, file);
		break;
	case FMODE_WRITE:
		err = open_for_writing(pipe, file);
		break;
	case FMODE_READ | FMODE_WRITE:
		err = open_for_both(pipe, file);
		break;
	default:
		err = -EINVAL;
		break;
	}
	mutex_unlock(&pipe->mutex);
	if (err)
		put_fifo_pipe(inode, pipe);
	return err;
}

const struct file_operations fifo_fops = {
	.open = fifo_open,
};
