/* SPDX-License-Identifier: MIT */
/*
 * Families of processes with threads, at work at once on several CPUs that take turns at random,
 * also in the middle of faults, forks and unmappings. Any thread forks, while the others write; so
 * do the children, five generations deep; all end in any order.
 *
 *	one of two page tables:
 *	|cccccccccccccccc 400 pages cccccccccccccccc|000|111|222|ffff|pppp|
 *
 *	c  each thread of a process (0, 1, 2) has its byte in each: it finds there what it wrote
 *	   last. The bytes of threads that a process does not have never change.
 *	0  memory that the thread maps, protects, moves and unmaps
 *	f  a file, shared	p  the same, private: it is truncated at any time
 *
 * And each thread has a whole table, at one of two places, which it fills, empties, moves and unmaps
 * while others look at it: they may find nothing, zero, or what this thread wrote, here or in a
 * process that this one descends from; never what was written elsewhere.
 */
#include "mm_world.h"
#include "../boot.h"
#include "test.h"

#include "lib/err.h"
#include "lib/string.h"
#include "mm/fork.h"
#include "mm/internal.h"
#include "sched/sched.h"
#include "abi/signal.h"

#define RW		   (PROT_READ | PROT_WRITE)
#define BASE		   (PUD_SIZE * 6 - PMD_SIZE) /* two tables of different gigabytes */
#define TABLE		   512
#define TABLES		   2
#define COMMON		   400
#define OWN(slot)	   (COMMON + (slot)*16)
#define OWN_PAGES	   16
#define FILE_AT		   (COMMON + 3 * 16)
#define FILE_PAGES	   16
#define PRIVATE_AT	   (FILE_AT + FILE_PAGES)
#define THREADS		   3
#define GENERATIONS	   5
#define MOST_PROCESSES	   10
#define WHOLE_PAGES	   48 /* of a thread's whole table that are used */
#define WHOLE(slot, place) (PUD_SIZE * 6 + (8 + 2 * (slot) + (place)) * PMD_SIZE)

static struct file *file;
static unsigned int processes, turns, forks, deepest, births;

/* What a thread knows of its whole table. */
struct whole {
	bool mapped;
	unsigned int place;
	u32 words[WHOLE_PAGES];
};

struct process {
	struct mm_struct *mm;
	unsigned int generation;
	bool live[THREADS];
	unsigned int starts[THREADS]; /* of each thread: tells whether one was started meanwhile */
	u8 bytes[THREADS][TABLES * COMMON];
	u32 births[GENERATIONS + 1]; /* this process and those it descends from */
	struct whole wholes[THREADS];
};

struct thread {
	struct process *process;
	unsigned int slot;
	bool first; /* of a process that has just been forked */
	u64 random;
};

static unsigned int pick(struct thread *t, unsigned int n)
{
	t->random = t->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (t->random >> 33) % n;
}

static unsigned long page_addr(unsigned int table, unsigned int page)
{
	return BASE + table * PMD_SIZE + page * PAGE_SIZE;
}

static unsigned long common_addr(unsigned int slot, unsigned int i)
{
	return page_addr(i / COMMON, i % COMMON) + 40 + slot * 1300;
}

static u8 read_common(unsigned int slot, unsigned int i)
{
	u8 byte = 0;

	CHECK_EQ(world_peek(common_addr(slot, i), &byte), 0);
	return byte;
}

/* ---- Common pages ---------------------------------------------------------------------------- */

static void write_common(struct thread *t, unsigned int i)
{
	u8 *byte = &t->process->bytes[t->slot][i];

	*byte += 1 + pick(t, 100);
	CHECK_EQ(world_poke(common_addr(t->slot, i), *byte), 0);
}

static void write_many(struct thread *t, unsigned int n)
{
	unsigned int first = pick(t, TABLES * COMMON), i;

	for (i = first; i < min(first + n, (unsigned int)(TABLES * COMMON)); i++)
		write_common(t, i);
}

static void check_common(struct thread *t, unsigned int slot, unsigned int i)
{
	struct process *p = t->process;
	bool live = p->live[slot];
	unsigned int starts = p->starts[slot];
	u8 byte = read_common(slot, i);

	if (slot == t->slot || (!live && starts == p->starts[slot]))
		CHECK_EQ(byte, p->bytes[slot][i]);
}

static void check_many(struct thread *t, unsigned int n)
{
	while (n--)
		check_common(t, pick(t, THREADS), pick(t, TABLES * COMMON));
}

/* ---- Own mappings, and the file --------------------------------------------------------------- */

static void map_and_unmap(struct thread *t)
{
	unsigned int table = pick(t, TABLES), i;
	unsigned long at = page_addr(table, OWN(t->slot)), other = page_addr(!table, OWN(t->slot)),
		      len = OWN_PAGES * PAGE_SIZE;
	u8 byte;

	CHECK_EQ(world_mmap(NULL, at, len, RW, MAP_FIXED | MAP_PRIVATE, 0), at);
	for (i = 0; i < OWN_PAGES; i++)
		CHECK_EQ(world_poke(at + i * PAGE_SIZE, i + 1), 0);
	switch (pick(t, 5)) {
	case 0:
		CHECK_EQ(do_mprotect(at + PAGE_SIZE, 4 * PAGE_SIZE, PROT_READ), 0);
		CHECK_EQ(world_poke(at + PAGE_SIZE, 1), SIGSEGV);
		break;
	case 1:
		CHECK_EQ(do_mremap(at, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, other), other);
		at = other;
		break;
	case 2:
		CHECK_EQ(do_madvise(current->mm, at + PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED), 0);
		CHECK_EQ(world_poke(at + PAGE_SIZE, 2), 0);
		break;
	case 3:
		return; /* what is left behind, children find */
	}
	for (i = 0; i < OWN_PAGES; i++) {
		CHECK_EQ(world_peek(at + i * PAGE_SIZE, &byte), 0);
		CHECK_EQ(byte, i + 1);
	}
	CHECK_EQ(vm_munmap(at, len), 0);
}

/* It may end anywhere at any time; but nobody writes to it, or to a private copy, but sevens. */
static void use_file(struct thread *t)
{
	unsigned long addr = page_addr(pick(t, TABLES), FILE_AT + pick(t, 2 * FILE_PAGES));
	u8 byte = 0;
	int sig = pick(t, 2) ? world_poke(addr, 7) : world_peek(addr, &byte);

	CHECK(sig == 0 || sig == SIGBUS);
	CHECK(byte == 0 || byte == 7);
}

/* One at a time, as i_rwsem would have it. What lies beyond the end is gone when this returns. */
static void truncate_file(struct thread *t)
{
	static bool busy;
	unsigned int pages = pick(t, FILE_PAGES + 1), tries, table, i;
	u8 byte;

	if (busy)
		return;
	busy = true;
	world_truncate(file, pages * PAGE_SIZE);
	for (tries = 0; tries < 16 && pages < FILE_PAGES; tries++) {
		table = pick(t, TABLES);
		i = pages + pick(t, FILE_PAGES - pages);
		CHECK_EQ(world_peek(page_addr(table, FILE_AT + i), &byte), SIGBUS);
		CHECK_EQ(world_peek(page_addr(table, PRIVATE_AT + i), &byte), SIGBUS);
	}
	world_truncate(file, FILE_PAGES * PAGE_SIZE);
	busy = false;
}

static void map_file(void)
{
	unsigned int table;

	for (table = 0; table < TABLES; table++) {
		unsigned long shared = page_addr(table, FILE_AT),
			      private = page_addr(table, PRIVATE_AT);

		CHECK_EQ(world_mmap(file, shared, FILE_PAGES * PAGE_SIZE, RW,
				    MAP_FIXED | MAP_SHARED, 0),
			 shared);
		CHECK_EQ(world_mmap(file, private, FILE_PAGES * PAGE_SIZE, RW,
				    MAP_FIXED | MAP_PRIVATE, 0),
			 private);
	}
}

/* ---- Whole tables ---------------------------------------------------------------------------- */

static unsigned long whole_addr(unsigned int slot, unsigned int place, unsigned int i)
{
	return WHOLE(slot, place) + (i * 7 + slot) * PAGE_SIZE;
}

static u32 whole_word(const struct process *p, unsigned int slot)
{
	return p->births[p->generation] << 8 | (slot + 1);
}

/* @t's own table holds what it wrote. */
static void check_whole(struct thread *t)
{
	struct whole *w = &t->process->wholes[t->slot];
	unsigned int i;
	u32 word;

	for (i = 0; i < WHOLE_PAGES; i++) {
		int sig = host_read(whole_addr(t->slot, w->place, i), &word, sizeof(word));

		CHECK_EQ(sig, world_take_signal().sig);
		CHECK_EQ(sig, w->mapped ? 0 : SIGSEGV);
		if (!sig)
			CHECK_EQ(word, w->words[i]);
	}
}

static void change_whole(struct thread *t)
{
	struct whole *w = &t->process->wholes[t->slot];
	unsigned long at = WHOLE(t->slot, w->place), half = PMD_SIZE / 2, to;
	u32 word = whole_word(t->process, t->slot);
	unsigned int i;

	if (!w->mapped) {
		CHECK_EQ(world_mmap(NULL, at, PMD_SIZE, RW, MAP_FIXED | MAP_PRIVATE, 0), at);
		w->mapped = true;
	}
	switch (pick(t, 7)) {
	case 0:
		CHECK_EQ(do_madvise(current->mm, at, PMD_SIZE, MADV_DONTNEED), 0);
		memset(w->words, 0, sizeof(w->words));
		break;
	case 1:
		CHECK_EQ(do_madvise(current->mm, at, half, MADV_DONTNEED), 0);
		for (i = 0; i < WHOLE_PAGES && whole_addr(t->slot, w->place, i) < at + half; i++)
			w->words[i] = 0;
		break;
	case 2:
		CHECK_EQ(vm_munmap(at, PMD_SIZE), 0);
		memset(w->words, 0, sizeof(w->words));
		w->mapped = false;
		break;
	case 3:
		to = WHOLE(t->slot, !w->place);
		CHECK_EQ(do_mremap(at, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
		w->place = !w->place;
		break;
	default:
		for (i = pick(t, 8); i < WHOLE_PAGES; i += 1 + pick(t, 8)) {
			CHECK_EQ(host_write(whole_addr(t->slot, w->place, i), &word, sizeof(word)),
				 0);
			w->words[i] = word;
		}
	}
	check_whole(t);
}

/* Any thread's table, at any place, while its owner is at work on it. */
static void look_at_whole(struct thread *t)
{
	unsigned int slot = pick(t, THREADS), place = pick(t, 2), i, g, tries;

	for (tries = 0; tries < 8; tries++) {
		u32 word = 0;

		i = pick(t, WHOLE_PAGES);
		host_read(whole_addr(slot, place, i), &word, sizeof(word));
		if (world_take_signal().sig || !word)
			continue;
		CHECK_EQ(word & 0xff, slot + 1);
		for (g = 0; g <= t->process->generation; g++)
			if (word >> 8 == t->process->births[g])
				break;
		CHECK_LE(g, t->process->generation);
	}
}

/* Whoever had this table in the parent, it is this thread's now, from nothing. */
static void take_whole(struct thread *t)
{
	t->process->wholes[t->slot] = (struct whole){.mapped = false};
	CHECK_EQ(vm_munmap(WHOLE(t->slot, 0), 2 * PMD_SIZE), 0);
}

/* ---- Threads and processes ------------------------------------------------------------------- */

static int thread_main(void *arg);

static void start_thread(struct process *p, unsigned int slot, bool first, struct thread *by)
{
	struct thread *t = test_malloc(sizeof(*t));

	*t = (struct thread){.process = p, .slot = slot, .first = first, .random = test_random()};
	p->live[slot] = true;
	p->starts[slot]++;
	if (!first)
		mmget(p->mm);
	CHECK(!IS_ERR(kthread_run(thread_main, t, "thread")));
}

static void more_threads(struct thread *t)
{
	unsigned int slot = pick(t, THREADS);

	if (!t->process->live[slot])
		start_thread(t->process, slot, false, t);
}

static void fork_process(struct thread *t)
{
	struct process *p;

	if (processes >= MOST_PROCESSES || t->process->generation >= GENERATIONS)
		return;
	processes++;
	forks++;
	p = test_malloc(sizeof(*p));
	memset(p, 0, sizeof(*p));
	p->generation = t->process->generation + 1;
	deepest = max(deepest, p->generation);
	memcpy(p->bytes[t->slot], t->process->bytes[t->slot], sizeof(p->bytes[0]));
	memcpy(p->births, t->process->births, sizeof(p->births));
	p->births[p->generation] = ++births;
	p->wholes[t->slot] = t->process->wholes[t->slot];
	p->mm = dup_mm(current, current->mm);
	CHECK(!IS_ERR(p->mm));
	start_thread(p, t->slot, true, t);
}

/* What other threads of the parent had written at the time of the fork: whatever that was, it
 * stays. */
static void learn(struct thread *t)
{
	unsigned int slot, i;

	for (slot = 0; slot < THREADS; slot++)
		for (i = 0; i < TABLES * COMMON && slot != t->slot; i++)
			t->process->bytes[slot][i] = read_common(slot, i);
}

static void one_turn(struct thread *t)
{
	switch (pick(t, 48)) {
	case 0 ... 2:
		fork_process(t);
		break;
	case 3:
		more_threads(t);
		break;
	case 4 ... 6:
		map_and_unmap(t);
		break;
	case 7:
		write_many(t, 60);
		break;
	case 8:
		write_many(t, TABLES * COMMON);
		break;
	case 9:
		truncate_file(t);
		break;
	case 10:
		CHECK_EQ(filemap_write_and_wait(file->f_mapping), 0);
		break;
	case 11 ... 14:
		use_file(t);
		use_file(t);
		use_file(t);
		break;
	case 15 ... 22:
		check_many(t, 20);
		break;
	case 40 ... 42:
		change_whole(t);
		break;
	case 43 ... 47:
		look_at_whole(t);
		break;
	default:
		write_common(t, pick(t, TABLES * COMMON));
	}
}

static void thread_ends(struct thread *t)
{
	struct process *p = t->process;
	unsigned int slot;

	exit_mm();
	p->live[t->slot] = false;
	test_free(t);
	for (slot = 0; slot < THREADS; slot++)
		if (p->live[slot])
			return;
	test_free(p);
	processes--;
}

static int thread_main(void *arg)
{
	struct thread *t = arg;
	unsigned int i, n = turns;

	exec_mmap(t->process->mm);
	if (t->first && t->process->generation) {
		check_whole(t);
		learn(t);
	} else {
		take_whole(t);
	}
	if (t->process->generation)
		n = pick(t, turns);
	for (i = 0; i < n; i++)
		one_turn(t);
	for (i = 0; i < TABLES * COMMON; i++)
		check_common(t, t->slot, i);
	thread_ends(t);
	return 0;
}

/* ---- The run --------------------------------------------------------------------------------- */

static void nap(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(NSEC_PER_MSEC);
}

static unsigned long free_now(void)
{
	kernel_stack_drain();
	return world_free_pages();
}

static void first_process(void)
{
	struct process *p = test_malloc(sizeof(*p));
	unsigned int table;

	memset(p, 0, sizeof(*p));
	p->births[0] = ++births;
	p->mm = world_mm();
	mmget(p->mm);
	exec_mmap(p->mm);
	for (table = 0; table < TABLES; table++)
		CHECK_EQ(world_mmap(NULL, page_addr(table, 0), COMMON * PAGE_SIZE, RW,
				    MAP_FIXED | MAP_PRIVATE, 0),
			 page_addr(table, 0));
	map_file();
	exit_mm();
	processes = 1;
	start_thread(p, 0, true, NULL);
}

static void families(void)
{
	static const unsigned int every[] = {300, 60, 15, 5};
	unsigned long before;
	unsigned int round;

	world_set_up();
	before = free_now();
	file = world_file(FILE_PAGES * PAGE_SIZE, true);
	turns = 120;
	for (round = test_rounds(3); round; round--) {
		host_interleave(every[test_random() % 4], test_random());
		host_speculate_at_random(test_random() % 2 ? every[test_random() % 4] : 0,
					 test_random());
		fork_policy.few_pages = test_random_below(2) ? 64 : 0;
		fork_policy.few_tables = test_random_below(2) ? 16 : 0;
		first_process();
		while (processes)
			nap();
		host_interleave(0, 0);
		host_speculate_at_random(0, 0);
		nap();
		world_audit();
	}
	test_printf("%u forks, %u generations\n", forks, deepest);
	fput(file);
	nap();
	world_audit();
	CHECK_LE(before, free_now() + 8); /* slabs of the scheduler's that tasks have opened */
}

TEST_TIMEOUT(families_of_threads_keep_their_bytes_on_two_cpus, 600)
{
	host_run_kernel(2, families);
}

TEST_TIMEOUT(families_of_threads_keep_their_bytes_on_four_cpus, 600)
{
	host_run_kernel(4, families);
}
