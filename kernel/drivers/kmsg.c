/* SPDX-License-Identifier: MIT */
/*
 * /dev/kmsg: the kernel log by records, as dmesg(1) reads it. Each open file has a place of its own;
 * a read takes one record:
 *
 *	6,339,5140900,-;text		facility * 8 + level, number, microseconds since boot
 *
 * and a write adds one, with the level of a "<N>" before it.
 */
#include "drivers/kmsg.h"
#include "base/printk.h"
#include "file/file.h"
#include "file/iov_iter.h"
#include "lib/ctype.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/mm.h"
#include "page/slab.h"
#include "sched/sched.h"
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/poll.h"

#define LOOK_AGAIN    (200 * NSEC_PER_MSEC) /* printk() runs anywhere and cannot wake a reader */
#define RECORD_MAX    1024		    /* with what is escaped, cut */
#define WRITE_MAX     992
#define FACILITY_USER 8
#define LEVEL_DEFAULT 4

/* Of an open file. Readers of one file at the same time may get a record twice. */
struct kmsg_reader {
	struct log_cursor at;
	char line[512];
	char record[RECORD_MAX];
};

static int open_kmsg(struct inode *inode, struct file *file)
{
	struct kmsg_reader *reader;

	if (!(file->f_mode & FMODE_READ))
		return 0;
	reader = kmalloc(sizeof(*reader), GFP_KERNEL);
	if (!reader)
		return -ENOMEM;
	log_seek(&reader->at, LOG_FIRST);
	file->private_data = reader;
	return 0;
}

static void release_kmsg(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
}

/* "<6>[    1.234567] text" as a record; its length. */
static size_t make_record(struct kmsg_reader *reader, u64 seq)
{
	const size_t room = sizeof(reader->record) - 8;
	char *at = reader->line + 1, *out = reader->record;
	unsigned long prio = simple_strtoul(at, &at, 10), sec, usec;
	size_t n;

	sec = simple_strtoul(skip_spaces(at + 2), &at, 10);
	usec = simple_strtoul(at + 1, &at, 10);
	n = scnprintf(out, room, "%lu,%llu,%lu,-;", prio, seq, sec * 1000000 + usec);
	for (at += 2; *at && n < room; at++) {
		unsigned char c = *at;

		if (c < ' ' || c >= 127 || c == '\\')
			n += scnprintf(out + n, 5, "\\x%02x", c);
		else
			out[n++] = c;
	}
	out[n++] = '\n';
	return n;
}

static ssize_t read_kmsg(struct file *file, struct iov_iter *to, loff_t *pos)
{
	struct kmsg_reader *reader = file->private_data;
	struct log_cursor at;
	ssize_t n;
	size_t size;

	for (;;) {
		at = reader->at;
		n = log_read_line(&at, reader->line, sizeof(reader->line));
		if (n)
			break;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (signal_pending(current))
			return -ERESTARTSYS;
		__set_current_state(TASK_INTERRUPTIBLE);
		schedule_timeout(LOOK_AGAIN);
	}
	if (n < 0) {
		reader->at = at;
		return n;
	}
	size = make_record(reader, at.seq - 1);
	if (size > to->count)
		return -EINVAL;
	if (copy_to_iter(reader->record, size, to) != size)
		return -EFAULT;
	reader->at = at;
	return size;
}

static ssize_t write_kmsg(struct file *file, struct iov_iter *from, loff_t *pos)
{
	unsigned int prio = FACILITY_USER + LEVEL_DEFAULT;
	size_t len = from->count;
	char *text, *at;

	if (len > WRITE_MAX)
		return -EINVAL;
	text = kmalloc(len + 1, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	if (copy_from_iter(text, len, from) != len) {
		kfree(text);
		return -EFAULT;
	}
	text[len] = '\0';
	at = text;
	if (at[0] == '<' && isdigit(at[1])) {
		unsigned long number = simple_strtoul(at + 1, &at, 10);

		if (*at == '>' && number < 1024) {
			/* The kernel's own facility is not for programs. */
			prio = number < 8 ? number + FACILITY_USER : number;
			at++;
		} else {
			at = text;
		}
	}
	log_write(prio, at);
	kfree(text);
	return len;
}

static loff_t seek_kmsg(struct file *file, loff_t offset, int whence)
{
	struct kmsg_reader *reader = file->private_data;

	if (!reader)
		return -EBADF;
	if (offset)
		return -ESPIPE;
	switch (whence) {
	case SEEK_SET:
		log_seek(&reader->at, LOG_FIRST);
		return 0;
	case SEEK_DATA:
		log_seek(&reader->at, LOG_SINCE_CLEAR);
		return 0;
	case SEEK_END:
		log_seek(&reader->at, LOG_END);
		return 0;
	}
	return -EINVAL;
}

static unsigned int poll_kmsg(struct file *file, struct poll_table *pt)
{
	struct kmsg_reader *reader = file->private_data;

	return reader && reader->at.pos < log_end_position() ? POLLIN | POLLRDNORM : 0;
}

const struct file_operations kmsg_fops = {.open = open_kmsg,
					  .release = release_kmsg,
					  .read_iter = read_kmsg,
					  .write_iter = write_kmsg,
					  .llseek = seek_kmsg,
					  .poll = poll_kmsg};
