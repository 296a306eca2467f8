/* SPDX-License-Identifier: MIT */
/*
 * Pid 1 of a pressure run, on Quire and on Debian's kernel: mounts, finds the disks by what is on
 * them, runs the commands of /commands one after another, and says of each how it ended in lines
 * that run-pressure reads.
 *
 * A line of /commands: SECONDS NAME PROGRAM ARGUMENTS...; the time limit kills all. Some are done
 * here: "swapon LINK", "swapoff LINK", "audit" (Quire's recount of everything), "quiet" (drop
 * caches and remember how much memory is free), "leak KIB" (no more than so much less is free now,
 * and no swap is in use), "set FILE VALUE".
 *
 * /disk links to the image of pressure --make-disk, /LABEL to the swap device of that label.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096

static void mount_all(void)
{
	static const char *const mounts[][2] = {
		{"proc", "/proc"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"}, {"sysfs", "/sys"}};

	for (unsigned int i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		mkdir(mounts[i][1], 0755);
		/* The files of a run together are more than half of memory, tmpfs's own limit. */
		const char *data = strcmp(mounts[i][0], "tmpfs") ? NULL : "size=256m";

		if (mount(mounts[i][0], mounts[i][1], mounts[i][0], 0, data) && errno != EBUSY)
			printf("init: mount %s: %s\n", mounts[i][1], strerror(errno));
	}
	for (int i = 0; i < 3; i++)
		if (fcntl(i, F_GETFD) < 0)
			open("/dev/console", O_RDWR);
}

/* Debian's kernel has its drivers as modules. */
static void load_modules(void)
{
	static const char *const modules[] = {"virtio_ring", "virtio", "virtio_mmio", "virtio_blk"};
	char path[64];

	for (unsigned int i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
		int fd;

		snprintf(path, sizeof(path), "/modules/%s.ko", modules[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (syscall(SYS_finit_module, fd, "", 0))
			perror(path);
		close(fd);
		unlink(path);
	}
}

static void link_disks(void)
{
	static const char magic[] = "eruSserP"; /* the first word of each of pressure's pages */
	static char page[PAGE];
	char path[16], link[32];

	for (char letter = 'a'; letter <= 'h'; letter++) {
		int fd;

		snprintf(path, sizeof(path), "/dev/vd%c", letter);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (read(fd, page, PAGE) != PAGE)
			printf("init: %s: %s\n", path, strerror(errno));
		close(fd);
		if (!memcmp(page + PAGE - 10, "SWAPSPACE2", 10))
			snprintf(link, sizeof(link), "/%.16s", page + 1052);
		else if (!memcmp(page, "erusserP", 8) || !memcmp(page, magic, 8))
			strcpy(link, "/disk");
		else
			continue;
		if (symlink(path, link))
			perror(link);
	}
}

static long meminfo(const char *key)
{
	char line[128];
	long value = -1;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			value = atol(line + strlen(key) + 1);
	if (f)
		fclose(f);
	return value;
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "3\n", 2) != 2)
		perror("drop_caches");
	if (fd >= 0)
		close(fd);
}

static long quiet_free;

static int check_leak(long allowed)
{
	long missing;

	drop_caches();
	missing = quiet_free - meminfo("MemFree");
	printf("memory: %ld kB less free than before; swap in use %ld kB\n", missing,
	       meminfo("SwapTotal") - meminfo("SwapFree"));
	return missing > allowed || meminfo("SwapTotal") != meminfo("SwapFree");
}

static int check_audit(void)
{
	char line[256] = "", last[256] = "";
	FILE *f = fopen("/proc/quire/audit", "re");

	if (!f)
		return 0; /* not Quire */
	while (fgets(line, sizeof(line), f)) {
		printf("audit: %s", line);
		strcpy(last, line);
	}
	fclose(f);
	return strcmp(last, "0 problems\n") != 0;
}

static int set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC),
	    err = fd < 0 || write(fd, value, strlen(value)) < 0;

	if (err)
		perror(path);
	if (fd >= 0)
		close(fd);
	return err;
}

/* Those of the commands that are done here: their exit status, or -1. */
static int own_command(char **argv)
{
	int err = 0;

	if (!strcmp(argv[0], "audit"))
		return check_audit();
	if (!strcmp(argv[0], "quiet")) {
		drop_caches();
		quiet_free = meminfo("MemFree");
		return 0;
	}
	if (!strcmp(argv[0], "leak"))
		return check_leak(atol(argv[1]));
	if (!strcmp(argv[0], "set"))
		return set(argv[1], argv[2]);
	if (!strcmp(argv[0], "swapon"))
		err = swapon(argv[1], 0);
	else if (!strcmp(argv[0], "swapoff"))
		err = swapoff(argv[1]);
	else
		return -1;
	if (err)
		perror(argv[0]);
	return err ? 1 : 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* The wait status; -1: it took too long. */
static int run(char **argv, int seconds)
{
	double end = now() + seconds;
	int status;
	pid_t pid = fork();

	if (!pid) {
		setsid();
		execv(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	for (;;) {
		pid_t got = waitpid(-1, &status, WNOHANG);

		if (got == pid)
			break;
		if (got > 0)
			continue;
		if (now() > end) {
			status = -1;
			break;
		}
		usleep(20000);
	}
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	return status;
}

/* The end of the kernel's log, for the one who has to find out what went wrong. */
static void show_log(void)
{
	static char log[1 << 17];
	int n = klogctl(3, log, sizeof(log) - 1), lines = 0;
	char *p = log + (n > 0 ? n : 0);

	*p = 0;
	while (p > log && lines < 100)
		lines += *--p == '\n';
	printf("kernel log:%s%s\n", p > log ? "" : "\n", p);
}

static void run_line(char *line)
{
	char *argv[40], *save = NULL;
	int n = 0, status, seconds;
	double began = now();

	line[strcspn(line, "\n")] = 0;
	for (char *w = strtok_r(line, " ", &save); w && n < 39; w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	argv[n] = NULL;
	if (n < 3)
		return;
	seconds = atoi(argv[0]);
	printf("=== run %s\n", argv[1]);
	fflush(stdout);
	status = own_command(argv + 2);
	status = status >= 0 ? status << 8 : run(argv + 2, seconds);
	if (status == -1)
		printf("=== end %s: too late", argv[1]);
	else if (WIFSIGNALED(status))
		printf("=== end %s: signal %d", argv[1], WTERMSIG(status));
	else
		printf("=== end %s: exit %d", argv[1], WEXITSTATUS(status));
	printf(" after %.1f s\n", now() - began);
	if (status)
		show_log();
	fflush(stdout);
}

int main(void)
{
	char line[1024];
	FILE *list;

	mount_all();
	load_modules();
	link_disks();
	setenv("PATH", "/", 1);
	/* What becomes of swap is the programs' affair. */
	if (mlockall(MCL_CURRENT))
		perror("init: mlockall");
	printf("=== start: MemTotal %ld kB, MemFree %ld kB\n", meminfo("MemTotal:"),
	       meminfo("MemFree:"));
	list = fopen("/commands", "re");
	while (list && fgets(line, sizeof(line), list))
		run_line(line);
	printf("=== done\n");
	fflush(stdout);
	reboot(RB_AUTOBOOT); /* QEMU is told not to; Linux without ACPI cannot power off */
	reboot(RB_POWER_OFF);
	return 1;
}
