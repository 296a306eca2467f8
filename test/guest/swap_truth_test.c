/* SPDX-License-Identifier: MIT */
/*
 * Does what /proc says of swap add up? Every file that tells of it is compared with the others and
 * with what the test has done: private pages and pages of memory files swapped, shared by fork,
 * brought back, under pressure. Each test makes /dev/vda its swap device if there is no other.
 */
#include "swap_device.h"
#include <dirent.h>
#include <sys/sysinfo.h>

#define PAGES  1024 /* two page tables full, so that fork shares them */

static long event(const char *name)
{
	return sum_of("/proc/vmstat", name);
}

/* Numbers of the machine. */
struct machine {
	long used, programs, files, cached, out, in, majflt;
};

static void read_machine(struct machine *m)
{
	char *text = slurp("/proc/quire/memory");

	REQUIRE(text);
	m->used = row(text, "swap slots") - row(text, "  free");
	m->programs = row(text, "  programs");
	m->files = row(text, "  memory files");
	m->cached = row(text, "  for the cache");
	drop(text);
	m->out = event("pswpout");
	m->in = event("pswpin");
	m->majflt = event("pgmajfault");
}

/* Reclaim goes on for a while, and reading needs memory, too: figures that are to be compared are
 * read again until no page has come or gone meanwhile. */
#define QUIETLY(...)                                                                               \
	do {                                                                                       \
		for (int try_ = 0; try_ < 50; try_++) {                                            \
			long before_ = event("pswpout") + event("pswpin") + event("pgsteal_anon"); \
			__VA_ARGS__;                                                               \
			if (event("pswpout") + event("pswpin") + event("pgsteal_anon") == before_) \
				break;                                                             \
			guest_sleep_ms(20);                                                        \
		}                                                                                  \
	} while (0)

/* Every slot stands for something; the files agree on how many are used. */
static void check_slots(const char *when)
{
	long total = 0, used = 0, prio, meminfo_used = 0;
	char name[128], type[32] = "", *text = NULL, *swaps = NULL, *line;

	QUIETLY({
		if (text) {
			drop(text);
			drop(swaps);
		}
		text = slurp("/proc/quire/memory");
		swaps = slurp("/proc/swaps");
		meminfo_used = meminfo("SwapTotal") - meminfo("SwapFree");
	});
	if (!(CHECK_EQ(row(text, "  sum"), row(text, "swap slots")) &
	      CHECK_EQ(row(text, "sum"), row(text, "installed"))))
		printf("%s:\n%s", when, text);
	line = strchr(swaps, '\n') + 1;
	CHECK_EQ(sscanf(line, "%127s %31s %ld %ld %ld", name, type, &total, &used, &prio), 5);
	CHECK_STR(type, "partition");
	if (!strchr(strchr(line, '\n') + 1, '\n')) {
		CHECK_EQ(total / KIB_A_PAGE, row(text, "swap slots"));
		CHECK_EQ(used / KIB_A_PAGE, row(text, "swap slots") - row(text, "  free"));
		CHECK_EQ(used / KIB_A_PAGE, meminfo_used);
	}
	drop(text);
	drop(swaps);
}

/* Entries of [at, at + n pages) of a process that are in swap. */
static long swapped_entries(pid_t pid, const void *at, size_t n)
{
	static uint64_t words[4096];
	long swapped = 0, wrong = 0;

	read_pagemap(pid, at, words, n);
	for (size_t i = 0; i < n; i++) {
		if (!(words[i] & SWAPPED))
			continue;
		swapped++;
		/* A slot of the first area, never its header. */
		wrong += (words[i] & (PRESENT | EXCLUSIVE | OF_A_FILE)) || PFN(words[i]) & 31 ||
			 PFN(words[i]) >> 5 == 0;
	}
	CHECK_EQ(wrong, 0);
	return swapped;
}

static void fill(char *p, long pages, int tag)
{
	for (long i = 0; i < pages; i++)
		memset(p + i * PAGE, tag + i, PAGE);
}

static void verify(const char *p, long pages, int tag)
{
	long wrong = 0;

	for (long i = 0; i < pages; i++)
		wrong +=
			p[i * PAGE] != (char)(tag + i) || p[i * PAGE + PAGE - 1] != (char)(tag + i);
	CHECK_EQ(wrong, 0);
}

/* Ask for all of it until it is out: what somebody looks at just now stays. */
static void page_out(char *p, long pages)
{
	for (int i = 0; i < 10; i++) {
		CHECK_OK(madvise(p, pages * PAGE, MADV_PAGEOUT));
		if (swapped_entries(getpid(), p, pages) == pages)
			return;
		guest_sleep_ms(20);
	}
}

/* Entries of all of a process's memory that are in swap. */
static long all_swapped_entries(pid_t pid)
{
	char path[64], *maps, *line;
	unsigned long start, end;
	long swapped = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = slurp(path);
	for (line = maps; line && *line; line = strchr(line, '\n') + 1) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2 || start >> 63)
			continue;
		for (; start < end; start += 4096 * PAGE)
			swapped += swapped_entries(
				pid, (void *)start,
				(end - start < 4096 * PAGE ? end - start : 4096 * PAGE) / PAGE);
	}
	drop(maps);
	return swapped;
}

/* One process's files agree. (smaps also tells of memory files in swap, such as programs in the root
 * file system.) */
static void check_process(pid_t pid)
{
	long vm_swap = 0, rollup = 0, rollup_pss = 0, vm_rss = 0, entries = 0;
	struct smaps s;
	char name[16];

	snprintf(name, sizeof(name), "%d", pid);
	QUIETLY({
		REQUIRE(read_smaps(name, &s));
		vm_swap = field_of(pid, "status", "VmSwap");
		vm_rss = field_of(pid, "status", "VmRSS");
		rollup = field_of(pid, "smaps_rollup", "Swap");
		rollup_pss = field_of(pid, "smaps_rollup", "SwapPss");
		entries = all_swapped_entries(pid);
	});
	CHECK_EQ(vm_swap, entries * KIB_A_PAGE);
	CHECK(vm_swap <= s.swap);
	CHECK_EQ(vm_rss, s.rss);
	CHECK_EQ(rollup, s.swap);
	CHECK(labs(rollup_pss - s.swap_pss) <= s.vmas);
	CHECK(s.swap_pss <= vm_swap);
}

/* KiB that smaps says of swap for our mapping at @at: Swap, SwapPss. */
static void swap_of_mapping(const void *at, long *swap, long *pss)
{
	char *text = slurp("/proc/self/smaps"), *line, key[32];

	snprintf(key, sizeof(key), "%08lx-", (unsigned long)at);
	*swap = *pss = -1;
	line = strstr(text, key);
	if (line && strstr(line, "\nSwap:")) {
		*swap = atol(strstr(line, "\nSwap:") + 6);
		*pss = atol(strstr(line, "\nSwapPss:") + 9);
	}
	drop(text);
}

/* Sum of everybody's SwapPss is what programs have in swap, that of their Pss what they have in
 * memory. */
static void check_shares(void)
{
	long swap_pss = 0, pss = 0, vmas = 0, slots = 0, mapped = 0;
	struct dirent *entry;
	struct machine m;
	struct smaps s;
	DIR *proc;

	QUIETLY({
		swap_pss = pss = vmas = 0;
		proc = opendir("/proc");
		while ((entry = readdir(proc))) {
			if (isdigit(entry->d_name[0]) && read_smaps(entry->d_name, &s)) {
				swap_pss += s.swap_pss;
				pss += s.pss;
				vmas += s.vmas;
			}
		}
		closedir(proc);
		read_machine(&m);
		slots = m.programs * KIB_A_PAGE;
		mapped = (meminfo("AnonPages") + meminfo("Mapped")) * KIB_A_PAGE;
	});
	if (!CHECK(slots - swap_pss >= -32 && slots - swap_pss <= vmas + 32))
		printf("programs' slots %ld kB, shares %ld kB, %ld mappings\n", slots, swap_pss,
		       vmas);
	if (!CHECK(mapped - pss >= -64 && mapped - pss <= vmas + 64))
		printf("mapped %ld kB, shares %ld kB, %ld mappings\n", mapped, pss, vmas);
}

#define KPF_LRU	       5
#define KPF_ACTIVE     6
#define KPF_ANON       12
#define KPF_SWAPCACHE  13
#define KPF_SWAPBACKED 14

/* Frames by their flags against meminfo's lists. */
static void check_frames(void)
{
	long cached = 0, active = 0, listed = 0, wrong = 0;
	long mem_cached = 0, mem_active = 0, mem_listed = 0;
	static uint64_t flags[4096];
	int fd = CHECK_OK(open("/proc/kpageflags", O_RDONLY));
	ssize_t got;

	QUIETLY({
		cached = active = listed = wrong = 0;
		lseek(fd, 0, SEEK_SET);
		while ((got = read(fd, flags, sizeof(flags))) > 0) {
			for (int i = 0; i < got / 8; i++) {
				cached += flags[i] >> KPF_SWAPCACHE & 1;
				listed += flags[i] >> KPF_LRU & 1;
				active += (flags[i] >> KPF_LRU & flags[i] >> KPF_ACTIVE) & 1;
				wrong += (flags[i] >> KPF_ANON & 1) &&
					 !(flags[i] >> KPF_SWAPBACKED & 1);
			}
		}
		mem_cached = meminfo("SwapCached");
		mem_active = meminfo("Active");
		mem_listed = mem_active + meminfo("Inactive") + meminfo("Unevictable");
	});
	close(fd);
	CHECK_EQ(wrong, 0);
	CHECK(labs(cached - mem_cached) < 16);
	CHECK(labs(active - mem_active) < 64);
	CHECK(labs(listed - mem_listed) < 64);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

TEST(swapped_pages_are_told_everywhere)
{
	unsigned char core[PAGES];
	struct machine before, after;
	struct sysinfo info;
	struct rusage usage;
	char *p;
	long n;

	need_swap();
	p = guest_map(PAGES * PAGE);
	fill(p, PAGES, 'a');
	read_machine(&before);
	page_out(p, PAGES);
	n = swapped_entries(getpid(), p, PAGES);
	CHECK_EQ(n, PAGES);
	read_machine(&after);
	CHECK(after.out - before.out >= n);
	CHECK(after.programs - before.programs >= n);
	CHECK(field_of(getpid(), "status", "VmSwap") >= n * KIB_A_PAGE);
	check_process(getpid());
	check_slots("swapped");
	check_shares();
	check_frames();
	sysinfo(&info);
	CHECK_EQ(info.totalswap * info.mem_unit / PAGE, meminfo("SwapTotal"));
	CHECK(labs((long)(info.freeswap * info.mem_unit / PAGE) - meminfo("SwapFree")) < 64);
	CHECK_EQ(info.bufferram * info.mem_unit / PAGE, meminfo("Buffers"));
	CHECK_OK(mincore(p, PAGES * PAGE, core));
	/* A page that is still in the swap cache is in memory. */
	for (int i = 0; i < PAGES; i++)
		n -= !(core[i] & 1);
	CHECK(n <= after.cached + meminfo("SwapCached") + 64);

	getrusage(RUSAGE_SELF, &usage);
	long faults = usage.ru_majflt, majflt = event("pgmajfault"), in = event("pswpin");

	verify(p, PAGES, 'a');
	getrusage(RUSAGE_SELF, &usage);
	CHECK(usage.ru_majflt > faults);
	CHECK_EQ(event("pgmajfault") - majflt, usage.ru_majflt - faults);
	/* Each page is read once; those that nobody waited for were read ahead. */
	CHECK(event("pswpin") - in >= usage.ru_majflt - faults);
	CHECK(event("pswpin") - in <= PAGES + 64);
	CHECK_EQ(swapped_entries(getpid(), p, PAGES), 0);
	check_process(getpid());
	check_slots("back");
	CHECK_OK(munmap(p, PAGES * PAGE));
	read_machine(&after);
	CHECK(after.used <= before.used + 64);
	check_slots("gone");
	end_swap();
}

TEST(shares_of_slots)
{
	int *go = guest_shared(PAGE);
	struct smaps mine, theirs;
	char *p, name[16];
	pid_t child;

	need_swap();
	p = guest_map(PAGES * PAGE);
	fill(p, PAGES, 'a');
	page_out(p, PAGES);
	REQUIRE(swapped_entries(getpid(), p, PAGES) == PAGES);
	child = IN_CHILD({
		go[1] = 1;
		WAIT_UNTIL(*(volatile int *)go >= 1);
		verify(p, PAGES / 2, 'a');
		go[1] = 2;
		WAIT_UNTIL(*(volatile int *)go >= 2);
		fill(p, PAGES, 'b');
		go[1] = 3;
		WAIT_UNTIL(*(volatile int *)go >= 3);
	});
	snprintf(name, sizeof(name), "%d", child);
	/* All shared: half for each. */
	CHECK(WAIT_UNTIL(go[1] == 1));
	REQUIRE(read_smaps("self", &mine) && read_smaps(name, &theirs));
	CHECK_EQ(swapped_entries(getpid(), p, PAGES), PAGES);
	CHECK_EQ(swapped_entries(child, p, PAGES), PAGES);
	CHECK(labs(mine.swap_pss - PAGES * KIB_A_PAGE / 2) <= 16 * KIB_A_PAGE);
	CHECK(labs(theirs.swap_pss - mine.swap_pss) <= 16 * KIB_A_PAGE);
	check_process(child);
	check_slots("shared");
	check_shares();
	/* The child has read half of them: what it no longer has in swap is the parent's alone. */
	*go = 1;
	CHECK(WAIT_UNTIL(go[1] == 2));
	REQUIRE(read_smaps("self", &mine) && read_smaps(name, &theirs));
	CHECK(swapped_entries(child, p, PAGES / 2) == 0);
	CHECK_EQ(swapped_entries(child, p + PAGES / 2 * PAGE, PAGES / 2), PAGES / 2);
	check_process(getpid());
	check_process(child);
	check_slots("half read");
	check_shares();
	/* It has written to all: nothing is shared. */
	*go = 2;
	CHECK(WAIT_UNTIL(go[1] == 3));
	check_process(child);
	check_slots("written");
	check_shares();
	*go = 3;
	CHECK_EXITED(child, 0);
	verify(p, PAGES, 'a');
	check_slots("alone again");
	end_swap();
}

/* Pages of a memory file have no entries: their slots are the file's. */
TEST(a_file_in_swap)
{
	struct machine before, after;
	long swap, pss;
	char *p, *q;
	int fd;

	need_swap();
	fd = CHECK_OK(memfd_create("swap", 0));
	CHECK_OK(ftruncate(fd, PAGES * PAGE));
	p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	fill(p, PAGES, 'f');
	read_machine(&before);
	for (int i = 0; i < 10; i++) {
		CHECK_OK(madvise(p, PAGES * PAGE, MADV_PAGEOUT));
		read_machine(&after);
		if (after.files - before.files == PAGES)
			break;
		guest_sleep_ms(20);
	}
	CHECK_EQ(after.files - before.files, PAGES);
	CHECK_EQ(swapped_entries(getpid(), p, PAGES), 0);
	swap_of_mapping(p, &swap, &pss);
	CHECK_EQ(swap, PAGES * KIB_A_PAGE);
	CHECK_EQ(pss, 0);
	/* A second mapping of a half sees that half; a private one what it has not covered. */
	q = mmap(NULL, PAGES / 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	swap_of_mapping(q, &swap, &pss);
	CHECK_EQ(swap, PAGES / 2 * KIB_A_PAGE);
	munmap(q, PAGES / 2 * PAGE);
	check_process(getpid());
	check_slots("file out");
	check_shares();
	q = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	fill(q, PAGES / 4, 'q');
	swap_of_mapping(q, &swap, &pss);
	CHECK_EQ(pss, 0);
	CHECK(swap <= PAGES * 3 / 4 * KIB_A_PAGE && swap >= PAGES / 2 * KIB_A_PAGE);
	munmap(q, PAGES * PAGE);
	verify(p, PAGES, 'f');
	swap_of_mapping(p, &swap, &pss);
	CHECK_EQ(swap, 0);
	check_process(getpid());
	check_slots("file back");
	munmap(p, PAGES * PAGE);
	close(fd);
	read_machine(&after);
	/* Others' may have come back meanwhile: programs in the root file system. */
	CHECK(after.files <= before.files);
	end_swap();
}

/* More than there is room for: everything still adds up while it is so, and afterwards. */
TEST(sums_under_pressure)
{
	int *go = guest_shared(PAGE);
	long free, swap, pages;
	struct machine m, before;
	pid_t child;

	need_swap();
	free = meminfo("MemFree");
	swap = meminfo("SwapFree");
	pages = free + swap / 2;
	if (pages > 160 << 8 || swap < 4 << 8)
		guest_skip("memory is large, or swap small");
	read_machine(&before);
	child = IN_CHILD({
		char *p = guest_map(pages * PAGE);

		fill(p, pages, 'p');
		go[1] = 1;
		WAIT_UNTIL(*(volatile int *)go);
		verify(p, pages, 'p');
	});
	CHECK(WAIT_UNTIL(go[1] || guest_task_state(child) == 'Z'));
	check_process(child);
	check_slots("full");
	check_shares();
	check_frames();
	read_machine(&m);
	CHECK(m.out - before.out >= swap / 4);
	CHECK(m.programs >= swap / 4);
	CHECK(event("pgscan_anon") >= event("pgsteal_anon"));
	CHECK(event("pgsteal_anon") > 0);
	CHECK(event("pgsteal_kswapd") + event("pgsteal_direct") ==
	      event("pgsteal_anon") + event("pgsteal_file"));
	CHECK(event("pgscan_kswapd") + event("pgscan_direct") ==
	      event("pgscan_anon") + event("pgscan_file"));
	/* The lists hold what the frames say. */
	CHECK(labs(event("nr_inactive_anon") - sum_of("/proc/zoneinfo", "nr_zone_inactive_anon")) <
	      256);
	CHECK(labs(event("nr_active_anon") - sum_of("/proc/zoneinfo", "nr_zone_active_anon")) <
	      256);
	*go = 1;
	CHECK_EXITED(child, 0);
	check_slots("after");
	check_shares();
	read_machine(&m);
	CHECK(m.programs < swap / 4 + before.programs);
	end_swap();
}
