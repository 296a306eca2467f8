/* SPDX-License-Identifier: MIT */
/* mremap: what becomes of layout, pages and charges, and its errors (compared with Linux). */
#include "mm_calls.h"

#define MAYMOVE MREMAP_MAYMOVE
#define FIXED	(MREMAP_MAYMOVE | MREMAP_FIXED)

/* @pages pages at a place with free addresses around it, page i beginning with the byte i + 1. */
static unsigned long numbered_area(unsigned long pages)
{
	unsigned long addr = vm_mmap_pgoff(NULL, 0x100000000, pages * P, RW, ANON | MAP_FIXED, 0),
		      i;

	for (i = 0; i < pages; i++)
		CHECK_EQ(world_poke(addr + i * P, i + 1), 0);
	return addr;
}

/* Pages from @addr on begin with these bytes. */
static void check_bytes(unsigned long addr, unsigned long pages, unsigned int first)
{
	unsigned long i;
	u8 byte;

	for (i = 0; i < pages; i++) {
		CHECK_EQ(world_peek(addr + i * P, &byte), 0);
		CHECK_EQ(byte, first ? first + i : 0);
	}
}

static void check_vma(unsigned long addr, unsigned long pages)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);

	CHECK(vma);
	CHECK_EQ(vma->vm_start, addr);
	CHECK_EQ(vma_pages(vma), pages);
}

TEST(mremap_errors_are_linuxes)
{
	struct file *ro;
	unsigned long a, s;

	setup();
	a = numbered_area(8);
	ro = world_file(4 * P, false);
	ro->f_mode &= ~FMODE_WRITE;
	s = vm_mmap_pgoff(ro, 0, P, PROT_READ, MAP_SHARED, 0);
#define MREMAP(...) ((long)do_mremap(__VA_ARGS__))
	CHECK_EQ(MREMAP(a, P, P, 16, 0), -EINVAL);
	CHECK_EQ(MREMAP(a, P, P, MREMAP_FIXED, 0), -EINVAL);
	CHECK_EQ(MREMAP(a + 1, P, P, 0, 0), -EINVAL);
	CHECK_EQ(MREMAP(a, P, 0, 0, 0), -EINVAL);
	CHECK_EQ(MREMAP(a + 9 * P, P, 2 * P, MAYMOVE, 0), -EFAULT);
	CHECK_EQ(MREMAP(a, 9 * P, 10 * P, MAYMOVE, 0), -EFAULT);
	CHECK_EQ(MREMAP(a, 9 * P, 8 * P, 0, 0), (long)a);
	CHECK_EQ(MREMAP(a, 2 * P, 4 * P, 0, 0), -ENOMEM);
	CHECK_EQ(MREMAP(a, 0, P, MAYMOVE, 0), -EINVAL);
	CHECK_EQ(MREMAP(a, 0, P, 0, 0), -EINVAL);
	CHECK_EQ(MREMAP(a, 2 * P, 2 * P, FIXED, a + P), -EINVAL);
	CHECK_EQ(MREMAP(a, 2 * P, 2 * P, FIXED, a + 1), -EINVAL);
	CHECK_EQ(MREMAP(a, 2 * P, 2 * P, FIXED, 0x7ffffffff000), -EINVAL);
	CHECK_EQ(MREMAP(a, 2 * P, P, MREMAP_DONTUNMAP | MAYMOVE, 0), -EINVAL);
	CHECK_EQ(MREMAP(a, 2 * P, 2 * P, MREMAP_DONTUNMAP, 0), -EINVAL);
	CHECK_EQ(MREMAP(a, P, -1ul, MAYMOVE, 0), -EINVAL);
	CHECK_EQ(MREMAP(a, P, -P, MAYMOVE, 0), -EINVAL);
	CHECK_EQ(MREMAP(a, P, 1ul << 47, MAYMOVE, 0), -EINVAL);
	CHECK_EQ(MREMAP(s, 0, P, 0, 0), -ENOMEM);
	CHECK_EQ(MREMAP(a, P, P, 0, 0), (long)a);
	CHECK_EQ(MREMAP(a, -1ul, P, 0, 0), -EINVAL);
	check_vma(a, 8);
	check_bytes(a, 8, 1);
	fput(ro);
	teardown();
}

TEST(mremap_shrinks_and_grows_in_place)
{
	unsigned long a;

	setup();
	a = numbered_area(8);
	CHECK_EQ(do_mremap(a, 8 * P, 3 * P, 0, 0), a);
	check_vma(a, 3);
	CHECK_EQ(vm_committed(), 3ul);
	CHECK_EQ(do_mremap(a, 3 * P, 6 * P, 0, 0), a);
	check_vma(a, 6);
	check_bytes(a, 3, 1);
	check_bytes(a + 3 * P, 3, 0);
	CHECK_EQ(vm_committed(), 6ul);
	/* The tail of a mapping grows as well, up to the next, with which it then merges. */
	CHECK_EQ(vm_mmap_pgoff(NULL, a + 8 * P, P, RW, ANON | MAP_FIXED, 0), a + 8 * P);
	CHECK_EQ((long)do_mremap(a + 4 * P, 2 * P, 5 * P, 0, 0), -ENOMEM);
	CHECK_EQ(do_mremap(a + 4 * P, 2 * P, 4 * P, 0, 0), a + 4 * P);
	check_vma(a, 9);
	teardown();
}

TEST(mremap_moves_pages)
{
	unsigned long a, b;

	setup();
	a = numbered_area(8);
	/* The middle goes: what is left are two mappings; the pages keep their contents and
	 * offsets. */
	b = do_mremap(a + 2 * P, 3 * P, 5 * P, MAYMOVE, 0);
	CHECK(!IS_ERR_VALUE(b));
	check_vma(a, 2);
	check_vma(a + 5 * P, 3);
	check_vma(b, 5);
	check_bytes(b, 3, 3);
	check_bytes(b + 3 * P, 2, 0);
	check_bytes(a + 5 * P, 3, 6);
	CHECK_EQ(vm_committed(), 10ul);
	world_audit();
	/* Back to where it was, over what it left: one mapping again. */
	CHECK_EQ(do_mremap(b, 3 * P, 3 * P, FIXED, a + 2 * P), a + 2 * P);
	check_vma(a, 8);
	check_bytes(a, 8, 1);
	teardown();
}

TEST(mremap_fixed_replaces)
{
	unsigned long a, b;

	setup();
	a = numbered_area(8);
	b = a + 100 * P;
	CHECK_EQ(vm_mmap_pgoff(NULL, b - P, 8 * P, PROT_READ, ANON | MAP_FIXED, 0), b - P);
	CHECK_EQ(do_mremap(a, 4 * P, 2 * P, FIXED, b), b);
	check_bytes(b, 2, 1);
	check_vma(b - P, 1);
	check_vma(b, 2);
	check_vma(b + 2 * P, 5);
	check_vma(a + 4 * P, 4);
	CHECK_EQ(vma_lookup(mm, a), NULL);
	teardown();
}

TEST(mremap_untouched_takes_new_offsets_and_merges)
{
	unsigned long a = 0x100000000, b = 0x200000000;

	setup();
	CHECK_EQ(vm_mmap_pgoff(NULL, a, 4 * P, RW, ANON | MAP_FIXED, 0), a);
	CHECK_EQ(vm_mmap_pgoff(NULL, b, 4 * P, RW, ANON | MAP_FIXED, 0), b);
	CHECK_EQ(do_mremap(a, 4 * P, 4 * P, FIXED, b + 4 * P), b + 4 * P);
	check_vma(b, 8);
	CHECK_EQ(mm->map_count, 1);
	teardown();
}

TEST(mremap_dontunmap_leaves_an_empty_mapping)
{
	unsigned long a, b;

	setup();
	a = numbered_area(4);
	CHECK_EQ(do_mlock(a, 4 * P, 0), 0);
	b = do_mremap(a + P, 2 * P, 2 * P, MAYMOVE | MREMAP_DONTUNMAP, 0);
	CHECK(!IS_ERR_VALUE(b));
	check_bytes(b, 2, 2);
	check_bytes(a + P, 2, 0);
	check_bytes(a, 1, 1);
	check_bytes(a + 3 * P, 1, 4);
	CHECK_EQ(mm->locked_vm, 4ul); /* the moved part is locked, its old place is not */
	CHECK_EQ(vm_committed(), 6ul);
	CHECK_EQ(do_munlockall(), 0);
	check_vma(a, 4);
	teardown();
}

TEST(mremap_of_length_0_duplicates_shared_memory)
{
	struct file *file;
	unsigned long s, t;
	u8 byte;

	setup();
	file = world_file(4 * P, false);
	s = vm_mmap_pgoff(file, 0, 4 * P, RW, MAP_SHARED, 0);
	t = do_mremap(s + P, 0, 2 * P, MAYMOVE, 0);
	CHECK(!IS_ERR_VALUE(t));
	CHECK_EQ(world_poke(s + 2 * P, 9), 0);
	CHECK_EQ(world_peek(t + P, &byte), 0);
	CHECK_EQ(byte, 9);
	check_vma(s, 4);
	CHECK_EQ(atomic_read(&file->f_mapping->i_mmap_writable), 2);
	fput(file);
	teardown();
}

TEST(mremap_moves_file_pages)
{
	struct file *file;
	unsigned long p, q;
	u8 byte;

	setup();
	file = world_file(8 * P, true);
	world_file_poke(file, 3 * P, 33);
	p = vm_mmap_pgoff(file, 0, 8 * P, RW, MAP_PRIVATE, 0);
	CHECK_EQ(world_poke(p + 2 * P, 22), 0);
	CHECK_EQ(world_peek(p + 3 * P, &byte), 0);
	q = do_mremap(p + 2 * P, 2 * P, 3 * P, MAYMOVE, 0);
	CHECK(!IS_ERR_VALUE(q));
	CHECK_EQ(world_peek(q, &byte), 0);
	CHECK_EQ(byte, 22);
	CHECK_EQ(world_peek(q + P, &byte), 0);
	CHECK_EQ(byte, 33);
	world_audit();
	/* Truncation finds them at the new place, the private copy too. */
	world_truncate(file, P);
	CHECK_EQ(world_peek(q, &byte), 7);
	CHECK_EQ(world_peek(q + P, &byte), 7);
	fput(file);
	teardown();
}

TEST(mremap_keeps_limits_and_counts)
{
	unsigned long a, hiwater;

	setup();
	a = numbered_area(8);
	hiwater = mm->hiwater_vm;
	CHECK_EQ(do_mremap(a, 8 * P, 8 * P, FIXED, a + 64 * P), a + 64 * P);
	CHECK_EQ(mm->hiwater_vm, hiwater);
	CHECK_EQ(mm->total_vm, 8ul);
	a += 64 * P;
	test_signal.rlim[RLIMIT_AS].rlim_cur = 10 * P;
	CHECK_EQ((long)do_mremap(a, 8 * P, 11 * P, MAYMOVE, 0), -ENOMEM);
	CHECK_EQ(do_mremap(a, 8 * P, 10 * P, MAYMOVE, 0), a);
	test_signal.rlim[RLIMIT_AS].rlim_cur = RLIM_INFINITY;
	sysctl_max_map_count = 4;
	CHECK_EQ((long)do_mremap(a, P, P, FIXED, a + 64 * P), -ENOMEM);
	check_vma(a, 10);
	teardown();
}

TEST(mremap_failed_allocation_changes_nothing)
{
	unsigned long a, nth, b, committed;

	setup();
	a = numbered_area(8);
	committed = vm_committed();
	for (nth = 1; nth < 20; nth++) {
		fault_inject_nth(nth);
		b = do_mremap(a + 2 * P, 3 * P, 4 * P, FIXED, 0x300000000);
		fault_inject_nth(0);
		if (!IS_ERR_VALUE(b))
			break;
		CHECK_EQ((long)b, -ENOMEM);
		check_vma(a, 8);
		check_bytes(a, 8, 1);
		CHECK_EQ(mm->map_count, 1);
		CHECK_EQ(vm_committed(), committed);
		world_audit();
	}
	CHECK_GT(nth, 3ul);
	CHECK_EQ(b, 0x300000000ul);
	check_bytes(b, 3, 3);
	teardown();
}
