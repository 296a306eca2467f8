/* SPDX-License-Identifier: MIT */
/*
 * Pipes: a ring of page pieces between writers and readers.
 *
 * A write of at most PIPE_BUF bytes goes into the ring as a whole: it is appended to the last page
 * if all of it fits there, else it gets a page of its own. Sleepers are woken only when the pipe
 * stops being empty or full (and, once somebody polls it, by every write: edge-triggered epoll
 * counts on that). FIFOs, which open in their own way, are in fifo.c.
 */
#include "fs/pipe.h"
#include "abi/ioctl.h"
#include "lib/vsprintf.h"
#include "mm/mm.h"
#include "task/cred.h"

static struct super_block *pipe_sb;
static struct kmem_cache *pipe_cache;
/* bytes a pipe may have without CAP_SYS_RESOURCE */
static const unsigned int pipe_max_size = 1024 * 1024;

/* ---- The ring ---- */

struct pipe_inode_info *alloc_pipe_info(void)
{
	struct pipe_inode_info *pipe = kmem_cache_zalloc(pipe_cache, GFP_KERNEL);

	if (!pipe)
		return NULL;
	pipe->bufs = kmalloc_array(PIPE_DEF_BUFFERS, sizeof(struct pipe_buffer), GFP_KERNEL);
	if (!pipe->bufs) {
		kmem_cache_free(pipe_cache, pipe);
		return NULL;
	}
	pipe->ring_size = PIPE_DEF_BUFFERS;
	mutex_init(&pipe->mutex, "pipe", RANK_PIPE);
	init_waitqueue_head(&pipe->rd_wait);
	init_waitqueue_head(&pipe->wr_wait);
	return pipe;
}

struct page *new_pipe_page(struct pipe_inode_info *pipe)
{
	struct page *page;

	if (pipe->nr_spare)
		return pipe->spare[--pipe->nr_spare];
	page = alloc_page(GFP_KERNEL);
	if (page)
		page_owner_add(OWNER_KERNEL, 1);
	return page;
}

void free_pipe_page(struct pipe_inode_info *pipe, struct page *page)
{
	if (pipe->nr_spare < ARRAY_SIZE(pipe->spare)) {
		pipe->spare[pipe->nr_spare++] = page;
		return;
	}
	page_owner_add(OWNER_KERNEL, -1);
	put_page(page);
}

void free_pipe_info(struct pipe_inode_info *pipe)
{
	while (!pipe_empty(pipe))
		pipe_consume(pipe);
	while (pipe->nr_spare) {
		page_owner_add(OWNER_KERNEL, -1);
		put_page(pipe->spare[--pipe->nr_spare]);
	}
	kfree(pipe->bufs);
	kmem_cache_free(pipe_cache, pipe);
}

void free_inode_pipe(struct inode *inode)
{
	if (unlikely(inode->i_pipe))
		free_pipe_info(inode->i_pipe);
}

void pipe_consume(struct pipe_inode_info *pipe)
{
	struct pipe_buffer *buf = pipe_buf(pipe, pipe->tail);

	free_pipe_page(pipe, buf->page);
	WRITE_ONCE(pipe->tail, pipe->tail + 1);
}

void pipe_wake_readers(struct pipe_inode_info *pipe)
{
	if (waitqueue_active(&pipe->rd_wait))
		wake_up_poll(&pipe->rd_wait, POLLIN | POLLRDNORM);
}

void pipe_wake_writers(struct pipe_inode_info *pipe)
{
	if (waitqueue_active(&pipe->wr_wait))
		wake_up_poll(&pipe->wr_wait, POLLOUT | POLLWRNORM);
}

int pipe_wait_readable(struct pipe_inode_info *pipe, bool nonblock)
{
	int err;

	if (nonblock)
		return -EAGAIN;
	mutex_unlock(&pipe->mutex);
	err = wait_event_interruptible(pipe->rd_wait,
				       !pipe_empty(pipe) || !READ_ONCE(pipe->writers));
	mutex_lock(&pipe->mutex);
	return err;
}

int pipe_wait_writable(struct pipe_inode_info *pipe, bool nonblock)
{
	int err;

	if (nonblock)
		return -EAGAIN;
	mutex_unlock(&pipe->mutex);
	err = wait_event_interruptible(pipe->wr_wait,
				       !pipe_full(pipe) || !READ_ONCE(pipe->readers));
	mutex_lock(&pipe->mutex);
	return err;
}

/* ---- read ---- */

/* Move what the oldest buffer has. Bytes, or -EFAULT; *end: the read is over. */
static ssize_t read_buffer(struct pipe_inode_info *pipe, struct iov_iter *to, bool *end)
{
	struct pipe_buffer *buf = pipe_buf(pipe, pipe->tail);
	size_t n = min_t(size_t, buf->len, to->count);
	size_t copied = copy_to_iter((char *)page_address(buf->page) + buf->offset, n, to);

	*end = copied < n || !to->count || buf->packet;
	if (!copied && n)
		return -EFAULT;
	buf->offset += copied;
	buf->len -= copied;
	if (buf->packet && copied == n)
		buf->len = 0; /* what did not fit of a packet is lost */
	if (!buf->len)
		pipe_consume(pipe);
	return copied;
}

static ssize_t pipe_read(struct file *file, struct iov_iter *to, loff_t *pos)
{
	struct pipe_inode_info *pipe = file->f_inode->i_pipe;
	bool was_full = false, end;
	ssize_t done = 0, n = 0;

	if (unlikely(!to->count))
		return 0;
	mutex_lock(&pipe->mutex);
	for (;;) {
		if (!pipe_empty(pipe)) {
			was_full |= pipe_full(pipe);
			n = read_buffer(pipe, to, &end);
			if (n > 0)
				done += n;
			if (n < 0 || end)
				break;
			continue;
		}
		if (done || !pipe->writers)
			break;
		n = pipe_wait_readable(pipe, file->f_flags & O_NONBLOCK);
		if (n)
			break;
	}
	mutex_unlock(&pipe->mutex);
	if (was_full)
		pipe_wake_writers(pipe);
	if (unlikely(!done))
		return min_t(ssize_t, n, 0);
	if (file->f_inode->i_atime <= file->f_inode->i_mtime && !(file->f_flags & O_NOATIME))
		file->f_inode->i_atime = ktime_get_coarse_real(); /* as relatime would */
	return done;
}

/* ---- write ---- */

/* Append the part of the write that is no whole page to the last buffer, if all of it fits. Bytes,
 * 0, or -EFAULT. */
static ssize_t append(struct pipe_inode_info *pipe, struct iov_iter *from)
{
	struct pipe_buffer *buf = pipe_buf(pipe, pipe->head - 1);
	size_t n = from->count & (PAGE_SIZE - 1);
	size_t end = buf->offset + buf->len;

	if (!n || buf->packet || end + n > PAGE_SIZE)
		return 0;
	/* Too few: nothing of it counts, it is as if it was never there. */
	if (copy_from_iter((char *)page_address(buf->page) + end, n, from) < n)
		return -EFAULT;
	buf->len += n;
	return n;
}

/* Fill a page and put it into the ring, which has room. Bytes, -EFAULT or -ENOMEM. */
static ssize_t add_buffer(struct pipe_inode_info *pipe, struct iov_iter *from, bool packet)
{
	struct page *page = new_pipe_page(pipe);
	size_t n = min_t(size_t, PAGE_SIZE, from->count);

	if (!page)
		return -ENOMEM;
	if (copy_from_iter(page_address(page), n, from) < n) {
		free_pipe_page(pipe, page);
		return -EFAULT;
	}
	*pipe_buf(pipe, pipe->head) =
		(struct pipe_buffer){.page = page, .len = n, .packet = packet};
	WRITE_ONCE(pipe->head, pipe->head + 1);
	return n;
}

ssize_t pipe_no_readers(void)
{
	if (sigpipe_hook)
		sigpipe_hook();
	return -EPIPE;
}

static __always_inline ssize_t do_pipe_write(struct pipe_inode_info *pipe, struct iov_iter *from,
					     bool nonblock, bool packet)
{
	ssize_t done = 0, n = 0;
	bool was_empty;

	if (unlikely(!from->count))
		return 0;
	mutex_lock(&pipe->mutex);
	was_empty = pipe_empty(pipe);
	if (!was_empty && pipe->readers && !packet) {
		n = append(pipe, from);
		done = n > 0 ? n : 0;
	}
	while (n >= 0 && from->count) {
		if (unlikely(!pipe->readers)) {
			n = pipe_no_readers();
		} else if (!pipe_full(pipe)) {
			n = add_buffer(pipe, from, packet);
			done += n > 0 ? n : 0;
		} else {
			/* Readers must know what is there before this task sleeps for them. */
			if (was_empty)
				pipe_wake_readers(pipe);
			n = pipe_wait_writable(pipe, nonblock);
			was_empty = pipe_empty(pipe);
		}
	}
	mutex_unlock(&pipe->mutex);
	if (!done)
		return n;
	if (was_empty || pipe->poll_usage)
		pipe_wake_readers(pipe);
	return done;
}

ssize_t pipe_write_from(struct pipe_inode_info *pipe, struct iov_iter *from, bool nonblock,
			bool packet)
{
	return do_pipe_write(pipe, from, nonblock, packet);
}

static ssize_t pipe_write(struct file *file, struct iov_iter *from, loff_t *pos)
{
	ssize_t n = do_pipe_write(file->f_inode->i_pipe, from, file->f_flags & O_NONBLOCK,
				  file->f_flags & O_DIRECT);

	if (n > 0)
		file->f_inode->i_mtime = file->f_inode->i_ctime = ktime_get_coarse_real();
	return n;
}

/* ---- poll, ioctl, fcntl ---- */

static unsigned int pipe_poll(struct file *file, struct poll_table *pt)
{
	struct pipe_inode_info *pipe = file->f_inode->i_pipe;
	unsigned int mask = 0;

	WRITE_ONCE(pipe->poll_usage, true);
	if (file->f_mode & FMODE_READ)
		poll_wait(file, &pipe->rd_wait, pt);
	if (file->f_mode & FMODE_WRITE)
		poll_wait(file, &pipe->wr_wait, pt);
	if (file->f_mode & FMODE_READ) {
		if (!pipe_empty(pipe))
			mask |= POLLIN | POLLRDNORM;
		/* A FIFO hangs up only when a writer was there and left. */
		if (!READ_ONCE(pipe->writers) &&
		    (unsigned long)file->private_data != READ_ONCE(pipe->w_counter))
			mask |= POLLHUP;
	}
	if (file->f_mode & FMODE_WRITE) {
		if (!pipe_full(pipe))
			mask |= POLLOUT | POLLWRNORM;
		if (!READ_ONCE(pipe->readers))
			mask |= POLLERR;
	}
	return mask;
}

static long pipe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pipe_inode_info *pipe = file->f_inode->i_pipe;
	int count = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	mutex_lock(&pipe->mutex);
	for (unsigned int i = pipe->tail; i != pipe->head; i++)
		count += pipe_buf(pipe, i)->len;
	mutex_unlock(&pipe->mutex);
	return put_user(count, (int __user *)arg);
}

struct pipe_inode_info *pipe_of_file(struct file *file)
{
	return file->f_op == &pipefifo_fops ? file->f_inode->i_pipe : NULL;
}

static long set_pipe_size(struct pipe_inode_info *pipe, unsigned long size)
{
	unsigned long slots;
	struct pipe_buffer *bufs;
	unsigned int used, i;
	long err = 0;

	if (size > 1ul << 31)
		return -EINVAL;
	for (slots = 1; slots * PAGE_SIZE < size; slots *= 2)
		;
	if (slots * PAGE_SIZE > pipe_max_size && slots > pipe->ring_size &&
	    !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	bufs = kmalloc_array(slots, sizeof(*bufs), GFP_KERNEL);
	if (!bufs)
		return -ENOMEM;
	mutex_lock(&pipe->mutex);
	used = pipe->head - pipe->tail;
	if (used > slots) {
		err = -EBUSY;
	} else {
		for (i = 0; i < used; i++)
			bufs[i] = *pipe_buf(pipe, pipe->tail + i);
		swap(pipe->bufs, bufs);
		pipe->ring_size = slots;
		pipe->tail = 0;
		pipe->head = used;
	}
	mutex_unlock(&pipe->mutex);
	kfree(bufs);
	if (!err)
		pipe_wake_writers(pipe); /* there may be room now */
	return err ? err : (long)(slots * PAGE_SIZE);
}

long pipe_fcntl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pipe_inode_info *pipe = pipe_of_file(file);

	if (!pipe)
		return -EBADF;
	if (cmd == F_SETPIPE_SZ)
		return set_pipe_size(pipe, (unsigned int)arg);
	return (long)pipe->ring_size * PAGE_SIZE;
}

/* ---- Life ---- */

static void pipe_release(struct inode *inode, struct file *file)
{
	struct pipe_inode_info *pipe = inode->i_pipe;
	bool last;

	mutex_lock(&pipe->mutex);
	if (file->f_mode & FMODE_READ)
		WRITE_ONCE(pipe->readers, pipe->readers - 1);
	if (file->f_mode & FMODE_WRITE)
		WRITE_ONCE(pipe->writers, pipe->writers - 1);
	/* One side is gone: the other must not wait for it. */
	if (!pipe->readers != !pipe->writers) {
		__wake_up(&pipe->rd_wait, TASK_NORMAL, 0, POLLIN | POLLRDNORM | POLLERR | POLLHUP);
		__wake_up(&pipe->wr_wait, TASK_NORMAL, 0, POLLOUT | POLLWRNORM | POLLERR | POLLHUP);
	}
	mutex_unlock(&pipe->mutex);

	spin_lock(&inode->i_lock);
	last = --pipe->files == 0;
	if (last)
		inode->i_pipe = NULL;
	spin_unlock(&inode->i_lock);
	if (last)
		free_pipe_info(pipe);
}

const struct file_operations pipefifo_fops = {
	.read_iter = pipe_read,
	.write_iter = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.release = pipe_release,
};

static struct inode *pipe_inode(void)
{
	struct inode *inode = new_inode(pipe_sb);

	if (!inode)
		return NULL;
	inode->i_pipe = alloc_pipe_info();
	if (!inode->i_pipe) {
		iput(inode);
		return NULL;
	}
	inode->i_mode = S_IFIFO | S_IRUSR | S_IWUSR;
	inode->i_uid = current_fsuid();
	inode->i_gid = current_fsgid();
	inode->i_fop = &fifo_fops; /* for opening by /proc/PID/fd */
	inode->i_pipe->readers = inode->i_pipe->writers = 1;
	inode->i_pipe->r_counter = inode->i_pipe->w_counter = 1;
	inode->i_pipe->files = 2;
	return inode;
}

/* Both ends of a new pipe: files[0] reads. */
static int create_pipe_files(struct file *files[2], int flags)
{
	struct inode *inode = pipe_inode();
	struct pipe_inode_info *pipe;

	if (!inode)
		return -ENFILE;
	pipe = inode->i_pipe;
	files[1] = alloc_file_pseudo(inode, "", O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT)),
				     &pipefifo_fops);
	if (IS_ERR(files[1]))
		return PTR_ERR(files[1]); /* the inode went, and its pipe with it */
	files[0] = alloc_file_clone(files[1], O_RDONLY | (flags & O_NONBLOCK), &pipefifo_fops);
	if (IS_ERR(files[0])) {
		pipe->readers = 0;
		pipe->files = 1;
		fput(files[1]);
		return PTR_ERR(files[0]);
	}
	return 0;
}

long ksys_pipe2(int __user *ufds, int flags)
{
	struct file *files[2] = {};
	int fds[2], err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	err = create_pipe_files(files, flags);
	if (err)
		return err;
	err = fds[0] = get_unused_fd_flags(flags);
	if (err < 0)
		goto put_files;
	err = fds[1] = get_unused_fd_flags(flags);
	if (err < 0)
		goto put_fd0;
	err = -EFAULT;
	if (copy_to_user(ufds, fds, sizeof(fds)))
		goto put_fd1;
	fd_install(fds[0], files[0]);
	fd_install(fds[1], files[1]);
	return 0;

put_fd1:
	put_unused_fd(fds[1]);
put_fd0:
	put_unused_fd(fds[0]);
put_files:
	fput(files[0]);
	fput(files[1]);
	return err;
}

long ksys_pipe(int __user *fds)
{
	return ksys_pipe2(fds, 0);
}

static int pipe_dname(struct dentry *dentry, char *buf, size_t size)
{
	return snprintf(buf, size, "pipe:[%llu]", dentry->d_inode->i_ino);
}

static const struct dentry_operations pipe_dentry_operations = {
	.dname = pipe_dname,
};

void pipe_init(void)
{
	pipe_cache = kmem_cache_create("pipe_inode_info", sizeof(struct pipe_inode_info), 0, NULL);
	BUG_ON(!pipe_cache);
	pipe_sb = pseudo_sb_create("pipefs", PIPEFS_MAGIC, &pipe_dentry_operations);
}
