/* SPDX-License-Identifier: MIT */
/* read, write, pread, pwrite, lseek, and what file systems share of them. */
#include "fs/internal.h"
#include "mm/mm.h"

void (*sigxfsz_hook)(void);
void (*sigpipe_hook)(void);

/* ---- Checks that every transfer makes ---- */

/* @count cut to what one call moves, or an error. */
static inline ssize_t check_range(struct file *file, loff_t pos, size_t count)
{
	if (unlikely((ssize_t)count < 0))
		return -EINVAL;
	if (unlikely(pos < 0 || (loff_t)(pos + count) < 0)) {
		if (!(file->f_mode & FMODE_UNSIGNED_OFFSET))
			return -EINVAL;
		if (pos < 0 && count >= -pos)
			return -EOVERFLOW;
	}
	return min_t(size_t, count, MAX_RW_COUNT);
}

static inline void account_read(ssize_t n)
{
	if (n > 0)
		current->io_rchar += n;
	current->io_syscr++;
}

static inline void account_write(ssize_t n)
{
	if (n > 0)
		current->io_wchar += n;
	current->io_syscw++;
}

static ssize_t bad_read(const struct file *file)
{
	return file->f_mode & FMODE_READ ? -EINVAL : -EBADF;
}

static ssize_t bad_write(const struct file *file)
{
	return file->f_mode & FMODE_WRITE ? -EINVAL : -EBADF;
}

static inline ssize_t do_read(struct file *file, void __user *buf, size_t count, loff_t *pos)
{
	struct iov_iter iter;
	ssize_t n;

	if (unlikely(!(file->f_mode & FMODE_READ) || !file->f_op->read_iter))
		return bad_read(file);
	if (unlikely(!access_ok(buf, count)))
		return -EFAULT;
	n = check_range(file, *pos, count);
	if (n < 0)
		return n;
	iov_iter_user(&iter, buf, n);
	n = file->f_op->read_iter(file, &iter, pos);
	account_read(n);
	return n;
}

ssize_t vfs_read(struct file *file, void __user *buf, size_t count, loff_t *pos)
{
	return do_read(file, buf, count, pos);
}

static inline ssize_t do_write(struct file *file, const void __user *buf, size_t count, loff_t *pos)
{
	struct iov_iter iter;
	ssize_t n;

	if (unlikely(!(file->f_mode & FMODE_WRITE) || !file->f_op->write_iter))
		return bad_write(file);
	if (unlikely(!access_ok(buf, count)))
		return -EFAULT;
	n = check_range(file, *pos, count);
	if (n < 0)
		return n;
	iov_iter_user(&iter, (void *)buf, n);
	n = file->f_op->write_iter(file, &iter, pos);
	account_write(n);
	return n;
}

ssize_t vfs_write(struct file *file, const void __user *buf, size_t count, loff_t *pos)
{
	return do_write(file, buf, count, pos);
}

ssize_t vfs_iter_read(struct file *file, struct iov_iter *iter, loff_t *pos)
{
	ssize_t n;

	if (!(file->f_mode & FMODE_READ) || !file->f_op->read_iter)
		return bad_read(file);
	n = check_range(file, *pos, iter->count);
	if (n <= 0)
		return n;
	iter->count = n;
	n = file->f_op->read_iter(file, iter, pos);
	account_read(n);
	return n;
}

ssize_t vfs_iter_write(struct file *file, struct iov_iter *iter, loff_t *pos)
{
	ssize_t n;

	if (!(file->f_mode & FMODE_WRITE) || !file->f_op->write_iter)
		return bad_write(file);
	n = check_range(file, *pos, iter->count);
	if (n <= 0)
		return n;
	iter->count = n;
	n = file->f_op->write_iter(file, iter, pos);
	account_write(n);
	return n;
}

ssize_t kernel_read(struct file *file, void *buf, size_t len, loff_t *pos)
{
	struct iov_iter iter;

	iov_iter_kernel(&iter, buf, len);
	/* exec reads files that are open for executing only. */
	if ((file->f_mode & FMODE_EXEC) && file->f_op->read_iter)
		return file->f_op->read_iter(file, &iter, pos);
	return vfs_iter_read(file, &iter, pos);
}

ssize_t kernel_write(struct file *file, const void *buf, size_t len, loff_t *pos)
{
	struct iov_iter iter;

	iov_iter_kernel(&iter, (void *)buf, len);
	return vfs_iter_write(file, &iter, pos);
}

/* ---- Descriptors with a position ---- */

struct fd fdget_pos(unsigned int fd, bool *locked)
{
	struct fd f = fdget(fd);

	*locked = false;
	/* A file that nobody else can reach needs no lock of its position. */
	if (f.file && !(f.file->f_mode & FMODE_STREAM) &&
	    (f.need_put || refcount_read(&f.file->f_count) > 1)) {
		mutex_lock(&f.file->f_pos_lock);
		*locked = true;
	}
	return f;
}

void fdput_pos(struct fd f, bool locked)
{
	if (locked)
		mutex_unlock(&f.file->f_pos_lock);
	fdput(f);
}

/*
 * The file of @fd if it is a stream (no position to lock) open in @mode, in a table that nobody
 * shares (no reference needed): the way of pipes, terminals and sockets. NULL: go the long way.
 */
static inline struct file *stream_fd(unsigned int fd, unsigned int mode)
{
	const struct files_struct *files = current->files;
	struct file *file;

	if (unlikely(refcount_read(&files->count) != 1 || fd >= files->fdt.max_fds))
		return NULL;
	file = files->fdt.fd[fd];
	mode |= FMODE_STREAM;
	return file && (file->f_mode & mode) == mode ? file : NULL;
}

long ksys_read(unsigned int fd, void __user *buf, size_t count)
{
	struct file *file = stream_fd(fd, FMODE_READ);
	loff_t none = 0;
	bool locked;
	struct fd f;
	ssize_t n;

	if (file)
		return do_read(file, buf, count, &none);
	f = fdget_pos(fd, &locked);
	if (unlikely(!f.file))
		return -EBADF;
	n = vfs_read(f.file, buf, count, f.file->f_mode & FMODE_STREAM ? &none : &f.file->f_pos);
	fdput_pos(f, locked);
	return n;
}

long ksys_write(unsigned int fd, const void __user *buf, size_t count)
{
	struct file *file = stream_fd(fd, FMODE_WRITE);
	loff_t none = 0;
	bool locked;
	struct fd f;
	ssize_t n;

	if (file)
		return do_write(file, buf, count, &none);
	f = fdget_pos(fd, &locked);
	if (unlikely(!f.file))
		return -EBADF;
	n = vfs_write(f.file, buf, count, f.file->f_mode & FMODE_STREAM ? &none : &f.file->f_pos);
	fdput_pos(f, locked);
	return n;
}

long ksys_pread64(unsigned int fd, void __user *buf, size_t count, loff_t pos)
{
	struct fd f;
	ssize_t n = -ESPIPE;

	if (pos < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	if (f.file->f_mode & FMODE_PREAD)
		n = vfs_read(f.file, buf, count, &pos);
	fdput(f);
	return n;
}

long ksys_pwrite64(unsigned int fd, const void __user *buf, size_t count, loff_t pos)
{
	struct fd f;
	ssize_t n = -ESPIPE;

	if (pos < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	if (f.file->f_mode & FMODE_PWRITE)
		n = vfs_write(f.file, buf, count, &pos);
	fdput(f);
	return n;
}

/* ---- Positions ---- */

loff_t vfs_llseek(struct file *file, loff_t offset, int whence)
{
	if (!(file->f_mode & FMODE_LSEEK))
		return -ESPIPE;
	return file->f_op->llseek(file, offset, whence);
}

long ksys_lseek(unsigned int fd, off_t offset, unsigned int whence)
{
	bool locked;
	struct fd f = fdget_pos(fd, &locked);
	loff_t pos = -EINVAL;

	if (!f.file)
		return -EBADF;
	if (whence <= SEEK_MAX)
		pos = vfs_llseek(f.file, offset, whence);
	fdput_pos(f, locked);
	return pos;
}

loff_t generic_file_llseek_size(struct file *file, loff_t offset, int whence, loff_t maxsize,
				loff_t eof)
{
	switch (whence) {
	case SEEK_END:
		offset += eof;
		break;
	case SEEK_CUR:
		if (offset == 0)
			return file->f_pos;
		offset += file->f_pos;
		break;
	case SEEK_DATA:
		/* The whole file is data ... */
		if ((u64)offset >= (u64)eof)
			return -ENXIO;
		break;
	case SEEK_HOLE:
		/* ... and a hole begins at its end. */
		if ((u64)offset >= (u64)eof)
			return -ENXIO;
		offset = eof;
		break;
	}
	if (offset < 0 || offset > maxsize)
		return -EINVAL;
	file->f_pos = offset;
	return offset;
}

loff_t generic_file_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file->f_inode;

	return generic_file_llseek_size(file, offset, whence, inode->i_sb->s_maxbytes,
					i_size_read(inode));
}

loff_t noop_llseek(struct file *file, loff_t offset, int whence)
{
	return file->f_pos;
}

/* ---- Pieces for file systems ---- */

int noop_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	return 0;
}

ssize_t generic_read_dir(struct file *file, struct iov_iter *to, loff_t *pos)
{
	return -EISDIR;
}

ssize_t simple_read_from_buffer(struct iov_iter *to, loff_t *pos, const void *from, size_t len)
{
	size_t n;

	if (*pos < 0)
		return -EINVAL;
	if (*pos >= len || !to->count)
		return 0;
	n = copy_to_iter((const char *)from + *pos, min_t(size_t, to->count, len - *pos), to);
	if (!n)
		return -EFAULT;
	*pos += n;
	return n;
}

ssize_t generic_write_checks(struct file *file, loff_t *pos, size_t count)
{
	struct inode *inode = file->f_inode;
	u64 limit = READ_ONCE(current->signal->rlim[RLIMIT_FSIZE].rlim_cur);
	u64 max = inode->i_sb->s_maxbytes;
	int err;

	if (!count)
		return 0;
	if (file->f_flags & O_APPEND)
		*pos = i_size_read(inode);
	if (limit != RLIM_INFINITY && S_ISREG(inode->i_mode)) {
		if (*pos >= limit) {
			if (sigxfsz_hook)
				sigxfsz_hook();
			return -EFBIG;
		}
		count = min_t(u64, count, limit - *pos);
	}
	if (*pos >= max)
		return -EFBIG;
	count = min_t(u64, count, max - *pos);
	err = file_remove_privs(file);
	return err ? err : (ssize_t)count;
}
