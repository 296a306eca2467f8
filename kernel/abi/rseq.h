/* SPDX-License-Identifier: MIT */
/*
 * Restartable sequences.
 */
#pragma once

#include "lib/types.h"

#define RSEQ_FLAG_UNREGISTER		1
#define RSEQ_CPU_ID_UNINITIALIZED	(-1)
#define RSEQ_CPU_ID_REGISTRATION_FAILED (-2)

struct rseq_cs {
	u32 version; /* 0 */
	u32 flags;
	u64 start_ip;
	u64 post_commit_offset;
	u64 abort_ip;
} __aligned(32);

/* In user memory, one for each thread. */
struct rseq {
	u32 cpu_id_start;
	u32 cpu_id;
	u64 rseq_cs;
	u32 flags;
} __aligned(32);
static_assert(sizeof(struct rseq) == 32, "ABI");
