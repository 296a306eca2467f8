/* SPDX-License-Identifier: MIT */
/*
 * What happens at the edges of memory, each a program of its own:
 *
 *	edges rlimit		over RLIMIT_AS: ENOMEM, and nothing else
 *	edges eater		one that eats everything dies alone, and the kernel's log names it
 *	edges full SECONDS	memory and swap full again and again: somebody always gets on
 *	edges pageout SECONDS	pages that one thread counts in while another has them paged out
 *	edges read-error FIRST STEP LAST
 *				pages in these swap slots cannot be read: SIGBUS for who needs one,
 *				and for nobody else
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define PAGE 4096UL
#define MIB  (1UL << 20)

static int failures;

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			printf("FAIL line %d: %s (errno %d)\n", __LINE__, #cond, errno);           \
			failures++;                                                                \
		}                                                                                  \
	} while (0)

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static long meminfo(const char *key)
{
	char line[128];
	long value = 0;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			value = atol(line + strlen(key));
	if (f)
		fclose(f);
	return value;
}

static void *map(size_t size, int flags)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

	if (p == MAP_FAILED) {
		perror("edges: mmap");
		exit(1);
	}
	return p;
}

static void fill(uint64_t *p, size_t pages, uint64_t seed)
{
	for (size_t i = 0; i < pages * PAGE / 8; i++)
		p[i] = seed + i * 0x9e3779b97f4a7c15ULL;
}

/* Index of the first wrong page, or -1. */
static long first_wrong(const uint64_t *p, size_t pages, uint64_t seed)
{
	for (size_t i = 0; i < pages * PAGE / 8; i++)
		if (p[i] != seed + i * 0x9e3779b97f4a7c15ULL)
			return i * 8 / PAGE;
	return -1;
}

/* Does the kernel's log have a line with both? */
static bool log_says(const char *one, const char *other)
{
	static char log[1 << 18];
	int n = klogctl(3, log, sizeof(log) - 1);

	log[n > 0 ? n : 0] = 0;
	for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n"))
		if (strcasestr(line, one) && strcasestr(line, other)) {
			printf("log: %s\n", line);
			return true;
		}
	return false;
}

static pid_t start(void (*run)(void *), void *argument)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		run(argument);
		_exit(0);
	}
	if (pid < 0) {
		perror("edges: fork");
		exit(1);
	}
	return pid;
}

static int status_of(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			return -1;
	return status;
}

/* ---- Over RLIMIT_AS -------------------------------------------------------------------------- */

static void over_limit(void *argument)
{
	struct rlimit limit = {48 * MIB, 48 * MIB};
	size_t total = 0;
	char *p, *last = NULL;

	CHECK(!setrlimit(RLIMIT_AS, &limit));
	while ((p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) !=
	       MAP_FAILED) {
		memset(p, 1, MIB);
		total += MIB;
		last = p;
	}
	CHECK(errno == ENOMEM);
	CHECK(total >= 32 * MIB && total < 48 * MIB);
	CHECK(sbrk(2 * MIB) == (void *)-1 && errno == ENOMEM);
	CHECK(last && mremap(last, MIB, 3 * MIB, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOMEM);
	CHECK(!malloc(16 * MIB));
	CHECK(last && last[0] == 1 && last[MIB - 1] == 1);
	printf("rlimit: %zu MiB, then ENOMEM\n", total / MIB);
	fflush(stdout);
	_exit(failures != 0);
}

static void edge_rlimit(void)
{
	CHECK(status_of(start(over_limit, NULL)) == 0);
}

/* ---- One eats everything --------------------------------------------------------------------- */

static _Atomic int *told; /* in shared, locked memory: what processes tell each other */

static void bystand(void *argument)
{
	uint64_t seed = (uintptr_t)argument;
	size_t pages = 3 * MIB / PAGE;
	uint64_t *p = map(pages * PAGE, MAP_PRIVATE);

	prctl(PR_SET_NAME, "bystander");
	fill(p, pages, seed);
	told[0]++;
	do {
		if (first_wrong(p, pages, seed) >= 0)
			_exit(1);
		usleep(50000);
	} while (!told[1]);
	_exit(first_wrong(p, pages, seed) >= 0);
}

static void eat(void *argument)
{
	prctl(PR_SET_NAME, "eater");
	for (;;) {
		char *p =
			mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			continue; /* goes on until it is killed */
		for (size_t i = 0; i < MIB; i += PAGE)
			p[i] = 1 + i / PAGE;
		told[2]++;
	}
}

static void edge_eater(void)
{
	pid_t bystander[3], eater;
	char name[64];
	int status;

	for (uintptr_t i = 0; i < 3; i++)
		bystander[i] = start(bystand, (void *)(i + 100));
	while (told[0] < 3)
		usleep(10000);
	eater = start(eat, NULL);
	status = status_of(eater);
	printf("eater: ended by signal %d after %d MiB\n",
	       WIFSIGNALED(status) ? WTERMSIG(status) : 0, told[2]);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	told[1] = 1;
	for (int i = 0; i < 3; i++)
		CHECK(status_of(bystander[i]) == 0);
	snprintf(name, sizeof(name), "process %d (eater)", eater);
	CHECK(log_says("killed", name));
}

/* ---- Full, again and again ------------------------------------------------------------------- */

/* Somebody got on: a bystander's round, or an eater's MiB. The supervisor is locked in memory. */
static void edge_full(double seconds)
{
	double began = now(), last = began, longest = 0;
	int kills = 0, seen = 0, status;
	pid_t bystander = start(bystand, (void *)7), eater[3];

	for (int i = 0; i < 3; i++)
		eater[i] = start(eat, NULL);
	while (now() - began < seconds) {
		usleep(20000);
		for (int i = 0; i < 3; i++) {
			if (waitpid(eater[i], &status, WNOHANG) != eater[i])
				continue;
			CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
			kills++;
			eater[i] = start(eat, NULL);
		}
		if (told[2] + kills != seen) {
			seen = told[2] + kills;
			last = now();
		}
		if (now() - last > longest)
			longest = now() - last;
		if (longest > 10) {
			printf("FAIL nobody got on for 10 s\n");
			failures++;
			break;
		}
	}
	printf("full: %d killed, %d MiB eaten, longest wait %.1f s\n", kills, told[2], longest);
	CHECK(kills > 0);
	told[1] = 1;
	for (int i = 0; i < 3; i++) {
		kill(eater[i], SIGKILL);
		status_of(eater[i]);
	}
	status = status_of(bystander);
	printf("bystander: status %#x\n", status);
	CHECK(status == 0);
}

/* ---- Paged out while they are written --------------------------------------------------------- */

#define COUNT_PAGES 16

struct counting {
	volatile uint64_t *pages;
	_Atomic bool stop;
	uint64_t counts, lost;
};

/* Each page's count is one that only this thread writes. One that goes through a translation that
 * should have been forgotten is lost, and missed when it is: fork() sees to that. */
static void *count_in_pages(void *argument)
{
	struct counting *c = argument;
	uint64_t model[COUNT_PAGES] = {0}, random = 1;

	while (!c->stop) {
		size_t page = (random = random * 6364136223846793005ULL + 1) >> 60;
		volatile uint64_t *word = c->pages + page * (PAGE / 8 + 8);

		for (int i = 0; i < 256; i++) {
			if (*word != model[page]) {
				c->lost++;
				model[page] = *word;
			}
			*word = ++model[page];
		}
		c->counts += 256;
		if (c->counts % (256 * 2048) == 0) {
			pid_t child = fork();

			if (!child)
				_exit(0);
			waitpid(child, NULL, 0);
		}
	}
	return NULL;
}

static void edge_pageout(double seconds)
{
	static struct counting counting[2];
	size_t size = COUNT_PAGES * PAGE;
	double end = now() + seconds;
	pthread_t thread[2];
	int rounds = 0;

	for (int i = 0; i < 2; i++) {
		counting[i].pages = map(size, i ? MAP_SHARED : MAP_PRIVATE);
		CHECK(!pthread_create(&thread[i], NULL, count_in_pages, &counting[i]));
	}
	for (; now() < end; rounds++)
		if (madvise((void *)counting[rounds % 2].pages, size, MADV_PAGEOUT))
			CHECK(errno == EINTR);
	for (int i = 0; i < 2; i++) {
		counting[i].stop = true;
		pthread_join(thread[i], NULL);
		printf("pageout: %s: %llu counts, %llu lost\n", i ? "shared" : "private",
		       (unsigned long long)counting[i].counts,
		       (unsigned long long)counting[i].lost);
		CHECK(counting[i].counts && !counting[i].lost);
	}
	printf("pageout: %d rounds\n", rounds);
}

/* ---- Swap that cannot be read ---------------------------------------------------------------- */

#define READERS	     8
#define READER_PAGES (5 * MIB / PAGE)

static long first_bad, bad_step, last_bad; /* slots */

struct reader {
	_Atomic long slot; /* where the page stood that was wanted last; 0: in memory, or nowhere */
	_Atomic int verified; /* pages */
	_Atomic int lost;     /* pages that a handler saw go */
	_Atomic int wrongly;  /* of them, those that stood in no bad slot */
};
static struct reader *readers;

static bool is_bad(long slot)
{
	return slot >= first_bad && slot <= last_bad && (slot - first_bad) % bad_step == 0;
}

static long slot_of(int fd, const void *p)
{
	uint64_t entry;

	CHECK(pread(fd, &entry, 8, (uintptr_t)p / PAGE * 8) == 8);
	return entry >> 62 == 1 ? entry >> 5 & ((1ULL << 50) - 1) : 0;
}

static sigjmp_buf handler_jump;
static struct reader *handler_reader;
static siginfo_t handler_info;

static void on_bus_error(int signal, siginfo_t *info, void *context)
{
	handler_info = *info;
	handler_reader->lost++;
	handler_reader->wrongly += !is_bad(handler_reader->slot);
	siglongjmp(handler_jump, 1);
}

/* Every second one has a handler, gives up the page that is gone, and goes on. */
static void read_back(void *argument)
{
	uintptr_t i = (uintptr_t)argument;
	struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
	uint64_t *p;
	size_t words = PAGE / 8;
	volatile size_t page = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	CHECK(!mlockall(MCL_CURRENT)); /* its own code and data are never in a bad slot */
	p = map(READER_PAGES * PAGE, MAP_PRIVATE);
	fill(p, READER_PAGES, i);
	told[0]++;
	while (told[1] <= (int)i)
		usleep(10000);
	handler_reader = &readers[i];
	if (i % 2)
		sigaction(SIGBUS, &action, NULL);
	if (sigsetjmp(handler_jump, 1)) {
		CHECK(handler_info.si_code == BUS_ADRERR);
		CHECK((char *)handler_info.si_addr >= (char *)p + page * PAGE &&
		      (char *)handler_info.si_addr < (char *)p + (page + 1) * PAGE);
		CHECK(!madvise(p + page * words, PAGE, MADV_DONTNEED));
		page++;
	}
	for (; page < READER_PAGES; page++) {
		handler_reader->slot = slot_of(fd, p + page * words);
		for (size_t w = page * words; w < (page + 1) * words; w++)
			if (p[w] != i + w * 0x9e3779b97f4a7c15ULL) {
				printf("FAIL reader %d: page %zu is wrong\n", (int)i, page);
				_exit(2);
			}
		handler_reader->verified++;
	}
	_exit(failures != 0);
}

/* Memory is wanted until it has been had: what was there before has gone to swap. */
static void push_out(void *argument)
{
	size_t size = (size_t)meminfo("MemTotal:") * 1024 * 8 / 10;

	CHECK(!mlockall(MCL_CURRENT));
	memset(map(size, MAP_PRIVATE), 1, size);
}

static void edge_read_error(char **slots)
{
	pid_t pid[READERS];
	int died = 0, lost = 0;

	first_bad = atol(slots[0]);
	bad_step = atol(slots[1]);
	last_bad = atol(slots[2]);
	readers = map(PAGE, MAP_SHARED);
	CHECK(!mlock(readers, PAGE)); /* never in a bad slot itself */
	for (uintptr_t i = 0; i < READERS; i++)
		pid[i] = start(read_back, (void *)i);
	while (told[0] < READERS)
		usleep(10000);
	CHECK(status_of(start(push_out, NULL)) == 0);
	for (int i = 0; i < READERS; i++) {
		int status;

		told[1] = i + 1;
		status = status_of(pid[i]);
		printf("reader %d: %d verified, %d lost, %d of them wrongly; last slot %ld; status "
		       "%#x\n",
		       i, readers[i].verified, readers[i].lost, readers[i].wrongly, readers[i].slot,
		       status);
		if (WIFSIGNALED(status)) {
			CHECK(WTERMSIG(status) == SIGBUS && i % 2 == 0);
			CHECK(is_bad(readers[i].slot));
			died++;
		} else {
			CHECK(status == 0);
			CHECK(i % 2 || readers[i].verified == READER_PAGES);
			CHECK(readers[i].wrongly == 0);
			CHECK((size_t)(readers[i].verified + readers[i].lost) == READER_PAGES);
		}
		lost += readers[i].lost;
	}
	CHECK(died > 0 && lost > 0);
	CHECK(log_says("could not be read", "lost") || log_says("I/O", "error"));
}

int main(int argc, char **argv)
{
	const char *edge = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	told = map(PAGE, MAP_SHARED);
	if (mlockall(MCL_CURRENT)) {
		perror("edges: mlockall");
		return 1;
	}
	if (!strcmp(edge, "rlimit"))
		edge_rlimit();
	else if (!strcmp(edge, "eater"))
		edge_eater();
	else if (!strcmp(edge, "full") && argc == 3)
		edge_full(atof(argv[2]));
	else if (!strcmp(edge, "pageout") && argc == 3)
		edge_pageout(atof(argv[2]));
	else if (!strcmp(edge, "read-error") && argc == 5)
		edge_read_error(argv + 2);
	else
		return 2;
	printf("edges %s: %d failures\n", edge, failures);
	return failures != 0;
}
