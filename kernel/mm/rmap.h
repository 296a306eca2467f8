/* SPDX-License-Identifier: MIT */
/* Adding and dropping one mapping of a page: _mapcount and what goes with it. The table's lock is
 * held. */
#pragma once

#include "mm/mm_types.h"
#include "mm/pgwalk.h"
#include "mm/internal.h"
#include "mm/lru.h"
#include "mm/swap.h"

/* Which of mm->rss[] counts @page. */
static inline enum mm_counter mm_counter_of(const struct page *page)
{
	const struct address_space *mapping = page->mapping;

	if (page_flag(page, PG_anon))
		return MM_ANONPAGES;
	return mapping && mapping->kind == MAPPING_SHMEM ? MM_SHMEMPAGES : MM_FILEPAGES;
}

static inline void add_mm_counter(struct mm_struct *mm, enum mm_counter counter, long pages)
{
	atomic64_add(pages, &mm->rss[counter]);
}

/* A fresh page (nobody else knows it) becomes a private page of @vma at @addr, mapped once. */
static inline void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma,
					  unsigned long addr)
{
	page->mapping = vma->anon_vma;
	page->index = linear_page_index(vma, addr);
	atomic_set(&page->_mapcount, 0);
	WRITE_ONCE(page->flags, page->flags | BIT(PG_anon) | BIT(PG_uptodate));
	page_owner_add(OWNER_ANON, 1);
	if (unlikely(READ_ONCE(lru_in_use)))
		lru_add(page);
}

/* One more PTE maps @page; the caller has taken the reference that goes with it. */
static inline void page_add_rmap(struct page *page)
{
	atomic_inc(&page->_mapcount);
}

/* An entry that maps @page is copied, by fork or with its table: one more PTE maps it, with the
 * reference that goes with it. Both counts are one word. */
static inline void page_dup_rmap(struct page *page)
{
	static_assert(offsetof(struct page, _refcount) == offsetof(struct page, _mapcount) + 4 &&
			      offsetof(struct page, _mapcount) % 8 == 0,
		      "the counts are neighbours");
	/* _mapcount is not -1, so nothing is carried over. */
	__atomic_fetch_add((u64 *)&page->_mapcount, 1ULL << 32 | 1, __ATOMIC_RELAXED);
}

/*
 * One PTE of an anonymous page fewer; the reference is still the caller's. If the caller's entry is
 * the only one that maps it, nobody adds another meanwhile: they come by copying one, and this
 * one's table is locked; or by the swap cache.
 *
 * page->mapping stays what it was. The anon_vma may be gone with its last VMA: it may be followed
 * only while the page is mapped, under rmap_lock.
 */
static inline void page_remove_anon_rmap(struct page *page)
{
	bool only = page_mapcount(page) == 1;

	/* In this order: a page whose other PTEs were swapped is seen to be in the cache; and one
	 * that another maps by way of the cache, and swapoff has taken out, to be mapped twice. */
	barrier();
	if (likely(only && !page_flag(page, PG_swapcache))) {
		barrier();
		if (likely(page_mapcount(page) == 1)) {
			atomic_set(&page->_mapcount, -1);
			return;
		}
	}
	if (atomic_sub_return(1, &page->_mapcount) < 0 && page_flag(page, PG_swapcache))
		swap_cache_unmapped(page);
}

/* The same for a page of any kind. */
static inline void page_remove_rmap(struct page *page)
{
	if (page_flag(page, PG_anon))
		page_remove_anon_rmap(page);
	else
		atomic_dec(&page->_mapcount);
}

/* Frame of a present entry as a counted page; NULL for special entries (zero page, vDSO). */
static inline struct page *pte_page_counted(pte_t pte)
{
	return pte_special(pte) ? NULL : pfn_to_page(pte_pfn(pte));
}

/* If @vma maps @page at @addr: the entry, its table locked and in *table. Else NULL. rmap_lock
 * held. The table may be shared: what is done to the entry is done to all who share it. */
pte_t *page_mapped_at(struct page *page, struct vm_area_struct *vma, unsigned long addr,
		      struct page **table);

/* Does @vma map @page at @addr, at a glance? No lock is taken. rmap_lock held. */
bool page_seen_at(struct page *page, struct vm_area_struct *vma, unsigned long addr);

/* Mappings of @page by address spaces: what _mapcount + 1 would be if no table were shared. Plain:
 * takes rmap_lock shared; the caller has a reference. __: rmap_lock held, and @page is mapped. */
unsigned int page_mms(struct page *page);
unsigned int __page_mms(struct page *page);

/* __page_mms() of a page that an entry on @path maps, table locked, without walking where that can
 * be known. *sharers, 0 at first, is kept from page to page of one table. */
unsigned int page_mms_by(struct page *page, const struct pgpath *path, unsigned int *sharers);

void rmap_init(void); /* boot */
