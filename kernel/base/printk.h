/* SPDX-License-Identifier: MIT */
/* Kernel log: a ring in memory, copied to the console. */
#pragma once

#include "lib/types.h"

/* A line's level, before its text; info if there is none. */
#define KERN_ERR     "\0013"
#define KERN_WARNING "\0014"
#define KERN_INFO    "\0016"

/* Log one line (a missing newline is added) with a time stamp. @fmt as snprintf. Any context, never
 * sleeps. */
void printk(const char *fmt, ...) __printf(1, 2);
/* The same for a line that a program wrote. @prio: syslog(3)'s facility * 8 + level. */
void log_write(unsigned int prio, const char *text);
/* False: the log is kept in memory only (boot option "quiet", or no console=).
 * Panics and errors always print. */
extern bool console_enabled;

/* A line of the log: "<6>[    1.234567] text\n", with its facility and level. */

/* Copy up to @size bytes of the log, oldest first, to @buf; returns the number copied. */
size_t log_read_all(char *buf, size_t size);
/* Copy up to @size bytes of what was logged from position *@pos on (counted in bytes since boot) to
 * @buf and move *@pos behind it; returns the number copied. What the ring no longer holds is left
 * out. Any context. */
size_t log_read(u64 *pos, char *buf, size_t size);
/* Copy the latest whole lines since log_clear() that @size bytes hold; returns the bytes. */
size_t log_read_latest(char *buf, size_t size);
/* From here on log_read_latest() and LOG_SINCE_CLEAR begin. The log stays. */
void log_clear(void);

/* A reader of single lines; each has a number. */
struct log_cursor {
	u64 pos, seq;
};
enum log_place { LOG_FIRST, LOG_SINCE_CLEAR, LOG_END };
void log_seek(struct log_cursor *cursor, enum log_place place);
/* The line at @cursor, NUL-terminated, without its newline, cut to @size; on to the next. Its
 * length, 0: there is none yet; -EPIPE: some are lost, the next call has the oldest. */
ssize_t log_read_line(struct log_cursor *cursor, char *buf, size_t size);
/* Bytes the log has room for. */
size_t log_capacity(void);
/* Position of what will be logged next. */
u64 log_end_position(void);
/* Bytes of log text now held. */
size_t log_size(void);
