/* SPDX-License-Identifier: MIT */
/*
 * The cpio reader on archives written here.
 */
#include "test.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "parse/cpio.h"

struct archive {
	u8 data[4096];
	size_t size;
};

static void append(struct archive *a, const void *data, size_t size)
{
	memcpy(a->data + a->size, data, size);
	a->size += size;
}

static void pad(struct archive *a, size_t align)
{
	while (a->size % align)
		a->data[a->size++] = 0;
}

static void add_member(struct archive *a, const char *name, unsigned int mode, const char *data)
{
	char header[111];

	test_snprintf(header, sizeof(header),
		      "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 7, mode, 1000,
		      100, 1, 0x5f000000, (unsigned int)strlen(data), 8, 1, 4, 64,
		      (unsigned int)strlen(name) + 1, 0);
	append(a, header, 110);
	append(a, name, strlen(name) + 1);
	pad(a, 4);
	append(a, data, strlen(data));
	pad(a, 4);
}

/* Reads everything; the names joined by blanks. Members come back whole. */
static int read_all(const void *data, size_t size, char *names, size_t *end)
{
	struct cpio_reader reader;
	struct cpio_entry entry;
	int ret;

	*names = '\0';
	cpio_init(&reader, data, size);
	while ((ret = cpio_next(&reader, &entry)) == 1) {
		strcat(names, entry.name);
		strcat(names, " ");
		CHECK_EQ(strlen(entry.name), entry.name_len);
		/* Everything lies inside. */
		CHECK_LE((u8 *)data, entry.data);
		CHECK_LE(entry.data + entry.size, (u8 *)data + size);
	}
	if (end)
		*end = reader.pos;
	return ret;
}

TEST(cpio_members_have_all_fields)
{
	static struct archive a;
	struct cpio_reader reader;
	struct cpio_entry entry;

	add_member(&a, "etc/motd", 0100644, "hello\n");
	add_member(&a, "dev", 040755, "");
	add_member(&a, "TRAILER!!!", 0, "");
	pad(&a, 512);
	cpio_init(&reader, a.data, a.size);
	CHECK_EQ(cpio_next(&reader, &entry), 1);
	CHECK_STREQ(entry.name, "etc/motd");
	CHECK_EQ(entry.name_len, 8ul);
	CHECK_EQ(entry.ino, 7u);
	CHECK_EQ(entry.mode, 0100644u);
	CHECK_EQ(entry.uid, 1000u);
	CHECK_EQ(entry.gid, 100u);
	CHECK_EQ(entry.nlink, 1u);
	CHECK_EQ(entry.mtime, 0x5f000000u);
	CHECK_EQ(entry.dev_major, 8u);
	CHECK_EQ(entry.dev_minor, 1u);
	CHECK_EQ(entry.rdev_major, 4u);
	CHECK_EQ(entry.rdev_minor, 64u);
	CHECK_EQ(entry.size, 6u);
	CHECK_EQ(memcmp(entry.data, "hello\n", 6), 0);
	CHECK_EQ(cpio_next(&reader, &entry), 1);
	CHECK_STREQ(entry.name, "dev");
	CHECK_EQ(entry.size, 0u);
	CHECK_EQ(cpio_next(&reader, &entry), 0);
	CHECK_EQ(cpio_next(&reader, &entry), 0);
	CHECK_EQ(reader.pos, a.size);
}

TEST(cpio_archives_follow_one_another)
{
	static struct archive a;
	char names[200];
	size_t end, other;

	CHECK_EQ(read_all(a.data, 0, names, &end), 0);
	pad(&a, 4);
	add_member(&a, "one", 0100644, "1");
	add_member(&a, "TRAILER!!!", 0, "");
	pad(&a, 512);
	add_member(&a, "two", 0100644, "22");
	add_member(&a, "TRAILER!!!", 0, "");
	append(&a, "\0\0\0\0", 4);
	other = a.size;
	append(&a, "\x1f\x8b\x08 something compressed", 24);
	CHECK_EQ(read_all(a.data, a.size, names, &end), 0);
	CHECK_STREQ(names, "one two ");
	CHECK_EQ(end, other);
}

TEST(cpio_without_trailer_or_padding_is_complete)
{
	static struct archive a;
	char names[200];

	add_member(&a, "file", 0100644, "1");
	CHECK_EQ(read_all(a.data, a.size - 3, names, NULL), 0);
	CHECK_STREQ(names, "file ");
}

TEST(cpio_cut_off_anywhere_is_noticed)
{
	static struct archive a;
	char names[200];
	size_t size;

	add_member(&a, "file", 0100644, "contents");
	for (size = 6; size < a.size; size++)
		CHECK_EQ(read_all(a.data, size, names, NULL), -EINVAL);
	CHECK_EQ(read_all(a.data, a.size, names, NULL), 0);
}

TEST(cpio_malformed_headers_are_refused)
{
	static struct archive good;
	struct archive a;
	char names[200];

	add_member(&good, "file", 0100644, "contents");
	a = good;
	a.data[6] = 'g'; /* a digit of ino */
	CHECK_EQ(read_all(a.data, a.size, names, NULL), -EINVAL);
	a = good;
	memcpy(a.data + 6 + 8 * 11, "00000000", 8); /* namesize */
	CHECK_EQ(read_all(a.data, a.size, names, NULL), -EINVAL);
	a = good;
	memcpy(a.data + 6 + 8 * 11, "00000004", 8); /* the NUL is not in it */
	CHECK_EQ(read_all(a.data, a.size, names, NULL), -EINVAL);
	a = good;
	memcpy(a.data + 6 + 8 * 6, "FFFFFFFF", 8); /* filesize */
	CHECK_EQ(read_all(a.data, a.size, names, NULL), -EINVAL);
	a = good;
	a.data[5] = '3'; /* magic: not ours */
	CHECK_EQ(read_all(a.data, a.size, names, NULL), 0);
	CHECK_STREQ(names, "");
}
