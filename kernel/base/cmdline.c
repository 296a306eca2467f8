/* SPDX-License-Identifier: MIT */
#include "arch/arch.h"
#include "base/cmdline.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "parse/cmdline.h"

bool boot_option(const char *key, char *value, size_t size)
{
	char line[sizeof(boot_info.cmdline)];
	struct cmdline words;
	char *word, *arg;
	bool found = false;

	strscpy(line, boot_info.cmdline, sizeof(line));
	cmdline_init(&words, line);
	while (cmdline_next(&words, &word, &arg)) {
		if (!cmdline_key_eq(word, key))
			continue;
		found = true;
		if (value)
			strscpy(value, arg ? arg : "", size);
	}
	return found;
}

bool boot_option_number(const char *key, unsigned long long *value)
{
	char text[32];

	return boot_option(key, text, sizeof(text)) && kstrtoull(text, 0, value) == 0;
}
