/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer's swap: two areas on ram disks, of which one goes and comes; pages go there by hand,
 * by madvise, by reclaim (in small memory by themselves); writes are held and fail, reads fail.
 *
 * Nobody can sleep here: held are only writes of private pages, which no operation waits for, and
 * swapoff and reclaim let them finish first.
 */
#include "mm_fuzz.h"
#include "swap_world.h"

#include "abi/signal.h"
#include "lib/err.h"
#include "lib/string.h"
#include "mm/lru.h"
#include "mm/pageout.h"
#include "mm/shmem_swap.h"
#include "mm/swap_cache.h"

#define DISKS	  2
#define MOST_HELD 8 /* requests: less than half of those there are */

static struct block_device *disks[DISKS];
static unsigned long disk_pages;
static bool on[DISKS], writes_fail;
static bool small_memory, begun_at_start;
static long pages_at_start; /* the kernel's */

/* ---- Areas ----------------------------------------------------------------------------------- */

static void make_disk(unsigned int i)
{
	static const char *const names[DISKS] = {"swap0", "swap1"};

	disks[i] = swap_disk(names[i], disk_pages);
}

static void turn_on(unsigned int i)
{
	CHECK_EQ(swap_on(disks[i], i ? "swap1" : "swap0", below(3) ? -1 : (int)below(3)), 0);
	on[i] = true;
}

void fuzz_swap_once(void)
{
	swap_disk_off(swap_disk_on("swap", 2, -1));
	if (below(2))
		swap_begin();
	begun_at_start = lru_in_use;
	pages_at_start = page_owner_count(OWNER_KERNEL);
}

void fuzz_swap_begin(bool small)
{
	unsigned int i;

	small_memory = small;
	disk_pages = small ? 20480 : 64 << below(8);
	for (i = 0; i < DISKS; i++) {
		make_disk(i);
		turn_on(i);
	}
}

static unsigned int held(void)
{
	return ram_disk_held(disks[0]) + ram_disk_held(disks[1]);
}

/* Nothing is on its way any more. */
static void settle(void)
{
	unsigned int i;

	for (i = 0; i < DISKS; i++)
		ram_disk_hold(disks[i], false);
	pageout_finish(~0u);
}

void fuzz_swap_settle(void)
{
	settle();
}

unsigned long fuzz_swap_end(void)
{
	unsigned int i;

	settle();
	AGREE("slots in use at the end", 0, swap_used());
	for (i = 0; i < DISKS; i++)
		if (on[i])
			swap_disk_off(disks[i]);
	return begun_at_start ? 0 : page_owner_count(OWNER_KERNEL) - pages_at_start;
}

/* ---- Out ------------------------------------------------------------------------------------- */

/* Pages that @m has there go. */
static void page_out_range(struct model_mm *m, struct range r, bool hold)
{
	unsigned int i, n = 0, most = hold ? 3 : PAGEOUT_BATCH;
	struct page *pages[PAGEOUT_BATCH];

	for (i = r.first; i < r.end && held() < MOST_HELD; i++) {
		struct page *page = page_at(m->mm, model_addr(i));

		if (!page || (hold && !page_flag(page, PG_anon)))
			continue;
		pages[n++] = page;
		if (n < most)
			continue;
		page_out(pages, n);
		n = 0;
		if (below(8) == 0)
			pageout_finish(below(40));
	}
	page_out(pages, n);
}

void fuzz_page_out(struct model_mm *m)
{
	struct range r = random_range();
	unsigned int i;
	bool hold = !small_memory && below(4) == 0;

	swap_begin();
	NOTE("%u: page out [%u, %u)%s", fuzz_step, r.first, r.end, hold ? ", held" : "");
	for (i = 0; hold && i < DISKS; i++)
		ram_disk_hold_writes(disks[i]);
	if (!hold)
		settle();
	page_out_range(m, r, hold);
	if (below(3))
		pageout_finish(~0u);
}

/* Some of what is under way arrives. */
void fuzz_swap_arrive(struct model_mm *m)
{
	unsigned int i;

	NOTE("%u: arrive, %u held", fuzz_step, held());
	for (i = 0; i < DISKS; i++) {
		if (below(2))
			ram_disk_complete(disks[i], below(4));
		else
			ram_disk_complete_latest(disks[i]);
	}
	if (below(4) == 0)
		settle();
	else if (below(2))
		pageout_finish(below(8));
}

void fuzz_reclaim(struct model_mm *m)
{
	unsigned long n = 1 + below(below(4) ? 64 : 1500);

	settle();
	NOTE("%u: reclaim %lu", fuzz_step, n);
	try_to_free_pages(n);
	if (below(4) == 0)
		drop_caches(1 + below(3));
}

void fuzz_advise_reclaim(struct model_mm *m)
{
	static const int advices[] = {MADV_COLD, MADV_PAGEOUT, MADV_PAGEOUT, MADV_WILLNEED};
	int advice = advices[below(ARRAY_SIZE(advices))], expected = 0, hole = 0;
	struct range r = random_range();
	unsigned int i;

	settle();
	NOTE("%u: madvise [%u, %u) %d", fuzz_step, r.first, r.end, advice);
	for (i = r.first; i < r.end && !expected; i++) {
		if (!m->pages[i].mapped)
			hole = -ENOMEM;
		else if (m->pages[i].locked && advice != MADV_WILLNEED)
			expected = -EINVAL;
	}
	AGREE("madvise", expected ?: hole, do_madvise(m->mm, range_addr(r), range_len(r), advice));
}

/* ---- Areas that come and go ------------------------------------------------------------------ */

void fuzz_swapoff(struct model_mm *m)
{
	unsigned int i = below(DISKS);
	int err;

	settle();
	if (!on[i]) {
		turn_on(i);
		NOTE("%u: swapon %u", fuzz_step, i);
		return;
	}
	err = swap_off(disks[i]);
	NOTE("%u: swapoff %u: %d", fuzz_step, i, err);
	if (err) {
		AGREE("error of swapoff", -ENOMEM, err);
		AGREE("memory is small", true, small_memory);
		return;
	}
	on[i] = false;
	/* What is read from there from now on is wrong. */
	ram_disk_free(disks[i]);
	make_disk(i);
	memset(ram_disk_data(disks[i]) + PAGE_SIZE, 0xe5, (disk_pages - 1) << PAGE_SHIFT);
	if (below(3))
		turn_on(i);
}

/* ---- Errors ---------------------------------------------------------------------------------- */

/* For a while a part of a disk, or all of it, cannot be written to. */
void fuzz_write_error(struct model_mm *m)
{
	unsigned int i = below(DISKS);
	u64 end = disk_pages << (PAGE_SHIFT - SECTOR_SHIFT), from = below(end);

	if (small_memory)
		return;
	settle();
	writes_fail = !writes_fail;
	NOTE("%u: writes to %u %s", fuzz_step, i, writes_fail ? "fail" : "work");
	ram_disk_fail(disks[!i], 0, 0, false, false);
	ram_disk_fail(disks[i], below(2) ? from : 0, end, false, writes_fail);
}

/* Does @m find @entry at page @i? */
static bool has_entry(struct model_mm *m, unsigned int i, swp_entry_t entry)
{
	return m->mm && swapped_at(m->mm, model_addr(i)) &&
	       entry_at(m->mm, model_addr(i)).val == entry.val;
}

/* Everybody who has @entry, which cannot be read, at page @page, is told so; their neighbours see
 * what they have. */
static void all_miss(unsigned int page, swp_entry_t entry)
{
	unsigned int p, i;
	u8 byte;

	for (p = 0; p < MODEL_PROCS; p++) {
		struct model_mm *m = &procs[p];
		const struct model_page *mp = &m->pages[page];

		if (!m->mm)
			continue;
		fuzz_run(m);
		for (i = page - min(page, 9u); i < min(page + 9, (unsigned int)MODEL_PAGES); i++)
			if (!has_entry(m, i, entry))
				check_read(m, i);
		if (!has_entry(m, page, entry))
			continue;
		fuzz_about(m, page);
		AGREE("signal of a page that is lost", model_signal(mp, HOST_READ) ?: SIGBUS,
		      world_peek(model_addr(page), &byte));
		AGREE("signal of a write to it", model_signal(mp, HOST_WRITE) ?: SIGBUS,
		      world_poke(model_addr(page), 1));
		AGREE("copy from it", 1, copy_from_user(&byte, (void *)model_addr(page), 1));
		AGREE("remote access", 0,
		      access_remote_vm_force(m->mm, model_addr(page), &byte, 1, below(2)));
		AGREE("it still has the entry", true, has_entry(m, page, entry));
	}
}

static bool in_memory(swp_entry_t entry)
{
	struct page *page = swap_cache_get(entry);

	if (page)
		put_page(page);
	return page;
}

/* A slot fails to read: who needs it gets SIGBUS, all others have theirs; and when it can be read
 * again nothing is lost. */
void fuzz_read_error(struct model_mm *m)
{
	unsigned int start = below(MODEL_PAGES), i, n, disk;
	swp_entry_t entry = {0};

	settle();
	if (writes_fail)
		return;
	for (n = 0; n < MODEL_PAGES; n++) {
		i = (start + n) % MODEL_PAGES;
		if (!swapped_at(m->mm, model_addr(i)))
			continue;
		entry = entry_at(m->mm, model_addr(i));
		if (!in_memory(entry))
			break;
	}
	if (n == MODEL_PAGES)
		return;
	disk = swap_bdev(entry, &(u64){0}) == disks[1];
	NOTE("%u: page %u, slot %lx, cannot be read", fuzz_step, i, entry.val);
	ram_disk_fail(disks[disk], swap_sector(entry), swap_sector(entry) + 8, true, false);
	if (below(2))
		fuzz_fork(m);
	all_miss(i, entry);
	if (!small_memory && below(4) == 0) {
		AGREE("swapoff", -EIO, swap_off(disks[disk]));
		all_miss(i, entry);
	}
	ram_disk_fail(disks[disk], 0, 0, false, false);
}

/* ---- Comparison ------------------------------------------------------------------------------ */

void fuzz_compare_swap(u64 swap_pss, unsigned long vmas)
{
	unsigned long slots = 0, offset, pfn, bytes, entries = 0;
	unsigned int type, p;

	for (type = 0; type < MAX_SWAPFILES; type++)
		for (offset = 1; offset < swap_end(swp_entry(type, 0)); offset++)
			slots += swap_count(swp_entry(type, offset)) != 0;
	slots -= shmem_swapped_pages();
	for (pfn = 0; pfn < max_pfn; pfn++) {
		struct page *page = pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;

		if (page && (page->flags & BIT(PG_swapbacked)) && page->private)
			slots--;
	}
	bytes = slots << PAGE_SHIFT;
	for (p = 0; p < MODEL_PROCS; p++)
		if (procs[p].mm)
			entries += swapents(procs[p].mm);
	/* Each VMA's share is rounded down. */
	if (swap_pss > bytes || swap_pss + vmas + entries < bytes)
		AGREE("sum of the shares in slots", bytes, swap_pss);
}
