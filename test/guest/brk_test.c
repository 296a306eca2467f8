/* SPDX-License-Identifier: MIT */
/* brk: the heap's end moves; what is given back is gone; limits. */
#include "guest.h"

static char *raw_brk(void *where)
{
	return (char *)syscall(SYS_brk, where);
}

TEST(grows_and_shrinks)
{
	char *start = raw_brk(NULL);

	CHECK_EQ(raw_brk(start + 10 * PAGE), start + 10 * PAGE);
	start[10 * PAGE - 1] = 'b';
	CHECK_EQ(start[0], 0);
	CHECK_EQ(raw_brk(start + PAGE), start + PAGE);
	char *next = (char *)(((uintptr_t)start + PAGE + PAGE - 1) & -PAGE);

	CHECK(!guest_can_read(next));
	CHECK_EQ(raw_brk(start + 10 * PAGE), start + 10 * PAGE);
	CHECK_EQ(start[10 * PAGE - 1], 0); /* fresh */
	CHECK_EQ(raw_brk(start), start);
}

TEST(odd_sizes)
{
	char *start = raw_brk(NULL);

	CHECK_EQ(raw_brk(start + 123), start + 123);
	CHECK_EQ(raw_brk(NULL), start + 123);
	start[122] = 1;
	CHECK_EQ(raw_brk(start), start);
}

TEST(impossible_requests_change_nothing)
{
	char *start = raw_brk(NULL);

	CHECK_EQ(raw_brk((void *)1), start);
	CHECK_EQ(raw_brk((void *)(1UL << 47)), start);
	CHECK_EQ(raw_brk((void *)-1UL), start);
	char *block = mmap((void *)(((uintptr_t)start + 20 * PAGE) & -PAGE), PAGE, PROT_READ,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	CHECK(block != MAP_FAILED);
	CHECK_EQ(raw_brk(start + 40 * PAGE), start);
	munmap(block, PAGE);
	CHECK_EQ(raw_brk(start + 40 * PAGE), start + 40 * PAGE);
}

TEST(limit_of_data)
{
	CHECK_EXITED(IN_CHILD({
		char *start = raw_brk(NULL);
		struct rlimit limit = { 0 };

		limit.rlim_cur = limit.rlim_max =
			guest_field("/proc/self/status", "VmData") * 1024 + 16 * PAGE;
		setrlimit(RLIMIT_DATA, &limit);
		CHECK_EQ(raw_brk(start + 64 * PAGE), start);
		CHECK_EQ(raw_brk(start + 4 * PAGE), start + 4 * PAGE);
	}), 0);
}

TEST(heap_is_named_in_maps)
{
	sbrk(PAGE);
	CHECK(strstr(guest_read_file("/proc/self/maps"), "[heap]"));
}

TEST(malloc_stress)
{
	static char *blocks[500];
	unsigned int seed = 1;
	int bad = 0;

	for (int i = 0; i < 20000; i++) {
		int n = rand_r(&seed) % 500;

		if (blocks[n]) {
			bad += blocks[n][0] != (char)n;
			free(blocks[n]);
			blocks[n] = NULL;
		} else {
			size_t size = 1 + rand_r(&seed) % (i % 50 ? 2000 : 60000);

			blocks[n] = malloc(size);
			memset(blocks[n], n, size);
		}
	}
	CHECK_EQ(bad, 0);
}
