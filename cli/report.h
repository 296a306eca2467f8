/* SPDX-License-Identifier: MIT */
/* Messages of the quire command, its own exit statuses, and allocation that ends the command on
 * failure. */
#pragma once

#include <stddef.h>

/* Exit statuses beside the program's own (0 to 255) and 128+n for signal n. */
enum exit_status {
	EXIT_OFF = 120,		   /* the machine went off before the program had ended */
	EXIT_PANIC = 121,	   /* the guest's kernel panicked */
	EXIT_TIMEOUT = 124,	   /* --timeout passed */
	EXIT_QUIRE = 125,	   /* Quire itself failed, or was called wrongly */
	EXIT_NOT_EXECUTABLE = 126, /* the program was found and could not be started */
	EXIT_NOT_FOUND = 127,	   /* the program was not found */
	EXIT_SIGNALLED = 128,	   /* plus the number of the signal */
};

/* Write "quire: ..." and a line end to standard error; right in a terminal in raw mode too. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As report(), then exit with @status (fail: EXIT_QUIRE); the terminal is restored. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fail_with(enum exit_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* As malloc, realloc, strdup and asprintf, but never NULL: they fail() when memory is short. @size
 * 0 is fine. new_zeroed() gives zeroed memory. The caller frees. */
void *new_zeroed(size_t size);
void *resize(void *memory, size_t size);
char *copy_string(const char *s);
char *copy_bytes(const char *s, size_t length); /* adds a NUL */
char *format_string(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A growing NULL-terminated list of strings, as execve takes them. Owns the strings. Starts zeroed.
 */
struct strings {
	char **list;
	size_t count;
};

/* Add @s, which the list owns from now on. */
void strings_add(struct strings *strings, char *s);
