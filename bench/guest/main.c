/* SPDX-License-Identifier: MIT */
/* Runs the metrics that the kernel's command line names (bench=name,name; all without) and prints a
 * line for each. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

static int by_instructions;

uint64_t now(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

/* Never inlined: the profiler finds them by name. */
__attribute__((noinline)) uint64_t start(void)
{
	__asm__ volatile("" ::: "memory");
	return now();
}

__attribute__((noinline)) uint64_t stop(uint64_t started)
{
	uint64_t t = now();

	__asm__ volatile("" ::: "memory");
	return t - started;
}

static void power_off(void)
{
	fflush(stdout);
	sync();
	reboot(RB_AUTOBOOT); /* QEMU is told not to; Linux without ACPI cannot power off */
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

void check_failed(const char *file, int line, const char *what)
{
	printf("BENCH-FAILED %s:%d: %s (errno %d)\n", file, line, what, errno);
	power_off();
}

void *map_anonymous(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

void touch(volatile char *p, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE)
		p[i] = 1;
}

static int selected(const char *list, const char *name)
{
	size_t len = strlen(name);

	if (!list)
		return 1;
	while (*list) {
		size_t n = strcspn(list, ",");

		if (n == len && !memcmp(list, name, n))
			return 1;
		list += n;
		list += *list == ',';
	}
	return 0;
}

/* Counts repeat exactly: one measurement is enough. By the clock something else on the machine may
 * disturb one: the median of several. */
enum { LEAST_SAMPLES = 3, MOST_SAMPLES = 25 };
#define ENOUGH_TICKS 100000000ull  /* some 50 ms */
#define MANY_TICKS   1000000000ull /* some 500 ms */
#define SETTLE_TICKS 800000000ull

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t measure(const struct metric *m)
{
	uint64_t sample[MOST_SAMPLES], spent = 0;
	int samples = 0;

	if (by_instructions)
		return m->run(m->n);
	while (samples < MOST_SAMPLES) {
		uint64_t began = now();

		sample[samples++] = m->run(m->n);
		spent += now() - began;
		if (spent > (samples < LEAST_SAMPLES ? MANY_TICKS : ENOUGH_TICKS))
			break;
	}
	qsort(sample, samples, sizeof(*sample), compare);
	return sample[samples / 2];
}

/* A metric that touches much memory leaves QEMU with a large software TLB: each change of the
 * address space then clears all of it, until QEMU has seen a tenth of a second of small ones. That
 * is not the next metric's cost. */
static void settle(void)
{
	uint64_t began = now();

	while (now() - began < SETTLE_TICKS) {
		pid_t pid = fork();

		if (!pid)
			_exit(7);
		wait_for(pid, 7);
	}
}

/* locks=1 on the command line: Quire's debug kernel tells after each metric about its locks. */
static int show_locks;

static void locks_begin(void)
{
	int fd = show_locks ? open("/proc/quire/locks", O_WRONLY) : -1;

	if (fd >= 0) {
		CHECK(write(fd, "0", 1) == 1);
		close(fd);
	}
}

static void locks_end(void)
{
	int fd = show_locks ? open("/proc/quire/locks", O_RDONLY) : -1;
	char buf[4096];
	ssize_t n;

	while (fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, n, stdout);
	if (fd >= 0)
		close(fd);
}

static void run_table(const struct metric *m, const char *list)
{
	for (; m->name; m++) {
		uint64_t began = now();
		double cost;

		if (list ? !selected(list, m->name) : m->flags & IF_NAMED)
			continue;
		if (!(m->flags & NO_WARM_UP))
			m->run(m->n > 20 ? 2 : 1); /* caches filled, code translated */
		locks_begin();
		cost = (double)measure(m) / m->n;
		printf("BENCH %s %.1f\n", m->name, cost);
		locks_end();
		fflush(stdout);
		if (!by_instructions && now() - began > MANY_TICKS)
			settle();
	}
}

/* Between the first and the last of these lines the host compares the counter with its own clock. */
static void clock_mark(void)
{
	printf("BENCH-CLOCK %llu\n", (unsigned long long)now());
	fflush(stdout);
}

static void run_metrics(const char *list)
{
	run_table(process_metrics, list);
	run_table(memory_metrics, list);
	run_table(fork_metrics, list);
	run_table(ipc_metrics, list);
	run_table(file_metrics, list);
	run_table(thread_metrics, list);
}

int main(int argc, char **argv)
{
	uint64_t boot = stop(0); /* a mark for the profiler too */

	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mkdir("/tmp", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("tmp", "/tmp", "tmpfs", 0, NULL);
	for (int i = 0; i < 3; i++)
		if (fcntl(i, F_GETFD) < 0)
			open("/dev/console", O_RDWR);
	by_instructions = !!getenv("icount");
	show_locks = !!getenv("locks");
	printf("BENCH boot_to_main %llu\n", (unsigned long long)boot);
	clock_mark();
	if (getenv("prompt"))
		memory_at_prompt();
	else if (!getenv("bench") || strcmp(getenv("bench"), "none"))
		run_metrics(getenv("bench"));
	clock_mark();
	printf("BENCH-DONE\n");
	power_off();
}
