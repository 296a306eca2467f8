/* SPDX-License-Identifier: MIT */
/* The rank check of spinlocks and sleeping locks. */
#include "test.h"

#include "../boot.h"
#include "base/spinlock.h"

static DEFINE_SPINLOCK(outer, RANK_TASKLIST);
static DEFINE_SPINLOCK(inner, RANK_FILES);
static DEFINE_SPINLOCK(inner2, RANK_FILES);
static DEFINE_SPINLOCK(irq_lock, RANK_WAIT_QUEUE);
static int mutex_a, mutex_b; /* stand for sleeping locks */

TEST(locks_in_order)
{
	unsigned long flags;

	host_power_on(4UL << 20, 2);
	spin_lock(&outer);
	spin_lock(&inner);
	spin_lock_nested(&inner2);
	spin_lock_irqsave(&irq_lock, flags);
	CHECK_EQ(locks_held(), 4u);
	CHECK(arch_irqs_disabled());
	spin_unlock_irqrestore(&irq_lock, flags);
	CHECK(!arch_irqs_disabled());
	/* In any order, and the others' order still counts. */
	spin_unlock(&inner);
	spin_unlock(&outer);
	CHECK_EQ(locks_held(), 1u);
	host_set_cpu(1);
	CHECK_EQ(locks_held(), 0u);
	CHECK(!spin_trylock(&inner2));
	CHECK(spin_trylock(&outer));
	spin_unlock(&outer);
	host_set_cpu(0);
	spin_unlock(&inner2);
	lock_check_may_sleep();
}

TEST(lower_rank_under_higher)
{
	host_power_on(4UL << 20, 1);
	spin_lock(&inner);
	CHECK_PANICS("lock order: taking outer", spin_lock(&outer));
}

TEST(equal_ranks)
{
	host_power_on(4UL << 20, 1);
	spin_lock(&inner);
	CHECK_PANICS("lock order: taking inner2", spin_lock(&inner2));
}

TEST(same_lock_twice)
{
	host_power_on(4UL << 20, 1);
	spin_lock(&inner);
	CHECK_PANICS("deadlock", spin_lock_nested(&inner));
}

TEST(irq_lock_with_interrupts_on)
{
	host_power_on(4UL << 20, 1);
	CHECK_PANICS("with interrupts on", spin_lock(&irq_lock));
}

TEST(unlock_of_what_is_not_held)
{
	host_power_on(4UL << 20, 1);
	CHECK_PANICS("does not hold", spin_unlock(&inner));
}

TEST(sleeping_under_a_spinlock)
{
	host_power_on(4UL << 20, 1);
	spin_lock(&inner);
	CHECK_PANICS("sleeping while holding spinlock inner", lock_check_may_sleep());
}

TEST(sleeping_locks_in_order)
{
	host_power_on(4UL << 20, 1);
	lock_push(&mutex_a, "a", RANK_INODE, false);
	lock_push(&mutex_b, "b", RANK_MMAP, false);
	CHECK(lock_is_held(&mutex_a) && lock_is_held(&mutex_b));
	lock_pop(&mutex_a);
	CHECK(!lock_is_held(&mutex_a) && lock_is_held(&mutex_b));
	lock_pop(&mutex_b);
	lock_push(&mutex_b, "b", RANK_INODE, false);
	lock_push(&mutex_a, "a", RANK_INODE, true);
	CHECK_PANICS("lock order: taking c", lock_push(&inner, "c", RANK_NAMESPACE, false));
}

TEST(sleeping_lock_twice)
{
	host_power_on(4UL << 20, 1);
	lock_push(&mutex_a, "a", RANK_INODE, false);
	CHECK_PANICS("lock order: taking a", lock_push(&mutex_a, "a", RANK_INODE, true));
}

TEST(sleeping_lock_under_a_spinlock)
{
	host_power_on(4UL << 20, 1);
	spin_lock(&inner);
	CHECK_PANICS("sleeping while holding", lock_push(&mutex_a, "a", RANK_INODE, false));
}
