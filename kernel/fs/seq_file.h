/* SPDX-License-Identifier: MIT */
/*
 * Text files made by the kernel. A show function prints the whole text of the file into a seq_file;
 * whoever reads gets slices of that snapshot. The buffer never grows inside a print function, so
 * show functions may print with spinlocks held: what does not fit is remembered as an overflow, and
 * the text is made again in a larger buffer.
 */
#pragma once

#include "lib/types.h"

struct file;
struct inode;
struct iov_iter;

/* A text in pieces: pages lying here and there can be had when memory is in pieces. */
struct seq_text {
	size_t len;	    /* bytes */
	size_t piece;	    /* bytes of each piece, a power of 2, at most a page */
	unsigned int nr;    /* pieces */
	char *pieces[];
};

struct seq_file {
	struct seq_text *text;
	char *line;	   /* room for what is printed across two pieces */
	size_t size;	   /* of all pieces, bytes */
	size_t count;	   /* bytes printed; == size: overflow */
	struct file *file; /* opened file, NULL when made for the kernel itself */
	struct inode *inode;
	void *private; /* of the show function's owner */
};

/* Append to @m. Any context. */
void seq_printf(struct seq_file *m, const char *fmt, ...) __printf(2, 3);
void seq_puts(struct seq_file *m, const char *s);
void seq_putc(struct seq_file *m, char c);
void seq_write(struct seq_file *m, const void *data, size_t len);
/* Blanks until the current line has @width characters before the next one is printed. */
void seq_pad_to(struct seq_file *m, size_t line_start, size_t width);
/* A string with the characters in @esc (and backslash) as \ooo, as /proc/mounts shows names. */
void seq_escape(struct seq_file *m, const char *s, const char *esc);
static inline bool seq_has_overflowed(const struct seq_file *m)
{
	return m->count == m->size;
}

/* Make the text: calls @show with more and more room until it fits. *text receives it. 0, -ENOMEM,
 * or show's error. May sleep. */
int seq_make(struct seq_file *m, int (*show)(struct seq_file *m), struct seq_text **text);
void seq_text_free(struct seq_text *text); /* NULL: nothing */
/* read(2) of it at *pos. Bytes, 0 at the end, -EINVAL, -EFAULT. May sleep. */
ssize_t seq_text_read(const struct seq_text *text, struct iov_iter *to, loff_t *pos);
