/* SPDX-License-Identifier: MIT */
/* File system types and super blocks. A super block lives as long as a mount of it (or a file on
 * one) does. */
#include "fs/internal.h"
#include "fs/seq_file.h"
#include "base/panic.h"

static struct file_system_type *file_systems; /* sb_lock */
static DEFINE_SPINLOCK(sb_lock, RANK_SPIN_LEAF);
static LIST_HEAD(all_super_blocks); /* sb_lock */
static unsigned int anon_minor;

void register_filesystem(struct file_system_type *type)
{
	struct file_system_type **p;

	spin_lock(&sb_lock);
	for (p = &file_systems; *p; p = &(*p)->next)
		;
	*p = type;
	spin_unlock(&sb_lock);
}

struct file_system_type *get_fs_type(const char *name)
{
	struct file_system_type *type;

	spin_lock(&sb_lock);
	for (type = file_systems; type && strcmp(type->name, name); type = type->next)
		;
	spin_unlock(&sb_lock);
	return type;
}

int show_filesystems(struct seq_file *m)
{
	spin_lock(&sb_lock);
	for (struct file_system_type *type = file_systems; type; type = type->next)
		seq_printf(m, "%s\t%s\n", type->flags & FS_NODEV ? "nodev" : "", type->name);
	spin_unlock(&sb_lock);
	return 0;
}

dev_t get_anon_dev(void)
{
	return MKDEV(0, __atomic_add_fetch(&anon_minor, 1, __ATOMIC_RELAXED));
}

struct super_block *sb_alloc(const struct file_system_type *type, const struct super_operations *op,
			     u32 magic)
{
	struct super_block *sb = kzalloc(sizeof(*sb), GFP_KERNEL);

	if (!sb)
		return NULL;
	refcount_set(&sb->s_count, 1);
	sb->s_dev = get_anon_dev();
	sb->s_type = type;
	sb->s_op = op;
	sb->s_magic = magic;
	sb->s_maxbytes = LLONG_MAX;
	spin_lock_init(&sb->s_lock, "s_lock", RANK_SPIN_LEAF);
	INIT_LIST_HEAD(&sb->s_inodes);
	spin_lock(&sb_lock);
	list_add_tail(&sb->s_list, &all_super_blocks);
	spin_unlock(&sb_lock);
	return sb;
}

void sb_put(struct super_block *sb)
{
	if (!refcount_dec_and_test(&sb->s_count))
		return;
	spin_lock(&sb_lock);
	list_del(&sb->s_list);
	spin_unlock(&sb_lock);
	shrink_dcache_sb(sb, true);
	if (sb->s_root) {
		struct dentry *root = sb->s_root;

		sync_inodes_sb(sb);
		d_drop(root);
		sb->s_root = NULL;
		dput(root);
	}
	WARN_ON(!list_empty(&sb->s_inodes));
	if (sb->s_op && sb->s_op->put_super)
		sb->s_op->put_super(sb);
	kfree(sb);
}

void sync_all_sbs(void)
{
	struct super_block *sb, *held = NULL;

	spin_lock(&sb_lock);
	list_for_each_entry (sb, &all_super_blocks, s_list) {
		if (!refcount_inc_not_zero(&sb->s_count))
			continue;
		spin_unlock(&sb_lock);
		/* The one that is held keeps its place in the list while the lock is dropped. */
		if (held)
			sb_put(held);
		held = sb;
		sync_inodes_sb(sb);
		spin_lock(&sb_lock);
	}
	spin_unlock(&sb_lock);
	if (held)
		sb_put(held);
}

/* ---- File systems without a tree ---- */

struct vfsmount *kern_mount(const struct file_system_type *type, const char *data)
{
	struct super_block *sb = type->mount(type, 0, type->name, data);

	if (IS_ERR(sb))
		return ERR_CAST(sb);
	return alloc_vfsmnt(sb, sb->s_root, type->name);
}

struct super_block *pseudo_sb_create(const char *name, u32 magic,
				     const struct dentry_operations *d_op)
{
	struct file_system_type *type = kzalloc(sizeof(*type), GFP_KERNEL);
	struct super_block *sb = NULL;
	struct inode *inode;

	if (type) {
		type->name = name;
		type->flags = FS_NODEV;
		sb = sb_alloc(type, NULL, magic);
	}
	if (!sb)
		panic("no memory for %s", name);
	sb->s_d_op = d_op;
	inode = new_inode(sb);
	if (inode)
		inode->i_mode = S_IFDIR | 0600;
	sb->s_root = d_make_root(inode);
	if (!sb->s_root)
		panic("no memory for %s", name);
	sb->s_kern_mnt = alloc_vfsmnt(sb, sb->s_root, name);
	if (IS_ERR(sb->s_kern_mnt))
		panic("no memory for %s", name);
	if (!get_fs_type(name)) /* the kernel's own instance of one that can be mounted */
		register_filesystem(type);
	return sb;
}
