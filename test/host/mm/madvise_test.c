/* SPDX-License-Identifier: MIT */
/* madvise, mlock, msync, mincore: their work, and the errors they give (compared with Linux). */
#include "mm_calls.h"

TEST(madvise_errors_are_linuxes)
{
	struct file *ro;
	unsigned long a, s, n;

	setup();
	a = area(16);
	CHECK_EQ(vm_munmap(a + 8 * P, 8 * P), 0);
	ro = world_file(2 * P, false);
	ro->f_mode &= ~FMODE_WRITE;
	s = vm_mmap_pgoff(ro, a + 32 * P, P, PROT_READ, MAP_SHARED | MAP_FIXED, 0);
	n = map(a + 64 * P, 4, PROT_NONE, ANON | MAP_FIXED);
#define MADVISE(...) do_madvise(mm, __VA_ARGS__)
	CHECK_EQ(MADVISE(a, P, 5), -EINVAL);
	CHECK_EQ(MADVISE(a, P, MADV_FREE), 0);
	CHECK_EQ(MADVISE(s, P, MADV_FREE), -EINVAL);
	CHECK_EQ(MADVISE(a + 1, P, MADV_DONTNEED), -EINVAL);
	CHECK_EQ(MADVISE(a, 0, MADV_DONTNEED), 0);
	CHECK_EQ(MADVISE(a, 0, 77), -EINVAL);
	CHECK_EQ(MADVISE(a, -1ul, MADV_DONTNEED), -EINVAL);
	CHECK_EQ(MADVISE(a, -P, MADV_DONTNEED), -EINVAL);
	CHECK_EQ(MADVISE(a + 6 * P, 4 * P, MADV_DONTNEED), -ENOMEM);
	CHECK_EQ(MADVISE(a + 9 * P, P, MADV_DONTNEED), -ENOMEM);
	CHECK_EQ(MADVISE(a, P, MADV_REMOVE), -EINVAL);
	CHECK_EQ(MADVISE(s, P, MADV_REMOVE), -EACCES);
	CHECK_EQ(MADVISE(s, P, MADV_WIPEONFORK), -EINVAL);
	CHECK_EQ(MADVISE(a, P, MADV_WIPEONFORK), 0);
	CHECK_EQ(MADVISE(a, P, MADV_KEEPONFORK), 0);
	CHECK_EQ(MADVISE(a, P, MADV_WILLNEED), 0);
	CHECK_EQ(MADVISE(s, P, MADV_WILLNEED), 0);
	CHECK_EQ(MADVISE(a, P, MADV_POPULATE_READ), 0);
	CHECK_EQ(MADVISE(s, P, MADV_POPULATE_WRITE), -EINVAL);
	CHECK_EQ(MADVISE(n, P, MADV_POPULATE_READ), -EINVAL);
	CHECK_EQ(MADVISE(n, P, MADV_POPULATE_WRITE), -EINVAL);
	CHECK_EQ(MADVISE(a, P, MADV_MERGEABLE), -EINVAL);
	CHECK_EQ(MADVISE(a, P, MADV_HUGEPAGE), -EINVAL);
	CHECK_EQ(MADVISE(a, P, MADV_COLD), 0);
	CHECK_EQ(MADVISE(a, P, MADV_PAGEOUT), 0);
	CHECK_STREQ(layout(a), "rw-p:8 hole:24 r--s:1 hole:31 ---p:4");
	fput(ro);
	teardown();
}

TEST(madvise_drops_populates_and_flags)
{
	unsigned long a;
	u8 byte;

	setup();
	a = area(8);
	CHECK_EQ(do_madvise(mm, a, 4 * P, MADV_POPULATE_WRITE), 0);
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 4ul);
	CHECK_EQ(world_poke(a, 9), 0);
	CHECK_EQ(do_madvise(mm, a, 2 * P, MADV_DONTNEED), 0);
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 2ul);
	CHECK_EQ(world_peek(a, &byte), 0);
	CHECK_EQ(byte, 0);
	CHECK_EQ(do_madvise(mm, a + P, P, MADV_DONTFORK), 0);
	CHECK_EQ(mm->map_count, 3);
	CHECK(vma_lookup(mm, a + P)->vm_flags & VM_DONTCOPY);
	CHECK_EQ(do_madvise(mm, a, 8 * P, MADV_DOFORK), 0);
	CHECK_EQ(mm->map_count, 1);
	CHECK_EQ(do_madvise(mm, a, P, MADV_SEQUENTIAL), 0);
	CHECK_EQ(do_madvise(mm, a, P, MADV_RANDOM), 0);
	CHECK_EQ(vma_lookup(mm, a)->vm_flags & (VM_RAND_READ | VM_SEQ_READ), VM_RAND_READ);
	CHECK_EQ(do_madvise(mm, a, 8 * P, MADV_NORMAL), 0);
	CHECK_EQ(mm->map_count, 1);
	CHECK_EQ(do_mlock(a, P, 0), 0);
	CHECK_EQ(do_madvise(mm, a, P, MADV_DONTNEED), -EINVAL);
	CHECK_EQ(do_madvise(mm, a, P, MADV_DONTNEED_LOCKED), 0);
	teardown();
}

TEST(mlock_errors_are_linuxes)
{
	struct file *file;
	unsigned long a, n, big;

	setup();
	a = area(8);
	n = map(a + 64 * P, 4, PROT_NONE, ANON | MAP_FIXED);
	CHECK_EQ(do_mlock(n, P, 0), -ENOMEM);
	CHECK_EQ(do_munlock(n, P), 0);
	CHECK_EQ(do_mlock(a + 9 * P, P, 0), -ENOMEM);
	CHECK_EQ(do_mlock(a, 0, 0), 0);
	CHECK_EQ(do_mlock(a + 9 * P, 0, 0), 0);
	CHECK_EQ(do_munlock(a + 9 * P, P), -ENOMEM);
	CHECK_EQ(do_mlock(a, -1ul, 0), 0);
	CHECK_EQ(do_mlock(a, -2 * P, 0), -EINVAL);
	CHECK_EQ(do_mlock(a, P, 2), -EINVAL);
	CHECK_EQ(do_mlockall(0), -EINVAL);
	CHECK_EQ(do_mlockall(8), -EINVAL);
	CHECK_EQ(do_mlockall(MCL_ONFAULT), -EINVAL);
	CHECK_EQ(do_mlock(a + 7 * P, 2 * P, 0), -ENOMEM);
	file = world_file(8 * P, false);
	big = vm_mmap_pgoff(file, a + 100 * P, 8 * P, PROT_READ, MAP_SHARED | MAP_FIXED, 6);
	CHECK_EQ(do_madvise(mm, big, 8 * P, MADV_POPULATE_READ), -EFAULT);
	CHECK_EQ(do_mlock(big, 8 * P, 0), -ENOMEM);
	CHECK_EQ(do_mlock(big, 2 * P, 0), 0);
	fput(file);
	CHECK_EQ(do_munlockall(), 0);
	CHECK_EQ(mm->locked_vm, 0ul);
	drop_capabilities();
	test_signal.rlim[RLIMIT_MEMLOCK].rlim_cur = 2 * P;
	CHECK_EQ(do_mlock(a, 3 * P, 0), -ENOMEM);
	CHECK_EQ(do_mlock(a, 2 * P, 0), 0);
	CHECK_EQ(do_mlock(a, 2 * P, 0), 0); /* not counted twice */
	CHECK_EQ(do_mlockall(MCL_CURRENT), -ENOMEM);
	test_signal.rlim[RLIMIT_MEMLOCK].rlim_cur = 0;
	CHECK_EQ(do_mlock(a, P, 0), -EPERM);
	CHECK_EQ(do_mlockall(MCL_CURRENT), -EPERM);
	teardown();
}

TEST(mlock_locks_and_populates)
{
	unsigned long a, b;

	setup();
	a = area(8);
	CHECK_EQ(do_mlock(a + P + 5, 2 * P, 0), 0);
	CHECK_EQ(mm->locked_vm, 3ul);
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 3ul);
	CHECK_STREQ(layout(a), "rw-p:1 rw-p:3 rw-p:4");
	CHECK_EQ(do_mlock(a, 8 * P, MLOCK_ONFAULT), 0);
	CHECK_EQ(mm->locked_vm, 8ul);
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 3ul);
	CHECK_EQ(do_munlock(a, 8 * P), 0);
	CHECK_STREQ(layout(a), "rw-p:8");
	CHECK_EQ(do_mlockall(MCL_FUTURE), 0);
	b = area(2);
	CHECK_EQ(mm->locked_vm, 2ul);
	CHECK_EQ(count_present(vma_lookup(mm, b), b, b + 2 * P), 2ul);
	CHECK_EQ(do_mlockall(MCL_CURRENT), 0);
	CHECK_EQ(mm->locked_vm, 10ul);
	CHECK_EQ(get_mm_counter(mm, MM_ANONPAGES), 10ul);
	CHECK_EQ(do_munlockall(), 0);
	CHECK_EQ(mm->locked_vm, 0ul);
	CHECK_EQ(mm->map_count, 1);
	teardown();
}

TEST(msync_errors_are_linuxes)
{
	unsigned long a;

	setup();
	a = area(8);
	CHECK_EQ(do_msync(a, P, 8), -EINVAL);
	CHECK_EQ(do_msync(a, P, MS_SYNC | MS_ASYNC), -EINVAL);
	CHECK_EQ(do_msync(a + 1, P, MS_SYNC), -EINVAL);
	CHECK_EQ(do_msync(a, 0, MS_SYNC), 0);
	CHECK_EQ(do_msync(a, 16 * P, MS_SYNC), -ENOMEM);
	CHECK_EQ(do_msync(a + 9 * P, P, MS_ASYNC), -ENOMEM);
	CHECK_EQ(do_msync(a, 8 * P, 0), 0);
	CHECK_EQ(do_msync(a, -P, MS_SYNC), -ENOMEM);
	CHECK_EQ(do_msync(a, -1ul, MS_SYNC), 0);
	CHECK_EQ(do_mlock(a, P, 0), 0);
	CHECK_EQ(do_msync(a, P, MS_INVALIDATE), -EBUSY);
	teardown();
}

TEST(mincore_tells_of_pages)
{
	unsigned long a, vec, f;
	struct file *file;
	u8 byte;
	int i;

	setup();
	a = area(8);
	vec = map(a - 64 * P, 1, RW, ANON | MAP_FIXED);
	CHECK_EQ(do_mincore(a + 1, P, (void *)vec), -EINVAL);
	CHECK_EQ(do_mincore(a, 0, (void *)vec), 0);
	CHECK_EQ(do_mincore(a, 16 * P, (void *)vec), -ENOMEM);
	CHECK_EQ(do_mincore(a, P, NULL), -EFAULT);
	CHECK_EQ(do_mincore(-P, P, (void *)vec), -ENOMEM);
	CHECK_EQ(do_mincore(a, P, (void *)-1), -EFAULT);
	CHECK_EQ(world_poke(a + P, 1), 0);
	CHECK_EQ(world_poke(a + 6 * P, 1), 0);
	CHECK_EQ(do_mincore(a, 8 * P - 1, (void *)vec), 0);
	for (i = 0; i < 8; i++) {
		CHECK_EQ(world_peek(vec + i, &byte), 0);
		CHECK_EQ(byte, i == 1 || i == 6);
	}
	file = world_file(4 * P, false);
	world_file_poke(file, P, 1);
	f = vm_mmap_pgoff(file, 0, 4 * P, PROT_READ, MAP_PRIVATE, 0);
	CHECK_EQ(do_mincore(f, 4 * P, (void *)vec), 0);
	for (i = 0; i < 4; i++) {
		CHECK_EQ(world_peek(vec + i, &byte), 0);
		CHECK_EQ(byte, i == 1);
	}
	fput(file);
	teardown();
}
