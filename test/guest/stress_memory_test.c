/* SPDX-License-Identifier: MIT */
/* Threads that map, unmap, protect, fault and fork in one address space; and more processes than
 * fit. */
#include "guest.h"
#include <pthread.h>
#include <sys/prctl.h>

static char *volatile shared_area;
static volatile int stop_now;

static void *mapper(void *arg)
{
	unsigned int x = (long)arg;

	while (!stop_now) {
		x = x * 1103515245 + 12345;
		char *at = shared_area + (x >> 16) % 64 * PAGE;
		size_t len = ((x >> 8) % 8 + 1) * PAGE;

		switch ((x >> 24) % 5) {
		case 0:
			mmap(at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			break;
		case 1:
			mprotect(at, len, (x & 4096) ? PROT_READ : PROT_READ | PROT_WRITE);
			break;
		case 2:
			madvise(at, len, MADV_DONTNEED);
			break;
		case 3:
			mmap(at, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			break;
		case 4:
			mremap(at, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
			mmap(at, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
			break;
		}
	}
	return NULL;
}

static void *toucher(void *arg)
{
	int fds[2];

	pipe2(fds, O_NONBLOCK);
	for (unsigned int i = (long)arg; !stop_now; i = i * 69069 + 1) {
		/* By system call: what is not there is an error, not a signal. */
		write(fds[1], shared_area + i % 72 * PAGE, 64);
		read(fds[0], shared_area + i % 71 * PAGE + PAGE - 32, 64);
	}
	return NULL;
}

static void *forker(void *arg)
{
	while (!stop_now) {
		pid_t pid = fork();

		if (!pid) {
			stop_now = 1;
			for (int i = 0; i < 8; i++)
				madvise(shared_area + i * 8 * PAGE, PAGE, MADV_DONTNEED);
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	return NULL;
}

TEST(one_address_space_many_hands)
{
	pthread_t t[6];

	shared_area = mmap(NULL, 80 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_create(&t[0], NULL, mapper, (void *)1);
	pthread_create(&t[1], NULL, mapper, (void *)77);
	pthread_create(&t[2], NULL, toucher, (void *)5);
	pthread_create(&t[3], NULL, toucher, (void *)9);
	pthread_create(&t[4], NULL, forker, NULL);
	pthread_create(&t[5], NULL, forker, NULL);
	guest_sleep_ms(2500);
	stop_now = 1;
	for (int i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	CHECK(true);
}

/* Each child forks until the limit says no; the machine goes on. */
TEST(fork_bomb_under_a_limit)
{
	pid_t pid = IN_CHILD(
		struct rlimit lim = { 60, 60 };
		uint64_t end = guest_now() + 1500000000ull;
		setpgid(0, 0);
		setrlimit(RLIMIT_NPROC, &lim);
		CHECK_OK(setresgid(54321, 54321, 54321));
		CHECK_OK(setresuid(54321, 54321, 54321));
		bool refused = false;
		while (guest_now() < end)
			if (fork() < 0)
				refused = true;
		if (getpid() == getpgrp())
			CHECK(refused));
	int status = guest_wait(pid);

	CHECK(WIFEXITED(status));
	kill(-pid, SIGKILL);
	while (!kill(-pid, SIGKILL) || errno != ESRCH)
		guest_sleep_ms(10);
}

/* Without a limit of its own it runs into the kernel's: threads, pids or memory. */
TEST(fork_bomb_without_a_limit)
{
	if (!guest_is_quire() || guest_field("/proc/meminfo", "MemTotal") < 200000)
		guest_skip("not on a machine that others use, and not where memory ends first");
	guest_set_oom_score("-1000"); /* memory may end before the pids: then a member of the bomb goes */
	pid_t pid = IN_CHILD(
		uint64_t end = guest_now() + 2000000000ull;
		guest_set_oom_score("0");
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (guest_now() < end)
			if (fork() < 0)
				usleep(100));
	guest_sleep_ms(1500);
	while (!kill(-pid, SIGKILL) || errno != ESRCH) {
		waitpid(pid, NULL, WNOHANG);
		guest_sleep_ms(10);
	}
	CHECK_EXITED(IN_CHILD(_exit(4)), 4);
}

/* More memory than there is: somebody is killed, and the rest goes on. */
TEST(more_memory_than_there_is)
{
	long total = guest_field("/proc/meminfo", "MemTotal");
	pid_t pids[3];

	if (!guest_is_quire())
		guest_skip("not on a machine that others use");
	if (total > 300000)
		total = 300000;
	for (int i = 0; i < 3; i++)
		pids[i] = IN_CHILD(
			size_t size = total * 1024 / 2;
			char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
			if (p == MAP_FAILED)
				_exit(0);
			for (size_t at = 0; at < size; at += PAGE)
				p[at] = 1;
			usleep(200000));
	for (int i = 0; i < 3; i++)
		waitpid(pids[i], NULL, 0);
	CHECK_EXITED(IN_CHILD(_exit(4)), 4);
}

/* A process counts once for its user, whatever it was before. */
TEST(processes_of_a_user_are_counted_once)
{
	if (getuid())
		guest_skip("needs root");
	for (int i = 0; i < 40; i++)
		CHECK_EXITED(IN_CHILD(setresuid(54322, 54322, 54322)), 0);
	CHECK_EXITED(IN_CHILD(
		struct rlimit lim = { 2, 2 };
		setrlimit(RLIMIT_NPROC, &lim);
		CHECK_OK(setresuid(54322, 54322, 54322));
		CHECK_EXITED(IN_CHILD(_exit(3)), 3)), 0);
}
