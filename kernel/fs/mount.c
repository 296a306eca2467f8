/* SPDX-License-Identifier: MIT */
/*
 * The mount tree: which file system's root covers which directory.
 *
 * A mount holds a reference to its parent, to the dentry it covers, to its root and to its super
 * block. Its own count is one for being in the tree, one for each mount on it, and one for each
 * path that leads into it. The tree changes under namespace_mutex and mount_lock; either is enough
 * to read it.
 */
#include "fs/internal.h"
#include "lib/hash.h"
#include "base/panic.h"

DEFINE_SPINLOCK(mount_lock, RANK_MOUNT);
struct mutex namespace_mutex;

struct mnt_namespace init_mnt_ns;

#define MOUNT_HASH_BITS 6
static struct hlist_head mount_hashtable[1 << MOUNT_HASH_BITS];
static int next_mnt_id = 1; /* mount_lock */

void mount_init(void)
{
	mutex_init(&namespace_mutex, "namespace_mutex", RANK_NAMESPACE);
	refcount_set(&init_mnt_ns.count, 1);
	INIT_LIST_HEAD(&init_mnt_ns.list);
	init_waitqueue_head(&init_mnt_ns.poll);
}

static struct hlist_head *mount_bucket(const struct vfsmount *parent, const struct dentry *dentry)
{
	return &mount_hashtable[hash_64((unsigned long)parent ^ ((unsigned long)dentry * 31),
					MOUNT_HASH_BITS)];
}

struct vfsmount *alloc_vfsmnt(struct super_block *sb, struct dentry *root, const char *source)
{
	struct vfsmount *mnt = kzalloc(sizeof(*mnt), GFP_KERNEL);

	if (mnt)
		mnt->mnt_source = kstrdup(source ? source : "none", GFP_KERNEL);
	if (!mnt || !mnt->mnt_source) {
		kfree(mnt);
		sb_put(sb);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&mnt->mnt_count, 1);
	mnt->mnt_sb = sb;
	mnt->mnt_root = dget(root);
	INIT_LIST_HEAD(&mnt->mnt_list);
	INIT_LIST_HEAD(&mnt->mnt_mounts);
	INIT_LIST_HEAD(&mnt->mnt_child);
	INIT_HLIST_NODE(&mnt->mnt_hash);
	spin_lock(&mount_lock);
	mnt->mnt_id = next_mnt_id++;
	spin_unlock(&mount_lock);
	return mnt;
}

struct vfsmount *mntget(struct vfsmount *mnt)
{
	if (mnt)
		refcount_inc(&mnt->mnt_count);
	return mnt;
}

void mntput(struct vfsmount *mnt)
{
	struct super_block *sb;

	if (!mnt || !refcount_dec_and_test(&mnt->mnt_count))
		return;
	sb = mnt->mnt_sb;
	dput(mnt->mnt_root);
	kfree(mnt->mnt_source);
	kfree(mnt);
	sb_put(sb);
}

/* ---- Walking ---- */

static struct vfsmount *__lookup_mnt(const struct vfsmount *parent, const struct dentry *dentry)
{
	struct vfsmount *mnt;

	hlist_for_each_entry (mnt, mount_bucket(parent, dentry), mnt_hash) {
		if (mnt->mnt_parent == parent && mnt->mnt_mountpoint == dentry)
			return mnt;
	}
	return NULL;
}

struct vfsmount *lookup_mnt(const struct path *path)
{
	struct vfsmount *mnt;

	spin_lock(&mount_lock);
	mnt = mntget(__lookup_mnt(path->mnt, path->dentry));
	spin_unlock(&mount_lock);
	return mnt;
}

bool follow_mounts(struct path *path)
{
	bool moved = false;

	while (READ_ONCE(path->dentry->d_flags) & DCACHE_MOUNTED) {
		struct vfsmount *mnt = lookup_mnt(path);

		if (!mnt)
			break;
		path_put(path);
		path->mnt = mnt;
		path->dentry = dget(mnt->mnt_root);
		moved = true;
	}
	return moved;
}

bool follow_up(struct path *path)
{
	struct path up;

	spin_lock(&mount_lock);
	up.mnt = mntget(path->mnt->mnt_parent);
	up.dentry = up.mnt ? dget(path->mnt->mnt_mountpoint) : NULL;
	spin_unlock(&mount_lock);
	if (!up.mnt)
		return false;
	path_put(path);
	*path = up;
	return true;
}

bool path_mounted(const struct path *path)
{
	return path->dentry == path->mnt->mnt_root;
}

bool mnt_is_below(struct vfsmount *mnt, struct vfsmount *ancestor)
{
	while (mnt && mnt != ancestor)
		mnt = mnt->mnt_parent;
	return mnt;
}

int mnt_want_write(const struct vfsmount *mnt)
{
	return (mnt->mnt_flags | mnt->mnt_sb->s_flags) & MS_RDONLY ? -EROFS : 0;
}

int mnt_want_write_file(const struct file *file)
{
	return mnt_want_write(file->f_path.mnt);
}

/* ---- The tree; namespace_mutex held ---- */

static void namespace_changed(struct mnt_namespace *ns)
{
	ns->seq++;
	wake_up_poll(&ns->poll, POLLERR | POLLPRI);
}

void attach_mnt(struct vfsmount *mnt, const struct path *path)
{
	struct mnt_namespace *ns = path->mnt->mnt_ns;

	mntget(path->mnt);
	dget(path->dentry);
	spin_lock(&dcache_lock);
	path->dentry->d_flags |= DCACHE_MOUNTED;
	spin_lock(&mount_lock);
	mnt->mnt_parent = path->mnt;
	mnt->mnt_mountpoint = path->dentry;
	hlist_add_head(&mnt->mnt_hash, mount_bucket(path->mnt, path->dentry));
	list_add_tail(&mnt->mnt_child, &path->mnt->mnt_mounts);
	if (list_empty(&mnt->mnt_list))
		list_add_tail(&mnt->mnt_list, &ns->list);
	mnt->mnt_ns = ns;
	namespace_changed(ns);
	spin_unlock(&mount_lock);
	spin_unlock(&dcache_lock);
}

/* dcache_lock and mount_lock held: is anything left that covers @dentry? */
static bool still_mounted_on(struct mnt_namespace *ns, const struct dentry *dentry)
{
	struct vfsmount *mnt;

	list_for_each_entry (mnt, &ns->list, mnt_list) {
		if (mnt->mnt_parent && mnt->mnt_mountpoint == dentry)
			return true;
	}
	return false;
}

void detach_mnt(struct vfsmount *mnt, struct path *path)
{
	spin_lock(&dcache_lock);
	spin_lock(&mount_lock);
	path->mnt = mnt->mnt_parent;
	path->dentry = mnt->mnt_mountpoint;
	mnt->mnt_parent = NULL;
	mnt->mnt_mountpoint = NULL;
	hlist_del_init(&mnt->mnt_hash);
	list_del_init(&mnt->mnt_child);
	if (path->dentry && !still_mounted_on(mnt->mnt_ns, path->dentry))
		path->dentry->d_flags &= ~DCACHE_MOUNTED;
	namespace_changed(mnt->mnt_ns);
	spin_unlock(&mount_lock);
	spin_unlock(&dcache_lock);
}

static struct vfsmount *deepest_mount(struct vfsmount *mnt)
{
	while (!list_empty(&mnt->mnt_mounts))
		mnt = list_last_entry(&mnt->mnt_mounts, struct vfsmount, mnt_child);
	return mnt;
}

void umount_tree(struct vfsmount *top)
{
	LIST_HEAD(gone);
	struct vfsmount *mnt, *next;
	struct path on;

	do {
		mnt = deepest_mount(top);
		detach_mnt(mnt, &on);
		spin_lock(&mount_lock);
		list_move(&mnt->mnt_list, &gone);
		mnt->mnt_ns = NULL;
		/* What it covered is put when the mutex is dropped. */
		mnt->mnt_parent_put = on;
		spin_unlock(&mount_lock);
	} while (mnt != top);
	mutex_unlock(&namespace_mutex);

	list_for_each_entry_safe (mnt, next, &gone, mnt_list) {
		on = mnt->mnt_parent_put;
		list_del_init(&mnt->mnt_list);
		mntput(mnt);
		if (on.mnt)
			path_put(&on);
	}
}

/* ---- rootfs ---- */

/* The first mount: root and working directory of current. */
static void mount_root(const struct file_system_type *type)
{
	struct vfsmount *mnt = kern_mount(type, NULL);
	struct path root;

	if (IS_ERR(mnt))
		panic("cannot mount rootfs: error %ld", PTR_ERR(mnt));
	spin_lock(&mount_lock);
	mnt->mnt_ns = &init_mnt_ns;
	init_mnt_ns.root = mnt;
	list_add_tail(&mnt->mnt_list, &init_mnt_ns.list);
	spin_unlock(&mount_lock);

	if (!current->fs) {
		current->fs = copy_fs_struct(NULL);
		BUG_ON(!current->fs);
	}
	root.mnt = mnt;
	root.dentry = mnt->mnt_root;
	set_fs_root(&root);
	set_fs_pwd(&root);
}

void vfs_init(void)
{
	inode_init();
	dcache_init();
	mount_init();
	fs_struct_init();
	namei_init();
	open_init();
	locks_init();
	pipe_init();
	eventpoll_init();
	anon_inodes_init();
	tmpfs_init();
	mount_root(&rootfs_type);
	devtmpfs_init();
}
