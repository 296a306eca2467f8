/* SPDX-License-Identifier: MIT */
/*
 * The terminal that quire was started on, if there is one. While the guest runs, keys go to the
 * guest's pseudo-terminal as they are typed and its line discipline does the rest (echo, lines,
 * Ctrl-C, Ctrl-Z), so the terminal outside is in raw mode, as with `ssh -t`. It keeps its own mode
 * where a pipeline may share it: when standard input is no terminal, or standard output is a pipe.
 * Then the guest's terminal neither echoes nor translates, because the one outside does.
 */
#pragma once

#include <stdbool.h>
#include "protocol.h"

/* Find out what descriptors 0, 1 and 2 are, and describe them and the terminal in @job. Closed ones
 * are opened to /dev/null, so that no other file takes their place. */
void terminal_init(struct job_header *job);

/* Descriptor to show the terminal's output on, or -1. */
int terminal_output(void);

/* Is quire's process group the terminal's foreground one? True where there is no terminal. */
bool terminal_foreground(void);

/* Set raw mode if the rules above ask for it and quire is in the foreground; undo it. Both may be
 * called at any time, also again. terminal_restore() is also called at exit. */
void terminal_raw(void);
void terminal_restore(void);
bool terminal_is_raw(void);

/* Current size of the terminal; zeros if unknown. */
struct job_winsize terminal_size(void);
