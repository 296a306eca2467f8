/* SPDX-License-Identifier: MIT */
/* Advisory locks, descriptors, and what fcntl and ioctl do for every file. */
#include "fs_world.h"
#include "abi/ioctl.h"
#include "base/fault_inject.h"

static long lock(int fd, int cmd, short type, off_t start, off_t len)
{
	struct flock fl = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};

	return ksys_fcntl(fd, cmd, (unsigned long)user_data(&fl, sizeof(fl)));
}

/* What keeps an OFD lock of @fd from being taken: "w 10 5", or "-". */
static const char *holder(int fd, short type, off_t start, off_t len)
{
	struct flock fl = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};
	void __user *room = user_data(&fl, sizeof(fl));
	static char text[64];

	CHECK_EQ(ksys_fcntl(fd, F_OFD_GETLK, (unsigned long)room), 0l);
	from_user(room, &fl, sizeof(fl));
	if (fl.l_type == F_UNLCK)
		return "-";
	test_snprintf(text, sizeof(text), "%c %ld %ld", fl.l_type == F_WRLCK ? 'w' : 'r',
		      fl.l_start, fl.l_len);
	return text;
}

static void records(void)
{
	int fd = t_open("/f", O_CREAT | O_RDWR, 0644), other = t_open("/f", O_RDWR, 0);
	int reader = t_open("/f", O_RDONLY, 0), closer;

	/*	0         10        20        30
	 *	 wwwwwwwwwwwwwwwwwwwwwwwwwwwwww		one lock
	 *	 wwwwwwwwww          wwwwwwwwww		a hole in it
	 *	 wwwwwwwwwwrrrrrrrrrrwwwwwwwwww		filled with another kind
	 *	 rrrrrrrrrrrrrrrrrrrrwwwwwwwwww		neighbours of a kind are one
	 */
	CHECK_EQ(lock(fd, F_SETLK, F_WRLCK, 0, 30), 0l);
	CHECK_STREQ(holder(other, F_RDLCK, 5, 1), "w 0 30");
	CHECK_EQ(lock(fd, F_SETLK, F_UNLCK, 10, 10), 0l);
	CHECK_STREQ(holder(other, F_WRLCK, 10, 10), "-");
	CHECK_STREQ(holder(other, F_RDLCK, 10, 11), "w 20 10");
	CHECK_STREQ(holder(other, F_RDLCK, 0, 0), "w 0 10");
	CHECK_EQ(lock(fd, F_SETLK, F_RDLCK, 10, 10), 0l);
	CHECK_STREQ(holder(other, F_RDLCK, 10, 10), "-");
	CHECK_STREQ(holder(other, F_WRLCK, 10, 10), "r 10 10");
	CHECK_EQ(lock(fd, F_SETLK, F_RDLCK, 0, 10), 0l);
	CHECK_STREQ(holder(other, F_WRLCK, 3, 1), "r 0 20");
	CHECK_EQ(lock(fd, F_SETLK, F_WRLCK, 15, 0), 0l);
	CHECK_STREQ(holder(other, F_WRLCK, 1000, 1), "w 15 0");
	CHECK_STREQ(holder(other, F_WRLCK, 3, 1), "r 0 15");
	CHECK_EQ(lock(other, F_OFD_SETLK, F_RDLCK, 0, 5), 0l);
	CHECK_EQ(lock(other, F_OFD_SETLK, F_WRLCK, 0, 5), -EAGAIN);
	CHECK_EQ(lock(other, F_OFD_SETLK, F_RDLCK, 0, 16), -EAGAIN);
	/* The same process never conflicts with itself by POSIX locks, whichever descriptor. */
	CHECK_EQ(lock(other, F_SETLK, F_WRLCK, 15, 5), 0l);
	CHECK_EQ(lock(reader, F_SETLK, F_WRLCK, 0, 1), -EBADF);
	CHECK_EQ(lock(fd, F_SETLK, 77, 0, 1), -EINVAL);
	CHECK_EQ(lock(fd, F_SETLK, F_RDLCK, -5, 1), -EINVAL);
	CHECK_EQ(lock(fd, F_GETLK, F_UNLCK, 0, 1), -EINVAL);
	/* Any close of the file gives the process's locks back. */
	closer = t_open("/f", O_RDONLY, 0);
	ksys_close(closer);
	CHECK_STREQ(holder(other, F_WRLCK, 0, 0), "-");
	CHECK_STREQ(holder(fd, F_WRLCK, 0, 0), "r 0 5"); /* OFD locks stay */
	ksys_close(other);
	CHECK_STREQ(holder(fd, F_WRLCK, 0, 0), "-");
}

TEST(posix_and_ofd_locks)
{
	fs_run(1, records);
}

static void whole_files(void)
{
	int a = t_open("/f", O_CREAT | O_RDWR, 0644), b = t_open("/f", O_RDONLY, 0), c;

	CHECK_EQ(ksys_flock(a, LOCK_SH), 0l);
	CHECK_EQ(ksys_flock(b, LOCK_SH | LOCK_NB), 0l);
	CHECK_EQ(ksys_flock(a, LOCK_EX | LOCK_NB), -EAGAIN);
	CHECK_EQ(ksys_flock(b, LOCK_UN), 0l);
	CHECK_EQ(ksys_flock(a, LOCK_EX | LOCK_NB), 0l);
	CHECK_EQ(ksys_flock(b, LOCK_SH | LOCK_NB), -EAGAIN);
	c = ksys_dup(a);
	ksys_close(a);
	CHECK_EQ(ksys_flock(b, LOCK_SH | LOCK_NB), -EAGAIN); /* the open file still is */
	ksys_close(c);
	CHECK_EQ(ksys_flock(b, LOCK_SH | LOCK_NB), 0l);
	CHECK_EQ(ksys_flock(b, 0), -EINVAL);
	CHECK_EQ(ksys_flock(99, LOCK_SH), -EBADF);
}

TEST(flock_of_open_files)
{
	fs_run(1, whole_files);
}

static void descriptors(void)
{
	int fd = t_open("/f", O_CREAT | O_RDWR | O_CLOEXEC, 0644), path, n;
	struct stat st;

	CHECK_EQ(ksys_fcntl(fd, F_GETFD, 0), 1l);
	CHECK_EQ(ksys_fcntl(fd, F_SETFD, 0), 0l);
	CHECK_EQ(ksys_fcntl(fd, F_GETFD, 0), 0l);
	CHECK_EQ(ksys_fcntl(fd, F_DUPFD, 100), 100l);
	CHECK_EQ(ksys_fcntl(fd, F_DUPFD_CLOEXEC, 100), 101l);
	CHECK_EQ(ksys_fcntl(101, F_GETFD, 0), 1l);
	CHECK_EQ(ksys_fcntl(fd, F_DUPFD, 1024), -EINVAL);
	CHECK_EQ(ksys_dup2(fd, fd), (long)fd);
	CHECK_EQ(ksys_dup3(fd, fd, 0), -EINVAL);
	CHECK_EQ(ksys_dup2(99, 99), -EBADF);
	CHECK_EQ(ksys_dup2(fd, 5000), -EBADF);
	CHECK_EQ(ksys_dup3(fd, 7, O_APPEND), -EINVAL);
	CHECK_EQ(ksys_dup2(fd, 7), 7l);
	CHECK_EQ(ksys_fcntl(fd, 9999, 0), -EINVAL);
	CHECK_EQ(ksys_ioctl(fd, 0x1234, 0), -ENOTTY);
	CHECK_EQ(ksys_ioctl(fd, FIOCLEX, 0), 0l);
	CHECK_EQ(ksys_fcntl(fd, F_GETFD, 0), 1l);
	CHECK_EQ(ksys_fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND), 0l);
	CHECK_EQ(ksys_fcntl(7, F_GETFL, 0), (long)(O_RDWR | O_LARGEFILE | O_NONBLOCK | O_APPEND));
	/* O_PATH: a place, nothing to read. */
	path = t_open("/f", O_PATH, 0);
	CHECK_EQ(ksys_read(path, user_room(16), 1), -EBADF);
	CHECK_EQ(ksys_ioctl(path, FIOCLEX, 0), -EBADF);
	CHECK_EQ(ksys_fcntl(path, F_SETFL, 0), -EBADF);
	CHECK_EQ(ksys_fcntl(path, F_GETFL, 0), (long)O_PATH);
	CHECK_EQ(ksys_fstat(path, user_room(sizeof(st))), 0l);
	CHECK_EQ(ksys_fchmod(path, 0600), -EBADF);
	CHECK_EQ(ksys_close(path), 0l);
	CHECK_EQ(ksys_close(path), -EBADF);
	current->signal->rlim[RLIMIT_NOFILE].rlim_cur = 10;
	for (n = 0; (fd = t_open("/f", O_RDONLY, 0)) >= 0; n++)
		;
	CHECK_EQ(fd, -EMFILE);
	CHECK_EQ(ksys_pipe2(user_room(8), 0), -EMFILE);
	CHECK_EQ(ksys_dup(7), -EMFILE);
}

TEST(descriptor_rules)
{
	fs_run(1, descriptors);
}

static void times(void)
{
	struct timespec ts[2] = {{100, 5}, {200, 6}};
	struct stat st;

	t_put("/f", "x");
	CHECK_EQ(ksys_utimensat(AT_FDCWD, U("/f"), user_data(ts, sizeof(ts)), 0), 0l);
	CHECK_EQ(t_stat("/f", &st), 0l);
	CHECK_EQ(st.st_atime, 100ul);
	CHECK_EQ(st.st_mtime_nsec, 6ul);
	ts[0].tv_nsec = UTIME_OMIT;
	ts[1].tv_nsec = UTIME_NOW;
	CHECK_EQ(ksys_utimensat(AT_FDCWD, U("/f"), user_data(ts, sizeof(ts)), 0), 0l);
	CHECK_EQ(t_stat("/f", &st), 0l);
	CHECK_EQ(st.st_atime, 100ul);
	CHECK_NE(st.st_mtime, 200ul);
	ts[0].tv_nsec = 1000000000;
	CHECK_EQ(ksys_utimensat(AT_FDCWD, U("/f"), user_data(ts, sizeof(ts)), 0), -EINVAL);
	CHECK_EQ(ksys_utimensat(AT_FDCWD, U("/nothing"), NULL, 0), -ENOENT);
	/* relatime: a read moves the time of access if it is older than the change. */
	t_cat("/f");
	CHECK_EQ(t_stat("/f", &st), 0l);
	CHECK_NE(st.st_atime, 100ul);
	become(1000, 1000);
	CHECK_EQ(ksys_utimensat(AT_FDCWD, U("/f"), NULL, 0), -EACCES);
	CHECK_EQ(ksys_utimensat(AT_FDCWD, U("/f"),
				user_data((struct timespec[2]){{1, 0}, {1, 0}}, sizeof(ts)), 0),
		 -EPERM);
}

TEST(times_of_files)
{
	fs_run(1, times);
}

/* The n-th allocation fails, for every n: errors come back, nothing breaks, nothing is lost. */
static void all_kinds_of_calls(void)
{
	int __user *room = user_room(8);
	int fds[2], fd;

	t_mkdir("/t");
	if (!do_mount("tmpfs", "/t", "tmpfs", 0, "size=1m")) {
		t_mkdir("/t/d");
		fd = t_open("/t/d/f", O_CREAT | O_RDWR, 0644);
		if (fd >= 0) {
			t_write(fd, "data");
			lock(fd, F_SETLK, F_WRLCK, 0, 10);
			lock(fd, F_SETLK, F_UNLCK, 3, 3);
			ksys_flock(fd, LOCK_EX);
			ksys_ftruncate(fd, 100000);
			ksys_close(fd);
		}
		ksys_symlink(U("d/f"), U("/t/l"));
		fd = t_open("/t/l", O_RDONLY, 0);
		if (fd >= 0)
			ksys_close(fd);
		ksys_rename(U("/t/d/f"), U("/t/g"));
		ksys_link(U("/t/g"), U("/t/h"));
		fd = t_open("/t", O_TMPFILE | O_RDWR, 0600);
		if (fd >= 0)
			ksys_close(fd);
		do_mount("/t", "/t/d", NULL, MS_BIND, NULL);
		do_umount("/t/d", MNT_DETACH);
		do_umount("/t", MNT_DETACH);
	}
	if (!ksys_pipe2(room, 0)) {
		from_user(room, fds, 8);
		t_write(fds[1], "x");
		ksys_fcntl(fds[0], F_SETPIPE_SZ, 1 << 17);
		fd = ksys_epoll_create1(0);
		if (fd >= 0) {
			ksys_epoll_ctl(fd, 1, fds[0], user_room(16));
			ksys_close(fd);
		}
		ksys_close(fds[0]);
		ksys_close(fds[1]);
	}
	fd = ksys_memfd_create(U("m"), 0);
	if (fd >= 0)
		ksys_close(fd);
	fd = ksys_timerfd_create(CLOCK_MONOTONIC, 0);
	if (fd >= 0)
		ksys_close(fd);
	ksys_rmdir(U("/t"));
}

static void failing_allocations(void)
{
	unsigned long before;
	long n;

	all_kinds_of_calls();
	all_kinds_of_calls();
	before = fs_free_pages();
	for (n = 1;; n++) {
		bool fired;

		fault_inject_nth(n);
		all_kinds_of_calls();
		fired = fault_inject_fired();
		fault_inject_nth(0);
		/* The undoing may have been what failed. */
		while (!do_umount("/t/d", MNT_DETACH) || !do_umount("/t", MNT_DETACH))
			;
		ksys_rmdir(U("/t"));
		if (!fired)
			break;
		CHECK_STREQ(t_ls("/"), "");
	}
	test_printf("%ld allocations\n", n);
	CHECK_GT(n, 50l);
	CHECK_EQ(fs_free_pages(), before);
}

TEST(every_allocation_may_fail)
{
	fs_run(1, failing_allocations);
}
