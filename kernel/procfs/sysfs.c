/* SPDX-License-Identifier: MIT */
/*
 * sysfs, as far as there is something to tell: CPUs, the memory node, block devices. A CPU's number
 * is the arg of the inodes in its directory.
 */
#include "procfs/internal.h"

#define SYSFS_FILE(file, fn)                                                                       \
	{                                                                                          \
		.name = file, .mode = S_IFREG | 0444, .show = fn, .size = PAGE_SIZE                \
	}
#define SYSFS_DIR(dir, table)                                                                      \
	{                                                                                          \
		.name = dir, .mode = S_IFDIR | 0755, .children = table                             \
	}

static int show_list(struct seq_file *m, unsigned long mask)
{
	seq_mask_list(m, mask);
	seq_putc(m, '\n');
	return 0;
}

static int show_hex(struct seq_file *m, unsigned long mask)
{
	seq_mask_hex(m, mask, nr_possible_cpus);
	seq_putc(m, '\n');
	return 0;
}

static unsigned long online_mask(void)
{
	return READ_ONCE(cpu_online_mask);
}

/* ---- CPUs ------------------------------------------------------------------------------------ */

static unsigned int cpu_of(const struct seq_file *m)
{
	return pseudo_arg(m->inode);
}

static int zero_show(struct seq_file *m)
{
	seq_puts(m, "0\n");
	return 0;
}

/* Every CPU is a core of its own, all in one package, as /proc/cpuinfo says. */
static int core_id_show(struct seq_file *m)
{
	seq_printf(m, "%u\n", cpu_of(m));
	return 0;
}

static int own_mask_show(struct seq_file *m)
{
	return show_hex(m, BIT(cpu_of(m)));
}

static int own_list_show(struct seq_file *m)
{
	return show_list(m, BIT(cpu_of(m)));
}

static int online_hex_show(struct seq_file *m)
{
	return show_hex(m, online_mask());
}

static int online_show(struct seq_file *m)
{
	return show_list(m, online_mask());
}

static int possible_show(struct seq_file *m)
{
	return show_list(m, cpu_possible_mask());
}

static int offline_show(struct seq_file *m)
{
	return show_list(m, cpu_possible_mask() & ~online_mask());
}

static int kernel_max_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", NR_CPUS - 1);
	return 0;
}

static const struct pseudo_entry topology_table[] = {
	SYSFS_FILE("core_cpus", own_mask_show),
	SYSFS_FILE("core_cpus_list", own_list_show),
	SYSFS_FILE("core_id", core_id_show),
	SYSFS_FILE("core_siblings", online_hex_show),
	SYSFS_FILE("core_siblings_list", online_show),
	SYSFS_FILE("package_cpus", online_hex_show),
	SYSFS_FILE("package_cpus_list", online_show),
	SYSFS_FILE("physical_package_id", zero_show),
	SYSFS_FILE("thread_siblings", own_mask_show),
	SYSFS_FILE("thread_siblings_list", own_list_show),
	{}};

static const struct pseudo_entry cpu_dir_table[] = {SYSFS_DIR("topology", topology_table), {}};
static const struct pseudo_entry cpu_dir_entry = {.mode = S_IFDIR | 0755,
						  .children = cpu_dir_table};

static struct inode *cpu_lookup(struct inode *dir, const char *name, size_t len)
{
	long cpu = len > 3 && !memcmp(name, "cpu", 3) ? proc_name_to_int(name + 3, len - 3) : -1;

	if (cpu < 0 || cpu >= nr_possible_cpus)
		return ERR_PTR(-ENOENT);
	return pseudo_inode(dir->i_sb, &cpu_dir_entry, NULL, cpu);
}

static int cpu_iterate(struct inode *dir, struct dir_context *ctx)
{
	char name[16];

	for (; ctx->pos < PSEUDO_DYNAMIC_POS + nr_possible_cpus; ctx->pos++) {
		unsigned int cpu = ctx->pos - PSEUDO_DYNAMIC_POS;

		if (!dir_emit(ctx, name, scnprintf(name, sizeof(name), "cpu%u", cpu),
			      pseudo_ino(&cpu_dir_entry, NULL, cpu), DT_DIR))
			break;
	}
	return 0;
}

static const struct pseudo_entry cpu_table[] = {
	SYSFS_FILE("kernel_max", kernel_max_show), SYSFS_FILE("offline", offline_show),
	SYSFS_FILE("online", online_show),	   SYSFS_FILE("possible", possible_show),
	SYSFS_FILE("present", possible_show),	   {}};

/* ---- The node -------------------------------------------------------------------------------- */

static int distance_show(struct seq_file *m)
{
	seq_puts(m, "10\n");
	return 0;
}

static const struct pseudo_entry node0_table[] = {SYSFS_FILE("cpulist", online_show),
						  SYSFS_FILE("cpumap", online_hex_show),
						  SYSFS_FILE("distance", distance_show),
						  SYSFS_FILE("meminfo", node_meminfo_show),
						  SYSFS_FILE("vmstat", node_vmstat_show),
						  {}};

static const struct pseudo_entry node_table[] = {SYSFS_FILE("has_cpu", zero_show),
						 SYSFS_FILE("has_memory", zero_show),
						 SYSFS_FILE("has_normal_memory", zero_show),
						 SYSFS_DIR("node0", node0_table),
						 SYSFS_FILE("online", zero_show),
						 SYSFS_FILE("possible", zero_show),
						 {}};

/* ---- The tree -------------------------------------------------------------------------------- */

static const struct pseudo_entry system_table[] = {{.name = "cpu",
						    .mode = S_IFDIR | 0755,
						    .children = cpu_table,
						    .lookup = cpu_lookup,
						    .iterate = cpu_iterate},
						   SYSFS_DIR("node", node_table),
						   {}};
static const struct pseudo_entry devices_table[] = {
	SYSFS_DIR("system", system_table), SYSFS_DIR("virtual", sysfs_virtual_table), {}};
static const struct pseudo_entry sysfs_table[] = {{.name = "block",
						   .mode = S_IFDIR | 0755,
						   .lookup = sysfs_block_lookup,
						   .iterate = sysfs_block_iterate,
						   .data = (unsigned long)&sysfs_block_listing},
						  SYSFS_DIR("class", sysfs_class_table),
						  SYSFS_DIR("dev", sysfs_dev_table),
						  SYSFS_DIR("devices", devices_table),
						  {}};
static const struct pseudo_entry sysfs_root = {.mode = S_IFDIR | 0555, .children = sysfs_table};

static struct super_block *sysfs_mount(const struct file_system_type *type, unsigned long flags,
				       const char *source, const char *data)
{
	static struct super_block *sb;

	return proc_shared_mount(type, SYSFS_MAGIC, &sysfs_root, NULL, data, &sb);
}

static struct file_system_type sysfs_type = {
	.name = "sysfs", .flags = FS_NODEV, .mount = sysfs_mount};

void sysfs_init(void)
{
	register_filesystem(&sysfs_type);
}
