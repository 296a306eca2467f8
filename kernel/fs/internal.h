/* SPDX-License-Identifier: MIT */
/* What the files of fs/ share among themselves. */
#pragma once

#include "fs/fs.h"
#include "lib/err.h"
#include "lib/string.h"
#include "page/slab.h"
#include "task/task.h"
#include "sched/sched.h"
#include "abi/errno.h"
#include "mm/uaccess.h"
#include "abi/mount.h"
#include "fs/syscalls.h"

/* ---- inode.c ---- */
void inode_init(void);
/* Wait-free: cached regular pages of the inode written back. 0 or -EIO... */
void sync_inodes_sb(struct super_block *sb);
void sync_all_sbs(void);

/* ---- dcache.c ---- */
extern spinlock_t dcache_lock;
void dcache_init(void);
static inline bool d_is_negative(const struct dentry *dentry)
{
	return !READ_ONCE(dentry->d_inode);
}
static inline bool d_unlinked(const struct dentry *dentry)
{
	return (dentry->d_flags & (DCACHE_UNHASHED | DCACHE_ROOT)) == DCACHE_UNHASHED;
}
/* Walk @name (which begins with a component) down from *dentry as far as it is cached, permitted by
 * modes alone, and neither covered by a mount nor a link; never over the last component, nor one
 * that begins with a dot. *dentry's reference moves along. Returns the rest, and in *name_end where
 * its first component ends. *found: the rest's first component with a reference, if it is cached
 * (perhaps as missing), may be searched for, and needs no more than step_into; NULL. */
const char *d_walk_cached(struct dentry **dentry, const char *name, const char **name_end,
			  struct dentry **found);
/* For a file without a place in a tree. NULL: no memory. */
struct dentry *d_alloc_pseudo(struct super_block *sb, const char *name);
/* O_TMPFILE: @dentry shows as a deleted "#number" in @dir. */
void d_name_tmpfile(struct dentry *dentry, struct dentry *dir);
/* Parent with a reference. */
struct dentry *dget_parent(struct dentry *dentry);
/* Is @ancestor @dentry or above it? dcache_lock not held; stable only while renames are excluded.
 */
bool is_subdir(struct dentry *dentry, struct dentry *ancestor);
/* Free every unused dentry of @sb; drop pins first if @all. */
void shrink_dcache_sb(struct super_block *sb, bool all);

/* ---- d_path.c ---- */
/* Path of @path below @root into the end of buf; NULL: it is not below it, or too long. dcache_lock
 * and mount_lock held. */
char *path_below_locked(const struct path *path, const struct path *root, char *buf, size_t size);

/* ---- mount.c ---- */
extern spinlock_t mount_lock;
extern struct mutex namespace_mutex; /* RANK_NAMESPACE */
struct mnt_namespace {
	refcount_t count;
	struct vfsmount *root; /* mount_lock */
	struct list_head list; /* every mount, in order of mounting; mount_lock */
	u64 seq;	       /* changes; mount_lock */
	struct wait_queue_head poll;
};
/* The mount on @path, with a reference; NULL. */
struct vfsmount *lookup_mnt(const struct path *path);
/* Go down to the topmost mount on *path: consumes and returns references. True if it moved. */
bool follow_mounts(struct path *path);
/* One step up from the root of a mount to its mount point; false at the top. */
bool follow_up(struct path *path);
/* May something be changed below @mnt? 0 or -EROFS. */
int mnt_want_write(const struct vfsmount *mnt);
int mnt_want_write_file(const struct file *file);
void mount_init(void);
/* Takes the reference to @sb over, also when it fails. ERR_PTR. */
struct vfsmount *alloc_vfsmnt(struct super_block *sb, struct dentry *root, const char *source);
/* takes mnt's reference over; namespace_mutex held */
void attach_mnt(struct vfsmount *mnt, const struct path *path);
/* Off the tree: the caller receives its reference, and in *path what it was mounted on (to be put).
 * namespace_mutex held. */
void detach_mnt(struct vfsmount *mnt, struct path *path);
/* with all below it; namespace_mutex held and dropped by it */
void umount_tree(struct vfsmount *mnt);
bool mnt_is_below(struct vfsmount *mnt, struct vfsmount *ancestor);

/* ---- namei.c ---- */
struct qstr {
	const char *name; /* not NUL-terminated */
	unsigned int len;
};
enum last_type { LAST_NORM, LAST_ROOT, LAST_DOT, LAST_DOTDOT };
#define MAXSYMLINKS 40

struct nameidata {
	struct path path; /* where the walk stands; references */
	struct path root; /* of absolute names and ".."; references; mnt NULL until needed */
	struct qstr last; /* last component, after path_parent */
	enum last_type last_type;
	unsigned int flags; /* LOOKUP_* */
	int dfd;
	unsigned int depth, total_links;
	char *link_buf; /* target of the trailing link that is being walked */
	struct {
		const char *rest; /* of the name that contained the link */
		char *buf;	  /* the target being walked */
	} stack[MAXSYMLINKS];
};

void namei_init(void);
void nd_init(struct nameidata *nd, int dfd, unsigned int flags);
void nd_end(struct nameidata *nd); /* drops everything */
/* Walk to the parent of @name: nd->path, nd->last (valid while @name and @nd are), nd->last_type.
 */
int path_parent(struct nameidata *nd, const char *name);
/* Look the last component up: nd->path becomes what it names. If that is a link to be followed,
 * *link is its target (give it to path_continue), else NULL. */
int walk_last(struct nameidata *nd, char **link);
/* Walk on along a link's target (taken over), to the parent of what it names. */
int path_continue(struct nameidata *nd, char *link);
/* walk_last's second half, for a dentry that was looked up (reference taken over) in nd->path. */
int step_into(struct nameidata *nd, struct dentry *dentry, bool follow, char **link);
/* Cached name, or asked from the file system (which locks the directory): referenced, maybe
 * negative; ERR_PTR. */
struct dentry *lookup_child(struct nameidata *nd);
/* Look @last up in the locked directory: a dentry (maybe negative), referenced; ERR_PTR. */
struct dentry *lookup_one_locked(struct dentry *parent, const char *name, size_t len);
static inline bool nd_trailing_slash(const struct nameidata *nd)
{
	return nd->last.name[nd->last.len] == '/';
}
/* Parent of @name locked for creating the last component: a negative dentry; *path: the parent.
 * -EEXIST... Undo with done_path_create(). @is_dir: a trailing slash is allowed. */
struct dentry *path_create(int dfd, const char *name, bool is_dir, struct path *path);
void done_path_create(struct path *path, struct dentry *dentry);
struct dentry *user_path_create(int dfd, const char __user *name, bool is_dir, struct path *path);

/* ---- permission.c ---- */
int may_create(struct inode *dir);
int may_delete(struct inode *dir, struct dentry *victim, bool is_dir);
bool check_sticky(const struct inode *dir, const struct inode *victim); /* true: forbidden */

/* ---- namei_ops.c ---- */
int vfs_create(struct inode *dir, struct dentry *dentry, umode_t mode);
int vfs_mkdir(struct inode *dir, struct dentry *dentry, umode_t mode);
int vfs_mknod(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev);
int vfs_symlink(struct inode *dir, struct dentry *dentry, const char *target);
int vfs_link(struct dentry *old, struct inode *dir, struct dentry *dentry);
int vfs_unlink(struct inode *dir, struct dentry *dentry);
int vfs_rmdir(struct inode *dir, struct dentry *dentry);

/* ---- open.c ---- */
int do_dentry_open(struct file *file, struct inode *inode);
struct file *dentry_open(const struct path *path, int flags, const struct cred *cred);
void open_init(void);
int get_write_access(struct inode *inode);
void put_write_access(struct inode *inode);

/* ---- attr.c ---- */
int setattr_prepare(struct dentry *dentry, struct iattr *attr);
void setattr_copy(struct inode *inode, const struct iattr *attr);
/* One time given by a user (tv_nsec may be UTIME_NOW, UTIME_OMIT). */
int do_utimes(int dfd, const char __user *name, const struct timespec *times, int flags);

/* ---- read_write.c ---- */
ssize_t vfs_read(struct file *file, void __user *buf, size_t count, loff_t *pos);
ssize_t vfs_write(struct file *file, const void __user *buf, size_t count, loff_t *pos);
ssize_t vfs_iter_read(struct file *file, struct iov_iter *iter, loff_t *pos);
ssize_t vfs_iter_write(struct file *file, struct iov_iter *iter, loff_t *pos);
/* Descriptor for a call that uses f_pos: locked against other users of the position where needed.
 */
struct fd fdget_pos(unsigned int fd, bool *locked);
void fdput_pos(struct fd f, bool locked);
loff_t vfs_llseek(struct file *file, loff_t offset, int whence);

/* ---- pipe.c, fifo.c ---- */
void pipe_init(void);
extern const struct file_operations pipefifo_fops, fifo_fops;
struct pipe_inode_info *pipe_of_file(struct file *file); /* NULL: not a pipe */
long pipe_fcntl(struct file *file, unsigned int cmd, unsigned long arg);
void free_inode_pipe(struct inode *inode);

/* ---- locks.c, flock.c ---- */
void locks_remove_file(struct file *file); /* last reference */
void locks_remove_posix(struct file *file, const void *owner);
long fcntl_getlk(struct file *file, unsigned int cmd, struct flock __user *arg);
long fcntl_setlk(unsigned int fd, struct file *file, unsigned int cmd, struct flock __user *arg);
void locks_init(void);

/* ---- epoll.c, select.c ---- */
void eventpoll_release_file(struct file *file);
void eventpoll_init(void);

/* ---- tmpfs.c, shmem.c ---- */
void tmpfs_init(void);
/* At the end of booting: rootfs may take half of the memory that is free now; beyond it, -ENOSPC.
 */
void rootfs_limit(void);
extern struct file_system_type tmpfs_type, ramfs_type, rootfs_type, devtmpfs_type;
long memfd_fcntl(struct file *file, unsigned int cmd, unsigned long arg);

/* ---- the rest of boot ---- */
void anon_inodes_init(void);
void devtmpfs_init(void);
void fs_struct_init(void);
extern const struct file_operations def_chr_fops, def_blk_fops, no_open_fops;
