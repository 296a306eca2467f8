/* SPDX-License-Identifier: MIT */
/*
 * The address-space fuzzer: random operations of several processes on several CPUs, each compared
 * with the model (mm_model.h), with an audit of the kernel's state every few steps. CPUs keep their
 * address space loaded while others work, so that what a forgotten flush leaves behind is read or
 * written later.
 */
#include "mm_model.h"
#include "test.h"

#include "lib/err.h"
#include "mm/internal.h"
#include "abi/signal.h"

#define CPUS	   3
#define HEAP_START 200 /* page of the window */

static unsigned int proc_of_cpu[CPUS];
static unsigned int step;

/* The last operations, told when the two disagree. */
#define NOTES 48
static char notes[NOTES][96];
static unsigned int nr_notes;

#define NOTE(...) test_snprintf(notes[nr_notes++ % NOTES], sizeof(notes[0]), __VA_ARGS__)

static struct model_mm *checked_mm;
static unsigned int checked_page;

static void tell_notes(void)
{
	const struct model_page *page = checked_mm ? &checked_mm->pages[checked_page] : NULL;
	unsigned int i;

	for (i = nr_notes > NOTES ? nr_notes - NOTES : 0; i < nr_notes; i++)
		test_printf("    %s\n", notes[i % NOTES]);
	if (page)
		test_printf("    page %u of process %d: mapped %d shared %d own %d prot %x file %d "
			    "index %u\n",
			    checked_page, (int)(checked_mm - procs), page->mapped, page->shared,
			    page->own, page->prot, page->file ? (int)(page->file - files) : -1,
			    page->index);
}

#define AGREE(what, expected, got)                                                                 \
	do {                                                                                       \
		long __expected = (long)(expected), __got = (long)(got);                           \
		if (__expected != __got) {                                                         \
			tell_notes();                                                              \
			test_fail(__FILE__, __LINE__,                                              \
				  "step %u: %s: model %ld (0x%lx), kernel %ld (0x%lx)", step,      \
				  what, __expected, __expected, __got, __got);                     \
		}                                                                                  \
	} while (0)

/* ---- Choices --------------------------------------------------------------------------------- */

struct range {
	unsigned int first, end; /* pages of the window */
};

static unsigned int below(unsigned int n)
{
	return test_random_below(n);
}

/* Often near the middle, where tables meet. */
static struct range random_range(void)
{
	struct range r;
	unsigned int len = below(4) ? 1 + below(12) : 1 + below(64);

	r.first = below(3) ? below(MODEL_PAGES) : MODEL_HALF - below(len + 1);
	r.end = min(r.first + len, (unsigned int)MODEL_PAGES);
	if (r.first == r.end)
		r.first--;
	return r;
}

static unsigned long range_len(struct range r)
{
	return (r.end - r.first) * PAGE_SIZE;
}

static u8 random_prot(void)
{
	static const u8 prots[] = {PROT_READ | PROT_WRITE,
				   PROT_READ | PROT_WRITE,
				   PROT_READ | PROT_WRITE,
				   PROT_READ,
				   PROT_NONE,
				   PROT_WRITE,
				   PROT_READ | PROT_EXEC,
				   PROT_READ | PROT_WRITE | PROT_EXEC};

	return prots[below(ARRAY_SIZE(prots))];
}

static struct model_mm *random_proc(void)
{
	struct model_mm *m;

	do {
		m = &procs[below(MODEL_PROCS)];
	} while (!m->mm);
	return m;
}

/* Be on a random CPU that runs @m, making one do so if it must. */
static void run(struct model_mm *m)
{
	unsigned int cpu = below(CPUS), i;

	for (i = 0; i < CPUS && below(4); i++) {
		cpu = (cpu + 1) % CPUS;
		if (proc_of_cpu[cpu] == m - procs)
			break;
	}
	proc_of_cpu[cpu] = m - procs;
	world_run(cpu, m->mm);
}

static struct model_file *random_file(void)
{
	struct model_file *file;

	do {
		file = &files[below(MODEL_FILES)];
	} while (!file->used || file->anonymous);
	return file;
}

/* ---- Accesses -------------------------------------------------------------------------------- */

static void check_read(struct model_mm *m, unsigned int i)
{
	struct model_page *page = &m->pages[i];
	int expected = model_signal(page, HOST_READ);
	struct content content = {0, 0};

	checked_mm = m;
	checked_page = i;
	AGREE("signal of a read", expected, world_peek(model_addr(i), &content.first));
	if (expected)
		return;
	AGREE("signal of a second read", 0,
	      world_peek(model_addr(i) + PAGE_SIZE - 1, &content.last));
	AGREE("first byte", model_read(page).first, content.first);
	AGREE("last byte", model_read(page).last, content.last);
}

static void check_write(struct model_mm *m, unsigned int i)
{
	struct model_page *page = &m->pages[i];
	int expected = model_signal(page, HOST_WRITE);
	bool last = below(2);
	u8 byte = 1 + below(255);

	checked_mm = m;
	checked_page = i;
	AGREE("signal of a write", expected,
	      world_poke(model_addr(i) + (last ? PAGE_SIZE - 1 : 0), byte));
	if (!expected)
		model_write(page, last, byte);
}

static void do_access(struct model_mm *m)
{
	struct range r = random_range();
	unsigned int i;

	NOTE("%u: access [%u, %u)", step, r.first, r.end);
	for (i = r.first; i < r.end; i++) {
		switch (below(4)) {
		case 0:
			check_read(m, i);
			break;
		case 1:
			AGREE("signal of a fetch", model_signal(&m->pages[i], HOST_EXEC),
			      host_exec(model_addr(i)));
			world_take_signal();
			break;
		default:
			check_write(m, i);
		}
	}
}

/* The kernel's own access: read(2) or write(2) with a buffer there. */
static void do_user_copy(struct model_mm *m)
{
	unsigned int i = below(MODEL_PAGES);
	struct model_page *page = &m->pages[i];
	bool write = below(2);
	bool fails = model_signal(page, write ? HOST_WRITE : HOST_READ);
	u8 byte = 1 + below(255);

	NOTE("%u: user copy, page %u, write %d", step, i, write);
	if (write) {
		AGREE("copy_to_user", fails, copy_to_user((void *)model_addr(i), &byte, 1));
		if (!fails)
			model_write(page, false, byte);
		return;
	}
	AGREE("copy_from_user", fails, copy_from_user(&byte, (void *)model_addr(i), 1));
	if (!fails)
		AGREE("byte of copy_from_user", model_read(page).first, byte);
}

/* Another process reads or writes it. */
static void do_remote(struct model_mm *m)
{
	unsigned int i = below(MODEL_PAGES);
	struct model_page *page = &m->pages[i];
	bool write = below(2), fails = model_signal(page, write ? HOST_WRITE : HOST_READ);
	u8 byte = 1 + below(255);

	if (!write && !(page->prot & PROT_READ))
		fails = true; /* PROT_WRITE alone is readable to hardware only */
	NOTE("%u: remote access, page %u, write %d", step, i, write);
	run(random_proc());
	AGREE("access_remote_vm", !fails, access_remote_vm(m->mm, model_addr(i), &byte, 1, write));
	if (fails)
		return;
	if (write)
		model_write(page, false, byte);
	else
		AGREE("byte of access_remote_vm", model_read(page).first, byte);
}

/* ---- The mmap family ------------------------------------------------------------------------- */

static void do_mmap_op(struct model_mm *m)
{
	struct range r = random_range();
	struct model_page template = {.mapped = true, .prot = random_prot()};
	unsigned long flags = below(8) ? MAP_FIXED : MAP_FIXED_NOREPLACE, got,
		      expected = model_addr(r.first);
	bool populate = below(8) == 0;
	unsigned int first_index = 0, i;

	template.shared = below(3) == 0;
	if (below(2)) {
		template.file = random_file();
		first_index = below(FILE_PAGES);
		r.end = min(r.end, r.first + FILE_PAGES - first_index);
	} else if (template.shared) {
		r.end = min(r.end, r.first + FILE_PAGES);
	}
	for (i = r.first; i < r.end && flags == MAP_FIXED_NOREPLACE; i++)
		if (m->pages[i].mapped)
			expected = -EEXIST;
	NOTE("%u: mmap [%u, %u) prot %x shared %d file %d index %u flags %lx", step, r.first, r.end,
	     template.prot, template.shared, template.file ? (int)(template.file - files) : -1,
	     first_index, flags);
	got = world_mmap(template.file ? template.file->file : NULL, model_addr(r.first),
			 range_len(r), template.prot,
			 flags | (template.shared ? MAP_SHARED : MAP_PRIVATE) |
				 (populate ? MAP_POPULATE : 0),
			 first_index);
	AGREE("mmap", expected, got);
	if (IS_ERR_VALUE(got))
		return;
	for (i = r.first; i < r.end; i++)
		model_unmap(&m->pages[i]);
	if (template.shared && !template.file) {
		template.file = model_new_file();
		CHECK(template.file);
		template.file->anonymous = true;
		template.file->size = range_len(r);
	}
	for (i = r.first; i < r.end; i++) {
		m->pages[i] = template;
		m->pages[i].index = first_index + i - r.first;
		/* Populated as it will be used: what may be written is copied now, and sees no
		 * later change of the file. */
		if (populate && !template.shared && !model_signal(&m->pages[i], HOST_WRITE)) {
			m->pages[i].content = model_read(&m->pages[i]);
			m->pages[i].own = true;
		}
	}
}

static void do_munmap_op(struct model_mm *m)
{
	struct range r = random_range();
	unsigned int i;

	/* Sometimes all that a table spans, so that it goes. */
	if (below(12) == 0) {
		r.first = below(2) * MODEL_HALF;
		r.end = r.first + MODEL_HALF;
	}
	NOTE("%u: munmap [%u, %u)", step, r.first, r.end);
	AGREE("munmap", 0, vm_munmap(model_addr(r.first), range_len(r)));
	for (i = r.first; i < r.end; i++)
		model_unmap(&m->pages[i]);
}

static void do_mprotect_op(struct model_mm *m)
{
	struct range r = random_range();
	u8 prot = random_prot();
	int expected = 0;
	unsigned int i;

	NOTE("%u: mprotect [%u, %u) %x", step, r.first, r.end, prot);
	for (i = r.first; i < r.end && !expected; i++) {
		if (m->pages[i].mapped)
			m->pages[i].prot = prot;
		else
			expected = -ENOMEM;
	}
	AGREE("mprotect", expected, do_mprotect(model_addr(r.first), range_len(r), prot));
}

static void do_madvise_op(struct model_mm *m)
{
	static const int advices[] = {MADV_DONTNEED,   MADV_DONTNEED,  MADV_DONTNEED,
				      MADV_DONTFORK,   MADV_DOFORK,    MADV_DOFORK,
				      MADV_WIPEONFORK, MADV_KEEPONFORK};
	int advice = advices[below(ARRAY_SIZE(advices))], expected = 0;
	struct range r = random_range();
	unsigned int i;

	NOTE("%u: madvise [%u, %u) %d", step, r.first, r.end, advice);
	for (i = r.first; i < r.end && expected != -EINVAL; i++) {
		struct model_page *page = &m->pages[i];

		if (!page->mapped)
			expected = -ENOMEM;
		else if (advice == MADV_DONTNEED)
			model_drop(page);
		else if (advice == MADV_DONTFORK || advice == MADV_DOFORK)
			page->dontfork = advice == MADV_DONTFORK;
		else if (advice == MADV_WIPEONFORK && (page->file || page->shared))
			expected = -EINVAL;
		else
			page->wipeonfork = advice == MADV_WIPEONFORK;
	}
	AGREE("madvise", expected, do_madvise(m->mm, model_addr(r.first), range_len(r), advice));
}

/* A range within one VMA; false if the try failed. */
static bool range_in_vma(struct model_mm *m, struct range *r)
{
	struct vm_area_struct *vma;

	*r = random_range();
	vma = vma_lookup(m->mm, model_addr(r->first));
	if (!vma)
		return false;
	if (vma->vm_end < model_addr(r->end))
		r->end = (vma->vm_end - MODEL_BASE) >> PAGE_SHIFT;
	return true;
}

/* What a page at @index of the range that starts with @first is after it grew. */
static struct model_page grown_page(const struct model_page *first, unsigned int index)
{
	struct model_page page = *first;

	page.own = false;
	page.index += index;
	return page;
}

/* A file's pages that the model has no room for. */
static bool beyond_model(const struct model_page *first, unsigned int pages)
{
	return first->file && first->index + pages > FILE_PAGES;
}

static void do_mremap_move(struct model_mm *m)
{
	struct model_page moved[MODEL_PAGES];
	unsigned int old_len, new_len, to, i;
	unsigned long flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	struct range r;

	if (!range_in_vma(m, &r))
		return;
	old_len = r.end - r.first;
	new_len = below(2) ? old_len : 1 + below(2 * old_len);
	to = below(MODEL_PAGES - min(new_len, (unsigned int)MODEL_PAGES - 1));
	if (to + new_len > MODEL_PAGES || beyond_model(&m->pages[r.first], new_len))
		return;
	if (to < r.end && r.first < to + new_len) {
		AGREE("mremap onto itself", -EINVAL,
		      do_mremap(model_addr(r.first), old_len * PAGE_SIZE, new_len * PAGE_SIZE,
				flags, model_addr(to)));
		return;
	}
	if (old_len == new_len && below(3) == 0)
		flags |= MREMAP_DONTUNMAP;
	NOTE("%u: mremap [%u, %u) -> %u + %u flags %lx", step, r.first, r.end, to, new_len, flags);
	for (i = 0; i < new_len; i++)
		moved[i] = i < old_len ? m->pages[r.first + i] : grown_page(&m->pages[r.first], i);
	AGREE("mremap", model_addr(to),
	      do_mremap(model_addr(r.first), old_len * PAGE_SIZE, new_len * PAGE_SIZE, flags,
			model_addr(to)));
	for (i = r.first; i < r.end; i++) {
		if (flags & MREMAP_DONTUNMAP)
			m->pages[i].own = false;
		else
			model_unmap(&m->pages[i]);
	}
	for (i = 0; i < new_len; i++)
		m->pages[to + i] = moved[i];
}

static void do_mremap_in_place(struct model_mm *m)
{
	struct vm_area_struct *vma;
	unsigned int old_len, new_len, i;
	unsigned long expected;
	struct range r;

	if (!range_in_vma(m, &r))
		return;
	old_len = r.end - r.first;
	new_len = 1 + below(2 * old_len);
	if (r.first + new_len > MODEL_PAGES || beyond_model(&m->pages[r.first], new_len))
		return;
	expected = model_addr(r.first);
	vma = vma_lookup(m->mm, expected);
	if (new_len > old_len && vma->vm_end != model_addr(r.end))
		expected = -ENOMEM;
	for (i = r.end; i < r.first + new_len; i++)
		if (m->pages[i].mapped)
			expected = -ENOMEM;
	NOTE("%u: mremap [%u, %u) to length %u", step, r.first, r.end, new_len);
	AGREE("mremap in place", expected,
	      do_mremap(model_addr(r.first), old_len * PAGE_SIZE, new_len * PAGE_SIZE, 0, 0));
	if (IS_ERR_VALUE(expected))
		return;
	for (i = r.first + new_len; i < r.end; i++)
		model_unmap(&m->pages[i]);
	for (i = r.end; i < r.first + new_len; i++)
		m->pages[i] = grown_page(&m->pages[r.first], i - r.first);
}

static void do_brk_op(struct model_mm *m)
{
	unsigned int to = HEAP_START + below(MODEL_PAGES - HEAP_START - 1), i, expected = to;

	/* One page beyond must be free too. */
	for (i = m->brk; i <= to && to > m->brk; i++)
		if (m->pages[i].mapped)
			expected = m->brk;
	NOTE("%u: brk %u -> %u", step, m->brk, to);
	AGREE("brk", model_addr(expected), do_brk(model_addr(to)));
	if (expected != to)
		return;
	for (i = to; i < m->brk; i++)
		model_unmap(&m->pages[i]);
	for (i = m->brk; i < to; i++)
		m->pages[i] = (struct model_page){.mapped = true, .prot = PROT_READ | PROT_WRITE};
	m->brk = to;
}

/* ---- Processes and files --------------------------------------------------------------------- */

static void set_heap(struct model_mm *m)
{
	m->mm->start_brk = m->mm->brk = model_addr(HEAP_START);
	m->brk = HEAP_START;
}

static void leave(struct model_mm *m)
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

static void do_fork(struct model_mm *m)
{
	struct model_mm *child = NULL;
	unsigned int p;

	for (p = 0; p < MODEL_PROCS; p++)
		if (!procs[p].mm)
			child = &procs[p];
	if (!child)
		return;
	if (below(2)) /* a stack pointer somewhere: that page is copied at once */
		arch_task_regs(current)->sp = model_addr(below(MODEL_PAGES)) + 8;
	NOTE("%u: fork to %d, sp %lx", step, (int)(child - procs), arch_task_regs(current)->sp);
	child->mm = dup_mm(current, m->mm);
	CHECK(!IS_ERR(child->mm));
	model_fork(child, m);
}

static void do_exit_op(struct model_mm *m)
{
	unsigned int p, alive = 0, i;

	for (p = 0; p < MODEL_PROCS; p++)
		alive += procs[p].mm != NULL;
	if (alive == 1)
		return;
	NOTE("%u: exit", step);
	leave(m);
	mmput(m->mm);
	m->mm = NULL;
	for (i = 0; i < MODEL_PAGES; i++)
		model_unmap(&m->pages[i]);
}

static void do_exec(struct model_mm *m)
{
	struct mm_struct *fresh = world_mm();
	unsigned int cpu, here = arch_cpu_id(), i;

	for (cpu = 0; cpu < CPUS; cpu++)
		if (cpu != here && proc_of_cpu[cpu] == m - procs)
			break;
	if (cpu < CPUS) { /* other threads would have to die first */
		mmput(fresh);
		return;
	}
	NOTE("%u: exec", step);
	exec_mmap(fresh);
	m->mm = fresh;
	for (i = 0; i < MODEL_PAGES; i++)
		model_unmap(&m->pages[i]);
	set_heap(m);
}

static void do_file_write(struct model_mm *m)
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
	NOTE("%u: file %d page %u write", step, (int)(file - files), i);
	world_file_poke(file->file, i * PAGE_SIZE, byte);
	file->pages[i].first = byte;
}

static void do_truncate(struct model_mm *m)
{
	struct model_file *file = random_file();
	unsigned long size = below(FILE_PAGES + 1) * PAGE_SIZE + (below(3) ? 0 : PAGE_SIZE / 2);

	size = min(size, FILE_PAGES * PAGE_SIZE);
	NOTE("%u: truncate file %d to %lu", step, (int)(file - files), size);
	world_truncate(file->file, size);
	model_truncate(file, size);
}

static void do_sync(struct model_mm *m)
{
	AGREE("write-back", 0, filemap_write_and_wait(random_file()->file->f_mapping));
}

/* ---- The run --------------------------------------------------------------------------------- */

static const struct {
	void (*fn)(struct model_mm *m);
	unsigned int weight;
} ops[] = {
	{do_access, 24},     {do_user_copy, 6},	      {do_remote, 6},	  {do_mmap_op, 12},
	{do_munmap_op, 5},   {do_mprotect_op, 8},     {do_madvise_op, 6}, {do_brk_op, 4},
	{do_mremap_move, 6}, {do_mremap_in_place, 4}, {do_fork, 5},	  {do_exit_op, 4},
	{do_exec, 1},	     {do_file_write, 5},      {do_truncate, 2},	  {do_sync, 2},
};

static void one_step(void)
{
	unsigned int total = 0, i, pick;
	struct model_mm *m = random_proc();

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		total += ops[i].weight;
	run(m);
	for (i = below(4); i; i--)
		host_speculate(model_addr(below(MODEL_PAGES)));
	pick = below(total);
	for (i = 0; pick >= ops[i].weight; i++)
		pick -= ops[i].weight;
	NOTE("%u: process %d on CPU %u:", step, (int)(m - procs), arch_cpu_id());
	ops[i].fn(m);
}

/* A few pages, as every CPU sees them; now and then all of all processes. */
static void compare(bool all)
{
	unsigned int n = all ? MODEL_PAGES : 6, i, p;

	for (p = 0; p < MODEL_PROCS; p++) {
		struct model_mm *m = &procs[p];

		if (!m->mm)
			continue;
		for (i = 0; i < n; i++) {
			if (!all || i % 16 == 0)
				run(m);
			check_read(m, all ? i : below(MODEL_PAGES));
		}
	}
}

static void make_files(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct model_file *file = model_new_file();

		file->size = (8 + 10 * i) * PAGE_SIZE;
		file->file = world_file(file->size, i & 1);
	}
}

static void end_world(unsigned long free_before)
{
	unsigned int i;

	for (i = 0; i < MODEL_PROCS; i++) {
		if (!procs[i].mm)
			continue;
		leave(&procs[i]);
		mmput(procs[i].mm);
	}
	for (i = 0; i < MODEL_FILES; i++)
		if (files[i].used && files[i].file)
			fput(files[i].file);
	world_audit();
	CHECK_EQ(vm_committed(), 0UL);
	CHECK_EQ(world_free_pages(), free_before);
}

TEST_TIMEOUT(kernel_and_model_agree_on_every_byte_and_signal, 600)
{
	unsigned int rounds = test_rounds(4000), i;
	unsigned long free_before;

	world_start(16UL << 20, CPUS);
	free_before = world_free_pages();
	for (i = 0; i < CPUS; i++)
		proc_of_cpu[i] = MODEL_PROCS;
	make_files();
	procs[0].mm = world_mm();
	set_heap(&procs[0]);
	for (step = 0; step < rounds; step++) {
		one_step();
		compare(step % 256 == 255);
		if (step % 16 == 0)
			world_audit();
	}
	end_world(free_before);
}
