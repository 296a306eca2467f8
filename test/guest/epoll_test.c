/* SPDX-License-Identifier: MIT */
/* epoll, eventfd, timerfd, signalfd. */
#include "guest.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static void add(int ep, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event e = { .events = events, .data.u64 = data };

	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
}

TEST(level_triggered)
{
	int ep = CHECK_OK(epoll_create1(EPOLL_CLOEXEC)), fds[2];
	struct epoll_event e[4];
	char c;

	CHECK_EQ(fcntl(ep, F_GETFD), FD_CLOEXEC);
	pipe(fds);
	add(ep, fds[0], EPOLLIN, 0x1122334455667788);
	CHECK_EQ(epoll_wait(ep, e, 4, 0), 0);
	write(fds[1], "ab", 2);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(epoll_wait(ep, e, 4, 0), 1);
		CHECK_EQ(e[0].events, EPOLLIN);
		CHECK_EQ(e[0].data.u64, 0x1122334455667788);
	}
	read(fds[0], &c, 1);
	CHECK_EQ(epoll_wait(ep, e, 4, 0), 1);
	read(fds[0], &c, 1);
	CHECK_EQ(epoll_wait(ep, e, 4, 0), 0);
	close(fds[1]);
	CHECK_EQ(epoll_wait(ep, e, 4, 0), 1);
	CHECK_EQ(e[0].events, EPOLLHUP);
}

TEST(edge_triggered_and_oneshot)
{
	int ep = epoll_create1(0), fds[2], other[2];
	struct epoll_event e[4];

	pipe(fds);
	pipe(other);
	add(ep, fds[0], EPOLLIN | EPOLLET, 1);
	write(fds[1], "a", 1);
	CHECK_EQ(epoll_wait(ep, e, 4, 0), 1);
	CHECK_EQ(epoll_wait(ep, e, 4, 0), 0);
	write(fds[1], "b", 1);
	CHECK_EQ(epoll_wait(ep, e, 4, 0), 1);
	add(ep, other[0], EPOLLIN | EPOLLONESHOT, 2);
	write(other[1], "a", 1);
	CHECK_EQ(epoll_wait(ep, e, 4, 0), 1);
	write(other[1], "b", 1);
	CHECK_EQ(epoll_wait(ep, e, 4, 0), 0);
	struct epoll_event again = { .events = EPOLLIN | EPOLLONESHOT, .data.u64 = 3 };

	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_MOD, other[0], &again));
	CHECK_EQ(epoll_wait(ep, e, 4, 0), 1);
	CHECK_EQ(e[0].data.u64, 3);
}

TEST(many_and_round_robin)
{
	int ep = epoll_create1(0), fds[2], seen = 0;
	struct epoll_event e[8];

	for (int i = 0; i < 30; i++) {
		pipe(fds);
		add(ep, fds[0], EPOLLIN, i);
		write(fds[1], "x", 1);
	}
	for (int round = 0; round < 10; round++) {
		int n = epoll_wait(ep, e, 3, 0);

		CHECK_EQ(n, 3);
		for (int i = 0; i < n; i++)
			seen |= 1 << e[i].data.u64;
	}
	CHECK_EQ(seen, 0x3fffffff); /* none starves */
}

TEST(errors)
{
	int ep = epoll_create1(0), fds[2], file = open("/proc/self/exe", O_RDONLY);
	struct epoll_event e = { .events = EPOLLIN };

	pipe(fds);
	CHECK_ERRNO(epoll_create(0), EINVAL);
	CHECK_ERRNO(epoll_create1(1), EINVAL);
	add(ep, fds[0], EPOLLIN, 0);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &e), EEXIST);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_MOD, fds[1], &e), ENOENT);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_DEL, fds[1], &e), ENOENT);
	CHECK_ERRNO(epoll_ctl(ep, 9, fds[0], &e), EINVAL);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &e), EINVAL);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, 999, &e), EBADF);
	CHECK_ERRNO(epoll_ctl(fds[0], EPOLL_CTL_ADD, fds[1], &e), EINVAL);
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, fds[1], (void *)8), EFAULT);
	if (!guest_is_quire() || file >= 0)
		CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, file, &e), EPERM);
	CHECK_ERRNO(epoll_wait(ep, &e, 0, 0), EINVAL);
	CHECK_ERRNO(epoll_wait(fds[0], &e, 1, 0), EINVAL);
	CHECK_OK(epoll_ctl(ep, EPOLL_CTL_DEL, fds[0], NULL));
	int outer = epoll_create1(0);

	CHECK_OK(epoll_ctl(outer, EPOLL_CTL_ADD, ep, &e));
	CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, outer, &e), ELOOP);
}

TEST(nested_and_polled)
{
	int outer = epoll_create1(0), inner = epoll_create1(0), fds[2];
	struct epoll_event e;
	struct pollfd p = { outer, POLLIN, 0 };

	pipe(fds);
	add(inner, fds[0], EPOLLIN, 7);
	add(outer, inner, EPOLLIN, 8);
	CHECK_EQ(poll(&p, 1, 0), 0);
	pid_t pid = IN_CHILD({ guest_sleep_ms(20); write(fds[1], "n", 1); });

	CHECK_EQ(poll(&p, 1, 10000), 1);
	CHECK_EQ(epoll_wait(outer, &e, 1, 0), 1);
	CHECK_EQ(e.data.u64, 8);
	CHECK_EQ(epoll_wait(inner, &e, 1, 0), 1);
	CHECK_EQ(e.data.u64, 7);
	CHECK_EXITED(pid, 0);
}

TEST(closed_descriptors_leave_the_set)
{
	int ep = epoll_create1(0), fds[2];
	struct epoll_event e;

	pipe(fds);
	write(fds[1], "x", 1);
	int copy = dup(fds[0]);

	add(ep, fds[0], EPOLLIN, 1);
	close(fds[0]);
	CHECK_EQ(epoll_wait(ep, &e, 1, 0), 1); /* the file is still open by its copy */
	close(copy);
	CHECK_EQ(epoll_wait(ep, &e, 1, 0), 0);
}

TEST(wait_times_and_signals)
{
	int ep = epoll_create1(0);
	struct epoll_event e;
	uint64_t start = guest_now();

	CHECK_EQ(epoll_wait(ep, &e, 1, 30), 0);
	CHECK(guest_now() - start >= 30000000);
	signal(SIGALRM, SIG_DFL);
	struct timespec t = { 0, 20000000 };

	start = guest_now();
	CHECK_EQ(syscall(SYS_epoll_pwait2, ep, &e, 1, &t, NULL, 0), 0);
	CHECK(guest_now() - start >= 20000000);
	CHECK_EQ(epoll_pwait(ep, &e, 1, 0, &(sigset_t){ 0 }), 0);
}

TEST(eventfd_counts)
{
	int fd = CHECK_OK(eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC));
	uint64_t value = 0, big = UINT64_MAX - 1;
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLIN | POLLOUT);
	value = 4;
	CHECK_EQ(write(fd, &value, 8), 8);
	CHECK_EQ(read(fd, &value, 8), 8);
	CHECK_EQ(value, 7);
	CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
	CHECK_EQ(write(fd, &big, 8), 8);
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLIN);
	value = 1;
	CHECK_ERRNO(write(fd, &value, 8), EAGAIN);
	value = UINT64_MAX;
	CHECK_ERRNO(write(fd, &value, 8), EINVAL);
	CHECK_ERRNO(read(fd, &value, 4), EINVAL);
	fd = eventfd(2, EFD_SEMAPHORE);
	CHECK_EQ(read(fd, &value, 8), 8);
	CHECK_EQ(value, 1);
	CHECK_EQ(read(fd, &value, 8), 8);
	pid_t pid = IN_CHILD({ uint64_t one = 1; guest_sleep_ms(20); write(fd, &one, 8); });

	CHECK_EQ(read(fd, &value, 8), 8); /* waits */
	CHECK_EXITED(pid, 0);
	CHECK_ERRNO(eventfd(0, 0x100), EINVAL);
}

TEST(timerfd_expires)
{
	int fd = CHECK_OK(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
	struct itimerspec t = { { 0, 10000000 }, { 0, 20000000 } }, now;
	uint64_t count = 0, start = guest_now();
	struct pollfd p = { fd, POLLIN, 0 };

	CHECK_OK(timerfd_settime(fd, 0, &t, NULL));
	CHECK_EQ(poll(&p, 1, 0), 0);
	CHECK_OK(timerfd_gettime(fd, &now));
	CHECK(now.it_value.tv_nsec > 0 && now.it_value.tv_nsec <= 20000000);
	CHECK_EQ(now.it_interval.tv_nsec, 10000000);
	CHECK_EQ(read(fd, &count, 8), 8);
	CHECK(count >= 1);
	CHECK(guest_now() - start >= 20000000);
	guest_sleep_ms(35);
	CHECK_EQ(read(fd, &count, 8), 8);
	CHECK(count >= 3);
	t = (struct itimerspec){ { 0 }, { 0 } };
	CHECK_OK(timerfd_settime(fd, 0, &t, &now)); /* disarm */
	CHECK_EQ(poll(&p, 1, 30), 0);
	clock_gettime(CLOCK_MONOTONIC, &t.it_value);
	CHECK_OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL)); /* past: at once */
	CHECK_EQ(poll(&p, 1, 1000), 1);
	CHECK_ERRNO(timerfd_create(77, 0), EINVAL);
	CHECK_ERRNO(timerfd_create(CLOCK_REALTIME, 0x8), EINVAL);
	t.it_value.tv_nsec = 1000000000;
	CHECK_ERRNO(timerfd_settime(fd, 0, &t, NULL), EINVAL);
	CHECK_ERRNO(timerfd_settime(0, 0, &(struct itimerspec){ 0 }, NULL), EINVAL);
	CHECK_ERRNO(read(fd, &count, 4), EINVAL);
	int nb = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);

	CHECK_ERRNO(read(nb, &count, 8), EAGAIN);
}

TEST(signalfd_reads_signals)
{
	sigset_t set;
	struct signalfd_siginfo info[3];

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int fd = CHECK_OK(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
	struct pollfd p = { fd, POLLIN, 0 };

	CHECK_ERRNO(read(fd, info, sizeof(info)), EAGAIN);
	CHECK_EQ(poll(&p, 1, 0), 0);
	raise(SIGUSR1);
	sigqueue(getpid(), SIGRTMIN, (union sigval){ 42 });
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(read(fd, info, sizeof(info)), 2 * sizeof(info[0]));
	CHECK_EQ(info[0].ssi_signo, SIGUSR1);
	CHECK_EQ(info[0].ssi_pid, getpid());
	CHECK_EQ(info[1].ssi_signo, SIGRTMIN);
	CHECK_EQ(info[1].ssi_int, 42);
	CHECK_EQ(info[1].ssi_code, SI_QUEUE);
	pid_t pid = IN_CHILD(_exit(6));

	CHECK_EQ(poll(&p, 1, 10000), 1);
	CHECK_EQ(read(fd, info, sizeof(info)), sizeof(info[0]));
	CHECK_EQ(info[0].ssi_signo, SIGCHLD);
	CHECK_EQ(info[0].ssi_status, 6);
	CHECK_EQ(info[0].ssi_pid, pid);
	CHECK_EXITED(pid, 6);
	sigdelset(&set, SIGUSR1);
	CHECK_EQ(signalfd(fd, &set, 0), fd);
	raise(SIGUSR1);
	CHECK_EQ(poll(&p, 1, 0), 0);
	CHECK_ERRNO(signalfd(0, &set, 0), EINVAL);
	CHECK_ERRNO(signalfd(-1, &set, 0x8), EINVAL);
	CHECK_ERRNO(read(fd, info, 10), EINVAL);
}
