/* SPDX-License-Identifier: MIT */
/* See report.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "report.h"
#include "terminal.h"

static void vreport(const char *format, va_list arguments)
{
	char line[2048];
	int length = snprintf(line, sizeof(line), "quire: ");

	length += vsnprintf(line + length, sizeof(line) - length - 2, format, arguments);
	if (length > (int)sizeof(line) - 3)
		length = sizeof(line) - 3;
	length += sprintf(line + length, terminal_is_raw() ? "\r\n" : "\n");
	/* Nothing can be done about a standard error that cannot be written to. */
	if (write(STDERR_FILENO, line, length) < 0)
		return;
}

void report(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vreport(format, arguments);
	va_end(arguments);
}

_Noreturn void fail(const char *format, ...)
{
	va_list arguments;

	terminal_restore();
	va_start(arguments, format);
	vreport(format, arguments);
	va_end(arguments);
	exit(EXIT_QUIRE);
}

_Noreturn void fail_with(enum exit_status status, const char *format, ...)
{
	va_list arguments;

	terminal_restore();
	va_start(arguments, format);
	vreport(format, arguments);
	va_end(arguments);
	exit(status);
}

void *new_zeroed(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		fail("out of memory");
	return memory;
}

void *resize(void *memory, size_t size)
{
	memory = realloc(memory, size ? size : 1);
	if (!memory)
		fail("out of memory");
	return memory;
}

char *copy_bytes(const char *s, size_t length)
{
	char *copy = new_zeroed(length + 1);

	memcpy(copy, s, length);
	return copy;
}

char *copy_string(const char *s)
{
	return copy_bytes(s, strlen(s));
}

char *format_string(const char *format, ...)
{
	va_list arguments;
	char *s;

	va_start(arguments, format);
	if (vasprintf(&s, format, arguments) < 0)
		fail("out of memory");
	va_end(arguments);
	return s;
}

void strings_add(struct strings *strings, char *s)
{
	strings->list = resize(strings->list, (strings->count + 2) * sizeof(char *));
	strings->list[strings->count++] = s;
	strings->list[strings->count] = NULL;
}
