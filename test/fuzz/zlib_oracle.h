/* SPDX-License-Identifier: MIT */
/*
 * zlib, for comparison. Included with and without libc: only the compiler's own types.
 */
#pragma once

/* Decode one deflate stream or gzip member: bytes produced, *used the length of the stream; -1: an
 * error, the end of the input, or more than @out_size bytes. */
long zlib_decode(_Bool gzip, const unsigned char *in, unsigned long size, unsigned long *used,
		 unsigned char *out, unsigned long out_size);

/* Compress; @how (0..7) chooses level and strategy. Bytes written to @out, which is large enough.
 */
unsigned long zlib_encode(_Bool gzip, int how, const unsigned char *in, unsigned long size,
			  unsigned char *out, unsigned long out_size);
