/* SPDX-License-Identifier: MIT */
/* Writes a tree as an initramfs: an uncompressed cpio archive of the "newc" form. */
#pragma once

#include "tree.h"

/*
 * Write @tree to a new anonymous file in memory and return its descriptor, which is open for
 * reading and is inherited by children. Directories come before what they hold. The contents of a
 * file of a page or more begin at a multiple of 4096 bytes where the name can be padded for it
 * (with NULs, which readers of cpio ignore), so that a kernel may use the pages where they lie.
 * *@size is the archive's size in bytes. fail()s when a file cannot be read.
 */
int cpio_write(struct tree *tree, uint64_t *size);
