/* SPDX-License-Identifier: MIT */
/*
 * The vDSO: a small shared object mapped into every program, whose functions read the clock and the
 * CPU's number without entering the kernel. What they cannot answer they pass on to the system
 * call. Built apart from the kernel (arch.mk), for user mode.
 */
#include "arch/x86_64/vdso/vdso_data.h"
#include "abi/time.h"
#include "abi/unistd.h"

struct getcpu_cache;

int __vdso_clock_gettime(clockid_t clock, struct timespec *ts);
int __vdso_clock_getres(clockid_t clock, struct timespec *res);
int __vdso_gettimeofday(struct timeval *tv, struct timezone *tz);
long __vdso_time(long *t);
long __vdso_getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused);

/* The page below this object (vdso.lds). */
extern const struct vdso_data vdso_data __attribute__((visibility("hidden")));

/* Selector whose limit is the CPU's number (asm/ptrace.h). */
#define CPUNODE_SEL 0x7b

static inline long system_call2(long nr, long a, long b)
{
	long ret;

	__asm__ __volatile__("syscall"
			     : "=a"(ret)
			     : "a"(nr), "D"(a), "S"(b)
			     : "rcx", "r11", "memory");
	return ret;
}

int __vdso_clock_gettime(clockid_t clock, struct timespec *ts)
{
	s64 offset;
	u64 ns;

	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		ns = vdso_read_clock(&vdso_data, &offset) + offset;
		break;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		ns = vdso_read_clock(&vdso_data, &offset);
		break;
	default:
		return system_call2(__NR_clock_gettime, clock, (long)ts);
	}
	ts->tv_sec = ns / NSEC_PER_SEC;
	ts->tv_nsec = ns % NSEC_PER_SEC;
	return 0;
}

int __vdso_clock_getres(clockid_t clock, struct timespec *res)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
		if (res)
			*res = (struct timespec){0, 1};
		return 0;
	default:
		return system_call2(__NR_clock_getres, clock, (long)res);
	}
}

int __vdso_gettimeofday(struct timeval *tv, struct timezone *tz)
{
	s64 offset;
	u64 us;

	if (tz)
		return system_call2(__NR_gettimeofday, (long)tv, (long)tz);
	if (tv) {
		us = (vdso_read_clock(&vdso_data, &offset) + offset) / NSEC_PER_USEC;
		tv->tv_sec = us / USEC_PER_SEC;
		tv->tv_usec = us % USEC_PER_SEC;
	}
	return 0;
}

long __vdso_time(long *t)
{
	s64 offset;
	long now = (vdso_read_clock(&vdso_data, &offset) + offset) / NSEC_PER_SEC;

	if (t)
		*t = now;
	return now;
}

long __vdso_getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused)
{
	unsigned int limit;

	__asm__ __volatile__("lsl %1, %0" : "=r"(limit) : "r"(CPUNODE_SEL));
	if (cpu)
		*cpu = limit & 0xfff;
	if (node)
		*node = limit >> 12;
	return 0;
}

#define ALIAS(name) __attribute__((weak, alias("__vdso_" #name)))
int clock_gettime(clockid_t clock, struct timespec *ts) ALIAS(clock_gettime);
int clock_getres(clockid_t clock, struct timespec *res) ALIAS(clock_getres);
int gettimeofday(struct timeval *tv, struct timezone *tz) ALIAS(gettimeofday);
long time(long *t) ALIAS(time);
long getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused) ALIAS(getcpu);
