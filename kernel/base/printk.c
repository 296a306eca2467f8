/* SPDX-License-Identifier: MIT */
/*
 * The kernel log: a ring of text that always holds the latest lines, and a copy to the console.
 */
#include "base/printk.h"
#include "base/panic.h"
#include "base/spinlock.h"
#include "lib/string.h"
#include "lib/vsprintf.h"

#define LOG_SIZE (32 * 1024) /* power of two */
#define LINE_MAX 512

static DEFINE_SPINLOCK(log_lock, RANK_LOG);
/* Under log_lock. Positions count bytes ever written; a byte's place is its position modulo
 * LOG_SIZE. */
static char log_ring[LOG_SIZE];
static u64 log_end;
static u64 log_start; /* always the beginning of a line */

bool console_enabled = true;

static void log_append(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		log_ring[(log_end + i) % LOG_SIZE] = s[i];
	log_end += len;
	if (log_end - log_start <= LOG_SIZE)
		return;
	log_start = log_end - LOG_SIZE;
	while (log_start < log_end && log_ring[log_start++ % LOG_SIZE] != '\n')
		;
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

void printk(const char *fmt, ...)
{
	char line[LINE_MAX];
	u64 now = arch_clock_ns();
	unsigned long flags;
	va_list args;
	size_t len;
	bool locked;

	len = scnprintf(line, sizeof(line) - 1, "[%5llu.%06llu] ", now / NSEC_PER_SEC,
			now % NSEC_PER_SEC / NSEC_PER_USEC);
	va_start(args, fmt);
	len += vscnprintf(line + len, sizeof(line) - 1 - len, fmt, args);
	va_end(args);
	if (line[len - 1] != '\n')
		line[len++] = '\n';

	locked = log_enter(&flags);
	log_append(line, len);
	if (console_enabled || panic_in_progress)
		arch_console_write(line, len);
	log_leave(locked, flags);
}

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
