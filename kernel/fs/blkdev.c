/* SPDX-License-Identifier: MIT */
/*
 * Block devices as files: see blkdev.h. Each has an inode of its own behind the scenes, whose page
 * cache all openers share, by whatever node they came.
 *
 *	bdev_mutex	openers; the last close writes back and empties the cache before the next
 *			open sees it
 *	i_rwsem		of the device's inode: one writer at a time
 */
#include "fs/blkdev_internal.h"
#include "fs/seq_file.h"
#include "mm/reclaim.h"
#include "page/gfp.h"
#include "task/cred.h"

#define BDEVFS_MAGIC   0x62646576
#define READAHEAD_MIN  4u		     /* pages */
#define READAHEAD_MAX  (2u * BLOCK_IO_PAGES) /* one request is read while the next is used */
#define WRITE_BATCH    (1ul << 20)	     /* bytes written between looks at the dirty pages */
#define DIRTY_FRACTION 10		     /* of all memory, then writers write back */

static struct block_device *devices; /* devices_lock to add; never removed */
static DEFINE_SPINLOCK(devices_lock, RANK_SPIN_LEAF);
static DEFINE_MUTEX(bdev_mutex, RANK_MUTEX_LEAF);
static struct super_block *bdev_sb;

/* ---- Which devices there are ----------------------------------------------------------------- */

struct block_device *next_block_device(struct block_device *bdev)
{
	struct block_device *next;

	spin_lock(&devices_lock);
	next = bdev ? bdev->next : devices;
	spin_unlock(&devices_lock);
	return next;
}

struct block_device *find_block_device(dev_t dev)
{
	struct block_device *bdev = NULL;

	while ((bdev = next_block_device(bdev)) && MKDEV(bdev->major, bdev->minor) != dev)
		;
	return bdev;
}

static void add_device(struct block_device *bdev)
{
	struct block_device **at;

	spin_lock(&devices_lock);
	for (at = &devices; *at; at = &(*at)->next)
		;
	*at = bdev;
	spin_unlock(&devices_lock);
}

int register_block_device(struct block_device *bdev)
{
	dev_t dev = MKDEV(bdev->major, bdev->minor);
	struct inode *inode;
	int error;

	if (find_block_device(dev))
		return -EBUSY;
	if (!bdev_sb) {
		error = bdev_cache_init();
		if (error)
			return error;
		bdev_sb = pseudo_sb_create("bdev", BDEVFS_MAGIC, NULL);
	}
	inode = new_inode(bdev_sb);
	if (!inode)
		return -ENOMEM;
	inode->i_mode = S_IFBLK | 0600;
	inode->i_rdev = dev;
	inode->i_size = bdev->bytes;
	inode->i_private = bdev;
	inode->i_data.a_ops = &bdev_aops;
	bdev->mapping = &inode->i_data;
	add_device(bdev);
	return devtmpfs_create_node(bdev->name, S_IFBLK | 0660, dev);
}

unsigned long nr_blockdev_pages(void)
{
	struct block_device *bdev = NULL;
	unsigned long pages = 0;

	while ((bdev = next_block_device(bdev)))
		pages += READ_ONCE(bdev->mapping->nrpages);
	return pages;
}

/* ---- Open and close -------------------------------------------------------------------------- */

struct block_device *file_bdev(const struct file *file)
{
	const struct blkdev_file *bf = file->private_data;

	return file->f_op == &def_blk_fops ? bf->bdev : NULL;
}

static int blkdev_open(struct inode *inode, struct file *file)
{
	struct block_device *bdev = find_block_device(inode->i_rdev);
	struct blkdev_file *bf;
	int error;

	if (!bdev)
		return -ENXIO;
	bf = kzalloc(sizeof(*bf), GFP_KERNEL);
	if (!bf)
		return -ENOMEM;
	bf->bdev = bdev;
	bf->last = ULONG_MAX;
	if (file->f_flags & O_EXCL) {
		error = bdev_claim(bdev, bf);
		if (error) {
			kfree(bf);
			return error;
		}
	}
	mutex_lock(&bdev_mutex);
	bdev->openers++;
	mutex_unlock(&bdev_mutex);
	file->private_data = bf;
	file->f_mapping = bdev->mapping;
	return 0;
}

static void blkdev_release(struct inode *inode, struct file *file)
{
	struct blkdev_file *bf = file->private_data;
	struct block_device *bdev = bf->bdev;

	if (bdev->holder == bf)
		bdev_release(bdev, bf);
	mutex_lock(&bdev_mutex);
	if (!--bdev->openers) {
		/* An error is in wb_error, for an fsync that will not come. */
		(void)filemap_write_and_wait(bdev->mapping);
		truncate_inode_pages_range(bdev->mapping, 0, -1);
	}
	mutex_unlock(&bdev_mutex);
	kfree(bf);
}

static loff_t blkdev_llseek(struct file *file, loff_t offset, int whence)
{
	loff_t size = bdev_size(file_bdev(file));

	return generic_file_llseek_size(file, offset, whence, size, size);
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* The read goes on to @index, and will want pages before @end: read ahead, farther and farther as
 * long as pages are read one after the other. */
static void read_ahead(struct blkdev_file *bf, unsigned long index, unsigned long end)
{
	bool sequential = index == bf->last + 1;

	if (!sequential) {
		bf->ra_pages = 0;
		bf->ra_end = index;
	}
	/* Half of what was read ahead is left: time for more. */
	if (index + bf->ra_pages / 2 < bf->ra_end)
		return;
	if (sequential)
		bf->ra_pages = clamp(2u * (unsigned int)bf->ra_pages, READAHEAD_MIN, READAHEAD_MAX);
	end = max(min(end, index + READAHEAD_MAX), index + bf->ra_pages);
	if (end <= bf->ra_end)
		return;
	bdev_readahead(bf->bdev->mapping, bf->ra_end, end - bf->ra_end);
	bf->ra_end = end;
}

/* The page at @index, referenced and uptodate, the first of those before @end. */
static struct page *get_block_page(struct file *file, unsigned long index, unsigned long end)
{
	struct blkdev_file *bf = file->private_data;
	struct page *page;

	if (index == bf->last)
		return read_cache_page(bf->bdev->mapping, file, index, NULL);
	read_ahead(bf, index, end);
	page = find_get_page(bf->bdev->mapping, index);
	if (unlikely(!page)) {
		/* What was read ahead has gone already. */
		bdev_readahead(bf->bdev->mapping, index,
			       min(end - index, (unsigned long)READAHEAD_MAX));
		bf->ra_end = max(bf->ra_end, end);
	} else if (!page_flag(page, PG_uptodate)) {
		put_page(page);
		page = NULL;
	}
	if (!page)
		page = read_cache_page(bf->bdev->mapping, file, index, NULL);
	if (!IS_ERR(page)) {
		bf->last = index;
		mark_page_accessed(page);
	}
	return page;
}

static ssize_t blkdev_read_iter(struct file *file, struct iov_iter *to, loff_t *pos)
{
	loff_t size = bdev_size(file_bdev(file)), end;
	ssize_t done = 0;

	if (*pos >= size || !to->count)
		return 0;
	if (file->f_flags & O_DIRECT)
		return blkdev_direct_read(file, to, pos);
	end = *pos + min_t(u64, to->count, size - *pos);
	while (*pos < end) {
		unsigned long offset = offset_in_page(*pos);
		size_t n = min_t(size_t, PAGE_SIZE - offset, end - *pos), copied;
		struct page *page = get_block_page(file, *pos >> PAGE_SHIFT,
						   DIV_ROUND_UP((unsigned long)end, PAGE_SIZE));

		if (IS_ERR(page))
			return done ? done : PTR_ERR(page);
		copied = copy_to_iter((char *)page_address(page) + offset, n, to);
		put_page(page);
		*pos += copied;
		done += copied;
		if (copied < n)
			return done ? done : -EFAULT;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return done ? done : -EINTR;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* Too much of memory is dirty: who makes it so writes it back. */
static void balance_dirty_pages(struct address_space *mapping)
{
	if (nr_dirty_pages() > totalram_pages() / DIRTY_FRACTION)
		(void)filemap_fdatawrite(mapping, 0, ULONG_MAX);
}

ssize_t blkdev_buffered_write(struct file *file, struct iov_iter *from, loff_t *pos)
{
	size_t left = from->count;
	ssize_t done = 0, n;

	while (left) {
		from->count = min(left, WRITE_BATCH);
		n = generic_perform_write(file, from, pos, i_size_read, i_size_write);
		if (n > 0) {
			left -= n;
			done += n;
		}
		if (n <= 0 || from->count) {
			from->count = left;
			return done ? done : n;
		}
		balance_dirty_pages(file->f_mapping);
	}
	return done;
}

static ssize_t write_locked(struct file *file, struct iov_iter *from, loff_t *pos)
{
	loff_t size = bdev_size(file_bdev(file));

	if (file->f_flags & O_APPEND)
		*pos = size;
	if (!from->count)
		return 0;
	if (*pos >= size)
		return -ENOSPC;
	from->count = min_t(u64, from->count, size - *pos);
	if (file->f_flags & O_DIRECT)
		return blkdev_direct_write(file, from, pos);
	return blkdev_buffered_write(file, from, pos);
}

static int blkdev_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct block_device *bdev = file_bdev(file);
	int error = filemap_write_and_wait_range(bdev->mapping, start, end);

	return error ? error : bdev->ops->flush(bdev);
}

static ssize_t blkdev_write_iter(struct file *file, struct iov_iter *from, loff_t *pos)
{
	struct block_device *bdev = file_bdev(file);
	struct inode *inode = bdev->mapping->host;
	ssize_t n;
	int error;

	if (READ_ONCE(bdev->read_only))
		return -EPERM;
	down_write(&inode->i_rwsem);
	n = write_locked(file, from, pos);
	up_write(&inode->i_rwsem);
	if (n > 0 && (file->f_flags & O_DSYNC)) {
		error = blkdev_fsync(file, *pos - n, *pos - 1, 1);
		if (error)
			return error;
	}
	return n;
}

static int blkdev_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (file_bdev(file)->read_only && (vma->vm_flags & VM_SHARED) &&
	    (vma->vm_flags & VM_MAYWRITE))
		return -EINVAL;
	return generic_file_mmap(file, vma);
}

static long blkdev_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	return -EOPNOTSUPP; /* no discard, no unmapped blocks */
}

const struct file_operations def_blk_fops = {
	.open = blkdev_open,
	.release = blkdev_release,
	.read_iter = blkdev_read_iter,
	.write_iter = blkdev_write_iter,
	.llseek = blkdev_llseek,
	.fsync = blkdev_fsync,
	.mmap = blkdev_mmap,
	.fallocate = blkdev_fallocate,
	.ioctl = blkdev_ioctl,
};

/* ---- What /proc says ------------------------------------------------------------------------- */

int show_partitions(struct seq_file *m)
{
	struct block_device *bdev = NULL;

	if (next_block_device(NULL))
		seq_puts(m, "major minor  #blocks  name\n\n");
	while ((bdev = next_block_device(bdev)))
		seq_printf(m, "%4u  %7u %10llu %s\n", bdev->major, bdev->minor,
			   (unsigned long long)(bdev->bytes >> 10), bdev->name);
	return 0;
}

void show_block_stats(struct seq_file *m, struct block_device *bdev)
{
	/* Not locked: each is a word, and they go on while one reads them. */
	const struct block_stats *s = &bdev->stats;
	u64 busy = s->busy_ns + (s->in_flight ? ktime_get() - s->busy_since : 0);

	for (int write = 0; write < 2; write++)
		seq_printf(m, "%llu 0 %llu %llu ", s->ios[write], s->sectors[write],
			   s->ns[write] / NSEC_PER_MSEC);
	seq_printf(m, "%u %llu %llu 0 0 0 0 %llu %llu\n", s->in_flight, busy / NSEC_PER_MSEC,
		   (s->ns[0] + s->ns[1] + s->flush_ns) / NSEC_PER_MSEC, s->flushes,
		   s->flush_ns / NSEC_PER_MSEC);
}

int show_diskstats(struct seq_file *m)
{
	struct block_device *bdev = NULL;

	while ((bdev = next_block_device(bdev))) {
		seq_printf(m, "%4u %7u %s ", bdev->major, bdev->minor, bdev->name);
		show_block_stats(m, bdev);
	}
	return 0;
}

int show_block_devices(struct seq_file *m)
{
	seq_puts(m, "\nBlock devices:\n");
	if (next_block_device(NULL)) /* the only driver there is */
		seq_printf(m, "%3u virtblk\n", next_block_device(NULL)->major);
	return 0;
}
