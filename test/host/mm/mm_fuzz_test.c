/* SPDX-License-Identifier: MIT */
/* The address-space fuzzer (mm_fuzz.h): its choices, the run, the comparison. */
#include "mm_fuzz.h"

#include "lib/string.h"
#include "mm/fork.h"
#include "mm/internal.h"
#include "mm/pgwalk.h"
#include "mm/vma.h"

unsigned int fuzz_step;
unsigned int proc_of_cpu[CPUS];

static unsigned int deepest;

/* ---- The report ------------------------------------------------------------------------------ */

char fuzz_notes[NR_NOTES][112];
unsigned int nr_fuzz_notes;

static struct model_mm *checked_mm;
static unsigned int checked_page;

void fuzz_about(struct model_mm *m, unsigned int i)
{
	checked_mm = m;
	checked_page = i;
}

void fuzz_tell(void)
{
	const struct model_page *page = checked_mm ? &checked_mm->pages[checked_page] : NULL;
	unsigned int i;

	for (i = nr_fuzz_notes > NR_NOTES ? nr_fuzz_notes - NR_NOTES : 0; i < nr_fuzz_notes; i++)
		test_printf("    %s\n", fuzz_notes[i % NR_NOTES]);
	if (page)
		test_printf("    page %u (%lx) of process %d: mapped %d shared %d own %d prot %x "
			    "file %d index %u\n",
			    checked_page, model_addr(checked_page), (int)(checked_mm - procs),
			    page->mapped, page->shared, page->own, page->prot,
			    page->file ? (int)(page->file - files) : -1, page->index);
}

static void tell_at_panic(int status)
{
	test_printf("    step %u: the kernel panicked\n", fuzz_step);
	fuzz_tell();
}

/* ---- Choices --------------------------------------------------------------------------------- */

static unsigned int random_length(unsigned int most)
{
	switch (below(4)) {
	case 0:
		return 1 + below(min(most, 64u));
	case 1:
		return 1 + below(most);
	default:
		return 1 + below(12);
	}
}

static struct range range_in(const struct model_segment *s)
{
	unsigned int pages = s->end - s->first, middle = s->first + pages / 2, len;
	struct range r = {.segment = s};

	if (s == &segments[DENSE] && below(4) == 0) { /* whole tables, or nearly */
		len = TABLE_PAGES * (1 + below(3)) - (below(3) ? 0 : below(20));
		r.first = s->first + TABLE_PAGES * below(4) + (below(3) ? 0 : below(20));
	} else {
		len = random_length(pages * 3 / 4);
		r.first = below(3) ? s->first + below(pages)
				   : middle - below(min(len + 1, pages / 2));
	}
	r.end = min(r.first + len, s->end);
	return r;
}

struct range random_range(void)
{
	static const u8 which[] = {CORNER, DENSE, DENSE, DENSE, WIDE};

	return range_in(&segments[which[below(ARRAY_SIZE(which))]]);
}

struct range random_small_range(void)
{
	return range_in(&segments[below(3) ? DENSE : CORNER]);
}

u8 random_prot(void)
{
	static const u8 prots[] = {PROT_READ | PROT_WRITE,
				   PROT_READ | PROT_WRITE,
				   PROT_READ | PROT_WRITE,
				   PROT_READ | PROT_WRITE,
				   PROT_READ,
				   PROT_NONE,
				   PROT_WRITE,
				   PROT_READ | PROT_EXEC,
				   PROT_READ | PROT_WRITE | PROT_EXEC};

	return prots[below(ARRAY_SIZE(prots))];
}

struct model_mm *random_proc(void)
{
	unsigned int p = proc_of_cpu[below(CPUS)];
	struct model_mm *m;

	/* Often one that runs already, whose CPUs know much. */
	if (p < MODEL_PROCS && below(2))
		return &procs[p];
	do {
		m = &procs[below(MODEL_PROCS)];
	} while (!m->mm);
	return m;
}

struct model_file *random_file(void)
{
	struct model_file *file;

	do {
		file = &files[below(MODEL_FILES)];
	} while (!file->used || file->anonymous);
	return file;
}

void fuzz_run(struct model_mm *m)
{
	unsigned int cpu = below(CPUS), i;

	for (i = 0; i < CPUS && below(12); i++) {
		cpu = (cpu + 1) % CPUS;
		if (proc_of_cpu[cpu] == m - procs)
			break;
	}
	proc_of_cpu[cpu] = m - procs;
	world_run(cpu, m->mm);
}

/* Each of several CPUs runs @m and learns where its pages are. */
static void fuzz_threads(struct model_mm *m)
{
	unsigned int cpu, i, first = below(MODEL_PAGES);

	NOTE("%u: threads, from page %u on", fuzz_step, first);
	for (cpu = 0; cpu < CPUS; cpu++) {
		if (below(4) == 0)
			continue;
		proc_of_cpu[cpu] = m - procs;
		world_run(cpu, m->mm);
		for (i = first; i < min(first + 40, (unsigned int)MODEL_PAGES); i++)
			check_read(m, i);
	}
}

void fuzz_leave(struct model_mm *m)
{
	unsigned int cpu, here = arch_cpu_id();

	for (cpu = 0; cpu < CPUS; cpu++) {
		if (proc_of_cpu[cpu] != m - procs)
			continue;
		proc_of_cpu[cpu] = MODEL_PROCS;
		world_run(cpu, NULL);
	}
	host_set_cpu(here);
}

/* ---- Comparison ------------------------------------------------------------------------------ */

/* A few pages, as every CPU sees them; now and then all of all processes. */
static void compare(bool all)
{
	unsigned int n = all ? MODEL_PAGES : 6, i, p;

	for (p = 0; p < MODEL_PROCS; p++) {
		struct model_mm *m = &procs[p];

		if (!m->mm)
			continue;
		deepest = max(deepest, m->depth);
		for (i = 0; i < n; i++) {
			if (!all || i % 16 == 0)
				fuzz_run(m);
			check_read(m, all ? i : below(MODEL_PAGES));
		}
	}
}

/* Private pages are there, or on swap, exactly if they were written to and not given back. */
static void compare_rss(void)
{
	unsigned int p;

	for (p = 0; p < MODEL_PROCS; p++) {
		if (!procs[p].mm)
			continue;
		fuzz_about(&procs[p], 0);
		AGREE("anonymous pages", model_own_pages(&procs[p]),
		      atomic64_read(&procs[p].mm->rss[MM_ANONPAGES]) +
			      atomic64_read(&procs[p].mm->rss[MM_SWAPENTS]));
	}
}

/* Private pages that somebody maps. */
static long mapped_anon_pages(void)
{
	unsigned long pfn;
	long pages = 0;

	for (pfn = 0; pfn < max_pfn; pfn++)
		pages += pfn_valid(pfn) && page_flag(pfn_to_page(pfn), PG_anon) &&
			 page_mapcount(pfn_to_page(pfn)) > 0;
	return pages;
}

/* The shares of all processes in private pages are these pages; and those in slots the slots. */
static void compare_pss(void)
{
	long shares = 0, vmas = 0, pages = mapped_anon_pages() * PAGE_SIZE;
	u64 swap_pss = 0;
	struct vm_area_struct *vma;
	unsigned int p;

	for (p = 0; p < MODEL_PROCS; p++) {
		struct mem_size_stats mss = {0};

		if (!procs[p].mm)
			continue;
		down_read(&procs[p].mm->mmap_lock);
		for_each_vma (procs[p].mm, vma) {
			smap_gather(vma, &mss);
			vmas++;
		}
		up_read(&procs[p].mm->mmap_lock);
		shares += mss.pss_anon;
		swap_pss += mss.swap_pss;
		AGREE("resident bytes of smaps", get_mm_rss(procs[p].mm) * PAGE_SIZE, mss.resident);
	}
	/* Each VMA's share is rounded down. */
	if (shares > pages || shares < pages - vmas - MODEL_PROCS * (long)(MODEL_PAGES >> 8))
		AGREE("sum of the shares in private pages", pages, shares);
	fuzz_compare_swap(swap_pss, vmas);
}

/* A page table in [start, start + span) of @m stands below a mapping, or will never go. */
static void check_table(struct model_mm *m, unsigned long start, unsigned long span)
{
	if (find_vma_intersection(m->mm, start, start + span))
		return;
	NOTE("%u: process %d has a table for %lx + %lx, and no mapping", fuzz_step,
	     (int)(m - procs), start, span);
	fuzz_about(m, 0);
	AGREE("tables without a mapping", 0, 1);
}

static void check_tables(struct model_mm *m)
{
	unsigned long addr, end = 4 * PGDIR_SIZE;
	pud_t pud;

	for (addr = 0; addr < end;) {
		pgd_t pgd = pgd_get(m->mm->arch.pgd + pgd_index(addr));

		if (!pgd_present(pgd)) {
			addr = pgd_addr_end(addr, end);
			continue;
		}
		check_table(m, addr & PGDIR_MASK, PGDIR_SIZE);
		pud = pud_get(pud_entry(pgd, addr));
		if (!pud_present(pud)) {
			addr = pud_addr_end(addr, end);
			continue;
		}
		check_table(m, addr & PUD_MASK, PUD_SIZE);
		if (pmd_present(pmd_get(pmd_entry(pud, addr))))
			check_table(m, addr, PMD_SIZE);
		addr += PMD_SIZE;
	}
}

static void audit(void)
{
	unsigned int p;
	int problems;

	/* A page cut off while it was being written is nobody's until that is seen to. */
	fuzz_swap_settle();
	problems = mm_audit();
	AGREE("problems of the audit", 0, problems);
	compare_rss();
	for (p = 0; p < MODEL_PROCS; p++)
		if (procs[p].mm)
			check_tables(&procs[p]);
}

/* ---- The run --------------------------------------------------------------------------------- */

static const struct {
	void (*fn)(struct model_mm *m);
	unsigned int weight;
} ops[] = {
	{fuzz_threads, 5},
	{fuzz_access, 24},
	{fuzz_fill, 8},
	{fuzz_user_copy, 6},
	{fuzz_remote, 6},
	{fuzz_mmap, 12},
	{fuzz_munmap, 4},
	{fuzz_mprotect, 8},
	{fuzz_madvise, 7},
	{fuzz_mlock, 2},
	{fuzz_brk, 4},
	{fuzz_mremap_move, 6},
	{fuzz_mremap_in_place, 4},
	{fuzz_fork, 6},
	{fuzz_fork_line, 1},
	{fuzz_exit, 7},
	{fuzz_exec, 1},
	{fuzz_file_write, 5},
	{fuzz_truncate, 4},
	{fuzz_punch_hole, 3},
	{fuzz_sync, 2},
	{fuzz_page_out, 22},
	{fuzz_swap_arrive, 6},
	{fuzz_reclaim, 4},
	{fuzz_advise_reclaim, 4},
	{fuzz_swapoff, 2},
	{fuzz_write_error, 1},
	{fuzz_read_error, 2},
};

static void one_step(void)
{
	unsigned int total = 0, i, pick;
	struct model_mm *m = random_proc();

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		total += ops[i].weight;
	fuzz_run(m);
	pick = below(total);
	for (i = 0; pick >= ops[i].weight; i++)
		pick -= ops[i].weight;
	NOTE("%u: process %d on CPU %u:", fuzz_step, (int)(m - procs), arch_cpu_id());
	ops[i].fn(m);
	if (m->mm)
		check_tables(m);
}

static void make_files(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct model_file *file = model_new_file();

		file->size = (40 + 200 * i) * PAGE_SIZE;
		file->file = world_file(file->size, i & 1);
	}
}

static void end_world(unsigned long free_before)
{
	unsigned long kept;
	unsigned int i;

	for (i = 0; i < MODEL_PROCS; i++) {
		if (!procs[i].mm)
			continue;
		fuzz_leave(&procs[i]);
		mmput(procs[i].mm);
	}
	for (i = 0; i < MODEL_FILES; i++)
		if (files[i].used && files[i].file)
			fput(files[i].file);
	kept = fuzz_swap_end();
	world_audit();
	CHECK_EQ(vm_committed(), 0UL);
	CHECK_EQ(world_free_pages() + kept, free_before);
}

/* fork as it is, or sharing more, so that shared tables of all kinds meet. */
static void choose_policy(void)
{
	static const unsigned int few_pages[] = {64, 64, 8, 0},
				  many_file_pages[] = {128, 128, 16, 1},
				  few_tables[] = {16, 16, 2, 0};

	fork_policy.few_pages = few_pages[below(4)];
	fork_policy.many_file_pages = many_file_pages[below(4)];
	fork_policy.few_tables = few_tables[below(4)];
}

static void fuzz(unsigned int rounds)
{
	static const unsigned int speculate_every[] = {0, 2000, 200, 20};
	unsigned long free_before;
	bool small = below(2);
	unsigned int i;

	world_start(small ? 56UL << 20 : 192UL << 20, CPUS);
	host_poweroff = tell_at_panic;
	sysctl_overcommit_memory = OVERCOMMIT_ALWAYS;
	fuzz_swap_once();
	free_before = world_free_pages();
	fuzz_swap_begin(small);
	for (i = 0; i < CPUS; i++)
		proc_of_cpu[i] = MODEL_PROCS;
	make_files();
	procs[0].mm = world_mm();
	set_heap(&procs[0]);
	host_speculate_at_random(speculate_every[below(4)], test_random());
	for (fuzz_step = 0; fuzz_step < rounds; fuzz_step++) {
		if (fuzz_step % 512 == 0)
			choose_policy();
		one_step();
		compare(fuzz_step % 256 == 255);
		if (fuzz_step % 16 == 0)
			audit();
		if (fuzz_step % 64 == 0)
			compare_pss();
	}
	CHECK_GE(deepest, 5u);
	end_world(free_before);
}

TEST_TIMEOUT(kernel_and_model_agree_on_every_byte_and_signal, 600)
{
	fuzz(test_rounds(4000));
}
