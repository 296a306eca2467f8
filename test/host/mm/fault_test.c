/* SPDX-License-Identifier: MIT */
/* Every case of the picture at the head of mm/fault.c, seen through the simulated MMU. */
#include "mm_world.h"
#include "test.h"

#include "mm/filemap.h"
#include "mm/internal.h"
#include "abi/signal.h"

#define RW	 (PROT_READ | PROT_WRITE)
#define BASE	 0x10000000UL
#define PAGES(n) ((n)*PAGE_SIZE)

static struct mm_struct *mm;
static unsigned long free_before;

static void start(void)
{
	world_start(16UL << 20, 2);
	free_before = world_free_pages();
	mm = world_mm();
	world_run(0, mm);
}

static void finish(void)
{
	world_audit();
	world_put(mm);
	world_audit();
	CHECK_EQ(world_free_pages(), free_before);
}

static u8 peek(unsigned long addr)
{
	u8 byte = 0xee;

	CHECK_EQ(world_peek(addr, &byte), 0);
	return byte;
}

static void poke(unsigned long addr, u8 byte)
{
	CHECK_EQ(world_poke(addr, byte), 0);
}

static unsigned long map(unsigned long addr, unsigned long len, unsigned long prot,
			 unsigned long flags)
{
	unsigned long at = world_mmap(NULL, addr, len, prot, MAP_FIXED | flags, 0);

	CHECK_EQ(at, addr);
	return at;
}

static void map_file(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		     unsigned long flags, unsigned long pgoff)
{
	CHECK_EQ(world_mmap(file, addr, len, prot, MAP_FIXED | flags, pgoff), addr);
}

static long rss(enum mm_counter counter)
{
	return atomic64_read(&mm->rss[counter]);
}

TEST(anonymous_read_maps_the_zero_page_and_write_a_page_of_its_own)
{
	start();
	map(BASE, PAGES(4), RW, MAP_PRIVATE);
	CHECK_EQ(peek(BASE + 5), 0);
	CHECK_EQ(rss(MM_ANONPAGES), 0);
	CHECK_EQ(atomic64_read(&mm->pgtables_bytes), 3 * PAGE_SIZE);
	poke(BASE + 5, 7);
	CHECK_EQ(rss(MM_ANONPAGES), 1);
	CHECK_EQ(peek(BASE + 5), 7);
	poke(BASE + PAGES(1), 9);
	CHECK_EQ(rss(MM_ANONPAGES), 2);
	CHECK_EQ(peek(BASE + PAGES(1)), 9);
	CHECK_EQ(peek(BASE + PAGES(1) + 1), 0);
	finish();
}

TEST(write_over_the_zero_page_is_seen_by_a_cpu_that_had_read_it)
{
	start();
	map(BASE, PAGES(1), RW, MAP_PRIVATE);
	world_run(1, mm);
	CHECK_EQ(peek(BASE), 0);
	CHECK(host_tlb_has(BASE, HOST_READ));
	world_run(0, mm);
	poke(BASE, 1);
	world_run(1, mm);
	CHECK_EQ(peek(BASE), 1);
	finish();
}

TEST(access_outside_or_against_the_vma_is_a_signal)
{
	struct world_signal sig;
	u8 byte = 1;

	start();
	map(BASE, PAGES(2), PROT_READ, MAP_PRIVATE);
	map(BASE + PAGES(2), PAGES(1), PROT_NONE, MAP_PRIVATE);

	CHECK_EQ(host_read(BASE + PAGES(3) + 8, &byte, 1), SIGSEGV);
	sig = world_take_signal();
	CHECK_EQ(sig.code, SEGV_MAPERR);
	CHECK_EQ(sig.addr, BASE + PAGES(3) + 8);

	CHECK_EQ(host_write(BASE + 3, &byte, 1), SIGSEGV);
	sig = world_take_signal();
	CHECK_EQ(sig.code, SEGV_ACCERR);
	CHECK_EQ(sig.addr, BASE + 3);

	CHECK_EQ(host_read(BASE + PAGES(2), &byte, 1), SIGSEGV);
	CHECK_EQ(world_take_signal().code, SEGV_ACCERR);
	CHECK_EQ(host_exec(BASE), SIGSEGV);
	CHECK_EQ(world_take_signal().code, SEGV_ACCERR);
	CHECK_EQ(host_read(TASK_SIZE_MAX, &byte, 1), SIGSEGV);
	CHECK_EQ(world_take_signal().code, SEGV_MAPERR);
	finish();
}

TEST(user_copies_fault_pages_in_and_survive_bad_pointers)
{
	char text[] = "across a page boundary", back[sizeof(text)];
	unsigned long at = BASE + PAGE_SIZE - 7;

	start();
	map(BASE, PAGES(2), RW, MAP_PRIVATE);
	CHECK_EQ(copy_to_user((void *)at, text, sizeof(text)), 0UL);
	CHECK_EQ(copy_from_user(back, (void *)at, sizeof(text)), 0UL);
	CHECK_STREQ(back, text);
	CHECK_EQ(copy_to_user((void *)(BASE + PAGES(2) - 4), text, sizeof(text)), sizeof(text) - 4);
	CHECK_EQ(copy_to_user((void *)0xdead0000UL, text, 4), 4UL);
	CHECK_EQ(world_take_signal().sig, 0);

	pagefault_disable();
	CHECK_EQ(copy_from_user(back, (void *)(BASE + PAGES(1)), 1), 0UL);
	map(BASE + PAGES(8), PAGES(1), RW, MAP_PRIVATE);
	CHECK_EQ(copy_from_user(back, (void *)(BASE + PAGES(8)), 1), 1UL);
	pagefault_enable();
	finish();
}

TEST(stack_grows_to_its_limit_and_keeps_its_guard_gap)
{
	const unsigned long top = 0x7fff00000000UL, gap = 256 * PAGE_SIZE;
	struct vm_area_struct *vma;

	start();
	CHECK_EQ(setup_stack_vma(mm, top,
				 VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_GROWSDOWN |
					 VM_ACCOUNT),
		 0);
	vma = find_vma(mm, top - 1);
	CHECK(vma);
	poke(top - 1, 1);
	poke(top - PAGES(100), 2);
	CHECK_LE(vma->vm_start, top - PAGES(100));
	CHECK_EQ(peek(top - 1), 1);
	CHECK_EQ(mm->stack_vm, (vma->vm_end - vma->vm_start) >> PAGE_SHIFT);
	/* A mapping below: the stack stops a gap above it, unless nobody can access that
	 * mapping. */
	map(top - PAGES(1000), PAGES(1), RW, MAP_PRIVATE);
	CHECK_EQ(world_poke(top - PAGES(999) + gap - 1, 3), SIGSEGV);
	poke(top - PAGES(999) + gap, 4);
	CHECK_EQ(do_munmap(mm, top - PAGES(1000), PAGES(1)), 0);
	map(top - PAGES(1000), PAGES(1), PROT_NONE, MAP_PRIVATE);
	poke(top - PAGES(999), 5);
	CHECK_EQ(do_munmap(mm, top - PAGES(1000), PAGES(1)), 0);
	/* RLIMIT_STACK is 8 MiB. */
	CHECK_EQ(world_poke(top - (8UL << 20) - 1, 6), SIGSEGV);
	poke(top - (8UL << 20), 7);
	finish();
}

TEST(file_read_maps_the_cached_neighbours_too)
{
	struct file *file;
	unsigned long faults, i;

	start();
	file = world_file(PAGES(40), true);
	for (i = 0; i < 40; i++)
		world_file_poke(file, PAGES(i), i + 1);
	map_file(file, BASE, PAGES(40), PROT_READ, MAP_PRIVATE, 0);
	faults = current->min_flt;
	for (i = 0; i < 40; i++)
		CHECK_EQ(peek(BASE + PAGES(i)), i + 1);
	CHECK_EQ(current->min_flt - faults, 3UL); /* windows of 16 pages */
	CHECK_EQ(rss(MM_FILEPAGES), 40);
	fput(file);
	finish();
}

TEST(access_beyond_the_end_of_the_file_is_sigbus)
{
	struct world_signal sig;
	struct file *file;
	u8 byte;

	start();
	file = world_file(PAGES(2) + 100, true);
	map_file(file, BASE, PAGES(8), RW, MAP_SHARED, 0);
	poke(BASE + PAGES(2) + 4000, 5); /* within the last page */
	CHECK_EQ(host_read(BASE + PAGES(3), &byte, 1), SIGBUS);
	sig = world_take_signal();
	CHECK_EQ(sig.code, BUS_ADRERR);
	CHECK_EQ(sig.addr, BASE + PAGES(3));
	CHECK_EQ(copy_from_user(&byte, (void *)(BASE + PAGES(3)), 1), 1UL);
	world_truncate(file, PAGES(1));
	CHECK_EQ(world_peek(BASE + PAGES(2), &byte), SIGBUS);
	CHECK_EQ(peek(BASE), 0);
	fput(file);
	finish();
}

TEST(private_file_write_copies_and_leaves_the_file_alone)
{
	struct file *file;

	start();
	file = world_file(PAGES(4), true);
	world_file_poke(file, PAGES(1) + 9, 77);
	map_file(file, BASE, PAGES(4), RW, MAP_PRIVATE, 0);
	poke(BASE + PAGES(1), 1); /* first touch is the write */
	CHECK_EQ(peek(BASE + PAGES(1) + 9), 77);
	CHECK_EQ(peek(BASE), 0);
	poke(BASE, 2); /* read before */
	CHECK_EQ(world_file_peek(file, 0), 0);
	CHECK_EQ(world_file_peek(file, PAGES(1)), 0);
	CHECK_EQ(rss(MM_ANONPAGES), 2);
	/* Later writes to the file are not seen in the copies, but in the other pages. */
	world_file_poke(file, 1, 5);
	world_file_poke(file, PAGES(2), 6);
	CHECK_EQ(peek(BASE + 1), 0);
	CHECK_EQ(peek(BASE + PAGES(2)), 6);
	world_audit();
	/* Dropped copies show the file again. */
	CHECK_EQ(do_madvise(mm, BASE, PAGES(4), MADV_DONTNEED), 0);
	CHECK_EQ(peek(BASE), 0);
	CHECK_EQ(peek(BASE + 1), 5);
	fput(file);
	finish();
}

TEST(shared_file_write_tells_the_file_system_once_and_is_seen_by_all)
{
	struct file *file;
	struct mm_struct *other;

	start();
	file = world_file(PAGES(4), true);
	map_file(file, BASE, PAGES(4), RW, MAP_SHARED, 0);
	other = world_mm();
	world_run(1, other);
	map_file(file, BASE, PAGES(4), PROT_READ, MAP_SHARED, 0);
	CHECK_EQ(peek(BASE), 0);
	world_run(0, mm);
	CHECK_EQ(peek(BASE), 0);
	CHECK_EQ(world_file_mkwrites(file), 0u);
	poke(BASE, 3);
	poke(BASE + 1, 4);
	CHECK_EQ(world_file_mkwrites(file), 1u);
	poke(BASE + PAGES(2), 5); /* not read before */
	CHECK_EQ(world_file_mkwrites(file), 2u);
	CHECK_EQ(world_file_peek(file, 1), 4);
	world_run(1, other);
	CHECK_EQ(peek(BASE + 1), 4);
	CHECK_EQ(world_poke(BASE, 1), SIGSEGV);
	/* Written back: the next write is told again, also through an old TLB entry. */
	world_run(0, mm);
	CHECK_EQ(filemap_write_and_wait(file->f_mapping), 0);
	poke(BASE, 9);
	CHECK_EQ(world_file_mkwrites(file), 3u);
	world_put(other);
	fput(file);
	finish();
}

TEST(shared_anonymous_memory_is_one_for_parent_and_child)
{
	struct mm_struct *child;

	start();
	map(BASE, PAGES(4), RW, MAP_SHARED);
	poke(BASE, 1);
	child = dup_mm(current, mm);
	poke(BASE + PAGES(1), 2);
	world_run(1, child);
	CHECK_EQ(peek(BASE), 1);
	CHECK_EQ(peek(BASE + PAGES(1)), 2);
	poke(BASE, 3);
	world_run(0, mm);
	CHECK_EQ(peek(BASE), 3);
	CHECK_EQ(rss(MM_SHMEMPAGES), 2);
	world_put(child);
	finish();
}

TEST(mprotect_takes_rights_from_every_cpu_and_gives_them_back)
{
	start();
	map(BASE, PAGES(4), RW, MAP_PRIVATE);
	world_run(1, mm);
	poke(BASE, 1);
	world_run(0, mm);
	poke(BASE + PAGES(1), 1);
	CHECK_EQ(do_mprotect(BASE, PAGES(4), PROT_READ), 0);
	CHECK_EQ(world_poke(BASE, 2), SIGSEGV);
	world_run(1, mm);
	CHECK_EQ(world_poke(BASE, 2), SIGSEGV);
	CHECK_EQ(do_mprotect(BASE, PAGES(4), PROT_NONE), 0);
	CHECK_EQ(world_poke(BASE, 2), SIGSEGV);
	world_run(0, mm);
	CHECK_EQ(do_mprotect(BASE, PAGES(4), RW), 0);
	CHECK_EQ(peek(BASE), 1);
	poke(BASE, 2);
	CHECK_EQ(rss(MM_ANONPAGES), 2);
	finish();
}

TEST(munmap_takes_pages_tables_and_translations_away)
{
	const unsigned long far = 0x100000000000UL;
	u8 byte;

	start();
	map(far, PAGES(1200), RW, MAP_PRIVATE);
	for (unsigned long i = 0; i < 1200; i++)
		poke(far + PAGES(i), i);
	world_run(1, mm);
	CHECK_EQ(peek(far + PAGES(700)), 700 & 255);
	world_run(0, mm);
	CHECK_EQ(vm_munmap(far + PAGES(600), PAGES(200)), 0);
	world_run(1, mm);
	CHECK_EQ(world_peek(far + PAGES(700), &byte), SIGSEGV);
	CHECK_EQ(peek(far + PAGES(599)), 599 & 255);
	CHECK_EQ(rss(MM_ANONPAGES), 1000);
	world_audit();
	CHECK_EQ(vm_munmap(far, PAGES(1200)), 0);
	CHECK_EQ(rss(MM_ANONPAGES), 0);
	CHECK_EQ(atomic64_read(&mm->pgtables_bytes), 0);
	finish();
}

TEST(a_table_is_not_freed_while_a_cpu_remembers_where_it_was)
{
	start();
	map(BASE, PAGES(2), RW, MAP_PRIVATE);
	poke(BASE, 1);
	CHECK_EQ(do_madvise(mm, BASE, PAGES(1), MADV_DONTNEED), 0);
	/* No entry is left, but the other CPU's paging-structure cache learns of the table. */
	world_run(1, mm);
	host_speculate(BASE + PAGES(1));
	world_run(0, mm);
	CHECK_EQ(vm_munmap(BASE, PAGES(2)), 0);
	CHECK_EQ(atomic64_read(&mm->pgtables_bytes), 0);
	finish();
}

TEST(pages_cached_beyond_the_end_of_the_file_are_not_mapped)
{
	struct file *file;
	struct page *page;
	u8 byte;

	start();
	file = world_file(PAGES(1), false);
	CHECK_EQ(world_file_peek(file, 0), 0);
	/* As fallocate(KEEP_SIZE) leaves them. */
	page = find_or_create_page(file->f_mapping, 1);
	CHECK_EQ(fill_page(file->f_mapping, file, page), 0);
	unlock_page(page);
	put_page(page);
	map_file(file, BASE, PAGES(2), PROT_READ, MAP_SHARED, 0);
	CHECK_EQ(peek(BASE), 0);
	CHECK_EQ(world_peek(BASE + PAGES(1), &byte), SIGBUS);
	fput(file);
	finish();
}

TEST(a_debuggers_write_does_not_reach_a_page_shared_by_fork)
{
	struct mm_struct *child;

	start();
	map(BASE, PAGES(1), RW, MAP_PRIVATE);
	poke(BASE, 1);
	CHECK_EQ(do_mprotect(BASE, PAGES(1), PROT_READ), 0);
	child = dup_mm(current, mm);
	CHECK_EQ(access_remote_vm_force(child, BASE, "x", 1, true), 1UL);
	CHECK_EQ(peek(BASE), 1);
	world_run(1, child);
	CHECK_EQ(peek(BASE), 'x');
	world_put(child);
	finish();
}

TEST(mremap_moves_pages_with_their_translations)
{
	unsigned long i;
	u8 byte;

	start();
	map(BASE, PAGES(600), RW, MAP_PRIVATE);
	for (i = 0; i < 600; i += 3)
		poke(BASE + PAGES(i), i);
	world_run(1, mm);
	CHECK_EQ(peek(BASE), 0);
	/* To a place that lies differently in its tables. */
	CHECK_EQ(do_mremap(BASE, PAGES(600), PAGES(600), MREMAP_MAYMOVE | MREMAP_FIXED,
			   BASE + 0x10005000),
		 BASE + 0x10005000);
	world_run(0, mm);
	CHECK_EQ(world_peek(BASE, &byte), SIGSEGV);
	for (i = 0; i < 600; i++)
		CHECK_EQ(peek(BASE + 0x10005000 + PAGES(i)), i % 3 ? 0 : i & 255);
	CHECK_EQ(rss(MM_ANONPAGES), 200);
	finish();
}

TEST(another_process_reads_and_writes_memory_through_access_remote_vm)
{
	char text[] = "remote", back[8] = "";
	struct mm_struct *other;
	struct page *page;

	start();
	other = world_mm();
	map(BASE, PAGES(2), RW, MAP_PRIVATE);
	map(BASE + PAGES(4), PAGES(1), PROT_READ, MAP_PRIVATE);
	world_run(0, other);
	CHECK_EQ(access_remote_vm(mm, BASE + PAGE_SIZE - 3, text, 7, true), 7UL);
	CHECK_EQ(access_remote_vm(mm, BASE + PAGE_SIZE - 3, back, 7, false), 7UL);
	CHECK_STREQ(back, text);
	CHECK_EQ(access_remote_vm(mm, BASE + PAGES(2) - 2, back, 7, false), 2UL);
	/* A debugger writes to what mprotect could make writable. */
	CHECK_EQ(access_remote_vm(mm, BASE + PAGES(4), text, 1, true), 0UL);
	CHECK_EQ(access_remote_vm_force(mm, BASE + PAGES(4), text, 1, true), 1UL);
	CHECK_EQ(access_remote_vm_force(mm, BASE + PAGES(4), text + 1, 1, true), 1UL);
	world_audit();
	world_run(0, mm);
	CHECK_EQ(peek(BASE + PAGES(4)), 'e');
	CHECK_EQ(world_poke(BASE + PAGES(4), 1), SIGSEGV);
	CHECK_EQ(get_user_page(mm, BASE, false, &page), 1);
	CHECK_EQ(*(char *)page_address(page), 0);
	put_page(page);
	CHECK_EQ(get_user_page(mm, BASE + PAGES(10), false, &page), -EFAULT);
	world_put(other);
	finish();
}

TEST(populate_faults_in_what_it_is_asked_and_says_why_not)
{
	struct file *file;

	start();
	file = world_file(PAGES(2), false);
	map(BASE, PAGES(4), RW, MAP_PRIVATE);
	map(BASE + PAGES(4), PAGES(2), PROT_READ, MAP_PRIVATE);
	map_file(file, BASE + PAGES(6), PAGES(4), RW, MAP_SHARED, 0);
	CHECK_EQ(populate_range(mm, BASE, PAGES(4), true), 0);
	CHECK_EQ(rss(MM_ANONPAGES), 4);
	CHECK_EQ(populate_range(mm, BASE, PAGES(6), true), -EINVAL);
	CHECK_EQ(populate_range(mm, BASE, PAGES(6), false), 0);
	CHECK_EQ(populate_range(mm, BASE + PAGES(6), PAGES(4), false), -EFAULT);
	CHECK_EQ(populate_range(mm, BASE + PAGES(9), PAGES(4), false), -EFAULT);
	CHECK_EQ(populate_range(mm, BASE + PAGES(20), PAGES(1), false), -ENOMEM);
	fput(file);
	finish();
}
