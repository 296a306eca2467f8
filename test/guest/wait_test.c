/* SPDX-License-Identifier: MIT */
/* wait4, waitid: statuses, options, which child, what is left behind. */
#include "guest.h"
#include <pthread.h>

TEST(exit_status_is_eight_bits)
{
	CHECK_EXITED(IN_CHILD(_exit(0)), 0);
	CHECK_EXITED(IN_CHILD(_exit(255)), 255);
	CHECK_EXITED(IN_CHILD(_exit(0x1234)), 0x34);
	CHECK_EXITED(IN_CHILD(_exit(-1)), 255);
}

TEST(killed_status)
{
	CHECK_DIES(SIGKILL, raise(SIGKILL));
	CHECK_DIES(SIGTERM, raise(SIGTERM));
	CHECK_DIES(SIGRTMIN, raise(SIGRTMIN));
	CHECK_DIES(SIGSEGV, *(volatile int *)8 = 1);
}

TEST(core_flag)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	pid_t pid = IN_CHILD(abort());
	int status = guest_wait(pid);

	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CHECK(!WCOREDUMP(status));
}

TEST(no_children)
{
	CHECK_ERRNO(waitpid(-1, NULL, 0), ECHILD);
	CHECK_ERRNO(waitpid(-1, NULL, WNOHANG), ECHILD);
	CHECK_ERRNO(waitpid(getpid(), NULL, 0), ECHILD);
	CHECK_ERRNO(waitpid(1, NULL, 0), ECHILD);
	CHECK_ERRNO(waitpid(-1, NULL, 0x80), EINVAL);
	CHECK_ERRNO(waitid(P_ALL, 0, NULL, 0), EINVAL);
	CHECK_ERRNO(waitid(77, 0, NULL, WEXITED), EINVAL);
	CHECK_ERRNO(waitid(P_PID, 0, NULL, WEXITED), EINVAL);
	CHECK_ERRNO(syscall(SYS_wait4, INT32_MIN, NULL, 0, NULL), ESRCH);
}

TEST(nohang_returns_zero_while_running)
{
	int fds[2], status = 77;
	char c;

	CHECK_OK(pipe(fds));
	pid_t pid = IN_CHILD({ close(fds[1]); CHECK_EQ(read(fds[0], &c, 1), 0); _exit(4); });

	CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
	CHECK_EQ(status, 77);
	close(fds[1]);
	CHECK_EXITED(pid, 4);
}

TEST(by_process_group)
{
	int fds[2];
	char c;

	CHECK_OK(pipe(fds));
	pid_t a = IN_CHILD({ close(fds[1]); read(fds[0], &c, 1); _exit(1); });
	pid_t b = IN_CHILD({ close(fds[1]); read(fds[0], &c, 1); _exit(2); });
	int status;

	CHECK_OK(setpgid(b, b));
	close(fds[1]);
	CHECK_EQ(waitpid(-b, &status, 0), b);
	CHECK_EQ(WEXITSTATUS(status), 2);
	CHECK_ERRNO(waitpid(-b, &status, 0), ECHILD);
	CHECK_EQ(waitpid(0, &status, 0), a);
	CHECK_EQ(WEXITSTATUS(status), 1);
}

TEST(stopped_and_continued)
{
	pid_t pid = IN_CHILD(for (;;) pause());
	int status;

	CHECK_OK(kill(pid, SIGSTOP));
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
	CHECK_EQ(WSTOPSIG(status), SIGSTOP);
	CHECK_EQ(guest_task_state(pid), 'T');
	CHECK_EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0); /* reported once */
	CHECK_OK(kill(pid, SIGCONT));
	CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
	CHECK(WIFCONTINUED(status));
	CHECK_EQ(status, 0xffff);
	CHECK_OK(kill(pid, SIGTSTP));
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK_EQ(WSTOPSIG(status), SIGTSTP);
	CHECK_OK(kill(pid, SIGKILL)); /* also a stopped task dies */
	CHECK_KILLED(pid, SIGKILL);
}

TEST(waitid_fills_siginfo)
{
	siginfo_t info;
	pid_t pid = IN_CHILD(_exit(33));

	memset(&info, 0xff, sizeof(info));
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED));
	CHECK_EQ(info.si_signo, SIGCHLD);
	CHECK_EQ(info.si_code, CLD_EXITED);
	CHECK_EQ(info.si_status, 33);
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(info.si_uid, getuid());
	CHECK_EQ(info.si_errno, 0);

	pid = IN_CHILD(raise(SIGTERM));
	CHECK_OK(waitid(P_ALL, 0, &info, WEXITED));
	CHECK_EQ(info.si_code, CLD_KILLED);
	CHECK_EQ(info.si_status, SIGTERM);

	pid = IN_CHILD(for (;;) pause());
	kill(pid, SIGSTOP);
	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED));
	CHECK_EQ(info.si_code, CLD_STOPPED);
	CHECK_EQ(info.si_status, SIGSTOP);
	kill(pid, SIGCONT);
	CHECK_OK(waitid(P_PID, pid, &info, WCONTINUED));
	CHECK_EQ(info.si_code, CLD_CONTINUED);
	CHECK_EQ(info.si_status, SIGCONT);
	info.si_pid = 99;
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOHANG));
	CHECK_EQ(info.si_pid, 0);
	CHECK_EQ(info.si_signo, 0);
	kill(pid, SIGKILL);
	CHECK_KILLED(pid, SIGKILL);
}

TEST(nowait_leaves_the_zombie)
{
	siginfo_t info;
	pid_t pid = IN_CHILD(_exit(3));

	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	CHECK_EQ(info.si_status, 3);
	CHECK_EQ(guest_task_state(pid), 'Z');
	CHECK_OK(kill(pid, 0)); /* a zombie still exists */
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	CHECK_EXITED(pid, 3);
	CHECK_ERRNO(kill(pid, 0), ESRCH);
}

TEST(wait4_gives_rusage)
{
	struct rusage usage = { 0 }, children;
	int status;
	pid_t pid = IN_CHILD({
		char *p = guest_map(100 * PAGE);
		uint64_t end = guest_now() + 30000000;

		memset(p, 1, 100 * PAGE);
		while (guest_now() < end)
			;
	});

	CHECK_EQ(wait4(pid, &status, 0, &usage), pid);
	CHECK(usage.ru_minflt >= 100);
	CHECK(usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec >=
	      10000);
	getrusage(RUSAGE_CHILDREN, &children);
	CHECK_EQ(children.ru_minflt, usage.ru_minflt);
}

TEST(sigchld_ignored_leaves_no_zombies)
{
	signal(SIGCHLD, SIG_IGN);
	pid_t pid = IN_CHILD(_exit(1));

	CHECK_ERRNO(waitpid(pid, NULL, 0), ECHILD);
	CHECK_ERRNO(kill(pid, 0), ESRCH);
}

static volatile int chld_count, chld_code, chld_status;
static volatile pid_t chld_pid;

static void on_chld(int signo, siginfo_t *info, void *context)
{
	chld_count++;
	chld_code = info->si_code;
	chld_status = info->si_status;
	chld_pid = info->si_pid;
}

TEST(nocldwait_still_signals)
{
	struct sigaction action = {.sa_sigaction = on_chld, .sa_flags = SA_NOCLDWAIT | SA_SIGINFO};

	sigaction(SIGCHLD, &action, NULL);
	pid_t pid = IN_CHILD(_exit(1));

	CHECK(WAIT_UNTIL(chld_count));
	CHECK_ERRNO(waitpid(pid, NULL, 0), ECHILD);
	CHECK_EQ(chld_pid, pid);
}

TEST(sigchld_tells_about_stop_and_exit)
{
	struct sigaction action = { .sa_sigaction = on_chld, .sa_flags = SA_SIGINFO };

	sigaction(SIGCHLD, &action, NULL);
	pid_t pid = IN_CHILD(for (;;) pause());

	kill(pid, SIGSTOP);
	CHECK(WAIT_UNTIL(chld_count == 1));
	CHECK_EQ(chld_code, CLD_STOPPED);
	kill(pid, SIGCONT);
	CHECK(WAIT_UNTIL(chld_count == 2));
	CHECK_EQ(chld_code, CLD_CONTINUED);
	kill(pid, SIGTERM);
	CHECK(WAIT_UNTIL(chld_count == 3));
	CHECK_EQ(chld_code, CLD_KILLED);
	CHECK_EQ(chld_status, SIGTERM);
	CHECK_EQ(chld_pid, pid);
	guest_wait(pid);
}

TEST(nocldstop_is_silent_about_stops)
{
	struct sigaction action = {.sa_sigaction = on_chld, .sa_flags = SA_SIGINFO | SA_NOCLDSTOP};
	int status;

	sigaction(SIGCHLD, &action, NULL);
	pid_t pid = IN_CHILD(for (;;) pause());

	kill(pid, SIGSTOP);
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	kill(pid, SIGCONT);
	CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
	CHECK_EQ(chld_count, 0);
	kill(pid, SIGKILL);
	CHECK(WAIT_UNTIL(chld_count == 1));
	guest_wait(pid);
}

static void *wait_in_thread(void *pid)
{
	int status;

	CHECK_EQ(waitpid(*(pid_t *)pid, &status, 0), *(pid_t *)pid);
	CHECK_EQ(WEXITSTATUS(status), 12);
	return NULL;
}

TEST(another_thread_may_wait)
{
	pid_t pid = IN_CHILD(_exit(12));
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, wait_in_thread, &pid), 0);
	pthread_join(thread, NULL);
}

static int thread_pipe[2];

static void *fork_in_thread(void *result)
{
	pid_t pid = fork();
	char c;

	if (pid == 0)
		_exit(13);
	__atomic_store_n((pid_t *)result, pid, __ATOMIC_SEQ_CST);
	CHECK_EQ(read(thread_pipe[0], &c, 1), 1);
	return NULL;
}

TEST(wnothread_waits_for_own_children_only)
{
	pthread_t thread;
	pid_t pid = 0;

	CHECK_OK(pipe(thread_pipe));
	CHECK_EQ(pthread_create(&thread, NULL, fork_in_thread, &pid), 0);
	CHECK(WAIT_UNTIL(__atomic_load_n(&pid, __ATOMIC_SEQ_CST)));
	CHECK_ERRNO(waitpid(-1, NULL, __WNOTHREAD), ECHILD);
	CHECK_EXITED(pid, 13);
	CHECK_EQ(write(thread_pipe[1], "x", 1), 1);
	pthread_join(thread, NULL);
}

TEST(wclone_and_wall)
{
	/* A child with another exit signal than SIGCHLD is a "clone child". */
	signal(SIGUSR1, SIG_IGN);
	pid_t pid = syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);

	if (pid == 0)
		_exit(21);
	CHECK_ERRNO(waitpid(pid, NULL, 0), ECHILD);
	int status;

	CHECK_EQ(waitpid(pid, &status, __WCLONE), pid);
	CHECK_EQ(WEXITSTATUS(status), 21);
	pid = syscall(SYS_clone, 0, 0, 0, 0, 0);
	if (pid == 0)
		_exit(22);
	CHECK_EQ(waitpid(pid, &status, __WALL), pid);
	CHECK_EQ(WEXITSTATUS(status), 22);
}

TEST(wait_is_interrupted_and_restarted)
{
	struct sigaction action = { .sa_sigaction = on_chld, .sa_flags = SA_SIGINFO };
	pid_t parent = getpid();

	sigaction(SIGUSR1, &action, NULL);
	pid_t pid = IN_CHILD({
		WAIT_UNTIL(guest_task_state(parent) == 'S');
		guest_sleep_ms(10);
		kill(parent, SIGUSR1);
		guest_sleep_ms(30);
		_exit(1);
	});
	CHECK_ERRNO(waitpid(pid, NULL, 0), EINTR);
	CHECK_EXITED(pid, 1);
	action.sa_flags |= SA_RESTART;
	sigaction(SIGUSR1, &action, NULL);
	pid = IN_CHILD({
		WAIT_UNTIL(guest_task_state(parent) == 'S');
		guest_sleep_ms(10);
		kill(parent, SIGUSR1);
		guest_sleep_ms(30);
		_exit(2);
	});
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(WEXITSTATUS(status), 2);
	CHECK_EQ(chld_count, 2);
}

TEST(bad_status_pointer)
{
	pid_t pid = IN_CHILD(_exit(1));

	CHECK_ERRNO(syscall(SYS_wait4, pid, (int *)1, 0, NULL), EFAULT);
	CHECK_ERRNO(waitpid(pid, NULL, 0), ECHILD); /* it was reaped nevertheless */
}
