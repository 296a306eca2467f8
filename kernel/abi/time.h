/* SPDX-License-Identifier: MIT */
/*
 * Time as calls take and give it.
 */
#pragma once

#include "lib/types.h"

struct timespec {
	s64 tv_sec;
	long tv_nsec;
};
static_assert(sizeof(struct timespec) == 16, "ABI");

struct timeval {
	s64 tv_sec;
	long tv_usec;
};

struct timezone {
	int tz_minuteswest;
	int tz_dsttime;
};

struct itimerspec {
	struct timespec it_interval;
	struct timespec it_value;
};

struct itimerval {
	struct timeval it_interval;
	struct timeval it_value;
};

#define ITIMER_REAL    0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF    2

#define CLOCK_REALTIME		 0
#define CLOCK_MONOTONIC		 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID	 3
#define CLOCK_MONOTONIC_RAW	 4
#define CLOCK_REALTIME_COARSE	 5
#define CLOCK_MONOTONIC_COARSE	 6
#define CLOCK_BOOTTIME		 7
#define CLOCK_REALTIME_ALARM	 8
#define CLOCK_BOOTTIME_ALARM	 9
#define CLOCK_SGI_CYCLE		 10
#define CLOCK_TAI		 11
#define MAX_CLOCKS		 16
/* Per-process and per-thread CPU clocks of others: (~pid << 3) | kind, bit 2 for a thread. */
#define CPUCLOCK_PROF		0
#define CPUCLOCK_VIRT		1
#define CPUCLOCK_SCHED		2
#define CPUCLOCK_PERTHREAD_MASK 4
#define CPUCLOCK_CLOCK_MASK	3
#define TIMER_ABSTIME		1

/* times(2), in clock ticks of 1/USER_HZ s. */
struct tms {
	long tms_utime;
	long tms_stime;
	long tms_cutime;
	long tms_cstime;
};
#define USER_HZ 100

struct utimbuf {
	long actime;
	long modtime;
};
#define UTIME_NOW  ((1L << 30) - 1L)
#define UTIME_OMIT ((1L << 30) - 2L)

struct __kernel_timex_timeval {
	s64 tv_sec;
	s64 tv_usec;
};

/* adjtimex(2). */
struct timex {
	unsigned int modes;
	int : 32;
	s64 offset;
	s64 freq;
	s64 maxerror;
	s64 esterror;
	int status;
	int : 32;
	s64 constant;
	s64 precision;
	s64 tolerance;
	struct __kernel_timex_timeval time;
	s64 tick;
	s64 ppsfreq;
	s64 jitter;
	int shift;
	int : 32;
	s64 stabil;
	s64 jitcnt;
	s64 calcnt;
	s64 errcnt;
	s64 stbcnt;
	int tai;
	int : 32, : 32, : 32, : 32, : 32, : 32, : 32, : 32, : 32, : 32, : 32;
};
static_assert(sizeof(struct timex) == 208, "ABI");

#define ADJ_OFFSET    0x1
#define ADJ_FREQUENCY 0x2
#define ADJ_MAXERROR  0x4
#define ADJ_ESTERROR  0x8
#define ADJ_STATUS    0x10
#define ADJ_TIMECONST 0x20
#define ADJ_TAI	      0x80
#define ADJ_SETOFFSET 0x100
#define ADJ_MICRO     0x1000
#define ADJ_NANO      0x2000
#define ADJ_TICK      0x4000
#define STA_PLL	      0x1
#define STA_PPSFREQ   0x2
#define STA_PPSTIME   0x4
#define STA_FLL	      0x8
#define STA_INS	      0x10
#define STA_DEL	      0x20
#define STA_UNSYNC    0x40
#define STA_FREQHOLD  0x80
#define STA_PPSSIGNAL 0x100
#define STA_PPSJITTER 0x200
#define STA_PPSWANDER 0x400
#define STA_PPSERROR  0x800
#define STA_CLOCKERR  0x1000
#define STA_NANO      0x2000
#define STA_MODE      0x4000
#define STA_CLK	      0x8000
#define TIME_OK	      0
#define TIME_ERROR    5

/* timerfd */
#define TFD_TIMER_ABSTIME	1
#define TFD_TIMER_CANCEL_ON_SET 2
#define TFD_CLOEXEC		02000000
#define TFD_NONBLOCK		04000
#define TFD_IOC_SET_TICKS	0x40085400
