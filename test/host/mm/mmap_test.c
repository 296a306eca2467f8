/* SPDX-License-Identifier: MIT */
/*
 * mmap, munmap, mprotect, brk: what they do to the layout, the limits they keep, and the errors
 * they
 * give (each of these was compared with Linux).
 */
#include "mm_calls.h"

TEST(mmap_errors_are_linuxes)
{
	struct file *file, *ro, *wo;
	unsigned long a;

	setup();
	a = area(16);
	CHECK_EQ(vm_munmap(a + 8 * P, 8 * P), 0);
	file = world_file(8 * P, false);
	ro = world_file(8 * P, false);
	ro->f_mode &= ~FMODE_WRITE;
	wo = world_file(8 * P, false);
	wo->f_mode &= ~FMODE_READ;
#define MMAP(...) ((long)vm_mmap_pgoff(__VA_ARGS__))
	CHECK_EQ(MMAP(NULL, 0, 0, RW, ANON, 0), -EINVAL);
	CHECK_EQ(MMAP(NULL, 0, P, RW, MAP_ANONYMOUS, 0), -EINVAL);
	CHECK_EQ(MMAP(NULL, 0, P, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE, 0), -EINVAL);
	CHECK_EQ(MMAP(NULL, 0, -1ul, RW, ANON, 0), -ENOMEM);
	CHECK_EQ(MMAP(NULL, 0, -P, RW, ANON, 0), -ENOMEM);
	CHECK_EQ(MMAP(NULL, 0, 1ul << 47, RW, ANON, 0), -ENOMEM);
	CHECK_EQ(MMAP(NULL, 0x7fffffffe000, P, RW, ANON | MAP_FIXED, 0), 0x7fffffffe000);
	CHECK_EQ(MMAP(NULL, 0x7ffffffff000, P, RW, ANON | MAP_FIXED, 0), -ENOMEM);
	CHECK_EQ(MMAP(NULL, a + 1, P, RW, ANON | MAP_FIXED, 0), -EINVAL);
	CHECK_EQ(MMAP(NULL, a, P, RW, ANON | MAP_FIXED_NOREPLACE, 0), -EEXIST);
	CHECK_EQ(MMAP(NULL, a + 9 * P, P, RW, ANON | MAP_FIXED_NOREPLACE, 0), (long)(a + 9 * P));
	CHECK_EQ(vm_munmap(a + 9 * P, P), 0);
	CHECK_EQ(MMAP(ro, 0, P, RW, MAP_SHARED, 0), -EACCES);
	CHECK_EQ(MMAP(wo, 0, P, PROT_READ, MAP_SHARED, 0), -EACCES);
	CHECK_EQ(MMAP(wo, 0, P, PROT_READ, MAP_PRIVATE, 0), -EACCES);
	CHECK_EQ(MMAP(wo, 0, P, PROT_WRITE, MAP_SHARED, 0), -EACCES);
	CHECK_GT(MMAP(ro, 0, P, RW, MAP_PRIVATE, 0), 0);
	CHECK_EQ(MMAP(file, 0, P, PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN, 0), -EINVAL);
	CHECK_EQ(MMAP(NULL, 0, P, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, 0), -EINVAL);
	CHECK_EQ(MMAP(file, 0, P, PROT_READ, MAP_SHARED_VALIDATE | 0x800000, 0), -EOPNOTSUPP);
	CHECK_GT(MMAP(file, 0, P, PROT_READ, MAP_SHARED | 0x800000, 0), 0);
	CHECK_EQ(MMAP(file, 0, P, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, 0), -EOPNOTSUPP);
	CHECK_EQ(MMAP(file, a + 9 * P, P, PROT_READ, MAP_SHARED_VALIDATE | MAP_FIXED_NOREPLACE, 0),
		 -EOPNOTSUPP);
	CHECK_EQ(MMAP(file, 0, P, PROT_READ, MAP_SHARED, 0x7ffffffffffff), -EOVERFLOW);
	CHECK_EQ(MMAP(file, 0, 2 * P, PROT_READ, MAP_SHARED, 0xfffffffffffff), -EOVERFLOW);
	CHECK_EQ(MMAP(file, 0, P, PROT_READ, 0, 0), -EINVAL);
	CHECK_EQ(MMAP(file, 0, P, PROT_READ, 4, 0), -EINVAL);
	CHECK_EQ(MMAP(NULL, 0, P, PROT_READ, ANON | MAP_HUGETLB, 0), -EINVAL);
	CHECK_EQ(MMAP(NULL, 0x1000, P, PROT_READ, ANON | MAP_FIXED, 0), 0x1000);
	drop_capabilities();
	CHECK_EQ(MMAP(NULL, 0x2000, P, PROT_READ, ANON | MAP_FIXED, 0), -EPERM);
	CHECK_EQ(MMAP(NULL, 0x2000, P, PROT_READ, ANON, 0),
		 65536); /* a hint too low becomes the lowest there is */
	fput(file);
	fput(ro);
	fput(wo);
	teardown();
}

TEST(mmap_munmap_errors)
{
	unsigned long a;

	setup();
	a = area(16);
	CHECK_EQ(vm_munmap(a + 1, P), -EINVAL);
	CHECK_EQ(vm_munmap(a, 0), -EINVAL);
	CHECK_EQ(vm_munmap(a, -1ul), -EINVAL);
	CHECK_EQ(vm_munmap(-P, P), -EINVAL);
	CHECK_EQ(vm_munmap(0x7ffffffff000, P), -EINVAL);
	CHECK_EQ(vm_munmap(0x7fffffffe000, P), 0);
	CHECK_EQ(vm_munmap(0, P), 0);
	teardown();
}

TEST(mprotect_errors_and_layout)
{
	struct file *ro;
	unsigned long a, s;

	setup();
	a = area(8);
	CHECK_EQ(do_mprotect(a + 1, P, PROT_READ), -EINVAL);
	CHECK_EQ(do_mprotect(a, 0, PROT_READ), 0);
	CHECK_EQ(do_mprotect(a, -1ul, PROT_READ), -ENOMEM);
	CHECK_EQ(do_mprotect(a + 9 * P, P, PROT_READ), -ENOMEM);
	CHECK_EQ(do_mprotect(a, 16 * P, RW), -ENOMEM);
	CHECK_EQ(do_mprotect(a, P, 0x10), -EINVAL);
	CHECK_EQ(do_mprotect(a, P, PROT_GROWSDOWN | PROT_GROWSUP | PROT_READ), -EINVAL);
	CHECK_EQ(do_mprotect(a, P, PROT_GROWSDOWN | PROT_READ), -EINVAL);
	CHECK_EQ(do_mprotect(a, P, PROT_GROWSUP | PROT_READ), -EINVAL);
	CHECK_EQ(do_mprotect(a + 9 * P, 0, 0x10), 0);
	CHECK_EQ(do_mprotect(a, P, PROT_SEM | RW), 0);
	CHECK_STREQ(layout(a), "rw-p:8");

	CHECK_EQ(do_mprotect(a + 2 * P, 2 * P, PROT_READ), 0);
	CHECK_STREQ(layout(a), "rw-p:2 r--p:2 rw-p:4");
	CHECK_EQ(do_mprotect(a, 8 * P, PROT_NONE), 0);
	CHECK_STREQ(layout(a), "---p:8");
	CHECK_EQ(do_mprotect(a + P, 6 * P, PROT_EXEC | PROT_READ), 0);
	CHECK_STREQ(layout(a), "---p:1 r-xp:6 ---p:1");
	CHECK_EQ(do_mprotect(a, 8 * P, RW), 0);
	CHECK_STREQ(layout(a), "rw-p:8");

	ro = world_file(2 * P, false);
	ro->f_mode &= ~FMODE_WRITE;
	s = vm_mmap_pgoff(ro, a + 16 * P, 2 * P, PROT_READ, MAP_SHARED | MAP_FIXED, 0);
	CHECK_EQ(do_mprotect(s, P, RW), -EACCES);
	CHECK_EQ(do_mprotect(s, P, PROT_READ | PROT_EXEC), 0);
	CHECK_STREQ(layout(a), "rw-p:8 hole:8 r-xs:1 r--s:1");
	fput(ro);
	teardown();
}

TEST(mprotect_takes_and_gives_rights_of_present_pages)
{
	unsigned long a;
	u8 byte = 0;

	setup();
	a = area(4);
	CHECK_EQ(world_poke(a + P, 7), 0);
	CHECK_EQ(do_mprotect(a, 4 * P, PROT_READ), 0);
	CHECK_EQ(world_poke(a + P, 8), 11);
	CHECK_EQ(world_peek(a + P, &byte), 0);
	CHECK_EQ(byte, 7);
	CHECK_EQ(do_mprotect(a, 4 * P, PROT_NONE), 0);
	CHECK_EQ(world_peek(a + P, &byte), 11);
	CHECK_EQ(do_mprotect(a, 4 * P, RW), 0);
	CHECK_EQ(world_poke(a + P, 9), 0);
	CHECK_EQ(world_peek(a + P, &byte), 0);
	CHECK_EQ(byte, 9);
	teardown();
}

TEST(mmap_fixed_replaces_and_merges)
{
	unsigned long a;
	u8 byte = 1;

	setup();
	a = area(8);
	CHECK_EQ(world_poke(a + 3 * P, 5), 0);
	CHECK_EQ(map(a + 2 * P, 3, RW, ANON | MAP_FIXED), a + 2 * P);
	/* Same attributes: one mapping again, if the page offsets fit - and the page is new. */
	CHECK_STREQ(layout(a), "rw-p:8");
	CHECK_EQ(world_peek(a + 3 * P, &byte), 0);
	CHECK_EQ(byte, 0);
	CHECK_EQ(map(a + 4 * P, 2, PROT_READ, ANON | MAP_FIXED), a + 4 * P);
	CHECK_STREQ(layout(a), "rw-p:4 r--p:2 rw-p:2");
	CHECK_EQ(map(a - 2 * P, 20, PROT_NONE, ANON | MAP_FIXED), a - 2 * P);
	CHECK_STREQ(layout(a - 2 * P), "---p:20");
	CHECK_EQ(vm_committed(), 0ul);
	teardown();
}

TEST(mmap_fixed_that_fails_leaves_the_old_mapping)
{
	unsigned long a;
	u8 byte = 0;

	setup();
	a = area(8);
	CHECK_EQ(world_poke(a + P, 5), 0);
	shmem_file_setup = NULL;
	CHECK_EQ((long)map(a, 4, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED), -ENODEV);
	test_signal.rlim[RLIMIT_AS].rlim_cur = 10 * P;
	CHECK_EQ((long)map(a, 11, RW, ANON | MAP_FIXED), -ENOMEM);
	CHECK_STREQ(layout(a), "rw-p:8");
	CHECK_EQ(world_peek(a + P, &byte), 0);
	CHECK_EQ(byte, 5);
	CHECK_EQ(vm_committed(), 8ul);
	teardown();
}

TEST(mmap_places_mappings_top_down_and_merges_them)
{
	unsigned long a, b, c;

	setup();
	a = area(4);
	CHECK_EQ(a, mm->mmap_base - 4 * P);
	b = area(2);
	CHECK_EQ(b, a - 2 * P);
	CHECK_EQ(mm->map_count, 1);
	c = map(0, 1, PROT_READ, ANON);
	CHECK_EQ(c, b - P);
	CHECK_EQ(vm_munmap(a, 2 * P), 0);
	CHECK_EQ(area(1), a + P); /* the highest hole */
	/* A hint is taken if it is free, rounded down, else ignored. */
	CHECK_EQ(map(0x12345678, 1, RW, ANON), 0x12345000ul);
	CHECK_EQ(map(0x12345000, 1, RW, ANON), a);
	CHECK_EQ(map(0x12345000, 1, RW, ANON | MAP_32BIT), 0x40000000ul);
	CHECK_EQ(map(0, 1, RW, ANON | MAP_32BIT), 0x40001000ul);
	/* What fits nowhere below mmap_base may lie above it. */
	CHECK_EQ((long)map(0, 0x7fffff000 - 1, RW, ANON | MAP_NORESERVE), -ENOMEM);
	teardown();
}

TEST(mmap_legacy_layout_goes_up)
{
	unsigned long a;

	setup();
	mm->personality_flags = 0x0200000; /* ADDR_COMPAT_LAYOUT */
	arch_pick_mmap_layout(mm, 8ul << 20, false);
	a = area(2);
	CHECK_EQ(a, (TASK_SIZE_MAX / 3 + P - 1) & PAGE_MASK);
	CHECK_EQ(map(0, 1, PROT_READ, ANON), a + 2 * P);
	teardown();
}

TEST(mmap_base_follows_the_stack_limit)
{
	setup();
	CHECK_EQ(mm->mmap_base, TASK_SIZE_MAX - (128ul << 20));
	arch_pick_mmap_layout(mm, 1ul << 30, false);
	CHECK_EQ(mm->mmap_base, PAGE_ALIGN(TASK_SIZE_MAX - (1ul << 30) - (256 * P)));
	arch_pick_mmap_layout(mm, RLIM_INFINITY, false);
	CHECK_EQ(mm->mmap_base, PAGE_ALIGN(TASK_SIZE_MAX - TASK_SIZE_MAX / 6 * 5));
	arch_pick_mmap_layout(mm, 8ul << 20, true);
	CHECK_LT(mm->mmap_base, TASK_SIZE_MAX - (16ul << 30));
	CHECK_EQ(offset_in_page(mm->mmap_base), 0ul);
	teardown();
}

TEST(mmap_keeps_rlimits)
{
	unsigned long a;

	setup();
	drop_capabilities();
	a = area(4);
	test_signal.rlim[RLIMIT_AS].rlim_cur = 6 * P;
	CHECK_EQ((long)map(0, 3, PROT_READ, ANON), -ENOMEM);
	CHECK_GT((long)map(0, 2, PROT_READ, ANON), 0);
	CHECK_GT((long)map(a, 4, RW, ANON | MAP_FIXED), 0); /* replaces as much */
	test_signal.rlim[RLIMIT_AS].rlim_cur = RLIM_INFINITY;
	test_signal.rlim[RLIMIT_DATA].rlim_cur = 5 * P;
	CHECK_EQ((long)map(0, 2, RW, ANON), -ENOMEM);
	CHECK_GT((long)map(0, 2, PROT_READ, ANON), 0);
	test_signal.rlim[RLIMIT_DATA].rlim_cur = RLIM_INFINITY;
	test_signal.rlim[RLIMIT_MEMLOCK].rlim_cur = 2 * P;
	CHECK_EQ((long)map(0, 3, RW, ANON | MAP_LOCKED), -EAGAIN);
	CHECK_GT((long)map(0, 2, RW, ANON | MAP_LOCKED), 0);
	CHECK_EQ(mm->locked_vm, 2ul);
	test_signal.rlim[RLIMIT_MEMLOCK].rlim_cur = 0;
	CHECK_EQ((long)map(0, 1, RW, ANON | MAP_LOCKED), -EPERM);
	teardown();
}

TEST(mmap_charges_what_may_be_written)
{
	unsigned long a;

	setup();
	a = area(8);
	CHECK_EQ(vm_committed(), 8ul);
	map(0, 4, PROT_READ, ANON);
	map(0, 4, RW, ANON | MAP_NORESERVE);
	CHECK_EQ(vm_committed(), 8ul);
	CHECK_EQ(do_mprotect(a, 2 * P, PROT_READ), 0); /* once charged, always */
	CHECK_EQ(vm_committed(), 8ul);
	CHECK_EQ(vm_munmap(a + P, 2 * P), 0);
	CHECK_EQ(vm_committed(), 6ul);
	sysctl_overcommit_memory = 2;
	sysctl_overcommit_ratio = 0;
	CHECK_EQ((long)map(0, 1, RW, ANON), -ENOMEM);
	CHECK_EQ((long)map(0, 1, RW, ANON | MAP_NORESERVE), -ENOMEM);
	CHECK_EQ(vm_committed(), 6ul);
	sysctl_overcommit_memory = 0;
	CHECK_EQ((long)map(0, 1ul << 20, RW, ANON), -ENOMEM); /* more than all memory */
	sysctl_overcommit_memory = 1;
	CHECK_GT((long)map(0, 1ul << 20, RW, ANON), 0);
	teardown();
}

TEST(mmap_populates)
{
	unsigned long a;

	setup();
	a = map(0, 8, RW, ANON | MAP_POPULATE);
	CHECK_EQ(count_present(find_vma(mm, a), a, a + 8 * P), 8ul);
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 8ul);
	teardown();
}

TEST(mmap_of_files_shares_the_cache)
{
	struct file *file;
	unsigned long s, p;
	u8 byte;

	setup();
	file = world_file(3 * P + 10, true);
	world_file_poke(file, P + 5, 42);
	s = vm_mmap_pgoff(file, 0, 4 * P, RW, MAP_SHARED, 0);
	p = vm_mmap_pgoff(file, 0, 4 * P, RW, MAP_PRIVATE, 0);
	CHECK_EQ(atomic_read(&file->f_mapping->i_mmap_writable), 1);
	CHECK_EQ(world_peek(s + P + 5, &byte), 0);
	CHECK_EQ(byte, 42);
	CHECK_EQ(world_poke(s + P + 5, 43), 0);
	CHECK_EQ(world_file_peek(file, P + 5), 43);
	CHECK_EQ(world_peek(p + P + 5, &byte), 0);
	CHECK_EQ(byte, 43);
	CHECK_EQ(world_poke(p + P + 5, 44), 0);
	CHECK_EQ(world_file_peek(file, P + 5), 43);
	/* Split and merged, the offsets still fit. */
	CHECK_EQ(do_mprotect(s + P, P, PROT_READ), 0);
	CHECK_EQ(atomic_read(&file->f_mapping->i_mmap_writable), 3);
	CHECK_EQ(do_mprotect(s + P, P, RW), 0);
	CHECK_EQ(atomic_read(&file->f_mapping->i_mmap_writable), 1);
	CHECK_EQ(world_peek(s + P + 5, &byte), 0);
	CHECK_EQ(byte, 43);
	world_audit();
	/* Beyond the last page: SIGBUS; after truncation also where a page was, private copies
	 * included. */
	CHECK_EQ(world_peek(s + 4 * P - 1, &byte), 0);
	world_truncate(file, P);
	CHECK_EQ(world_peek(s + P + 5, &byte), 7);
	CHECK_EQ(world_peek(p + P + 5, &byte), 7);
	CHECK_EQ(file->f_mapping->nrpages, 0ul);
	fput(file);
	teardown();
}

TEST(mmap_sealed_file_takes_no_writers)
{
	struct file *file;

	setup();
	file = world_file(P, false);
	atomic_set(&file->f_mapping->i_mmap_writable, -1);
	CHECK_EQ((long)vm_mmap_pgoff(file, 0, P, RW, MAP_SHARED, 0), -EPERM);
	CHECK_GT((long)vm_mmap_pgoff(file, 0, P, RW, MAP_PRIVATE, 0), 0);
	fput(file);
	teardown();
}

TEST(brk_grows_and_shrinks)
{
	unsigned long start = 0x800000;
	u8 byte = 1;

	setup();
	mm->start_brk = mm->brk = start + 100;
	CHECK_EQ(do_brk(0), start + 100);
	CHECK_EQ(do_brk(start + 200),
		 start + 200); /* within the page: nothing to map until the end passes it */
	CHECK_EQ(mm->map_count, 0);
	CHECK_EQ(do_brk(start + 5 * P), start + 5 * P);
	CHECK_STREQ(layout(start + P), "rw-p:4");
	CHECK_EQ(world_poke(start + 2 * P, 3), 0);
	CHECK_EQ(do_brk(start + 9 * P + 1), start + 9 * P + 1);
	CHECK_STREQ(layout(start + P), "rw-p:9");
	CHECK_EQ(vm_committed(), 9ul);
	CHECK_EQ(do_brk(start + 2 * P), start + 2 * P);
	CHECK_STREQ(layout(start + P), "rw-p:1");
	CHECK_EQ(do_brk(start + 3 * P), start + 3 * P);
	CHECK_EQ(world_peek(start + 2 * P, &byte), 0);
	CHECK_EQ(byte, 0);
	/* Not into another mapping, nor below its start, nor over the limit. */
	CHECK_EQ(map(start + 8 * P, 1, PROT_READ, ANON | MAP_FIXED), start + 8 * P);
	CHECK_EQ(do_brk(start + 9 * P), start + 3 * P);
	CHECK_EQ(do_brk(start + 8 * P), start + 3 * P);
	CHECK_EQ(do_brk(start + 7 * P), start + 7 * P);
	CHECK_EQ(do_brk(start), start + 7 * P);
	test_signal.rlim[RLIMIT_DATA].rlim_cur = 5 * P;
	CHECK_EQ(do_brk(start + 7 * P + 1), start + 7 * P);
	teardown();
}

/* ---- Out of memory
 * ------------------------------------------------------------------------------------------ */

static unsigned long oom_area;
static struct file *oom_file;

static long oom_mmap_hole(void)
{
	return vm_mmap_pgoff(NULL, oom_area + 20 * P, 4 * P, PROT_READ, ANON | MAP_FIXED, 0);
}

static long oom_mmap_over(void)
{
	return vm_mmap_pgoff(NULL, oom_area + 2 * P, 2 * P, PROT_READ, ANON | MAP_FIXED, 0);
}

static long oom_mmap_file(void)
{
	return vm_mmap_pgoff(oom_file, oom_area + 2 * P, 2 * P, RW, MAP_SHARED | MAP_FIXED, 0);
}

static long oom_munmap(void)
{
	return vm_munmap(oom_area + 2 * P, P);
}

static long oom_mprotect(void)
{
	return do_mprotect(oom_area + 2 * P, P, PROT_READ);
}

static long oom_mprotect_account(void)
{
	return do_mprotect(oom_area + 10 * P, P, RW);
}

static long oom_brk(void)
{
	unsigned long brk = mm->brk + 3 * P;

	return do_brk(brk) == brk ? 0 : -ENOMEM;
}

static long oom_mlock(void)
{
	return do_mlock(oom_area + 2 * P, P, MLOCK_ONFAULT);
}

static long oom_dontfork(void)
{
	int error = do_madvise(mm, oom_area + 2 * P, P, MADV_DONTFORK);

	return error == -EAGAIN ? -ENOMEM : error;
}

/* Each call fails at its n-th allocation, for every n, and has then done nothing. */
TEST(mmap_family_out_of_memory_changes_nothing)
{
	static long (*const ops[])(void) = {oom_mmap_hole, oom_mmap_over, oom_mmap_file,
					    oom_munmap,	   oom_mprotect,  oom_mprotect_account,
					    oom_brk,	   oom_mlock,	  oom_dontfork};
	unsigned long committed, nth;
	char before[512];
	unsigned int i;
	long ret;

	setup();
	mm->start_brk = mm->brk = 0x800000;
	oom_file = world_file(8 * P, true);
	oom_area = map(0x100000000, 8, RW, ANON | MAP_FIXED | MAP_POPULATE);
	map(oom_area + 8 * P, 8, PROT_READ, ANON | MAP_FIXED);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		test_snprintf(before, sizeof(before), "%s", layout(0));
		committed = vm_committed();
		for (nth = 1;; nth++) {
			slab_drain(); /* so that objects come from pages that must be had */
			fault_inject_nth(nth);
			ret = ops[i]();
			fault_inject_nth(0);
			if (ret != -ENOMEM)
				break;
			CHECK_STREQ(layout(0), before);
			CHECK_EQ(vm_committed(), committed);
			CHECK_EQ(atomic_read(&oom_file->f_mapping->i_mmap_writable), 0);
			world_audit();
		}
		CHECK_GE(ret, 0l);
		CHECK_GT(nth, 1ul);
		/* The next one starts from the same. */
		do_munlockall();
		CHECK_EQ((long)map(oom_area, 8, RW, ANON | MAP_FIXED | MAP_POPULATE),
			 (long)oom_area);
		CHECK_EQ((long)map(oom_area + 8 * P, 8, PROT_READ, ANON | MAP_FIXED),
			 (long)oom_area + 8 * P);
		world_audit();
	}
	fput(oom_file);
	teardown();
}
