/* SPDX-License-Identifier: MIT */
/* The file system "proc": its root directory, and mounting it. */
#include "procfs/procfs.h"
#include "procfs/internal.h"
#include "fs/blkdev.h"

#define FILE_ENTRY(file, perm, fn)                                                                 \
	{                                                                                          \
		.name = file, .mode = S_IFREG | (perm), .show = fn                                 \
	}

static int mounts_readlink(struct inode *inode, char *buf, size_t size)
{
	return scnprintf(buf, size, "self/mounts");
}

ssize_t proc_write_refused(struct file *file, struct iov_iter *from, loff_t *pos)
{
	return -EIO;
}

static const struct pseudo_entry quire_table[] = {
	FILE_ENTRY("audit", 0400, audit_show),
	{.name = "fail_nth", .mode = S_IFREG | 0600, .show = fail_nth_show, .write = fail_nth_write},
	{.name = "locks", .mode = S_IFREG | 0600, .show = locks_show, .write = locks_write},
	FILE_ENTRY("memory", 0400, memory_show),
	{.name = "trace", .mode = S_IFREG | 0600, .fops = &trace_operations},
	{}};

static const struct pseudo_entry root_table[] = {
	FILE_ENTRY("buddyinfo", 0444, buddyinfo_show),
	FILE_ENTRY("cmdline", 0444, cmdline_show),
	FILE_ENTRY("cpuinfo", 0444, cpuinfo_show),
	FILE_ENTRY("devices", 0444, devices_show),
	FILE_ENTRY("diskstats", 0444, show_diskstats),
	FILE_ENTRY("filesystems", 0444, show_filesystems),
	FILE_ENTRY("interrupts", 0444, interrupts_show),
	{.name = "kmsg", .mode = S_IFREG | 0400, .fops = &kmsg_operations},
	{.name = "kpagecount", .mode = S_IFREG | 0400, .fops = &proc_kpagecount_operations},
	{.name = "kpageflags", .mode = S_IFREG | 0400, .fops = &proc_kpageflags_operations},
	FILE_ENTRY("loadavg", 0444, loadavg_show),
	FILE_ENTRY("meminfo", 0444, meminfo_show),
	{.name = "mounts", .mode = S_IFLNK | 0777, .readlink = mounts_readlink, .size = 11},
	FILE_ENTRY("partitions", 0444, show_partitions),
	{.name = "quire", .mode = S_IFDIR | 0555, .children = quire_table},
	{.name = "self", .mode = S_IFLNK | 0777, .readlink = proc_self_readlink},
	FILE_ENTRY("slabinfo", 0400, slabinfo_show),
	FILE_ENTRY("stat", 0444, stat_show),
	FILE_ENTRY("swaps", 0444, swaps_show),
	{.name = "sys",
	 .mode = S_IFDIR | 0555,
	 .children = sysctl_table,
	 .permission = sysctl_permission},
	{.name = "thread-self", .mode = S_IFLNK | 0777, .readlink = proc_thread_self_readlink},
	FILE_ENTRY("uptime", 0444, uptime_show),
	FILE_ENTRY("version", 0444, version_show),
	FILE_ENTRY("vmstat", 0444, vmstat_show),
	FILE_ENTRY("zoneinfo", 0444, zoneinfo_show),
	{}};

static const struct pseudo_entry proc_root = {
	.mode = S_IFDIR | 0555,
	.children = root_table,
	.lookup = proc_pid_lookup,
	.iterate = proc_pid_iterate,
};

static DEFINE_MUTEX(shared_mount_mutex, RANK_EXEC);

struct super_block *proc_shared_mount(const struct file_system_type *type, u32 magic,
				      const struct pseudo_entry *root,
				      const struct pseudo_object_ops *ops, const char *data,
				      struct super_block **shared)
{
	struct super_block *sb;

	if (data && *data)
		return ERR_PTR(-EINVAL);
	mutex_lock(&shared_mount_mutex);
	sb = *shared;
	if (!sb) {
		sb = pseudo_mount(type, magic, root, ops);
		if (!IS_ERR(sb)) {
			/* Names come and go with what they stand for: none is kept that nobody
			 * uses. */
			sb->s_dentry_flags |= DCACHE_DONTCACHE;
			*shared = sb;
		}
	}
	if (!IS_ERR(sb))
		refcount_inc(&sb->s_count);
	mutex_unlock(&shared_mount_mutex);
	return sb;
}

static struct super_block *proc_mount(const struct file_system_type *type, unsigned long flags,
				      const char *source, const char *data)
{
	static struct super_block *sb;

	/* The only value of the only option that changes nothing. */
	if (data && (!strcmp(data, "hidepid=0") || !strcmp(data, "hidepid=off")))
		data = NULL;
	return proc_shared_mount(type, PROC_SUPER_MAGIC, &proc_root, &proc_object_ops, data, &sb);
}

static struct file_system_type proc_type = {.name = "proc", .flags = FS_NODEV, .mount = proc_mount};

void procfs_init(void)
{
	register_filesystem(&proc_type);
	sysfs_init();
}
