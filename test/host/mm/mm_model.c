/* SPDX-License-Identifier: MIT */
#include "mm_model.h"
#include "abi/signal.h"

const struct model_segment segments[NR_SEGMENTS] = {
	{0, 512, 3 * PGDIR_SIZE - 256 * PAGE_SIZE, PAGE_SIZE},
	{512, 512 + 2048, 5 * PUD_SIZE - 2 * PMD_SIZE, PAGE_SIZE},
	{512 + 2048, MODEL_PAGES, 2 * PGDIR_SIZE + 9 * PUD_SIZE - 128 * PMD_SIZE,
	 PMD_SIZE + PAGE_SIZE},
};

struct model_mm procs[MODEL_PROCS];
struct model_file files[MODEL_FILES];

static unsigned long file_pages(const struct model_file *file)
{
	return DIV_ROUND_UP(file->size, PAGE_SIZE);
}

bool model_beyond_file(const struct model_page *page)
{
	return page->file && !page->own && page->index >= file_pages(page->file);
}

int model_signal(const struct model_page *page, enum host_access access)
{
	if (!page->mapped)
		return SIGSEGV;
	if (access == HOST_WRITE ? !(page->prot & PROT_WRITE) : !page->prot)
		return SIGSEGV;
	if (access == HOST_EXEC && !(page->prot & PROT_EXEC))
		return SIGSEGV;
	return model_beyond_file(page) ? SIGBUS : 0;
}

struct content model_read(const struct model_page *page)
{
	if (page->own)
		return page->content;
	return page->file ? page->file->pages[page->index] : (struct content){0, 0};
}

static void set_byte(struct content *content, bool last, u8 byte)
{
	if (last)
		content->last = byte;
	else
		content->first = byte;
}

void model_write(struct model_page *page, bool last, u8 byte)
{
	if (page->shared) {
		set_byte(&page->file->pages[page->index], last, byte);
		return;
	}
	page->content = model_read(page);
	page->own = true;
	set_byte(&page->content, last, byte);
}

void model_populate(struct model_page *page)
{
	if (page->shared)
		return;
	page->content = model_read(page);
	page->own = true;
}

void model_unmap(struct model_page *page)
{
	*page = (struct model_page){.mapped = false};
}

void model_drop(struct model_page *page)
{
	page->own = false;
}

void model_fork(struct model_mm *child, const struct model_mm *parent)
{
	unsigned int i;

	for (i = 0; i < MODEL_PAGES; i++) {
		child->pages[i] = parent->pages[i];
		if (child->pages[i].dontfork)
			model_unmap(&child->pages[i]);
		if (child->pages[i].wipeonfork)
			child->pages[i].own = false;
		child->pages[i].locked = false;
	}
	child->brk = parent->brk;
	child->depth = parent->depth + 1;
}

/* Private copies beyond the end of their file go with its pages. */
static void drop_copies_beyond(struct model_file *file)
{
	unsigned int p, i;

	for (p = 0; p < MODEL_PROCS; p++) {
		for (i = 0; procs[p].mm && i < MODEL_PAGES; i++) {
			struct model_page *page = &procs[p].pages[i];

			if (page->mapped && page->file == file && page->index >= file_pages(file))
				page->own = false;
		}
	}
}

void model_truncate(struct model_file *file, unsigned long size)
{
	bool shorter = size < file->size;
	unsigned int i;

	file->size = size;
	if (!shorter)
		return;
	for (i = 0; i < FILE_PAGES; i++) {
		if (i * PAGE_SIZE >= size)
			file->pages[i].first = 0;
		if ((i + 1) * PAGE_SIZE > size)
			file->pages[i].last = 0;
	}
	drop_copies_beyond(file);
}

long model_own_pages(const struct model_mm *m)
{
	unsigned int i;
	long own = 0;

	for (i = 0; i < MODEL_PAGES; i++)
		own += m->pages[i].mapped && m->pages[i].own;
	return own;
}

static bool is_mapped(const struct model_file *file)
{
	unsigned int p, i;

	for (p = 0; p < MODEL_PROCS; p++) {
		for (i = 0; procs[p].mm && i < MODEL_PAGES; i++)
			if (procs[p].pages[i].mapped && procs[p].pages[i].file == file)
				return true;
	}
	return false;
}

struct model_file *model_new_file(void)
{
	struct model_file *file;

	for (file = files; file < files + MODEL_FILES; file++) {
		if (file->used && file->anonymous && !is_mapped(file))
			file->used = false;
		if (!file->used) {
			*file = (struct model_file){.used = true};
			return file;
		}
	}
	return NULL;
}
