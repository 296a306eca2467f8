/* SPDX-License-Identifier: MIT */
/*
 * clone, scheduling policies and their parameters.
 */
#pragma once

#include "lib/types.h"

#define CSIGNAL		     0xff /* the exit signal in clone's flags */
#define CLONE_VM	     0x100
#define CLONE_FS	     0x200
#define CLONE_FILES	     0x400
#define CLONE_SIGHAND	     0x800
#define CLONE_PIDFD	     0x1000
#define CLONE_PTRACE	     0x2000
#define CLONE_VFORK	     0x4000
#define CLONE_PARENT	     0x8000
#define CLONE_THREAD	     0x10000
#define CLONE_NEWNS	     0x20000
#define CLONE_SYSVSEM	     0x40000
#define CLONE_SETTLS	     0x80000
#define CLONE_PARENT_SETTID  0x100000
#define CLONE_CHILD_CLEARTID 0x200000
#define CLONE_DETACHED	     0x400000
#define CLONE_UNTRACED	     0x800000
#define CLONE_CHILD_SETTID   0x1000000
#define CLONE_NEWCGROUP	     0x2000000
#define CLONE_NEWUTS	     0x4000000
#define CLONE_NEWIPC	     0x8000000
#define CLONE_NEWUSER	     0x10000000
#define CLONE_NEWPID	     0x20000000
#define CLONE_NEWNET	     0x40000000
#define CLONE_IO	     0x80000000U
#define CLONE_CLEAR_SIGHAND  0x100000000UL
#define CLONE_INTO_CGROUP    0x200000000UL
#define CLONE_NEWTIME	     0x80
#undef CLONE_CLEAR_SIGHAND
#undef CLONE_INTO_CGROUP
/* Only clone3(2): above 32 bits. */
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#define CLONE_INTO_CGROUP   0x200000000ULL

struct clone_args {
	u64 flags;
	u64 pidfd;
	u64 child_tid;
	u64 parent_tid;
	u64 exit_signal;
	u64 stack; /* lowest byte */
	u64 stack_size;
	u64 tls;
	u64 set_tid;
	u64 set_tid_size;
	u64 cgroup;
};
#define CLONE_ARGS_SIZE_VER0 64
#define CLONE_ARGS_SIZE_VER1 80
#define CLONE_ARGS_SIZE_VER2 88
static_assert(sizeof(struct clone_args) == CLONE_ARGS_SIZE_VER2, "ABI");

#define SCHED_NORMAL		  0
#define SCHED_FIFO		  1
#define SCHED_RR		  2
#define SCHED_BATCH		  3
#define SCHED_IDLE		  5
#define SCHED_DEADLINE		  6
#define SCHED_RESET_ON_FORK	  0x40000000
#define SCHED_FLAG_RESET_ON_FORK  0x1
#define SCHED_FLAG_RECLAIM	  0x2
#define SCHED_FLAG_DL_OVERRUN	  0x4
#define SCHED_FLAG_KEEP_POLICY	  0x8
#define SCHED_FLAG_KEEP_PARAMS	  0x10
#define SCHED_FLAG_UTIL_CLAMP_MIN 0x20
#define SCHED_FLAG_UTIL_CLAMP_MAX 0x40
#define SCHED_FLAG_KEEP_ALL	  0x18
#define SCHED_FLAG_UTIL_CLAMP	  0x60
#define SCHED_FLAG_ALL		  0x7f

struct sched_param {
	int sched_priority;
};

struct sched_attr {
	u32 size;
	u32 sched_policy;
	u64 sched_flags;
	s32 sched_nice;
	u32 sched_priority;
	u64 sched_runtime;
	u64 sched_deadline;
	u64 sched_period;
	u32 sched_util_min;
	u32 sched_util_max;
};
#define SCHED_ATTR_SIZE_VER0 48
#define SCHED_ATTR_SIZE_VER1 56
static_assert(sizeof(struct sched_attr) == SCHED_ATTR_SIZE_VER1, "ABI");

#define MIN_NICE (-20)
#define MAX_NICE 19

/* ioprio_set(2) */
#define IOPRIO_CLASS_SHIFT 13
#define IOPRIO_CLASS_NONE  0
#define IOPRIO_CLASS_RT	   1
#define IOPRIO_CLASS_BE	   2
#define IOPRIO_CLASS_IDLE  3
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_WHO_PGRP	   2
#define IOPRIO_WHO_USER	   3
#define IOPRIO_NR_LEVELS   8
