/* SPDX-License-Identifier: MIT */
/*
 * From names to paths. A walk stands on nd->path and takes one component after another:
 *
 *	"."	stays
 *	".."	up: over the mount point if it stands on the root of a mount; never above nd->root
 *	name	the dcache; if it is not there, the file system, with the directory locked
 *		... covered by a mount: its root
 *		... a symbolic link: its target is walked first, the rest waits on nd->stack
 *
 * Nothing is locked between components: references keep what the walk stands on.
 */
#include "fs/internal.h"
#include "mm/uaccess.h"

static struct kmem_cache *names_cache;

void namei_init(void)
{
	names_cache = kmem_cache_create("names_cache", PATH_MAX, 0, NULL);
	BUG_ON(!names_cache);
}

/* ---- User strings ---- */

char *getname(const char __user *name, bool empty_ok)
{
	char *buf = kmem_cache_alloc(names_cache, GFP_KERNEL);
	ssize_t len;

	if (!buf)
		return ERR_PTR(-ENOMEM);
	len = strncpy_from_user(buf, name, PATH_MAX);
	if (len == PATH_MAX)
		len = -ENAMETOOLONG;
	else if (len == 0 && !empty_ok)
		len = -ENOENT;
	if (len < 0) {
		kmem_cache_free(names_cache, buf);
		return ERR_PTR(len);
	}
	buf[len] = 0;
	return buf;
}

void putname(char *name)
{
	kmem_cache_free(names_cache, name);
}

/* ---- Start and end of a walk ---- */

void nd_init(struct nameidata *nd, int dfd, unsigned int flags)
{
	nd->path.mnt = NULL;
	nd->path.dentry = NULL;
	nd->root.mnt = NULL;
	nd->root.dentry = NULL;
	nd->flags = flags;
	nd->dfd = dfd;
	nd->depth = 0;
	nd->total_links = 0;
	nd->link_buf = NULL;
}

void nd_end(struct nameidata *nd)
{
	while (nd->depth)
		putname(nd->stack[--nd->depth].buf);
	if (nd->link_buf)
		putname(nd->link_buf);
	if (nd->root.mnt)
		path_put(&nd->root);
	if (nd->path.mnt)
		path_put(&nd->path);
}

static void need_root(struct nameidata *nd)
{
	if (!nd->root.mnt)
		get_fs_root(&nd->root);
}

static int start_at_dfd(struct nameidata *nd, bool empty_name)
{
	struct fd f;
	int err = 0;

	if (nd->dfd == AT_FDCWD) {
		get_fs_pwd(&nd->path);
		return 0;
	}
	f = fdget_raw(nd->dfd);
	if (!f.file)
		return -EBADF;
	if (!f.file->f_path.dentry || (!empty_name && !S_ISDIR(f.file->f_inode->i_mode))) {
		err = -ENOTDIR;
	} else {
		nd->path = f.file->f_path;
		path_get(&nd->path);
	}
	fdput(f);
	return err;
}

/* The walk goes on at the root. */
static int jump_to_root(struct nameidata *nd)
{
	if (nd->flags & LOOKUP_BENEATH)
		return -EXDEV;
	need_root(nd);
	if (nd->path.mnt) {
		if ((nd->flags & LOOKUP_NO_XDEV) && nd->path.mnt != nd->root.mnt)
			return -EXDEV;
		path_put(&nd->path);
	}
	nd->path = nd->root;
	path_get(&nd->path);
	return 0;
}

static int path_start(struct nameidata *nd, const char *name)
{
	int err;

	if (*name == '/' && !(nd->flags & LOOKUP_IN_ROOT))
		return jump_to_root(nd);
	err = start_at_dfd(nd, !*name);
	if (!err && (nd->flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT))) {
		nd->root = nd->path;
		path_get(&nd->root);
	}
	return err;
}

/* ---- One component ---- */

static bool d_valid(struct dentry *dentry)
{
	return !dentry->d_op || !dentry->d_op->revalidate || dentry->d_op->revalidate(dentry);
}

/* The cached and valid one; NULL. */
static struct dentry *lookup_cached(struct dentry *parent, const char *name, size_t len)
{
	struct dentry *dentry = d_lookup(parent, name, len);

	if (dentry && !d_valid(dentry)) {
		d_invalidate_tree(dentry);
		dput(dentry);
		dentry = NULL;
	}
	return dentry;
}

struct dentry *lookup_one_locked(struct dentry *parent, const char *name, size_t len)
{
	struct inode *dir = parent->d_inode;
	struct dentry *dentry;
	int err;

	if (len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	dentry = lookup_cached(parent, name, len);
	if (dentry)
		return dentry;
	if (dir->i_flags & S_DEAD)
		return ERR_PTR(-ENOENT);
	if (!dir->i_op->lookup)
		return ERR_PTR(-ENOTDIR);
	dentry = d_alloc(parent, name, len);
	if (!dentry)
		return ERR_PTR(-ENOMEM);
	err = dir->i_op->lookup(dir, dentry);
	if (err) {
		dput(dentry);
		return ERR_PTR(err);
	}
	return dentry;
}

struct dentry *lookup_child(struct nameidata *nd)
{
	struct dentry *parent = nd->path.dentry, *dentry;
	struct inode *dir = parent->d_inode;

	dentry = lookup_cached(parent, nd->last.name, nd->last.len);
	if (dentry)
		return dentry;
	/* Where the dcache is the storage, what is not in it does not exist. */
	if (dir->i_op->lookup == simple_lookup)
		return ERR_PTR(nd->last.len > NAME_MAX ? -ENAMETOOLONG : -ENOENT);
	if (nd->flags & LOOKUP_CACHED)
		return ERR_PTR(-EAGAIN);
	down_write(&dir->i_rwsem);
	dentry = lookup_one_locked(parent, nd->last.name, nd->last.len);
	up_write(&dir->i_rwsem);
	return dentry;
}

/* @path is a link: its target in *link; or, for one that is a jump, nd->path moved and *link NULL.
 */
static int pick_link(struct nameidata *nd, const struct path *path, char **link)
{
	const struct inode_operations *op = path->dentry->d_inode->i_op;
	char *buf;
	int err;

	if (nd->total_links++ >= MAXSYMLINKS || (nd->flags & LOOKUP_NO_SYMLINKS) ||
	    (path->mnt->mnt_flags & MS_NOSYMFOLLOW))
		return -ELOOP;
	touch_atime_path(path);
	if (op->get_link_path) {
		struct path to;

		if (nd->flags & LOOKUP_NO_MAGICLINKS)
			return -ELOOP;
		if (nd->flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT))
			return -EXDEV;
		err = op->get_link_path(path->dentry, &to);
		if (err)
			return err;
		if ((nd->flags & LOOKUP_NO_XDEV) && to.mnt != nd->path.mnt) {
			path_put(&to);
			return -EXDEV;
		}
		path_put(&nd->path);
		nd->path = to;
		return 0;
	}
	if (!op->readlink)
		return -EINVAL;
	buf = kmem_cache_alloc(names_cache, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	err = op->readlink(path->dentry, buf, PATH_MAX);
	if (err >= 0) {
		buf[min_t(int, err, PATH_MAX - 1)] = 0;
		err = *buf ? 0 : -ENOENT;
		if (*buf == '/')
			err = jump_to_root(nd);
	}
	if (err) {
		putname(buf);
		return err;
	}
	*link = buf;
	return 0;
}

int step_into(struct nameidata *nd, struct dentry *dentry, bool follow, char **link)
{
	struct path path = {.mnt = nd->path.mnt, .dentry = dentry};
	struct inode *inode;
	bool crossed = false;
	int err = 0;

	*link = NULL;
	if (unlikely(READ_ONCE(dentry->d_flags) & DCACHE_MOUNTED)) {
		mntget(path.mnt);
		crossed = follow_mounts(&path);
		if (!crossed)
			mntput(path.mnt);
		else if (nd->flags & LOOKUP_NO_XDEV)
			err = -EXDEV;
	}
	inode = READ_ONCE(path.dentry->d_inode);
	if (!err && !inode)
		err = -ENOENT;
	if (!err && (!S_ISLNK(inode->i_mode) || !follow)) {
		dput(nd->path.dentry);
		if (crossed)
			mntput(nd->path.mnt);
		nd->path = path;
		return 0;
	}
	if (!err)
		err = pick_link(nd, &path, link);
	dput(path.dentry);
	if (crossed)
		mntput(path.mnt);
	return err;
}

static int walk_dotdot(struct nameidata *nd)
{
	struct dentry *parent;

	need_root(nd);
	for (;;) {
		if (nd->path.dentry == nd->root.dentry && nd->path.mnt == nd->root.mnt) {
			if (nd->flags & LOOKUP_BENEATH)
				return -EXDEV;
			break;
		}
		if (nd->path.dentry != nd->path.mnt->mnt_root) {
			parent = dget_parent(nd->path.dentry);
			dput(nd->path.dentry);
			nd->path.dentry = parent;
			break;
		}
		if ((nd->flags & LOOKUP_NO_XDEV) && nd->path.mnt->mnt_parent)
			return -EXDEV;
		if (!follow_up(&nd->path))
			break;
	}
	if (follow_mounts(&nd->path) && (nd->flags & LOOKUP_NO_XDEV))
		return -EXDEV;
	return 0;
}

static int walk_component(struct nameidata *nd, bool follow, char **link)
{
	struct dentry *dentry;

	*link = NULL;
	if (unlikely(nd->last_type != LAST_NORM))
		return nd->last_type == LAST_DOTDOT ? walk_dotdot(nd) : 0;
	dentry = lookup_child(nd);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	return step_into(nd, dentry, follow, link);
}

/* ---- All but the last component ---- */

static enum last_type component_type(const char *name, unsigned int len)
{
	if (name[0] != '.' || len > 2)
		return LAST_NORM;
	if (len == 1)
		return LAST_DOT;
	return name[1] == '.' ? LAST_DOTDOT : LAST_NORM;
}

static int link_path_walk(struct nameidata *nd, const char *name)
{
	char *link, *done;
	int err;

	nd->last_type = LAST_ROOT;
	nd->last.name = "";
	nd->last.len = 0;
	for (;;) {
		struct dentry *found;
		struct inode *dir;
		const char *end;

		while (*name == '/')
			name++;
		if (!*name) {
			if (!nd->depth)
				return 0;
			nd->depth--; /* the link was "/" */
			name = nd->stack[nd->depth].rest;
			putname(nd->stack[nd->depth].buf);
			nd->last_type = LAST_ROOT;
			continue;
		}
		name = d_walk_cached(&nd->path.dentry, name, &end, &found);
		if (found) { /* not the last one: a mount point, a link, or missing */
			name = end;
			err = step_into(nd, found, true, &link);
			goto stepped;
		}
		dir = nd->path.dentry->d_inode;
		if (!S_ISDIR(dir->i_mode))
			return -ENOTDIR;
		err = inode_permission(dir, MAY_EXEC);
		if (err)
			return err;
		nd->last.name = name;
		nd->last.len = end - name;
		nd->last_type = component_type(name, nd->last.len);
		while (*end == '/')
			end++;
		name = end;
		done = NULL;
		if (!*name) {
			if (!nd->depth)
				return 0;
			/* The last component of a link inside a name is an ordinary one. */
			nd->depth--;
			name = nd->stack[nd->depth].rest;
			done = nd->stack[nd->depth].buf;
		}
		err = walk_component(nd, true, &link);
		if (done)
			putname(done);
stepped:
		if (err)
			return err;
		if (link) {
			nd->stack[nd->depth].rest = name;
			nd->stack[nd->depth].buf = link;
			nd->depth++;
			name = link;
		}
	}
}

int path_parent(struct nameidata *nd, const char *name)
{
	int err = path_start(nd, name);

	return err ? err : link_path_walk(nd, name);
}

int path_continue(struct nameidata *nd, char *link)
{
	if (nd->link_buf)
		putname(nd->link_buf);
	nd->link_buf = link;
	return link_path_walk(nd, link);
}

int walk_last(struct nameidata *nd, char **link)
{
	if (nd->last_type == LAST_NORM && nd_trailing_slash(nd))
		nd->flags |= LOOKUP_FOLLOW | LOOKUP_DIRECTORY;
	return walk_component(nd, nd->flags & LOOKUP_FOLLOW, link);
}

/* ---- Whole names ---- */

/* A path that must stay below the start: did it (renames may have moved what the walk stood on)? */
static bool path_in_scope(struct nameidata *nd)
{
	if (!(nd->flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT)) || nd->path.mnt != nd->root.mnt)
		return true;
	return is_subdir(nd->path.dentry, nd->root.dentry);
}

int filename_lookup(int dfd, const char *name, unsigned int flags, struct path *path)
{
	struct nameidata nd;
	char *link;
	int err;

	if (unlikely(!*name && !(flags & LOOKUP_EMPTY)))
		return -ENOENT;
	nd_init(&nd, dfd, flags);
	err = path_parent(&nd, name);
	while (!err) {
		err = walk_last(&nd, &link);
		if (err || !link)
			break;
		err = path_continue(&nd, link);
	}
	if (!err && (nd.flags & LOOKUP_DIRECTORY) && !S_ISDIR(nd.path.dentry->d_inode->i_mode))
		err = -ENOTDIR;
	if (!err && !path_in_scope(&nd))
		err = -EXDEV;
	if (!err) {
		*path = nd.path;
		nd.path.mnt = NULL;
	}
	nd_end(&nd);
	return err;
}

int kern_path(const char *name, unsigned int flags, struct path *path)
{
	return filename_lookup(AT_FDCWD, name, flags, path);
}

int user_path_at(int dfd, const char __user *name, unsigned int flags, struct path *path)
{
	char *kname = getname(name, flags & LOOKUP_EMPTY);
	int err;

	if (IS_ERR(kname))
		return PTR_ERR(kname);
	err = filename_lookup(dfd, kname, flags, path);
	putname(kname);
	return err;
}

/* ---- Parent of something to be made ---- */

struct dentry *path_create(int dfd, const char *name, bool is_dir, struct path *path)
{
	struct nameidata nd;
	struct dentry *dentry;
	int err;

	if (!*name)
		return ERR_PTR(-ENOENT);
	nd_init(&nd, dfd, 0);
	err = path_parent(&nd, name);
	if (!err && nd.last_type != LAST_NORM)
		err = -EEXIST;
	if (err) {
		nd_end(&nd);
		return ERR_PTR(err);
	}
	down_write(&nd.path.dentry->d_inode->i_rwsem);
	dentry = lookup_one_locked(nd.path.dentry, nd.last.name, nd.last.len);
	if (IS_ERR(dentry)) {
		err = PTR_ERR(dentry);
	} else {
		if (!d_is_negative(dentry))
			err = -EEXIST;
		else if (nd_trailing_slash(&nd) && !is_dir)
			err = -ENOENT;
		else
			err = mnt_want_write(nd.path.mnt);
		if (err)
			dput(dentry);
	}
	if (err) {
		up_write(&nd.path.dentry->d_inode->i_rwsem);
		dentry = ERR_PTR(err);
	} else {
		*path = nd.path;
		nd.path.mnt = NULL;
	}
	nd_end(&nd);
	return dentry;
}

void done_path_create(struct path *path, struct dentry *dentry)
{
	up_write(&path->dentry->d_inode->i_rwsem);
	dput(dentry);
	path_put(path);
}

struct dentry *user_path_create(int dfd, const char __user *name, bool is_dir, struct path *path)
{
	char *kname = getname(name, false);
	struct dentry *dentry;

	if (IS_ERR(kname))
		return ERR_CAST(kname);
	dentry = path_create(dfd, kname, is_dir, path);
	putname(kname);
	return dentry;
}
