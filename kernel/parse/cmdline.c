/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line.
 */
#include "parse/cmdline.h"
#include "lib/ctype.h"
#include "lib/string.h"

void cmdline_init(struct cmdline *cmdline, char *line)
{
	cmdline->next = line;
}

bool cmdline_next(struct cmdline *cmdline, char **key, char **value)
{
	char *word = skip_spaces(cmdline->next), *end, *equals = NULL;
	bool quoted = *word == '"', in_quote = quoted;

	if (quoted)
		word++;
	for (end = word; *end && (in_quote || !isspace((u8)*end)); end++) {
		if (*end == '=' && !equals)
			equals = end;
		if (*end == '"')
			in_quote = !in_quote;
	}
	cmdline->next = skip_spaces(end);
	*value = NULL;
	if (equals && equals > word) {
		*equals = '\0';
		*value = equals + 1;
		if (**value == '"') {
			(*value)++;
			/* The value may be a lone quotation mark. */
			if (end > *value && end[-1] == '"')
				end[-1] = '\0';
		}
	}
	if (quoted && end > word && end[-1] == '"')
		end[-1] = '\0';
	if (end == word && !quoted)
		return false;
	*end = '\0';
	*key = word;
	return *value || strcmp(word, "--") != 0;
}

bool cmdline_key_eq(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
			return false;
	return *a == *b;
}
