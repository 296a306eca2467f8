/* SPDX-License-Identifier: MIT */
/*
 * /proc/meminfo, vmstat, slabinfo, swaps: who holds the memory. MemTotal is all RAM, what the
 * kernel keeps for itself from the start included. There are no LRU lists, no swap and no huge
 * pages: what would count them is 0.
 */
#include "procfs/internal.h"
#include "mm/mlock.h"
#include "mm/pagecache.h"
#include "page/zone.h"

/* ---- The census ------------------------------------------------------------------------------ */

/* Is this page of a file one that is still to be written to it? (The memory of tmpfs is the file.)
 */
static bool awaits_writing(struct page *page)
{
	const struct address_space *mapping;
	bool awaits = false;

	if (!atomic_inc_not_zero(&page->_refcount))
		return false;
	if (trylock_page(page)) {
		mapping = page->mapping;
		awaits = mapping && !page_flag(page, PG_anon) && mapping->a_ops &&
			 mapping->a_ops->writepage && page_flag(page, PG_dirty);
		unlock_page(page);
	}
	put_page(page);
	return awaits;
}

/* Every frame of opened RAM is looked at. Nothing is locked: a page counts as what it is at that
 * moment. */
static void census_section(struct page_census *census, unsigned long pfn, unsigned long end)
{
	const unsigned long never_mapped = BIT(PG_reserved) | BIT(PG_buddy) | BIT(PG_slab) |
					   BIT(PG_pcp) | BIT(PG_large) | BIT(PG_table) |
					   BIT(PG_anon);

	bool has_files = page_owner_count(OWNER_FILE) > 0;

	for (; pfn < end; pfn++) {
		struct page *page = pfn_to_page(pfn);
		unsigned long flags = READ_ONCE(page->flags);

		if (flags & never_mapped)
			continue;
		census->mapped_file += page_mapcount(page) > 0;
		census->writeback += !!(flags & BIT(PG_writeback));
		if (has_files && (flags & BIT(PG_dirty)))
			census->dirty += awaits_writing(page);
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

/* ---- meminfo --------------------------------------------------------------------------------- */

static unsigned long owned(enum page_owner owner)
{
	long pages = page_owner_count(owner);

	return pages > 0 ? pages : 0;
}

/* What programs can still get: user pages leave the reserve alone. Nothing is reclaimed. */
static unsigned long available_pages(void)
{
	unsigned long free = nr_free_pages();

	return free - min(free, node_data.min_free_pages);
}

static void kib(struct seq_file *m, const char *label, unsigned long pages)
{
	seq_printf(m, "%-16s%8lu kB\n", label, pages_to_kib(pages));
}

int meminfo_show(struct seq_file *m)
{
	unsigned long cached = owned(OWNER_FILE) + owned(OWNER_SHMEM);
	struct page_census census;

	take_page_census(&census);
	kib(m, "MemTotal:", totalram_pages());
	kib(m, "MemFree:", nr_free_pages());
	kib(m, "MemAvailable:", available_pages());
	kib(m, "Buffers:", 0);
	kib(m, "Cached:", cached);
	kib(m, "SwapCached:", 0);
	kib(m, "Active:", 0);
	kib(m, "Inactive:", 0);
	kib(m, "Active(anon):", 0);
	kib(m, "Inactive(anon):", 0);
	kib(m, "Active(file):", 0);
	kib(m, "Inactive(file):", 0);
	kib(m, "Unevictable:", census.mlocked);
	kib(m, "Mlocked:", census.mlocked);
	kib(m, "SwapTotal:", 0);
	kib(m, "SwapFree:", 0);
	kib(m, "Dirty:", census.dirty);
	kib(m, "Writeback:", census.writeback);
	kib(m, "AnonPages:", owned(OWNER_ANON));
	kib(m, "Mapped:", census.mapped_file);
	kib(m, "Shmem:", owned(OWNER_SHMEM));
	kib(m, "KReclaimable:", 0);
	kib(m, "Slab:", owned(OWNER_SLAB));
	kib(m, "SReclaimable:", 0);
	kib(m, "SUnreclaim:", owned(OWNER_SLAB));
	kib(m, "KernelStack:", owned(OWNER_STACK));
	kib(m, "PageTables:", owned(OWNER_TABLE));
	kib(m, "SecPageTables:", 0);
	kib(m, "NFS_Unstable:", 0);
	kib(m, "Bounce:", 0);
	kib(m, "WritebackTmp:", 0);
	kib(m, "CommitLimit:", vm_commit_limit());
	kib(m, "Committed_AS:", vm_committed());
	/* The only kernel memory that is mapped page by page are the stacks, in a window of their
	 * own. */
	kib(m, "VmallocTotal:", arch_kstack_window ? PGDIR_SIZE >> PAGE_SHIFT : 0);
	kib(m, "VmallocUsed:", arch_kstack_window ? owned(OWNER_STACK) : 0);
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

int node_meminfo_show(struct seq_file *m)
{
	unsigned long total = totalram_pages(), free = nr_free_pages();
	struct page_census census;

	take_page_census(&census);
	node_kib(m, "MemTotal:", total);
	node_kib(m, "MemFree:", free);
	node_kib(m, "MemUsed:", total - min(total, free));
	node_kib(m, "Unevictable:", census.mlocked);
	node_kib(m, "Mlocked:", census.mlocked);
	node_kib(m, "Dirty:", census.dirty);
	node_kib(m, "Writeback:", census.writeback);
	node_kib(m, "FilePages:", owned(OWNER_FILE) + owned(OWNER_SHMEM));
	node_kib(m, "Mapped:", census.mapped_file);
	node_kib(m, "AnonPages:", owned(OWNER_ANON));
	node_kib(m, "Shmem:", owned(OWNER_SHMEM));
	node_kib(m, "KernelStack:", owned(OWNER_STACK));
	node_kib(m, "PageTables:", owned(OWNER_TABLE));
	node_kib(m, "KReclaimable:", 0);
	node_kib(m, "Slab:", owned(OWNER_SLAB));
	node_kib(m, "SReclaimable:", 0);
	node_kib(m, "SUnreclaim:", owned(OWNER_SLAB));
	return 0;
}

/* ---- vmstat ---------------------------------------------------------------------------------- */

/* Linux's names, in its order, as far as there is such a thing here; last, what only this kernel
 * counts. */
int vmstat_show(struct seq_file *m)
{
	struct page_census census;

	take_page_census(&census);
	seq_printf(m, "nr_free_pages %lu\nnr_mlock %lu\n", nr_free_pages(), census.mlocked);
	seq_printf(m, "nr_slab_reclaimable 0\nnr_slab_unreclaimable %lu\n", owned(OWNER_SLAB));
	seq_printf(m, "nr_anon_pages %lu\nnr_mapped %lu\nnr_file_pages %lu\n", owned(OWNER_ANON),
		   census.mapped_file, owned(OWNER_FILE) + owned(OWNER_SHMEM));
	seq_printf(m, "nr_dirty %lu\nnr_writeback %lu\nnr_shmem %lu\n", census.dirty,
		   census.writeback, owned(OWNER_SHMEM));
	seq_printf(m, "nr_kernel_stack %lu\nnr_page_table_pages %lu\n",
		   pages_to_kib(owned(OWNER_STACK)), owned(OWNER_TABLE));
	seq_puts(m, "nr_swapcached 0\npgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n");
	seq_printf(m, "pgfault %lu\npgmajfault %lu\n", vm_event_count(PGFAULT),
		   vm_event_count(PGMAJFAULT));
	seq_printf(m, "cow_copy %lu\ncow_reuse %lu\n", vm_event_count(COW_COPY),
		   vm_event_count(COW_REUSE));
	seq_printf(m, "table_share %lu\ntable_copy %lu\n", vm_event_count(TABLE_SHARE),
		   vm_event_count(TABLE_COPY));
	return 0;
}

/* ---- slabinfo, swaps ------------------------------------------------------------------------- */

static void show_slab(void *arg, const struct slab_info *info)
{
	seq_printf(
		arg,
		"%-17s %6lu %6lu %6lu %4lu %4lu : tunables %4u %4u %4u : slabdata %6lu %6lu %6u\n",
		info->name, info->active_objs, info->num_objs, info->objsize, info->objperslab,
		info->pagesperslab, 0, 0, 0, info->num_slabs, info->num_slabs, 0);
}

int slabinfo_show(struct seq_file *m)
{
	seq_puts(m,
		 "slabinfo - version: 2.1\n"
		 "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
		 " : tunables <limit> <batchcount> <sharedfactor>"
		 " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	slab_for_each(show_slab, m);
	return 0;
}

int swaps_show(struct seq_file *m)
{
	seq_puts(m, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	return 0;
}
