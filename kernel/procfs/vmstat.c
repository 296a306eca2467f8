/* SPDX-License-Identifier: MIT */
/*
 * /proc/vmstat and node 0's in /sys: pages by state and events since boot, under Linux's names and
 * in its order, as far as there is such a thing here; last, what only this kernel counts.
 */
#include "procfs/internal.h"

/* ---- Pages by state -------------------------------------------------------------------------- */

unsigned int node_page_stats(const struct memory_counts *c, struct page_stat *stats)
{
	const struct page_stat list[NR_NODE_PAGE_STATS] = {
		{"nr_inactive_anon", c->lru[LRU_INACTIVE_ANON]},
		{"nr_active_anon", c->lru[LRU_ACTIVE_ANON]},
		{"nr_inactive_file", c->lru[LRU_INACTIVE_FILE]},
		{"nr_active_file", c->lru[LRU_ACTIVE_FILE]},
		{"nr_unevictable", c->lru[LRU_UNEVICTABLE]},
		{"nr_slab_reclaimable", c->slab_reclaimable},
		{"nr_slab_unreclaimable", c->slab - c->slab_reclaimable},
		{"nr_isolated_anon", c->census.isolated_anon},
		{"nr_isolated_file", c->census.isolated_file},
		{"workingset_refault_anon", vm_event_count(WORKINGSET_REFAULT_ANON)},
		{"workingset_refault_file", vm_event_count(WORKINGSET_REFAULT_FILE)},
		{"workingset_activate_anon", vm_event_count(WORKINGSET_ACTIVATE_ANON)},
		{"workingset_activate_file", vm_event_count(WORKINGSET_ACTIVATE_FILE)},
		{"workingset_restore_anon", vm_event_count(WORKINGSET_RESTORE_ANON)},
		{"workingset_restore_file", vm_event_count(WORKINGSET_RESTORE_FILE)},
		{"nr_anon_pages", c->anon},
		{"nr_mapped", c->census.mapped_file},
		{"nr_file_pages", c->cached + c->buffers + c->swapcache},
		{"nr_dirty", c->dirty},
		{"nr_writeback", c->census.writeback},
		{"nr_shmem", c->shmem},
		{"nr_kernel_stack", pages_to_kib(owned_pages(OWNER_STACK))},
		{"nr_page_table_pages", owned_pages(OWNER_TABLE)},
		{"nr_swapcached", c->swapcache},
	};

	memcpy(stats, list, sizeof(list));
	return NR_NODE_PAGE_STATS;
}

static void show_stats(struct seq_file *m, const struct page_stat *stats, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		seq_printf(m, "%s %lu\n", stats[i].name, stats[i].value);
}

/* Sums over the zones, then the node. */
static void show_pages(struct seq_file *m)
{
	struct page_stat node[NR_NODE_PAGE_STATS];
	struct memory_counts c;
	unsigned int n;

	count_memory(&c);
	const struct page_stat zones[] = {
		{"nr_free_pages", c.free},
		{"nr_zone_inactive_anon", c.lru[LRU_INACTIVE_ANON]},
		{"nr_zone_active_anon", c.lru[LRU_ACTIVE_ANON]},
		{"nr_zone_inactive_file", c.lru[LRU_INACTIVE_FILE]},
		{"nr_zone_active_file", c.lru[LRU_ACTIVE_FILE]},
		{"nr_zone_unevictable", c.lru[LRU_UNEVICTABLE]},
		{"nr_zone_write_pending", c.dirty + c.census.writeback},
		{"nr_mlock", c.census.mlocked},
	};

	show_stats(m, zones, ARRAY_SIZE(zones));
	n = node_page_stats(&c, node);
	show_stats(m, node, n);
}

int node_vmstat_show(struct seq_file *m)
{
	show_pages(m);
	return 0;
}

/* ---- Events ---------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum vm_event event;
} events[] = {
	{"pswpin", PSWPIN},
	{"pswpout", PSWPOUT},
	/* Whoever may wait for memory may have it from the highest zone. */
	{"allocstall_normal", ALLOCSTALL},
	{"pgactivate", PGACTIVATE},
	{"pgdeactivate", PGDEACTIVATE},
	{"pgfault", PGFAULT},
	{"pgmajfault", PGMAJFAULT},
	{"pgrefill", PGREFILL},
	{"pgsteal_kswapd", PGSTEAL_KSWAPD},
	{"pgsteal_direct", PGSTEAL_DIRECT},
	{"pgscan_kswapd", PGSCAN_KSWAPD},
	{"pgscan_direct", PGSCAN_DIRECT},
	{"pgscan_anon", PGSCAN_ANON},
	{"pgscan_file", PGSCAN_FILE},
	{"pgsteal_anon", PGSTEAL_ANON},
	{"pgsteal_file", PGSTEAL_FILE},
	{"slabs_scanned", SLABS_SCANNED},
	{"pageoutrun", PAGEOUTRUN},
	{"pgrotated", PGROTATED},
	{"drop_pagecache", DROP_PAGECACHE},
	{"drop_slab", DROP_SLAB},
	{"oom_kill", OOM_KILL},
	{"unevictable_pgs_culled", UNEVICTABLE_PGS_CULLED},
	{"unevictable_pgs_rescued", UNEVICTABLE_PGS_RESCUED},
	{"swap_ra", SWAP_RA},
	{"swap_ra_hit", SWAP_RA_HIT},
	/* This kernel's own. */
	{"cow_copy", COW_COPY},
	{"cow_reuse", COW_REUSE},
	{"table_share", TABLE_SHARE},
	{"table_copy", TABLE_COPY},
	{"kswapd_low_wmark_hit", KSWAPD_LOW_WMARK_HIT},
};

int vmstat_show(struct seq_file *m)
{
	show_pages(m);
	/* These two are in KiB. */
	seq_printf(m, "pgpgin %lu\npgpgout %lu\n", pages_to_kib(vm_event_count(PGPGIN)),
		   pages_to_kib(vm_event_count(PGPGOUT)));
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		seq_printf(m, "%s %lu\n", events[i].name, vm_event_count(events[i].event));
	return 0;
}
