/* SPDX-License-Identifier: MIT */
#include "base/cmdline.h"
#include "base/printk.h"
#include "base/selftest.h"
#include "lib/string.h"

/* Made by the linker; absent where no file has a test. */
extern const struct selftest __start_selftests[] __weak;
extern const struct selftest __stop_selftests[] __weak;

unsigned int selftest_run_all(void)
{
	char part[64] = "";
	unsigned int passed = 0, failed = 0;
	const struct selftest *test;
	int line;

	boot_option("selftest", part, sizeof(part));
	for (test = __start_selftests; test < __stop_selftests; test++) {
		if (!strstr(test->name, part))
			continue;
		line = test->run();
		if (line)
			printk("selftest: %s failed at line %d", test->name, line);
		else
			printk("selftest: %s ok", test->name);
		line ? failed++ : passed++;
	}
	printk("selftest: %u passed, %u failed", passed, failed);
	return failed;
}
