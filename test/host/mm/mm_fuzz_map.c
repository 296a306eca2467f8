/* SPDX-License-Identifier: MIT */
/* The fuzzer's operations on mappings: mmap and its family. */
#include "mm_fuzz.h"

#include "lib/err.h"
#include "mm/internal.h"

/* ---- mmap, munmap, mprotect ------------------------------------------------------------------ */

/* What is to be mapped in *r, which a file may make shorter; *first_index in the file. */
static struct model_page random_mapping(struct range *r, unsigned int *first_index)
{
	struct model_page page = {.mapped = true, .prot = random_prot()};

	if (r->segment == &segments[WIDE])
		return page; /* private and anonymous: nothing else is as long */
	page.shared = below(4) == 0;
	if (below(3) == 0) {
		page.file = random_file();
		*first_index = below(2) ? 0 : below(FILE_PAGES);
		r->end = min(r->end, r->first + FILE_PAGES - *first_index);
	} else if (page.shared) {
		r->end = min(r->end, r->first + FILE_PAGES);
		page.file = model_new_file();
		page.shared = page.file != NULL;
	}
	if (page.file && !page.file->file) {
		page.file->anonymous = true;
		page.file->size = range_len(*r);
	}
	return page;
}

void fuzz_mmap(struct model_mm *m)
{
	struct range r = random_range();
	unsigned int first_index = 0, i;
	struct model_page template = random_mapping(&r, &first_index);
	unsigned long flags = below(8) ? MAP_FIXED : MAP_FIXED_NOREPLACE, got,
		      expected = range_addr(r);
	bool populate = r.segment != &segments[WIDE] && below(8) == 0;

	for (i = r.first; i < r.end && flags == MAP_FIXED_NOREPLACE; i++)
		if (m->pages[i].mapped)
			expected = -EEXIST;
	NOTE("%u: mmap [%u, %u) prot %x shared %d file %d index %u flags %lx", fuzz_step, r.first,
	     r.end, template.prot, template.shared,
	     template.file ? (int)(template.file - files) : -1, first_index, flags);
	got = world_mmap(template.file ? template.file->file : NULL, range_addr(r), range_len(r),
			 template.prot,
			 flags | (template.shared ? MAP_SHARED : MAP_PRIVATE) |
				 (populate ? MAP_POPULATE : 0),
			 first_index);
	AGREE("mmap", expected, got);
	if (IS_ERR_VALUE(got))
		return;
	for (i = r.first; i < r.end; i++)
		model_unmap(&m->pages[i]);
	for (i = r.first; i < r.end; i++) {
		m->pages[i] = template;
		m->pages[i].index = first_index + i - r.first;
		if (populate && !model_signal(&m->pages[i], HOST_WRITE))
			model_populate(&m->pages[i]);
	}
}

void fuzz_munmap(struct model_mm *m)
{
	struct range r = random_range();
	unsigned int i;

	/* Sometimes all there is, or that and all around it, so that tables of all levels go. */
	if (below(16) == 0) {
		r.first = r.segment->first;
		r.end = r.segment->end;
	}
	NOTE("%u: munmap [%u, %u)", fuzz_step, r.first, r.end);
	if (r.first == r.segment->first && r.end == r.segment->end && below(2))
		AGREE("munmap around", 0,
		      vm_munmap((range_addr(r) & PUD_MASK) - PUD_SIZE, 6 * PUD_SIZE));
	else
		AGREE("munmap", 0, vm_munmap(range_addr(r), range_len(r)));
	for (i = r.first; i < r.end; i++)
		model_unmap(&m->pages[i]);
}

/* Populating after a change of locked memory has rules of its own: kept out of the way. */
static bool any_locked(const struct model_mm *m, struct range r)
{
	unsigned int i;

	for (i = r.first; i < r.end; i++)
		if (m->pages[i].locked)
			return true;
	return false;
}

void fuzz_mprotect(struct model_mm *m)
{
	struct range r = random_range();
	u8 prot = random_prot();
	int expected = 0;
	unsigned int i;

	if (any_locked(m, r))
		return;
	NOTE("%u: mprotect [%u, %u) %x", fuzz_step, r.first, r.end, prot);
	for (i = r.first; i < r.end && !expected; i++) {
		if (m->pages[i].mapped)
			m->pages[i].prot = prot;
		else
			expected = -ENOMEM;
	}
	AGREE("mprotect", expected, do_mprotect(range_addr(r), range_len(r), prot));
}

/* ---- madvise, mlock -------------------------------------------------------------------------- */

static void punch(struct model_file *file, unsigned int index)
{
	file->pages[index] = (struct content){0, 0};
}

/* @advice on one mapped page. */
static int advise_page(struct model_page *page, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_FREE:
		if (page->locked || (advice == MADV_FREE && page->file))
			return -EINVAL;
		model_drop(page);
		return 0;
	case MADV_DONTFORK:
	case MADV_DOFORK:
		page->dontfork = advice == MADV_DONTFORK;
		return 0;
	case MADV_WIPEONFORK:
		if (page->file)
			return -EINVAL;
		page->wipeonfork = true;
		return 0;
	case MADV_KEEPONFORK:
		page->wipeonfork = false;
		return 0;
	case MADV_REMOVE:
		if (page->locked || !page->file)
			return -EINVAL;
		if (!page->shared) /* the files are all open for writing */
			return -EACCES;
		punch(page->file, page->index);
		return 0;
	default: /* MADV_POPULATE_READ, MADV_POPULATE_WRITE */
		if (!(page->prot & (advice == MADV_POPULATE_READ ? PROT_READ : PROT_WRITE)))
			return -EINVAL;
		if (model_beyond_file(page))
			return -EFAULT;
		if (advice == MADV_POPULATE_WRITE)
			model_populate(page);
		return 0;
	}
}

void fuzz_madvise(struct model_mm *m)
{
	static const int advices[] = {MADV_DONTNEED,	  MADV_DONTNEED,   MADV_DONTNEED,
				      MADV_FREE,	  MADV_DONTFORK,   MADV_DOFORK,
				      MADV_DOFORK,	  MADV_WIPEONFORK, MADV_KEEPONFORK,
				      MADV_KEEPONFORK,	  MADV_REMOVE,	   MADV_POPULATE_READ,
				      MADV_POPULATE_WRITE};
	int advice = advices[below(ARRAY_SIZE(advices))], hole = 0, error = 0;
	bool populates = advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE;
	struct range r = populates ? random_small_range() : random_range();
	unsigned int i;

	NOTE("%u: madvise [%u, %u) %d", fuzz_step, r.first, r.end, advice);
	for (i = r.first; i < r.end && !error; i++) {
		if (m->pages[i].mapped)
			error = advise_page(&m->pages[i], advice);
		else
			hole = -ENOMEM;
	}
	AGREE("madvise", error ?: hole, do_madvise(m->mm, range_addr(r), range_len(r), advice));
}

/* What faulting in locked memory makes of pages [first, end), up to the first that cannot be. */
static int populate_locked(struct model_mm *m, unsigned int first, unsigned int end)
{
	unsigned int i;

	for (i = first; i < end; i++) {
		struct model_page *page = &m->pages[i];

		if (!page->prot || model_beyond_file(page))
			return -ENOMEM;
		if (page->prot & PROT_WRITE)
			model_populate(page);
	}
	return 0;
}

void fuzz_mlock(struct model_mm *m)
{
	struct range r = random_small_range();
	bool lock = below(2);
	int expected = 0;
	unsigned int i;

	NOTE("%u: mlock [%u, %u) %d", fuzz_step, r.first, r.end, lock);
	for (i = r.first; i < r.end && !expected; i++) {
		if (m->pages[i].mapped)
			m->pages[i].locked = lock;
		else
			expected = -ENOMEM;
	}
	if (!lock) {
		AGREE("munlock", expected, do_munlock(range_addr(r), range_len(r)));
		return;
	}
	if (!expected)
		expected = populate_locked(m, r.first, r.end);
	AGREE("mlock", expected, do_mlock(range_addr(r), range_len(r), 0));
}

/* ---- mremap, brk ----------------------------------------------------------------------------- */

/* A range within one VMA; false if the try failed. */
static bool range_in_vma(struct model_mm *m, struct range *r)
{
	struct vm_area_struct *vma;

	*r = random_range();
	vma = vma_lookup(m->mm, range_addr(*r));
	if (!vma)
		return false;
	if (vma->vm_end < range_addr(*r) + range_len(*r))
		r->end = r->first + (vma->vm_end - range_addr(*r)) / r->segment->stride;
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

/* Memory that grew and is locked is there at once; errors are nobody's. */
static void populate_grown(struct model_mm *m, unsigned int first, unsigned int end)
{
	if (first < end && m->pages[first].locked)
		populate_locked(m, first, end);
}

/* Where @pages pages of the kind of @s may go: a place in it, or in another with the same stride. */
static bool random_target(const struct model_segment *s, unsigned int pages, struct range *to)
{
	to->segment = s->stride == PAGE_SIZE ? &segments[below(2)] : s;
	if (pages > to->segment->end - to->segment->first)
		return false;
	to->first = to->segment->first + below(to->segment->end - to->segment->first - pages + 1);
	/* Where whole tables can go as they are, and where they cannot. */
	if (to->segment == &segments[DENSE] && below(2))
		to->first = to->segment->first +
			    round_down(to->first - to->segment->first, TABLE_PAGES);
	to->end = to->first + pages;
	return true;
}

/* The move itself; first to where the kernel likes, if @detour. */
static unsigned long remap(struct range from, unsigned long old_len, struct range to,
			   unsigned long flags, bool detour)
{
	unsigned long addr = range_addr(from), away;

	if (!detour)
		return do_mremap(addr, old_len, range_len(to), flags, range_addr(to));
	away = do_mremap(addr, old_len, range_len(to), MREMAP_MAYMOVE, 0);
	if (IS_ERR_VALUE(away) || away == addr)
		return -EAGAIN;
	return do_mremap(away, range_len(to), range_len(to), flags, range_addr(to));
}

void fuzz_mremap_move(struct model_mm *m)
{
	static struct model_page moved[MODEL_PAGES];
	unsigned long flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	unsigned int old_pages, new_pages, i;
	struct range r, to;
	bool detour;

	if (!range_in_vma(m, &r))
		return;
	old_pages = r.end - r.first;
	new_pages = below(2) ? old_pages : 1 + below(2 * old_pages);
	if (!random_target(r.segment, new_pages, &to) ||
	    beyond_model(&m->pages[r.first], new_pages))
		return;
	if (to.segment == r.segment && to.first < r.end && r.first < to.end) {
		AGREE("mremap onto itself", -EINVAL,
		      do_mremap(range_addr(r), range_len(r), range_len(to), flags, range_addr(to)));
		return;
	}
	if (old_pages == new_pages && below(3) == 0)
		flags |= MREMAP_DONTUNMAP;
	/* Growing memory whose way is barred goes elsewhere. */
	detour = new_pages > old_pages && r.end < r.segment->end && m->pages[r.end].mapped &&
		 below(2);
	NOTE("%u: mremap [%u, %u) -> %u + %u flags %lx%s", fuzz_step, r.first, r.end, to.first,
	     new_pages, flags, detour ? " by a detour" : "");
	for (i = 0; i < new_pages; i++)
		moved[i] =
			i < old_pages ? m->pages[r.first + i] : grown_page(&m->pages[r.first], i);
	AGREE("mremap", range_addr(to), remap(r, range_len(r), to, flags, detour));
	for (i = r.first; i < r.end; i++) {
		m->pages[i].own = false;
		if (flags & MREMAP_DONTUNMAP)
			m->pages[i].locked = false;
		else
			model_unmap(&m->pages[i]);
	}
	for (i = 0; i < new_pages; i++)
		m->pages[to.first + i] = moved[i];
	if (new_pages > old_pages)
		populate_grown(m, to.first + old_pages, to.end);
}

void fuzz_mremap_in_place(struct model_mm *m)
{
	struct vm_area_struct *vma;
	unsigned int old_pages, new_end, i;
	unsigned long expected, stride;
	struct range r;

	if (!range_in_vma(m, &r))
		return;
	old_pages = r.end - r.first;
	new_end = r.first + 1 + below(2 * old_pages);
	if (new_end > r.segment->end || beyond_model(&m->pages[r.first], new_end - r.first))
		return;
	stride = r.segment->stride;
	expected = range_addr(r);
	vma = vma_lookup(m->mm, expected);
	if (new_end > r.end && vma->vm_end != range_addr(r) + range_len(r))
		expected = -ENOMEM;
	for (i = r.end; i < new_end; i++)
		if (m->pages[i].mapped)
			expected = -ENOMEM;
	NOTE("%u: mremap [%u, %u) to end at %u", fuzz_step, r.first, r.end, new_end);
	AGREE("mremap in place", expected,
	      do_mremap(range_addr(r), range_len(r), (new_end - r.first) * stride, 0, 0));
	if (IS_ERR_VALUE(expected))
		return;
	for (i = new_end; i < r.end; i++)
		model_unmap(&m->pages[i]);
	for (i = r.end; i < new_end; i++)
		m->pages[i] = grown_page(&m->pages[r.first], i - r.first);
	populate_grown(m, r.end, new_end);
}

void fuzz_brk(struct model_mm *m)
{
	unsigned int to = HEAP_START + below(HEAP_END - HEAP_START), i, expected = to;

	/* One page beyond must be free too. */
	for (i = m->brk; i <= to && to > m->brk; i++)
		if (m->pages[i].mapped)
			expected = m->brk;
	NOTE("%u: brk %u -> %u", fuzz_step, m->brk, to);
	AGREE("brk", model_addr(expected), do_brk(model_addr(to)));
	if (expected != to)
		return;
	for (i = to; i < m->brk; i++)
		model_unmap(&m->pages[i]);
	for (i = m->brk; i < to; i++)
		m->pages[i] = (struct model_page){.mapped = true, .prot = PROT_READ | PROT_WRITE};
	m->brk = to;
}
