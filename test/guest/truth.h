/* SPDX-License-Identifier: MIT */
/* Reading what /proc says of memory: pieces of the tests that compare its files. */
#pragma once

#include "guest.h"
#include <ctype.h>

#define KIB_A_PAGE 4

/* A whole file; drop() frees it. NULL: it cannot be opened. */
static inline char *slurp(const char *path)
{
	size_t size = 4 << 20, length = 0;
	char *text = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return NULL;
	while ((n = read(fd, text + length, size - 1 - length)) > 0)
		length += n;
	close(fd);
	return text;
}

static inline void drop(char *text)
{
	munmap(text, 4 << 20);
}

/* ---- A process ------------------------------------------------------------------------------- */

struct smaps {
	long vmas, size, rss, pss, shared, private, anonymous, locked, referenced, pss_dirty;
	long swap, swap_pss;
};

/* Sum of a process's smaps; false if it is not there. */
static inline bool read_smaps(const char *pid, struct smaps *s)
{
	char path[64], *text, *line, *next, key[64];
	long value;

	memset(s, 0, sizeof(*s));
	snprintf(path, sizeof(path), "/proc/%s/smaps", pid);
	text = slurp(path);
	if (!text)
		return false;
	for (line = text; *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (sscanf(line, "%63[^:]: %ld", key, &value) != 2)
			continue;
		if (!strcmp(key, "Size")) {
			s->vmas++;
			s->size += value;
		}
		s->rss += strcmp(key, "Rss") ? 0 : value;
		s->pss += strcmp(key, "Pss") ? 0 : value;
		s->pss_dirty += strcmp(key, "Pss_Dirty") ? 0 : value;
		s->shared += strncmp(key, "Shared_C", 8) && strncmp(key, "Shared_D", 8) ? 0 : value;
		s->private +=
			strncmp(key, "Private_C", 9) && strncmp(key, "Private_D", 9) ? 0 : value;
		s->anonymous += strcmp(key, "Anonymous") ? 0 : value;
		s->locked += strcmp(key, "Locked") ? 0 : value;
		s->swap += strcmp(key, "Swap") ? 0 : value;
		s->swap_pss += strcmp(key, "SwapPss") ? 0 : value;
		s->referenced += strcmp(key, "Referenced") ? 0 : value;
	}
	/* A page of the kernel's that every program sees and none has. */
	if (strstr(text, "[vsyscall]"))
		s->size -= KIB_A_PAGE;
	drop(text);
	return true;
}

/* A number of /proc/PID/FILE. */
static inline long field_of(pid_t pid, const char *file, const char *key)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return guest_field(path, key);
}

/* Words of pagemap for @n pages from @at on. */
static inline void read_pagemap(pid_t pid, const void *at, uint64_t *words, size_t n)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = CHECK_OK(open(path, O_RDONLY));
	CHECK_EQ(pread(fd, words, n * 8, (uintptr_t)at / PAGE * 8), n * 8);
	close(fd);
}

#define PFN(word) ((word) & ((1ull << 55) - 1))
#define PRESENT	  (1ull << 63)
#define OF_A_FILE (1ull << 61)
#define EXCLUSIVE (1ull << 56)
#define SWAPPED	  (1ull << 62)

/* ---- The machine ----------------------------------------------------------------------------- */

/* Sum of the numbers behind @key, at the begin of a line of a file. */
static inline long sum_of(const char *path, const char *key)
{
	char *text = slurp(path), *line, *next;
	size_t n = strlen(key);
	long sum = 0;

	for (line = text; *line; line = next) {
		next = strchr(line, '\n') + 1;
		line += strspn(line, " ");
		if (!strncmp(line, key, n) && line[n] == ' ')
			sum += atol(line + n);
	}
	drop(text);
	return sum;
}

/* The number in /proc/quire/memory's line of @name; -1: there is none. */
static inline long row(const char *text, const char *name)
{
	const char *at = text;
	size_t n = strlen(name);

	while (strncmp(at, name, n) || at[n] != ' ') {
		at = strchr(at, '\n');
		if (!at || !*++at)
			return -1;
	}
	return atol(at + n);
}

/* Pages. */
static inline long meminfo(const char *key)
{
	return guest_field("/proc/meminfo", key) / KIB_A_PAGE;
}
