/* SPDX-License-Identifier: MIT */
/*
 * vsnprintf against libc's over many formats, and the parsers of numbers.
 */
#include "test.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

enum { BUF_SIZE = 256 };

static void check_format(size_t size, const char *fmt, ...)
{
	char ours[BUF_SIZE], libc[BUF_SIZE];
	int our_len, libc_len;
	va_list args;

	memset(ours, '~', sizeof(ours));
	memset(libc, '~', sizeof(libc));
	va_start(args, fmt);
	our_len = vsnprintf(ours, size, fmt, args);
	va_end(args);
	va_start(args, fmt);
	libc_len = test_vsnprintf(libc, size, fmt, args);
	va_end(args);
	if (our_len != libc_len || memcmp(ours, libc, size))
		test_fail(__FILE__, __LINE__, "\"%s\", size %lu: %d \"%.*s\", libc: %d \"%.*s\"",
			  fmt, size, our_len, (int)size, ours, libc_len, (int)size, libc);
	/* Nothing is written past the end. */
	CHECK_EQ(ours[size], '~');
}

/* A random "%[flags][width][.precision]". Flags that libc leaves undefined together are not mixed.
 */
static void random_spec(char *fmt, const char *flags)
{
	char *at = fmt;

	*at++ = '%';
	for (; *flags; flags++)
		if (test_random_below(3) == 0)
			*at++ = *flags;
	if (test_random_below(2))
		at += test_snprintf(at, 8, "%lu", 1 + test_random_below(25));
	if (test_random_below(2))
		at += test_snprintf(at, 8, ".%lu", test_random_below(25));
	*at = '\0';
}

static u64 random_number(void)
{
	u64 n = test_random();

	switch (test_random_below(4)) {
	case 0:
		return n >> test_random_below(64);
	case 1:
		return -(n >> test_random_below(64));
	case 2:
		return test_random_below(3) - 1;
	default:
		return n;
	}
}

static size_t random_size(void)
{
	return test_random_below(4) ? BUF_SIZE - 1 : test_random_below(20);
}

TEST(vsnprintf_integers_equal_libc)
{
	static const char *const lengths[] = {"hh", "h", "", "l", "ll", "z", "t", "j"};
	static const char conversions[] = "diuxXo";
	unsigned int round, rounds = test_rounds(200000);

	for (round = 0; round < rounds; round++) {
		char conversion = conversions[test_random_below(6)];
		const char *length = lengths[test_random_below(8)];
		bool is_signed = conversion == 'd' || conversion == 'i';
		char spec[32], fmt[64];

		random_spec(spec, is_signed ? "-+ 0" : conversion == 'u' ? "-0" : "-#0");
		test_snprintf(fmt, sizeof(fmt), "<%s%s%c|", spec, length, conversion);
		if (length[0] == 'h' || !length[0])
			check_format(random_size(), fmt, (int)random_number());
		else
			check_format(random_size(), fmt, random_number());
	}
}

TEST(vsnprintf_strings_and_characters_equal_libc)
{
	static const char text[] = "the quick brown fox jumps over the lazy dog";
	unsigned int round, rounds = test_rounds(50000);

	for (round = 0; round < rounds; round++) {
		char spec[32], fmt[64];

		random_spec(spec, "-");
		test_snprintf(fmt, sizeof(fmt), "a%ssb", spec);
		check_format(random_size(), fmt, text + test_random_below(sizeof(text)));
		*strchrnul(spec, '.') = '\0';
		test_snprintf(fmt, sizeof(fmt), "a%scb", spec);
		check_format(random_size(), fmt, (int)('a' + test_random_below(26)));
		check_format(random_size(), "%*.*s|%-*d|%*u", (int)test_random_below(40) - 20,
			     (int)test_random_below(40) - 5, text, (int)test_random_below(20),
			     (int)random_number(), (int)test_random_below(40) - 20,
			     (int)random_number());
	}
}

TEST(vsnprintf_mixed_formats_equal_libc)
{
	check_format(200, "no conversion at all");
	check_format(0, "%d", 5);
	check_format(1, "%d", 5);
	check_format(2, "%d", 5);
	check_format(200, "%d%%, %s: %c%c", 100, "ok", 'x', 'y');
	check_format(200, "%08lx-%08lx %c%c%c%c %08llx %02x:%02x %lu", 0x400000UL, 0x401000UL, 'r',
		     '-', 'x', 'p', 0x1000ULL, 8, 1, 1234UL);
	check_format(200, "%p %20p %-20p|", (void *)0x1234, (void *)0xffff800000000000UL,
		     (void *)&check_format);
	check_format(200, "%p|%10p", NULL, NULL);
	check_format(200, "%.0d|%.0x|%#.0o|%#o|%#x", 0, 0, 0, 0, 0);
	check_format(200, "%s", (char *)NULL);
	check_format(200, "%zu %zd %td %jd", (size_t)-1, (ssize_t)-1, (ptrdiff_t)-5, 7LL);
	check_format(200, "%llu %lld", ~0ULL, (long long)(1ULL << 63));
}

TEST(vsnprintf_precision_bounds_unterminated_strings)
{
	char text[4] = {'a', 'b', 'c', 'd'}, buf[16];

	CHECK_EQ(snprintf(buf, sizeof(buf), "%.4s", text), 4);
	CHECK_STREQ(buf, "abcd");
}

TEST(scnprintf_returns_what_was_written)
{
	char buf[8];

	CHECK_EQ(scnprintf(buf, 0, "%s", "hello"), 0);
	CHECK_EQ(scnprintf(buf, 1, "%s", "hello"), 0);
	CHECK_STREQ(buf, "");
	CHECK_EQ(scnprintf(buf, 4, "%s", "hello"), 3);
	CHECK_STREQ(buf, "hel");
	CHECK_EQ(scnprintf(buf, 8, "%s", "hello"), 5);
	CHECK_STREQ(buf, "hello");
}

static void check_ull(const char *s, unsigned int base, int err, unsigned long long value)
{
	unsigned long long n = 777;

	CHECK_EQ(kstrtoull(s, base, &n), err);
	CHECK_EQ(n, err ? 777 : value);
}

static void check_ll(const char *s, unsigned int base, int err, long long value)
{
	long long n = 777;

	CHECK_EQ(kstrtoll(s, base, &n), err);
	CHECK_EQ(n, err ? 777 : value);
}

TEST(kstrtoull_is_strict)
{
	check_ull("0", 0, 0, 0);
	check_ull("0\n", 0, 0, 0);
	check_ull("+12", 10, 0, 12);
	check_ull("0x1F", 0, 0, 31);
	check_ull("0x1F", 16, 0, 31);
	check_ull("1f", 16, 0, 31);
	check_ull("017", 0, 0, 15);
	check_ull("017", 10, 0, 17);
	check_ull("18446744073709551615", 10, 0, ~0ULL);
	check_ull("18446744073709551616", 10, -ERANGE, 0);
	check_ull("0x10000000000000000", 0, -ERANGE, 0);
	check_ull("", 10, -EINVAL, 0);
	check_ull("\n", 10, -EINVAL, 0);
	check_ull("-1", 10, -EINVAL, 0);
	check_ull("+-1", 10, -EINVAL, 0);
	check_ull(" 1", 10, -EINVAL, 0);
	check_ull("1 ", 10, -EINVAL, 0);
	check_ull("1\n\n", 10, -EINVAL, 0);
	check_ull("0x", 0, -EINVAL, 0);
	check_ull("08", 0, -EINVAL, 0);
	check_ull("0x12", 10, -EINVAL, 0);
}

TEST(kstrtoll_has_the_whole_range)
{
	check_ll("-1", 10, 0, -1);
	check_ll("-0x10", 0, 0, -16);
	check_ll("9223372036854775807", 10, 0, LLONG_MAX);
	check_ll("9223372036854775808", 10, -ERANGE, 0);
	check_ll("-9223372036854775808", 10, 0, -LLONG_MAX - 1);
	check_ll("-9223372036854775809", 10, -ERANGE, 0);
	check_ll("-+1", 10, -EINVAL, 0);
	check_ll("-", 10, -EINVAL, 0);
}

TEST(kstrto_narrow_types_check_their_range)
{
	unsigned int u = 5;
	int i = 5;
	bool b = false;

	CHECK_EQ(kstrtouint("4294967295", 10, &u), 0);
	CHECK_EQ(u, UINT_MAX);
	CHECK_EQ(kstrtouint("4294967296", 10, &u), -ERANGE);
	CHECK_EQ(kstrtoint("-2147483648", 10, &i), 0);
	CHECK_EQ(i, INT_MIN);
	CHECK_EQ(kstrtoint("2147483648", 10, &i), -ERANGE);
	CHECK_EQ(kstrtobool("on", &b), 0);
	CHECK(b);
	CHECK_EQ(kstrtobool("No\n", &b), 0);
	CHECK(!b);
	CHECK_EQ(kstrtobool("OFF", &b), 0);
	CHECK_EQ(kstrtobool("o", &b), -EINVAL);
	CHECK_EQ(kstrtobool("", &b), -EINVAL);
}

TEST(memparse_knows_units)
{
	char *end;

	CHECK_EQ(memparse("64M", &end), 64ULL << 20);
	CHECK_STREQ(end, "");
	CHECK_EQ(memparse("0x10k,x", &end), 16ULL << 10);
	CHECK_STREQ(end, ",x");
	CHECK_EQ(memparse("3", &end), 3ULL);
	CHECK_EQ(memparse("1G@2", &end), 1ULL << 30);
	CHECK_STREQ(end, "@2");
	CHECK_EQ(memparse("K", &end), 0ULL);
	CHECK_STREQ(end, "K");
	CHECK_EQ(simple_strtoul("12ab", &end, 10), 12UL);
	CHECK_STREQ(end, "ab");
	CHECK_EQ(simple_strtol("-12", NULL, 0), -12L);
}
