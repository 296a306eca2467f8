/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/pagemap, a word for each page of an address space; /proc/kpagecount and kpageflags, a
 * word for each frame of memory. The layout of the words is Linux's (admin-guide/mm/pagemap).
 */
#include "procfs/internal.h"
#include "mm/mlock.h"
#include "mm/pgwalk.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "page/boot_mem.h"
#include "page/page.h"
#include "page/zone.h"

#define WORD	    sizeof(u64)
#define BATCH_WORDS (PAGE_SIZE / WORD)

/* ---- pagemap --------------------------------------------------------------------------------- */

#define PM_PFN_MASK	  (BIT_ULL(55) - 1)
#define PM_MMAP_EXCLUSIVE BIT_ULL(56)
#define PM_FILE		  BIT_ULL(61) /* of a file or of shared memory */
#define PM_SWAP		  BIT_ULL(62)
#define PM_PRESENT	  BIT_ULL(63)
#define PM_SWAP_TYPE_BITS 5 /* of the frame's place, for a swap entry; the rest is the offset */

/* rmap_lock held, and the lock of the table on @path where @entry stands. */
static u64 pagemap_word(pte_t entry, const struct pgpath *path, unsigned int *sharers, bool show_pfn)
{
	struct page *page;
	u64 word;

	if (pte_is_swap(entry)) {
		swp_entry_t slot = pte_to_swp_entry(entry);

		word = swp_offset(slot) << PM_SWAP_TYPE_BITS | swp_type(slot);
		return PM_SWAP | (show_pfn ? word & PM_PFN_MASK : 0);
	}
	if (!pte_present(entry))
		return 0;
	word = PM_PRESENT;
	if (show_pfn)
		word |= pte_pfn(entry) & PM_PFN_MASK;
	page = pte_page_counted(entry);
	if (page && !page_flag(page, PG_anon))
		word |= PM_FILE;
	if (page && page_mms_by(page, path, sharers) == 1)
		word |= PM_MMAP_EXCLUSIVE;
	return word;
}

/* Words of the pages [addr, end). */
static void fill_pagemap(struct mm_struct *mm, unsigned long addr, unsigned long end, u64 *words,
			 bool show_pfn)
{
	unsigned long first = addr, next;
	struct pgpath path;
	pte_t *pte;

	memset(words, 0, (end - addr) / PAGE_SIZE * WORD);
	down_read(&mm->mmap_lock);
	down_read(&rmap_lock);
	for_each_pte_table (mm, addr, next, end, pte, path) {
		unsigned int sharers = 0;

		for (; addr < next; addr += PAGE_SIZE, pte++)
			words[(addr - first) >> PAGE_SHIFT] =
				pagemap_word(pte_get(pte), &path, &sharers, show_pfn);
	}
	up_read(&rmap_lock);
	up_read(&mm->mmap_lock);
}

/* Where a read starts and how many words it wants: 0, or -EINVAL if it is not of whole words. */
static int words_wanted(const struct iov_iter *to, loff_t pos, u64 limit, u64 *first, u64 *count)
{
	if (pos % (loff_t)WORD || to->count % WORD)
		return -EINVAL;
	*first = (u64)pos / WORD;
	*count = *first < limit ? min(to->count / WORD, limit - *first) : 0;
	return 0;
}

static ssize_t pagemap_read(struct file *file, struct iov_iter *to, loff_t *pos)
{
	struct mm_struct *mm = proc_mm_get(file);
	bool show_pfn = cred_capable(file->f_cred, CAP_SYS_ADMIN);
	u64 first, count, *words = NULL;
	ssize_t done = 0;

	if (!mm)
		return 0;
	done = words_wanted(to, *pos, TASK_SIZE_MAX >> PAGE_SHIFT, &first, &count);
	if (!done && count) {
		words = kmalloc(PAGE_SIZE, GFP_KERNEL);
		if (!words)
			done = -ENOMEM;
	}
	while (words && count && !signal_pending(current)) {
		u64 n = min(count, (u64)BATCH_WORDS);
		size_t copied;

		fill_pagemap(mm, first << PAGE_SHIFT, (first + n) << PAGE_SHIFT, words, show_pfn);
		copied = copy_to_iter(words, n * WORD, to);
		*pos += copied;
		done += copied;
		if (copied < n * WORD) {
			done = done ?: -EFAULT;
			break;
		}
		first += n;
		count -= n;
		cond_resched();
	}
	kfree(words);
	mmput(mm);
	return done;
}

const struct file_operations proc_pagemap_operations = {
	.open = proc_mm_open,
	.release = proc_mm_release,
	.read_iter = pagemap_read,
	.llseek = proc_mem_lseek,
};

/* ---- Frames ---------------------------------------------------------------------------------- */

enum kpageflag {
	KPF_LOCKED = 0,
	KPF_REFERENCED = 2,
	KPF_UPTODATE = 3,
	KPF_DIRTY = 4,
	KPF_LRU = 5,
	KPF_ACTIVE = 6,
	KPF_SLAB = 7,
	KPF_WRITEBACK = 8,
	KPF_BUDDY = 10,
	KPF_MMAP = 11,
	KPF_ANON = 12,
	KPF_SWAPCACHE = 13,
	KPF_SWAPBACKED = 14,
	KPF_COMPOUND_HEAD = 15,
	KPF_UNEVICTABLE = 18,
	KPF_NOPAGE = 20,
	KPF_ZERO_PAGE = 24,
	KPF_PGTABLE = 26,
	KPF_MLOCKED = 33,
	KPF_RESERVED = 32,
};

static const struct {
	enum pageflags flag;
	enum kpageflag bit;
} kpf_table[] = {
	{PG_locked, KPF_LOCKED},
	{PG_referenced, KPF_REFERENCED},
	{PG_uptodate, KPF_UPTODATE},
	{PG_dirty, KPF_DIRTY},
	{PG_lru, KPF_LRU},
	{PG_active, KPF_ACTIVE},
	{PG_slab, KPF_SLAB},
	{PG_writeback, KPF_WRITEBACK},
	{PG_anon, KPF_ANON},
	{PG_swapcache, KPF_SWAPCACHE},
	{PG_large, KPF_COMPOUND_HEAD},
	{PG_table, KPF_PGTABLE},
	{PG_reserved, KPF_RESERVED},
	{PG_swapbacked, KPF_SWAPBACKED},
	{PG_unevictable, KPF_UNEVICTABLE},
};

/* A free frame: of a block in the buddy allocator, or of RAM it has not opened yet. */
static bool frame_is_free(const struct page *page)
{
	return page_flag(page, PG_buddy) ||
	       (!page_count(page) && !page_flag(page, PG_pcp) && !page_flag(page, PG_reserved));
}

/* A frame whose struct page does not exist yet: its section was never needed. */
static u64 unopened_word(unsigned long pfn)
{
	u64 from = (u64)pfn << PAGE_SHIFT, start, stop;

	if (boot_mem_next_free(from, from + PAGE_SIZE, &start, &stop))
		return BIT_ULL(KPF_BUDDY);
	return boot_mem_next_ram(from, from + PAGE_SIZE, &start, &stop) ? BIT_ULL(KPF_RESERVED)
									: BIT_ULL(KPF_NOPAGE);
}

static u64 kpageflags_word(unsigned long pfn, bool any_locked)
{
	struct page *page = pfn_to_page(pfn);
	u64 word = 0;

	if (!section_is_open(pfn))
		return unopened_word(pfn);
	if (!pfn_valid(pfn))
		return BIT_ULL(KPF_NOPAGE);
	for (size_t i = 0; i < ARRAY_SIZE(kpf_table); i++) {
		if (page_flag(page, kpf_table[i].flag))
			word |= BIT_ULL(kpf_table[i].bit);
	}
	if (frame_is_free(page))
		word |= BIT_ULL(KPF_BUDDY);
	if (!page_flag(page, PG_slab) && !page_flag(page, PG_table) && page_mapcount(page) > 0)
		word |= BIT_ULL(KPF_MMAP);
	if (page == zero_page)
		word |= BIT_ULL(KPF_ZERO_PAGE);
	if (word & BIT_ULL(KPF_ANON))
		word |= BIT_ULL(KPF_SWAPBACKED);
	if (any_locked && (word & BIT_ULL(KPF_MMAP)) && page_mlocked(page))
		word |= BIT_ULL(KPF_MLOCKED) | BIT_ULL(KPF_UNEVICTABLE);
	return word;
}

static u64 kpagecount_word(unsigned long pfn, bool any_locked)
{
	struct page *page = pfn_to_page(pfn);
	unsigned int count;

	if (!section_is_open(pfn) || page_flag(page, PG_slab) || page_flag(page, PG_table))
		return 0;
	/* With a reference it stays what it is while its mappings are looked for. */
	if (page_mapcount(page) <= 0 || !atomic_inc_not_zero(&page->_refcount))
		return 0;
	count = page_mms(page);
	put_page(page);
	return count;
}

static ssize_t read_frames(struct iov_iter *to, loff_t *pos,
			   u64 (*word)(unsigned long pfn, bool any_locked))
{
	bool any_locked = any_memory_locked();
	u64 first, count, *words;
	ssize_t done = words_wanted(to, *pos, max_pfn, &first, &count);

	if (done || !count)
		return done;
	words = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!words)
		return -ENOMEM;
	while (count && !signal_pending(current)) {
		u64 n = min(count, (u64)BATCH_WORDS);
		size_t copied;

		for (u64 i = 0; i < n; i++)
			words[i] = word(first + i, any_locked);
		copied = copy_to_iter(words, n * WORD, to);
		*pos += copied;
		done += copied;
		if (copied < n * WORD) {
			done = done ?: -EFAULT;
			break;
		}
		first += n;
		count -= n;
		cond_resched();
	}
	kfree(words);
	return done;
}

static ssize_t kpageflags_read(struct file *file, struct iov_iter *to, loff_t *pos)
{
	return read_frames(to, pos, kpageflags_word);
}

static ssize_t kpagecount_read(struct file *file, struct iov_iter *to, loff_t *pos)
{
	return read_frames(to, pos, kpagecount_word);
}

const struct file_operations proc_kpageflags_operations = {.read_iter = kpageflags_read,
							   .write_iter = proc_write_refused,
							   .llseek = proc_mem_lseek};
const struct file_operations proc_kpagecount_operations = {.read_iter = kpagecount_read,
							   .write_iter = proc_write_refused,
							   .llseek = proc_mem_lseek};
