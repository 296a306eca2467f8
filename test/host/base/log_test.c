/* SPDX-License-Identifier: MIT */
/* The log ring, trace rings, random numbers, boot options, symbols. */
#include "test.h"

#include "../boot.h"
#include "base/cmdline.h"
#include "base/ksyms.h"
#include "base/printk.h"
#include "base/random.h"
#include "base/trace.h"
#include "lib/bitops.h"
#include "lib/string.h"

static char text[40000];

static size_t read_log(void)
{
	size_t n = log_read_all(text, sizeof(text) - 1);

	text[n] = '\0';
	CHECK_EQ(n, log_size());
	return n;
}

TEST(log_lines_have_times)
{
	console_enabled = false;
	host_power_on(4UL << 20, 1);
	printk("one %d", 1);
	host_advance(1234567890);
	printk("two\n");
	read_log();
	CHECK_STREQ(text, "<6>[    0.000000] one 1\n<6>[    1.234567] two\n");
	CHECK_EQ(log_read_all(text, 5), 5UL);
}

TEST(log_keeps_the_latest_whole_lines)
{
	unsigned int i;
	char *line;

	console_enabled = false;
	host_power_on(4UL << 20, 1);
	for (i = 0; i < 5000; i++)
		printk("line %u %.*s", i, (int)(i % 50),
		       "..................................................");
	CHECK_GE(read_log(), 30000UL);
	CHECK(text[0] == '<');
	line = strrchr(text, 'l');
	CHECK(strstarts(line, "line 4999"));
	/* A line longer than any buffer is cut, not lost. */
	for (i = 0; i < 3000; i++)
		text[i] = 'x';
	text[3000] = '\0';
	printk("%s", text);
	read_log();
	CHECK(strstr(text, "xxx\n") != NULL);
}

TEST(trace_reads_what_was_written)
{
	static struct trace_record ring[2][16], got[64];
	struct trace_record *rings[NR_CPUS] = {ring[0], ring[1]};
	u64 pos = 0, lost = 0;
	unsigned int i, n;

	host_power_on(4UL << 20, 3);
	trace(TRACE_EXEC, 1, 2, 3); /* off: nowhere to go */
	trace_start(rings, 16);
	for (i = 0; i < 10; i++) {
		host_advance(5);
		trace(TRACE_MARK, 7, i, ~i);
	}
	host_set_cpu(2);
	trace(TRACE_MARK, 1, 1, 1); /* has no ring */
	host_set_cpu(1);
	trace(TRACE_EXIT, 8, 1, 2);
	n = trace_read(0, &pos, got, 4, &lost);
	CHECK_EQ(n, 4u);
	n += trace_read(0, &pos, got + 4, 60, &lost);
	CHECK_EQ(n, 10u);
	for (i = 0; i < n; i++) {
		CHECK_EQ(got[i].a, i);
		CHECK_EQ(got[i].b, (u64)~i);
		CHECK_EQ(got[i].time, 5ULL * (i + 1));
		CHECK_EQ(got[i].pid, 7u);
		CHECK_EQ(got[i].cpu, 0);
	}
	CHECK_EQ(trace_read(0, &pos, got, 60, &lost), 0u);
	CHECK_EQ(lost, 0ULL);

	/* The slow reader loses the oldest, and is told how many. */
	host_set_cpu(0);
	for (i = 10; i < 110; i++)
		trace(TRACE_MARK, 7, i, 0);
	n = trace_read(0, &pos, got, 60, &lost);
	CHECK_EQ(n + lost, 100ULL);
	CHECK_EQ(got[0].a, 10 + lost);
	CHECK_EQ(got[n - 1].a, 109ULL);
	trace_stop();
	trace(TRACE_MARK, 7, 0, 0);
	CHECK_EQ(trace_read(0, &pos, got, 60, &lost), 0u);
}

TEST(random_bytes_differ)
{
	u8 a[100], b[100], c[100];
	unsigned int i, bits = 0;

	host_power_on(4UL << 20, 1);
	get_random_bytes(a, sizeof(a));
	get_random_bytes(b, sizeof(b));
	add_device_randomness("seed", 4);
	get_random_bytes(c, sizeof(c));
	CHECK(memcmp(a, b, sizeof(a)) && memcmp(b, c, sizeof(b)));
	for (i = 0; i < 1000; i++)
		bits += hweight64(get_random_u64());
	CHECK(bits > 31500 && bits < 32500);
}

TEST(boot_options_by_name)
{
	unsigned long long number = 5;
	char value[16];

	strcpy(boot_info.cmdline,
	       "quiet init=/bin/x a=1 a=2 quire.mode=\"two words\" n=0x20 bad=x -- late=1");
	CHECK(boot_option("quiet", NULL, 0));
	CHECK(boot_option("init", value, sizeof(value)));
	CHECK_STREQ(value, "/bin/x");
	CHECK(boot_option("a", value, sizeof(value)));
	CHECK_STREQ(value, "2");
	CHECK(boot_option("quire.mode", value, sizeof(value)));
	CHECK_STREQ(value, "two words");
	CHECK(boot_option("quiet", value, sizeof(value)));
	CHECK_STREQ(value, "");
	CHECK(boot_option("init", value, 4));
	CHECK_STREQ(value, "/bi");
	CHECK(!boot_option("ini", value, sizeof(value)));
	CHECK(!boot_option("late", value, sizeof(value)));
	CHECK(boot_option_number("n", &number) && number == 32);
	CHECK(!boot_option_number("bad", &number) && number == 32);
}

TEST(addresses_without_a_table)
{
	char buf[KSYM_NAME_MAX];

	ksym_format(buf, sizeof(buf), 0x1234);
	CHECK_STREQ(buf, "0x1234");
}
