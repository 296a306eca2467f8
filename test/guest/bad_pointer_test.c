/* SPDX-License-Identifier: MIT */
/* Every system call that takes a pointer, with pointers that lead nowhere: EFAULT, and nothing
 * worse. */
#include "guest.h"
#include <grp.h>

#define P 1000 /* stands for the bad pointer */

struct call {
	int number;
	const char *name;
	long args[6];
	int also; /* another error that is right too */
};

static char path[] = "/tmp";
static char buffer[4096] __attribute__((aligned(4096)));
#define A(x) ((long)(x))

static const struct call calls[] = {
	{ SYS_open, "open", { P, O_RDONLY } },
	{ SYS_openat, "openat", { AT_FDCWD, P, O_RDONLY } },
	{ SYS_creat, "creat", { P, 0600 } },
	{ SYS_stat, "stat 1", { P, A(buffer) } },
	{ SYS_stat, "stat 2", { A(path), P } },
	{ SYS_lstat, "lstat", { A(path), P } },
	{ SYS_fstat, "fstat", { 1, P } },
	{ SYS_newfstatat, "newfstatat", { AT_FDCWD, A(path), P, 0 } },
	{ SYS_statx, "statx", { AT_FDCWD, A(path), 0, 0x7ff, P } },
	{ SYS_poll, "poll", { P, 1, 0 } },
	{ SYS_ppoll, "ppoll", { P, 1, 0, 0, 8 } },
	{ SYS_select, "select", { 5, P, 0, 0, 0 } },
	{ SYS_pselect6, "pselect6", { 5, P, 0, 0, 0, 0 } },
	{ SYS_rt_sigaction, "rt_sigaction 2", { SIGUSR1, P, 0, 8 } },
	{ SYS_rt_sigaction, "rt_sigaction 3", { SIGUSR1, 0, P, 8 } },
	{ SYS_rt_sigprocmask, "rt_sigprocmask 2", { SIG_BLOCK, P, 0, 8 } },
	{ SYS_rt_sigprocmask, "rt_sigprocmask 3", { SIG_BLOCK, 0, P, 8 } },
	{ SYS_rt_sigpending, "rt_sigpending", { P, 8 } },
	{ SYS_rt_sigtimedwait, "rt_sigtimedwait", { P, 0, 0, 8 } },
	{ SYS_rt_sigqueueinfo, "rt_sigqueueinfo", { 1, SIGUSR1, P } },
	{ SYS_rt_sigsuspend, "rt_sigsuspend", { P, 8 } },
	{ SYS_sigaltstack, "sigaltstack 1", { P, 0 } },
	{ SYS_sigaltstack, "sigaltstack 2", { 0, P } },
	{ SYS_pread64, "pread64", { 200, P, 10, 0 } },
	{ SYS_readv, "readv", { 200, P, 1 } },
	{ SYS_writev, "writev", { 201, P, 1 } },
	{ SYS_access, "access", { P, 0 } },
	{ SYS_pipe, "pipe", { P } },
	{ SYS_pipe2, "pipe2", { P, 0 } },
	{ SYS_mincore, "mincore", { A(buffer), 4096, P } },
	{ SYS_nanosleep, "nanosleep", { P, 0 } },
	{ SYS_clock_nanosleep, "clock_nanosleep", { CLOCK_MONOTONIC, 0, P, 0 } },
	{ SYS_getitimer, "getitimer", { ITIMER_REAL, P } },
	{ SYS_setitimer, "setitimer", { ITIMER_REAL, P, 0 } },
	{ SYS_sendfile, "sendfile", { 201, 200, P, 10 } },
	{ SYS_execve, "execve 1", { P, 0, 0 } },
	{ SYS_execve, "execve 2", { A("/bin/sh"), P, 0 } },
	{ SYS_uname, "uname", { P } },
	{ SYS_getcwd, "getcwd", { P, 100 } },
	{ SYS_chdir, "chdir", { P } },
	{ SYS_rename, "rename 1", { P, A(path) } },
	{ SYS_rename, "rename 2", { A("/tmp/none"), P } },
	{ SYS_mkdir, "mkdir", { P, 0700 } },
	{ SYS_rmdir, "rmdir", { P } },
	{ SYS_link, "link", { P, A(path) } },
	{ SYS_unlink, "unlink", { P } },
	{ SYS_symlink, "symlink", { P, A("/tmp/none") } },
	{ SYS_readlink, "readlink 1", { P, A(buffer), 100 } },
	{ SYS_readlink, "readlink 2", { A("/proc/self"), P, 100 } },
	{ SYS_chmod, "chmod", { P, 0700 } },
	{ SYS_chown, "chown", { P, 0, 0 } },
	{ SYS_gettimeofday, "gettimeofday", { P, 0 } },
	{ SYS_getrlimit, "getrlimit", { RLIMIT_CORE, P } },
	{ SYS_setrlimit, "setrlimit", { RLIMIT_CORE, P } },
	{ SYS_prlimit64, "prlimit64", { 0, RLIMIT_CORE, P, 0 } },
	{ SYS_getrusage, "getrusage", { RUSAGE_SELF, P } },
	{ SYS_sysinfo, "sysinfo", { P } },
	{ SYS_times, "times", { P } },
	{ SYS_getgroups, "getgroups", { 10, P }, -1 },
	{ SYS_setgroups, "setgroups", { 2, P }, EPERM },
	{ SYS_getresuid, "getresuid", { P, P, P } },
	{ SYS_capget, "capget", { P, 0 } },
	{ SYS_capset, "capset", { P, 0 } },
	{ SYS_utime, "utime", { A(path), P } },
	{ SYS_utimensat, "utimensat", { AT_FDCWD, A(path), P, 0 } },
	{ SYS_mknod, "mknod", { P, S_IFREG | 0600, 0 } },
	{ SYS_statfs, "statfs", { A(path), P } },
	{ SYS_fstatfs, "fstatfs", { 1, P } },
	{ SYS_sched_setparam, "sched_setparam", { 0, P } },
	{ SYS_sched_getparam, "sched_getparam", { 0, P } },
	{ SYS_sched_setscheduler, "sched_setscheduler", { 0, 0, P } },
	{ SYS_sched_rr_get_interval, "sched_rr_get_interval", { 0, P } },
	{ SYS_sched_setaffinity, "sched_setaffinity", { 0, 8, P } },
	{ SYS_sched_getaffinity, "sched_getaffinity", { 0, 1024, P } },
	{ SYS_sched_setattr, "sched_setattr", { 0, P, 0 } },
	{ SYS_sched_getattr, "sched_getattr", { 0, P, 48, 0 } },
	{ SYS_chroot, "chroot", { P }, EPERM },
	{ SYS_mount, "mount", { P, P, P, 0, 0 }, EPERM },
	{ SYS_umount2, "umount2", { P, 0 }, EPERM },
	{ SYS_sethostname, "sethostname", { P, 5 }, EPERM },
	{ SYS_time, "time", { P } },
	{ SYS_futex, "futex", { P, 0, 0, 0, 0, 0 } },
	{ SYS_epoll_ctl, "epoll_ctl", { 202, 1, 203, P } },
	{ SYS_getdents64, "getdents64", { 204, P, 1000 }, EINVAL },
	{ SYS_timer_create, "timer_create", { CLOCK_MONOTONIC, 0, P } },
	{ SYS_clock_gettime, "clock_gettime", { CLOCK_MONOTONIC, P } },
	{ SYS_clock_getres, "clock_getres", { CLOCK_MONOTONIC, P } },
	{ SYS_clock_settime, "clock_settime", { CLOCK_REALTIME, P }, EPERM },
	{ SYS_wait4, "wait4", { -1, P, WNOHANG, 0 }, ECHILD },
	{ SYS_waitid, "waitid", { 0, 0, P, WEXITED | WNOHANG, 0 }, ECHILD },
	{ SYS_getrandom, "getrandom", { P, 10, 0 } },
	{ SYS_memfd_create, "memfd_create", { P, 0 } },
	{ SYS_clone3, "clone3", { P, 88 } },
	{ SYS_openat2, "openat2", { AT_FDCWD, A(path), P, 24 } },
	{ SYS_getcpu, "getcpu", { P, 0, 0 } },
	{ SYS_timerfd_settime, "timerfd_settime", { 205, 0, P, 0 } },
	{ SYS_timerfd_gettime, "timerfd_gettime", { 205, P } },
	{ SYS_signalfd4, "signalfd4", { -1, P, 8, 0 } },
	{ SYS_setxattr, "setxattr", { A(path), P, 0, 0, 0 } },
	{ SYS_getxattr, "getxattr", { P, A("user.x"), 0, 0 } },
	{ SYS_splice, "splice", { 200, P, 201, 0, 10, 0 }, ESPIPE },
	{ SYS_pidfd_send_signal, "pidfd_send_signal", { 206, SIGUSR1, P, 0 } },
	{ SYS_get_robust_list, "get_robust_list", { 0, P, P } },
	{ SYS_arch_prctl, "arch_prctl", { 0x1003, P } },
	{ SYS_ioctl, "ioctl FIONREAD", { 200, 0x541b, P } },
	{ SYS_fcntl, "fcntl F_GETLK", { 204, F_GETLK, P } },
	{ SYS_faccessat2, "faccessat2", { AT_FDCWD, P, 0, 0 } },
	{ SYS_copy_file_range, "copy_file_range", { 207, P, 207, 0, 10, 0 } },
	{ SYS_adjtimex, "adjtimex", { P } },
};

static void prepare(void)
{
	int fds[2], file = open("/tmp/bad_pointer", O_RDWR | O_CREAT, 0600);

	pipe(fds);
	write(fds[1], "data", 4);
	dup2(fds[0], 200);
	dup2(fds[1], 201);
	dup2(syscall(SYS_epoll_create1, 0), 202);
	dup2(fds[0], 203);
	dup2(open("/", O_RDONLY | O_DIRECTORY), 204);
	dup2(syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0), 205);
	dup2(syscall(SYS_pidfd_open, getpid(), 0), 206);
	write(file, "0123456789", 10);
	dup2(file, 207);
	unlink("/tmp/bad_pointer");
	if (getuid() == 0)
		setgroups(0, NULL);
}

static void try_all(long bad)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct call *c = &calls[i];
		long a[6];

		for (int n = 0; n < 6; n++)
			a[n] = c->args[n] == P ? bad : c->args[n];
		if (c->number == SYS_pread64)
			a[0] = 207;
		errno = 0;
		long r = syscall(c->number, a[0], a[1], a[2], a[3], a[4], a[5]);

		if (c->also == -1) /* needs nothing from the pointer */
			continue;
		guest_check(r == -1 && (errno == EFAULT || (c->also && errno == c->also)), __FILE__,
			    __LINE__, "%s with %#lx returned %ld, errno %d", c->name, bad, r,
			    errno);
	}
}

TEST(unmapped_low)
{
	prepare();
	try_all(0x10);
}

TEST(kernel_half)
{
	prepare();
	try_all((long)0xffffffff80100000);
}

TEST(not_canonical)
{
	prepare();
	try_all((long)0x8000000000000000);
}

TEST(forbidden_page)
{
	prepare();
	try_all((long)mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) +
		2 * PAGE);
}

/* The last bytes before an unmapped page: the string or structure begins well and does not end. */
TEST(across_the_end_of_a_page)
{
	char *p = guest_map(2 * PAGE);

	munmap(p + PAGE, PAGE);
	memset(p, '/', PAGE);
	CHECK_ERRNO(open(p + PAGE - 3, O_RDONLY), EFAULT);
	CHECK_ERRNO(syscall(SYS_stat, "/tmp", p + PAGE - 20), EFAULT);
	CHECK_ERRNO(syscall(SYS_uname, p + PAGE - 100), EFAULT);
	CHECK_ERRNO(syscall(SYS_nanosleep, p + PAGE - 8, 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_clone3, p + PAGE - 40, 88), EFAULT);
	memset(p, 0, PAGE);
	CHECK_ERRNO(syscall(SYS_rt_sigaction, SIGUSR1, p + PAGE - 16, 0, 8), EFAULT);
}

TEST(read_only_memory_as_a_result)
{
	char *p = guest_map(PAGE);

	mprotect(p, PAGE, PROT_READ);
	CHECK_ERRNO(syscall(SYS_uname, p), EFAULT);
	CHECK_ERRNO(syscall(SYS_stat, "/tmp", p), EFAULT);
	CHECK_ERRNO(syscall(SYS_pipe, p), EFAULT);
	CHECK_ERRNO(syscall(SYS_getcwd, p, PAGE), EFAULT);
	int fd = open("/dev/zero", O_RDONLY);

	CHECK_ERRNO(read(fd, p, 100), EFAULT);
	CHECK_ERRNO(read(fd, (void *)try_all, 10), EFAULT); /* the program's text */
}
