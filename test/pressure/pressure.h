/* SPDX-License-Identifier: MIT */
/*
 * A program that needs more memory than there is and knows what each byte of it must be.
 *
 *	supervisor	starts the workers, watches that they get on, counts (main.c)
 *	churner		a process that meanwhile turns swap off and on, drops caches, reads /proc (churn.c)
 *	worker		one of several processes; some threads, each with an arena of its own (worker.c)
 *	arena		what one thread holds: private regions and their model (arena.c), a file in
 *			memory and a part of a disk (files.c), locked pages (locked.c), hot pages (hot.c)
 *	shared memory	one for all processes (shared.c)
 *	child		forked by a thread, with a snapshot of its arena that it checks while the
 *			parent goes on changing (children.c)
 *
 * Each page is full of words made from (owner, index, version). The model of an arena is the
 * version of each page; versions are never used twice by anybody, so that a stale page, somebody
 * else's page, a zero page or a single wrong byte are all told apart from the right one.
 */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE	   4096UL
#define PAGE_WORDS (PAGE / sizeof(uint64_t))
#define MIB	   (1UL << 20)

#define MAX_WORKERS 16
#define MAX_THREADS 4
#define MAX_ARENAS  (MAX_WORKERS * MAX_THREADS)

struct options {
	unsigned int seconds, mib, processes, threads;
	unsigned int intensity; /* of 100 steps, so many change mappings or fork */
	uint64_t seed;
	const char *disk;	 /* a block device or file made by --make-disk, or NULL */
	const char *second_swap; /* turned off and on at random, or NULL */
	bool drop_caches;	 /* at random */
	bool fail;		 /* let allocations of system calls fail (Quire's debug kernel) */
	unsigned int stall_seconds; /* nobody got on for so long: failed */
};
extern struct options options;

/* What all processes see, in locked memory. */
struct worker_counts {
	_Atomic uint64_t verified, written; /* pages */
	_Atomic uint64_t churn, forks, execs, refused;
	_Atomic uint64_t added; /* to the shared counters */
	char pad[16];
};

struct control {
	_Atomic int stop, errors;
	_Atomic unsigned int ready; /* threads that have filled what is theirs */
	_Atomic uint32_t version;   /* the last one given out */
	_Atomic int snapshots;	    /* children that hold one */
	_Atomic uint64_t swap_turns, swap_refused, cache_drops;
	_Atomic uint64_t longest_turn; /* ms that one swapon or swapoff took */
	struct worker_counts worker[MAX_WORKERS];
};
extern struct control *control;

/* ---- Pages (page.c) -------------------------------------------------------------------------- */

/* A page's contents in one word and an index; version 0: all zero. */
struct tag {
	uint32_t owner, version;
	uint64_t index;
};

uint32_t new_version(void);
void fill_page(void *page, struct tag tag);
/* Does @page hold what @tag says? Says what is wrong otherwise (@what: kind of memory; @address:
 * where the page stands, if @page is a copy), and stops everything. */
bool check_page(const void *page, struct tag tag, const char *what, const void *address);
/* Is every byte zero? */
bool page_is_zero(const void *page);
/* Print one line, count an error, and stop everything. */
void error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The entry of /proc/self/pagemap for @address; 0 if it cannot be read. */
uint64_t pagemap(const void *address);
#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_SWAPPED (1ULL << 62)

/* ---- Arenas (arena.c) ------------------------------------------------------------------------ */

/* Bits of a page's model besides its version. */
#define MAYBE_ZERO   (1u << 31) /* MADV_FREE: its contents or zeros */
#define VERSION_MASK (MAYBE_ZERO - 1)

struct region {
	char *base; /* NULL: not mapped just now */
	size_t pages;
	uint32_t owner;
	uint32_t *model; /* of each page */
};

#define NR_REGIONS 6

struct arena {
	unsigned int worker, thread;
	unsigned int depth; /* of forks; 0 is the worker */
	uint64_t random;
	struct region region[NR_REGIONS];
	struct region locked;
	struct file_part *file, *disk; /* NULL: not for this one */
	pid_t child;
	int fail_fd; /* -1: none */
	bool armed;
};

static inline struct worker_counts *counts(const struct arena *a)
{
	return &control->worker[a->worker];
}

static inline void count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* 0 .. @below - 1. */
uint64_t random_below(struct arena *a, uint64_t below);
/* A call was refused for want of memory (or of what it needs): counted, and false if @err may not
 * be: then it is an error. */
bool tolerated(struct arena *a, const char *call, int err);
/* The next allocations of this thread may fail, until the second one says that it is enough. */
void injection_begins(struct arena *a);
void injection_ends(struct arena *a);

/* A region of @pages zero pages and its model; exits if there is no room even at the start. */
void make_region(struct region *r, size_t pages, uint32_t owner);
bool verify_region_page(struct arena *a, struct region *r, size_t page);
void write_region_page(struct arena *a, struct region *r, size_t page);
void make_arena(struct arena *a, size_t pages);
/* Write every page once. */
void fill_arena(struct arena *a);
/* One step that only reads and writes, or one that changes mappings. */
void touch_step(struct arena *a);
void mapping_step(struct arena *a);
/* Check every page of the regions; @pause: microseconds of sleep after every 64 pages. */
void verify_arena(struct arena *a, unsigned int pause);

/* ---- Locked pages (locked.c) ----------------------------------------------------------------- */

void make_locked(struct arena *a, size_t pages);
/* Contents, and that every page is in memory. */
void locked_step(struct arena *a);

/* ---- Hot pages (hot.c) ----------------------------------------------------------------------- */

void make_hot(struct arena *a);
/* Count in this thread's. */
void hot_step(struct arena *a);
/* Have some thread's paged out. */
void cool_step(struct arena *a);

/* ---- Shared memory (shared.c) ---------------------------------------------------------------- */

/* Before the workers are forked. */
void make_shared(size_t pages);
void shared_step(struct arena *a);
/* When all have ended: what is in it. */
void verify_shared(void);

/* ---- Files in memory and the disk (files.c) -------------------------------------------------- */

void make_files(struct arena *a, size_t file_pages, unsigned int arena_number, unsigned int arenas);
void file_step(struct arena *a);
void disk_step(struct arena *a);
void verify_files(struct arena *a);
/* Write the image of a disk of @mib to @path. */
int make_disk(const char *path, unsigned int mib);

/* ---- Children (children.c) ------------------------------------------------------------------- */

/* Fork or reap a child that checks the arena as it is now. */
void child_step(struct arena *a);
/* Wait for it. */
void child_wait(struct arena *a);
/* Start this program anew, with fresh memory. */
void exec_step(struct arena *a);
/* Its main. */
int exec_check(uint64_t seed);

/* ---- Workers and the churner (worker.c, churn.c) --------------------------------------------- */

/* Never returns. */
void run_worker(unsigned int worker) __attribute__((noreturn));
void run_churner(void) __attribute__((noreturn));
