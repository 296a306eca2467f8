/* SPDX-License-Identifier: MIT */
/* The guest kernel's log, as it comes out of the serial port. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define KERNEL_LOG_SIZE 65536

struct kernel_log {
	bool live;   /* show it on standard error as it comes */
	size_t used; /* the end of the log, if not live, is kept */
	char bytes[KERNEL_LOG_SIZE];
};

/* Take @size bytes of the log. */
void kernel_log_take(struct kernel_log *log, const char *bytes, size_t size);

/* Show what is kept and was not shown, ending with a line end. */
void kernel_log_show(struct kernel_log *log);

/* Show of what is kept the lines that have @word. */
void kernel_log_show_lines(const struct kernel_log *log, const char *word);

/* Write @bytes to standard error, with line ends that are right for the terminal's mode. */
void write_messages(const char *bytes, size_t size);
