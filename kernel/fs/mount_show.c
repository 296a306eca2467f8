/* SPDX-License-Identifier: MIT */
/* The mounts as text: /proc/PID/mounts and mountinfo. Only those that a given root leads to are
 * shown. */
#include "fs/internal.h"
#include "fs/seq_file.h"

static void show_mnt_options(struct seq_file *m, const struct vfsmount *mnt)
{
	static const struct {
		unsigned long flag;
		const char *text;
	} options[] = {
		{MS_NOSUID, ",nosuid"},		  {MS_NODEV, ",nodev"},
		{MS_NOEXEC, ",noexec"},		  {MS_NOATIME, ",noatime"},
		{MS_NODIRATIME, ",nodiratime"},	  {MS_RELATIME, ",relatime"},
		{MS_NOSYMFOLLOW, ",nosymfollow"},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(options); i++) {
		if (mnt->mnt_flags & options[i].flag)
			seq_puts(m, options[i].text);
	}
}

static void show_sb_options(struct seq_file *m, struct super_block *sb)
{
	if (sb->s_flags & MS_SYNCHRONOUS)
		seq_puts(m, ",sync");
	if (sb->s_flags & MS_DIRSYNC)
		seq_puts(m, ",dirsync");
	if (sb->s_flags & MS_LAZYTIME)
		seq_puts(m, ",lazytime");
}

static void show_fs_options(struct seq_file *m, struct super_block *sb)
{
	if (sb->s_op && sb->s_op->show_options)
		sb->s_op->show_options(sb, m);
}

static void show_mounts_line(struct seq_file *m, struct vfsmount *mnt, const char *where)
{
	bool ro = (mnt->mnt_flags | mnt->mnt_sb->s_flags) & MS_RDONLY;

	seq_escape(m, mnt->mnt_source, " \t\n#");
	seq_putc(m, ' ');
	seq_escape(m, where, " \t\n");
	seq_printf(m, " %s %s", mnt->mnt_sb->s_type->name, ro ? "ro" : "rw");
	show_sb_options(m, mnt->mnt_sb);
	show_mnt_options(m, mnt);
	show_fs_options(m, mnt->mnt_sb);
	seq_puts(m, " 0 0\n");
}

static void show_mountinfo_line(struct seq_file *m, struct vfsmount *mnt, const char *where,
				char *buf)
{
	struct super_block *sb = mnt->mnt_sb;
	/* The root within the file system: its path below the super block's root. */
	struct path root = {.mnt = mnt, .dentry = sb->s_root};
	struct vfsmount bare = {.mnt_root = sb->s_root, .mnt_sb = sb};
	struct path inside = {.mnt = &bare, .dentry = mnt->mnt_root};
	char *name;

	seq_printf(m, "%d %d %u:%u ", mnt->mnt_id,
		   mnt->mnt_parent ? mnt->mnt_parent->mnt_id : mnt->mnt_id, MAJOR(sb->s_dev),
		   MINOR(sb->s_dev));
	root.mnt = &bare;
	name = path_below_locked(&inside, &root, buf, PATH_MAX);
	seq_escape(m, name ? name : "/", " \t\n");
	seq_putc(m, ' ');
	seq_escape(m, where, " \t\n");
	seq_puts(m, mnt->mnt_flags & MS_RDONLY ? " ro" : " rw");
	show_mnt_options(m, mnt);
	seq_printf(m, " - %s ", sb->s_type->name);
	seq_escape(m, mnt->mnt_source, " \t\n#");
	seq_puts(m, sb->s_flags & MS_RDONLY ? " ro" : " rw");
	show_sb_options(m, sb);
	show_fs_options(m, sb);
	seq_putc(m, '\n');
}

static int show_all(struct seq_file *m, const struct path *root, bool mountinfo)
{
	struct vfsmount *mnt;
	char *names;

	names = kmalloc(2 * PATH_MAX, GFP_KERNEL);
	if (!names)
		return -ENOMEM;
	spin_lock(&dcache_lock);
	spin_lock(&mount_lock);
	if (root->mnt->mnt_ns) {
		list_for_each_entry (mnt, &root->mnt->mnt_ns->list, mnt_list) {
			struct path path = {.mnt = mnt, .dentry = mnt->mnt_root};
			char *where = path_below_locked(&path, root, names, PATH_MAX);

			if (!where)
				continue;
			if (mountinfo)
				show_mountinfo_line(m, mnt, where, names + PATH_MAX);
			else
				show_mounts_line(m, mnt, where);
		}
	}
	spin_unlock(&mount_lock);
	spin_unlock(&dcache_lock);
	kfree(names);
	return 0;
}

int show_mounts(struct seq_file *m, const struct path *root)
{
	return show_all(m, root, false);
}

int show_mountinfo(struct seq_file *m, const struct path *root)
{
	return show_all(m, root, true);
}
