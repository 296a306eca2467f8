/* SPDX-License-Identifier: MIT */
/*
 * Inflate and gunzip against zlib: the same streams are accepted, with the same output and length.
 * Input: a byte that chooses (even: deflate, odd: gzip; 0xf0 and more: bytes to compress first),
 * then the stream.
 */
#include "fuzz.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "parse/inflate.h"
#include "zlib_oracle.h"

enum { OUT_SIZE = 1 << 17 };

static ssize_t decode(bool gzip, const u8 *in, size_t size, size_t *used, u8 *out, size_t out_size)
{
	return gzip ? gunzip(in, size, used, out, out_size)
		    : inflate(in, size, used, out, out_size);
}

static void compare(bool gzip, const u8 *in, size_t size)
{
	static u8 zlib_out[OUT_SIZE];
	size_t used = 0, zlib_used = 0;
	u8 *out = fuzz_malloc(OUT_SIZE), *exact;
	ssize_t len = decode(gzip, in, size, &used, out, OUT_SIZE);
	long zlib_len = zlib_decode(gzip, in, size, &zlib_used, zlib_out, OUT_SIZE);

	if (len >= 0) {
		FUZZ_CHECK(zlib_len == len);
		FUZZ_CHECK(zlib_used == used);
		FUZZ_CHECK(memcmp(out, zlib_out, len) == 0);
		FUZZ_CHECK(decode(gzip, in, size, &used, NULL, 0) == len);
		/* It writes no more than that; one byte less is too little. */
		exact = fuzz_malloc(len + 1);
		FUZZ_CHECK(decode(gzip, in, size, NULL, exact, len) == len);
		if (len > 0)
			FUZZ_CHECK(decode(gzip, in, size, NULL, exact, len - 1) == -ENOSPC);
		fuzz_free(exact);
	} else {
		FUZZ_CHECK(len == -EINVAL || len == -ENOSPC || (gzip && len == -EBADMSG));
		FUZZ_CHECK(zlib_len < 0);
	}
	fuzz_free(out);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static u8 stream[OUT_SIZE];
	bool gzip;

	if (size == 0)
		return 0;
	gzip = data[0] & 1;
	if (data[0] >= 0xf0 && size < OUT_SIZE / 2)
		compare(gzip, stream,
			zlib_encode(gzip, data[0] >> 1 & 7, data + 1, size - 1, stream, OUT_SIZE));
	compare(gzip, data + 1, size - 1);
	return 0;
}

size_t fuzz_seed(unsigned int n, u8 *buf, size_t size)
{
	u8 text[3000];
	unsigned int i;

	if (n >= 32)
		return 0;
	/* Text of a few words, or noise with a small or large alphabet. */
	for (i = 0; i < sizeof(text); i++)
		text[i] = n & 8 ? "fork exec wait mmap page "[(i * i / 97 + i) % 25]
				: (i * 2654435761U >> 13) % (n & 4 ? 256 : 20);
	buf[0] = n & 1 ? 0xf0 | n : n >> 1;
	if (n & 1) {
		memcpy(buf + 1, text, 1000);
		return 1001;
	}
	return 1 +
	       zlib_encode(n >> 1 & 1, n & 7, text, n & 16 ? 100 : sizeof(text), buf + 1, size - 1);
}
