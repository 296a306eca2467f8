/* SPDX-License-Identifier: MIT */
/* Kernel log: a ring in memory, copied to the console. */
#pragma once

#include "lib/types.h"

/* Log one line (a missing newline is added) with a time stamp. @fmt as snprintf. Any context, never
 * sleeps. */
void printk(const char *fmt, ...) __printf(1, 2);
/* False: the log is kept in memory only (boot option "quiet", or no console=).
 * Panics always print. */
extern bool console_enabled;
/* Copy up to @size bytes of the log, oldest first, to @buf; returns the number copied (syslog(2),
 * /dev/kmsg). */
size_t log_read_all(char *buf, size_t size);
/* Copy up to @size bytes of what was logged from position *@pos on (counted in bytes since boot) to
 * @buf and move *@pos behind it; returns the number copied. What the ring no longer holds is left
 * out. Any context. */
size_t log_read(u64 *pos, char *buf, size_t size);
/* Position of what will be logged next. */
u64 log_end_position(void);
/* Bytes of log text now held. */
size_t log_size(void);
