/* SPDX-License-Identifier: MIT */
#include "boot.h"
#include "test.h"

#include "base/panic.h"
#include "lib/string.h"
#include "lib/err.h"
#include "page/gfp.h"
#include "sched/sched.h"

static const char *expected;

void host_boot(u64 ram, unsigned int cpus)
{
	host_power_on(ram, cpus);
	page_init();
}

static void (*body)(void);

static int run_body(void *unused)
{
	arch_start_secondary_cpus();
	body();
	CHECK_EQ(page_audit(), 0u);
	arch_poweroff(0);
}

void kernel_secondary_main(unsigned int cpu)
{
	cpu_idle_loop();
}

void host_run_kernel(unsigned int cpus, void (*fn)(void))
{
	unsigned int cpu;

	host_boot(HOST_DEFAULT_RAM, cpus);
	arch_set_boot_task(&init_task);
	sched_init();
	task_init();
	clock_init();
	for (cpu = 1; cpu < cpus; cpu++)
		CHECK_EQ(sched_init_cpu(cpu), 0);
	body = fn;
	CHECK(!IS_ERR(kthread_run(run_body, NULL, "test")));
	cpu_idle_loop();
}

static void look_for_expected(int status)
{
	static char log[65536];

	if (status != PANIC_EXIT_STATUS)
		return;
	log[log_read_all(log, sizeof(log) - 1)] = '\0';
	host_poweroff = NULL;
	if (strstr(log, expected))
		arch_poweroff(0);
	test_fail(__FILE__, __LINE__, "a panic, but not about \"%s\"", expected);
}

void expect_panic(const char *text)
{
	expected = text;
	host_poweroff = look_for_expected;
}
