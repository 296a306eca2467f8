/* SPDX-License-Identifier: MIT */
/* Names of the kernel's functions, for backtraces. The table is made by tools/mksyms.awk and linked
 * in (base/base.mk). */
#pragma once

#include "lib/types.h"

#define KSYM_NAME_MAX 128

/* Name of the function that holds @addr, its distance from the function's start and the function's
 * size in bytes; NULL if the table has none. Any context. */
const char *ksym_lookup(unsigned long addr, unsigned long *offset, unsigned long *size);
/* Write "function+0x12/0x40", or the bare address where no function is known. Any context. */
void ksym_format(char *buf, size_t size, unsigned long addr);
