/* SPDX-License-Identifier: MIT */
/* kmalloc: caches of fixed sizes, and whole pages above the largest. */
#include "base/panic.h"
#include "lib/bitops.h"
#include "lib/string.h"
#include "page/slab_def.h"

#define KMALLOC_MAX_CACHED 8192

static const struct {
	const char *name;
	u16 size, align;
} classes[] = {
	{"kmalloc-16", 16, 16},	    {"kmalloc-32", 32, 32},	{"kmalloc-64", 64, 64},
	{"kmalloc-96", 96, 32},	    {"kmalloc-128", 128, 128},	{"kmalloc-192", 192, 64},
	{"kmalloc-256", 256, 256},  {"kmalloc-512", 512, 512},	{"kmalloc-1k", 1024, 1024},
	{"kmalloc-2k", 2048, 2048}, {"kmalloc-4k", 4096, 4096}, {"kmalloc-8k", 8192, 4096},
};

static struct kmem_cache kmalloc_caches[ARRAY_SIZE(classes)];

/* Class of sizes up to 192, by (size - 1) / 16. */
static const u8 small_class[12] = {0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5};

static struct kmem_cache *class_of(size_t size)
{
	if (size <= 192)
		return &kmalloc_caches[small_class[size ? (size - 1) / 16 : 0]];
	return &kmalloc_caches[fls64(size - 1) - 2]; /* 193..256 is class 6 */
}

static void *kmalloc_large(size_t size, gfp_t gfp)
{
	unsigned int order = get_order(size);
	struct page *page;

	if (order >= MAX_ORDER)
		return NULL;
	page = alloc_pages(gfp & ~__GFP_MOVABLE, order);
	if (!page)
		return NULL;
	page->flags |= BIT(PG_large);
	page->private = order;
	page_owner_add(OWNER_SLAB, 1L << order);
	return page_address(page);
}

static void kfree_large(struct page *page, const void *p)
{
	unsigned int order = page->private;

	if (!page_flag(page, PG_large) || offset_in_page(p))
		panic("kfree(%p): not from kmalloc", p);
	page->flags &= ~BIT(PG_large);
	page_owner_add(OWNER_SLAB, -(1L << order));
	__free_pages(page, order);
}

void *kmalloc(size_t size, gfp_t gfp)
{
	if (unlikely(size > KMALLOC_MAX_CACHED))
		return kmalloc_large(size, gfp);
	return slab_alloc(class_of(size), size, gfp);
}

void kfree(const void *p)
{
	struct page *page;

	if (!p)
		return;
	page = virt_to_page(p);
	if (likely(page_flag(page, PG_slab)))
		slab_free(page->slab_cache, (void *)p);
	else
		kfree_large(page, p);
}

size_t ksize(const void *p)
{
	struct page *page;

	if (!p)
		return 0;
	page = virt_to_page(p);
	if (!page_flag(page, PG_slab))
		return PAGE_SIZE << page->private;
	return QUIRE_DEBUG ? slab_debug_size(page->slab_cache, p) : page->slab_cache->size;
}

void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (check_mul_overflow(n, size, &bytes))
		return NULL;
	return kmalloc(bytes, gfp);
}

void *krealloc(void *p, size_t size, gfp_t gfp)
{
	size_t old = ksize(p);
	void *fresh;

	if (p && size <= old)
		return p;
	fresh = kmalloc(size, gfp);
	if (fresh && p) {
		memcpy(fresh, p, old);
		kfree(p);
	}
	return fresh;
}

void *kmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *copy = kmalloc(len, gfp);

	return copy ? memcpy(copy, src, len) : NULL;
}

char *kstrdup(const char *s, gfp_t gfp)
{
	return s ? kmemdup(s, strlen(s) + 1, gfp) : NULL;
}

void slab_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(classes); i++)
		kmem_cache_setup(&kmalloc_caches[i], classes[i].name, classes[i].size,
				 classes[i].align, NULL);
}
