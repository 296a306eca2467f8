/* SPDX-License-Identifier: MIT */
/* See disk.h. */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "disk.h"
#include "elf_file.h"

#define GUEST_PAGE 4096

/* The first page of a swap device: what mkswap writes. */
struct swap_header {
	uint8_t boot_bits[1024];
	uint32_t version, last_page, nr_bad_pages;
	uint8_t uuid[16], label[16];
	uint32_t padding[117], bad_pages[1];
	uint8_t unused[GUEST_PAGE - 1540 - 10];
	char magic[10];
};
_Static_assert(sizeof(struct swap_header) == GUEST_PAGE, "swap header layout");

struct disk disk_check(const char *argument)
{
	size_t length = strlen(argument);
	struct disk disk = {0};
	struct stat st;

	disk.read_only = length > 3 && strcmp(argument + length - 3, ",ro") == 0;
	disk.path = copy_bytes(argument, disk.read_only ? length - 3 : length);
	if (stat(disk.path, &st))
		fail("--disk %s: %s", disk.path, strerror(errno));
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		fail("--disk %s: neither a file nor a block device", disk.path);
	if (access(disk.path, disk.read_only ? R_OK : R_OK | W_OK))
		fail("--disk %s: %s%s", disk.path, strerror(errno),
		     disk.read_only || access(disk.path, R_OK)
			     ? ""
			     : "; write --disk FILE,ro to only read it");
	if (S_ISREG(st.st_mode) && !st.st_size)
		fail("--disk %s: the file is empty; give it a size, for example by truncate -s 1G",
		     disk.path);
	disk.is_device = S_ISBLK(st.st_mode);
	return disk;
}

/* QEMU's way to write a value with commas. */
static char *escape_commas(const char *s)
{
	char *escaped = new_zeroed(2 * strlen(s) + 1), *to = escaped;

	for (; *s; s++) {
		if (*s == ',')
			*to++ = ',';
		*to++ = *s;
	}
	return escaped;
}

/*
 * io_uring spares QEMU a thread's wake-up for each request that the host's page cache can serve:
 * reads of one page take a third of the time. It is there if this kernel allows it and @qemu was
 * built with it.
 */
static bool has_io_uring(const char *qemu)
{
	struct io_uring_params parameters = {0};
	struct elf_file elf;
	int fd = syscall(__NR_io_uring_setup, 1, &parameters);

	if (fd < 0)
		return false;
	close(fd);
	if (!elf_file_read(qemu, &elf))
		return false;
	for (size_t i = 0; i < elf.needed.count; i++) {
		if (strncmp(elf.needed.list[i], "liburing.", strlen("liburing.")) == 0)
			return true;
	}
	return false;
}

/* Errors of the host's file are the guest's to see: by itself QEMU would stop the machine when a
 * file system is full. */
static void add_disk(struct strings *arguments, unsigned int number, const char *path,
		     const char *driver, const char *settings)
{
	bool io_uring = has_io_uring(arguments->list[0]);
	char *escaped = escape_commas(path);

	strings_add(arguments, copy_string("-blockdev"));
	strings_add(arguments,
		    format_string("driver=raw,node-name=disk%u,file.driver=%s,file.filename=%s%s%s",
				  number, driver, escaped, io_uring ? ",file.aio=io_uring" : "",
				  settings));
	strings_add(arguments, copy_string("-device"));
	strings_add(arguments, format_string("virtio-blk-device,drive=disk%u,rerror=report,"
					     "werror=report",
					     number));
	free(escaped);
}

static void write_swap_header(int fd, uint64_t bytes)
{
	struct swap_header *header = new_zeroed(sizeof(*header));

	header->version = 1;
	header->last_page = bytes / GUEST_PAGE - 1;
	memcpy(header->magic, "SWAPSPACE2", sizeof(header->magic));
	if (pwrite(fd, header, sizeof(*header), 0) != sizeof(*header))
		fail("--swap: cannot write a temporary file: %s", strerror(errno));
	free(header);
}

/* A file without a name, of which nothing is stored yet. */
static int create_swap_file(uint64_t bytes)
{
	const char *directory = getenv("TMPDIR");
	char *path;
	int fd;

	if (!directory || !*directory)
		directory = "/var/tmp"; /* on a disk, where /tmp may be in memory */
	path = format_string("%s/quire-swap.XXXXXX", directory);
	fd = mkstemp(path);
	if (fd < 0)
		fail("--swap: cannot create a file in %s: %s", directory, strerror(errno));
	unlink(path);
	free(path);
	if (ftruncate(fd, bytes))
		fail("--swap: cannot create a file of %llu MiB in %s: %s",
		     (unsigned long long)bytes >> 20, directory, strerror(errno));
	write_swap_header(fd, bytes);
	return fd;
}

void disk_add_all(struct strings *arguments, const struct options *options)
{
	size_t i;

	for (i = 0; i < options->disks.count; i++) {
		struct disk disk = disk_check(options->disks.list[i]);

		add_disk(arguments, i, disk.path, disk.is_device ? "host_device" : "file",
			 disk.read_only ? ",read-only=on" : "");
		free(disk.path);
	}
	if (options->swap) {
		int fd = create_swap_file(options->swap);
		char *path = format_string("/dev/fd/%d", fd);

		/* The descriptor stays open for QEMU. What is in the file need not last. */
		add_disk(arguments, i, path, "file", ",cache.no-flush=on");
		free(path);
	}
}

unsigned int disk_of_swap(const struct options *options)
{
	return options->swap ? options->disks.count + 1 : 0;
}
