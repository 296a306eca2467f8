/* SPDX-License-Identifier: MIT */
/* Options of the kernel command line, by name (the words themselves: parse/cmdline.h). */
#pragma once

#include "lib/types.h"

/* True if the command line has @key, before any "--". Its value (the last one given; "" if it has
 * none) is copied, cut to @size, unless @value is NULL. '-' and '_' in names are the same. Any
 * context. */
bool boot_option(const char *key, char *value, size_t size);
/* Likewise for a number (as kstrtoull with base 0): true if @key is there with a good value, which
 * *value receives. */
bool boot_option_number(const char *key, unsigned long long *value);
