/* SPDX-License-Identifier: MIT */
/* File systems made up by the kernel: see pseudo.h. */
#include "fs/internal.h"
#include "fs/pseudo.h"
#include "abi/dirent.h"
#include "lib/hash.h"
#include "mm/mm.h"

/* i_private of every inode. */
struct pseudo_info {
	const struct pseudo_entry *entry;
	void *object; /* a reference, by the file system's get and put */
	u64 arg;
};

/* private_data of an open text file: one reader at a time fills it (f_pos_lock does not cover
 * pread). */
struct pseudo_text {
	struct mutex lock;
	struct seq_text *snapshot; /* NULL: none yet */
};

static struct pseudo_info *info_of(const struct inode *inode)
{
	return inode->i_private;
}

static const struct pseudo_object_ops *object_ops_of(const struct inode *inode)
{
	return inode->i_sb->s_fs_info;
}

static bool has_proc_rules(const struct inode *inode)
{
	const struct pseudo_object_ops *ops = object_ops_of(inode);

	return ops && ops->proc_rules;
}

const struct pseudo_entry *pseudo_entry_of(const struct inode *inode)
{
	return info_of(inode)->entry;
}

void *pseudo_object(const struct inode *inode)
{
	return info_of(inode)->object;
}

u64 pseudo_arg(const struct inode *inode)
{
	return info_of(inode)->arg;
}

u64 pseudo_ino(const struct pseudo_entry *entry, const void *object, u64 arg)
{
	u64 mix = (unsigned long)entry * 31 + (unsigned long)object * 17 + arg * GOLDEN_RATIO_64;

	return 0xf0000000u + hash_64(mix, 27);
}

/* ---- Text files ---- */

static int pseudo_open(struct inode *inode, struct file *file)
{
	const struct pseudo_entry *entry = pseudo_entry_of(inode);
	struct pseudo_text *text;
	int err;

	if (entry->open) {
		err = entry->open(inode, file);
		if (err)
			return err;
	}
	if ((file->f_mode & FMODE_READ) && !entry->show)
		return -EACCES;
	if ((file->f_mode & FMODE_WRITE) && !entry->write && !has_proc_rules(inode))
		return -EACCES;
	text = kzalloc(sizeof(*text), GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	mutex_init(&text->lock, "pseudo_text", RANK_INODE);
	file->private_data = text;
	return 0;
}

static void pseudo_release(struct inode *inode, struct file *file)
{
	struct pseudo_text *text = file->private_data;

	seq_text_free(text->snapshot);
	kfree(text);
}

/* Make the snapshot anew. text->lock held. */
static int refresh(struct file *file, struct pseudo_text *text)
{
	struct inode *inode = file->f_inode;
	const struct pseudo_object_ops *ops = object_ops_of(inode);
	struct seq_file m = {.file = file, .inode = inode};
	struct seq_text *snapshot;
	int err;

	if (pseudo_object(inode) && ops && ops->alive && !ops->alive(inode))
		return -ESRCH;
	err = seq_make(&m, pseudo_entry_of(inode)->show, &snapshot);
	if (err)
		return err;
	seq_text_free(text->snapshot);
	text->snapshot = snapshot;
	return 0;
}

static ssize_t pseudo_read(struct file *file, struct iov_iter *to, loff_t *pos)
{
	struct pseudo_text *text = file->private_data;
	ssize_t n = 0;

	mutex_lock(&text->lock);
	/* A read from the begin sees the present; later ones the rest of what that saw. */
	if (!text->snapshot || *pos == 0)
		n = refresh(file, text);
	if (!n)
		n = seq_text_read(text->snapshot, to, pos);
	mutex_unlock(&text->lock);
	return n;
}

static ssize_t pseudo_write(struct file *file, struct iov_iter *from, loff_t *pos)
{
	const struct pseudo_entry *entry = pseudo_entry_of(file->f_inode);
	size_t len = min_t(size_t, from->count, PAGE_SIZE - 1);
	ssize_t n;
	char *buf;

	if (!entry->write)
		return pseudo_object(file->f_inode) ? -EINVAL : -EIO;
	buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	if (copy_from_iter(buf, len, from) < len) {
		n = -EFAULT;
	} else {
		buf[len] = 0;
		n = entry->write(file, buf, len, pos);
		if (n > 0)
			*pos += n;
	}
	kfree(buf);
	return n;
}

static loff_t pseudo_llseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	file->f_pos = offset;
	return offset;
}

static const struct file_operations pseudo_file_operations = {
	.open = pseudo_open,
	.release = pseudo_release,
	.read_iter = pseudo_read,
	.write_iter = pseudo_write,
	.llseek = pseudo_llseek,
};

/* ---- Directories ---- */

static const struct pseudo_entry *find_child(const struct pseudo_entry *dir, const char *name,
					     size_t len)
{
	const struct pseudo_entry *e;

	for (e = dir->children; e && e->name; e++) {
		if (!strncmp(e->name, name, len) && !e->name[len])
			return e;
	}
	return NULL;
}

static int pseudo_lookup(struct inode *dir, struct dentry *dentry)
{
	struct pseudo_info *info = info_of(dir);
	const struct pseudo_object_ops *ops = object_ops_of(dir);
	const struct pseudo_entry *child;
	struct inode *inode = NULL;

	if (info->object && ops && ops->alive && !ops->alive(dir))
		return -ENOENT;
	child = find_child(info->entry, dentry->d_name, dentry->d_len);
	if (child)
		inode = pseudo_inode(dir->i_sb, child, info->object, info->arg);
	else if (info->entry->lookup)
		inode = info->entry->lookup(dir, dentry->d_name, dentry->d_len);
	if (PTR_ERR_OR_ZERO(inode) == -ENOENT)
		inode = NULL;
	if (!inode && has_proc_rules(dir))
		return -ENOENT;
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	/* Names that do not exist now may in a moment: they are not remembered. */
	if (inode)
		d_add(dentry, inode);
	return 0;
}

static int pseudo_iterate(struct file *file, struct dir_context *ctx)
{
	struct pseudo_info *info = info_of(file->f_inode);
	const struct pseudo_entry *e;
	loff_t pos = 2;

	if (!dir_emit_dots(file, ctx))
		return 0;
	for (e = info->entry->children; e && e->name; e++, pos++) {
		if (pos < ctx->pos)
			continue;
		if (!dir_emit(ctx, e->name, strlen(e->name), pseudo_ino(e, info->object, info->arg),
			      S_DT(e->mode)))
			return 0;
		ctx->pos = pos + 1;
	}
	if (!info->entry->iterate)
		return 0;
	if (ctx->pos < PSEUDO_DYNAMIC_POS)
		ctx->pos = PSEUDO_DYNAMIC_POS;
	return info->entry->iterate(file->f_inode, ctx);
}

static const struct file_operations pseudo_dir_operations = {
	.read_iter = generic_read_dir,
	.iterate = pseudo_iterate,
	.llseek = pseudo_llseek,
};

/* ---- Inodes ---- */

static int pseudo_readlink(struct dentry *dentry, char *buf, size_t size)
{
	return pseudo_entry_of(dentry->d_inode)->readlink(dentry->d_inode, buf, size);
}

static int pseudo_get_link_path(struct dentry *dentry, struct path *path)
{
	return pseudo_entry_of(dentry->d_inode)->get_link_path(dentry->d_inode, path);
}

static void refresh_owner(struct inode *inode)
{
	const struct pseudo_object_ops *ops = object_ops_of(inode);

	if (ops && ops->owner && pseudo_object(inode))
		ops->owner(inode, &inode->i_uid, &inode->i_gid);
}

static int pseudo_getattr(const struct path *path, struct kstat *stat)
{
	refresh_owner(path->dentry->d_inode);
	return simple_getattr(path, stat);
}

static int pseudo_permission(struct inode *inode, int mask)
{
	const struct pseudo_entry *entry = pseudo_entry_of(inode);

	refresh_owner(inode);
	return entry->permission ? entry->permission(inode, mask) : generic_permission(inode, mask);
}

static int pseudo_setattr(struct dentry *dentry, struct iattr *attr)
{
	int err = attr->valid & ATTR_MODE ? -EPERM : setattr_prepare(dentry, attr);

	/* Truncation before writing, by a shell's ">", changes nothing. */
	attr->valid &= ~ATTR_SIZE;
	if (!err)
		setattr_copy(dentry->d_inode, attr);
	return err;
}

static const struct inode_operations pseudo_iops = {
	.getattr = pseudo_getattr,
	.setattr = pseudo_setattr,
	.permission = pseudo_permission,
};

static const struct inode_operations pseudo_dir_iops = {
	.lookup = pseudo_lookup,
	.getattr = pseudo_getattr,
	.setattr = pseudo_setattr,
	.permission = pseudo_permission,
};

static const struct inode_operations pseudo_link_iops = {
	.readlink = pseudo_readlink,
	.getattr = pseudo_getattr,
	.setattr = pseudo_setattr,
};

/* Magic links: readlink(2) shows where the jump leads. */
static const struct inode_operations pseudo_jump_iops = {
	.get_link_path = pseudo_get_link_path,
	.getattr = pseudo_getattr,
	.setattr = pseudo_setattr,
};

static void choose_operations(struct inode *inode, const struct pseudo_entry *entry)
{
	inode->i_op = &pseudo_iops;
	inode->i_fop = entry->fops ? entry->fops : &pseudo_file_operations;
	if (S_ISDIR(entry->mode)) {
		inode->i_nlink = 2;
		for (const struct pseudo_entry *e = entry->children; e && e->name; e++)
			inode->i_nlink += S_ISDIR(e->mode);
		inode->i_op = &pseudo_dir_iops;
		inode->i_fop = entry->fops ? entry->fops : &pseudo_dir_operations;
	} else if (S_ISLNK(entry->mode)) {
		inode->i_op = entry->get_link_path ? &pseudo_jump_iops : &pseudo_link_iops;
	}
}

struct inode *pseudo_inode(struct super_block *sb, const struct pseudo_entry *entry, void *object,
			   u64 arg)
{
	const struct pseudo_object_ops *ops = sb->s_fs_info;
	struct pseudo_info *info = kmalloc(sizeof(*info), GFP_KERNEL);
	struct inode *inode = info ? new_inode(sb) : NULL;

	if (!inode) {
		kfree(info);
		return ERR_PTR(-ENOMEM);
	}
	*info = (struct pseudo_info){.entry = entry, .object = object, .arg = arg};
	if (object && ops && ops->get)
		ops->get(object);
	inode->i_private = info;
	inode->i_ino = pseudo_ino(entry, object, arg);
	inode->i_mode = entry->mode;
	inode->i_size = entry->size;
	inode->i_btime = 0;
	choose_operations(inode, entry);
	refresh_owner(inode);
	return inode;
}

static void pseudo_evict_inode(struct inode *inode)
{
	struct pseudo_info *info = info_of(inode);
	const struct pseudo_object_ops *ops = object_ops_of(inode);

	if (!info)
		return;
	if (info->object && ops && ops->put)
		ops->put(info->object);
	kfree(info);
}

static bool pseudo_revalidate(struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;
	const struct pseudo_object_ops *ops;

	if (!inode || !pseudo_object(inode))
		return true;
	ops = object_ops_of(inode);
	return !ops || !ops->alive || ops->alive(inode);
}

static const struct dentry_operations pseudo_dentry_operations = {
	.revalidate = pseudo_revalidate,
};

static const struct super_operations pseudo_super_operations = {
	.evict_inode = pseudo_evict_inode,
};

struct super_block *pseudo_mount(const struct file_system_type *type, u32 magic,
				 const struct pseudo_entry *root,
				 const struct pseudo_object_ops *object_ops)
{
	struct super_block *sb = sb_alloc(type, &pseudo_super_operations, magic);
	struct inode *inode;

	if (!sb)
		return ERR_PTR(-ENOMEM);
	sb->s_fs_info = (void *)object_ops;
	sb->s_d_op = &pseudo_dentry_operations;
	inode = pseudo_inode(sb, root, NULL, 0);
	if (!IS_ERR(inode)) {
		inode->i_ino = 1;
		sb->s_root = d_make_root(inode);
	}
	if (!sb->s_root) {
		sb_put(sb);
		return ERR_PTR(-ENOMEM);
	}
	return sb;
}
