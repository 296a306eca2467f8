/* SPDX-License-Identifier: MIT */
/* mmap and munmap: kinds of mappings, flags, hints, limits, errors. */
#include "guest.h"

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static char *map(void *where, size_t size, int prot, int flags)
{
	return mmap(where, size, prot, flags, -1, 0);
}

static int temporary_file(const char *text)
{
	char name[] = "/tmp/mmap.XXXXXX";
	int fd = CHECK_OK(mkstemp(name));

	unlink(name);
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

TEST(anonymous_memory_is_zero_and_page_aligned)
{
	unsigned char *p = (void *)map(NULL, 5 * PAGE + 1, RW, ANON);
	size_t sum = 0;

	REQUIRE(p != MAP_FAILED);
	CHECK_EQ((uintptr_t)p % PAGE, 0);
	for (size_t i = 0; i < 6 * PAGE; i++)
		sum += p[i];
	CHECK_EQ(sum, 0);
	p[6 * PAGE - 1] = 1;
	CHECK_OK(munmap(p, 5 * PAGE + 1));
	CHECK(!guest_is_mapped(p, NULL));
	CHECK(!guest_is_mapped(p + 5 * PAGE, NULL));
}

TEST(errors)
{
	int fd = temporary_file("x");

	CHECK_ERRNO(map(NULL, 0, RW, ANON), EINVAL);
	CHECK_ERRNO(map(NULL, PAGE, RW, MAP_ANONYMOUS), EINVAL);
	CHECK_ERRNO(map((void *)123, PAGE, RW, ANON | MAP_FIXED), EINVAL);
	CHECK_ERRNO(map(NULL, 1UL << 47, RW, ANON), ENOMEM);
	CHECK_ERRNO(map(NULL, -PAGE, RW, ANON), ENOMEM);
	CHECK_ERRNO(map(NULL, -1UL, RW, ANON), ENOMEM);
	CHECK_ERRNO(map((void *)(1UL << 47), PAGE, RW, ANON | MAP_FIXED), ENOMEM);
	CHECK_ERRNO(map((void *)0x7ffffffff000, PAGE, RW, ANON | MAP_FIXED), ENOMEM);
	CHECK_ERRNO(map((void *)0xffffffff80000000, PAGE, RW, ANON | MAP_FIXED), ENOMEM);
	CHECK_ERRNO(mmap(NULL, PAGE, RW, MAP_PRIVATE, 999, 0), EBADF);
	CHECK_ERRNO(mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 5), EINVAL);
	int dir = open("/tmp", O_RDONLY | O_DIRECTORY);

	CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, dir, 0), ENODEV);
	int fds[2];

	pipe(fds);
	CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fds[0], 0), ENODEV);
	CHECK_ERRNO(munmap((void *)123, PAGE), EINVAL);
	CHECK_ERRNO(munmap((void *)PAGE, 0), EINVAL);
	CHECK_ERRNO(munmap((void *)(1UL << 47), PAGE), EINVAL);
	CHECK_OK(munmap((void *)0x10000, PAGE)); /* nothing there is fine */
	CHECK_ERRNO(mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, (off_t)(1ULL << 63)), EOVERFLOW);
}

TEST(permissions_of_the_descriptor_count)
{
	guest_write_file("/tmp/mmap_ro", "text", 0644);
	int ro = open("/tmp/mmap_ro", O_RDONLY), wo = open("/tmp/mmap_ro", O_WRONLY),
	    path = open("/tmp/mmap_ro", O_PATH);

	CHECK_ERRNO(mmap(NULL, PAGE, RW, MAP_SHARED, ro, 0), EACCES);
	CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0), EACCES);
	CHECK_ERRNO(mmap(NULL, PAGE, PROT_WRITE, MAP_PRIVATE, wo, 0), EACCES);
	CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, path, 0), EBADF);
	char *p = mmap(NULL, PAGE, RW, MAP_PRIVATE, ro, 0);

	REQUIRE(p != MAP_FAILED);
	p[0] = 'T';
	CHECK_STR(p, "Text");
	CHECK_STR(guest_read_file("/tmp/mmap_ro"), "text");
	char *q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);

	REQUIRE(q != MAP_FAILED);
	CHECK_ERRNO(mprotect(q, PAGE, RW), EACCES);
	unlink("/tmp/mmap_ro");
}

TEST(file_private_and_shared)
{
	int fd = temporary_file("hello world");
	char *shared = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	char *private = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0), text[20] = "";

	REQUIRE(shared != MAP_FAILED && private != MAP_FAILED);
	CHECK_STR(shared, "hello world");
	shared[0] = 'H';
	CHECK_EQ(pread(fd, text, 5, 0), 5);
	CHECK_STR(text, "Hello");
	CHECK_EQ(private[0], 'H'); /* not copied yet */
	private[0] = 'J';
	CHECK_EQ(shared[0], 'H');
	shared[1] = 'E';
	CHECK_EQ(private[1], 'e'); /* the page was copied by the write */
	CHECK_EQ(pwrite(fd, "XY", 2, 6), 2);
	CHECK_EQ(shared[6], 'X');
	close(fd);
	CHECK_EQ(shared[7], 'Y');
	munmap(shared, PAGE);
	munmap(private, PAGE);
}

TEST(offsets_into_a_file)
{
	int fd = temporary_file("");
	char text[2] = "";

	ftruncate(fd, 10 * PAGE);
	for (int i = 0; i < 10; i++)
		CHECK_EQ(pwrite(fd, (char[]){ 'a' + i }, 1, i * PAGE), 1);
	char *p = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 4 * PAGE);

	REQUIRE(p != MAP_FAILED);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(p[i * PAGE], 'e' + i);
	p[2 * PAGE + 1] = 'Z';
	CHECK_EQ(pread(fd, text, 1, 6 * PAGE + 1), 1);
	CHECK_EQ(text[0], 'Z');
}

TEST(hints_and_fixed)
{
	char *area = map(NULL, 10 * PAGE, PROT_NONE, ANON);

	REQUIRE(area != MAP_FAILED);
	munmap(area, 10 * PAGE);
	CHECK_EQ(map(area + 3 * PAGE, PAGE, RW, ANON), area + 3 * PAGE); /* a free hint is taken */
	char *other = map(area + 3 * PAGE, PAGE, RW, ANON);

	CHECK(other != MAP_FAILED && other != area + 3 * PAGE);
	area[3 * PAGE] = 'x';
	CHECK_EQ(map(area, 10 * PAGE, RW, ANON | MAP_FIXED), area);
	CHECK_EQ(area[3 * PAGE], 0); /* replaced */
	CHECK_ERRNO(map(area + 5 * PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE), EEXIST);
	munmap(area + 5 * PAGE, PAGE);
	CHECK_EQ(map(area + 5 * PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE), area + 5 * PAGE);
}

TEST(holes_are_cut)
{
	char *p = guest_map(9 * PAGE);

	memset(p, 1, 9 * PAGE);
	CHECK_OK(munmap(p + 3 * PAGE, 2 * PAGE));
	CHECK(guest_can_read(p + 2 * PAGE));
	CHECK(!guest_can_read(p + 3 * PAGE));
	CHECK(!guest_can_read(p + 4 * PAGE));
	CHECK(guest_can_read(p + 5 * PAGE));
	CHECK_EQ(p[5 * PAGE], 1);
	CHECK_OK(munmap(p, 9 * PAGE)); /* over the hole */
	CHECK(!guest_can_read(p));
	CHECK(!guest_can_read(p + 8 * PAGE));
}

TEST(protections)
{
	char *p = map(NULL, PAGE, PROT_NONE, ANON);

	CHECK(!guest_can_read(p));
	CHECK_EQ(last_fault_code, SEGV_ACCERR);
	p = map(NULL, PAGE, PROT_READ, ANON);
	CHECK(guest_can_read(p));
	CHECK(!guest_can_write(p));
	p = map(NULL, PAGE, PROT_WRITE, ANON);
	CHECK(guest_can_read(p)); /* x86 has no write-only pages */
	CHECK(guest_can_write(p));
	p = map(NULL, PAGE, RW | PROT_EXEC, ANON);
	memcpy(p, "\xb8\x2a\x00\x00\x00\xc3", 6); /* mov $42, %eax; ret */
	CHECK_EQ(((int (*)(void))p)(), 42);
}

TEST(populate_and_noreserve)
{
	unsigned char present[16];
	char *p = map(NULL, 16 * PAGE, RW, ANON | MAP_POPULATE);

	REQUIRE(p != MAP_FAILED);
	CHECK_OK(mincore(p, 16 * PAGE, present));
	for (int i = 0; i < 16; i++)
		CHECK_EQ(present[i] & 1, 1);
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	memset(p, 1, 16 * PAGE);
	getrusage(RUSAGE_SELF, &after);
	CHECK(after.ru_minflt - before.ru_minflt < 3);
	p = map(NULL, 1UL << 40, RW, ANON | MAP_NORESERVE); /* a terabyte of address space */
	REQUIRE(p != MAP_FAILED);
	p[1UL << 39] = 1;
	CHECK_OK(munmap(p, 1UL << 40));
}

TEST(stack_and_other_flags)
{
	char *p = map(NULL, 4 * PAGE, RW, ANON | MAP_STACK | MAP_NORESERVE);

	CHECK(p != MAP_FAILED);
	p = map(NULL, PAGE, RW, ANON | MAP_DENYWRITE | MAP_EXECUTABLE);
	CHECK(p != MAP_FAILED);
	int fd = temporary_file("abc");

	p = mmap(NULL, PAGE, RW, MAP_SHARED_VALIDATE, fd, 0);
	CHECK(p != MAP_FAILED);
	CHECK_ERRNO(mmap(NULL, PAGE, RW, MAP_SHARED_VALIDATE | 0x200000, fd, 0), EOPNOTSUPP);
	CHECK_ERRNO(mmap(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0), EOPNOTSUPP);
	p = map(NULL, PAGE, RW, ANON | MAP_32BIT);
	CHECK(p != MAP_FAILED && (uintptr_t)p < 0x80000000);
}

TEST(low_addresses_are_refused)
{
	long lowest = atol(guest_read_file("/proc/sys/vm/mmap_min_addr"));

	CHECK(lowest > 0);
	if (getuid() == 0)
		CHECK_EXITED(IN_CHILD({
			setuid(1000);
			CHECK_ERRNO(map(NULL, PAGE, RW, ANON | MAP_FIXED), EPERM);
			CHECK(map((void *)lowest, PAGE, RW, ANON | MAP_FIXED) != MAP_FAILED);
		}), 0);
}

TEST(adjacent_mappings_merge)
{
	char *p = map(NULL, 30 * PAGE, PROT_NONE, ANON);
	int lines = 0;

	for (int i = 0; i < 30; i++)
		CHECK_EQ(map(p + i * PAGE, PAGE, RW, ANON | MAP_FIXED), p + i * PAGE);
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	unsigned long start, end;

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && end > (unsigned long)p &&
		    start < (unsigned long)p + 30 * PAGE)
			lines++;
	fclose(f);
	CHECK_EQ(lines, 1);
}

TEST(many_mappings)
{
	enum { COUNT = 2000 };
	static char *p[COUNT];
	int bad = 0;

	for (int i = 0; i < COUNT; i++) {
		p[i] = map(NULL, PAGE, i % 2 ? RW : PROT_READ, ANON);
		if (p[i] == MAP_FAILED)
			bad++;
		else if (i % 2)
			p[i][0] = i;
	}
	for (int i = 1; i < COUNT; i += 2)
		bad += p[i][0] != (char)i;
	for (int i = 0; i < COUNT; i++)
		bad += munmap(p[(i * 7) % COUNT], PAGE) != 0;
	CHECK_EQ(bad, 0);
}

TEST(limit_of_the_address_space)
{
	struct rlimit limit;

	CHECK_EXITED(IN_CHILD({
		long now = strtol(guest_read_file("/proc/self/statm"), NULL, 10) * PAGE;

		limit.rlim_cur = limit.rlim_max = now + 20 * PAGE;
		CHECK_OK(setrlimit(RLIMIT_AS, &limit));
		CHECK_ERRNO(map(NULL, 21 * PAGE, RW, ANON), ENOMEM);
		char *p = map(NULL, 20 * PAGE, RW, ANON);

		CHECK(p != MAP_FAILED);
		CHECK_ERRNO(map(NULL, PAGE, RW, ANON), ENOMEM);
		CHECK_EQ(map(p, 20 * PAGE, PROT_READ, ANON | MAP_FIXED),
			 p); /* what it replaces counts off */
		CHECK_OK(munmap(p, PAGE));
		CHECK(map(NULL, PAGE, RW, ANON) != MAP_FAILED);
	}), 0);
}

TEST(limit_of_data)
{
	CHECK_EXITED(IN_CHILD({
		struct rlimit limit = { 0 };

		limit.rlim_cur = limit.rlim_max =
			guest_field("/proc/self/status", "VmData") * 1024 + 30 * PAGE;
		CHECK_OK(setrlimit(RLIMIT_DATA, &limit));
		CHECK_ERRNO(map(NULL, 40 * PAGE, RW, ANON), ENOMEM);
		CHECK(map(NULL, 40 * PAGE, PROT_READ, ANON) !=
		      MAP_FAILED); /* only private writable ones count */
		CHECK(map(NULL, 40 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS) != MAP_FAILED);
		CHECK(map(NULL, 10 * PAGE, RW, ANON) != MAP_FAILED);
	}), 0);
}

TEST(zero_and_other_devices)
{
	int zero = open("/dev/zero", O_RDWR), null = open("/dev/null", O_RDWR);
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, zero, 0);

	REQUIRE(p != MAP_FAILED);
	CHECK_EQ(p[PAGE], 0);
	p[PAGE] = 3;
	CHECK_ERRNO(mmap(NULL, PAGE, RW, MAP_PRIVATE, null, 0), ENODEV);
	char *shared = mmap(NULL, PAGE, RW, MAP_SHARED, zero, 0); /* as anonymous shared memory */

	REQUIRE(shared != MAP_FAILED);
	CHECK_EXITED(IN_CHILD(shared[5] = 9), 0);
	CHECK_EQ(shared[5], 9);
}
