/* SPDX-License-Identifier: MIT */
/*
 * The LRU lists. New pages come to the warm end of an inactive list; reclaim takes from the cold
 * end. What it finds used moves to the active list, or around once more (reclaim.c decides).
 *
 * A page's flags and its place change together, under lru_lock: PG_lru while it is on a list,
 * PG_active and PG_unevictable say on which. Being freed is the exception: the flags go first, at
 * one stroke and with all references gone, then the freer comes for the place. Who takes pages off
 * a list finds such a one without references and passes it over.
 */
#include "mm/lru.h"
#include "mm/mm.h"
#include "page/zone.h"
#include "sched/sched.h"

static DEFINE_SPINLOCK(lru_lock, RANK_LRU);
static struct list_head lists[NR_LRU_LISTS];
static unsigned long nr_on_list[NR_LRU_LISTS];

bool lru_in_use;

static enum lru_list list_of(unsigned long flags)
{
	enum lru_list list = flags & (BIT(PG_anon) | BIT(PG_swapbacked)) ? LRU_INACTIVE_ANON
									 : LRU_INACTIVE_FILE;

	if (flags & BIT(PG_unevictable))
		return LRU_UNEVICTABLE;
	return flags & BIT(PG_active) ? list + 1 : list;
}

unsigned long lru_pages(enum lru_list list)
{
	if (READ_ONCE(lru_in_use))
		return READ_ONCE(nr_on_list[list]);
	switch (list) {
	case LRU_INACTIVE_ANON:
		return max(0l, page_owner_count(OWNER_ANON) + page_owner_count(OWNER_SHMEM));
	case LRU_INACTIVE_FILE:
		return max(0l, page_owner_count(OWNER_FILE));
	default:
		return 0;
	}
}

/* ---- On and off; lru_lock held --------------------------------------------------------------- */

static void link_page(struct page *page, unsigned long flags)
{
	enum lru_list list = list_of(flags);

	list_add(&page->lru, &lists[list]);
	nr_on_list[list]++;
}

static void unlink_page(struct page *page, unsigned long flags)
{
	__list_del_entry(&page->lru);
	nr_on_list[list_of(flags)]--;
}

/* If it is a page for the lists, and on none: put it there. PG_lru is set at one stroke with that
 * look, for nobody holds the page for us: if it is freed from then on, the freer waits for the lock
 * and finds the page on the list these flags name. */
static void claim(struct page *page)
{
	unsigned long flags = READ_ONCE(page->flags);

	do {
		if (!(flags & (BIT(PG_anon) | BIT(PG_cached))) ||
		    (flags & (BIT(PG_lru) | BIT(PG_isolated))))
			return;
	} while (!try_cmpxchg(&page->flags, &flags, flags | BIT(PG_lru)));
	link_page(page, flags);
}

/* ---- Coming ---------------------------------------------------------------------------------- */

void lru_add(struct page *page)
{
	unsigned long irq;

	spin_lock_irqsave(&lru_lock, irq);
	claim(page);
	spin_unlock_irqrestore(&lru_lock, irq);
}

#define SWEEP_BATCH 256 /* frames at a time with interrupts off */

static void sweep_frames(unsigned long pfn, unsigned long end)
{
	unsigned long irq;

	spin_lock_irqsave(&lru_lock, irq);
	for (; pfn < end; pfn++)
		claim(pfn_to_page(pfn));
	spin_unlock_irqrestore(&lru_lock, irq);
}

void lru_sweep(void)
{
	struct zone *zone;
	unsigned long pfn;

	/* First: whoever makes a page that is passed over below sees to it himself. */
	WRITE_ONCE(lru_in_use, true);
	smp_mb();
	for_each_zone(zone)
	{
		for (pfn = zone->start_pfn; pfn < zone->end_pfn; pfn += SWEEP_BATCH) {
			if (section_is_open(pfn))
				sweep_frames(pfn, min(pfn + SWEEP_BATCH, zone->end_pfn));
		}
	}
}

/* ---- Going ----------------------------------------------------------------------------------- */

/* The hook of the page allocator. */
static void lru_freed(struct page *page, unsigned long flags)
{
	unsigned long irq;

	spin_lock_irqsave(&lru_lock, irq);
	unlink_page(page, flags);
	spin_unlock_irqrestore(&lru_lock, irq);
}

/* Take the reference and the page. False: it is being freed. */
static bool isolate(struct page *page)
{
	unsigned long flags;

	if (!atomic_inc_not_zero(&page->_refcount))
		return false;
	flags = READ_ONCE(page->flags);
	while (!try_cmpxchg(&page->flags, &flags, (flags & ~BIT(PG_lru)) | BIT(PG_isolated)))
		;
	unlink_page(page, flags);
	return true;
}

unsigned int lru_isolate(enum lru_list list, unsigned int n, struct list_head *out,
			 unsigned int *scanned)
{
	struct list_head *at, *before;
	unsigned int taken = 0;
	unsigned long irq;

	*scanned = 0;
	spin_lock_irqsave(&lru_lock, irq);
	for (at = lists[list].prev; at != &lists[list] && *scanned < n; at = before) {
		struct page *page = list_entry(at, struct page, lru);

		before = at->prev;
		(*scanned)++;
		if (!isolate(page))
			continue;
		list_add_tail(&page->lru, out);
		taken++;
	}
	spin_unlock_irqrestore(&lru_lock, irq);
	return taken;
}

bool lru_isolate_page(struct page *page)
{
	bool done = false;
	unsigned long irq;

	spin_lock_irqsave(&lru_lock, irq);
	if (page_flag(page, PG_lru))
		done = isolate(page);
	spin_unlock_irqrestore(&lru_lock, irq);
	return done;
}

/* ---- Back ------------------------------------------------------------------------------------ */

static void link_isolated(struct page *page)
{
	unsigned long flags = READ_ONCE(page->flags);

	while (!try_cmpxchg(&page->flags, &flags, (flags & ~BIT(PG_isolated)) | BIT(PG_lru)))
		;
	link_page(page, flags);
}

void lru_putback(struct page *page)
{
	unsigned long irq;

	spin_lock_irqsave(&lru_lock, irq);
	link_isolated(page);
	spin_unlock_irqrestore(&lru_lock, irq);
	put_page(page);
}

void lru_putback_list(struct list_head *pages)
{
	struct page *batch[32];
	unsigned long irq;
	unsigned int n;

	while (!list_empty(pages)) {
		spin_lock_irqsave(&lru_lock, irq);
		for (n = 0; n < ARRAY_SIZE(batch) && !list_empty(pages); n++) {
			batch[n] = list_first_entry(pages, struct page, lru);
			list_del(&batch[n]->lru);
			link_isolated(batch[n]);
		}
		spin_unlock_irqrestore(&lru_lock, irq);
		while (n)
			put_page(batch[--n]);
	}
}

/* ---- Between lists --------------------------------------------------------------------------- */

/* Change the flags that say on which list @page is; a page on none keeps them for when it comes
 * back. @warm: to which end. */
static void relist(struct page *page, unsigned long clear, unsigned long set, bool warm)
{
	unsigned long irq, flags;

	spin_lock_irqsave(&lru_lock, irq);
	flags = READ_ONCE(page->flags);
	while (!try_cmpxchg(&page->flags, &flags, (flags & ~clear) | set))
		;
	if (flags & BIT(PG_lru)) {
		unlink_page(page, flags);
		flags = (flags & ~clear) | set;
		link_page(page, flags);
		if (!warm)
			list_move_tail(&page->lru, &lists[list_of(flags)]);
	}
	spin_unlock_irqrestore(&lru_lock, irq);
}

void lru_set_active(struct page *page)
{
	relist(page, 0, BIT(PG_active), true);
}

void lru_activate(struct page *page)
{
	if (page_flag(page, PG_active) || page_flag(page, PG_unevictable))
		return;
	count_vm_event(PGACTIVATE);
	relist(page, BIT(PG_referenced), BIT(PG_active), true);
}

void lru_deactivate(struct page *page)
{
	if (page_flag(page, PG_unevictable))
		return;
	if (page_flag(page, PG_active))
		count_vm_event(PGDEACTIVATE);
	relist(page, BIT(PG_referenced) | BIT(PG_active), 0, false);
}

void __mark_page_accessed(struct page *page)
{
	if (!page_flag(page, PG_referenced))
		set_bit(PG_referenced, &page->flags);
	else if (!page_flag(page, PG_active))
		lru_activate(page);
}

static void rescue_some(void)
{
	unsigned int left = SWEEP_BATCH;
	struct page *page, *next;
	unsigned long irq, flags;

	spin_lock_irqsave(&lru_lock, irq);
	list_for_each_entry_safe (page, next, &lists[LRU_UNEVICTABLE], lru) {
		if (!left--)
			break;
		flags = READ_ONCE(page->flags);
		/* Without PG_lru it is being freed, and its freer looks for it here. */
		while ((flags & BIT(PG_lru)) &&
		       !try_cmpxchg(&page->flags, &flags, flags & ~BIT(PG_unevictable)))
			;
		if (!(flags & BIT(PG_lru)))
			continue;
		unlink_page(page, flags);
		link_page(page, flags & ~BIT(PG_unevictable));
		count_vm_event(UNEVICTABLE_PGS_RESCUED);
	}
	spin_unlock_irqrestore(&lru_lock, irq);
}

void lru_rescue_unevictable(void)
{
	unsigned long left = READ_ONCE(nr_on_list[LRU_UNEVICTABLE]);

	/* Interrupts are off for a batch at a time. */
	for (; left; left -= min(left, (unsigned long)SWEEP_BATCH))
		rescue_some();
}

/* ---- Audit ----------------------------------------------------------------------------------- */

unsigned int lru_audit(void (*report)(const char *fmt, ...))
{
	unsigned int problems = 0, list;
	struct page *page;
	unsigned long irq, found;

	spin_lock_irqsave(&lru_lock, irq);
	for (list = 0; list < NR_LRU_LISTS; list++) {
		found = 0;
		list_for_each_entry (page, &lists[list], lru) {
			unsigned long flags = READ_ONCE(page->flags);

			found++;
			if ((flags & BIT(PG_lru)) && !(flags & BIT(PG_isolated)) &&
			    list_of(flags) == list && page_count(page) > 0)
				continue;
			problems++;
			report("lru audit: frame %lx with flags %lx is on list %u",
			       page_to_pfn(page), flags, list);
		}
		if (found == nr_on_list[list])
			continue;
		problems++;
		report("lru audit: list %u has %lu pages, counted %lu", list, nr_on_list[list],
		       found);
	}
	spin_unlock_irqrestore(&lru_lock, irq);
	return problems;
}

/* ---- Boot ------------------------------------------------------------------------------------ */

void lru_init(void)
{
	for (int i = 0; i < NR_LRU_LISTS; i++)
		INIT_LIST_HEAD(&lists[i]);
	lru_freed_hook = lru_freed;
}
