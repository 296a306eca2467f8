/* SPDX-License-Identifier: MIT */
/* Random system calls with random and boundary arguments: whatever they return, the kernel
 * stands. */
#include "guest.h"

static uint64_t state;

static uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static char *area;

static unsigned long argument(void)
{
	static const unsigned long edges[] = {
		0, 1, 2, 3, 4, 8, 16, 63, 64, 65, 255, 4095, 4096, 4097, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000ul, 0x7fffffffefff, 0x7ffffffff000, 0x800000000000, 0x7fffffffffffffff, 0x8000000000000000,
		0xffff800000000000, 0xffffffff80000000, -1ul, -2ul, -100ul, -4096ul, 0x10000, 1ul << 40,
	};

	switch (rnd() % 8) {
	case 0: case 1:
		return edges[rnd() % ARRAY_SIZE(edges)];
	case 2: case 3: /* a good address, near a page's end now and then */
		return (unsigned long)area + rnd() % 16 * PAGE + (rnd() & 1 ? PAGE - rnd() % 16 : rnd() % 512 * 8);
	case 4:
		return rnd() % 16; /* a descriptor */
	case 5:
		return 1ul << rnd() % 64;
	case 6:
		return rnd() % 8 * PAGE;
	}
	return rnd() >> rnd() % 64;
}

/* Those that end the test, wait for ever, or harm the rest of the system if they do what they are
 * asked for. */
static bool left_out(long nr)
{
	static const short out[] = {
		SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_pause, SYS_reboot, SYS_kexec_load, SYS_kill, SYS_tkill,
		SYS_tgkill, SYS_rt_sigsuspend, SYS_vhangup, SYS_sched_setscheduler, SYS_sched_setattr, SYS_sched_setparam,
		SYS_settimeofday, SYS_clock_settime, SYS_sethostname, SYS_setdomainname, SYS_syslog, SYS_vfork, SYS_fork,
		SYS_clone, 435 /* clone3 */, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_mount, SYS_swapon, SYS_swapoff,
		SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_setrlimit, SYS_prlimit64, SYS_init_module, SYS_finit_module,
		SYS_delete_module, SYS_acct, SYS_ptrace, SYS_unlink, SYS_unlinkat, SYS_rename, SYS_renameat, SYS_renameat2,
		SYS_rmdir, SYS_setpriority, SYS_adjtimex, SYS_clock_adjtime, SYS_iopl, SYS_ioperm,
		SYS_personality, SYS_sync, SYS_syncfs,
		/* what takes away the ground on which the test itself stands */
		SYS_munmap, SYS_mremap, SYS_mprotect, SYS_pkey_mprotect, SYS_brk, SYS_arch_prctl, SYS_close_range,
		SYS_execve, SYS_execveat, SYS_setitimer, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_dup2, SYS_dup3,
	};

	for (size_t i = 0; i < ARRAY_SIZE(out); i++)
		if (out[i] == nr)
			return true;
	return false;
}

static void fill(void)
{
	for (int i = 0; i < 64; i++)
		((uint64_t *)area)[rnd() % (16 * PAGE / 8)] = rnd() & 1 ? argument() : rnd() >> rnd() % 64;
	for (int i = 0; i < 4; i++)
		strcpy(area + rnd() % 16 * PAGE, i & 1 ? "/tmp/hammer/f" : "/proc/self/stat");
}

static void nothing(int sig)
{
}

static void hammer(uint64_t seed)
{
	uint64_t end = guest_now() + 300000000ull;
	struct itimerval it = { { 0, 20000 }, { 0, 20000 } };
	int fds[2];

	munmap(guest_counts, PAGE); /* shared: a call could write there */
	state = seed;
	setpgid(0, 0);
	mkdir("/tmp/hammer", 0777);
	area = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	close(0);
	close(1);
	close(2);
	open("/tmp/hammer/f", O_RDWR | O_CREAT, 0666);
	pipe2(fds, O_NONBLOCK);
	open("/dev/ptmx", O_RDWR | O_NONBLOCK);
	open("/proc/self/maps", O_RDONLY);
	open("/tmp", O_RDONLY | O_DIRECTORY);
	syscall(SYS_epoll_create1, 0);
	syscall(SYS_eventfd2, 0, O_NONBLOCK);
	open("/dev/zero", O_RDWR);
	syscall(SYS_timerfd_create, 1, O_NONBLOCK);
	syscall(SYS_signalfd4, -1, area, 8, O_NONBLOCK);
	signal(SIGALRM, nothing);
	setitimer(ITIMER_REAL, &it, NULL); /* out of what waits */
	for (int i = 0; guest_now() < end; i++) {
		long nr = rnd() % 450;

		if (left_out(nr))
			continue;
		if (i % 16 == 0)
			fill();
		syscall(nr, argument(), argument(), argument(), argument(), argument(), argument());
	}
}

TEST(random_calls)
{
	uint64_t end = guest_now() + 5000000000ull, seed = guest_now() * 2654435761u | 1, born[6];
	pid_t pids[6] = {};
	int rounds = 0;

	if (!guest_is_quire())
		guest_skip("not on a machine that others use");
	while (guest_now() < end) {
		for (int i = 0; i < 6; i++) {
			if (pids[i] && !waitpid(pids[i], NULL, WNOHANG)) {
				if (guest_now() < born[i] + 800000000ull)
					continue;
				kill(pids[i], SIGKILL);
				waitpid(pids[i], NULL, 0);
			}
			born[i] = guest_now();
			pids[i] = fork();
			if (!pids[i]) {
				hammer(seed + ++rounds * 7919);
				_exit(0);
			}
			rounds++;
		}
		guest_sleep_ms(10);
	}
	for (int i = 0; i < 6; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	CHECK(rounds > 6);
}
