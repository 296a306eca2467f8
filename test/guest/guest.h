/* SPDX-License-Identifier: MIT */
/*
 * What a guest test is written with: an ordinary Linux program that checks what Linux promises.
 *
 * A file holds the tests of one subject, which is the file's name without "_test.c":
 *
 *	TEST(child_sees_its_own_copy) { CHECK_EQ(x, 1); }
 *
 * All files are linked into one program, `guest-tests SUBJECT [TEST]`. Each test runs in a child of
 * its own, which
 * SIGALRM ends after 40 seconds, and counts its checks in memory shared with all its descendants,
 * so that a check
 * made by a grandchild counts too. A check that fails prints where and what, and the test goes on.
 */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	      4096UL
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define barrier()     __asm__ volatile("" ::: "memory")

struct guest_test {
	const char *file;
	const char *name;
	void (*run)(void);
};

/* Counts of this subject, in memory shared with every descendant. */
struct guest_counts {
	int passed;
	int failed;
	int skipped;
};

extern struct guest_counts *guest_counts;
extern char guest_program[]; /* the path of this program, to exec it again */

#define TEST(name)                                                                                 \
	static void name(void);                                                                    \
	static const struct guest_test guest_test_##name = { __FILE__, #name, name };              \
	static const struct guest_test *const guest_test_pointer_##name                            \
		__attribute__((section("guest_tests"), used)) = &guest_test_##name;                \
	static void name(void)

/*
 * A program that tests of this file start with guest_exec_self(): `guest-tests @name ARGS` runs it
 * with the
 * arguments that follow and exits with what it returns.
 */
struct guest_helper {
	const char *name;
	int (*run)(int argc, char **argv);
};

#define HELPER(helper)                                                                             \
	static int helper(int argc, char **argv);                                                  \
	static const struct guest_helper guest_helper_##helper = { #helper, helper };              \
	static const struct guest_helper *const guest_helper_pointer_##helper                      \
		__attribute__((section("guest_helpers"), used)) = &guest_helper_##helper;          \
	static int helper(int argc, char **argv)

/* Count one check; when it failed, print where and the formatted text. Returns ok. */
bool guest_check(bool ok, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#define CHECK(cond) guest_check(!!(cond), __FILE__, __LINE__, "%s (errno %d)", #cond, errno)

#define CHECK_EQ(a, b)                                                                             \
	({                                                                                         \
		long long a_ = (long long)(a), b_ = (long long)(b);                                \
		guest_check(a_ == b_, __FILE__, __LINE__, "%s == %s: %lld (%#llx) and %lld (%#llx), errno %d", \
			    #a, #b, a_, a_, b_, b_, errno);                                        \
	})

#define CHECK_STR(a, b)                                                                            \
	({                                                                                         \
		const char *a_ = (a), *b_ = (b);                                                   \
		guest_check(!strcmp(a_, b_), __FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #a, a_, b_); \
	})

/* The call succeeds; its result is the value of the expression. */
#define CHECK_OK(call)                                                                             \
	({                                                                                         \
		errno = 0;                                                                         \
		long r_ = (long)(call);                                                            \
		guest_check(r_ != -1, __FILE__, __LINE__, "%s failed: %s", #call, strerror(errno)); \
		r_;                                                                                \
	})

/* The call returns -1 and sets errno to the given value. */
#define CHECK_ERRNO(call, error)                                                                   \
	({                                                                                         \
		errno = 0;                                                                         \
		long r_ = (long)(call);                                                            \
		int e_ = errno;                                                                    \
		guest_check(r_ == -1 && e_ == (error), __FILE__, __LINE__,                         \
			    "%s returned %ld, errno %d (%s), not %s", #call, r_, e_, strerror(e_), #error); \
	})

/* Leave the test: what follows makes no sense without cond. */
#define REQUIRE(cond)                                                                              \
	do {                                                                                       \
		if (!CHECK(cond))                                                                  \
			guest_give_up();                                                           \
	} while (0)

void guest_give_up(void) __attribute__((noreturn));

/* Leave the test, which this system cannot run, with a line that says why. */
void guest_skip(const char *why) __attribute__((noreturn));

/* Is this a kernel that names itself Quire? For figures that only a kernel of its own can show. */
bool guest_is_quire(void);

/* Fork; the child runs the block after it and exits with status 0. Returns the child's pid. */
#define IN_CHILD(...)                                                                              \
	({                                                                                         \
		fflush(stdout);                                                                    \
		pid_t pid_ = fork();                                                               \
		if (pid_ == 0) {                                                                   \
			__VA_ARGS__;                                                               \
			fflush(stdout);                                                            \
			_exit(0);                                                                  \
		}                                                                                  \
		CHECK(pid_ > 0);                                                                   \
		pid_;                                                                              \
	})

/* Wait for the child pid and return its wait status, or -1. */
int guest_wait(pid_t pid);
#define CHECK_EXITED(pid, code)                                                                    \
	({                                                                                         \
		int s_ = guest_wait(pid);                                                          \
		guest_check(WIFEXITED(s_) && WEXITSTATUS(s_) == (code), __FILE__, __LINE__,        \
			    "status %#x, not exit %d", s_, (int)(code));                           \
	})
#define CHECK_KILLED(pid, signo)                                                                   \
	({                                                                                         \
		int s_ = guest_wait(pid);                                                          \
		guest_check(s_ != -1 && WIFSIGNALED(s_) && WTERMSIG(s_) == (signo), __FILE__, __LINE__, \
			    "status %#x, not signal %d", s_, (int)(signo));                        \
	})

/* Run body in a child and expect a signal, as CHECK_KILLED. */
#define CHECK_DIES(signo, ...) CHECK_KILLED(IN_CHILD(__VA_ARGS__), signo)

/* Run the program again as `guest-tests @helper args...`; does not return unless exec fails. */
void guest_exec_self(const char *helper, ...) __attribute__((sentinel));

/* Sleep that long, whatever interrupts. */
void guest_sleep_ms(int ms);

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t guest_now(void);

/* Poll cond every millisecond for at most ten seconds; its last value. */
#define WAIT_UNTIL(cond)                                                                           \
	({                                                                                         \
		uint64_t end_ = guest_now() + 10000000000ULL;                                      \
		bool ok_;                                                                          \
		while (!(ok_ = !!(cond)) && guest_now() < end_)                                    \
			guest_sleep_ms(1);                                                         \
		ok_;                                                                               \
	})

/* The state letter of a task in /proc/PID/stat, or 0 when there is no such task. */
char guest_task_state(pid_t pid);

/* Write all of text into the file path, created with that mode. */
void guest_write_file(const char *path, const char *text, mode_t mode);

/* Read a whole small file into a static buffer, ended by a zero; an empty string on failure. */
const char *guest_read_file(const char *path);

/* Does smaps say that the mapping around @at has this VmFlag (two letters)? */
bool guest_vma_has_flag(const void *at, const char *flag);

/* The number after "key:" in a file such as /proc/self/status or /proc/meminfo; -1 if there is
 * none. */
long guest_field(const char *path, const char *key);

/* Write /proc/self/oom_score_adj: "-1000" is never killed for want of memory (needs root), "0" is the usual. */
void guest_set_oom_score(const char *score);

/* Zeroed memory shared with descendants. */
void *guest_shared(size_t size);

/* Private anonymous memory, or a failed test. */
void *guest_map(size_t size);

/* Touch an address: did the access survive? The signal, code and address go to the last_fault_*
 * variables. */
bool guest_can_read(const volatile void *address);
bool guest_can_write(volatile void *address);
extern int last_fault_signal, last_fault_code;
extern void *last_fault_address;

/* Is the page of address mapped by a VMA? Its permissions ("rwxp") go to perms if not NULL. */
bool guest_is_mapped(const void *address, char perms[5]);

#define guest_syscall(...) syscall(__VA_ARGS__)
