/* SPDX-License-Identifier: MIT */
/*
 * swapon and swapoff: from a path to a block device, which is claimed, and whose file stays open,
 * for as long as it is swapped to.
 */
#include "sys/sys.h"
#include "fs/blkdev.h"
#include "lib/err.h"
#include "mm/swap.h"
#include "page/slab.h"
#include "task/cred.h"
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/swap.h"

/* One for each device in use. */
struct swap_file {
	struct list_head list; /* swap_files_lock */
	struct file *file;
};
static LIST_HEAD(swap_files);
static DEFINE_SPINLOCK(swap_files_lock, RANK_SPIN_LEAF);

/* The open block device of that name. ERR_PTR: -EINVAL: it is something else. */
static struct file *open_swap_file(const char __user *uname)
{
	char *name = getname(uname, false);
	struct file *file;

	if (IS_ERR(name))
		return ERR_CAST(name);
	file = do_filp_open(AT_FDCWD, name, O_RDWR | O_LARGEFILE, 0, LOOKUP_FOLLOW);
	putname(name);
	if (!IS_ERR(file) && !file_bdev(file)) {
		fput(file);
		return ERR_PTR(-EINVAL);
	}
	return file;
}

static void keep_open(struct swap_file *sf)
{
	spin_lock(&swap_files_lock);
	list_add(&sf->list, &swap_files);
	spin_unlock(&swap_files_lock);
}

/* The counterpart, for some opening of @bdev: all of one device are as good as each other. */
static void close_again(struct block_device *bdev)
{
	struct swap_file *sf, *found = NULL;

	spin_lock(&swap_files_lock);
	list_for_each_entry (sf, &swap_files, list) {
		if (file_bdev(sf->file) == bdev) {
			list_del(&sf->list);
			found = sf;
			break;
		}
	}
	spin_unlock(&swap_files_lock);
	if (found) {
		fput(found->file);
		kfree(found);
	}
}

/* The name that /proc/swaps shows. */
static int swap_on_file(struct file *file, int prio)
{
	struct block_device *bdev = file_bdev(file);
	char *buf, *name;
	int error;

	if (bdev->read_only)
		return -EROFS;
	buf = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	name = d_path(&file->f_path, buf, PATH_MAX);
	error = PTR_ERR_OR_ZERO(name);
	if (error)
		goto out;
	error = bdev_claim(bdev, &swap_files);
	if (error)
		goto out;
	/* A fresh header may still be in the device's cache. */
	error = filemap_write_and_wait(bdev->mapping);
	if (!error)
		error = swap_on(bdev, name, prio);
	if (error)
		bdev_release(bdev, &swap_files);
out:
	kfree(buf);
	return error;
}

long sys_swapon(const char __user *name, int flags)
{
	/* Priorities of one's own are not negative; those the kernel gives are. */
	int prio = flags & SWAP_FLAG_PREFER ? flags & SWAP_FLAG_PRIO_MASK : -1;
	struct swap_file *sf;
	struct file *file;
	int error;

	/* No device here can discard: as in Linux, the wish is granted by doing nothing. */
	if (flags & ~(SWAP_FLAG_PREFER | SWAP_FLAG_PRIO_MASK | SWAP_FLAG_DISCARD |
		      SWAP_FLAG_DISCARD_ONCE | SWAP_FLAG_DISCARD_PAGES))
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	sf = kmalloc(sizeof(*sf), GFP_KERNEL);
	if (!sf)
		return -ENOMEM;
	sf->file = open_swap_file(name);
	if (IS_ERR(sf->file)) {
		error = PTR_ERR(sf->file);
		kfree(sf);
		return error;
	}
	file = get_file(sf->file); /* a swapoff may close the other before we are done */
	keep_open(sf);
	error = swap_on_file(file, prio);
	if (error)
		close_again(file_bdev(file));
	fput(file);
	return error;
}

long sys_swapoff(const char __user *name)
{
	struct file *file;
	int error;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	file = open_swap_file(name);
	if (IS_ERR(file))
		return PTR_ERR(file);
	error = swap_off(file_bdev(file));
	if (!error) {
		bdev_release(file_bdev(file), &swap_files);
		close_again(file_bdev(file));
	}
	fput(file);
	return error;
}
