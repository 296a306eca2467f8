/* SPDX-License-Identifier: MIT */
/* When memory has run out. */
#pragma once

#include "lib/types.h"

struct mm_struct;

#define OOM_SCORE_ADJ_MIN (-1000)
#define OOM_SCORE_ADJ_MAX 1000

/* How much killing @mm's users would give back, in pages, shifted by their oom_score_adj; LONG_MIN:
 * they are not to be killed. */
long oom_badness(const struct mm_struct *mm);

/* A fault of current found no memory: choose the address space with the most pages of its own, say
 * so in the log, and kill who uses it. Returns when current may try again (somebody was killed,
 * perhaps current). No locks held; may sleep. */
void out_of_memory(void);
