/* SPDX-License-Identifier: MIT */
/*
 * A small world for tests of address spaces: CPUs with a task each, mms that they run, files in
 * memory. fs/ is a floor above mm/, so the files here are the test's own: an address_space whose
 * pages are the data, and for those that track, what was written back of it.
 */
#pragma once

#include "arch/host/host.h"
#include "mm/mm.h"
#include "mm/pagecache.h"
#include "task/task.h"

/* Start file/ and mm/ on a machine that is powered on, and take the hooks of the floors above. */
void world_set_up(void);
/* Power on with @ram bytes and @cpus CPUs, start page/ and mm/, give each CPU a task without an
 * mm. */
void world_start(u64 ram, unsigned int cpus);

/* A fresh address space with the 64-bit layout (no randomness). */
struct mm_struct *world_mm(void);
/* Be on @cpu, whose task then runs in @mm (no reference is taken), or, @mm NULL, in none. */
void world_run(unsigned int cpu, struct mm_struct *mm);
/* Every CPU that runs @mm leaves it, then the test's reference goes. */
void world_put(struct mm_struct *mm);

/* The signal that the last access of user mode on this CPU raised (0: none) with si_code and
 * si_addr; forgets it. */
struct world_signal {
	int sig, code;
	unsigned long addr;
};
struct world_signal world_take_signal(void);

/* One byte as a program reads or writes it: 0, or the signal. */
int world_peek(unsigned long addr, u8 *byte);
int world_poke(unsigned long addr, u8 byte);

/* mmap in current's mm; @file may be NULL (MAP_ANONYMOUS is added). */
unsigned long world_mmap(struct file *file, unsigned long addr, unsigned long len,
			 unsigned long prot, unsigned long flags, unsigned long pgoff);

/* Audit the world with exact reference counts, and the TLBs; a problem fails the test. */
void world_audit(void);
/* Free pages when all caches are given back: equal before and after if nothing leaked. */
unsigned long world_free_pages(void);

/* A file of @size bytes, zeroed, with one reference. @tracks: a file system with page_mkwrite and
 * write-back, whose mappings learn of the first write to a page; else like tmpfs. */
struct file *world_file(loff_t size, bool tracks);
void world_truncate(struct file *file, loff_t size);
/* Bytes [from, to) of it become zero. */
void world_punch_hole(struct file *file, loff_t from, loff_t to);
/* Read or write one byte of the page cache, as read(2) and write(2) would. */
u8 world_file_peek(struct file *file, unsigned long offset);
void world_file_poke(struct file *file, unsigned long offset, u8 byte);
/* page_mkwrite calls of @file so far. */
unsigned int world_file_mkwrites(struct file *file);

/* For oom_kill's hook: the victim of memory shortage is current, which dies until it is revived. */
void world_kill_victim(struct mm_struct *victim);
void world_revive(void);
