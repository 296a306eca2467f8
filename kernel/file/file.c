/* SPDX-License-Identifier: MIT */
/* struct file: allocation, references, the end of an open file. */
#include "file/file.h"
#include "abi/errno.h"
#include "lib/err.h"
#include "page/slab.h"
#include "task/task.h"

static struct kmem_cache *file_cache;
unsigned long nr_files, files_max = 8192;
void (*file_release_hook)(struct file *file);
void (*file_close_hook)(struct file *file, struct files_struct *files);

void file_init(void)
{
	file_cache = kmem_cache_create("filp", sizeof(struct file), 64, NULL);
	BUG_ON(!file_cache);
	fdtable_init();
	/* As Linux: open files may take up to a tenth of memory at a KiB each. */
	files_max = max(files_max, totalram_pages() * (PAGE_SIZE / 1024) / 10);
}

struct file *alloc_empty_file(unsigned int flags, const struct cred *cred)
{
	struct file *file;

	if (READ_ONCE(nr_files) >= files_max && !capable(CAP_SYS_ADMIN))
		return ERR_PTR(-ENFILE);
	file = kmem_cache_zalloc(file_cache, GFP_KERNEL);
	if (!file)
		return ERR_PTR(-ENOMEM);
	__atomic_fetch_add(&nr_files, 1, __ATOMIC_RELAXED);
	refcount_set(&file->f_count, 1);
	file->f_flags = flags;
	/* O_RDONLY, O_WRONLY, O_RDWR are 0, 1, 2: one more makes them the bits of FMODE_READ and
	 * FMODE_WRITE. */
	file->f_mode = flags & O_PATH ? FMODE_PATH : (flags + 1) & O_ACCMODE;
	mutex_init(&file->f_pos_lock, "f_pos_lock", RANK_FILE_POS);
	spin_lock_init(&file->f_lock, "f_lock", RANK_SPIN_LEAF);
	INIT_LIST_HEAD(&file->f_ep_links);
	file->f_cred = get_cred(cred);
	return file;
}

struct file *get_file(struct file *file)
{
	refcount_inc(&file->f_count);
	return file;
}

static void file_end(struct file *file)
{
	if (QUIRE_DEBUG)
		lock_check_may_sleep();
	/* fs/ calls release itself: what watches the file must go before, its path after. */
	if (file_release_hook)
		file_release_hook(file);
	else if (file->f_op && file->f_op->release)
		file->f_op->release(file->f_inode, file);
	put_cred(file->f_cred);
	kmem_cache_free(file_cache, file);
	__atomic_fetch_sub(&nr_files, 1, __ATOMIC_RELAXED);
}

void fput(struct file *file)
{
	if (refcount_dec_and_test(&file->f_count))
		file_end(file);
}

int filp_close(struct file *file, struct files_struct *files)
{
	int error = 0;

	if (file->f_op && file->f_op->flush)
		error = file->f_op->flush(file);
	if (file_close_hook && !(file->f_mode & FMODE_PATH))
		file_close_hook(file, files);
	fput(file);
	return error;
}
