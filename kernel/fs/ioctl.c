/* SPDX-License-Identifier: MIT */
/* ioctl(2): what every file understands, then the file's own. */
#include "fs/internal.h"
#include "abi/ioctl.h"
#include "mm/mm.h"

static long set_nonblock(struct file *file, unsigned long arg)
{
	int on;

	if (get_user(on, (int __user *)arg))
		return -EFAULT;
	spin_lock(&file->f_lock);
	WRITE_ONCE(file->f_flags, on ? file->f_flags | O_NONBLOCK : file->f_flags & ~O_NONBLOCK);
	spin_unlock(&file->f_lock);
	return 0;
}

/* No file here sends SIGIO: switching it off is all that can be done. */
static long set_async(struct file *file, unsigned long arg)
{
	int on;

	if (get_user(on, (int __user *)arg))
		return -EFAULT;
	return on ? -ENOTTY : 0;
}

static long regular_file_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct inode *inode = file->f_inode;

	if (cmd == FIONREAD)
		return put_user((int)(i_size_read(inode) - file->f_pos), (int __user *)arg);
	return -ENOTTY;
}

static long do_ioctl(unsigned int fd, struct file *file, unsigned int cmd, unsigned long arg)
{
	struct inode *inode = file->f_inode;

	switch (cmd) {
	case FIOCLEX:
		set_close_on_exec(fd, true);
		return 0;
	case FIONCLEX:
		set_close_on_exec(fd, false);
		return 0;
	case FIONBIO:
		return set_nonblock(file, arg);
	case FIOASYNC:
		return set_async(file, arg);
	case FIOQSIZE:
		if (S_ISDIR(inode->i_mode) || S_ISREG(inode->i_mode) || S_ISLNK(inode->i_mode))
			return put_user((loff_t)i_size_read(inode), (loff_t __user *)arg);
		return -ENOTTY;
	case FIGETBSZ:
		return put_user((int)PAGE_SIZE, (int __user *)arg);
	}
	if (S_ISREG(inode->i_mode) && !file->f_op->ioctl)
		return regular_file_ioctl(file, cmd, arg);
	return file->f_op->ioctl ? file->f_op->ioctl(file, cmd, arg) : -ENOTTY;
}

long ksys_ioctl(unsigned int fd, unsigned int cmd, unsigned long arg)
{
	struct fd f = fdget(fd);
	long err;

	if (!f.file)
		return -EBADF;
	err = do_ioctl(fd, f.file, cmd, arg);
	fdput(f);
	return err;
}
