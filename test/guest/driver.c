/* SPDX-License-Identifier: MIT */
/*
 * Pid 1 of a guest-test run: mounts what an init mounts, runs each command of a list in a child
 * with a time limit, says how it ended in lines the runner reads, measures free memory around the
 * list, and turns the machine off.
 *
 * Natively the same program, with the argument "native", runs as pid 1 of a pid namespace in the
 * same tree (test/run-guest does that), so that both runs differ by the kernel only.
 *
 * A line of /tests.list: SECONDS NAME COMMAND...; COMMAND is run by /bin/sh if it begins with
 * "sh:", else split at spaces.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static bool native;

static long meminfo(const char *key)
{
	char line[128];
	long value = -1;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			value = atol(line + strlen(key) + 1);
	if (f)
		fclose(f);
	return value;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void mount_at(const char *type, const char *where, const char *options)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, options) && errno != EBUSY)
		printf("driver: mount %s: %s\n", where, strerror(errno));
}

static void mount_all(void)
{
	mount_at("proc", "/proc", NULL);
	if (!native)
		mount_at("devtmpfs", "/dev", NULL);
	mount_at("devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=620");
	mount_at("tmpfs", "/dev/shm", NULL);
	mount_at("tmpfs", "/tmp", "mode=1777");
	mount_at("sysfs", "/sys", NULL);
}

/* No translation of newlines: the runner compares bytes. */
static void raw_output(void)
{
	struct termios t;

	if (tcgetattr(1, &t))
		return;
	t.c_oflag &= ~OPOST;
	tcsetattr(1, TCSANOW, &t);
}

static void run_command(char *command)
{
	char *argv[64], *save = NULL;
	int n = 0, fd;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	fd = open("/dev/null", O_RDONLY);
	if (fd > 0)
		dup2(fd, 0);
	if (fd > 0)
		close(fd);
	if (!strncmp(command, "sh:", 3)) {
		execl("/bin/sh", "sh", "-c", command + 3, NULL);
	} else {
		for (char *w = strtok_r(command, " ", &save); w && n < 63;
		     w = strtok_r(NULL, " ", &save))
			argv[n++] = w;
		argv[n] = NULL;
		execv(argv[0], argv);
	}
	fprintf(stderr, "driver: %s: %s\n", command, strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Everything left over by a test dies with it. */
static void reap_all(void)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* What a test left in /tmp goes with it, so that only what the kernel keeps counts as leaked. */
static void fresh_tmp(void)
{
	if (chdir("/") || umount2("/tmp", MNT_DETACH))
		perror("driver: umount /tmp");
	mount_at("tmpfs", "/tmp", "mode=1777");
	if (chdir("/tmp"))
		perror("driver: /tmp");
}

static void run_one(char *line)
{
	char name[64], ending[32];
	int seconds, at = 0, status = 0;
	double start = now();
	struct timespec limit, slice;
	sigset_t chld;
	bool late = false;
	pid_t pid;

	if (sscanf(line, "%d %63s %n", &seconds, name, &at) != 2 || !at)
		return;
	line[strcspn(line, "\n")] = 0;
	printf("=== run %s\n", name);
	fflush(stdout);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	pid = fork();
	if (pid == 0)
		run_command(line + at);
	limit.tv_sec = seconds;
	for (;;) {
		pid_t got = waitpid(-1, &status, WNOHANG);

		if (got == pid)
			break;
		if (got > 0)
			continue;
		if (now() - start > limit.tv_sec) {
			late = true;
			kill(-1, SIGKILL);
			waitpid(pid, &status, 0);
			break;
		}
		slice = (struct timespec){ 1, 0 };
		sigtimedwait(&chld, NULL, &slice);
	}
	reap_all();
	fresh_tmp();
	if (late)
		snprintf(ending, sizeof(ending), "timeout");
	else if (WIFSIGNALED(status))
		snprintf(ending, sizeof(ending), "signal %d", WTERMSIG(status));
	else
		snprintf(ending, sizeof(ending), "exit %d", WEXITSTATUS(status));
	printf("=== end %s: %s\n", name, ending);
	fprintf(stderr, "=== info %s: %.2f s, MemFree %ld kB\n", name, now() - start,
		meminfo("MemFree:"));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[1024];
	long before;
	FILE *list;

	native = argc > 1 && !strcmp(argv[1], "native");
	mount_all();
	raw_output();
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", 1);
	setenv("HOME", "/tmp", 1);
	setenv("TERM", "dumb", 1);
	setenv("LC_ALL", "C", 1);
	if (chdir("/tmp"))
		perror("driver: /tmp");
	printf("=== start, MemFree %ld kB\n", before = meminfo("MemFree:"));
	list = fopen("/tests.list", "re");
	while (list && fgets(line, sizeof(line), list))
		run_one(line);
	printf("=== done, MemFree %ld kB, before %ld kB\n", meminfo("MemFree:"), before);
	fflush(stdout);
	sync();
	if (native)
		return 0;
	reboot(RB_POWER_OFF);
	return 1;
}
