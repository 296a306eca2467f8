/* SPDX-License-Identifier: MIT */
/* The numbers of an address space: /proc/self/statm, status and stat against what the program
 * did. */
#include "guest.h"
#include <sys/prctl.h>

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

struct numbers {
	long size, resident, shared, text, data;
	long rss_anon, rss_file, rss_shmem, vm_data, vm_stk, vm_exe, vm_lib, vm_pte, vm_peak,
		vm_hwm, vm_lck;
};

static struct numbers read_numbers(void)
{
	static bool again;
	struct numbers n = { 0 };
	long zero1, zero2;

	if (!again) {
		again = true;
		read_numbers(); /* what the reading itself touches is there from now on */
	}

	sscanf(guest_read_file("/proc/self/statm"), "%ld %ld %ld %ld %ld %ld %ld", &n.size,
	       &n.resident, &n.shared, &n.text, &zero1, &n.data, &zero2);
	CHECK_EQ(zero1, 0);
	CHECK_EQ(zero2, 0);
	n.rss_anon = guest_field("/proc/self/status", "RssAnon") / 4;
	n.rss_file = guest_field("/proc/self/status", "RssFile") / 4;
	n.rss_shmem = guest_field("/proc/self/status", "RssShmem") / 4;
	n.vm_data = guest_field("/proc/self/status", "VmData") / 4;
	n.vm_stk = guest_field("/proc/self/status", "VmStk") / 4;
	n.vm_exe = guest_field("/proc/self/status", "VmExe") / 4;
	n.vm_lib = guest_field("/proc/self/status", "VmLib") / 4;
	n.vm_pte = guest_field("/proc/self/status", "VmPTE") / 4;
	n.vm_peak = guest_field("/proc/self/status", "VmPeak") / 4;
	n.vm_hwm = guest_field("/proc/self/status", "VmHWM") / 4;
	n.vm_lck = guest_field("/proc/self/status", "VmLck") / 4;
	return n;
}

/* Since 6.2 Linux batches resident counts per CPU: there they are near, in Quire they are exact. */
static bool near(long a, long b)
{
	return labs(a - b) <= (guest_is_quire() ? 0 : 200);
}

/* All mappings of /proc/self/maps, in pages, but the vsyscall page. */
static long pages_in_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	char line[512];
	long sum = 0;

	while (fgets(line, sizeof(line), f))
		if (!strstr(line, "[vsyscall]") && sscanf(line, "%lx-%lx", &start, &end) == 2)
			sum += (end - start) / PAGE;
	fclose(f);
	return sum;
}

TEST(size_is_the_sum_of_the_mappings)
{
	read_numbers();
	long sum = pages_in_maps();

	CHECK_EQ(read_numbers().size, sum);
	char *p = guest_map(100 * PAGE);

	CHECK_EQ(read_numbers().size, sum + 100);
	munmap(p + 10 * PAGE, 30 * PAGE);
	CHECK_EQ(read_numbers().size, sum + 70);
	mremap(p + 40 * PAGE, 60 * PAGE, 80 * PAGE, MREMAP_MAYMOVE);
	CHECK_EQ(read_numbers().size, sum + 90);
	CHECK_EQ(guest_field("/proc/self/status", "VmSize"), (sum + 90) * 4);
}

TEST(resident_counts_touched_pages)
{
	char *p = guest_map(200 * PAGE);
	struct numbers before = read_numbers(), after;

	memset(p, 1, 150 * PAGE);
	after = read_numbers();
	CHECK(near(after.rss_anon - before.rss_anon, 150));
	CHECK(near(after.resident - before.resident, 150));
	CHECK(near(after.rss_anon + after.rss_file + after.rss_shmem, after.resident));
	CHECK(near(after.rss_file + after.rss_shmem, after.shared));
	before = after;
	munmap(p, 50 * PAGE);
	after = read_numbers();
	CHECK(near(before.rss_anon - after.rss_anon, 50));
}

TEST(shared_memory_counts_as_shmem)
{
	char *p = guest_shared(50 * PAGE);
	struct numbers before = read_numbers(), after;

	memset(p, 1, 50 * PAGE);
	after = read_numbers();
	CHECK(near(after.rss_shmem - before.rss_shmem, 50));
	CHECK(near(after.rss_anon, before.rss_anon));
	CHECK_EXITED(IN_CHILD({
		struct numbers mine = read_numbers();

		memset(p, 2, 50 * PAGE);
		struct numbers then = read_numbers();

		CHECK(near(then.rss_shmem, 51) || then.rss_shmem >= 50);
		CHECK(then.rss_shmem - mine.rss_shmem <= 50 || !guest_is_quire());
	}), 0);
}

TEST(data_text_and_stack)
{
	struct numbers before = read_numbers(), after;

	CHECK(before.vm_exe > 10);
	CHECK_EQ(before.vm_exe, before.text);
	CHECK(before.vm_stk >= 30);
	CHECK_EQ(before.data, before.vm_data + before.vm_stk);
	guest_map(40 * PAGE);
	after = read_numbers();
	CHECK_EQ(after.vm_data - before.vm_data, 40);
	char *p = guest_map(10 * PAGE);

	mprotect(p, 10 * PAGE, PROT_READ);
	CHECK_EQ(read_numbers().vm_data, after.vm_data);
	mprotect(p, 4 * PAGE, RW);
	CHECK_EQ(read_numbers().vm_data, after.vm_data + 4);
	guest_shared(20 * PAGE); /* not data */
	CHECK_EQ(read_numbers().vm_data, after.vm_data + 4);
	mmap(NULL, 6 * PAGE, PROT_READ | PROT_EXEC, ANON, -1, 0);
	CHECK_EQ(read_numbers().vm_exe + read_numbers().vm_lib, after.vm_exe + after.vm_lib + 6);
}

TEST(high_water_marks_stay)
{
	char *p = guest_map(500 * PAGE);

	memset(p, 1, 500 * PAGE);
	struct numbers before = read_numbers();

	munmap(p, 500 * PAGE);
	struct numbers after = read_numbers();

	CHECK_EQ(after.vm_peak, before.vm_peak);
	CHECK_EQ(before.size, before.vm_peak);
	CHECK(after.vm_hwm >= before.resident - (guest_is_quire() ? 0 : 200));
	CHECK_EQ(before.size - after.size, 500);
}

TEST(page_table_pages_are_counted)
{
	struct numbers before = read_numbers(), after;
	char *p = mmap(NULL, 64UL << 20, RW, ANON | MAP_NORESERVE, -1, 0);

	for (int i = 0; i < 32; i++)
		p[(unsigned long)i << 21] = 1; /* a table each */
	after = read_numbers();
	CHECK(after.vm_pte - before.vm_pte >= 31 && after.vm_pte - before.vm_pte <= 36);
	munmap(p, 64UL << 20);
	CHECK(read_numbers().vm_pte <= before.vm_pte + 1);
}

static long stat_number(int which)
{
	const char *p = strrchr(guest_read_file("/proc/self/stat"), ')') + 2;

	for (int i = 3; i < which; i++)
		p = strchr(p, ' ') + 1;
	return strtol(p, NULL, 10);
}

extern char __executable_start, etext, edata, end;

TEST(layout_marks)
{
	int local;
	unsigned long start_code = stat_number(26), end_code = stat_number(27),
		      start_stack = stat_number(28);

	CHECK(start_code <= (unsigned long)data_text_and_stack &&
	      end_code > (unsigned long)data_text_and_stack);
	CHECK(start_stack > (unsigned long)&local);
	CHECK(stat_number(45) < (long)&end &&
	      stat_number(46) > stat_number(45)); /* start_data, end_data */
	CHECK_EQ(stat_number(47) & 4095, 0); /* start_brk */
	CHECK((unsigned long)stat_number(47) <= (unsigned long)sbrk(0));
	CHECK(stat_number(48) > (long)start_stack &&
	      stat_number(49) > stat_number(48));   /* arguments */
	CHECK_EQ(stat_number(50), stat_number(49)); /* the environment follows */
	CHECK(stat_number(51) >= stat_number(50));
	/* vsize is in bytes, rss in pages: read both from one reading. */
	char text[1024];

	snprintf(text, sizeof(text), "%s", guest_read_file("/proc/self/stat"));
	CHECK_EQ(stat_number(23), read_numbers().size * PAGE);
}

TEST(faults_are_counted)
{
	char *p = guest_map(100 * PAGE);
	long resident = read_numbers().resident, before = stat_number(10);
	struct rusage a, b;

	getrusage(RUSAGE_SELF, &a);
	memset(p, 1, 100 * PAGE);
	getrusage(RUSAGE_SELF, &b);
	CHECK(b.ru_minflt - a.ru_minflt >= 100 && b.ru_minflt - a.ru_minflt <= 104);
	CHECK(stat_number(10) - before >= 100);
	CHECK_EQ(b.ru_majflt - a.ru_majflt, 0);
	CHECK(b.ru_maxrss >= (resident + 100 - (guest_is_quire() ? 0 : 200)) * 4);
}

TEST(meminfo_adds_up)
{
	long total = guest_field("/proc/meminfo", "MemTotal"),
	     before = guest_field("/proc/meminfo", "MemFree"), after;
	long available = guest_field("/proc/meminfo", "MemAvailable");

	CHECK(total > before);
	CHECK(available > 0 && available <= total);
	char *p = guest_map(2000 * PAGE);

	memset(p, 1, 2000 * PAGE);
	after = guest_field("/proc/meminfo", "MemFree");
	if (guest_is_quire())
		CHECK(before - after >= 8000 && before - after < 8200);
	munmap(p, 2000 * PAGE);
	CHECK(guest_field("/proc/meminfo", "MemFree") <= total);
}

TEST(fork_copies_the_numbers)
{
	char *p = guest_map(100 * PAGE);

	memset(p, 1, 100 * PAGE);
	struct numbers parent = read_numbers();

	CHECK_EXITED(IN_CHILD({
		struct numbers mine = read_numbers();

		CHECK_EQ(mine.size, parent.size);
		CHECK_EQ(mine.vm_data, parent.vm_data);
		CHECK_EQ(mine.vm_stk, parent.vm_stk);
		CHECK(near(mine.rss_anon, parent.rss_anon) ||
		      labs(mine.rss_anon - parent.rss_anon) <= 8);
		munmap(p, 100 * PAGE);
		CHECK_EQ(parent.size - read_numbers().size, 100);
	}), 0);
	CHECK_EQ(read_numbers().size, parent.size);
}
