/* SPDX-License-Identifier: MIT */
/* The stack grows on demand, up to its limit, and keeps a gap to what lies below. */
#include "guest.h"
#include <alloca.h>

static int touch(size_t bytes)
{
	volatile char *p = alloca(bytes);

	for (size_t i = bytes; i >= PAGE; i -= PAGE)
		p[i - 1] = 1;
	p[0] = 1;
	return p[0];
}

static void set_stack_limit(size_t bytes)
{
	struct rlimit limit = { bytes, bytes }, none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	CHECK_OK(setrlimit(RLIMIT_STACK, &limit));
}

TEST(grows)
{
	long before = guest_field("/proc/self/status", "VmStk");

	CHECK_EXITED(IN_CHILD({
		touch(4 << 20);
		CHECK(guest_field("/proc/self/status", "VmStk") >= 4096 && before < 4096);
	}), 0);
	CHECK(strstr(guest_read_file("/proc/self/maps"), "[stack]"));
}

TEST(a_far_access_grows_at_once)
{
	CHECK_EXITED(IN_CHILD({
		volatile char *p = alloca(2 << 20);

		p[0] = 1; /* one page, far below: the pages between stay untouched */
		CHECK(guest_field("/proc/self/status", "VmRSS") <
		      guest_field("/proc/self/status", "VmSize"));
	}), 0);
}

TEST(limit_is_kept)
{
	CHECK_DIES(SIGSEGV, {
		set_stack_limit(1 << 20);
		touch(2 << 20);
	});
	CHECK_EXITED(IN_CHILD({
		set_stack_limit(1 << 20);
		touch(700 << 10);
	}), 0);
	/* It counts when the stack grows, and may be raised up to the hard limit. */
	CHECK_EXITED(IN_CHILD({
		struct rlimit limit = { 1 << 20, 4 << 20 };

		setrlimit(RLIMIT_STACK, &limit);
		limit.rlim_cur = 4 << 20;
		CHECK_OK(setrlimit(RLIMIT_STACK, &limit));
		touch(3 << 20);
	}), 0);
}

static char *stack_vma_start(void)
{
	const char *line = strstr(guest_read_file("/proc/self/maps"), "[stack]");
	const char *text = guest_read_file("/proc/self/maps");

	line = strstr(text, "[stack]");
	if (!line)
		return NULL;
	while (line > text && line[-1] != '\n')
		line--;
	return (char *)strtoul(line, NULL, 16);
}

TEST(gap_to_a_mapping_below)
{
	CHECK_DIES(SIGSEGV, {
		struct rlimit none = { 0, 0 };
		char *start = stack_vma_start();
		char *below = start - (1 << 20);

		setrlimit(RLIMIT_CORE, &none);
		CHECK_EQ(mmap(below, PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
			 below);
		touch(64 << 10); /* far enough away */
		touch((1 << 20) - (64 << 10)); /* into the gap of 256 pages */
	});
}

TEST(growsdown_mapping)
{
	char *area = mmap(NULL, 600 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	     perms[5];

	munmap(area, 600 * PAGE);
	char *p = mmap(area + 500 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);

	REQUIRE(p == area + 500 * PAGE);
	p[0] = 1;
	CHECK(guest_can_write(p - 1));
	CHECK(guest_can_write(p - 3 * PAGE));
	CHECK(guest_is_mapped(p - 2 * PAGE, perms));
	CHECK_STR(perms, "rw-p");
	CHECK(!guest_is_mapped(p - 4 * PAGE, NULL));
}

TEST(kernel_accesses_grow_the_stack_too)
{
	CHECK_EXITED(IN_CHILD({
		int fd = open("/dev/zero", O_RDONLY);
		volatile char *p = alloca(1 << 20);

		CHECK_EQ(read(fd, (char *)p, 100), 100);
	}), 0);
}
