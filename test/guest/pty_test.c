/* SPDX-License-Identifier: MIT */
/* Terminals, by a pseudo terminal: line discipline, modes, job control, sizes, hang-up. */
#include "guest.h"
#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;
static char slave_name[64];

static void open_pty(void)
{
	master = CHECK_OK(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
	REQUIRE(master >= 0);
	CHECK_OK(grantpt(master));
	CHECK_OK(unlockpt(master));
	REQUIRE(ptsname_r(master, slave_name, sizeof(slave_name)) == 0);
	slave = CHECK_OK(open(slave_name, O_RDWR | O_NOCTTY));
}

/* Read what comes within 100 ms, into a static string. */
static const char *output(int fd)
{
	static char text[4096];
	size_t length = 0;
	struct pollfd p = { fd, POLLIN, 0 };

	while (length < sizeof(text) - 1 && poll(&p, 1, 50) == 1) {
		ssize_t n = read(fd, text + length, sizeof(text) - 1 - length);

		if (n <= 0)
			break;
		length += n;
	}
	text[length] = 0;
	return text;
}

static void put(int fd, const char *text)
{
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
}

static void set_flags(tcflag_t clear_l, tcflag_t set_l)
{
	struct termios t;

	tcgetattr(slave, &t);
	t.c_lflag = (t.c_lflag & ~clear_l) | set_l;
	CHECK_OK(tcsetattr(slave, TCSANOW, &t));
}

TEST(default_modes)
{
	struct termios t;

	open_pty();
	CHECK(isatty(slave));
	CHECK(isatty(master));
	CHECK_OK(tcgetattr(slave, &t));
	CHECK_EQ(t.c_lflag & (ICANON | ECHO | ECHOE | ISIG | IEXTEN),
		 ICANON | ECHO | ECHOE | ISIG | IEXTEN);
	CHECK_EQ(t.c_iflag & ICRNL, ICRNL);
	CHECK_EQ(t.c_oflag & (OPOST | ONLCR), OPOST | ONLCR);
	CHECK_EQ(t.c_cc[VINTR], 3);
	CHECK_EQ(t.c_cc[VEOF], 4);
	CHECK_EQ(t.c_cc[VERASE], 127);
	CHECK_EQ(t.c_cc[VSUSP], 26);
	CHECK_EQ(cfgetospeed(&t), B38400);
	CHECK(!strncmp(slave_name, "/dev/pts/", 9));
	struct stat st;

	fstat(slave, &st);
	CHECK_EQ(st.st_rdev >> 8, 136);
	int pipe_fds[2];

	pipe(pipe_fds);
	CHECK_ERRNO(tcgetattr(pipe_fds[0], &t), ENOTTY);
	CHECK(!isatty(pipe_fds[0]));
}

TEST(canonical_lines_and_editing)
{
	char text[100] = "";

	open_pty();
	put(master, "hel");
	fcntl(slave, F_SETFL, O_NONBLOCK);
	CHECK_ERRNO(read(slave, text, 100), EAGAIN); /* no line yet */
	put(master, "lo\rnext\n");
	CHECK_EQ(read(slave, text, 100), 6); /* one line a read */
	CHECK(!memcmp(text, "hello\n", 6));
	CHECK_EQ(read(slave, text, 2), 2);
	CHECK_EQ(read(slave, text, 100), 3);
	CHECK_ERRNO(read(slave, text, 100), EAGAIN);
	CHECK_STR(output(master), "hello\r\nnext\r\n"); /* the echo */
	put(master, "abX\177c\n"); /* erase */
	CHECK_EQ(read(slave, text, 100), 4);
	CHECK(!memcmp(text, "abc\n", 4));
	CHECK_STR(output(master), "abX\b \bc\r\n");
	put(master, "two words\027three\n"); /* erase a word */
	memset(text, 0, sizeof(text));
	read(slave, text, 100);
	CHECK_STR(text, "two three\n");
	put(master, "kill me\025kept\n");
	memset(text, 0, sizeof(text));
	read(slave, text, 100);
	CHECK_STR(text, "kept\n");
	put(master, "lit\026\177\n"); /* the next one literally */
	memset(text, 0, sizeof(text));
	read(slave, text, 100);
	CHECK_STR(text, "lit\177\n");
	put(master, "part\004"); /* end of file in a line: what is there */
	CHECK_EQ(read(slave, text, 100), 4);
	put(master, "\004");
	CHECK_EQ(read(slave, text, 100), 0);
	CHECK_ERRNO(read(slave, text, 100), EAGAIN);
}

TEST(echo_can_be_off)
{
	char text[10];

	open_pty();
	set_flags(ECHO, 0);
	put(master, "secret\n");
	CHECK_STR(output(master), "");
	CHECK_EQ(read(slave, text, 10), 7);
	set_flags(0, ECHONL);
	put(master, "x\n");
	CHECK_STR(output(master), "\r\n");
}

TEST(raw_mode)
{
	struct termios t;
	char text[10];

	open_pty();
	tcgetattr(slave, &t);
	cfmakeraw(&t);
	CHECK_OK(tcsetattr(slave, TCSANOW, &t));
	put(master, "\003\r\004x");
	CHECK_EQ(read(slave, text, 10), 4);
	CHECK(!memcmp(text, "\003\r\004x", 4));
	put(slave, "a\nb");
	CHECK_STR(output(master), "a\nb");
	/* VMIN and VTIME. */
	t.c_cc[VMIN] = 3;
	t.c_cc[VTIME] = 0;
	tcsetattr(slave, TCSANOW, &t);
	pid_t pid = IN_CHILD({
		put(master, "1");
		guest_sleep_ms(20);
		put(master, "23");
	});

	CHECK_EQ(read(slave, text, 10), 3);
	CHECK_EXITED(pid, 0);
	t.c_cc[VMIN] = 0;
	t.c_cc[VTIME] = 1;
	tcsetattr(slave, TCSANOW, &t);
	uint64_t start = guest_now();

	CHECK_EQ(read(slave, text, 10), 0);
	CHECK(guest_now() - start >= 90000000);
	t.c_cc[VTIME] = 0;
	tcsetattr(slave, TCSANOW, &t);
	CHECK_EQ(read(slave, text, 10), 0);
	t.c_cc[VMIN] = 5;
	t.c_cc[VTIME] = 1; /* a gap between characters ends it */
	tcsetattr(slave, TCSANOW, &t);
	put(master, "ab");
	CHECK_EQ(read(slave, text, 10), 2);
}

TEST(output_processing)
{
	struct termios t;

	open_pty();
	put(slave, "line\n");
	CHECK_STR(output(master), "line\r\n");
	tcgetattr(slave, &t);
	t.c_oflag &= ~ONLCR;
	tcsetattr(slave, TCSANOW, &t);
	put(slave, "line\n");
	CHECK_STR(output(master), "line\n");
	t.c_iflag |= INLCR;
	t.c_iflag &= ~ICRNL;
	tcsetattr(slave, TCSADRAIN, &t);
	CHECK_OK(tcflush(slave, TCIOFLUSH));
	CHECK_OK(tcdrain(slave));
}

TEST(window_size)
{
	struct winsize size = { .ws_row = 33, .ws_col = 99 }, got;

	open_pty();
	CHECK_OK(ioctl(master, TIOCSWINSZ, &size));
	CHECK_OK(ioctl(slave, TIOCGWINSZ, &got));
	CHECK_EQ(got.ws_row, 33);
	CHECK_EQ(got.ws_col, 99);
}

/* A session of its own with the slave as controlling terminal, in a child; the body has fds master
 * and slave. */
#define IN_SESSION(...)                                                                            \
	IN_CHILD({                                                                                 \
		CHECK(setsid() > 0);                                                               \
		CHECK_OK(ioctl(slave, TIOCSCTTY, 0));                                              \
		__VA_ARGS__;                                                                       \
	})

TEST(controlling_terminal)
{
	open_pty();
	CHECK_EXITED(IN_SESSION({
		pid_t sid = -1;

		CHECK_OK(ioctl(slave, TIOCGSID, &sid));
		CHECK_EQ(sid, getpid());
		CHECK_EQ(tcgetpgrp(slave), getpgrp());
		CHECK_EQ(tcgetsid(slave), getpid());
		int tty = CHECK_OK(open("/dev/tty", O_RDWR));

		put(tty, "through tty");
		CHECK_STR(output(master), "through tty");
		char name[64];

		CHECK_EQ(ttyname_r(slave, name, sizeof(name)), 0);
		CHECK_STR(name, slave_name);
		CHECK_ERRNO(tcsetpgrp(slave, 99999), ESRCH);
		signal(SIGHUP, SIG_IGN);
		CHECK_OK(ioctl(slave, TIOCNOTTY));
		CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
	}), 0);
	CHECK_ERRNO(tcgetpgrp(slave), ENOTTY); /* not this process's terminal */
}

TEST(opening_makes_it_controlling)
{
	open_pty();
	CHECK_EXITED(IN_CHILD({
		setsid();
		int fd = CHECK_OK(open(slave_name, O_RDWR));

		CHECK_EQ(tcgetpgrp(fd), getpid());
	}), 0);
	open_pty();
	CHECK_EXITED(IN_CHILD({
		setsid();
		open(slave_name, O_RDWR | O_NOCTTY);
		CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
	}), 0);
}

TEST(keys_send_signals_to_the_foreground)
{
	static const struct {
		char key;
		int signo;
	} keys[] = { { 3, SIGINT }, { 28, SIGQUIT } };
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		open_pty();
		pid_t pid = IN_SESSION({
			put(slave, "ready");
			for (;;)
				pause();
		});

		CHECK_STR(output(master), "ready");
		CHECK_EQ(write(master, &keys[i].key, 1), 1);
		CHECK_KILLED(pid, keys[i].signo);
		CHECK(strchr(output(master), '^')); /* echoed as ^C */
	}
	open_pty();
	set_flags(ISIG, 0);
	pid_t pid = IN_SESSION({
		char c;

		set_flags(ICANON, 0);
		put(slave, "ready");
		CHECK_EQ(read(slave, &c, 1), 1);
		CHECK_EQ(c, 3);
	});

	CHECK_STR(output(master), "ready");
	put(master, "\003");
	CHECK_EXITED(pid, 0);
}

TEST(job_control)
{
	open_pty();
	CHECK_EXITED(IN_SESSION({
		int status;
		pid_t job = IN_CHILD({
			char c;

			setpgid(0, 0);
			CHECK_EQ(read(slave, &c, 1), 1); /* in the background: SIGTTIN stops it */
			CHECK_EQ(c, 'j');
			_exit(7);
		});

		setpgid(job, job);
		CHECK_EQ(waitpid(job, &status, WUNTRACED), job);
		CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN);
		CHECK_OK(tcsetpgrp(slave, job));
		CHECK_EQ(tcgetpgrp(slave), job);
		kill(-job, SIGCONT);
		put(master, "j\n");
		CHECK_EXITED(job, 7);
		/* Now this shell is in the background: it must ignore SIGTTOU to take the terminal
		 * back. */
		signal(SIGTTOU, SIG_IGN);
		CHECK_OK(tcsetpgrp(slave, getpgrp()));
		/* Ctrl-Z stops the foreground job. */
		job = IN_CHILD({
			setpgid(0, 0);
			tcsetpgrp(slave, getpid());
			signal(SIGTTOU, SIG_DFL);
			put(slave, "go");
			for (;;)
				pause();
		});
		CHECK(strstr(output(master), "go"));
		put(master, "\032");
		CHECK_EQ(waitpid(job, &status, WUNTRACED), job);
		CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
		kill(-job, SIGKILL);
		guest_wait(job);
		tcsetpgrp(slave, getpgrp());
	}), 0);
}

TEST(background_output_with_tostop)
{
	open_pty();
	CHECK_EXITED(IN_SESSION({
		int status;
		pid_t job = IN_CHILD({ setpgid(0, 0); put(slave, "quiet"); });

		CHECK_EXITED(job, 0); /* without TOSTOP it may write */
		set_flags(0, TOSTOP);
		job = IN_CHILD({ setpgid(0, 0); put(slave, "stopped"); });
		CHECK_EQ(waitpid(job, &status, WUNTRACED), job);
		CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTOU);
		kill(job, SIGKILL);
		guest_wait(job);
		/* Changing modes from the background stops always. */
		job = IN_CHILD({ setpgid(0, 0); set_flags(TOSTOP, 0); });
		CHECK_EQ(waitpid(job, &status, WUNTRACED), job);
		CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTOU);
		kill(job, SIGKILL);
		guest_wait(job);
	}), 0);
}

TEST(read_in_an_orphaned_background_group_fails)
{
	volatile int *result = guest_shared(PAGE);

	open_pty();
	CHECK_EXITED(IN_SESSION({
		signal(SIGHUP, SIG_IGN);
		pid_t middle = IN_CHILD({
			pid_t parent = getpid();

			IN_CHILD({
				char c;

				setpgid(0, 0);
				WAIT_UNTIL(getppid() != parent);
				*result = read(slave, &c, 1) == -1 ? errno : 1000;
			});
		});

		guest_wait(middle);
		CHECK(WAIT_UNTIL(*result));
		CHECK_EQ(*result, EIO);
	}), 0);
}

TEST(hangup_when_the_master_closes)
{
	open_pty();
	pid_t pid = IN_SESSION({
		char c;
		sigset_t set;
		siginfo_t info;

		close(master);
		sigemptyset(&set);
		sigaddset(&set, SIGHUP);
		sigprocmask(SIG_BLOCK, &set, NULL);
		CHECK_EQ(sigwaitinfo(&set, &info), SIGHUP);
		CHECK_EQ(read(slave, &c, 1), 0);
		CHECK_ERRNO(write(slave, "x", 1), EIO);
	});

	guest_sleep_ms(30);
	close(slave);
	close(master);
	CHECK_EXITED(pid, 0);
}

TEST(master_sees_the_end_of_the_slave)
{
	char c;
	struct pollfd p;

	open_pty();
	put(slave, "last");
	close(slave);
	CHECK_STR(output(master), "last");
	CHECK_ERRNO(read(master, &c, 1), EIO);
	p = (struct pollfd){ master, POLLIN, 0 };
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK(p.revents & POLLHUP);
}

TEST(session_leader_exit_hangs_up)
{
	volatile int *result = guest_shared(PAGE);
	volatile pid_t *job = (void *)(result + 1);

	open_pty();
	CHECK_EXITED(IN_SESSION({
		*job = IN_CHILD({
			sigset_t set;
			siginfo_t info;

			sigemptyset(&set);
			sigaddset(&set, SIGHUP);
			sigprocmask(SIG_BLOCK, &set, NULL);
			put(slave, "w");
			*result = sigwaitinfo(&set, &info); /* the foreground group gets SIGHUP */
		});
		CHECK_STR(output(master), "w");
	}), 0);
	CHECK(WAIT_UNTIL(*result));
	CHECK_EQ(*result, SIGHUP);
}

TEST(poll_and_queue)
{
	struct pollfd p;
	int available;

	open_pty();
	p = (struct pollfd){ slave, POLLIN | POLLOUT, 0 };
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLOUT);
	put(master, "abc");
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLOUT); /* no whole line yet */
	put(master, "\n");
	p.events = POLLIN;
	CHECK_EQ(poll(&p, 1, 1000), 1);
	CHECK_OK(ioctl(slave, FIONREAD, &available));
	CHECK_EQ(available, 4);
	CHECK_OK(tcflush(slave, TCIFLUSH));
	CHECK_EQ(poll(&p, 1, 20), 0);
}

TEST(many_ptys)
{
	int masters[20];

	for (int i = 0; i < 20; i++) {
		open_pty();
		masters[i] = master;
		close(slave);
	}
	for (int i = 0; i < 20; i++)
		close(masters[i]);
	open_pty();
	put(slave, "again");
	CHECK_STR(output(master), "again");
}
