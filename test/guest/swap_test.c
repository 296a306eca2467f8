/* SPDX-License-Identifier: MIT */
/* Memory that goes to swap and comes back: whose it is, and what it holds. */
#include "swap_device.h"
#include <sys/wait.h>

#define NR 700 /* pages: more than a page table's */

static void page_out(char *p, size_t pages)
{
	CHECK_OK(madvise(p, pages * PAGE, MADV_PAGEOUT));
	/* Written in the background. */
	guest_sleep_ms(50);
}

static char *filled(size_t pages, int flags)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED);
	for (size_t i = 0; i < pages; i++)
		memset(p + i * PAGE, (int)(i % 251) + 1, PAGE);
	return p;
}

/* Pages of @p that do not hold what filled() wrote, with @first in front of it. */
static size_t wrong(const char *p, size_t pages, const char *first)
{
	size_t bad = 0, n = strlen(first);

	for (size_t i = 0; i < pages; i++) {
		const char *page = p + i * PAGE;

		bad += memcmp(page, first, n) || page[n] != (char)(i % 251 + 1) ||
		       page[PAGE - 1] != (char)(i % 251 + 1);
	}
	return bad;
}

TEST(forked_pages_part_after_swap)
{
	char *p;
	pid_t child;

	if (guest_is_quire())
		need_swap(); /* else as it is: with or without */
	p = filled(NR, MAP_PRIVATE);
	page_out(p, NR);
	child = fork();
	if (!child) {
		for (size_t i = 0; i < NR; i++)
			memcpy(p + i * PAGE, "child", 5);
		page_out(p, NR);
		_exit(wrong(p, NR, "child") != 0);
	}
	CHECK_EQ(wrong(p, NR, ""), 0);
	CHECK_EXITED(child, 0);
	page_out(p, NR);
	CHECK_EQ(wrong(p, NR, ""), 0);
	munmap(p, NR * PAGE);
	end_swap();
}

/* A debugger's write to a private page that may not be written to makes a copy, also where the
 * other owner has only an entry on swap. */
TEST(forced_writes_copy_what_another_has_on_swap)
{
	char *p, c;
	int ready[2], done[2];
	pid_t child;

	if (guest_is_quire())
		need_swap(); /* else as it is: with or without */
	p = filled(64, MAP_PRIVATE);
	page_out(p, 64);
	CHECK_OK(pipe(ready));
	CHECK_OK(pipe(done));
	child = fork();
	CHECK_OK(mprotect(p, 64 * PAGE, PROT_READ));
	if (!child) {
		int fd = open("/proc/self/mem", O_RDWR);
		size_t bad = fd < 0 || wrong(p, 64, "");

		for (size_t i = 0; i < 64; i++)
			bad += pwrite(fd, "forced", 6, (off_t)(uintptr_t)(p + i * PAGE)) != 6;
		bad += wrong(p, 64, "forced");
		bad += write(ready[1], "x", 1) != 1 || read(done[0], &c, 1) != 1;
		_exit(bad != 0);
	}
	CHECK_EQ(read(ready[0], &c, 1), 1);
	CHECK_EQ(wrong(p, 64, ""), 0);
	CHECK_EQ(write(done[1], "x", 1), 1);
	CHECK_EXITED(child, 0);
	munmap(p, 64 * PAGE);
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(done[i]);
	}
	end_swap();
}

TEST(swapoff_brings_all_of_it_back)
{
	char *private, *shared;

	if (guest_is_quire())
		need_swap(); /* else as it is: with or without */
	private = filled(NR, MAP_PRIVATE);
	shared = filled(NR, MAP_SHARED);
	page_out(private, NR);
	page_out(shared, NR);
	end_swap();
	CHECK_EQ(wrong(private, NR, ""), 0);
	CHECK_EQ(wrong(shared, NR, ""), 0);
	munmap(private, NR * PAGE);
	munmap(shared, NR * PAGE);
}

/* A file that shrinks and grows again is full of zeros there, wherever its pages were. */
TEST(a_file_cut_while_on_swap_grows_with_zeros)
{
	int fd;
	char *p;

	if (guest_is_quire())
		need_swap(); /* else as it is: with or without */
	fd = memfd_create("cut", 0);
	CHECK_OK(ftruncate(fd, 64 * PAGE));
	p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	REQUIRE(p != MAP_FAILED);
	memset(p, 'x', 64 * PAGE);
	page_out(p, 64);
	CHECK_OK(ftruncate(fd, 10 * PAGE + 100));
	CHECK_OK(ftruncate(fd, 64 * PAGE));
	CHECK_EQ(p[10 * PAGE + 99], 'x');
	for (size_t i = 10 * PAGE + 100; i < 64 * PAGE; i++) {
		if (p[i]) {
			CHECK_EQ(p[i], 0);
			break;
		}
	}
	munmap(p, 64 * PAGE);
	close(fd);
	end_swap();
}

TEST(what_is_locked_stays)
{
	unsigned char vec[64];
	char *p;

	if (guest_is_quire())
		need_swap(); /* else as it is: with or without */
	p = filled(64, MAP_PRIVATE);
	CHECK_OK(mlock(p, 64 * PAGE));
	CHECK_ERRNO(madvise(p, 64 * PAGE, MADV_PAGEOUT), EINVAL);
	CHECK_OK(mincore(p, 64 * PAGE, vec));
	for (size_t i = 0; i < 64; i++)
		CHECK(vec[i] & 1);
	CHECK_OK(munlock(p, 64 * PAGE));
	munmap(p, 64 * PAGE);
	end_swap();
}
