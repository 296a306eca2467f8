/* SPDX-License-Identifier: MIT */
/* Memory files without a place in a tree: memfd_create(2) with its seals, shared anonymous memory.
 */
#include "fs/internal.h"
#include "fs/shmem.h"
#include "base/panic.h"
#include "lib/vsprintf.h"
#include "mm/mm.h"

#define MFD_NAME_MAX (NAME_MAX - 6) /* behind "memfd:" */

static struct super_block *shm_sb;
static struct shmem_sb_info shm_info; /* no limits */

static int shm_dname(struct dentry *dentry, char *buf, size_t size)
{
	return snprintf(buf, size, "/%s (deleted)", dentry->d_name);
}

static const struct dentry_operations shm_dentry_operations = {
	.dname = shm_dname,
};

/* i_private of a file whose size counts as committed memory: that many pages. */
static void shm_evict_inode(struct inode *inode)
{
	shmem_evict(inode);
	if (inode->i_private)
		vm_unacct_memory((unsigned long)inode->i_private);
}

static const struct super_operations shm_super_operations = {
	.evict_inode = shm_evict_inode,
};

static struct file *do_shmem_file_setup(const char *name, loff_t size, unsigned long vm_flags)
{
	unsigned long pages = vm_flags & VM_NORESERVE ? 0 : PAGE_ALIGN((u64)size) >> PAGE_SHIFT;
	struct inode *inode;

	if (size < 0)
		return ERR_PTR(-EINVAL);
	if (pages && vm_enough_memory(current->mm, pages))
		return ERR_PTR(-ENOMEM);
	inode = new_inode(shm_sb);
	if (!inode) {
		if (pages)
			vm_unacct_memory(pages);
		return ERR_PTR(-ENOMEM);
	}
	inode_init_owner(inode, NULL, S_IFREG | S_IRWXUGO);
	shmem_init_inode(inode);
	inode->i_nlink = 0;
	inode->i_private = (void *)pages;
	i_size_write(inode, size);
	return alloc_file_pseudo(inode, name, O_RDWR | O_LARGEFILE, &shmem_file_operations);
}

static int shm_setattr(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = dentry->d_inode;
	int err = setattr_prepare(dentry, attr);

	if (!err && (attr->valid & ATTR_MODE) && (inode->i_seals & F_SEAL_EXEC) &&
	    ((inode->i_mode ^ attr->mode) & S_IXUGO))
		err = -EPERM;
	if (!err && (attr->valid & ATTR_SIZE))
		err = shmem_set_size(inode, attr->size);
	if (!err)
		setattr_copy(inode, attr);
	return err;
}

static const struct inode_operations shm_inode_operations = {
	.setattr = shm_setattr,
};

int sysctl_memfd_noexec;

/* 0, -EINVAL or -EACCES; *flags then has one of MFD_EXEC and MFD_NOEXEC_SEAL. */
static int memfd_check_flags(unsigned int *flags)
{
	if (*flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC))
		return -EINVAL;
	if ((*flags & MFD_EXEC) && (*flags & MFD_NOEXEC_SEAL))
		return -EINVAL;
	if (!(*flags & (MFD_EXEC | MFD_NOEXEC_SEAL)))
		*flags |= READ_ONCE(sysctl_memfd_noexec) ? MFD_NOEXEC_SEAL : MFD_EXEC;
	if ((*flags & MFD_EXEC) && READ_ONCE(sysctl_memfd_noexec) == 2)
		return -EACCES;
	return 0;
}

/* Mode and first seals, as the flags want them. */
static void memfd_set_seals(struct inode *inode, unsigned int flags)
{
	if (flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL))
		inode->i_seals &= ~F_SEAL_SEAL;
	if (flags & MFD_NOEXEC_SEAL) {
		inode->i_mode &= ~S_IXUGO;
		inode->i_seals |= F_SEAL_EXEC;
	}
}

long ksys_memfd_create(const char __user *uname, unsigned int flags)
{
	struct file *file;
	char *name;
	int fd;

	fd = memfd_check_flags(&flags);
	if (fd)
		return fd;
	name = kmalloc(NAME_MAX + 1, GFP_KERNEL);
	if (!name)
		return -ENOMEM;
	memcpy(name, "memfd:", 6);
	fd = strncpy_from_user(name + 6, uname, MFD_NAME_MAX + 1);
	if (fd > MFD_NAME_MAX)
		fd = -EINVAL;
	if (fd < 0)
		goto out;
	name[6 + fd] = 0;
	fd = get_unused_fd_flags(flags & MFD_CLOEXEC ? O_CLOEXEC : 0);
	if (fd < 0)
		goto out;
	file = do_shmem_file_setup(name, 0, VM_NORESERVE);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		fd = PTR_ERR(file);
		goto out;
	}
	file->f_inode->i_op = &shm_inode_operations;
	memfd_set_seals(file->f_inode, flags);
	fd_install(fd, file);
out:
	kfree(name);
	return fd;
}

/* ---- Seals ---- */

#define WRITE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

static int add_seals(struct file *file, unsigned long seals)
{
	struct inode *inode = file->f_inode;
	unsigned int before;
	int err = 0;

	if (!(file->f_mode & FMODE_WRITE))
		return -EPERM;
	if (seals & ~(unsigned long)(F_SEAL_SEAL | F_SEAL_EXEC | WRITE_SEALS))
		return -EINVAL;
	down_write(&inode->i_rwsem);
	before = inode->i_seals;
	/* What stays executable must not change either. */
	if ((seals & F_SEAL_EXEC) && (inode->i_mode & S_IXUGO))
		seals |= WRITE_SEALS;
	if (before & F_SEAL_SEAL) {
		err = -EPERM;
	} else {
		WRITE_ONCE(inode->i_seals, before | seals);
		/* First the seal, then the look who can write: mmap counts itself first and then
		 * looks at the seals. */
		smp_mb();
		if ((seals & ~before & F_SEAL_WRITE) &&
		    atomic_read(&inode->i_data.i_mmap_writable) > 0) {
			WRITE_ONCE(inode->i_seals, before);
			err = -EBUSY;
		}
	}
	up_write(&inode->i_rwsem);
	return err;
}

long memfd_fcntl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (!shmem_inode(file->f_inode))
		return -EINVAL;
	return cmd == F_GET_SEALS ? (long)file->f_inode->i_seals : add_seals(file, arg);
}

void shmem_setup_init(void)
{
	shm_sb = pseudo_sb_create("tmpfs", TMPFS_MAGIC, &shm_dentry_operations);
	shm_sb->s_op = &shm_super_operations;
	shm_sb->s_fs_info = &shm_info;
	shmem_file_setup = do_shmem_file_setup;
}
