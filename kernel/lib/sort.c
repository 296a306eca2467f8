/* SPDX-License-Identifier: MIT */
/*
 * Heap sort and binary search.
 */
#include "lib/sort.h"

static void swap_elements(char *a, char *b, size_t size)
{
	while (size >= sizeof(u64)) {
		u64 x, y;

		__builtin_memcpy(&x, a, sizeof(x));
		__builtin_memcpy(&y, b, sizeof(y));
		__builtin_memcpy(a, &y, sizeof(y));
		__builtin_memcpy(b, &x, sizeof(x));
		a += sizeof(u64);
		b += sizeof(u64);
		size -= sizeof(u64);
	}
	for (; size; size--, a++, b++)
		swap(*a, *b);
}

/* Let the element at @at sink until no child is greater, in a heap of @num elements. */
static void sift_down(char *base, size_t at, size_t num, size_t size,
		      int (*cmp)(const void *, const void *))
{
	size_t child;

	while ((child = 2 * at + 1) < num) {
		if (child + 1 < num && cmp(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (cmp(base + at * size, base + child * size) >= 0)
			return;
		swap_elements(base + at * size, base + child * size, size);
		at = child;
	}
}

void sort(void *base, size_t num, size_t size, int (*cmp)(const void *, const void *))
{
	size_t i;

	for (i = num / 2; i-- > 0;)
		sift_down(base, i, num, size, cmp);
	for (i = num; i-- > 1;) {
		swap_elements(base, (char *)base + i * size, size);
		sift_down(base, 0, i, size, cmp);
	}
}

void *bsearch(const void *key, const void *base, size_t num, size_t size,
	      int (*cmp)(const void *key, const void *element))
{
	size_t low = 0, high = num;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const char *element = (const char *)base + mid * size;
		int order = cmp(key, element);

		if (order == 0)
			return (void *)element;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}
