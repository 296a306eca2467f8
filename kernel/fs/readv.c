/* SPDX-License-Identifier: MIT */
/* readv, writev and their positioned and flagged forms. */
#include "fs/internal.h"
#include "fs/readv.h"
#include "mm/mm.h"

ssize_t import_iovec(const struct iovec __user *vec, unsigned long nr, struct iovec *fast,
		     struct iovec **iov, struct iov_iter *iter)
{
	struct iovec *p = fast;
	size_t total = 0;
	ssize_t err = -EINVAL;

	*iov = fast;
	if (nr > UIO_MAXIOV)
		return -EINVAL;
	if (nr > UIO_FASTIOV) {
		p = kmalloc_array(nr, sizeof(*p), GFP_KERNEL);
		if (!p)
			return -ENOMEM;
	}
	if (copy_from_user(p, vec, nr * sizeof(*p))) {
		err = -EFAULT;
		goto fail;
	}
	for (unsigned long i = 0; i < nr; i++) {
		if ((ssize_t)p[i].iov_len < 0)
			goto fail;
		if (!access_ok(p[i].iov_base, p[i].iov_len)) {
			err = -EFAULT;
			goto fail;
		}
		p[i].iov_len = min_t(size_t, p[i].iov_len, MAX_RW_COUNT - total);
		total += p[i].iov_len;
	}
	*iov = p;
	iov_iter_init(iter, p, nr, total);
	return total;
fail:
	if (p != fast)
		kfree(p);
	return err;
}

/* The flags this kernel can honour: 0 or -EOPNOTSUPP. */
static int check_rwf(int flags, bool write)
{
	int known = RWF_HIPRI | (write ? RWF_DSYNC | RWF_SYNC : 0);

	return flags & ~known ? -EOPNOTSUPP : 0;
}

static ssize_t do_iter(struct file *file, const struct iovec __user *vec, unsigned long nr,
		       loff_t *pos, int flags, bool write)
{
	struct iovec fast[UIO_FASTIOV], *iov;
	struct iov_iter iter;
	ssize_t n;

	if (!(file->f_mode & (write ? FMODE_WRITE : FMODE_READ)))
		return -EBADF;
	n = import_iovec(vec, nr, fast, &iov, &iter);
	if (n < 0)
		return n;
	n = check_rwf(flags, write);
	if (!n)
		n = write ? vfs_iter_write(file, &iter, pos) : vfs_iter_read(file, &iter, pos);
	if (n > 0 && (flags & (RWF_DSYNC | RWF_SYNC)) && file->f_op->fsync) {
		int err = file->f_op->fsync(file, *pos - n, *pos - 1, !(flags & RWF_SYNC));

		if (err)
			n = err;
	}
	if (iov != fast)
		kfree(iov);
	return n;
}

/* At the file's own position. */
static long do_rwv(unsigned long fd, const struct iovec __user *vec, unsigned long nr, int flags,
		   bool write)
{
	loff_t none = 0;
	bool locked;
	struct fd f = fdget_pos(fd, &locked);
	ssize_t n;

	if (!f.file)
		return -EBADF;
	n = do_iter(f.file, vec, nr, f.file->f_mode & FMODE_STREAM ? &none : &f.file->f_pos, flags,
		    write);
	fdput_pos(f, locked);
	return n;
}

static long do_prwv(unsigned long fd, const struct iovec __user *vec, unsigned long nr, loff_t pos,
		    int flags, bool write)
{
	struct fd f;
	ssize_t n = -ESPIPE;

	if (pos < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	if (f.file->f_mode & (write ? FMODE_PWRITE : FMODE_PREAD))
		n = do_iter(f.file, vec, nr, &pos, flags, write);
	fdput(f);
	return n;
}

long ksys_readv(unsigned long fd, const struct iovec __user *vec, unsigned long vlen)
{
	return do_rwv(fd, vec, vlen, 0, false);
}

long ksys_writev(unsigned long fd, const struct iovec __user *vec, unsigned long vlen)
{
	return do_rwv(fd, vec, vlen, 0, true);
}

long ksys_preadv(unsigned long fd, const struct iovec __user *vec, unsigned long vlen, loff_t pos)
{
	return do_prwv(fd, vec, vlen, pos, 0, false);
}

long ksys_pwritev(unsigned long fd, const struct iovec __user *vec, unsigned long vlen, loff_t pos)
{
	return do_prwv(fd, vec, vlen, pos, 0, true);
}

long ksys_preadv2(unsigned long fd, const struct iovec __user *vec, unsigned long vlen,
		  unsigned long pos_low, unsigned long pos_high, int flags)
{
	loff_t pos = pos_low; /* all 64 bits of it: the high half matters to 32-bit programs only */

	if (pos == -1)
		return do_rwv(fd, vec, vlen, flags, false);
	return do_prwv(fd, vec, vlen, pos, flags, false);
}

long ksys_pwritev2(unsigned long fd, const struct iovec __user *vec, unsigned long vlen,
		   unsigned long pos_low, unsigned long pos_high, int flags)
{
	loff_t pos = pos_low; /* all 64 bits of it: the high half matters to 32-bit programs only */

	if (pos == -1)
		return do_rwv(fd, vec, vlen, flags, true);
	return do_prwv(fd, vec, vlen, pos, flags, true);
}
