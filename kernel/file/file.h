/* SPDX-License-Identifier: MIT */
/*
 * Open files and descriptor tables: references and operation tables only. A struct file is one
 * open(2): shared by dup,
 * fork and SCM_RIGHTS. What it stands for is behind f_op and f_inode.
 */
#pragma once

#include "lib/refcount.h"
#include "lib/list.h"
#include "base/spinlock.h"
#include "sched/mutex.h"
#include "abi/fcntl.h"
#include "abi/poll.h"

struct inode;
struct dentry;
struct vfsmount;
struct address_space;
struct vm_area_struct;
struct file;
struct files_struct;
struct task_struct;
struct cred;
struct poll_table;
struct iov_iter;
struct dir_context;

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

/* f_mode */
#define FMODE_READ	0x1u
#define FMODE_WRITE	0x2u
#define FMODE_LSEEK	0x4u	/* has a position */
#define FMODE_PREAD	0x8u
#define FMODE_PWRITE	0x10u
#define FMODE_EXEC	0x20u
#define FMODE_UNSIGNED_OFFSET 0x2000u /* negative positions are large ones: addresses */
#define FMODE_PATH	0x4000u /* O_PATH */
#define FMODE_STREAM	0x8000u /* no f_pos lock: pipes, sockets, ttys */
#define FMODE_WRITER	0x10000u /* counted as a writer of its inode and mount */

/*
 * Every operation may sleep and is called without locks, but for those fd-position ones that hold
 * f_pos_lock. NULL means: read, write:
 * -EINVAL; llseek: -ESPIPE; ioctl: -ENOTTY; poll: always ready; mmap: -ENODEV; fsync: -EINVAL.
 */
struct file_operations {
	/* Bytes moved (maybe fewer), 0 at end of file, or an error. *pos is advanced. */
	ssize_t (*read_iter)(struct file *file, struct iov_iter *to, loff_t *pos);
	ssize_t (*write_iter)(struct file *file, struct iov_iter *from, loff_t *pos);
	loff_t (*llseek)(struct file *file, loff_t offset, int whence);
	int (*iterate)(struct file *file, struct dir_context *ctx); /* directories; i_rwsem held for reading */
	/* Ready events; calls poll_wait() for each queue that announces changes. */
	unsigned int (*poll)(struct file *file, struct poll_table *pt);
	long (*ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	/* Set vma->vm_ops (and flags); mmap_lock held for writing. 0 or an error. */
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	int (*open)(struct inode *inode, struct file *file);
	int (*flush)(struct file *file);			/* each close(2) of a descriptor */
	void (*release)(struct inode *inode, struct file *file); /* last reference gone */
	int (*fsync)(struct file *file, loff_t start, loff_t end, int datasync);
	long (*fallocate)(struct file *file, int mode, loff_t offset, loff_t len);
	void (*show_fdinfo)(struct file *file, char *buf, size_t size);
	/* Where anonymous get_unmapped_area would not do; NULL: mm's own. */
	unsigned long (*get_unmapped_area)(struct file *file, unsigned long addr, unsigned long len,
					   unsigned long pgoff, unsigned long flags);
};

struct file {
	refcount_t f_count;
	unsigned int f_mode;		/* constant after open */
	unsigned int f_flags;		/* O_*; f_lock to change (F_SETFL) */
	const struct file_operations *f_op;
	struct path f_path;		/* constant; holds references */
	struct inode *f_inode;
	struct address_space *f_mapping; /* page cache, NULL if none */
	loff_t f_pos;			/* f_pos_lock */
	struct mutex f_pos_lock;
	spinlock_t f_lock;
	const struct cred *f_cred;
	void *private_data;
	int f_owner_pid, f_owner_sig;	/* F_SETOWN (negative: a group), F_SETSIG; f_lock */
	int f_owner_type;		/* F_OWNER_* */
	struct list_head f_ep_links;	/* epoll items watching it; f_lock */
};

/* Boot: caches and limits. */
void file_init(void);
void fdtable_init(void);
/* A fresh file: refcount 1, no inode. ERR_PTR(-ENFILE / -ENOMEM). May sleep. */
struct file *alloc_empty_file(unsigned int flags, const struct cred *cred);
struct file *get_file(struct file *file);
/* Drop a reference; the last calls release (set by fs/ as a hook: dput, mntput, iput). May sleep;
 * no locks held. */
void fput(struct file *file);
/* Called by the last fput(): calls f_op->release (an open that failed sets f_op to NULL first),
 * drops f_path and f_inode; cred and
 * memory are freed after it. Not set: the last fput() calls f_op->release itself. */
extern void (*file_release_hook)(struct file *file);
/* Of each close of a descriptor in table @files, after f_op->flush and before fput() (record
 * locks). May be NULL. */
extern void (*file_close_hook)(struct file *file, struct files_struct *files);
/* A descriptor of table @files (NULL: none) that stood for @file is gone: flush, hook, fput.
 * flush's result. May sleep. */
int filp_close(struct file *file, struct files_struct *files);

/* ---- Descriptor tables ---- */

#define NR_OPEN_DEFAULT 64

extern unsigned int sysctl_nr_open; /* upper bound of every RLIMIT_NOFILE, /proc/sys/fs/nr_open */

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *open_fds, *close_on_exec;
};

struct files_struct {
	refcount_t count;	 /* CLONE_FILES sharers */
	spinlock_t lock;	 /* all below */
	unsigned int next_fd;
	struct fdtable fdt;
	struct file *fd_array[NR_OPEN_DEFAULT];
	unsigned long open_fds_init[1], close_on_exec_init[1];
};

struct files_struct *alloc_files(void);
/* A copy with references to the same files (fork). ERR_PTR(-ENOMEM). May sleep. */
struct files_struct *dup_fd(struct files_struct *old);
/* Drop a task's reference; the last closes everything. May sleep. */
void put_files_struct(struct files_struct *files);
void exit_files(struct task_struct *task);
/* exec: own table if shared, then close what is marked. 0 or -ENOMEM. */
int unshare_files(void);
void do_close_on_exec(struct files_struct *files);

/* Lowest free descriptor >= @start, reserved (its file is NULL until fd_install). -EMFILE,
 * -ENOMEM. */
int get_unused_fd_from(unsigned int start, unsigned int flags);
#define get_unused_fd_flags(flags) get_unused_fd_from(0, flags)
void put_unused_fd(unsigned int fd);
void fd_install(unsigned int fd, struct file *file); /* takes the reference over */
/* The file of current's descriptor with a reference, or NULL (also for O_PATH files). */
struct file *fget(unsigned int fd);
struct file *fget_raw(unsigned int fd); /* O_PATH too */
/* fget without a counted reference when the table is not shared: pair with fdput. */
struct fd {
	struct file *file;
	bool need_put;
};
struct fd fdget(unsigned int fd);
struct fd fdget_raw(unsigned int fd);
static inline void fdput(struct fd f)
{
	if (f.need_put)
		fput(f.file);
}
/* File of another task's descriptor, with a reference; NULL. For /proc/PID/fd. */
struct file *fget_task(struct task_struct *task, unsigned int fd);
/* Next open descriptor >= fd of @task, or -1. */
int next_fd_task(struct task_struct *task, unsigned int fd);
int close_fd(unsigned int fd);			/* 0 or -EBADF (and flush's error) */
int do_dup2(struct file *file, unsigned int fd, unsigned int flags); /* takes a reference of its own; returns fd or error */
int close_range(unsigned int first, unsigned int last, unsigned int flags);
bool get_close_on_exec(unsigned int fd);
void set_close_on_exec(unsigned int fd, bool on);

extern unsigned long nr_files, files_max; /* /proc/sys/fs/file-nr; nr_files atomic */
