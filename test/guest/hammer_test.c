/* SPDX-License-Identifier: MIT */
/* Random system calls with arguments from a small set of good, odd and evil values: the kernel must
 * survive. */
#include "guest.h"

static uint64_t state;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static char *area;

static long random_argument(void)
{
	static const long odd[] = {0,
				   1,
				   -1,
				   2,
				   3,
				   7,
				   8,
				   16,
				   64,
				   100,
				   255,
				   4095,
				   4096,
				   4097,
				   65536,
				   INT32_MAX,
				   INT32_MIN,
				   INT64_MAX,
				   INT64_MIN,
				   0x10,
				   -100 /* AT_FDCWD */,
				   1L << 47,
				   (1L << 47) - 4096,
				   (long)0xffffffff80000000,
				   (long)0xffff800000000000,
				   0x8000};

	switch (next_random() % 8) {
	case 0:
	case 1:
		return next_random() % 12; /* a descriptor, a small number */
	case 2:
		return (long)(area + next_random() % (16 * PAGE));
	case 3:
		return (long)(area + (next_random() % 16) * PAGE);
	case 4:
		return 1L << next_random() % 64;
	case 5:
		return next_random();
	default:
		return odd[next_random() % ARRAY_SIZE(odd)];
	}
}

static bool is_excluded(long number)
{
	static const int excluded[] = {
		SYS_exit,
		SYS_exit_group,
		SYS_reboot,
		SYS_kill,
		SYS_tkill,
		SYS_tgkill,
		SYS_rt_sigqueueinfo,
		SYS_rt_tgsigqueueinfo,
		SYS_fork,
		SYS_vfork,
		SYS_clone,
		SYS_clone3,
		SYS_pause,
		SYS_rt_sigsuspend,
		SYS_rt_sigtimedwait,
		SYS_rt_sigreturn,
		SYS_munmap,
		SYS_wait4,
		SYS_waitid,
		SYS_alarm,
		SYS_setitimer,
		SYS_nanosleep,
		SYS_clock_nanosleep,
		SYS_poll,
		SYS_ppoll,
		SYS_select,
		SYS_pselect6,
		SYS_epoll_wait,
		SYS_epoll_pwait,
		441 /* epoll_pwait2 */,
		SYS_futex,
		SYS_setuid,
		SYS_setreuid,
		SYS_setresuid,
		SYS_rt_sigaction,
		SYS_rt_sigprocmask,
		SYS_arch_prctl,
		SYS_setrlimit,
		SYS_prlimit64,
		SYS_settimeofday,
		SYS_clock_settime,
		SYS_sethostname,
		SYS_setdomainname,
		SYS_execve,
		SYS_execveat,
		SYS_chroot,
		SYS_pivot_root,
		SYS_mount,
		SYS_umount2,
		SYS_unlink,
		SYS_unlinkat,
		SYS_rename,
		SYS_renameat,
		SYS_renameat2,
		SYS_rmdir,
		SYS_ptrace,
		SYS_iopl,
		SYS_ioperm,
		SYS_swapon,
		SYS_swapoff,
		SYS_init_module,
		SYS_delete_module,
		SYS_finit_module,
		SYS_kexec_load,
		SYS_kexec_file_load,
		SYS_acct,
		SYS_quotactl,
		SYS_vhangup,
		SYS_timer_create,
		SYS_sched_setscheduler,
		SYS_sched_setattr,
		SYS_sched_setparam,
		SYS_brk,
		SYS_mlockall,
		SYS_pidfd_send_signal,
		SYS_bpf,
		SYS_seccomp,
		SYS_prctl,
		SYS_personality,
		SYS_perf_event_open,
		SYS_modify_ldt,
		SYS_unshare,
		SYS_setns,
		SYS_syslog,
		SYS_process_vm_writev,
		SYS_mremap,
		SYS_sync,
		SYS_sysfs,
		SYS_userfaultfd,
		SYS_restart_syscall,
	};

	for (size_t i = 0; i < ARRAY_SIZE(excluded); i++)
		if (number == excluded[i])
			return true;
	return number > 462;
}

static long choose_call(void)
{
	long number;

	do {
		number = next_random() % 470;
		if (next_random() % 200 == 0)
			return next_random(); /* no such call */
	} while (is_excluded(number));
	return number;
}

static void on_alarm(int signo)
{
}

static void hammer(uint64_t seed, int count)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 20000 }, { 0, 20000 } };

	state = seed * 0x9e3779b97f4a7c15 + 1;
	setpgid(0, 0);
	/* Nothing of the test's own lies near: a length beyond the area's end must not reach it. */
	munmap(guest_counts, PAGE);
	area = guest_map(64 << 20);
	munmap(area, 32 << 20);
	area += 32 << 20;
	munmap(area + 16 * PAGE, (32 << 20) - 16 * PAGE);
	for (int i = 0; i < 16 * (int)PAGE; i += 8)
		*(uint64_t *)(area + i) = next_random() % 5 ? (uint64_t)random_argument() : 0;
	strcpy(area + 100, "/tmp/hammer");
	mprotect(area + 14 * PAGE, PAGE, PROT_READ);
	mprotect(area + 15 * PAGE, PAGE, PROT_NONE);
	/* Nothing of the system but /dev/null is open, and nobody else may be signalled. */
	for (int fd = 0; fd < 8; fd++)
		dup2(open("/dev/null", O_RDWR), fd);
	mkdir("/tmp/hammer_dir", 0777);
	chdir("/tmp/hammer_dir");
	if (getuid() == 0) {
		setgid(5555);
		setuid(5555);
	}
	setpriority(PRIO_PROCESS, 0, 5);
	sigaction(SIGALRM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	struct rlimit files = {64, 64}, size = {1 << 20, 1 << 20}, memory = {256 << 20, 256 << 20};

	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_FSIZE, &size);
	setrlimit(RLIMIT_AS, &memory);
	setitimer(ITIMER_REAL, &often, NULL); /* ends calls that would wait for ever */
	for (int i = 0; i < count; i++)
		syscall(choose_call(), random_argument(), random_argument(), random_argument(),
			random_argument(), random_argument(), random_argument());
}

/* Each seed in a process of its own: it may die of what it did to itself, the system may not. */
static void run_seeds(uint64_t first, int seeds, int count)
{
	for (int i = 0; i < seeds; i++) {
		pid_t pid = fork();
		uint64_t end = guest_now() + 5000000000ULL;

		if (pid == 0) {
			hammer(first + i, count);
			_exit(0);
		}
		while (waitpid(pid, NULL, WNOHANG) == 0 && guest_now() < end)
			guest_sleep_ms(2);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		CHECK_EXITED(IN_CHILD(_exit(9)), 9);
	}
	int status = system("rm -rf /tmp/hammer_dir /tmp/hammer");

	(void)status;
}

TEST(one_process)
{
	if (!guest_is_quire())
		guest_skip("this kernel is not ours to hammer");
	run_seeds(guest_field("/proc/meminfo", "MemFree"), 12, 3000);
}

TEST(fixed_seeds)
{
	if (!guest_is_quire())
		guest_skip("this kernel is not ours to hammer");
	run_seeds(1000, 12, 3000);
}

TEST(several_at_once)
{
	if (!guest_is_quire())
		guest_skip("this kernel is not ours to hammer");
	for (int i = 0; i < 4; i++)
		IN_CHILD(run_seeds(2000 + 100 * i, 3, 3000));
	while (wait(NULL) > 0)
		;
	CHECK_EXITED(IN_CHILD(_exit(9)), 9);
}
