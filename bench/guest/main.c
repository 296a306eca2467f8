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
#include <time.h>
#include <unistd.h>

static int by_instructions;

uint64_t now(void)
{
	struct timespec ts;

	if (by_instructions) {
		uint32_t lo, hi;

		__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
		return (uint64_t)hi << 32 | lo;
	}
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
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

static void run_table(const struct metric *m, const char *list)
{
	for (; m->name; m++) {
		uint64_t cost;

		if (!selected(list, m->name))
			continue;
		m->run(m->n > 20 ? 2 : 1); /* warm up: caches filled, code translated */
		cost = m->run(m->n);
		printf("BENCH %s %.1f\n", m->name, (double)cost / m->n);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
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
	printf("BENCH boot_to_main %llu\n", (unsigned long long)hi << 32 | lo);
	if (argc > 1 && !strcmp(argv[1], "exit"))
		_exit(0);
	if (!getenv("bench") || strcmp(getenv("bench"), "none")) {
		run_table(process_metrics, getenv("bench"));
		run_table(memory_metrics, getenv("bench"));
		run_table(ipc_metrics, getenv("bench"));
		run_table(file_metrics, getenv("bench"));
		run_table(thread_metrics, getenv("bench"));
	}
	printf("BENCH-DONE\n");
	power_off();
}
