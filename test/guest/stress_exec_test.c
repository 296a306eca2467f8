/* SPDX-License-Identifier: MIT */
/* Threads that exec, fork, exit and are signalled at the same time: one of them wins, and nothing
 * is left behind. */
#include "guest.h"
#include <linux/futex.h>
#include <pthread.h>

HELPER(stress_exec_done)
{
	return 7;
}

static void *exec_thread(void *arg)
{
	usleep((long)arg);
	guest_exec_self("stress_exec_done", NULL);
	return NULL;
}

static void *fork_thread(void *arg)
{
	for (;;) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

static void *short_thread(void *arg)
{
	usleep(50);
	return NULL;
}

static void *thread_thread(void *arg)
{
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 65536);
	for (;;)
		if (!pthread_create(&t, &attr, short_thread, NULL))
			usleep(20);
	return NULL;
}

static void *fault_thread(void *arg)
{
	for (;;) {
		char *p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			continue;
		for (int i = 0; i < 16; i++)
			p[i * PAGE] = 1;
		munmap(p, 16 * PAGE);
	}
	return NULL;
}

static void start(void *(*fn)(void *), long arg)
{
	pthread_t t;

	pthread_create(&t, NULL, fn, (void *)arg);
}

static void on_alarm(int sig)
{
}

static void storm(int i)
{
	struct itimerval it = { { 0, 500 + i }, { 0, 300 + i } };

	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &it, NULL);
	start(fork_thread, 0);
	start(thread_thread, 0);
	start(fault_thread, 0);
	start(exec_thread, 500 + i * 37 % 3000);
	start(exec_thread, 500 + i * 53 % 3000);
	if (i & 1)
		pthread_exit(NULL); /* the leader becomes a zombie, which exec must replace */
	for (;;)
		usleep(1000);
}

TEST(exec_amid_everything)
{
	uint64_t end = guest_now() + 2000000000ull;

	for (int i = 0; guest_now() < end; i++) {
		pid_t pid = IN_CHILD(alarm(0); storm(i));
		int status = guest_wait(pid);

		/* The timer goes on over exec, where its signal kills again if it comes before the
		 * exit. */
		if (!guest_check(WIFEXITED(status) ? WEXITSTATUS(status) == 7 : WTERMSIG(status) == SIGALRM, __FILE__,
				 __LINE__, "status %#x", status))
			break;
	}
}

/* POSIX timers for the process and for one thread run out while the leader is replaced. */
static void timers(int i)
{
	struct itimerspec it = { { 0, 50000 }, { 0, 20000 + i } };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	timer_t id;

	signal(SIGRTMIN, SIG_IGN);
	signal(SIGRTMIN + 1, on_alarm);
	timer_create(CLOCK_MONOTONIC, &ev, &id);
	timer_settime(id, 0, &it, NULL);
	ev.sigev_notify = SIGEV_THREAD_ID;
	ev.sigev_signo = SIGRTMIN + 1;
	ev._sigev_un._tid = syscall(SYS_gettid);
	timer_create(CLOCK_MONOTONIC, &ev, &id);
	timer_settime(id, 0, &it, NULL);
	start(exec_thread, 2000);
	if (i & 1)
		syscall(SYS_exit, 0); /* the timer's thread is gone, the timer is not */
	for (;;)
		pause();
}

TEST(exec_with_posix_timers)
{
	uint64_t end = guest_now() + 2000000000ull;

	for (int i = 0; guest_now() < end; i++) {
		pid_t pid = IN_CHILD(timers(i));
		int status = guest_wait(pid);

		/* On Linux a signal of the timer may still be pending after exec, and now and then
		 * breaks the exec itself. */
		if (!guest_is_quire() && WIFSIGNALED(status))
			continue;
		if (!guest_check(WIFEXITED(status) && WEXITSTATUS(status) == 7, __FILE__, __LINE__, "status %#x", status))
			break;
	}
}

static void *vfork_thread(void *arg)
{
	for (;;) {
		if (!vfork()) {
			usleep(200);
			_exit(0);
		}
	}
}

/* A process is killed at any point of vfork, exec, fork. */
TEST(killed_at_any_point)
{
	uint64_t end = guest_now() + 2000000000ull;

	for (int i = 0; guest_now() < end; i++) {
		pid_t pid = IN_CHILD(
			start(fork_thread, 0);
			start(vfork_thread, 0);
			start(fault_thread, 0);
			start(exec_thread, 100000);
			for (;;)
				pause());

		usleep(i * 97 % 4000);
		if (i % 3 == 0)
			kill(pid, SIGSTOP);
		if (i % 3 == 1) {
			kill(pid, SIGSTOP);
			kill(pid, SIGCONT);
			kill(pid, SIGTSTP);
		}
		kill(pid, SIGKILL);
		CHECK_KILLED(pid, SIGKILL);
	}
}
