/* SPDX-License-Identifier: MIT */
/* The command line of `quire run`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "report.h"

enum accel {
	ACCEL_AUTO,
	ACCEL_KVM,
	ACCEL_TCG,
};

struct options {
	const char *root;   /* NULL: the built-in one */
	const char *kernel; /* NULL: $QUIRE_KERNEL, or the one beside the command */
	const char *cwd;    /* NULL: the caller's */
	const char *append; /* NULL: nothing */
	uint64_t memory;    /* bytes; 0: enough */
	uint64_t swap;	    /* bytes, whole pages of the guest; 0: none */
	unsigned int cpus;
	double timeout; /* seconds; 0: none */
	enum accel accel;
	bool quiet, dmesg, debug_kernel, gdb, dry_run;
	struct strings environment; /* of the program: the caller's, changed by --env */
	struct strings disks; /* of --disk: FILE or FILE,ro */
	struct strings qemu_arguments;
	struct strings program; /* its argv; never empty */
};

/* Read the arguments that follow "run". Answers --help itself, and ends the command with a message
 * and EXIT_QUIRE where they are wrong. */
void options_read(struct options *options, int argc, char **argv);

/* Print the help text of the command on standard output. */
void options_help(void);
