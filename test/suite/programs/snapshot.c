/* SPDX-License-Identifier: MIT */
/*
 * A server that snapshots itself: it forks a child that writes a checksum of all its memory to a
 * file, and goes on changing that memory meanwhile. The checksum must be that of the moment of the
 * fork.
 *
 *	snapshot [-v] MIB [FILE]	-v: with times
 *
 * As pid 1 (bench/fork-pause) it makes a small world, runs each command of /commands, one a line,
 * and ends the machine.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE  4096UL
#define WORDS (PAGE / sizeof(uint64_t))

static uint64_t *memory;
static size_t pages;
static uint8_t *changes; /* how often the server has changed each page since the fork, mod 256 */

static void die(const char *what)
{
	fprintf(stderr, "snapshot: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static uint64_t content(size_t page, size_t word)
{
	return (page + 1) * 0x9e3779b97f4a7c15ULL + word * 0xbf58476d1ce4e5b9ULL;
}

static uint64_t checksum(void)
{
	uint64_t sum = 14695981039346656037ULL;

	for (size_t i = 0; i < pages * WORDS; i++)
		sum = sum * 31 + memory[i];
	return sum;
}

/* ---- The child ------------------------------------------------------------------------------- */

static void save(const char *name)
{
	char text[40];
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600), len;

	len = snprintf(text, sizeof(text), "%016llx\n", (unsigned long long)checksum());
	if (fd < 0 || write(fd, text, len) != len || fsync(fd) || close(fd))
		die(name);
}

static uint64_t saved(const char *name)
{
	unsigned long long sum = 0;
	FILE *file = fopen(name, "r");

	if (!file || fscanf(file, "%llx", &sum) != 1)
		die(name);
	fclose(file);
	return sum;
}

/* ---- The server ------------------------------------------------------------------------------ */

struct figures {
	double pause, child, slowest; /* us */
	size_t writes;
};

/* Change pages here and there until @pid, forked at @start, ends; at least @least of them. Returns
 * its status. */
static int serve(pid_t pid, double start, size_t least, struct figures *figures)
{
	uint64_t random = 1;
	int status;

	for (; !figures->child || figures->writes < least; figures->writes++) {
		double t = now_us();
		size_t page;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		page = (random >> 33) % pages;
		memory[page * WORDS + (random >> 20) % WORDS] ^= random | 1;
		changes[page]++;
		t = now_us() - t;
		figures->slowest = t > figures->slowest ? t : figures->slowest;
		if (!figures->child && figures->writes % 256 == 0 &&
		    waitpid(pid, &status, WNOHANG) == pid)
			figures->child = now_us() - start;
	}
	return status;
}

/* What was never changed since the fork is as it was. */
static bool unchanged_pages_are(void)
{
	for (size_t page = 0; page < pages; page++)
		for (size_t word = 0; word < WORDS && !changes[page]; word += 37)
			if (memory[page * WORDS + word] != content(page, word))
				return false;
	return true;
}

static int snapshot(size_t mib, const char *name, bool times)
{
	struct figures figures = {0};
	uint64_t expected;
	double start;
	int status;
	pid_t pid;

	pages = mib * 256;
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	changes = calloc(pages, 1);
	if (memory == MAP_FAILED || !changes)
		die("memory");
	madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < pages * WORDS; i++)
		memory[i] = content(i / WORDS, i % WORDS);
	expected = checksum();

	start = now_us();
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		save(name);
		_exit(0);
	}
	figures.pause = now_us() - start;
	status = serve(pid, start, pages / 8, &figures);
	if (status || saved(name) != expected) {
		printf("snapshot of %zu MiB: wrong\n", mib);
		return 1;
	}
	printf("snapshot of %zu MiB: right\n", mib);
	printf("memory of the server: %s\n", unchanged_pages_are() ? "right" : "wrong");
	if (times)
		printf("FIGURE snapshot_pause_us %.0f\nFIGURE snapshot_child_ms %.0f\n"
		       "FIGURE snapshot_writes %zu\nFIGURE snapshot_slowest_write_us %.0f\n",
		       figures.pause, figures.child / 1e3, figures.writes, figures.slowest);
	unlink(name);
	return 0;
}

/* ---- As the first process -------------------------------------------------------------------- */

static void run_command(char *line)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		char *argv[16], *word = strtok(line, " \n");
		int argc = 0;

		for (; word && argc < 15; word = strtok(NULL, " \n"))
			argv[argc++] = word;
		argv[argc] = NULL;
		execv(argv[0], argv);
		die(argv[0]);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		printf("status %#x: %s", status, line);
}

static void be_init(void)
{
	char line[200];
	FILE *commands = fopen("/commands", "r");

	mount("proc", "/proc", "proc", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mkdir("/dev/shm", 01777);
	mount("tmpfs", "/dev/shm", "tmpfs", 0, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	setenv("PATH", "/usr/bin:/bin", 1);
	while (commands && fgets(line, sizeof(line), commands))
		run_command(line);
	printf("FORK-PAUSE-DONE\n");
	fflush(stdout);
	sync();
	reboot(RB_AUTOBOOT);
}

int main(int argc, char **argv)
{
	bool times = argc > 1 && !strcmp(argv[1], "-v");

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (getpid() == 1 && argc < 2)
		be_init();
	argc -= times;
	argv += times;
	if (argc < 2) {
		fprintf(stderr, "usage: snapshot [-v] MIB [FILE]\n");
		return 2;
	}
	return snapshot(atol(argv[1]), argc > 2 ? argv[2] : "/tmp/snapshot.sum", times);
}
