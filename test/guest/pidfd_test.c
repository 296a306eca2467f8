/* SPDX-License-Identifier: MIT */
/* pidfd: open, poll, signal, wait, get a descriptor. */
#include "guest.h"
#include <pthread.h>

#define PIDFD 3 /* P_PIDFD */

static int pidfd_open(pid_t pid, unsigned int flags)
{
	return syscall(SYS_pidfd_open, pid, flags);
}

static int pidfd_send(int fd, int signo, siginfo_t *info, unsigned int flags)
{
	return syscall(SYS_pidfd_send_signal, fd, signo, info, flags);
}

TEST(open_errors)
{
	CHECK_ERRNO(pidfd_open(0, 0), EINVAL);
	CHECK_ERRNO(pidfd_open(-1, 0), EINVAL);
	CHECK_ERRNO(pidfd_open(9999999, 0), ESRCH);
	CHECK_ERRNO(pidfd_open(getpid(), 0x4), EINVAL);
	int fd = CHECK_OK(pidfd_open(getpid(), 0));

	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	char c;

	CHECK_ERRNO(read(fd, &c, 1), EINVAL);
}

TEST(poll_reports_the_end)
{
	int stop[2];
	char c;

	pipe(stop);
	pid_t pid = IN_CHILD({ close(stop[1]); read(stop[0], &c, 1); });
	int fd = CHECK_OK(pidfd_open(pid, 0));
	struct pollfd p = { fd, POLLIN, 0 };

	CHECK_EQ(poll(&p, 1, 0), 0);
	close(stop[1]);
	CHECK_EQ(poll(&p, 1, 10000), 1);
	CHECK_EQ(p.revents & POLLIN, POLLIN);
	CHECK_OK(pidfd_send(fd, 0, NULL, 0)); /* a zombie */
	CHECK_EXITED(pid, 0);
	CHECK_ERRNO(pidfd_send(fd, 0, NULL, 0), ESRCH);
	CHECK_EQ(poll(&p, 1, 0), 1);
}

static volatile int code, value;

static void on_info(int signo, siginfo_t *info, void *context)
{
	code = info->si_code;
	value = info->si_value.sival_int;
}

TEST(send_signal)
{
	struct sigaction action = { .sa_sigaction = on_info, .sa_flags = SA_SIGINFO };
	siginfo_t info = { .si_signo = SIGUSR1, .si_code = SI_QUEUE };
	int fd = CHECK_OK(pidfd_open(getpid(), 0));

	sigaction(SIGUSR1, &action, NULL);
	CHECK_OK(pidfd_send(fd, SIGUSR1, NULL, 0));
	CHECK_EQ(code, SI_USER);
	info.si_value.sival_int = 12;
	CHECK_OK(pidfd_send(fd, SIGUSR1, &info, 0));
	CHECK_EQ(code, SI_QUEUE);
	CHECK_EQ(value, 12);
	CHECK_ERRNO(pidfd_send(fd, SIGUSR2, &info, 0), EINVAL);
	CHECK_ERRNO(pidfd_send(fd, SIGUSR1, NULL, 0x1000), EINVAL);
	CHECK_ERRNO(pidfd_send(0, SIGUSR1, NULL, 0), EBADF);
	CHECK_ERRNO(pidfd_send(fd, 100, NULL, 0), EINVAL);
	pid_t pid = IN_CHILD(for (;;) pause());
	int other = pidfd_open(pid, 0);

	CHECK_OK(pidfd_send(other, SIGKILL, NULL, 0));
	CHECK_KILLED(pid, SIGKILL);
}

TEST(wait_by_pidfd)
{
	pid_t pid = IN_CHILD(_exit(5));
	int fd = CHECK_OK(pidfd_open(pid, 0));
	siginfo_t info;

	CHECK_OK(waitid(PIDFD, fd, &info, WEXITED));
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(info.si_status, 5);
	CHECK_ERRNO(waitid(PIDFD, fd, &info, WEXITED), ECHILD);
	CHECK_ERRNO(waitid(PIDFD, 999, &info, WEXITED), EBADF);
	CHECK_ERRNO(waitid(PIDFD, 0, &info, WEXITED), EBADF);
	/* With O_NONBLOCK it does not wait. */
	pid = IN_CHILD(for (;;) pause());
	fd = CHECK_OK(pidfd_open(pid, O_NONBLOCK));
	CHECK_ERRNO(waitid(PIDFD, fd, &info, WEXITED), EAGAIN);
	kill(pid, SIGKILL);
	guest_wait(pid);
}

TEST(getfd)
{
	int fds[2], ready[2];
	char c = 0;

	pipe(ready);
	pid_t pid = IN_CHILD({
		pipe(fds);
		CHECK_EQ(dup2(fds[0], 100), 100);
		write(fds[1], "Q", 1);
		write(ready[1], "x", 1);
		for (;;)
			pause();
	});
	CHECK_EQ(read(ready[0], &c, 1), 1);
	int fd = pidfd_open(pid, 0);
	int got = syscall(SYS_pidfd_getfd, fd, 100, 0);

	CHECK(got >= 0);
	CHECK_EQ(fcntl(got, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(read(got, &c, 1), 1);
	CHECK_EQ(c, 'Q');
	CHECK_ERRNO(syscall(SYS_pidfd_getfd, fd, 101, 0), EBADF);
	CHECK_ERRNO(syscall(SYS_pidfd_getfd, fd, 100, 1), EINVAL);
	CHECK_ERRNO(syscall(SYS_pidfd_getfd, 0, 100, 0), EBADF);
	kill(pid, SIGKILL);
	guest_wait(pid);
	CHECK_ERRNO(syscall(SYS_pidfd_getfd, fd, 100, 0), ESRCH);
}

TEST(fdinfo_names_the_pid)
{
	char path[64], line[64];
	int fd = pidfd_open(getpid(), 0);

	sprintf(path, "/proc/self/fdinfo/%d", fd);
	sprintf(line, "Pid:\t%d\n", getpid());
	CHECK(strstr(guest_read_file(path), line));
}
