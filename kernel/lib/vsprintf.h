/* SPDX-License-Identifier: MIT */
/*
 * Formatted printing to memory and parsing of numbers. Any context.
 *
 * Conversions: d i u x X o c s p % with flags - + space # 0, width and precision (numbers or *),
 * and length hh h l ll z t j. %p prints "0x" and the whole address ("(nil)" for NULL): this kernel
 * has nothing to hide from its owner. No floating point and no %n.
 */
#pragma once

#include "lib/types.h"

/* As C99's: write at most @size bytes, the NUL included if @size > 0; return the length that the
 * whole text has. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
/* Return the number of characters really written, without the NUL. */
int vscnprintf(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/*
 * The whole of @s is one number, with at most one newline after it. @base 0: by prefix ("0x", "0"),
 * else 10 or 16 (a 0x prefix is allowed) or 8. Unsigned ones accept a '+', signed ones also '-'. 0,
 * -EINVAL (no number, or something after it) or -ERANGE; *res is written only on success.
 */
int kstrtoull(const char *s, unsigned int base, unsigned long long *res);
int kstrtoll(const char *s, unsigned int base, long long *res);
int kstrtoul(const char *s, unsigned int base, unsigned long *res);
int kstrtol(const char *s, unsigned int base, long *res);
int kstrtouint(const char *s, unsigned int base, unsigned int *res);
int kstrtoint(const char *s, unsigned int base, int *res);
/* y/Y/1/t/T/on and n/N/0/f/F/off. 0 or -EINVAL. */
int kstrtobool(const char *s, bool *res);

/* Parse as many digits as there are; *endp (if not NULL) is the first character after them.
 * Overflow wraps. */
unsigned long long simple_strtoull(const char *s, char **endp, unsigned int base);
unsigned long simple_strtoul(const char *s, char **endp, unsigned int base);
long simple_strtol(const char *s, char **endp, unsigned int base);
/* A number with an optional K, M, G, T, P or E (powers of 1024), as in "mem=64M". */
unsigned long long memparse(const char *s, char **endp);
