/* SPDX-License-Identifier: MIT */
/* Waiting for signals, and signals that end or resume a call that waits. */
#include "guest.h"

static volatile int count;

static void on_info(int signo, siginfo_t *info, void *context)
{
	count++;
}

static void handle(int signo, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO };

	CHECK_OK(sigaction(signo, &action, NULL));
}

static void block(int how, int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	CHECK_OK(sigprocmask(how, &set, NULL));
}

TEST(sigsuspend_waits_with_another_mask)
{
	sigset_t mask, now;
	pid_t parent = getpid();

	handle(SIGUSR1, on_info, 0);
	block(SIG_BLOCK, SIGUSR1);
	pid_t pid = IN_CHILD({ guest_sleep_ms(20); kill(parent, SIGUSR1); });

	sigemptyset(&mask);
	CHECK_ERRNO(sigsuspend(&mask), EINTR);
	CHECK_EQ(count, 1);
	sigprocmask(SIG_SETMASK, NULL, &now);
	CHECK(sigismember(&now, SIGUSR1));
	CHECK_EXITED(pid, 0);
	raise(SIGUSR1); /* pending already: sigsuspend returns at once */
	CHECK_ERRNO(sigsuspend(&mask), EINTR);
	CHECK_EQ(count, 2);
}

TEST(sigtimedwait_takes_a_signal)
{
	sigset_t set;
	siginfo_t info;
	struct timespec zero = { 0, 0 }, some = { 0, 30000000 }, bad = { 0, 1000000000 };
	pid_t parent = getpid();

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK_ERRNO(sigtimedwait(&set, &info, &zero), EAGAIN);
	uint64_t start = guest_now();

	CHECK_ERRNO(sigtimedwait(&set, &info, &some), EAGAIN);
	CHECK(guest_now() - start >= 30000000);
	CHECK_ERRNO(sigtimedwait(&set, &info, &bad), EINVAL);
	sigqueue(getpid(), SIGRTMIN, (union sigval){ 99 });
	raise(SIGUSR1);
	CHECK_EQ(sigtimedwait(&set, &info, &zero), SIGUSR1); /* the lowest first */
	CHECK_EQ(sigtimedwait(&set, &info, &zero), SIGRTMIN);
	CHECK_EQ(info.si_value.sival_int, 99);
	CHECK_EQ(info.si_code, SI_QUEUE);
	pid_t pid = IN_CHILD({ guest_sleep_ms(20); kill(parent, SIGUSR1); });

	CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
	CHECK_EQ(info.si_pid, pid);
	CHECK_EXITED(pid, 0);
	/* Another signal interrupts it. */
	handle(SIGUSR2, on_info, SA_RESTART);
	pid = IN_CHILD({ guest_sleep_ms(20); kill(parent, SIGUSR2); });
	CHECK_ERRNO(sigwaitinfo(&set, &info), EINTR);
	CHECK_EXITED(pid, 0);
	/* SIGCHLD may have been ignored by default, and sigwait still gets it when blocked. */
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = IN_CHILD();
	CHECK_EQ(sigwaitinfo(&set, &info), SIGCHLD);
	CHECK_EQ(info.si_pid, pid);
	guest_wait(pid);
}

static pid_t interrupt_soon(int times)
{
	pid_t parent = getpid();

	return IN_CHILD({
		for (int i = 0; i < times; i++) {
			guest_sleep_ms(20);
			kill(parent, SIGUSR1);
		}
	});
}

TEST(slow_calls_are_interrupted_without_restart)
{
	int fds[2];
	char c;
	struct pollfd p;
	struct timespec t = { 5, 0 }, rest = { 0, 0 };

	CHECK_OK(pipe(fds));
	handle(SIGUSR1, on_info, 0);
	pid_t pid = interrupt_soon(1);

	CHECK_ERRNO(read(fds[0], &c, 1), EINTR);
	CHECK_EXITED(pid, 0);
	pid = interrupt_soon(1);
	p = (struct pollfd){ fds[0], POLLIN, 0 };
	CHECK_ERRNO(poll(&p, 1, -1), EINTR);
	CHECK_EXITED(pid, 0);
	pid = interrupt_soon(1);
	CHECK_ERRNO(nanosleep(&t, &rest), EINTR);
	CHECK(rest.tv_sec == 4 && rest.tv_nsec > 0);
	CHECK_EXITED(pid, 0);
	pid = interrupt_soon(1);
	CHECK_ERRNO(pause(), EINTR);
	CHECK_EXITED(pid, 0);
}

TEST(slow_calls_are_restarted)
{
	int fds[2];
	char c = 0;
	pid_t parent = getpid();

	CHECK_OK(pipe(fds));
	handle(SIGUSR1, on_info, SA_RESTART);
	pid_t pid = IN_CHILD({
		for (int i = 0; i < 3; i++) {
			guest_sleep_ms(10);
			kill(parent, SIGUSR1);
		}
		guest_sleep_ms(10);
		write(fds[1], "z", 1);
	});

	CHECK_EQ(read(fds[0], &c, 1), 1);
	CHECK_EQ(c, 'z');
	CHECK_EQ(count, 3);
	CHECK_EXITED(pid, 0);
	/* poll, nanosleep and sigsuspend are never restarted. */
	struct pollfd p = { fds[0], POLLIN, 0 };
	struct timespec t = { 5, 0 }, rest;

	pid = interrupt_soon(1);
	CHECK_ERRNO(poll(&p, 1, -1), EINTR);
	CHECK_EXITED(pid, 0);
	pid = interrupt_soon(1);
	CHECK_ERRNO(nanosleep(&t, &rest), EINTR);
	CHECK_EXITED(pid, 0);
}

/* A signal without a handler does not end a sleep: stop and continue resume it where it was. */
TEST(stop_and_continue_resume_a_sleep)
{
	int status;
	pid_t pid = IN_CHILD({
		struct timespec t = { 0, 150000000 };
		uint64_t start = guest_now();

		CHECK_OK(nanosleep(&t, NULL));
		CHECK(guest_now() - start >= 150000000);
		struct pollfd p;

		CHECK_EQ(poll(&p, 0, 100), 0);
	});

	for (int i = 0; i < 3; i++) {
		guest_sleep_ms(15);
		kill(pid, SIGSTOP);
		CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
		kill(pid, SIGCONT);
	}
	CHECK_EXITED(pid, 0);
}
