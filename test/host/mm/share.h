/* SPDX-License-Identifier: MIT */
/*
 * What the tests of sharing by fork are written with: a parent, a child and a grandchild with full
 * page tables, and bytes that tell whose they are. Nothing here knows whether fork shares tables or
 * copies entries.
 *
 *	CPU 0 and 1: two threads of the parent	2: the child	3: the grandchild
 */
#pragma once

#include "mm_world.h"
#include "test.h"

#include "lib/err.h"
#include "mm/internal.h"
#include "abi/signal.h"

#define RW	  (PROT_READ | PROT_WRITE)
#define PAGES(n)  ((n)*PAGE_SIZE)
#define TABLE	  512 /* pages */
#define TABLES(n) ((n)*PMD_SIZE)
#define BASE	  (7 * PUD_SIZE + TABLES(100)) /* a table begins here, and many follow */

extern struct mm_struct *parent, *child, *grandchild;

/* What fork shares: 0: as it does, 1: whatever it can, 2: whole gigabytes only where there are many
 * tables. */
#define POLICIES 3
void share_policy(unsigned int policy);

/* A world with a parent that runs on CPU 0 and 1. */
void share_start(void);
/* The parent and whoever is left go; the audit, and nothing leaked. */
void share_finish(void);
/* On the CPU of @mm (the parent's first). */
void on(struct mm_struct *mm);
/* Fork from @mm: the child if it is the parent, else the grandchild. */
struct mm_struct *share_fork(struct mm_struct *mm);
/* @mm ends. */
void end(struct mm_struct **mm);

void share_map(unsigned long addr, unsigned long pages, unsigned long flags);
/* Page @i of [addr, addr + pages) gets or holds what @tag gives it; @tag 0: zero. */
u8 tagged(unsigned int tag, unsigned long i);
void fill(unsigned long addr, unsigned long pages, unsigned int tag);
void expect(unsigned long addr, unsigned long pages, unsigned int tag);
/* Pages [from, to) of what was filled at @addr. */
void fill_part(unsigned long addr, unsigned long from, unsigned long to, unsigned int tag);
void expect_part(unsigned long addr, unsigned long from, unsigned long to, unsigned int tag);
u8 peek(unsigned long addr);
void poke(unsigned long addr, u8 byte);
/* An access raises @sig. */
void expect_signal(unsigned long addr, int sig);

long anon(struct mm_struct *mm);
/* Bytes: @mm's share, as smaps has it, of its private pages. */
u64 anon_share(struct mm_struct *mm);
