/* SPDX-License-Identifier: MIT */
/*
 * The host port leaves the functions of lib/string.c to libc. Here they are compiled once more
 * under other names and compared with loops over bytes.
 */
#include "test.h"

/* Declared before they are renamed, so that what the headers say of both stays the same. */
#include "lib/string.h"
#include "lib/ctype.h"
#include "abi/errno.h"

#define OURS(name) ours_##name
void *ours_memcpy(void *to, const void *from, size_t n);
void *ours_memmove(void *to, const void *from, size_t n);
void *ours_memset(void *to, int byte, size_t n);
int ours_memcmp(const void *a, const void *b, size_t n);
void *ours_memchr(const void *s, int byte, size_t n);
size_t ours_strlen(const char *s);
size_t ours_strnlen(const char *s, size_t max);
int ours_strcmp(const char *a, const char *b);
int ours_strncmp(const char *a, const char *b, size_t n);
int ours_strcasecmp(const char *a, const char *b);
int ours_strncasecmp(const char *a, const char *b, size_t n);
char *ours_strchrnul(const char *s, int c);
char *ours_strchr(const char *s, int c);
char *ours_strrchr(const char *s, int c);
char *ours_strstr(const char *s, const char *needle);
size_t ours_strspn(const char *s, const char *accept);
size_t ours_strcspn(const char *s, const char *reject);
char *ours_strpbrk(const char *s, const char *accept);
char *ours_strcpy(char *to, const char *from);
char *ours_strncpy(char *to, const char *from, size_t n);
char *ours_strcat(char *to, const char *from);
char *ours_strsep(char **s, const char *delims);

#define memcpy	    ours_memcpy
#define memmove	    ours_memmove
#define memset	    ours_memset
#define memcmp	    ours_memcmp
#define memchr	    ours_memchr
#define strlen	    ours_strlen
#define strnlen	    ours_strnlen
#define strcmp	    ours_strcmp
#define strncmp	    ours_strncmp
#define strcasecmp  ours_strcasecmp
#define strncasecmp ours_strncasecmp
#define strchrnul   ours_strchrnul
#define strchr	    ours_strchr
#define strrchr	    ours_strrchr
#define strstr	    ours_strstr
#define strspn	    ours_strspn
#define strcspn	    ours_strcspn
#define strpbrk	    ours_strpbrk
#define strcpy	    ours_strcpy
#define strncpy	    ours_strncpy
#define strcat	    ours_strcat
#define strsep	    ours_strsep
#include "lib/string.c"

enum { SIZE = 400 };

static void fill_random(u8 *buf)
{
	int i;

	for (i = 0; i < SIZE; i++)
		buf[i] = test_random();
}

static void check_equal(const u8 *a, const u8 *b)
{
	int i;

	for (i = 0; i < SIZE; i++)
		CHECK_EQ(a[i], b[i]);
}

TEST(memcpy_and_memmove_copy_exactly)
{
	static u8 buf[SIZE], expected[SIZE], before[SIZE];
	unsigned int round, rounds = test_rounds(20000);

	fill_random(buf);
	for (round = 0; round < rounds; round++) {
		size_t n = test_random_below(test_random_below(2) ? 20 : SIZE / 2);
		size_t from = test_random_below(SIZE - n), to = test_random_below(SIZE - n), i;

		if (test_random_below(2)) /* close to each other */
			to = clamp_t(long, (long)from + test_random_below(20) - 10, 0, SIZE - n);
		for (i = 0; i < SIZE; i++)
			before[i] = expected[i] = buf[i];
		for (i = 0; i < n; i++)
			expected[to + i] = before[from + i];
		if (to + n <= from || from + n <= to)
			CHECK_EQ(ours_memcpy(buf + to, buf + from, n), (void *)(buf + to));
		else
			CHECK_EQ(ours_memmove(buf + to, buf + from, n), (void *)(buf + to));
		check_equal(buf, expected);
		if (round % 100 == 0)
			fill_random(buf);
	}
}

TEST(memset_memcmp_memchr_mean_every_byte)
{
	static u8 buf[SIZE], expected[SIZE];
	unsigned int round, rounds = test_rounds(20000);

	for (round = 0; round < rounds; round++) {
		size_t n = test_random_below(test_random_below(2) ? 20 : SIZE);
		size_t to = test_random_below(SIZE - n), i, diff;
		int byte = test_random();

		for (i = 0; i < SIZE; i++)
			expected[i] = i >= to && i < to + n ? (u8)byte : buf[i];
		ours_memset(buf + to, byte, n);
		check_equal(buf, expected);
		CHECK_EQ(ours_memcmp(buf, expected, SIZE), 0);
		diff = test_random_below(SIZE);
		expected[diff] ^= 1 + test_random_below(255);
		CHECK_EQ(ours_memcmp(buf, expected, SIZE) < 0, buf[diff] < expected[diff]);
		CHECK_EQ(ours_memcmp(buf, expected, diff), 0);
		for (i = to; i < SIZE && buf[i] != (u8)byte; i++)
			;
		CHECK_EQ(ours_memchr(buf + to, byte, SIZE - to),
			 i < SIZE ? (void *)(buf + i) : NULL);
	}
}

TEST(string_functions_mean_what_the_standard_says)
{
	char buf[32], *at;

	CHECK_EQ(ours_strlen(""), 0ul);
	CHECK_EQ(ours_strlen("abc"), 3ul);
	CHECK_EQ(ours_strnlen("abc", 2), 2ul);
	CHECK_EQ(ours_strnlen("abc", 9), 3ul);
	CHECK_EQ(ours_strcmp("abc", "abc"), 0);
	CHECK_LT(ours_strcmp("abc", "abd"), 0);
	CHECK_GT(ours_strcmp("abc\x80", "abc\x7f"), 0);
	CHECK_LT(ours_strcmp("ab", "abc"), 0);
	CHECK_EQ(ours_strncmp("abcd", "abce", 3), 0);
	CHECK_NE(ours_strncmp("abcd", "abce", 4), 0);
	CHECK_EQ(ours_strncmp("x", "y", 0), 0);
	CHECK_EQ(ours_strcasecmp("HeLLo", "hEllO"), 0);
	CHECK_EQ(ours_strncasecmp("HeLLo", "hEllX", 4), 0);
	CHECK_STREQ(ours_strchr("path/to", '/'), "/to");
	CHECK_EQ(ours_strchr("path", '/'), (char *)NULL);
	CHECK_STREQ(ours_strchr("path", 0), "");
	CHECK_STREQ(ours_strchrnul("path", '/'), "");
	CHECK_STREQ(ours_strrchr("a/b/c", '/'), "/c");
	CHECK_STREQ(ours_strstr("kernel", "ne"), "nel");
	CHECK_STREQ(ours_strstr("kernel", ""), "kernel");
	CHECK_EQ(ours_strstr("kernel", "x"), (char *)NULL);
	CHECK_EQ(ours_strspn("aabbc", "ab"), 4ul);
	CHECK_EQ(ours_strcspn("aabbc", "c"), 4ul);
	CHECK_STREQ(ours_strpbrk("key=value", "=:"), "=value");
	ours_strcpy(buf, "one");
	ours_strcat(buf, ",,two");
	CHECK_STREQ(buf, "one,,two");
	at = buf;
	CHECK_STREQ(ours_strsep(&at, ","), "one");
	CHECK_STREQ(ours_strsep(&at, ","), "");
	CHECK_STREQ(ours_strsep(&at, ","), "two");
	CHECK_EQ(ours_strsep(&at, ","), (char *)NULL);
	ours_memset(buf, 'x', sizeof(buf));
	ours_strncpy(buf, "ab", 5);
	CHECK_EQ(ours_memcmp(buf, "ab\0\0\0x", 6), 0);
}

TEST(bounded_copies_always_terminate)
{
	char buf[8] = "12345";

	CHECK_EQ(strscpy(buf, "abc", 8), 3l);
	CHECK_STREQ(buf, "abc");
	CHECK_EQ(strscpy(buf, "abcd", 4), (ssize_t)-E2BIG);
	CHECK_STREQ(buf, "abc");
	CHECK_EQ(strscpy(buf, "abc", 0), (ssize_t)-E2BIG);
	CHECK_EQ(strlcpy(buf, "0123456789", 8), 10ul);
	CHECK_STREQ(buf, "0123456");
	CHECK_EQ(strlcpy(buf, "ab", 8), 2ul);
	CHECK_EQ(strlcat(buf, "cdefghi", 8), 9ul);
	CHECK_STREQ(buf, "abcdefg");
}

TEST(trimming_and_comparing_lines)
{
	char buf[16] = " \t a b \n ";
	u8 bytes[20] = {};

	CHECK_STREQ(strim(buf), "a b");
	CHECK_STREQ(skip_spaces("  x "), "x ");
	CHECK(strstarts("quire", "qui"));
	CHECK(!strstarts("qu", "qui"));
	CHECK(sysfs_streq("always", "always\n"));
	CHECK(sysfs_streq("always\n", "always"));
	CHECK(!sysfs_streq("always", "always\n\n"));
	CHECK(!sysfs_streq("a", "ab"));
	CHECK_EQ(memchr_inv(bytes, 0, 20), NULL);
	bytes[13] = 1;
	CHECK_EQ(memchr_inv(bytes, 0, 20), (void *)(bytes + 13));
	CHECK_EQ(memchr_inv(bytes, 0, 13), NULL);
}
