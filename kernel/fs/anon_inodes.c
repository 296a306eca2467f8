/* SPDX-License-Identifier: MIT */
/* Files that are nothing but operations and a pointer (eventfd, epoll...): all share one inode. */
#include "fs/internal.h"
#include "base/panic.h"
#include "lib/vsprintf.h"

static struct inode *anon_inode;

static int anon_dname(struct dentry *dentry, char *buf, size_t size)
{
	return snprintf(buf, size, "anon_inode:%s", dentry->d_name);
}

static const struct dentry_operations anon_dentry_operations = {
	.dname = anon_dname,
};

struct file *anon_inode_getfile(const char *name, const struct file_operations *fops,
				void *private_data, int flags)
{
	struct file *file =
		alloc_file_pseudo(igrab(anon_inode), name, flags & (O_ACCMODE | O_NONBLOCK), fops);

	if (!IS_ERR(file))
		file->private_data = private_data;
	return file;
}

int anon_inode_getfd(const char *name, const struct file_operations *fops, void *private_data,
		     int flags)
{
	int fd = get_unused_fd_flags(flags);
	struct file *file;

	if (fd < 0)
		return fd;
	file = anon_inode_getfile(name, fops, private_data, flags);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

void anon_inodes_init(void)
{
	struct super_block *sb =
		pseudo_sb_create("anon_inodefs", ANON_INODE_FS_MAGIC, &anon_dentry_operations);

	anon_inode = new_inode(sb);
	if (!anon_inode)
		panic("no memory for anon_inodefs");
	anon_inode->i_mode = S_IRUSR | S_IWUSR;
}
