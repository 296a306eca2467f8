/* SPDX-License-Identifier: MIT */
/* /proc/sys: the kernel's settings. A table says what each number may be; the few that are more
 * than a number follow it. */
#include "procfs/internal.h"
#include "base/printk.h"
#include "base/random.h"
#include "file/file.h"
#include "mm/oom.h"
#include "mm/swap.h"
#include "mm/vma.h"
#include "task/namespace.h"

/* ---- Numbers --------------------------------------------------------------------------------- */

/* What an entry's data points to. */
struct ctl_number {
	void *value;
	u8 bytes;	/* 4: int; 8: unsigned long */
	long low, high; /* bounds of what may be written */
};

static const struct ctl_number *number_of(const struct inode *inode)
{
	return (const struct ctl_number *)pseudo_entry_of(inode)->data;
}

static int number_show(struct seq_file *m)
{
	const struct ctl_number *ctl = number_of(m->inode);

	if (ctl->bytes == sizeof(int))
		seq_printf(m, "%d\n", READ_ONCE(*(int *)ctl->value));
	else
		seq_printf(m, "%lu\n", READ_ONCE(*(unsigned long *)ctl->value));
	return 0;
}

/* The number that is written, within bounds: returns the bytes it takes with the space behind it, as
 * write(2) does then; 0: nothing is to be done; or -EINVAL. */
static ssize_t number_parse(char *buf, size_t len, loff_t pos, long low, long high, long *value)
{
	char *start, *end;

	if (pos || !len)
		return 0; /* a number is written at once: what follows it is ignored, as in Linux */
	start = skip_spaces(buf);
	end = start + strcspn(start, " \t\n");
	len = skip_spaces(end) - buf;
	*end = 0;
	if (kstrtol(start, 0, value) || *value < low || *value > high)
		return -EINVAL;
	return len;
}

static ssize_t number_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	const struct ctl_number *ctl = number_of(file->f_inode);
	long value;
	ssize_t n = number_parse(buf, len, *pos, ctl->low, ctl->high, &value);

	if (n <= 0)
		return n ?: len;
	if (ctl->bytes == sizeof(int))
		WRITE_ONCE(*(int *)ctl->value, value);
	else
		WRITE_ONCE(*(unsigned long *)ctl->value, value);
	return n;
}

/* Numbers that nothing sets, here for being read only. */
static int cap_last_cap = CAP_LAST_CAP, ngroups_max = NGROUPS_MAX, entropy_bits = 256,
	   pipe_max_size = 1024 * 1024;

static const struct ctl_number pid_max_ctl = {&pid_max, 4, 301, PID_MAX_LIMIT},
			       threads_max_ctl = {&max_threads, 4, 20, 0x3fffffff},
			       va_space_ctl = {&randomize_va_space, 4, 0, 2},
			       overcommit_ctl = {&sysctl_overcommit_memory, 4, 0, 2},
			       ratio_ctl = {&sysctl_overcommit_ratio, 4, 0, INT_MAX},
			       commit_kib_ctl = {&sysctl_overcommit_kbytes, 8, 0, LONG_MAX},
			       admin_ctl = {&sysctl_admin_reserve_kbytes, 8, 0, LONG_MAX},
			       user_ctl = {&sysctl_user_reserve_kbytes, 8, 0, LONG_MAX},
			       swappiness_ctl = {&sysctl_swappiness, 4, 0, 200},
			       cluster_ctl = {&sysctl_page_cluster, 4, 0, 31},
			       pressure_ctl = {&sysctl_vfs_cache_pressure, 4, 0, INT_MAX},
			       panic_on_oom_ctl = {&sysctl_panic_on_oom, 4, 0, 2},
			       kill_allocating_ctl = {&sysctl_oom_kill_allocating_task, 4, INT_MIN,
						      INT_MAX},
			       dump_tasks_ctl = {&sysctl_oom_dump_tasks, 4, INT_MIN, INT_MAX},
			       map_count_ctl = {&sysctl_max_map_count, 4, 0, INT_MAX},
			       memfd_ctl = {&sysctl_memfd_noexec, 4, 0, 2},
			       min_addr_ctl = {&mmap_min_addr, 8, 0, LONG_MAX},
			       file_max_ctl = {&files_max, 8, 0, LONG_MAX},
			       nr_open_ctl = {&sysctl_nr_open, 4, 64, 1 << 30};
static const struct ctl_number cap_ctl = {&cap_last_cap, 4}, ngroups_ctl = {&ngroups_max, 4},
			       entropy_ctl = {&entropy_bits, 4},
			       pipe_size_ctl = {&pipe_max_size, 4};

/* Settings are root's, by the mode alone: no capability stands in for being root. */
int sysctl_permission(struct inode *inode, int mask)
{
	unsigned int mode = inode->i_mode;

	if (S_ISREG(mode) && (mask & MAY_EXEC))
		return -EACCES;
	if (!current_euid())
		mode >>= 6;
	else if (in_egroup_p(0))
		mode >>= 3;
	return mask & (MAY_READ | MAY_WRITE | MAY_EXEC) & ~mode ? -EACCES : 0;
}

#define NUMBER_BY(file, ctl, write_fn)                                                             \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0644, .show = number_show, .write = write_fn,      \
		.permission = sysctl_permission, .data = (unsigned long)&(ctl)                     \
	}
#define NUMBER(file, ctl) NUMBER_BY(file, ctl, number_write)
#define CONSTANT(file, ctl)                                                                        \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0444, .show = number_show,                         \
		.permission = sysctl_permission, .data = (unsigned long)&(ctl)                     \
	}

/* ---- Names ----------------------------------------------------------------------------------- */

/* Offset of a field of struct new_utsname in an entry's data. */
static int name_show(struct seq_file *m)
{
	struct new_utsname name;

	utsname_read(&name);
	seq_printf(m, "%s\n", (char *)&name + pseudo_entry_of(m->inode)->data);
	return 0;
}

static ssize_t name_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	struct uts_namespace *uts = current->nsproxy->uts_ns;
	char *field = (char *)&uts->name + pseudo_entry_of(file->f_inode)->data;
	size_t field_size = sizeof_field(struct new_utsname, nodename);

	strchrnul(buf, '\n')[0] = 0;
	spin_lock(&uts->lock);
	memset(field, 0, field_size);
	strscpy(field, buf, field_size);
	spin_unlock(&uts->lock);
	return len;
}

#define NAME(file, field)                                                                          \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0444, .show = name_show,                           \
		.permission = sysctl_permission, .data = offsetof(struct new_utsname, field)       \
	}
#define WRITABLE_NAME(file, field)                                                                 \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0644, .show = name_show, .write = name_write,      \
		.permission = sysctl_permission, .data = offsetof(struct new_utsname, field)       \
	}

/* ---- Random numbers -------------------------------------------------------------------------- */

static void show_uuid(struct seq_file *m, const u8 uuid[16])
{
	for (int i = 0; i < 16; i++)
		seq_printf(m, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", uuid[i]);
	seq_putc(m, '\n');
}

static void random_uuid(u8 uuid[16])
{
	get_random_bytes(uuid, 16);
	uuid[6] = (uuid[6] & 0x0f) | 0x40; /* version 4 */
	uuid[8] = (uuid[8] & 0x3f) | 0x80; /* variant of RFC 4122 */
}

static int uuid_show(struct seq_file *m)
{
	u8 uuid[16];

	random_uuid(uuid);
	show_uuid(m, uuid);
	return 0;
}

static int boot_id_show(struct seq_file *m)
{
	static DEFINE_SPINLOCK(boot_id_lock, RANK_SPIN_LEAF);
	static u8 boot_id[16]; /* boot_id_lock */

	spin_lock(&boot_id_lock);
	if (!boot_id[8])
		random_uuid(boot_id);
	spin_unlock(&boot_id_lock);
	show_uuid(m, boot_id);
	return 0;
}

/* ---- Others ---------------------------------------------------------------------------------- */

/* Every message has level 6. The console shows them all, or none. */
static int printk_show(struct seq_file *m)
{
	seq_printf(m, "%d\t6\t1\t7\n", console_enabled ? 7 : 4);
	return 0;
}

static ssize_t printk_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	char *end;
	unsigned long level = simple_strtoul(skip_spaces(buf), &end, 10);

	if (end == skip_spaces(buf))
		return -EINVAL;
	console_enabled = level > 6;
	return len;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static int min_free_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", min_free_kbytes());
	return 0;
}

static ssize_t min_free_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	long kib;
	ssize_t n = number_parse(buf, len, *pos, 0, INT_MAX, &kib);

	if (n > 0)
		set_min_free_kbytes(kib);
	return n ?: len;
}

/* The limit is told by a ratio or by a number: the one that is set unsets the other. */
static ssize_t ratio_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	ssize_t n = number_write(file, buf, len, pos);

	if (n > 0 && !*pos)
		WRITE_ONCE(sysctl_overcommit_kbytes, 0);
	return n;
}

static ssize_t commit_kib_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	ssize_t n = number_write(file, buf, len, pos);

	if (n > 0 && !*pos)
		WRITE_ONCE(sysctl_overcommit_ratio, 0);
	return n;
}

#define DROP_QUIETLY 4 /* from then on no drop is told in the log */

static ssize_t drop_caches_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	static bool quiet;
	char comm[TASK_COMM_LEN];
	long what;
	ssize_t n = number_parse(buf, len, *pos, 1, 4, &what);

	if (n <= 0)
		return n ?: len;
	if (!quiet) {
		get_task_comm(comm, current);
		printk("%s (%d): drop_caches: %ld", comm, current->tgid, what);
	}
	quiet |= what & DROP_QUIETLY;
	drop_caches(what & ~DROP_QUIETLY);
	return n;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static int file_nr_show(struct seq_file *m)
{
	seq_printf(m, "%lu\t0\t%lu\n", READ_ONCE(nr_files), files_max);
	return 0;
}

static void find_inode_cache(void *arg, const struct slab_info *info)
{
	if (!strcmp(info->name, "inode_cache"))
		*(unsigned long *)arg = info->active_objs;
}

/* Names: all, unused, 45 s (of no use since long), pages wanted (likewise), unused ones that say
 * that there is no such file. */
static int dentry_state_show(struct seq_file *m)
{
	struct dentry_counts counts;

	count_dentries(&counts);
	seq_printf(m, "%lu\t%lu\t45\t0\t%lu\t0\n", counts.all, counts.unused, counts.negative);
	return 0;
}

/* There are no unused inodes: the last reference frees one. */
static int inode_nr_show(struct seq_file *m)
{
	unsigned long inodes = 0;

	slab_for_each(find_inode_cache, &inodes);
	seq_printf(m, "%lu\t0\n", inodes);
	return 0;
}

#define TEXT(file, fn)                                                                             \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0444, .show = fn, .permission = sysctl_permission  \
	}
#define TEXT_BY(file, fn, write_fn)                                                                \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0644, .show = fn, .write = write_fn,               \
		.permission = sysctl_permission                                                    \
	}
#define DIRECTORY(file, table)                                                                     \
	{                                                                                          \
		.name = file, .mode = S_IFDIR | 0555, .children = table,                           \
		.permission = sysctl_permission                                                    \
	}

/* ---- The tree -------------------------------------------------------------------------------- */

static const struct pseudo_entry random_table[] = {TEXT("boot_id", boot_id_show),
						   CONSTANT("entropy_avail", entropy_ctl),
						   CONSTANT("poolsize", entropy_ctl),
						   TEXT("uuid", uuid_show),
						   {}};

static const struct pseudo_entry kernel_table[] = {CONSTANT("cap_last_cap", cap_ctl),
						   WRITABLE_NAME("domainname", domainname),
						   WRITABLE_NAME("hostname", nodename),
						   CONSTANT("ngroups_max", ngroups_ctl),
						   NAME("osrelease", release),
						   NAME("ostype", sysname),
						   NUMBER("pid_max", pid_max_ctl),
						   TEXT_BY("printk", printk_show, printk_write),
						   DIRECTORY("random", random_table),
						   NUMBER("randomize_va_space", va_space_ctl),
						   NUMBER("threads-max", threads_max_ctl),
						   NAME("version", version),
						   {}};

static const struct pseudo_entry vm_table[] = {
	NUMBER("admin_reserve_kbytes", admin_ctl),
	{.name = "drop_caches",
	 .mode = S_IFREG | 0200,
	 .write = drop_caches_write,
	 .permission = sysctl_permission},
	NUMBER("max_map_count", map_count_ctl),
	NUMBER("memfd_noexec", memfd_ctl),
	TEXT_BY("min_free_kbytes", min_free_show, min_free_write),
	NUMBER("mmap_min_addr", min_addr_ctl),
	NUMBER("oom_dump_tasks", dump_tasks_ctl),
	NUMBER("oom_kill_allocating_task", kill_allocating_ctl),
	NUMBER_BY("overcommit_kbytes", commit_kib_ctl, commit_kib_write),
	NUMBER("overcommit_memory", overcommit_ctl),
	NUMBER_BY("overcommit_ratio", ratio_ctl, ratio_write),
	NUMBER("page-cluster", cluster_ctl),
	NUMBER("panic_on_oom", panic_on_oom_ctl),
	NUMBER("swappiness", swappiness_ctl),
	NUMBER("user_reserve_kbytes", user_ctl),
	NUMBER("vfs_cache_pressure", pressure_ctl),
	{}};

static const struct pseudo_entry fs_table[] = {TEXT("dentry-state", dentry_state_show),
					       NUMBER("file-max", file_max_ctl),
					       TEXT("file-nr", file_nr_show),
					       TEXT("inode-nr", inode_nr_show),
					       NUMBER("nr_open", nr_open_ctl),
					       CONSTANT("pipe-max-size", pipe_size_ctl),
					       {}};

const struct pseudo_entry sysctl_table[] = {DIRECTORY("fs", fs_table),
					    DIRECTORY("kernel", kernel_table),
					    DIRECTORY("vm", vm_table),
					    {}};
