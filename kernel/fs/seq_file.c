/* SPDX-License-Identifier: MIT */
/* Text files made by the kernel: see seq_file.h. */
#include "fs/internal.h"
#include "fs/seq_file.h"
#include "lib/vsprintf.h"

#define SEQ_MAX_SIZE (256ul << 20)
#define SEQ_LINE     (2 * PAGE_SIZE) /* most of one seq_printf() */

static inline char *place_of(const struct seq_text *text, size_t at)
{
	return text->pieces[at / text->piece] + at % text->piece;
}

void seq_write(struct seq_file *m, const void *data, size_t len)
{
	const char *from = data;

	if (m->count + len >= m->size) {
		m->count = m->size;
		return;
	}
	while (len) {
		size_t n = min(len, m->text->piece - m->count % m->text->piece);

		memcpy(place_of(m->text, m->count), from, n);
		m->count += n;
		from += n;
		len -= n;
	}
}

void seq_printf(struct seq_file *m, const char *fmt, ...)
{
	size_t len, room;
	va_list args;

	if (m->count >= m->size)
		return;
	room = m->text->piece - m->count % m->text->piece;
	va_start(args, fmt);
	len = vsnprintf(place_of(m->text, m->count), room, fmt, args);
	va_end(args);
	if (len < room) {
		m->count += len;
		return;
	}
	if (m->count + len >= m->size || len >= SEQ_LINE) {
		m->count = m->size;
		return;
	}
	va_start(args, fmt);
	vsnprintf(m->line, SEQ_LINE, fmt, args);
	va_end(args);
	seq_write(m, m->line, len);
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

void seq_text_free(struct seq_text *text)
{
	for (unsigned int i = 0; text && i < text->nr; i++)
		kfree(text->pieces[i]);
	kfree(text);
}

static struct seq_text *alloc_text(size_t size)
{
	size_t piece = min(size, PAGE_SIZE), nr = size / piece;
	struct seq_text *text = kmalloc(sizeof(*text) + nr * sizeof(char *), GFP_KERNEL);

	if (!text)
		return NULL;
	text->piece = piece;
	for (text->nr = 0; text->nr < nr; text->nr++) {
		text->pieces[text->nr] = kmalloc(piece, GFP_KERNEL);
		if (!text->pieces[text->nr]) {
			seq_text_free(text);
			return NULL;
		}
	}
	return text;
}

/* One try with @size bytes. 1: it did not fit. */
static int try_make(struct seq_file *m, int (*show)(struct seq_file *m), size_t size)
{
	int err;

	m->text = alloc_text(size);
	m->line = size > PAGE_SIZE ? kmalloc(SEQ_LINE, GFP_KERNEL) : NULL;
	m->size = size;
	m->count = 0;
	err = m->text && (m->line || size <= PAGE_SIZE) ? show(m) : -ENOMEM;
	kfree(m->line);
	if (!err && !seq_has_overflowed(m)) {
		m->text->len = m->count;
		return 0;
	}
	seq_text_free(m->text);
	return err ? err : 1;
}

int seq_make(struct seq_file *m, int (*show)(struct seq_file *m), struct seq_text **text)
{
	int err = 1;

	for (size_t size = PAGE_SIZE / 4; err == 1 && size <= SEQ_MAX_SIZE; size *= 4)
		err = try_make(m, show, size);
	*text = m->text;
	return err == 1 ? -ENOMEM : err;
}

ssize_t seq_text_read(const struct seq_text *text, struct iov_iter *to, loff_t *pos)
{
	ssize_t done = 0;

	if (*pos < 0)
		return -EINVAL;
	while (*pos < text->len && to->count) {
		size_t n = min(text->len - *pos, text->piece - *pos % text->piece);
		size_t copied = copy_to_iter(place_of(text, *pos), min(n, to->count), to);

		*pos += copied;
		done += copied;
		if (!copied)
			return done ? done : -EFAULT;
	}
	return done;
}
