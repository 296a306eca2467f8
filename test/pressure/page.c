/* SPDX-License-Identifier: MIT */
/* What a page holds, and how it is told when it does not. */
#include "pressure.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAGIC 0x5072657353757265ULL
#define STEP  0x9e3779b97f4a7c15ULL

/* The first words say whose page it is, for the one who finds it in the wrong place. */
enum { WORD_MAGIC, WORD_OWNER_VERSION, WORD_INDEX, WORD_SEAL };

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x7fb5d329728ea185ULL;
	x ^= x >> 27;
	x *= 0x81dadef4bc2dd44dULL;
	return x ^ x >> 33;
}

static uint64_t owner_version(struct tag tag)
{
	return (uint64_t)tag.owner << 32 | tag.version;
}

static uint64_t seal(uint64_t owner_version, uint64_t index)
{
	return mix(mix(owner_version + STEP) ^ index) | 1;
}

uint32_t new_version(void)
{
	return atomic_fetch_add_explicit(&control->version, 1, memory_order_relaxed) + 2;
}

void fill_page(void *page, struct tag tag)
{
	uint64_t *p = page, word = seal(owner_version(tag), tag.index);

	p[WORD_MAGIC] = MAGIC;
	p[WORD_OWNER_VERSION] = owner_version(tag);
	p[WORD_INDEX] = tag.index;
	for (unsigned int i = WORD_SEAL; i < PAGE_WORDS; i++, word += STEP)
		p[i] = word;
}

static uint64_t expected_word(struct tag tag, unsigned int i)
{
	if (!tag.version)
		return 0;
	if (i == WORD_MAGIC)
		return MAGIC;
	if (i == WORD_OWNER_VERSION)
		return owner_version(tag);
	if (i == WORD_INDEX)
		return tag.index;
	return seal(owner_version(tag), tag.index) + (i - WORD_SEAL) * STEP;
}

bool page_is_zero(const void *page)
{
	const uint64_t *p = page;
	uint64_t any = 0;

	for (unsigned int i = 0; i < PAGE_WORDS; i++)
		any |= p[i];
	return !any;
}

static bool page_is(const uint64_t *p, struct tag tag)
{
	uint64_t word = seal(owner_version(tag), tag.index), wrong;

	if (!tag.version)
		return page_is_zero(p);
	wrong = (p[WORD_MAGIC] ^ MAGIC) | (p[WORD_OWNER_VERSION] ^ owner_version(tag)) |
		(p[WORD_INDEX] ^ tag.index);
	for (unsigned int i = WORD_SEAL; i < PAGE_WORDS; i++, word += STEP)
		wrong |= p[i] ^ word;
	return !wrong;
}

uint64_t pagemap(const void *address)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (fd < 0)
		return 0;
	if (pread(fd, &entry, 8, (uintptr_t)address / PAGE * 8) != 8)
		entry = 0;
	close(fd);
	return entry;
}

void error(const char *format, ...)
{
	char line[700];
	va_list arguments;
	int n = snprintf(line, sizeof(line), "ERROR pid %d tid %ld: ", getpid(),
			 syscall(SYS_gettid));

	va_start(arguments, format);
	n += vsnprintf(line + n, sizeof(line) - n - 1, format, arguments);
	va_end(arguments);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	if (atomic_fetch_add(&control->errors, 1) < 40 && write(1, line, n) != n)
		_exit(3);
	atomic_store(&control->stop, 1);
}

/* What stands in @p instead: for people. */
static void describe(const uint64_t *p, struct tag tag, char *text, size_t size)
{
	unsigned int first = PAGE_WORDS, wrong = 0;
	int n = 0;

	for (unsigned int i = 0; i < PAGE_WORDS; i++) {
		if (p[i] == expected_word(tag, i))
			continue;
		wrong++;
		if (first == PAGE_WORDS)
			first = i;
	}
	if (page_is_zero(p))
		n = snprintf(text, size, "all zeros");
	else if (p[WORD_MAGIC] == MAGIC &&
		 p[WORD_SEAL] == seal(p[WORD_OWNER_VERSION], p[WORD_INDEX]))
		n = snprintf(text, size, "page of owner %#x, index %llu, version %u",
			     (unsigned int)(p[WORD_OWNER_VERSION] >> 32),
			     (unsigned long long)p[WORD_INDEX],
			     (unsigned int)p[WORD_OWNER_VERSION]);
	if (first == PAGE_WORDS)
		snprintf(text + n, size - n, " (right when looked at again)");
	else
		snprintf(text + n, size - n,
			 "%s%u wrong words, the first at byte %u: %#llx instead of %#llx",
			 n ? ", " : "", wrong, first * 8, (unsigned long long)p[first],
			 (unsigned long long)expected_word(tag, first));
}

bool check_page(const void *page, struct tag tag, const char *what, const void *address)
{
	uint64_t before = 0;
	char text[300];

	if (page_is(page, tag))
		return true;
	if (address)
		before = pagemap(address);
	describe(page, tag, text, sizeof(text));
	error("%s %p (pagemap %#llx): expected owner %#x, index %llu, version %u; found %s", what,
	      address ? address : page, (unsigned long long)before, tag.owner,
	      (unsigned long long)tag.index, tag.version, text);
	return false;
}
