/* SPDX-License-Identifier: MIT */
/* See terminal.h. The kernel's struct termios is used as it is, since it travels to the guest. */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <linux/kcmp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "terminal.h"

static int terminal = -1; /* a descriptor of it */
static int output = -1;	  /* the one to show things on */
static bool may_be_raw, is_raw;
static struct job_termios original; /* modes found at the start */

_Static_assert(sizeof(struct termios) == sizeof(struct job_termios), "job_termios is the kernel's");

static bool is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

static enum job_fd kind_of(int fd)
{
	struct job_termios termios;

	if (fcntl(fd, F_GETFD) < 0) {
		/* The lowest free descriptor is this one, since they are looked at in order. */
		if (open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
			_exit(125);
		return JOB_FD_CLOSED;
	}
	return ioctl(fd, TCGETS, &termios) == 0 ? JOB_FD_TERMINAL : JOB_FD_PIPE;
}

/* Do standard output and standard error go to the same open file? */
static bool output_and_error_are_one(void)
{
	long differ =
		syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, STDOUT_FILENO, STDERR_FILENO);
	struct stat output_st, error_st;

	if (differ >= 0)
		return differ == 0;
	/* Not permitted everywhere. Two descriptors of one pipe behave as one. */
	return is_pipe(STDOUT_FILENO) && fstat(STDOUT_FILENO, &output_st) == 0 &&
	       fstat(STDERR_FILENO, &error_st) == 0 && output_st.st_dev == error_st.st_dev &&
	       output_st.st_ino == error_st.st_ino;
}

void terminal_init(struct job_header *job)
{
	static const int preference[] = {STDIN_FILENO, STDERR_FILENO, STDOUT_FILENO};

	for (int i = 0; i < 3; i++)
		job->fd[i] = kind_of(i);
	if (job->fd[1] == JOB_FD_PIPE && job->fd[2] == JOB_FD_PIPE && output_and_error_are_one())
		job->fd[2] = JOB_FD_AS_OUTPUT;
	/* The last that is one wins: output goes to standard output rather than to error or input.
	 */
	for (int i = 0; i < 3; i++) {
		if (job->fd[preference[i]] == JOB_FD_TERMINAL)
			output = preference[i];
	}
	if (output < 0)
		return;
	terminal = job->fd[0] == JOB_FD_TERMINAL ? STDIN_FILENO : output;
	ioctl(terminal, TCGETS, &original);
	may_be_raw = terminal == STDIN_FILENO && !is_pipe(STDOUT_FILENO);
	job->termios = original;
	job->winsize = terminal_size();
	if (!may_be_raw) {
		job->termios.lflag &= ~ECHO;
		job->termios.oflag &= ~OPOST;
	}
	atexit(terminal_restore);
}

int terminal_output(void)
{
	return output;
}

bool terminal_foreground(void)
{
	pid_t group;

	return terminal < 0 || ioctl(terminal, TIOCGPGRP, &group) < 0 || group == getpgrp();
}

/* A change of modes from the background would stop quire, unless SIGTTOU is blocked. */
static void set_modes(const struct job_termios *modes)
{
	sigset_t block, old;

	sigemptyset(&block);
	sigaddset(&block, SIGTTOU);
	sigprocmask(SIG_BLOCK, &block, &old);
	while (ioctl(terminal, TCSETSW, modes) < 0 && errno == EINTR)
		;
	sigprocmask(SIG_SETMASK, &old, NULL);
}

void terminal_raw(void)
{
	struct job_termios raw;

	if (!may_be_raw || is_raw || !terminal_foreground())
		return;
	/* A shell may have changed them while quire was stopped. */
	if (ioctl(terminal, TCGETS, &original) < 0)
		return;
	raw = original;
	raw.iflag &=
		~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON | IXANY | IXOFF);
	raw.iflag |= IGNPAR;
	raw.oflag &= ~OPOST;
	raw.lflag &= ~(ECHO | ECHOE | ECHOK | ECHONL | ICANON | ISIG | IEXTEN);
	raw.cc[VMIN] = 1;
	raw.cc[VTIME] = 0;
	set_modes(&raw);
	is_raw = true;
}

void terminal_restore(void)
{
	if (!is_raw)
		return;
	is_raw = false;
	set_modes(&original);
}

bool terminal_is_raw(void)
{
	return is_raw;
}

struct job_winsize terminal_size(void)
{
	struct job_winsize size = {0};

	if (terminal >= 0)
		ioctl(terminal, TIOCGWINSZ, &size);
	return size;
}
