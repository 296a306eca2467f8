/* SPDX-License-Identifier: MIT */
/* Page allocation: flags and the buddy allocator's interface. */
#pragma once

#include "lib/bitops.h"
#include "page/page.h"

#define __GFP_ZERO	    0x01u /* zeroed */
#define __GFP_WAIT	    0x02u /* may sleep, reclaim, and call the OOM killer */
#define __GFP_NOWARN	    0x04u /* failure is expected: no log line */
#define __GFP_NOFAIL_INJECT 0x08u /* fault injection leaves it alone (boot) */
#define __GFP_MOVABLE	    0x10u /* user page: counts in the LRU; leaves the kernel's reserve alone */
#define __GFP_DMA32	    0x20u /* below 4 GiB */

#define GFP_KERNEL __GFP_WAIT
#define GFP_ATOMIC 0u
#define GFP_USER   (__GFP_WAIT | __GFP_MOVABLE)
#define GFP_ZERO   __GFP_ZERO

#define MAX_ORDER 11 /* largest block: 2^(MAX_ORDER-1) pages */

/* 2^order contiguous pages, refcount 1, owner uncounted (see page_owner_add()); NULL when there are
 * none. May sleep if __GFP_WAIT. */
struct page *alloc_pages(gfp_t gfp, unsigned int order);
/* Give back; refcount must be 1 (or 0, as put_page leaves it). Any context. */
void __free_pages(struct page *page, unsigned int order);

/* A single page; faster than alloc_pages(gfp, 0). */
struct page *alloc_page(gfp_t gfp);

/* The same by direct-map address; 0 on failure. */
unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
void free_pages(unsigned long addr, unsigned int order);
#define __get_free_page(gfp) __get_free_pages(gfp, 0)
#define get_zeroed_page(gfp) __get_free_pages((gfp) | __GFP_ZERO, 0)
#define free_page(addr)	     free_pages(addr, 0)

/* Hooks of mm/ (upward edges). Free some pages, and say whether another try is worth while: called
 * without locks when a __GFP_WAIT allocation fails. */
extern bool (*reclaim_hook)(gfp_t gfp, unsigned int order);
/* Memory gets short: wake who frees some in the background. Any task context, no spinlock held. */
extern void (*wake_reclaim_hook)(void);
/* A page on an LRU list is freed: its flags were @flags, its references are gone. Any context. */
extern void (*lru_freed_hook)(struct page *page, unsigned long flags);
/* Another: reclaim has failed too. True: a process was killed, or one that was is waited for; try
 * again. *since: 0 at first, then the hook's own for this allocation. Sleeping locks may be held.
 */
extern bool (*oom_hook)(gfp_t gfp, unsigned int order, u64 *since);
/* Another: may current, since it is to die or frees memory, go below what its like leaves to
 * others? */
extern bool (*reserve_hook)(void);

/* Who holds the pages: /proc/meminfo and the audit sum these (pages). The owner of a page says so
 * itself. */
enum page_owner {
	OWNER_ANON,  /* private pages, mapped or in the swap cache only */
	OWNER_FILE,  /* page cache of files */
	OWNER_SHMEM, /* page cache of tmpfs and shared memory */
	OWNER_TABLE, /* page tables */
	OWNER_SLAB,
	OWNER_STACK,  /* kernel stacks */
	OWNER_KERNEL, /* everything else the kernel allocates by the page */
	NR_PAGE_OWNERS
};
/* Each CPU adds to its own line, atomically since interrupts do too. Only sums mean anything. */
extern struct page_owner_counts {
	atomic_long_t pages[NR_PAGE_OWNERS];
} __cacheline_aligned page_owner_counts[NR_CPUS];

/* Add @delta pages to @owner's count. Any context. */
static __always_inline void page_owner_add(enum page_owner owner, long delta)
{
	atomic_long_add(delta, &page_owner_counts[arch_cpu_id()].pages[owner]);
}
/* Sum over CPUs, pages. */
long page_owner_count(enum page_owner owner);

unsigned long
nr_free_pages(void); /* free pages: buddy lists, per-CPU lists and RAM not opened yet */
unsigned long
totalram_pages(void); /* RAM the allocator was given + what the kernel keeps of it, pages */
unsigned long reserved_pages(void); /* of these: kernel image, page structs, boot allocations */
/* Like alloc_page(gfp | __GFP_ZERO), which it saves clearing where this CPU has a page that was
 * freed full of zeros; and that: @page, whose one reference is the caller's, holds nothing but
 * zeros. Task context. */
struct page *alloc_zeroed_page(gfp_t gfp);
void free_zeroed_page(struct page *page);
/* Return all per-CPU page lists to the buddy (audit, tests). */
void drain_page_lists(void);

/* ---- Boot and audit ------------------------------------------------------------------------ */

/* Take over the RAM of boot_info: direct map, page structs, zones, slab caches. Boot CPU, once,
 * before anything allocates. Panics if there is too little RAM for the page structs. */
void page_init(void);
/* A zeroed page that is never freed, physical address, for the time before page_init() has run;
 * panics if there is none. */
u64 early_alloc_page(void);
/* Hand the whole pages of the physical range, until now reserved (initrd, boot-only code), to the
 * allocator. */
void free_reserved_range(u64 start, u64 end);
/* Recount: free lists against page flags and counters, per-CPU lists, and free + owners + reserved
 * = total. Returns the number of problems, each printed. Other CPUs must not allocate meanwhile. */
unsigned int page_audit(void);
