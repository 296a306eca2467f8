/* SPDX-License-Identifier: MIT */
/* Scheduling: policies, priorities, nice, affinity, yield, fairness. */
#include "guest.h"
#include <pthread.h>

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

TEST(policies)
{
	struct sched_param p = { 0 };

	if (getuid())
		guest_skip("needs root");
	CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
	CHECK_OK(sched_getparam(0, &p));
	CHECK_EQ(p.sched_priority, 0);
	p.sched_priority = 10;
	CHECK_ERRNO(sched_setscheduler(0, SCHED_OTHER, &p), EINVAL);
	CHECK_OK(sched_setscheduler(0, SCHED_FIFO, &p));
	CHECK_EQ(sched_getscheduler(0), SCHED_FIFO);
	CHECK_OK(sched_getparam(0, &p));
	CHECK_EQ(p.sched_priority, 10);
	p.sched_priority = 20;
	CHECK_OK(sched_setparam(0, &p));
	CHECK_EXITED(IN_CHILD({
		CHECK_EQ(sched_getscheduler(0), SCHED_FIFO); /* inherited */
		sched_getparam(0, &p);
		CHECK_EQ(p.sched_priority, 20);
	}), 0);
	CHECK_OK(sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &p));
	CHECK_EQ(sched_getscheduler(0), SCHED_RR | SCHED_RESET_ON_FORK);
	CHECK_EXITED(IN_CHILD(CHECK_EQ(sched_getscheduler(0), SCHED_OTHER)), 0);
	struct timespec t;

	CHECK_OK(sched_rr_get_interval(0, &t));
	CHECK(t.tv_sec == 0 && t.tv_nsec >= 1000000);
	p.sched_priority = 0;
	CHECK_ERRNO(sched_setscheduler(0, SCHED_FIFO, &p), EINVAL);
	CHECK_OK(sched_setscheduler(0, SCHED_BATCH, &p));
	CHECK_EQ(sched_getscheduler(0), SCHED_BATCH);
	CHECK_OK(sched_setscheduler(0, SCHED_IDLE, &p));
	CHECK_OK(sched_setscheduler(0, SCHED_OTHER, &p));
	CHECK_ERRNO(sched_setscheduler(0, 77, &p), EINVAL);
	CHECK_ERRNO(sched_setscheduler(9999999, SCHED_OTHER, &p), ESRCH);
	CHECK_ERRNO(sched_setscheduler(-1, SCHED_OTHER, &p), EINVAL);
	CHECK_EQ(sched_get_priority_max(SCHED_FIFO), 99);
	CHECK_EQ(sched_get_priority_min(SCHED_RR), 1);
	CHECK_EQ(sched_get_priority_max(SCHED_OTHER), 0);
	CHECK_ERRNO(sched_get_priority_max(99), EINVAL);
}

TEST(rights)
{
	if (getuid())
		guest_skip("needs root");
	CHECK_EXITED(IN_CHILD({
		struct sched_param p = { 1 };

		setuid(1000);
		CHECK_ERRNO(sched_setscheduler(0, SCHED_FIFO, &p), EPERM);
		errno = 0;
		CHECK_EQ(nice(5), 5);
		CHECK_ERRNO(setpriority(PRIO_PROCESS, 0, 3), EACCES);
		CHECK_ERRNO(setpriority(PRIO_PROCESS, 1, 3), EPERM);
		CHECK_OK(setpriority(PRIO_PROCESS, 0, 10));
	}), 0);
}

TEST(nice_values)
{
	CHECK_OK(setpriority(PRIO_PROCESS, 0, 7));
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 7);
	CHECK_OK(setpriority(PRIO_PROCESS, 0, 100)); /* cut to the range */
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 19);
	errno = 0;
	if (getuid() == 0) {
		CHECK_OK(setpriority(PRIO_PROCESS, 0, -100));
		CHECK_EQ(getpriority(PRIO_PROCESS, 0), -20);
		CHECK_EQ(errno, 0);
	}
	CHECK_ERRNO(getpriority(7, 0), EINVAL);
	CHECK_ERRNO(getpriority(PRIO_PROCESS, 9999999), ESRCH);
	CHECK_OK(setpriority(PRIO_PGRP, 0, 0));
}

TEST(attributes)
{
	struct attr a = { .size = sizeof(a) };

	CHECK_OK(syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0));
	CHECK_EQ(a.policy, SCHED_OTHER);
	CHECK_EQ(a.size >= 48, 1);
	a = (struct attr){ .size = 48, .policy = SCHED_OTHER, .nice = 4 };
	CHECK_OK(syscall(SYS_sched_setattr, 0, &a, 0));
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 4);
	CHECK_ERRNO(syscall(SYS_sched_setattr, 0, &a, 1), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_getattr, 0, &a, 10, 0), EINVAL);
}

TEST(affinity)
{
	cpu_set_t set, all;
	int cpus;

	CHECK_OK(sched_getaffinity(0, sizeof(all), &all));
	cpus = CPU_COUNT(&all);
	CHECK(cpus >= 1);
	for (int i = 0; i < 8; i++) {
		if (!CPU_ISSET(i, &all))
			continue;
		CPU_ZERO(&set);
		CPU_SET(i, &set);
		CHECK_OK(sched_setaffinity(0, sizeof(set), &set));
		CHECK_EQ(sched_getcpu(), i); /* it has moved at once */
		CHECK_OK(sched_getaffinity(0, sizeof(set), &set));
		CHECK_EQ(CPU_COUNT(&set), 1);
		CHECK_EXITED(IN_CHILD(CHECK_EQ(sched_getcpu(), i)), 0);
	}
	CPU_ZERO(&set);
	CHECK_ERRNO(sched_setaffinity(0, sizeof(set), &set), EINVAL);
	CPU_SET(900, &set);
	CHECK_ERRNO(sched_setaffinity(0, sizeof(set), &set), EINVAL);
	CHECK_ERRNO(sched_getaffinity(0, 1, &set), EINVAL);
	CHECK_ERRNO(sched_getaffinity(9999999, sizeof(set), &set), ESRCH);
	CHECK_OK(sched_setaffinity(0, sizeof(all), &all));
	/* Moving another, running, task. */
	pid_t pid = IN_CHILD(for (;;) ;);

	for (int i = 0; i < cpus; i++) {
		CPU_ZERO(&set);
		CPU_SET(i, &set);
		CHECK_OK(sched_setaffinity(pid, sizeof(set), &set));
		guest_sleep_ms(5);
	}
	kill(pid, SIGKILL);
	guest_wait(pid);
}

TEST(threads_are_spread)
{
	cpu_set_t all;
	volatile int *seen = guest_shared(PAGE);

	sched_getaffinity(0, sizeof(all), &all);
	for (int i = 0; i < 4 || i < CPU_COUNT(&all); i++)
		IN_CHILD({
			uint64_t end = guest_now() + 200000000;

			while (guest_now() < end)
				seen[sched_getcpu()] = 1;
		});
	while (wait(NULL) > 0)
		;
	for (int i = 0; i < 8; i++)
		if (CPU_ISSET(i, &all) &&
		    guest_is_quire()) /* elsewhere other programs may hold a CPU */
			CHECK_EQ(seen[i], 1);
}

static unsigned long work_for(int nice_value, volatile unsigned long *count, volatile int *stop)
{
	setpriority(PRIO_PROCESS, 0, nice_value);
	while (!*stop)
		++*count;
	return 0;
}

/* On one CPU: equal tasks get about equal shares, and a nice one less, but not nothing. */
TEST(fair_shares)
{
	volatile unsigned long *counts = guest_shared(PAGE);
	volatile int *stop = (void *)(counts + 8);
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (int i = 0; i < 3; i++)
		IN_CHILD(work_for(i == 2 ? 10 : 0, &counts[i], stop));
	guest_sleep_ms(600);
	*stop = 1;
	while (wait(NULL) > 0)
		;
	CHECK(counts[0] < counts[1] * 3 && counts[1] < counts[0] * 3);
	CHECK(counts[2] > 0);
	CHECK(counts[2] < counts[0] && counts[2] < counts[1]);
}

TEST(realtime_before_fair)
{
	volatile unsigned long *counts = guest_shared(PAGE);
	volatile int *stop = (void *)(counts + 8);
	struct sched_param p = { 5 };
	cpu_set_t one;

	if (getuid())
		guest_skip("needs root");
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	p.sched_priority = 10;
	CHECK_OK(sched_setscheduler(0, SCHED_FIFO, &p));
	pid_t low = IN_CHILD({
		struct sched_param none = { 0 };

		sched_setscheduler(0, SCHED_OTHER, &none);
		work_for(0, &counts[0], stop);
	});

	guest_sleep_ms(10);
	p.sched_priority = 5;
	pid_t high = IN_CHILD({
		sched_setscheduler(0, SCHED_FIFO, &p);
		uint64_t end = guest_now() + 100000000;
		unsigned long before = counts[0];

		while (guest_now() < end)
			;
		counts[1] = counts[0] - before;
	});

	CHECK_EXITED(high, 0);
	CHECK(counts[1] < 1000); /* the fair one had no turn */
	*stop = 1;
	CHECK_EXITED(low, 0);
}

TEST(yield_lets_others_run)
{
	volatile int *turn = guest_shared(PAGE);
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	pid_t pid = IN_CHILD({
		for (int i = 0; i < 200; i++) {
			while (*turn != 1)
				sched_yield();
			*turn = 0;
		}
	});

	for (int i = 0; i < 200; i++) {
		while (*turn != 0)
			sched_yield();
		*turn = 1;
	}
	CHECK_EXITED(pid, 0);
}
