/* SPDX-License-Identifier: MIT */
/*
 * What sysinfo(2) returns.
 */
#pragma once

#include "lib/types.h"

#define SI_LOAD_SHIFT 16

struct sysinfo {
	long uptime;		/* s */
	unsigned long loads[3]; /* 1, 5, 15 minutes, << SI_LOAD_SHIFT */
	unsigned long totalram; /* these in units of mem_unit bytes */
	unsigned long freeram;
	unsigned long sharedram;
	unsigned long bufferram;
	unsigned long totalswap;
	unsigned long freeswap;
	u16 procs;
	u16 pad;
	unsigned long totalhigh;
	unsigned long freehigh;
	u32 mem_unit;
};
static_assert(sizeof(struct sysinfo) == 112, "ABI");
