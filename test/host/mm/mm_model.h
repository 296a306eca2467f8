/* SPDX-License-Identifier: MIT */
/*
 * The dumb model of address spaces that mm_fuzz_test.c compares the kernel with. A window of pages
 * around an address where tables of every level meet; for each page of each process: what is mapped
 * there, what it holds, and what rights it has. A page's content is two bytes, its first and its
 * last. fork copies all of it.
 */
#pragma once

#include "mm_world.h"

#define MODEL_PAGES 256
#define MODEL_HALF  (MODEL_PAGES / 2)
#define MODEL_BASE                                                                                 \
	(PGDIR_SIZE - MODEL_HALF * PAGE_SIZE) /* 512 GiB, 1 GiB, 2 MiB boundaries in the middle */
#define MODEL_PROCS 5
#define MODEL_FILES 24
#define FILE_PAGES  48

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
	bool dontfork, wipeonfork;
	struct model_file *file; /* NULL: anonymous */
	unsigned int index;	 /* in file */
	struct content content;
};

struct model_mm {
	struct mm_struct *mm; /* NULL: no such process */
	struct model_page pages[MODEL_PAGES];
	unsigned int brk; /* page where the heap ends; it starts at HEAP_START */
};

extern struct model_mm procs[MODEL_PROCS];
extern struct model_file files[MODEL_FILES];

static inline unsigned long model_addr(unsigned int page)
{
	return MODEL_BASE + page * PAGE_SIZE;
}

/* The signal that an access to @page is to raise, 0 if none. */
int model_signal(const struct model_page *page, enum host_access access);
/* What a read of @page is to find. */
struct content model_read(const struct model_page *page);
/* A write of one byte (@last: the last, else the first). */
void model_write(struct model_page *page, bool last, u8 byte);
/* The mapping goes. */
void model_unmap(struct model_page *page);
/* madvise(DONTNEED) on a mapped page. */
void model_drop(struct model_page *page);
void model_fork(struct model_mm *child, const struct model_mm *parent);
/* Pages of @file from @size bytes on are cut off; or it grows. */
void model_truncate(struct model_file *file, unsigned long size);
/* A free entry for a file; NULL. Entries of anonymous files without mappings become free first. */
struct model_file *model_new_file(void);
