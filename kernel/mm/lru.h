/* SPDX-License-Identifier: MIT */
/* The LRU lists: what reclaim.c and those who make, use and free pages call. See reclaim.h. */
#pragma once

#include "mm/reclaim.h"

/* See that pages are on their lists: memory is short, or somebody picks pages to go. */
void lru_begin(void);
/* Put all pages there are on their lists: the first time memory is short, and before anybody is
 * killed for want of it. Task context. */
void lru_sweep(void);

/* A new page (PG_anon or PG_cached set) goes on the list its flags name, unless it is on one. Any
 * context; nothing of RANK_LRU or later held. */
void lru_add(struct page *page);
/* A page that has just been made, and that lru_sweep() may have found already, begins as active. */
void lru_set_active(struct page *page);
/* Make it active: now, if it is on a list. */
void lru_activate(struct page *page);
/* Make it the first to go (MADV_COLD, a stream that has passed it). */
void lru_deactivate(struct page *page);

/* Take up to @n pages off the cold end of @list: each with a reference for the caller and
 * PG_isolated, on @out in that order. How many; *scanned: pages looked at. */
unsigned int lru_isolate(enum lru_list list, unsigned int n, struct list_head *out,
			 unsigned int *scanned);
/* Take @page, of which the caller has a reference, off its list. False: it is on none. The caller's
 * reference stays his; another is taken for lru_putback(). */
bool lru_isolate_page(struct page *page);
/* Put an isolated page (not on the caller's list any more) back where its flags say, at the warm
 * end, and drop the reference. May free it. */
void lru_putback(struct page *page);
/* The same for those on @pages, at one go. */
void lru_putback_list(struct list_head *pages);
/* What was found mlocked is to be looked at again: after munlock, and exit of who locked. */
void lru_rescue_unevictable(void);

static inline bool page_is_file_lru(const struct page *page)
{
	return !(page->flags & (BIT(PG_anon) | BIT(PG_swapbacked)));
}

/* Every page is on the list that its flags name, and the counts are right. @report is printk() or the
 * like; the number of problems. Everything is quiet. */
unsigned int lru_audit(void (*report)(const char *fmt, ...));
void lru_init(void); /* boot */
