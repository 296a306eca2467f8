/* SPDX-License-Identifier: MIT */
/* mm_audit() sees what is wrong: each test breaks one thing and expects to be told. And smaps'
 * figures, counted here by hand. */
#include "mm_world.h"
#include "test.h"

#include "base/printk.h"
#include "mm/internal.h"
#include "mm/pgwalk.h"

#define RW	 (PROT_READ | PROT_WRITE)
#define BASE	 0x10000000UL
#define PAGES(n) ((n)*PAGE_SIZE)

static struct mm_struct *mm, *child;
static struct file *file;

static void start(void)
{
	world_start(16UL << 20, 2);
	mm = world_mm();
	world_run(0, mm);
	file = world_file(PAGES(4), true);
	CHECK_EQ(world_mmap(NULL, BASE, PAGES(8), RW, MAP_FIXED | MAP_PRIVATE, 0), BASE);
	CHECK_EQ(world_mmap(file, BASE + PMD_SIZE, PAGES(4), RW, MAP_FIXED | MAP_SHARED, 0),
		 BASE + PMD_SIZE);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(world_poke(BASE + PAGES(i), i), 0);
		CHECK_EQ(world_poke(BASE + PMD_SIZE + PAGES(i), i), 0);
	}
	child = dup_mm(current, mm);
	CHECK_EQ(world_poke(BASE, 9), 0);
	CHECK_EQ(mm_audit(), 0);
}

static pte_t *entry(struct mm_struct *of, unsigned long addr)
{
	pte_t *pte = pgwalk_find(of, addr).pte;

	CHECK(pte);
	return pte;
}

static struct page *page_of(struct mm_struct *of, unsigned long addr)
{
	return pfn_to_page(pte_pfn(pte_get(entry(of, addr))));
}

static void expect_problems(void)
{
	CHECK_GT(mm_audit(), 0);
}

TEST(audit_sees_a_mapcount_too_many)
{
	start();
	atomic_inc(&page_of(mm, BASE + PAGES(1))->_mapcount);
	expect_problems();
}

TEST(audit_sees_a_reference_too_many_and_too_few)
{
	start();
	atomic_inc(&page_of(mm, BASE)->_refcount);
	expect_problems();
	atomic_dec(&page_of(mm, BASE)->_refcount);
	CHECK_EQ(mm_audit(), 0);
	atomic_dec(&page_of(mm, BASE + PAGES(1))->_refcount);
	expect_problems();
}

TEST(audit_sees_a_writable_entry_for_a_shared_private_page)
{
	pte_t *pte;

	start();
	pte = entry(child, BASE + PAGES(1));
	pte_xchg(pte, pte_mkwrite(pte_get(pte)));
	expect_problems();
}

TEST(audit_sees_a_page_at_a_wrong_address)
{
	start();
	page_of(mm, BASE)->index++;
	expect_problems();
}

TEST(audit_sees_a_lost_entry)
{
	pte_t *pte;

	start();
	pte = entry(mm, BASE + PAGES(2));
	pte_xchg(pte, (pte_t){0});
	expect_problems();
}

TEST(audit_sees_an_entry_outside_every_vma)
{
	start();
	vma_detach_range(find_vma(mm, BASE), BASE + PAGES(8));
	expect_problems();
}

TEST(audit_sees_rss_that_is_off_by_one)
{
	start();
	atomic64_inc(&mm->rss[MM_ANONPAGES]);
	expect_problems();
}

TEST(audit_sees_a_table_count_that_is_wrong)
{
	struct page *table;

	start();
	table = pgwalk_find(mm, BASE).table;
	table->pt_present++;
	expect_problems();
	table->pt_present--;
	table->pt_count++;
	expect_problems();
}

TEST(audit_sees_a_vma_missing_from_its_rmap_tree)
{
	start();
	__vma_rmap_remove(find_vma(mm, BASE));
	expect_problems();
}

TEST(audit_sees_a_leaked_page)
{
	start();
	CHECK(alloc_page(GFP_KERNEL));
	expect_problems();
}

TEST(audit_sees_a_tlb_entry_beyond_its_pte)
{
	pte_t *pte;

	start();
	CHECK_EQ(world_poke(BASE, 1), 0);
	pte = entry(mm, BASE);
	pte_xchg(pte, pte_wrprotect(pte_get(pte)));
	expect_problems();
}

TEST(smaps_shares_are_exact)
{
	struct mem_size_stats mss = {0};

	start();
	smap_gather(find_vma(mm, BASE), &mss);
	/* Four pages: one of its own, copied after fork; three shared with the child. */
	CHECK_EQ(mss.resident, 4 * PAGE_SIZE);
	CHECK_EQ(mss.anonymous, 4 * PAGE_SIZE);
	CHECK_EQ(mss.private_dirty, PAGE_SIZE);
	CHECK_EQ(mss.shared_dirty, 3 * PAGE_SIZE);
	CHECK_EQ(mss.pss, PAGE_SIZE + 3 * PAGE_SIZE / 2);
	/* Adds up over VMAs: four pages of the file, which the child has not touched. */
	smap_gather(find_vma(mm, BASE + PMD_SIZE), &mss);
	CHECK_EQ(mss.resident, 8 * PAGE_SIZE);
	CHECK_EQ(mss.private_dirty, 5 * PAGE_SIZE);
	CHECK_EQ(mss.referenced, 8 * PAGE_SIZE);
}
