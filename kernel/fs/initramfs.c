/* SPDX-License-Identifier: MIT */
/*
 * Unpacking the initramfs: members of cpio archives become files of the root file system, their
 * contents copied straight from the archive into the page cache. Members come directory by
 * directory, so the last parent is remembered.
 *
 * A member that cannot be made (its directory does not exist) is skipped; a malformed one ends the
 * unpacking, and what came before it stays.
 */
#include "fs/internal.h"
#include "fs/shmem.h"
#include "base/printk.h"
#include "mm/mm.h"
#include "parse/cpio.h"
#include "parse/inflate.h"

/* A file with several names: the others link to it. */
struct hard_link {
	struct hard_link *next;
	u32 ino, dev_major, dev_minor;
	struct path path;
};

/* A directory whose time is set at the end: filling it changes it. */
struct dir_time {
	struct dir_time *next;
	struct inode *inode;
	u64 mtime;
};

struct unpacker {
	struct path dir; /* parent of the last member; mnt NULL: none yet */
	char dir_name[PATH_MAX];
	size_t dir_len;
	struct hard_link *links;
	struct dir_time *dirs;
};

/* Split off the last component; false: there is none that could be made ("", ".", ".."). */
static bool split_name(const char *name, size_t *dir_len, const char **base)
{
	const char *slash = strrchr(name, '/');

	*dir_len = slash ? slash - name : 0;
	*base = slash ? slash + 1 : name;
	return **base && strcmp(*base, ".") && strcmp(*base, "..");
}

/* u->dir becomes the directory name[0..len), below the root. */
static int enter_dir(struct unpacker *u, const char *name, size_t len)
{
	int err;

	if (u->dir.mnt && len == u->dir_len && !memcmp(name, u->dir_name + 1, len))
		return 0;
	if (u->dir.mnt)
		path_put(&u->dir);
	u->dir.mnt = NULL;
	u->dir_name[0] = '/';
	memcpy(u->dir_name + 1, name, len);
	u->dir_name[len + 1] = 0;
	u->dir_len = len;
	err = kern_path(u->dir_name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &u->dir);
	if (err)
		u->dir.mnt = NULL;
	return err;
}

static int remember_dir_time(struct unpacker *u, struct inode *inode, u32 mtime)
{
	struct dir_time *d = kmalloc(sizeof(*d), GFP_KERNEL);

	if (!d)
		return -ENOMEM;
	d->inode = igrab(inode);
	d->mtime = (u64)mtime * NSEC_PER_SEC;
	d->next = u->dirs;
	u->dirs = d;
	return 0;
}

static void set_attributes(struct inode *inode, const struct cpio_entry *e)
{
	inode->i_uid = e->uid;
	inode->i_gid = e->gid;
	if (!S_ISLNK(inode->i_mode))
		inode->i_mode = (inode->i_mode & S_IFMT) | (e->mode & S_IALLUGO);
	inode->i_mtime = (u64)e->mtime * NSEC_PER_SEC;
}

static struct hard_link *find_link(struct unpacker *u, const struct cpio_entry *e)
{
	struct hard_link *l = NULL;

	if (e->nlink > 1 && !S_ISDIR(e->mode)) {
		for (l = u->links; l; l = l->next) {
			if (l->ino == e->ino && l->dev_major == e->dev_major &&
			    l->dev_minor == e->dev_minor)
				break;
		}
	}
	return l;
}

static int remember_link(struct unpacker *u, const struct cpio_entry *e, struct dentry *dentry)
{
	struct hard_link *l;

	if (e->nlink < 2 || S_ISDIR(e->mode))
		return 0;
	l = kmalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return -ENOMEM;
	*l = (struct hard_link){.next = u->links,
				.ino = e->ino,
				.dev_major = e->dev_major,
				.dev_minor = e->dev_minor};
	l->path.mnt = mntget(u->dir.mnt);
	l->path.dentry = dget(dentry);
	u->links = l;
	return 0;
}

static int fill_file(struct inode *inode, const struct cpio_entry *e)
{
	if (!e->size)
		return 0;
	if (!shmem_inode(inode))
		return -EINVAL;
	return shmem_fill(inode, e->data, e->size);
}

/* The name is taken: by a directory that may stay, or by something that goes. 0: the name is free
 * now, 1: a directory stays. */
static int clear_name(struct inode *dir, struct dentry *dentry, const struct cpio_entry *e)
{
	if (!S_ISDIR(dentry->d_inode->i_mode))
		return vfs_unlink(dir, dentry);
	return S_ISDIR(e->mode) ? 1 : vfs_rmdir(dir, dentry);
}

static int make_symlink(struct inode *dir, struct dentry *dentry, const struct cpio_entry *e)
{
	char *target;
	int err;

	if (e->size >= PATH_MAX)
		return -ENAMETOOLONG;
	target = kmalloc(e->size + 1, GFP_KERNEL);
	if (!target)
		return -ENOMEM;
	memcpy(target, e->data, e->size);
	target[e->size] = 0;
	err = vfs_symlink(dir, dentry, target);
	kfree(target);
	return err;
}

/* Make what @e describes under the negative @dentry. */
static int make_member(struct unpacker *u, struct inode *dir, struct dentry *dentry,
		       const struct cpio_entry *e)
{
	struct hard_link *l = find_link(u, e);
	int err;

	if (l) {
		err = vfs_link(l->path.dentry, dir, dentry);
		if (!err && S_ISREG(e->mode))
			err = fill_file(dentry->d_inode, e);
		return err;
	}
	switch (e->mode & S_IFMT) {
	case S_IFREG:
		err = vfs_create(dir, dentry, e->mode);
		if (!err)
			err = fill_file(dentry->d_inode, e);
		break;
	case S_IFDIR:
		err = vfs_mkdir(dir, dentry, e->mode);
		if (!err)
			err = remember_dir_time(u, dentry->d_inode, e->mtime);
		break;
	case S_IFLNK:
		err = make_symlink(dir, dentry, e);
		break;
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		err = vfs_mknod(dir, dentry, e->mode, MKDEV(e->rdev_major, e->rdev_minor));
		break;
	default:
		return -EINVAL;
	}
	if (err)
		return err;
	set_attributes(dentry->d_inode, e);
	return remember_link(u, e, dentry);
}

/* 0, or an error that concerns this member only (-ENOENT, -ENOTDIR...), or one that ends everything
 * (-ENOMEM, -ENOSPC). */
static int unpack_member(struct unpacker *u, const struct cpio_entry *e)
{
	const char *name = e->name, *base;
	struct dentry *dentry;
	struct inode *dir;
	size_t dir_len;
	int err;

	while (*name == '/')
		name++;
	if (strlen(name) >= PATH_MAX - 1)
		return -ENAMETOOLONG;
	if (!split_name(name, &dir_len, &base)) {
		/* "." itself: the root's attributes. */
		err = enter_dir(u, name, strlen(name));
		if (!err && S_ISDIR(e->mode)) {
			set_attributes(u->dir.dentry->d_inode, e);
			err = remember_dir_time(u, u->dir.dentry->d_inode, e->mtime);
		}
		return err;
	}
	err = enter_dir(u, name, dir_len);
	if (err)
		return err;
	dir = u->dir.dentry->d_inode;
	down_write(&dir->i_rwsem);
	dentry = lookup_one_locked(u->dir.dentry, base, strlen(base));
	err = PTR_ERR_OR_ZERO(dentry);
	if (!err && !d_is_negative(dentry)) {
		err = clear_name(dir, dentry, e);
		if (err == 1) {
			set_attributes(dentry->d_inode, e);
			dput(dentry);
			up_write(&dir->i_rwsem);
			return 0;
		}
		dput(dentry);
		dentry = err ? ERR_PTR(err) : lookup_one_locked(u->dir.dentry, base, strlen(base));
		err = PTR_ERR_OR_ZERO(dentry);
	}
	if (!err) {
		err = make_member(u, dir, dentry, e);
		dput(dentry);
	}
	up_write(&dir->i_rwsem);
	return err;
}

static int unpack_cpio(struct unpacker *u, struct cpio_reader *reader)
{
	struct cpio_entry entry;
	int err, more;

	while ((more = cpio_next(reader, &entry)) == 1) {
		err = unpack_member(u, &entry);
		if (err == -ENOMEM || err == -ENOSPC)
			return err;
		if (err)
			printk("initramfs: cannot make %s: error %d\n", entry.name, err);
	}
	return more;
}

/* ---- Compressed archives ---- */

/* Contiguous memory for @size bytes: neighbouring largest blocks, as RAM at boot time is whole.
 * *nr: their number. NULL: none. */
static struct page *alloc_contiguous(size_t size, unsigned int *nr)
{
	const unsigned int order = MAX_ORDER - 1;
	const unsigned long block = 1ul << order;
	unsigned int want = DIV_ROUND_UP(size, PAGE_SIZE << order), run = 0;
	struct page *first = NULL, *page;
	LIST_HEAD(rejected);

	while (run < want && (page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order))) {
		if (run && page == first + run * block) {
			run++;
		} else if (run && page + block == first) {
			first = page;
			run++;
		} else {
			for (; run; run--)
				list_add(&(first + (run - 1) * block)->lru, &rejected);
			first = page;
			run = 1;
		}
	}
	if (run < want) {
		for (; run; run--)
			list_add(&(first + (run - 1) * block)->lru, &rejected);
		first = NULL;
	}
	while (!list_empty(&rejected)) {
		page = list_first_entry(&rejected, struct page, lru);
		list_del(&page->lru);
		__free_pages(page, order);
	}
	*nr = want;
	return first;
}

static void free_contiguous(struct page *pages, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		__free_pages(pages + ((unsigned long)i << (MAX_ORDER - 1)), MAX_ORDER - 1);
}

static int unpack_all(struct unpacker *u, const u8 *data, size_t size, bool nested);

/* Decode into memory of its own: *pages (*nr largest blocks) hold the result. Its length, -ENOSPC
 * if it is longer than @room, errors. */
static ssize_t gunzip_alloc(const u8 *data, size_t size, size_t *used, size_t room,
			    struct page **pages, unsigned int *nr)
{
	ssize_t len;

	*pages = alloc_contiguous(room, nr);
	if (!*pages)
		return -ENOMEM;
	len = gunzip(data, size, used, page_address(*pages), room);
	if (len >= 0)
		return len;
	free_contiguous(*pages, *nr);
	return len;
}

/* One gzip member at @data; *used: its length. */
static int unpack_gzip(struct unpacker *u, const u8 *data, size_t size, size_t *used)
{
	struct page *pages;
	unsigned int nr;
	ssize_t len;
	u32 hint = 0;
	int err;

	/* Mostly there is one member, whose last word is its length. If not, count first. */
	if (size > sizeof(hint))
		memcpy(&hint, data + size - sizeof(hint), sizeof(hint));
	len = -ENOSPC;
	if (hint >= size / 2 && hint / 1100 <= size)
		len = gunzip_alloc(data, size, used, hint, &pages, &nr);
	if (len == -ENOSPC) {
		len = gunzip(data, size, used, NULL, 0);
		if (len > 0)
			len = gunzip_alloc(data, size, used, len, &pages, &nr);
	}
	if (len <= 0)
		return len == -ENOMEM ? -ENOMEM : len ? -EINVAL : 0;
	err = unpack_all(u, page_address(pages), len, true);
	free_contiguous(pages, nr);
	return err;
}

static int unpack_all(struct unpacker *u, const u8 *data, size_t size, bool nested)
{
	struct cpio_reader reader;
	size_t used;
	int err;

	for (;;) {
		cpio_init(&reader, data, size);
		err = unpack_cpio(u, &reader);
		if (err)
			return err;
		data += reader.pos;
		size -= reader.pos;
		if (!size)
			return 0;
		if (nested || !is_gzip(data, size))
			return -EINVAL;
		err = unpack_gzip(u, data, size, &used);
		if (err)
			return err;
		data += used;
		size -= used;
	}
}

static void unpacker_end(struct unpacker *u)
{
	while (u->dirs) {
		struct dir_time *d = u->dirs;

		u->dirs = d->next;
		d->inode->i_mtime = d->mtime;
		iput(d->inode);
		kfree(d);
	}
	while (u->links) {
		struct hard_link *l = u->links;

		u->links = l->next;
		path_put(&l->path);
		kfree(l);
	}
	if (u->dir.mnt)
		path_put(&u->dir);
}

int initramfs_unpack(const void *data, size_t len)
{
	struct unpacker *u = kmalloc(sizeof(*u), GFP_KERNEL);
	int err;

	if (!u)
		return -ENOMEM;
	u->dir.mnt = NULL;
	u->links = NULL;
	u->dirs = NULL;
	err = unpack_all(u, data, len, false);
	unpacker_end(u);
	kfree(u);
	return err;
}

int initramfs_load(void)
{
	u64 start = boot_info.initrd_start, end = boot_info.initrd_end;
	int err;

	if (start >= end)
		return 0;
	err = initramfs_unpack(arch_phys_to_virt(start), end - start);
	boot_info.initrd_start = boot_info.initrd_end = 0;
	free_reserved_range(ALIGN_DOWN(start, PAGE_SIZE), PAGE_ALIGN(end));
	rootfs_limit();
	return err;
}
