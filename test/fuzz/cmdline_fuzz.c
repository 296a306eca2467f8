/* SPDX-License-Identifier: MIT */
/*
 * Lines of text: the kernel command line, the "#!" line (against a second opinion), and numbers.
 * Input: a line.
 */
#include "fuzz.h"

#include "abi/errno.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "parse/cmdline.h"
#include "parse/shebang.h"

static void check_inside(const char *s, const char *line, size_t size)
{
	FUZZ_CHECK(s >= line && s <= line + size);
	FUZZ_CHECK(s + strlen(s) <= line + size);
}

static void fuzz_numbers(const char *s)
{
	unsigned long long n, again;
	long long m;
	char buf[24], *end;

	if (kstrtoull(s, 10, &n) == 0) {
		snprintf(buf, sizeof(buf), "%llu", n);
		FUZZ_CHECK(kstrtoull(buf, 10, &again) == 0 && again == n);
	}
	if (kstrtoll(s, 10, &m) == 0)
		FUZZ_CHECK((m < 0) == (s[0] == '-' && m != 0));
	if (kstrtoull(s, 0, &n) == 0 && s[0] != '+')
		FUZZ_CHECK(simple_strtoull(s, &end, 0) == n && (*end == '\0' || *end == '\n'));
	memparse(s, &end);
	FUZZ_CHECK(end >= s && end <= s + strlen(s));
}

static void fuzz_cmdline(const char *text, size_t size)
{
	char *line = fuzz_malloc(size + 1), *key, *value, *last = line;
	struct cmdline cmdline;

	memcpy(line, text, size);
	line[size] = '\0';
	cmdline_init(&cmdline, line);
	while (cmdline_next(&cmdline, &key, &value)) {
		check_inside(key, line, size);
		FUZZ_CHECK(key >= last);
		FUZZ_CHECK(!strchr(key, '=') || key[0] == '=' || !value);
		last = key;
		if (value) {
			check_inside(value, line, size);
			FUZZ_CHECK(value > key + strlen(key));
			fuzz_numbers(value);
		}
		cmdline_key_eq(key, "log_level");
	}
	check_inside(cmdline.next, line, size);
	fuzz_free(line);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The rule in other words: cut the line out, then look for its words. 0 or -ENOEXEC. */
static int shebang_again(const char *text, size_t size, char *interp, char *arg)
{
	char line[BINPRM_BUF_SIZE + 1] = {};
	size_t start = 2, end, stop;
	bool newline;

	memcpy(line, text, min_t(size_t, size, BINPRM_BUF_SIZE));
	if (line[0] != '#' || line[1] != '!')
		return -ENOEXEC;
	for (end = 0; end < BINPRM_BUF_SIZE && line[end] != '\n'; end++)
		;
	newline = end < BINPRM_BUF_SIZE;
	while (start < end && blank(line[start]))
		start++;
	if (start == end)
		return -ENOEXEC;
	for (stop = start; stop < end && line[stop] && !blank(line[stop]); stop++)
		;
	if (!newline) {
		if (stop == BINPRM_BUF_SIZE)
			return -ENOEXEC;
		end = BINPRM_BUF_SIZE - 1;
	}
	while (blank(line[end - 1]))
		end--;
	line[end] = '\0';
	*arg = '\0';
	if (blank(line[stop])) {
		line[stop++] = '\0';
		while (blank(line[stop]))
			stop++;
		strcpy(arg, line + stop);
	}
	strcpy(interp, line + start);
	return 0;
}

static void fuzz_shebang(const char *text, size_t size)
{
	char interp[BINPRM_BUF_SIZE], arg[BINPRM_BUF_SIZE];
	struct shebang s;
	int err = shebang_parse(text, size, &s);

	FUZZ_CHECK(err == shebang_again(text, size, interp, arg));
	if (err)
		return;
	FUZZ_CHECK(!strcmp(s.interp, interp));
	FUZZ_CHECK(!strcmp(s.arg, arg));
	FUZZ_CHECK(s.has_arg || !s.arg[0]);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	fuzz_cmdline((const char *)data, size);
	fuzz_shebang((const char *)data, size);
	return 0;
}

size_t fuzz_seed(unsigned int n, u8 *buf, size_t size)
{
	static const char *const seeds[] = {
		"quiet root=/dev/vda init=\"/sbin/my init\" \"a=b c\" mem=64M -- single",
		"a=-9223372036854775808 b=18446744073709551615 c=0xffffffffffffffff d=0777",
		"=x --= \"\" a=\"\" \"",
		"#!/bin/sh -e \t\nexit 0\n",
		"#! /usr/bin/env python3\n",
		"#!\t",
	};
	size_t len;

	if (n < ARRAY_SIZE(seeds)) {
		strcpy((char *)buf, seeds[n]);
		return strlen(seeds[n]);
	}
	/* "#!" lines about as long as the buffer. */
	n -= ARRAY_SIZE(seeds);
	if (n >= 8)
		return 0;
	len = 250 + n;
	memset(buf, 'n', 300);
	memcpy(buf, "#!", 2);
	buf[n % 2 ? len : 100] = ' ';
	return 300;
}
