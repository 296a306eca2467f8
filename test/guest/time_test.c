/* SPDX-License-Identifier: MIT */
/* Clocks, the vDSO, sleeping, interval timers, POSIX timers, CPU times. */
#include "guest.h"
#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/times.h>

static uint64_t read_clock(clockid_t clock)
{
	struct timespec t = { 0 };

	CHECK_OK(clock_gettime(clock, &t));
	CHECK(t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

TEST(clocks_exist_and_agree)
{
	static const clockid_t clocks[] = {CLOCK_REALTIME,	     CLOCK_MONOTONIC,
					   CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
					   CLOCK_MONOTONIC_RAW,	     CLOCK_REALTIME_COARSE,
					   CLOCK_MONOTONIC_COARSE,   CLOCK_BOOTTIME};
	struct timespec t;
	struct timeval tv;

	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		uint64_t a = read_clock(clocks[i]), b = read_clock(clocks[i]);

		CHECK(b >= a);
		CHECK_OK(clock_getres(clocks[i], &t));
		CHECK(t.tv_sec == 0 && t.tv_nsec >= 1 && t.tv_nsec <= 10000000);
		/* The kernel's answer and the vDSO's are of one clock. */
		CHECK_OK(syscall(SYS_clock_gettime, clocks[i], &t));
		CHECK(t.tv_sec * 1000000000ULL + t.tv_nsec >= b);
	}
	gettimeofday(&tv, NULL);
	CHECK(llabs((long long)read_clock(CLOCK_REALTIME) / 1000 -
		    (tv.tv_sec * 1000000LL + tv.tv_usec)) < 1000000);
	CHECK(llabs((long long)time(NULL) - tv.tv_sec) <= 1);
	CHECK(tv.tv_sec > 1577836800); /* 2020: the clock was set */
	CHECK_ERRNO(clock_gettime(99, &t), EINVAL);
	CHECK_ERRNO(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (void *)8), EFAULT);
	CHECK_ERRNO(clock_getres(99, &t), EINVAL);
}

struct vdso_symbol {
	const char *name;
	bool found;
};

/* The vDSO is an ELF image in memory whose dynamic symbols the C library looks up by name and
 * version. */
TEST(vdso_has_its_symbols)
{
	struct vdso_symbol wanted[] = {{"__vdso_clock_gettime"},
				       {"__vdso_gettimeofday"},
				       {"__vdso_time"},
				       {"__vdso_getcpu"}};
	char *base = (char *)getauxval(AT_SYSINFO_EHDR);

	REQUIRE(base);
	Elf64_Ehdr *header = (void *)base;
	Elf64_Phdr *program = (void *)(base + header->e_phoff);
	Elf64_Dyn *dynamic = NULL;
	Elf64_Sym *symbols = NULL;
	const char *strings = NULL;
	Elf64_Word *hash = NULL;
	unsigned long load = 0;

	CHECK(!memcmp(header->e_ident, ELFMAG, SELFMAG));
	CHECK_EQ(header->e_type, ET_DYN);
	for (int i = 0; i < header->e_phnum; i++) {
		if (program[i].p_type == PT_LOAD)
			load = (unsigned long)base + program[i].p_offset - program[i].p_vaddr;
		if (program[i].p_type == PT_DYNAMIC)
			dynamic = (void *)(base + program[i].p_offset);
	}
	REQUIRE(dynamic);
	bool versioned = false;

	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		void *p = (void *)(load + dynamic->d_un.d_ptr);

		if (dynamic->d_tag == DT_SYMTAB)
			symbols = p;
		if (dynamic->d_tag == DT_STRTAB)
			strings = p;
		if (dynamic->d_tag == DT_HASH)
			hash = p;
		versioned |= dynamic->d_tag == DT_VERDEF;
	}
	CHECK(versioned);
	REQUIRE(symbols && strings && hash);
	for (Elf64_Word i = 0; i < hash[1]; i++)
		for (size_t n = 0; n < ARRAY_SIZE(wanted); n++)
			wanted[n].found |= !strcmp(strings + symbols[i].st_name, wanted[n].name);
	for (size_t n = 0; n < ARRAY_SIZE(wanted); n++)
		guest_check(wanted[n].found, __FILE__, __LINE__, "no %s in the vDSO",
			    wanted[n].name);
}

static volatile int stop;
static uint64_t shared_last;
static int went_back;

static void *watch_clock(void *unused)
{
	while (!stop) {
		uint64_t before = __atomic_load_n(&shared_last, __ATOMIC_SEQ_CST),
			 now = guest_now();

		if (now < before)
			__atomic_add_fetch(&went_back, 1, __ATOMIC_RELAXED);
		__atomic_store_n(&shared_last, now, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* What one thread has read no other thread may undercut, on whatever CPU it runs. */
TEST(monotonic_across_threads)
{
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, watch_clock, NULL);
	guest_sleep_ms(150);
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(went_back, 0);
}

TEST(sleeping)
{
	struct timespec t = { 0, 20000000 }, until;
	uint64_t start = guest_now();

	CHECK_OK(nanosleep(&t, NULL));
	CHECK(guest_now() - start >= 20000000);
	clock_gettime(CLOCK_MONOTONIC, &until);
	start = guest_now();
	until.tv_nsec += 30000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 0);
	CHECK(guest_now() - start >= 29000000);
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 0); /* past */
	CHECK_EQ(clock_nanosleep(CLOCK_REALTIME, 0, &t, NULL), 0);
	CHECK_EQ(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &t, NULL), EINVAL);
	t.tv_nsec = 1000000000;
	CHECK_ERRNO(nanosleep(&t, NULL), EINVAL);
	t = (struct timespec){ -1, 0 };
	CHECK_ERRNO(nanosleep(&t, NULL), EINVAL);
	CHECK_ERRNO(nanosleep((void *)8, NULL), EFAULT);
	/* Many sleepers: none wakes too early. */
	for (int i = 0; i < 20; i++)
		IN_CHILD({
			uint64_t begin = guest_now();
			int ms = (i * 7) % 60;

			guest_sleep_ms(ms);
			CHECK(guest_now() - begin >= ms * 1000000ULL);
		});
	while (wait(NULL) > 0)
		;
}

static volatile int ticks, code, value, overrun;

static void on_tick(int signo, siginfo_t *info, void *context)
{
	ticks++;
	code = info->si_code;
	value = info->si_value.sival_int;
	overrun = info->si_overrun;
}

static void handle(int signo)
{
	struct sigaction action = { .sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART };

	sigaction(signo, &action, NULL);
}

TEST(interval_timer_of_real_time)
{
	struct itimerval t = { { 0, 10000 }, { 0, 20000 } }, old;

	handle(SIGALRM);
	CHECK_OK(setitimer(ITIMER_REAL, &t, NULL));
	CHECK(WAIT_UNTIL(ticks >= 3));
	CHECK_OK(getitimer(ITIMER_REAL, &old));
	CHECK_EQ(old.it_interval.tv_usec, 10000);
	CHECK(old.it_value.tv_usec <= 10000);
	t = (struct itimerval){ { 0 }, { 0 } };
	CHECK_OK(setitimer(ITIMER_REAL, &t, &old));
	CHECK_EQ(old.it_interval.tv_usec, 10000);
	int seen = ticks;

	guest_sleep_ms(30);
	CHECK(ticks <= seen + 1);
	CHECK_ERRNO(setitimer(7, &t, NULL), EINVAL);
	t.it_value.tv_usec = 1000000;
	CHECK_ERRNO(setitimer(ITIMER_REAL, &t, NULL), EINVAL);
	CHECK_EQ(alarm(10), 0);
	CHECK_EQ(alarm(0), 10);
}

static void burn_ms(int ms)
{
	uint64_t end = read_clock(CLOCK_THREAD_CPUTIME_ID) + ms * 1000000ULL;
	struct timespec t;

	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	while (t.tv_sec * 1000000000ULL + t.tv_nsec < end);
}

TEST(interval_timers_of_cpu_time)
{
	struct itimerval t = { { 0, 0 }, { 0, 20000 } };

	handle(SIGVTALRM);
	handle(SIGPROF);
	CHECK_OK(setitimer(ITIMER_VIRTUAL, &t, NULL));
	guest_sleep_ms(60);
	CHECK_EQ(ticks, 0); /* sleeping is no CPU time */
	uint64_t end = guest_now() + 3000000000ULL;

	while (!ticks && guest_now() < end)
		;
	CHECK_EQ(ticks, 1);
	CHECK_OK(setitimer(ITIMER_PROF, &t, NULL));
	while (ticks < 2 && guest_now() < end)
		getppid();
	CHECK_EQ(ticks, 2);
}

TEST(posix_timers)
{
	timer_t timer;
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 55};
	struct itimerspec t = { { 0, 10000000 }, { 0, 20000000 } }, now;

	handle(SIGRTMIN);
	CHECK_OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	CHECK_OK(timer_settime(timer, 0, &t, NULL));
	CHECK(WAIT_UNTIL(ticks >= 2));
	CHECK_EQ(code, SI_TIMER);
	CHECK_EQ(value, 55);
	CHECK_OK(timer_gettime(timer, &now));
	CHECK_EQ(now.it_interval.tv_nsec, 10000000);
	CHECK(now.it_value.tv_nsec <= 10000000);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	guest_sleep_ms(80);
	int before = ticks;

	sigprocmask(SIG_UNBLOCK, &set, NULL);
	CHECK_EQ(ticks, before + 1); /* one signal, however many expiries */
	CHECK(overrun >= 4);
	CHECK_OK(timer_delete(timer));
	before = ticks;
	guest_sleep_ms(30);
	CHECK_EQ(ticks, before);
	CHECK_ERRNO(syscall(SYS_timer_settime, 12345, 0, &t, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_timer_create, 99, &event, &timer), EINVAL);
	event.sigev_signo = 100;
	CHECK_ERRNO(timer_create(CLOCK_REALTIME, &event, &timer), EINVAL);
	event.sigev_notify = SIGEV_NONE;
	CHECK_OK(timer_create(CLOCK_REALTIME, &event, &timer));
	CHECK_OK(timer_settime(timer, 0, &t, NULL));
	CHECK_OK(timer_gettime(timer, &now));
	CHECK(now.it_value.tv_nsec > 0);
	CHECK_EQ(timer_getoverrun(timer), 0);
}

static void on_thread_timer(union sigval v)
{
	ticks++;
}

TEST(timer_that_starts_a_thread)
{
	timer_t timer;
	struct sigevent event = {.sigev_notify = SIGEV_THREAD,
				 .sigev_notify_function = on_thread_timer};
	struct itimerspec t = { { 0 }, { 0, 10000000 } };

	CHECK_OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	CHECK_OK(timer_settime(timer, 0, &t, NULL));
	CHECK(WAIT_UNTIL(ticks == 1));
}

TEST(cpu_times_add_up)
{
	struct rusage self, thread, children;
	struct tms t0, t1;
	clock_t c0 = times(&t0), c1;
	uint64_t wall = guest_now(), cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID);

	burn_ms(60);
	cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wall = guest_now() - wall;
	CHECK(cpu >= 59000000);
	CHECK(cpu <= wall + 20000000);
	c1 = times(&t1);
	CHECK(c1 - c0 >= 5);
	CHECK((t1.tms_utime + t1.tms_stime) - (t0.tms_utime + t0.tms_stime) >= 4);
	CHECK_OK(getrusage(RUSAGE_SELF, &self));
	CHECK_OK(getrusage(RUSAGE_THREAD, &thread));
	CHECK(self.ru_utime.tv_usec + self.ru_stime.tv_usec + self.ru_utime.tv_sec * 1000000 >=
	      50000);
	CHECK_ERRNO(getrusage(5, &self), EINVAL);
	CHECK_EXITED(IN_CHILD(burn_ms(50)), 0);
	getrusage(RUSAGE_CHILDREN, &children);
	CHECK(children.ru_utime.tv_usec + children.ru_stime.tv_usec >= 40000);
	times(&t1);
	CHECK(t1.tms_cutime + t1.tms_cstime >= 4);
	/* A sleeping process uses none. */
	cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	guest_sleep_ms(50);
	CHECK(read_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu < 20000000);
	CHECK(self.ru_nvcsw >= 0);
	getrusage(RUSAGE_SELF, &thread);
	CHECK(thread.ru_nvcsw > 0);
}

TEST(cpu_clock_of_another_process)
{
	pid_t pid = IN_CHILD(for (;;) ;);
	clockid_t clock;

	CHECK_EQ(clock_getcpuclockid(pid, &clock), 0);
	guest_sleep_ms(50);
	CHECK(WAIT_UNTIL(read_clock(clock) > 10000000));
	kill(pid, SIGKILL);
	guest_wait(pid);
	struct timespec t;

	CHECK_ERRNO(clock_gettime(clock, &t), EINVAL);
}

TEST(setting_the_clock_needs_rights)
{
	struct timespec t = { 1, 0 };

	if (getuid())
		guest_skip("needs root");
	CHECK_EXITED(IN_CHILD({
		setuid(1000);
		CHECK_ERRNO(clock_settime(CLOCK_REALTIME, &t), EPERM);
	}), 0);
	CHECK_ERRNO(clock_settime(CLOCK_MONOTONIC, &t), EINVAL);
}

TEST(getcpu_agrees_with_affinity)
{
	unsigned int cpu = 9999, node = 9999;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CHECK_OK(sched_setaffinity(0, sizeof(set), &set));
	CHECK_EQ(sched_getcpu(), 0);
	CHECK_OK(syscall(SYS_getcpu, &cpu, &node, NULL));
	CHECK_EQ(cpu, 0);
	CHECK_EQ(node, 0);
}
