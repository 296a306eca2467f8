/* SPDX-License-Identifier: MIT */
/*
 * zlib, for comparison.
 */
#include "zlib_oracle.h"

#include <stdlib.h>
#include <zlib.h>

/* zlib's window bits: negative for a bare stream, plus 16 for gzip. */
static int window_bits(_Bool gzip)
{
	return gzip ? 15 + 16 : -15;
}

long zlib_decode(_Bool gzip, const unsigned char *in, unsigned long size, unsigned long *used,
		 unsigned char *out, unsigned long out_size)
{
	z_stream z = {.next_in = (unsigned char *)in, .avail_in = size};
	int ret;

	z.next_out = out;
	z.avail_out = out_size;
	if (inflateInit2(&z, window_bits(gzip)) != Z_OK)
		abort();
	ret = inflate(&z, Z_FINISH);
	*used = z.total_in;
	inflateEnd(&z);
	return ret == Z_STREAM_END ? (long)z.total_out : -1;
}

unsigned long zlib_encode(_Bool gzip, int how, const unsigned char *in, unsigned long size,
			  unsigned char *out, unsigned long out_size)
{
	static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE};
	z_stream z = {.next_in = (unsigned char *)in, .avail_in = size};

	z.next_out = out;
	z.avail_out = out_size;
	if (deflateInit2(&z, how & 4 ? 9 : 1, Z_DEFLATED, window_bits(gzip), 8,
			 strategies[how & 3]) != Z_OK ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&z);
	return z.total_out;
}
