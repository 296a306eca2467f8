/* SPDX-License-Identifier: MIT */
/*
 * read, write and mmap of files that live in the page cache.
 *
 * User memory and file pages may be the same page, so a copy never faults while a page is locked:
 * the user page is touched first, the copy runs with faults disabled, and if the page went away
 * meanwhile it all starts anew.
 */
#include "mm/internal.h"
#include "mm/block_io.h"
#include "mm/filemap.h"
#include "mm/reclaim.h"
#include "lib/err.h"
#include "lib/string.h"
#include "sched/sched.h"

/* ---- read
 * ------------------------------------------------------------------------------------------ */

ssize_t generic_file_read(struct file *file, struct iov_iter *to, loff_t *pos, loff_t size)
{
	struct address_space *mapping = file->f_mapping;
	ssize_t done = 0;
	int error = 0;

	while (to->count && *pos < size) {
		unsigned long offset = offset_in_page(*pos);
		size_t n = min_t(size_t, min_t(size_t, PAGE_SIZE - offset, to->count), size - *pos),
		       copied;
		struct page *page = read_cache_page(mapping, file, *pos >> PAGE_SHIFT, NULL);

		if (IS_ERR(page)) {
			error = PTR_ERR(page);
			break;
		}
		/* Referenced, not locked: this copy may fault. */
		copied = copy_to_iter((char *)page_address(page) + offset, n, to);
		put_page(page);
		*pos += copied;
		done += copied;
		if (copied < n) {
			error = -EFAULT;
			break;
		}
		cond_resched();
	}
	return done ? done : error;
}

/* ---- write
 * ----------------------------------------------------------------------------------------- */

/* Make a locked page ready to take bytes [offset, offset + n) at file position @pos - those not
 * written must be right. */
static int prepare_write(struct file *file, struct page *page, loff_t size, unsigned long offset,
			 size_t n)
{
	struct address_space *mapping = page->mapping;

	if (page_flag(page, PG_uptodate) || n == PAGE_SIZE)
		return 0;
	if (((loff_t)page->index << PAGE_SHIFT) < size)
		return fill_page(mapping, file, page);
	arch_clear_page(page_address(page)); /* past the end: nothing to read */
	set_bit(PG_uptodate, &page->flags);
	return 0;
}

/* One page's part of a write. Bytes written (0: try again after faulting in) or errno. */
static ssize_t write_page(struct file *file, struct iov_iter *from, loff_t pos, size_t n,
			  loff_t (*get_size)(struct inode *),
			  void (*set_size)(struct inode *, loff_t))
{
	struct address_space *mapping = file->f_mapping;
	struct page *page = find_or_create_page(mapping, pos >> PAGE_SHIFT);
	unsigned long offset = offset_in_page(pos);
	ssize_t copied;

	if (IS_ERR(page))
		return PTR_ERR(page);
	copied = prepare_write(file, page, get_size(mapping->host), offset, n);
	if (copied)
		goto out;
	pagefault_disable();
	copied = copy_from_iter((char *)page_address(page) + offset, n, from);
	pagefault_enable();
	if (!page_flag(page, PG_uptodate)) {
		if (copied <
		    n) { /* a whole page was to come, half of it is not the file's: forget it */
			iov_iter_revert(from, copied);
			copied = 0;
			goto out;
		}
		set_bit(PG_uptodate, &page->flags);
	}
	if (copied) {
		set_page_dirty(page);
		if (!offset && mapping->kind == MAPPING_FILE) /* once a page, however small the writes */
			mark_page_accessed(page);
		/* Before the page is unlocked: nobody may see it beyond the end. */
		if (pos + copied > get_size(mapping->host))
			set_size(mapping->host, pos + copied);
	}
out:
	/* A page that did not get its contents is better not there. */
	if (!page_flag(page, PG_uptodate) && !page_mapcount(page))
		remove_from_page_cache(page);
	unlock_page(page);
	put_page(page);
	return copied;
}

ssize_t generic_perform_write(struct file *file, struct iov_iter *from, loff_t *pos,
			      loff_t (*get_size)(struct inode *),
			      void (*set_size)(struct inode *, loff_t))
{
	ssize_t done = 0, n;

	while (from->count) {
		size_t want = min_t(size_t, PAGE_SIZE - offset_in_page(*pos), from->count);

		if (fault_in_iov_iter(from, want, false)) {
			/* Not all of it is there: the part in the next user page may be. */
			want = min(want, iov_iter_piece(from));
			if (fault_in_iov_iter(from, want, false))
				return done ? done : -EFAULT;
		}
		n = write_page(file, from, *pos, want, get_size, set_size);
		if (n < 0)
			return done ? done : n;
		*pos += n;
		done += n;
		if (fatal_signal_pending(current))
			return done ? done : -EINTR;
		cond_resched();
	}
	return done;
}

/* ---- mmap
 * ------------------------------------------------------------------------------------------ */

/* Past the last page of the file there is nothing to map. */
static bool beyond_end(struct address_space *mapping, unsigned long pgoff)
{
	loff_t size = inode_size_hook ? inode_size_hook(mapping->host) : S64_MAX;

	return pgoff >= DIV_ROUND_UP((unsigned long)size, PAGE_SIZE);
}

/* The page is not cached: start to read it and its neighbours at once, from devices that can. True
 * if the fault will have to wait. */
static bool fault_readahead(struct vm_fault *vmf, struct address_space *mapping)
{
	unsigned long first = round_down(vmf->pgoff, BLOCK_IO_PAGES);
	struct page *page;

	if (!mapping->a_ops || !mapping->a_ops->readahead)
		return false;
	page = find_get_page(mapping, vmf->pgoff);
	if (page) {
		put_page(page);
		return false;
	}
	if (vmf->vma->vm_flags & VM_RAND_READ)
		mapping->a_ops->readahead(mapping, vmf->pgoff, 1);
	else
		mapping->a_ops->readahead(mapping, first, BLOCK_IO_PAGES);
	return true;
}

int filemap_fault(struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;
	struct address_space *mapping = file->f_mapping;
	bool major = fault_readahead(vmf, mapping);
	struct page *page;

	for (;;) {
		if (beyond_end(mapping, vmf->pgoff))
			return VM_FAULT_SIGBUS;
		page = read_cache_page(mapping, file, vmf->pgoff, &major);
		if (IS_ERR(page))
			return PTR_ERR(page) == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
		lock_page(page);
		/* Truncation may have been faster: of this page, or of the file while we slept for
		 * its lock. */
		if (likely(page->mapping == mapping && !beyond_end(mapping, vmf->pgoff)))
			break;
		unlock_page(page);
		put_page(page);
	}
	vmf->page = page;
	return major ? VM_FAULT_MAJOR : 0;
}

static int filemap_page_mkwrite(struct vm_fault *vmf)
{
	if (vmf->page->mapping != vmf->vma->vm_file->f_mapping)
		return VM_FAULT_SIGBUS; /* truncated */
	set_page_dirty(vmf->page);
	return 0;
}

/* Files that are written back must know when a page becomes dirty. */
const struct vm_operations_struct generic_file_vm_ops = {
	.fault = filemap_fault,
	.page_mkwrite = filemap_page_mkwrite,
};

/* Those whose file is memory need not: one fault less for each page written. */
const struct vm_operations_struct shmem_vm_ops = {
	.fault = filemap_fault,
};

int generic_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = file->f_mapping->kind == MAPPING_SHMEM ? &shmem_vm_ops : &generic_file_vm_ops;
	return 0;
}
