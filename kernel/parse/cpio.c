/* SPDX-License-Identifier: MIT */
/*
 * A member is a header of 110 ASCII characters (magic, then 13 fields of 8 hexadecimal digits), the
 * name with its NUL, zeros up to a multiple of 4, the contents, and zeros again. The member
 * "TRAILER!!!" ends an archive. Alignment counts from the archive's own start, which is itself a
 * multiple of 4.
 */
#include "parse/cpio.h"
#include "abi/errno.h"
#include "lib/ctype.h"
#include "lib/string.h"

#define HEADER_SIZE 110
#define MAGIC_SIZE  6
/* PATH_MAX: no longer name could be created. */
#define MAX_NAME_SIZE 4096

enum field {
	F_INO,
	F_MODE,
	F_UID,
	F_GID,
	F_NLINK,
	F_MTIME,
	F_FILESIZE,
	F_DEV_MAJOR,
	F_DEV_MINOR,
	F_RDEV_MAJOR,
	F_RDEV_MINOR,
	F_NAMESIZE,
	F_CHECK,
	NR_FIELDS,
};

void cpio_init(struct cpio_reader *reader, const void *data, size_t size)
{
	reader->data = data;
	reader->size = size;
	reader->pos = 0;
}

static bool read_fields(const u8 *header, u32 fields[NR_FIELDS])
{
	const u8 *at = header + MAGIC_SIZE;
	int i, digit;

	for (i = 0; i < NR_FIELDS; i++) {
		fields[i] = 0;
		for (digit = 0; digit < 8; digit++, at++) {
			if (!isxdigit(*at))
				return false;
			fields[i] = fields[i] << 4 |
				    (isdigit(*at) ? *at - '0' : tolower(*at) - 'a' + 10);
		}
	}
	return true;
}

static bool is_magic(const u8 *at)
{
	return !memcmp(at, "070701", MAGIC_SIZE) || !memcmp(at, "070702", MAGIC_SIZE);
}

/* Skip the zeros between archives. True if a member begins there. */
static bool at_member(struct cpio_reader *reader)
{
	while (reader->pos < reader->size && reader->data[reader->pos] == 0)
		reader->pos++;
	return reader->size - reader->pos >= MAGIC_SIZE && is_magic(reader->data + reader->pos);
}

int cpio_next(struct cpio_reader *reader, struct cpio_entry *entry)
{
	u32 fields[NR_FIELDS];
	size_t left, name_end, data_end;
	const u8 *at;

	for (;;) {
		if (!at_member(reader))
			return 0;
		at = reader->data + reader->pos;
		left = reader->size - reader->pos;
		if (left < HEADER_SIZE || !read_fields(at, fields))
			return -EINVAL;
		if (fields[F_NAMESIZE] == 0 || fields[F_NAMESIZE] > MAX_NAME_SIZE)
			return -EINVAL;
		name_end = ALIGN((size_t)HEADER_SIZE + fields[F_NAMESIZE], 4);
		data_end = name_end + fields[F_FILESIZE];
		/* The padding after the last member may be missing. */
		if (HEADER_SIZE + fields[F_NAMESIZE] > left ||
		    (fields[F_FILESIZE] && data_end > left))
			return -EINVAL;
		if (at[HEADER_SIZE + fields[F_NAMESIZE] - 1] != '\0')
			return -EINVAL;
		reader->pos += min(ALIGN(data_end, 4), left);
		entry->name = (const char *)at + HEADER_SIZE;
		entry->name_len = strlen(entry->name);
		if (strcmp(entry->name, "TRAILER!!!"))
			break;
	}
	entry->ino = fields[F_INO];
	entry->mode = fields[F_MODE];
	entry->uid = fields[F_UID];
	entry->gid = fields[F_GID];
	entry->nlink = fields[F_NLINK];
	entry->mtime = fields[F_MTIME];
	entry->dev_major = fields[F_DEV_MAJOR];
	entry->dev_minor = fields[F_DEV_MINOR];
	entry->rdev_major = fields[F_RDEV_MAJOR];
	entry->rdev_minor = fields[F_RDEV_MINOR];
	entry->data = at + min(name_end, left);
	entry->size = fields[F_FILESIZE];
	return 1;
}
