/* SPDX-License-Identifier: MIT */
/*
 * Does what /proc says of memory add up? The files are compared with one another, in a state that
 * this test has made: processes that share pages in every way there is. On Linux only what Linux
 * promises is checked; Quire accounts for every page it has.
 */
#include "guest.h"
#include <ctype.h>
#include <dirent.h>
#include <sys/prctl.h>

#define KIB_A_PAGE 4
#define MAX_PFN	   (1 << 22)
#define ANON_PAGES 1300 /* some page tables full: fork may share them */

static char *slurp(const char *path)
{
	size_t size = 4 << 20, length = 0;
	char *text = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return NULL;
	while ((n = read(fd, text + length, size - 1 - length)) > 0)
		length += n;
	close(fd);
	return text;
}

static void drop(char *text)
{
	munmap(text, 4 << 20);
}

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

struct smaps {
	long vmas, size, rss, pss, shared, private, anonymous, locked, referenced, pss_dirty;
};

/* Sum of a process's smaps; false if it is not there. */
static bool read_smaps(const char *pid, struct smaps *s)
{
	char path[64], *text, *line, *next, key[64];
	long value;

	memset(s, 0, sizeof(*s));
	snprintf(path, sizeof(path), "/proc/%s/smaps", pid);
	text = slurp(path);
	if (!text)
		return false;
	for (line = text; *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (sscanf(line, "%63[^:]: %ld", key, &value) != 2)
			continue;
		if (!strcmp(key, "Size")) {
			s->vmas++;
			s->size += value;
		}
		s->rss += strcmp(key, "Rss") ? 0 : value;
		s->pss += strcmp(key, "Pss") ? 0 : value;
		s->pss_dirty += strcmp(key, "Pss_Dirty") ? 0 : value;
		s->shared += strncmp(key, "Shared_C", 8) && strncmp(key, "Shared_D", 8) ? 0 : value;
		s->private +=
			strncmp(key, "Private_C", 9) && strncmp(key, "Private_D", 9) ? 0 : value;
		s->anonymous += strcmp(key, "Anonymous") ? 0 : value;
		s->locked += strcmp(key, "Locked") ? 0 : value;
		s->referenced += strcmp(key, "Referenced") ? 0 : value;
	}
	/* A page of the kernel's that every program sees and none has. */
	if (strstr(text, "[vsyscall]"))
		s->size -= KIB_A_PAGE;
	drop(text);
	return true;
}

static long field_of(pid_t pid, const char *file, const char *key)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return guest_field(path, key);
}

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

/* Words of pagemap for @n pages from @at on. */
static void read_pagemap(pid_t pid, const void *at, uint64_t *words, size_t n)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = CHECK_OK(open(path, O_RDONLY));
	CHECK_EQ(pread(fd, words, n * 8, (uintptr_t)at / PAGE * 8), n * 8);
	close(fd);
}

#define PFN(word) ((word) & ((1ull << 55) - 1))
#define PRESENT	  (1ull << 63)
#define OF_A_FILE (1ull << 61)
#define EXCLUSIVE (1ull << 56)

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

/* Sum of the numbers behind @key, at the begin of a line of a file. */
static long sum_of(const char *path, const char *key)
{
	char *text = slurp(path), *line, *next;
	size_t n = strlen(key);
	long sum = 0;

	for (line = text; *line; line = next) {
		next = strchr(line, '\n') + 1;
		line += strspn(line, " ");
		if (!strncmp(line, key, n) && line[n] == ' ')
			sum += atol(line + n);
	}
	drop(text);
	return sum;
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

static long row(const char *text, const char *name)
{
	const char *at = text;
	size_t n = strlen(name);

	while (strncmp(at, name, n) || at[n] != ' ') {
		at = strchr(at, '\n');
		if (!at || !*++at)
			return -1;
	}
	return atol(at + n);
}

static long meminfo(const char *key)
{
	return guest_field("/proc/meminfo", key) / KIB_A_PAGE;
}

TEST(every_installed_page_has_an_owner)
{
	static const char *const owners[] = {
		"free",		 "reserved",	 "page tables",	      "slab",
		"kernel stacks", "other kernel", "cache, not mapped", "programs",
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
