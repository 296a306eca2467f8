/* SPDX-License-Identifier: MIT */
/* The quire command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "accel.h"
#include "options.h"
#include "qemu.h"
#include "session.h"
#include "terminal.h"
#include "world.h"

#ifndef QUIRE_VERSION
#error "the build defines QUIRE_VERSION"
#endif

static int run(int argc, char **argv)
{
	struct job_header job = {0};
	struct options options;
	struct world world;
	enum accel accel;

	/* First of all, before any file is opened. */
	terminal_init(&job);
	options_read(&options, argc, argv);
	free(qemu_find());
	free(qemu_kernel(&options));
	world_build(&world, &options, &job);
	accel = accel_choose(&options);
	if (options.dry_run) {
		qemu_print(&options, &world, accel);
		return 0;
	}
	return session_run(&options, &world, &job, accel);
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (strcmp(command, "run") == 0)
		return run(argc - 2, argv + 2);
	if (strcmp(command, "--version") == 0) {
		puts("quire " QUIRE_VERSION);
		return 0;
	}
	if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0 ||
	    strcmp(command, "help") == 0) {
		options_help();
		return 0;
	}
	if (*command)
		fail("unknown command %s; see quire --help", command);
	fail("say what to do: quire run -- PROGRAM; see quire --help");
}
