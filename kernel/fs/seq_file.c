/* SPDX-License-Identifier: MIT */
/* Text files made by the kernel: see seq_file.h. */
#include "fs/internal.h"
#include "fs/seq_file.h"
#include "lib/vsprintf.h"

#define SEQ_MAX_SIZE (256ul << 20)

void seq_write(struct seq_file *m, const void *data, size_t len)
{
	if (m->count + len < m->size) {
		memcpy(m->buf + m->count, data, len);
		m->count += len;
	} else {
		m->count = m->size;
	}
}

void seq_printf(struct seq_file *m, const char *fmt, ...)
{
	va_list args;
	size_t len;

	if (m->count >= m->size)
		return;
	va_start(args, fmt);
	len = vsnprintf(m->buf + m->count, m->size - m->count, fmt, args);
	va_end(args);
	m->count = m->count + len < m->size ? m->count + len : m->size;
}

void seq_puts(struct seq_file *m, const char *s)
{
	seq_write(m, s, strlen(s));
}

void seq_putc(struct seq_file *m, char c)
{
	seq_write(m, &c, 1);
}

void seq_pad_to(struct seq_file *m, size_t line_start, size_t width)
{
	while (m->count < m->size && m->count - line_start < width)
		seq_putc(m, ' ');
}

void seq_escape(struct seq_file *m, const char *s, const char *esc)
{
	for (; *s; s++) {
		if (*s == '\\' || strchr(esc, *s))
			seq_printf(m, "\\%03o", (unsigned char)*s);
		else
			seq_putc(m, *s);
	}
}

ssize_t seq_make(struct seq_file *m, int (*show)(struct seq_file *m), char **buf)
{
	int err;

	for (size_t size = PAGE_SIZE / 4; size <= SEQ_MAX_SIZE; size *= 4) {
		m->buf = kmalloc(size, GFP_KERNEL);
		if (!m->buf)
			return -ENOMEM;
		m->size = size;
		m->count = 0;
		err = show(m);
		if (err) {
			kfree(m->buf);
			return err;
		}
		if (!seq_has_overflowed(m)) {
			m->buf[m->count] = 0;
			*buf = m->buf;
			return m->count;
		}
		kfree(m->buf);
	}
	return -ENOMEM;
}
