/* SPDX-License-Identifier: MIT */
/* Many things at once: a fork tree of a thousand processes, exec storms, mixes of mapping, piping
 * and signalling. */
#include "guest.h"
#include <pthread.h>

/* A tree of processes: each makes `width` children down to `depth`; all live until the gate, a
 * pipe, is closed. */
static void grow(int depth, int width, volatile int *alive, int gate)
{
	pid_t pids[10];
	char c;

	__atomic_add_fetch(alive, 1, __ATOMIC_SEQ_CST);
	if (!depth)
		read(gate, &c, 1);
	for (int i = 0; depth && i < width; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			grow(depth - 1, width, alive, gate);
			_exit(0);
		}
		if (pids[i] < 0)
			_exit(1);
	}
	for (int i = 0; depth && i < width; i++)
		if (guest_wait(pids[i]) != 0)
			_exit(1);
}

TEST(fork_tree_of_a_thousand)
{
	volatile int *alive = guest_shared(PAGE);
	struct rlimit limit;
	int gate[2];

	getrlimit(RLIMIT_NPROC, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NPROC, &limit);
	CHECK_OK(pipe(gate));
	pid_t pid = IN_CHILD({ close(gate[1]); grow(3, 10, alive, gate[0]); });

	CHECK(WAIT_UNTIL(*alive == 1111));
	close(gate[1]);
	CHECK_EXITED(pid, 0);
}

TEST(a_thousand_forks_one_after_the_other)
{
	int bad = 0;

	for (int i = 0; i < 1000; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(i & 0x7f);
		int status = guest_wait(pid);

		bad += !WIFEXITED(status) || WEXITSTATUS(status) != (i & 0x7f);
	}
	CHECK_EQ(bad, 0);
}

HELPER(stress_nothing)
{
	return 0;
}

TEST(exec_storm)
{
	pid_t pids[4];

	for (int i = 0; i < 4; i++)
		pids[i] = IN_CHILD({
			for (int n = 0; n < 15; n++)
				CHECK_EXITED(IN_CHILD(guest_exec_self("stress_nothing", NULL)), 0);
		});
	for (int i = 0; i < 4; i++)
		CHECK_EXITED(pids[i], 0);
}

static volatile int stop;

static void *map_and_unmap(void *argument)
{
	unsigned int seed = (long)argument;

	while (!stop) {
		size_t pages = 1 + rand_r(&seed) % 20;
		char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			continue;
		for (size_t i = 0; i < pages; i++) {
			if (p[i * PAGE])
				CHECK(!"fresh memory is not zero");
			p[i * PAGE] = 1;
		}
		if (rand_r(&seed) % 2)
			mprotect(p, PAGE, PROT_READ);
		munmap(p, pages * PAGE);
	}
	return NULL;
}

TEST(threads_map_while_one_forks)
{
	pthread_t threads[4];

	for (long i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, map_and_unmap, (void *)i);
	for (int i = 0; i < 40; i++)
		CHECK_EXITED(IN_CHILD(_exit(5)), 5);
	stop = 1;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static volatile int signals_seen;

static void on_signal(int signo)
{
	__atomic_add_fetch(&signals_seen, 1, __ATOMIC_RELAXED);
}

TEST(signals_forks_and_pipes)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	pid_t parent = getpid(), pester;
	int sum = 0;

	sigaction(SIGUSR1, &action, NULL);
	pester = IN_CHILD({
		signal(SIGUSR1, SIG_DFL);
		for (;;) {
			kill(parent, SIGUSR1);
			usleep(500);
		}
	});
	for (int i = 0; i < 60; i++) {
		int fds[2];
		char c = 0;

		CHECK_OK(pipe(fds));
		pid_t pid = IN_CHILD({ c = i; write(fds[1], &c, 1); });

		CHECK_EQ(read(fds[0], &c, 1), 1);
		sum += c;
		CHECK_EXITED(pid, 0);
		close(fds[0]);
		close(fds[1]);
	}
	CHECK_EQ(sum, 60 * 59 / 2);
	kill(pester, SIGKILL);
	guest_wait(pester);
	CHECK(signals_seen > 0);
}

TEST(shells_in_parallel)
{
	FILE *p[8];
	char line[64];

	for (int i = 0; i < 8; i++) {
		char command[200];

		snprintf(command, sizeof(command), "i=0; while [ $i -lt 20 ]; do i=$((i+1)); x=$(echo $i | cat); done; echo done $x");
		p[i] = popen(command, "r");
		CHECK(p[i] != NULL);
	}
	for (int i = 0; i < 8; i++) {
		CHECK(fgets(line, sizeof(line), p[i]) != NULL);
		CHECK_STR(line, "done 20\n");
		CHECK_EQ(pclose(p[i]), 0);
	}
}

/* Files made, written, renamed, linked and removed by several processes in one directory. */
TEST(files_in_one_directory)
{
	char dir[] = "/tmp/stress.XXXXXX";
	pid_t pids[4];

	REQUIRE(mkdtemp(dir));
	chdir(dir);
	for (int i = 0; i < 4; i++)
		pids[i] = IN_CHILD({
			char a[32];
			char b[32];
			char data[3000];

			for (int n = 0; n < 100; n++) {
				sprintf(a, "f%d", n % 7);
				sprintf(b, "f%d", (n + i) % 7);
				int fd = open(a, O_RDWR | O_CREAT, 0600);

				write(fd, data, sizeof(data));
				rename(a, b);
				link(b, a);
				lseek(fd, 0, SEEK_SET);
				read(fd, data, sizeof(data));
				unlink(n % 3 ? a : b);
				close(fd);
			}
		});
	for (int i = 0; i < 4; i++)
		CHECK_EXITED(pids[i], 0);
	for (int i = 0; i < 7; i++) {
		char name[32];

		sprintf(name, "f%d", i);
		unlink(name);
	}
	chdir("/");
	CHECK_OK(rmdir(dir));
}

static void *make_threads(void *depth)
{
	pthread_t thread;

	if ((long)depth > 0 && pthread_create(&thread, NULL, make_threads, (void *)((long)depth - 1)) == 0)
		pthread_join(thread, NULL);
	return NULL;
}

TEST(processes_with_threads_die_at_any_moment)
{
	for (int i = 0; i < 40; i++) {
		pid_t pid = IN_CHILD({
			pthread_t thread;

			for (;;)
				if (pthread_create(&thread, NULL, make_threads, (void *)5) == 0)
					pthread_join(thread, NULL);
		});

		usleep(i * 300);
		kill(pid, SIGKILL);
		CHECK_KILLED(pid, SIGKILL);
	}
}
