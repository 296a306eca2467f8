/* SPDX-License-Identifier: MIT */
/* getdents, and directories whose entries are the children in the dcache (tmpfs, devtmpfs). */
#include "fs/internal.h"
#include "abi/dirent.h"
#include "mm/mm.h"

bool dir_emit(struct dir_context *ctx, const char *name, size_t len, u64 ino, unsigned int type)
{
	return ctx->actor(ctx, name, len, ctx->pos, ino, type);
}

bool dir_emit_dots(struct file *file, struct dir_context *ctx)
{
	if (ctx->pos == 0) {
		if (!dir_emit(ctx, ".", 1, file->f_inode->i_ino, DT_DIR))
			return false;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		struct dentry *parent = dget_parent(file->f_path.dentry);
		bool fits = dir_emit(ctx, "..", 2, parent->d_inode->i_ino, DT_DIR);

		dput(parent);
		if (!fits)
			return false;
		ctx->pos = 2;
	}
	return true;
}

/* ---- getdents ---- */

/* Records are collected and copied out many at a time. */
#define GETDENTS_BATCH 1024

struct getdents_context {
	struct dir_context ctx;
	char __user *next; /* where the batch goes */
	size_t left;	   /* room for records behind those of the batch */
	size_t used;	   /* bytes of the batch */
	s64 *last_off;	   /* of the batch's last record: filled when the position after it is known */
	loff_t start;	   /* position of the batch's first record */
	size_t done;	   /* bytes copied out */
	bool old;	   /* getdents(2)'s layout */
	int error;
	char batch[GETDENTS_BATCH] __aligned(8);
};

/* Copy the batch out; @pos is the position behind it. False: a bad address, and the batch stays. */
static bool flush_dirents(struct getdents_context *g, loff_t pos)
{
	if (!g->used)
		return true;
	*g->last_off = pos;
	if (copy_to_user(g->next, g->batch, g->used)) {
		g->error = -EFAULT;
		return false;
	}
	g->next += g->used;
	g->done += g->used;
	g->used = 0;
	g->start = pos;
	return true;
}

static void copy_name(char *to, const char *name, size_t len)
{
	for (; len >= 8; len -= 8, to += 8, name += 8)
		__builtin_memcpy(to, name, 8);
	while (len--)
		*to++ = *name++;
}

static bool fill_dirent(struct dir_context *ctx, const char *name, size_t len, loff_t pos, u64 ino,
			unsigned int type)
{
	struct getdents_context *g = container_of(ctx, struct getdents_context, ctx);
	/* The old layout has the type in the record's last byte, behind the NUL. */
	size_t head = g->old ? offsetof(struct linux_dirent, d_name)
			     : offsetof(struct linux_dirent64, d_name);
	size_t reclen = ALIGN(head + len + 1 + g->old, 8);
	char *record;

	if (unlikely(len > NAME_MAX)) {
		g->error = -EIO;
		return false;
	}
	if (reclen > g->left) {
		if (!g->used && !g->done)
			g->error = -EINVAL;
		return false;
	}
	if (reclen > sizeof(g->batch) - g->used) {
		if (signal_pending(current) || !flush_dirents(g, pos))
			return false;
	}
	if (g->used)
		*g->last_off = pos;
	record = g->batch + g->used;
	*(u64 *)(record + reclen - 8) = 0; /* the name's NUL and what fills the record */
	if (g->old) {
		struct linux_dirent *d = (void *)record;

		d->d_ino = ino;
		d->d_reclen = reclen;
		record[reclen - 1] = type;
		g->last_off = (s64 *)&d->d_off;
	} else {
		struct linux_dirent64 *d = (void *)record;

		d->d_ino = ino;
		d->d_reclen = reclen;
		d->d_type = type;
		g->last_off = (s64 *)&d->d_off;
	}
	copy_name(record + head, name, len);
	g->used += reclen;
	g->left -= reclen;
	return true;
}

static long do_getdents(unsigned int fd, void __user *buf, unsigned int count, bool old)
{
	struct getdents_context g; /* the batch need not be cleared */
	struct inode *inode;
	bool locked, bad = false;
	struct fd f = fdget_pos(fd, &locked);
	long err;

	if (!f.file)
		return -EBADF;
	g.ctx.actor = fill_dirent;
	g.next = buf;
	g.left = count;
	g.used = g.done = 0;
	g.old = old;
	g.error = 0;
	inode = f.file->f_inode;
	err = -ENOTDIR;
	if (!f.file->f_op->iterate)
		goto out;
	down_read(&inode->i_rwsem);
	err = -ENOENT;
	if (!(inode->i_flags & S_DEAD)) {
		g.ctx.pos = g.start = f.file->f_pos;
		err = f.file->f_op->iterate(f.file, &g.ctx);
		bad = !flush_dirents(&g, g.ctx.pos);
		f.file->f_pos = g.ctx.pos;
		touch_atime(f.file);
	}
	up_read(&inode->i_rwsem);
	if (unlikely(bad)) /* what did not arrive comes again */
		vfs_llseek(f.file, g.start, SEEK_SET);
	if (err >= 0)
		err = g.error;
	if (g.done) /* what arrived counts, whatever ended it */
		err = g.done;
out:
	fdput_pos(f, locked);
	return err;
}

long ksys_getdents(unsigned int fd, struct linux_dirent __user *dirent, unsigned int count)
{
	return do_getdents(fd, dirent, count, true);
}

long ksys_getdents64(unsigned int fd, struct linux_dirent64 __user *dirent, unsigned int count)
{
	return do_getdents(fd, dirent, count, false);
}

/* ---- Directories in the dcache ---- */

/*
 * An open directory has a cursor in the list of children: a dentry of its own (no inode, not
 * hashed) that marks where the next read goes on. Whatever is made or removed meanwhile, each other
 * entry is seen once. New entries are added at the front.
 */
static int simple_dir_open(struct inode *inode, struct file *file)
{
	file->private_data = d_alloc(file->f_path.dentry, "", 0);
	return file->private_data ? 0 : -ENOMEM;
}

static void simple_dir_release(struct inode *inode, struct file *file)
{
	dput(file->private_data);
}

static bool is_entry(const struct dentry *dentry)
{
	return dentry->d_inode && !(dentry->d_flags & DCACHE_UNHASHED);
}

/* Move the cursor behind @skip entries from the front. dcache_lock held. */
static void place_cursor(struct dentry *dir, struct dentry *cursor, loff_t skip)
{
	struct list_head *pos = &dir->d_children;
	struct dentry *d;

	list_for_each_entry (d, &dir->d_children, d_sibling) {
		if (skip <= 0)
			break;
		pos = &d->d_sibling;
		if (d != cursor && is_entry(d))
			skip--;
	}
	if (pos != &cursor->d_sibling)
		list_move(&cursor->d_sibling, pos);
}

static loff_t simple_dir_llseek(struct file *file, loff_t offset, int whence)
{
	struct dentry *dir = file->f_path.dentry;

	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	if (offset != file->f_pos) {
		spin_lock(&dcache_lock);
		place_cursor(dir, file->private_data, offset - 2);
		spin_unlock(&dcache_lock);
		file->f_pos = offset;
	}
	return offset;
}

/* The next entry after the cursor, which moves behind it: referenced; NULL at the end. */
static struct dentry *next_entry(struct dentry *dir, struct dentry *cursor)
{
	struct dentry *d = cursor, *found = NULL;

	spin_lock(&dcache_lock);
	while (!list_is_last(&d->d_sibling, &dir->d_children)) {
		d = list_next_entry(d, d_sibling);
		if (is_entry(d)) {
			found = d;
			__atomic_add_fetch(&found->d_count, 1, __ATOMIC_RELAXED);
			break;
		}
	}
	if (d != cursor)
		list_move(&cursor->d_sibling, &d->d_sibling);
	spin_unlock(&dcache_lock);
	return found;
}

/* The reader had no room for @d: it comes next again. */
static void step_back(struct dentry *d, struct dentry *cursor)
{
	spin_lock(&dcache_lock);
	if (d->d_parent == cursor->d_parent && !list_empty(&d->d_sibling))
		list_move_tail(&cursor->d_sibling, &d->d_sibling);
	spin_unlock(&dcache_lock);
}

static int simple_dir_iterate(struct file *file, struct dir_context *ctx)
{
	struct dentry *cursor = file->private_data, *d;

	if (!dir_emit_dots(file, ctx))
		return 0;
	while ((d = next_entry(file->f_path.dentry, cursor))) {
		/* Names below a directory change only with its i_rwsem held for writing. */
		bool fits = dir_emit(ctx, d->d_name, d->d_len, d->d_inode->i_ino,
				     S_DT(d->d_inode->i_mode));

		if (!fits)
			step_back(d, cursor);
		dput(d);
		if (!fits)
			break;
		ctx->pos++;
	}
	return 0;
}

const struct file_operations simple_dir_operations = {
	.open = simple_dir_open,
	.release = simple_dir_release,
	.llseek = simple_dir_llseek,
	.read_iter = generic_read_dir,
	.iterate = simple_dir_iterate,
	.fsync = noop_fsync,
};

int simple_lookup(struct inode *dir, struct dentry *dentry)
{
	return 0; /* negative, and not hashed: nothing to remember */
}

int simple_empty_dir(struct dentry *dentry)
{
	struct dentry *d;
	bool empty = true;

	spin_lock(&dcache_lock);
	list_for_each_entry (d, &dentry->d_children, d_sibling) {
		if (is_entry(d)) {
			empty = false;
			break;
		}
	}
	spin_unlock(&dcache_lock);
	return empty;
}
