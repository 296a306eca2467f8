/* SPDX-License-Identifier: MIT */
/*
 * A kit for file systems whose files are made up by the kernel (proc, sysfs). A tree is described
 * by static tables of pseudo_entry; a directory may also have dynamic entries (processes,
 * descriptors) by its callbacks.
 *
 *	static const struct pseudo_entry net_table[] = {
 *		{ .name = "dev", .mode = S_IFREG | 0444, .show = net_dev_show },
 *		{ }
 *	};
 *	static const struct pseudo_entry root = { .mode = S_IFDIR | 0555, .children = net_table };
 *
 * An inode stands for (entry, object, arg): the object is a counted thing of the file system's (a
 * struct pid), the same for all entries below a dynamic directory; arg a number (a descriptor).
 * Static entries inherit both from their directory.
 */
#pragma once

#include "fs/fs.h"
#include "fs/seq_file.h"

struct pseudo_entry {
	const char *name;
	umode_t mode; /* type and permissions */

	/* Regular files: the whole text. 0 or an error, which read(2) returns. May sleep. */
	int (*show)(struct seq_file *m);
	/* A kernel copy (NUL-terminated, at most PAGE_SIZE - 1 bytes) of what was written: bytes
	 * taken, or an error. */
	ssize_t (*write)(struct file *file, char *buf, size_t len, loff_t *pos);
	/* Further condition for opening; NULL: the mode decides. 0 or an error. */
	int (*open)(struct inode *inode, struct file *file);
	/* Something else altogether: replaces all of the above. */
	const struct file_operations *fops;

	/* Symbolic links. */
	/* length (not NUL-terminated) or error */
	int (*readlink)(struct inode *inode, char *buf, size_t size);
	/* magic link: references in *path */
	int (*get_link_path)(struct inode *inode, struct path *path);

	/* Directories: a static table ended by a NULL name (may be NULL), then dynamic entries (may
	 * be NULL). */
	const struct pseudo_entry *children;
	/* An inode by pseudo_inode(), or ERR_PTR(-ENOENT...). Directory's i_rwsem held. */
	struct inode *(*lookup)(struct inode *dir, const char *name, size_t len);
	/* dir_emit() the dynamic entries at positions >= ctx->pos, which is PSEUDO_DYNAMIC_POS at
	 * first; advance ctx->pos past each one emitted (a position is the entry's own: it stays
	 * true when others vanish). */
	int (*iterate)(struct inode *dir, struct dir_context *ctx);

	int (*permission)(struct inode *inode, int mask); /* NULL: by mode */
	loff_t size;					  /* shown by stat; 0 mostly */
	unsigned long data;				  /* the table's own */
};
#define PSEUDO_DYNAMIC_POS 0x1000

/* What the whole file system does with objects; any may be NULL. */
struct pseudo_object_ops {
	void (*get)(void *object);
	void (*put)(void *object);
	/* False: the object is gone; names that lead to it no longer exist. No locks held but the
	 * caller's; must not sleep. */
	bool (*alive)(struct inode *inode);
	/* Current owner of the files of an object. Must not sleep. */
	void (*owner)(struct inode *inode, uid_t *uid, gid_t *gid);
	/*
	 * The rules of Linux's proc. Nothing can be made: a name that does not exist is ENOENT even
	 * for who would make it. Who has the right, or the capability, opens a file for writing that
	 * cannot be written: write(2) then fails, with EINVAL for a file of an object's, else EIO.
	 * (Without: EACCES for both.)
	 */
	bool proc_rules;
};

/* A super block whose root is @root. ERR_PTR(-ENOMEM). */
struct super_block *pseudo_mount(const struct file_system_type *type, u32 magic,
				 const struct pseudo_entry *root,
				 const struct pseudo_object_ops *object_ops);
/* A new inode for (entry, object, arg); takes its own reference to @object. ERR_PTR(-ENOMEM). */
struct inode *pseudo_inode(struct super_block *sb, const struct pseudo_entry *entry, void *object,
			   u64 arg);
/* Its number, the same each time: for dir_emit(). */
u64 pseudo_ino(const struct pseudo_entry *entry, const void *object, u64 arg);

const struct pseudo_entry *pseudo_entry_of(const struct inode *inode);
void *pseudo_object(const struct inode *inode);
u64 pseudo_arg(const struct inode *inode);
