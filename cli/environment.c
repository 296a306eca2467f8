/* SPDX-License-Identifier: MIT */
/* See environment.h. */
#include <string.h>
#include <stdlib.h>
#include "environment.h"

const char *environment_get(char *const environment[], const char *name)
{
	size_t length = strlen(name);

	for (; *environment; environment++) {
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	}
	return NULL;
}

void environment_set(struct strings *environment, const char *assignment)
{
	size_t length = strcspn(assignment, "=") + 1;

	for (size_t i = 0; i < environment->count; i++) {
		if (strncmp(environment->list[i], assignment, length) == 0) {
			free(environment->list[i]);
			environment->list[i] = copy_string(assignment);
			return;
		}
	}
	strings_add(environment, copy_string(assignment));
}
