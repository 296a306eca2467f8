/* SPDX-License-Identifier: MIT */
/*
 * What fuzz targets need of libc; and the kernel's BUG_ON, which ends the run.
 */
#include <stdio.h>
#include <stdlib.h>

__attribute__((__noreturn__)) void fuzz_fail(const char *file, int line, const char *what);
void *fuzz_malloc(size_t size);
void fuzz_free(void *ptr);
__attribute__((__noreturn__)) void bug_at(const char *file, int line, const char *expr);
void warn_at(const char *file, int line, const char *expr);

void fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

void *fuzz_malloc(size_t size)
{
	void *ptr = malloc(size);

	if (!ptr)
		fuzz_fail(__FILE__, __LINE__, "out of memory");
	return ptr;
}

void fuzz_free(void *ptr)
{
	free(ptr);
}

void bug_at(const char *file, int line, const char *expr)
{
	fuzz_fail(file, line, expr);
}

void warn_at(const char *file, int line, const char *expr)
{
	fuzz_fail(file, line, expr);
}
