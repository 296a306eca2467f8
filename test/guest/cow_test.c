/* SPDX-License-Identifier: MIT */
/* Copy on write: who sees which writes, over generations, for each kind of page; the zero page;
 * reuse. */
#include "guest.h"
#include <pthread.h>

static long minor_faults(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_minflt;
}

TEST(three_generations)
{
	char *p = guest_map(3 * PAGE);

	p[0] = p[PAGE] = p[2 * PAGE] = 'a';
	CHECK_EXITED(IN_CHILD({
		p[PAGE] = 'b';
		CHECK_EXITED(IN_CHILD({
			CHECK_EQ(p[0], 'a');
			CHECK_EQ(p[PAGE], 'b');
			p[2 * PAGE] = 'c';
			p[PAGE] = 'd';
			CHECK_EXITED(IN_CHILD({ CHECK_EQ(p[2 * PAGE], 'c'); p[0] = 'e'; }), 0);
			CHECK_EQ(p[0], 'a');
		}), 0);
		CHECK_EQ(p[PAGE], 'b');
		CHECK_EQ(p[2 * PAGE], 'a');
	}), 0);
	CHECK_EQ(p[0], 'a');
	CHECK_EQ(p[PAGE], 'a');
	CHECK_EQ(p[2 * PAGE], 'a');
}

TEST(parent_dies_first)
{
	char *p = guest_map(100 * PAGE);
	volatile int *done = guest_shared(PAGE);

	memset(p, 'p', 100 * PAGE);
	CHECK_EXITED(IN_CHILD({
		IN_CHILD({
			guest_sleep_ms(30);
			int bad = 0;

			for (int i = 0; i < 100 * PAGE; i++)
				bad += p[i] != 'p';
			memset(p, 'q', 100 * PAGE);
			*done = bad ? 2 : 1;
		});
	}), 0);
	CHECK(WAIT_UNTIL(*done));
	CHECK_EQ(*done, 1);
	CHECK_EQ(p[50 * PAGE], 'p');
}

TEST(a_page_nobody_shares_is_not_copied)
{
	char *p = guest_map(200 * PAGE);

	memset(p, 1, 200 * PAGE);
	CHECK_EXITED(IN_CHILD(_exit(0)), 0);
	long before = guest_field("/proc/self/status", "RssAnon");
	long faults = minor_faults();

	memset(p, 2, 200 * PAGE); /* a fault each at most, and no more memory */
	CHECK(minor_faults() - faults <= 210);
	CHECK(guest_field("/proc/self/status", "RssAnon") - before <= 32);
	faults = minor_faults();
	memset(p, 3, 200 * PAGE);
	CHECK(minor_faults() - faults <= 2);
}

TEST(zero_page_is_replaced_at_the_first_write)
{
	volatile char *p = guest_map(64 * PAGE);
	int sum = 0;

	for (int i = 0; i < 64; i++)
		sum += p[i * PAGE];
	CHECK_EQ(sum, 0);
	for (int i = 0; i < 64; i += 2)
		p[i * PAGE] = 1;
	for (int i = 0; i < 64; i++)
		CHECK_EQ(p[i * PAGE], i % 2 == 0);
}

TEST(zero_page_reads_cost_no_memory)
{
	volatile char *p = guest_map(1000 * PAGE);
	long before = guest_field("/proc/self/status", "RssAnon");
	int sum = 0;

	for (int i = 0; i < 1000; i++)
		sum += p[i * PAGE];
	CHECK_EQ(sum, 0);
	CHECK(guest_field("/proc/self/status", "RssAnon") - before < 100);
}

TEST(kernel_writes_copy_too)
{
	char *p = guest_map(PAGE);
	int fds[2];

	pipe(fds);
	strcpy(p, "parent");
	CHECK_EXITED(IN_CHILD({
		CHECK_EQ(write(fds[1], "child!", 6), 6);
		CHECK_EQ(read(fds[0], p, 6), 6);
		CHECK_STR(p, "child!");
	}), 0);
	CHECK_STR(p, "parent");
	/* And the kernel's write into a page read so far only (the zero page). */
	char *q = guest_map(PAGE);

	CHECK_EQ(q[5], 0);
	CHECK_EQ(write(fds[1], "hello", 5), 5);
	CHECK_EQ(read(fds[0], q, 5), 5);
	CHECK_STR(q, "hello");
	CHECK_EQ(*(char *)guest_map(PAGE), 0);
}

TEST(shared_memory_is_never_copied)
{
	char *shared = guest_shared(10 * PAGE);

	CHECK_EXITED(IN_CHILD(memset(shared, 's', 10 * PAGE)), 0);
	for (int i = 0; i < 10; i++)
		CHECK_EQ(shared[i * PAGE], 's');
	CHECK_EXITED(IN_CHILD({
		CHECK_EQ(shared[0], 's');
		shared[0] = 't';
		CHECK_EXITED(IN_CHILD(shared[PAGE] = 'u'), 0);
	}), 0);
	CHECK_EQ(shared[0], 't');
	CHECK_EQ(shared[PAGE], 'u');
}

TEST(private_pages_of_files)
{
	char name[] = "/tmp/cow.XXXXXX";
	int fd = CHECK_OK(mkstemp(name));

	unlink(name);
	CHECK_EQ(write(fd, "file", 4), 4);
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	CHECK_EXITED(IN_CHILD({ p[0] = 'c'; CHECK_STR(p, "cile"); }), 0);
	CHECK_STR(p, "file");
	p[0] = 'p';
	CHECK_EXITED(IN_CHILD({ CHECK_STR(p, "pile"); p[1] = 'o'; }), 0);
	CHECK_STR(p, "pile");
	char text[5] = "";

	pread(fd, text, 4, 0);
	CHECK_STR(text, "file");
}

static char *pages;
static volatile int stop;

static void *keep_writing(void *argument)
{
	long n = (long)argument;

	for (unsigned int value = 0; !stop; value++)
		for (int i = 0; i < 16; i++)
			((volatile unsigned int *)(pages + i * PAGE))[n] = value;
	return NULL;
}

/* A thread writes while another forks: no child may see its parent's later writes. */
TEST(fork_while_another_thread_writes)
{
	pthread_t threads[2];

	pages = guest_map(16 * PAGE);
	for (long i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, keep_writing, (void *)i);
	for (int round = 0; round < 20; round++) {
		pid_t pid = IN_CHILD({
			unsigned int first[16];

			for (int i = 0; i < 16; i++)
				first[i] = ((volatile unsigned int *)(pages + i * PAGE))[0];
			for (int n = 0; n < 20; n++) {
				sched_yield();
				for (int i = 0; i < 16; i++)
					if (((volatile unsigned int *)(pages + i * PAGE))[0] !=
					    first[i])
						_exit(1);
			}
		});

		CHECK_EXITED(pid, 0);
	}
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

static void *count_up(void *argument)
{
	volatile unsigned long *counters = argument;

	while (!stop)
		for (int i = 0; i < 8; i++)
			counters[i * PAGE / 8]++;
	return NULL;
}

/* ... and the parent loses none of its own writes to the copying. */
TEST(no_write_is_lost_during_fork)
{
	unsigned long *counters = (void *)guest_map(8 * PAGE);
	pthread_t thread;

	pthread_create(&thread, NULL, count_up, counters);
	for (int round = 0; round < 30; round++)
		CHECK_EXITED(IN_CHILD(_exit(0)), 0);
	stop = 1;
	pthread_join(thread, NULL);
	for (int i = 1; i < 8; i++)
		CHECK_EQ(counters[i * PAGE / 8], counters[0]);
}
