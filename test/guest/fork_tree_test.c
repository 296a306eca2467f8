/* SPDX-License-Identifier: MIT */
/* Trees of forks whose members write to what they share, and end, in any order (fork_tree.h). */
#include "fork_tree.h"
#include <pthread.h>
#include <sys/prctl.h>

TEST(trees_of_depth_five_keep_their_checksums)
{
	struct tree t;

	tree_set_up(&t, 2048, 1);
	for (int i = 0; i < 12; i++)
		tree_grow(&t, i);
	tree_verdict(&t);
	CHECK(t.totals->processes > 12 * 6);
	tree_tear_down(&t);
}

TEST(small_trees_keep_their_checksums)
{
	struct tree t;

	tree_set_up(&t, 96, 2);
	t.writes = 8;
	for (int i = 0; i < 30; i++)
		tree_grow(&t, 100 + i);
	tree_verdict(&t);
	tree_tear_down(&t);
}

/* The first process ends before its tree: others take it over, page tables and all. */
TEST(a_tree_outlives_its_root)
{
	struct tree t;
	int fds[2];
	char c;

	tree_set_up(&t, 1200, 3);
	CHECK_OK(pipe(fds));
	for (int i = 0; i < 4; i++) {
		pid_t pid = IN_CHILD(
			for (int k = 0; k < 3; k++)
				if (fork() == 0) {
					t.random += k + i * 7;
					guest_sleep_ms(2 * k);
					tree_node(&t, 2);
					_exit(0);
				});
		CHECK_EXITED(pid, 0);
	}
	close(fds[1]);
	CHECK_EQ(read(fds[0], &c, 1), 0);
	close(fds[0]);
	tree_verdict(&t);
	tree_tear_down(&t);
}

/* ---- Threads --------------------------------------------------------------------------------- */

#define AREA_PAGES 1024

static char *area;
static volatile int stop_now;
static volatile unsigned char written[4]; /* what writer i has written everywhere, at least */

/* Byte @id of each page counts up, page after page. */
static void *writer(void *arg)
{
	int id = (long)arg;

	for (unsigned char round = 1; !stop_now; round++) {
		for (int i = 0; i < AREA_PAGES && !stop_now; i++)
			((volatile char *)area)[i * PAGE + id * 8] = round;
		written[id] = round;
	}
	return NULL;
}

/* In a child: what is there stays as it is; own writes stay too. Returns the number of wrong pages. */
static int frozen_pages_changed(int writers)
{
	static unsigned char seen[4][AREA_PAGES];
	int wrong = 0;

	for (int id = 0; id < writers; id++)
		for (int i = 0; i < AREA_PAGES; i++)
			seen[id][i] = area[i * PAGE + id * 8];
	for (int i = 0; i < AREA_PAGES; i += 3)
		area[i * PAGE + 2000] = i + 1;
	sched_yield();
	for (int id = 0; id < writers; id++)
		for (int i = 0; i < AREA_PAGES; i++)
			wrong += seen[id][i] != (unsigned char)area[i * PAGE + id * 8];
	for (int i = 0; i < AREA_PAGES; i += 3)
		wrong += (unsigned char)area[i * PAGE + 2000] != (unsigned char)(i + 1);
	/* A pass is in order: each byte is of this round or the last. */
	for (int id = 0; id < writers; id++)
		for (int i = 1; i < AREA_PAGES; i++)
			wrong += (unsigned char)(seen[id][i - 1] - seen[id][i]) > 1;
	return wrong;
}

TEST(threads_write_while_another_forks)
{
	pthread_t threads[2];

	area = guest_map(AREA_PAGES * PAGE);
	madvise(area, AREA_PAGES * PAGE, MADV_NOHUGEPAGE);
	stop_now = 0;
	for (long i = 0; i < 2; i++)
		REQUIRE(pthread_create(&threads[i], NULL, writer, (void *)i) == 0);
	for (int n = 0; n < 25; n++)
		CHECK_EXITED(IN_CHILD(_exit(frozen_pages_changed(2) != 0)), 0);
	stop_now = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < AREA_PAGES; i++)
		if (area[i * PAGE + 2000])
			CHECK_EQ(area[i * PAGE + 2000], 0);
	munmap(area, AREA_PAGES * PAGE);
}

static void *forker(void *arg)
{
	long id = (long)arg, wrong = 0;

	for (int n = 0; n < 8; n++) {
		int status;
		pid_t pid;

		for (int i = id; i < AREA_PAGES; i += 4)
			((volatile char *)area)[i * PAGE] = n + id;
		pid = fork();
		if (pid == 0) {
			for (int i = id; i < AREA_PAGES; i += 4)
				wrong += area[i * PAGE] != n + id;
			for (int i = 0; i < AREA_PAGES; i += 2)
				area[i * PAGE] = 99;
			_exit(wrong != 0);
		}
		wrong += pid < 0 || waitpid(pid, &status, 0) != pid || status;
	}
	return (void *)wrong;
}

TEST(several_threads_fork_at_once)
{
	pthread_t threads[4];
	void *wrong;

	area = guest_map(AREA_PAGES * PAGE);
	madvise(area, AREA_PAGES * PAGE, MADV_NOHUGEPAGE);
	for (long i = 0; i < 4; i++)
		REQUIRE(pthread_create(&threads[i], NULL, forker, (void *)i) == 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &wrong);
		CHECK_EQ((long)wrong, 0);
	}
	for (int i = 0; i < AREA_PAGES; i += 50)
		CHECK_EQ(area[i * PAGE], 7 + i % 4);
	munmap(area, AREA_PAGES * PAGE);
}

/* ---- Children with the same memory ----------------------------------------------------------- */

static int write_some(void *arg)
{
	for (int i = 0; i < AREA_PAGES; i += 16)
		((volatile char *)area)[i * PAGE] = (long)arg;
	return 0;
}

/* A forked child has half of the tables; vfork's and CLONE_VM's children write for their parent. */
TEST(vfork_and_clone_vm_children_write_to_their_parents_memory)
{
	static char stack[65536] __attribute__((aligned(16)));
	int fds[2];
	char c;

	area = guest_map(AREA_PAGES * PAGE);
	madvise(area, AREA_PAGES * PAGE, MADV_NOHUGEPAGE);
	memset(area, 1, AREA_PAGES * PAGE);
	CHECK_OK(pipe(fds));
	pid_t forked = IN_CHILD(
		CHECK_EQ(read(fds[0], &c, 1), 1);
		int wrong = 0;
		for (int i = 0; i < AREA_PAGES; i++)
			wrong += area[i * PAGE] != 1;
		CHECK_EQ(wrong, 0));
	pid_t cloned = clone(write_some, stack + sizeof(stack), CLONE_VM | SIGCHLD, (void *)2);
	CHECK(cloned > 0);
	CHECK_EXITED(cloned, 0);
	for (int i = 0; i < AREA_PAGES; i += 16)
		if (area[i * PAGE] != 2)
			CHECK_EQ(area[i * PAGE], 2);
	pid_t quick = vfork();
	if (quick == 0) {
		write_some((void *)3);
		_exit(0);
	}
	CHECK_EXITED(quick, 0);
	for (int i = 0; i < AREA_PAGES; i += 16)
		if (area[i * PAGE] != 3)
			CHECK_EQ(area[i * PAGE], 3);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EXITED(forked, 0);
	close(fds[0]);
	close(fds[1]);
	munmap(area, AREA_PAGES * PAGE);
}

HELPER(exec_in_tree)
{
	return argc > 0 ? 5 : 6;
}

TEST(children_exec_in_the_middle_of_writing)
{
	struct tree t;

	tree_set_up(&t, 1024, 4);
	for (int i = 0; i < 10; i++) {
		pid_t pid = IN_CHILD(
			t.random += i;
			tree_act(&t, 40);
			pid_t grandchild = IN_CHILD(tree_check_all(&t); tree_act(&t, 40);
						    guest_exec_self("exec_in_tree", "x", NULL));
			tree_act(&t, 40);
			tree_check_all(&t);
			CHECK_EXITED(grandchild, 5);
			guest_exec_self("exec_in_tree", NULL));
		tree_act(&t, 40);
		CHECK_EXITED(pid, 6);
	}
	tree_verdict(&t);
	tree_tear_down(&t);
}

/* ---- Killed in the middle --------------------------------------------------------------------- */

/* Members of a process group that fork, write and unmap without end, until SIGKILL comes. */
TEST(trees_killed_in_the_middle_leave_the_first_process_alone)
{
	struct tree t;
	char c;

	tree_set_up(&t, 1024, 5);
	t.most_children = 2;
	CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	for (int round = 0; round < 12; round++) {
		CHECK_OK(pipe(t.end_pipe));
		pid_t pid = IN_CHILD(
			setpgid(0, 0);
			for (unsigned int i = 0;; i++) {
				t.random += i + round;
				tree_node(&t, 2);
				while (waitpid(-1, NULL, 0) > 0)
					;
			});
		setpgid(pid, pid);
		close(t.end_pipe[1]);
		guest_sleep_ms(1 + round * 3);
		tree_act(&t, 40);
		while (!kill(-pid, SIGKILL)) {
			while (waitpid(-1, NULL, WNOHANG) > 0)
				;
			sched_yield();
		}
		CHECK_EQ(read(t.end_pipe[0], &c, 1), 0);
		close(t.end_pipe[0]);
		tree_check_all(&t);
	}
	CHECK_EQ(t.totals->wrong, 0);
	tree_tear_down(&t);
}
