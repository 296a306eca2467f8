/* SPDX-License-Identifier: MIT */
/*
 * The address-space fuzzer: random operations of several processes on several CPUs, each compared
 * with the model (mm_model.h), with an audit of the kernel's state every few steps. CPUs keep their
 * address space loaded while others work, so that what a forgotten flush leaves behind is read or
 * written later; and they fill their caches with what nobody asked for, at any moment.
 *
 *	mm_fuzz_test.c		choices, the run, the comparison
 *	mm_fuzz_access.c	reads and writes: the program's, the kernel's, other processes'
 *	mm_fuzz_map.c		mmap and its family
 *	mm_fuzz_process.c	fork, exec, exit; files
 *	mm_fuzz_swap.c		pages go to swap and come back; areas, too; errors
 */
#pragma once

#include "mm_model.h"
#include "test.h"

#define CPUS	   4
#define HEAP_START (512 + 3 * TABLE_PAGES - 150) /* page of the model: before a table's end */
#define HEAP_END   (512 + 4 * TABLE_PAGES - 1)

extern unsigned int fuzz_step;
/* Which process each CPU has loaded; MODEL_PROCS: none. */
extern unsigned int proc_of_cpu[CPUS];

/* Remember what is done, for the report when the two disagree. */
#define NR_NOTES 64
extern char fuzz_notes[NR_NOTES][112];
extern unsigned int nr_fuzz_notes;
#define NOTE(...)                                                                                  \
	test_snprintf(fuzz_notes[nr_fuzz_notes++ % NR_NOTES], sizeof(fuzz_notes[0]), __VA_ARGS__)

/* What the next AGREE()s are about: page @i of @m. */
void fuzz_about(struct model_mm *m, unsigned int i);
/* Print seed and step, the last notes and the page. */
void fuzz_tell(void);

#define AGREE(what, expected, got)                                                                 \
	do {                                                                                       \
		long __expected = (long)(expected), __got = (long)(got);                           \
		if (__expected != __got) {                                                         \
			fuzz_tell();                                                               \
			test_fail(__FILE__, __LINE__,                                              \
				  "step %u: %s: model %ld (0x%lx), kernel %ld (0x%lx)", fuzz_step, \
				  what, __expected, __expected, __got, __got);                     \
		}                                                                                  \
	} while (0)

/* ---- Choices --------------------------------------------------------------------------------- */

struct range {
	const struct model_segment *segment;
	unsigned int first, end; /* pages of the model */
};

static inline unsigned int below(unsigned int n)
{
	return test_random_below(n);
}

/* A few pages, many, or whole tables. */
struct range random_range(void);
/* The same in the segments whose pages follow one another. */
struct range random_small_range(void);

static inline unsigned long range_addr(struct range r)
{
	return segment_addr(r.segment, r.first);
}

static inline unsigned long range_len(struct range r)
{
	return (r.end - r.first) * r.segment->stride;
}

u8 random_prot(void);
struct model_mm *random_proc(void);
/* Be on a random CPU that runs @m, making one do so if it must. */
void fuzz_run(struct model_mm *m);
/* No CPU runs @m. */
void fuzz_leave(struct model_mm *m);
/* A file with a name. */
struct model_file *random_file(void);

/* Read page @i and compare; on a CPU that runs @m. */
void check_read(struct model_mm *m, unsigned int i);
void set_heap(struct model_mm *m);

/* ---- Operations; @m runs on this CPU --------------------------------------------------------- */

void fuzz_access(struct model_mm *m);
void fuzz_fill(struct model_mm *m);
void fuzz_user_copy(struct model_mm *m);
void fuzz_remote(struct model_mm *m);

void fuzz_mmap(struct model_mm *m);
void fuzz_munmap(struct model_mm *m);
void fuzz_mprotect(struct model_mm *m);
void fuzz_madvise(struct model_mm *m);
void fuzz_mlock(struct model_mm *m);
void fuzz_mremap_move(struct model_mm *m);
void fuzz_mremap_in_place(struct model_mm *m);
void fuzz_brk(struct model_mm *m);

void fuzz_fork(struct model_mm *m);
void fuzz_fork_line(struct model_mm *m);
void fuzz_exit(struct model_mm *m);
void fuzz_exec(struct model_mm *m);
void fuzz_file_write(struct model_mm *m);
void fuzz_truncate(struct model_mm *m);
void fuzz_punch_hole(struct model_mm *m);
void fuzz_sync(struct model_mm *m);

void fuzz_page_out(struct model_mm *m);
void fuzz_swap_arrive(struct model_mm *m);
void fuzz_reclaim(struct model_mm *m);
void fuzz_advise_reclaim(struct model_mm *m);
void fuzz_swapoff(struct model_mm *m);
void fuzz_write_error(struct model_mm *m);
void fuzz_read_error(struct model_mm *m);

/* ---- Swap (mm_fuzz_swap.c) ------------------------------------------------------------------- */

/* What the kernel keeps since there was an area for the first time, it keeps from here on. */
void fuzz_swap_once(void);
/* Two areas; @small: memory is short all the time, and they are large. */
void fuzz_swap_begin(bool small);
/* All that was being written is, and is freed. */
void fuzz_swap_settle(void);
/* All processes are gone: no slot is in use; nor are the areas from here on. Returns the pages that
 * reclaim keeps since it was first needed. */
unsigned long fuzz_swap_end(void);
/* The sum of all processes' shares in slots, in bytes, of @vmas VMAs, is these slots. */
void fuzz_compare_swap(u64 swap_pss, unsigned long vmas);
