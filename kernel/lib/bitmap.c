/* SPDX-License-Identifier: MIT */
/*
 * Bitmaps, word by word.
 */
#include "lib/bitmap.h"
#include "lib/vsprintf.h"

/* First bit >= offset that is set in (map ^ invert). */
static unsigned long find_from(const unsigned long *map, unsigned long size, unsigned long offset,
			       unsigned long invert)
{
	unsigned long index, word;

	if (offset >= size)
		return size;
	index = BIT_WORD(offset);
	word = (map[index] ^ invert) & (~0UL << (offset % BITS_PER_LONG));
	while (!word) {
		if (++index >= BITS_TO_LONGS(size))
			return size;
		word = map[index] ^ invert;
	}
	offset = index * BITS_PER_LONG + __ffs(word);
	return min(offset, size);
}

unsigned long find_first_bit(const unsigned long *map, unsigned long size)
{
	return find_from(map, size, 0, 0);
}

unsigned long find_first_zero_bit(const unsigned long *map, unsigned long size)
{
	return find_from(map, size, 0, ~0UL);
}

unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long offset)
{
	return find_from(map, size, offset, 0);
}

unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size, unsigned long offset)
{
	return find_from(map, size, offset, ~0UL);
}

unsigned long find_last_bit(const unsigned long *map, unsigned long size)
{
	unsigned long index = BITS_TO_LONGS(size), word, mask = BITMAP_LAST_WORD_MASK(size);

	while (index-- > 0) {
		word = map[index] & mask;
		if (word)
			return index * BITS_PER_LONG + __fls(word);
		mask = ~0UL;
	}
	return size;
}

unsigned long bitmap_find_next_zero_area(const unsigned long *map, unsigned long size,
					 unsigned long start, unsigned long count,
					 unsigned long align_mask)
{
	unsigned long index, end, next;

	for (;;) {
		index = find_next_zero_bit(map, size, start);
		index = (index + align_mask) & ~align_mask;
		end = index + count;
		if (end > size || end < index)
			return size + 1;
		next = find_next_bit(map, end, index);
		if (next >= end)
			return index;
		start = next + 1;
	}
}

void bitmap_set(unsigned long *map, unsigned long start, unsigned long count)
{
	unsigned long *word = map + BIT_WORD(start), offset = start % BITS_PER_LONG, n;

	for (; count; count -= n, offset = 0, word++) {
		n = min(count, BITS_PER_LONG - offset);
		*word |= (~0UL >> (BITS_PER_LONG - n)) << offset;
	}
}

void bitmap_clear(unsigned long *map, unsigned long start, unsigned long count)
{
	unsigned long *word = map + BIT_WORD(start), offset = start % BITS_PER_LONG, n;

	for (; count; count -= n, offset = 0, word++) {
		n = min(count, BITS_PER_LONG - offset);
		*word &= ~((~0UL >> (BITS_PER_LONG - n)) << offset);
	}
}

void bitmap_zero(unsigned long *map, unsigned long nbits)
{
	unsigned long i;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		map[i] = 0;
}

void bitmap_fill(unsigned long *map, unsigned long nbits)
{
	unsigned long i;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		map[i] = ~0UL;
}

void bitmap_copy(unsigned long *to, const unsigned long *from, unsigned long nbits)
{
	unsigned long i;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		to[i] = from[i];
}

/* Mask of the bits of word @i that belong to a bitmap of @nbits. */
static inline unsigned long word_mask(unsigned long i, unsigned long nbits)
{
	return i == BITS_TO_LONGS(nbits) - 1 ? BITMAP_LAST_WORD_MASK(nbits) : ~0UL;
}

unsigned long bitmap_weight(const unsigned long *map, unsigned long nbits)
{
	unsigned long i, weight = 0;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		weight += hweight_long(map[i] & word_mask(i, nbits));
	return weight;
}

bool bitmap_empty(const unsigned long *map, unsigned long nbits)
{
	return find_first_bit(map, nbits) >= nbits;
}

bool bitmap_full(const unsigned long *map, unsigned long nbits)
{
	return find_first_zero_bit(map, nbits) >= nbits;
}

bool bitmap_equal(const unsigned long *a, const unsigned long *b, unsigned long nbits)
{
	unsigned long i;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		if ((a[i] ^ b[i]) & word_mask(i, nbits))
			return false;
	return true;
}

bool bitmap_subset(const unsigned long *a, const unsigned long *b, unsigned long nbits)
{
	unsigned long i;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		if (a[i] & ~b[i] & word_mask(i, nbits))
			return false;
	return true;
}

bool bitmap_intersects(const unsigned long *a, const unsigned long *b, unsigned long nbits)
{
	unsigned long i;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		if (a[i] & b[i] & word_mask(i, nbits))
			return true;
	return false;
}

bool bitmap_and(unsigned long *to, const unsigned long *a, const unsigned long *b,
		unsigned long nbits)
{
	unsigned long i, any = 0;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++) {
		to[i] = a[i] & b[i];
		any |= to[i] & word_mask(i, nbits);
	}
	return any != 0;
}

void bitmap_or(unsigned long *to, const unsigned long *a, const unsigned long *b,
	       unsigned long nbits)
{
	unsigned long i;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		to[i] = a[i] | b[i];
}

bool bitmap_andnot(unsigned long *to, const unsigned long *a, const unsigned long *b,
		   unsigned long nbits)
{
	unsigned long i, any = 0;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++) {
		to[i] = a[i] & ~b[i];
		any |= to[i] & word_mask(i, nbits);
	}
	return any != 0;
}

int bitmap_print_list(char *buf, size_t size, const unsigned long *map, unsigned long nbits)
{
	unsigned long first, end;
	int len = 0;

	if (size)
		buf[0] = '\0';
	for (first = find_first_bit(map, nbits); first < nbits;
	     first = find_next_bit(map, nbits, end)) {
		size_t at = min_t(size_t, len, size);

		end = find_next_zero_bit(map, nbits, first);
		len += snprintf(buf + at, size - at, end - first > 1 ? "%s%lu-%lu" : "%s%lu",
				len ? "," : "", first, end - 1);
	}
	return len;
}
