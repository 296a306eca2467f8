/* SPDX-License-Identifier: MIT */
/*
 * RAM ranges and the reserved ranges in them: two small sorted arrays, and a first-fit allocator on
 * top for the few blocks needed before the buddy allocator stands.
 */
#include "arch/arch.h"
#include "base/panic.h"
#include "lib/string.h"
#include "page/boot_mem.h"

#define MAX_RESERVED 48

struct range {
	u64 start, end;
};

/* Constant after boot_mem_init(). */
static struct range ram[BOOT_MAX_RANGES];
static unsigned int nr_ram;
/* Sorted, disjoint, not touching each other. Boot only, then under all zone locks. */
static struct range reserved[MAX_RESERVED];
static unsigned int nr_reserved;

static void reserved_insert(unsigned int at, u64 start, u64 end)
{
	if (nr_reserved == MAX_RESERVED)
		panic("too many reserved memory ranges");
	memmove(&reserved[at + 1], &reserved[at], (nr_reserved - at) * sizeof(reserved[0]));
	reserved[at] = (struct range){start, end};
	nr_reserved++;
}

static void reserved_remove(unsigned int at)
{
	nr_reserved--;
	memmove(&reserved[at], &reserved[at + 1], (nr_reserved - at) * sizeof(reserved[0]));
}

void boot_mem_reserve(u64 start, u64 end)
{
	unsigned int i = 0;

	if (start >= end)
		return;
	while (i < nr_reserved && reserved[i].end < start)
		i++;
	while (i < nr_reserved && reserved[i].start <= end) {
		start = min(start, reserved[i].start);
		end = max(end, reserved[i].end);
		reserved_remove(i);
	}
	reserved_insert(i, start, end);
}

void boot_mem_unreserve(u64 start, u64 end)
{
	unsigned int i = 0;

	while (i < nr_reserved && reserved[i].start < end) {
		struct range r = reserved[i];

		if (r.end <= start) {
			i++;
			continue;
		}
		reserved_remove(i);
		if (r.end > end)
			reserved_insert(i, end, r.end);
		if (r.start < start)
			reserved_insert(i++, r.start, start);
		if (r.end > end)
			break;
	}
}

void boot_mem_init(void)
{
	unsigned int i;

	nr_ram = 0;
	nr_reserved = 0;
	for (i = 0; i < boot_info.nr_ranges; i++) {
		const struct mem_range *r = &boot_info.ranges[i];
		u64 start = ALIGN(r->start, PAGE_SIZE), end = ALIGN_DOWN(r->end, PAGE_SIZE);

		if (r->type != MEM_RAM || start >= end)
			continue;
		if (nr_ram && ram[nr_ram - 1].end == start)
			ram[nr_ram - 1].end = end;
		else
			ram[nr_ram++] = (struct range){start, end};
	}
	/* Physical address 0 means failure to callers of allocators that return addresses. */
	boot_mem_reserve(0, PAGE_SIZE);
	boot_mem_reserve(boot_info.kernel_start, boot_info.kernel_end);
	boot_mem_reserve(ALIGN_DOWN(boot_info.initrd_start, PAGE_SIZE),
			 ALIGN(boot_info.initrd_end, PAGE_SIZE));
}

bool boot_mem_next_ram(u64 from, u64 end, u64 *start, u64 *stop)
{
	unsigned int i;

	for (i = 0; i < nr_ram; i++) {
		if (ram[i].end <= from)
			continue;
		*start = max(from, ram[i].start);
		*stop = min(end, ram[i].end);
		return *start < *stop;
	}
	return false;
}

bool boot_mem_next_free(u64 from, u64 end, u64 *start, u64 *stop)
{
	unsigned int i;

	while (boot_mem_next_ram(from, end, start, stop)) {
		for (i = 0; i < nr_reserved && *start < *stop; i++) {
			if (reserved[i].end <= *start)
				continue;
			if (reserved[i].start > *start) {
				*stop = min(*stop, reserved[i].start);
				break;
			}
			*start = reserved[i].end;
		}
		if (*start < *stop)
			return true;
		from = *start;
	}
	return false;
}

u64 boot_mem_alloc(u64 size, u64 align)
{
	/* Above 1 MiB first: what needs low memory (starting CPUs) finds it there. */
	u64 from = 1 << 20, start, stop;

	while (boot_mem_next_free(from, ~0ULL, &start, &stop)) {
		start = ALIGN(start, align);
		if (start < stop && stop - start >= size) {
			boot_mem_reserve(start, start + size);
			return start;
		}
		from = stop;
	}
	return 0;
}

u64 boot_mem_total(void)
{
	unsigned int i;
	u64 total = 0;

	for (i = 0; i < nr_ram; i++)
		total += ram[i].end - ram[i].start;
	return total;
}

u64 boot_mem_end(void)
{
	return nr_ram ? ram[nr_ram - 1].end : 0;
}
