/* SPDX-License-Identifier: MIT */
/*
 * /proc/meminfo and node 0's in /sys: who holds the memory. MemTotal is all RAM, what the kernel
 * keeps for itself from the start included. There are no huge pages: what would count them is 0.
 */
#include "procfs/internal.h"
#include "fs/blkdev.h"
#include "mm/block_io.h"
#include "mm/mlock.h"
#include "mm/pagecache.h"
#include "mm/swap.h"
#include "page/zone.h"

/* ---- The census ------------------------------------------------------------------------------ */

/* Every frame of opened RAM is looked at. Nothing is locked: a page counts as what it is at that
 * moment. */
static void census_section(struct page_census *census, unsigned long pfn, unsigned long end)
{
	const unsigned long not_users = BIT(PG_reserved) | BIT(PG_buddy) | BIT(PG_slab) |
					BIT(PG_pcp) | BIT(PG_large) | BIT(PG_table);

	for (; pfn < end; pfn++) {
		struct page *page = pfn_to_page(pfn);
		unsigned long flags = READ_ONCE(page->flags);

		if (flags & not_users)
			continue;
		census->writeback += !!(flags & BIT(PG_writeback));
		if (flags & BIT(PG_isolated)) {
			if (flags & (BIT(PG_anon) | BIT(PG_swapbacked)))
				census->isolated_anon++;
			else
				census->isolated_file++;
		}
		if (flags & BIT(PG_anon))
			census->unmapped_anon += page_mapcount(page) <= 0;
		else
			census->mapped_file += page_mapcount(page) > 0;
	}
}

void take_page_census(struct page_census *census)
{
	struct zone *zone;

	*census = (struct page_census){0};
	for_each_zone(zone)
	{
		for (unsigned long pfn = zone->start_pfn; pfn < zone->end_pfn;
		     pfn += SECTION_PAGES) {
			if (section_is_open(pfn))
				census_section(census, pfn,
					       min(pfn + SECTION_PAGES, zone->end_pfn));
			cond_resched();
		}
	}
	census->mlocked = count_mlocked_pages();
}

/* ---- What all the files are made of ---------------------------------------------------------- */

unsigned long owned_pages(enum page_owner owner)
{
	long pages = page_owner_count(owner);

	return pages > 0 ? pages : 0;
}

static unsigned long less(unsigned long a, unsigned long b)
{
	return a - min(a, b);
}

void count_memory(struct memory_counts *c)
{
	struct page_census census;

	take_page_census(&census);
	*c = (struct memory_counts){
		.census = census,
		.total = totalram_pages(),
		.free = nr_free_pages(),
		.anon = less(owned_pages(OWNER_ANON), census.unmapped_anon),
		.shmem = owned_pages(OWNER_SHMEM),
		.swapcache = nr_swapcache_pages(),
		.buffers = nr_blockdev_pages(),
		.slab = owned_pages(OWNER_SLAB),
		.dirty = nr_dirty_pages(),
	};
	c->cached = less(owned_pages(OWNER_FILE) + c->shmem, c->buffers);
	c->slab_reclaimable = min(dcache_reclaimable_pages(), c->slab);
	for (enum lru_list list = 0; list < NR_LRU_LISTS; list++)
		c->lru[list] = lru_pages(list);
	/* What is mlocked cannot go, also while reclaim has not found it yet. */
	c->lru[LRU_UNEVICTABLE] = max(c->lru[LRU_UNEVICTABLE], census.mlocked);
}

/* A cache of which a part goes at a price: half of it, or what is kept free anyway. */
static unsigned long mostly(unsigned long pages)
{
	return pages - min(pages / 2, node_data.low_free_pages);
}

/* What programs can get without swapping, by Linux's reckoning: memory is kept free up to the high
 * watermark, and the caches give most of what they have. */
static unsigned long available_pages(const struct memory_counts *c)
{
	return less(c->free + mostly(c->lru[LRU_ACTIVE_FILE] + c->lru[LRU_INACTIVE_FILE]) +
			    mostly(c->slab_reclaimable),
		    node_data.high_free_pages);
}

static unsigned long free_swap(void)
{
	return max(READ_ONCE(nr_swap_pages), 0l);
}

/* ---- meminfo --------------------------------------------------------------------------------- */

static void kib(struct seq_file *m, const char *label, unsigned long pages)
{
	seq_printf(m, "%-16s%8lu kB\n", label, pages_to_kib(pages));
}

static void show_user_memory(struct seq_file *m, const struct memory_counts *c)
{
	kib(m, "MemTotal:", c->total);
	kib(m, "MemFree:", c->free);
	kib(m, "MemAvailable:", available_pages(c));
	kib(m, "Buffers:", c->buffers);
	kib(m, "Cached:", c->cached);
	kib(m, "SwapCached:", c->swapcache);
	kib(m, "Active:", c->lru[LRU_ACTIVE_ANON] + c->lru[LRU_ACTIVE_FILE]);
	kib(m, "Inactive:", c->lru[LRU_INACTIVE_ANON] + c->lru[LRU_INACTIVE_FILE]);
	kib(m, "Active(anon):", c->lru[LRU_ACTIVE_ANON]);
	kib(m, "Inactive(anon):", c->lru[LRU_INACTIVE_ANON]);
	kib(m, "Active(file):", c->lru[LRU_ACTIVE_FILE]);
	kib(m, "Inactive(file):", c->lru[LRU_INACTIVE_FILE]);
	kib(m, "Unevictable:", c->lru[LRU_UNEVICTABLE]);
	kib(m, "Mlocked:", c->census.mlocked);
	kib(m, "SwapTotal:", total_swap_pages);
	kib(m, "SwapFree:", free_swap());
	kib(m, "Dirty:", c->dirty);
	kib(m, "Writeback:", c->census.writeback);
	kib(m, "AnonPages:", c->anon);
	kib(m, "Mapped:", c->census.mapped_file);
	kib(m, "Shmem:", c->shmem);
}

int meminfo_show(struct seq_file *m)
{
	struct memory_counts c;

	count_memory(&c);
	show_user_memory(m, &c);
	kib(m, "KReclaimable:", c.slab_reclaimable);
	kib(m, "Slab:", c.slab);
	kib(m, "SReclaimable:", c.slab_reclaimable);
	kib(m, "SUnreclaim:", c.slab - c.slab_reclaimable);
	kib(m, "KernelStack:", owned_pages(OWNER_STACK));
	kib(m, "PageTables:", owned_pages(OWNER_TABLE));
	kib(m, "SecPageTables:", 0);
	kib(m, "NFS_Unstable:", 0);
	kib(m, "Bounce:", 0);
	kib(m, "WritebackTmp:", 0);
	kib(m, "CommitLimit:", vm_commit_limit());
	kib(m, "Committed_AS:", vm_committed());
	/* The only kernel memory that is mapped page by page are the stacks, in a window of their
	 * own. */
	kib(m, "VmallocTotal:", arch_kstack_window ? PGDIR_SIZE >> PAGE_SHIFT : 0);
	kib(m, "VmallocUsed:", arch_kstack_window ? owned_pages(OWNER_STACK) : 0);
	kib(m, "VmallocChunk:", 0);
	kib(m, "Percpu:", 0);
	/* There are no huge pages, and no host takes memory away. */
	kib(m, "AnonHugePages:", 0);
	kib(m, "ShmemHugePages:", 0);
	kib(m, "ShmemPmdMapped:", 0);
	kib(m, "FileHugePages:", 0);
	kib(m, "FilePmdMapped:", 0);
	kib(m, "Balloon:", 0);
	return 0;
}

static void node_kib(struct seq_file *m, const char *label, unsigned long pages)
{
	seq_printf(m, "Node 0 %-16s%8lu kB\n", label, pages_to_kib(pages));
}

static void show_node_lists(struct seq_file *m, const unsigned long lru[NR_LRU_LISTS])
{
	node_kib(m, "Active:", lru[LRU_ACTIVE_ANON] + lru[LRU_ACTIVE_FILE]);
	node_kib(m, "Inactive:", lru[LRU_INACTIVE_ANON] + lru[LRU_INACTIVE_FILE]);
	node_kib(m, "Active(anon):", lru[LRU_ACTIVE_ANON]);
	node_kib(m, "Inactive(anon):", lru[LRU_INACTIVE_ANON]);
	node_kib(m, "Active(file):", lru[LRU_ACTIVE_FILE]);
	node_kib(m, "Inactive(file):", lru[LRU_INACTIVE_FILE]);
	node_kib(m, "Unevictable:", lru[LRU_UNEVICTABLE]);
}

int node_meminfo_show(struct seq_file *m)
{
	struct memory_counts c;

	count_memory(&c);
	node_kib(m, "MemTotal:", c.total);
	node_kib(m, "MemFree:", c.free);
	node_kib(m, "MemUsed:", less(c.total, c.free));
	node_kib(m, "SwapCached:", c.swapcache);
	show_node_lists(m, c.lru);
	node_kib(m, "Mlocked:", c.census.mlocked);
	node_kib(m, "Dirty:", c.dirty);
	node_kib(m, "Writeback:", c.census.writeback);
	node_kib(m, "FilePages:", c.cached + c.buffers + c.swapcache);
	node_kib(m, "Mapped:", c.census.mapped_file);
	node_kib(m, "AnonPages:", c.anon);
	node_kib(m, "Shmem:", c.shmem);
	node_kib(m, "KernelStack:", owned_pages(OWNER_STACK));
	node_kib(m, "PageTables:", owned_pages(OWNER_TABLE));
	node_kib(m, "KReclaimable:", c.slab_reclaimable);
	node_kib(m, "Slab:", c.slab);
	node_kib(m, "SReclaimable:", c.slab_reclaimable);
	node_kib(m, "SUnreclaim:", c.slab - c.slab_reclaimable);
	return 0;
}
