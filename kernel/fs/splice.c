/* SPDX-License-Identifier: MIT */
/*
 * Moving bytes between files inside the kernel. sendfile and copy_file_range copy by way of a
 * kernel buffer; splice moves them through a pipe's pages: what a file does not take stays in the
 * pipe.
 */
#include "fs/pipe.h"
#include "fs/readv.h"
#include "mm/mm.h"

#define COPY_CHUNK   (4 * PAGE_SIZE)
#define SPLICE_F_ALL (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

/* ---- File to file ---- */

/* Copy up to @len bytes; both positions advance by what was written. Bytes, or an error if none. */
static ssize_t copy_range(struct file *in, loff_t *in_pos, struct file *out, loff_t *out_pos,
			  size_t len)
{
	char *buf = kmalloc(COPY_CHUNK, GFP_KERNEL);
	ssize_t done = 0, got, put = 0;

	if (!buf)
		return -ENOMEM;
	len = min_t(size_t, len, MAX_RW_COUNT);
	while (len) {
		loff_t pos = *in_pos;

		got = kernel_read(in, buf, min_t(size_t, len, COPY_CHUNK), &pos);
		if (got <= 0) {
			put = got;
			break;
		}
		put = kernel_write(out, buf, got, out_pos);
		if (put <= 0)
			break;
		*in_pos += put;
		done += put;
		len -= put;
		if (put < got || signal_pending(current))
			break;
		cond_resched();
	}
	kfree(buf);
	return done ? done : put;
}

/* A position given by the user, or the file's own. */
static int load_pos(struct file *file, const void __user *offset, loff_t *pos)
{
	if (!offset) {
		*pos = file->f_pos;
		return 0;
	}
	if (copy_from_user(pos, offset, sizeof(*pos)))
		return -EFAULT;
	if (!(file->f_mode & FMODE_PREAD))
		return -ESPIPE;
	return *pos < 0 ? -EINVAL : 0;
}

static int store_pos(struct file *file, void __user *offset, loff_t pos)
{
	if (offset)
		return copy_to_user(offset, &pos, sizeof(pos)) ? -EFAULT : 0;
	if (!(file->f_mode & FMODE_STREAM))
		file->f_pos = pos;
	return 0;
}

static ssize_t sendfile_files(struct file *out, struct file *in, off_t __user *offset, size_t count)
{
	loff_t in_pos, out_pos = out->f_pos;
	ssize_t n;
	int err;

	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE))
		return -EBADF;
	err = load_pos(in, offset, &in_pos);
	if (err)
		return err;
	/* What was read and cannot be written must be readable again. */
	if (S_ISDIR(in->f_inode->i_mode) || !(in->f_mode & FMODE_PREAD) || !in->f_op->read_iter ||
	    !out->f_op->write_iter || (out->f_flags & O_APPEND))
		return -EINVAL;
	n = copy_range(in, &in_pos, out, &out_pos, count);
	if (n > 0) {
		err = store_pos(in, offset, in_pos);
		if (!(out->f_mode & FMODE_STREAM))
			out->f_pos = out_pos;
	}
	return err ? err : n;
}

long ksys_sendfile(int out_fd, int in_fd, off_t __user *offset, size_t count)
{
	struct file *in = fget(in_fd), *out = fget(out_fd);
	long n = -EBADF;

	if (in && out)
		n = sendfile_files(out, in, offset, count);
	if (in)
		fput(in);
	if (out)
		fput(out);
	return n;
}

static int check_copy(struct file *in, loff_t in_pos, struct file *out, loff_t out_pos, size_t len)
{
	struct inode *from = in->f_inode, *to = out->f_inode;

	if (S_ISDIR(from->i_mode) || S_ISDIR(to->i_mode))
		return -EISDIR;
	if (!S_ISREG(from->i_mode) || !S_ISREG(to->i_mode))
		return -EINVAL;
	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE) || (out->f_flags & O_APPEND))
		return -EBADF;
	if (from->i_sb != to->i_sb)
		return -EXDEV;
	if ((loff_t)(in_pos + len) < in_pos || (loff_t)(out_pos + len) < out_pos)
		return -EOVERFLOW;
	if (from == to && out_pos + (loff_t)len > in_pos && out_pos < in_pos + (loff_t)len)
		return -EINVAL;
	return 0;
}

static ssize_t copy_files(struct file *in, loff_t __user *in_off, struct file *out,
			  loff_t __user *out_off, size_t len)
{
	loff_t in_pos, out_pos;
	ssize_t n;
	int err = load_pos(in, in_off, &in_pos);

	if (!err)
		err = load_pos(out, out_off, &out_pos);
	if (!err)
		err = check_copy(in, in_pos, out, out_pos, len);
	if (err)
		return err;
	n = copy_range(in, &in_pos, out, &out_pos, len);
	if (n > 0) {
		err = store_pos(in, in_off, in_pos);
		if (!err)
			err = store_pos(out, out_off, out_pos);
	}
	return err ? err : n;
}

long ksys_copy_file_range(int in_fd, loff_t __user *in_off, int out_fd, loff_t __user *out_off,
			  size_t len, unsigned int flags)
{
	struct file *in = fget(in_fd), *out = fget(out_fd);
	long n = -EBADF;

	if (in && out)
		n = flags ? -EINVAL : copy_files(in, in_off, out, out_off, len);
	if (in)
		fput(in);
	if (out)
		fput(out);
	return n;
}

/* ---- splice ---- */

/* Read from @in into fresh pages of the pipe, at most what it has room for. Bytes, 0 at the end of
 * file, or an error. */
static ssize_t file_to_pipe(struct file *in, loff_t *pos, struct pipe_inode_info *pipe, size_t len,
			    bool nonblock)
{
	ssize_t done = 0, n = 0;

	mutex_lock(&pipe->mutex);
	while (!n && pipe->readers && pipe_full(pipe))
		n = pipe_wait_writable(pipe, nonblock);
	if (!n && !pipe->readers)
		n = pipe_no_readers();
	while (n >= 0 && len && !pipe_full(pipe)) {
		struct page *page = new_pipe_page(pipe);

		n = -ENOMEM;
		if (!page)
			break;
		n = kernel_read(in, page_address(page), min_t(size_t, len, PAGE_SIZE), pos);
		if (n <= 0) {
			free_pipe_page(pipe, page);
			break;
		}
		*pipe_buf(pipe, pipe->head) = (struct pipe_buffer){.page = page, .len = n};
		WRITE_ONCE(pipe->head, pipe->head + 1);
		done += n;
		len -= n;
		/* A short read: more may come only by waiting. */
		if (n < PAGE_SIZE)
			break;
	}
	mutex_unlock(&pipe->mutex);
	if (done)
		pipe_wake_readers(pipe);
	return done ? done : n;
}

/* Write what the pipe has to @out; what is not taken stays. */
static ssize_t pipe_to_file(struct pipe_inode_info *pipe, struct file *out, loff_t *pos, size_t len,
			    bool nonblock)
{
	bool was_full = false;
	ssize_t done = 0, n = 0;

	mutex_lock(&pipe->mutex);
	while (len && n >= 0) {
		struct pipe_buffer *buf;

		if (pipe_empty(pipe)) {
			if (done || !pipe->writers)
				break;
			n = pipe_wait_readable(pipe, nonblock);
			continue;
		}
		was_full |= pipe_full(pipe);
		buf = pipe_buf(pipe, pipe->tail);
		n = kernel_write(out, (char *)page_address(buf->page) + buf->offset,
				 min_t(size_t, buf->len, len), pos);
		if (n <= 0)
			break;
		done += n;
		len -= n;
		buf->offset += n;
		buf->len -= n;
		if (buf->len)
			break;
		pipe_consume(pipe);
	}
	mutex_unlock(&pipe->mutex);
	if (was_full)
		pipe_wake_writers(pipe);
	return done ? done : n;
}

static void lock_both(struct pipe_inode_info *a, struct pipe_inode_info *b)
{
	mutex_lock(a < b ? &a->mutex : &b->mutex);
	mutex_lock_nested(a < b ? &b->mutex : &a->mutex);
}

/* A copy of the first @n bytes of @buf at the head of @to. */
static int copy_buffer(struct pipe_inode_info *to, const struct pipe_buffer *buf, size_t n)
{
	struct page *page = new_pipe_page(to);

	if (!page)
		return -ENOMEM;
	memcpy(page_address(page), (char *)page_address(buf->page) + buf->offset, n);
	*pipe_buf(to, to->head) =
		(struct pipe_buffer){.page = page, .len = n, .packet = buf->packet};
	return 0;
}

/* Give buffers of one pipe to the other: moved (splice) or copied (tee). Both locked. Bytes, or
 * -ENOMEM. */
static ssize_t pass_buffers(struct pipe_inode_info *from, struct pipe_inode_info *to, size_t len,
			    bool move)
{
	unsigned int slot = from->tail;
	ssize_t done = 0;

	while (len && slot != from->head && !pipe_full(to)) {
		struct pipe_buffer *buf = pipe_buf(from, slot);
		size_t n = min_t(size_t, buf->len, len);

		if (move && n == buf->len) {
			*pipe_buf(to, to->head) = *buf;
			WRITE_ONCE(from->tail, from->tail + 1);
		} else {
			if (copy_buffer(to, buf, n))
				return done ? done : -ENOMEM;
			if (move) {
				buf->offset += n;
				buf->len -= n;
			}
		}
		WRITE_ONCE(to->head, to->head + 1);
		slot++;
		done += n;
		len -= n;
	}
	return done;
}

static ssize_t pipe_to_pipe(struct pipe_inode_info *from, struct pipe_inode_info *to, size_t len,
			    bool nonblock, bool move)
{
	bool was_full;
	ssize_t n;

	if (from == to)
		return -EINVAL;
	for (;;) {
		/* Wait for each side alone; then see whether both still hold. */
		mutex_lock(&from->mutex);
		n = 0;
		while (!n && pipe_empty(from) && from->writers)
			n = pipe_wait_readable(from, nonblock);
		mutex_unlock(&from->mutex);
		if (n)
			return n;
		mutex_lock(&to->mutex);
		while (!n && pipe_full(to) && to->readers)
			n = pipe_wait_writable(to, nonblock);
		mutex_unlock(&to->mutex);
		if (n)
			return n;
		lock_both(from, to);
		was_full = pipe_full(from);
		if (!to->readers)
			n = pipe_no_readers();
		else
			n = pass_buffers(from, to, len, move);
		if (n || (pipe_empty(from) && !from->writers)) {
			mutex_unlock(&from->mutex);
			mutex_unlock(&to->mutex);
			break;
		}
		mutex_unlock(&from->mutex);
		mutex_unlock(&to->mutex);
	}
	if (n > 0) {
		pipe_wake_readers(to);
		if (move && was_full)
			pipe_wake_writers(from);
	}
	return n;
}

static ssize_t splice_file_pipe(struct file *file, loff_t __user *off, struct pipe_inode_info *pipe,
				size_t len, bool nonblock, bool to_pipe)
{
	loff_t pos = 0;
	ssize_t n;
	int err = 0;

	if (off || !(file->f_mode & FMODE_STREAM))
		err = load_pos(file, off, &pos);
	if (err)
		return err;
	if (to_pipe ? !file->f_op->read_iter
		    : !file->f_op->write_iter || (file->f_flags & O_APPEND))
		return -EINVAL;
	n = to_pipe ? file_to_pipe(file, &pos, pipe, len, nonblock)
		    : pipe_to_file(pipe, file, &pos, len, nonblock);
	if (n > 0)
		err = store_pos(file, off, pos);
	return err ? err : n;
}

static ssize_t splice_files(struct file *in, loff_t __user *in_off, struct file *out,
			    loff_t __user *out_off, size_t len, unsigned int flags)
{
	struct pipe_inode_info *from = pipe_of_file(in), *to = pipe_of_file(out);
	bool nonblock = flags & SPLICE_F_NONBLOCK;

	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE))
		return -EBADF;
	if ((from && in_off) || (to && out_off))
		return -ESPIPE;
	len = min_t(size_t, len, MAX_RW_COUNT);
	if (from && to)
		return pipe_to_pipe(from, to, len,
				    nonblock || ((in->f_flags | out->f_flags) & O_NONBLOCK), true);
	if (from)
		return splice_file_pipe(out, out_off, from, len, nonblock, false);
	if (to)
		return splice_file_pipe(in, in_off, to, len, nonblock, true);
	return -EINVAL;
}

long ksys_splice(int in_fd, loff_t __user *in_off, int out_fd, loff_t __user *out_off, size_t len,
		 unsigned int flags)
{
	struct file *in, *out;
	long n = -EBADF;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	if (!len)
		return 0;
	in = fget(in_fd);
	out = fget(out_fd);
	if (in && out)
		n = splice_files(in, in_off, out, out_off, len, flags);
	if (in)
		fput(in);
	if (out)
		fput(out);
	return n;
}

long ksys_tee(int in_fd, int out_fd, size_t len, unsigned int flags)
{
	struct file *in, *out;
	long n = -EBADF;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	if (!len)
		return 0;
	in = fget(in_fd);
	out = fget(out_fd);
	if (in && out && (in->f_mode & FMODE_READ) && (out->f_mode & FMODE_WRITE)) {
		struct pipe_inode_info *from = pipe_of_file(in), *to = pipe_of_file(out);
		bool nonblock =
			(flags & SPLICE_F_NONBLOCK) || ((in->f_flags | out->f_flags) & O_NONBLOCK);

		n = from && to ? pipe_to_pipe(from, to, min_t(size_t, len, MAX_RW_COUNT), nonblock,
					      false)
			       : -EINVAL;
	}
	if (in)
		fput(in);
	if (out)
		fput(out);
	return n;
}

/* The user's pages are copied, not given: what is promised is only that the bytes arrive. */
long ksys_vmsplice(int fd, const struct iovec __user *vec, unsigned long vlen, unsigned int flags)
{
	struct iovec fast[UIO_FASTIOV], *iov;
	struct pipe_inode_info *pipe;
	struct iov_iter iter;
	loff_t none = 0;
	struct fd f;
	ssize_t n;

	if (flags & ~SPLICE_F_ALL)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	pipe = pipe_of_file(f.file);
	n = pipe ? import_iovec(vec, vlen, fast, &iov, &iter) : -EBADF;
	if (n >= 0) {
		if (n && (f.file->f_mode & FMODE_WRITE))
			n = pipe_write_from(pipe, &iter, flags & SPLICE_F_NONBLOCK, false);
		else if (n)
			n = vfs_iter_read(f.file, &iter, &none);
		if (iov != fast)
			kfree(iov);
	}
	fdput(f);
	return n;
}
