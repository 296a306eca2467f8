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

struct getdents_context {
	struct dir_context ctx;
	char __user *next; /* where the next record goes */
	/* the last one written: its d_off is filled when the position after it is known */
	char __user *last;
	size_t left;
	bool old; /* getdents(2)'s layout */
	int error;
};

/* Position behind the last record. */
static int patch_offset(struct getdents_context *g, loff_t pos)
{
	s64 off = pos;
	size_t at = g->old ? offsetof(struct linux_dirent, d_off)
			   : offsetof(struct linux_dirent64, d_off);

	if (!g->last)
		return 0;
	return copy_to_user(g->last + at, &off, sizeof(off)) ? -EFAULT : 0;
}

static bool fill_dirent(struct dir_context *ctx, const char *name, size_t len, loff_t pos, u64 ino,
			unsigned int type)
{
	struct getdents_context *g = container_of(ctx, struct getdents_context, ctx);
	/* The old layout has the type in the record's last byte, behind the NUL. */
	size_t head = g->old ? offsetof(struct linux_dirent, d_name)
			     : offsetof(struct linux_dirent64, d_name);
	size_t reclen = ALIGN(head + len + 1 + g->old, 8);
	char record[24 + NAME_MAX + 16];

	if (len > NAME_MAX) {
		g->error = -EIO;
		return false;
	}
	if (reclen > g->left) {
		if (!g->last)
			g->error = -EINVAL;
		return false;
	}
	if (g->last && signal_pending(current))
		return false;
	memset(record, 0, reclen);
	if (g->old) {
		struct linux_dirent *d = (void *)record;

		d->d_ino = ino;
		d->d_reclen = reclen;
		record[reclen - 1] = type;
	} else {
		struct linux_dirent64 *d = (void *)record;

		d->d_ino = ino;
		d->d_reclen = reclen;
		d->d_type = type;
	}
	memcpy(record + head, name, len);
	if (patch_offset(g, pos) || copy_to_user(g->next, record, reclen)) {
		g->error = -EFAULT;
		return false;
	}
	g->last = g->next;
	g->next += reclen;
	g->left -= reclen;
	return true;
}

static long do_getdents(unsigned int fd, void __user *buf, unsigned int count, bool old)
{
	struct getdents_context g = {
		.ctx.actor = fill_dirent,
		.next = buf,
		.left = count,
		.old = old,
	};
	struct inode *inode;
	bool locked;
	struct fd f = fdget_pos(fd, &locked);
	long err;

	if (!f.file)
		return -EBADF;
	inode = f.file->f_inode;
	err = -ENOTDIR;
	if (!f.file->f_op->iterate)
		goto out;
	down_read(&inode->i_rwsem);
	err = -ENOENT;
	if (!(inode->i_flags & S_DEAD)) {
		g.ctx.pos = f.file->f_pos;
		err = f.file->f_op->iterate(f.file, &g.ctx);
		f.file->f_pos = g.ctx.pos;
		touch_atime(f.file);
	}
	up_read(&inode->i_rwsem);
	if (err >= 0)
		err = g.error;
	if (g.last) {
		/* What was written counts, whatever ended it. */
		err = patch_offset(&g, g.ctx.pos);
		if (!err)
			err = count - g.left;
	}
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
