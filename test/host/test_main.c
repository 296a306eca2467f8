/* SPDX-License-Identifier: MIT */
/*
 * Runs the host tests: all of them, or those whose name or file contains one of the arguments.
 */
#include "test.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_SKIPPED = 77 };

static struct test_case *tests;
static bool verbose, no_fork;
static unsigned int rounds_factor = 1;
static uint64_t seed = 1, random_state;

void test_register(struct test_case *test)
{
	struct test_case **link = &tests;

	/* By file and name, whatever the order of linking. */
	while (*link &&
	       (strcmp((*link)->file, test->file) < 0 ||
		(!strcmp((*link)->file, test->file) && strcmp((*link)->name, test->name) < 0)))
		link = &(*link)->next;
	test->next = *link;
	*link = test;
}

static void end_test(int status)
{
	fflush(stdout);
	/* No exit handlers: they belong to the parent. */
	_exit(status);
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	printf("    %s:%d: ", file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	if (no_fork) {
		fflush(stdout);
		abort();
	}
	end_test(EXIT_FAILURE);
	__builtin_unreachable();
}

void test_skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("    skipped: ");
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	end_test(EXIT_SKIPPED);
	__builtin_unreachable();
}

void test_printf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
}

unsigned long long test_random(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

unsigned long test_random_below(unsigned long n)
{
	return test_random() % n;
}

unsigned int test_rounds(unsigned int rounds)
{
	return rounds * rounds_factor;
}

void *test_malloc(unsigned long size)
{
	void *ptr = malloc(size);

	if (!ptr)
		test_fail(__FILE__, __LINE__, "out of memory");
	return ptr;
}

void test_free(void *ptr)
{
	free(ptr);
}

int test_strcmp(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : a != b;
}

int test_vsnprintf(char *buf, unsigned long size, const char *fmt, va_list args)
{
	return vsnprintf(buf, size, fmt, args);
}

int test_snprintf(char *buf, unsigned long size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}

void test_qsort(void *base, unsigned long num, unsigned long size,
		int (*cmp)(const void *, const void *))
{
	qsort(base, num, size, cmp);
}

static void run_here(struct test_case *test)
{
	random_state = seed * 0x2545f4914f6cdd1d;
	test->run();
}

/* Show what the test printed, from the start of @out. */
static void show_output(FILE *out)
{
	char buf[4096];
	size_t n;

	rewind(out);
	while ((n = fread(buf, 1, sizeof(buf), out)) > 0)
		fwrite(buf, 1, n, stdout);
}

/* Exit status of the test, or 128 + the signal that killed it. */
static int run_forked(struct test_case *test, FILE *out)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(EXIT_FAILURE);
	}
	if (pid == 0) {
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(out), STDERR_FILENO);
		/* A crash loses at most one line. */
		setvbuf(stdout, NULL, _IOLBF, 0);
		alarm(test->timeout * rounds_factor);
		run_here(test);
		end_test(EXIT_SUCCESS);
	}
	while (waitpid(pid, &status, 0) < 0)
		;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

/* Returns the exit status; prints one line, and what the test printed if that matters. */
static int run_one(struct test_case *test)
{
	FILE *out = tmpfile();
	struct timespec start, end;
	int status;

	if (!out) {
		perror("tmpfile");
		exit(EXIT_FAILURE);
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	status = run_forked(test, out);
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (verbose || (status && status != EXIT_SKIPPED)) {
		double ms = (end.tv_sec - start.tv_sec) * 1e3 + (end.tv_nsec - start.tv_nsec) / 1e6;

		printf("%s %s (%s) %.0f ms\n",
		       !status			? "ok"
		       : status == EXIT_SKIPPED ? "skip"
						: "FAIL",
		       test->name, test->file, ms);
		show_output(out);
		if (status > 128)
			printf("    killed by signal %d (%s)\n", status - 128,
			       status == 128 + 14 ? "took too long" : strsignal(status - 128));
	}
	fclose(out);
	return status;
}

static bool selected(const struct test_case *test, char **patterns)
{
	if (!*patterns)
		return true;
	for (; *patterns; patterns++)
		if (strstr(test->name, *patterns) || strstr(test->file, *patterns))
			return true;
	return false;
}

static void usage(void)
{
	fprintf(stderr,
		"usage: host-tests [-l] [-v] [-g] [-s SEED] [-n FACTOR] [PATTERN...]\n"
		"  -l  list the tests       -v  show all output      -g  do not fork (for gdb)\n"
		"  -s  seed of test_random  -n  multiply the rounds of model fuzzers\n");
	exit(2);
}

int main(int argc, char **argv)
{
	unsigned int passed = 0, failed = 0, skipped = 0;
	bool list = false;
	int opt, status;

	while ((opt = getopt(argc, argv, "lvgs:n:")) != -1) {
		switch (opt) {
		case 'l':
			list = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 'g':
			no_fork = true;
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			rounds_factor = strtoul(optarg, NULL, 0);
			break;
		default:
			usage();
		}
	}
	for (struct test_case *test = tests; test; test = test->next) {
		if (!selected(test, argv + optind))
			continue;
		if (list) {
			printf("%s\t%s\n", test->name, test->file);
			continue;
		}
		if (no_fork) {
			run_here(test);
			passed++;
			continue;
		}
		status = run_one(test);
		if (!status)
			passed++;
		else if (status == EXIT_SKIPPED)
			skipped++;
		else
			failed++;
	}
	if (list)
		return 0;
	if (skipped)
		printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	else
		printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
