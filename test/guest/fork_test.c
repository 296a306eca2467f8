/* SPDX-License-Identifier: MIT */
/* fork: what the child gets, what it shares, what is its own. */
#include "guest.h"
#include <sys/times.h>

static int global = 1;
static int bss[5000];

TEST(child_gets_zero_and_own_pid)
{
	pid_t parent = getpid();
	pid_t pid = IN_CHILD({
		CHECK(getpid() != parent);
		CHECK_EQ(getppid(), parent);
		CHECK_EQ(getpid(), syscall(SYS_gettid));
	});

	CHECK(pid != parent);
	CHECK_EXITED(pid, 0);
}

TEST(memory_is_copied_both_ways)
{
	int *heap = malloc(sizeof(int)), stack = 3, pipes[2];
	char c;

	*heap = 2;
	bss[4000] = 4;
	CHECK_OK(pipe(pipes));
	pid_t pid = IN_CHILD({
		CHECK_EQ(read(pipes[0], &c, 1), 1); /* the parent has written by now */
		CHECK_EQ(global, 1);
		CHECK_EQ(*heap, 2);
		CHECK_EQ(stack, 3);
		CHECK_EQ(bss[4000], 4);
		global = *heap = stack = bss[4000] = 100;
		barrier();
	});
	global = 10;
	*heap = 20;
	stack = 30;
	bss[4000] = 40;
	barrier();
	CHECK_EQ(write(pipes[1], "x", 1), 1);
	CHECK_EXITED(pid, 0);
	CHECK_EQ(global, 10);
	CHECK_EQ(*heap, 20);
	CHECK_EQ(stack, 30);
	CHECK_EQ(bss[4000], 40);
}

TEST(file_offset_is_shared)
{
	char name[] = "/tmp/fork_offset.XXXXXX", c = 0;
	int fd = CHECK_OK(mkstemp(name));

	CHECK_EQ(write(fd, "abcdef", 6), 6);
	lseek(fd, 0, SEEK_SET);
	CHECK_EXITED(IN_CHILD({ CHECK_EQ(read(fd, &c, 1), 1); close(fd); }), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 1);
	CHECK_EQ(read(fd, &c, 1), 1);
	CHECK_EQ(c, 'b');
	unlink(name);
}

TEST(descriptor_table_is_copied)
{
	CHECK_EXITED(IN_CHILD({
		close(0);
		close(1);
		close(2);
	}), 0);
	CHECK(fcntl(1, F_GETFD) >= 0);
	CHECK_EXITED(IN_CHILD({ chdir("/dev"); umask(0); }), 0);
	char cwd[100];

	CHECK(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/dev"));
}

static int handled;

static void count_signal(int signo)
{
	handled++;
}

TEST(signal_state_is_copied_but_not_pending_signals)
{
	sigset_t set, pending;

	signal(SIGUSR1, count_signal);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	pid_t pid = IN_CHILD({
		struct sigaction action;

		sigpending(&pending);
		CHECK(!sigismember(&pending, SIGUSR1));
		sigprocmask(SIG_BLOCK, NULL, &set);
		CHECK(sigismember(&set, SIGUSR1));
		sigaction(SIGUSR1, NULL, &action);
		CHECK(action.sa_handler == count_signal);
		sigaction(SIGUSR2, NULL, &action);
		CHECK(action.sa_handler == SIG_IGN);
		raise(SIGUSR1);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		CHECK_EQ(handled, 1);
	});
	CHECK_EXITED(pid, 0);
	sigpending(&pending);
	CHECK(sigismember(&pending, SIGUSR1));
}

TEST(alarm_and_times_start_from_zero)
{
	struct itimerval timer = { .it_value = { 50, 0 } };
	struct tms t;
	struct rusage u;

	for (volatile int i = 0; i < 3000000; i++)
		;
	setitimer(ITIMER_REAL, &timer, NULL);
	CHECK_EXITED(IN_CHILD({
		getitimer(ITIMER_REAL, &timer);
		CHECK_EQ(timer.it_value.tv_sec, 0);
		CHECK_EQ(timer.it_value.tv_usec, 0);
		times(&t);
		CHECK(t.tms_utime + t.tms_stime <= 20);
		CHECK_EQ(t.tms_cutime, 0);
		getrusage(RUSAGE_CHILDREN, &u);
		CHECK_EQ(u.ru_minflt, 0);
	}), 0);
	CHECK(alarm(0) > 40);
}

TEST(session_group_and_ids_are_inherited)
{
	pid_t pgrp = getpgrp(), sid = getsid(0);

	CHECK_EXITED(IN_CHILD({
		CHECK_EQ(getpgrp(), pgrp);
		CHECK_EQ(getsid(0), sid);
	}), 0);
	mode_t old = umask(027);

	CHECK_EXITED(IN_CHILD(CHECK_EQ(umask(0), 027)), 0);
	umask(old);
	errno = 0;
	nice(3);
	CHECK_EXITED(IN_CHILD(CHECK_EQ(getpriority(PRIO_PROCESS, 0), 3)), 0);
}

TEST(limits_are_inherited)
{
	struct rlimit limit = { 77, 88 };

	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	CHECK_EXITED(IN_CHILD({
		struct rlimit mine;
		CHECK_OK(getrlimit(RLIMIT_NOFILE, &mine));
		CHECK_EQ(mine.rlim_cur, 77);
		CHECK_EQ(mine.rlim_max, 88);
	}), 0);
}

TEST(pids_grow_and_are_not_reused_at_once)
{
	pid_t last = 0;

	for (int i = 0; i < 20; i++) {
		pid_t pid = IN_CHILD();

		CHECK(pid > last);
		last = pid;
		CHECK_EXITED(pid, 0);
	}
}

TEST(grandchildren)
{
	CHECK_EXITED(IN_CHILD({
		pid_t me = getpid();

		CHECK_EXITED(IN_CHILD({
			CHECK_EQ(getppid(), me);
			CHECK_EXITED(IN_CHILD(_exit(7)), 7);
		}), 0);
	}), 0);
}

TEST(large_memory_survives_fork)
{
	size_t size = guest_field("/proc/meminfo", "MemTotal") > 100000 ? 16 << 20 : 2 << 20;
	unsigned char *p = guest_map(size);

	for (size_t i = 0; i < size; i += PAGE)
		p[i] = i / PAGE;
	pid_t pid = IN_CHILD({
		int bad = 0;

		for (size_t i = 0; i < size; i += PAGE)
			bad += p[i] != (unsigned char)(i / PAGE);
		CHECK_EQ(bad, 0);
		memset(p, 0xee, size);
	});
	CHECK_EXITED(pid, 0);
	int bad = 0;

	for (size_t i = 0; i < size; i += PAGE)
		bad += p[i] != (unsigned char)(i / PAGE) || p[i + 1] != 0;
	CHECK_EQ(bad, 0);
}

TEST(a_hundred_children_at_once)
{
	pid_t pids[100];

	for (int i = 0; i < 100; i++)
		pids[i] = IN_CHILD({ guest_sleep_ms(20); _exit(i); });
	for (int i = 99; i >= 0; i--)
		CHECK_EXITED(pids[i], i);
	CHECK_ERRNO(wait(NULL), ECHILD);
}

/* Registers survive: what the compiler keeps in callee-saved registers and what the kernel must not
 * touch. */
TEST(all_registers_are_copied)
{
	register uint64_t rbx __asm__("rbx") = 0x1111, r12 __asm__("r12") = 0x2222;
	register uint64_t r13 __asm__("r13") = 0x3333, r14 __asm__("r14") = 0x4444,
			      r15 __asm__("r15") = 0x5555;
	uint64_t out[11];
	long pid;

	__asm__ volatile("mov $0xa1, %%rdi; mov $0xa2, %%rsi; mov $0xa3, %%rdx; mov $0xa4, %%r8\n"
			 "mov $0xa5, %%r9; mov $0xa6, %%r10\n"
			 "mov $57, %%eax; syscall\n"
			 "mov %%rdi, (%[out]); mov %%rsi, 8(%[out]); mov %%rdx, 16(%[out]); mov "
			 "%%r8, 24(%[out])\n"
			 "mov %%r9, 32(%[out]); mov %%r10, 40(%[out])\n"
			 : "=a"(pid), "+r"(rbx), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)
			 : [out] "r"(out)
			 : "rdi", "rsi", "rdx", "r8", "r9", "r10", "rcx", "r11", "memory");
	out[6] = rbx;
	out[7] = r12;
	out[8] = r13;
	out[9] = r14;
	out[10] = r15;
	uint64_t expected[11] = {0xa1,	 0xa2,	 0xa3,	 0xa4,	 0xa5,	0xa6,
				 0x1111, 0x2222, 0x3333, 0x4444, 0x5555};

	for (int i = 0; i < 11; i++)
		CHECK_EQ(out[i], expected[i]);
	if (pid == 0)
		_exit(0);
	CHECK_EXITED(pid, 0);
}
