/* SPDX-License-Identifier: MIT */
/* Lock statistics: counts by class, on all CPUs, shared and exclusive apart. */
#include "test.h"

#include "../boot.h"
#include "base/lock_stat.h"
#include "base/spinlock.h"
#include "lib/string.h"

static bool find_class(const char *name, struct lock_class *out)
{
	for (unsigned int i = 0; lock_stat_read(i, out); i++)
		if (out->name && !strcmp(out->name, name))
			return true;
	return false;
}

TEST(lock_stat_counts_by_class)
{
	spinlock_t a = SPIN_LOCK_INIT("stat_a", RANK_FILES), b = SPIN_LOCK_INIT("stat_a", RANK_FILES);
	struct lock_class class;

	host_power_on(4UL << 20, 2);
	lock_stat_reset();
	CHECK(!find_class("stat_a", &class));
	spin_lock(&a);
	spin_lock_nested(&b);
	spin_unlock(&a);
	spin_unlock(&b);
	host_set_cpu(1);
	CHECK(spin_trylock(&a));
	spin_unlock(&a);
	host_set_cpu(0);
	CHECK(find_class("stat_a", &class));
	CHECK_EQ(class.rank, RANK_FILES);
	CHECK_EQ(class.counts[LOCK_EXCLUSIVE].acquired, 3u);
	CHECK_EQ(class.counts[LOCK_EXCLUSIVE].contended, 0u);
	CHECK_EQ(class.counts[LOCK_SHARED].acquired, 0u);
	lock_stat_reset();
	CHECK(find_class("stat_a", &class));
	CHECK_EQ(class.counts[LOCK_EXCLUSIVE].acquired, 0u);
}

TEST(lock_stat_sleeping_locks)
{
	struct lock_class class;
	int lock;

	host_power_on(4UL << 20, 1);
	lock_stat_reset();
	lock_push_shared(&lock, "stat_rw", RANK_INODE, false);
	lock_waited(&lock, arch_clock_ns());
	lock_pop(&lock);
	lock_push(&lock, "stat_rw", RANK_INODE, false);
	lock_now_shared(&lock);
	lock_pop(&lock);
	lock_push(&lock, "stat_rw", RANK_INODE, false);
	lock_gave_up(&lock); /* never had it */
	CHECK(find_class("stat_rw", &class));
	CHECK_EQ(class.counts[LOCK_SHARED].acquired, 2u);
	CHECK_EQ(class.counts[LOCK_SHARED].contended, 1u);
	CHECK_EQ(class.counts[LOCK_EXCLUSIVE].acquired, 1u);
	CHECK_EQ(class.counts[LOCK_EXCLUSIVE].contended, 0u);
}

TEST(lock_stat_longest)
{
	struct lock_class class;
	struct lock_counts *c = &class.counts[LOCK_EXCLUSIVE];

	host_power_on(4UL << 20, 2);
	lock_stat_held("stat_long", RANK_ZONE, LOCK_EXCLUSIVE, 100);
	lock_stat_held("stat_long", RANK_ZONE, LOCK_EXCLUSIVE, LOCK_LONG_NS);
	host_set_cpu(1);
	lock_stat_held("stat_long", RANK_ZONE, LOCK_EXCLUSIVE, 300);
	lock_stat_waited("stat_long", RANK_ZONE, LOCK_EXCLUSIVE, 70);
	host_set_cpu(0);
	CHECK(find_class("stat_long", &class));
	CHECK_EQ(c->acquired, 3u);
	CHECK_EQ(c->hold_ns, LOCK_LONG_NS + 400u);
	CHECK_EQ(c->hold_max, (u64)LOCK_LONG_NS);
	CHECK_EQ(c->long_holds, 1u);
	CHECK_EQ(c->wait_ns, 70u);
	CHECK_EQ(c->wait_max, 70u);
}
