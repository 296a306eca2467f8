/* SPDX-License-Identifier: MIT */
/*
 * Does what /proc says of memory add up? The files are compared with one another, in a state that
 * this test has made: processes that share pages in every way there is. On Linux only what Linux
 * promises is checked; Quire accounts for every page it has.
 */
#include "truth.h"
#include <dirent.h>
#include <sys/prctl.h>

#define MAX_PFN	   (1 << 22)
#define ANON_PAGES 1300 /* some page tables full: fork may share them */

/* ---- A family that shares -------------------------------------------------------------------- */

struct family {
	int *go;
	char *anon, *shared, *shm;
	int shm_fd;
	pid_t child[4];
};

/* Four children: the first writes to all it inherited, the second to a half, the third maps the
 * shared file once more, the fourth forks and locks. */
static void start_family(struct family *f)
{
	f->go = guest_shared(PAGE);
	f->anon = guest_map(ANON_PAGES * PAGE);
	f->shared = guest_shared(32 * PAGE);
	f->shm_fd = CHECK_OK(memfd_create("truth", 0));
	CHECK_OK(ftruncate(f->shm_fd, 32 * PAGE));
	f->shm = mmap(NULL, 32 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f->shm_fd, 0);
	madvise(f->anon, ANON_PAGES * PAGE, MADV_NOHUGEPAGE);
	memset(f->anon, 'a', ANON_PAGES * PAGE);
	memset(f->shared, 's', 32 * PAGE);
	memset(f->shm, 'm', 16 * PAGE);
	for (int i = 0; i < 4; i++)
		f->child[i] = IN_CHILD({
			if (i == 0)
				memset(f->anon, 'b', ANON_PAGES * PAGE);
			if (i == 1)
				memset(f->anon, 'c', 32 * PAGE);
			if (i == 2)
				memset(mmap(NULL, 32 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
					    f->shm_fd, 0),
				       'd', 24 * PAGE);
			if (i == 3) {
				if (!fork()) {
					__atomic_fetch_add(f->go + 1, 1, __ATOMIC_RELAXED);
					while (!*(volatile int *)f->go)
						usleep(2000);
					_exit(0);
				}
				mlock(f->anon, 8 * PAGE);
				mlock(f->shm, 8 * PAGE);
			}
			__atomic_fetch_add(f->go + 1, 1, __ATOMIC_RELAXED);
			while (!*(volatile int *)f->go)
				usleep(2000);
			if (i == 3)
				wait(NULL);
		});
	CHECK(WAIT_UNTIL(f->go[1] == 5));
}

static void end_family(struct family *f)
{
	*f->go = 1;
	for (int i = 0; i < 4; i++)
		CHECK_EXITED(f->child[i], 0);
}

/* ---- One process ----------------------------------------------------------------------------- */

static void check_process(pid_t pid)
{
	/* Linux since 6.2 counts rss in batches. */
	long slack = guest_is_quire() ? 0 : 64 * 4 * KIB_A_PAGE;
	long size, resident, shared, text, lib, data, dirty;
	char path[64], name[16];
	struct smaps s;

	snprintf(name, sizeof(name), "%d", pid);
	REQUIRE(read_smaps(name, &s));
	CHECK_EQ(s.shared + s.private, s.rss);
	CHECK(s.pss <= s.rss && s.pss >= s.private - s.vmas);
	CHECK(s.pss_dirty <= s.pss);
	CHECK_EQ(field_of(pid, "smaps_rollup", "Rss"), s.rss);
	CHECK(labs(field_of(pid, "smaps_rollup", "Pss") - s.pss) <= s.vmas);
	CHECK_EQ(field_of(pid, "smaps_rollup", "Anonymous"), s.anonymous);
	CHECK(labs(field_of(pid, "smaps_rollup", "Pss_Anon") +
		   field_of(pid, "smaps_rollup", "Pss_File") +
		   field_of(pid, "smaps_rollup", "Pss_Shmem") -
		   field_of(pid, "smaps_rollup", "Pss")) <= 3);
	CHECK(labs(field_of(pid, "status", "VmRSS") - s.rss) <= slack);
	CHECK(labs(field_of(pid, "status", "RssAnon") - s.anonymous) <= slack);
	CHECK_EQ(field_of(pid, "status", "VmRSS"), field_of(pid, "status", "RssAnon") +
							   field_of(pid, "status", "RssFile") +
							   field_of(pid, "status", "RssShmem"));
	CHECK(field_of(pid, "status", "VmHWM") >= field_of(pid, "status", "VmRSS"));
	CHECK(field_of(pid, "status", "VmPeak") >= field_of(pid, "status", "VmSize"));
	CHECK_EQ(field_of(pid, "status", "VmSize"), s.size);

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	CHECK_EQ(sscanf(guest_read_file(path), "%ld %ld %ld %ld %ld %ld %ld", &size, &resident,
			&shared, &text, &lib, &data, &dirty),
		 7);
	CHECK_EQ(size * KIB_A_PAGE, s.size);
	CHECK(labs(resident * KIB_A_PAGE - s.rss) <= slack);
	CHECK_EQ(lib, 0);
	CHECK_EQ(dirty, 0);
	CHECK_EQ(text * KIB_A_PAGE, field_of(pid, "status", "VmExe"));
	CHECK_EQ(data * KIB_A_PAGE,
		 field_of(pid, "status", "VmData") + field_of(pid, "status", "VmStk"));
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	char *stat = strrchr(guest_read_file(path), ')') + 2, *end;
	long value = 0;

	for (int i = 3; i <= 24; i++) {
		value = strtol(stat, &end, 10);
		if (i == 23)
			CHECK_EQ(value, s.size * 1024);
		if (i == 24)
			CHECK(labs(value * KIB_A_PAGE - s.rss) <= slack);
		stat = strchr(stat, ' ') + 1;
	}
}

TEST(files_of_a_process_agree)
{
	struct family f;

	start_family(&f);
	for (int i = 0; i < 4; i++)
		check_process(f.child[i]);
	CHECK_EQ(field_of(f.child[3], "status", "VmLck"), 16 * KIB_A_PAGE);
	end_family(&f);
}

TEST(pagemap_and_kpagecount_see_the_sharing)
{
	uint64_t mine[64], theirs[64], count, flags;
	int counts = open("/proc/kpagecount", O_RDONLY),
	    kflags = open("/proc/kpageflags", O_RDONLY);
	struct family f;

	if (counts < 0 || kflags < 0)
		guest_skip("needs root and kpagecount");
	start_family(&f);
	read_pagemap(getpid(), f.anon, mine, 64);
	/* The first child has a copy of every page. */
	read_pagemap(f.child[0], f.anon, theirs, 64);
	for (int i = 0; i < 64; i++) {
		CHECK((mine[i] & PRESENT) && (theirs[i] & PRESENT));
		CHECK(PFN(mine[i]) != PFN(theirs[i]));
		CHECK(theirs[i] & EXCLUSIVE);
		CHECK(!(theirs[i] & OF_A_FILE));
	}
	/* The second has copied the first half and shares the other. */
	read_pagemap(f.child[1], f.anon, theirs, 64);
	for (int i = 0; i < 64; i++) {
		CHECK_EQ(PFN(mine[i]) == PFN(theirs[i]), i >= 32);
		CHECK_EQ(!!(theirs[i] & EXCLUSIVE), i < 32);
	}
	/* Who has what: the parent, the third child, the fourth, its child; and the second. */
	for (int i = 0; i < 64; i++) {
		CHECK_EQ(pread(counts, &count, 8, PFN(mine[i]) * 8), 8);
		CHECK_EQ(pread(kflags, &flags, 8, PFN(mine[i]) * 8), 8);
		/* mlock copies what it locks: the fourth child has the first eight alone. */
		CHECK_EQ(count, i < 8 ? 3 : i < 32 ? 4 : 5);
		CHECK(flags & 1 << 12); /* ANON */
		CHECK(flags & 1 << 11); /* MMAP */
		CHECK(!(mine[i] & EXCLUSIVE));
	}
	/* Shared memory: all six, and the third child twice. */
	read_pagemap(getpid(), f.shm, mine, 16);
	for (int i = 0; i < 16; i++) {
		CHECK((mine[i] & PRESENT) && (mine[i] & OF_A_FILE));
		CHECK_EQ(pread(kflags, &flags, 8, PFN(mine[i]) * 8), 8);
		CHECK(!(flags & 1 << 12));
		CHECK_EQ(pread(counts, &count, 8, PFN(mine[i]) * 8), 8);
		/* Page tables of shared memory are filled by faults: who did not touch it has not
		 * mapped it, on Linux; Quire's fork may have shared the table. */
		CHECK(count >= 2 + (i < 8) && count <= 7);
		if (guest_is_quire())
			CHECK_EQ(!!(flags >> 33 & 1), i < 8); /* MLOCKED */
	}
	end_family(&f);
}

TEST(unprivileged_pagemap_hides_frames)
{
	if (getuid())
		guest_skip("needs root");
	CHECK_EXITED(IN_CHILD({
			     char *p = guest_map(PAGE);
			     uint64_t word;

			     setgid(1000);
			     setuid(1000);
			     prctl(PR_SET_DUMPABLE, 1);
			     *p = 1;
			     read_pagemap(getpid(), p, &word, 1);
			     CHECK(word & PRESENT);
			     CHECK_EQ(PFN(word), 0);
			     CHECK_ERRNO(open("/proc/kpagecount", O_RDONLY), EACCES);
			     CHECK_ERRNO(open("/proc/kpageflags", O_RDONLY), EACCES);
		     }),
		     0);
}

/* ---- The machine ----------------------------------------------------------------------------- */

/* Free pages by buddyinfo: blocks of each order. */
static long buddy_pages(void)
{
	char *text = slurp("/proc/buddyinfo"), *at = text;
	long pages = 0;

	while (at && *at) {
		char *end = strchr(at, '\n');

		at = strstr(at, "zone") + 4;
		while (isspace(*at))
			at++;
		while (!isspace(*at))
			at++;
		for (int order = 0; at < end && *at; order++) {
			pages += strtol(at, &at, 10) << order;
			while (*at == ' ')
				at++;
		}
		at = end + 1;
	}
	drop(text);
	return pages;
}

static long zone_sum(const char *key)
{
	return sum_of("/proc/zoneinfo", key);
}

static long slab_pages(void)
{
	char *text = slurp("/proc/slabinfo"), *line, *next;
	long sum = 0, pages, slabs;

	for (line = text; line && *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (sscanf(line,
			   "%*s %*d %*d %*d %*d %ld : tunables %*d %*d %*d : slabdata %*d %ld",
			   &pages, &slabs) == 2)
			sum += pages * slabs;
	}
	drop(text);
	return sum;
}

TEST(every_installed_page_has_an_owner)
{
	static const char *const owners[] = {
		"free",		 "reserved",	 "page tables",	      "slab",
		"kernel stacks", "other kernel", "cache, not mapped", "anon, not mapped", "programs",
	};
	long sum, installed, added;
	char *text = NULL;
	struct family f;

	if (!guest_is_quire())
		guest_skip("only Quire tells");
	start_family(&f);
	/* What runs meanwhile may come between two counts: once in a few times nothing does. */
	for (int i = 0; i < 10; i++) {
		if (text)
			drop(text);
		text = slurp("/proc/quire/memory");
		REQUIRE(text);
		installed = row(text, "installed");
		sum = row(text, "sum");
		if (sum == installed)
			break;
		usleep(20000);
	}
	CHECK_EQ(sum, installed);
	added = 0;
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		CHECK(row(text, owners[i]) >= 0);
		added += row(text, owners[i]);
	}
	CHECK_EQ(added, installed);
	CHECK_EQ(row(text, "free"), row(text, "  in blocks") + row(text, "  on CPUs' lists") +
					    row(text, "  not opened yet"));
	if (sum != installed)
		printf("%s", text);

	/* The other files say the same, but for what this program takes while it reads. */
	CHECK_EQ(meminfo("MemTotal"), installed);
	CHECK(labs(meminfo("MemFree") - row(text, "free")) < 100);
	CHECK(labs(meminfo("Slab") - row(text, "slab")) < 32);
	CHECK(labs(meminfo("Slab") - slab_pages()) < 32);
	CHECK(labs(meminfo("PageTables") - row(text, "page tables")) < 32);
	CHECK_EQ(meminfo("KernelStack"), row(text, "kernel stacks"));
	CHECK(labs(zone_sum("pages free") - meminfo("MemFree")) < 200);
	CHECK_EQ(zone_sum("present"), installed);
	CHECK_EQ(zone_sum("managed"), installed - row(text, "reserved"));
	CHECK(labs(buddy_pages() + zone_sum("count:") - meminfo("MemFree")) < 100);
	CHECK(labs(sum_of("/proc/vmstat", "nr_free_pages") - meminfo("MemFree")) < 100);
	drop(text);
	end_family(&f);
}

TEST(shares_add_up_to_the_mapped_pages)
{
	long pss = 0, vmas = 0, mapped;
	struct dirent *entry;
	struct family f;
	struct smaps s;
	DIR *proc;

	if (!guest_is_quire())
		guest_skip("other programs run");
	start_family(&f);
	proc = opendir("/proc");
	while ((entry = readdir(proc))) {
		if (isdigit(entry->d_name[0]) && read_smaps(entry->d_name, &s)) {
			pss += s.pss;
			vmas += s.vmas;
		}
	}
	closedir(proc);
	mapped = guest_field("/proc/meminfo", "AnonPages") + guest_field("/proc/meminfo", "Mapped");
	/* Each VMA's figure is cut to KiB; the reading itself touches a few pages. */
	CHECK(mapped - pss >= -64 && mapped - pss <= vmas + 64);
	if (mapped - pss < -64 || mapped - pss > vmas + 64)
		printf("mapped %ld kB, shares %ld kB, %ld mappings\n", mapped, pss, vmas);
	CHECK_EQ(meminfo("Mlocked"), 16);
	CHECK_EQ(sum_of("/proc/vmstat", "nr_mlock"), 16);
	end_family(&f);
	CHECK_EQ(meminfo("Mlocked"), 0);
}

/* Frame by frame: what each is used for, and the sums in meminfo. */
TEST(frames_by_their_flags)
{
	long anon = 0, mapped = 0, slab = 0, table = 0, free = 0, reserved = 0, nopage = 0, n = 0;
	static uint64_t flags[4096], counts[4096];
	struct family f;
	int kflags, kcounts;
	ssize_t got;

	if (!guest_is_quire())
		guest_skip("other programs run");
	kflags = open("/proc/kpageflags", O_RDONLY);
	kcounts = open("/proc/kpagecount", O_RDONLY);
	if (kflags < 0)
		guest_skip("needs root");
	start_family(&f);
	memset(flags, 0, sizeof(flags)); /* have their pages before they are counted */
	memset(counts, 0, sizeof(counts));
	meminfo("AnonPages");
	while ((got = read(kflags, flags, sizeof(flags))) > 0) {
		CHECK_EQ(read(kcounts, counts, sizeof(counts)), got);
		for (int i = 0; i < got / 8; i++, n++) {
			bool map = flags[i] >> 11 & 1;

			slab += flags[i] >> 7 & 1;
			free += flags[i] >> 10 & 1;
			table += flags[i] >> 26 & 1;
			reserved += flags[i] >> 32 & 1;
			nopage += flags[i] >> 20 & 1;
			anon += map && (flags[i] >> 12 & 1);
			mapped += map && !(flags[i] >> 12 & 1);
			if (map != (counts[i] > 0))
				CHECK_EQ(map, counts[i] > 0);
		}
	}
	CHECK_EQ(read(kcounts, counts, sizeof(counts)), 0);
	CHECK(n <= MAX_PFN && n >= meminfo("MemTotal"));
	CHECK_EQ(n - nopage, meminfo("MemTotal"));
	CHECK(labs(anon - meminfo("AnonPages")) < 16);
	CHECK(labs(mapped - meminfo("Mapped")) < 16);
	CHECK(labs(slab - meminfo("Slab")) < 32);
	CHECK(labs(table - meminfo("PageTables")) < 16);
	CHECK_EQ(zone_sum("managed"), meminfo("MemTotal") - reserved);
	/* Free pages on CPUs' lists are not in a block. */
	CHECK(labs(free + zone_sum("count:") - meminfo("MemFree")) < 100);
	end_family(&f);
}

TEST(the_audit_agrees)
{
	struct family f;
	char *text;

	if (!guest_is_quire())
		guest_skip("only Quire audits itself");
	start_family(&f);
	text = slurp("/proc/quire/audit");
	REQUIRE(text);
	CHECK(strstr(text, "\n0 problems\n"));
	if (!strstr(text, "\n0 problems\n"))
		printf("%s", text);
	drop(text);
	end_family(&f);
}
