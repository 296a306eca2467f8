/* SPDX-License-Identifier: MIT */
/* Names of paths: from a dentry up to a root, across mounts. */
#include "fs/internal.h"
#include "lib/vsprintf.h"

struct prepend {
	char *start; /* what is already there begins here */
	char *low;   /* lowest usable address */
};

static bool prepend(struct prepend *p, const char *s, size_t len)
{
	if ((size_t)(p->start - p->low) < len)
		return false;
	p->start -= len;
	memcpy(p->start, s, len);
	return true;
}

enum reached { REACHED_ROOT, REACHED_NOTHING, REACHED_END_OF_BUFFER };

/* Prepend "/name" for each step from @path up to @root. dcache_lock and mount_lock held. */
static enum reached prepend_path(struct prepend *p, const struct path *path,
				 const struct path *root)
{
	struct dentry *dentry = path->dentry;
	struct vfsmount *mnt = path->mnt;

	while (dentry != root->dentry || mnt != root->mnt) {
		if (dentry == mnt->mnt_root || dentry->d_parent == dentry) {
			if (dentry == mnt->mnt_root && mnt->mnt_parent) {
				dentry = mnt->mnt_mountpoint;
				mnt = mnt->mnt_parent;
				continue;
			}
			return REACHED_NOTHING;
		}
		if (!prepend(p, dentry->d_name, dentry->d_len) || !prepend(p, "/", 1))
			return REACHED_END_OF_BUFFER;
		dentry = dentry->d_parent;
	}
	return REACHED_ROOT;
}

/* @unreachable: prepended when the way up does not end at @root. */
static char *path_name(const struct path *path, const struct path *root, char *buf, size_t size,
		       const char *unreachable)
{
	struct prepend p = {.start = buf + size, .low = buf};
	enum reached reached;
	bool fits = prepend(&p, "", 1);
	char *end = p.start;

	spin_lock(&dcache_lock);
	spin_lock(&mount_lock);
	if (fits && d_unlinked(path->dentry)) {
		fits = prepend(&p, " (deleted)", 10);
		end = NULL;
	}
	reached = fits ? prepend_path(&p, path, root) : REACHED_END_OF_BUFFER;
	spin_unlock(&mount_lock);
	spin_unlock(&dcache_lock);

	if (reached == REACHED_END_OF_BUFFER)
		return ERR_PTR(-ENAMETOOLONG);
	if (p.start == end && !prepend(&p, "/", 1))
		return ERR_PTR(-ENAMETOOLONG);
	if (reached == REACHED_NOTHING && !prepend(&p, unreachable, strlen(unreachable)))
		return ERR_PTR(-ENAMETOOLONG);
	return p.start;
}

char *path_below_locked(const struct path *path, const struct path *root, char *buf, size_t size)
{
	struct prepend p = {.start = buf + size, .low = buf};
	char *end;

	prepend(&p, "", 1);
	end = p.start;
	if (prepend_path(&p, path, root) != REACHED_ROOT)
		return NULL;
	if (p.start == end && !prepend(&p, "/", 1))
		return NULL;
	return p.start;
}

static char *pseudo_name(struct dentry *dentry, char *buf, size_t size)
{
	char tmp[NAME_MAX + 32];
	int len;

	if (dentry->d_op && dentry->d_op->dname)
		len = dentry->d_op->dname(dentry, tmp, sizeof(tmp));
	else
		len = scnprintf(tmp, sizeof(tmp), "%s:[%llu]", dentry->d_sb->s_type->name,
				dentry->d_inode->i_ino);
	if (len >= sizeof(tmp))
		len = sizeof(tmp) - 1;
	if (len + 1 > size)
		return ERR_PTR(-ENAMETOOLONG);
	buf += size - len - 1;
	memcpy(buf, tmp, len);
	buf[len] = 0;
	return buf;
}

char *d_path(const struct path *path, char *buf, size_t size)
{
	struct path root;
	char *name;

	if (path->dentry->d_flags & DCACHE_PSEUDO)
		return pseudo_name(path->dentry, buf, size);
	if (!current->fs)
		return ERR_PTR(-ENOENT);
	get_fs_root(&root);
	name = path_name(path, &root, buf, size, "");
	path_put(&root);
	return name;
}

long ksys_getcwd(char __user *buf, size_t size)
{
	struct path root, pwd;
	char *page, *name;
	long len;

	page = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	get_fs_root(&root);
	get_fs_pwd(&pwd);
	if (d_unlinked(pwd.dentry)) {
		len = -ENOENT;
	} else {
		name = path_name(&pwd, &root, page, PATH_MAX, "(unreachable)");
		len = PTR_ERR_OR_ZERO(name);
		if (!len) {
			len = page + PATH_MAX - name;
			if (len > size)
				len = -ERANGE;
			else if (copy_to_user(buf, name, len))
				len = -EFAULT;
		}
	}
	path_put(&pwd);
	path_put(&root);
	kfree(page);
	return len;
}
