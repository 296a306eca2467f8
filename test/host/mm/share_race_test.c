/* SPDX-License-Identifier: MIT */
/*
 * The moments between a change of shared tables and the flush that tells it. One thread of the
 * parent gives a table up or makes it its own, another looks at it all the time, and the child,
 * left alone with the old table, writes there at once.
 *
 *	parent, driver	fill, fork, then write, DONTNEED, munmap or mremap the whole table
 *	parent, looker	reads here and there; never what the child writes
 *	child		writes and reads; never what the parent wrote after the fork
 *
 * Each has a CPU for itself, so that its caches stay warm.
 */
#include "mm_world.h"
#include "race.h"
#include "test.h"

#include "lib/err.h"
#include "mm/fork.h"
#include "mm/internal.h"
#include "sched/sched.h"
#include "abi/signal.h"

#define RW     (PROT_READ | PROT_WRITE)
#define AT     (PUD_SIZE * 9 + PMD_SIZE * 4)
#define AWAY   (AT + PMD_SIZE)
#define USED   200 /* pages of the table */
#define PARENT 0x50000000u
#define CHILD  0x51000000u
#define NEW    0x00800000u /* written by the parent after the fork */
#define WHO    0xff000000u

static struct mm_struct *parent;
static unsigned int round_number, tables_of_child;
static bool looking, changing, done;
static u64 looker_random, child_random;

static unsigned long page_addr(unsigned int i)
{
	return AT + (i * 2 + 1) * PAGE_SIZE;
}

/* 0, or the signal. */
static int read_word(unsigned long addr, u32 *word)
{
	int sig = host_read(addr, word, sizeof(*word));

	CHECK_EQ(sig, world_take_signal().sig);
	return sig;
}

static void write_word(unsigned int i, u32 word)
{
	CHECK_EQ(host_write(page_addr(i), &word, sizeof(word)), 0);
}

static int look(void *arg)
{
	u32 word;

	exec_mmap(parent);
	while (!done) {
		unsigned int i = pick(&looker_random, USED);

		if (!looking) {
			nap(NSEC_PER_MSEC);
			continue;
		}
		if (!read_word(page_addr(i) + (pick(&looker_random, 8) ? 0 : PMD_SIZE), &word) &&
		    word)
			CHECK_EQ(word & WHO, PARENT);
		breathe();
	}
	exit_mm();
	done = false;
	return 0;
}

static int be_child(void *arg)
{
	unsigned int n = 10 + pick(&child_random, 60);
	u32 word;

	exec_mmap(arg);
	/* As long as it only reads, the table is shared. */
	while (!changing)
		breathe();
	while (n--) {
		unsigned int i = pick(&child_random, USED);

		if (pick(&child_random, 2))
			write_word(i, CHILD | round_number);
		CHECK_EQ(read_word(page_addr(i), &word), 0);
		CHECK(!(word & NEW));
		if (pick(&child_random, 4) == 0)
			breathe();
	}
	exit_mm();
	tables_of_child--;
	return 0;
}

static void fork_child(void)
{
	struct mm_struct *mm = dup_mm(current, parent);

	CHECK(!IS_ERR(mm));
	tables_of_child++;
	CHECK(!IS_ERR(kthread_run(be_child, mm, "child")));
}

/* What the driver does to the table it shares with the child. */
static void change(u64 *random)
{
	unsigned int i;

	switch (pick(random, 5)) {
	case 0:
		CHECK_EQ(do_madvise(parent, AT, PMD_SIZE, MADV_DONTNEED), 0);
		break;
	case 1:
		CHECK_EQ(vm_munmap(AT, PMD_SIZE), 0);
		break;
	case 2:
		CHECK_EQ(do_mremap(AT, PMD_SIZE, PMD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, AWAY),
			 AWAY);
		break;
	case 3: /* own it by what was not there: nothing else is flushed */
		i = 1;
		CHECK_EQ(host_write(page_addr(pick(random, USED)) - PAGE_SIZE, &i, sizeof(i)), 0);
		break;
	default:
		for (i = 1 + pick(random, 4); i; i--)
			write_word(pick(random, USED), PARENT | NEW | round_number);
	}
}

static void one_round(u64 *random)
{
	unsigned int i;

	CHECK_EQ(vm_munmap(AT, 2 * PMD_SIZE), 0);
	CHECK_EQ(world_mmap(NULL, AT, PMD_SIZE, RW, MAP_FIXED | MAP_PRIVATE, 0), AT);
	for (i = 0; i < USED; i++)
		if (pick(random, 8))
			write_word(i, PARENT | round_number);
	fork_policy.few_tables = pick(random, 2) ? 0 : 16;
	looking = true;
	fork_child();
	for (i = 1 + pick(random, 6); i; i--)
		nap(NSEC_PER_MSEC);
	changing = true;
	change(random);
	while (tables_of_child)
		nap(NSEC_PER_MSEC);
	looking = changing = false;
}

static void race(void)
{
	static const unsigned int every[] = {400, 100, 30};
	u64 random = test_random();
	unsigned int rounds = test_rounds(800);

	world_set_up();
	fork_policy.few_pages = 0;
	parent = world_mm();
	mmget(parent);
	mmget(parent);
	looker_random = test_random();
	child_random = test_random();
	CHECK(!IS_ERR(kthread_run(look, NULL, "looker")));
	exec_mmap(parent);
	for (round_number = 0; round_number < rounds; round_number++) {
		host_interleave(every[pick(&random, 3)], test_random());
		one_round(&random);
	}
	host_interleave(0, 0);
	exit_mm();
	done = true;
	while (done)
		nap(NSEC_PER_MSEC);
	nap(NSEC_PER_MSEC);
	world_audit();
	mmput(parent);
	nap(NSEC_PER_MSEC);
	world_audit();
}

TEST_TIMEOUT(a_thread_never_sees_what_the_child_writes_to_the_table_left_to_it, 300)
{
	host_run_kernel(4, race);
}
