/* SPDX-License-Identifier: MIT */
/* One exec under way: what exec.c and the binary formats share. */
#pragma once

#include "parse/shebang.h"
#include "mm/mm.h"

struct file;
struct cred;

#define MAX_ARG_STRLEN (32 * PAGE_SIZE)
#define MAX_ARG_STRINGS 0x7fffffff
#define MAX_INTERP_LEVELS 5

struct linux_binprm {
	char buf[BINPRM_BUF_SIZE]; /* first bytes of file, zero-filled */
	size_t buf_len;
	struct file *file;	   /* what is loaded: the program, or at last the script's interpreter */
	const char *filename;	   /* as the caller named it: AT_EXECFN, comm */
	struct mm_struct *mm;	   /* the new address space; nobody else sees it */
	unsigned long p;	   /* lowest byte of the stack written so far */
	unsigned long stack_limit; /* p must not go below (E2BIG) */
	unsigned long exec;	   /* address of the file name string */
	int argc, envc;
	bool stack_exec;
	struct cred *cred;	   /* to be committed */
	bool secureexec;	   /* AT_SECURE */
	bool beyond_return;	   /* Linux would have destroyed the old program by now: an error kills with SIGSEGV */
	unsigned int personality;
	/* filled by the format for the commit */
	unsigned long entry, sp;
};

/* Map the program of bprm->file into bprm->mm, write the rest of the stack, set entry and sp. 0,
 * -ENOEXEC (not this format), or another error. May sleep. */
int load_elf_binary(struct linux_binprm *bprm);
/* Write to the new address space: 0, -EFAULT/-ENOMEM. */
int bprm_write(struct linux_binprm *bprm, unsigned long addr, const void *data, size_t len);
/* Push @len bytes below bprm->p. 0, -E2BIG, -ENOMEM. */
int bprm_push(struct linux_binprm *bprm, const void *data, size_t len);
