/* SPDX-License-Identifier: MIT */
/* The fuzzer's processes, which fork, exec and exit in any order, and its files. */
#include "mm_fuzz.h"

#include "lib/err.h"
#include "mm/internal.h"

/* ---- Processes ------------------------------------------------------------------------------- */

void set_heap(struct model_mm *m)
{
	m->mm->start_brk = m->mm->brk = model_addr(HEAP_START);
	m->brk = HEAP_START;
}

/* The child, or NULL: there are enough processes. */
static struct model_mm *fork_from(struct model_mm *m)
{
	struct model_mm *child = NULL;
	unsigned int p;

	for (p = 0; p < MODEL_PROCS; p++)
		if (!procs[p].mm)
			child = &procs[p];
	if (!child)
		return NULL;
	if (below(2)) /* a stack pointer somewhere: that page may be copied at once */
		arch_task_regs(current)->sp = model_addr(below(MODEL_PAGES)) + 8;
	NOTE("%u: fork to %d, sp %lx", fuzz_step, (int)(child - procs),
	     arch_task_regs(current)->sp);
	child->mm = dup_mm(current, m->mm);
	CHECK(!IS_ERR(child->mm));
	model_fork(child, m);
	return child;
}

void fuzz_fork(struct model_mm *m)
{
	fork_from(m);
}

/* Each forks the next, after a write or two. */
void fuzz_fork_line(struct model_mm *m)
{
	unsigned int generations = 2 + below(4);

	while (generations-- && (m = fork_from(m)) != NULL) {
		fuzz_run(m);
		if (below(2))
			fuzz_access(m);
	}
}

void fuzz_exit(struct model_mm *m)
{
	unsigned int p, alive = 0, i;

	for (p = 0; p < MODEL_PROCS; p++)
		alive += procs[p].mm != NULL;
	if (alive == 1)
		return;
	NOTE("%u: exit", fuzz_step);
	fuzz_leave(m);
	mmput(m->mm);
	m->mm = NULL;
	for (i = 0; i < MODEL_PAGES; i++)
		model_unmap(&m->pages[i]);
}

void fuzz_exec(struct model_mm *m)
{
	struct mm_struct *fresh;
	unsigned int cpu, here = arch_cpu_id(), i;

	for (cpu = 0; cpu < CPUS; cpu++)
		if (cpu != here && proc_of_cpu[cpu] == m - procs)
			return; /* other threads would have to die first */
	NOTE("%u: exec", fuzz_step);
	fresh = world_mm();
	exec_mmap(fresh);
	m->mm = fresh;
	for (i = 0; i < MODEL_PAGES; i++)
		model_unmap(&m->pages[i]);
	set_heap(m);
}

/* ---- Files ----------------------------------------------------------------------------------- */

void fuzz_file_write(struct model_mm *m)
{
	struct model_file *file = random_file();
	unsigned int i = below(FILE_PAGES);
	u8 byte = 1 + below(255);

	if (i * PAGE_SIZE >= file->size)
		return;
	if (below(2)) {
		AGREE("byte of the file", file->pages[i].first,
		      world_file_peek(file->file, i * PAGE_SIZE));
		return;
	}
	NOTE("%u: file %d page %u write", fuzz_step, (int)(file - files), i);
	world_file_poke(file->file, i * PAGE_SIZE, byte);
	file->pages[i].first = byte;
}

/* Every CPU learns where pages of @file are: what it must forget when they go. */
static void look_at_file(struct model_file *file)
{
	unsigned int cpu, i, here = arch_cpu_id();

	for (cpu = 0; cpu < CPUS; cpu++) {
		struct model_mm *m = &procs[proc_of_cpu[cpu]];

		if (proc_of_cpu[cpu] == MODEL_PROCS)
			continue;
		world_run(cpu, m->mm);
		for (i = 0; i < MODEL_PAGES; i++)
			if (m->pages[i].mapped && m->pages[i].file == file && below(8) == 0)
				check_read(m, i);
	}
	host_set_cpu(here);
}

void fuzz_truncate(struct model_mm *m)
{
	struct model_file *file = random_file();
	unsigned long size = below(FILE_PAGES + 1) * PAGE_SIZE + (below(3) ? 0 : PAGE_SIZE / 2);

	if (below(2))
		look_at_file(file);
	size = min(size, FILE_PAGES * PAGE_SIZE);
	NOTE("%u: truncate file %d to %lu", fuzz_step, (int)(file - files), size);
	world_truncate(file->file, size);
	model_truncate(file, size);
}

void fuzz_punch_hole(struct model_mm *m)
{
	struct model_file *file = random_file();
	unsigned int first = below(FILE_PAGES), end = first + 1 + below(FILE_PAGES - first), i;

	NOTE("%u: hole in file %d [%u, %u)", fuzz_step, (int)(file - files), first, end);
	world_punch_hole(file->file, first * PAGE_SIZE, end * PAGE_SIZE);
	for (i = first; i < end; i++)
		file->pages[i] = (struct content){0, 0};
}

void fuzz_sync(struct model_mm *m)
{
	AGREE("write-back", 0, filemap_write_and_wait(random_file()->file->f_mapping));
}
