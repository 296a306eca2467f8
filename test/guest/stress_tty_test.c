/* SPDX-License-Identifier: MIT */
/* Pseudo terminals under load: sessions that begin, stop, are hung up and end while both sides
 * write. */
#include "guest.h"
#include <pthread.h>
#include <sys/ioctl.h>
#include <termios.h>

static int open_pair(char *name)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK), zero = 0, nr;

	if (master < 0)
		return -1;
	ioctl(master, TIOCSPTLCK, &zero);
	ioctl(master, TIOCGPTN, &nr);
	sprintf(name, "/dev/pts/%d", nr);
	return master;
}

static void nothing(int sig)
{
}

static void session(const char *name, int i)
{
	int fd;

	setsid();
	fd = open(name, O_RDWR);
	if (fd < 0)
		_exit(1);
	if (!fork()) { /* a background job */
		char c;

		setpgid(0, 0);
		if (i & 1)
			signal(SIGTTIN, SIG_IGN);
		if (i & 2)
			signal(SIGTTOU, nothing);
		read(fd, &c, 1);
		tcsetpgrp(fd, getpid());
		for (int j = 0; j < 100; j++)
			write(fd, "background\n", 11);
		_exit(0);
	}
	if (i & 4)
		ioctl(fd, TIOCNOTTY);
	for (int j = 0; j < 50; j++) {
		struct termios t;
		char buf[64];

		tcgetattr(fd, &t);
		t.c_lflag ^= j & 1 ? ICANON : ECHO;
		tcsetattr(fd, TCSANOW, &t);
		write(fd, "a line\tof text\n", 15);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		read(fd, buf, sizeof(buf));
		ioctl(fd, TIOCSCTTY, 0);
		if (j % 10 == 9)
			tcflush(fd, TCIOFLUSH);
	}
	_exit(0);
}

TEST(sessions_come_and_go)
{
	uint64_t end = guest_now() + 2000000000ull;
	static const char keys[] = "abc\tdef\bghi\x17\x15xyz\n\x03\x1a\x11\x13\x11\x16\x03\x12\x04";

	for (int i = 0; guest_now() < end; i++) {
		char name[32], buf[512];
		int master = open_pair(name), other;
		pid_t pid;

		if (!CHECK(master >= 0))
			break;
		pid = fork();
		if (!pid) {
			close(master);
			session(name, i);
		}
		other = open(name, O_RDWR | O_NOCTTY);
		for (int j = 0; j < i % 40; j++) {
			write(master, keys, sizeof(keys) - 1);
			read(master, buf, sizeof(buf));
		}
		if (i % 3)
			close(other);
		close(master);
		if (i % 3 == 0) {
			write(other, "x", 1);
			close(other);
		}
		kill(pid, SIGCONT);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static char slave_name[32];
static volatile int stop_now;

static void *open_slave(void *arg)
{
	while (!stop_now) {
		int fd = open(slave_name, O_RDWR);

		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

/* A session leader that opens a terminal just when it is hung up does not keep what is gone. */
TEST(open_against_hang_up)
{
	pid_t pid = IN_CHILD(
		pthread_t t[2];
		uint64_t end = guest_now() + 2000000000ull;
		setsid();
		signal(SIGHUP, SIG_IGN);
		pthread_create(&t[0], NULL, open_slave, NULL);
		pthread_create(&t[1], NULL, open_slave, NULL);
		while (guest_now() < end) {
			int master = open_pair(slave_name);
			int fd;

			usleep(guest_now() % 100);
			close(master);
			fd = open("/dev/tty", O_RDWR);
			if (fd >= 0)
				close(fd);
		}
		stop_now = 1;
		pthread_join(t[0], NULL);
		pthread_join(t[1], NULL));

	CHECK_EXITED(pid, 0);
}

static void *read_tty(void *arg)
{
	char c;
	long n = syscall(SYS_read, (int)(long)arg, &c, 1);

	/* Only what Linux knows comes out of a call that a stop interrupted. */
	CHECK(n >= 0 || errno == EIO || errno == EINTR || errno == EAGAIN);
	return NULL;
}

/* A background process of several threads reads its terminal: all stop, and none sees an error of
 * the kernel's own. */
TEST(background_read_of_many_threads)
{
	char name[32];
	int master = open_pair(name);
	pid_t leader;

	REQUIRE(master >= 0);
	leader = IN_CHILD(
		setsid();
		int fd = open(name, O_RDWR);
		for (int i = 0; i < 30; i++) {
			pid_t job = fork();
			int status;
			if (!job) {
				pthread_t t[3];
				setpgid(0, 0);
				for (int k = 0; k < 3; k++)
					pthread_create(&t[k], NULL, read_tty, (void *)(long)fd);
				for (int k = 0; k < 3; k++)
					pthread_join(t[k], NULL);
				_exit(0);
			}
			setpgid(job, job);
			CHECK_EQ(waitpid(job, &status, WUNTRACED), job);
			CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN);
			kill(job, SIGKILL);
			waitpid(job, NULL, 0);
		});
	CHECK_EXITED(leader, 0);
	close(master);
}

/* Draining a slave's output does not wait for who reads the master. */
TEST(drain_of_a_pty_returns_at_once)
{
	char name[32];
	int master = open_pair(name), slave, n = -1;

	slave = open(name, O_RDWR | O_NOCTTY);
	REQUIRE(slave >= 0);
	CHECK_EQ(write(slave, "unread", 6), 6);
	alarm(5);
	CHECK_OK(tcdrain(slave));
	CHECK_OK(ioctl(slave, TIOCOUTQ, &n));
	CHECK_EQ(n, 0);
	close(slave);
	close(master);
}

TEST(only_signals_of_keys_go_through_TIOCSIG)
{
	char name[32];
	int master = open_pair(name);

	CHECK_ERRNO(ioctl(master, TIOCSIG, SIGKILL), EINVAL);
	CHECK_OK(ioctl(master, TIOCSIG, SIGINT));
	close(master);
}

static volatile int *hung_up;

static void note_hang_up(int sig)
{
	__atomic_add_fetch(hung_up, 1, __ATOMIC_SEQ_CST);
}

/* When the master closes, the session's leader is told; the foreground job only when the leader
 * ends. */
TEST(hang_up_tells_the_leader_first)
{
	char name[32];
	volatile int *told = guest_shared(PAGE); /* leader, job, ready */
	int master = open_pair(name);
	pid_t leader;

	REQUIRE(master >= 0);
	leader = IN_CHILD(
		close(master);
		setsid();
		hung_up = &told[0];
		signal(SIGHUP, note_hang_up);
		signal(SIGTTOU, SIG_IGN);
		int fd = open(name, O_RDWR);
		if (!fork()) {
			hung_up = &told[1];
			setpgid(0, 0);
			tcsetpgrp(fd, getpid());
			told[2] = 1;
			alarm(10);
			while (!told[1])
				guest_sleep_ms(1);
			_exit(0);
		}
		alarm(10);
		while (!told[0])
			guest_sleep_ms(1);
		guest_sleep_ms(50);
		CHECK_EQ(told[1], 0));
	REQUIRE(WAIT_UNTIL(told[2]));
	close(master);
	CHECK_EXITED(leader, 0);
	CHECK(WAIT_UNTIL(told[1]));
	CHECK_EQ(told[0], 1);
}
