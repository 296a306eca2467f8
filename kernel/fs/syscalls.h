/* SPDX-License-Identifier: MIT */
/*
 * The bodies of the file-system calls, one for each: arguments as the user gave them (pointers are
 * user pointers), the result or a negative errno. All may sleep; called without locks. Arguments of
 * 32 bits are taken as the ABI gives them: the thin sys_ wrapper casts.
 */
#pragma once

#include "lib/types.h"
#include "abi/fcntl.h"
#include "abi/uio.h"

struct stat;
struct statx;
struct statfs;
struct timespec;
struct timeval;
struct utimbuf;
struct itimerspec;
struct linux_dirent;
struct linux_dirent64;
struct pollfd;
struct epoll_event;

/* ---- open.c ---- */
long ksys_open(const char __user *name, int flags, umode_t mode);
long ksys_openat(int dfd, const char __user *name, int flags, umode_t mode);
long ksys_openat2(int dfd, const char __user *name, const struct open_how __user *how, size_t size);
long ksys_creat(const char __user *name, umode_t mode);
long ksys_close(unsigned int fd);
long ksys_close_range(unsigned int first, unsigned int last, unsigned int flags);
long ksys_access(const char __user *name, int mode);
long ksys_faccessat(int dfd, const char __user *name, int mode);
long ksys_faccessat2(int dfd, const char __user *name, int mode, int flags);
long ksys_chdir(const char __user *name);
long ksys_fchdir(unsigned int fd);
long ksys_chroot(const char __user *name);
long ksys_getcwd(char __user *buf, size_t size);
long ksys_umask(int mask);

/* ---- read_write.c, readv.c ---- */
long ksys_read(unsigned int fd, void __user *buf, size_t count);
long ksys_write(unsigned int fd, const void __user *buf, size_t count);
long ksys_pread64(unsigned int fd, void __user *buf, size_t count, loff_t pos);
long ksys_pwrite64(unsigned int fd, const void __user *buf, size_t count, loff_t pos);
long ksys_lseek(unsigned int fd, off_t offset, unsigned int whence);
long ksys_readv(unsigned long fd, const struct iovec __user *vec, unsigned long vlen);
long ksys_writev(unsigned long fd, const struct iovec __user *vec, unsigned long vlen);
long ksys_preadv(unsigned long fd, const struct iovec __user *vec, unsigned long vlen, loff_t pos);
long ksys_pwritev(unsigned long fd, const struct iovec __user *vec, unsigned long vlen, loff_t pos);
long ksys_preadv2(unsigned long fd, const struct iovec __user *vec, unsigned long vlen,
		  unsigned long pos_low, unsigned long pos_high, int flags);
long ksys_pwritev2(unsigned long fd, const struct iovec __user *vec, unsigned long vlen,
		   unsigned long pos_low, unsigned long pos_high, int flags);

/* ---- splice.c ---- */
long ksys_sendfile(int out_fd, int in_fd, off_t __user *offset, size_t count);
long ksys_copy_file_range(int in_fd, loff_t __user *in_off, int out_fd, loff_t __user *out_off,
			  size_t len, unsigned int flags);
long ksys_splice(int in_fd, loff_t __user *in_off, int out_fd, loff_t __user *out_off, size_t len,
		 unsigned int flags);
long ksys_tee(int in_fd, int out_fd, size_t len, unsigned int flags);
long ksys_vmsplice(int fd, const struct iovec __user *vec, unsigned long vlen, unsigned int flags);

/* ---- stat.c, statfs.c ---- */
long ksys_stat(const char __user *name, struct stat __user *st);
long ksys_lstat(const char __user *name, struct stat __user *st);
long ksys_fstat(unsigned int fd, struct stat __user *st);
long ksys_newfstatat(int dfd, const char __user *name, struct stat __user *st, int flags);
long ksys_statx(int dfd, const char __user *name, unsigned int flags, unsigned int mask,
		struct statx __user *st);
long ksys_readlink(const char __user *name, char __user *buf, int size);
long ksys_readlinkat(int dfd, const char __user *name, char __user *buf, int size);
long ksys_statfs(const char __user *name, struct statfs __user *st);
long ksys_fstatfs(unsigned int fd, struct statfs __user *st);

/* ---- namei_ops.c, rename.c ---- */
long ksys_mkdir(const char __user *name, umode_t mode);
long ksys_mkdirat(int dfd, const char __user *name, umode_t mode);
long ksys_mknod(const char __user *name, umode_t mode, unsigned int dev);
long ksys_mknodat(int dfd, const char __user *name, umode_t mode, unsigned int dev);
long ksys_rmdir(const char __user *name);
long ksys_unlink(const char __user *name);
long ksys_unlinkat(int dfd, const char __user *name, int flags);
long ksys_symlink(const char __user *target, const char __user *name);
long ksys_symlinkat(const char __user *target, int dfd, const char __user *name);
long ksys_link(const char __user *old, const char __user *name);
long ksys_linkat(int old_dfd, const char __user *old, int dfd, const char __user *name, int flags);
long ksys_rename(const char __user *old, const char __user *name);
long ksys_renameat(int old_dfd, const char __user *old, int dfd, const char __user *name);
long ksys_renameat2(int old_dfd, const char __user *old, int dfd, const char __user *name,
		    unsigned int flags);

/* ---- attr.c ---- */
long ksys_chmod(const char __user *name, umode_t mode);
long ksys_fchmod(unsigned int fd, umode_t mode);
long ksys_fchmodat(int dfd, const char __user *name, umode_t mode);
long ksys_fchmodat2(int dfd, const char __user *name, umode_t mode, unsigned int flags);
long ksys_chown(const char __user *name, uid_t uid, gid_t gid);
long ksys_lchown(const char __user *name, uid_t uid, gid_t gid);
long ksys_fchown(unsigned int fd, uid_t uid, gid_t gid);
long ksys_fchownat(int dfd, const char __user *name, uid_t uid, gid_t gid, int flags);
long ksys_utime(const char __user *name, const struct utimbuf __user *times);
long ksys_utimes(const char __user *name, const struct timeval __user *times);
long ksys_futimesat(int dfd, const char __user *name, const struct timeval __user *times);
long ksys_utimensat(int dfd, const char __user *name, const struct timespec __user *times,
		    int flags);
long ksys_truncate(const char __user *name, off_t length);
long ksys_ftruncate(unsigned int fd, off_t length);
long ksys_fallocate(int fd, int mode, loff_t offset, loff_t len);

/* ---- readdir.c ---- */
long ksys_getdents(unsigned int fd, struct linux_dirent __user *dirent, unsigned int count);
long ksys_getdents64(unsigned int fd, struct linux_dirent64 __user *dirent, unsigned int count);

/* ---- fcntl.c, ioctl.c ---- */
long ksys_dup(unsigned int fd);
long ksys_dup2(unsigned int old_fd, unsigned int new_fd);
long ksys_dup3(unsigned int old_fd, unsigned int new_fd, int flags);
long ksys_fcntl(unsigned int fd, unsigned int cmd, unsigned long arg);
long ksys_ioctl(unsigned int fd, unsigned int cmd, unsigned long arg);

/* ---- pipe.c ---- */
long ksys_pipe(int __user *fds);
long ksys_pipe2(int __user *fds, int flags);

/* ---- flock.c ---- */
long ksys_flock(unsigned int fd, unsigned int cmd);

/* ---- sync.c ---- */
long ksys_fsync(unsigned int fd);
long ksys_fdatasync(unsigned int fd);
long ksys_sync(void);
long ksys_syncfs(int fd);
long ksys_sync_file_range(int fd, loff_t offset, loff_t len, unsigned int flags);
long ksys_fadvise64(int fd, loff_t offset, size_t len, int advice);
long ksys_readahead(int fd, loff_t offset, size_t count);

/* ---- poll.c, select.c, epoll.c ---- */
long ksys_poll(struct pollfd __user *fds, unsigned int nfds, int timeout_ms);
long ksys_ppoll(struct pollfd __user *fds, unsigned int nfds, struct timespec __user *ts,
		const u64 __user *sigmask, size_t sigsetsize);
long ksys_select(int n, void __user *in, void __user *out, void __user *ex,
		 struct timeval __user *tv);
/* @sig: the pair {pointer, size} of pselect6's last argument. */
long ksys_pselect6(int n, void __user *in, void __user *out, void __user *ex,
		   struct timespec __user *ts, void __user *sig);
long ksys_epoll_create(int size);
long ksys_epoll_create1(int flags);
long ksys_epoll_ctl(int epfd, int op, int fd, struct epoll_event __user *event);
long ksys_epoll_wait(int epfd, struct epoll_event __user *events, int maxevents, int timeout_ms);
long ksys_epoll_pwait(int epfd, struct epoll_event __user *events, int maxevents, int timeout_ms,
		      const u64 __user *sigmask, size_t sigsetsize);
long ksys_epoll_pwait2(int epfd, struct epoll_event __user *events, int maxevents,
		       const struct timespec __user *ts, const u64 __user *sigmask,
		       size_t sigsetsize);

/* ---- eventfd.c, timerfd.c, signalfd.c, shmem.c ---- */
long ksys_eventfd(unsigned int count);
long ksys_eventfd2(unsigned int count, int flags);
long ksys_timerfd_create(int clockid, int flags);
long ksys_timerfd_settime(int fd, int flags, const struct itimerspec __user *new_value,
			  struct itimerspec __user *old_value);
long ksys_timerfd_gettime(int fd, struct itimerspec __user *value);
long ksys_signalfd(int fd, const u64 __user *mask, size_t sigsetsize);
long ksys_signalfd4(int fd, const u64 __user *mask, size_t sigsetsize, int flags);
long ksys_memfd_create(const char __user *name, unsigned int flags);

/* ---- mount_calls.c ---- */
long ksys_mount(const char __user *source, const char __user *target, const char __user *type,
		unsigned long flags, const void __user *data);
long ksys_umount2(const char __user *target, int flags);
long ksys_pivot_root(const char __user *new_root, const char __user *put_old);

/* ---- xattr.c: names are checked as Linux does, then -EOPNOTSUPP ---- */
long ksys_setxattr(const char __user *path, const char __user *name, const void __user *value,
		   size_t size, int flags);
long ksys_lsetxattr(const char __user *path, const char __user *name, const void __user *value,
		    size_t size, int flags);
long ksys_fsetxattr(int fd, const char __user *name, const void __user *value, size_t size,
		    int flags);
long ksys_getxattr(const char __user *path, const char __user *name, void __user *value,
		   size_t size);
long ksys_lgetxattr(const char __user *path, const char __user *name, void __user *value,
		    size_t size);
long ksys_fgetxattr(int fd, const char __user *name, void __user *value, size_t size);
long ksys_listxattr(const char __user *path, char __user *list, size_t size);
long ksys_llistxattr(const char __user *path, char __user *list, size_t size);
long ksys_flistxattr(int fd, char __user *list, size_t size);
long ksys_removexattr(const char __user *path, const char __user *name);
long ksys_lremovexattr(const char __user *path, const char __user *name);
long ksys_fremovexattr(int fd, const char __user *name);
