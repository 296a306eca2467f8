/* SPDX-License-Identifier: MIT */
/* Slab caches; the picture is in page/slab_def.h. Interrupts allocate and free too: magazines are
 * used with interrupts off. */
#include "base/fault_inject.h"
#include "lib/kasan.h"
#include "base/panic.h"
#include "lib/string.h"
#include "page/slab_def.h"

#define MAX_SLAB_ORDER 3

LIST_HEAD(slab_caches);
static DEFINE_SPINLOCK(caches_lock, RANK_SLAB); /* additions to slab_caches */
static struct kmem_cache cache_of_caches;

/* ---- Free objects' links ------------------------------------------------------------------- */

static __no_kasan void *get_link(const struct kmem_cache *cache, void *obj)
{
	return *(void **)(obj + cache->free_offset);
}

static __no_kasan void set_link(const struct kmem_cache *cache, void *obj, void *next)
{
	*(void **)(obj + cache->free_offset) = next;
}

/* ---- Slabs --------------------------------------------------------------------------------- */

static struct page *slab_create(struct kmem_cache *cache, gfp_t gfp)
{
	struct page *slab = alloc_pages(gfp & ~(__GFP_ZERO | __GFP_MOVABLE), cache->order);
	void *obj, *next = NULL;
	unsigned int i;

	if (!slab)
		return NULL;
	page_owner_add(OWNER_SLAB, 1L << cache->order);
	for (i = 0; i < 1U << cache->order; i++) {
		slab[i].flags |= BIT(PG_slab);
		slab[i].slab_cache = cache;
	}
	slab->inuse = 0;
	slab->objects = cache->objects;
	if (QUIRE_DEBUG)
		slab->owner_word = 0;
	for (i = cache->objects; i-- > 0;) {
		obj = page_address(slab) + (size_t)i * cache->stride;
		if (cache->ctor)
			cache->ctor(obj);
		if (QUIRE_DEBUG)
			slab_debug_init(cache, slab, obj);
		kasan_poison(obj, cache->stride);
		set_link(cache, obj, next);
		next = obj;
	}
	slab->freelist = next;
	return slab;
}

static void slab_destroy(struct kmem_cache *cache, struct page *slab)
{
	unsigned int i;

	kasan_unpoison(page_address(slab), PAGE_SIZE << cache->order);
	for (i = 0; i < 1U << cache->order; i++) {
		slab[i].flags &= ~BIT(PG_slab);
		slab[i].slab_cache = NULL;
	}
	slab->freelist = NULL;
	page_owner_add(OWNER_SLAB, -(1L << cache->order));
	__free_pages(slab, cache->order);
}

/* Add a slab; false when out of memory. May sleep if @gfp says so: no locks held. */
static bool cache_grow(struct kmem_cache *cache, gfp_t gfp)
{
	struct page *slab = slab_create(cache, gfp);
	unsigned long flags;

	if (!slab)
		return false;
	spin_lock_irqsave(&cache->lock, flags);
	list_add(&slab->lru, &cache->empty);
	cache->nr_empty++;
	cache->nr_slabs++;
	cache->nr_free += cache->objects;
	spin_unlock_irqrestore(&cache->lock, flags);
	return true;
}

static struct page *usable_slab(struct kmem_cache *cache)
{
	struct page *slab = list_first_entry_or_null(&cache->partial, struct page, lru);

	if (slab)
		return slab;
	slab = list_first_entry_or_null(&cache->empty, struct page, lru);
	if (slab) {
		list_move(&slab->lru, &cache->partial);
		cache->nr_empty--;
	}
	return slab;
}

/* ---- Magazines ----------------------------------------------------------------------------- */

/* Fill half of the empty @mag from slabs that exist. Its lock held. */
static void magazine_refill(struct kmem_cache *cache, struct magazine *mag)
{
	unsigned int want = (mag->limit + 1) / 2;
	struct page *slab;

	spin_lock_nested(&cache->lock);
	while (mag->count < want && (slab = usable_slab(cache))) {
		while (mag->count < want && slab->freelist) {
			void *obj = slab->freelist;

			slab->freelist = get_link(cache, obj);
			slab->inuse++;
			cache->nr_free--;
			mag->objs[mag->count++] = obj;
		}
		if (!slab->freelist)
			list_move(&slab->lru, &cache->full);
	}
	spin_unlock(&cache->lock);
}

/* @obj goes back to its slab; cache->lock held. */
static void slab_put(struct kmem_cache *cache, void *obj)
{
	struct page *slab = slab_page(cache, obj);

	if (unlikely(!page_flag(slab, PG_slab) || slab->slab_cache != cache || !slab->inuse))
		panic("%p was freed to cache %s, which it is not from", obj, cache->name);
	if (!slab->freelist)
		list_move(&slab->lru, &cache->partial);
	set_link(cache, obj, slab->freelist);
	slab->freelist = obj;
	cache->nr_free++;
	if (--slab->inuse)
		return;
	list_move(&slab->lru, &cache->empty);
	cache->nr_empty++;
}

/* Take all empty slabs but @keep off the cache. cache->lock held. */
static void take_empty_slabs(struct kmem_cache *cache, unsigned long keep, struct list_head *list)
{
	while (cache->nr_empty > keep) {
		list_move(cache->empty.prev, list);
		cache->nr_empty--;
		cache->nr_slabs--;
		cache->nr_free -= cache->objects;
	}
}

/* Return the @n objects at the bottom, those unused for longest. @mag's lock held. */
static void magazine_shed(struct kmem_cache *cache, struct magazine *mag, unsigned int n,
			  unsigned long keep_empty)
{
	struct page *slab, *next;
	LIST_HEAD(empty);
	unsigned int i;

	spin_lock_nested(&cache->lock);
	for (i = 0; i < n; i++)
		slab_put(cache, mag->objs[i]);
	take_empty_slabs(cache, keep_empty, &empty);
	spin_unlock(&cache->lock);
	mag->count -= n;
	for (i = 0; i < mag->count; i++)
		mag->objs[i] = mag->objs[i + n];
	list_for_each_entry_safe (slab, next, &empty, lru)
		slab_destroy(cache, slab);
}

/* An object from this CPU's magazine, filled from slabs if there are any; else NULL. */
static void *magazine_take(struct kmem_cache *cache)
{
	unsigned long flags = arch_irq_save();
	struct magazine *mag = &cache->magazines[arch_cpu_id()];
	void *obj = NULL;

	spin_lock(&mag->lock);
	if (!mag->count)
		magazine_refill(cache, mag);
	if (mag->count)
		obj = mag->objs[--mag->count];
	spin_unlock(&mag->lock);
	arch_irq_restore(flags);
	return obj;
}

void *slab_alloc_slow(struct kmem_cache *cache, size_t size, gfp_t gfp)
{
	bool failed = false;
	void *obj;

	if (QUIRE_DEBUG && (gfp & __GFP_WAIT))
		lock_check_may_sleep();
	if (should_fail_alloc() && !(gfp & __GFP_NOFAIL_INJECT))
		return NULL;
	/* While this one grows the cache others may empty it again: hence the loop. An attempt that
	 * failed may have drained other CPUs' magazines into our slabs, so that one more look is
	 * due. */
	while (!(obj = magazine_take(cache))) {
		if (failed)
			return NULL;
		failed = !cache_grow(cache, gfp);
	}
	if (QUIRE_DEBUG)
		slab_debug_alloc(cache, obj, size);
	return gfp & __GFP_ZERO ? memset(obj, 0, size) : obj;
}

void slab_free_slow(struct kmem_cache *cache, void *obj)
{
	struct magazine *mag;
	unsigned long flags;

	if (QUIRE_DEBUG)
		slab_debug_free(cache, obj);
	flags = arch_irq_save();
	mag = &cache->magazines[arch_cpu_id()];
	spin_lock(&mag->lock);
	if (mag->count && mag->objs[mag->count - 1] == obj)
		panic("%p of cache %s was freed twice", obj, cache->name);
	if (mag->count == mag->limit)
		magazine_shed(cache, mag, (mag->limit + 1) / 2, 1);
	mag->objs[mag->count++] = obj;
	spin_unlock(&mag->lock);
	arch_irq_restore(flags);
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	return slab_alloc(cache, cache->size, gfp);
}

void kmem_cache_free(struct kmem_cache *cache, void *obj)
{
	slab_free(cache, obj);
}

/* ---- Caches -------------------------------------------------------------------------------- */

/* Smallest slab that wastes at most an eighth, or else the smallest that holds an object at all. */
static void choose_order(struct kmem_cache *cache)
{
	unsigned int order, objects;

	for (order = 0; order <= MAX_SLAB_ORDER; order++) {
		objects = (PAGE_SIZE << order) / cache->stride;
		if (objects &&
		    (PAGE_SIZE << order) - objects * cache->stride <= (PAGE_SIZE << order) / 8)
			break;
	}
	if (order > MAX_SLAB_ORDER) {
		order = get_order(cache->stride);
		objects = (PAGE_SIZE << order) / cache->stride;
	}
	while (QUIRE_DEBUG &&
	       objects * cache->stride + slab_debug_bytes(objects) > PAGE_SIZE << order)
		objects--;
	cache->order = order;
	cache->objects = objects;
}

void kmem_cache_setup(struct kmem_cache *cache, const char *name, size_t size, size_t align,
		      void (*ctor)(void *))
{
	unsigned long flags;
	unsigned int cpu;

	align = max_t(size_t, align, 8);
	*cache = (struct kmem_cache){.name = name, .size = size, .ctor = ctor};
	size = ALIGN(size, 8);
	/* A constructed object keeps its contents while free, so that its link must be elsewhere. A
	 * debug kernel wants a word to see writes past the end, unless there is one by alignment
	 * (kmalloc's caches must stay aligned). */
	if (ctor) {
		cache->free_offset = size;
		size += 8;
	} else if (QUIRE_DEBUG && align < size) {
		size += 8;
	}
	cache->stride = ALIGN(size, align);
	choose_order(cache);

	spin_lock_init(&cache->lock, name, RANK_SLAB);
	INIT_LIST_HEAD(&cache->partial);
	INIT_LIST_HEAD(&cache->full);
	INIT_LIST_HEAD(&cache->empty);
	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		spin_lock_init(&cache->magazines[cpu].lock, name, RANK_SLAB);
		cache->magazines[cpu].limit = clamp(16384 / cache->stride, 2U, (u32)MAGAZINE_SIZE);
	}
	spin_lock_irqsave(&caches_lock, flags);
	list_add_tail(&cache->list, &slab_caches);
	spin_unlock_irqrestore(&caches_lock, flags);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align,
				     void (*ctor)(void *))
{
	struct kmem_cache *cache;

	BUG_ON(!size || size > PAGE_SIZE << MAX_SLAB_ORDER || align > PAGE_SIZE ||
	       (align & (align - 1)));
	if (!cache_of_caches.name)
		kmem_cache_setup(&cache_of_caches, "kmem_cache", sizeof(struct kmem_cache), 64,
				 NULL);
	cache = kmem_cache_alloc(&cache_of_caches, GFP_KERNEL);
	if (cache)
		kmem_cache_setup(cache, name, size, align, ctor);
	return cache;
}

void slab_drain(void)
{
	struct kmem_cache *cache;
	unsigned int cpu;

	/* Without a lock: caches are only ever added, at the end. */
	list_for_each_entry (cache, &slab_caches, list) {
		for (cpu = 0; cpu < NR_CPUS; cpu++) {
			struct magazine *mag = &cache->magazines[cpu];
			unsigned long flags;

			spin_lock_irqsave(&mag->lock, flags);
			magazine_shed(cache, mag, mag->count, 0);
			spin_unlock_irqrestore(&mag->lock, flags);
		}
	}
}

void slab_for_each(void (*fn)(void *arg, const struct slab_info *info), void *arg)
{
	struct kmem_cache *cache;
	unsigned int cpu;

	list_for_each_entry (cache, &slab_caches, list) {
		struct slab_info info = {
			.name = cache->name,
			.objsize = cache->size,
			.objperslab = cache->objects,
			.pagesperslab = 1UL << cache->order,
		};
		unsigned long flags, idle = 0;

		for (cpu = 0; cpu < NR_CPUS; cpu++)
			idle += READ_ONCE(cache->magazines[cpu].count);
		spin_lock_irqsave(&cache->lock, flags);
		info.num_slabs = cache->nr_slabs;
		info.num_objs = cache->nr_slabs * cache->objects;
		idle += cache->nr_free;
		spin_unlock_irqrestore(&cache->lock, flags);
		info.active_objs = info.num_objs > idle ? info.num_objs - idle : 0;
		fn(arg, &info);
	}
}

/* ---- Audit --------------------------------------------------------------------------------- */

/* Problems of one list of slabs; their pages and free objects are added up. */
static unsigned int audit_slabs(struct kmem_cache *cache, struct list_head *list,
				unsigned long *slabs, unsigned long *idle)
{
	unsigned int problems = 0, free;
	struct page *slab;
	void *obj;

	list_for_each_entry (slab, list, lru) {
		free = 0;
		for (obj = slab->freelist; obj && free <= cache->objects;
		     obj = get_link(cache, obj)) {
			if (slab_page(cache, obj) != slab ||
			    (obj - page_address(slab)) % cache->stride)
				break;
			free++;
		}
		if (!page_flag(slab, PG_slab) || slab->slab_cache != cache || obj ||
		    slab->inuse + free != cache->objects || (list == &cache->full) != (free == 0) ||
		    (list == &cache->empty) != (slab->inuse == 0)) {
			printk("slab audit: %s: slab at frame %lx has %u free and %u in use of %u",
			       cache->name, page_to_pfn(slab), free, slab->inuse, cache->objects);
			problems++;
		}
		*idle += free;
		++*slabs;
	}
	return problems;
}

unsigned int slab_audit(void)
{
	unsigned long pages = 0, slabs, idle;
	unsigned int problems = 0;
	struct kmem_cache *cache;

	list_for_each_entry (cache, &slab_caches, list) {
		slabs = idle = 0;
		problems += audit_slabs(cache, &cache->partial, &slabs, &idle);
		problems += audit_slabs(cache, &cache->full, &slabs, &idle);
		problems += audit_slabs(cache, &cache->empty, &slabs, &idle);
		if (slabs != cache->nr_slabs || idle != cache->nr_free) {
			printk("slab audit: %s: %lu slabs, %lu objects free; counted as %lu, %lu",
			       cache->name, slabs, idle, cache->nr_slabs, cache->nr_free);
			problems++;
		}
		pages += slabs << cache->order;
	}
	if (pages > page_owner_count(OWNER_SLAB)) { /* large kmallocs count there too */
		printk("slab audit: %lu pages in slabs, owner counts %ld", pages,
		       page_owner_count(OWNER_SLAB));
		problems++;
	}
	return problems;
}
