/* SPDX-License-Identifier: MIT */
/* The fuzzer's reads and writes: the program's own, the kernel's, other processes'. */
#include "mm_fuzz.h"

#include "abi/signal.h"

void check_read(struct model_mm *m, unsigned int i)
{
	struct model_page *page = &m->pages[i];
	int expected = model_signal(page, HOST_READ);
	struct content content = {0, 0};

	fuzz_about(m, i);
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

	fuzz_about(m, i);
	AGREE("signal of a write", expected,
	      world_poke(model_addr(i) + (last ? PAGE_SIZE - 1 : 0), byte));
	if (!expected)
		model_write(page, last, byte);
}

void fuzz_access(struct model_mm *m)
{
	struct range r = random_range();
	unsigned int i;

	NOTE("%u: access [%u, %u)", fuzz_step, r.first, r.end);
	for (i = r.first; i < r.end; i++) {
		if (below(8) == 0)
			fuzz_run(m); /* as another thread of it */
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

/* Write to every page, so that tables become full. */
void fuzz_fill(struct model_mm *m)
{
	struct range r = random_range();
	unsigned int i, one_in = 1 + below(3);

	NOTE("%u: fill [%u, %u) one in %u", fuzz_step, r.first, r.end, one_in);
	for (i = r.first; i < r.end; i += one_in)
		check_write(m, i);
}

/* The kernel's own access: read(2) or write(2) with a buffer there. */
void fuzz_user_copy(struct model_mm *m)
{
	unsigned int i = below(MODEL_PAGES);
	struct model_page *page = &m->pages[i];
	bool write = below(2);
	bool fails = model_signal(page, write ? HOST_WRITE : HOST_READ);
	u8 byte = 1 + below(255);

	fuzz_about(m, i);
	NOTE("%u: user copy, page %u, write %d", fuzz_step, i, write);
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

/* May another process read or write it, perhaps with a debugger's rights? */
static bool remote_allowed(const struct model_page *page, bool write, bool force)
{
	if (!page->mapped || model_beyond_file(page))
		return false;
	if (!write)
		return force || (page->prot & PROT_READ); /* PROT_WRITE alone: hardware only */
	return (page->prot & PROT_WRITE) || (force && !page->shared);
}

/* Another process reads or writes it. */
void fuzz_remote(struct model_mm *m)
{
	unsigned int i = below(MODEL_PAGES);
	struct model_page *page = &m->pages[i];
	bool write = below(2), force = below(2), allowed = remote_allowed(page, write, force);
	u8 byte = 1 + below(255);

	fuzz_about(m, i);
	NOTE("%u: remote access, page %u, write %d, force %d", fuzz_step, i, write, force);
	fuzz_run(random_proc());
	AGREE("remote access", allowed,
	      (force ? access_remote_vm_force : access_remote_vm)(m->mm, model_addr(i), &byte, 1,
								  write));
	if (!allowed)
		return;
	if (write)
		model_write(page, false, byte);
	else
		AGREE("byte of a remote access", model_read(page).first, byte);
}
