/* SPDX-License-Identifier: MIT */
/*
 * Reclaim: how much is taken from which list, by whom.
 *
 *	kswapd		wakes below the low watermark, works until the high one
 *	direct		an allocation that found nothing frees a little for itself
 *
 * Each round looks at a larger part of the lists (1 / 2^priority) than the one before, until enough
 * was freed. Between private and file pages the balance is struck by swappiness and by what came
 * back of either kind (workingset.h). A stream of file pages that are used once passes through the
 * inactive list only: active pages are left alone as long as there are enough inactive ones.
 *
 * What must be written first is not waited for as long as there is something else; then, for some
 * of it at a time. When nothing is left to look at or to wait for, reclaim has failed.
 */
#include "mm/reclaim.h"
#include "mm/internal.h"
#include "mm/lru.h"
#include "mm/pagecache.h"
#include "mm/pageout.h"
#include "mm/rmap.h"
#include "mm/swap_cache.h"
#include "mm/unmap.h"
#include "mm/workingset.h"
#include "base/trace.h"
#include "lib/err.h"
#include "page/zone.h"
#include "sched/sched.h"
#include "sched/wait.h"

#define PRIORITY     12 /* the first round: 1 / 4096 of each list, but a batch at least */
#define WRITE_WAIT   (100 * NSEC_PER_MSEC)
#define KSWAPD_PATIENCE 4 /* rounds that free nothing, before it waits to be asked again */
#define DIRECT_PAGES 32 /* that an allocation frees for itself and others */

struct scan {
	struct pageout po;
	unsigned long wanted;
	int priority;
};

/* ---- Shrinkers ------------------------------------------------------------------------------- */

static struct shrinker *shrinkers;

void register_shrinker(struct shrinker *shrinker)
{
	shrinker->next = shrinkers;
	shrinkers = shrinker;
}

/* Look at 1 / 2^priority of what each cache could spare. Pages that came free. */
static unsigned long shrink_slab(int priority)
{
	unsigned long before = nr_free_pages(), looked = 0, nr;
	struct shrinker *s;

	for (s = shrinkers; s; s = s->next) {
		nr = s->count() >> priority;
		if (!nr)
			continue;
		count_vm_events(SLABS_SCANNED, nr);
		looked += s->scan(nr);
	}
	if (looked)
		slab_drain();
	return nr_free_pages() > before ? nr_free_pages() - before : 0;
}

/* ---- Lists ----------------------------------------------------------------------------------- */

/* The coldest of an active list become inactive; code that runs stays. */
static void shrink_active(enum lru_list list, unsigned long nr)
{
	LIST_HEAD(pages);
	struct page *page;
	unsigned int scanned;

	if (!lru_isolate(list, min(nr, (unsigned long)PAGEOUT_BATCH), &pages, &scanned))
		return;
	count_vm_events(PGREFILL, scanned);
	down_read(&rmap_lock);
	list_for_each_entry (page, &pages, lru) {
		struct page_use use = {0};

		/* A page that is locked may be leaving its file: it stays active. */
		if (!trylock_page(page))
			continue;
		if (page_flag(page, PG_anon) || page->mapping)
			page_use(page, &use);
		unlock_page(page);
		if (use.young && use.exec && page_is_file_lru(page))
			continue;
		if (use.young)
			set_bit(PG_referenced, &page->flags);
		clear_bit(PG_active, &page->flags);
		set_bit(PG_workingset, &page->flags);
		count_vm_event(PGDEACTIVATE);
	}
	up_read(&rmap_lock);
	lru_putback_list(&pages);
}

static void count_steal(bool kswapd, bool file, unsigned long freed)
{
	count_vm_events(kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT, freed);
	count_vm_events(file ? PGSTEAL_FILE : PGSTEAL_ANON, freed);
}

/* Free what has been written to swap by now. */
static unsigned long finish_written(bool kswapd)
{
	unsigned long freed = pageout_finish(~0u);

	count_steal(kswapd, false, freed);
	return freed;
}

static void shrink_inactive(enum lru_list list, unsigned long nr, struct scan *sc)
{
	unsigned long freed = sc->po.freed;
	bool file = list == LRU_INACTIVE_FILE;
	LIST_HEAD(pages);
	unsigned int scanned;

	if (!lru_isolate(list, min(nr, (unsigned long)PAGEOUT_BATCH), &pages, &scanned))
		return;
	pageout(&pages, &sc->po);
	if (!file)
		sc->po.freed += pageout_finish(PAGEOUT_BATCH);
	freed = sc->po.freed - freed;
	count_vm_events(sc->po.kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT, scanned);
	count_vm_events(file ? PGSCAN_FILE : PGSCAN_ANON, scanned);
	count_steal(sc->po.kswapd, file, freed);
}

/* Has the active list grown beyond what the inactive one needs to tell who is used? */
static bool inactive_is_low(enum lru_list inactive)
{
	return lru_pages(inactive) < lru_pages(inactive + 1);
}

/* Can private pages go anywhere? */
static bool can_swap(void)
{
	return sysctl_swappiness && (swap_has_room() || nr_swapcache_pages());
}

/* Is there enough page cache that was used once, as a stream leaves it, and does it come back less
 * than private pages do? Then these are left alone. */
static bool stream_is_enough(const struct scan *sc)
{
	return lru_pages(LRU_INACTIVE_FILE) >> sc->priority && !inactive_is_low(LRU_INACTIVE_FILE) &&
	       workingset_cost(true) <= workingset_cost(false);
}

/* How many pages of each inactive list this round looks at. */
static void share_out(const struct scan *sc, unsigned long nr[NR_LRU_LISTS])
{
	unsigned long anon = lru_pages(LRU_INACTIVE_ANON) + lru_pages(LRU_ACTIVE_ANON);
	unsigned long file = lru_pages(LRU_INACTIVE_FILE) + lru_pages(LRU_ACTIVE_FILE);
	unsigned long anon_cost = workingset_cost(false), file_cost = workingset_cost(true);
	unsigned long total = anon_cost + file_cost + 2, anon_weight, file_weight;

	if (!can_swap() || stream_is_enough(sc))
		anon = 0;
	anon_weight = sysctl_swappiness * total / (total + anon_cost);
	file_weight = (200 - sysctl_swappiness) * total / (total + file_cost);
	/* When there is hardly anything of one kind, the other bears it. */
	if (!anon || !sc->priority)
		file_weight = anon_weight + file_weight;
	if (!file || !sc->priority)
		anon_weight = anon_weight + file_weight;
	total = max(anon_weight + file_weight, 1ul);
	nr[LRU_INACTIVE_ANON] = (anon >> sc->priority) * anon_weight / total;
	nr[LRU_INACTIVE_FILE] = (file >> sc->priority) * file_weight / total;
	if (anon_weight && anon && nr[LRU_INACTIVE_ANON] < PAGEOUT_BATCH)
		nr[LRU_INACTIVE_ANON] = min(anon, PAGEOUT_BATCH * anon_weight / total + 1);
	if (file && nr[LRU_INACTIVE_FILE] < PAGEOUT_BATCH)
		nr[LRU_INACTIVE_FILE] = min(file, PAGEOUT_BATCH * file_weight / total + 1);
}

static void shrink_list(enum lru_list inactive, unsigned long nr, struct scan *sc)
{
	/* For each page looked at, one may come from the active list. */
	while (nr && sc->po.freed < sc->wanted) {
		unsigned long n = min(nr, (unsigned long)PAGEOUT_BATCH);

		if (inactive_is_low(inactive))
			shrink_active(inactive + 1, n);
		shrink_inactive(inactive, n, sc);
		nr -= n;
		cond_resched();
	}
}

/* One round at sc->priority. */
static void shrink_lists(struct scan *sc)
{
	unsigned long nr[NR_LRU_LISTS];

	sc->po.freed += finish_written(sc->po.kswapd);
	if (sc->po.freed >= sc->wanted)
		return;
	share_out(sc, nr);
	shrink_list(LRU_INACTIVE_FILE, nr[LRU_INACTIVE_FILE], sc);
	shrink_list(LRU_INACTIVE_ANON, nr[LRU_INACTIVE_ANON], sc);
	if (sc->priority < PRIORITY - 2)
		sc->po.freed += shrink_slab(sc->priority);
}

/* Rounds until sc->wanted pages are free, or nothing can be. */
static void shrink(struct scan *sc)
{
	for (sc->priority = PRIORITY; sc->priority >= 0 && sc->po.freed < sc->wanted;
	     sc->priority--) {
		shrink_lists(sc);
		/* Too much under way already: some of it will be free soon. */
		if (sc->po.freed < sc->wanted && swap_nr_writing()) {
			swap_wait_written(WRITE_WAIT);
			sc->po.freed += finish_written(sc->po.kswapd);
		}
	}
}

/* ---- On behalf of an allocation -------------------------------------------------------------- */

void lru_begin(void)
{
	static atomic_t begun;

	if (READ_ONCE(lru_in_use))
		return;
	if (!atomic_xchg(&begun, 1))
		workingset_begin();
	lru_sweep();
}

unsigned long try_to_free_pages(unsigned long nr)
{
	struct scan sc = {.wanted = nr};

	current->flags |= PF_MEMALLOC;
	lru_begin();
	count_vm_event(ALLOCSTALL);
	shrink(&sc);
	if (!sc.po.freed) {
		/* Nobody is to be killed for a page that is only not on its list. */
		lru_sweep();
		lru_rescue_unevictable();
		shrink(&sc);
	}
	trace(TRACE_RECLAIM, current->pid, nr, sc.po.freed);
	current->flags &= ~PF_MEMALLOC;
	return sc.po.freed;
}

static bool reclaim_for(gfp_t gfp, unsigned int order)
{
	/* Not for one who is at it, nor where other CPUs cannot be asked to flush (boot). */
	if ((current->flags & PF_MEMALLOC) || arch_irqs_disabled())
		return false;
	return try_to_free_pages(max(DIRECT_PAGES, 1 << order)) > 0;
}

/* ---- kswapd ---------------------------------------------------------------------------------- */

static DECLARE_WAIT_QUEUE_HEAD(kswapd_wait);
static bool kswapd_needed;

static void wake_kswapd(void)
{
	WRITE_ONCE(kswapd_needed, true);
	wake_up(&kswapd_wait);
}

/* Free pages up to the high watermark. False: none could be freed. */
static bool balance(void)
{
	unsigned long free = nr_free_pages(), high = READ_ONCE(node_data.high_free_pages);
	struct scan sc = {.po.kswapd = true};

	if (free >= high)
		return true;
	lru_begin();
	count_vm_event(PAGEOUTRUN);
	sc.wanted = high - free;
	shrink(&sc);
	trace(TRACE_RECLAIM, current->pid, sc.wanted, sc.po.freed);
	cond_resched();
	return sc.po.freed;
}

static int kswapd_main(void *unused)
{
	unsigned int failures;

	current->flags |= PF_MEMALLOC;
	for (;;) {
		wait_event(kswapd_wait, READ_ONCE(kswapd_needed));
		WRITE_ONCE(kswapd_needed, false);
		finish_written(true);
		if (nr_free_pages() < READ_ONCE(node_data.low_free_pages)) {
			count_vm_event(KSWAPD_LOW_WMARK_HIT);
			for (failures = 0; failures < KSWAPD_PATIENCE &&
					   nr_free_pages() < READ_ONCE(node_data.high_free_pages);)
				failures = balance() ? 0 : failures + 1;
		}
	}
	return 0;
}

void kswapd_run(void)
{
	BUG_ON(IS_ERR(kthread_run(kswapd_main, NULL, "kswapd0")));
	wake_reclaim_hook = wake_kswapd;
}

/* ---- By hand --------------------------------------------------------------------------------- */

/* Every page of @list once. */
static void drop_list(enum lru_list list)
{
	unsigned long left = lru_pages(list);
	struct pageout po = {.clean_only = true};
	unsigned int scanned;

	while (left) {
		LIST_HEAD(pages);

		lru_isolate(list, PAGEOUT_BATCH, &pages, &scanned);
		if (!scanned)
			break;
		pageout(&pages, &po);
		left -= min(left, (unsigned long)scanned);
		cond_resched();
	}
}

void drop_caches(unsigned int what)
{
	if (what & 1) {
		lru_begin();
		drop_list(LRU_INACTIVE_FILE);
		drop_list(LRU_ACTIVE_FILE);
		count_vm_event(DROP_PAGECACHE);
	}
	if (what & 2) {
		shrink_slab(0);
		count_vm_event(DROP_SLAB);
	}
}

unsigned long min_free_kbytes(void)
{
	return node_data.min_free_pages << (PAGE_SHIFT - 10);
}

void set_min_free_kbytes(unsigned long kib)
{
	set_free_watermarks(clamp(kib >> (PAGE_SHIFT - 10), 1ul, totalram_pages() / 4));
}

/* ---- Boot ------------------------------------------------------------------------------------ */

static void nobody_to_wake(void)
{
}

void reclaim_init(void)
{
	lru_init();
	swap_init();
	reclaim_hook = reclaim_for;
	wake_reclaim_hook = nobody_to_wake; /* until kswapd runs */
}
