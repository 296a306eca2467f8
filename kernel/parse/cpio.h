/* SPDX-License-Identifier: MIT */
/*
 * Reading cpio archives of the "newc" format (magic 070701 or 070702), as an initramfs is made of:
 * archives follow one another, with zero bytes between them.
 */
#pragma once

#include "lib/types.h"

struct cpio_reader {
	const u8 *data;
	size_t size;
	size_t pos; /* of the next header */
};

/* One member. Pointers go into the archive. */
struct cpio_entry {
	const char *name; /* NUL-terminated */
	size_t name_len;
	u32 ino;
	u32 mode;
	u32 uid;
	u32 gid;
	u32 nlink;
	u32 mtime; /* s since 1970 */
	u32 dev_major, dev_minor;
	u32 rdev_major, rdev_minor;
	const u8 *data; /* contents, or a symbolic link's target (no NUL) */
	u32 size;
};

void cpio_init(struct cpio_reader *reader, const void *data, size_t size);

/*
 * The next member. 1: *entry is filled; 0: end of the data, or something that is no cpio archive
 * follows (it begins at reader->pos: maybe a compressed archive); -EINVAL: a malformed or truncated
 * member. The trailers of archives and the padding after them are skipped. Hard links: members with
 * nlink > 1 and equal ino and dev are one file; its contents come with one of them.
 */
int cpio_next(struct cpio_reader *reader, struct cpio_entry *entry);
