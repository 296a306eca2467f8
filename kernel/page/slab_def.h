/* SPDX-License-Identifier: MIT */
/*
 * Inside the slab allocator (slab.c, slab_debug.c, kmalloc.c).
 *
 * A slab is a block of pages cut into objects of equal stride. Free objects of a slab hang on
 * page->freelist (head page), linked through a word in each. In front of the slabs each CPU has a
 * magazine, a small stack of free objects: most allocations and frees only touch that.
 *
 *	kmem_cache_alloc  <-  magazine of this CPU  <-  partial slabs  <-  empty slab  <-
 * alloc_pages
 */
#pragma once

#include "base/fault_inject.h"
#include "lib/list.h"
#include "lib/string.h"
#include "page/slab.h"

#define MAGAZINE_SIZE 13

struct magazine {
	spinlock_t lock; /* RANK_SLAB, irq; other CPUs take it only to drain */
	u32 count;
	u32 limit; /* constant */
	void *objs[MAGAZINE_SIZE];
} __cacheline_aligned;

struct kmem_cache {
	/* Constant after creation. */
	const char *name;
	u32 size;	 /* bytes of an object, as asked for */
	u32 stride;	 /* from one object to the next */
	u32 objects;	 /* in a slab */
	u32 order;	 /* pages of a slab, log2 */
	u32 free_offset; /* where a free object keeps its link */
	void (*ctor)(void *);
	struct list_head list; /* of all caches; never removed */

	spinlock_t lock; /* RANK_SLAB nested in a magazine's; covers the rest and the slabs' page
			    fields */
	struct list_head partial, full, empty; /* slabs by their free objects, page->lru */
	unsigned long nr_slabs, nr_empty;
	unsigned long nr_free; /* objects in slabs (not in magazines) */

	struct magazine magazines[NR_CPUS];
};

extern struct list_head slab_caches;

void kmem_cache_setup(struct kmem_cache *cache, const char *name, size_t size, size_t align,
		      void (*ctor)(void *));

/* An object of which the caller uses the first @size bytes. */
void *slab_alloc_slow(struct kmem_cache *cache, size_t size, gfp_t gfp);
void slab_free_slow(struct kmem_cache *cache, void *obj);

/*
 * The same, for the frequent case that the magazine has what is needed. Small enough to stand in
 * each caller: what is less frequent, a contended lock too, is left to the functions above. Debug
 * kernels always go there.
 */
static __always_inline void *slab_alloc(struct kmem_cache *cache, size_t size, gfp_t gfp)
{
	struct magazine *mag;
	unsigned long flags;
	void *obj = NULL;

	if (!QUIRE_DEBUG && likely(!READ_ONCE(fault_inject_armed))) {
		flags = arch_irq_save();
		mag = &cache->magazines[arch_cpu_id()];
		if (likely(spin_trylock(&mag->lock))) {
			if (likely(mag->count))
				obj = mag->objs[--mag->count];
			spin_unlock(&mag->lock);
		}
		arch_irq_restore(flags);
	}
	if (unlikely(!obj))
		return slab_alloc_slow(cache, size, gfp);
	return gfp & __GFP_ZERO ? memset(obj, 0, size) : obj;
}

static __always_inline void slab_free(struct kmem_cache *cache, void *obj)
{
	struct magazine *mag;
	unsigned long flags;
	bool done = false;

	if (!QUIRE_DEBUG) {
		flags = arch_irq_save();
		mag = &cache->magazines[arch_cpu_id()];
		if (likely(spin_trylock(&mag->lock))) {
			if (likely(mag->count < mag->limit)) {
				mag->objs[mag->count++] = obj;
				done = true;
			}
			spin_unlock(&mag->lock);
		}
		arch_irq_restore(flags);
	}
	if (unlikely(!done))
		slab_free_slow(cache, obj);
}

/* First page of the slab that holds @obj. */
static inline struct page *slab_page(const struct kmem_cache *cache, const void *obj)
{
	return pfn_to_page(ALIGN_DOWN(page_to_pfn(virt_to_page(obj)), 1UL << cache->order));
}

/* ---- slab_debug.c: what debug kernels check of every object -------------------------------- */

/* Bytes at a slab's end for the objects' states, given how many there are. */
size_t slab_debug_bytes(unsigned int objects);
/* Objects of a fresh slab are free; @obj is one of them. */
void slab_debug_init(struct kmem_cache *cache, struct page *slab, void *obj);
/* @obj is handed out for @size bytes; was free and is unharmed, or panic. */
void slab_debug_alloc(struct kmem_cache *cache, void *obj, size_t size);
/* @obj comes back; was handed out and nothing was written behind it, or panic. */
void slab_debug_free(struct kmem_cache *cache, void *obj);
/* Bytes of @obj its user may touch. */
size_t slab_debug_size(struct kmem_cache *cache, const void *obj);
