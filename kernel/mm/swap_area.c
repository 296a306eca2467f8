/* SPDX-License-Identifier: MIT */
/*
 * Swap areas and their slots.
 *
 * A slot is in use as long as its bit is set in the area's map: from __swap_alloc() until it has
 * neither an entry that stands for it nor a page in the cache. Slots are given out in runs (the
 * words of the map that are free as a whole come first), so that pages that go together lie
 * together, and can be written, and read again, at one go.
 */
#include "mm/swap_cache.h"
#include "mm/mm.h"
#include "mm/swapoff.h"
#include "abi/swap.h"
#include "base/printk.h"
#include "lib/bitmap.h"
#include "lib/err.h"
#include "lib/string.h"
#include "page/slab.h"

#define SLOTS_PER_CHUNK (PAGE_SIZE / sizeof(struct swap_slot))

struct swap_area {
	/* swapon_mutex to change; constant while slots are in use. */
	struct block_device *bdev; /* NULL: no area */
	char *name;
	int prio;
	unsigned long end; /* slots, and the header */
	struct swap_slot **chunks;

	/* swap_lock */
	bool closed;	     /* no slot is given out */
	bool leaving;	     /* swapoff is at work (swapon_mutex) */
	unsigned long *map;  /* bit set: in use, or not there */
	unsigned long words; /* of map */
	unsigned long free_words; /* of these, all clear */
	unsigned long word;  /* slots come from here */
	unsigned long left;  /* its bits that are still to be given out */
	unsigned long total, used;
};

DEFINE_SPINLOCK(swap_lock, RANK_SPIN_LEAF);
long nr_swap_pages;
unsigned long total_swap_pages;
int sysctl_swappiness = 60, sysctl_page_cluster = 3;

static struct mutex swapon_mutex; /* areas come and go */
static struct swap_area areas[MAX_SWAPFILES];
static struct swap_area *by_prio[MAX_SWAPFILES]; /* highest first; swap_lock */
static unsigned int nr_areas;			 /* in by_prio */
static int least_prio = -1;			 /* of those that asked for none */

void swap_init(void)
{
	mutex_init(&swapon_mutex, "swapon", RANK_MUTEX_LEAF);
}

/* ---- Slots ----------------------------------------------------------------------------------- */

static inline struct swap_area *area_of(swp_entry_t entry)
{
	return &areas[swp_type(entry)];
}

struct swap_slot *swap_slot(swp_entry_t entry)
{
	unsigned long offset = swp_offset(entry);

	return &area_of(entry)->chunks[offset / SLOTS_PER_CHUNK][offset % SLOTS_PER_CHUNK];
}

bool swap_entry_valid(swp_entry_t entry)
{
	const struct swap_area *area;
	unsigned long offset = swp_offset(entry);

	if (swp_type(entry) >= MAX_SWAPFILES)
		return false;
	area = area_of(entry);
	/* Without total it is being set up, and may have no map. */
	return READ_ONCE(area->total) && offset && offset < area->end &&
	       test_bit(offset, area->map);
}

unsigned int swap_count(swp_entry_t entry)
{
	return READ_ONCE(swap_slot(entry)->count);
}

struct block_device *swap_bdev(swp_entry_t entry, u64 *sector)
{
	*sector = (u64)swp_offset(entry) << (PAGE_SHIFT - SECTOR_SHIFT);
	return area_of(entry)->bdev;
}

unsigned long swap_end(swp_entry_t entry)
{
	return area_of(entry)->end;
}

bool swap_is_filling(void)
{
	return READ_ONCE(nr_swap_pages) * 2 < (long)READ_ONCE(total_swap_pages);
}

/* The next word with a free slot, one that is free as a whole if there is any. */
static bool next_word(struct swap_area *area)
{
	unsigned long w = area->word, n;

	for (n = 0; n < area->words; n++) {
		w = w + 1 < area->words ? w + 1 : 0;
		if (area->free_words ? area->map[w] == 0 : area->map[w] != ~0ul) {
			area->word = w;
			area->left = ~area->map[w];
			return true;
		}
	}
	return false;
}

static unsigned long take_slot(struct swap_area *area)
{
	unsigned int bit;

	if (area->closed || area->used == area->total)
		return 0;
	if (!area->left && !next_word(area))
		return 0;
	bit = __ffs(area->left);
	area->left &= area->left - 1;
	if (!area->map[area->word])
		area->free_words--;
	area->map[area->word] |= 1UL << bit;
	area->used++;
	nr_swap_pages--;
	return area->word * BITS_PER_LONG + bit;
}

/* Areas of the same priority take turns, run by run. */
static void rotate(unsigned int n)
{
	struct swap_area *area = by_prio[n];

	for (; n + 1 < nr_areas && by_prio[n + 1]->prio == area->prio; n++)
		by_prio[n] = by_prio[n + 1];
	by_prio[n] = area;
}

swp_entry_t __swap_alloc(void)
{
	unsigned int i;

	for (i = 0; nr_swap_pages > 0 && i < nr_areas; i++) {
		struct swap_area *area = by_prio[i];
		unsigned long offset = take_slot(area);

		if (!offset)
			continue;
		if (!area->left)
			rotate(i);
		return swp_entry(area - areas, offset);
	}
	return (swp_entry_t){0};
}

void __swap_release(swp_entry_t entry)
{
	struct swap_area *area = area_of(entry);
	unsigned long offset = swp_offset(entry), *word = &area->map[offset / BITS_PER_LONG];

	BUG_ON(!(*word & 1UL << offset % BITS_PER_LONG));
	*word &= ~(1UL << offset % BITS_PER_LONG);
	if (!*word)
		area->free_words++;
	area->used--;
	if (!area->closed)
		nr_swap_pages++;
}

/* ---- swapon ---------------------------------------------------------------------------------- */

static int read_header(struct block_device *bdev, struct page *page)
{
	struct block_io *io = kzalloc(sizeof(*io), GFP_KERNEL);
	int err;

	if (!io)
		return -ENOMEM;
	io->bdev = bdev;
	io->nr = 1;
	io->pages[0] = page;
	err = submit_io_wait(io);
	kfree(io);
	return err;
}

/* How far the area goes; 0: it is none. */
static unsigned long check_header(const struct swap_header *header, const struct block_device *bdev)
{
	unsigned long device_pages = bdev->bytes >> PAGE_SHIFT;

	if (memcmp(header->magic, SWAP_MAGIC, sizeof(header->magic)))
		return 0;
	if (header->version != 1 || !header->last_page ||
	    header->nr_badpages > ARRAY_SIZE(header->badpages))
		return 0;
	if (header->last_page >= device_pages) {
		printk("swap: area of %u pages on a device of %lu", header->last_page, device_pages);
		return 0;
	}
	return (unsigned long)header->last_page + 1;
}

static void free_slots(struct swap_area *area)
{
	unsigned long i, chunks = DIV_ROUND_UP(area->end, SLOTS_PER_CHUNK);

	for (i = 0; area->chunks && i < chunks; i++) {
		if (!area->chunks[i])
			continue;
		free_page((unsigned long)area->chunks[i]);
		page_owner_add(OWNER_KERNEL, -1);
	}
	kfree(area->chunks);
	kfree(area->map);
	kfree(area->name);
}

static int alloc_slots(struct swap_area *area)
{
	unsigned long i, chunks = DIV_ROUND_UP(area->end, SLOTS_PER_CHUNK);

	area->words = BITS_TO_LONGS(area->end);
	area->map = kcalloc(area->words, sizeof(long), GFP_KERNEL);
	area->chunks = kcalloc(chunks, sizeof(area->chunks[0]), GFP_KERNEL);
	if (!area->map || !area->chunks)
		return -ENOMEM;
	for (i = 0; i < chunks; i++) {
		area->chunks[i] = (struct swap_slot *)get_zeroed_page(GFP_KERNEL);
		if (!area->chunks[i])
			return -ENOMEM;
		page_owner_add(OWNER_KERNEL, 1);
	}
	return 0;
}

/* What cannot be used is in use from the start: header, bad pages, what the map has beyond the
 * end. */
static int mark_unusable(struct swap_area *area, const struct swap_header *header)
{
	unsigned long bits = area->words * BITS_PER_LONG, i;

	__set_bit(0, area->map);
	for (i = 0; i < header->nr_badpages; i++) {
		if (!header->badpages[i] || header->badpages[i] >= area->end)
			return -EINVAL;
		__set_bit(header->badpages[i], area->map);
	}
	if (bits > area->end)
		bitmap_set(area->map, area->end, bits - area->end);
	for (i = 0; i < area->words; i++)
		area->free_words += !area->map[i];
	area->word = area->words - 1;
	/* Last: from now on swap_entry_valid() looks at the map. */
	smp_store_release(&area->total, bits - bitmap_weight(area->map, bits));
	return area->total ? 0 : -EINVAL;
}

/* @area's header read, its slots made. 0 or errno. */
static int set_up(struct swap_area *area, const char *name)
{
	struct page *page = alloc_page(GFP_KERNEL);
	int err;

	if (!page)
		return -ENOMEM;
	err = read_header(area->bdev, page);
	if (!err) {
		area->end = check_header(page_address(page), area->bdev);
		err = area->end ? alloc_slots(area) : -EINVAL;
	}
	if (!err)
		err = mark_unusable(area, page_address(page));
	if (!err) {
		area->name = kstrdup(name, GFP_KERNEL);
		err = area->name ? swap_io_init() : -ENOMEM;
	}
	put_page(page);
	return err;
}

/* swap_lock held. */
static void open_area(struct swap_area *area)
{
	unsigned int i = nr_areas++;

	for (; i && by_prio[i - 1]->prio < area->prio; i--)
		by_prio[i] = by_prio[i - 1];
	by_prio[i] = area;
	area->closed = false;
	nr_swap_pages += area->total - area->used;
	total_swap_pages += area->total;
}

/* swap_lock held. */
static void close_area(struct swap_area *area)
{
	unsigned int i;

	for (i = 0; by_prio[i] != area; i++)
		;
	for (nr_areas--; i < nr_areas; i++)
		by_prio[i] = by_prio[i + 1];
	area->closed = true;
	nr_swap_pages -= area->total - area->used;
	total_swap_pages -= area->total;
}

static struct swap_area *free_area(struct block_device *bdev)
{
	struct swap_area *area = NULL;
	unsigned int i;

	for (i = MAX_SWAPFILES; i--;) {
		if (areas[i].bdev == bdev)
			return ERR_PTR(-EBUSY);
		if (!areas[i].bdev)
			area = &areas[i];
	}
	return area ? area : ERR_PTR(-EPERM);
}

int swap_on(struct block_device *bdev, const char *name, int prio)
{
	struct swap_area *area;
	int err;

	if (bdev->read_only)
		return -EROFS;
	mutex_lock(&swapon_mutex);
	area = free_area(bdev);
	err = PTR_ERR_OR_ZERO(area);
	if (err)
		goto out;
	*area = (struct swap_area){.bdev = bdev, .closed = true};
	err = set_up(area, name);
	if (err) {
		spin_lock(&swap_lock);
		area->total = 0;
		spin_unlock(&swap_lock);
		free_slots(area);
		area->bdev = NULL;
		goto out;
	}
	area->prio = prio >= 0 ? prio : --least_prio;
	spin_lock(&swap_lock);
	open_area(area);
	spin_unlock(&swap_lock);
	printk("swap: %lu KiB on %s, priority %d", area->total << (PAGE_SHIFT - 10), bdev->name,
	       area->prio);
out:
	mutex_unlock(&swapon_mutex);
	return err;
}

/* ---- swapoff --------------------------------------------------------------------------------- */

unsigned long swap_area_used(unsigned int type)
{
	return READ_ONCE(areas[type].used);
}

/* Is what the area holds too much for the memory there is, even with all of the other areas? */
static bool too_much(const struct swap_area *area)
{
	return (long)area->used > (long)totalram_pages() + nr_swap_pages;
}

int swap_off(struct block_device *bdev)
{
	struct swap_area *area = areas;
	int err = -EINVAL;

	mutex_lock(&swapon_mutex);
	while (area < areas + MAX_SWAPFILES && area->bdev != bdev)
		area++;
	if (area == areas + MAX_SWAPFILES || area->leaving)
		goto out;
	area->leaving = true;
	spin_lock(&swap_lock);
	close_area(area);
	err = too_much(area) ? -ENOMEM : 0;
	spin_unlock(&swap_lock);
	if (!err) {
		/* For as long as that takes, others may look at the areas. */
		mutex_unlock(&swapon_mutex);
		err = try_to_unuse(area - areas);
		mutex_lock(&swapon_mutex);
	}
	area->leaving = false;
	if (err) {
		spin_lock(&swap_lock);
		open_area(area);
		spin_unlock(&swap_lock);
		goto out;
	}
	BUG_ON(area->used);
	spin_lock(&swap_lock);
	free_slots(area);
	*area = (struct swap_area){.bdev = NULL};
	spin_unlock(&swap_lock);
out:
	mutex_unlock(&swapon_mutex);
	return err;
}

/* ---- Figures --------------------------------------------------------------------------------- */

bool swap_area_info(unsigned int n, struct swap_area_info *info)
{
	unsigned int i;
	bool found = false;

	mutex_lock(&swapon_mutex);
	for (i = 0; i < MAX_SWAPFILES && !found; i++) {
		if (!areas[i].bdev || n--)
			continue;
		info->name = kstrdup(areas[i].name, GFP_KERNEL);
		info->pages = areas[i].total;
		info->used = areas[i].used;
		info->prio = areas[i].prio;
		found = info->name != NULL;
	}
	mutex_unlock(&swapon_mutex);
	return found;
}

/* ---- Audit ----------------------------------------------------------------------------------- */

/* Slots of @area in use, by their contents; *cached: of these, with a page. */
static unsigned long count_slots(struct swap_area *area, unsigned long *cached)
{
	unsigned long offset, used = 0;

	for (offset = 1; offset < area->end; offset++) {
		struct swap_slot *slot = swap_slot(swp_entry(area - areas, offset));

		*cached += slot->pfn != 0;
		used += slot->count || slot->pfn;
		/* So that the sum shows it. */
		used += (slot->count || slot->pfn) && !test_bit(offset, area->map);
	}
	return used;
}

unsigned int swap_audit(void (*report)(const char *fmt, ...))
{
	unsigned long cached = 0, total = 0, used, set, empty, w;
	unsigned int problems = 0, i;
	long free = 0;

	spin_lock(&swap_lock);
	for (i = 0; i < MAX_SWAPFILES; i++) {
		struct swap_area *area = &areas[i];

		if (!area->bdev || !area->total)
			continue;
		used = count_slots(area, &cached);
		for (set = empty = w = 0; w < area->words; w++) {
			set += hweight_long(area->map[w]);
			empty += !area->map[w];
		}
		if (used != area->used || set != used + area->words * BITS_PER_LONG - area->total ||
		    empty != area->free_words) {
			problems++;
			report("swap audit: area %u: %lu slots used, counted %lu; %lu bits of %lu; "
			       "%lu free words, counted %lu", i, area->used, used, set,
			       area->total, area->free_words, empty);
		}
		if (area->closed)
			continue;
		free += area->total - area->used;
		total += area->total;
	}
	if (free != nr_swap_pages || total != total_swap_pages || cached != nr_swapcache_pages()) {
		problems++;
		report("swap audit: %ld of %lu slots free, counted %ld of %lu; %lu pages in the "
		       "cache, counted %lu", nr_swap_pages, total_swap_pages, free, total,
		       nr_swapcache_pages(), cached);
	}
	spin_unlock(&swap_lock);
	return problems;
}
