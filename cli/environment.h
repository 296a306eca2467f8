/* SPDX-License-Identifier: MIT */
/* A list of "NAME=value" strings, as execve takes it. */
#pragma once

#include "report.h"

/* Value of @name in @environment (NULL-terminated), or NULL. */
const char *environment_get(char *const environment[], const char *name);

/* Set "NAME=value" @assignment in @environment: replaces an entry of that name or adds one. */
void environment_set(struct strings *environment, const char *assignment);
