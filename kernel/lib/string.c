/* SPDX-License-Identifier: MIT */
/*
 * The memory and string functions of the C standard. The compiler also calls some of them on its
 * own.
 *
 * Copying and filling go by words in unrolled loops: under an emulator that beats `rep movsb` by
 * far, and on a real machine it is close. Unaligned words are fine on this machine. Each loop hides
 * its pointer from the compiler, which would otherwise see that the loop is a memcpy, and call it.
 */
#include "lib/string.h"
#include "lib/ctype.h"

typedef u64 __attribute__((__may_alias__, __aligned__(1))) word_t;

#define hide(pointer) __asm__ __volatile__("" : "+r"(pointer))

void *memcpy(void *to, const void *from, size_t n)
{
	char *d = to;
	const char *s = from;

	for (; n >= 64; n -= 64, d += 64, s += 64) {
		word_t *dw = (word_t *)d;
		const word_t *sw = (const word_t *)s;
		u64 a = sw[0], b = sw[1], c = sw[2], e = sw[3];

		hide(d);
		dw[0] = a;
		dw[1] = b;
		dw[2] = c;
		dw[3] = e;
		a = sw[4], b = sw[5], c = sw[6], e = sw[7];
		dw[4] = a;
		dw[5] = b;
		dw[6] = c;
		dw[7] = e;
	}
	for (; n >= 8; n -= 8, d += 8, s += 8) {
		hide(d);
		*(word_t *)d = *(const word_t *)s;
	}
	for (; n; n--) {
		hide(d);
		*d++ = *s++;
	}
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	char *d = to;
	const char *s = from;

	/* memcpy goes upwards and reads a byte before it writes anything above its target: good for
	 * an overlap with the target below the source, too. */
	if ((uintptr_t)d - (uintptr_t)s >= n)
		return memcpy(to, from, n);
	d += n;
	s += n;
	for (; n >= 8 && d - s >= 8; n -= 8) {
		d -= 8;
		s -= 8;
		hide(d);
		*(word_t *)d = *(const word_t *)s;
	}
	for (; n; n--) {
		hide(d);
		*--d = *--s;
	}
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	char *d = to;
	u64 word = (u8)byte * 0x0101010101010101ULL;

	for (; n >= 64; n -= 64, d += 64) {
		word_t *dw = (word_t *)d;

		hide(d);
		dw[0] = word;
		dw[1] = word;
		dw[2] = word;
		dw[3] = word;
		dw[4] = word;
		dw[5] = word;
		dw[6] = word;
		dw[7] = word;
	}
	for (; n >= 8; n -= 8, d += 8) {
		hide(d);
		*(word_t *)d = word;
	}
	for (; n; n--) {
		hide(d);
		*d++ = (char)byte;
	}
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n >= 8 && *(const word_t *)x == *(const word_t *)y; n -= 8, x += 8, y += 8)
		;
	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memchr(const void *s, int byte, size_t n)
{
	const u8 *p = s;

	for (; n; n--, p++)
		if (*p == (u8)byte)
			return (void *)p;
	return NULL;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p) {
		hide(p);
		p++;
	}
	return p - s;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; n--, a++, b++)
		;
	return n ? (u8)*a - (u8)*b : 0;
}

int strcasecmp(const char *a, const char *b)
{
	for (; *a && tolower((u8)*a) == tolower((u8)*b); a++, b++)
		;
	return tolower((u8)*a) - tolower((u8)*b);
}

int strncasecmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && tolower((u8)*a) == tolower((u8)*b); n--, a++, b++)
		;
	return n ? tolower((u8)*a) - tolower((u8)*b) : 0;
}

char *strchrnul(const char *s, int c)
{
	while (*s && *s != (char)c)
		s++;
	return (char *)s;
}

char *strchr(const char *s, int c)
{
	s = strchrnul(s, c);
	return *s == (char)c ? (char *)s : NULL;
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	do {
		if (*s == (char)c)
			found = s;
	} while (*s++);
	return (char *)found;
}

char *strstr(const char *s, const char *needle)
{
	size_t n = strlen(needle);

	for (; *s || !n; s++)
		if (!strncmp(s, needle, n))
			return (char *)s;
	return NULL;
}

size_t strspn(const char *s, const char *accept)
{
	size_t n = 0;

	while (s[n] && strchr(accept, s[n]))
		n++;
	return n;
}

size_t strcspn(const char *s, const char *reject)
{
	size_t n = 0;

	while (s[n] && !strchr(reject, s[n]))
		n++;
	return n;
}

char *strpbrk(const char *s, const char *accept)
{
	s += strcspn(s, accept);
	return *s ? (char *)s : NULL;
}

char *strcpy(char *to, const char *from)
{
	memcpy(to, from, strlen(from) + 1);
	return to;
}

char *strncpy(char *to, const char *from, size_t n)
{
	size_t len = strnlen(from, n);

	memcpy(to, from, len);
	memset(to + len, 0, n - len);
	return to;
}

char *strcat(char *to, const char *from)
{
	strcpy(to + strlen(to), from);
	return to;
}

char *strsep(char **s, const char *delims)
{
	char *token = *s, *end;

	if (!token)
		return NULL;
	end = strpbrk(token, delims);
	if (end)
		*end++ = '\0';
	*s = end;
	return token;
}
