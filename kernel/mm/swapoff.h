/* SPDX-License-Identifier: MIT */
/* swapoff: what swap_area.c and swapoff.c need of one another. */
#pragma once

#include "mm/mm_types.h"

/* Bring back what the closed area @type holds: 0, -ENOMEM, -EIO, -EINTR (some of it may be back
 * then). May sleep; no locks held. */
int try_to_unuse(unsigned int type);
/* Slots of area @type in use, at a glance. */
unsigned long swap_area_used(unsigned int type);
