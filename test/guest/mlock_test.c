/* SPDX-License-Identifier: MIT */
/* mlock, mlock2, mlockall and their undoing: what is locked, what that costs, who may. */
#include "guest.h"

#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif
#define VMLCK() (guest_field("/proc/self/status", "VmLck") / 4)
#define RW	(PROT_READ | PROT_WRITE)

/* The number behind @key in the smaps of the mapping that begins at @at; -1. */
static long smaps_field(const void *at, const char *key)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[512];
	bool here = false;
	long value = -1;
	unsigned long start, end;

	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = start == (unsigned long)at;
		else if (here && !strncmp(line, key, strlen(key)) && line[strlen(key)] == ':')
			value = atol(line + strlen(key) + 1);
	}
	fclose(f);
	return value;
}

static int present(char *p, int pages)
{
	unsigned char vec[64];
	int n = 0;

	CHECK_OK(mincore(p, pages * PAGE, vec));
	for (int i = 0; i < pages; i++)
		n += vec[i] & 1;
	return n;
}

TEST(ranges_are_rounded_and_counted_once)
{
	char *p = guest_map(8 * PAGE);

	CHECK_OK(mlock(p + 100, 1));
	CHECK_EQ(VMLCK(), 1);
	CHECK_OK(mlock(p + PAGE - 1, 2));
	CHECK_EQ(VMLCK(), 2);
	CHECK_EQ(present(p, 8), 2);
	CHECK_OK(mlock(p, 8 * PAGE));
	CHECK_EQ(VMLCK(), 8);
	CHECK_EQ(smaps_field(p, "Locked"), 32);
	CHECK(guest_vma_has_flag(p, "lo"));
	CHECK_OK(munlock(p + 2 * PAGE + 1, PAGE));
	CHECK_EQ(VMLCK(), 6);
	CHECK_OK(munlock(p, 8 * PAGE));
	CHECK_EQ(VMLCK(), 0);
	CHECK_EQ(smaps_field(p, "Locked"), 0);
	CHECK_OK(mlock(p, 0));
	CHECK_EQ(VMLCK(), 0);
}

TEST(odd_ranges)
{
	char *p = guest_map(4 * PAGE),
	     *none = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p + 2 * PAGE, PAGE);
	/* What lies before the hole is locked nevertheless. */
	CHECK_ERRNO(mlock(p, 4 * PAGE), ENOMEM);
	CHECK_EQ(VMLCK(), 2);
	CHECK_ERRNO(munlock(p, 4 * PAGE), ENOMEM);
	CHECK_EQ(VMLCK(), 0);
	CHECK_ERRNO(mlock(p + 2 * PAGE, PAGE), ENOMEM);
	CHECK_ERRNO(mlock((void *)-PAGE, 2 * PAGE), EINVAL);
	CHECK_ERRNO(munlock((void *)-PAGE, 2 * PAGE), EINVAL);
	CHECK_ERRNO(syscall(SYS_mlock2, p, PAGE, 2), EINVAL);
	CHECK_ERRNO(syscall(SYS_mlock2, p, PAGE, -1), EINVAL);
	/* No access, no pages; but the mapping is locked. */
	CHECK_ERRNO(mlock(none, PAGE), ENOMEM);
	CHECK_EQ(VMLCK(), 1);
	CHECK_OK(munlock(none, PAGE));
}

TEST(on_fault)
{
	char *p = guest_map(4 * PAGE);

	CHECK_OK(syscall(SYS_mlock2, p, 4 * PAGE, MLOCK_ONFAULT));
	CHECK_EQ(VMLCK(), 4);
	CHECK_EQ(present(p, 4), 0);
	CHECK(guest_vma_has_flag(p, "lf"));
	p[PAGE] = 1;
	CHECK_EQ(present(p, 4), 1);
	CHECK_EQ(smaps_field(p, "Locked"), 4);
	CHECK_ERRNO(madvise(p, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_OK(mlock(p, 4 * PAGE)); /* now all of it */
	CHECK_EQ(present(p, 4), 4);
	CHECK(!guest_vma_has_flag(p, "lf"));
	CHECK_EQ(VMLCK(), 4);
	munmap(p, 4 * PAGE);
	CHECK_EQ(VMLCK(), 0);
}

TEST(all_current_and_future)
{
	char *before = guest_map(4 * PAGE), *p;

	CHECK_OK(mlockall(MCL_CURRENT));
	CHECK_EQ(present(before, 4), 4);
	CHECK(VMLCK() > 4);
	p = guest_map(PAGE);
	CHECK_EQ(present(p, 1), 0);
	CHECK_OK(mlockall(MCL_FUTURE));
	p = guest_map(4 * PAGE);
	CHECK_EQ(present(p, 4), 4);
	CHECK(guest_vma_has_flag(before, "lo")); /* MCL_FUTURE alone leaves what there is */
	CHECK_OK(mlockall(MCL_FUTURE | MCL_ONFAULT));
	p = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK_EQ(present(p, 4), 0);
	p[0] = 1;
	CHECK_OK(mlockall(MCL_CURRENT | MCL_ONFAULT));
	CHECK_EQ(present(p, 4), 1);
	long brk_locked = VMLCK();
	char *heap = sbrk(4 * PAGE);

	CHECK(heap != (void *)-1);
	CHECK_EQ(VMLCK(), brk_locked); /* the last call was not for the future */
	CHECK_OK(munlockall());
	CHECK_EQ(VMLCK(), 0);
	CHECK_ERRNO(mlockall(MCL_ONFAULT), EINVAL);
	CHECK_ERRNO(mlockall(8), EINVAL);
	CHECK_ERRNO(mlockall(0), EINVAL);
}

HELPER(mlock_after_exec)
{
	CHECK_EQ(VMLCK(), 0);
	return 0;
}

TEST(neither_fork_nor_exec_inherits)
{
	char *p = guest_map(4 * PAGE);

	CHECK_OK(mlockall(MCL_CURRENT | MCL_FUTURE));
	CHECK_EXITED(
		IN_CHILD({
			CHECK_EQ(VMLCK(), 0);
			CHECK_EQ(present(mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
					 1),
				 0);
		}),
		0);
	CHECK_EXITED(IN_CHILD(guest_exec_self("mlock_after_exec", NULL)), 0);
	CHECK(VMLCK() > 4);
	CHECK_EQ(present(p, 4), 4);
	munlockall();
}

TEST(mremap_keeps_the_count)
{
	char *p = guest_map(4 * PAGE);

	CHECK_OK(mlock(p, 4 * PAGE));
	p = mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	CHECK_EQ(VMLCK(), 8);
	CHECK_EQ(present(p, 8), 8);
	p = mremap(p, 8 * PAGE, 2 * PAGE, 0);
	CHECK_EQ(VMLCK(), 2);
	mprotect(p, PAGE, PROT_READ);
	CHECK_EQ(VMLCK(), 2);
	munmap(p, 2 * PAGE);
	CHECK_EQ(VMLCK(), 0);
}

TEST(without_the_right_to)
{
	if (getuid())
		guest_skip("needs root");
	CHECK_EXITED(IN_CHILD({
			     struct rlimit none = {0, 8 * PAGE};
			     struct rlimit some = {4 * PAGE, 8 * PAGE};
			     char *p = guest_map(16 * PAGE);

			     setrlimit(RLIMIT_MEMLOCK, &none);
			     setuid(1000);
			     CHECK_ERRNO(mlock(p, PAGE), EPERM);
			     CHECK_ERRNO(mlockall(MCL_CURRENT), EPERM);
			     errno = 0;
			     CHECK(mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED,
					-1, 0) == MAP_FAILED &&
				   errno == EPERM);
			     CHECK_OK(munlock(p, PAGE));
			     CHECK_OK(munlockall());
			     setrlimit(RLIMIT_MEMLOCK, &some);
			     CHECK_ERRNO(mlock(p, 5 * PAGE), ENOMEM);
			     CHECK_EQ(VMLCK(), 0);
			     CHECK_OK(mlock(p, 4 * PAGE));
			     CHECK_OK(mlock(p + PAGE, 3 * PAGE)); /* the same ones */
			     CHECK_ERRNO(mlock(p + PAGE, 4 * PAGE), ENOMEM);
			     CHECK_ERRNO(mlockall(MCL_CURRENT), ENOMEM);
			     errno = 0;
			     CHECK(mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED,
					-1, 0) == MAP_FAILED &&
				   errno == EAGAIN);
			     errno = 0;
			     CHECK(mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
			     CHECK_OK(munlock(p, 4 * PAGE));
			     CHECK_OK(mlockall(MCL_FUTURE));
			     CHECK_OK(mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1,
					   0) == MAP_FAILED
					      ? -1
					      : 0);
			     errno = 0;
			     CHECK(mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
					   MAP_FAILED &&
				   errno == EAGAIN);
			     munlockall();
		     }),
		     0);
}

TEST(mlocked_in_meminfo_counts_each_page_once)
{
	char *p = guest_shared(16 * PAGE);
	int *go = guest_shared(PAGE);
	pid_t child;

	if (!guest_is_quire())
		guest_skip("other programs lock memory too");
	CHECK_EQ(guest_field("/proc/meminfo", "Mlocked"), 0);
	memset(p, 1, 16 * PAGE);
	child = IN_CHILD({
		mlock(p, 16 * PAGE);
		go[1] = 1;
		while (!go[0])
			usleep(1000);
	});
	CHECK(WAIT_UNTIL(go[1]));
	CHECK_EQ(guest_field("/proc/meminfo", "Mlocked"), 64);
	mlock(p, 8 * PAGE);
	CHECK_EQ(guest_field("/proc/meminfo", "Mlocked"), 64);
	CHECK_EQ(guest_field("/proc/meminfo", "Unevictable"), 64);
	go[0] = 1;
	CHECK_EXITED(child, 0);
	CHECK_EQ(guest_field("/proc/meminfo", "Mlocked"), 32);
	munlock(p, 8 * PAGE);
	CHECK_EQ(guest_field("/proc/meminfo", "Mlocked"), 0);
}
