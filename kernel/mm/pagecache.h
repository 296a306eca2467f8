/* SPDX-License-Identifier: MIT */
/* The page cache: pages of an address_space. */
#pragma once

#include "mm/mm_types.h"
#include "file/file.h"
#include "file/iov_iter.h"

void address_space_init(struct address_space *mapping, struct inode *host, const struct address_space_operations *a_ops);
/* The page at @index, referenced; NULL if not cached. */
struct page *find_get_page(struct address_space *mapping, unsigned long index);
/* Likewise, or the value that stands for it if it is on swap (shmem_swap.h). */
void *find_get_entry(struct address_space *mapping, unsigned long index);
/* Likewise, locked, and brought back from swap (memory files). NULL: a hole. ERR_PTR(-ENOMEM, -EIO).
 * May sleep. */
struct page *find_lock_page(struct address_space *mapping, unsigned long index);
/* Likewise, locked, and made (not uptodate) if missing. ERR_PTR(-ENOMEM). May sleep. */
struct page *find_or_create_page(struct address_space *mapping, unsigned long index);
/* The page, referenced and uptodate: reads it by a_ops->read_folio if need be. ERR_PTR(-EIO,
 * -ENOMEM). *major set if it was read. May sleep. */
struct page *read_cache_page(struct address_space *mapping, struct file *file, unsigned long index, bool *major);
/* Read the pages [index, last] of @file that exist (below its size) and are not cached, as far as
 * memory allows. May sleep. */
void page_cache_readahead(struct address_space *mapping, struct file *file, unsigned long index, unsigned long last);
/*
 * Fault-around: of the pages [index, index + nr), those that are cached, uptodate, below the file's
 * end and free to be locked
 * at once: pages[i] locked and referenced, else NULL. The caller maps them, then unlocks and puts
 * them (the lock keeps
 * truncation away meanwhile). Number found. Does not sleep.
 */
unsigned int filemap_get_cached(struct address_space *mapping, unsigned long index, unsigned int nr, struct page **pages);
/* Put a page supplied by the caller (locked, refcount 1 given to the cache plus the caller's). 0,
 * -EEXIST, -ENOMEM. */
int add_to_page_cache(struct page *page, struct address_space *mapping, unsigned long index);
/* Take a locked, unmapped page out of the cache, which drops its reference. */
void remove_from_page_cache(struct page *page);
/* If nobody but the cache and the caller has a reference to locked, clean, unmapped @page: it leaves
 * the cache, and is the caller's alone (true). */
bool page_cache_evict(struct address_space *mapping, struct page *page);
/* Write locked @page, which is not under write-back, if it is dirty, and along with it those that
 * follow and can be locked at once; unlocked on return, maybe before it is written. */
void writeback_locked_page(struct address_space *mapping, struct page *page);
/* The inode goes: no page may be left. */
void address_space_destroy(struct address_space *mapping);
void lock_page(struct page *page);
static inline bool trylock_page(struct page *page)
{
	return !test_and_set_bit(PG_locked, &page->flags);
}
void unlock_page(struct page *page);
/* Its contents are on their way to the disk; the page may be read, written and locked meanwhile, and
 * has a reference for it. Set with the page locked; ended once the device is done, in any context.
 * Who writes, truncates or frees the page waits first. */
void set_page_writeback(struct page *page);
void end_page_writeback(struct page *page);
void wait_on_page_writeback(struct page *page); /* may sleep */
/* A locked page is about to be written: write access is taken away, so that a store from now on
 * makes it dirty again, and it counts as clean. False: it is clean already. May sleep. */
bool clear_page_dirty_for_io(struct page *page);
/* Pages of files that are dirty, for those who make more. */
unsigned long nr_dirty_pages(void);
/* Its contents differ from the file's: by the page lock's holder, or whoever unmaps it (table lock
 * held). Never sleeps. */
void set_page_dirty(struct page *page);
/* Remove every page from byte @start (to @end exclusive, -1: all), unmap them everywhere, zero the
 * partial ones. Inode's i_rwsem held. May sleep. */
void truncate_inode_pages_range(struct address_space *mapping, loff_t start, loff_t end);
/* Unmap [start page, nr pages) of the file from every VMA. */
void unmap_mapping_range(struct address_space *mapping, unsigned long start, unsigned long nr, bool even_cows);
/* read(2) and write(2) of a page-cached file of @size bytes. Whole, short or error, as
 * file_operations say. */
ssize_t generic_file_read(struct file *file, struct iov_iter *to, loff_t *pos, loff_t size);
/* Write into cached pages (made zeroed if beyond the end; read first if partial); the caller holds
 * i_rwsem and sets the size by @update_size.
 * May sleep. */
ssize_t generic_perform_write(struct file *file, struct iov_iter *from, loff_t *pos, loff_t (*size)(struct inode *),
			      void (*set_size)(struct inode *, loff_t));
/* mmap operation of page-cached files. */
int generic_file_mmap(struct file *file, struct vm_area_struct *vma);
extern const struct vm_operations_struct generic_file_vm_ops, shmem_vm_ops;
/* Their ->fault, for file systems with vm_ops of their own. */
int filemap_fault(struct vm_fault *vmf);
/* Write what is dirty, and wait until that is on the disk; the error of any write since the last
 * call. The range is of bytes, @end inclusive. May sleep. */
int filemap_write_and_wait(struct address_space *mapping);
int filemap_write_and_wait_range(struct address_space *mapping, loff_t start, loff_t end);
/* Only start to write, [first, last] being pages. */
int filemap_fdatawrite(struct address_space *mapping, unsigned long first, unsigned long last);
/* Take the clean pages [first, last] out of the cache; with @mapped those that are mapped too,
 * after unmapping them. -EBUSY: some are dirty, or mapped. May sleep. */
int invalidate_mapping_pages(struct address_space *mapping, unsigned long first, unsigned long last,
			     bool mapped);

/* Shared anonymous memory: an unlinked tmpfs-like file of @size bytes, made by fs/tmpfs (hook).
 * ERR_PTR. */
extern struct file *(*shmem_file_setup)(const char *name, loff_t size, unsigned long vm_flags);
/* i_size of a file's inode, for fault's SIGBUS check (hook of fs/). Bytes. */
extern loff_t (*inode_size_hook)(struct inode *inode);
/* The file lies on a mount with noexec (hook of fs/); NULL: none does. */
extern bool (*path_noexec_hook)(const struct path *path);
/* current owns the inode or may write to it: may mincore(2) tell of its cached pages? (hook of
 * fs/); NULL: it may. */
extern bool (*inode_may_inspect_hook)(struct inode *inode);
/* Path of a file for maps (hook of fs/): into buf; returns start or ERR_PTR. Also dev and ino. */
