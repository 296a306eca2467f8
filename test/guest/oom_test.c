/* SPDX-License-Identifier: MIT */
/* When memory runs out: who is killed, who is not, and what the log says of it. */
#include "oom.h"
#include <sys/klog.h>

/* ---- Who goes -------------------------------------------------------------------------------- */

TEST(an_eater_dies_alone)
{
	needs_small_machine();
	struct stage *s = new_stage();
	pid_t a = sleeper(s, 0, MIB, "0"), b = sleeper(s, 1, part(10), "0");
	char *p = hold(part(10));
	long before = guest_field("/proc/meminfo", "MemFree");

	CHECK_DIES(SIGKILL, eat());
	CHECK(WAIT_UNTIL(before - guest_field("/proc/meminfo", "MemFree") < 2048));
	CHECK_EQ(guest_task_state(a), 'S');
	CHECK_EQ(guest_task_state(b), 'S');
	CHECK(holds(p, part(10)));
	end(a);
	end(b);
}

TEST(of_a_family_that_shares_memory_one_is_killed)
{
	needs_small_machine();
	size_t size = part(25);
	struct stage *s = new_stage();
	char *p = hold(size);
	pid_t sibling = IN_CHILD({
		for (size_t i = 0; i < size; i += 64 * PAGE)
			p[i] = 'x';
		s->ready[0] = 1;
		while (!s->ready[1])
			guest_sleep_ms(1);
		for (size_t i = 0; i < size; i += PAGE)
			CHECK(p[i] == (i % (64 * PAGE) ? (char)(i / PAGE) : 'x'));
	});

	CHECK(WAIT_UNTIL(s->ready[0]));
	CHECK_DIES(SIGKILL, p[PAGE] = 1; eat());
	CHECK(holds(p, size));
	s->ready[1] = 1;
	CHECK_EXITED(sibling, 0);
	for (size_t i = 0; i < size; i += PAGE)
		p[i]++;
	CHECK_EQ(p[size - PAGE], (char)(size / PAGE));
}

TEST(oom_score_adj_of_1000_goes_first)
{
	needs_small_machine();
	struct stage *s = new_stage();
	pid_t small = sleeper(s, 0, MIB, "1000"), large = sleeper(s, 1, part(30), "0");
	pid_t eater = IN_CHILD(eat());

	CHECK_KILLED(small, SIGKILL);
	CHECK_KILLED(eater, SIGKILL);
	CHECK_EQ(guest_task_state(large), 'S');
	end(large);
}

TEST(oom_score_adj_of_minus_1000_never_goes)
{
	needs_small_machine();
	if (getuid())
		guest_skip("needs root");
	struct stage *s = new_stage();
	pid_t large = sleeper(s, 0, part(60), "-1000");

	CHECK_DIES(SIGKILL, eat());
	CHECK_EQ(guest_task_state(large), 'S');
	end(large);
}

TEST(mlocked_memory_comes_back_too)
{
	needs_small_machine();
	long before = guest_field("/proc/meminfo", "MemFree");

	CHECK_DIES(SIGKILL, {
		char *p = mmap(NULL, part(50), RW, ANON, -1, 0);

		mlock(p, part(50));
		mlockall(MCL_FUTURE);
		eat();
	});
	CHECK(WAIT_UNTIL(before - guest_field("/proc/meminfo", "MemFree") < 2048));
}

TEST(who_asks_is_killed_if_that_is_set)
{
	needs_small_machine();
	if (getuid() || access("/proc/sys/vm/oom_kill_allocating_task", W_OK))
		guest_skip("needs root");
	struct stage *s = new_stage();

	guest_write_file("/proc/sys/vm/oom_kill_allocating_task", "1", 0644);
	pid_t large = sleeper(s, 0, part(60), "0");

	CHECK_DIES(SIGKILL, eat());
	CHECK_EQ(guest_task_state(large), 'S');
	guest_write_file("/proc/sys/vm/oom_kill_allocating_task", "0", 0644);
	end(large);
}

/* ---- Limits and scores ----------------------------------------------------------------------- */

TEST(beyond_RLIMIT_AS_is_ENOMEM)
{
	CHECK_EXITED(IN_CHILD({
			     struct rlimit limit = {64 * MIB, 64 * MIB};
			     size_t got = 0;
			     char *p;

			     CHECK_OK(setrlimit(RLIMIT_AS, &limit));
			     while ((p = mmap(NULL, MIB, RW, ANON, -1, 0)) != MAP_FAILED) {
				     memset(p, 1, MIB);
				     got += MIB;
			     }
			     CHECK_EQ(errno, ENOMEM);
			     CHECK(got >= 32 * MIB && got < 64 * MIB);
		     }),
		     0);
}

static long number_in(pid_t pid, const char *file)
{
	char path[64];

	sprintf(path, "/proc/%d/%s", pid, file);
	return atol(guest_read_file(path));
}

static bool write_number(pid_t pid, const char *file, int value)
{
	char path[64], text[16];
	int fd, n = sprintf(text, "%d\n", value);
	bool ok;

	sprintf(path, "/proc/%d/%s", pid, file);
	fd = open(path, O_WRONLY);
	ok = fd >= 0 && write(fd, text, n) == n;
	n = errno;
	close(fd);
	errno = n;
	return ok;
}

TEST(oom_score_follows_size_and_adj)
{
	struct stage *s = new_stage();
	size_t size = memory() > 4096 * MIB ? 64 * MIB : part(20);
	pid_t small = sleeper(s, 0, PAGE, "0"), large = sleeper(s, 1, size, "0");
	long before = number_in(large, "oom_score");

	CHECK(before >= number_in(small, "oom_score"));
	if (memory() < 4096 * MIB)
		CHECK(before > number_in(small, "oom_score"));
	CHECK(before >= 666 && before < 1333);
	REQUIRE(write_number(large, "oom_score_adj", 500));
	CHECK_EQ(number_in(large, "oom_score_adj"), 500);
	/* 500 thousandths, of which two thirds are shown, less what is lost by rounding. */
	CHECK(number_in(large, "oom_score") - before > 320);
	CHECK(number_in(large, "oom_score") - before <= 334);
	CHECK(write_number(large, "oom_score_adj", 1000));
	CHECK(number_in(large, "oom_score") >= 1330);
	CHECK(!write_number(large, "oom_score_adj", 1001));
	CHECK_EQ(errno, EINVAL);
	CHECK(!write_number(large, "oom_score_adj", -1001));
	if (!getuid() && write_number(large, "oom_score_adj", -1000)) {
		CHECK_EQ(number_in(large, "oom_score"), 0);
		CHECK(write_number(large, "oom_score_adj", -500));
		CHECK(number_in(large, "oom_score") < before);
	}
	end(small);
	end(large);
}

TEST(oom_adj_is_the_same_on_an_older_scale)
{
	struct stage *s = new_stage();
	pid_t pid = sleeper(s, 0, PAGE, "0");

	CHECK_EQ(number_in(pid, "oom_adj"), 0);
	CHECK(write_number(pid, "oom_score_adj", 1000));
	CHECK_EQ(number_in(pid, "oom_adj"), 15);
	CHECK(write_number(pid, "oom_score_adj", 500));
	CHECK_EQ(number_in(pid, "oom_adj"), 8);
	CHECK(write_number(pid, "oom_adj", 10));
	CHECK_EQ(number_in(pid, "oom_score_adj"), 588);
	CHECK(write_number(pid, "oom_adj", 15));
	CHECK_EQ(number_in(pid, "oom_score_adj"), 1000);
	CHECK(!write_number(pid, "oom_adj", 16));
	CHECK_EQ(errno, EINVAL);
	CHECK(!write_number(pid, "oom_adj", -18));
	if (!getuid() && write_number(pid, "oom_adj", -17))
		CHECK_EQ(number_in(pid, "oom_score_adj"), -1000);
	end(pid);
}

static int pausing(void *unused)
{
	for (;;)
		pause();
	return 0;
}

TEST(who_shares_memory_shares_oom_score_adj)
{
	struct stage *s = new_stage();
	pid_t pid = IN_CHILD({
		static char stack[16384];

		s->pid = clone(pausing, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
		for (;;)
			pause();
	});

	CHECK(WAIT_UNTIL(s->pid > 0));
	CHECK(write_number(pid, "oom_score_adj", 300));
	CHECK_EQ(number_in(s->pid, "oom_score_adj"), 300);
	kill(s->pid, SIGKILL);
	end(pid);
}

/* ---- The report ------------------------------------------------------------------------------ */

static char log_text[1 << 18];

/* The last line of the log that has @text, from there on; NULL: none. */
static const char *last_line(const char *text)
{
	const char *found = NULL, *at = log_text;

	while ((at = strstr(at, text))) {
		found = at;
		at++;
	}
	return found;
}

/* The number behind @key in the text from @from on. */
static long number_after(const char *from, const char *key)
{
	const char *at = from ? strstr(from, key) : NULL;

	return at ? atol(at + strlen(key)) : -1;
}

TEST(the_report_adds_up)
{
	static const char *const owners[] = {" anon:", " file:",  " shmem:",  " table:",
					     " slab:", " stack:", " kernel:", " in_flight:"};
	struct stage *s = new_stage();

	needs_small_machine();
	if (!guest_is_quire())
		guest_skip("another kernel's report");
	pid_t pid = sleeper(s, 0, part(20), "1000");
	char path[64], row[64];

	sprintf(path, "/proc/%d/status", pid);
	long anon = guest_field(path, "RssAnon") + guest_field(path, "VmSwap");
	long size = guest_field(path, "VmSize"), tables = guest_field(path, "VmPTE");

	CHECK_DIES(SIGKILL, eat());
	CHECK_KILLED(pid, SIGKILL);
	CHECK(klogctl(3, log_text, sizeof(log_text) - 1) > 0);

	/* The first of the two reports: it names the sleeper, which asked for nothing meanwhile. */
	sprintf(row, "Killed process %d (", pid);
	const char *killed = strstr(log_text, row), *report;

	REQUIRE(killed);
	CHECK_EQ(number_after(killed, "total-vm:"), size);
	CHECK_EQ(number_after(killed, "UID:"), getuid());
	CHECK_EQ(number_after(killed, "oom_score_adj:"), 1000);
	CHECK_EQ(number_after(killed, "pgtables:"), tables);
	if (!swap())
		CHECK_EQ(number_after(killed, "anon-rss:"), anon);
	for (report = log_text; strstr(report + 1, "Mem-Info (pages):") &&
				strstr(report + 1, "Mem-Info (pages):") < killed;)
		report = strstr(report + 1, "Mem-Info (pages):");
	long sum = number_after(report, " free:") + number_after(report, " reserved:");

	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		long pages = number_after(report, owners[i]);

		CHECK(pages != -1);
		sum += pages;
	}
	CHECK_EQ(sum, number_after(report, " total:"));
	CHECK_EQ(sum * 4, guest_field("/proc/meminfo", "MemTotal"));

	/* Its line in the table of tasks. */
	unsigned long total_vm, rss, rss_anon, rss_file, rss_shmem, table_bytes, swapents;
	long adj, score;
	unsigned int uid;

	sprintf(row, "[%7d]", pid);
	const char *line = strstr(report, row);

	REQUIRE(line && line < killed);
	CHECK_EQ(sscanf(line + strlen(row), "%u %lu %lu %lu %lu %lu %lu %lu %ld %ld", &uid,
			&total_vm, &rss, &rss_anon, &rss_file, &rss_shmem, &table_bytes, &swapents,
			&adj, &score),
		 10);
	CHECK_EQ(total_vm * 4, size);
	CHECK_EQ((rss_anon + swapents) * 4, anon);
	CHECK_EQ(rss, rss_anon + rss_file + rss_shmem);
	CHECK_EQ(table_bytes / 1024, tables);
	CHECK_EQ(adj, 1000);
	CHECK(score >= 1333);
	/* Why, and what came of it. */
	sprintf(row, "process %d (", pid);
	CHECK(strstr(report, row));
	CHECK(strstr(report, "and oom_score_adj 1000 adds"));
	CHECK(WAIT_UNTIL(klogctl(3, log_text, sizeof(log_text) - 1) > 0 &&
			 last_line("has given back")));
	if (!access("/proc/quire/audit", R_OK)) {
		const char *audit = guest_read_file("/proc/quire/audit");

		if (!CHECK(strstr(audit, "\n0 problems")))
			fputs(audit, stdout);
	}
}
