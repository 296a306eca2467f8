/* SPDX-License-Identifier: MIT */
/*
 * Deflate (RFC 1951) and gzip (RFC 1952).
 *
 * A deflate stream is a sequence of blocks: stored bytes, or symbols in a Huffman code that is
 * fixed or told at the start of the block. A symbol is a literal byte, the end of the block, or the
 * length of a copy from up to 32 KiB back, followed by the code of its distance. Bits come from the
 * low end of each byte; the bits of a Huffman code come most significant first.
 */
#include "parse/inflate.h"
#include "abi/errno.h"
#include "lib/bitops.h"
#include "lib/string.h"

#define MAX_CODE_BITS 15
#define FAST_BITS     9
#define MAX_LITERALS  288
#define MAX_DISTANCES 32
#define END_OF_BLOCK  256

/*
 * A canonical code: shorter codes come first, codes of equal length in the order of their symbols.
 * So the number of codes of each length and the symbols in order of their codes describe it. Codes
 * of up to FAST_BITS bits are looked up at once.
 */
struct huffman {
	u16 count[MAX_CODE_BITS + 1];
	u16 symbol[MAX_LITERALS];
	u16 fast[1 << FAST_BITS]; /* by the next bits: symbol << 4 | length; 0: a longer code, or
				     none */
};

struct stream {
	const u8 *in;
	size_t in_size, in_pos;
	u64 bits; /* read but not used, the next one lowest */
	unsigned int nbits;
	u8 *out; /* NULL: only count */
	size_t out_size, out_pos;
	struct huffman literals, distances;
	u8 lengths[MAX_LITERALS + MAX_DISTANCES];
};

/* Have as many bits at hand as there are, at least 32 unless the input ends. */
static inline void refill(struct stream *s)
{
	while (s->nbits <= 56 && s->in_pos < s->in_size) {
		s->bits |= (u64)s->in[s->in_pos++] << s->nbits;
		s->nbits += 8;
	}
}

static inline void drop_bits(struct stream *s, unsigned int n)
{
	s->bits >>= n;
	s->nbits -= n;
}

/* The next @n <= 16 bits, or -EINVAL at the end of the input. */
static int take_bits(struct stream *s, unsigned int n)
{
	int value;

	if (s->nbits < n) {
		refill(s);
		if (s->nbits < n)
			return -EINVAL;
	}
	value = s->bits & ((1U << n) - 1);
	drop_bits(s, n);
	return value;
}

/* ---- Huffman codes -------------------------------------------------------------------------- */

static unsigned int reverse_bits(unsigned int code, unsigned int n)
{
	unsigned int reversed = 0;

	for (; n; n--, code >>= 1)
		reversed = reversed << 1 | (code & 1);
	return reversed;
}

static void fill_fast(struct huffman *h)
{
	unsigned int len, i, code = 0, index = 0, at;

	memset(h->fast, 0, sizeof(h->fast));
	for (len = 1; len <= FAST_BITS; len++, code <<= 1)
		for (i = 0; i < h->count[len]; i++, code++, index++)
			for (at = reverse_bits(code, len); at < 1 << FAST_BITS; at += 1 << len)
				h->fast[at] = h->symbol[index] << 4 | len;
}

/*
 * Build the code in which symbol i has lengths[i] bits (0: it does not occur). -EINVAL: no such
 * code. A code that leaves bit patterns unused is allowed only with a single symbol of one bit, or
 * none, and only if
 * @may_lack.
 */
static int build_code(struct huffman *h, const u8 *lengths, unsigned int num, bool may_lack)
{
	u16 offset[MAX_CODE_BITS + 1];
	unsigned int i, len, longest = 0;
	int left = 1; /* codes of the current length not yet given away */

	memset(h->count, 0, sizeof(h->count));
	for (i = 0; i < num; i++)
		h->count[lengths[i]]++;
	h->count[0] = 0;
	offset[0] = 0;
	for (len = 1; len <= MAX_CODE_BITS; len++) {
		left = left * 2 - h->count[len];
		if (left < 0)
			return -EINVAL;
		offset[len] = offset[len - 1] + h->count[len - 1];
		if (h->count[len])
			longest = len;
	}
	if (left > 0 && !(may_lack && longest <= 1))
		return -EINVAL;
	for (i = 0; i < num; i++)
		if (lengths[i])
			h->symbol[offset[lengths[i]]++] = i;
	fill_fast(h);
	return 0;
}

/* A code longer than FAST_BITS, or the end of the input. */
static int decode_slow(struct stream *s, const struct huffman *h)
{
	unsigned int len, first = 0, index = 0, code = 0;
	u64 bits = s->bits;

	for (len = 1; len <= MAX_CODE_BITS && len <= s->nbits; len++, bits >>= 1) {
		unsigned int count = h->count[len];

		code |= bits & 1;
		if (code < first + count) {
			drop_bits(s, len);
			return h->symbol[index + code - first];
		}
		index += count;
		first = (first + count) << 1;
		code <<= 1;
	}
	return -EINVAL;
}

/* The next symbol, or -EINVAL: no such code, or the end of the input. */
static inline int decode(struct stream *s, const struct huffman *h)
{
	unsigned int entry;

	if (s->nbits < MAX_CODE_BITS)
		refill(s);
	entry = h->fast[s->bits & ((1 << FAST_BITS) - 1)];
	if (likely(entry && (entry & 15) <= s->nbits)) {
		drop_bits(s, entry & 15);
		return entry >> 4;
	}
	return decode_slow(s, h);
}

/* ---- Blocks --------------------------------------------------------------------------------- */

static int stored_block(struct stream *s)
{
	size_t len;

	drop_bits(s, s->nbits % 8);
	/* Back to the input: whole bytes that were read ahead. */
	s->in_pos -= s->nbits / 8;
	s->bits = 0;
	s->nbits = 0;
	if (s->in_size - s->in_pos < 4)
		return -EINVAL;
	len = get_unaligned_le16(s->in + s->in_pos);
	if (get_unaligned_le16(s->in + s->in_pos + 2) != (len ^ 0xffff))
		return -EINVAL;
	s->in_pos += 4;
	if (s->in_size - s->in_pos < len)
		return -EINVAL;
	if (s->out) {
		if (s->out_size - s->out_pos < len)
			return -ENOSPC;
		memcpy(s->out + s->out_pos, s->in + s->in_pos, len);
	}
	s->in_pos += len;
	s->out_pos += len;
	return 0;
}

/* Copy @len bytes from @distance back; they may overlap what is being written. */
static int copy_match(struct stream *s, size_t len, size_t distance)
{
	u8 *to;

	if (distance > s->out_pos)
		return -EINVAL;
	if (s->out) {
		if (s->out_size - s->out_pos < len)
			return -ENOSPC;
		to = s->out + s->out_pos;
		s->out_pos += len;
		for (; len; len--, to++)
			*to = *(to - distance);
	} else {
		s->out_pos += len;
	}
	return 0;
}

/* What a length or distance symbol stands for: base + the value of some extra bits. */
static int take_extended(struct stream *s, unsigned int symbol, const u16 *base, const u8 *extra)
{
	int more = take_bits(s, extra[symbol]);

	return more < 0 ? more : base[symbol] + more;
}

static int match(struct stream *s, int length_symbol)
{
	static const u16 length_base[29] = {3,	4,  5,	6,   7,	  8,   9,   10,	 11, 13,
					    15, 17, 19, 23,  27,  31,  35,  43,	 51, 59,
					    67, 83, 99, 115, 131, 163, 195, 227, 258};
	static const u8 length_extra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
					    2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
	static const u16 distance_base[30] = {1,    2,	  3,	4,     5,     7,    9,	  13,
					      17,   25,	  33,	49,    65,    97,   129,  193,
					      257,  385,  513,	769,   1025,  1537, 2049, 3073,
					      4097, 6145, 8193, 12289, 16385, 24577};
	static const u8 distance_extra[30] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
					      6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
	int len, distance, symbol;

	length_symbol -= END_OF_BLOCK + 1;
	if (length_symbol >= (int)ARRAY_SIZE(length_base))
		return -EINVAL;
	len = take_extended(s, length_symbol, length_base, length_extra);
	if (len < 0)
		return len;
	symbol = decode(s, &s->distances);
	if (symbol < 0 || symbol >= (int)ARRAY_SIZE(distance_base))
		return -EINVAL;
	distance = take_extended(s, symbol, distance_base, distance_extra);
	if (distance < 0)
		return distance;
	return copy_match(s, len, distance);
}

static int compressed_block(struct stream *s)
{
	int symbol, err;

	while ((symbol = decode(s, &s->literals)) != END_OF_BLOCK) {
		if (symbol < 0)
			return symbol;
		if (symbol > END_OF_BLOCK) {
			err = match(s, symbol);
			if (err)
				return err;
			continue;
		}
		if (s->out) {
			if (s->out_pos == s->out_size)
				return -ENOSPC;
			s->out[s->out_pos] = symbol;
		}
		s->out_pos++;
	}
	return 0;
}

static int fixed_codes(struct stream *s)
{
	u8 *lengths = s->lengths;

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 256 - 144);
	memset(lengths + 256, 7, 280 - 256);
	memset(lengths + 280, 8, MAX_LITERALS - 280);
	memset(lengths + MAX_LITERALS, 5, MAX_DISTANCES);
	build_code(&s->literals, lengths, MAX_LITERALS, false);
	return build_code(&s->distances, lengths + MAX_LITERALS, MAX_DISTANCES, false);
}

/* Read @num code lengths, themselves coded by s->literals: 16 repeats the last, 17 and 18 zeros. */
static int read_lengths(struct stream *s, unsigned int num)
{
	unsigned int i = 0;

	while (i < num) {
		int symbol = decode(s, &s->literals), repeat;
		u8 value = 0;

		if (symbol < 0)
			return symbol;
		if (symbol < 16) {
			s->lengths[i++] = symbol;
			continue;
		}
		if (symbol == 16) {
			if (i == 0)
				return -EINVAL;
			value = s->lengths[i - 1];
			repeat = take_bits(s, 2);
		} else {
			repeat = take_bits(s, symbol == 17 ? 3 : 7);
		}
		if (repeat < 0)
			return repeat;
		repeat += symbol == 18 ? 11 : 3;
		if (repeat > (int)(num - i))
			return -EINVAL;
		memset(s->lengths + i, value, repeat);
		i += repeat;
	}
	return 0;
}

static int dynamic_codes(struct stream *s)
{
	static const u8 order[19] = {16, 17, 18, 0, 8,	7, 9,  6, 10, 5,
				     11, 4,  12, 3, 13, 2, 14, 1, 15};
	int literals = take_bits(s, 5), distances = take_bits(s, 5), codes = take_bits(s, 4);
	int i, len, err;

	if (literals < 0 || distances < 0 || codes < 0)
		return -EINVAL;
	literals += 257;
	distances += 1;
	codes += 4;
	if (literals > 286 || distances > 30)
		return -EINVAL;
	memset(s->lengths, 0, ARRAY_SIZE(order));
	for (i = 0; i < codes; i++) {
		len = take_bits(s, 3);
		if (len < 0)
			return len;
		s->lengths[order[i]] = len;
	}
	err = build_code(&s->literals, s->lengths, ARRAY_SIZE(order), false);
	if (err)
		return err;
	err = read_lengths(s, literals + distances);
	if (err)
		return err;
	if (s->lengths[END_OF_BLOCK] == 0)
		return -EINVAL;
	err = build_code(&s->literals, s->lengths, literals, true);
	if (err)
		return err;
	return build_code(&s->distances, s->lengths + literals, distances, true);
}

static int one_block(struct stream *s, unsigned int type)
{
	int err;

	switch (type) {
	case 0:
		return stored_block(s);
	case 1:
		err = fixed_codes(s);
		break;
	case 2:
		err = dynamic_codes(s);
		break;
	default:
		return -EINVAL;
	}
	return err ? err : compressed_block(s);
}

ssize_t inflate(const u8 *in, size_t in_size, size_t *in_used, u8 *out, size_t out_size)
{
	struct stream s;
	int last, type, err;

	s.in = in;
	s.in_size = in_size;
	s.in_pos = 0;
	s.bits = 0;
	s.nbits = 0;
	s.out = out;
	s.out_size = out_size;
	s.out_pos = 0;
	do {
		last = take_bits(&s, 1);
		type = take_bits(&s, 2);
		if (last < 0 || type < 0)
			return -EINVAL;
		err = one_block(&s, type);
		if (err)
			return err;
	} while (!last);
	if (in_used)
		*in_used = s.in_pos - s.nbits / 8;
	return s.out_pos;
}

/* ---- gzip ----------------------------------------------------------------------------------- */

u32 crc32(u32 crc, const u8 *data, size_t size)
{
	/* The effect of four bits; twice the steps of a table for bytes, a sixteenth of its size.
	 */
	static const u32 table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	crc = ~crc;
	for (; size; size--) {
		crc ^= *data++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

enum gzip_flags {
	GZIP_HEADER_CRC = 0x02,
	GZIP_EXTRA = 0x04,
	GZIP_NAME = 0x08,
	GZIP_COMMENT = 0x10,
	GZIP_RESERVED = 0xe0,
};

#define GZIP_HEADER_SIZE  10
#define GZIP_TRAILER_SIZE 8

bool is_gzip(const u8 *in, size_t in_size)
{
	return in_size >= 2 && in[0] == 0x1f && in[1] == 0x8b;
}

/* Skip a NUL-terminated string; the position after it, past the end if there is no NUL. */
static size_t skip_string(const u8 *in, size_t in_size, size_t pos)
{
	const u8 *nul = pos < in_size ? memchr(in + pos, 0, in_size - pos) : NULL;

	return nul ? (size_t)(nul - in) + 1 : in_size + 1;
}

/* Length of the header, or -EINVAL. */
static ssize_t gzip_header(const u8 *in, size_t in_size)
{
	size_t pos = GZIP_HEADER_SIZE;
	u8 flags;

	if (in_size < GZIP_HEADER_SIZE || !is_gzip(in, in_size) || in[2] != 8)
		return -EINVAL;
	flags = in[3];
	if (flags & GZIP_RESERVED)
		return -EINVAL;
	if (flags & GZIP_EXTRA) {
		if (in_size - pos < 2)
			return -EINVAL;
		pos += 2 + get_unaligned_le16(in + pos);
	}
	if (flags & GZIP_NAME)
		pos = skip_string(in, in_size, pos);
	if (flags & GZIP_COMMENT)
		pos = skip_string(in, in_size, pos);
	if (flags & GZIP_HEADER_CRC) {
		if (pos > in_size || in_size - pos < 2 ||
		    get_unaligned_le16(in + pos) != (crc32(0, in, pos) & 0xffff))
			return -EINVAL;
		pos += 2;
	}
	return pos <= in_size ? (ssize_t)pos : -EINVAL;
}

ssize_t gunzip(const u8 *in, size_t in_size, size_t *in_used, u8 *out, size_t out_size)
{
	ssize_t header = gzip_header(in, in_size), len;
	size_t used;

	if (header < 0)
		return header;
	in += header;
	in_size -= header;
	len = inflate(in, in_size, &used, out, out_size);
	if (len < 0)
		return len;
	if (in_size - used < GZIP_TRAILER_SIZE)
		return -EINVAL;
	if (out && get_unaligned_le32(in + used) != crc32(0, out, len))
		return -EBADMSG;
	if (get_unaligned_le32(in + used + 4) != (u32)len)
		return -EBADMSG;
	if (in_used)
		*in_used = header + used + GZIP_TRAILER_SIZE;
	return len;
}
