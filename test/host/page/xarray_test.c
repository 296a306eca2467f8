/* SPDX-License-Identifier: MIT */
/* The sparse array against a plain list of (index, entry, marks). */
#include "test.h"

#include "../boot.h"
#include "base/fault_inject.h"
#include "page/xarray.h"

#define MODEL 300

static struct slot {
	unsigned long index;
	void *entry; /* NULL: none */
	bool mark[XA_NR_MARKS];
} model[MODEL]; /* by rising index */

static struct xarray xa;

static void *entry_for(unsigned long n)
{
	return (void *)(n * 16 + 8);
}

/* Indices of all scales, neighbours among them. */
static void make_indices(void)
{
	unsigned long index = 0;
	unsigned int i;

	for (i = 0; i < MODEL; i++) {
		model[i].index = index;
		model[i].entry = NULL;
		if (i < 100)
			index += 1 + test_random_below(3);
		else if (i < 200)
			index += 1 + test_random_below(1UL << 20);
		else if (i == MODEL - 2)
			index = ~0UL;
		else
			index += 1 + test_random_below(1UL << 56);
	}
}

static void check_find(unsigned long from, unsigned long max, int mark)
{
	unsigned long index = from, i;
	struct slot *want = NULL;
	void *entry;

	for (i = 0; i < MODEL && !want; i++)
		if (model[i].entry && model[i].index >= from && model[i].index <= max &&
		    (mark < 0 || model[i].mark[mark]))
			want = &model[i];
	entry = mark < 0 ? xa_find(&xa, &index, max) : xa_find_marked(&xa, &index, max, mark);
	CHECK_EQ(entry, want ? want->entry : NULL);
	if (want)
		CHECK_EQ(index, want->index);
}

static void check_all(void)
{
	unsigned long index, i = 0, n = 0, count = 0;
	void *entry;

	for (n = 0; n < MODEL; n++) {
		CHECK_EQ(xa_load(&xa, model[n].index), model[n].entry);
		count += model[n].entry != NULL;
		if (model[n].entry) {
			CHECK_EQ(xa_get_mark(&xa, model[n].index, XA_MARK_0), model[n].mark[0]);
			CHECK_EQ(xa_get_mark(&xa, model[n].index, XA_MARK_1), model[n].mark[1]);
		}
	}
	CHECK_EQ(xa_empty(&xa), count == 0);
	xa_for_each(&xa, index, entry)
	{
		while (!model[i].entry)
			i++;
		CHECK_EQ(index, model[i].index);
		CHECK_EQ(entry, model[i].entry);
		i++;
		count--;
	}
	CHECK_EQ(count, 0UL);
}

static void step(void)
{
	struct slot *s = &model[test_random_below(MODEL)];
	unsigned int mark = test_random_below(XA_NR_MARKS);
	void *old = NULL, *entry;

	switch (test_random_below(8)) {
	case 0:
	case 1:
		entry = entry_for(1 + test_random_below(1000));
		CHECK_EQ(xa_store(&xa, s->index, entry, &old), 0);
		CHECK_EQ(old, s->entry);
		if (!s->entry)
			s->mark[0] = s->mark[1] = false;
		s->entry = entry;
		break;
	case 2:
	case 3:
		CHECK_EQ(xa_erase(&xa, s->index), s->entry);
		s->entry = NULL;
		break;
	case 4:
		xa_set_mark(&xa, s->index, mark);
		if (s->entry)
			s->mark[mark] = true;
		break;
	case 5:
		xa_clear_mark(&xa, s->index, mark);
		s->mark[mark] = false;
		break;
	case 6:
		check_find(s->index + test_random_below(2), model[test_random_below(MODEL)].index,
			   -1);
		break;
	case 7:
		check_find(s->index + test_random_below(2), ~0UL, mark);
		break;
	}
}

TEST(xarray_against_list)
{
	unsigned long before;
	unsigned int i, round;

	host_boot(16UL << 20, 1);
	xarray_init();
	slab_drain();
	before = nr_free_pages();
	for (round = 0; round < 3; round++) {
		make_indices();
		xa_init(&xa, GFP_KERNEL);
		for (i = 0; i < test_rounds(10000); i++) {
			step();
			if (i % 100 == 0)
				check_all();
		}
		if (round == 1) {
			for (i = 0; i < MODEL; i++) {
				xa_erase(&xa, model[i].index);
				model[i].entry = NULL;
			}
			check_all();
		} else {
			xa_destroy(&xa);
		}
		/* Erasing everything leaves no node, destroying does not either. */
		slab_drain();
		CHECK_EQ(nr_free_pages(), before);
		CHECK(xa_empty(&xa));
	}
	CHECK_EQ(page_audit(), 0u);
}

/* One entry at index 0 needs no memory. */
TEST(xarray_of_one)
{
	unsigned long before;

	host_boot(16UL << 20, 1);
	xarray_init();
	slab_drain();
	before = nr_free_pages();
	xa_init(&xa, GFP_KERNEL);
	CHECK_EQ(xa_store(&xa, 0, entry_for(1), NULL), 0);
	xa_set_mark(&xa, 0, XA_MARK_1);
	slab_drain();
	CHECK_EQ(nr_free_pages(), before);
	CHECK(xa_get_mark(&xa, 0, XA_MARK_1));
	CHECK_EQ(xa_store(&xa, 5, entry_for(2), NULL), 0);
	CHECK(xa_get_mark(&xa, 0, XA_MARK_1));
	CHECK(!xa_get_mark(&xa, 5, XA_MARK_1));
	CHECK_EQ(xa_erase(&xa, 5), entry_for(2));
	CHECK(xa_get_mark(&xa, 0, XA_MARK_1));
	CHECK(!xa_get_mark(&xa, 0, XA_MARK_0));
	/* A mark that was cleared in between does not come back. */
	CHECK_EQ(xa_store(&xa, 5, entry_for(2), NULL), 0);
	xa_clear_mark(&xa, 0, XA_MARK_1);
	xa_erase(&xa, 5);
	CHECK(!xa_get_mark(&xa, 0, XA_MARK_1));
	CHECK_EQ(xa_erase(&xa, 0), entry_for(1));
}

TEST(xarray_at_the_end_of_the_world)
{
	unsigned long index = ~0UL - 70;

	host_boot(16UL << 20, 1);
	xarray_init();
	xa_init(&xa, GFP_KERNEL);
	CHECK_EQ(xa_store(&xa, 3, entry_for(1), NULL), 0);
	CHECK_EQ(xa_store(&xa, ~0UL - 70, entry_for(2), NULL), 0);
	CHECK_EQ(xa_find(&xa, &index, ~0UL), entry_for(2));
	for (index = ~0UL - 69; index; index++)
		CHECK(!xa_find(&xa, &(unsigned long){index}, ~0UL));
	xa_destroy(&xa);
}

/* Every allocation on the way fails once; nothing is lost or left behind. */
TEST(xarray_out_of_memory)
{
	static const unsigned long indices[] = {0, 1, 63, 64, 4096, 1UL << 30, ~0UL, 1UL << 50};
	unsigned long n, before;
	unsigned int i, k;
	int err;

	host_boot(16UL << 20, 1);
	xarray_init();
	slab_drain();
	before = nr_free_pages();
	for (i = 0; i < ARRAY_SIZE(indices); i++) {
		for (n = 1;; n++) {
			xa_init(&xa, GFP_KERNEL);
			for (k = 0; k < i; k++)
				CHECK_EQ(xa_store(&xa, indices[k], entry_for(k + 1), NULL), 0);
			fault_inject_nth(n);
			err = xa_store(&xa, indices[i], entry_for(99), NULL);
			CHECK_EQ(err, fault_inject_fired() ? -ENOMEM : 0);
			fault_inject_nth(0);
			for (k = 0; k < i; k++)
				CHECK_EQ(xa_load(&xa, indices[k]), entry_for(k + 1));
			CHECK_EQ(xa_load(&xa, indices[i]), err ? NULL : entry_for(99));
			if (n % 2)
				xa_destroy(&xa);
			for (k = 0; k <= i; k++)
				xa_erase(&xa, indices[k]);
			slab_drain();
			CHECK_EQ(nr_free_pages(), before);
			if (!err)
				break;
		}
	}
}

/* A store that fails in an empty array leaves no node in it. */
TEST(xarray_stays_empty_without_memory)
{
	unsigned long n, before;
	int err;

	host_boot(16UL << 20, 1);
	xarray_init();
	slab_drain();
	before = nr_free_pages();
	for (n = 1;; n++) {
		xa_init(&xa, GFP_KERNEL);
		fault_inject_nth(n);
		err = xa_store(&xa, 1UL << 40, entry_for(1), NULL);
		fault_inject_nth(0);
		if (!err)
			break;
		CHECK(xa_empty(&xa));
		slab_drain();
		CHECK_EQ(nr_free_pages(), before);
	}
	CHECK_GE(n, 6UL);
}

TEST(xarray_reserve_makes_stores_succeed)
{
	unsigned long i, index;

	host_boot(16UL << 20, 1);
	xarray_init();
	for (i = 0; i < 200; i++) {
		xa_init(&xa, GFP_KERNEL);
		index = test_random() >> test_random_below(64);
		CHECK_EQ(xa_reserve(&xa, index), 0);
		CHECK(xa_empty(&xa));
		/* A reservation that fails takes nothing from one that holds. */
		fault_inject_nth(1 + test_random_below(3));
		xa_reserve(&xa, test_random());
		fault_inject_nth(1);
		CHECK_EQ(xa_store(&xa, index, entry_for(7), NULL), 0);
		fault_inject_nth(0);
		CHECK_EQ(xa_load(&xa, index), entry_for(7));
		xa_destroy(&xa);
	}
}
