/* SPDX-License-Identifier: MIT */
/* The first page of a swap area, as mkswap(8) writes it, and swapon(2)'s flags. */
#pragma once

#include "lib/types.h"

#define SWAP_FLAG_PREFER	0x8000 /* the low 15 bits are a priority */
#define SWAP_FLAG_PRIO_MASK	0x7fff
#define SWAP_FLAG_DISCARD	0x10000
#define SWAP_FLAG_DISCARD_ONCE	0x20000
#define SWAP_FLAG_DISCARD_PAGES 0x40000

#define SWAP_MAGIC "SWAPSPACE2" /* the last 10 bytes of the page */

struct swap_header {
	u8 boot[1024];
	u32 version; /* 1 */
	u32 last_page;
	u32 nr_badpages;
	u8 uuid[16];
	char volume[16];
	u32 padding[117];
	u32 badpages[637];
	char unused[2];
	char magic[10];
};

static_assert(sizeof(struct swap_header) == 4096, "one page");
static_assert(offsetof(struct swap_header, badpages) == 1536, "mkswap(8)");
