/* SPDX-License-Identifier: MIT */
/*
 * The contents of memory files: pages of the page cache that are nowhere else. A hole is a page
 * that is not there; it reads as zeros and gets a page by a write, a fault in a mapping, or
 * fallocate.
 *
 * Each page is charged to the file system before it is made (i_blocks, under i_lock, says how many
 * are charged); truncation uncharges what the page cache no longer has. A page that is in the cache
 * and not uptodate is about to be filled by a fault: it reads as a hole.
 */
#include "fs/internal.h"
#include "fs/shmem.h"
#include "mm/mm.h"
#include "mm/reclaim.h"
#include "mm/shmem_swap.h"
#include "lib/err.h"

#define BLOCKS_PER_PAGE (PAGE_SIZE / 512)

/* ---- Charges ---- */

static int charge_pages(struct inode *inode, u64 pages)
{
	struct shmem_sb_info *info = SHMEM_SB(inode->i_sb);

	if (atomic64_add_return(pages, &info->used_blocks) > (s64)info->max_blocks &&
	    info->max_blocks) {
		atomic64_sub(pages, &info->used_blocks);
		return -ENOSPC;
	}
	spin_lock(&inode->i_lock);
	inode->i_blocks += pages * BLOCKS_PER_PAGE;
	spin_unlock(&inode->i_lock);
	return 0;
}

static void uncharge_pages(struct inode *inode, u64 pages)
{
	spin_lock(&inode->i_lock);
	inode->i_blocks -= pages * BLOCKS_PER_PAGE;
	spin_unlock(&inode->i_lock);
	atomic64_sub(pages, &SHMEM_SB(inode->i_sb)->used_blocks);
}

/* After pages were removed: what is charged and no longer there. A fault that has charged its page
 * and not yet added it only makes this give back one too few, until the next time. */
static void recalculate_charge(struct inode *inode)
{
	struct address_space *mapping = &inode->i_data;
	u64 charged = inode->i_blocks / BLOCKS_PER_PAGE, there;

	spin_lock(&mapping->pages_lock);
	there = mapping->nrpages + mapping->nrswapped;
	spin_unlock(&mapping->pages_lock);
	if (charged > there)
		uncharge_pages(inode, charged - there);
}

/* ---- Pages ---- */

/* A fault found a hole: @page is in the cache, locked. */
static int shmem_read_folio(struct file *file, struct page *page)
{
	struct address_space *mapping = page->mapping;
	int err = charge_pages(mapping->host, 1);

	if (err)
		return err;
	arch_clear_page(page_address(page));
	set_bit(PG_uptodate, &page->flags);
	return 0;
}

static const struct address_space_operations shmem_aops = {
	.read_folio = shmem_read_folio,
};

/* @page, found at @index, is a value, or not uptodate: a fault is about to fill it, or it is being
 * read from swap. As find_data_page(). */
static noinline struct page *wait_for_data(struct address_space *mapping, unsigned long index,
					   struct page *page)
{
	if (!xa_is_value(page))
		put_page(page);
	page = find_lock_page(mapping, index);
	if (IS_ERR_OR_NULL(page))
		return page;
	unlock_page(page);
	if (page_flag(page, PG_uptodate))
		return page;
	put_page(page);
	return NULL;
}

/* The page at @index if it is there, or on swap, and has contents, referenced; NULL: a hole.
 * ERR_PTR(-ENOMEM, -EIO): it could not be brought back. */
static __always_inline struct page *find_data_page(struct address_space *mapping,
						   unsigned long index)
{
	struct page *page = find_get_entry(mapping, index);

	if (likely(!page || (!xa_is_value(page) && page_flag(page, PG_uptodate))))
		return page;
	return wait_for_data(mapping, index, page);
}

/* ---- read ---- */

static ssize_t shmem_read_iter(struct file *file, struct iov_iter *to, loff_t *pos)
{
	struct inode *inode = file->f_inode;
	ssize_t done = 0;

	while (to->count) {
		loff_t size = i_size_read(inode);
		unsigned long offset = offset_in_page(*pos);
		size_t n, copied;
		struct page *page;

		if (*pos >= size)
			break;
		n = min_t(u64, min(PAGE_SIZE - offset, to->count), size - *pos);
		page = find_data_page(&inode->i_data, *pos >> PAGE_SHIFT);
		if (IS_ERR(page)) {
			if (!done)
				return PTR_ERR(page);
			break;
		}
		if (page) {
			mark_page_accessed(page);
			copied = copy_to_iter((char *)page_address(page) + offset, n, to);
			put_page(page);
		} else {
			copied = iov_iter_zero(n, to);
		}
		*pos += copied;
		done += copied;
		if (copied < n) {
			if (!done)
				return -EFAULT;
			break;
		}
		cond_resched();
	}
	touch_atime(file);
	return done;
}

/* ---- write ---- */

/* Fill a page of its own from @from and put it into the hole at @index. Bytes written; -EEXIST: no
 * hole any more, nothing was taken from @from; -EFAULT, -ENOSPC, -ENOMEM. */
static ssize_t write_hole(struct inode *inode, unsigned long index, unsigned long offset, size_t n,
			  struct iov_iter *from)
{
	struct page *page;
	size_t copied;
	ssize_t err = charge_pages(inode, 1);
	char *data;

	if (err)
		return err;
	page = alloc_page(GFP_USER);
	if (!page) {
		err = -ENOMEM;
		goto uncharge;
	}
	data = page_address(page);
	copied = copy_from_iter(data + offset, n, from);
	if (!copied) {
		err = -EFAULT;
		goto free;
	}
	memset(data, 0, offset);
	memset(data + offset + copied, 0, PAGE_SIZE - offset - copied);
	set_bit(PG_uptodate, &page->flags);
	set_bit(PG_locked, &page->flags);
	err = add_to_page_cache(page, &inode->i_data, index);
	unlock_page(page);
	if (err) {
		iov_iter_revert(from, copied);
		goto free;
	}
	put_page(page);
	return copied;

free:
	put_page(page);
uncharge:
	uncharge_pages(inode, 1);
	return err;
}

/* A page that a fault has put into the cache and not filled: wait for it, or fill it instead. */
static int complete_page(struct inode *inode, unsigned long index)
{
	struct page *page = find_or_create_page(&inode->i_data, index);
	int err = 0;

	if (IS_ERR(page))
		return PTR_ERR(page);
	if (!page_flag(page, PG_uptodate))
		err = shmem_read_folio(NULL, page);
	unlock_page(page);
	put_page(page);
	return err;
}

/* One page's part; see write_hole(). */
static ssize_t write_page_part(struct inode *inode, loff_t pos, size_t n, struct iov_iter *from)
{
	unsigned long index = pos >> PAGE_SHIFT, offset = offset_in_page(pos);
	struct page *page;
	ssize_t done;

	for (;;) {
		page = find_data_page(&inode->i_data, index);
		if (IS_ERR(page))
			return PTR_ERR(page);
		if (page) {
			/* Not locked, so that the copy may fault; truncation is kept out by
			 * i_rwsem. Dirty after that: if it was written to swap meanwhile, it is
			 * once more, for our reference keeps it. */
			done = copy_from_iter((char *)page_address(page) + offset, n, from);
			mark_page_accessed(page);
			set_page_dirty(page);
			put_page(page);
			return done ? done : -EFAULT;
		}
		done = write_hole(inode, index, offset, n, from);
		if (done != -EEXIST)
			return done;
		done = complete_page(inode, index);
		if (done)
			return done;
	}
}

static int check_write_seals(struct inode *inode, loff_t end)
{
	if (likely(!(inode->i_seals & ~F_SEAL_SEAL)))
		return 0;
	if (inode->i_seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if ((inode->i_seals & F_SEAL_GROW) && end > i_size_read(inode))
		return -EPERM;
	return 0;
}

static ssize_t write_locked(struct file *file, struct iov_iter *from, loff_t *pos)
{
	struct inode *inode = file->f_inode;
	ssize_t left = generic_write_checks(file, pos, from->count), done = 0, n = 0;

	if (left <= 0)
		return left;
	file_update_time(inode);
	while (left > 0) {
		size_t part = min_t(size_t, PAGE_SIZE - offset_in_page(*pos), left);

		/* Page by page, as in Linux: what is inside a sealed end is written. */
		n = check_write_seals(inode, *pos + part);
		if (!n)
			n = write_page_part(inode, *pos, part, from);
		if (n <= 0)
			break;
		*pos += n;
		done += n;
		left -= n;
		if (*pos > inode->i_size)
			i_size_write(inode, *pos);
		if (fatal_signal_pending(current)) {
			n = -EINTR;
			break;
		}
		cond_resched();
	}
	return done ? done : n;
}

static ssize_t shmem_write_iter(struct file *file, struct iov_iter *from, loff_t *pos)
{
	struct inode *inode = file->f_inode;
	ssize_t n;

	down_write(&inode->i_rwsem);
	n = write_locked(file, from, pos);
	up_write(&inode->i_rwsem);
	return n;
}

int shmem_fill(struct inode *inode, const void *data, size_t size)
{
	for (size_t at = 0; at < size; at += PAGE_SIZE) {
		struct iov_iter iter;
		ssize_t n;

		iov_iter_kernel(&iter, (char *)data + at, min(size - at, PAGE_SIZE));
		n = write_page_part(inode, at, iter.count, &iter);
		if (n < 0)
			return n;
	}
	if (size > inode->i_size)
		i_size_write(inode, size);
	return 0;
}

/* ---- Size and holes ---- */

int shmem_set_size(struct inode *inode, loff_t size)
{
	loff_t old = i_size_read(inode);

	if ((size < old && (inode->i_seals & F_SEAL_SHRINK)) ||
	    (size > old && (inode->i_seals & F_SEAL_GROW)))
		return -EPERM;
	i_size_write(inode, size);
	if (size < old) {
		truncate_inode_pages_range(&inode->i_data, size, ~0ull);
		recalculate_charge(inode);
	}
	return 0;
}

static int punch_hole(struct inode *inode, loff_t offset, loff_t len)
{
	if (inode->i_seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	truncate_inode_pages_range(&inode->i_data, offset, offset + len);
	recalculate_charge(inode);
	inode->i_ctime = inode->i_mtime = current_time_ns();
	return 0;
}

/* Pages [first, end) that are not there. */
static u64 count_holes(struct address_space *mapping, unsigned long first, unsigned long end)
{
	u64 holes = end - first;
	unsigned long index;

	spin_lock(&mapping->pages_lock);
	for (index = first; index < end && xa_find(&mapping->pages, &index, end - 1); index++)
		holes--;
	spin_unlock(&mapping->pages_lock);
	return holes;
}

static int allocate_range(struct inode *inode, int mode, loff_t offset, loff_t len)
{
	unsigned long first = offset >> PAGE_SHIFT,
		      end = DIV_ROUND_UP((u64)offset + len, PAGE_SIZE), index;
	struct shmem_sb_info *info = SHMEM_SB(inode->i_sb);
	bool grows = !(mode & FALLOC_FL_KEEP_SIZE) && offset + len > i_size_read(inode);
	int err = 0;

	/* Nor may there be pages past the end, which the size could grow over without a trace. */
	if (offset + len > i_size_read(inode) && (inode->i_seals & F_SEAL_GROW))
		return -EPERM;
	/* All or nothing: if there is no room for the whole range, nothing is made. */
	if (info->max_blocks &&
	    (end - first > info->max_blocks ||
	     count_holes(&inode->i_data, first, end) + atomic64_read(&info->used_blocks) >
		     info->max_blocks))
		return -ENOSPC;
	for (index = first; index < end && !err; index++) {
		struct page *page = find_data_page(&inode->i_data, index);

		if (IS_ERR(page))
			err = PTR_ERR(page);
		else if (page)
			put_page(page);
		else
			err = complete_page(inode, index);
		if (signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	if (err) {
		/* What was made within the file is zeros in the place of a hole; what is past its
		 * end goes. */
		truncate_inode_pages_range(&inode->i_data, PAGE_ALIGN(i_size_read(inode)), ~0ull);
		recalculate_charge(inode);
		return err;
	}
	if (grows)
		i_size_write(inode, offset + len);
	inode->i_ctime = current_time_ns();
	return 0;
}

static long shmem_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file->f_inode;
	u64 limit = READ_ONCE(current->signal->rlim[RLIMIT_FSIZE].rlim_cur);
	long err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	down_write(&inode->i_rwsem);
	if (mode & FALLOC_FL_PUNCH_HOLE) {
		err = punch_hole(inode, offset, len);
	} else if (!(mode & FALLOC_FL_KEEP_SIZE) && offset + len > i_size_read(inode) &&
		   limit != RLIM_INFINITY && offset + len > limit) {
		if (sigxfsz_hook)
			sigxfsz_hook();
		err = -EFBIG;
	} else {
		err = allocate_range(inode, mode, offset, len);
	}
	up_write(&inode->i_rwsem);
	return err;
}

/* First position >= @pos that is data (or, with @hole, is not), at most @size. */
static loff_t seek_data_hole(struct address_space *mapping, loff_t pos, loff_t size, bool hole)
{
	unsigned long index = pos >> PAGE_SHIFT, end = DIV_ROUND_UP((u64)size, PAGE_SIZE);

	spin_lock(&mapping->pages_lock);
	if (hole) {
		while (index < end && xa_load(&mapping->pages, index))
			index++;
	} else if (index < end && !xa_find(&mapping->pages, &index, end - 1)) {
		index = end;
	}
	spin_unlock(&mapping->pages_lock);
	return min(max(pos, (loff_t)index << PAGE_SHIFT), size);
}

static loff_t shmem_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file->f_inode;
	loff_t size;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_file_llseek(file, offset, whence);
	down_read(&inode->i_rwsem);
	size = i_size_read(inode);
	if (offset < 0 || offset >= size) {
		offset = -ENXIO;
	} else {
		offset = seek_data_hole(&inode->i_data, offset, size, whence == SEEK_HOLE);
		if (whence == SEEK_DATA && offset >= size)
			offset = -ENXIO;
	}
	up_read(&inode->i_rwsem);
	if (offset >= 0)
		file->f_pos = offset;
	return offset;
}

/* ---- mmap ---- */

static int shmem_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct inode *inode = file->f_inode;

	/* The mapping is counted in i_mmap_writable by now: see add_seals(). */
	smp_mb();
	if ((READ_ONCE(inode->i_seals) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) &&
	    (vma->vm_flags & VM_SHARED)) {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		vma->vm_flags &= ~VM_MAYWRITE;
	}
	touch_atime(file);
	return generic_file_mmap(file, vma);
}

const struct file_operations shmem_file_operations = {
	.read_iter = shmem_read_iter,
	.write_iter = shmem_write_iter,
	.llseek = shmem_llseek,
	.mmap = shmem_mmap,
	.fsync = noop_fsync,
	.fallocate = shmem_fallocate,
};

/* ---- Life ---- */

void shmem_init_inode(struct inode *inode)
{
	inode->i_fop = &shmem_file_operations;
	inode->i_data.a_ops = &shmem_aops;
	inode->i_data.kind = MAPPING_SHMEM;
	inode->i_seals = F_SEAL_SEAL;
}

bool shmem_inode(const struct inode *inode)
{
	return inode->i_fop == &shmem_file_operations;
}

void shmem_evict(struct inode *inode)
{
	/* Whatever the counts say without the lock: a page may be on its way from one to the
	 * other. */
	truncate_inode_pages_range(&inode->i_data, 0, ~0ull);
	recalculate_charge(inode);
}
