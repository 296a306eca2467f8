/* SPDX-License-Identifier: MIT */
/*
 * Assertions. BUG_ON is for invariants of the kernel itself: no user program may be able to make
 * one fail. They stay on in release kernels. bug_at and warn_at are implemented by base/panic.c.
 */
#pragma once

#include "lib/types.h"

/* Panic with the failed expression and a stack trace. Any context. */
__noreturn void bug_at(const char *file, int line, const char *expr);
/* Print the expression and a stack trace, go on. Any context. */
void warn_at(const char *file, int line, const char *expr);

#define BUG() bug_at(__FILE__, __LINE__, "BUG()")

#define BUG_ON(cond)                                                                               \
	do {                                                                                       \
		if (unlikely(cond))                                                                \
			bug_at(__FILE__, __LINE__, #cond);                                         \
	} while (0)

/* Both are true if @cond is. */
#define WARN_ON(cond)                                                                              \
	({                                                                                         \
		bool __warn = !!(cond);                                                            \
		if (unlikely(__warn))                                                              \
			warn_at(__FILE__, __LINE__, #cond);                                        \
		unlikely(__warn);                                                                  \
	})
#define WARN_ON_ONCE(cond)                                                                         \
	({                                                                                         \
		static bool __warned;                                                              \
		bool __warn_once = !!(cond);                                                       \
		if (unlikely(__warn_once) && !__warned) {                                          \
			__warned = true;                                                           \
			warn_at(__FILE__, __LINE__, #cond);                                        \
		}                                                                                  \
		unlikely(__warn_once);                                                             \
	})
#define BUILD_BUG_ON(cond) static_assert(!(cond), #cond)
