/* SPDX-License-Identifier: MIT */
/* The memory devices: null, zero, full, random, urandom (null(4), full(4), random(4)). */
#include "drivers/kmsg.h"
#include "drivers/tty.h"
#include "base/random.h"
#include "sched/sched.h"
#include "mm/mm.h"
#include "page/slab.h"
#include "lib/err.h"
#include "lib/string.h"
#include "abi/errno.h"

#define MEM_MAJOR 1

static ssize_t read_null(struct file *file, struct iov_iter *to, loff_t *pos)
{
	return 0;
}

static ssize_t write_null(struct file *file, struct iov_iter *from, loff_t *pos)
{
	size_t n = from->count;

	iov_iter_advance(from, n);
	return n;
}

static ssize_t read_zero(struct file *file, struct iov_iter *to, loff_t *pos)
{
	size_t done = 0, n;

	while (to->count) {
		n = iov_iter_zero(min(to->count, PAGE_SIZE), to);
		if (!n)
			return done ? (ssize_t)done : -EFAULT;
		done += n;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	return done;
}

static ssize_t write_full(struct file *file, struct iov_iter *from, loff_t *pos)
{
	return -ENOSPC;
}

static ssize_t read_random(struct file *file, struct iov_iter *to, loff_t *pos)
{
	size_t done = 0, n;
	u8 chunk[256];

	while (to->count) {
		n = min(to->count, sizeof(chunk));
		get_random_bytes(chunk, n);
		n = copy_to_iter(chunk, n, to);
		if (!n)
			return done ? (ssize_t)done : -EFAULT;
		done += n;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	return done;
}

/* What is written stirs the pool without being counted as entropy. */
static ssize_t write_random(struct file *file, struct iov_iter *from, loff_t *pos)
{
	size_t done = 0, n;
	u8 chunk[64];

	while (from->count) {
		n = copy_from_iter(chunk, min(from->count, sizeof(chunk)), from);
		if (!n)
			return done ? (ssize_t)done : -EFAULT;
		add_device_randomness(chunk, n);
		done += n;
		cond_resched();
	}
	return done;
}

static loff_t null_lseek(struct file *file, loff_t offset, int whence)
{
	return file->f_pos = 0;
}

/* Shared: another file, of shared memory, takes this one's place; private: as anonymous memory. */
static int mmap_zero(struct file *file, struct vm_area_struct *vma)
{
	struct file *shmem;

	if (!(vma->vm_flags & VM_SHARED)) {
		vma->vm_ops = NULL;
		return 0;
	}
	shmem = shmem_file_setup("dev/zero", vma->vm_end - vma->vm_start, vma->vm_flags);
	if (IS_ERR(shmem))
		return PTR_ERR(shmem);
	vma->vm_file = shmem;
	fput(file);
	return shmem->f_op->mmap(shmem, vma);
}

static const struct file_operations null_fops = {
	.read_iter = read_null, .write_iter = write_null, .llseek = null_lseek,
};
static const struct file_operations zero_fops = {
	.read_iter = read_zero, .write_iter = write_null, .llseek = null_lseek, .mmap = mmap_zero,
};
static const struct file_operations full_fops = {
	.read_iter = read_zero, .write_iter = write_full, .llseek = null_lseek,
};
static const struct file_operations random_fops = {
	.read_iter = read_random, .write_iter = write_random, .llseek = null_lseek,
};

void mem_devices_init(void)
{
	static const struct {
		unsigned int minor;
		const char *name;
		umode_t mode;
		const struct file_operations *fops;
	} devices[] = {
		{ 3, "null", 0666, &null_fops },     { 5, "zero", 0666, &zero_fops },
		{ 7, "full", 0666, &full_fops },     { 8, "random", 0666, &random_fops },
		{ 9, "urandom", 0666, &random_fops }, { 11, "kmsg", 0600, &kmsg_fops },
	};

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		(void)register_chrdev(MEM_MAJOR, devices[i].minor, 1, devices[i].name, devices[i].mode,
				      devices[i].fops, NULL);
	/* What every program expects of /dev beyond devices; udev would make them. */
	(void)devtmpfs_symlink("fd", "/proc/self/fd");
	(void)devtmpfs_symlink("stdin", "/proc/self/fd/0");
	(void)devtmpfs_symlink("stdout", "/proc/self/fd/1");
	(void)devtmpfs_symlink("stderr", "/proc/self/fd/2");
	(void)devtmpfs_mkdir("pts", 0755);
	(void)devtmpfs_mkdir("shm", 01777);
}
