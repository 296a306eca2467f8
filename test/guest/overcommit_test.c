/* SPDX-License-Identifier: MIT */
/*
 * How much may be promised: /proc/sys/vm/overcommit_memory's three rules, and what counts as a
 * promise. The rules are the machine's, so that this runs only on one of its own: in Quire, or with
 * GUEST_OWN_MACHINE set (as pid 1's child of a virtual machine with Linux).
 */
#include "guest.h"

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define VM   "/proc/sys/vm/"

#define GUESS  "0"
#define ALWAYS "1"
#define NEVER  "2"

/* Pages. Linux counts promises per CPU, in batches. */
#define SLACK 512

static long pages_of(const char *key)
{
	return guest_field("/proc/meminfo", key) / 4;
}

static long setting(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), VM "%s", name);
	return atol(guest_read_file(path));
}

static bool set(const char *name, const char *value)
{
	char path[64];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), VM "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	close(fd);
	return ok;
}

/* Run @body under a rule, in a child, so that the old one comes back whatever happens. */
#define UNDER(rule, ...)                                                                           \
	do {                                                                                       \
		if (!guest_is_quire() && !getenv("GUEST_OWN_MACHINE"))                             \
			guest_skip("would change this machine's policy");                          \
		if (getuid())                                                                      \
			guest_skip("needs root");                                                  \
		CHECK(set("overcommit_memory", rule));                                             \
		CHECK_EXITED(IN_CHILD(__VA_ARGS__), 0);                                            \
		CHECK(set("overcommit_memory", GUESS));                                            \
	} while (0)

static bool can_map(long pages, int flags)
{
	void *at = mmap(NULL, pages * PAGE, RW, flags, -1, 0);

	if (at == MAP_FAILED)
		return false;
	munmap(at, pages * PAGE);
	return true;
}

/* Most pages that one mapping may have; 0: none. */
static long most_pages(int flags)
{
	long low = 0, high = 1L << 30;

	while (low + 1 < high) {
		long middle = (low + high) / 2;

		if (can_map(middle, flags))
			low = middle;
		else
			high = middle;
	}
	return low;
}

TEST(guess_refuses_more_than_there_is)
{
	UNDER(GUESS, {
		long all = pages_of("MemTotal") + pages_of("SwapTotal");

		CHECK_EQ(most_pages(ANON), all);
		CHECK_EQ(most_pages(MAP_SHARED | MAP_ANONYMOUS), all);
		CHECK(can_map(all * 2, ANON | MAP_NORESERVE));
		/* Each promise by itself: their sum may be anything. */
		for (int i = 0; i < 4; i++)
			CHECK(mmap(NULL, all * PAGE, RW, ANON, -1, 0) != MAP_FAILED);
		CHECK(pages_of("Committed_AS") > 4 * all - SLACK);
	});
}

TEST(every_way_to_promise_is_asked)
{
	UNDER(GUESS, {
		long all = pages_of("MemTotal") + pages_of("SwapTotal");
		char *p = mmap(NULL, all * 2 * PAGE, PROT_READ, ANON, -1, 0);

		/* What cannot be written is no promise, until it may be. */
		CHECK(p != MAP_FAILED);
		CHECK_ERRNO(mprotect(p, all * 2 * PAGE, RW), ENOMEM);
		CHECK_OK(mprotect(p, all / 2 * PAGE, RW));
		p = mmap(NULL, 16 * PAGE, RW, ANON, -1, 0);
		CHECK(mremap(p, 16 * PAGE, all * 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
		CHECK_EQ(errno, ENOMEM);
		errno = 0;
		CHECK(sbrk(all * 2 * PAGE) == (void *)-1);
		CHECK_EQ(errno, ENOMEM);
		/* A file's private pages are promised, too; its own are there already. */
		int fd = memfd_create("promise", 0);

		CHECK_OK(ftruncate(fd, all * 2 * PAGE));
		CHECK(mmap(NULL, all * 2 * PAGE, RW, MAP_PRIVATE, fd, 0) == MAP_FAILED);
		CHECK_EQ(errno, ENOMEM);
		CHECK(mmap(NULL, all * 2 * PAGE, RW, MAP_SHARED, fd, 0) != MAP_FAILED);
	});
}

TEST(always_refuses_nothing)
{
	UNDER(ALWAYS, {
		long all = pages_of("MemTotal") + pages_of("SwapTotal");
		long before = pages_of("Committed_AS");

		CHECK(mmap(NULL, all * 50 * PAGE, RW, ANON, -1, 0) != MAP_FAILED);
		CHECK(labs(pages_of("Committed_AS") - before - all * 50) < SLACK);
		CHECK(mmap(NULL, all * 10 * PAGE, RW, ANON | MAP_NORESERVE, -1, 0) != MAP_FAILED);
		CHECK(labs(pages_of("Committed_AS") - before - all * 50) < SLACK);
		CHECK_EXITED(IN_CHILD(CHECK(pages_of("Committed_AS") - before > all * 99)), 0);
	});
}

/* What a process may get besides: the limit less what is promised, and a reserve that grows with
 * the process. */
static long left_for_root(void)
{
	long reserve = atol(guest_read_file("/proc/self/statm")) / 32;
	long most = setting("user_reserve_kbytes") / 4;

	return pages_of("CommitLimit") - pages_of("Committed_AS") -
	       (reserve < most ? reserve : most);
}

TEST(never_promises_more_than_the_limit)
{
	UNDER(NEVER, {
		long expected = left_for_root();
		long ratio = setting("overcommit_ratio");

		CHECK_EQ(pages_of("CommitLimit"),
			 pages_of("MemTotal") * ratio / 100 + pages_of("SwapTotal"));
		CHECK(labs(most_pages(ANON) - expected) < SLACK);
		/* MAP_NORESERVE does not get around it. */
		CHECK(labs(most_pages(ANON | MAP_NORESERVE) - expected) < SLACK);
		CHECK(labs(most_pages(MAP_SHARED | MAP_ANONYMOUS) - expected) < SLACK);
		CHECK(mmap(NULL, expected / 2 * PAGE, RW, ANON, -1, 0) != MAP_FAILED);
		CHECK(labs(most_pages(ANON) - left_for_root()) < SLACK);
		CHECK(mmap(NULL, expected * 4 * PAGE, PROT_READ, ANON, -1, 0) != MAP_FAILED);
		/* fork promises all of it once more: more than half cannot be had twice. */
		CHECK(mmap(NULL, expected / 8 * PAGE, RW, ANON, -1, 0) != MAP_FAILED);
		CHECK_ERRNO(fork(), ENOMEM);
	});
}

static void become_nobody(void)
{
	CHECK_OK(setgid(1000));
	CHECK_OK(setuid(1000));
}

TEST(never_keeps_a_reserve_for_root)
{
	UNDER(NEVER, {
		long reserve = setting("admin_reserve_kbytes") / 4;
		char text[32];

		CHECK(reserve > 0);
		CHECK_EXITED(IN_CHILD({
				     long root = most_pages(ANON);

				     become_nobody();
				     CHECK(labs(root - reserve - most_pages(ANON)) < SLACK);
			     }),
			     0);
		CHECK(set("admin_reserve_kbytes", "0"));
		CHECK_EXITED(IN_CHILD({
				     long root = most_pages(ANON);

				     become_nobody();
				     CHECK(labs(root - most_pages(ANON)) < SLACK);
			     }),
			     0);
		snprintf(text, sizeof(text), "%ld", reserve * 4);
		CHECK(set("admin_reserve_kbytes", text));
	});
}

TEST(the_limit_by_ratio_or_by_number)
{
	UNDER(GUESS, {
		long swap = pages_of("SwapTotal");

		CHECK(set("overcommit_ratio", "30"));
		CHECK_EQ(pages_of("CommitLimit"), pages_of("MemTotal") * 30 / 100 + swap);
		CHECK(set("overcommit_kbytes", "40000"));
		CHECK_EQ(pages_of("CommitLimit"), 10000 + swap);
		CHECK_EQ(setting("overcommit_ratio"), 0);
		CHECK(set("overcommit_ratio", "50"));
		CHECK_EQ(setting("overcommit_kbytes"), 0);
		CHECK_EQ(pages_of("CommitLimit"), pages_of("MemTotal") * 50 / 100 + swap);
	});
}

TEST(settings_have_bounds)
{
	UNDER(GUESS, {
		CHECK(!set("overcommit_memory", "3"));
		CHECK(!set("overcommit_memory", "-1"));
		CHECK(!set("overcommit_memory", "x"));
		CHECK(!set("overcommit_kbytes", "-1"));
		CHECK(!set("swappiness", "201"));
		CHECK(!set("swappiness", "-1"));
		/* One number is taken, and the space behind it. */
		int fd = open(VM "swappiness", O_WRONLY);

		CHECK_EQ(write(fd, " 200  1\n", 8), 6);
		CHECK_EQ(write(fd, "1\n", 2), 2);
		close(fd);
		CHECK_EQ(setting("swappiness"), 200);
		CHECK(set("swappiness", "60\n"));
		CHECK(!set("page-cluster", "-1"));
		CHECK(!set("vfs_cache_pressure", "-1"));
		CHECK(!set("drop_caches", "0"));
		CHECK(!set("drop_caches", "5"));
		CHECK_ERRNO(open(VM "drop_caches", O_RDONLY), EACCES);
		CHECK(!set("min_free_kbytes", "-1"));
		CHECK(!set("max_map_count", "-1"));
	});
}
