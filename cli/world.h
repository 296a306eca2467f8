/* SPDX-License-Identifier: MIT */
/* Puts the initramfs together: the root, Quire's init, the program and its job. */
#pragma once

#include "options.h"
#include "protocol.h"

struct world {
	int initramfs; /* descriptor of the archive, inherited by children */
	uint64_t size; /* its bytes */
};

/* Build the world of @options' program, whose descriptors and terminal @job describes already; the
 * rest of @job is filled in here. Ends the command if that is impossible, with EXIT_NOT_FOUND if
 * the program is nowhere. */
void world_build(struct world *world, const struct options *options, struct job_header *job);

/* A world that says HELLO and ends at once, to see whether a machine works. */
void world_build_empty(struct world *world);

/* Path of @name beside the quire command; the caller frees. */
char *beside_command(const char *name);
