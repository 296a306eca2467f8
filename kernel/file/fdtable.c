/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables: which number stands for which open file.
 *
 *	open_fds	bit n: number n is taken; its file is NULL while open(2) is still at work on
 * it close_on_exec	bit n: exec closes it next_fd		every number below is taken
 *
 * All under files->lock; only a task that is the table's sole user reads fd[] without it. Tables
 * double in size when a number beyond the end is wanted.
 */
#include "file/file.h"
#include "abi/errno.h"
#include "lib/bitmap.h"
#include "lib/err.h"
#include "lib/string.h"
#include "page/slab.h"
#include "task/task.h"

/* No limit lets a process have more (/proc/sys/fs/nr_open). */
unsigned int sysctl_nr_open = 1024 * 1024;

static struct kmem_cache *files_cache;

void fdtable_init(void)
{
	files_cache = kmem_cache_create("files_cache", sizeof(struct files_struct), 64, NULL);
	BUG_ON(!files_cache);
}

/* ---- Tables
 * ---------------------------------------------------------------------------------------- */

static void free_fdtable(struct fdtable *fdt)
{
	kfree(fdt->fd);
	kfree(fdt->open_fds);
}

/* An empty table of @nr entries (a multiple of 64). Both bitmaps are one allocation. */
static int alloc_fdtable(struct fdtable *fdt, unsigned int nr)
{
	fdt->max_fds = nr;
	fdt->fd = kcalloc(nr, sizeof(struct file *), GFP_KERNEL);
	fdt->open_fds = kzalloc(2 * nr / BITS_PER_BYTE, GFP_KERNEL);
	if (!fdt->fd || !fdt->open_fds) {
		free_fdtable(fdt);
		return -ENOMEM;
	}
	fdt->close_on_exec = fdt->open_fds + BITS_TO_LONGS(nr);
	return 0;
}

static void copy_fdtable(struct fdtable *to, const struct fdtable *from, unsigned int nr)
{
	memcpy(to->fd, from->fd, nr * sizeof(struct file *));
	memcpy(to->open_fds, from->open_fds, nr / BITS_PER_BYTE);
	memcpy(to->close_on_exec, from->close_on_exec, nr / BITS_PER_BYTE);
}

static void use_inline_table(struct files_struct *files)
{
	files->fdt = (struct fdtable){
		.max_fds = NR_OPEN_DEFAULT,
		.fd = files->fd_array,
		.open_fds = files->open_fds_init,
		.close_on_exec = files->close_on_exec_init,
	};
}

static bool table_is_inline(const struct files_struct *files)
{
	return files->fdt.fd == files->fd_array;
}

struct files_struct *alloc_files(void)
{
	struct files_struct *files = kmem_cache_zalloc(files_cache, GFP_KERNEL);

	if (!files)
		return NULL;
	refcount_set(&files->count, 1);
	spin_lock_init(&files->lock, "files->lock", RANK_FILES);
	use_inline_table(files);
	return files;
}

/* Make the table hold number @fd. Lock held, dropped and taken again: look at everything anew. 0 or
 * -EMFILE, -ENOMEM. */
static int expand_files(struct files_struct *files, unsigned int fd)
{
	struct fdtable new, old;
	unsigned int want;
	int error;

	if (fd < files->fdt.max_fds)
		return 0;
	if (fd >= sysctl_nr_open)
		return -EMFILE;
	want = roundup_pow_of_two(max(fd + 1, 2u * NR_OPEN_DEFAULT));
	spin_unlock(&files->lock);
	error = alloc_fdtable(&new, want);
	spin_lock(&files->lock);
	if (error)
		return error;
	old = files->fdt;
	if (fd < old.max_fds) { /* another thread was faster */
		old = new;
	} else {
		bool was_inline = table_is_inline(files);

		copy_fdtable(&new, &old, old.max_fds);
		files->fdt = new;
		if (was_inline)
			return 0;
	}
	spin_unlock(&files->lock);
	free_fdtable(&old);
	spin_lock(&files->lock);
	return 0;
}

static unsigned int open_count(const struct fdtable *fdt)
{
	unsigned long last = find_last_bit(fdt->open_fds, fdt->max_fds);

	return last == fdt->max_fds ? 0 : last + 1;
}

struct files_struct *dup_fd(struct files_struct *old)
{
	struct files_struct *new = alloc_files();
	unsigned int nr, i;

	if (!new)
		return ERR_PTR(-ENOMEM);
	spin_lock(&old->lock);
	/* Memory cannot be had under the lock, and while it is had other threads may open more. */
	while ((nr = round_up(open_count(&old->fdt), BITS_PER_LONG)) > new->fdt.max_fds) {
		spin_unlock(&old->lock);
		if (!table_is_inline(new))
			free_fdtable(&new->fdt);
		if (alloc_fdtable(&new->fdt, roundup_pow_of_two(nr))) {
			kmem_cache_free(files_cache, new);
			return ERR_PTR(-ENOMEM);
		}
		spin_lock(&old->lock);
	}
	copy_fdtable(&new->fdt, &old->fdt, nr);
	for_each_set_bit(i, new->fdt.open_fds, nr)
	{
		if (new->fdt.fd[i]) {
			get_file(new->fdt.fd[i]);
		} else { /* reserved by an open(2) of another thread: not the child's */
			__clear_bit(i, new->fdt.open_fds);
			__clear_bit(i, new->fdt.close_on_exec);
		}
	}
	spin_unlock(&old->lock);
	new->next_fd = find_first_zero_bit(new->fdt.open_fds, new->fdt.max_fds);
	return new;
}

static void close_all(struct files_struct *files)
{
	struct fdtable *fdt = &files->fdt;
	unsigned int i;

	for_each_set_bit(i, fdt->open_fds, fdt->max_fds)
	{
		if (fdt->fd[i])
			filp_close(fdt->fd[i], files);
	}
}

void put_files_struct(struct files_struct *files)
{
	if (!refcount_dec_and_test(&files->count))
		return;
	close_all(files);
	if (!table_is_inline(files))
		free_fdtable(&files->fdt);
	kmem_cache_free(files_cache, files);
}

/* @task's table becomes @new (NULL: none). */
static void replace_files(struct task_struct *task, struct files_struct *new)
{
	struct files_struct *old;

	task_lock(task);
	old = task->files;
	task->files = new;
	task_unlock(task);
	if (old)
		put_files_struct(old);
}

void exit_files(struct task_struct *task)
{
	replace_files(task, NULL);
}

int unshare_files(void)
{
	struct files_struct *new;

	if (refcount_read(&current->files->count) == 1)
		return 0;
	new = dup_fd(current->files);
	if (IS_ERR(new))
		return PTR_ERR(new);
	replace_files(current, new);
	return 0;
}

/* ---- Numbers
 * --------------------------------------------------------------------------------------- */

/* Number @fd becomes free; lock held. Its file, which may be NULL. */
static struct file *release_fd(struct files_struct *files, unsigned int fd)
{
	struct file *file = files->fdt.fd[fd];

	files->fdt.fd[fd] = NULL;
	__clear_bit(fd, files->fdt.open_fds);
	__clear_bit(fd, files->fdt.close_on_exec);
	if (fd < files->next_fd)
		files->next_fd = fd;
	return file;
}

static void mark_close_on_exec(struct fdtable *fdt, unsigned int fd, bool on)
{
	if (on)
		__set_bit(fd, fdt->close_on_exec);
	else
		__clear_bit(fd, fdt->close_on_exec);
}

static unsigned long fd_limit(void)
{
	return READ_ONCE(current->signal->rlim[RLIMIT_NOFILE].rlim_cur);
}

int get_unused_fd_from(unsigned int start, unsigned int flags)
{
	struct files_struct *files = current->files;
	struct fdtable *fdt = &files->fdt;
	unsigned long limit = fd_limit();
	unsigned int fd;
	int error;

	spin_lock(&files->lock);
	for (;;) {
		fd = max(start, files->next_fd);
		if (fd < fdt->max_fds)
			fd = find_next_zero_bit(fdt->open_fds, fdt->max_fds, fd);
		error = -EMFILE;
		if (fd >= limit)
			break;
		if (fd < fdt->max_fds) {
			__set_bit(fd, fdt->open_fds);
			mark_close_on_exec(fdt, fd, flags & O_CLOEXEC);
			if (start <= files->next_fd)
				files->next_fd = fd + 1;
			error = fd;
			break;
		}
		error = expand_files(files, fd);
		if (error)
			break;
	}
	spin_unlock(&files->lock);
	return error;
}

void put_unused_fd(unsigned int fd)
{
	struct files_struct *files = current->files;

	spin_lock(&files->lock);
	BUG_ON(fd >= files->fdt.max_fds || files->fdt.fd[fd]);
	release_fd(files, fd);
	spin_unlock(&files->lock);
}

void fd_install(unsigned int fd, struct file *file)
{
	struct files_struct *files = current->files;

	spin_lock(&files->lock);
	BUG_ON(fd >= files->fdt.max_fds || files->fdt.fd[fd]);
	files->fdt.fd[fd] = file;
	spin_unlock(&files->lock);
}

/* ---- Look-up
 * --------------------------------------------------------------------------------------- */

static inline struct file *lookup_fd(struct files_struct *files, unsigned int fd)
{
	return fd < files->fdt.max_fds ? files->fdt.fd[fd] : NULL;
}

static struct file *get_locked(struct files_struct *files, unsigned int fd, unsigned int refuse)
{
	struct file *file;

	spin_lock(&files->lock);
	file = lookup_fd(files, fd);
	if (file && (file->f_mode & refuse))
		file = NULL;
	if (file)
		get_file(file);
	spin_unlock(&files->lock);
	return file;
}

struct file *fget(unsigned int fd)
{
	return get_locked(current->files, fd, FMODE_PATH);
}

struct file *fget_raw(unsigned int fd)
{
	return get_locked(current->files, fd, 0);
}

static inline struct fd light_get(unsigned int fd, unsigned int refuse)
{
	struct files_struct *files = current->files;
	struct file *file;

	/* A sole user's table changes only by what this task itself does: no lock, no reference. */
	if (likely(refcount_read(&files->count) == 1)) {
		file = lookup_fd(files, fd);
		if (file && (file->f_mode & refuse))
			file = NULL;
		return (struct fd){.file = file, .need_put = false};
	}
	file = get_locked(files, fd, refuse);
	return (struct fd){.file = file, .need_put = file != NULL};
}

struct fd fdget(unsigned int fd)
{
	return light_get(fd, FMODE_PATH);
}

struct fd fdget_raw(unsigned int fd)
{
	return light_get(fd, 0);
}

/* files->lock ranks above alloc_lock or not: both are leaves here, so @task's table is pinned by
 * alloc_lock first. */
static struct files_struct *get_task_files(struct task_struct *task)
{
	struct files_struct *files;

	task_lock(task);
	files = task->files;
	if (files)
		refcount_inc(&files->count);
	task_unlock(task);
	return files;
}

struct file *fget_task(struct task_struct *task, unsigned int fd)
{
	struct files_struct *files = get_task_files(task);
	struct file *file;

	if (!files)
		return NULL;
	file = get_locked(files, fd, 0);
	put_files_struct(files);
	return file;
}

int next_fd_task(struct task_struct *task, unsigned int fd)
{
	struct files_struct *files = get_task_files(task);
	int found = -1;

	if (!files)
		return -1;
	spin_lock(&files->lock);
	for (; fd < files->fdt.max_fds; fd++) {
		fd = find_next_bit(files->fdt.open_fds, files->fdt.max_fds, fd);
		if (fd >= files->fdt.max_fds)
			break;
		if (files->fdt.fd[fd]) {
			found = fd;
			break;
		}
	}
	spin_unlock(&files->lock);
	put_files_struct(files);
	return found;
}

/* ---- Closing and replacing
 * ------------------------------------------------------------------------- */

int close_fd(unsigned int fd)
{
	struct files_struct *files = current->files;
	struct file *file;

	spin_lock(&files->lock);
	file = lookup_fd(files, fd);
	if (file) /* a number only reserved is the opener's */
		release_fd(files, fd);
	spin_unlock(&files->lock);
	return file ? filp_close(file, files) : -EBADF;
}

int do_dup2(struct file *file, unsigned int fd, unsigned int flags)
{
	struct files_struct *files = current->files;
	struct fdtable *fdt = &files->fdt;
	struct file *old;
	int error;

	if (fd >= fd_limit())
		return -EBADF;
	spin_lock(&files->lock);
	error = expand_files(files, fd);
	if (error) {
		spin_unlock(&files->lock);
		return error == -EMFILE ? -EBADF : error;
	}
	old = fdt->fd[fd];
	if (!old && test_bit(fd, fdt->open_fds)) {
		/* Taken by an open(2) that has not come to its end in another thread. */
		spin_unlock(&files->lock);
		return -EBUSY;
	}
	fdt->fd[fd] = get_file(file);
	__set_bit(fd, fdt->open_fds);
	mark_close_on_exec(fdt, fd, flags & O_CLOEXEC);
	spin_unlock(&files->lock);
	if (old)
		filp_close(old, files);
	return fd;
}

/* Close the open numbers of [first, last] that are set in @which (a bitmap of the table, found
 * under the lock). */
static void close_numbers(struct files_struct *files, unsigned int first, unsigned int last,
			  bool only_cloexec)
{
	struct fdtable *fdt = &files->fdt;
	unsigned long fd = first;
	struct file *file;

	spin_lock(&files->lock);
	while (fd <= last) {
		fd = find_next_bit(only_cloexec ? fdt->close_on_exec : fdt->open_fds, fdt->max_fds,
				   fd);
		if (fd >= fdt->max_fds || fd > last)
			break;
		file = fdt->fd[fd];
		if (file) {
			release_fd(files, fd);
			spin_unlock(&files->lock);
			filp_close(file, files);
			spin_lock(&files->lock);
		}
		fd++;
	}
	spin_unlock(&files->lock);
}

void do_close_on_exec(struct files_struct *files)
{
	close_numbers(files, 0, UINT_MAX, true);
}

int close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	struct files_struct *files;
	unsigned long fd;
	int error;

	if (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))
		return -EINVAL;
	if (first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE) {
		error = unshare_files();
		if (error)
			return error;
	}
	files = current->files;
	if (!(flags & CLOSE_RANGE_CLOEXEC)) {
		close_numbers(files, first, last, false);
		return 0;
	}
	spin_lock(&files->lock);
	for (fd = first; fd <= last; fd++) {
		fd = find_next_bit(files->fdt.open_fds, files->fdt.max_fds, fd);
		if (fd >= files->fdt.max_fds || fd > last)
			break;
		__set_bit(fd, files->fdt.close_on_exec);
	}
	spin_unlock(&files->lock);
	return 0;
}

bool get_close_on_exec(unsigned int fd)
{
	struct files_struct *files = current->files;
	bool on;

	spin_lock(&files->lock);
	on = fd < files->fdt.max_fds && test_bit(fd, files->fdt.close_on_exec);
	spin_unlock(&files->lock);
	return on;
}

void set_close_on_exec(unsigned int fd, bool on)
{
	struct files_struct *files = current->files;

	spin_lock(&files->lock);
	if (fd < files->fdt.max_fds && test_bit(fd, files->fdt.open_fds))
		mark_close_on_exec(&files->fdt, fd, on);
	spin_unlock(&files->lock);
}
