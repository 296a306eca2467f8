/* SPDX-License-Identifier: MIT */
/* ioctls of block devices. */
#include "fs/blkdev_internal.h"
#include "abi/ioctl.h"
#include "task/cred.h"

static long give(void __user *to, const void *value, size_t size)
{
	return copy_to_user(to, value, size) ? -EFAULT : 0;
}

static long give_int(void __user *to, int value)
{
	return give(to, &value, sizeof(value));
}

static long give_long(void __user *to, long value)
{
	return give(to, &value, sizeof(value));
}

static long flush_buffers(struct block_device *bdev)
{
	int error;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	error = filemap_write_and_wait(bdev->mapping);
	/* Pages that are in use stay, as in Linux. */
	(void)invalidate_mapping_pages(bdev->mapping, 0, ULONG_MAX, false);
	return error;
}

static long set_read_only(struct block_device *bdev, const int __user *arg)
{
	int on;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (copy_from_user(&on, arg, sizeof(on)))
		return -EFAULT;
	if (!on && bdev->host_read_only)
		return -EROFS;
	WRITE_ONCE(bdev->read_only, on != 0);
	return 0;
}

long blkdev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct block_device *bdev = file_bdev(file);
	unsigned int block_size = bdev->block_size ?: 512;
	void __user *to = (void __user *)arg;

	switch (cmd) {
	case BLKGETSIZE64:
		return give_long(to, bdev->bytes);
	case BLKGETSIZE:
		return give_long(to, bdev->bytes >> SECTOR_SHIFT);
	case BLKSSZGET:
		return give_int(to, block_size);
	case BLKPBSZGET:
	case BLKIOMIN:
		return give_int(to, block_size);
	case BLKIOOPT:
	case BLKALIGNOFF:
		return give_int(to, 0);
	case BLKBSZGET:
		return give_int(to, PAGE_SIZE);
	case BLKROGET:
		return give_int(to, bdev->read_only);
	case BLKROSET:
		return set_read_only(bdev, to);
	case BLKRAGET:
		return give_long(to, BLOCK_IO_PAGES << (PAGE_SHIFT - SECTOR_SHIFT));
	case BLKROTATIONAL: {
		unsigned short no = 0;

		return give(to, &no, sizeof(no));
	}
	case BLKFLSBUF:
		return flush_buffers(bdev);
	case BLKDISCARD:
		return file->f_mode & FMODE_WRITE ? -EOPNOTSUPP : -EBADF;
	case BLKRRPART: /* no partitions */
		return capable(CAP_SYS_ADMIN) ? -EINVAL : -EACCES;
	}
	return -ENOTTY;
}
