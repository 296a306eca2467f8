/* SPDX-License-Identifier: MIT */
/*
 * A fault on a swap entry: its page is in the swap cache, or is read into it.
 *
 *	the only one who has it		W if the VMA allows it. A write takes the page out of the
 *					cache, its slot is free again; else it stays, clean
 *	others have it too		without W; a write then copies it (wp.c)
 *
 * Whoever reads reads ahead: the neighbours by address, as many as were of use the last time.
 * Requests go out for each run of consecutive slots among them.
 */
#include "mm/fault.h"
#include "mm/pagecache.h"
#include "mm/swap_cache.h"
#include "base/printk.h"
#include "page/gfp.h"
#include "task/task.h"

/* ---- Read-ahead ------------------------------------------------------------------------------ */

/* Pages to read for a fault at @vmf, and whether they lie below it. */
static unsigned int choose_window(struct vm_fault *vmf, bool *backwards)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned int most = min(1u << sysctl_page_cluster, (unsigned int)BLOCK_IO_PAGES);
	unsigned long page = vmf->address >> PAGE_SHIFT, last = READ_ONCE(vma->swap_ra_last);
	unsigned int before = READ_ONCE(vma->swap_ra_window), hits = READ_ONCE(vma->swap_ra_hits);
	unsigned long distance = page < last ? last - page : page - last;
	unsigned int window = 1;

	*backwards = page < last && distance <= before + 1;
	if (vma->vm_flags & VM_RAND_READ)
		most = 1;
	if ((vma->vm_flags & VM_SEQ_READ) || (hits && hits + 1 >= before))
		window = max(before, 2u) * 2; /* all were used */
	else if (hits)
		window = hits + 1;
	else if (distance <= before + 1)
		window = 2; /* near the last one: maybe a stream begins */
	window = clamp(window, 1u, most);
	WRITE_ONCE(vma->swap_ra_last, *backwards ? page : page + window - 1);
	WRITE_ONCE(vma->swap_ra_window, window);
	WRITE_ONCE(vma->swap_ra_hits, 0);
	return window;
}

/* The neighbours of the fault in the same table, up to @window of them, and @page for itself. */
static void read_window(struct vm_fault *vmf, struct page *page, swp_entry_t entry)
{
	struct vm_area_struct *vma = vmf->vma;
	bool backwards;
	unsigned long span = (choose_window(vmf, &backwards) - 1) * PAGE_SIZE;
	unsigned long low = max(vma->vm_start, vmf->address & PMD_MASK);
	unsigned long high = min(vma->vm_end, (vmf->address & PMD_MASK) + PMD_SIZE) - PAGE_SIZE;
	unsigned long addr = vmf->address, last = vmf->address;
	struct swap_run run = {.nr = 0};

	if (backwards)
		addr = vmf->address - low < span ? low : vmf->address - span;
	else
		last = high - vmf->address < span ? high : vmf->address + span;
	for (; addr <= last; addr += PAGE_SIZE) {
		pte_t pte = pte_get(vmf->pte + ((long)(addr - vmf->address) >> PAGE_SHIFT));
		struct page *ahead;

		if (addr == vmf->address) {
			swap_run_add(&run, page, entry, false);
			continue;
		}
		if (pte_none(pte) || pte_present(pte))
			continue;
		ahead = alloc_page(__GFP_MOVABLE | __GFP_NOWARN);
		if (!ahead)
			continue;
		if (swap_run_add(&run, ahead, pte_to_swp_entry(pte), true))
			count_vm_event(SWAP_RA);
	}
	swap_run_read(&run);
}

/* The page for @entry, referenced; NULL: out of memory, or nobody stands for it any more. *read: it
 * was not in memory. */
static struct page *find_or_read(struct vm_fault *vmf, swp_entry_t entry, bool *read)
{
	struct page *page = swap_cache_get(entry), *fresh;

	*read = false;
	if (page)
		return page;
	fresh = alloc_page(GFP_USER);
	if (!fresh)
		return NULL;
	*read = true;
	read_window(vmf, fresh, entry);
	return swap_cache_get(entry);
}

static void count_hit(struct vm_fault *vmf, struct page *page)
{
	if (!page_flag(page, PG_readahead))
		return;
	clear_bit(PG_readahead, &page->flags);
	WRITE_ONCE(vmf->vma->swap_ra_hits, vmf->vma->swap_ra_hits + 1);
	count_vm_event(SWAP_RA_HIT);
}

/* ---- The fault ------------------------------------------------------------------------------- */

/* Map @page, locked, in the place of its entry. Table locked. What now stands there. */
static pte_t map_swapped(struct vm_fault *vmf, struct page *page, swp_entry_t entry)
{
	struct vm_area_struct *vma = vmf->vma;
	pte_t pte = mk_pte(page_to_pfn(page), vma->vm_page_prot);
	bool write = vmf->flags & FAULT_FLAG_WRITE, ours;

	swap_free(entry);
	/* The caller's reference becomes the mapping's. */
	if (write || swap_is_filling() || (vma->vm_flags & VM_LOCKED))
		ours = swap_cache_reuse(page, 0);
	else
		ours = swap_cache_alone(page);
	if (ours && (vma->vm_flags & VM_WRITE))
		pte = pte_mkwrite(pte);
	if (ours && write)
		pte = pte_mkdirty(pte);
	page->mapping = vma->anon_vma;
	page->index = linear_page_index(vma, vmf->address);
	smp_wmb(); /* before it counts as mapped, and can be walked */
	page_add_rmap(page);
	pte_set(vmf->pte, pte);
	vmf->table->pt_rss[MM_SWAPENTS]--;
	vmf->table->pt_rss[MM_ANONPAGES]++;
	add_mm_counter(vma->vm_mm, MM_SWAPENTS, -1);
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	return pte;
}

/* It could not be read. The next one who comes tries again. */
static int read_failed(struct vm_fault *vmf, struct page *page)
{
	static u64 next_line; /* racy: a line more or less */
	u64 now = arch_clock_ns();

	spin_lock(&swap_lock);
	__swap_cache_del(page);
	spin_unlock(&swap_lock);
	if (!pte_same(pte_get(vmf->pte), vmf->orig_pte))
		return 0; /* nobody needs it any more */
	if (now >= next_line) {
		next_line = now + NSEC_PER_SEC / 10;
		printk("swap: page at %lx of %s (pid %d) could not be read and is lost",
		       vmf->address, current->comm, current->tgid);
	}
	return VM_FAULT_SIGBUS;
}

int do_swap_page(struct vm_fault *vmf)
{
	swp_entry_t entry = pte_to_swp_entry(vmf->orig_pte);
	struct page *page;
	bool read;
	int ret = 0;

	anon_vma_prepare(vmf->vma);
	page = find_or_read(vmf, entry, &read);
	vmf->what = read ? FAULT_SWAP_READ : FAULT_SWAP;
	if (!page)
		return pte_same(pte_get(vmf->pte), vmf->orig_pte) && !read ? VM_FAULT_OOM : 0;
	if (read)
		ret = VM_FAULT_MAJOR;
	lock_page(page);
	/* It may have left the cache, and been given to somebody else. */
	if (!page_flag(page, PG_swapcache) || page->private != entry.val)
		goto out;
	if (unlikely(!page_flag(page, PG_uptodate)) && !swap_read_again(page)) {
		ret = read_failed(vmf, page);
		goto out;
	}
	count_hit(vmf, page);
	if (!pt_lock_if_same(vmf))
		goto out;
	vmf->orig_pte = map_swapped(vmf, page, entry);
	pt_unlock(vmf->table);
	unlock_page(page);
	if ((vmf->flags & FAULT_FLAG_WRITE) && !pte_write(vmf->orig_pte))
		ret |= do_wp_page(vmf);
	return ret;

out:
	unlock_page(page);
	put_page(page);
	return ret;
}
