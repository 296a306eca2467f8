/* SPDX-License-Identifier: MIT */
/* Timers against an array, under the simulated machine's clock. */
#include "../boot.h"
#include "test.h"

#include "sched/rq.h"

#define TIMERS 50

static struct test_timer {
	struct ktimer timer;
	bool armed; /* the model */
	u64 deadline;
	unsigned int fired;
} timers[TIMERS];
static u64 last_fired; /* deadline of the last that fired in this step */
static unsigned int periods;

static void fire(struct ktimer *timer)
{
	struct test_timer *t = container_of(timer, struct test_timer, timer);

	CHECK(t->armed);
	CHECK_EQ(timer->deadline, t->deadline);
	CHECK_EQ(ktime_get(), max(t->deadline, last_fired)); /* at its time, not later */
	CHECK(t->deadline >= last_fired);
	last_fired = t->deadline;
	t->armed = false;
	t->fired++;
	if (test_random_below(4) == 0) {
		t->armed = true;
		t->deadline = ktime_get() + 1 + test_random_below(1000);
		ktimer_start(timer, t->deadline);
	}
}

static void start_timers(void)
{
	int i;

	host_boot(HOST_DEFAULT_RAM, 1);
	arch_set_boot_task(&init_task);
	sched_init();
	for (i = 0; i < TIMERS; i++)
		ktimer_init(&timers[i].timer, fire);
}

TEST(timers_fire_in_order_and_on_time)
{
	unsigned int round, fired = 0;
	int i;

	start_timers();
	for (round = 0; round < test_rounds(20000); round++) {
		struct test_timer *t = &timers[test_random_below(TIMERS)];

		switch (test_random_below(3)) {
		case 0:
			t->deadline = ktime_get() + 1 + test_random_below(5000);
			t->armed = true;
			ktimer_start(&t->timer, t->deadline);
			break;
		case 1:
			CHECK_EQ(ktimer_cancel(&t->timer), t->armed);
			t->armed = false;
			break;
		case 2:
			last_fired = 0;
			host_advance(test_random_below(500));
			break;
		}
		for (i = 0; i < TIMERS; i++) {
			CHECK_EQ(timers[i].timer.armed, timers[i].armed);
			if (timers[i].armed)
				CHECK(timers[i].deadline > ktime_get());
		}
	}
	for (i = 0; i < TIMERS; i++)
		fired += timers[i].fired;
	CHECK_GT(fired, 1000u);
}

static void fire_late(struct ktimer *timer)
{
	container_of(timer, struct test_timer, timer)->fired++;
}

TEST(timer_in_the_past_fires_at_once)
{
	int i;

	start_timers();
	host_advance(1000);
	for (i = 0; i < 3; i++) {
		timers[i].timer.fn = fire_late;
		ktimer_start(&timers[i].timer, 1000 - i);
	}
	host_advance(0);
	for (i = 0; i < 3; i++)
		CHECK_EQ(timers[i].fired, 1u);
}

static void periodic(struct ktimer *timer)
{
	periods++;
	ktimer_start(timer, timer->deadline + 1000);
}

TEST(timer_may_start_itself_again)
{
	struct ktimer t;

	start_timers();
	ktimer_init(&t, periodic);
	ktimer_start(&t, 1000);
	host_advance(100000);
	CHECK_EQ(periods, 100u);
	CHECK_EQ(ktimer_try_cancel(&t), 1);
	CHECK_EQ(ktimer_try_cancel(&t), 0);
	host_advance(100000);
	CHECK_EQ(periods, 100u);
}

static void sleeping(void)
{
	u64 t0 = ktime_get();

	set_current_state(TASK_INTERRUPTIBLE);
	CHECK_EQ(schedule_timeout(12345), 0ull);
	CHECK_EQ(ktime_get(), t0 + 12345);

	/* A task whose state is TASK_RUNNING does not sleep. */
	t0 = ktime_get();
	CHECK_EQ(schedule_timeout(5000), 5000ull);
	CHECK_EQ(ktime_get(), t0);

	set_current_state(TASK_INTERRUPTIBLE);
	CHECK(schedule_until(t0 + 777));
	CHECK_EQ(ktime_get(), t0 + 777);

	/* A signal refuses the sleep. */
	set_task_work(current, TIF_SIGPENDING);
	set_current_state(TASK_INTERRUPTIBLE);
	CHECK_EQ(schedule_timeout(1000), 1000ull);
	CHECK_EQ(current->state, (unsigned int)TASK_RUNNING);
	set_current_state(TASK_UNINTERRUPTIBLE);
	CHECK_EQ(schedule_timeout(1000), 0ull);
	clear_task_work(current, TIF_SIGPENDING);
}

TEST(schedule_timeout_sleeps_exactly)
{
	host_run_kernel(1, sleeping);
}

static void quiet(void)
{
	struct cpu_stat before, after;

	set_current_state(TASK_INTERRUPTIBLE);
	schedule_timeout(10 * NSEC_PER_MSEC); /* the tick of the busy time is over */
	cpu_stat_read(0, &before);
	set_current_state(TASK_INTERRUPTIBLE);
	schedule_timeout(3600 * NSEC_PER_SEC);
	cpu_stat_read(0, &after);
	CHECK_LE(after.nr_irqs - before.nr_irqs, 2ull);
	CHECK_EQ(after.idle - before.idle, 3600ull * NSEC_PER_SEC);
	CHECK_EQ(after.user + after.system, before.user + before.system);
}

TEST(idle_cpu_takes_no_ticks)
{
	host_run_kernel(1, quiet);
}

static void wall(void)
{
	u64 real = ktime_get_real();

	CHECK_EQ(real, arch_wallclock_boot_sec() * NSEC_PER_SEC + ktime_get());
	host_advance(55);
	CHECK_EQ(ktime_get_real(), real + 55);
	CHECK_EQ(ktime_set_real(2000000000ull * NSEC_PER_SEC), 0);
	CHECK_EQ(ktime_get_real(), 2000000000ull * NSEC_PER_SEC);
	CHECK_EQ(ktime_set_real(0), -22); /* before the boot */
	CHECK_EQ(ktime_get_real(), 2000000000ull * NSEC_PER_SEC);
}

static void coarse(void)
{
	u64 last = 0;
	int i;

	for (i = 0; i < 2000; i++) {
		u64 now, before;

		if (test_random_below(10)) {
			host_advance(test_random_below(NSEC_PER_MSEC));
		} else {
			set_current_state(TASK_UNINTERRUPTIBLE);
			schedule_timeout(test_random_below(50 * NSEC_PER_MSEC));
		}
		now = ktime_get_coarse();
		before = ktime_get() - now;
		CHECK(now >= last && now <= ktime_get());
		CHECK(before <= SCHED_TICK_NS);
		CHECK_EQ(ktime_get_coarse_real() - now, ktime_get_real() - ktime_get());
		last = now;
	}
}

TEST(coarse_clock_is_at_most_a_tick_behind)
{
	host_run_kernel(1, coarse);
}

TEST(wall_clock_can_be_set)
{
	host_run_kernel(1, wall);
}
