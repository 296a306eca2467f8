/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line: words separated by white space, each "key" or "key=value". Double quotes
 * keep white space together (key="a b" or "key=a b") and are removed. A word "--" ends the kernel's
 * part: the rest is for init.
 */
#pragma once

#include "lib/types.h"

struct cmdline {
	char *next; /* what is left */
};

/* @line is cut up in place: it must stay, and be writable. */
void cmdline_init(struct cmdline *cmdline, char *line);

/*
 * The next word. True: *key is set, and *value to what follows the '=' or to NULL if there is none.
 * False: no more words, or "--" was read, and then cmdline->next is the rest.
 */
bool cmdline_next(struct cmdline *cmdline, char **key, char **value);

/* Equal, '-' and '_' being the same, as in Linux's parameter names. */
bool cmdline_key_eq(const char *a, const char *b);
