/* SPDX-License-Identifier: MIT */
/*
 * Reading the headers of ELF programs, x86-64 and i386, with Linux's judgement of what is
 * acceptable.
 *
 * exec reads the first bytes of the file, calls elf_parse_header, reads the program header table
 * that it names and calls elf_parse_segments; likewise for the interpreter. Nothing here allocates.
 */
#pragma once

#include "abi/elf.h"
#include "lib/types.h"

/* A program header table larger than a page is refused, as by Linux 6.1; later ones take 64 KiB. */
#define ELF_MAX_PHDRS_SIZE 4096
#define ELF_MAX_SEGMENTS   (ELF_MAX_PHDRS_SIZE / sizeof(Elf32_Phdr))

enum elf_stack {
	ELF_STACK_DEFAULT, /* no PT_GNU_STACK: the personality decides */
	ELF_STACK_NOEXEC,
	ELF_STACK_EXEC,
};

/* The file header, of either class. */
struct elf_header {
	bool is_32bit;
	u16 type; /* ET_EXEC or ET_DYN */
	u16 machine;
	u16 phnum;
	u16 phentsize;
	u64 entry;
	u64 phoff;
	size_t phdrs_size; /* bytes to read at phoff, 1..ELF_MAX_PHDRS_SIZE */
};

/* A PT_LOAD. Pages: file offset ALIGN_DOWN(offset) goes to ALIGN_DOWN(vaddr). */
struct elf_segment {
	u64 vaddr;
	u64 offset;
	u64 filesz; /* <= memsz; bytes beyond are zero */
	u64 memsz;
	u32 flags; /* PF_R, PF_W, PF_X */
};

/* About 5 KiB: not for the stack. All addresses are without load bias. */
struct elf_info {
	struct elf_header header;

	/* In the order of the file, in which they are mapped: where two overlap, the later one
	 * wins, as on Linux (neighbours often share a page). */
	struct elf_segment load[ELF_MAX_SEGMENTS];
	unsigned int nr_load;

	u64 min_vaddr; /* page aligned; both 0 without PT_LOAD */
	u64 max_vaddr; /* end of the last byte of memory: where brk begins, before alignment */
	u64 align;     /* greatest power of two among p_align, at least a page: for a random base */

	u64 interp_offset; /* PT_INTERP; size 0: none. The size counts the NUL. */
	u32 interp_size;
	enum elf_stack stack;
	u64 phdr_vaddr; /* where the loaded program finds its program headers; 0: nowhere */

	u64 start_code, end_code, start_data, end_data; /* for mm_struct */
};

/*
 * Judge the first bytes of a file. @len: how many there are; missing ones count as zero.
 * 0, or -ENOEXEC: not an ELF program for this machine.
 */
int elf_parse_header(const void *buf, size_t len, struct elf_header *header);

/*
 * Decode the program headers. @phdrs holds @len bytes read at header->phoff; @task_size is the end
 *of the program's address space. 0, or -ENOEXEC	the table is cut off, or PT_INTERP has an
 *impossible length; -EINVAL	a segment or the entry point cannot be mapped. Linux notices that
 *only after it has thrown the old program away, so that the process dies with SIGSEGV.
 */
int elf_parse_segments(const struct elf_header *header, const void *phdrs, size_t len,
		       u64 task_size, struct elf_info *info);

/* @path: the interp_size bytes at interp_offset. 0, or -ENOEXEC if they do not end with a NUL. */
int elf_check_interp(const char *path, size_t size);
