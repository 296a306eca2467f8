/* SPDX-License-Identifier: MIT */
/* madvise, mincore, msync, mlock. */
#include "guest.h"

#define RW (PROT_READ | PROT_WRITE)
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

static int file_of(const char *text, size_t size)
{
	char name[] = "/tmp/madvise.XXXXXX";
	int fd = CHECK_OK(mkstemp(name));

	unlink(name);
	write(fd, text, strlen(text));
	ftruncate(fd, size);
	return fd;
}

TEST(dontneed_zeroes_private_memory)
{
	char *p = guest_map(4 * PAGE);

	memset(p, 'x', 4 * PAGE);
	CHECK_OK(madvise(p + PAGE, 2 * PAGE, MADV_DONTNEED));
	CHECK_EQ(p[0], 'x');
	CHECK_EQ(p[PAGE], 0);
	CHECK_EQ(p[3 * PAGE - 1], 0);
	CHECK_EQ(p[3 * PAGE], 'x');
}

TEST(dontneed_rereads_files_and_keeps_shared_memory)
{
	int fd = file_of("file", PAGE);
	char *p = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);

	p[0] = 'F';
	CHECK_OK(madvise(p, PAGE, MADV_DONTNEED));
	CHECK_EQ(p[0], 'f');
	char *shared = guest_shared(PAGE);

	shared[0] = 's';
	CHECK_OK(madvise(shared, PAGE, MADV_DONTNEED));
	CHECK_EQ(shared[0], 's');
}

TEST(dontneed_lowers_rss)
{
	char *p = guest_map(400 * PAGE);

	memset(p, 1, 400 * PAGE);
	guest_field("/proc/self/status", "RssAnon"); /* the reading touches pages of its own */
	long before = guest_field("/proc/self/status", "RssAnon");

	madvise(p, 400 * PAGE, MADV_DONTNEED);
	long fell = before - guest_field("/proc/self/status", "RssAnon");

	/* Linux since 6.2 counts in batches. */
	CHECK(fell == 1600 || (!guest_is_quire() && labs(fell - 1600) < 800));
}

TEST(dontfork_and_dofork)
{
	char *p = guest_map(3 * PAGE);

	memset(p, 'd', 3 * PAGE);
	CHECK_OK(madvise(p + PAGE, PAGE, MADV_DONTFORK));
	CHECK_EXITED(IN_CHILD({
		CHECK_EQ(p[0], 'd');
		CHECK(!guest_can_read(p + PAGE));
		CHECK_EQ(p[2 * PAGE], 'd');
	}), 0);
	CHECK_EQ(p[PAGE], 'd');
	CHECK_OK(madvise(p + PAGE, PAGE, MADV_DOFORK));
	CHECK_EXITED(IN_CHILD(CHECK_EQ(p[PAGE], 'd')), 0);
}

TEST(wipeonfork_and_keeponfork)
{
	char *p = guest_map(2 * PAGE);

	memset(p, 'w', 2 * PAGE);
	CHECK_OK(madvise(p, PAGE, MADV_WIPEONFORK));
	CHECK_EXITED(IN_CHILD({
		CHECK_EQ(p[0], 0);
		CHECK_EQ(p[PAGE], 'w');
		p[0] = 'c';
		CHECK_EXITED(IN_CHILD(CHECK_EQ(p[0], 0)), 0); /* inherited */
	}), 0);
	CHECK_EQ(p[0], 'w');
	CHECK_OK(madvise(p, PAGE, MADV_KEEPONFORK));
	CHECK_EXITED(IN_CHILD(CHECK_EQ(p[0], 'w')), 0);
	char *shared = guest_shared(PAGE);

	CHECK_ERRNO(madvise(shared, PAGE, MADV_WIPEONFORK), EINVAL);
}

TEST(populate)
{
	unsigned char present[8];
	char *p = guest_map(8 * PAGE);

	CHECK_OK(madvise(p, 4 * PAGE, MADV_POPULATE_WRITE));
	CHECK_OK(mincore(p, 8 * PAGE, present));
	for (int i = 0; i < 8; i++)
		CHECK_EQ(present[i] & 1, i < 4);
	CHECK_OK(madvise(p + 4 * PAGE, 4 * PAGE, MADV_POPULATE_READ));
	mprotect(p, PAGE, PROT_READ);
	CHECK_ERRNO(madvise(p, PAGE, MADV_POPULATE_WRITE), EINVAL);
	munmap(p + 6 * PAGE, PAGE);
	CHECK_ERRNO(madvise(p + 4 * PAGE, 4 * PAGE, MADV_POPULATE_READ), ENOMEM);
	int fd = file_of("x", PAGE);

	p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	CHECK_ERRNO(madvise(p, 2 * PAGE, MADV_POPULATE_READ), EFAULT);
}

TEST(advice_that_changes_nothing)
{
	int fd = file_of("x", 4 * PAGE);
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);

	CHECK_OK(madvise(p, 4 * PAGE, MADV_WILLNEED));
	CHECK_OK(madvise(p, 4 * PAGE, MADV_NORMAL));
	CHECK_OK(madvise(p, 4 * PAGE, MADV_RANDOM));
	CHECK_OK(madvise(p, 4 * PAGE, MADV_SEQUENTIAL));
	CHECK_OK(madvise(p, 0, MADV_DONTNEED));
}

TEST(errors)
{
	char *p = guest_map(3 * PAGE);

	CHECK_ERRNO(madvise(p + 1, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_ERRNO(madvise(p, PAGE, 12345), EINVAL);
	munmap(p + PAGE, PAGE);
	p[0] = 1;
	p[2 * PAGE] = 1;
	CHECK_ERRNO(madvise(p, 3 * PAGE, MADV_DONTNEED), ENOMEM);
	CHECK_EQ(p[0], 0); /* the rest was done nevertheless */
	CHECK_EQ(p[2 * PAGE], 0);
}

TEST(mincore_tells_what_is_there)
{
	unsigned char present[4];
	char *p = guest_map(4 * PAGE);

	p[PAGE] = 1;
	p[3 * PAGE] = 1;
	CHECK_OK(mincore(p, 4 * PAGE, present));
	CHECK_EQ(present[0] & 1, 0);
	CHECK_EQ(present[1] & 1, 1);
	CHECK_EQ(present[2] & 1, 0);
	CHECK_EQ(present[3] & 1, 1);
	CHECK_ERRNO(mincore(p + 1, PAGE, present), EINVAL);
	CHECK_ERRNO(mincore(p, PAGE, (void *)1), EFAULT);
	munmap(p + 2 * PAGE, PAGE);
	CHECK_ERRNO(mincore(p, 4 * PAGE, present), ENOMEM);
	CHECK_OK(mincore(p, 0, present));
}

TEST(msync_checks_its_arguments)
{
	int fd = file_of("x", 2 * PAGE);
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);

	p[0] = 'y';
	CHECK_OK(msync(p, 2 * PAGE, MS_SYNC));
	CHECK_OK(msync(p, 2 * PAGE, MS_ASYNC));
	CHECK_OK(msync(p, PAGE, MS_SYNC | MS_INVALIDATE));
	CHECK_OK(msync(p, 0, MS_SYNC));
	CHECK_ERRNO(msync(p + 1, PAGE, MS_SYNC), EINVAL);
	CHECK_ERRNO(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	CHECK_ERRNO(msync(p, PAGE, 0x100), EINVAL);
	munmap(p + PAGE, PAGE);
	CHECK_ERRNO(msync(p, 2 * PAGE, MS_SYNC), ENOMEM);
}

TEST(mlock_populates_and_counts)
{
	unsigned char present[4];
	char *p = guest_map(4 * PAGE);

	CHECK_OK(mlock(p, 2 * PAGE));
	CHECK_OK(mincore(p, 4 * PAGE, present));
	CHECK_EQ(present[0] & 1, 1);
	CHECK_EQ(present[1] & 1, 1);
	CHECK_EQ(present[2] & 1, 0);
	CHECK_EQ(guest_field("/proc/self/status", "VmLck"), 8);
	CHECK_ERRNO(madvise(p, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_EXITED(IN_CHILD(CHECK_EQ(guest_field("/proc/self/status", "VmLck"), 0)),
		     0); /* not inherited */
	CHECK_OK(munlock(p, PAGE));
	CHECK_EQ(guest_field("/proc/self/status", "VmLck"), 4);
	CHECK_OK(munmap(p, 4 * PAGE));
	CHECK_EQ(guest_field("/proc/self/status", "VmLck"), 0);
	CHECK_ERRNO(mlock(p, PAGE), ENOMEM);
	CHECK_ERRNO(mlockall(0), EINVAL);
	CHECK_ERRNO(mlockall(0x80), EINVAL);
	CHECK_OK(mlockall(MCL_FUTURE));
	p = guest_map(PAGE);
	CHECK_OK(mincore(p, PAGE, present));
	CHECK_EQ(present[0] & 1, 1);
	CHECK_OK(munlockall());
	CHECK_EQ(guest_field("/proc/self/status", "VmLck"), 0);
}

TEST(memlock_limit)
{
	if (getuid())
		guest_skip("needs root");
	CHECK_EXITED(IN_CHILD({
		struct rlimit limit = { 2 * PAGE, 2 * PAGE };
		char *p = guest_map(4 * PAGE);

		setrlimit(RLIMIT_MEMLOCK, &limit);
		setuid(1000);
		CHECK_ERRNO(mlock(p, 3 * PAGE), ENOMEM);
		CHECK_OK(mlock(p, 2 * PAGE));
		CHECK_OK(mlock(p, 2 * PAGE)); /* locked already: counts once */
		CHECK_ERRNO(mlock(p + 2 * PAGE, PAGE), ENOMEM);
	}), 0);
}
