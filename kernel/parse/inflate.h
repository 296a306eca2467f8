/* SPDX-License-Identifier: MIT */
/*
 * Decompression of deflate data (RFC 1951) and gzip files (RFC 1952), memory to memory.
 */
#pragma once

#include "lib/types.h"

/*
 * Decode one deflate stream. At most @out_size bytes are written to @out; with @out NULL they are
 * only counted, without limit. *in_used (may be NULL) receives the length of the stream. The number
 * of bytes produced, -EINVAL (malformed or cut off) or -ENOSPC (@out too small).
 */
ssize_t inflate(const u8 *in, size_t in_size, size_t *in_used, u8 *out, size_t out_size);

/*
 * Likewise, one member of a gzip file with header and trailer. Unless @out is NULL its checksum is
 * verified: -EBADMSG if it is wrong.
 */
ssize_t gunzip(const u8 *in, size_t in_size, size_t *in_used, u8 *out, size_t out_size);

/* True if the data begins like a gzip file. */
bool is_gzip(const u8 *in, size_t in_size);

/* CRC-32 as gzip uses it: start with 0, feed pieces in order. */
u32 crc32(u32 crc, const u8 *data, size_t size);
