/* SPDX-License-Identifier: MIT */
/*
 * The VMA list and tree (mm/vma.c, mm/vma_modify.c), without pages. Layouts are drawn one character
 * a page:
 *
 *	"AA|A..BB"	two VMAs of kind A side by side, two free pages, one of kind B
 */
#include "mm_world.h"
#include "test.h"

#include "lib/err.h"
#include "lib/string.h"
#include "mm/internal.h"
#include "base/fault_inject.h"

#define BASE   0x10000000UL
#define WINDOW 64 /* pages that are drawn */

static struct mm_struct *mm;

static const struct kind {
	char letter;
	unsigned long vm_flags;
} kinds[] = {
	{'A', VM_READ | VM_MAYREAD | VM_MAYWRITE},
	{'B', VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE},
	{'C', VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYEXEC},
	{'L', VM_READ | VM_WRITE | VM_LOCKED | VM_MAYREAD | VM_MAYWRITE},
	{'P', VM_READ | VM_IO | VM_PFNMAP},
	{'S', VM_READ | VM_WRITE | VM_GROWSDOWN},
};

static unsigned long flags_of(char letter)
{
	unsigned int i;

	for (i = 0; kinds[i].letter != letter; i++)
		CHECK_LT(i, ARRAY_SIZE(kinds) - 1);
	return kinds[i].vm_flags;
}

static char letter_of(unsigned long vm_flags)
{
	unsigned int i;

	for (i = 0; kinds[i].vm_flags != vm_flags; i++)
		CHECK_LT(i, ARRAY_SIZE(kinds) - 1);
	return kinds[i].letter;
}

static unsigned long page_addr(unsigned long page)
{
	return BASE + page * PAGE_SIZE;
}

static void setup(void)
{
	world_start(HOST_DEFAULT_RAM, 1);
	mm = world_mm();
	world_run(0, mm);
}

/* Map [start, end) of kind @letter as mmap would: merged where it can. */
static void map(char letter, unsigned long start, unsigned long end)
{
	struct vma_desc desc = {
		.start = page_addr(start),
		.end = page_addr(end),
		.pgoff = page_addr(start) >> PAGE_SHIFT,
		.vm_flags = flags_of(letter),
	};
	struct vm_area_struct *prev, *vma;

	find_vma_prev(mm, desc.start, &prev);
	if (vma_merge(mm, prev, &desc))
		return;
	vma = vm_area_alloc(mm);
	CHECK(vma);
	vma->vm_start = desc.start;
	vma->vm_end = desc.end;
	vma->vm_pgoff = desc.pgoff;
	vma->vm_flags = desc.vm_flags;
	vma_set_page_prot(vma);
	vma_link(vma);
}

static int unmap(unsigned long start, unsigned long end)
{
	struct vm_area_struct *first;
	int error = vma_isolate(mm, page_addr(start), page_addr(end), &first);

	if (!error && first)
		remove_vma_list(vma_detach_range(first, page_addr(end)));
	return error;
}

/* The part of [start, end) in the VMA at @start becomes kind @letter. */
static int change(char letter, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = vma_lookup(mm, page_addr(start));

	CHECK(vma);
	vma = vma_modify_flags(vma, page_addr(start), min(page_addr(end), vma->vm_end),
			       flags_of(letter));
	return PTR_ERR_OR_ZERO(vma);
}

/* "AA|BB..." from left to right, @text as drawn. */
static void draw(const char *text)
{
	unsigned long page = 0, start;

	while (*text) {
		char letter = *text;

		start = page;
		while (*text == letter) {
			text++;
			page++;
		}
		if (letter != '.')
			map(letter, start, page);
		if (*text == '|')
			text++;
	}
}

static const char *picture(void)
{
	static char text[2 * WINDOW + 1];
	struct vm_area_struct *vma;
	unsigned long page = 0;
	char *p = text;

	for_each_vma (mm, vma) {
		unsigned long start = (vma->vm_start - BASE) >> PAGE_SHIFT,
			      end = (vma->vm_end - BASE) >> PAGE_SHIFT;

		CHECK_LE(end, WINDOW);
		if (page == start && p != text)
			*p++ = '|';
		for (; page < start; page++)
			*p++ = '.';
		for (; page < end; page++)
			*p++ = letter_of(vma->vm_flags);
	}
	*p = 0;
	return text;
}

static void check_picture(const char *expected)
{
	CHECK_EQ(vma_audit(mm, printk), 0);
	CHECK_STREQ(picture(), expected);
}

TEST(vma_merges_with_left_right_and_both)
{
	setup();
	map('A', 0, 2);
	map('A', 2, 4);
	check_picture("AAAA");
	map('A', 6, 8);
	check_picture("AAAA..AA");
	map('A', 5, 6);
	check_picture("AAAA.AAA");
	map('A', 4, 5);
	check_picture("AAAAAAAA");
	map('B', 8, 9);
	map('A', 9, 10);
	check_picture("AAAAAAAA|B|A");
	CHECK_EQ(mm->map_count, 3);
}

TEST(vma_special_mappings_never_merge)
{
	setup();
	map('P', 0, 2);
	map('P', 2, 4);
	check_picture("PP|PP");
}

TEST(vma_flags_change_splits_and_merges)
{
	setup();
	draw("AAAAAAAA");
	CHECK_EQ(change('B', 2, 4), 0);
	check_picture("AA|BB|AAAA");
	CHECK_EQ(change('B', 4, 6), 0); /* the left neighbour takes it */
	check_picture("AA|BBBB|AA");
	CHECK_EQ(change('A', 4, 6), 0); /* the right one */
	check_picture("AA|BB|AAAA");
	CHECK_EQ(change('A', 2, 4), 0); /* both */
	check_picture("AAAAAAAA");
	CHECK_EQ(change('B', 0, 8), 0);
	check_picture("BBBBBBBB");
	CHECK_EQ(change('A', 0, 1), 0);
	CHECK_EQ(change('A', 7, 8), 0);
	check_picture("A|BBBBBB|A");
}

TEST(vma_unmap_cuts_ends_and_holes)
{
	setup();
	draw("AAAA|BBBB");
	CHECK_EQ(unmap(3, 5), 0);
	check_picture("AAA..BBB");
	CHECK_EQ(unmap(1, 2), 0);
	check_picture("A.A..BBB");
	CHECK_EQ(unmap(0, 64), 0);
	check_picture("");
	CHECK_EQ(mm->map_count, 0);
	CHECK_EQ(mm->total_vm, 0ul);
}

TEST(vma_hole_needs_room_in_map_count)
{
	setup();
	draw("AAAA|BBBB");
	sysctl_max_map_count = 2;
	CHECK_EQ(unmap(1, 2), -ENOMEM);
	CHECK_EQ(change('C', 1, 2), -ENOMEM);
	check_picture("AAAA|BBBB");
	CHECK_EQ(unmap(3, 5), 0);
	check_picture("AAA..BBB");
}

TEST(vma_failed_allocation_changes_nothing)
{
	unsigned long nth;
	int error;

	setup();
	draw("AAAAAA|BB|AA");
	for (nth = 1; nth < 4; nth++) {
		fault_inject_nth(nth);
		error = nth & 1 ? unmap(1, 2) : change('C', 1, 2);
		fault_inject_nth(0);
		if (!error)
			break;
		CHECK_EQ(error, -ENOMEM);
		check_picture("AAAAAA|BB|AA");
	}
	CHECK_GT(nth, 1ul);
}

TEST(vma_counts_by_kind)
{
	setup();
	draw("AA|BBB|C|L|SSSS");
	CHECK_EQ(mm->total_vm, 11ul);
	CHECK_EQ(mm->data_vm, 4ul);
	CHECK_EQ(mm->exec_vm, 1ul);
	CHECK_EQ(mm->stack_vm, 4ul);
	CHECK_EQ(mm->locked_vm, 1ul);
	CHECK_EQ(mm->hiwater_vm, 11ul);
	unmap(0, 10);
	CHECK_EQ(mm->total_vm, 1ul);
	CHECK_EQ(mm->hiwater_vm, 11ul);
	CHECK_EQ(vma_audit(mm, printk), 0);
}

TEST(vma_stack_keeps_its_guard_gap)
{
	struct vm_unmapped_area_info info = {
		.length = PAGE_SIZE, .low_limit = page_addr(1), .high_limit = page_addr(600)};

	setup();
	map('A', 0, 1);
	map('S', 300, 301);
	info.topdown = true;
	CHECK_EQ(vm_unmapped_area(mm, &info), page_addr(599));
	info.high_limit = page_addr(301);
	CHECK_EQ(vm_unmapped_area(mm, &info), page_addr(300 - 256 - 1));
	info.length = 43 * PAGE_SIZE;
	CHECK_EQ(vm_unmapped_area(mm, &info), page_addr(1));
	info.length = 44 * PAGE_SIZE;
	CHECK_EQ(vm_unmapped_area(mm, &info), (unsigned long)-ENOMEM);
}

TEST(vma_built_tree_is_sound_at_every_size)
{
	struct vm_area_struct *vma;
	int n, i;

	setup();
	for (n = 0; n <= 70; n++) {
		for (i = 0; i < n; i++) {
			vma = vm_area_alloc(mm);
			vma->vm_start = page_addr(3 * i);
			vma->vm_end = page_addr(3 * i + 1 + i % 2);
			vma->vm_flags = flags_of('A');
			vma_append(vma);
		}
		vma_build_tree(mm);
		CHECK_EQ(vma_audit(mm, printk), 0);
		CHECK_EQ(mm->map_count, n);
		for (i = 0; i < n; i++)
			CHECK_EQ(find_vma(mm, page_addr(3 * i))->vm_start, page_addr(3 * i));
		/* And goes on as a tree that grew. */
		map('B', 3 * 70, 3 * 70 + 5);
		CHECK_EQ(vma_audit(mm, printk), 0);
		if (n > 4) {
			unmap(0, 7);
			CHECK_EQ(vma_audit(mm, printk), 0);
		}
		remove_vma_list(vma_detach_all(mm));
		CHECK_EQ(mm->total_vm, 0ul);
	}
}

/* ---- Against a model: one letter a page
 * -------------------------------------------------------------------- */

#define MODEL_PAGES 512
static char model[MODEL_PAGES + 1];

/* Lowest or highest start of @len free pages within [low, high), by trying them all. -1: none. */
static long model_search(long len, long low, long high, bool topdown)
{
	long start, i, found = -1;

	for (start = low; start + len <= high; start++) {
		for (i = 0; i < len && model[start + i] == '.'; i++)
			;
		if (i < len)
			continue;
		found = start;
		if (!topdown)
			break;
	}
	return found;
}

static void check_model(void)
{
	struct vm_area_struct *vma = mm->mmap, *prev = NULL, *found, *before;
	long page, start;

	CHECK_EQ(vma_audit(mm, printk), 0);
	for (page = 0; page < MODEL_PAGES; page++) {
		unsigned long addr = page_addr(page) + test_random_below(PAGE_SIZE);

		/* Every VMA is as long as its letter lasts: what can merge has merged. */
		if (vma && page_addr(page) == vma->vm_start) {
			start = page;
			while (page < MODEL_PAGES && model[page] == model[start])
				page++;
			CHECK_EQ(vma->vm_end, page_addr(page));
			CHECK_EQ(letter_of(vma->vm_flags), model[start]);
			CHECK_EQ(vma->vm_pgoff, vma->vm_start >> PAGE_SHIFT);
			addr = page_addr(start) + test_random_below((page - start) * PAGE_SIZE);
			CHECK_EQ(find_vma_prev(mm, addr, &before), vma);
			CHECK_EQ(before, prev);
			prev = vma;
			vma = vma->vm_next;
			page--;
			continue;
		}
		CHECK_EQ(model[page], '.');
		found = find_vma_prev(mm, addr, &before);
		CHECK_EQ(found, vma);
		CHECK_EQ(before, prev);
		CHECK_EQ(
			find_vma_intersection(mm, addr & PAGE_MASK, (addr & PAGE_MASK) + PAGE_SIZE),
			NULL);
	}
	CHECK_EQ(vma, NULL);
}

static void check_search(void)
{
	long len = 1 + test_random_below(24), low = test_random_below(MODEL_PAGES), high, expected;
	struct vm_unmapped_area_info info = {.length = len * PAGE_SIZE,
					     .topdown = test_random_below(2)};

	high = low + test_random_below(MODEL_PAGES - low + 1);
	info.low_limit = page_addr(low);
	info.high_limit = page_addr(high);
	expected = model_search(len, low, high, info.topdown);
	if (expected < 0)
		CHECK_EQ(vm_unmapped_area(mm, &info), (unsigned long)-ENOMEM);
	else
		CHECK_EQ(vm_unmapped_area(mm, &info), page_addr(expected));
}

TEST(vma_tree_equals_an_array_of_pages)
{
	unsigned int round, rounds = test_rounds(4000);

	setup();
	memset(model, '.', MODEL_PAGES);
	for (round = 0; round < rounds; round++) {
		long start = test_random_below(MODEL_PAGES), len, i;
		char letter = "ABCL"[test_random_below(4)];

		len = 1 + test_random_below(
				  min_t(long, MODEL_PAGES - start, 1 + test_random_below(40)));
		switch (test_random_below(4)) {
		case 0: /* map what is free of it */
			for (i = 0; i < len && model[start + i] == '.'; i++)
				;
			if (!i)
				break;
			map(letter, start, start + i);
			memset(model + start, letter, i);
			break;
		case 1:
			CHECK_EQ(unmap(start, start + len), 0);
			memset(model + start, '.', len);
			break;
		default: /* new flags for what lies in one VMA */
			if (model[start] == '.')
				break;
			for (i = 0; i < len && model[start + i] == model[start]; i++)
				;
			CHECK_EQ(change(letter, start, start + i), 0);
			memset(model + start, letter, i);
		}
		if (round % 16 == 0)
			check_model();
		check_search();
	}
	check_model();
}
