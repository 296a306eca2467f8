/* SPDX-License-Identifier: MIT */
/* mprotect: rights change at once, in all threads and on all CPUs; splitting; errors. */
#include "guest.h"
#include <pthread.h>
#include <setjmp.h>

#define RW (PROT_READ | PROT_WRITE)

TEST(rights_change_and_contents_stay)
{
	char *p = guest_map(4 * PAGE), perms[5];

	memset(p, 'm', 4 * PAGE);
	CHECK_OK(mprotect(p + PAGE, PAGE, PROT_READ));
	CHECK(guest_can_read(p + PAGE));
	CHECK(!guest_can_write(p + PAGE));
	CHECK(guest_can_write(p));
	CHECK(guest_can_write(p + 2 * PAGE));
	CHECK_OK(mprotect(p + PAGE, PAGE, PROT_NONE));
	CHECK(!guest_can_read(p + PAGE));
	CHECK(guest_is_mapped(p + PAGE, perms));
	CHECK_STR(perms, "---p");
	CHECK_OK(mprotect(p + PAGE, PAGE, RW));
	CHECK(guest_can_write(p + PAGE));
	CHECK_EQ(p[PAGE + 5], 'm');
	CHECK_OK(mprotect(p, 4 * PAGE, PROT_READ | PROT_EXEC));
	CHECK(guest_is_mapped(p, perms));
	CHECK_STR(perms, "r-xp");
}

TEST(execution)
{
	char *p = guest_map(PAGE);

	p[0] = (char)0xc3;
	CHECK_OK(mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	((void (*)(void))p)();
	CHECK_OK(mprotect(p, PAGE, PROT_READ));
	CHECK_DIES(SIGSEGV, ((void (*)(void))p)());
}

TEST(errors)
{
	char *p = guest_map(3 * PAGE);

	CHECK_ERRNO(mprotect(p + 1, PAGE, PROT_READ), EINVAL);
	CHECK_OK(mprotect(p, 0, PROT_READ));
	CHECK_ERRNO(mprotect(p, PAGE, 0x40), EINVAL);
	munmap(p + PAGE, PAGE);
	CHECK_ERRNO(mprotect(p, 3 * PAGE, PROT_READ), ENOMEM);
	CHECK(!guest_can_write(p)); /* what came before the hole is changed */
	CHECK(guest_can_write(p + 2 * PAGE));
	CHECK_ERRNO(mprotect(p + PAGE, PAGE, PROT_READ), ENOMEM);
	CHECK_ERRNO(mprotect((void *)0xffffffff80000000, PAGE, PROT_READ), ENOMEM);
	CHECK_ERRNO(mprotect(p, PAGE, PROT_READ | PROT_GROWSDOWN), EINVAL);
}

TEST(copy_on_write_still_holds)
{
	char *p = guest_map(PAGE);

	p[0] = 1;
	pid_t pid = IN_CHILD({
		mprotect(p, PAGE, PROT_READ);
		mprotect(p, PAGE, RW);
		p[0] = 2;
	});
	CHECK_EXITED(pid, 0);
	CHECK_EQ(p[0], 1);
	char name[] = "/tmp/mprotect.XXXXXX", c = 0;
	int fd = CHECK_OK(mkstemp(name));

	unlink(name);
	CHECK_EQ(write(fd, "abc", 3), 3);
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK_EQ(p[0], 'a');
	CHECK_OK(mprotect(p, PAGE, RW));
	p[0] = 'z';
	pread(fd, &c, 1, 0);
	CHECK_EQ(c, 'a');
}

static char *victim;
static volatile int phase, survived;
static __thread sigjmp_buf jump;

static void on_segv(int signo)
{
	siglongjmp(jump, 1);
}

static void *writer(void *unused)
{
	for (;;) {
		if (sigsetjmp(jump, 1)) {
			survived = 0;
			return NULL;
		}
		(*(volatile char *)victim)++;
	}
	return NULL;
}

/* A writer on another CPU must fault once mprotect has returned: the flush of other CPUs is
 * complete. */
TEST(no_write_after_mprotect_returned)
{
	signal(SIGSEGV, on_segv);
	for (int round = 0; round < 30; round++) {
		pthread_t thread;

		victim = guest_map(PAGE);
		pthread_create(&thread, NULL, writer, NULL);
		while (!*(volatile char *)victim)
			sched_yield();
		mprotect(victim, PAGE, PROT_READ);
		char seen = *(volatile char *)victim;

		for (volatile int i = 0; i < 2000; i++)
			;
		if (*(volatile char *)victim != seen)
			CHECK(!"written after mprotect");
		pthread_join(thread, NULL);
		munmap(victim, PAGE);
	}
	CHECK(true);
}

TEST(no_access_after_munmap_returned)
{
	signal(SIGSEGV, on_segv);
	for (int round = 0; round < 30; round++) {
		pthread_t thread;

		victim = guest_map(PAGE);
		pthread_create(&thread, NULL, writer, NULL);
		while (!*(volatile char *)victim)
			sched_yield();
		char *old = victim;

		munmap(old, PAGE);
		/* The freed page goes to somebody else, who must not see writes. */
		char *other = guest_map(4 * PAGE);
		int bad = 0;

		if (other <= old && old < other + 4 * PAGE)
			victim = NULL; /* the same address again: let the writer stop */
		else
			memset(other, 0, 4 * PAGE);
		for (volatile int i = 0; i < 2000; i++)
			;
		for (int i = 0; victim && i < 4 * PAGE; i++)
			bad += other[i] != 0;
		CHECK_EQ(bad, 0);
		pthread_join(thread, NULL);
		munmap(other, 4 * PAGE);
	}
}

TEST(many_splits_and_merges)
{
	char *p = guest_map(200 * PAGE);
	int lines = 0;

	for (int i = 0; i < 200; i++)
		p[i * PAGE] = i;
	for (int i = 0; i < 200; i += 2)
		CHECK_OK(mprotect(p + i * PAGE, PAGE, PROT_READ));
	for (int i = 0; i < 200; i++)
		CHECK_EQ(p[i * PAGE], (char)i);
	for (int i = 0; i < 200; i += 2)
		CHECK_OK(mprotect(p + i * PAGE, PAGE, RW));
	for (int i = 0; i < 200; i++)
		p[i * PAGE]++;
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	unsigned long start, end;

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && end > (unsigned long)p &&
		    start < (unsigned long)p + 200 * PAGE)
			lines++;
	fclose(f);
	CHECK_EQ(lines, 1);
}
