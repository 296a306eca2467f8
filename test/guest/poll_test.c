/* SPDX-License-Identifier: MIT */
/* poll, ppoll, select, pselect. */
#include "guest.h"
#include <sys/select.h>

static short poll_once(int fd, short events)
{
	struct pollfd p = { fd, events, -1 };
	int n = poll(&p, 1, 0);

	CHECK_EQ(n, p.revents != 0);
	return p.revents;
}

TEST(states_of_a_pipe)
{
	int fds[2];
	static char big[65536];

	pipe2(fds, O_NONBLOCK);
	CHECK_EQ(poll_once(fds[0], POLLIN | POLLOUT), 0);
	CHECK_EQ(poll_once(fds[1], POLLIN | POLLOUT), POLLOUT);
	write(fds[1], "x", 1);
	CHECK_EQ(poll_once(fds[0], POLLIN | POLLRDNORM), POLLIN | POLLRDNORM);
	CHECK_EQ(poll_once(fds[0], 0), 0);
	write(fds[1], big, sizeof(big));
	CHECK_EQ(poll_once(fds[1], POLLOUT), 0);
	close(fds[1]);
	CHECK_EQ(poll_once(fds[0], POLLIN), POLLIN | POLLHUP);
	CHECK_EQ(poll_once(fds[0], 0), POLLHUP);
	while (read(fds[0], big, sizeof(big)) > 0)
		;
	CHECK_EQ(poll_once(fds[0], POLLIN), POLLHUP);
	close(fds[0]);
	CHECK_EQ(poll_once(fds[0], POLLIN), POLLNVAL);
	pipe(fds);
	close(fds[0]);
	CHECK_EQ(poll_once(fds[1], POLLOUT), POLLOUT | POLLERR);
}

TEST(files_are_always_ready)
{
	int file = open("/proc/self/exe", O_RDONLY), null = open("/dev/null", O_RDWR),
	    zero = open("/dev/zero", O_RDWR);

	CHECK_EQ(poll_once(file, POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK_EQ(poll_once(null, POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK_EQ(poll_once(zero, POLLIN | POLLOUT), POLLIN | POLLOUT);
	CHECK_EQ(poll_once(-5, POLLIN), 0); /* a negative descriptor is skipped */
}

TEST(time_limit)
{
	struct pollfd p = { -1, 0, 0 };
	struct timespec t = { 0, 30000000 };
	uint64_t start = guest_now();

	CHECK_EQ(poll(&p, 1, 30), 0);
	CHECK(guest_now() - start >= 30000000);
	start = guest_now();
	CHECK_EQ(poll(NULL, 0, 10), 0);
	CHECK_EQ(ppoll(NULL, 0, &t, NULL), 0);
	CHECK(guest_now() - start >= 40000000);
	struct timeval tv = { 0, 20000 };

	start = guest_now();
	CHECK_EQ(select(0, NULL, NULL, NULL, &tv), 0);
	CHECK(guest_now() - start >= 20000000);
	CHECK_EQ(tv.tv_sec, 0);
	CHECK_EQ(tv.tv_usec, 0); /* Linux stores what is left */
}

TEST(waiting_is_ended_by_an_event)
{
	int fds[2];

	pipe(fds);
	pid_t pid = IN_CHILD({ guest_sleep_ms(20); write(fds[1], "e", 1); });
	struct pollfd p[3] = { { fds[0], POLLIN, 0 }, { -1, POLLIN, 0 }, { fds[1], POLLIN, 0 } };

	CHECK_EQ(poll(p, 3, 10000), 1);
	CHECK_EQ(p[0].revents, POLLIN);
	CHECK_EQ(p[1].revents, 0);
	CHECK_EQ(p[2].revents, 0);
	CHECK_EXITED(pid, 0);
	char c;

	read(fds[0], &c, 1);
	pid = IN_CHILD({ close(fds[0]); guest_sleep_ms(20); });
	close(fds[1]);
	CHECK_EQ(poll(p, 1, 10000), 1); /* the last writer goes */
	CHECK_EQ(p[0].revents, POLLHUP);
	CHECK_EXITED(pid, 0);
}

TEST(select_sets)
{
	int fds[2];
	fd_set r, w, e;
	struct timeval zero = { 0, 0 };

	pipe(fds);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_ZERO(&e);
	FD_SET(fds[0], &r);
	FD_SET(fds[1], &w);
	FD_SET(fds[0], &e);
	CHECK_EQ(select(fds[1] + 1, &r, &w, &e, &zero), 1);
	CHECK(!FD_ISSET(fds[0], &r));
	CHECK(FD_ISSET(fds[1], &w));
	CHECK(!FD_ISSET(fds[0], &e));
	write(fds[1], "x", 1);
	FD_SET(fds[0], &r);
	CHECK_EQ(select(fds[1] + 1, &r, &w, NULL, NULL), 2);
	close(fds[1]);
	FD_ZERO(&w);
	FD_SET(fds[1], &w);
	CHECK_ERRNO(select(fds[1] + 1, NULL, &w, NULL, &zero), EBADF);
	CHECK_ERRNO(select(-1, NULL, NULL, NULL, &zero), EINVAL);
	zero.tv_sec = -1;
	CHECK_ERRNO(select(0, NULL, NULL, NULL, &zero), EINVAL);
	CHECK_ERRNO(select(5, (void *)8, NULL, NULL, NULL), EFAULT);
}

static volatile int handled;

static void on_signal(int signo)
{
	handled++;
}

TEST(ppoll_and_pselect_swap_the_mask_atomically)
{
	sigset_t blocked, empty;
	struct timespec t = { 5, 0 };

	signal(SIGUSR1, on_signal);
	sigemptyset(&empty);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	raise(SIGUSR1);
	CHECK_EQ(handled, 0);
	CHECK_ERRNO(ppoll(NULL, 0, &t, &empty), EINTR);
	CHECK_EQ(handled, 1);
	raise(SIGUSR1);
	CHECK_ERRNO(pselect(0, NULL, NULL, NULL, &t, &empty), EINTR);
	CHECK_EQ(handled, 2);
	sigprocmask(SIG_BLOCK, NULL, &empty);
	CHECK(sigismember(&empty, SIGUSR1));
}

TEST(errors)
{
	struct rlimit limit;
	struct pollfd p[2] = { { 0 } };
	struct timespec bad = { 0, -1 };

	CHECK_ERRNO(poll((void *)8, 1, 0), EFAULT);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 1;
	setrlimit(RLIMIT_NOFILE, &limit);
	CHECK_ERRNO(poll(p, 2, 0), EINVAL);
	CHECK_ERRNO(ppoll(p, 1, &bad, NULL), EINVAL);
}

TEST(many_descriptors)
{
	struct rlimit limit;
	static struct pollfd p[900];
	int fds[2];

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < 1024 ? limit.rlim_max : 1024;
	setrlimit(RLIMIT_NOFILE, &limit);
	pipe(fds);
	for (int i = 0; i < 900; i++)
		p[i] = (struct pollfd){ dup(fds[0]), POLLIN, 0 };
	CHECK(p[899].fd > 800);
	CHECK_EQ(poll(p, 900, 0), 0);
	write(fds[1], "x", 1);
	CHECK_EQ(poll(p, 900, -1), 900);
	fd_set r;

	FD_ZERO(&r);
	FD_SET(p[899].fd, &r);
	CHECK_EQ(select(p[899].fd + 1, &r, NULL, NULL, NULL), 1);
}
