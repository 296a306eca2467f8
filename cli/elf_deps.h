/* SPDX-License-Identifier: MIT */
/* Brings what a dynamically linked program needs into the guest's tree. */
#pragma once

#include "tree.h"

/*
 * Place (see host_place()) the ELF interpreter of the host's file @path and every library that the
 * dynamic linker will load for it, found as the linker finds them: DT_RPATH, LD_LIBRARY_PATH of
 * @environment, DT_RUNPATH, the directories of /etc/ld.so.conf, the default ones; with $ORIGIN,
 * $LIB and LD_PRELOAD. Also what glibc loads by itself (libgcc_s, for thread cancellation). A file
 * that is not dynamically linked needs nothing. A library that is nowhere is left to the guest's
 * linker to complain about.
 */
void elf_deps_place(struct tree *tree, const char *path, char *const environment[]);
