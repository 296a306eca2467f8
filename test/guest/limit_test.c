/* SPDX-License-Identifier: MIT */
/* Resource limits, and programs that run into them: a fork bomb, a thread bomb, CPU time. */
#include "guest.h"
#include <pthread.h>
#include <sys/prctl.h>

TEST(get_and_set)
{
	struct rlimit limit, got;

	for (int i = 0; i < 16; i++) {
		CHECK_OK(getrlimit(i, &limit));
		CHECK(limit.rlim_cur <= limit.rlim_max);
		CHECK_OK(setrlimit(i, &limit));
	}
	CHECK_ERRNO(getrlimit(16, &limit), EINVAL);
	limit = (struct rlimit){ 10, 5 };
	CHECK_ERRNO(setrlimit(RLIMIT_CORE, &limit), EINVAL);
	CHECK_ERRNO(getrlimit(RLIMIT_CORE, (void *)8), EFAULT);
	limit = (struct rlimit){ 5, 10 };
	CHECK_OK(setrlimit(RLIMIT_CORE, &limit));
	CHECK_OK(prlimit(0, RLIMIT_CORE, NULL, &got));
	CHECK_EQ(got.rlim_cur, 5);
	CHECK_EQ(got.rlim_max, 10);
	CHECK_OK(prlimit(getpid(), RLIMIT_CORE, &(struct rlimit){ 3, 4 }, &got));
	CHECK_EQ(got.rlim_cur, 5);
	getrlimit(RLIMIT_CORE, &got);
	CHECK_EQ(got.rlim_max, 4);
	pid_t pid = IN_CHILD(for (;;) pause());

	CHECK_OK(prlimit(pid, RLIMIT_CORE, &(struct rlimit){ 1, 1 }, NULL));
	CHECK_OK(prlimit(pid, RLIMIT_CORE, NULL, &got));
	CHECK_EQ(got.rlim_cur, 1);
	kill(pid, SIGKILL);
	guest_wait(pid);
	CHECK_ERRNO(prlimit(9999999, RLIMIT_CORE, NULL, &got), ESRCH);
	if (getuid() == 0)
		CHECK_EXITED(IN_CHILD({
			setuid(1000);
			CHECK_ERRNO(setrlimit(RLIMIT_CORE, (&(struct rlimit){ 4, 100 })), EPERM);
			CHECK_OK(setrlimit(RLIMIT_CORE, (&(struct rlimit){ 0, 4 })));
			CHECK_OK(setrlimit(RLIMIT_CORE, (&(struct rlimit){ 4, 4 })));
			CHECK_ERRNO(prlimit(1, RLIMIT_CORE, NULL, &got), EPERM);
		}), 0);
}

/* It forks as fast as it can, children too: under RLIMIT_NPROC it hits EAGAIN and nobody else
 * suffers. */
TEST(fork_bomb_under_nproc)
{
	volatile int *counts = guest_shared(PAGE); /* tried, refused */

	if (getuid())
		guest_skip("needs root");
	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	pid_t bomb = IN_CHILD({
		struct rlimit limit = { 60, 60 };

		setpgid(0, 0);
		setrlimit(RLIMIT_NPROC, &limit);
		CHECK_OK(setuid(4321));
		for (;;) {
			pid_t pid = fork();

			__atomic_add_fetch(&counts[0], 1, __ATOMIC_RELAXED);
			if (pid == -1) {
				if (errno != EAGAIN)
					CHECK(!"another error than EAGAIN");
				__atomic_add_fetch(&counts[1], 1, __ATOMIC_RELAXED);
				usleep(1000);
			}
		}
	});

	CHECK(WAIT_UNTIL(counts[1] > 200));
	CHECK_EXITED(IN_CHILD(_exit(3)), 3); /* others fork on */
	CHECK_OK(kill(-bomb, SIGKILL));
	/* Its orphans come here; then the user's count is down to nothing. */
	int dead = 0;

	while (wait(NULL) > 0)
		dead++;
	CHECK(dead == 59 ||
	      dead == 60); /* and the bomb itself, whose place another may have taken */
	CHECK_EXITED(IN_CHILD({
		struct rlimit limit = { 3, 3 };
		int made = 0;

		setrlimit(RLIMIT_NPROC, &limit);
		setuid(4321);
		WAIT_UNTIL((made = fork()) != -1);
		if (made == 0)
			_exit(0);
		CHECK_EXITED(made, 0);
	}), 0);
}

static void *wait_forever(void *unused)
{
	for (;;)
		pause();
	return NULL;
}

TEST(threads_count_too)
{
	if (getuid())
		guest_skip("needs root");
	CHECK_EXITED(IN_CHILD({
		struct rlimit limit = { 8, 8 };
		pthread_t thread;
		int n = 0;

		setrlimit(RLIMIT_NPROC, &limit);
		setuid(4322);
		while (n < 100 && pthread_create(&thread, NULL, wait_forever, NULL) == 0)
			n++;
		CHECK_EQ(n, 7);
		CHECK_ERRNO(fork(), EAGAIN);
	}), 0);
}

TEST(cpu_time_limit)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	pid_t pid = IN_CHILD({
		struct rlimit limit = { 1, 2 };

		setrlimit(RLIMIT_CPU, &limit);
		for (;;)
			;
	});
	uint64_t start = guest_now();

	CHECK_KILLED(pid, SIGXCPU);
	CHECK(guest_now() - start >= 900000000);
}

TEST(children_inherit_and_exec_keeps)
{
	struct rlimit limit = { 123, 456 };

	setrlimit(RLIMIT_NOFILE, &limit);
	FILE *p = popen("ulimit -n; ulimit -Hn", "r");
	int soft = 0, hard = 0;

	CHECK_EQ(fscanf(p, "%d %d", &soft, &hard), 2);
	pclose(p);
	CHECK_EQ(soft, 123);
	CHECK_EQ(hard, 456);
}

TEST(pid_numbers_run_out)
{
	long max = atol(guest_read_file("/proc/sys/kernel/pid_max"));

	/* Not 4 million processes: only that the number is believable and pids stay below it. */
	CHECK(max >= 301 && max <= 4194304);
	CHECK(getpid() < max);
}
