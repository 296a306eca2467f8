/* SPDX-License-Identifier: MIT */
/*
 * "#!" lines. The line ends at the first newline; without one in the buffer the name of the
 * interpreter must at least be known to be complete: followed by a blank or by the end of the file.
 */
#include "parse/shebang.h"
#include "abi/errno.h"
#include "lib/string.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

int shebang_parse(const void *buf, size_t len, struct shebang *shebang)
{
	char line[BINPRM_BUF_SIZE] = {}; /* what is missing counts as NUL */
	const char *const last = line + BINPRM_BUF_SIZE - 1;
	const char *end, *name, *name_end;

	memcpy(line, buf, min_t(size_t, len, BINPRM_BUF_SIZE));
	if (line[0] != '#' || line[1] != '!')
		return -ENOEXEC;
	end = memchr(line, '\n', BINPRM_BUF_SIZE);
	for (name = line + 2; name <= last && is_blank(*name); name++)
		;
	if (name > last || name == end)
		return -ENOEXEC;
	for (name_end = name; name_end <= last && *name_end && !is_blank(*name_end); name_end++)
		if (name_end == end)
			break;
	if (!end) {
		if (name_end > last)
			return -ENOEXEC;
		end = last;
	}
	/* Blanks before the end of the line do not belong to the argument. */
	while (is_blank(end[-1]))
		end--;
	if (name_end > end)
		name_end = end;

	memcpy(shebang->interp, name, name_end - name);
	shebang->interp[name_end - name] = '\0';
	shebang->arg[0] = '\0';
	shebang->has_arg = false;
	/* A NUL ends everything, too. */
	if (name_end >= end || *name_end == '\0')
		return 0;
	while (name_end < end && is_blank(*name_end))
		name_end++;
	shebang->has_arg = true;
	len = strnlen(name_end, end - name_end);
	memcpy(shebang->arg, name_end, len);
	shebang->arg[len] = '\0';
	return 0;
}
