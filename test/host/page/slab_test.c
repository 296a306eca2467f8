/* SPDX-License-Identifier: MIT */
/* Slab caches and kmalloc against a table of what is handed out; kernel stacks. */
#include "test.h"

#include "../boot.h"
#include "base/fault_inject.h"
#include "lib/string.h"
#include "page/slab.h"

static void audit(void)
{
	CHECK_EQ(page_audit(), 0u);
	CHECK_EQ(slab_audit(), 0u);
}

/* ---- Model: each object is filled with a byte of its own ----------------------------------- */

#define HELD 600

static struct object {
	u8 *p;
	size_t size;
	u8 fill;
	struct kmem_cache *cache; /* NULL: kmalloc */
} held[HELD];
static unsigned int nr_held;

static size_t random_size(void)
{
	switch (test_random_below(8)) {
	case 0:
		return 1UL << test_random_below(14);
	case 1:
		return 1 + test_random_below(40000);
	default:
		return 1 + test_random_below(600);
	}
}

static void check_contents(const struct object *o)
{
	CHECK(!memchr_inv(o->p, o->fill, o->size));
}

static void take(struct kmem_cache *cache, size_t size)
{
	bool zero = test_random_below(4) == 0;
	gfp_t gfp = (test_random_below(4) ? GFP_KERNEL : GFP_ATOMIC) | (zero ? __GFP_ZERO : 0);
	struct object *o = &held[nr_held++];

	*o = (struct object){
		.p = cache ? kmem_cache_alloc(cache, gfp) : kmalloc(size, gfp),
		.size = size,
		.fill = test_random(),
		.cache = cache,
	};
	CHECK(o->p);
	CHECK(IS_ALIGNED((unsigned long)o->p, 8));
	if (!cache && (size & (size - 1)) == 0)
		CHECK(IS_ALIGNED((unsigned long)o->p, min(size, PAGE_SIZE)));
	if (!cache)
		CHECK_GE(ksize(o->p), size);
	if (zero)
		CHECK(!memchr_inv(o->p, 0, size));
	memset(o->p, o->fill, size);
}

static void give(unsigned int i)
{
	struct object o = held[i];

	check_contents(&o);
	held[i] = held[--nr_held];
	if (o.cache)
		kmem_cache_free(o.cache, o.p);
	else
		kfree(o.p);
}

static void resize(unsigned int i)
{
	struct object *o = &held[i];
	size_t size = random_size(), keep = min(size, o->size);
	u8 *p;

	if (o->cache)
		return;
	check_contents(o);
	p = krealloc(o->p, size, GFP_KERNEL);
	CHECK(p);
	CHECK(!memchr_inv(p, o->fill, keep));
	o->p = p;
	o->size = size;
	memset(p, o->fill, size);
}

TEST(slab_against_model)
{
	static const struct {
		const char *name;
		size_t size, align;
	} kinds[] = {{"t8", 8, 0},
		     {"t24", 24, 8},
		     {"t200", 200, 64},
		     {"t1100", 1100, 16},
		     {"t5000", 5000, 0}};
	struct kmem_cache *caches[ARRAY_SIZE(kinds)];
	unsigned long before;
	unsigned int i, step;

	host_boot(64UL << 20, 4);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		caches[i] = kmem_cache_create(kinds[i].name, kinds[i].size, kinds[i].align, NULL);
	slab_drain();
	before = nr_free_pages();
	for (step = 0; step < test_rounds(30000); step++) {
		bool grow = step / 2000 % 2 == 0;

		host_set_cpu(test_random_below(4));
		i = test_random_below(ARRAY_SIZE(kinds));
		if (nr_held < HELD && test_random_below(100) < (grow ? 60 : 40)) {
			if (test_random_below(2))
				take(caches[i], kinds[i].size);
			else
				take(NULL, random_size());
		} else if (nr_held && test_random_below(10) == 0) {
			resize(test_random_below(nr_held));
		} else if (nr_held) {
			give(test_random_below(nr_held));
		}
		if (step % 1000 == 0)
			audit();
	}
	while (nr_held)
		give(0);
	audit();
	slab_drain();
	audit();
	CHECK_EQ(nr_free_pages(), before);
}

TEST(slab_alignment)
{
	struct kmem_cache *cache;
	unsigned int i;

	host_boot(8UL << 20, 1);
	cache = kmem_cache_create("aligned", 832, 64, NULL);
	for (i = 0; i < 50; i++)
		CHECK(IS_ALIGNED((unsigned long)kmem_cache_alloc(cache, GFP_KERNEL), 64));
	audit();
}

static unsigned int constructed;

static void construct(void *obj)
{
	*(unsigned int *)obj = 4711;
	constructed++;
}

TEST(constructed_objects_stay_constructed)
{
	struct kmem_cache *cache;
	unsigned int round, i, made;
	unsigned int *objs[40];

	host_boot(8UL << 20, 1);
	cache = kmem_cache_create("made", 100, 0, construct);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 40; i++) {
			objs[i] = kmem_cache_alloc(cache, GFP_KERNEL);
			CHECK_EQ(*objs[i], 4711u);
		}
		for (i = 0; i < 40; i++)
			kmem_cache_free(cache, objs[i]);
		if (!round)
			made = constructed;
	}
	CHECK_EQ(constructed, made);
	audit();
}

TEST(kmalloc_refuses_the_impossible)
{
	host_boot(16UL << 20, 1);
	CHECK(!kmalloc(1UL << 40, GFP_KERNEL));
	CHECK(!kmalloc_array(1UL << 33, 1UL << 33, GFP_KERNEL));
	CHECK(!kmalloc((PAGE_SIZE << (MAX_ORDER - 1)) + 1, GFP_KERNEL));
	kfree(NULL);
	CHECK(!kstrdup(NULL, GFP_KERNEL));
	audit();
}

TEST(slab_exhaustion_fails_and_recovers)
{
	static void *last;
	unsigned long before;
	void **p;

	host_boot(8UL << 20, 2);
	before = nr_free_pages();
	while ((p = kmalloc(100, GFP_ATOMIC | __GFP_NOWARN))) {
		*p = last;
		last = p;
	}
	CHECK_LT(nr_free_pages(), 4UL);
	CHECK(!kmalloc(2000, GFP_ATOMIC | __GFP_NOWARN));
	audit();
	while ((p = last)) {
		last = *p;
		kfree(p);
	}
	slab_drain();
	CHECK_EQ(nr_free_pages(), before);
	audit();
}

TEST(injected_failure_of_each_allocation)
{
	unsigned long n, before;
	bool done = false;

	host_boot(8UL << 20, 1);
	slab_drain();
	before = nr_free_pages();
	for (n = 1; !done; n++) {
		void *a, *b, *c;

		fault_inject_nth(n);
		a = kmalloc(3000, GFP_KERNEL);
		b = a ? kmalloc(20000, GFP_KERNEL) : NULL;
		c = b ? kmalloc(50, GFP_KERNEL) : NULL;
		done = !fault_inject_fired();
		fault_inject_nth(0);
		CHECK_EQ(done, c != NULL);
		kfree(c);
		kfree(b);
		kfree(a);
		slab_drain();
		CHECK_EQ(nr_free_pages(), before);
		audit();
	}
	CHECK_GE(n, 5UL);
}

static unsigned long sum_active;

static void add_active(void *arg, const struct slab_info *info)
{
	CHECK(info->name);
	CHECK_LE(info->active_objs, info->num_objs);
	CHECK_EQ(info->num_objs, info->num_slabs * info->objperslab);
	sum_active += info->active_objs;
}

TEST(slabinfo_counts_objects)
{
	void *p[10];
	unsigned int i;
	unsigned long before;

	host_boot(8UL << 20, 2);
	slab_for_each(add_active, NULL);
	before = sum_active;
	for (i = 0; i < 10; i++)
		p[i] = kmalloc(64 << (i % 5), GFP_KERNEL);
	sum_active = 0;
	slab_for_each(add_active, NULL);
	CHECK_EQ(sum_active, before + 10);
	for (i = 0; i < 10; i++)
		kfree(p[i]);
	sum_active = 0;
	slab_for_each(add_active, NULL);
	CHECK_EQ(sum_active, before);
}

TEST(kernel_stacks_are_reused)
{
	unsigned long before;
	void *a, *b;

	host_boot(8UL << 20, 1);
	before = nr_free_pages();
	a = alloc_kernel_stack();
	memset(a + KERNEL_STACK_RESERVED, 0x55, THREAD_SIZE - KERNEL_STACK_RESERVED);
	CHECK_EQ(page_owner_count(OWNER_STACK), (long)(THREAD_SIZE / PAGE_SIZE));
	free_kernel_stack(a);
	b = alloc_kernel_stack();
	CHECK(a == b);
	audit();
	free_kernel_stack(b);
	CHECK_EQ(kernel_stack_drain(), THREAD_SIZE / PAGE_SIZE);
	CHECK_EQ(nr_free_pages(), before);
	audit();
}
