/* SPDX-License-Identifier: MIT */
/*
 * Arrays of bits: bit n is bit n % 64 of word n / 64. Sizes are in bits; functions that find return
 * the size (or more) when there is no such bit. Not atomic: the caller's lock covers a bitmap
 * (single bits may be changed atomically with set_bit and friends of lib/atomic.h).
 */
#pragma once

#include "lib/atomic.h"
#include "lib/bitops.h"

#define BITS_TO_LONGS(nbits)	     DIV_ROUND_UP(nbits, BITS_PER_LONG)
#define DECLARE_BITMAP(name, nbits)  unsigned long name[BITS_TO_LONGS(nbits)]
#define BITMAP_LAST_WORD_MASK(nbits) (~0UL >> (-(nbits) & (BITS_PER_LONG - 1)))

unsigned long find_first_bit(const unsigned long *map, unsigned long size);
unsigned long find_first_zero_bit(const unsigned long *map, unsigned long size);
/* First at or after @offset. */
unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long offset);
unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size,
				 unsigned long offset);
/* Highest set bit below @size, or @size if there is none. */
unsigned long find_last_bit(const unsigned long *map, unsigned long size);
/* Start of the first run of @count clear bits at or after @start whose start is a multiple of
 * @align_mask + 1; a value >= @size if there is none. */
unsigned long bitmap_find_next_zero_area(const unsigned long *map, unsigned long size,
					 unsigned long start, unsigned long count,
					 unsigned long align_mask);

/* Bits start .. start + count - 1. */
void bitmap_set(unsigned long *map, unsigned long start, unsigned long count);
void bitmap_clear(unsigned long *map, unsigned long start, unsigned long count);

/* Whole bitmaps. Bits past nbits in the last word: zero and fill write the whole word; the others
 * do not look at them. */
void bitmap_zero(unsigned long *map, unsigned long nbits);
void bitmap_fill(unsigned long *map, unsigned long nbits);
void bitmap_copy(unsigned long *to, const unsigned long *from, unsigned long nbits);
/* Number of set bits. */
unsigned long bitmap_weight(const unsigned long *map, unsigned long nbits);
bool bitmap_empty(const unsigned long *map, unsigned long nbits);
bool bitmap_full(const unsigned long *map, unsigned long nbits);
bool bitmap_equal(const unsigned long *a, const unsigned long *b, unsigned long nbits);
bool bitmap_subset(const unsigned long *a, const unsigned long *b, unsigned long nbits);
bool bitmap_intersects(const unsigned long *a, const unsigned long *b, unsigned long nbits);
/* @to = @a & @b; true if any bit is set. */
bool bitmap_and(unsigned long *to, const unsigned long *a, const unsigned long *b,
		unsigned long nbits);
void bitmap_or(unsigned long *to, const unsigned long *a, const unsigned long *b,
	       unsigned long nbits);
/* @to = @a & ~@b; true if any bit is set. */
bool bitmap_andnot(unsigned long *to, const unsigned long *a, const unsigned long *b,
		   unsigned long nbits);
/* Write @map as Linux's list format ("0-3,7"), NUL-terminated within @size; the length it has or
 * would have. */
int bitmap_print_list(char *buf, size_t size, const unsigned long *map, unsigned long nbits);

#define for_each_set_bit(bit, map, size)                                                           \
	for ((bit) = find_first_bit((map), (size)); (bit) < (size);                                \
	     (bit) = find_next_bit((map), (size), (bit) + 1))
#define for_each_clear_bit(bit, map, size)                                                         \
	for ((bit) = find_first_zero_bit((map), (size)); (bit) < (size);                           \
	     (bit) = find_next_zero_bit((map), (size), (bit) + 1))
