/* SPDX-License-Identifier: MIT */
/* struct fs_struct: a process's root, working directory and umask. */
#include "fs/internal.h"

static struct kmem_cache *fs_cache;

void fs_struct_init(void)
{
	fs_cache = kmem_cache_create("fs_struct", sizeof(struct fs_struct), 0, NULL);
	BUG_ON(!fs_cache);
}

static struct fs_struct *fs_struct_new(void)
{
	struct fs_struct *fs = kmem_cache_zalloc(fs_cache, GFP_KERNEL);

	if (!fs)
		return NULL;
	refcount_set(&fs->users, 1);
	spin_lock_init(&fs->lock, "fs_struct.lock", RANK_FILES);
	fs->umask = 022;
	return fs;
}

struct fs_struct *copy_fs_struct(struct fs_struct *old)
{
	struct fs_struct *fs = fs_struct_new();

	if (!fs)
		return NULL;
	if (!old)
		return fs;
	spin_lock(&old->lock);
	fs->root = old->root;
	fs->pwd = old->pwd;
	fs->umask = old->umask;
	path_get(&fs->root);
	path_get(&fs->pwd);
	spin_unlock(&old->lock);
	return fs;
}

void put_fs_struct(struct fs_struct *fs)
{
	if (!fs || !refcount_dec_and_test(&fs->users))
		return;
	if (fs->root.mnt)
		path_put(&fs->root);
	if (fs->pwd.mnt)
		path_put(&fs->pwd);
	kmem_cache_free(fs_cache, fs);
}

void exit_fs(struct task_struct *task)
{
	struct fs_struct *fs;

	task_lock(task);
	fs = task->fs;
	task->fs = NULL;
	task_unlock(task);
	put_fs_struct(fs);
}

void get_fs_root(struct path *path)
{
	struct fs_struct *fs = current->fs;

	spin_lock(&fs->lock);
	*path = fs->root;
	path_get(path);
	spin_unlock(&fs->lock);
}

void get_fs_pwd(struct path *path)
{
	struct fs_struct *fs = current->fs;

	spin_lock(&fs->lock);
	*path = fs->pwd;
	path_get(path);
	spin_unlock(&fs->lock);
}

static void replace_path(struct fs_struct *fs, struct path *slot, const struct path *path)
{
	struct path old;

	path_get(path);
	spin_lock(&fs->lock);
	old = *slot;
	*slot = *path;
	spin_unlock(&fs->lock);
	if (old.mnt)
		path_put(&old);
}

void set_fs_root(const struct path *path)
{
	replace_path(current->fs, &current->fs->root, path);
}

void set_fs_pwd(const struct path *path)
{
	replace_path(current->fs, &current->fs->pwd, path);
}

long ksys_umask(int mask)
{
	struct fs_struct *fs = current->fs;
	umode_t old;

	spin_lock(&fs->lock);
	old = fs->umask;
	fs->umask = mask & S_IRWXUGO;
	spin_unlock(&fs->lock);
	return old;
}
