/* SPDX-License-Identifier: MIT */
/*
 * Memory and strings. Those of the C standard mean what the standard says and are in string.c,
 * which the host port leaves to libc; what Linux adds is in string_linux.c. Kernel memory only, any
 * context.
 */
#pragma once

#include "lib/types.h"

/* Kept as functions the compiler knows, so that small fixed sizes become plain moves. */
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int byte, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
int strcasecmp(const char *a, const char *b);
int strncasecmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
/* Pointer to the first @c or to the final NUL. */
char *strchrnul(const char *s, int c);
char *strstr(const char *s, const char *needle);
size_t strspn(const char *s, const char *accept);
size_t strcspn(const char *s, const char *reject);
char *strpbrk(const char *s, const char *accept);
char *strcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t n);
char *strcat(char *to, const char *from);
/* Cut the next token off *s at any character of @delims; NULL at the end. Empty tokens are
 * returned. */
char *strsep(char **s, const char *delims);

/* Copy with truncation, always NUL-terminated if @size > 0. The length copied, or -E2BIG if cut (or
 * @size is 0). */
ssize_t strscpy(char *to, const char *from, size_t size);
/* BSD's: return the length they tried to make; >= @size means truncated. */
size_t strlcpy(char *to, const char *from, size_t size);
size_t strlcat(char *to, const char *from, size_t size);
/* First byte that is not @byte, or NULL. */
void *memchr_inv(const void *s, int byte, size_t n);
/* First non-space character. */
char *skip_spaces(const char *s);
/* Cut trailing white space off in place; returns the first non-space character. */
char *strim(char *s);
bool strstarts(const char *s, const char *prefix);
/* Equal, a trailing newline in either ignored (for values written to files of /proc). */
bool sysfs_streq(const char *a, const char *b);
/* Zero memory in a way the compiler may not leave out. */
void memzero_explicit(void *s, size_t n);
