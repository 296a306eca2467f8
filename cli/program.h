/* SPDX-License-Identifier: MIT */
/* Finds the program that the guest is to run, and brings it along where the guest's tree lacks it.
 */
#pragma once

#include "tree.h"

/*
 * Find @name as a shell in the guest would: with a slash it is a path from @cwd, without one it is
 * searched in the PATH of @environment, first in the tree, then on the host. A program that only
 * the host has is placed in the tree with its interpreters (ELF and #!) and libraries. Returns the
 * path to execute (the caller frees); NULL: a name that is nowhere in PATH. A path with a slash is
 * returned as it is: what is wrong with it, the guest says.
 */
char *program_find(struct tree *tree, const char *name, const char *cwd, char *const environment[]);
