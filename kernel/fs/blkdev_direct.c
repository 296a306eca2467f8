/* SPDX-License-Identifier: MIT */
/*
 * O_DIRECT on block devices: data that passes the page cache by. It travels in pages of the
 * kernel's own, since requests are made of whole pages and a user's buffer need not be. The cache
 * is written back before, and forgets what a write has changed.
 */
#include "fs/blkdev_internal.h"

/* Memory, position and length are multiples of a sector. */
static bool is_aligned(const struct block_device *bdev, const struct iov_iter *iter, loff_t pos)
{
	unsigned long bits = pos | iter->count, mask = (bdev->block_size ?: 512) - 1;
	size_t left = iter->count, offset = iter->iov_offset;

	for (const struct iovec *iov = iter->iov; left; iov++, offset = 0) {
		size_t n = min(left, iov->iov_len - offset);

		bits |= n | ((unsigned long)iov->iov_base + offset);
		left -= n;
	}
	return !(bits & mask);
}

static void free_pages_of(struct block_io *io, unsigned int nr)
{
	while (nr)
		put_page(io->pages[--nr]);
}

/* Pages for requests of up to @bytes: how many there are, 0: no memory. */
static unsigned int alloc_pages_for(struct block_io *io, size_t bytes)
{
	unsigned int want = min_t(size_t, DIV_ROUND_UP(bytes, PAGE_SIZE), BLOCK_IO_PAGES), n;

	for (n = 0; n < want; n++) {
		io->pages[n] = alloc_page(GFP_KERNEL);
		if (!io->pages[n])
			break;
	}
	return n;
}

/* Move up to @n bytes between the request's pages and @iter: bytes moved. */
static size_t copy_pages(struct block_io *io, struct iov_iter *iter, size_t n, bool to_user)
{
	size_t done = 0;

	for (unsigned int i = 0; done < n; i++) {
		void *data = page_address(io->pages[i]);
		size_t part = min_t(size_t, n - done, PAGE_SIZE), copied;

		copied =
			to_user ? copy_to_iter(data, part, iter) : copy_from_iter(data, part, iter);
		done += copied;
		if (copied < part)
			break;
	}
	return done;
}

ssize_t blkdev_direct_read(struct file *file, struct iov_iter *to, loff_t *pos)
{
	struct block_device *bdev = file_bdev(file);
	size_t left = min_t(size_t, to->count, bdev_size(bdev) - *pos), n, copied;
	struct block_io io = {.bdev = bdev};
	unsigned int nr_pages;
	ssize_t done = 0;
	int error;

	if (!is_aligned(bdev, to, *pos))
		return -EINVAL;
	error = filemap_write_and_wait_range(bdev->mapping, *pos, *pos + left - 1);
	if (error)
		return error;
	nr_pages = alloc_pages_for(&io, left);
	if (!nr_pages)
		return -ENOMEM;
	while (left && !error) {
		n = min_t(size_t, left, (size_t)nr_pages << PAGE_SHIFT);
		io.sector = *pos >> SECTOR_SHIFT;
		io.nr = DIV_ROUND_UP(n, PAGE_SIZE);
		error = submit_io_wait(&io);
		if (error)
			break;
		copied = copy_pages(&io, to, n, true);
		if (copied < n)
			error = -EFAULT;
		*pos += copied;
		done += copied;
		left -= copied;
	}
	free_pages_of(&io, nr_pages);
	return done ? done : error;
}

/* Whole pages to whole pages' places. i_rwsem held. */
static ssize_t write_pages(struct block_device *bdev, struct iov_iter *from, loff_t *pos,
			   size_t left)
{
	struct block_io io = {.bdev = bdev, .write = true};
	unsigned int nr_pages = alloc_pages_for(&io, left);
	ssize_t done = 0;
	int error = nr_pages ? 0 : -ENOMEM;

	while (left && !error) {
		size_t n = min_t(size_t, left, (size_t)nr_pages << PAGE_SHIFT);

		if (copy_pages(&io, from, n, false) < n) {
			error = -EFAULT;
			break;
		}
		io.sector = *pos >> SECTOR_SHIFT;
		io.nr = n >> PAGE_SHIFT;
		error = submit_io_wait(&io);
		if (error)
			break;
		*pos += n;
		done += n;
		left -= n;
	}
	free_pages_of(&io, nr_pages);
	return done ? done : error;
}

ssize_t blkdev_direct_write(struct file *file, struct iov_iter *from, loff_t *pos)
{
	struct block_device *bdev = file_bdev(file);
	struct address_space *mapping = bdev->mapping;
	loff_t start = *pos, end = *pos + from->count - 1;
	ssize_t done;
	int error;

	if (!is_aligned(bdev, from, *pos))
		return -EINVAL;
	if (offset_in_page(start) || offset_in_page(from->count)) {
		/* Parts of pages: by way of the cache, but not left there. */
		done = blkdev_buffered_write(file, from, pos);
		error = filemap_write_and_wait_range(mapping, start, end);
	} else {
		error = filemap_write_and_wait_range(mapping, start, end);
		if (error)
			return error;
		invalidate_mapping_pages(mapping, start >> PAGE_SHIFT, end >> PAGE_SHIFT, true);
		done = write_pages(bdev, from, pos, from->count);
	}
	invalidate_mapping_pages(mapping, start >> PAGE_SHIFT, end >> PAGE_SHIFT, true);
	return error ? error : done;
}
