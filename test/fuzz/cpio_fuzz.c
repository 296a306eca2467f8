/* SPDX-License-Identifier: MIT */
/*
 * The cpio reader: every member lies inside the archive, and the reader always moves on. Input:
 * archives.
 */
#include "fuzz.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "parse/cpio.h"

static volatile u8 sink;

/* The sanitizer sees a read outside. */
static void touch(const void *data, size_t size)
{
	const u8 *at = data;

	while (size--)
		sink = *at++;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct cpio_reader reader;
	struct cpio_entry entry;
	size_t before;
	int ret;

	cpio_init(&reader, data, size);
	do {
		before = reader.pos;
		ret = cpio_next(&reader, &entry);
		FUZZ_CHECK(ret == 1 || ret == 0 || ret == -EINVAL);
		FUZZ_CHECK(reader.pos >= before && reader.pos <= size);
		if (ret != 1)
			break;
		FUZZ_CHECK(reader.pos > before);
		FUZZ_CHECK(strlen(entry.name) == entry.name_len && entry.name_len < 4096);
		FUZZ_CHECK(strcmp(entry.name, "TRAILER!!!") != 0);
		touch(entry.data, entry.size);
	} while (ret == 1);
	return 0;
}

size_t fuzz_seed(unsigned int n, u8 *buf, size_t size)
{
	static const char one[] = "070701"
				  "00000001000081A4000003E8000003E8000000015F000000"
				  "0000000600000008000000010000000000000000"
				  "0000000500000000"
				  "file\0\0"
				  "hello\n\0\0"
				  "070701"
				  "00000000000000000000000000000000000000010000000000000000"
				  "00000000000000000000000000000000"
				  "0000000B00000000"
				  "TRAILER!!!\0\0\0\0";

	if (n > 1)
		return 0;
	memcpy(buf, one, sizeof(one) - 1);
	if (n == 0)
		return sizeof(one) - 1;
	memset(buf + sizeof(one) - 1, 0, 64);
	memcpy(buf + sizeof(one) + 63, one, sizeof(one) - 1);
	return 2 * sizeof(one) + 62;
}
