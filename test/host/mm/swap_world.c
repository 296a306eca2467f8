/* SPDX-License-Identifier: MIT */
#include "swap_world.h"
#include "share.h"
#include "test.h"

#include "abi/swap.h"
#include "lib/string.h"
#include "mm/internal.h"
#include "mm/lru.h"
#include "mm/pageout.h"
#include "mm/pgwalk.h"
#include "mm/shmem_swap.h"
#include "mm/swap_cache.h"
#include "page/slab.h"

/* ---- Areas ----------------------------------------------------------------------------------- */

struct block_device *swap_disk(const char *name, unsigned long pages)
{
	struct block_device *disk = ram_disk_new(name, pages << PAGE_SHIFT);
	struct swap_header *header = (struct swap_header *)ram_disk_data(disk);

	header->version = 1;
	header->last_page = pages - 1;
	memcpy(header->magic, SWAP_MAGIC, sizeof(header->magic));
	return disk;
}

struct block_device *swap_disk_on(const char *name, unsigned long pages, int prio)
{
	struct block_device *disk = swap_disk(name, pages);

	CHECK_EQ(swap_on(disk, name, prio), 0);
	return disk;
}

void swap_disk_off(struct block_device *disk)
{
	CHECK_EQ(swap_off(disk), 0);
	ram_disk_free(disk);
}

unsigned long swap_used(void)
{
	return total_swap_pages - nr_swap_pages;
}

u64 swap_sector(swp_entry_t entry)
{
	u64 sector;

	swap_bdev(entry, &sector);
	return sector;
}

void swap_begin(void)
{
	lru_begin();
}

/* ---- Entries --------------------------------------------------------------------------------- */

pte_t pte_at(struct mm_struct *mm, unsigned long addr)
{
	return pgwalk_peek(mm, addr);
}

struct page *page_at(struct mm_struct *mm, unsigned long addr)
{
	pte_t entry = pte_at(mm, addr);

	if (pte_none(entry) || !pte_maps_counted(entry))
		return NULL;
	return pfn_to_page(pte_pfn(entry));
}

bool swapped_at(struct mm_struct *mm, unsigned long addr)
{
	return pte_is_swap(pte_at(mm, addr));
}

swp_entry_t entry_at(struct mm_struct *mm, unsigned long addr)
{
	CHECK(swapped_at(mm, addr));
	return pte_to_swp_entry(pte_at(mm, addr));
}

/* ---- Out ------------------------------------------------------------------------------------- */

void page_out(struct page **pages, unsigned int nr)
{
	struct pageout po = {.force = true};
	LIST_HEAD(list);
	unsigned int i;

	CHECK_LE(nr, (unsigned int)PAGEOUT_BATCH);
	for (i = 0; i < nr; i++) {
		if (!pages[i])
			continue;
		get_page(pages[i]);
		/* On no list: it is on its way already. */
		if (lru_isolate_page(pages[i]))
			list_add_tail(&pages[i]->lru, &list);
		put_page(pages[i]);
	}
	pageout(&list, &po);
}

unsigned int swap_out(struct mm_struct *mm, unsigned long addr, unsigned long nr)
{
	struct page *pages[PAGEOUT_BATCH];
	unsigned int i, n, swapped = 0;
	unsigned long done;

	for (done = 0; done < nr; done += n) {
		n = min_t(unsigned long, nr - done, PAGEOUT_BATCH);
		for (i = 0; i < n; i++)
			pages[i] = page_at(mm, addr + ((done + i) << PAGE_SHIFT));
		page_out(pages, n);
		pageout_finish(~0u);
	}
	for (done = 0; done < nr; done++)
		swapped += swapped_at(mm, addr + (done << PAGE_SHIFT));
	return swapped;
}

bool swap_out_file(struct file *file, unsigned long index)
{
	struct page *page = find_get_page(file->f_mapping, index);

	if (!page)
		return true;
	put_page(page);
	page_out(&page, 1);
	pageout_finish(~0u);
	page = find_get_page(file->f_mapping, index);
	if (page)
		put_page(page);
	return !page;
}

void swap_drop_rest(void)
{
	pageout_finish(~0u);
	try_to_free_pages(1000);
}

/* ---- The parent ------------------------------------------------------------------------------ */

struct block_device *swap;
static unsigned long free_before;

long swapents(struct mm_struct *mm)
{
	return atomic64_read(&mm->rss[MM_SWAPENTS]);
}

void swap_start(void)
{
	world_start(96UL << 20, 4);
	sysctl_overcommit_memory = OVERCOMMIT_ALWAYS;
	swap_begin();
	swap = swap_disk_on("swap", SWAP_PAGES, -1);
	free_before = world_free_pages();
	parent = world_mm();
	world_run(1, parent);
	world_run(0, parent);
}

void swap_finish(void)
{
	pageout_finish(~0u);
	world_audit();
	if (grandchild)
		end(&grandchild);
	if (child)
		end(&child);
	world_audit();
	if (parent)
		end(&parent);
	pageout_finish(~0u);
	world_audit();
	CHECK_EQ(swap_used(), 0ul);
	CHECK_EQ(vm_committed(), 0UL);
	CHECK_EQ(world_free_pages(), free_before);
	swap_disk_off(swap);
	world_audit();
}
