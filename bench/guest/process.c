/* SPDX-License-Identifier: MIT */
/* Making and ending processes and threads, signals. */
#define _GNU_SOURCE
#include "bench.h"

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t null_syscall(int n)
{
	pid_t parent = getppid();
	uint64_t t = start();

	for (int i = 0; i < n; i++)
		if (syscall(SYS_getppid) != parent)
			CHECK(0);
	return stop(t);
}

static uint64_t vdso_clock(int n)
{
	struct timespec ts, last = {};
	uint64_t t = start();

	for (int i = 0; i < n; i++)
		clock_gettime(CLOCK_MONOTONIC, &ts);
	t = stop(t);
	clock_gettime(CLOCK_MONOTONIC, &last);
	CHECK(last.tv_sec > ts.tv_sec || (last.tv_sec == ts.tv_sec && last.tv_nsec >= ts.tv_nsec));
	return t;
}

void wait_for(int pid, int expected)
{
	int status;

	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == expected);
}

static uint64_t fork_exit_wait(int n)
{
	uint64_t t = start();

	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(7);
		wait_for(pid, 7);
	}
	return stop(t);
}

static char *const exit_argv[] = { "/exit7", NULL };
static char *const no_env[] = { NULL };

static uint64_t vfork_exec(int n)
{
	uint64_t t = start();

	for (int i = 0; i < n; i++) {
		pid_t pid = vfork();

		if (!pid) {
			execve("/exit7", exit_argv, no_env);
			_exit(1);
		}
		wait_for(pid, 7);
	}
	return stop(t);
}

static uint64_t fork_exec(int n)
{
	uint64_t t = start();

	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (!pid) {
			execve("/exit7", exit_argv, no_env);
			_exit(1);
		}
		wait_for(pid, 7);
	}
	return stop(t);
}

static uint64_t spawn(int n)
{
	uint64_t t = start();

	for (int i = 0; i < n; i++) {
		pid_t pid;

		CHECK(posix_spawn(&pid, "/exit7", NULL, NULL, exit_argv, no_env) == 0);
		wait_for(pid, 7);
	}
	return stop(t);
}

static uint64_t shell(int n)
{
	static char *const argv[] = { "sh", "-c", "exit 7", NULL };
	uint64_t t = start();

	for (int i = 0; i < n; i++) {
		pid_t pid = vfork();

		if (!pid) {
			execve("/bin/busybox", argv, no_env);
			_exit(1);
		}
		wait_for(pid, 7);
	}
	return stop(t);
}

static volatile int signals;

static void handler(int sig)
{
	signals++;
}

static uint64_t signal_install(int n)
{
	uint64_t t = start();

	for (int i = 0; i < n; i++)
		CHECK(signal(SIGUSR1, handler) != SIG_ERR);
	return stop(t);
}

static uint64_t signal_deliver(int n)
{
	pid_t pid = getpid();
	uint64_t t;

	signal(SIGUSR1, handler);
	signals = 0;
	t = start();
	for (int i = 0; i < n; i++)
		kill(pid, SIGUSR1);
	t = stop(t);
	CHECK(signals == n);
	return t;
}

const struct metric process_metrics[] = {
	{ "getppid", 1000, null_syscall, "getppid(): the way into the kernel and out" },
	{ "clock_gettime", 1000, vdso_clock, "clock_gettime() through the vDSO" },
	{ "signal_install", 1000, signal_install, "sigaction()" },
	{ "signal", 1000, signal_deliver, "kill(self), handler, sigreturn" },
	{ "fork_exit_wait", 100, fork_exit_wait, "fork(), child exits, waitpid(): a small process" },
	{ "vfork_exec", 50, vfork_exec, "vfork(), execve() of a small static program, wait" },
	{ "fork_exec", 50, fork_exec, "fork(), execve(), wait" },
	{ "posix_spawn", 50, spawn, "posix_spawn(), wait" },
	{ "sh_c_true", 20, shell, "busybox sh -c 'exit 7', by vfork: what scripts are made of" },
	{ }
};
