/* SPDX-License-Identifier: MIT */
/*
 * Bitmaps against an array with a byte for each bit.
 */
#include "test.h"

#include "lib/bitmap.h"
#include "lib/string.h"

enum { MAX_BITS = 200 };

struct pair {
	DECLARE_BITMAP(map, MAX_BITS);
	bool model[MAX_BITS];
};

static unsigned long model_find(const bool *model, unsigned long size, unsigned long from,
				bool value)
{
	for (; from < size; from++)
		if (model[from] == value)
			return from;
	return size;
}

static void check_pair(const struct pair *p, unsigned long size)
{
	unsigned long i, weight = 0, last = size;

	for (i = 0; i < size; i++) {
		CHECK_EQ(test_bit(i, p->map), p->model[i]);
		weight += p->model[i];
		if (p->model[i])
			last = i;
	}
	CHECK_EQ(bitmap_weight(p->map, size), weight);
	CHECK_EQ(bitmap_empty(p->map, size), weight == 0);
	CHECK_EQ(bitmap_full(p->map, size), weight == size);
	CHECK_EQ(find_first_bit(p->map, size), model_find(p->model, size, 0, true));
	CHECK_EQ(find_first_zero_bit(p->map, size), model_find(p->model, size, 0, false));
	CHECK_EQ(find_last_bit(p->map, size), last);
	i = test_random_below(MAX_BITS + 10);
	if (i >= size) {
		CHECK_EQ(find_next_bit(p->map, size, i), size);
		return;
	}
	CHECK_EQ(find_next_bit(p->map, size, i), model_find(p->model, size, i, true));
	CHECK_EQ(find_next_zero_bit(p->map, size, i), model_find(p->model, size, i, false));
}

static void check_zero_area(const struct pair *p, unsigned long size)
{
	unsigned long start = test_random_below(size), count = 1 + test_random_below(20);
	unsigned long mask = (1UL << test_random_below(4)) - 1, at, i;

	for (at = start; at + count <= size; at++) {
		if (at & mask)
			continue;
		for (i = 0; i < count && !p->model[at + i]; i++)
			;
		if (i == count) {
			CHECK_EQ(bitmap_find_next_zero_area(p->map, size, start, count, mask), at);
			return;
		}
	}
	CHECK_GE(bitmap_find_next_zero_area(p->map, size, start, count, mask), size);
}

static void random_change(struct pair *p, unsigned long size)
{
	unsigned long start = test_random_below(size), i;
	unsigned long count = test_random_below(size - start + 1);
	bool set = test_random_below(2);

	switch (test_random_below(4)) {
	case 0:
		if (set)
			__set_bit(start, p->map);
		else
			clear_bit(start, p->map);
		p->model[start] = set;
		break;
	case 1:
		CHECK_EQ(test_and_set_bit(start, p->map), p->model[start]);
		p->model[start] = true;
		break;
	default:
		if (set)
			bitmap_set(p->map, start, count);
		else
			bitmap_clear(p->map, start, count);
		for (i = start; i < start + count; i++)
			p->model[i] = set;
	}
}

TEST(bitmap_equals_array_of_bytes)
{
	static struct pair p, q;
	DECLARE_BITMAP(result, MAX_BITS);
	unsigned int round, rounds = test_rounds(20000);
	unsigned long size = 0, i;

	for (round = 0; round < rounds; round++) {
		bool intersects = false, subset = true, equal = true;

		if (round % 200 == 0) {
			size = 1 + test_random_below(MAX_BITS);
			memset(&p, 0, sizeof(p));
			memset(&q, 0, sizeof(q));
			/* What lies past the end must not matter. */
			memset(p.map, 0xff, sizeof(p.map));
			bitmap_clear(p.map, 0, size);
		}
		random_change(&p, size);
		random_change(&q, size);
		check_pair(&p, size);
		check_zero_area(&p, size);
		for (i = 0; i < size; i++) {
			intersects |= p.model[i] && q.model[i];
			subset &= !p.model[i] || q.model[i];
			equal &= p.model[i] == q.model[i];
		}
		CHECK_EQ(bitmap_intersects(p.map, q.map, size), intersects);
		CHECK_EQ(bitmap_subset(p.map, q.map, size), subset);
		CHECK_EQ(bitmap_equal(p.map, q.map, size), equal);
		CHECK_EQ(bitmap_and(result, p.map, q.map, size), intersects);
		CHECK_EQ(bitmap_andnot(result, p.map, q.map, size), !subset);
		for (i = 0; i < size; i++)
			CHECK_EQ(test_bit(i, result), p.model[i] && !q.model[i]);
		bitmap_or(result, p.map, q.map, size);
		for (i = 0; i < size; i++)
			CHECK_EQ(test_bit(i, result), p.model[i] || q.model[i]);
	}
}

TEST(bitmap_prints_lists)
{
	DECLARE_BITMAP(map, 130) = {};
	char buf[40];

	CHECK_EQ(bitmap_print_list(buf, sizeof(buf), map, 130), 0);
	CHECK_STREQ(buf, "");
	bitmap_set(map, 0, 4);
	bitmap_set(map, 7, 1);
	bitmap_set(map, 62, 68);
	CHECK_EQ(bitmap_print_list(buf, sizeof(buf), map, 130), 12);
	CHECK_STREQ(buf, "0-3,7,62-129");
	CHECK_EQ(bitmap_print_list(buf, 6, map, 130), 12);
	CHECK_STREQ(buf, "0-3,7");
}

TEST(bitops_agree_with_shifting)
{
	unsigned int n, i;

	CHECK_EQ(ffs(0), 0);
	CHECK_EQ(fls(0), 0);
	CHECK_EQ(fls64(0), 0);
	CHECK_EQ(order_base_2(0), 0);
	for (i = 0; i < 64; i++) {
		u64 bit = 1ULL << i;

		if (i < 32) {
			CHECK_EQ(ffs(bit), (int)i + 1);
			CHECK_EQ(fls(bit | 1), (int)i + 1);
		}
		CHECK_EQ(fls64(bit | 1), (int)i + 1);
		CHECK_EQ(ilog2(bit), (int)i);
		CHECK_EQ(__ffs(bit), (unsigned long)i);
		CHECK_EQ(__fls(bit), (unsigned long)i);
		CHECK_EQ(ffz(~bit), (unsigned long)i);
		CHECK(is_power_of_2(bit));
		CHECK_EQ(hweight64(bit - 1), i);
	}
	for (n = 1; n < 5000; n++) {
		unsigned int order = 0, weight = 0;

		while ((PAGE_SIZE << order) < n * 100UL)
			order++;
		CHECK_EQ(get_order(n * 100UL), order);
		for (i = 0; i < 32; i++)
			weight += n >> i & 1;
		CHECK_EQ(hweight32(n), weight);
		CHECK_GE(roundup_pow_of_two(n), (unsigned long)n);
		CHECK_LT(roundup_pow_of_two(n), 2UL * n);
		CHECK_LE(rounddown_pow_of_two(n), (unsigned long)n);
		CHECK_EQ(is_power_of_2(n), weight == 1);
	}
	CHECK_EQ(rol32(0x80000001, 4), 0x18u);
	CHECK_EQ(rol32(5, 0), 5u);
	CHECK_EQ(rol64(0x8000000000000001ULL, 1), 3ULL);
}
