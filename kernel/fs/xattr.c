/* SPDX-License-Identifier: MIT */
/* Extended attributes: no file system here has any. Names are looked up all the same, so that a
 * missing file is told as such. */
#include "fs/internal.h"
#include "mm/mm.h"

/* The attribute's name: 0, -ERANGE (empty or too long), -EFAULT. */
static int check_xattr_name(const char __user *name)
{
	char buf[XATTR_NAME_MAX + 1];
	ssize_t len = strncpy_from_user(buf, name, sizeof(buf));

	if (len < 0)
		return len;
	return len == 0 || len == sizeof(buf) ? -ERANGE : 0;
}

static int check_path(const char __user *path, unsigned int lookup)
{
	struct path p;
	int err = user_path_at(AT_FDCWD, path, lookup, &p);

	if (!err)
		path_put(&p);
	return err;
}

static int check_fd(int fd)
{
	struct fd f = fdget(fd);

	if (!f.file)
		return -EBADF;
	fdput(f);
	return 0;
}

static int check_set(const char __user *name, size_t size, int flags)
{
	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	return check_xattr_name(name);
}

long ksys_setxattr(const char __user *path, const char __user *name, const void __user *value,
		   size_t size, int flags)
{
	int err = check_path(path, LOOKUP_FOLLOW);

	if (!err)
		err = check_set(name, size, flags);
	return err ? err : -EOPNOTSUPP;
}

long ksys_lsetxattr(const char __user *path, const char __user *name, const void __user *value,
		    size_t size, int flags)
{
	int err = check_path(path, 0);

	if (!err)
		err = check_set(name, size, flags);
	return err ? err : -EOPNOTSUPP;
}

long ksys_fsetxattr(int fd, const char __user *name, const void __user *value, size_t size,
		    int flags)
{
	int err = check_fd(fd);

	if (!err)
		err = check_set(name, size, flags);
	return err ? err : -EOPNOTSUPP;
}

long ksys_getxattr(const char __user *path, const char __user *name, void __user *value,
		   size_t size)
{
	int err = check_path(path, LOOKUP_FOLLOW);

	if (!err)
		err = check_xattr_name(name);
	return err ? err : -EOPNOTSUPP;
}

long ksys_lgetxattr(const char __user *path, const char __user *name, void __user *value,
		    size_t size)
{
	int err = check_path(path, 0);

	if (!err)
		err = check_xattr_name(name);
	return err ? err : -EOPNOTSUPP;
}

long ksys_fgetxattr(int fd, const char __user *name, void __user *value, size_t size)
{
	int err = check_fd(fd);

	if (!err)
		err = check_xattr_name(name);
	return err ? err : -EOPNOTSUPP;
}

/* Linux says the same of a file system without attributes that has no list operation. */
long ksys_listxattr(const char __user *path, char __user *list, size_t size)
{
	int err = check_path(path, LOOKUP_FOLLOW);

	return err ? err : -EOPNOTSUPP;
}

long ksys_llistxattr(const char __user *path, char __user *list, size_t size)
{
	int err = check_path(path, 0);

	return err ? err : -EOPNOTSUPP;
}

long ksys_flistxattr(int fd, char __user *list, size_t size)
{
	int err = check_fd(fd);

	return err ? err : -EOPNOTSUPP;
}

long ksys_removexattr(const char __user *path, const char __user *name)
{
	int err = check_path(path, LOOKUP_FOLLOW);

	if (!err)
		err = check_xattr_name(name);
	return err ? err : -EOPNOTSUPP;
}

long ksys_lremovexattr(const char __user *path, const char __user *name)
{
	int err = check_path(path, 0);

	if (!err)
		err = check_xattr_name(name);
	return err ? err : -EOPNOTSUPP;
}

long ksys_fremovexattr(int fd, const char __user *name)
{
	int err = check_fd(fd);

	if (!err)
		err = check_xattr_name(name);
	return err ? err : -EOPNOTSUPP;
}
