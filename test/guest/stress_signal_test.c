/* SPDX-License-Identifier: MIT */
/* Storms of signals, stops and timers. */
#include "guest.h"
#include <pthread.h>

static volatile sig_atomic_t seen;

static void count(int sig)
{
	seen++;
}

static void *spin(void *arg)
{
	for (;;)
		getppid();
	return NULL;
}

static void *toggle(void *arg)
{
	sigset_t set;

	sigfillset(&set);
	for (;;) {
		sigprocmask(SIG_BLOCK, &set, NULL);
		signal(SIGUSR2, SIG_IGN);
		signal(SIGUSR2, count);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
	}
	return NULL;
}

static void victim(volatile int *ready)
{
	pthread_t t;

	for (int s = SIGRTMIN; s <= SIGRTMAX; s++)
		signal(s, count);
	signal(SIGUSR1, count);
	signal(SIGUSR2, count);
	signal(SIGCHLD, count);
	pthread_create(&t, NULL, spin, NULL);
	pthread_create(&t, NULL, toggle, NULL);
	*ready = 1;
	for (;;) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
}

TEST(every_signal_from_two_sides)
{
	volatile int *ready = guest_shared(PAGE);
	pid_t pid = IN_CHILD(victim(ready)), other;
	uint64_t end = guest_now() + 3000000000ull;
	int sigs[] = { SIGUSR1, SIGUSR2, SIGSTOP, SIGCONT, SIGTSTP, SIGCONT, SIGRTMIN, SIGRTMAX, SIGWINCH, SIGTTIN, SIGCONT };
	union sigval value = { 1 };

	REQUIRE(WAIT_UNTIL(*ready));
	other = fork();
	for (unsigned int i = 0; guest_now() < end; i++) {
		if (i & 1)
			sigqueue(pid, sigs[(i * 7 + !other) % ARRAY_SIZE(sigs)], value);
		else
			kill(pid, sigs[i % ARRAY_SIZE(sigs)]);
	}
	if (!other)
		_exit(0);
	CHECK_EXITED(other, 0);
	kill(pid, SIGCONT);
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_KILLED(pid, SIGKILL);
}

/* A stop that a continue follows at once must not stay. */
TEST(continue_right_after_a_stop)
{
	volatile unsigned int *beat = guest_shared(PAGE);
	pid_t pid = IN_CHILD(
		for (;;)
			(*beat)++);

	for (int i = 0; i < 3000; i++) {
		kill(pid, i & 1 ? SIGTSTP : SIGSTOP);
		for (volatile int spin = i % 50 * 20; spin > 0; spin--)
			;
		kill(pid, SIGCONT);
		if (i % 100 == 0) {
			unsigned int before = *beat;

			if (!CHECK(WAIT_UNTIL(*beat != before)))
				break;
		}
	}
	unsigned int before = *beat;
	CHECK(WAIT_UNTIL(*beat != before));
	kill(pid, SIGKILL);
	CHECK_KILLED(pid, SIGKILL);
}

/* Each stop and each continue of a child is seen by its parent. */
TEST(parent_sees_every_stop)
{
	pid_t pid = IN_CHILD(
		pthread_t t;
		pthread_create(&t, NULL, spin, NULL);
		pthread_create(&t, NULL, spin, NULL);
		for (;;)
			usleep(100));
	int status;

	usleep(20000);
	for (int i = 0; i < 300; i++) {
		CHECK_OK(kill(pid, SIGSTOP));
		CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
		if (!CHECK(WIFSTOPPED(status)))
			break;
		CHECK_OK(kill(pid, SIGCONT));
		CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
		if (!CHECK(WIFCONTINUED(status)))
			break;
	}
	kill(pid, SIGKILL);
	CHECK_KILLED(pid, SIGKILL);
}

TEST(timers_of_every_kind)
{
	pid_t pid = IN_CHILD(
		struct itimerval it = { { 0, 70 }, { 0, 70 } };
		uint64_t end = guest_now() + 2000000000ull;
		signal(SIGALRM, count);
		signal(SIGPROF, count);
		signal(SIGVTALRM, count);
		for (int i = 0; guest_now() < end; i++) {
			struct timespec ts = { 0, 100000 };
			it.it_value.tv_usec = 50 + i % 200;
			it.it_interval.tv_usec = i % 5 ? 1000 + i % 300 : 0; /* a fork must fit in between */
			setitimer(i % 3, &it, NULL);
			nanosleep(&ts, NULL);
			pid_t child = fork();
			if (!child)
				_exit(0);
			while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
				;
		}
		it.it_value.tv_usec = it.it_interval.tv_usec = 0;
		for (int i = 0; i < 3; i++)
			setitimer(i, &it, NULL));
	CHECK_EXITED(pid, 0);
}

/* An interval that does not fit in nanoseconds is one that never ends, not one that is over. */
TEST(timer_beyond_all_times)
{
	struct itimerval it = { { 0, 0 }, { 0x7fffffffffffffffl, 0 } }, now;

	signal(SIGALRM, count);
	seen = 0;
	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
	usleep(20000);
	CHECK_EQ(seen, 0);
	CHECK_OK(getitimer(ITIMER_REAL, &now));
	CHECK(now.it_value.tv_sec > 1000000000);
	it.it_value.tv_sec = 0;
	CHECK_OK(setitimer(ITIMER_REAL, &it, NULL));
}
