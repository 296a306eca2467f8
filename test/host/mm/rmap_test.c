/* SPDX-License-Identifier: MIT */
/* The reverse map: every mapping of a page is found, through fork, split, merge and mremap, and
 * none that is not. */
#include "mm_world.h"
#include "test.h"

#include "mm/internal.h"
#include "mm/rmap.h"
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

static void poke(unsigned long addr, u8 byte)
{
	CHECK_EQ(world_poke(addr, byte), 0);
}

static u8 peek(unsigned long addr)
{
	u8 byte = 0xee;

	CHECK_EQ(world_peek(addr, &byte), 0);
	return byte;
}

static void map(struct file *file, unsigned long addr, unsigned long pages, unsigned long flags,
		unsigned long pgoff)
{
	CHECK_EQ(world_mmap(file, addr, PAGES(pages), RW, MAP_FIXED | flags, pgoff), addr);
}

/* ---- Where is a page mapped? ----------------------------------------------------------------- */

struct found {
	unsigned int vmas, mapped;
	unsigned long last_addr;
	struct mm_struct *last_mm;
};

static bool look(struct page *page, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct found *found = arg;
	struct page *table;

	CHECK(addr >= vma->vm_start && addr < vma->vm_end);
	found->vmas++;
	if (page_mapped_at(page, vma, addr, &table)) {
		pt_unlock(table);
		found->mapped++;
		found->last_addr = addr;
		found->last_mm = vma->vm_mm;
	}
	return true;
}

static struct found walk(struct page *page)
{
	struct found found = {0};

	rmap_walk(page, look, &found);
	return found;
}

/* The page behind @addr of @in, without a reference: it stays as long as it is mapped. */
static struct page *page_at(struct mm_struct *in, unsigned long addr)
{
	struct page *page;

	CHECK_EQ(get_user_page(in, addr, false, &page), 1);
	put_page(page);
	return page;
}

TEST(an_anonymous_page_is_found_in_every_process_of_the_family)
{
	struct mm_struct *child[3];
	struct page *page;
	struct found found;

	start();
	map(NULL, BASE, 4, MAP_PRIVATE, 0);
	poke(BASE + PAGES(2), 1);
	page = page_at(mm, BASE + PAGES(2));
	CHECK_EQ(walk(page).mapped, 1u);
	for (int i = 0; i < 3; i++)
		child[i] = dup_mm(current, mm);
	found = walk(page);
	CHECK_EQ(found.vmas, 4u);
	CHECK_EQ(found.mapped, 4u);
	CHECK_EQ(page_mapcount(page), 4);
	/* One writes: it has another page now. */
	world_run(1, child[1]);
	poke(BASE + PAGES(2), 2);
	CHECK_EQ(walk(page).mapped, 3u);
	CHECK_EQ(walk(page_at(child[1], BASE + PAGES(2))).mapped, 1u);
	/* One unmaps, one exits. */
	CHECK_EQ(do_munmap(child[0], BASE, PAGES(4)), 0);
	world_put(child[2]);
	found = walk(page);
	CHECK_EQ(found.vmas, 2u);
	CHECK_EQ(found.mapped, 1u);
	CHECK_EQ(found.last_mm, mm);
	world_put(child[0]);
	world_put(child[1]);
	finish();
}

TEST(pages_are_found_after_their_vma_was_split_moved_and_merged)
{
	struct page *page;
	struct found found;

	start();
	map(NULL, BASE, 9, MAP_PRIVATE, 0);
	for (int i = 0; i < 9; i++)
		poke(BASE + PAGES(i), i);
	page = page_at(mm, BASE + PAGES(4));
	/* AAA|aaa|AAA */
	CHECK_EQ(do_mprotect(BASE + PAGES(3), PAGES(3), PROT_READ), 0);
	found = walk(page);
	CHECK_EQ(found.vmas, 1u);
	CHECK_EQ(found.last_addr, BASE + PAGES(4));
	world_audit();
	/* The middle moves away, then grows. */
	CHECK_EQ(do_mremap(BASE + PAGES(3), PAGES(3), PAGES(5), MREMAP_MAYMOVE | MREMAP_FIXED,
			   BASE + PMD_SIZE),
		 BASE + PMD_SIZE);
	found = walk(page);
	CHECK_EQ(found.mapped, 1u);
	CHECK_EQ(found.last_addr, BASE + PMD_SIZE + PAGES(1));
	world_audit();
	/* And back: the three join again. */
	CHECK_EQ(do_mremap(BASE + PMD_SIZE, PAGES(3), PAGES(3), MREMAP_MAYMOVE | MREMAP_FIXED,
			   BASE + PAGES(3)),
		 BASE + PAGES(3));
	CHECK_EQ(do_mprotect(BASE + PAGES(3), PAGES(3), RW), 0);
	CHECK_EQ(find_vma(mm, BASE)->vm_end, BASE + PAGES(9));
	found = walk(page);
	CHECK_EQ(found.vmas, 1u);
	CHECK_EQ(found.last_addr, BASE + PAGES(4));
	for (int i = 0; i < 9; i++)
		CHECK_EQ(peek(BASE + PAGES(i)), i);
	finish();
}

TEST(truncation_unmaps_pages_and_private_copies_from_every_process)
{
	struct mm_struct *other;
	struct file *file;
	u8 byte;

	start();
	file = world_file(PAGES(8), true);
	other = world_mm();
	map(file, BASE, 8, MAP_SHARED, 0);
	map(file, BASE + PMD_SIZE, 4, MAP_PRIVATE, 4);
	world_run(1, other);
	map(file, BASE + PAGES(1), 7, MAP_PRIVATE, 1);
	for (int i = 1; i < 8; i++)
		CHECK_EQ(peek(BASE + PAGES(i)), 0);
	poke(BASE + PAGES(6), 1);
	world_run(0, mm);
	for (int i = 0; i < 8; i++)
		poke(BASE + PAGES(i), 10 + i);
	poke(BASE + PMD_SIZE + PAGES(2), 2);
	world_audit();
	world_truncate(file, PAGES(5) + 1);
	world_audit();
	CHECK_EQ(peek(BASE + PAGES(5)), 15);
	CHECK_EQ(world_peek(BASE + PAGES(6), &byte), SIGBUS);
	CHECK_EQ(peek(BASE + PMD_SIZE), 14);
	CHECK_EQ(world_peek(BASE + PMD_SIZE + PAGES(2), &byte), SIGBUS);
	world_run(1, other);
	CHECK_EQ(peek(BASE + PAGES(4)), 14);
	CHECK_EQ(world_peek(BASE + PAGES(6), &byte), SIGBUS);
	world_put(other);
	fput(file);
	finish();
}

TEST(a_punched_hole_keeps_private_copies)
{
	struct file *file;

	start();
	file = world_file(PAGES(4), false);
	map(file, BASE, 4, MAP_SHARED, 0);
	map(file, BASE + PMD_SIZE, 4, MAP_PRIVATE, 0);
	poke(BASE + PAGES(1), 1);
	poke(BASE + PAGES(2), 2);
	poke(BASE + PMD_SIZE + PAGES(1), 3);
	CHECK_EQ(peek(BASE + PMD_SIZE + PAGES(2)), 2);
	truncate_inode_pages_range(file->f_mapping, PAGES(1), PAGES(3));
	world_audit();
	CHECK_EQ(peek(BASE + PAGES(1)), 0);
	CHECK_EQ(peek(BASE + PMD_SIZE + PAGES(1)), 3);
	CHECK_EQ(peek(BASE + PMD_SIZE + PAGES(2)), 0);
	fput(file);
	finish();
}

TEST(write_back_takes_write_access_from_every_process)
{
	struct mm_struct *child;
	struct file *file;
	struct page *page;

	start();
	file = world_file(PAGES(1), true);
	map(file, BASE, 1, MAP_SHARED, 0);
	child = dup_mm(current, mm);
	poke(BASE, 1);
	world_run(1, child);
	poke(BASE, 2);
	page = page_at(mm, BASE);
	CHECK(page_flag(page, PG_dirty));
	lock_page(page);
	CHECK(page_mkclean(page));
	CHECK(!page_mkclean(page));
	unlock_page(page);
	CHECK_EQ(world_file_mkwrites(file), 2u);
	poke(BASE, 3);
	world_run(0, mm);
	poke(BASE, 4);
	CHECK_EQ(world_file_mkwrites(file), 4u);
	world_put(child);
	fput(file);
	finish();
}

TEST(a_page_written_through_a_mapping_is_dirty_after_the_mapping_went)
{
	struct file *file;
	struct page *page;

	start();
	file = world_file(PAGES(1), false);
	map(file, BASE, 1, MAP_SHARED, 0);
	poke(BASE, 1);
	CHECK_EQ(vm_munmap(BASE, PAGES(1)), 0);
	page = find_get_page(file->f_mapping, 0);
	CHECK(page && page_flag(page, PG_dirty));
	put_page(page);
	fput(file);
	finish();
}

TEST(neighbours_share_an_anon_vma_so_that_they_can_merge)
{
	struct vm_area_struct *vma;

	start();
	map(NULL, BASE, 2, MAP_PRIVATE, 0);
	CHECK_EQ(do_mprotect(BASE + PAGES(1), PAGES(1), PROT_READ | PROT_WRITE | PROT_EXEC), 0);
	poke(BASE, 1);
	poke(BASE + PAGES(1), 2);
	vma = find_vma(mm, BASE);
	CHECK(vma->vm_next && vma->vm_next->anon_vma == vma->anon_vma);
	CHECK_EQ(do_mprotect(BASE + PAGES(1), PAGES(1), RW), 0);
	CHECK_EQ(find_vma(mm, BASE)->vm_end, BASE + PAGES(2));
	finish();
}
