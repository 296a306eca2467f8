/* SPDX-License-Identifier: MIT */
/* Children: a forked one checks the snapshot it got, slowly, while the parent goes on; writes into
 * it; and may fork one itself. Another kind execs. */
#include "pressure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_DEPTH 2
#define EXEC_PAGES 64

extern char **environ;

/* Snapshots cost memory as the parent rewrites what they hold: so many at a time. */
static bool take_snapshot_place(void)
{
	if (atomic_fetch_add(&control->snapshots, 1) < (int)options.processes)
		return true;
	atomic_fetch_sub(&control->snapshots, 1);
	return false;
}

/* Only the thread that forked is here, and only its arena stands still. */
static void run_child(struct arena *a)
{
	a->depth++;
	a->child = 0;
	a->locked.pages = 0; /* locks are not inherited */
	if (a->fail_fd >= 0)
		close(a->fail_fd);
	a->fail_fd = -1;
	a->armed = false;
	a->random ^= (uint64_t)getpid() << 20;
	verify_arena(a, random_below(a, 2) ? 2000 : 0);
	for (int n = 20 + random_below(a, 60); n > 0 && !atomic_load(&control->stop); n--) {
		unsigned int what = random_below(a, 10);

		if (what < 5)
			touch_step(a);
		else if (what < 6)
			hot_step(a);
		else if (what < 7)
			mapping_step(a);
		else if (what < 8)
			shared_step(a);
		else if (what < 9)
			disk_step(a);
		else
			child_step(a);
	}
	child_wait(a);
	verify_arena(a, 0);
	_exit(atomic_load(&control->errors) != 0);
}

static void judge(const char *what, pid_t pid, int status, int expected)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == expected)
		return;
	if (atomic_load(&control->errors))
		return; /* said already */
	error("%s %d ended by %s %d", what, pid, WIFSIGNALED(status) ? "signal" : "exit",
	      WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void reap(struct arena *a, int flags)
{
	int status;

	if (a->child <= 0 || waitpid(a->child, &status, flags) != a->child)
		return;
	judge("child", a->child, status, 0);
	a->child = 0;
	atomic_fetch_sub(&control->snapshots, 1);
}

void child_wait(struct arena *a)
{
	reap(a, 0);
}

void child_step(struct arena *a)
{
	reap(a, WNOHANG);
	if (a->child > 0 || a->depth >= MOST_DEPTH || !take_snapshot_place())
		return;
	injection_begins(a);
	a->child = fork();
	if (!a->child)
		run_child(a);
	injection_ends(a);
	if (a->child < 0) {
		atomic_fetch_sub(&control->snapshots, 1);
		tolerated(a, "fork", errno);
		return;
	}
	count(&counts(a)->forks, 1);
}

void exec_step(struct arena *a)
{
	char number[32];
	char *argv[] = {"pressure", "--exec-check", number, NULL};
	int status, err;
	pid_t pid;

	snprintf(number, sizeof(number), "%llu", (unsigned long long)random_below(a, 1u << 30));
	err = posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ);
	if (err) {
		tolerated(a, "posix_spawn", err);
		return;
	}
	count(&counts(a)->execs, 1);
	if (waitpid(pid, &status, 0) == pid)
		judge("program", pid, status, 42);
}

int exec_check(uint64_t seed)
{
	struct tag tag = {0xe0000, 1 + seed % 1000, seed};
	char *p = mmap(NULL, EXEC_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	static struct control own; /* errors are said, and known by the exit status */

	control = &own;
	if (p == MAP_FAILED)
		return 43;
	for (size_t i = 0; i < EXEC_PAGES; i++) {
		if (!page_is_zero(p + i * PAGE))
			error("a fresh page of a fresh program is not zero");
		tag.index = seed + i;
		fill_page(p + i * PAGE, tag);
	}
	madvise(p, EXEC_PAGES / 2 * PAGE, 21 /* MADV_PAGEOUT */);
	for (size_t i = 0; i < EXEC_PAGES; i++) {
		tag.index = seed + i;
		check_page(p + i * PAGE, tag, "page of a program", p + i * PAGE);
	}
	return own.errors ? 44 : 42;
}
