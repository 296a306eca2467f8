/* SPDX-License-Identifier: MIT */
/* What a dynamic linker reads from an ELF file. */
#pragma once

#include <stdbool.h>
#include "report.h"

struct elf_file {
	unsigned char class; /* ELFCLASS32 or ELFCLASS64 */
	unsigned short machine;
	char *interpreter; /* PT_INTERP, or NULL */
	char *rpath;	   /* DT_RPATH, or NULL; ignored by the linker where runpath is set */
	char *runpath;	   /* DT_RUNPATH, or NULL */
	struct strings needed;
};

/* Read @path into @elf. Returns false if it cannot be read or is no ELF file. An ELF file whose
 * dynamic section is damaged counts as one that needs nothing: the guest's kernel or linker will
 * say what is wrong with it. */
bool elf_file_read(const char *path, struct elf_file *elf);
