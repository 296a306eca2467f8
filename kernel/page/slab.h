/* SPDX-License-Identifier: MIT */
/* Slab caches with per-CPU magazines, and kmalloc on top of them. */
#pragma once

#include "page/gfp.h"

struct kmem_cache;

/* A cache of objects of @size bytes aligned to @align (0: 8). @ctor (may be NULL) runs once when an
 * object's slab is made. NULL when out of memory. May sleep. */
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align,
				     void (*ctor)(void *));
/* An object, zeroed if __GFP_ZERO; NULL when out of memory. */
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);
#define kmem_cache_zalloc(cache, gfp) kmem_cache_alloc(cache, (gfp) | __GFP_ZERO)
void kmem_cache_free(struct kmem_cache *cache, void *obj);

/* @size bytes, 8-aligned (powers of two: naturally aligned); above 8 KiB whole pages. NULL when out
 * of memory. */
void *kmalloc(size_t size, gfp_t gfp);
#define kzalloc(size, gfp) kmalloc(size, (gfp) | __GFP_ZERO)
void *kmalloc_array(size_t n, size_t size, gfp_t gfp); /* NULL on overflow */
#define kcalloc(n, size, gfp) kmalloc_array(n, size, (gfp) | __GFP_ZERO)
void *krealloc(void *p, size_t size, gfp_t gfp);
char *kstrdup(const char *s, gfp_t gfp);
void *kmemdup(const void *src, size_t len, gfp_t gfp);
void kfree(const void *p); /* NULL is fine. Any context. */
size_t ksize(const void *p);

/* For /proc/slabinfo: call @fn for each cache. */
struct slab_info {
	const char *name;
	unsigned long active_objs, num_objs, objsize, objperslab, pagesperslab, num_slabs;
};
void slab_for_each(void (*fn)(void *arg, const struct slab_info *info), void *arg);
/* Return every magazine to its slabs and empty slabs to the page allocator (audit, leak tests). Any
 * context. */
void slab_drain(void);
/* Recount slabs, objects and free lists; number of problems, each printed. Other CPUs must not
 * allocate meanwhile. */
unsigned int slab_audit(void);
/* Make the caches of kmalloc; called by page_init(). */
void slab_init(void);

/* Kernel stacks (page/kstack.c): THREAD_SIZE bytes (asm/port.h) with a guard page below; the lowest
 * address, or NULL when out of memory. Its lowest KERNEL_STACK_RESERVED bytes are kstack.c's: a
 * canary, and where its pages are. May sleep; interrupts on. */
#define KERNEL_STACK_RESERVED (16 + 8 * (THREAD_SIZE / PAGE_SIZE))
void *alloc_kernel_stack(void);
/* Keeps the stack mapped for the next task. Any context. */
void free_kernel_stack(void *stack);
/* Give the memory of unused stacks back; pages freed. Interrupts on, no locks held. */
unsigned long kernel_stack_drain(void);
