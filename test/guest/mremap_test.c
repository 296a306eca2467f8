/* SPDX-License-Identifier: MIT */
/* mremap: shrink, grow in place, move, fixed, keep the old mapping, errors. */
#include "guest.h"

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define DONTUNMAP 4

static void number_pages(char *p, int n)
{
	for (int i = 0; i < n; i++)
		memset(p + i * PAGE, i + 1, PAGE);
}

static int bad_pages(const char *p, int n)
{
	int bad = 0;

	for (int i = 0; i < n; i++)
		bad += p[i * PAGE] != i + 1 || p[i * PAGE + PAGE - 1] != i + 1;
	return bad;
}

/* A free area of n pages, of which the first `used` are mapped. */
static char *area(int n, int used)
{
	char *p = mmap(NULL, n * PAGE, PROT_NONE, ANON, -1, 0);

	munmap(p, n * PAGE);
	CHECK_EQ(mmap(p, used * PAGE, RW, ANON | MAP_FIXED, -1, 0), p);
	return p;
}

TEST(shrink)
{
	char *p = area(8, 8);

	number_pages(p, 8);
	CHECK_EQ(mremap(p, 8 * PAGE, 3 * PAGE, 0), p);
	CHECK_EQ(bad_pages(p, 3), 0);
	CHECK(!guest_can_read(p + 3 * PAGE));
	CHECK(!guest_is_mapped(p + 3 * PAGE, NULL));
}

TEST(grow_in_place)
{
	char *p = area(8, 3);

	number_pages(p, 3);
	CHECK_EQ(mremap(p, 3 * PAGE, 8 * PAGE, 0), p);
	CHECK_EQ(bad_pages(p, 3), 0);
	CHECK_EQ(p[3 * PAGE], 0);
	CHECK(guest_can_write(p + 8 * PAGE - 1));
}

TEST(grow_blocked_fails_or_moves)
{
	char *p = area(8, 4);

	CHECK_EQ(mmap(p + 4 * PAGE, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0), p + 4 * PAGE);
	number_pages(p, 4);
	CHECK_ERRNO(mremap(p, 4 * PAGE, 6 * PAGE, 0), ENOMEM);
	CHECK_EQ(bad_pages(p, 4), 0);
	char *q = mremap(p, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);

	REQUIRE(q != MAP_FAILED);
	CHECK(q != p);
	CHECK_EQ(bad_pages(q, 4), 0);
	CHECK_EQ(q[5 * PAGE], 0);
	CHECK(!guest_can_read(p));
	CHECK(guest_can_read(p + 4 * PAGE));
}

TEST(fixed_replaces_what_is_there)
{
	char *p = area(4, 4), *q = area(6, 6);

	number_pages(p, 4);
	memset(q, 'q', 6 * PAGE);
	CHECK_EQ(mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + PAGE), q + PAGE);
	CHECK_EQ(bad_pages(q + PAGE, 4), 0);
	CHECK_EQ(q[0], 'q');
	CHECK_EQ(q[5 * PAGE], 'q');
	CHECK(!guest_can_read(p));
}

TEST(part_of_a_mapping_moves)
{
	char *p = area(6, 6), *q = area(6, 1);

	number_pages(p, 6);
	CHECK_EQ(mremap(p + 2 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			q + 2 * PAGE),
		 q + 2 * PAGE);
	CHECK_EQ(q[2 * PAGE], 3);
	CHECK_EQ(q[3 * PAGE], 4);
	CHECK(!guest_can_read(p + 2 * PAGE));
	CHECK_EQ(p[PAGE], 2);
	CHECK_EQ(p[4 * PAGE], 5);
}

TEST(dontunmap_leaves_an_empty_mapping)
{
	char *p = area(4, 4);

	number_pages(p, 4);
	char *q = mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | DONTUNMAP, NULL);

	REQUIRE(q != MAP_FAILED);
	CHECK_EQ(bad_pages(q, 4), 0);
	CHECK(guest_is_mapped(p, NULL));
	CHECK_EQ(p[0], 0);
	CHECK_EQ(p[3 * PAGE], 0);
	CHECK_ERRNO(mremap(p, 4 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | DONTUNMAP, NULL), EINVAL);
	CHECK_ERRNO(mremap(p, 4 * PAGE, 4 * PAGE, DONTUNMAP, NULL), EINVAL);
}

TEST(old_size_zero_duplicates_a_shared_mapping)
{
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *q = mremap(p, 0, 2 * PAGE, MREMAP_MAYMOVE);

	REQUIRE(q != MAP_FAILED);
	CHECK(p != q);
	p[PAGE] = 'd';
	CHECK_EQ(q[PAGE], 'd');
	char *private = guest_map(PAGE);

	CHECK_ERRNO(mremap(private, 0, PAGE, MREMAP_MAYMOVE), EINVAL);
}

TEST(errors)
{
	char *p = area(4, 4);

	CHECK_ERRNO(mremap(p + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EINVAL);
	CHECK_ERRNO(mremap(p, PAGE, 0, MREMAP_MAYMOVE), EINVAL);
	CHECK_ERRNO(mremap(p, PAGE, 2 * PAGE, 0x80), EINVAL);
	CHECK_ERRNO(mremap(p, PAGE, 2 * PAGE, MREMAP_FIXED, p + 8 * PAGE), EINVAL);
	CHECK_ERRNO(mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE),
		    EINVAL); /* they overlap */
	CHECK_ERRNO(mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 1), EINVAL);
	CHECK_ERRNO(mremap(p + 20 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
	CHECK_EQ(mremap(p, PAGE, 1UL << 47, MREMAP_MAYMOVE), MAP_FAILED);
	CHECK(errno == ENOMEM || errno == EINVAL); /* later kernels: EINVAL */
	munmap(p + 2 * PAGE, PAGE);
	CHECK_ERRNO(mremap(p, 4 * PAGE, 5 * PAGE, MREMAP_MAYMOVE), EFAULT);
}

TEST(moved_memory_is_still_copied_on_write)
{
	char *p = area(4, 4);

	number_pages(p, 4);
	pid_t pid = IN_CHILD({
		char *q = mremap(p, 4 * PAGE, 20 * PAGE, MREMAP_MAYMOVE);

		CHECK_EQ(bad_pages(q, 4), 0);
		memset(q, 'c', 4 * PAGE);
	});
	CHECK_EXITED(pid, 0);
	CHECK_EQ(bad_pages(p, 4), 0);
}

TEST(file_mappings_move_and_grow)
{
	char name[] = "/tmp/mremap.XXXXXX";
	int fd = CHECK_OK(mkstemp(name));

	unlink(name);
	ftruncate(fd, 8 * PAGE);
	for (int i = 0; i < 8; i++)
		pwrite(fd, (char[]){ 'A' + i }, 1, i * PAGE);
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, PAGE);
	char *q = mremap(p, 2 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);

	REQUIRE(q != MAP_FAILED);
	for (int i = 0; i < 6; i++)
		CHECK_EQ(q[i * PAGE], 'B' + i);
	q[5 * PAGE + 1] = 'w';
	char c;

	pread(fd, &c, 1, 6 * PAGE + 1);
	CHECK_EQ(c, 'w');
}

TEST(realloc_of_large_blocks)
{
	char *p = malloc(1 << 20);

	memset(p, 'r', 1 << 20);
	for (int i = 2; i < 10; i++) {
		p = realloc(p, (size_t)i << 20);
		REQUIRE(p);
		CHECK_EQ(p[(1 << 20) - 1], 'r');
		p[((size_t)i << 20) - 1] = i;
	}
	free(p);
}

TEST(large_move)
{
	size_t size = 8 << 20;
	char *p = guest_map(size);
	int bad = 0;

	for (size_t i = 0; i < size; i += PAGE)
		p[i] = i >> 12;
	char *q = mremap(p, size, size * 2, MREMAP_MAYMOVE);

	REQUIRE(q != MAP_FAILED);
	char *hole = mmap(NULL, size, PROT_NONE, ANON, -1, 0);

	q = mremap(q, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, hole);
	CHECK_EQ(q, hole);
	for (size_t i = 0; i < size; i += PAGE)
		bad += q[i] != (char)(i >> 12);
	CHECK_EQ(bad, 0);
}

/*
 * The table of the second part goes to where the first part's would be, had it one:
 *
 *	2 MiB blocks	|	|	|	|
 *	before		|	|   oooo|ooAAn	|	o: mapped, never touched; n: a neighbour
 *	after		|   oooo|ooAA	|    n	|
 */
TEST(move_by_a_table_with_an_empty_head)
{
	size_t block = 2 << 20, size = block * 3 / 4;
	char *hole = mmap(NULL, 4 * block, PROT_NONE, ANON, -1, 0);
	char *base = (char *)(((uintptr_t)hole + block - 1) & ~(block - 1)), *p = base + block * 3 / 2;

	REQUIRE(hole != MAP_FAILED);
	munmap(hole, 4 * block);
	CHECK_EQ(mmap(p, size, RW, ANON | MAP_FIXED, -1, 0), p);
	memset(p + size - 2 * PAGE, 'a', 2 * PAGE);
	CHECK_EQ(mmap(p + size, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0), p + size);
	REQUIRE(mremap(p, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, p - block) == p - block);
	p -= block;
	CHECK_EQ(p[0], 0);
	CHECK_EQ(p[size - 2 * PAGE], 'a');
	CHECK_EQ(p[size - 1], 'a');
	munmap(p, size);
	munmap(p + block + size, PAGE);
}
