/* SPDX-License-Identifier: MIT */
/*
 * What the OOM killer says in the log. Where Linux has a line, the line is Linux's.
 *
 * The figures of memory are read until they add up: free + reserved + the owners' pages = all there
 * is. What another CPU has taken and not yet said whose it is stands in a column of its own, in
 * flight, so that they always do.
 */
#include "mm/oom.h"
#include "mm/oom_internal.h"
#include "mm/mm.h"
#include "mm/reclaim.h"
#include "mm/swap.h"
#include "base/printk.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "page/slab.h"
#include "page/zone.h"

unsigned long (*oom_slab_reclaimable_hook)(void);

static unsigned long kib(unsigned long pages)
{
	return pages << (PAGE_SHIFT - 10);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

struct census {
	long free, reserved, owner[NR_PAGE_OWNERS], in_flight;
};

static void take_census(struct census *c)
{
	int owner, tries = 100;
	long sum;

	do {
		c->free = nr_free_pages();
		c->reserved = reserved_pages();
		sum = c->free + c->reserved;
		for (owner = 0; owner < NR_PAGE_OWNERS; owner++) {
			c->owner[owner] = page_owner_count(owner);
			sum += c->owner[owner];
		}
		c->in_flight = (long)totalram_pages() - sum;
	} while (c->in_flight && --tries);
}

#define TOP_CACHES 6

struct top_caches {
	struct slab_info cache[TOP_CACHES];
	unsigned int nr, all;
};

static unsigned long cache_pages(const struct slab_info *info)
{
	return info->num_slabs * info->pagesperslab;
}

static void keep_largest(void *arg, const struct slab_info *info)
{
	struct top_caches *top = arg;
	unsigned int at = top->nr;

	top->all++;
	while (at && cache_pages(info) > cache_pages(&top->cache[at - 1]))
		at--;
	if (at == TOP_CACHES || !cache_pages(info))
		return;
	if (top->nr < TOP_CACHES)
		top->nr++;
	memmove(&top->cache[at + 1], &top->cache[at], (top->nr - at - 1) * sizeof(top->cache[0]));
	top->cache[at] = *info;
}

static void report_slab(void)
{
	struct top_caches top = {.nr = 0};
	unsigned long reclaimable = oom_slab_reclaimable_hook ? oom_slab_reclaimable_hook() : 0;
	unsigned int i;

	slab_for_each(keep_largest, &top);
	printk("  slab reclaimable:%lu; the largest of %u caches (pages, objects in use, all):",
	       reclaimable, top.all);
	for (i = 0; i < top.nr; i++)
		printk("  %-20s %7lu %8lu %8lu", top.cache[i].name, cache_pages(&top.cache[i]),
		       top.cache[i].active_objs, top.cache[i].num_objs);
}

static const char *gfp_name(gfp_t gfp)
{
	if (!(gfp & __GFP_WAIT))
		return "GFP_ATOMIC";
	return gfp & __GFP_MOVABLE ? "GFP_USER" : "GFP_KERNEL";
}

void oom_report_memory(const struct oom_request *r)
{
	struct census c;

	take_census(&c);
	printk("%s invoked oom-killer: gfp_mask=0x%x(%s), order=%u, oom_score_adj=%d, pid=%d",
	       current->comm, r->gfp, gfp_name(r->gfp), r->order, current->signal->oom_score_adj,
	       current->tgid);
	printk("Mem-Info (pages): total:%lu free:%ld reserved:%ld", totalram_pages(), c.free,
	       c.reserved);
	printk("  anon:%ld file:%ld shmem:%ld table:%ld slab:%ld stack:%ld kernel:%ld "
	       "in_flight:%ld",
	       c.owner[OWNER_ANON], c.owner[OWNER_FILE], c.owner[OWNER_SHMEM], c.owner[OWNER_TABLE],
	       c.owner[OWNER_SLAB], c.owner[OWNER_STACK], c.owner[OWNER_KERNEL], c.in_flight);
	printk("  watermarks min:%lu low:%lu high:%lu", node_data.min_free_pages,
	       node_data.low_free_pages, node_data.high_free_pages);
	printk("  active_anon:%lu inactive_anon:%lu active_file:%lu inactive_file:%lu "
	       "unevictable:%lu",
	       lru_pages(LRU_ACTIVE_ANON), lru_pages(LRU_INACTIVE_ANON), lru_pages(LRU_ACTIVE_FILE),
	       lru_pages(LRU_INACTIVE_FILE), lru_pages(LRU_UNEVICTABLE));
	printk("  swap total:%lu free:%ld cached:%lu (of anon)", READ_ONCE(total_swap_pages),
	       READ_ONCE(nr_swap_pages), nr_swapcache_pages());
	report_slab();
}

/* ---- Processes ------------------------------------------------------------------------------- */

void oom_report_tasks(const struct oom_table *table)
{
	const struct oom_row *row;
	unsigned int i;

	printk("Tasks state (memory values in pages):");
	printk("[  pid  ]   uid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes "
	       "swapents oom_score_adj score name");
	for (i = 0; i < table->nr; i++) {
		row = &table->rows[i];
		printk("[%7d] %5u %8lu %8lu %8lu %8lu %9lu %14lu %8lu %13d %5ld %s%s", row->pid,
		       row->uid, row->total_vm, row->anon + row->file + row->shmem, row->anon,
		       row->file, row->shmem, row->pgtables_bytes, row->swapents, row->adj,
		       oom_score(row->badness), row->comm, row->victim ? " (killed)" : "");
	}
	if (table->more)
		printk("...and %u more with lower scores, %lu pages in all", table->more,
		       table->more_pages);
}

/* What oom_score_adj did: ", and oom_score_adj 200 adds 8000 kB to it", or nothing. */
static void describe_adj(char *text, size_t size, const struct oom_row *row)
{
	long pages = row->badness - (long)oom_row_pages(row);

	if (row->adj)
		scnprintf(text, size, ", and oom_score_adj %d %s %lu kB %s", row->adj,
			  pages < 0 ? "takes" : "adds", kib(pages < 0 ? -pages : pages),
			  pages < 0 ? "off that" : "to it");
	else
		*text = 0;
}

void oom_report_choice(const struct oom_table *table)
{
	const struct oom_row *row = &table->chosen;
	unsigned long pages = oom_row_pages(row);
	char adj[80], next[80];

	describe_adj(adj, sizeof(adj), row);
	if (table->allocating)
		strscpy(next, "it asked, and oom_kill_allocating_task is set", sizeof(next));
	else if (table->next.pid)
		scnprintf(next, sizeof(next), "the highest score, %ld; next: process %d (%s), %ld",
			  oom_score(row->badness), table->next.pid, table->next.comm,
			  oom_score(table->next.badness));
	else
		scnprintf(next, sizeof(next), "score %ld; no other may be killed",
			  oom_score(row->badness));
	printk(KERN_ERR
	       "Out of memory: process %d (%s) goes: it holds %lu kB, %lu %% of memory and "
	       "swap%s: %s",
	       row->pid, row->comm, kib(pages), pages * 100 / oom_total_pages(), adj, next);
	printk(KERN_ERR "Out of memory: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB, "
			"file-rss:%lukB, shmem-rss:%lukB, UID:%u pgtables:%lukB oom_score_adj:%d",
	       row->pid, row->comm, kib(row->total_vm), kib(row->anon), kib(row->file),
	       kib(row->shmem), row->uid, row->pgtables_bytes >> 10, row->adj);
}
