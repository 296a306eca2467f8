/* SPDX-License-Identifier: MIT */
/*
 * The virtual file system: inodes, dentries, mounts, path lookup.
 *
 *	inode->i_rwsem (RANK_INODE)	directory contents; file size and writes. Parents first.
 *	rename_mutex (RANK_NAMESPACE)	one cross-directory rename at a time
 *	dcache_lock (RANK_DCACHE)	the tree of names, d_name, hash, LRU, d_flags, d_count 0<->1
 *	mount_lock (RANK_MOUNT)		mount tree (changed only with namespace_mutex held as well)
 *	inode->i_lock			i_mode, i_uid, i_gid, nlink; times are words, stored whole
 *
 * A dentry is cached while its d_count is 0; its parent and its inode are referenced as long as it
 * exists. The names of a memory file system (tmpfs) live in the cache only: such dentries are
 * pinned (d_pin) from creation to removal.
 */
#pragma once

#include "lib/list.h"
#include "lib/refcount.h"
#include "file/file.h"
#include "file/iov_iter.h"
#include "mm/pagecache.h"
#include "abi/dirent.h"
#include "abi/stat.h"
#include "abi/fcntl.h"
#include "abi/time.h"

struct seq_file;
struct siginfo;
struct super_block;
struct inode_operations;
struct dentry_operations;
struct kstatfs;
struct kstat;
struct iattr;
struct mnt_namespace;
struct pipe_inode_info;

struct inode {
	refcount_t i_count;
	umode_t i_mode;
	uid_t i_uid;
	gid_t i_gid;
	dev_t i_rdev;
	u64 i_ino;
	unsigned int i_nlink;
	loff_t i_size;
	u64 i_blocks;				/* 512-byte units */
	s64 i_atime, i_mtime, i_ctime, i_btime; /* ns since 1970, or before */
	struct super_block *i_sb;
	const struct inode_operations *i_op;
	const struct file_operations *i_fop;
	struct address_space *i_mapping; /* &i_data, or another's */
	struct address_space i_data;
	struct rwsem i_rwsem;
	spinlock_t i_lock;
	struct list_head i_sb_list;
	struct hlist_node i_hash;
	/* file system's; pipes: struct pipe_inode_info for FIFOs in i_pipe */
	void *i_private;
	struct pipe_inode_info *i_pipe; /* FIFOs and pipes; i_lock */
	char *i_link;			/* symbolic link kept in memory: the target, kmalloc'd */
	void *i_socket;			/* bound AF_UNIX socket */
	struct list_head i_flock;	/* advisory locks, i_lock */
	unsigned int i_seals;		/* memfd */
	unsigned int i_flags;		/* S_* */
	atomic_t i_writecount;		/* > 0: open for writing; < 0: being executed (ETXTBSY) */
};
/* i_flags */
#define S_NOATIME   0x1
#define S_APPEND    0x4
#define S_IMMUTABLE 0x8
#define S_DEAD	    0x10 /* removed directory: nothing can be made in it */
#define S_TMPFILE   0x20 /* made by O_TMPFILE, not linked yet: link(2) may give it a name */

struct dentry {
	int d_count;	       /* atomic; 0 <-> 1 under dcache_lock; children count in it */
	struct inode *d_inode; /* NULL: negative */
	struct dentry *d_parent;
	char *d_name; /* NUL-terminated, kmalloc'd or d_iname */
	unsigned int d_len;
	u32 d_hash_value;
	struct hlist_node d_hash;
	struct list_head d_children, d_sibling;
	struct list_head d_lru;
	struct super_block *d_sb;
	const struct dentry_operations *d_op;
	unsigned int d_flags;
	char d_iname[32];
};
#define DCACHE_MOUNTED	 0x1
#define DCACHE_UNHASHED	 0x2
#define DCACHE_DONTCACHE 0x4  /* freed as soon as d_count is 0 */
#define DCACHE_PINNED	 0x8  /* d_pin() holds a reference */
#define DCACHE_ROOT	 0x10 /* of a super block */
#define DCACHE_PSEUDO	 0x20 /* of a file without a name */

/* Names in the cache, roughly: some that count as unused may be in use again. */
struct dentry_counts {
	unsigned long all, unused;
	unsigned long negative; /* of the unused: names of no file */
};
void count_dentries(struct dentry_counts *counts);
/* Pages that unused names and the inodes they hold take up. */
unsigned long dcache_reclaimable_pages(void);
/* How readily reclaim takes unused names, in percent of how readily it takes pages; 0: never. */
extern int sysctl_vfs_cache_pressure;

struct dentry_operations {
	bool (*revalidate)(struct dentry *dentry); /* false: look it up again (proc) */
	/* Name shown by d_path when not in a tree ("pipe:[123]"); NULL: normal. */
	int (*dname)(struct dentry *dentry, char *buf, size_t size);
};

/* Directory locked (i_rwsem) by the caller for all but getattr/setattr/get_link/permission. */
struct inode_operations {
	/* Fill @dentry: d_add(dentry, inode or NULL). 0 or error. */
	/* simple_lookup: the dcache is all there is */
	int (*lookup)(struct inode *dir, struct dentry *dentry);
	int (*create)(struct inode *dir, struct dentry *dentry, umode_t mode);
	int (*link)(struct dentry *old, struct inode *dir, struct dentry *dentry);
	int (*unlink)(struct inode *dir, struct dentry *dentry);
	int (*symlink)(struct inode *dir, struct dentry *dentry, const char *target);
	int (*mkdir)(struct inode *dir, struct dentry *dentry, umode_t mode);
	int (*rmdir)(struct inode *dir, struct dentry *dentry);
	int (*mknod)(struct inode *dir, struct dentry *dentry, umode_t mode, dev_t dev);
	int (*rename)(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
		      struct dentry *new, unsigned int flags);
	int (*tmpfile)(struct inode *dir, struct dentry *dentry, umode_t mode);
	/* Target of a symbolic link into buf (NUL-terminated): length or error. */
	int (*readlink)(struct dentry *dentry, char *buf, size_t size);
	/* A link that is a jump, not a name (/proc/PID/fd/N): fills *path with references. 0 or
	 * error. */
	int (*get_link_path)(struct dentry *dentry, struct path *path);
	int (*getattr)(const struct path *path, struct kstat *stat);
	int (*setattr)(struct dentry *dentry, struct iattr *attr); /* i_rwsem held */
	int (*permission)(struct inode *inode, int mask);
};

struct kstat {
	u64 ino, dev, rdev, size, blocks, blksize;
	umode_t mode;
	unsigned int nlink;
	uid_t uid;
	gid_t gid;
	s64 atime, mtime, ctime, btime;	 /* ns since 1970, or before */
	u64 attributes, attributes_mask; /* STATX_ATTR_* */
	u64 mnt_id;
};

struct kstatfs {
	u64 type, bsize, blocks, bfree, bavail, files, ffree;
	u64 namelen, frsize;
};

#define ATTR_MODE      0x01
#define ATTR_UID       0x02
#define ATTR_GID       0x04
#define ATTR_SIZE      0x08
#define ATTR_ATIME     0x10
#define ATTR_MTIME     0x20
#define ATTR_CTIME     0x40
#define ATTR_ATIME_SET 0x80 /* a time given by the user, not now */
#define ATTR_MTIME_SET 0x100
#define ATTR_FORCE     0x200 /* permission was checked, or needs none */
#define ATTR_KILL_PRIV 0x400 /* chown: setuid and setgid bits go */
struct iattr {
	unsigned int valid;
	umode_t mode;
	uid_t uid;
	gid_t gid;
	loff_t size;
	s64 atime, mtime, ctime;
};

struct super_operations {
	/* last reference gone and (nlink 0 or not cached): free contents, fs data */
	void (*evict_inode)(struct inode *inode);
	int (*statfs)(struct super_block *sb, struct kstatfs *st);
	void (*put_super)(struct super_block *sb);
	int (*remount)(struct super_block *sb, unsigned long flags, const char *data);
	/* ",size=4k"; must not sleep */
	void (*show_options)(struct super_block *sb, struct seq_file *m);
};

struct super_block {
	refcount_t s_count;
	dev_t s_dev;
	const struct file_system_type *s_type;
	const struct super_operations *s_op;
	const struct dentry_operations *s_d_op; /* for every dentry; may be NULL */
	struct dentry *s_root;
	/* the mount of a file system without a tree (pipefs); holds the super block for ever */
	struct vfsmount *s_kern_mnt;
	unsigned long s_flags; /* MS_RDONLY... */
	u32 s_magic;
	u64 s_maxbytes;
	struct list_head s_list; /* of all super blocks; super.c has the lock */
	spinlock_t s_lock;	 /* inodes list */
	struct list_head s_inodes;
	void *s_fs_info;
	u64 s_next_ino; /* atomic */
	/* DCACHE_DONTCACHE for file systems that want no cached names */
	unsigned int s_dentry_flags;
};

struct file_system_type {
	const char *name;
	unsigned int flags; /* FS_NODEV shown in /proc/filesystems */
	/* A super block with s_root set; ERR_PTR. May return an existing one (proc) with a
	 * reference. */
	struct super_block *(*mount)(const struct file_system_type *type, unsigned long flags,
				     const char *source, const char *data);
	struct file_system_type *next;
};
#define FS_NODEV 1 /* file_system_type.flags: needs no device (shown in /proc/filesystems) */
void register_filesystem(struct file_system_type *type);

struct vfsmount {
	refcount_t mnt_count;
	struct super_block *mnt_sb;
	struct dentry *mnt_root;		/* root of what is mounted */
	struct vfsmount *mnt_parent;		/* NULL: root of the namespace */
	struct dentry *mnt_mountpoint;		/* in the parent */
	struct hlist_node mnt_hash;		/* by (mnt_parent, mnt_mountpoint) */
	struct list_head mnt_mounts, mnt_child; /* mounts on this one; link in the parent's */
	struct list_head mnt_list;		/* of its namespace, in order of mounting */
	struct mnt_namespace *mnt_ns;
	unsigned long mnt_flags; /* MNT_/MS_ NOSUID, NODEV, NOEXEC, RDONLY */
	atomic_t mnt_writers;	 /* regular files open for writing by way of it */
	int mnt_id;
	char *mnt_source;
	struct path mnt_parent_put; /* umount_tree: what it covered */
};

/* struct fs_struct: root, working directory, umask. CLONE_FS shares it. */
struct fs_struct {
	refcount_t users;
	spinlock_t lock;
	struct path root, pwd;
	umode_t umask;
};
struct fs_struct *copy_fs_struct(struct fs_struct *old);
void put_fs_struct(struct fs_struct *fs); /* may sleep */
void exit_fs(struct task_struct *task);
/* of current, with references */
void get_fs_root(struct path *path), get_fs_pwd(struct path *path);
void set_fs_root(const struct path *path), set_fs_pwd(const struct path *path);

/* ---- References ---- */
void path_get(const struct path *path);
void path_put(const struct path *path);
struct inode *igrab(struct inode *inode);
void iput(struct inode *inode); /* may sleep */
struct dentry *dget(struct dentry *dentry);
void dput(struct dentry *dentry); /* may sleep */
struct vfsmount *mntget(struct vfsmount *mnt);
void mntput(struct vfsmount *mnt);

/* ---- Inodes and dentries for file systems ---- */
/* i_count 1, ino assigned, times now; NULL: no memory */
struct inode *new_inode(struct super_block *sb);
/* fsuid, setgid directories */
void inode_init_owner(struct inode *inode, const struct inode *dir, umode_t mode);
struct dentry *d_alloc(struct dentry *parent, const char *name, size_t len); /* not hashed; NULL */
struct dentry *d_make_root(struct inode *inode); /* takes the inode; NULL: inode put */
/* hash, attach inode (reference taken over) or negative */
void d_add(struct dentry *dentry, struct inode *inode);
void d_instantiate(struct dentry *dentry, struct inode *inode);
/* cached one, referenced, or NULL */
struct dentry *d_lookup(struct dentry *parent, const char *name, size_t len);
void d_drop(struct dentry *dentry);
void d_invalidate_tree(struct dentry *dentry); /* unhash it and all below (proc) */
/* A name that exists in memory only: stays until d_unpin(). Directory locked. */
void d_pin(struct dentry *dentry);
void d_unpin(struct dentry *dentry); /* unhashes too; the caller has a reference of its own */
/* rename: @dentry takes @target's name and place; with @exchange @target takes @dentry's.
 * Directories locked. */
void d_move(struct dentry *dentry, struct dentry *target, bool exchange);
/* A copy of the dentry's present name in @buf (NAME_MAX + 1). */
void d_copy_name(struct dentry *dentry, char *buf);
/* lookup operation of file systems whose names all are in the dcache: makes a negative dentry. */
int simple_lookup(struct inode *dir, struct dentry *dentry);
int simple_empty_dir(struct dentry *dentry); /* true if it has no hashed, positive child */
/* The dcache's children as directory entries: iterate, llseek and release for such file systems. */
extern const struct file_operations simple_dir_operations;
/* s_count 1, an anonymous device number, no root. NULL: no memory. */
struct super_block *sb_alloc(const struct file_system_type *type, const struct super_operations *op,
			     u32 magic);
/* last one: cached names and inodes go, then put_super; may sleep */
void sb_put(struct super_block *sb);
/* A file system without a tree for files that have no path (pipes, sockets): its mount is for ever.
 * @name: of the type, as shown by d_path as "name:[ino]" unless @d_op says otherwise (NULL). Boot
 * only: panics when out of memory. */
struct super_block *pseudo_sb_create(const char *name, u32 magic,
				     const struct dentry_operations *d_op);
u64 current_time_ns(void); /* wall clock for stamps */
dev_t get_anon_dev(void);
void touch_atime(struct file *file); /* by the mount's and the file's rules (relatime) */
void touch_atime_path(const struct path *path);
void file_update_time(struct inode *inode); /* mtime, ctime */
loff_t i_size_read(struct inode *inode);
void i_size_write(struct inode *inode, loff_t size);
void inc_nlink(struct inode *inode), drop_nlink(struct inode *inode);
int simple_getattr(const struct path *path, struct kstat *stat);
int simple_setattr(struct dentry *dentry, struct iattr *attr);
/* char, block, FIFO, socket */
void init_special_inode(struct inode *inode, umode_t mode, dev_t rdev);

/* ---- Path lookup (fs/namei.c). All may sleep; current's root and working directory; permission
 * checked. ---- */
#define LOOKUP_FOLLOW	     0x1
#define LOOKUP_DIRECTORY     0x2
#define LOOKUP_PARENT	     0x4
#define LOOKUP_EMPTY	     0x8 /* "" means @dfd itself (AT_EMPTY_PATH) */
#define LOOKUP_CREATE	     0x10
#define LOOKUP_NO_XDEV	     0x20
#define LOOKUP_BENEATH	     0x40
#define LOOKUP_NO_SYMLINKS   0x80
#define LOOKUP_IN_ROOT	     0x100
#define LOOKUP_NO_MAGICLINKS 0x200
#define LOOKUP_CACHED	     0x400 /* -EAGAIN rather than ask the file system */

/* @name: kernel string. *path receives references. 0 or -ENOENT, -ENOTDIR, -ELOOP, -EACCES,
 * -ENAMETOOLONG... */
int filename_lookup(int dfd, const char *name, unsigned int flags, struct path *path);
int kern_path(const char *name, unsigned int flags, struct path *path);
/* The same with a user string. */
int user_path_at(int dfd, const char __user *name, unsigned int flags, struct path *path);
/* User string into a kernel buffer (names_cache); ERR_PTR(-EFAULT, -ENAMETOOLONG, -ENOENT if empty
 * and !empty_ok). Free with putname. */
char *getname(const char __user *name, bool empty_ok);
void putname(char *name);

/* open(2)'s body: a file, ERR_PTR. */
struct file *do_filp_open(int dfd, const char *name, int flags, umode_t mode,
			  unsigned int lookup_flags);
struct file *filp_open(const char *name, int flags, umode_t mode);
/* A file on an inode that has no path worth having (pipes, memfd, eventfd): takes the inode's
 * reference, also when it fails. The inode's super block has an s_kern_mnt. fops->open is not
 * called. ERR_PTR. */
struct file *alloc_file_pseudo(struct inode *inode, const char *name, unsigned int flags,
			       const struct file_operations *fops);
/* Another one on the same path (the other end of a pipe). ERR_PTR. */
struct file *alloc_file_clone(struct file *base, unsigned int flags,
			      const struct file_operations *fops);
/* exec: regular file, execute permission, no noexec mount; deny nothing else. ERR_PTR(-EACCES,
 * -ENOENT...). */
struct file *open_exec(int dfd, const char *name, int flags);
ssize_t kernel_read(struct file *file, void *buf, size_t len, loff_t *pos);
ssize_t kernel_write(struct file *file, const void *buf, size_t len, loff_t *pos);

/* 0 or -EACCES (-EROFS, -EPERM) for mask MAY_* with current's fsuid/fsgid and capabilities. */
#define MAY_EXEC   1
#define MAY_WRITE  2
#define MAY_READ   4
#define MAY_APPEND 8
#define MAY_CHDIR  0x40
int inode_permission(struct inode *inode, int mask);
/* by mode and owner; for i_op->permission to use */
int generic_permission(struct inode *inode, int mask);
bool inode_owner_or_capable(const struct inode *inode);
/* What memfd_create() does without MFD_EXEC and MFD_NOEXEC_SEAL: 0: as with the first, 1: as with
 * the second; 2: as 1, and MFD_EXEC is refused. Any task context. */
extern int sysctl_memfd_noexec;
int notify_change(struct dentry *dentry, struct iattr *attr); /* checks + setattr; i_rwsem taken */
int do_truncate(struct dentry *dentry, loff_t length);
int vfs_getattr(const struct path *path, struct kstat *stat);
int vfs_mkdir_path(const char *name, umode_t mode); /* boot and init */
int vfs_mknod_path(const char *name, umode_t mode, dev_t dev);

/* Absolute path of @path seen from current's root, in buf (from its end backwards): start, or
 * ERR_PTR(-ENAMETOOLONG). " (deleted)" appended; "(unreachable)" prefix as Linux does. */
char *d_path(const struct path *path, char *buf, size_t size);

/* iterate(): emit one entry; false: buffer full, stop. */
struct dir_context {
	bool (*actor)(struct dir_context *ctx, const char *name, size_t len, loff_t pos, u64 ino,
		      unsigned int type);
	loff_t pos;
};
bool dir_emit(struct dir_context *ctx, const char *name, size_t len, u64 ino, unsigned int type);
bool dir_emit_dots(struct file *file, struct dir_context *ctx); /* positions 0 and 1 */

/* ---- Devices: 12 bits of major and 20 bits of minor number ---- */
#define MKDEV(ma, mi) (((dev_t)(ma) << 20) | (mi))
#define MAJOR(dev)    ((unsigned int)((dev) >> 20))
#define MINOR(dev)    ((unsigned int)((dev)&0xfffff))
/* As stat(2) and mknod(2) write them: minor bits 0-7, major, minor bits 8-19. */
static inline u32 new_encode_dev(dev_t dev)
{
	return (MINOR(dev) & 0xff) | (MAJOR(dev) << 8) | ((MINOR(dev) & ~0xffu) << 12);
}
static inline dev_t new_decode_dev(u32 dev)
{
	return MKDEV((dev & 0xfff00) >> 8, (dev & 0xff) | ((dev >> 12) & 0xfff00));
}
/* Character devices: open() on (major, minor) uses @fops; also makes the node in devtmpfs with
 * @name (may hold '/') and mode. 0 or errno. */
int register_chrdev(unsigned int major, unsigned int minor, unsigned int count, const char *name,
		    umode_t mode, const struct file_operations *fops, void *private_data);
void *chrdev_private(struct inode *inode);
/* Call @fn for each registration, latest first. @fn must not sleep. */
void chrdev_for_each(void (*fn)(void *arg, unsigned int major, const char *name), void *arg);
/* A further name in devtmpfs: a symbolic link, a directory. 0 or errno. */
int devtmpfs_symlink(const char *name, const char *target);
int devtmpfs_mkdir(const char *name, umode_t mode);
/* A node that comes and goes (pty slaves have devpts; this is for the rest). 0 or errno. */
int devtmpfs_create_node(const char *name, umode_t mode, dev_t dev);
int devtmpfs_delete_node(const char *name);

/* ---- poll ---- */
struct poll_table {
	void (*qproc)(struct file *file, struct wait_queue_head *wq, struct poll_table *pt);
};
static inline void poll_wait(struct file *file, struct wait_queue_head *wq, struct poll_table *pt)
{
	if (pt && pt->qproc)
		pt->qproc(file, wq, pt);
}
unsigned int vfs_poll(struct file *file, struct poll_table *pt);

/* ---- Pieces of file_operations for file systems ---- */
/* SEEK_DATA/HOLE: no holes */
loff_t generic_file_llseek(struct file *file, loff_t offset, int whence);
loff_t generic_file_llseek_size(struct file *file, loff_t offset, int whence, loff_t maxsize,
				loff_t eof);
loff_t noop_llseek(struct file *file, loff_t offset, int whence); /* stays where it is */
int noop_fsync(struct file *file, loff_t start, loff_t end, int datasync);
ssize_t generic_read_dir(struct file *file, struct iov_iter *to, loff_t *pos); /* -EISDIR */
/* Copy of @len bytes at @from to @to as read_iter would. */
ssize_t simple_read_from_buffer(struct iov_iter *to, loff_t *pos, const void *from, size_t len);
/* What every write to a regular file checks first, i_rwsem held: *pos by O_APPEND, *count by
 * RLIMIT_FSIZE (SIGXFSZ, -EFBIG) and the largest file; setuid bits go. Bytes that may be written
 * (<= @count), 0 for nothing, or an error. */
ssize_t generic_write_checks(struct file *file, loff_t *pos, size_t count);
int file_remove_privs(struct file *file); /* i_rwsem held */
/* Open, 0 and errors: common part for nonseekable streams. */
int stream_open(struct inode *inode, struct file *file);
int nonseekable_open(struct inode *inode, struct file *file);

/* A file with an anonymous inode ("anon_inode:[eventfd]"): the file, or its new descriptor.
 * ERR_PTR, errno. */
struct file *anon_inode_getfile(const char *name, const struct file_operations *fops,
				void *private_data, int flags);
/* The wall clock was set: absolute timers follow it. */
void timerfd_clock_was_set(void);
int anon_inode_getfd(const char *name, const struct file_operations *fops, void *private_data,
		     int flags);

/* ---- Hooks: what fs/ asks of the floors above, which set them at boot ---- */
extern void (*sigpipe_hook)(void); /* SIGPIPE to current (write to a pipe nobody reads) */
extern void (*sigxfsz_hook)(void); /* SIGXFSZ to current */
/* Take one pending signal of current whose bit is in @mask off its queues: its number (info
 * filled), or 0. */
extern int (*signalfd_dequeue_hook)(u64 mask, struct siginfo *info);

/* ---- Mounts ---- */
extern struct mnt_namespace init_mnt_ns;
int do_mount(const char *source, const char *target, const char *type, unsigned long flags,
	     const char *data);
int do_umount(const char *target, int flags);
int do_pivot_root(const char *new_root, const char *put_old);
/* A file system mounted nowhere, for the kernel's own use. ERR_PTR. */
struct vfsmount *kern_mount(const struct file_system_type *type, const char *data);
struct file_system_type *get_fs_type(const char *name);
/* Is @dentry of @mnt the root of that mount? / Is anything mounted on it? */
bool path_mounted(const struct path *path);
/* Print /proc/PID/mounts (or mountinfo) of a process whose root directory is @root;
 * /proc/filesystems. 0 or -ENOMEM. May sleep. */
int show_mounts(struct seq_file *m, const struct path *root),
	show_mountinfo(struct seq_file *m, const struct path *root);
int show_filesystems(struct seq_file *m);

/* Boot: caches, file systems, hooks; rootfs (tmpfs) mounted as / of current, which init inherits.
 * Panics when out of memory. */
void vfs_init(void);
/* Unpack an archive (cpio newc, plain or gzip, or several one after another) into /. 0, -EINVAL
 * (bad archive; what came before the bad member stays), -ENOMEM, -ENOSPC. @data is only read. */
int initramfs_unpack(const void *data, size_t len);
/* The same for boot_info's initrd, whose pages then go to the page allocator. 0 when there is none.
 */
int initramfs_load(void);
