/* SPDX-License-Identifier: MIT */
/* swapoff: what swap_area.c and swapoff.c need of one another; and finding entries. */
#pragma once

#include "mm/swap.h"
#include "mm/mm_types.h"

/* Bring back what the closed area @type holds: 0, -ENOMEM, -EIO, -EINTR (some of it may be back
 * then). May sleep; no locks held. */
int try_to_unuse(unsigned int type);
/* Slots of area @type in use, at a glance. */
unsigned long swap_area_used(unsigned int type);

/* Move *addr up to the next entry of area @type (or SWAP_ANY_AREA) below @end: that; val 0: there is
 * none. mmap_lock held; takes rmap_lock. May sleep. */
#define SWAP_ANY_AREA ~0u
swp_entry_t next_swap_entry(struct vm_area_struct *vma, unsigned long *addr, unsigned long end,
			    unsigned int type);
