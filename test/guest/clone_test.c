/* SPDX-License-Identifier: MIT */
/* clone and clone3: what each flag shares, the identifiers they store, and the combinations they
 * refuse. */
#include "guest.h"
#include <sys/prctl.h>

struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};

static pid_t clone3(struct clone3_args *args)
{
	return syscall(SYS_clone3, args, sizeof(*args));
}

static pid_t raw_clone(unsigned long flags, int *parent_tid, int *child_tid)
{
	return syscall(SYS_clone, flags, NULL, parent_tid, child_tid, 0);
}

#define CHILD_STACK (64 << 10)

/* A child on a stack of its own, for flags that share memory. */
static pid_t clone_on_stack(int (*run)(void *), unsigned long flags, void *argument)
{
	char *stack = guest_map(CHILD_STACK);

	return clone(run, stack + CHILD_STACK, flags, argument);
}

static int value;

static int set_value(void *argument)
{
	value = 5;
	return 0;
}

TEST(vm_shares_memory)
{
	int status;
	pid_t pid = clone_on_stack(set_value, CLONE_VM | SIGCHLD, NULL);

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(value, 5);
	value = 0;
	pid = clone_on_stack(set_value, SIGCHLD, NULL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(value, 0);
}

static int close_and_open(void *argument)
{
	close(*(int *)argument);
	return 0;
}

TEST(files_shares_descriptors)
{
	int fd = dup(1);
	pid_t pid = clone_on_stack(close_and_open, CLONE_FILES | SIGCHLD, &fd);

	CHECK_EXITED(pid, 0);
	CHECK_ERRNO(fcntl(fd, F_GETFD), EBADF);
	fd = dup(1);
	pid = clone_on_stack(close_and_open, SIGCHLD, &fd);
	CHECK_EXITED(pid, 0);
	CHECK(fcntl(fd, F_GETFD) >= 0);
}

static int change_directory(void *argument)
{
	umask(011);
	return chdir("/proc");
}

TEST(fs_shares_directory_and_umask)
{
	char cwd[64];

	chdir("/tmp");
	umask(022);
	CHECK_EXITED(clone_on_stack(change_directory, SIGCHLD, NULL), 0);
	CHECK_STR(getcwd(cwd, 64), "/tmp");
	CHECK_EXITED(clone_on_stack(change_directory, CLONE_FS | SIGCHLD, NULL), 0);
	CHECK_STR(getcwd(cwd, 64), "/proc");
	CHECK_EQ(umask(022), 011);
}

static void handler(int signo)
{
}

static int install_handler(void *argument)
{
	signal(SIGUSR1, handler);
	return 0;
}

TEST(sighand_shares_handlers)
{
	struct sigaction action;

	CHECK_EXITED(clone_on_stack(install_handler, CLONE_VM | SIGCHLD, NULL), 0);
	sigaction(SIGUSR1, NULL, &action);
	CHECK(action.sa_handler == SIG_DFL);
	CHECK_EXITED(clone_on_stack(install_handler, CLONE_VM | CLONE_SIGHAND | SIGCHLD, NULL), 0);
	sigaction(SIGUSR1, NULL, &action);
	CHECK(action.sa_handler == handler);
	struct clone3_args args = { .flags = CLONE_SIGHAND, .exit_signal = SIGCHLD };

	CHECK_ERRNO(clone3(&args), EINVAL); /* not without CLONE_VM */
	/* CLONE_CLEAR_SIGHAND resets handlers, and keeps what is ignored. */
	signal(SIGUSR2, SIG_IGN);
	args.flags = 0x100000000ULL;
	pid_t pid = clone3(&args);

	if (pid == 0) {
		sigaction(SIGUSR1, NULL, &action);
		CHECK(action.sa_handler == SIG_DFL);
		sigaction(SIGUSR2, NULL, &action);
		CHECK(action.sa_handler == SIG_IGN);
		_exit(0);
	}
	CHECK_EXITED(pid, 0);
	args.flags = 0x100000000ULL | CLONE_SIGHAND | CLONE_VM;
	CHECK_ERRNO(clone3(&args), EINVAL);
}

TEST(identifiers_are_stored)
{
	int *tids = guest_shared(PAGE);
	pid_t pid =
		raw_clone(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, &tids[0], &tids[1]);

	if (pid == 0) {
		CHECK_EQ(tids[0], getpid()); /* stored before the child runs */
		CHECK_EQ(tids[1], getpid());
		_exit(0);
	}
	CHECK_EQ(tids[0], pid);
	CHECK_EXITED(pid, 0);
	CHECK_EQ(tids[1], pid);
}

static int wait_a_little(void *argument)
{
	guest_sleep_ms(20);
	return 0;
}

TEST(child_cleartid_clears_and_wakes)
{
	static int tid;
	char *stack = guest_map(CHILD_STACK);
	pid_t pid = clone(wait_a_little, stack + CHILD_STACK,
			  CLONE_VM | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, NULL,
			  NULL, NULL, &tid);
	int seen;

	CHECK(pid > 0);
	while ((seen = __atomic_load_n(&tid, __ATOMIC_SEQ_CST)) != 0 ||
	       !WAIT_UNTIL(guest_task_state(pid) == 'Z'))
		syscall(SYS_futex, &tid, 0 /* FUTEX_WAIT */, seen, NULL, NULL, 0);
	CHECK_EXITED(pid, 0);
	CHECK_EQ(tid, 0);
}

static int get_parent(void *argument)
{
	*(pid_t *)argument = getppid();
	return 44;
}

TEST(parent_makes_a_sibling)
{
	pid_t *seen = guest_shared(PAGE);
	pid_t me = getpid();
	pid_t child =
		IN_CHILD({ seen[1] = clone_on_stack(get_parent, CLONE_PARENT | SIGCHLD, seen); });

	CHECK_EXITED(child, 0);
	CHECK_EXITED(seen[1], 44);
	CHECK_EQ(seen[0], me);
}

TEST(vfork_flag_waits)
{
	volatile int *shared = guest_shared(PAGE);
	pid_t pid = raw_clone(CLONE_VFORK | SIGCHLD, NULL, NULL);

	if (pid == 0) {
		guest_sleep_ms(20);
		*shared = 1;
		_exit(0);
	}
	CHECK_EQ(*shared, 1);
	CHECK_EXITED(pid, 0);
}

TEST(exit_signal)
{
	sigset_t set;
	siginfo_t info;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid_t pid = raw_clone(SIGUSR1, NULL, NULL);

	if (pid == 0)
		_exit(3);
	CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
	CHECK_EQ(info.si_code, CLD_EXITED);
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(waitpid(pid, NULL, __WALL), pid);
	struct clone3_args args = { .exit_signal = 65 };

	CHECK_ERRNO(clone3(&args), EINVAL);
}

TEST(refused_combinations)
{
	static const uint64_t bad[] = {
		CLONE_SIGHAND, CLONE_THREAD, CLONE_THREAD | CLONE_VM, CLONE_NEWNS | CLONE_FS,
		CLONE_PIDFD | CLONE_DETACHED, 0x8000000000000000ULL, 0x4000000000ULL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct clone3_args args = { .flags = bad[i] };
		pid_t pid = clone3(&args);

		if (pid == 0)
			_exit(0);
		CHECK_EQ(pid, -1);
		CHECK_EQ(errno, EINVAL);
	}
	struct clone3_args args = { .exit_signal = SIGCHLD };

	CHECK_ERRNO(syscall(SYS_clone3, &args, 8), EINVAL);
	CHECK_ERRNO(syscall(SYS_clone3, &args, 100000), E2BIG);
	CHECK_ERRNO(syscall(SYS_clone3, (void *)1, sizeof(args)), EFAULT);
	args.stack = 0x1000;
	CHECK_ERRNO(clone3(&args), EINVAL); /* a stack without a size */
	args = (struct clone3_args){.flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM,
				    .exit_signal = SIGCHLD};
	CHECK_ERRNO(clone3(&args), EINVAL);
	char big[200] = { 0 };

	big[150] = 1; /* unknown field not zero */
	CHECK_ERRNO(syscall(SYS_clone3, big, sizeof(big)), E2BIG);
	CHECK_ERRNO(raw_clone(CLONE_SIGHAND | SIGCHLD, NULL, NULL), EINVAL);
	CHECK_ERRNO(raw_clone(CLONE_THREAD | SIGCHLD, NULL, NULL), EINVAL);
}

TEST(clone3_takes_larger_structs_of_zeros)
{
	char big[200] = { 0 };
	struct clone3_args *args = (void *)big;

	args->exit_signal = SIGCHLD;
	pid_t pid = syscall(SYS_clone3, big, sizeof(big));

	if (pid == 0)
		_exit(6);
	CHECK_EXITED(pid, 6);
	pid = syscall(SYS_clone3, args, 64); /* the first version of the struct */
	if (pid == 0)
		_exit(7);
	CHECK_EXITED(pid, 7);
}

TEST(pidfd)
{
	int fd = -1;
	struct clone3_args args = {
		.flags = CLONE_PIDFD, .pidfd = (uintptr_t)&fd, .exit_signal = SIGCHLD};
	pid_t pid = clone3(&args);

	if (pid == 0)
		_exit(9);
	CHECK(fd >= 0);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	struct pollfd p = { fd, POLLIN, 0 };

	CHECK_EQ(poll(&p, 1, 5000), 1);
	siginfo_t info;

	CHECK_OK(waitid(3 /* P_PIDFD */, fd, &info, WEXITED));
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(info.si_status, 9);
	/* clone's own way: the descriptor goes where the parent's tid would. */
	int fd2 = -1;

	pid = raw_clone(CLONE_PIDFD | SIGCHLD, &fd2, NULL);
	if (pid == 0)
		_exit(0);
	CHECK(fd2 > fd);
	CHECK_ERRNO(raw_clone(CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, &fd2, NULL), EINVAL);
	guest_wait(pid);
}

TEST(set_tid)
{
	pid_t want = 30000;
	struct clone3_args args = {
		.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&want, .set_tid_size = 1};
	pid_t pid = clone3(&args);

	if (pid == 0)
		_exit(getpid() == 30000 ? 1 : 2);
	CHECK_EQ(pid, 30000);
	CHECK_ERRNO(clone3(&args), EEXIST);
	CHECK_EXITED(pid, 1);
	want = 1;
	CHECK_ERRNO(clone3(&args), EEXIST);
	want = 0;
	CHECK_ERRNO(clone3(&args), EINVAL);
	want = -7;
	CHECK_ERRNO(clone3(&args), EINVAL);
	args.set_tid_size = 40;
	CHECK_ERRNO(clone3(&args), EINVAL);
	args.set_tid_size = 0;
	CHECK_ERRNO(clone3(&args), EINVAL); /* a pointer without a size */
}

TEST(bad_store_addresses)
{
	/* A bad parent or child address is ignored, as in Linux. */
	pid_t pid = raw_clone(CLONE_CHILD_SETTID | SIGCHLD, NULL, (int *)1);

	if (pid == 0)
		_exit(8);
	CHECK_EXITED(pid, 8);
}

TEST(io_and_sysvsem_flags_are_taken)
{
	pid_t pid = raw_clone(CLONE_IO | CLONE_SYSVSEM | SIGCHLD, NULL, NULL);

	if (pid == 0)
		_exit(8);
	CHECK_EXITED(pid, 8);
}

TEST(io_priority_is_inherited)
{
	enum { WHO_PROCESS = 1, CLASS_BE = 2 };
	CHECK_OK(syscall(SYS_ioprio_set, WHO_PROCESS, 0, CLASS_BE << 13 | 6));
	CHECK_EQ(syscall(SYS_ioprio_get, WHO_PROCESS, 0), CLASS_BE << 13 | 6);
	CHECK_EXITED(
		IN_CHILD(CHECK_EQ(syscall(SYS_ioprio_get, WHO_PROCESS, 0), CLASS_BE << 13 | 6)), 0);
	CHECK_ERRNO(syscall(SYS_ioprio_set, WHO_PROCESS, 0, 5 << 13), EINVAL);
	CHECK_ERRNO(syscall(SYS_ioprio_set, WHO_PROCESS, 999999, CLASS_BE << 13 | 2), ESRCH);
}

/* The child's thread pointer is the given one, before its first instruction. */
TEST(settls_gives_the_child_its_own_thread_pointer)
{
	static unsigned long block[64];
	unsigned long seen = 0;
	struct clone3_args args = {
		.flags = CLONE_SETTLS, .exit_signal = SIGCHLD, .tls = (uintptr_t)block};
	long pid;

	block[0] = 0x7715;
	/* No C code runs in the child: the C library's own thread pointer is gone there. */
	__asm__ volatile("syscall; test %%rax, %%rax; jnz 1f; mov %%fs:0, %%rdi; cmp $0x7715, "
			 "%%rdi; setne %%dil\n"
			 "movzbl %%dil, %%edi; mov $60, %%eax; syscall; 1:"
			 : "=a"(pid)
			 : "a"(SYS_clone3), "D"(&args), "S"(sizeof(args))
			 : "rcx", "r11", "rdx", "memory");
	CHECK(pid > 0);
	CHECK_EXITED(pid, 0);
	__asm__ volatile("mov %%fs:0, %0" : "=r"(seen));
	CHECK(seen != 0x7715);
	args.tls = 0xffff800000000000;
	CHECK_ERRNO(clone3(&args), EPERM);
}

TEST(unshare_files_and_fs)
{
	CHECK_OK(unshare(CLONE_FILES | CLONE_FS));
	CHECK_OK(unshare(0));
	CHECK_OK(unshare(CLONE_VM | CLONE_THREAD |
			 CLONE_SIGHAND)); /* nothing is shared: nothing to do */
	CHECK_ERRNO(unshare(CLONE_PARENT), EINVAL);
	CHECK_ERRNO(unshare(1), EINVAL);
}
