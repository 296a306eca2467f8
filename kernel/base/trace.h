/* SPDX-License-Identifier: MIT */
/*
 * The trace: what happened, in one ring of fixed-size records per CPU. Off, an event costs one test
 * of a flag.
 */
#pragma once

#include "lib/types.h"

enum trace_type {
	TRACE_NONE,
	/* type		   a			b */
	TRACE_CLONE,	   /* child's pid		clone flags */
	TRACE_EXEC,	   /* entry point		stack pointer */
	TRACE_EXIT,	   /* exit code		0 */
	TRACE_SWITCH,	   /* next pid		state of the previous task (the record's pid) */
	TRACE_WAKEUP,	   /* woken pid		CPU it goes to */
	TRACE_SYSCALL,	   /* number		result */
	TRACE_FAULT,	   /* address		case (low 8 bits), duration in ns (rest) */
	TRACE_COPY_PAGE,   /* frame from		frame to */
	TRACE_SHARE_TABLE, /* frame of table	level */
	TRACE_COPY_TABLE,  /* frame from		frame to */
	TRACE_MMAP,	   /* start		length */
	TRACE_MUNMAP,	   /* start		length */
	TRACE_MPROTECT,	   /* start		length */
	TRACE_BRK,	   /* old			new */
	TRACE_RECLAIM,	   /* pages wanted		pages freed */
	TRACE_SWAP_OUT,	   /* frame		swap entry */
	TRACE_SWAP_IN,	   /* frame		swap entry */
	TRACE_TLB_FLUSH,   /* start		mask of CPUs asked */
	TRACE_MARK,	   /* free			free */
	NR_TRACE_TYPES
};

struct trace_record {
	u64 time; /* ns since boot */
	u16 type; /* enum trace_type */
	u16 cpu;
	u32 pid;
	u64 a, b;
};
static_assert(sizeof(struct trace_record) == 32, "two records to a cache line");

extern bool trace_enabled; /* read by trace() only */
void trace_write(enum trace_type type, u32 pid, u64 a, u64 b);

/* Record an event of this CPU. Any context. */
static inline void trace(enum trace_type type, u32 pid, u64 a, u64 b)
{
	if (unlikely(READ_ONCE(trace_enabled)))
		trace_write(type, pid, a, b);
}

/* Record from now on. @rings[cpu]: memory for @records (a power of two) records for each CPU, NULL
 * for none; it stays the caller's, and must live until trace_stop() and all trace_read()s have
 * returned. Not while recording. */
void trace_start(struct trace_record *const rings[], unsigned int records);
void trace_stop(void);
/*
 * Read @cpu's ring from *@pos (0: its beginning) on: up to @n records to @buf; returns how many.
 * *@pos moves on; records that were overwritten before they were read are added to *@lost. Any
 * context, also while recording.
 */
unsigned int trace_read(unsigned int cpu, u64 *pos, struct trace_record *buf, unsigned int n,
			u64 *lost);
