/* SPDX-License-Identifier: MIT */
/* Private anonymous memory of one thread: regions whose model says what each page holds, and the
 * calls that move, drop, protect, copy and advise about it. */
#include "pressure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <fcntl.h>
#include <unistd.h>

#ifndef MADV_COLD
#define MADV_COLD    20
#define MADV_PAGEOUT 21
#endif

#define LONGEST_RUN 256 /* pages of one step */

uint64_t random_below(struct arena *a, uint64_t below)
{
	a->random ^= a->random << 13;
	a->random ^= a->random >> 7;
	a->random ^= a->random << 17;
	return (a->random >> 11) % below;
}

bool tolerated(struct arena *a, const char *call, int err)
{
	count(&counts(a)->refused, 1);
	if (err == ENOMEM || err == EAGAIN || err == EINTR)
		return true;
	error("%s: %s", call, strerror(err));
	return false;
}

/* /proc/quire/fail_nth: the n-th allocation of this task from now on fails. */
void injection_begins(struct arena *a)
{
	char text[16];
	int n;

	if (a->fail_fd < 0 || random_below(a, 4))
		return;
	n = snprintf(text, sizeof(text), "%u\n", 1 + (unsigned int)random_below(a, 12));
	a->armed = pwrite(a->fail_fd, text, n, 0) == n;
}

void injection_ends(struct arena *a)
{
	int err = errno;

	/* The call that cancels it may be the one that fails; then there is nothing to cancel. */
	if (a->armed && pwrite(a->fail_fd, "0\n", 2, 0) != 2 && errno != ENOMEM)
		error("fail_nth: %s", strerror(errno));
	a->armed = false;
	errno = err;
}

void make_region(struct region *r, size_t pages, uint32_t owner)
{
	void *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	r->model = calloc(pages, sizeof(*r->model));
	if (p == MAP_FAILED || !r->model) {
		error("no room for %zu pages: %s", pages, strerror(errno));
		_exit(1);
	}
	r->base = p;
	r->pages = pages;
	r->owner = owner;
}

void make_arena(struct arena *a, size_t pages)
{
	static const unsigned int share[NR_REGIONS] = {42, 24, 15, 10, 6, 3}; /* of 100 */

	for (unsigned int i = 0; i < NR_REGIONS; i++)
		make_region(&a->region[i], pages * share[i] / 100 + 1,
			    (a->worker * MAX_THREADS + a->thread) << 8 | i);
}

/* ---- Reading and writing --------------------------------------------------------------------- */

static struct tag tag_of(const struct region *r, size_t page)
{
	return (struct tag){r->owner, r->model[page] & VERSION_MASK, page};
}

bool verify_region_page(struct arena *a, struct region *r, size_t page)
{
	char *p = r->base + page * PAGE;

	count(&counts(a)->verified, 1);
	if (r->model[page] & MAYBE_ZERO) {
		/* Freed for good once it has been seen as zeros; else still to be dropped any time. */
		if (page_is_zero(p)) {
			r->model[page] = 0;
			return true;
		}
	}
	return check_page(p, tag_of(r, page), a->depth ? "child's private page" : "private page",
			  p);
}

void write_region_page(struct arena *a, struct region *r, size_t page)
{
	r->model[page] = new_version();
	fill_page(r->base + page * PAGE, tag_of(r, page));
	count(&counts(a)->written, 1);
}

/* A region that is mapped; one that could not be mapped gets another chance. */
static struct region *some_region(struct arena *a)
{
	/* Most steps go where most pages are. */
	struct region *r = &a->region[random_below(a, 1 + random_below(a, NR_REGIONS))];

	if (!r->base) {
		void *p = mmap(NULL, r->pages * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			tolerated(a, "mmap", errno);
		r->base = p == MAP_FAILED ? NULL : p;
	}
	return r->base ? r : NULL;
}

struct run {
	struct region *r;
	size_t first, pages;
};

/* Some pages of some region; none if there is no region. */
static struct run some_run(struct arena *a, size_t longest)
{
	struct region *r = some_region(a);
	struct run run = {r, 0, 0};

	if (!r)
		return run;
	run.pages = 1 + random_below(a, longest);
	if (run.pages > r->pages)
		run.pages = r->pages;
	run.first = random_below(a, r->pages - run.pages + 1);
	return run;
}

/* One process after another may hold a snapshot that each write here unshares. */
static bool may_write(struct arena *a)
{
	return a->depth ? !random_below(a, 8) : !random_below(a, 3);
}

void fill_arena(struct arena *a)
{
	for (unsigned int i = 0; i < NR_REGIONS; i++)
		for (size_t page = 0; page < a->region[i].pages; page++)
			write_region_page(a, &a->region[i], page);
}

void touch_step(struct arena *a)
{
	struct run run = some_run(a, LONGEST_RUN);
	bool in_order = random_below(a, 2), write = may_write(a);

	for (size_t i = 0; i < run.pages; i++) {
		size_t page = in_order ? run.first + i : random_below(a, run.r->pages);

		if (!verify_region_page(a, run.r, page))
			return;
		if (write || (!a->depth && !(run.r->model[page] & VERSION_MASK)))
			write_region_page(a, run.r, page);
		if (!in_order && i > 64)
			break;
	}
}

void verify_arena(struct arena *a, unsigned int pause)
{
	for (unsigned int i = 0; i < NR_REGIONS; i++) {
		struct region *r = &a->region[i];

		for (size_t page = 0; r->base && page < r->pages; page++) {
			if (!verify_region_page(a, r, page))
				return;
			if (pause && page % 64 == 63 && !atomic_load(&control->stop))
				usleep(pause);
		}
	}
}

/* ---- Changes of mappings --------------------------------------------------------------------- */

static void forget(struct run run)
{
	memset(run.r->model + run.first, 0, run.pages * sizeof(*run.r->model));
}

static void advise_step(struct arena *a)
{
	static const struct {
		int advice;
		const char *name;
	} advices[] = {{MADV_DONTNEED, "MADV_DONTNEED"}, {MADV_FREE, "MADV_FREE"},
		       {MADV_PAGEOUT, "MADV_PAGEOUT"},	 {MADV_PAGEOUT, "MADV_PAGEOUT"},
		       {MADV_COLD, "MADV_COLD"},	 {MADV_WILLNEED, "MADV_WILLNEED"},
		       {MADV_WILLNEED, "MADV_WILLNEED"}};
	unsigned int which = random_below(a, sizeof(advices) / sizeof(*advices));
	struct run run = some_run(a, which < 2 ? LONGEST_RUN / 8 : LONGEST_RUN);
	int err;

	if (!run.pages)
		return;
	injection_begins(a);
	err = madvise(run.r->base + run.first * PAGE, run.pages * PAGE, advices[which].advice);
	injection_ends(a);
	/* A call that failed may have done a part of it. */
	for (size_t i = run.first; i < run.first + run.pages; i++) {
		uint32_t *model = &run.r->model[i];

		if (advices[which].advice == MADV_FREE ||
		    (err && advices[which].advice == MADV_DONTNEED))
			*model |= *model ? MAYBE_ZERO : 0;
		else if (advices[which].advice == MADV_DONTNEED)
			*model = 0;
	}
	/* Reading ahead and freeing are refused where the pages cannot be had now. */
	if (err && !tolerated(a, advices[which].name, errno))
		return;
}

/* The whole region to another place, aligned to page tables like the old one or not. */
static void move_step(struct arena *a)
{
	struct region *r = some_region(a);
	size_t size, before, slack = 2 * MIB;
	char *reserved, *p;

	if (!r)
		return;
	size = r->pages * PAGE;
	reserved = mmap(NULL, size + slack, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);
	if (reserved == MAP_FAILED) {
		tolerated(a, "mmap", errno);
		return;
	}
	before = random_below(a, 2) ? ((uintptr_t)r->base - (uintptr_t)reserved) % slack
				    : random_below(a, slack / PAGE) * PAGE;
	if ((before && munmap(reserved, before)) ||
	    munmap(reserved + before + size, slack - before))
		tolerated(a, "munmap", errno); /* address space is lost, nothing else */
	injection_begins(a);
	p = mremap(r->base, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, reserved + before);
	injection_ends(a);
	/* When it fails, what was reserved may be gone already, and another thread's by now: it stays. */
	if (p != MAP_FAILED)
		r->base = p;
	else if (errno != EFAULT) /* more than one mapping, until they merge again */
		tolerated(a, "mremap", errno);
}

static void remap_step(struct arena *a)
{
	struct region *r = some_region(a);

	if (!r || r == &a->region[0])
		return; /* the largest would take too long to be filled again */
	injection_begins(a);
	if (munmap(r->base, r->pages * PAGE)) {
		injection_ends(a);
		tolerated(a, "munmap", errno);
		return;
	}
	injection_ends(a);
	r->base = NULL;
	forget((struct run){r, 0, r->pages});
	some_region(a);
}

/* Fresh pages in place of old ones. */
static void replace_step(struct arena *a)
{
	struct run run = some_run(a, LONGEST_RUN / 4);
	char *at;

	if (!run.pages)
		return;
	at = run.r->base + run.first * PAGE;
	/* Once it has begun it may have unmapped; until it succeeds nothing stands there. */
	while (mmap(at, run.pages * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
		if (!tolerated(a, "mmap", errno))
			return;
		usleep(1000);
	}
	forget(run);
}

/* What may only be read holds still, and the kernel does not write there either. */
static void protect_step(struct arena *a)
{
	struct run run = some_run(a, LONGEST_RUN);
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC), err;
	char *at;

	if (!run.pages || zero < 0)
		goto out;
	at = run.r->base + run.first * PAGE;
	injection_begins(a);
	err = mprotect(at, run.pages * PAGE, PROT_READ);
	injection_ends(a);
	if (err)
		tolerated(a, "mprotect", errno); /* maybe a part of it */
	else if (read(zero, at, PAGE) != -1 || errno != EFAULT)
		error("read() wrote to %p, which may not be written", (void *)at);
	for (size_t i = 0; i < run.pages; i += 1 + random_below(a, 4))
		if (!verify_region_page(a, run.r, run.first + i))
			break;
	while (mprotect(at, run.pages * PAGE, PROT_READ | PROT_WRITE)) {
		if (!tolerated(a, "mprotect", errno))
			break;
		usleep(1000);
	}
out:
	if (zero >= 0)
		close(zero);
}

/* The kernel reads and writes the pages: through a pipe, and as /proc/self/mem. */
static void copy_step(struct arena *a)
{
	struct run from = some_run(a, 1), to = some_run(a, 1);
	static _Thread_local char copy[PAGE] __attribute__((aligned(8)));
	struct region *r = from.r, *t = to.r;
	int fd[2], mem;

	if (!from.pages || !to.pages || pipe(fd))
		return;
	if (!verify_region_page(a, r, from.first))
		goto out;
	if (r->model[from.first] & MAYBE_ZERO)
		write_region_page(a, r, from.first);
	if (write(fd[1], r->base + from.first * PAGE, PAGE) != PAGE) {
		tolerated(a, "write to a pipe", errno);
		goto out;
	}
	if (read(fd[0], t->base + to.first * PAGE, PAGE) != PAGE) {
		/* Memory for the page may have failed with a part of it written. */
		tolerated(a, "read from a pipe", errno == EFAULT ? ENOMEM : errno);
		write_region_page(a, t, to.first);
		goto out;
	}
	check_page(t->base + to.first * PAGE, tag_of(r, from.first), "page read from a pipe",
		   t->base + to.first * PAGE);
	write_region_page(a, t, to.first);
	mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	if (mem >= 0 && pread(mem, copy, PAGE, (uintptr_t)t->base + to.first * PAGE) == PAGE)
		check_page(copy, tag_of(t, to.first), "page read by /proc/self/mem",
			   t->base + to.first * PAGE);
	if (mem >= 0)
		close(mem);
out:
	close(fd[0]);
	close(fd[1]);
}

void mapping_step(struct arena *a)
{
	static void (*const steps[])(struct arena *) = {
		advise_step, advise_step,  advise_step,	 advise_step,  move_step, move_step,
		remap_step,  replace_step, protect_step, protect_step, copy_step, copy_step};

	steps[random_below(a, sizeof(steps) / sizeof(*steps))](a);
	count(&counts(a)->churn, 1);
}
