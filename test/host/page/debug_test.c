/* SPDX-License-Identifier: MIT */
/* What debug kernels notice about misused memory. Under ASan the sanitizer would be first, hence
 * the __no_kasan stores. */
#include "test.h"

#include "../boot.h"
#include "lib/kasan.h"
#include "lib/list.h"
#include "page/slab.h"

static __no_kasan void store(void *p, u8 value)
{
	*(volatile u8 *)p = value;
}

TEST(page_freed_twice)
{
	struct page *page;

	host_boot(8UL << 20, 1);
	page = alloc_page(GFP_KERNEL);
	__free_pages(page, 0);
	CHECK_PANICS("freeing a page in use", __free_pages(page, 0));
}

TEST(page_put_twice)
{
	struct page *page;

	host_boot(8UL << 20, 1);
	page = alloc_page(GFP_KERNEL);
	put_page(page);
	CHECK_PANICS("without a reference", put_page(page));
}

TEST(page_freed_while_mapped)
{
	struct page *page;

	host_boot(8UL << 20, 1);
	page = alloc_page(GFP_KERNEL);
	atomic_inc(&page->_mapcount);
	CHECK_PANICS("freeing a page with users", put_page(page));
}

TEST(page_freed_while_locked)
{
	struct page *page;

	host_boot(8UL << 20, 1);
	page = alloc_page(GFP_KERNEL);
	set_bit(PG_locked, &page->flags);
	CHECK_PANICS("freeing a page in use", put_page(page));
}

TEST(page_written_after_free)
{
	struct page *page;

	host_boot(8UL << 20, 1);
	page = alloc_page(GFP_KERNEL);
	put_page(page);
	store(page_address(page) + 77, 1);
	CHECK_PANICS("written to after it was freed", alloc_page(GFP_KERNEL));
}

TEST(object_freed_twice)
{
	void *p, *q;

	host_boot(8UL << 20, 1);
	p = kmalloc(40, GFP_KERNEL);
	q = kmalloc(40, GFP_KERNEL);
	kfree(p);
	kfree(q);
	CHECK_PANICS("freed twice", kfree(p));
}

TEST(object_written_after_free)
{
	void *p;

	host_boot(8UL << 20, 1);
	p = kmalloc(40, GFP_KERNEL);
	kfree(p);
	store(p + 20, 1);
	CHECK_PANICS("written to while free", kmalloc(40, GFP_KERNEL));
}

TEST(object_overrun)
{
	void *p;

	host_boot(8UL << 20, 1);
	p = kmalloc(40, GFP_KERNEL);
	store(p + 40, 1);
	CHECK_PANICS("written behind", kfree(p));
}

TEST(cached_object_overrun)
{
	struct kmem_cache *cache;
	void *p;

	host_boot(8UL << 20, 1);
	cache = kmem_cache_create("words", 64, 8, NULL);
	p = kmem_cache_alloc(cache, GFP_KERNEL);
	store(p + 64, 1);
	CHECK_PANICS("written behind", kmem_cache_free(cache, p));
}

TEST(object_freed_to_another_cache)
{
	struct kmem_cache *a, *b;
	void *p;

	host_boot(8UL << 20, 1);
	a = kmem_cache_create("a", 64, 8, NULL);
	b = kmem_cache_create("b", 64, 8, NULL);
	p = kmem_cache_alloc(a, GFP_KERNEL);
	CHECK_PANICS("not an object of cache b", kmem_cache_free(b, p));
}

TEST(kfree_of_the_middle)
{
	void *p;

	host_boot(8UL << 20, 1);
	p = kmalloc(64, GFP_KERNEL);
	CHECK_PANICS("not an object", kfree(p + 8));
}

TEST(kernel_stack_overflow)
{
	void *stack;

	host_boot(8UL << 20, 1);
	stack = alloc_kernel_stack();
	store(stack, 0);
	CHECK_PANICS("overflowed", free_kernel_stack(stack));
}

TEST(waiting_allocation_under_a_spinlock)
{
	static DEFINE_SPINLOCK(lock, RANK_SPIN_LEAF);

	host_boot(8UL << 20, 1);
	spin_lock(&lock);
	CHECK(alloc_page(GFP_ATOMIC) != NULL);
	CHECK_PANICS("sleeping while holding spinlock lock", alloc_page(GFP_KERNEL));
}
