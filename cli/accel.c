/* SPDX-License-Identifier: MIT */
/*
 * See accel.h. That /dev/kvm exists does not mean that a guest runs under it: nested or restricted
 * ones may fail or hang. So a machine with the same kernel is started with an empty job. The
 * verdict is a file in $XDG_CACHE_HOME/quire (or ~/.cache/quire), whose name is a hash of what it
 * depends on: this computer, its kernel, QEMU and Quire's kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "accel.h"
#include "channel.h"
#include "qemu.h"

#define KVM_DEVICE     "/dev/kvm"
#define PROBE_MS       2000
#define FAILED_VALID   86400 /* seconds: a machine that was too slow once may not be so for ever */
#define VERDICT_WORKS  "works\n"
#define VERDICT_FAILED "failed\n"

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
	for (const unsigned char *p = bytes; size--; p++)
		hash = (hash ^ *p) * 0x100000001b3; /* FNV-1a */
	return hash;
}

static uint64_t hash_string(uint64_t hash, const char *s)
{
	return hash_bytes(hash, s, strlen(s) + 1);
}

/* Which file it is and which state of it. */
static uint64_t hash_file(uint64_t hash, const char *path)
{
	struct stat st;

	hash = hash_string(hash, path);
	if (stat(path, &st))
		return hash;
	hash = hash_bytes(hash, &st.st_size, sizeof(st.st_size));
	return hash_bytes(hash, &st.st_mtim, sizeof(st.st_mtim));
}

static uint64_t hash_contents(uint64_t hash, const char *path)
{
	char bytes[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes));

	if (fd >= 0)
		close(fd);
	return n > 0 ? hash_bytes(hash, bytes, n) : hash;
}

/* Path of the verdict's file, or NULL if there is no place for one. Creates the directory. */
static char *verdict_path(const struct options *options)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char *kernel = qemu_kernel(options), *qemu = qemu_find(), *dir, *path;
	uint64_t hash = 0xcbf29ce484222325;
	struct utsname name;

	if (cache && *cache == '/')
		dir = copy_string(cache);
	else if (home && *home == '/')
		dir = format_string("%s/.cache", home);
	else
		return NULL;
	hash = hash_contents(hash, "/etc/machine-id");
	if (uname(&name) == 0)
		hash = hash_string(hash_string(hash_string(hash, name.nodename), name.release),
				   name.version);
	hash = hash_file(hash_file(hash, kernel), qemu);
	mkdir(dir, 0700);
	path = format_string("%s/quire", dir);
	mkdir(path, 0700);
	free(dir);
	dir = path;
	path = format_string("%s/kvm-%016llx", dir, (unsigned long long)hash);
	free(dir);
	free(kernel);
	free(qemu);
	return path;
}

static bool verdict_read(const char *path, bool *works)
{
	char text[16] = "";
	struct stat st;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t n;
	bool fresh;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	fresh = fstat(fd, &st) == 0 && time(NULL) - st.st_mtime < FAILED_VALID;
	close(fd);
	*works = n > 0 && strcmp(text, VERDICT_WORKS) == 0;
	if (*works)
		return true;
	return fresh && n > 0 && strcmp(text, VERDICT_FAILED) == 0;
}

/* Others may be doing the same, so the file appears whole. If that fails, the next run tries KVM
 * again. */
static void verdict_write(const char *path, bool works)
{
	const char *text = works ? VERDICT_WORKS : VERDICT_FAILED;
	char *new_path;
	int fd;

	if (!path)
		return;
	new_path = format_string("%s.%d", path, (int)getpid());
	fd = open(new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);

		close(fd);
		if (!written || rename(new_path, path))
			unlink(new_path);
	}
	free(new_path);
}

/* Did the guest say that its empty job has ended well? */
static bool gave_sign_of_life(struct channel *channel)
{
	const struct frame_header *frame;

	channel_fill(channel);
	while ((frame = channel_next(channel))) {
		if (frame->type == FRAME_EXIT)
			return true;
	}
	return false;
}

static long milliseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool probe(const struct options *user)
{
	struct options options = {
		.kernel = user->kernel, .debug_kernel = user->debug_kernel, .cpus = 1};
	struct channel *channel = new_zeroed(sizeof(*channel));
	struct world world;
	struct qemu qemu;
	long end = milliseconds() + PROBE_MS, left;
	bool alive = false;

	world_build_empty(&world);
	qemu_start(&qemu, &options, &world, ACCEL_KVM);
	channel->socket = qemu.control;
	while (!alive && !channel->closed && (left = end - milliseconds()) > 0) {
		struct pollfd poll_fds[] = {{.fd = qemu.control, .events = POLLIN},
					    {.fd = qemu.log, .events = POLLIN},
					    {.fd = qemu.messages, .events = POLLIN}};
		char dropped[4096];

		if (poll(poll_fds, 3, left) <= 0)
			continue;
		if (poll_fds[1].revents && read(qemu.log, dropped, sizeof(dropped)) < 0)
			break;
		if (poll_fds[2].revents) {
			ssize_t n = read(qemu.messages, dropped, sizeof(dropped));

			if (n > 0 && qemu_kvm_gave_up(dropped, n))
				break;
		}
		if (poll_fds[0].revents)
			alive = gave_sign_of_life(channel);
	}
	qemu_end(&qemu, 0);
	close(world.initramfs);
	free(channel);
	return alive;
}

enum accel accel_choose(const struct options *options)
{
	const char *why = NULL;
	bool works = false;
	char *path;

	if (options->accel == ACCEL_TCG)
		return ACCEL_TCG;
	if (access(KVM_DEVICE, F_OK))
		why = "there is no " KVM_DEVICE;
	else if (access(KVM_DEVICE, R_OK | W_OK))
		why = "no permission to use " KVM_DEVICE;
	if (options->accel == ACCEL_KVM) {
		if (why)
			fail("--accel kvm: %s", why);
		return ACCEL_KVM;
	}
	if (!why) {
		path = verdict_path(options);
		if (!verdict_read(path, &works)) {
			works = probe(options);
			verdict_write(path, works);
		}
		free(path);
		if (works)
			return ACCEL_KVM;
		why = "a guest does not run under this machine's KVM";
	}
	if (!options->quiet)
		report("emulating with TCG, which is slower than KVM: %s", why);
	return ACCEL_TCG;
}
