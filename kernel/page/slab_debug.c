/* SPDX-License-Identifier: MIT */
/*
 * What debug kernels check of every slab object: that it is handed out and freed in turn, that
 * nothing is written to it while free (poison) nor behind it while in use (red zone).
 *
 * The state of an object is 0 while free, else 1 + the bytes its user asked for. A slab keeps its
 * objects' states in an array at its end, or, if there are few, in its page's owner_word, so that
 * big power-of-two objects still fill their slab.
 */
#include "lib/kasan.h"
#include "base/panic.h"
#include "lib/string.h"
#include "page/slab_def.h"

#define POISON_FREE_OBJ 0x6b
#define POISON_REDZONE	0xbb
#define LINK_BYTES	8  /* of a free object hold its link */
#define REDZONE_MAX	64 /* bytes checked behind an object */

#define STATES_IN_PAGE (sizeof(unsigned long) / sizeof(u16))

size_t slab_debug_bytes(unsigned int objects)
{
	return objects <= STATES_IN_PAGE ? 0 : objects * sizeof(u16);
}

static u16 *state_of(struct kmem_cache *cache, struct page *slab, const void *obj)
{
	size_t index = (obj - page_address(slab)) / cache->stride;

	if (cache->objects <= STATES_IN_PAGE)
		return (u16 *)&slab->owner_word + index;
	return page_address(slab) + (PAGE_SIZE << cache->order) - slab_debug_bytes(cache->objects) +
	       index * sizeof(u16);
}

static void poison(struct kmem_cache *cache, void *obj)
{
	if (!cache->ctor)
		memset(obj, POISON_FREE_OBJ, cache->size);
}

static struct page *checked_slab(struct kmem_cache *cache, const void *obj)
{
	struct page *slab = slab_page(cache, obj);

	if (!page_flag(slab, PG_slab) || slab->slab_cache != cache ||
	    (obj - page_address(slab)) % cache->stride)
		panic("%p is not an object of cache %s", obj, cache->name);
	return slab;
}

static size_t redzone_size(struct kmem_cache *cache, size_t size)
{
	return min_t(size_t, cache->stride - size, REDZONE_MAX);
}

void slab_debug_init(struct kmem_cache *cache, struct page *slab, void *obj)
{
	*state_of(cache, slab, obj) = 0;
	poison(cache, obj);
}

void slab_debug_alloc(struct kmem_cache *cache, void *obj, size_t size)
{
	u16 *state = state_of(cache, checked_slab(cache, obj), obj);

	if (*state)
		panic("%p of cache %s was handed out while in use", obj, cache->name);
	*state = 1 + size;
	kasan_unpoison(obj, cache->stride);
	if (!cache->ctor && cache->size > LINK_BYTES) {
		u8 *bad = memchr_inv(obj + LINK_BYTES, POISON_FREE_OBJ, cache->size - LINK_BYTES);

		if (bad)
			panic("%p of cache %s was written to while free: %02x at offset %ld", obj,
			      cache->name, *bad, (long)((void *)bad - obj));
	}
	memset(obj + size, POISON_REDZONE, redzone_size(cache, size));
	kasan_poison(obj, cache->stride);
	kasan_unpoison(obj, size);
}

void slab_debug_free(struct kmem_cache *cache, void *obj)
{
	u16 *state = state_of(cache, checked_slab(cache, obj), obj);
	size_t size;
	u8 *bad;

	if (!*state)
		panic("%p of cache %s was freed twice", obj, cache->name);
	size = *state - 1;
	*state = 0;
	kasan_unpoison(obj, cache->stride);
	bad = memchr_inv(obj + size, POISON_REDZONE, redzone_size(cache, size));
	if (bad)
		panic("written behind %p of cache %s: %02x at offset %ld of %zu", obj, cache->name,
		      *bad, (long)((void *)bad - obj), size);
	poison(cache, obj);
	kasan_poison(obj, cache->stride);
}

size_t slab_debug_size(struct kmem_cache *cache, const void *obj)
{
	return *state_of(cache, checked_slab(cache, obj), obj) - 1;
}
