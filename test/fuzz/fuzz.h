/* SPDX-License-Identifier: MIT */
/*
 * A fuzz target: a function that takes any bytes and aborts if the code under test breaks a
 * promise. Linked with libFuzzer it explores; linked with mutate_main.c it runs a fixed sequence of
 * mutations of its seeds, the same in every run. Targets see the kernel's headers and no libc.
 */
#pragma once

#include "lib/types.h"

/* The target. Always returns 0. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
/* Write seed number @n (from 0) to @buf; its length, at most @size, or 0: there are no more. */
size_t fuzz_seed(unsigned int n, u8 *buf, size_t size);

/* Print and abort. (zlib_oracle.c and mutate_main.c live with libc and implement these.) */
__noreturn void fuzz_fail(const char *file, int line, const char *what);
void *fuzz_malloc(size_t size);
void fuzz_free(void *ptr);

#define FUZZ_CHECK(cond)                                                                           \
	do {                                                                                       \
		if (!(cond))                                                                       \
			fuzz_fail(__FILE__, __LINE__, #cond);                                      \
	} while (0)
