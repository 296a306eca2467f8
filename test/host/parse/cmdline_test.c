/* SPDX-License-Identifier: MIT */
/*
 * Command lines: each drawn as the list of words it gives.
 */
#include "test.h"

#include "lib/string.h"
#include "parse/cmdline.h"

/* Words as [key] or [key|value], then the rest after "--". */
static const char *parse(const char *line)
{
	static char text[256];
	char copy[128], *key, *value;
	struct cmdline cmdline;

	strscpy(copy, line, sizeof(copy));
	text[0] = '\0';
	cmdline_init(&cmdline, copy);
	while (cmdline_next(&cmdline, &key, &value)) {
		size_t at = strlen(text);

		test_snprintf(text + at, sizeof(text) - at, value ? "[%s|%s]" : "[%s]", key, value);
	}
	strlcat(text, cmdline.next, sizeof(text));
	return text;
}

TEST(cmdline_splits_words)
{
	CHECK_STREQ(parse(""), "");
	CHECK_STREQ(parse("  \t\n"), "");
	CHECK_STREQ(parse("quiet"), "[quiet]");
	CHECK_STREQ(parse(" root=/dev/vda  ro\tinit=/sbin/init\n"),
		    "[root|/dev/vda][ro][init|/sbin/init]");
	CHECK_STREQ(parse("a=b=c"), "[a|b=c]");
	CHECK_STREQ(parse("a= b"), "[a|][b]");
	CHECK_STREQ(parse("=x"), "[=x]");
}

TEST(cmdline_quotes_keep_blanks)
{
	CHECK_STREQ(parse("a=\"b c\" d"), "[a|b c][d]");
	CHECK_STREQ(parse("\"a=b c\" d"), "[a|b c][d]");
	CHECK_STREQ(parse("\"a b\" c"), "[a b][c]");
	CHECK_STREQ(parse("dyndbg=\"file x +p\" \"y z=1\""), "[dyndbg|file x +p][y z|1]");
	CHECK_STREQ(parse("a=\"\" b"), "[a|][b]");
	CHECK_STREQ(parse("a=\"unclosed b"), "[a|unclosed b]");
	CHECK_STREQ(parse("a=\""), "[a|]");
	CHECK_STREQ(parse("\""), "[]");
	CHECK_STREQ(parse("\"\""), "[]");
}

TEST(cmdline_double_dash_ends_the_kernels_part)
{
	CHECK_STREQ(parse("a -- b c=\"d e\""), "[a]b c=\"d e\"");
	CHECK_STREQ(parse("--"), "");
	CHECK_STREQ(parse("--x -- "), "[--x]");
	CHECK_STREQ(parse("--=1 a"), "[--|1][a]");
}

TEST(cmdline_keys_do_not_tell_dash_from_underscore)
{
	CHECK(cmdline_key_eq("log-level", "log_level"));
	CHECK(!cmdline_key_eq("log-level", "log_leve"));
	CHECK(!cmdline_key_eq("log", "log_level"));
	CHECK(cmdline_key_eq("", ""));
}
