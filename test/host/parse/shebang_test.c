/* SPDX-License-Identifier: MIT */
/*
 * "#!" lines: each drawn as what exec makes of it.
 */
#include "test.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "parse/shebang.h"

static const char *parse(const char *head)
{
	static struct shebang s;
	static char text[600];

	if (shebang_parse(head, strlen(head), &s))
		return "ENOEXEC";
	test_snprintf(text, sizeof(text), s.has_arg ? "[%s] [%s]" : "[%s]", s.interp, s.arg);
	return text;
}

TEST(shebang_interpreter_and_one_argument)
{
	CHECK_STREQ(parse("#!/bin/sh\necho"), "[/bin/sh]");
	CHECK_STREQ(parse("#! /bin/sh\n"), "[/bin/sh]");
	CHECK_STREQ(parse("#!\t /bin/sh -e\n"), "[/bin/sh] [-e]");
	CHECK_STREQ(parse("#!/usr/bin/env python3 -u  x\n"), "[/usr/bin/env] [python3 -u  x]");
	CHECK_STREQ(parse("#!/bin/sh   -e  \t\n"), "[/bin/sh] [-e]");
	CHECK_STREQ(parse("#!/bin/sh \n"), "[/bin/sh]");
	CHECK_STREQ(parse("#!/bin/sh"), "[/bin/sh]");
	CHECK_STREQ(parse("#!/bin/sh -x"), "[/bin/sh] [-x]");
	CHECK_STREQ(parse("#!/bin/sh\r\n"), "[/bin/sh\r]");
}

TEST(shebang_without_interpreter_is_no_script)
{
	CHECK_STREQ(parse(""), "ENOEXEC");
	CHECK_STREQ(parse("#"), "ENOEXEC");
	CHECK_STREQ(parse("# !/bin/sh\n"), "ENOEXEC");
	CHECK_STREQ(parse("#!\n"), "ENOEXEC");
	CHECK_STREQ(parse("#!  \t \n"), "ENOEXEC");
	/* The rest of the buffer counts as NULs: an interpreter with an empty name. */
	CHECK_STREQ(parse("#!"), "[]");
	CHECK_STREQ(parse("#!  "), "[]");
}

/* A head of 256 bytes: "#!", @name times 'n', @blanks blanks, the rest 'a'. No newline. */
static int parse_long(unsigned int name, unsigned int blanks, struct shebang *s)
{
	char head[BINPRM_BUF_SIZE + 50];

	memset(head, 'a', sizeof(head));
	memcpy(head, "#!", 2);
	memset(head + 2, 'n', name);
	memset(head + 2 + name, ' ', blanks);
	return shebang_parse(head, sizeof(head), s);
}

TEST(shebang_longer_than_the_buffer)
{
	struct shebang s;

	/* The interpreter may go on: it must not be cut. */
	CHECK_EQ(parse_long(254, 0, &s), -ENOEXEC);
	CHECK_EQ(parse_long(200, 0, &s), -ENOEXEC);
	/* It ends with the last byte of the buffer. */
	CHECK_EQ(parse_long(253, 1, &s), 0);
	CHECK_EQ(strlen(s.interp), 253ul);
	CHECK(!s.has_arg);
	/* The argument is cut; the last byte of the buffer is lost. */
	CHECK_EQ(parse_long(100, 3, &s), 0);
	CHECK_EQ(strlen(s.interp), 100ul);
	CHECK(s.has_arg);
	CHECK_EQ(strlen(s.arg), (size_t)BINPRM_BUF_SIZE - 1 - 2 - 100 - 3);
	CHECK_EQ(parse_long(0, 254, &s), -ENOEXEC);
}
