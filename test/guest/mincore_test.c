/* SPDX-License-Identifier: MIT */
/* mincore, msync and the advices that change what a mapping is, on odd ranges. */
#include "guest.h"

#define RW (PROT_READ | PROT_WRITE)
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

static int memory_file(size_t pages)
{
	int fd = CHECK_OK(memfd_create("mincore", 0));

	CHECK_OK(ftruncate(fd, pages * PAGE));
	return fd;
}

/* What somebody else has read or written is in memory for all who map it. */
TEST(mincore_of_a_file_tells_the_cache)
{
	int fd = memory_file(8);
	unsigned char vec[8];
	char *p = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0);

	CHECK_OK(mincore(p, 8 * PAGE, vec));
	for (int i = 0; i < 8; i++)
		CHECK_EQ(vec[i], 0);
	CHECK_EQ(pwrite(fd, "x", 1, 2 * PAGE), 1);
	CHECK_EXITED(IN_CHILD(p[5 * PAGE] = 1), 0);
	CHECK_OK(mincore(p, 8 * PAGE, vec));
	for (int i = 0; i < 8; i++)
		CHECK_EQ(vec[i], i == 2 || i == 5);
	/* A private mapping sees the same, and its own copies. */
	p = mmap(NULL, 8 * PAGE, RW, MAP_PRIVATE, fd, 0);
	p[7 * PAGE] = 1;
	CHECK_OK(mincore(p, 8 * PAGE, vec));
	CHECK_EQ(vec[0] & 1, 0);
	CHECK_EQ(vec[2] & 1, 1);
	CHECK_EQ(vec[7] & 1, 1);
}

TEST(mincore_on_odd_ranges)
{
	char *p = guest_map(8 * PAGE);
	unsigned char *vec = guest_map(2 * PAGE);

	memset(p, 1, 8 * PAGE);
	memset(vec, 0xaa, PAGE);
	CHECK_OK(mincore(p, PAGE + 1, vec)); /* rounded up */
	CHECK_EQ(vec[1], 1);
	CHECK_EQ(vec[2], 0xaa);
	CHECK_ERRNO(mincore(p + 8, PAGE, vec), EINVAL);
	CHECK_ERRNO(mincore(p, -1UL, vec), ENOMEM);
	CHECK_ERRNO(mincore((void *)-PAGE, PAGE, vec), ENOMEM);
	munmap(p + 4 * PAGE, PAGE);
	memset(vec, 0xaa, PAGE);
	CHECK_ERRNO(mincore(p, 8 * PAGE, vec), ENOMEM);
	CHECK_EQ(vec[3], 1); /* what came before was told */
	mprotect(vec + PAGE, PAGE, PROT_READ);
	CHECK_ERRNO(mincore(p, 4 * PAGE, vec + PAGE - 2), EFAULT);
	CHECK_ERRNO(mincore(p, PAGE, NULL), EFAULT);
	/* No access needed, to the memory. */
	mprotect(p, PAGE, PROT_NONE);
	CHECK_OK(mincore(p, PAGE, vec));
	CHECK_EQ(vec[0], 1);
}

TEST(msync_on_odd_ranges)
{
	int fd = memory_file(4);
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);

	CHECK_OK(msync(p, 4 * PAGE, MS_SYNC));
	CHECK_OK(msync(p, 1, 0));
	CHECK_OK(msync(p, 4 * PAGE, MS_INVALIDATE));
	CHECK_ERRNO(msync(p, -PAGE, MS_SYNC), ENOMEM);
	CHECK_OK(mlock(p, PAGE));
	CHECK_ERRNO(msync(p, PAGE, MS_INVALIDATE), EBUSY);
	CHECK_OK(msync(p, PAGE, MS_SYNC));
	munlock(p, PAGE);
	munmap(p + PAGE, PAGE);
	CHECK_ERRNO(msync(p, 4 * PAGE, MS_ASYNC), ENOMEM);
	CHECK_ERRNO(msync(p, 4 * PAGE, MS_SYNC), ENOMEM);
	CHECK_ERRNO(msync(p + PAGE, PAGE, MS_SYNC), ENOMEM);
	CHECK_ERRNO(msync(p + PAGE, PAGE, MS_ASYNC), ENOMEM);
	CHECK_OK(msync(guest_map(PAGE), PAGE, MS_SYNC)); /* nothing to sync */
}

TEST(flags_of_mappings_show_and_split)
{
	char *p = guest_map(4 * PAGE);

	CHECK_OK(madvise(p + PAGE, PAGE, MADV_DONTDUMP));
	CHECK(!guest_vma_has_flag(p, "dd"));
	CHECK(guest_vma_has_flag(p + PAGE, "dd"));
	CHECK(!guest_vma_has_flag(p + 2 * PAGE, "dd"));
	CHECK_OK(madvise(p, 4 * PAGE, MADV_DODUMP));
	CHECK(!guest_vma_has_flag(p + PAGE, "dd"));
	CHECK_OK(madvise(p, PAGE, MADV_DONTFORK));
	CHECK(guest_vma_has_flag(p, "dc"));
	CHECK_OK(madvise(p, PAGE, MADV_DOFORK));
	CHECK(!guest_vma_has_flag(p, "dc"));
	CHECK_OK(madvise(p, PAGE, MADV_WIPEONFORK));
	CHECK(guest_vma_has_flag(p, "wf"));
	CHECK_OK(madvise(p, PAGE, MADV_KEEPONFORK));
	CHECK(!guest_vma_has_flag(p, "wf"));
	CHECK_OK(madvise(p, PAGE, MADV_SEQUENTIAL));
	CHECK(guest_vma_has_flag(p, "sr"));
	CHECK_OK(madvise(p, PAGE, MADV_RANDOM));
	CHECK(guest_vma_has_flag(p, "rr") && !guest_vma_has_flag(p, "sr"));
	CHECK_OK(madvise(p, PAGE, MADV_NORMAL));
	CHECK(!guest_vma_has_flag(p, "rr"));
}

TEST(advice_on_odd_ranges)
{
	static const int all[] = {MADV_DONTFORK,       MADV_DOFORK,	   MADV_WIPEONFORK,
				  MADV_KEEPONFORK,     MADV_DONTDUMP,	   MADV_DODUMP,
				  MADV_DONTNEED,       MADV_FREE,	   MADV_NORMAL,
				  MADV_WILLNEED,       MADV_POPULATE_READ, MADV_POPULATE_WRITE,
				  MADV_DONTNEED_LOCKED};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		char *p = guest_map(4 * PAGE);

		memset(p, 1, 4 * PAGE);
		CHECK_ERRNO(madvise(p + 1, PAGE, all[i]), EINVAL);
		CHECK_ERRNO(madvise(p, -1UL, all[i]), EINVAL);
		CHECK_OK(madvise(p, 0, all[i]));
		munmap(p + PAGE, PAGE);
		int ret = madvise(p, 4 * PAGE, all[i]);

		if (!guest_check(ret == -1 && errno == ENOMEM, __FILE__, __LINE__,
				 "advice %d over a hole: %d, errno %d", all[i], ret, errno))
			continue;
		CHECK_ERRNO(madvise(p + PAGE, PAGE, all[i]), ENOMEM);
		munmap(p, 4 * PAGE);
	}
	CHECK_ERRNO(madvise(guest_map(PAGE), PAGE, 7), EINVAL);
}

TEST(populate_errors)
{
	int fd = memory_file(1);
	char *p = guest_map(4 * PAGE), *past = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);

	mprotect(p, PAGE, PROT_NONE);
	CHECK_ERRNO(madvise(p, PAGE, MADV_POPULATE_READ), EINVAL);
	CHECK_ERRNO(madvise(p, PAGE, MADV_POPULATE_WRITE), EINVAL);
	mprotect(p, PAGE, PROT_READ);
	CHECK_OK(madvise(p, PAGE, MADV_POPULATE_READ));
	CHECK_ERRNO(madvise(p, PAGE, MADV_POPULATE_WRITE), EINVAL);
	CHECK_ERRNO(madvise(past, 2 * PAGE, MADV_POPULATE_WRITE), EFAULT);
	CHECK_OK(madvise(past, PAGE, MADV_POPULATE_WRITE));
	/* The child's own copies, before it writes. */
	memset(p + PAGE, 'p', 3 * PAGE);
	CHECK_EXITED(IN_CHILD({
			     struct rusage before, after;

			     CHECK_OK(madvise(p + PAGE, 3 * PAGE, MADV_POPULATE_WRITE));
			     getrusage(RUSAGE_SELF, &before);
			     for (int i = 1; i < 4; i++)
				     p[i * PAGE] = 'c';
			     getrusage(RUSAGE_SELF, &after);
			     CHECK(after.ru_minflt - before.ru_minflt <= 1);
		     }),
		     0);
	CHECK_EQ(p[PAGE], 'p');
}

TEST(remove_punches_a_hole)
{
	int fd = memory_file(4);
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0), *ro, *other;

	memset(p, 'r', 4 * PAGE);
	other = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK_EQ(other[PAGE], 'r');
	CHECK_OK(madvise(p + PAGE, 2 * PAGE, MADV_REMOVE));
	CHECK_EQ(p[PAGE], 0);
	CHECK_EQ(other[PAGE], 0);
	CHECK_EQ(p[0], 'r');
	CHECK_EQ(p[3 * PAGE], 'r');
	CHECK_ERRNO(madvise(guest_map(PAGE), PAGE, MADV_REMOVE), EINVAL);
	CHECK_ERRNO(madvise(other, PAGE, MADV_REMOVE), EACCES);
	ro = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK_OK(madvise(ro, PAGE, MADV_REMOVE)); /* it could be made writable */
	mlock(p, PAGE);
	CHECK_ERRNO(madvise(p, PAGE, MADV_REMOVE), EINVAL);
	munlock(p, PAGE);
	/* Anonymous shared memory is a file as well. */
	p = guest_shared(2 * PAGE);
	memset(p, 'r', 2 * PAGE);
	CHECK_OK(madvise(p, PAGE, MADV_REMOVE));
	CHECK_EQ(p[0], 0);
	CHECK_EQ(p[PAGE], 'r');
}

TEST(wipeonfork_wants_private_anonymous_memory)
{
	int fd = memory_file(1);

	CHECK_ERRNO(madvise(guest_shared(PAGE), PAGE, MADV_WIPEONFORK), EINVAL);
	CHECK_ERRNO(madvise(mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0), PAGE, MADV_WIPEONFORK),
		    EINVAL);
	CHECK_ERRNO(madvise(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), PAGE, MADV_FREE), EINVAL);
	CHECK_ERRNO(madvise(mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0), PAGE, MADV_FREE), EINVAL);
	char *p = guest_map(PAGE);

	CHECK_OK(mlock(p, PAGE));
	CHECK_ERRNO(madvise(p, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_ERRNO(madvise(p, PAGE, MADV_FREE), EINVAL);
	*p = 1;
	CHECK_OK(madvise(p, PAGE, MADV_DONTNEED_LOCKED));
	CHECK_EQ(*p, 0);
}
