/* SPDX-License-Identifier: MIT */
/*
 * Programs that need more memory than there is, and the clock around them: pid 1 of its machine,
 * the same binary on both kernels (bench/swap-pressure). What is run comes from the kernel's command
 * line:
 *
 *	work=sequential	mib=N passes=N	each page in order, again and again
 *	work=random	mib=N count=N	pages at random, two reads to a write
 *	work=clean	mib=N		pages that push clean page cache out, against pages from free memory
 *	work=none			only how much memory there is
 *
 * Swap is /dev/vda, or none; the disk of work=clean is /dev/vda too. Each page is full of words made
 * from its number and its version, and is checked word by word whenever it is read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE	   4096ul
#define PAGE_WORDS (PAGE / sizeof(uint64_t))
#define MIB	   (1ul << 20)

static uint64_t now(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return (uint64_t)hi << 32 | lo;
}

static void power_off(void)
{
	fflush(stdout);
	reboot(RB_AUTOBOOT); /* QEMU is told not to; Linux without ACPI cannot power off */
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			printf("SWAP-FAILED line %d: %s (errno %d)\n", __LINE__, #cond, errno);    \
			power_off();                                                               \
		}                                                                                  \
	} while (0)

/* A number of the kernel's command line, which init gets as its environment. */
static unsigned long number(const char *name)
{
	const char *value = getenv(name);

	CHECK(value);
	return strtoul(value, NULL, 0);
}

/* The number behind @key in @path, or 0: a counter that a kernel has not got has counted nothing. */
static unsigned long counter(const char *path, const char *key)
{
	char line[256];
	unsigned long value = 0;
	size_t length = strlen(key);
	FILE *f = fopen(path, "re");

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, length) && (line[length] == ' ' || line[length] == ':'))
			value = strtoul(line + length + 1, NULL, 10);
	fclose(f);
	return value;
}

static void figure(const char *name, uint64_t value)
{
	printf("SWAP %s %llu\n", name, (unsigned long long)value);
	fflush(stdout);
}

static const char *const vmstat_names[] = {"pswpin",	   "pswpout",	   "pgmajfault",
					   "pgsteal_file", "pgsteal_anon", "pgscan_file",
					   "pgscan_anon"};
enum { NR_VMSTAT = sizeof(vmstat_names) / sizeof(*vmstat_names) };

static void read_vmstat(unsigned long *values)
{
	for (int i = 0; i < NR_VMSTAT; i++)
		values[i] = counter("/proc/vmstat", vmstat_names[i]);
}

static void vmstat_figures(const unsigned long *before)
{
	unsigned long after[NR_VMSTAT];

	read_vmstat(after);
	for (int i = 0; i < NR_VMSTAT; i++)
		figure(vmstat_names[i], after[i] - before[i]);
}

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

static uint64_t first_word(uint64_t page, uint64_t version)
{
	return (page << 32 | version) * 0x9e3779b97f4a7c15ull;
}

static void fill(uint64_t *p, uint64_t page, uint64_t version)
{
	uint64_t word = first_word(page, version);

	for (unsigned int i = 0; i < PAGE_WORDS; i++)
		p[i] = word + i;
}

static void verify(const uint64_t *p, uint64_t page, uint64_t version)
{
	uint64_t word = first_word(page, version), wrong = 0;

	for (unsigned int i = 0; i < PAGE_WORDS; i++)
		wrong |= p[i] ^ (word + i);
	if (wrong) {
		printf("page %llu, version %llu: wrong\n", (unsigned long long)page,
		       (unsigned long long)version);
		CHECK(!wrong);
	}
}

/* Pass 0 writes; each further one verifies, and every other one writes anew. */
static uint64_t sequential(uint64_t *memory, unsigned long pages)
{
	unsigned long passes = number("passes");
	uint64_t version = 0, began = now();

	for (unsigned long pass = 0; pass < passes; pass++) {
		int writes = pass % 2 == 0;

		for (unsigned long i = 0; i < pages; i++) {
			uint64_t *p = memory + i * PAGE_WORDS;

			if (pass)
				verify(p, i, version);
			if (writes)
				fill(p, i, version + 1);
		}
		version += writes;
	}
	return now() - began;
}

static uint64_t random_pages(uint64_t *memory, unsigned long pages)
{
	unsigned long count = number("count");
	uint32_t *version = map(pages * sizeof(*version));
	uint64_t state = 88172645463325252ull, began;

	for (unsigned long i = 0; i < pages; i++)
		fill(memory + i * PAGE_WORDS, i, version[i]);
	began = now();
	for (unsigned long n = 0; n < count; n++) {
		unsigned long i;

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		i = (state >> 16) % pages;
		verify(memory + i * PAGE_WORDS, i, version[i]);
		if (n % 3 == 0)
			fill(memory + i * PAGE_WORDS, i, ++version[i]);
	}
	return now() - began;
}

static uint64_t touch(size_t size)
{
	volatile char *p = map(size);
	uint64_t began;

	madvise((void *)p, size, MADV_NOHUGEPAGE); /* 4 KiB pages in both parts */
	began = now();
	for (size_t i = 0; i < size; i += PAGE)
		p[i] = 1;
	began = now() - began;
	CHECK(!munmap((void *)p, size));
	return began;
}

/* The disk stays open: with its last opener Linux drops what it has of it. */
static void read_disk(void)
{
	static char buf[1 << 16];
	int fd = open("/dev/vda", O_RDONLY);
	ssize_t n;

	CHECK(fd >= 0);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		;
	CHECK(n == 0);
}

static void clean(size_t size)
{
	unsigned long before[NR_VMSTAT];

	touch(size); /* its page tables, and QEMU's translations */
	figure("touch_free", touch(size));
	read_disk();
	figure("cached_kib",
	       counter("/proc/meminfo", "Cached") + counter("/proc/meminfo", "Buffers"));
	figure("free_kib", counter("/proc/meminfo", "MemFree"));
	read_vmstat(before);
	figure("touch_full", touch(size));
	vmstat_figures(before);
}

static void load_modules(void)
{
	/* Debian's kernel has its drivers as modules. */
	static const char *const modules[] = {"virtio_ring", "virtio", "virtio_mmio", "virtio_blk"};
	char path[64];

	for (unsigned int i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
		int fd;

		snprintf(path, sizeof(path), "/modules/%s.ko", modules[i]);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		if (syscall(SYS_finit_module, fd, "", 0))
			perror(path);
		close(fd);
		unlink(path);
	}
}

/* Between the first and the last of these lines the host compares the counter with its own clock. */
static void clock_mark(void)
{
	printf("BENCH-CLOCK %llu\n", (unsigned long long)now());
	fflush(stdout);
}

static void with_swap(const char *work)
{
	size_t size = number("mib") * MIB;
	unsigned long before[NR_VMSTAT];
	uint64_t *memory, cost;

	CHECK(!swapon("/dev/vda", 0));
	memory = map(size);
	read_vmstat(before);
	if (!strcmp(work, "sequential"))
		cost = sequential(memory, size / PAGE);
	else
		cost = random_pages(memory, size / PAGE);
	figure("ticks", cost);
	vmstat_figures(before);
}

int main(void)
{
	const char *work;

	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	for (int i = 0; i < 3; i++)
		if (fcntl(i, F_GETFD) < 0)
			open("/dev/console", O_RDWR);
	load_modules();
	work = getenv("work");
	CHECK(work);
	if (!getenv("icount"))
		usleep(300000); /* what the kernel still does behind its boot; idle time is not counted */
	figure("total_kib", counter("/proc/meminfo", "MemTotal"));
	figure("free_kib_at_start", counter("/proc/meminfo", "MemFree"));
	figure("available_kib", counter("/proc/meminfo", "MemAvailable"));
	clock_mark();
	if (!strcmp(work, "clean"))
		clean(number("mib") * MIB);
	else if (strcmp(work, "none"))
		with_swap(work);
	clock_mark();
	printf("SWAP-DONE\n");
	power_off();
}
