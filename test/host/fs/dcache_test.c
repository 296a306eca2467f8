/* SPDX-License-Identifier: MIT */
/* Unused names: counted, and given up when memory is wanted, with their inodes. */
#include "fs_world.h"
#include "lib/vsprintf.h"
#include "mm/reclaim.h"

/* ---- A file system with a file for every name that begins with f ------------------------------ */

static int evicted; /* inodes that have gone */

static void count_evicted(struct inode *inode)
{
	evicted++;
}

static const struct super_operations names_super_ops = {.evict_inode = count_evicted};

static int names_lookup(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = NULL;

	if (dentry->d_name[0] == 'f') {
		inode = new_inode(dir->i_sb);
		if (!inode)
			return -ENOMEM;
		inode->i_mode = S_IFREG | 0644;
	}
	d_add(dentry, inode);
	return 0;
}

static int names_create(struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = new_inode(dir->i_sb);

	if (!inode)
		return -ENOMEM;
	inode->i_mode = S_IFREG | mode;
	d_instantiate(dentry, inode);
	return 0;
}

static const struct inode_operations names_dir_ops = {.lookup = names_lookup,
						      .create = names_create};

static struct super_block *names_mount(const struct file_system_type *type, unsigned long flags,
				       const char *source, const char *data)
{
	struct super_block *sb = sb_alloc(type, &names_super_ops, 1);
	struct inode *root;

	CHECK(sb);
	root = new_inode(sb);
	CHECK(root);
	root->i_mode = S_IFDIR | 0755;
	root->i_op = &names_dir_ops;
	sb->s_root = d_make_root(root);
	CHECK(sb->s_root);
	return sb;
}

static struct file_system_type names_type = {.name = "names", .mount = names_mount};

static void look_up(const char *prefix, int n)
{
	char name[32];
	struct path path;

	for (int i = 0; i < n; i++) {
		scnprintf(name, sizeof(name), "/m/%s%d", prefix, i);
		if (!kern_path(name, 0, &path))
			path_put(&path);
	}
}

static struct dentry_counts before;

static void start(void)
{
	register_filesystem(&names_type);
	CHECK_EQ(t_mkdir("/m"), 0l);
	count_dentries(&before);
	CHECK_EQ(do_mount("none", "/m", "names", 0, NULL), 0);
	evicted = 0;
}

static void stop(void)
{
	CHECK_EQ(do_umount("/m", 0), 0);
}

static void expect(unsigned long unused, unsigned long negative)
{
	struct dentry_counts now;

	count_dentries(&now);
	CHECK_EQ(now.unused - before.unused, unused);
	CHECK_EQ(now.negative - before.negative, negative);
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void all_unused_go(void)
{
	start();
	look_up("f", 90);
	look_up("n", 30);
	expect(120, 30);
	CHECK(dcache_reclaimable_pages() >= 90 * sizeof(struct inode) / PAGE_SIZE);
	drop_caches(2);
	count_dentries(&before);
	expect(0, 0);
	CHECK_EQ(before.unused, 0ul);
	CHECK_EQ(evicted, 90);
	CHECK_EQ(dcache_reclaimable_pages(), 0ul);
	look_up("f", 1); /* and come back */
	expect(1, 0);
	stop();
}

static void those_in_use_stay(void)
{
	struct path path;

	start();
	look_up("f", 20);
	CHECK_EQ(kern_path("/m/f7", 0, &path), 0);
	drop_caches(2);
	CHECK_EQ(evicted, 19);
	CHECK(path.dentry->d_inode);
	path_put(&path);
	expect(1, 0);
	stop();
	CHECK_EQ(evicted, 21);
}

static void none_goes_without_pressure(void)
{
	start();
	look_up("f", 20);
	sysctl_vfs_cache_pressure = 0;
	drop_caches(2);
	CHECK_EQ(evicted, 0);
	expect(20, 0);
	sysctl_vfs_cache_pressure = 100;
	stop();
	CHECK_EQ(evicted, 21);
}

static void a_missing_name_becomes_a_file(void)
{
	struct path path;
	struct dentry *dentry;

	start();
	look_up("n", 2);
	expect(2, 2);
	dentry = path_create(AT_FDCWD, "/m/n1", false, &path);
	CHECK(!IS_ERR(dentry));
	CHECK_EQ(vfs_create(path.dentry->d_inode, dentry, 0644), 0);
	done_path_create(&path, dentry);
	expect(2, 1);
	drop_caches(2);
	CHECK_EQ(evicted, 1);
	stop();
}

TEST(all_unused_names_go)
{
	fs_run(1, all_unused_go);
}

TEST(names_in_use_stay)
{
	fs_run(1, those_in_use_stay);
}

TEST(no_name_goes_without_pressure)
{
	fs_run(1, none_goes_without_pressure);
}

TEST(a_missing_name_that_becomes_a_file_is_counted)
{
	fs_run(1, a_missing_name_becomes_a_file);
}
