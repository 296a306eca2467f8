/* SPDX-License-Identifier: MIT */
/* The C library's everyday work, however it is linked: files, strings, numbers, time,
 * allocation. */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int passed, failed;

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (cond) {                                                                        \
			passed++;                                                                  \
		} else {                                                                           \
			failed++;                                                                  \
			printf("FAIL %s:%d: %s\n", __FILE__, __LINE__, #cond);                     \
		}                                                                                  \
	} while (0)

static __thread int local = 3;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int arrived;

static void *thread(void *argument)
{
	local += (long)argument;
	pthread_mutex_lock(&mutex);
	if (++arrived == 64)
		pthread_cond_broadcast(&condition);
	while (arrived < 64)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);
	return (void *)(long)local;
}

static void test_threads(void)
{
	pthread_t threads[64];
	void *result;

	for (long i = 0; i < 64; i++)
		CHECK(pthread_create(&threads[i], NULL, thread, (void *)i) == 0);
	for (long i = 0; i < 64; i++) {
		CHECK(pthread_join(threads[i], &result) == 0);
		CHECK((long)result == i + 3);
	}
	CHECK(local == 3);
}

static volatile int got;

static void on_signal(int signo)
{
	got = signo;
}

static void test_processes(char **argv)
{
	char text[100] = "";
	FILE *p;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execl(argv[0], argv[0], "child", NULL);
		_exit(127);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	p = popen("echo shell; kill -9 $$", "r");
	CHECK(p && fgets(text, sizeof(text), p) && !strcmp(text, "shell\n"));
	status = pclose(p);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == 9);
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	CHECK(got == SIGUSR1);
}

static void test_files(void)
{
	char line[100];
	FILE *f = tmpfile();

	CHECK(f);
	if (!f)
		return;
	for (int i = 0; i < 1000; i++)
		fprintf(f, "line %d of %s\n", i, "the file");
	rewind(f);
	for (int i = 0; i < 1000; i++) {
		int n = -1;

		if (!fgets(line, sizeof(line), f) || sscanf(line, "line %d", &n) != 1 || n != i)
			CHECK(!"a wrong line");
	}
	CHECK(!fgets(line, sizeof(line), f));
	CHECK(ftell(f) == 20890);
	fclose(f);
	CHECK(!fopen("/no/such/file", "r") && errno == ENOENT);
}

static void test_rest(void)
{
	struct timespec a, b;
	char *p[100];
	char text[64];
	volatile double two = 2;

	for (int i = 0; i < 100; i++)
		CHECK((p[i] = malloc(i * 3000)) || !i);
	for (int i = 0; i < 100; i++)
		free(p[i]);
	clock_gettime(CLOCK_MONOTONIC, &a);
	usleep(1000);
	clock_gettime(CLOCK_MONOTONIC, &b);
	CHECK((b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec >= 1000000);
	snprintf(text, sizeof(text), "%.6f %.3e %a", sqrt(two), exp(two), two);
	CHECK(!strcmp(text, "1.414214 7.389e+00 0x1p+1"));
	CHECK(time(NULL) > 1500000000);
	CHECK(getenv("PATH"));
	CHECK(isatty(0) == 0 || isatty(0) == 1);
	CHECK(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
	CHECK(sysconf(_SC_PAGESIZE) == 4096);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return 42;
	test_threads();
	test_processes(argv);
	test_files();
	test_rest();
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
