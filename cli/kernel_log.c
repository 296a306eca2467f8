/* SPDX-License-Identifier: MIT */
/* See kernel_log.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "kernel_log.h"
#include "terminal.h"

void write_messages(const char *bytes, size_t size)
{
	char out[1024];
	size_t used = 0;

	for (size_t i = 0; i < size || used; i++) {
		if (i >= size || used > sizeof(out) - 2) {
			/* Messages that cannot be shown are lost; there is nobody to tell. */
			for (size_t done = 0; done < used;) {
				ssize_t n = write(STDERR_FILENO, out + done, used - done);

				if (n < 0 && errno != EINTR)
					break;
				done += n > 0 ? n : 0;
			}
			used = 0;
			if (i >= size)
				break;
		}
		if (bytes[i] == '\r')
			continue;
		if (bytes[i] == '\n' && terminal_is_raw())
			out[used++] = '\r';
		out[used++] = bytes[i];
	}
}

void kernel_log_take(struct kernel_log *log, const char *bytes, size_t size)
{
	if (log->live) {
		write_messages(bytes, size);
		return;
	}
	if (size > sizeof(log->bytes)) {
		bytes += size - sizeof(log->bytes);
		size = sizeof(log->bytes);
	}
	if (size > sizeof(log->bytes) - log->used) {
		size_t drop = size - (sizeof(log->bytes) - log->used);

		memmove(log->bytes, log->bytes + drop, log->used - drop);
		log->used -= drop;
	}
	memcpy(log->bytes + log->used, bytes, size);
	log->used += size;
}

void kernel_log_show_lines(const struct kernel_log *log, const char *word)
{
	const char *line = log->bytes, *end = log->bytes + log->used, *next;

	for (; line < end; line = next) {
		next = memchr(line, '\n', end - line);
		next = next ? next + 1 : end;
		if (memmem(line, next - line, word, strlen(word)))
			write_messages(line, next - line);
	}
}

void kernel_log_show(struct kernel_log *log)
{
	if (!log->used)
		return;
	write_messages(log->bytes, log->used);
	if (log->bytes[log->used - 1] != '\n')
		write_messages("\n", 1);
	log->used = 0;
}
