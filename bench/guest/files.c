/* SPDX-License-Identifier: MIT */
/* Files on tmpfs: names, page cache. */
#define _GNU_SOURCE
#include "bench.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char buffer[MIB];

static int file_of(size_t size)
{
	int fd = open("/tmp/file", O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0);
	memset(buffer, 'y', sizeof(buffer));
	CHECK(write(fd, buffer, size) == (ssize_t)size);
	return fd;
}

static uint64_t read_size(int n, size_t size)
{
	int fd = file_of(size);
	uint64_t t = start();

	for (int i = 0; i < n; i++)
		CHECK(pread(fd, buffer, size, 0) == (ssize_t)size);
	t = stop(t);
	CHECK(buffer[size - 1] == 'y');
	close(fd);
	return t;
}

static uint64_t write_size(int n, size_t size)
{
	int fd = file_of(size);
	uint64_t t = start();

	for (int i = 0; i < n; i++)
		CHECK(pwrite(fd, buffer, size, 0) == (ssize_t)size);
	t = stop(t);
	close(fd);
	return t;
}

static uint64_t read_4k(int n) { return read_size(n, PAGE); }
static uint64_t read_1m(int n) { return read_size(n, MIB); }
static uint64_t write_4k(int n) { return write_size(n, PAGE); }
static uint64_t write_1m(int n) { return write_size(n, MIB); }

static uint64_t open_close(int n)
{
	uint64_t t;

	close(file_of(PAGE));
	t = start();
	for (int i = 0; i < n; i++) {
		int fd = open("/tmp/file", O_RDONLY);

		CHECK(fd >= 0);
		close(fd);
	}
	return stop(t);
}

static uint64_t stat_file(int n)
{
	struct stat st;
	uint64_t t;

	close(file_of(PAGE));
	t = start();
	for (int i = 0; i < n; i++)
		CHECK(!stat("/tmp/file", &st));
	t = stop(t);
	CHECK(st.st_size == (off_t)PAGE);
	return t;
}

static uint64_t getdents_1000(int n)
{
	char name[64];
	int count = 0, fd;
	ssize_t got;
	uint64_t t;

	mkdir("/tmp/dir", 0700);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "/tmp/dir/file-%d", i);
		close(open(name, O_WRONLY | O_CREAT, 0600));
	}
	fd = open("/tmp/dir", O_RDONLY | O_DIRECTORY);
	t = start();
	for (int i = 0; i < n; i++) {
		lseek(fd, 0, SEEK_SET);
		count = 0;
		while ((got = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0)
			for (ssize_t o = 0; o < got; o += ((struct dirent64 *)(buffer + o))->d_reclen)
				count++;
	}
	t = stop(t);
	CHECK(count == 1002);
	close(fd);
	return t;
}

const struct metric file_metrics[] = {
	{ "read_4k", 500, read_4k, "pread() of 4 KiB from the page cache" },
	{ "read_1m", 10, read_1m, "pread() of 1 MiB" },
	{ "write_4k", 500, write_4k, "pwrite() of 4 KiB into the page cache" },
	{ "write_1m", 10, write_1m, "pwrite() of 1 MiB" },
	{ "open_close", 500, open_close, "open() and close()" },
	{ "stat", 500, stat_file, "stat()" },
	{ "getdents_1000", 10, getdents_1000, "reading a directory of 1,000 entries" },
	{ }
};
