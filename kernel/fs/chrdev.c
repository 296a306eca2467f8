/* SPDX-License-Identifier: MIT */
/* Character devices: which driver stands behind a number. Opening a device node finds it here. */
#include "fs/internal.h"
#include "lib/vsprintf.h"

struct char_device {
	struct char_device *next; /* chrdev_lock; never removed */
	unsigned int major, minor, count;
	const struct file_operations *fops;
	void *private_data;
	const char *name;
};

static struct char_device *char_devices;
static DEFINE_SPINLOCK(chrdev_lock, RANK_SPIN_LEAF);

static struct char_device *find_device(unsigned int major, unsigned int minor)
{
	struct char_device *dev;

	spin_lock(&chrdev_lock);
	for (dev = char_devices; dev; dev = dev->next) {
		if (dev->major == major && minor >= dev->minor && minor - dev->minor < dev->count)
			break;
	}
	spin_unlock(&chrdev_lock);
	return dev;
}

static int make_nodes(const struct char_device *dev, umode_t mode)
{
	char name[64];
	int err = 0;

	for (unsigned int i = 0; i < dev->count && !err; i++) {
		/* Several devices are numbered: ttyS0, ttyS1... */
		if (dev->count == 1)
			strscpy(name, dev->name, sizeof(name));
		else
			snprintf(name, sizeof(name), "%s%u", dev->name, i);
		err = devtmpfs_create_node(name, S_IFCHR | (mode & S_IALLUGO),
					   MKDEV(dev->major, dev->minor + i));
	}
	return err;
}

int register_chrdev(unsigned int major, unsigned int minor, unsigned int count, const char *name,
		    umode_t mode, const struct file_operations *fops, void *private_data)
{
	struct char_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return -ENOMEM;
	if (find_device(major, minor)) {
		kfree(dev);
		return -EBUSY;
	}
	*dev = (struct char_device){.major = major,
				    .minor = minor,
				    .count = count,
				    .fops = fops,
				    .private_data = private_data,
				    .name = name};
	spin_lock(&chrdev_lock);
	dev->next = char_devices;
	char_devices = dev;
	spin_unlock(&chrdev_lock);
	return name ? make_nodes(dev, mode) : 0;
}

void chrdev_for_each(void (*fn)(void *arg, unsigned int major, const char *name), void *arg)
{
	struct char_device *dev;

	spin_lock(&chrdev_lock);
	for (dev = char_devices; dev; dev = dev->next)
		fn(arg, dev->major, dev->name);
	spin_unlock(&chrdev_lock);
}

void *chrdev_private(struct inode *inode)
{
	struct char_device *dev = find_device(MAJOR(inode->i_rdev), MINOR(inode->i_rdev));

	return dev ? dev->private_data : NULL;
}

static int chrdev_open(struct inode *inode, struct file *file)
{
	struct char_device *dev = find_device(MAJOR(inode->i_rdev), MINOR(inode->i_rdev));

	if (!dev)
		return -ENXIO;
	file->f_op = dev->fops;
	return file->f_op->open ? file->f_op->open(inode, file) : 0;
}

const struct file_operations def_chr_fops = {
	.open = chrdev_open,
	.llseek = noop_llseek,
};
