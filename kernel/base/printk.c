/* SPDX-License-Identifier: MIT */
/*
 * The kernel log: a ring of text that always holds the latest lines, and a copy to the console.
 */
#include "base/printk.h"
#include "base/panic.h"
#include "base/spinlock.h"
#include "abi/errno.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

#define LOG_SIZE (32 * 1024) /* power of two */
#define LINE_MAX 512

enum { LEVEL_ERR = 3, LEVEL_INFO = 6 };

static DEFINE_SPINLOCK(log_lock, RANK_LOG);
/* Under log_lock. Positions count bytes ever written; a byte's place is its position modulo
 * LOG_SIZE. */
static char log_ring[LOG_SIZE];
static u64 log_end;
static u64 log_start;		       /* always the beginning of a line */
static u64 log_end_seq, log_start_seq; /* lines ever written; number of the one at log_start */
static struct log_cursor clear_mark;

bool console_enabled = true;

/* Make room for @len bytes, by whole lines. */
static void log_drop(size_t len)
{
	while (log_end + len - log_start > LOG_SIZE) {
		while (log_ring[log_start++ % LOG_SIZE] != '\n')
			;
		log_start_seq++;
	}
}

/* @s: a line. */
static void log_append(const char *s, size_t len)
{
	size_t i;

	log_drop(len);
	for (i = 0; i < len; i++)
		log_ring[(log_end + i) % LOG_SIZE] = s[i];
	log_end += len;
	log_end_seq++;
}

/* The lock, unless a panic may have interrupted its holder: then the output matters more. */
static bool log_enter(unsigned long *flags)
{
	*flags = arch_irq_save();
	if (!panic_in_progress) {
		spin_lock(&log_lock);
		return true;
	}
	return spin_trylock(&log_lock);
}

static void log_leave(bool locked, unsigned long flags)
{
	if (locked)
		spin_unlock(&log_lock);
	arch_irq_restore(flags);
}

static void log_line(unsigned int prio, const char *fmt, va_list args)
{
	char line[LINE_MAX];
	u64 now = arch_clock_ns();
	unsigned long flags;
	size_t len, stamp, i;
	bool locked;

	stamp = scnprintf(line, sizeof(line) - 1, "<%u>", prio);
	len = stamp + scnprintf(line + stamp, sizeof(line) - 1 - stamp, "[%5llu.%06llu] ",
				now / NSEC_PER_SEC, now % NSEC_PER_SEC / NSEC_PER_USEC);
	len += vscnprintf(line + len, sizeof(line) - 1 - len, fmt, args);
	if (line[len - 1] != '\n')
		line[len++] = '\n';
	for (i = 0; i + 1 < len; i++)
		line[i] = line[i] == '\n' ? ' ' : line[i];

	locked = log_enter(&flags);
	log_append(line, len);
	if (console_enabled || panic_in_progress || prio % 8 <= LEVEL_ERR)
		arch_console_write(line + stamp, len - stamp);
	log_leave(locked, flags);
}

void printk(const char *fmt, ...)
{
	unsigned int prio = LEVEL_INFO;
	va_list args;

	if (fmt[0] == KERN_INFO[0] && fmt[1]) {
		prio = fmt[1] - '0';
		fmt += 2;
	}
	va_start(args, fmt);
	log_line(prio, fmt, args);
	va_end(args);
}

static void log_format(unsigned int prio, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(prio, fmt, args);
	va_end(args);
}

void log_write(unsigned int prio, const char *text)
{
	log_format(prio, "%s", text);
}

/* ---- Reading --------------------------------------------------------------------------------- */

size_t log_read_all(char *buf, size_t size)
{
	unsigned long flags;
	size_t n, i;
	bool locked = log_enter(&flags);

	n = min_t(size_t, size, log_end - log_start);
	for (i = 0; i < n; i++)
		buf[i] = log_ring[(log_start + i) % LOG_SIZE];
	log_leave(locked, flags);
	return n;
}

size_t log_read(u64 *pos, char *buf, size_t size)
{
	unsigned long flags;
	bool locked = log_enter(&flags);
	size_t n, i;

	*pos = clamp(*pos, log_start, log_end);
	n = min_t(size_t, size, log_end - *pos);
	for (i = 0; i < n; i++)
		buf[i] = log_ring[(*pos + i) % LOG_SIZE];
	*pos += n;
	log_leave(locked, flags);
	return n;
}

u64 log_end_position(void)
{
	unsigned long flags;
	bool locked = log_enter(&flags);
	u64 end = log_end;

	log_leave(locked, flags);
	return end;
}

size_t log_size(void)
{
	unsigned long flags;
	bool locked = log_enter(&flags);
	size_t n = log_end - log_start;

	log_leave(locked, flags);
	return n;
}

size_t log_read_latest(char *buf, size_t size)
{
	unsigned long flags;
	bool locked = log_enter(&flags);
	u64 pos = max(clear_mark.pos, log_start);
	size_t n, i;

	if (log_end - pos > size) {
		pos = log_end - size;
		while (pos < log_end && log_ring[(pos - 1) % LOG_SIZE] != '\n')
			pos++;
	}
	n = log_end - pos;
	for (i = 0; i < n; i++)
		buf[i] = log_ring[(pos + i) % LOG_SIZE];
	log_leave(locked, flags);
	return n;
}

void log_clear(void)
{
	unsigned long flags;
	bool locked = log_enter(&flags);

	clear_mark = (struct log_cursor){log_end, log_end_seq};
	log_leave(locked, flags);
}

void log_seek(struct log_cursor *cursor, enum log_place place)
{
	unsigned long flags;
	bool locked = log_enter(&flags);

	if (place == LOG_END)
		*cursor = (struct log_cursor){log_end, log_end_seq};
	else if (place == LOG_SINCE_CLEAR && clear_mark.pos >= log_start)
		*cursor = clear_mark;
	else
		*cursor = (struct log_cursor){log_start, log_start_seq};
	log_leave(locked, flags);
}

ssize_t log_read_line(struct log_cursor *cursor, char *buf, size_t size)
{
	unsigned long flags;
	bool locked = log_enter(&flags);
	ssize_t n = 0;
	char c;

	if (cursor->pos < log_start) {
		*cursor = (struct log_cursor){log_start, log_start_seq};
		n = -EPIPE;
	} else if (cursor->pos < log_end) {
		while ((c = log_ring[cursor->pos++ % LOG_SIZE]) != '\n') {
			if (n + 1 < (ssize_t)size)
				buf[n++] = c;
		}
		buf[n] = '\0';
		cursor->seq++;
	}
	log_leave(locked, flags);
	return n;
}

size_t log_capacity(void)
{
	return LOG_SIZE;
}
