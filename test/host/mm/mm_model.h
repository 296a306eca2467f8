/* SPDX-License-Identifier: MIT */
/*
 * The dumb model of address spaces that the fuzzer (mm_fuzz.h) compares the kernel with. Windows of
 * pages where tables of every level meet; for each page of each process: what is mapped there, what
 * it holds, and what rights it has. A page's content is two bytes, its first and its last. fork
 * copies all of it.
 *
 *	corner	 512 pages around a multiple of 512 GiB: every table ends in its middle
 *	dense	2048 pages, four whole page tables around a multiple of 1 GiB: few pages or all
 *	wide	 768 pages, each with 2 MiB of a mapping behind it that nobody touches: tables with
 *		 one entry, and page-middle tables that are full
 */
#pragma once

#include "mm_world.h"

#define TABLE_PAGES 512
#define MODEL_PAGES (512 + 2048 + 768)
#define MODEL_PROCS 8
#define MODEL_FILES 32
#define FILE_PAGES  640
#define NR_SEGMENTS 3
enum { CORNER, DENSE, WIDE };

struct model_segment {
	unsigned int first, end; /* pages of the model */
	unsigned long base;	 /* address of the first */
	unsigned long stride;	 /* bytes from one to the next */
};

extern const struct model_segment segments[NR_SEGMENTS];

struct content {
	u8 first, last;
};

/* A file, or the memory of one shared anonymous mapping. */
struct model_file {
	bool used, anonymous;
	struct file *file;  /* NULL if anonymous: the mappings hold it */
	unsigned long size; /* bytes */
	struct content pages[FILE_PAGES];
};

struct model_page {
	bool mapped, shared, own; /* own: a private copy, in @content */
	u8 prot;
	bool dontfork, wipeonfork, locked;
	struct model_file *file; /* NULL: anonymous */
	unsigned int index;	 /* in file */
	struct content content;
};

struct model_mm {
	struct mm_struct *mm; /* NULL: no such process */
	struct model_page pages[MODEL_PAGES];
	unsigned int brk;   /* page where the heap ends; it starts at HEAP_START */
	unsigned int depth; /* forks between the first process and this one */
};

extern struct model_mm procs[MODEL_PROCS];
extern struct model_file files[MODEL_FILES];

/* The segment of page @page. */
static inline const struct model_segment *segment_of(unsigned int page)
{
	const struct model_segment *s = segments;

	while (page >= s->end)
		s++;
	return s;
}

/* Address of page @page of @s, or, @page its end, where it ends. */
static inline unsigned long segment_addr(const struct model_segment *s, unsigned int page)
{
	return s->base + (page - s->first) * s->stride;
}

static inline unsigned long model_addr(unsigned int page)
{
	return segment_addr(segment_of(page), page);
}

/* The signal that an access to @page is to raise, 0 if none. */
int model_signal(const struct model_page *page, enum host_access access);
/* Is @page of a file, and beyond its end? */
bool model_beyond_file(const struct model_page *page);
/* What a read of @page is to find. */
struct content model_read(const struct model_page *page);
/* A write of one byte (@last: the last, else the first). */
void model_write(struct model_page *page, bool last, u8 byte);
/* @page, which may be written, is made present as for a write: a private one is copied now, and
 * sees no later change of the file. */
void model_populate(struct model_page *page);
/* The mapping goes. */
void model_unmap(struct model_page *page);
/* madvise(DONTNEED) on a mapped page. */
void model_drop(struct model_page *page);
void model_fork(struct model_mm *child, const struct model_mm *parent);
/* Pages of @file from @size bytes on are cut off; or it grows. */
void model_truncate(struct model_file *file, unsigned long size);
/* Pages that @m has for itself: copies of files' and anonymous ones. */
long model_own_pages(const struct model_mm *m);
/* A free entry for a file; NULL. Entries of anonymous files without mappings become free first. */
struct model_file *model_new_file(void);
