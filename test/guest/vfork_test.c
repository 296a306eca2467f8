/* SPDX-License-Identifier: MIT */
/* vfork: the parent waits, memory is shared, descriptors are not. */
#include "guest.h"
#include <spawn.h>

extern char **environ;

HELPER(vfork_exec_target)
{
	return argc > 0 ? atoi(argv[0]) : 1;
}

TEST(parent_waits_for_exit_and_sees_writes)
{
	volatile int shared = 0;
	pid_t pid = vfork();

	if (pid == 0) {
		struct timespec t = { 0, 30000000 };

		nanosleep(&t, NULL);
		shared = 1;
		_exit(3);
	}
	CHECK_EQ(shared, 1);
	CHECK_EXITED(pid, 3);
}

TEST(parent_goes_on_at_exec)
{
	char *args[] = { guest_program, "@vfork_exec_target", "9", NULL };
	pid_t pid = vfork();

	if (pid == 0) {
		execv(guest_program, args);
		_exit(127);
	}
	CHECK(pid > 0);
	CHECK_EXITED(pid, 9);
}

TEST(failed_exec_lets_the_child_report)
{
	volatile int error = 0;
	char *args[] = { "nosuch", NULL };
	pid_t pid = vfork();

	if (pid == 0) {
		execv("/no/such/program", args);
		error = errno;
		_exit(127);
	}
	CHECK_EXITED(pid, 127);
	CHECK_EQ(error, ENOENT);
}

TEST(descriptors_are_the_childs_own)
{
	int fds[2];

	CHECK_OK(pipe(fds));
	pid_t pid = vfork();

	if (pid == 0) {
		close(fds[0]);
		_exit(0);
	}
	CHECK_EXITED(pid, 0);
	CHECK(fcntl(fds[0], F_GETFD) >= 0);
}

static volatile int got;

static void on_signal(int signo)
{
	got = signo;
}

/* The parent sleeps uninterruptibly for signals with handlers: they are delivered after the child's
 * exit. */
TEST(signal_to_the_waiting_parent_comes_later)
{
	pid_t parent = getpid();

	signal(SIGUSR1, on_signal);
	pid_t pid = vfork();

	if (pid == 0) {
		struct timespec t = { 0, 20000000 };

		kill(parent, SIGUSR1);
		nanosleep(&t, NULL);
		_exit(got ? 1 : 0);
	}
	CHECK_EXITED(pid, 0);
	CHECK_EQ(got, SIGUSR1);
}

TEST(a_killed_child_frees_the_parent)
{
	pid_t pid = vfork();

	if (pid == 0) {
		syscall(SYS_kill, getpid(), SIGKILL);
		_exit(0);
	}
	CHECK_KILLED(pid, SIGKILL);
}

TEST(posix_spawn_works)
{
	char *args[] = { guest_program, "@vfork_exec_target", "11", NULL };
	pid_t pid;

	for (int i = 0; i < 10; i++) {
		CHECK_EQ(posix_spawn(&pid, guest_program, NULL, NULL, args, environ), 0);
		CHECK_EXITED(pid, 11);
	}
	CHECK_EQ(posix_spawn(&pid, "/no/such/program", NULL, NULL, args, environ), ENOENT);
	CHECK_EQ(posix_spawn(&pid, "/tmp", NULL, NULL, args, environ), EACCES);
}

TEST(posix_spawn_file_actions)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char *args[] = { "/bin/echo", "hello spawn", NULL }, text[100] = "";
	int fds[2];
	pid_t pid;

	CHECK_OK(pipe(fds));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
	posix_spawn_file_actions_addclose(&actions, fds[0]);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	CHECK_EQ(posix_spawn(&pid, args[0], &actions, &attr, args, environ), 0);
	close(fds[1]);
	CHECK_EQ(read(fds[0], text, sizeof(text) - 1), 12);
	CHECK_STR(text, "hello spawn\n");
	CHECK_EXITED(pid, 0);
}

TEST(system_and_popen)
{
	char text[100] = "";
	FILE *p = popen("echo from popen; exit 5", "r");

	REQUIRE(p);
	CHECK(fgets(text, sizeof(text), p));
	CHECK_STR(text, "from popen\n");
	CHECK_EQ(WEXITSTATUS(pclose(p)), 5);
	CHECK_EQ(WEXITSTATUS(system("exit 6")), 6);
	CHECK(system(NULL));
}
