/* SPDX-License-Identifier: MIT */
/* The churner: what an administrator does to a busy machine. Turns a swap device off and on, drops
 * caches, and reads what /proc says of everybody's memory. */
#include "pressure.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/swap.h>
#include <time.h>
#include <unistd.h>

static void read_all(const char *path)
{
	static char buf[16384];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	close(fd);
}

static void read_proc(struct arena *a)
{
	static const char *const system_files[] = {"/proc/meminfo", "/proc/vmstat", "/proc/swaps",
						   "/proc/zoneinfo"};
	static const char *const process_files[] = {"smaps", "status", "smaps_rollup", "statm"};
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char path[300];

	read_all(system_files[random_below(a, 4)]);
	while (dir && (entry = readdir(dir))) {
		if (atoi(entry->d_name) <= 1 || random_below(a, 4))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/%s", entry->d_name,
			 process_files[random_below(a, 4)]);
		read_all(path);
	}
	if (dir)
		closedir(dir);
}

static uint64_t milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

static void turn_swap(bool *on)
{
	uint64_t began = milliseconds();
	int err = *on ? swapoff(options.second_swap) : swapon(options.second_swap, 0);

	began = milliseconds() - began;
	if (began > control->longest_turn)
		control->longest_turn = began;
	if (!err) {
		*on = !*on;
		count(&control->swap_turns, 1);
	} else if (errno == ENOMEM || errno == EINTR) {
		count(&control->swap_refused, 1);
	} else {
		error("%s %s: %s", *on ? "swapoff" : "swapon", options.second_swap,
		      strerror(errno));
	}
}

static void drop_caches(struct arena *a)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	char what[2] = {'1' + random_below(a, 3), '\n'};

	if (fd < 0 || write(fd, what, 2) != 2)
		error("drop_caches: %s", strerror(errno));
	else
		count(&control->cache_drops, 1);
	close(fd);
}

void run_churner(void)
{
	struct arena a = {.random = options.seed * 0x9e3779b97f4a7c15ULL | 1};
	bool on = false;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!atomic_load(&control->stop)) {
		usleep(100000 + random_below(&a, 700000));
		if (options.second_swap && random_below(&a, 2))
			turn_swap(&on);
		if (options.drop_caches && !random_below(&a, 3))
			drop_caches(&a);
		read_proc(&a);
	}
	while (on && !atomic_load(&control->errors)) {
		turn_swap(&on);
		if (on)
			usleep(200000);
	}
	_exit(0);
}
