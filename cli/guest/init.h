/* SPDX-License-Identifier: MIT */
/*
 * Quire's init: the first process of a guest that `quire run` started. It is one thread and one
 * poll loop:
 *
 *	init.c		entry, mounts, the port, switching off
 *	program.c	reads the job and starts the program
 *	relay.c		carries the streams between the program and the port until the program has
 * ended
 *
 * It has no C library, because its start lies on the way to the program's first instruction.
 */
#pragma once

#include <stdbool.h>
#include "../protocol.h"
#include "syscall.h"

/* The job as it lies in memory; the strings stay valid for the life of init. */
struct job {
	struct job_header header;
	const uint32_t *groups;
	const char *path;
	const char *cwd;
	char **argv; /* NULL-terminated; so is envp */
	char **envp;
};

/* The program and init's ends of what it reads and writes; a descriptor that does not exist is -1.
 */
struct program {
	int pid;      /* 0: did not start */
	int terminal; /* master side of the pseudo-terminal */
	int slave;    /* kept open until the program ends, so that the terminal outlives a closed
			 descriptor */
	int input;    /* what the program reads: a pipe, or the terminal again */
	int output;   /* pipe of standard output */
	int error;    /* pipe of standard error */
	struct frame_failed failed; /* why it did not start, if failed.error is not 0 */
};

/* Read the job file. Ends the machine with a message if there is none or it is malformed. */
void job_read(struct job *job);

/* Start the program of @job in a session of its own. On failure program->failed says why and pid is
 * 0. All of init's descriptors in @program are non-blocking and close-on-exec. */
void program_start(const struct job *job, struct program *program);

/* Open the port to the host, wait until the host has connected, and return its descriptor
 * (non-blocking, close-on-exec). Ends the machine if there is no such port within some seconds. */
int port_open(void);

/* Say HELLO on @port. */
void relay_hello(int port);

/* Carry data, signals and sizes between @port and @program, reap every child, report how the
 * program ended, wait for the host's BYE. Returns when the machine may be switched off. */
void relay_run(int port, struct program *program);

/* Write @message to the console (the kernel log, which the host shows) and switch the machine off.
 */
_Noreturn void die(const char *message);

/* Sync and switch the machine off. */
_Noreturn void power_off(void);

size_t string_length(const char *s);
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);
