/* SPDX-License-Identifier: MIT */
/* /proc/sys: the kernel's settings. A table says what each number may be; the few that are more
 * than a number follow it. */
#include "procfs/internal.h"
#include "base/printk.h"
#include "base/random.h"
#include "file/file.h"
#include "mm/vma.h"
#include "page/zone.h"
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

static ssize_t number_write(struct file *file, char *buf, size_t len, loff_t *pos)
{
	const struct ctl_number *ctl = number_of(file->f_inode);
	long value;
	int err;

	if (*pos || !len)
		return len; /* a number is written at once: what follows it is ignored, as in Linux
			     */
	err = kstrtol(strim(buf), 0, &value);
	if (err)
		return -EINVAL;
	if (value < ctl->low || value > ctl->high)
		return -EINVAL;
	if (ctl->bytes == sizeof(int))
		WRITE_ONCE(*(int *)ctl->value, value);
	else
		WRITE_ONCE(*(unsigned long *)ctl->value, value);
	return len;
}

/* Numbers that nothing sets, here for being read only. */
static int cap_last_cap = CAP_LAST_CAP, ngroups_max = NGROUPS_MAX, entropy_bits = 256,
	   pipe_max_size = 1024 * 1024;

static const struct ctl_number pid_max_ctl = {&pid_max, 4, 301, PID_MAX_LIMIT},
			       threads_max_ctl = {&max_threads, 4, 20, 0x3fffffff},
			       va_space_ctl = {&randomize_va_space, 4, 0, 2},
			       overcommit_ctl = {&sysctl_overcommit_memory, 4, 0, 2},
			       ratio_ctl = {&sysctl_overcommit_ratio, 4, 0, INT_MAX},
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

#define NUMBER(file, ctl)                                                                          \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0644, .show = number_show, .write = number_write,  \
		.permission = sysctl_permission, .data = (unsigned long)&(ctl)                     \
	}
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

static int min_free_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", pages_to_kib(node_data.min_free_pages));
	return 0;
}

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
						   {.name = "printk",
						    .mode = S_IFREG | 0644,
						    .show = printk_show,
						    .write = printk_write,
						    .permission = sysctl_permission},
						   DIRECTORY("random", random_table),
						   NUMBER("randomize_va_space", va_space_ctl),
						   NUMBER("threads-max", threads_max_ctl),
						   NAME("version", version),
						   {}};

static const struct pseudo_entry vm_table[] = {NUMBER("max_map_count", map_count_ctl),
					       NUMBER("memfd_noexec", memfd_ctl),
					       TEXT("min_free_kbytes", min_free_show),
					       NUMBER("mmap_min_addr", min_addr_ctl),
					       NUMBER("overcommit_memory", overcommit_ctl),
					       NUMBER("overcommit_ratio", ratio_ctl),
					       {}};

static const struct pseudo_entry fs_table[] = {
	NUMBER("file-max", file_max_ctl),	  TEXT("file-nr", file_nr_show),
	TEXT("inode-nr", inode_nr_show),	  NUMBER("nr_open", nr_open_ctl),
	CONSTANT("pipe-max-size", pipe_size_ctl), {}};

const struct pseudo_entry sysctl_table[] = {DIRECTORY("fs", fs_table),
					    DIRECTORY("kernel", kernel_table),
					    DIRECTORY("vm", vm_table),
					    {}};
