/* SPDX-License-Identifier: MIT */
/* One process with an address space of its own, for the tests of mmap and its family. */
#pragma once

#include "mm_world.h"
#include "test.h"

#include "base/fault_inject.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/internal.h"
#include "sched/sched.h"

#define P    PAGE_SIZE
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW   (PROT_READ | PROT_WRITE)

extern struct mm_struct *mm;		 /* current's */
extern struct signal_struct test_signal; /* current's; all limits are off */

void setup(void);
/* Audit, leave the address space and see that its charge came back. */
void teardown(void);
/* current is root no more. */
void drop_capabilities(void);
/* Anonymous memory; an address or an errno. */
unsigned long map(unsigned long addr, unsigned long pages, unsigned long prot, unsigned long flags);
/* Readable and writable, anywhere. */
unsigned long area(unsigned long pages);
/* The VMAs from @start on, one "r-xp:pages" each; holes between them as "hole:pages". */
const char *layout(unsigned long start);
